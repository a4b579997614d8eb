"""What data contradict of a graph, in words, to be said beside every answer that rests on the graph.

The independences that the graph states are tested as `implications` does, at a strict level, on a part of the rows
where there are many: so quickly that it can be done unasked. `challenge` tests them all, on all rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from contrafact.base.errors import DataError
from contrafact.base.seeds import generator
from contrafact.causal.graph import Graph
from contrafact.causal.implications import check_implications

if TYPE_CHECKING:
    import pandas as pd

ALPHA, MOST_ROWS, MOST_NODES, SHOWN = 0.01, 1000, 20, 3


def contradictions(graph: Graph, frame: pd.DataFrame, seed: int = 0) -> tuple[str, ...]:
    """Say what data contradict of a graph; nothing where they do not, or cannot tell.

    Arguments:
        graph: The graph; nodes without a column count as hidden.
        frame: The data.
        seed: Chooses rows where there are many.
    """
    named = frame.set_axis([str(name) for name in frame.columns], axis=1)
    if not named.columns.is_unique:
        return ()
    if len(graph.observed) > MOST_NODES:
        return (
            f"Whether the data agree with a graph of {len(graph.observed)} nodes was not tested: "
            "contrafact.causal.implications.check_implications(graph, frame).",
        )
    seen = Graph(graph, latent=[node for node in graph.observed if node not in named.columns]).projected()
    if len(named) > MOST_ROWS:
        named = named.iloc[generator(seed, "contradictions").permutation(len(named))[:MOST_ROWS]]
    try:
        found = check_implications(seen, named, alpha=ALPHA, seed=seed)
    except DataError:  # too few complete rows: that is said where the answer is
        return ()
    failed = [check for check in found.checks if not check.holds]
    if not failed:
        return ()
    told = "; ".join(f"{check.implication} (p = {check.p:.2g})" for check in failed[:SHOWN])
    more = f" and {len(failed) - SHOWN} more" if len(failed) > SHOWN else ""
    return (
        f"THE DATA CONTRADICT THE GRAPH: {len(failed)} of {len(found.checks)} independences that it states fail: "
        f"{told}{more}. An arrow or a hidden cause (<->) is missing; what follows holds only if the graph is right.",
    )
