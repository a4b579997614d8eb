"""Pool what was estimated from several fillings of the same holes: Rubin's rules.

Each of m filled tables gives an estimate Q_i and its variance U_i. The pooled estimate is the mean of the Q_i; its
variance T = mean(U) + (1 + 1/m) B holds what a complete table leaves unsure, mean(U), and what the holes add, through
B, the variance of the Q_i. The interval is Student's, with the degrees of freedom of Barnard and Rubin, which never
exceed those that the table would have without holes.

References:
    Rubin, Multiple imputation for nonresponse in surveys, 1987.
    Barnard and Rubin, Small-sample degrees of freedom with multiple imputation, Biometrika 86, 1999.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from contrafact.base.errors import UsageError


def pooled(
    estimates: Sequence[float] | np.ndarray, variances: Sequence[float] | np.ndarray, *, freedom: float = math.inf
) -> tuple[float, float, float]:
    """Pool estimates from several filled tables: the estimate, and the ends of its 95 % interval.

    Arguments:
        estimates: What each filled table gives, such as a mean or a coefficient.
        variances: The square of each estimate's standard error.
        freedom: Degrees of freedom that a table without holes would have: rows less estimated numbers.

    >>> [round(value, 3) for value in pooled([10, 12, 11], [4, 4, 4])]
    [11.0, 6.296, 15.704]
    """
    found, within = np.asarray(estimates, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    if found.ndim != 1 or found.shape != within.shape or len(found) < 2 or not (within >= 0).all() or freedom <= 0:
        raise UsageError(
            f"{found.size} estimates and {within.size} variances cannot be pooled.",
            why="Each of at least two filled tables gives one estimate and its variance, which is not below 0.",
            fix="Fill the holes several times: model.impute(df, draws=5), and estimate from each.",
            code="E129",
        )
    value, between = float(found.mean()), (1 + 1 / len(found)) * float(found.var(ddof=1))
    total = float(within.mean()) + between
    half = _student(_freedom(len(found), between / total if total else 0.0, freedom)) * math.sqrt(total)
    return value, value - half, value + half


def _freedom(draws: int, holes: float, complete: float) -> float:
    """Give Barnard and Rubin's degrees of freedom.

    Arguments:
        draws: How many tables there are.
        holes: The share of the variance that the holes add.
        complete: Degrees of freedom without holes.
    """
    seen = complete if math.isinf(complete) else (complete + 1) / (complete + 3) * complete * (1 - holes)
    return 1 / (holes**2 / (draws - 1) + (1 / seen if seen > 0 else math.inf)) if holes or seen < math.inf else math.inf


def _student(freedom: float) -> float:
    from scipy.special import ndtri, stdtrit

    return float(ndtri(0.975) if math.isinf(freedom) else stdtrit(max(freedom, 1e-9), 0.975))
