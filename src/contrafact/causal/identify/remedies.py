"""What would settle a question that cannot be answered: a trial, a hidden cause measured, an instrument."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contrafact.causal.identify.answer import Identified


def remedies(refused: Identified) -> tuple[str, ...]:
    """List what would make a question answerable, each tried out on the graph; the cheapest to say first."""
    told = [*_trials(refused), *_measured(refused)]
    told += [
        f"{instrument} is an instrument: it gives bounds, and the effect itself if that is linear or monotone"
        for instrument in refused.instruments
    ]
    return tuple(told)


def _trials(refused: Identified) -> list[str]:
    from contrafact.causal.identify.ask import identify

    graph, told = refused.graph, []
    first = [*graph.sorted(refused.treatments), *(n for n in graph.nodes if n not in refused.treatments)]
    experiments = [regime for regime in refused.regimes if regime]
    for node in first:
        if node in refused.outcomes or frozenset([node]) in experiments:
            continue
        again = identify(graph, refused.query, [*experiments, {node}], observed=frozenset() in refused.regimes)
        if again.identifiable:
            told.append(f"a trial that sets {node} at random")
    return told


def _measured(refused: Identified) -> list[str]:
    from contrafact.causal.identify.ask import identify

    told = []
    experiments = [regime for regime in refused.regimes if regime]
    for a, b in refused.graph.bidirected:
        more = refused.graph.with_measured(a, b)
        if identify(more, refused.query, experiments, observed=frozenset() in refused.regimes).identifiable:
            told.append(f"measuring what causes both {a} and {b}")
    return told
