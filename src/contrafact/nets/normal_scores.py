"""Numbers <-> normal scores: the place of a number among a column's numbers, as a number of a standard normal law.

Where columns are skewed (an area beside a length, an income beside an age) they seldom depend on each other along
straight lines; their normal scores often do, with a scatter that is alike everywhere. A regression of scores gives a
normal law of a score; its mean among numbers is taken by Gauss-Hermite quadrature.

A number that many rows share, a 0 among areas, has not one score but all between its first and its last rank: what
lies in there is read back as this number, and the number is read as the middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import ndtri

GRID, NODES = 257, 7
SHARED = 0.01  # of the rows: a number that more have is a step


@dataclass(frozen=True, kw_only=True, eq=False)
class Scores:
    """Which columns of a matrix are read as scores, and how.

    Arguments:
        columns: Their places (k).
        numbers: Rising numbers of each (k, grid); one that many share stands twice.
        scores: The score of each; of one that stands twice, the first and the last.
    """

    columns: np.ndarray
    numbers: np.ndarray
    scores: np.ndarray

    @classmethod
    def fit(cls, values: np.ndarray, columns: Sequence[int]) -> Self:
        """Learn where numbers lie.

        Arguments:
            values: Rows with NaN for holes.
            columns: Which columns are to be read as scores; those without two different numbers are left as they are.
        """
        grids = {column: _grid(values[:, column]) for column in columns}
        grids = {column: grid for column, grid in grids.items() if len(np.unique(grid[0])) > 1}
        shape = (len(grids), GRID)
        return cls(
            columns=np.array(list(grids), dtype=np.int64),
            numbers=np.array([numbers for numbers, _ in grids.values()]).reshape(shape),
            scores=np.array([scores for _, scores in grids.values()]).reshape(shape),
        )

    def into(self, values: np.ndarray) -> np.ndarray:
        """Give a copy with scores in place of numbers; holes stay."""
        found = np.array(values, dtype=np.float64)
        for column, numbers, scores in zip(self.columns, self.numbers, self.scores, strict=True):
            known = ~np.isnan(found[:, column])
            own = found[known, column]
            first = -np.interp(-own, -numbers[::-1], -scores[::-1])
            found[known, column] = (first + np.interp(own, numbers, scores)) / 2
        return found

    def back(self, values: np.ndarray) -> np.ndarray:
        """Give a copy with numbers in place of scores."""
        found = np.array(values, dtype=np.float64)
        for column, numbers, scores in zip(self.columns, self.numbers, self.scores, strict=True):
            found[:, column] = np.interp(found[:, column], scores, numbers)
        return found

    def moments(self, values: np.ndarray, sd: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give mean and variance among numbers of normal laws of scores; of other columns what was given.

        Arguments:
            values: Means, rows x columns.
            sd: A standard deviation for each column.
        """
        means = np.array(values, dtype=np.float64)
        variances = np.broadcast_to(sd**2, means.shape).copy()
        nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
        weights = weights / weights.sum()
        for column, numbers, scores in zip(self.columns, self.numbers, self.scores, strict=True):
            spots = np.interp(values[:, column, None] + sd[column] * nodes, scores, numbers)
            means[:, column] = spots @ weights
            variances[:, column] = np.maximum(spots**2 @ weights - means[:, column] ** 2, 0.0)
        return means, variances

    def arrays(self) -> dict[str, np.ndarray]:
        """Give what was learned, by name."""
        return {"score_columns": self.columns, "score_numbers": self.numbers, "scores": self.scores}


def _grid(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give rising numbers of a column and their scores: equal numbers share the middle of their ranks."""
    numbers, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    if not len(numbers):
        return np.zeros(GRID), np.zeros(GRID)
    rows, above = counts.sum(), np.cumsum(counts)
    shared = np.flatnonzero(counts > max(SHARED * rows, 1))[: GRID // 4]
    some = np.rint(np.linspace(0, len(numbers) - 1, GRID - 2 * len(shared))).astype(np.int64)
    alone = np.setdiff1d(some, shared)
    places = np.concatenate([alone, shared, shared])
    ranks = np.concatenate([above[alone] - counts[alone] / 2, (above - counts)[shared], above[shared]])
    scores = ndtri(np.clip(ranks, 0.5, rows - 0.5) / rows)
    order = np.lexsort((scores, places))
    order = np.append(order, np.repeat(order[-1], GRID - len(order)))
    return numbers[places[order]], scores[order]
