"""How near are filled cells to what was hidden in them: numbers by their error, levels by the share that is right.

A number's error is measured in standard deviations of its column, so that columns can be put together: 1 is what the
column's mean gets. Intervals and comparisons are over cells, drawn again with replacement; a comparison is over the
same cells.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from contrafact.base.records import Score
from contrafact.base.seeds import generator
from contrafact.metrics.spread import DRAWS, percentiles, share


def rmse(name: str, errors: np.ndarray, seed: int = 0, *, floor: float | None = None) -> Score:
    """Score the root of the mean squared error.

    Arguments:
        name: The score's name.
        errors: The error of each cell.
        seed: Seeds the interval.
        floor: What filling in the mean gets.
    """
    squares = np.square(errors)
    value, draws = _root(squares), [_root(chosen) for chosen in _again(squares, seed)]
    low, high = percentiles(value, np.array(draws))
    return Score(name=name, value=value, low=max(low, 0.0), high=high, n=len(errors), better="lower", floor=floor)


def less(name: str, errors: np.ndarray, others: np.ndarray, seed: int = 0) -> Score:
    """Score by how much the root of the mean squared error is smaller than another's on the same cells.

    Arguments:
        name: The score's name.
        errors: The error of each cell.
        others: The errors of what it is held against.
        seed: Seeds the interval.
    """
    pairs = np.square(np.stack([errors, others], axis=1))
    value = _root(pairs[:, 1]) - _root(pairs[:, 0])
    draws = [_root(chosen[:, 1]) - _root(chosen[:, 0]) for chosen in _again(pairs, seed)]
    low, high = percentiles(value, np.array(draws))
    return Score(name=name, value=value, low=low, high=high, n=len(errors), better="higher", floor=0.0)


def right(name: str, hits: np.ndarray, *, floor: float | None = None) -> Score:
    """Score the share of levels that are right."""
    return replace(share(name, hits), floor=floor)


def more_right(name: str, hits: np.ndarray, others: np.ndarray, seed: int = 0) -> Score:
    """Score how much more often levels are right than another's on the same cells."""
    gained = hits.astype(np.float64) - others
    draws = [float(chosen.mean()) for chosen in _again(gained, seed)]
    low, high = percentiles(float(gained.mean()), np.array(draws))
    return Score(name=name, value=float(gained.mean()), low=low, high=high, n=len(hits), better="higher", floor=0.0)


def _root(squares: np.ndarray) -> float:
    return math.sqrt(float(squares.mean()))


def _again(cells: np.ndarray, seed: int) -> list[np.ndarray]:
    random = generator(seed, "recovery interval")
    return [cells[random.integers(0, len(cells), len(cells))] for _ in range(DRAWS)]
