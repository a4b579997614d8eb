"""The Fréchet distance between the Gaussians that fit two sets of features.

d² = |μ₁ - μ₂|² + tr S₁ + tr S₂ - 2 tr (S₁ S₂)^½. With S₁ = L Lᵀ the last trace is the sum of the square roots of the
eigenvalues of the symmetric Lᵀ S₂ L, which is faster and steadier than a square root of the product S₁ S₂: LAPACK forms
it in place and half of it only (dsygst), and its eigenvalues need no vectors (dsytrd, dsterf). With fewer rows than
columns S₁ = AᵀA and S₂ = BᵀB for short matrices, and the trace is the sum of the singular values of A Bᵀ.

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

WORK = 128  # columns that LAPACK may turn at once


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
    free_a, free_b = max(a.n - 1, 1), max(b.n - 1, 1)
    traces = float(np.trace(a.scatter)) / free_a + float(np.trace(b.scatter)) / free_b
    shared = _shared(a.scatter, b.scatter) / math.sqrt(free_a * free_b)
    value = max(float(((a.mean - b.mean) ** 2).sum()) + traces - 2 * shared, 0.0)
    return Score(name="frechet", value=value, low=math.nan, high=math.nan, n=b.n, better="lower")


def gaussian_frechet(mean_a: np.ndarray, cov_a: np.ndarray, mean_b: np.ndarray, cov_b: np.ndarray) -> float:
    """Measure the Fréchet distance between two Gaussians given by mean and covariance."""
    # The transpose of a symmetric matrix is itself, in the order of columns that LAPACK wants.
    one, other = (np.atleast_2d(np.asarray(cov, dtype=np.float64)).T for cov in (cov_a, cov_b))
    apart = float(((np.asarray(mean_a) - np.asarray(mean_b)) ** 2).sum())
    return max(apart + float(np.trace(one)) + float(np.trace(other)) - 2 * _shared(one, other), 0.0)


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    mean_a, mean_b = a.mean(0), b.mean(0)
    a = (a - mean_a) / np.sqrt(max(len(a) - 1, 1))
    b = (b - mean_b) / np.sqrt(max(len(b) - 1, 1))
    if min(len(a), len(b)) >= a.shape[1]:
        return gaussian_frechet(mean_a, a.T @ a, mean_b, b.T @ b)
    product = a @ b.T if len(a) <= len(b) else b @ a.T
    apart = float(((mean_a - mean_b) ** 2).sum())
    return max(apart + float((a**2).sum() + (b**2).sum()) - 2 * _root_sum(product @ product.T), 0.0)


def _shared(one: np.ndarray, other: np.ndarray) -> float:
    """Sum the square roots of the eigenvalues of a product of two covariances, of which lower triangles are read."""
    from scipy.linalg.lapack import dpotrf, dsygst

    root, failed = dpotrf(one, lower=1, clean=0)
    if not failed:
        return _root_sum(dsygst(other, root, itype=2, lower=1)[0])
    values, vectors = np.linalg.eigh(one)  # of the lower triangle; singular matrices have such a root too
    root = vectors * np.sqrt(np.maximum(values, 0))
    return _root_sum(root.T @ (np.tril(other) + np.tril(other, -1).T) @ root)


def _root_sum(symmetric: np.ndarray) -> float:
    """Sum the square roots of the eigenvalues, from the lower triangle, which is used up.

    Those within rounding of 0 count as 0.
    """
    from scipy.linalg.lapack import dsterf, dsytrd

    work = max(WORK * len(symmetric), 1)
    _, diagonal, beside, *_ = dsytrd(symmetric, lower=1, lwork=work, overwrite_a=1)
    values = dsterf(diagonal, beside)[0] if len(diagonal) > 1 else diagonal
    least = len(values) * np.finfo(np.float64).eps * max(float(values[-1]), 0.0)
    return float(np.sqrt(values[values > least]).sum())
