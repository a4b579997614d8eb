"""Normal scores: there and back, and the mean of a law of scores among numbers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from contrafact.nets.normal_scores import Scores


def skewed() -> np.ndarray:
    random = np.random.default_rng(0)
    return np.column_stack([np.exp(random.normal(size=4000)), random.normal(size=4000)])


def test_scores_of_a_skewed_column_are_normal_and_come_back():
    values = skewed()
    scores = Scores.fit(values, [0])
    seen = scores.into(values)
    middle = np.abs(np.log(values[:, 0])) < 2
    assert seen[middle, 0] == pytest.approx(np.log(values[middle, 0]), abs=0.1)  # the law is log-normal
    assert (seen[:, 1] == values[:, 1]).all()
    assert scores.back(seen)[:, 0] == pytest.approx(values[:, 0], rel=1e-3)


def test_the_mean_of_a_normal_law_of_scores_is_that_of_its_numbers():
    scores = Scores.fit(skewed(), [0])
    means, variances = scores.moments(np.array([[0.5, 3.0]]), np.array([0.4, 2.0]))
    assert means[0, 0] == pytest.approx(np.exp(0.5 + 0.4**2 / 2), rel=0.1)
    assert variances[0, 0] == pytest.approx((np.exp(0.4**2) - 1) * np.exp(1 + 0.4**2), rel=0.25)
    assert (means[0, 1], variances[0, 1]) == (3.0, 4.0)


def test_holes_stay_and_constants_are_left_alone():
    values = np.array([[1.0, 5.0], [np.nan, 5.0], [3.0, 5.0]])
    scores = Scores.fit(values, [0, 1])
    assert scores.columns.tolist() == [0]
    assert np.isnan(scores.into(values)[1, 0]) and scores.into(values)[:, 1].tolist() == [5.0, 5.0, 5.0]


def test_a_number_that_many_share_has_all_scores_of_its_ranks():
    values = np.concatenate([np.zeros(20), np.linspace(1, 2, 80)])[:, None]
    scores = Scores.fit(values, [0])
    read = scores.into(np.array([[0.0], [1.0], [2.0]]))[:, 0]
    assert read[0] == pytest.approx((ndtri(0.005) + ndtri(0.2)) / 2) and ndtri(0.2) < read[1] < read[2]
    drawn = scores.back(np.random.default_rng(0).normal(size=(20_000, 1)))
    assert (drawn == 0).mean() == pytest.approx(0.2, abs=0.01) and drawn.max() <= 2
