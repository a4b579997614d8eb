"""The 95 % intervals that scores carry: closed forms where they exist, cheap resampling elsewhere."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from contrafact.base.records import Better, Score
from contrafact.base.seeds import generator

Z = 1.959964
DRAWS = 400
GROUPS = 10
GROUP_ROWS = 500


def wilson(hits: float, n: int) -> tuple[float, float]:
    """Give Wilson's interval of a share of n independent trials.

    >>> low, high = wilson(0, 100)
    >>> round(low, 3), round(high, 3)
    (0.0, 0.037)
    """
    share = hits / n
    middle, width = share + Z**2 / (2 * n), Z * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    scale = 1 + Z**2 / n
    # At 0 and at n the ends are exact, but rounding may leave them a hair inside the share.
    return min(max((middle - width) / scale, 0.0), share), max(min((middle + width) / scale, 1.0), share)


def share(
    name: str, hits: np.ndarray, better: Better = "higher", *, n: int | None = None, ceiling: float | None = None
) -> Score:
    """Score a share of true entries, with Wilson's interval.

    Arguments:
        name: The score's name.
        hits: A truth for each item.
        better: Which direction is good.
        n: Number of fakes, where the items are others.
        ceiling: What real data would get.
    """
    low, high = wilson(float(hits.sum()), len(hits))
    value = float(hits.mean())
    return Score(name=name, value=value, low=low, high=high, n=n or len(hits), better=better, ceiling=ceiling)


def auc(positive: np.ndarray, negative: np.ndarray) -> float:
    """Give the chance that a positive outranks a negative, ties counting half."""
    levels, place = np.unique(np.concatenate([positive, negative]), return_inverse=True)
    ups = np.bincount(place[: len(positive)], minlength=len(levels))
    downs = np.bincount(place[len(positive) :], minlength=len(levels))
    wins = ups @ (np.cumsum(downs) - downs / 2)
    return float(wins / (len(positive) * len(negative)))


def auc_error(value: float, positives: int, negatives: int) -> float:
    """Give the standard error of an area under the ROC curve (Hanley and McNeil, Radiology 143, 1982)."""
    both = value / (2 - value), 2 * value**2 / (1 + value)
    variance = value * (1 - value) + (positives - 1) * (both[0] - value**2) + (negatives - 1) * (both[1] - value**2)
    # A perfect ranking has no spread of its own; one misranked pair in 2 n keeps its interval open.
    least = 0.5 / max(positives, negatives) ** 2
    return math.sqrt(max(variance, least) / (positives * negatives))


def bootstrap_ratio(sums: np.ndarray, sizes: np.ndarray, seed: int, purpose: str, draws: int = DRAWS) -> np.ndarray:
    """Draw the ratio sum(sums) / sum(sizes) again and again over resampled items."""
    rng = generator(seed, "bootstrap", purpose)
    ratios = np.empty(draws)
    for i in range(draws):
        chosen = rng.integers(0, len(sums), len(sums))
        ratios[i] = sums[chosen].sum() / max(sizes[chosen].sum(), 1)
    return ratios


def percentiles(value: float, draws: np.ndarray) -> tuple[float, float]:
    """Give the 95 % interval of bootstrap draws, moved so that their mean is the value."""
    shift = value - float(draws.mean())
    low, high = np.quantile(draws, (0.025, 0.975)) + shift
    return min(float(low), value), max(float(high), value)


def group_error(statistic: Callable[[np.ndarray, np.ndarray], float], a: np.ndarray, b: np.ndarray, seed: int) -> float:
    """Give half the width of a 95 % interval from disjoint groups of both samples.

    A statistic of n rows that varies like n^-1/2 or faster varies at most sqrt(share) times as much as over groups
    that hold this share of the rows: right for samples that differ, too wide (never too narrow) for equal ones.
    """
    from scipy.special import stdtrit

    groups = min(GROUPS, len(a), len(b))
    if groups < 2:
        return 0.0
    part = min(1 / groups, GROUP_ROWS / max(len(a), len(b)))
    rng = generator(seed, "groups")
    orders = rng.permutation(len(a)), rng.permutation(len(b))
    sizes = max(int(len(a) * part), 1), max(int(len(b) * part), 1)
    values = [
        statistic(*(x[o[i * size : (i + 1) * size]] for x, o, size in zip((a, b), orders, sizes, strict=True)))
        for i in range(groups)
    ]
    return float(stdtrit(groups - 1, 0.975) * np.std(values, ddof=1) * math.sqrt(part))
