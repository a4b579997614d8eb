"""Distances between two sets of rows, and the classifier that tells them apart."""

from collections.abc import Callable

import numpy as np
import pytest

from contrafact.base.records import Score
from contrafact.metrics import c2st, energy_distance, frechet, mmd, sliced_wasserstein, with_anchors
from contrafact.metrics.spread import auc, auc_error, group_error, wilson

Metric = Callable[[np.ndarray, np.ndarray], Score]
DISTANCES = [mmd, energy_distance, sliced_wasserstein, frechet]
ALL = [*DISTANCES, c2st]


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize("metric", ALL)
def test_a_better_sample_scores_better(metric: Metric) -> None:
    real = normal(0, 300, 2)
    good, worse, bad = (
        metric(real, normal(1, 250, 2)),
        metric(real, normal(1, 250, 2) + 0.7),
        metric(real, normal(1, 250, 2) + 4),
    )
    sign = 1 if good.better == "higher" else -1
    assert sign * good.value > sign * worse.value > sign * bad.value
    assert worse.high < bad.low or bad.high < worse.low


@pytest.mark.parametrize("metric", ALL)
def test_equal_distributions_score_near_the_ceiling_and_far_from_the_floor(metric: Metric) -> None:
    score = with_anchors(metric, normal(0, 500, 2) ** 3, normal(1, 400, 2) ** 3, holdout=normal(2, 400, 2) ** 3)
    assert score.floor is not None and score.ceiling is not None
    assert abs(score.value - score.ceiling) < 0.25 * abs(score.floor - score.ceiling)


@pytest.mark.parametrize("metric", ALL)
def test_scores_repeat_and_change_neither_rows_nor_the_global_state(metric: Metric) -> None:
    real, fake = normal(0, 60, 3), normal(1, 50, 3)
    kept, state = (real.copy(), fake.copy()), np.random.get_state()[1].copy()
    assert with_anchors(metric, real, fake, seed=5) == with_anchors(metric, real, fake, seed=5)
    assert (real == kept[0]).all() and (fake == kept[1]).all()
    assert (np.random.get_state()[1] == state).all()


@pytest.mark.parametrize("metric", ALL)
@pytest.mark.parametrize("n", [1, 2, 7])
def test_a_few_rows_give_finite_values_inside_their_intervals(metric: Metric, n: int) -> None:
    for fake in (normal(1, n, 2), np.zeros((n, 2))):
        score = metric(normal(0, n, 2), fake)
        assert np.isfinite([score.value, score.low, score.high]).all()
        assert score.low <= score.value <= score.high


@pytest.mark.parametrize("metric", [mmd, energy_distance])
def test_unbiased_distances_of_equal_distributions_average_to_zero(metric: Metric) -> None:
    scores = [metric(normal(i, 30, 2), normal(1000 + i, 40, 2)) for i in range(100)]
    values = np.array([s.value for s in scores])
    assert abs(values.mean()) < 3 * values.std() / 10
    assert np.mean([s.low <= 0 <= s.high for s in scores]) > 0.9


@pytest.mark.parametrize("metric", DISTANCES)
def test_intervals_hold_the_long_run_mean_about_as_often_as_they_say(metric: Metric) -> None:
    scores = [metric(normal(i, 100, 2), normal(1000 + i, 120, 2) + 1) for i in range(60)]
    mean = np.mean([s.value for s in scores])
    assert np.mean([s.low <= mean <= s.high for s in scores]) >= 0.85


def test_the_ceiling_of_a_biased_distance_is_brought_to_the_size_of_the_samples() -> None:
    fair, raw = [], []
    for i in range(20):
        rows = normal(i, 200, 2), normal(99 + i, 200, 2)
        score = with_anchors(sliced_wasserstein, *rows, seed=i, rate=0.5)
        fair.append(score.value / score.ceiling)
        raw.append(score.value / with_anchors(sliced_wasserstein, *rows, seed=i).ceiling)
    assert np.mean(fair) == pytest.approx(1, abs=0.2)
    assert np.mean(raw) < 0.85


def test_the_classifier_cannot_be_fooled_by_equal_margins() -> None:
    real = normal(0, 600, 1) @ np.ones((1, 2)) + 0.1 * normal(1, 600, 2)
    shuffled = np.stack([real[:, 0], np.random.default_rng(2).permutation(real[:, 1])], 1)
    assert c2st(real, shuffled).value < 0.35


def test_the_classifier_score_runs_from_always_told_to_never_told() -> None:
    real = normal(0, 200, 2)
    assert c2st(real, real + 100).value < 0.01
    assert c2st(real, normal(1, 200, 2)).high == 1


def test_auc_by_hand_counts_ties_half() -> None:
    assert auc(np.array([3.0, 2.0, 1.0]), np.array([2.0, 0.0])) == pytest.approx((2 + 1.5 + 1) / 6)
    assert auc(np.array([1.0]), np.array([1.0])) == 0.5


def test_hanley_and_mcneil_give_the_known_error_of_a_chance_ranking() -> None:
    assert auc_error(0.5, 100, 100) == pytest.approx(np.sqrt(201 / (12 * 100 * 100)))


def test_wilson_agrees_with_the_textbook() -> None:
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 5)[0] == 0 and wilson(5, 5)[1] == 1


def test_groups_of_a_mean_give_about_the_error_of_the_whole_mean() -> None:
    halves = [
        group_error(lambda a, b: float(a.mean() - b.mean()), normal(i, 400, 1), normal(99 + i, 400, 1), 0)
        for i in range(40)
    ]
    assert np.mean(halves) == pytest.approx(2.26 * np.sqrt(2 / 400), rel=0.1)
