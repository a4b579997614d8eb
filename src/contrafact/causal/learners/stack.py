"""Weights, none below zero and one in all, that make the best of several predictions of held-out rows.

Reference: Breiman, *Stacked regressions*, Machine Learning 24, 1996.
"""

from __future__ import annotations

import numpy as np

SMALL = 0.02  # weights below this are left out
HEAVY = 1e3  # how strictly the weights sum to one


def stacked(made: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Give the weight of each prediction in the sum that comes nearest to what was seen.

    Arguments:
        made: A row of predictions for each predictor.
        y: What was seen.
        weight: What each row counts.
    """
    from scipy.optimize import nnls

    root = np.sqrt(np.ones(len(y)) if weight is None else weight)
    inputs, target = (made - y) * root, np.zeros(len(y))  # weights that sum to one leave the sum of the errors
    gram = inputs @ inputs.T
    size = max(float(np.trace(gram)) / len(made), 1e-300)
    values, vectors = np.linalg.eigh(gram / size)
    square = vectors * np.sqrt(np.maximum(values, 0))
    system = np.vstack([square.T, np.full((1, len(made)), HEAVY)])
    target = np.concatenate([np.zeros(len(made)), [HEAVY]])
    found = nnls(system, target)[0]
    found = np.where(found < SMALL, 0.0, found)
    return np.asarray(found / found.sum())
