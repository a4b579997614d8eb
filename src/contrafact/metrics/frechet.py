"""The Fréchet distance between the Gaussians that fit two sets of features.

d² = |μ₁ - μ₂|² + tr S₁ + tr S₂ - 2 tr (S₁ S₂)^½. With S₁ = L Lᵀ the last trace is the sum of the square roots of the
eigenvalues of the symmetric Lᵀ S₂ L, which is faster and steadier than a square root of the product S₁ S₂. With fewer
rows than columns S₁ = AᵀA and S₂ = BᵀB for short matrices, and the trace is the sum of the singular values of A Bᵀ.

References: Heusel et al., *GANs trained by a two time-scale update rule*, NeurIPS 2017 (arXiv 1706.08500).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from contrafact.base.records import Score
from contrafact.metrics.inputs import pair
from contrafact.metrics.moments import Moments
from contrafact.metrics.spread import group_error


def frechet(features_a: Any, features_b: Any, seed: int = 0) -> Score:
    """Measure the Fréchet distance (the square d², as FID reports it) between two sets of features.

    The interval comes from up to ten disjoint groups of at most 500 rows. It holds the chance of the draw and not the
    bias: equal distributions get about 1/n above 0, so compare scores of equal n only. `Moments`, which take rows block
    by block and keep none, may stand for either side; then the interval is not known (NaN).

    Arguments:
        features_a: Features of real items, a row each, or their moments.
        features_b: Features of generated items, or their moments.
        seed: Seed of the groups.
    """
    if isinstance(features_a, Moments) or isinstance(features_b, Moments):
        return _of_moments(*(x if isinstance(x, Moments) else Moments.of([x]) for x in (features_a, features_b)))
    a, b = pair(features_a, features_b)
    value = _distance(a, b)
    reach = group_error(_distance, a, b, seed)
    return Score(name="frechet", value=value, low=max(value - reach, 0.0), high=value + reach, n=len(b), better="lower")


def _of_moments(a: Moments, b: Moments) -> Score:
    pair(a.mean[None], b.mean[None])  # refuses moments of no rows, and of different widths
    value = gaussian_frechet(a.mean, a.covariance, b.mean, b.covariance)
    return Score(name="frechet", value=value, low=math.nan, high=math.nan, n=b.n, better="lower")


def gaussian_frechet(mean_a: np.ndarray, cov_a: np.ndarray, mean_b: np.ndarray, cov_b: np.ndarray) -> float:
    """Measure the Fréchet distance between two Gaussians given by mean and covariance."""
    root = _factor(np.asarray(cov_a, dtype=np.float64))
    shared = _root_sum(root.T @ np.asarray(cov_b, dtype=np.float64) @ root)
    apart = float(((np.asarray(mean_a) - np.asarray(mean_b)) ** 2).sum())
    return max(apart + float(np.trace(cov_a)) + float(np.trace(cov_b)) - 2 * shared, 0.0)


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    mean_a, mean_b = a.mean(0), b.mean(0)
    a = (a - mean_a) / np.sqrt(max(len(a) - 1, 1))
    b = (b - mean_b) / np.sqrt(max(len(b) - 1, 1))
    if min(len(a), len(b)) >= a.shape[1]:
        return gaussian_frechet(mean_a, a.T @ a, mean_b, b.T @ b)
    product = a @ b.T if len(a) <= len(b) else b @ a.T
    apart = float(((mean_a - mean_b) ** 2).sum())
    return max(apart + float((a**2).sum() + (b**2).sum()) - 2 * _root_sum(product @ product.T), 0.0)


def _factor(covariance: np.ndarray) -> np.ndarray:
    """Give L with L Lᵀ = S, also where S is singular."""
    try:
        return np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(covariance)
        root: np.ndarray = vectors * np.sqrt(np.maximum(values, 0))
        return root


def _root_sum(symmetric: np.ndarray) -> float:
    """Sum the square roots of the eigenvalues; those within rounding of 0 count as 0."""
    values = np.linalg.eigvalsh(symmetric)
    least = len(values) * np.finfo(np.float64).eps * max(float(values[-1]), 0.0)
    return float(np.sqrt(values[values > least]).sum())
