"""Accuracy over seeds and pictures: against a t test by hand, by simulation, and where nothing varies."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from contrafact.metrics.accuracy import accuracy, gain, interval, mean


def test_one_seed_is_the_t_interval_of_its_pictures():
    table = np.random.default_rng(0).normal(size=(1, 40))
    value, low, high = interval(table)
    expected = stats.t.interval(0.95, 39, loc=table.mean(), scale=table.std(ddof=1) / np.sqrt(40))
    assert value == pytest.approx(table.mean()) and (low, high) == pytest.approx(expected)


def test_seeds_that_differ_and_pictures_that_do_not_give_the_t_interval_of_the_seeds():
    of_seeds = np.array([0.1, 0.9, 0.4])
    value, low, high = interval(np.repeat(of_seeds[:, None], 10**6, axis=1))
    expected = stats.t.interval(0.95, 2, loc=of_seeds.mean(), scale=of_seeds.std(ddof=1) / np.sqrt(3))
    assert value == pytest.approx(of_seeds.mean()) and (low, high) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("seeds", "of_seeds", "of_pictures"), [(3, 0.0, 0.0), (3, 0.05, 0.3), (5, 0.0, 0.3), (5, 0.2, 0.1)]
)
def test_the_interval_holds_the_truth_about_as_often_as_it_says(seeds, of_seeds, of_pictures):
    random, hits, trials = np.random.default_rng(1), 0, 400
    for _ in range(trials):
        table = 0.2 + of_seeds * random.normal(size=(seeds, 1)) + of_pictures * random.normal(size=60)
        low, high = interval(table + 0.5 * random.normal(size=(seeds, 60)))[1:]
        hits += low <= 0.2 <= high
    assert 0.92 <= hits / trials <= 0.995


def test_classes_count_the_same_where_that_is_asked_for():
    right = np.array([[True] * 8 + [False, False]] * 2)
    groups = np.array(["a"] * 8 + ["b"] * 2)
    assert mean(right) == pytest.approx(0.8) and mean(right, groups) == pytest.approx(0.5)
    assert accuracy("balanced", right, groups).value == pytest.approx(0.5)
    assert accuracy("plain", right).value == pytest.approx(0.8)


def test_a_classifier_that_is_always_right_keeps_an_open_interval():
    score = accuracy("accuracy", np.ones((3, 30), dtype=bool), floor=0.1)
    assert (score.value, score.high, score.floor, score.n) == (1.0, 1.0, 0.1, 30) and 0.85 < score.low < 0.99
    assert accuracy("accuracy", np.ones((3, 300), dtype=bool)).low > score.low


def test_a_gain_is_paired():
    hard = np.random.default_rng(2).random((3, 200)) < 0.5
    better = hard.copy()
    better[:, :20] = True
    score = gain("gain", better, hard)
    assert score.value == pytest.approx(better.mean() - hard.mean()) and score.low > 0
    apart = accuracy("a", better).high - accuracy("a", better).low
    assert score.high - score.low < apart / 1.4
    assert gain("none", hard, hard).value == 0 and gain("none", hard, hard).low < 0 < gain("none", hard, hard).high
