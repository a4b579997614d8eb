"""Several regimes: effects from observations and experiments together.

P(y | do(x)) falls into one factor for each district of the causes of y; each factor is read, by ID, from the first
regime that allows it: an experiment on Z gives the law of the graph without the arrows into Z. This is z-identification
(Bareinboim and Pearl 2012) and its extension to any collection of experiments, for which it is complete (Lee, Correa
and Bareinboim 2019, UAI: g-identification).
"""

from __future__ import annotations

from collections.abc import Sequence

from contrafact.causal.graph import Graph
from contrafact.causal.identify.derivation import Trace
from contrafact.causal.identify.expression import Expression
from contrafact.causal.identify.hedge import Hedge, Hedged
from contrafact.causal.identify.id import effect_of
from contrafact.causal.identify.law import Read, of_nodes, product, total

Regimes = Sequence[frozenset[str]]
OBSERVED: Regimes = (frozenset(),)


def _tried(
    outcomes: frozenset[str], treatments: frozenset[str], regime: frozenset[str], graph: Graph, trace: Trace | None
) -> Expression:
    """Give P(outcomes | do(treatments), do(regime)) from one regime; steps are noted only on success."""
    law = Read(graph.without_into(regime), regime)
    inner = graph.subgraph(frozenset(graph.nodes) - regime)
    own = Trace(graph, regime) if trace else None
    if own:
        own.entered(outcomes, treatments)
    formula = effect_of(outcomes, treatments - regime, law, inner, own)
    if trace and own:
        for step in own.steps:
            trace.note(step)
    return formula


def factor(part: frozenset[str], graph: Graph, regimes: Regimes, trace: Trace | None = None) -> Expression:
    """Give the law of a district when everything else is set, from the first regime that allows it.

    Arguments:
        part: The nodes of the district.
        graph: The causal graph.
        regimes: For each kind of data, what was set in it; an empty set for observations.
        trace: Notes the steps, if wanted.

    Raises:
        Hedged: No regime allows it; the hedge is that of the first.
    """
    first: Hedge | None = None
    for regime in regimes:
        if not part & regime:
            try:
                return _tried(part, frozenset(graph.nodes) - part, regime, graph, trace)
            except Hedged as met:
                first = first or met.hedge
    if first is None:
        names = graph.sorted(part)
        first = Hedge(larger=names, smaller=names, treatments=(), path=names, roots=names)
    raise Hedged(first)


def effect_from(
    outcomes: frozenset[str],
    treatments: frozenset[str],
    graph: Graph,
    regimes: Regimes = OBSERVED,
    trace: Trace | None = None,
) -> Expression:
    """Give P(outcomes | do(treatments)) from the data of some regimes.

    Arguments:
        outcomes: What is asked for.
        treatments: What is set.
        graph: The causal graph.
        regimes: For each kind of data, what was set in it; an empty set for observations.
        trace: Notes the steps, if wanted.

    Raises:
        Hedged: These data do not allow it.
    """
    hedge: Hedge | None = None
    for regime in regimes:
        if regime <= treatments:
            try:
                return _tried(outcomes, treatments, regime, graph, trace)
            except Hedged as met:
                hedge = hedge or met.hedge
    if hedge and len(regimes) == 1:
        raise Hedged(hedge)
    rest = graph.subgraph(frozenset(graph.nodes) - treatments)
    inner = rest.subgraph(rest.ancestors(outcomes))
    if trace:
        trace.factorised(outcomes, inner)
    factors = [factor(part, graph, regimes, trace) for part in inner.districts]
    return total(of_nodes(graph.ordered(set(inner.nodes) - outcomes)), product(factors))
