"""Numbers <-> normal scores: the place of a number among a column's numbers, as a number of a standard normal law.

Where columns are skewed (an area beside a length, an income beside an age) they seldom depend on each other along
straight lines; their normal scores often do, with a scatter that is alike everywhere. A regression of scores gives a
normal law of a score; its mean among numbers is taken by Gauss-Hermite quadrature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import ndtri

GRID, NODES = 257, 7


@dataclass(frozen=True, kw_only=True, eq=False)
class Scores:
    """Which columns of a matrix are read as scores, and how.

    Arguments:
        columns: Their places (k).
        numbers: Rising numbers of each (k, grid).
        scores: The score of each.
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
            found[known, column] = np.interp(found[known, column], numbers, scores)
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
    scores = ndtri((np.cumsum(counts) - counts / 2) / counts.sum())
    some = np.rint(np.linspace(0, len(numbers) - 1, GRID)).astype(np.int64)
    return numbers[some], scores[some]
