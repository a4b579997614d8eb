"""Ridge regression from sums of squares and products alone.

The squares are taken apart once; then every penalty costs a product of small arrays. The penalty is chosen by
generalised cross-validation (Golub, Heath and Wahba 1979) among those that leave most degrees of freedom unused.

A sharp fit goes on: functions that did little are penalised more, those that did much less, and again (the adaptive
ridge of Frommlet and Nuel 2016, PLOS ONE 11). Where few of many functions matter it finds them; where all matter alike
it changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contrafact.causal.estimate.columns import Array

PENALTIES = 10.0 ** np.arange(-5, 3.1, 0.5)
ROUNDS, LEAST_LEFT = 2, 0.4


@dataclass(frozen=True, eq=False)
class Sums:
    """What a regression needs to know of its rows.

    Arguments:
        gram: Products of all pairs of functions, summed over rows.
        cross: Products of functions and outcomes.
        square: Squares of each outcome.
        rows: How many rows there were, or the sum of their weights.
    """

    gram: Array
    cross: Array
    square: Array
    rows: float

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.gram + other.gram, self.cross + other.cross, self.square + other.square, self.rows + other.rows
        )

    def __sub__(self, other: Sums) -> Sums:
        return Sums(
            self.gram - other.gram, self.cross - other.cross, self.square - other.square, self.rows - other.rows
        )

    def scaled(self, scale: Array) -> Sums:
        """Give the sums of functions that are each multiplied by a number."""
        return Sums(self.gram * scale[:, None] * scale, self.cross * scale[:, None], self.square, self.rows)


def sums(features: Array, outcomes: Array, weights: Array | None = None) -> Sums:
    """Sum squares and products over rows.

    Arguments:
        features: Functions of the covariates.
        outcomes: A column for each outcome.
        weights: Of the rows; all alike if not given.
    """
    weighted = features if weights is None else features * weights[:, None]
    square = outcomes**2 if weights is None else outcomes**2 * weights[:, None]
    rows = float(len(features) if weights is None else weights.sum())
    return Sums(weighted.T @ features, weighted.T @ outcomes, square.sum(axis=0), rows)


def ridge(known: Sums, penalty: Array | None = None) -> tuple[Array, Array]:
    """Fit each outcome with the penalty that suits it.

    Arguments:
        known: The sums.
        penalty: One for each outcome, a share of the rows; chosen if not given.

    Returns:
        Coefficients, a column for each outcome; and the penalties.
    """
    rows = max(known.rows, 1.0)
    sizes, axes = np.linalg.eigh(known.gram / rows)
    sizes = np.maximum(sizes, 0.0)
    inside = axes.T @ known.cross / rows
    if penalty is None:
        penalty = PENALTIES[_losses(sizes, inside, known.square / rows, rows).argmin(axis=0)]
    kept = 1 / (sizes[:, None] + penalty + 1e-12)
    return axes @ (kept * inside), penalty


def foreseen(known: Sums) -> float:
    """Foresee what a ridge regression of one outcome misses of unseen rows: the least generalised cross-validation."""
    rows = max(known.rows, 1.0)
    sizes, axes = np.linalg.eigh(known.gram / rows)
    inside = axes.T @ known.cross / rows
    return float(_losses(np.maximum(sizes, 0.0), inside, known.square / rows, rows).min())


def sharp(known: Sums, start: Array | None = None) -> Array:
    """Fit one outcome, and penalise again and again what did little.

    Arguments:
        known: The sums, of one outcome.
        start: Coefficients of a plain fit, where they are known.
    """
    found = ridge(known)[0] if start is None else start
    for _ in range(ROUNDS):
        scale = strengths(known, found[:, 0])
        found = scale[:, None] * ridge(known.scaled(scale))[0]
    return found


def strengths(known: Sums, found: Array) -> Array:
    """Say how much each function did, in units of what is missed, with what noise does as the least.

    The constant, which comes first, is hardly penalised.
    """
    rows = max(known.rows, 1.0)
    missed = known.square[0] - 2 * found @ known.cross[:, 0] + found @ known.gram @ found
    missed = max(float(missed) / rows, 1e-12 * float(known.square[0]) / rows + 1e-300)
    size = np.maximum(np.diag(known.gram) / rows, 1e-12)
    scale: Array = np.sqrt(found**2 * size / missed + 1 / rows) / np.sqrt(size)
    scale[0] = 100 / np.sqrt(size[0])
    return scale


def _losses(sizes: Array, inside: Array, square: Array, rows: float) -> Array:
    """Give the generalised cross-validation of each penalty (rows) and outcome (columns)."""
    kept = 1 / (sizes + PENALTIES[:, None] + 1e-12)
    missed = np.maximum(square - (2 * kept - sizes * kept**2) @ inside**2, 1e-12 * square + 1e-300)
    freedom = (sizes * kept).sum(axis=1)[:, None]
    left = 1 - freedom / rows
    loss: Array = missed / np.maximum(left, 0.02) ** 2
    # Fits that use up most of the rows are not trusted, however little they seem to miss.
    return np.where(left < LEAST_LEFT, loss + 1e6 * square * (LEAST_LEFT - left), loss)
