"""How good draws of a number are: the continuous ranked probability score.

CRPS(F, y) = E|X - y| - 1/2 E|X - X'| for X, X' drawn from F: 0 for a law that is all at the truth, the absolute error
for a single guess. Among m draws E|X - X'| is estimated over the m (m - 1) pairs of different ones, which is unbiased,
so that the score does not depend on how many draws there are.

Reference: Gneiting and Raftery, *Strictly proper scoring rules, prediction, and estimation*, JASA 102, 2007.
"""

from __future__ import annotations

import numpy as np

from contrafact.base.errors import DataError
from contrafact.base.records import Score
from contrafact.base.seeds import generator
from contrafact.metrics.spread import DRAWS, percentiles


def crps(draws: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Score draws of each number against the truth; lower is better.

    Arguments:
        draws: Draws along the first axis, at least one.
        truth: What came true, of the shape of one draw.

    >>> float(crps(np.array([[1.0], [1.0]]), np.array([3.0]))[0])
    2.0
    """
    draws, truth = np.asarray(draws, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    if draws.ndim == 0 or draws.shape[1:] != truth.shape or not len(draws):
        raise DataError(
            f"Draws of shape {draws.shape} do not fit truths of shape {truth.shape}.",
            why="Each draw must hold a number for every truth.",
            fix="Put the draws along the first axis: numpy.stack(draws)",
            code="E661",
        )
    count = len(draws)
    error = np.abs(draws - truth).mean(axis=0)
    if count == 1:
        return np.asarray(error)
    ranks = 2 * np.arange(1, count + 1) - count - 1
    spread = np.tensordot(ranks, np.sort(draws, axis=0), axes=1) * 2 / (count * (count - 1))
    return np.asarray(error - spread / 2)


def crps_score(name: str, values: np.ndarray, floor: float | None = None, seed: int = 0) -> Score:
    """Average scores of forecasts, with an interval from resampled forecasts.

    Arguments:
        name: The score's name.
        values: A score for each forecast; the means over what belongs to one forecast.
        floor: What a simple way gets on the same.
        seed: Seeds the resampling.
    """
    value, random = float(values.mean()), generator(seed, "crps")
    draws = values[random.integers(len(values), size=(DRAWS, len(values)))].mean(axis=1)
    low, high = percentiles(value, draws)
    return Score(name=name, value=value, low=max(low, 0.0), high=high, n=len(values), better="lower", floor=floor)
