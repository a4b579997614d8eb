"""How far two sets of rows are apart: kernels, distances, projections, and a classifier that tries to tell.

`mmd` and `energy_distance` are unbiased estimates of squared distances: 0 for equal distributions, and a little
below 0 by chance. `sliced_wasserstein` cannot be negative, so even equal distributions get more than 0.
`c2st` is 1 when the classifier cannot tell real from fake and 0 when it always can.

References: Gretton et al., *A kernel two-sample test*, JMLR 13, 2012; Székely and Rizzo, *Energy statistics*, Journal
of Statistical Planning and Inference 143, 2013; Bonneel et al., *Sliced and Radon Wasserstein barycenters*, Journal
of Mathematical Imaging and Vision 51, 2015; Lopez-Paz and Oquab, *Revisiting classifier two-sample tests*, ICLR 2017.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from contrafact.base.records import Score
from contrafact.base.seeds import fold, generator
from contrafact.metrics.inputs import at_most, halves, pair
from contrafact.metrics.neighbours import squared_blocks
from contrafact.metrics.spread import Z, auc, auc_error, group_error

Metric = Callable[[np.ndarray, np.ndarray], Score]

PROJECTIONS = 64
MEDIAN_ROWS = 1000
FOLDS = 5


def with_anchors(
    metric: Metric,
    real: Any,
    fake: Any,
    seed: int = 0,
    *,
    holdout: Any = None,
    rate: float = 0.0,
    worst: Any = None,
) -> Score:
    """Score fakes, and give the score that real rows (ceiling) and noise (floor) would get.

    Arguments:
        metric: Scores two matrices, real first.
        real: Real rows.
        fake: Generated rows.
        seed: Seed of the split and the noise.
        holdout: Other real rows; without them the two halves of `real` are compared.
        rate: For a distance that chance lifts above 0 by n^-rate: brings the ceiling to the size of the samples.
        worst: Rows that get the floor; by default noise.
    """
    real, fake = pair(real, fake)
    one, other = halves(real, seed) if holdout is None else pair(real, holdout)
    size = (1 / len(real) + 1 / len(fake)) / (1 / len(one) + 1 / len(other))
    ceiling = metric(one, other).value * size**rate
    worst = noise(real, len(fake), seed) if worst is None else pair(real, worst)[1]
    return replace(metric(real, fake), floor=metric(real, worst).value, ceiling=ceiling)


def noise(real: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Draw rows evenly from the box around the real rows."""
    low, high = real.min(0), real.max(0)
    rows: np.ndarray = low + (high - low) * generator(seed, "noise").random((n, real.shape[1]))
    return rows


def mmd(real: Any, fake: Any, seed: int = 0) -> Score:
    """Estimate the squared maximum mean discrepancy under a mixture of five Gaussian kernels.

    The bandwidths are 1/2 to 2 times the median distance between rows (of a seeded subsample).
    """
    real, fake = pair(real, fake)
    gamma = 0.5 / _median_square(real, fake, seed)

    def kernel(squares: np.ndarray) -> np.ndarray:
        # The widest kernel first: squaring it narrows it, which is cheaper than another exponential.
        value: np.ndarray = np.exp(squares * (-gamma / 4))
        total = value.copy()
        for _ in range(4):
            value *= value
            total += value
        return total / 5

    return _discrepancy("mmd", kernel, real, fake)


def energy_distance(real: Any, fake: Any) -> Score:
    """Estimate the energy distance 2 E|X - Y| - E|X - X'| - E|Y - Y'|."""
    real, fake = pair(real, fake)
    return _discrepancy("energy", lambda squares: -np.sqrt(squares), real, fake)


def _median_square(real: np.ndarray, fake: np.ndarray, seed: int) -> float:
    from scipy.spatial.distance import pdist

    few = [at_most(x, MEDIAN_ROWS // 2, seed, name) for x, name in ((real, "real"), (fake, "fake"))]
    squares = pdist(np.concatenate(few), "sqeuclidean")
    positive = squares[squares > 0]
    return float(np.median(positive)) if len(positive) else 1.0


@dataclass(frozen=True)
class _Means:
    """What one block-wise pass over a kernel matrix leaves: means of its rows and columns, and of its squares."""

    rows: np.ndarray
    columns: np.ndarray
    squares: float


def _kernel_means(kernel: Callable[[np.ndarray], np.ndarray], a: np.ndarray, b: np.ndarray, same: bool) -> _Means:
    rows, columns, squares = np.zeros(len(a)), np.zeros(len(b)), 0.0
    for i, j, distances, _ in squared_blocks(a, b):
        if same:
            # The product form leaves a hair of distance between a row and itself.
            own = np.arange(max(i.start, j.start), min(i.start + distances.shape[0], j.start + distances.shape[1]))
            distances[own - i.start, own - j.start] = 0
        values = kernel(distances)
        if same:
            values[own - i.start, own - j.start] = 0
        rows[i] += values.sum(1)
        columns[j] += values.sum(0)
        squares += float(np.vdot(values, values))
    across, down = max(len(b) - same, 1), max(len(a) - same, 1)
    return _Means(rows / across, columns / down, squares / (len(a) * across))


def _discrepancy(name: str, kernel: Callable[[np.ndarray], np.ndarray], real: np.ndarray, fake: np.ndarray) -> Score:
    """Estimate E k(X, X') + E k(Y, Y') - 2 E k(X, Y) without bias.

    The interval takes both terms of the estimate's variance: the first from the rows' own means, which fades as
    the samples become alike, and the second from the centred kernel, which is what then remains.
    """
    n, m = len(real), len(fake)
    within, other, cross = (_kernel_means(kernel, a, b, a is b) for a, b in ((real, real), (fake, fake), (real, fake)))
    value = float(within.rows.mean() + other.rows.mean() - 2 * cross.rows.mean())
    rest = _centred(within), _centred(other), _centred(cross)
    # A row's mean over few others is itself noisy, by what the second term counts already.
    first = max(float(np.var(within.rows - cross.rows)) - rest[0] / n - rest[2] / m, 0) / n
    first += max(float(np.var(other.rows - cross.columns)) - rest[1] / m - rest[2] / n, 0) / m
    second = rest[0] / max(n * (n - 1), 1) + rest[1] / max(m * (m - 1), 1) + 2 * rest[2] / (n * m)
    reach = Z * math.sqrt(4 * first + 2 * second)
    return Score(name=name, value=value, low=value - reach, high=value + reach, n=m, better="lower")


def _centred(means: _Means) -> float:
    """Give the mean square of a kernel freed from its row and column means."""
    whole = float(means.rows.mean())
    return max(means.squares - float(np.var(means.rows) + np.var(means.columns)) - whole**2, 0.0)


def sliced_wasserstein(real: Any, fake: Any, seed: int = 0, projections: int = PROJECTIONS) -> Score:
    """Estimate the sliced 2-Wasserstein distance: the root mean square over random directions."""
    real, fake = pair(real, fake)
    directions = generator(seed, "directions").standard_normal((real.shape[1], projections))
    directions /= np.linalg.norm(directions, axis=0)
    a, b = real @ directions, fake @ directions
    square = _projected_square(a, b)
    reach = group_error(_projected_square, a, b, seed)
    low, high = math.sqrt(max(square - reach, 0)), math.sqrt(square + reach)
    value = min(max(math.sqrt(square), low), high)
    return Score(name="sliced_wasserstein", value=value, low=low, high=high, n=len(fake), better="lower")


def _projected_square(a: np.ndarray, b: np.ndarray) -> float:
    """Give the mean over columns of the squared 2-Wasserstein distance between two columns of numbers."""
    a, b = np.sort(a, axis=0), np.sort(b, axis=0)
    if len(a) == len(b):
        return float(np.mean((a - b) ** 2))
    # Both quantile functions are steps: they are constant between neighbouring steps of either.
    steps = np.union1d(np.arange(1, len(a) + 1) / len(a), np.arange(1, len(b) + 1) / len(b))
    widths = np.diff(steps, prepend=0.0)
    middles = steps - widths / 2
    first, second = ((middles * len(x)).astype(np.int64).clip(0, len(x) - 1) for x in (a, b))
    return float((widths @ (a[first] - b[second]) ** 2).mean())


def c2st(real: Any, fake: Any, seed: int = 0) -> Score:
    """Test whether boosted trees tell real from fake: 2 (1 - max(AUC, 1/2)) over rows not trained on."""
    real, fake = pair(real, fake)
    size = min(len(real), len(fake))
    real, fake = at_most(real, size, seed, "c2st real"), at_most(fake, size, seed, "c2st fake")
    area = _held_out_auc(real, fake, seed)
    # Folds share most of their training rows, which the error of one ranking does not know (Nadeau and Bengio, 2003).
    reach = Z * auc_error(max(area, 1 - area), size, size) * math.sqrt(1 + FOLDS / (FOLDS - 1))
    value, low, high = (2 * (1 - min(max(a, 0.5), 1.0)) for a in (area, area + reach, area - reach))
    return Score(name="c2st", value=value, low=low, high=high, n=size, better="higher", floor=0.0)


def _held_out_auc(real: np.ndarray, fake: np.ndarray, seed: int) -> float:
    """Average the AUC over folds, each ranked by a classifier that was trained on the others."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    size = len(real)
    folds = min(FOLDS, size)
    if folds < 2:
        return 0.5
    real_fold, fake_fold = (generator(seed, "folds", name).permutation(size) % folds for name in ("real", "fake"))
    areas = []
    for held in range(folds):
        train = np.concatenate([real[real_fold != held], fake[fake_fold != held]])
        labels = np.repeat([1, 0], [np.sum(real_fold != held), np.sum(fake_fold != held)])
        trees = HistGradientBoostingClassifier(
            max_iter=80,
            max_leaf_nodes=15,
            max_features=min(1.0, 32 / real.shape[1]),
            early_stopping=False,
            random_state=fold(seed, "trees", held) % 2**32,
        )
        # Threads cost more than they save on a few thousand rows.
        with threadpool_limits(1):
            trees.fit(train, labels)
            opinions = [trees.predict_proba(x)[:, 1] for x in (real[real_fold == held], fake[fake_fold == held])]
        areas.append(auc(*opinions))
    return float(np.mean(areas))
