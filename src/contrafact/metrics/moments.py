"""Mean and covariance of rows that come block by block: float64, one matrix product a block, memory for one matrix.

Blocks are joined by the update of Chan, Golub and LeVeque: with n rows of mean μ and scatter S (the sum of outer
products around the mean) so far, a block of m rows of mean ν and scatter T gives

    S + T + n m / (n + m) (ν - μ)(ν - μ)ᵀ,

which stays exact where the rows lie far from 0. The last term enters the product as one more row of the block, so that
a block costs one symmetric rank-k update in place.

References: Chan, Golub and LeVeque, *Algorithms for computing the sample variance*, The American Statistician 37, 1983.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from contrafact.base.errors import DataError
from contrafact.metrics.inputs import rows


class Moments:
    """Gather the moments of rows.

    Arguments:
        width: Numbers in a row; by default that of the first block.
    """

    def __init__(self, width: int | None = None) -> None:
        self.n = 0
        self._mean = np.zeros(width or 0)
        # Column order, so that LAPACK's update works in place.
        self._scatter = np.zeros((width or 0, width or 0), order="F")

    @classmethod
    def of(cls, blocks: Iterable[Any]) -> Moments:
        """Gather the moments of many blocks."""
        moments = cls()
        for block in blocks:
            moments.update(block)
        return moments

    @property
    def width(self) -> int:
        """Numbers in a row."""
        return len(self._mean)

    @property
    def mean(self) -> np.ndarray:
        """The mean row."""
        return self._mean.copy()

    @property
    def scatter(self) -> np.ndarray:
        """The sum of outer products around the mean; its lower triangle only, the rest is 0."""
        return self._scatter

    @property
    def covariance(self) -> np.ndarray:
        """The covariance, divided by n - 1."""
        lower = np.tril(self._scatter)
        whole: np.ndarray = (lower + np.tril(lower, -1).T) / max(self.n - 1, 1)
        return whole

    def update(self, block: Any) -> Moments:
        """Count a block of rows in."""
        fresh = rows(block, "features")
        self._fit_width(fresh.shape[1])
        middle = fresh.mean(0)
        self._join(fresh - middle, middle, len(fresh))
        return self

    def merge(self, other: Moments) -> Moments:
        """Count in all rows of other moments, which stay as they are."""
        if other.n:
            self._fit_width(other.width)
            self._join(np.empty((0, self.width)), other._mean, other.n)
            self._scatter += other._scatter
        return self

    def _fit_width(self, width: int) -> None:
        if not self.width:
            self._mean, self._scatter = np.zeros(width), np.zeros((width, width), order="F")
        elif width != self.width:
            raise DataError(
                f"A block has {width} columns, the rows before had {self.width}.",
                why="Moments are of rows of one width.",
                fix="Use the same features for all blocks.",
                code="E223",
            )

    def _join(self, centred: np.ndarray, mean: np.ndarray, count: int) -> None:
        from scipy.linalg.blas import dsyrk

        total = self.n + count
        apart = (mean - self._mean) * math.sqrt(self.n * count / total)
        self._scatter = dsyrk(
            1.0, np.vstack([centred, apart]).T, beta=1.0, c=self._scatter, lower=1, trans=0, overwrite_c=1
        )
        self._mean = self._mean + (mean - self._mean) * (count / total)
        self.n = total
