"""Boosted trees as one more kind of fit, tried where there are rows enough to bear their cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from contrafact.causal.estimate.columns import Array

LEAST_ROWS, MOST_ROWS = 3000, 20_000
Codes = np.ndarray[Any, np.dtype[np.int64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]
SETTINGS: dict[str, Any] = {
    "max_iter": 120,
    "learning_rate": 0.08,
    "max_leaf_nodes": 15,
    "min_samples_leaf": 20,
    "early_stopping": False,
    "random_state": 0,
}


def trees_mean(matrix: Array, outcome: Array, folds: Codes, weights: Array, fold: int | None = None) -> Array:
    """Predict each row's outcome by trees grown on the other folds.

    Arguments:
        matrix: The covariates.
        outcome: The outcome.
        folds: The fold of each row.
        weights: Of the rows; rows of weight 0 are predicted only.
        fold: Predict this one only; the others stay zero.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    found = np.zeros(len(outcome))
    for out in _parts(folds, fold):
        used = np.flatnonzero(~out & (weights > 0))[:MOST_ROWS]
        model = HistGradientBoostingRegressor(**SETTINGS).fit(matrix[used], outcome[used], weights[used])
        found[out] = model.predict(matrix[out])
    return found


def trees_chance(matrix: Array, labels: Array, folds: Codes, fold: int | None = None) -> Array:
    """Predict each row's chance of a label of 1 by trees grown on the other folds.

    Arguments:
        matrix: The covariates.
        labels: Zeros and ones.
        folds: The fold of each row.
        fold: Predict this one only; the others stay zero.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    found = np.zeros(len(labels))
    for out in _parts(folds, fold):
        used = np.flatnonzero(~out)[:MOST_ROWS]
        model = HistGradientBoostingClassifier(**SETTINGS).fit(matrix[used], labels[used])
        found[out] = model.predict_proba(matrix[out])[:, 1]
    return found


def _parts(folds: Codes, fold: int | None) -> Iterator[Mask]:
    for each in range(int(folds.max()) + 1) if fold is None else (fold,):
        yield folds == each
