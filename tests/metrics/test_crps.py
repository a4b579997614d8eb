from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from contrafact.base.errors import DataError
from contrafact.metrics.crps import crps, crps_score


def closed_form(mean: float, sd: float, truth: np.ndarray) -> np.ndarray:
    """Give the score of a normal law (Gneiting and Raftery 2007, equation 21)."""
    z = (truth - mean) / sd
    return sd * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))


def test_draws_of_a_normal_law_score_as_its_closed_form():
    draws = np.random.default_rng(0).normal(1.0, 2.0, size=(20_000, 1)) * np.ones(5)
    truth = np.array([-3.0, 0.0, 1.0, 2.5, 9.0])
    np.testing.assert_allclose(crps(draws, truth), closed_form(1.0, 2.0, truth), atol=0.03)


def test_few_draws_score_as_many_do_on_average():
    random, truth = np.random.default_rng(1), np.array([0.7])
    few = np.mean([crps(random.normal(size=(3, 1)), truth)[0] for _ in range(4000)])
    assert few == pytest.approx(closed_form(0.0, 1.0, truth)[0], abs=0.02)


def test_one_guess_scores_its_absolute_error_and_a_sure_and_right_one_nothing():
    np.testing.assert_array_equal(crps(np.array([[4.0]]), np.array([1.0])), [3.0])
    np.testing.assert_array_equal(crps(np.full((7, 2), 5.0), np.full(2, 5.0)), [0.0, 0.0])


def test_draws_of_another_shape_are_refused():
    with pytest.raises(DataError) as caught:
        crps(np.zeros((5, 3)), np.zeros(4))
    assert caught.value.code == "E661"


def test_the_mean_score_lies_in_its_interval():
    score = crps_score("crps", np.random.default_rng(0).gamma(2, 1, 200), floor=3.0)
    assert score.low < score.value < score.high and score.n == 200 and score.better == "lower" and score.floor == 3.0
