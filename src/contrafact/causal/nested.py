"""Equalities that a graph with hidden causes states of its data, and that are no independences (Verma constraints).

Where all nodes outside of a set S are set, S follows its causes alone: Q[S] = P(S | do(the others)) is a function of S
and its parents. For some sets Q[S] can be computed from what is seen (Tian and Pearl 2002): those that are left when
childless nodes are summed over and the rest is taken apart into districts, by turns. Where the formula for such a Q[S]
mentions other nodes as well, data of the graph make it the same whatever these are. In A -> B -> C -> D with B <-> D

    P(D | do(C)) = sum_B P(D | A, B, C) P(B | A)        is the same for every A

although D is independent of A given nothing. What follows from independences alone is left out: there every
probability of the formula that mentions the other node is itself free of it.

References: Verma and Pearl, *Equivalence and synthesis of causal models*, UAI 1990; Tian and Pearl, *On the testable
implications of causal models with hidden variables*, UAI 2002; Richardson, Evans, Robins and Shpitser, *Nested Markov
properties for acyclic directed mixed graphs*, Annals of Statistics 51, 2023.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from contrafact.base.errors import UsageError
from contrafact.causal.graph import Graph
from contrafact.causal.identify.evaluate import Sources, evaluate, joint_of
from contrafact.causal.identify.expression import Expression, Probability, Sum, Symbol, free, leaves, parts
from contrafact.causal.identify.id import effect_of
from contrafact.causal.identify.law import Read
from contrafact.causal.separation import separated
from contrafact.causal.writing import shown

if TYPE_CHECKING:
    import pandas as pd

MOST_NODES = 14
Nodes = frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Equality:
    """A formula that is the same whatever some of its nodes are.

    Arguments:
        of: The nodes whose law it is when all others are set.
        causes: Their parents, which it may depend on.
        formula: The law, computed from what is seen.
        whatever: The nodes on which it does not depend, by the graph.
    """

    of: tuple[str, ...]
    causes: tuple[str, ...]
    formula: Expression
    whatever: tuple[str, ...]

    def spread(self, joint: pd.Series[float]) -> float:
        """Tell by how much the formula differs at most between values that it should not depend on.

        Arguments:
            joint: Probabilities over a MultiIndex of all observed nodes, as `frame.value_counts(normalize=True)` gives.
        """
        read = joint_of(joint, [str(name) for name in joint.index.names])
        table = evaluate(self.formula, Sources(joints={frozenset(): read}))
        axes = tuple(place for place, symbol in enumerate(table.symbols) if symbol.node in self.whatever)
        return float(np.nanmax(table.values.max(axis=axes) - table.values.min(axis=axes)))

    def __str__(self) -> str:
        return f"{self.formula} is the same for every {', '.join(map(shown, self.whatever))}"


def equalities(graph: Graph) -> tuple[Equality, ...]:
    """List what a graph states of data beside independences; one of them may follow from others.

    Arguments:
        graph: The graph, of 14 observed nodes at most.

    >>> [str(each) for each in equalities(Graph("A -> B -> C -> D; B <-> D"))]
    ['Σ_B P(B | A) P(D | A, B, C) is the same for every A']

    Raises:
        UsageError: It has more nodes.
    """
    seen = graph.projected()
    if len(seen) > MOST_NODES:
        raise UsageError(
            f"Equalities of a graph of {len(seen)} nodes are not listed.",
            why=f"Sets of nodes are gone through, of up to {MOST_NODES} nodes.",
            fix="Ask about a part: graph.subgraph(graph.ancestors([...])).",
            code="E519",
        )
    found = [_stated(part, seen) for part in sorted(computable(seen), key=lambda part: (len(part), seen.sorted(part)))]
    return tuple(each for each in found if each is not None)


def computable(graph: Graph) -> set[Nodes]:
    """Give the sets whose law, all else set, follows from what is seen: districts of what can be reached.

    Arguments:
        graph: A graph over observed nodes.
    """
    found: set[Nodes] = set()
    waiting, known = [frozenset(graph.nodes)], set[Nodes]()
    while waiting:
        nodes = waiting.pop()
        if nodes in known or not nodes:
            continue
        known.add(nodes)
        inner = graph.subgraph(nodes)
        if len(inner.districts) == 1:
            found.add(nodes)
        else:
            waiting += inner.districts
        waiting += [nodes - {node} for node in nodes if not inner.children(node)]
    return found


def _stated(part: Nodes, graph: Graph) -> Equality | None:
    """Give what the law of a set states; None where that is nothing, or follows from independences."""
    formula = effect_of(part, frozenset(graph.nodes) - part, Read(graph, frozenset()), graph)
    causes = frozenset().union(*(graph.parents(node) for node in part)) - part
    others = [symbol for symbol in free(formula) if symbol.node not in part | causes]
    told = graph.sorted({symbol.node for symbol in others if _holds_sum(formula) and _news(symbol, formula, graph)})
    if not told:
        return None
    return Equality(of=graph.sorted(part), causes=graph.sorted(causes), formula=formula, whatever=told)


def _holds_sum(formula: Expression) -> bool:
    return isinstance(formula, Sum) or any(map(_holds_sum, parts(formula)))


def _news(symbol: Symbol, formula: Expression, graph: Graph) -> bool:
    """Tell whether some probability that mentions a node is tied to it, so that independences do not say it."""
    for leaf in leaves(formula):
        assert isinstance(leaf, Probability)
        if symbol in leaf.of:
            return True
        if symbol in leaf.given:
            rest = {each.node for each in leaf.given if each != symbol}
            if not separated(graph, {each.node for each in leaf.of}, symbol.node, rest):
                return True
    return False
