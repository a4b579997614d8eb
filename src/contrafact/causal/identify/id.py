"""ID: the effect of setting some nodes on others, from one law (Shpitser and Pearl 2006, AAAI, figure 3).

The recursion is sound and complete: it gives a formula, or a hedge, which proves that there is none. Comments name its
lines. The law P of the paper is carried as a `Law`, so that lines 6 and 7 take conditionals from what has been derived
and not from the data (see `law`).
"""

from __future__ import annotations

from contrafact.causal.graph import Graph
from contrafact.causal.identify.derivation import Trace
from contrafact.causal.identify.expression import Expression
from contrafact.causal.identify.hedge import Hedged, hedge_of
from contrafact.causal.identify.law import Derived, Law, of_nodes, product, total


def effect_of(
    outcomes: frozenset[str], treatments: frozenset[str], law: Law, graph: Graph, trace: Trace | None = None
) -> Expression:
    """Give P(outcomes | do(treatments)) as a formula over a law.

    Arguments:
        outcomes: y.
        treatments: x.
        law: P, the law of all nodes of the graph.
        graph: G.
        trace: Notes the steps, if wanted.

    Raises:
        Hedged: No formula exists; the error carries the hedge.
    """
    nodes = frozenset(graph.nodes)
    if not treatments:  # line 1
        return _summed(outcomes, law, trace)
    causes = graph.ancestors(outcomes)
    if causes != nodes:  # line 2
        return effect_of(outcomes, treatments & causes, _within(law, causes, trace), graph.subgraph(causes), trace)
    idle = nodes - treatments - graph.without_into(treatments).ancestors(outcomes)
    if idle:  # line 3
        return effect_of(outcomes, treatments | idle, law, graph, trace)
    parts = graph.subgraph(nodes - treatments).districts
    if len(parts) > 1:  # line 4
        return _by_districts(outcomes, treatments, law, graph, trace)
    part = parts[0]
    if len(graph.districts) == 1:  # line 5
        raise Hedged(hedge_of(graph, nodes, part))
    home = next(district for district in graph.districts if part <= district)
    if home == part:  # line 6
        if trace:
            trace.summed(outcomes, part)
        return total(of_nodes(graph.ordered(part - outcomes)), _conditionals(part, law, graph, trace))
    carried = Derived(home, _conditionals(home, law, graph, trace))  # line 7
    return effect_of(outcomes, treatments & home, carried, graph.subgraph(home), trace)


def _summed(outcomes: frozenset[str], law: Law, trace: Trace | None) -> Expression:
    if trace and isinstance(law, Derived):
        trace.summed(outcomes, law.nodes)
    return law.joint(outcomes)


def _within(law: Law, causes: frozenset[str], trace: Trace | None) -> Law:
    smaller = law.within(causes)
    if trace and isinstance(law, Derived):
        trace.summed(causes, law.nodes)
    return smaller


def _by_districts(
    outcomes: frozenset[str], treatments: frozenset[str], law: Law, graph: Graph, trace: Trace | None
) -> Expression:
    nodes = frozenset(graph.nodes)
    inner = graph.subgraph(nodes - treatments)
    if trace:
        trace.factorised(outcomes, inner)
    factors = [effect_of(part, nodes - part, law, graph, trace) for part in inner.districts]
    return total(of_nodes(graph.ordered(nodes - treatments - outcomes)), product(factors))


def _conditionals(part: frozenset[str], law: Law, graph: Graph, trace: Trace | None) -> Expression:
    """Multiply the law of each node of a part given all nodes that come before it."""
    before: frozenset[str] = frozenset()
    factors: list[Expression] = []
    for node in graph.order:
        if node in part:
            factors.append(law.conditional(node, before, graph))
        before |= {node}
    formula = product(factors)
    if trace:
        trace.district(part, law, graph)
    return formula
