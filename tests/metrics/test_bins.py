"""The number of statistically different bins."""

import numpy as np
from scipy.stats import norm

from contrafact.metrics.bins import Bins, bins_score, different

DRAW = np.random.default_rng(0)
REAL = DRAW.normal(size=(1000, 40))


def score(fake: np.ndarray) -> float:
    return bins_score(Bins.of(REAL, 0, len(fake)), REAL, fake).value


def test_a_test_of_two_proportions_decides() -> None:
    one, other = np.array([30, 5, 65]), np.array([60, 40, 100])
    n, m = one.sum(), other.sum()
    for place, told in enumerate(different(one, other)):
        pooled = (one[place] + other[place]) / (n + m)
        z = (one[place] / n - other[place] / m) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
        assert told == (2 * norm.sf(abs(z)) < 0.05)
    assert different(np.array([0, 10]), np.array([0, 20])).tolist() == [False, False]


def test_the_data_s_own_distribution_gets_about_a_twentieth_and_others_far_more() -> None:
    same = np.mean([score(np.random.default_rng(seed).normal(size=(600, 40))) for seed in range(1, 6)])
    assert same < 0.15
    assert score(DRAW.normal(size=(600, 40)) + 1) > 0.5
    assert score(np.repeat(REAL[:3], 200, axis=0)) > 0.8  # nothing but three rows, each of them right


def test_few_fakes_get_few_bins_so_that_noise_is_noticed() -> None:
    bins = Bins.of(REAL, 0, 40)
    assert len(bins.centres) == 8 and Bins.of(REAL, 0, 10_000).counts(REAL).sum() == 1000
    assert bins_score(bins, REAL, np.full((40, 40), 3.0)).value > 0.5


def test_the_interval_holds_the_value_and_the_same_seed_gives_the_same_bins() -> None:
    fake = DRAW.normal(size=(300, 40))
    one, same = (bins_score(Bins.of(REAL, 1, 300), REAL, fake, 1) for _ in range(2))
    assert one == same and one.low < one.value < one.high and one.n == 300 and one.better == "lower"


def test_rows_that_are_all_alike_are_one_bin() -> None:
    assert score(np.zeros((30, 40))) > 0
    assert bins_score(Bins.of(np.zeros((50, 3)), 0, 50), np.zeros((50, 3)), np.zeros((50, 3))).value == 0
