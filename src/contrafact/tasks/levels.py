"""Segment by grey level alone: the simple baseline that a network has to beat.

A picture is smoothed lightly and each pixel's class is read from its level. For two classes that is the best single
threshold, above or below which the rarer class is taken to lie; for more, the class that was most common at that level.
Smoothing and threshold are those of the best Dice on the pictures that are learned from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Self

import numpy as np

from contrafact.metrics.overlap import dice_of

SMOOTHINGS = (0.0, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True, kw_only=True)
class Levels:
    """A class for each grey level of a smoothed picture.

    Arguments:
        smoothing: Standard deviation of the smoothing, in pixels.
        table: The place of a class for each of 256 levels.
    """

    smoothing: float
    table: np.ndarray

    @classmethod
    def fit(cls, sources: np.ndarray, places: np.ndarray, classes: int, scored: Sequence[int]) -> Self:
        """Choose smoothing and table by the best Dice.

        Arguments:
            sources: Pictures N x C x H x W, uint8.
            places: Places of classes N x H x W.
            classes: How many classes there are.
            scored: The classes that Dice is measured on.
        """
        best, found = -1.0, cls(smoothing=0.0, table=np.zeros(256, dtype=np.uint8))
        for smoothing in SMOOTHINGS:
            levels = smoothed(sources, smoothing)
            seen = np.stack([np.bincount(levels[places == k], minlength=256) for k in range(classes)])
            for table in _tables(seen, scored):
                value = _dice_of_table(seen, table, scored)
                if value > best:
                    best, found = value, cls(smoothing=smoothing, table=table.astype(np.uint8))
        return found

    def apply(self, sources: np.ndarray) -> np.ndarray:
        """Give the place of a class for each pixel, N x H x W."""
        return np.asarray(self.table[smoothed(sources, self.smoothing)])

    def __str__(self) -> str:
        ends = np.nonzero(np.diff(self.table.astype(int)))[0]
        where = f"levels up to {ends[0]} against those above" if len(ends) == 1 else "the commonest class of each level"
        return f"{where}, smoothed over {self.smoothing:g} pixels" if self.smoothing else where


def smoothed(sources: np.ndarray, smoothing: float) -> np.ndarray:
    """Average the channels, smooth, and round to levels N x H x W, uint8."""
    from scipy.ndimage import gaussian_filter

    grey = sources.mean(1, dtype=np.float32)
    soft = gaussian_filter(grey, (0, smoothing, smoothing)) if smoothing else grey
    return np.asarray(np.clip(np.rint(soft), 0, 255).astype(np.uint8))


def _tables(seen: np.ndarray, scored: Sequence[int]) -> list[np.ndarray]:
    """List the tables to choose from: every threshold both ways for two classes, else the commonest classes."""
    if len(seen) != 2:
        return [seen.argmax(0)]
    level = np.arange(256)
    ways = product(range(256), scored)
    return [np.where(level <= end, k, 1 - k) for end, one in ways for k in (one, 1 - one)]


def _dice_of_table(seen: np.ndarray, table: np.ndarray, scored: Sequence[int]) -> float:
    rows = [[seen[k][table == k].sum(), seen[k].sum(), seen[:, table == k].sum()] for k in scored]
    return dice_of(np.asarray(rows, dtype=np.float64)[None])
