"""The front door: mediators that catch all of an effect and share no hidden cause with the treatment.

M opens the front door from X to Y (Pearl 1995) if it intercepts all directed paths from X to Y, no back-door path leads
from X to M, and X blocks all back-door paths from M to Y. Then
P(y | do(x)) = sum over m of P(m | x), times the sum over x' of P(y | m, x') P(x').
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from contrafact.causal.graph import Graph
from contrafact.causal.identify.derivation import Trace
from contrafact.causal.identify.expression import Expression, Probability, Sum
from contrafact.causal.identify.law import of_nodes, product
from contrafact.causal.identify.rules import Step, rule_2, rule_3
from contrafact.causal.query import mediators
from contrafact.causal.separation import separated

Names = frozenset[str]
MOST_MEDIATORS = 12


def is_front_door(graph: Graph, treatment: str, outcome: str, through: Names) -> bool:
    """Tell whether some nodes open the front door."""
    rest = graph.subgraph(frozenset(graph.nodes) - through)
    if not through or outcome in rest.descendants(treatment):
        return False
    if not separated(graph.without_out_of(treatment), treatment, through):
        return False
    return separated(graph.without_out_of(through), through, outcome, treatment)


def front_doors(graph: Graph, treatment: str, outcome: str, limit: int = 100) -> Iterator[Names]:
    """List minimal sets that open the front door, small ones first.

    Arguments:
        graph: The causal graph.
        treatment: X.
        outcome: Y.
        limit: How many at most; graphs with more than twelve candidates are searched up to three nodes.
    """
    open_to = [
        m
        for m in graph.ordered(mediators(graph, treatment, outcome))
        if separated(graph.without_out_of(treatment), treatment, m)
    ]
    largest = len(open_to) if len(open_to) <= MOST_MEDIATORS else 3
    found: list[Names] = []
    for size in range(1, largest + 1):
        for chosen in map(frozenset, combinations(open_to, size)):
            if len(found) >= limit:
                return
            if not any(known <= chosen for known in found) and is_front_door(graph, treatment, outcome, chosen):
                found.append(chosen)
                yield chosen


def through_front_door(
    graph: Graph, treatment: str, outcome: str, through: Names, trace: Trace | None = None
) -> Expression:
    """Give the front-door formula.

    Arguments:
        graph: The causal graph.
        treatment: X.
        outcome: Y.
        through: M.
        trace: Notes the steps, if wanted.
    """
    names = graph.ordered
    x, y, m = of_nodes((treatment,)), of_nodes((outcome,)), of_nodes(names(through))
    caught, seen = Probability(m, x), Probability(y, (*m, *x))
    inner = Sum(x, product([seen, Probability(x)]))
    if trace:
        _note(trace, treatment, outcome, through)
    return Sum(m, product([caught, inner]))


def _note(trace: Trace, treatment: str, outcome: str, through: Names) -> None:
    graph, x, y = trace.graph, frozenset([treatment]), frozenset([outcome])
    asked, strata, caught = trace.asked(y, x), trace.asked(y, x, through), trace.asked(through, x)
    m = of_nodes(graph.ordered(through))
    trace.note(Step(rule="sum", before=asked, after=Sum(m, product([strata, caught])), words="total probability"))
    trace.note(rule_2(graph, caught, treatment))
    both = rule_2(graph, strata, through)
    trace.note(both)
    assert isinstance(both.after, Probability)
    trace.note(rule_3(graph, both.after, treatment))
    alone, known, weights = trace.asked(y, through), trace.asked(y, through, x), trace.asked(x, through)
    body = product([known, weights])
    trace.note(Step(rule="sum", before=alone, after=Sum(of_nodes((treatment,)), body), words="total probability"))
    trace.note(rule_2(graph, known, through))
    trace.note(rule_3(graph, weights, through))
