"""A regression that can be asked about new rows: the kind of fit that misses unseen rows least, fitted on all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contrafact.causal.estimate.columns import Array
from contrafact.causal.estimate.crossfit import Functions, dealt, mean_of
from contrafact.causal.estimate.logistic import logistic, sharpened, sigmoid
from contrafact.causal.estimate.ridge import sharp, sums
from contrafact.causal.estimate.terms import Terms, candidates, terms


@dataclass(frozen=True, kw_only=True, eq=False)
class Smooth:
    """A fitted regression.

    Arguments:
        terms: The functions of the covariates that it uses.
        coefficients: One for each.
        odds: Whether it gives log-odds.
    """

    terms: Terms
    coefficients: Array
    odds: bool = False

    def __call__(self, matrix: Array) -> Array:
        """Predict rows."""
        values: Array = self.terms(matrix) @ self.coefficients
        return sigmoid(values) if self.odds else values


def smooth(matrix: Array, outcome: Array, weights: Array | None = None, seed: int = 0) -> Smooth:
    """Fit a regression.

    Arguments:
        matrix: The covariates.
        outcome: The outcome.
        weights: Of the rows.
        seed: Seeds folds and waves.
    """
    kinds = candidates(matrix, len(outcome))
    name = kinds[0]
    if len(kinds) > 1:
        folds = dealt(np.zeros(len(outcome), dtype=np.int64), seed)
        found = mean_of(Functions(matrix, seed), outcome, folds, weights)
        name = found.name if found.name != "trees" else kinds[-1]
    chosen = terms(matrix, name, seed)
    return Smooth(terms=chosen, coefficients=sharp(sums(chosen(matrix), outcome[:, None], weights))[:, 0])


def smooth_chance(matrix: Array, labels: Array, seed: int = 0) -> Smooth:
    """Fit the chance of a label of 1."""
    name = "curves" if "curves" in candidates(matrix, len(labels)) else "linear"
    chosen = terms(matrix, name, seed)
    features = chosen(matrix)
    return Smooth(terms=chosen, coefficients=sharpened(features, labels, logistic(features, labels)), odds=True)
