"""How well samples cover the modes of a known mixture, and how sharply.

The protocol of VEEGAN (Srivastava et al., 2017) and PacGAN (Lin et al., 2018): a sample is of high quality when it
lies within 3 standard deviations of the nearest mean. A perfect sampler does not reach 100 % (98.9 % in the plane):
more means that the modes are too tight, which the spread scores show.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import numpy as np

from contrafact.base.data import Mixture
from contrafact.base.records import Score
from contrafact.base.seeds import generator
from contrafact.metrics.inputs import pair
from contrafact.metrics.spread import DRAWS, Z, percentiles, share

QUALITY_SDS = 3.0
ASSIGNED_SDS = 5.0


def modes(fake: Any, mixture: Mixture, seed: int = 0) -> dict[str, Score]:
    """Score samples against the mixture that they should come from.

    Returns:
        modes, high_quality, reverse_kl and, where some mode has two samples, spread_low and spread_high.
    """
    from scipy.spatial import cKDTree
    from scipy.special import chdtr

    means, fake = pair(mixture.means, fake)
    distance, nearest = cKDTree(means).query(fake)
    good = distance <= QUALITY_SDS * mixture.sd
    counts = np.bincount(nearest[good], minlength=len(means))
    perfect = float(chdtr(means.shape[1], QUALITY_SDS**2))
    near = distance <= ASSIGNED_SDS * mixture.sd
    scores = [
        modes_hit(counts, len(fake), seed),
        share("high_quality", good, ceiling=perfect),
        _reverse_kl(counts, len(fake), perfect, seed),
        *_spreads(fake[near], nearest[near], len(fake), mixture),
    ]
    return {score.name: score for score in scores}


def modes_hit(counts: np.ndarray, n: int, seed: int) -> Score:
    """Count the modes hit; below, what fewer lucky draws would hit, above, Chao's estimate of the unseen ones."""
    value = int((counts > 0).sum())
    shares = np.append(counts, n - counts.sum()) / n
    again = generator(seed, "modes").multinomial(n, shares, size=DRAWS)[:, :-1]
    low = float(np.quantile((again > 0).sum(1), 0.025))
    once, twice = int((counts == 1).sum()), int((counts == 2).sum())
    high = min(len(counts), value + once * (once - 1) / (2 * (twice + 1)))
    return Score(name="modes", value=value, low=low, high=high, n=n, better="higher", floor=0, ceiling=len(counts))


def divergence(counts: np.ndarray) -> np.ndarray:
    """Give KL(histogram || uniform) in nats over the last axis; the worst value, log k, for no counts at all."""
    k = counts.shape[-1]
    share_of = counts / np.maximum(counts.sum(-1, keepdims=True), 1)
    terms = share_of * np.log(np.where(share_of > 0, share_of, 1) * k)
    divergences: np.ndarray = np.where(counts.sum(-1) > 0, np.maximum(terms.sum(-1), 0.0), math.log(k))
    return divergences


def _reverse_kl(counts: np.ndarray, n: int, perfect: float, seed: int) -> Score:
    value, good = float(divergence(counts)), int(counts.sum())
    low = high = value
    if good:
        again = generator(seed, "reverse_kl").multinomial(good, counts / good, size=DRAWS)
        low, high = percentiles(value, divergence(again))
    return Score(
        name="reverse_kl",
        value=value,
        low=min(max(low, 0.0), value),
        high=high,
        n=n,
        better="lower",
        floor=math.log(len(counts)),
        ceiling=(len(counts) - 1) / (2 * max(n * perfect, 1)),
    )


def _spreads(fake: np.ndarray, nearest: np.ndarray, n: int, mixture: Mixture) -> list[Score]:
    """Score the tightest and the widest mode against the truth's standard deviation."""
    k, width = np.shape(mixture.means)
    counts = np.bincount(nearest, minlength=k)
    centres = np.zeros((k, width))
    np.add.at(centres, nearest, fake)
    centres /= np.maximum(counts, 1)[:, None]
    squares = np.bincount(nearest, weights=((fake - centres[nearest]) ** 2).sum(1), minlength=k)
    kept = counts > 1
    if not kept.any():
        return []
    freedom = width * (counts[kept] - 1)
    ratios = np.sqrt(squares[kept] / freedom) / mixture.sd
    low, high = int(ratios.argmin()), int(ratios.argmax())
    return [_spread("spread_low", ratios, freedom, low, n), _spread("spread_high", ratios, freedom, high, n)]


def _spread(name: str, ratios: np.ndarray, freedom: np.ndarray, which: int, n: int) -> Score:
    # The extreme of several noisy estimates of 1 lies off 1: Blom's formula for the extreme of k normal draws.
    k, sign = len(ratios), 1 if name == "spread_high" else -1
    extreme = NormalDist().inv_cdf((k - 0.375) / (k + 0.25)) / math.sqrt(2 * float(freedom.mean()))
    value, factor = float(ratios[which]), math.exp(Z / math.sqrt(2 * float(freedom[which])))
    return Score(
        name=name,
        value=value,
        low=value / factor,
        high=value * factor,
        n=n,
        better="lower" if sign > 0 else "higher",
        ceiling=max(1 + sign * extreme, 0.0),
    )
