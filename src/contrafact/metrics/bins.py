"""How many regions of the data get too many or too few fakes: the number of statistically different bins.

Real rows are cut into bins by k-means. A fake falls into the bin whose centre is nearest; a bin counts as different
where its share of fakes and its share of real rows differ by more than chance explains, at 5 % (a test of two
proportions). The score is the share of such bins: .05 where fakes come from the data's own distribution, 1 where every
region is wrong. Unlike a distance it needs no features that are good for anything else, and unlike coverage it also
notices regions that get too many.

References: Richardson and Weiss, *On GANs and GMMs*, NeurIPS 2018 (arXiv 1805.12462).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from contrafact.base.records import Score
from contrafact.base.seeds import fold, generator
from contrafact.metrics.inputs import at_most, rows
from contrafact.metrics.neighbours import nearest
from contrafact.metrics.spread import DRAWS, Z, percentiles

MOST_BINS, ROWS_A_BIN, FAKES_A_BIN = 50, 20, 5
DIRECTIONS, MOST_ROWS = 32, 10_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Bins:
    """Regions of real rows.

    Arguments:
        mean: Mean of the real rows.
        directions: The directions in which they differ most, one a column.
        centres: A row for each bin.
    """

    mean: np.ndarray
    directions: np.ndarray
    centres: np.ndarray

    @classmethod
    def of(cls, real: Any, seed: int, fakes: int) -> Bins:
        """Cut real rows into bins: at most 50, and so few that 20 real rows and 5 fakes fall into each on average.

        Arguments:
            real: Rows of numbers.
            seed: Seeds k-means.
            fakes: How many fakes there will be.
        """
        from sklearn.cluster import KMeans
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        real = at_most(rows(real, "real rows"), MOST_ROWS, seed, "bins")
        told = max(min(len(real) // ROWS_A_BIN, fakes // FAKES_A_BIN), 2)
        bins = min(told, MOST_BINS, len(np.unique(real, axis=0)))
        mean = real.mean(0)
        turned = np.linalg.svd(at_most(real, 1000, seed, "directions") - mean, full_matrices=False)[2][:DIRECTIONS].T
        means = KMeans(bins, n_init=1, random_state=fold(seed, "bins") % 2**32)
        with threadpool_limits(1):
            centres = means.fit((real - mean) @ turned).cluster_centers_
        return cls(mean=mean, directions=turned, centres=centres)

    def counts(self, points: Any) -> np.ndarray:
        """Count the rows that fall into each bin."""
        places = nearest((rows(points) - self.mean) @ self.directions, self.centres)[1]
        return np.bincount(places, minlength=len(self.centres))


def different(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Tell which bins have different shares of two samples.

    Arguments:
        one: Counts of one sample, ... x bins.
        other: Counts of the other, bins.
    """
    n, m = one.sum(-1, keepdims=True), other.sum()
    both = (one + other) / (n + m)
    spread = np.sqrt(both * (1 - both) * (1 / n + 1 / m))
    apart = np.abs(one / n - other / m)
    return np.asarray((apart > Z * spread) & (spread > 0))


def bins_score(bins: Bins, real: Any, fake: Any, seed: int = 0) -> Score:
    """Score the share of bins that get too many or too few fakes.

    Arguments:
        bins: Regions of the real rows.
        real: The real rows.
        fake: Generated rows.
        seed: Seeds the interval.
    """
    true, made = bins.counts(real), bins.counts(fake)
    value, n = float(different(made, true).mean()), int(made.sum())
    again = generator(seed, "bins").multinomial(n, made / n, size=DRAWS)
    low, high = percentiles(value, different(again, true).mean(1))
    # Were each bin different or not by chance alone, their share would move by this much; a flat bootstrap hides it.
    least = Z * math.sqrt(max(value * (1 - value), 0.05 * 0.95) / len(true))
    low, high = min(low, value - least), max(high, value + least)
    return Score(name="bins", value=value, low=max(low, 0.0), high=min(high, 1.0), n=n, better="lower")
