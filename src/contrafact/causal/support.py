"""Whether what is set might have been: how many units of the data had hardly a chance of it, given their causes.

A model runs in any world, and answers also for units of which nobody like them was ever seen there. What it says of
them is carried over from others by the form of its mechanisms. The chance of each level that is set is foretold from
the node's causes by a logistic line; units with less than one chance in a hundred are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from contrafact.base.seeds import generator
from contrafact.causal.estimate.columns import covariates, numbers
from contrafact.causal.graph import Graph
from contrafact.causal.learners.linear import logistic

if TYPE_CHECKING:
    import pandas as pd

LEAST, MANY, MOST_LEVELS, MOST_ROWS, FEW_ROWS = 0.01, 0.05, 20, 1000, 20


def unsupported(graph: Graph, frame: pd.DataFrame, do: Mapping[str, Any], seed: int = 0) -> tuple[str, ...]:
    """Say of which settings many units had hardly a chance; amounts and nodes without causes are passed over.

    Arguments:
        graph: The graph over the observed nodes.
        frame: The data.
        do: What is set.
        seed: Chooses rows where there are many.
    """
    named = frame.set_axis([str(name) for name in frame.columns], axis=1)
    if len(named) > MOST_ROWS:
        named = named.iloc[generator(seed, "support").permutation(len(named))[:MOST_ROWS]]
    return tuple(note for node, value in do.items() for note in _told(graph, named, node, value, seed))


def _told(graph: Graph, frame: pd.DataFrame, node: str, value: Any, seed: int) -> Iterator[str]:
    causes = [name for name in graph.sorted(graph.parents(node)) if name in frame.columns]
    whole = frame[[node, *causes]].dropna().reset_index(drop=True)
    had = _had(whole[node], value)
    if not causes or len(whole) < FEW_ROWS or whole[node].nunique() > MOST_LEVELS or not 0 < had.mean() < 1:
        return
    rows = covariates(whole, causes).matrix
    if not rows.shape[1]:
        return
    rare = float((logistic(rows, had, None, seed).predict(rows) < LEAST).mean())
    if rare >= MANY:
        yield (
            f"NO OVERLAP for {rare:.0%} of the rows: given {', '.join(causes)} they had less than {LEAST:.0%} chance "
            f"of {node} = {value}. What it would do to them is carried over from others by the form of the mechanisms."
        )


def _had(column: pd.Series[Any], value: Any) -> np.ndarray:
    values = numbers(column)
    try:
        found = column.astype(str) == str(value) if values is None else values == float(value)
    except (TypeError, ValueError):
        found = column.astype(str) == str(value)
    return np.asarray(found, dtype=np.float64)
