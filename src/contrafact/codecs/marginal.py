"""Cells drawn from a column's own law, whatever the other columns hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from contrafact.codecs.cells import HOLE, Cells
from contrafact.codecs.tokens import Tokens

if TYPE_CHECKING:
    from contrafact.codecs.conditions import Limit


def shares(kind: Tokens, *, holes: bool = True) -> np.ndarray:
    """Give each token's share of the rows.

    Arguments:
        kind: A column's tokens.
        holes: Whether a hole may be drawn.
    """
    counts = kind.counts.copy()
    if kind.holes and not holes and counts[: kind.hole].any():
        counts[kind.hole] = 0
    return np.asarray(counts / counts.sum() if counts.any() else np.full(len(counts), 1 / max(len(counts), 1)))


def drawn(kind: Tokens, uniform: np.ndarray, *, limit: Limit | None = None, holes: bool = True) -> Cells:
    """Draw cells of one column.

    Arguments:
        kind: The column's tokens.
        uniform: Two uniform numbers for each cell (n, 2): which token, and where in its interval.
        limit: What the column may be.
        holes: Whether a hole may be drawn.
    """
    if not kind.size:
        return nothing(len(uniform))
    weights = shares(kind, holes=holes)
    start, stop = np.zeros(kind.size), np.ones(kind.size)
    if limit is not None:
        start, stop = limit.start, limit.stop
        weights = weights * limit.weights if (weights * limit.weights).any() else limit.weights
    tokens = picked(np.broadcast_to(weights, (1, kind.size)), uniform[:, 0])
    return kind.decode(tokens, start[tokens] + uniform[:, 1] * (stop - start)[tokens])


def held(cells: list[Cells | None], limits: Mapping[int, Limit]) -> list[Cells | None]:
    """Hold numbers between the ends that were given, which rounding may have left by a hair."""
    for column, limit in limits.items():
        part = cells[column]
        if part is not None:
            np.clip(part.numbers, limit.low, limit.high, out=part.numbers)
    return cells


def nothing(rows: int) -> Cells:
    """Give cells that are all missing."""
    return Cells(numbers=np.full(rows, np.nan), words=np.full(rows, HOLE))


def picked(weights: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Choose a place in each row of weights, or in the only row, by a uniform number."""
    edges = np.cumsum(weights, axis=1)
    heights = uniform * edges[:, -1]
    alone = len(edges) == 1
    found = np.searchsorted(edges[0], heights, side="right") if alone else (edges <= heights[:, None]).sum(1)
    last = weights.shape[1] - 1 - (weights[:, ::-1] > 0).argmax(1)  # rounding never leads beyond what has weight
    return np.asarray(np.minimum(found, last))
