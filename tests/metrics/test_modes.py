"""Scores against a known mixture."""

import numpy as np
import pytest

from contrafact.base.data import Mixture
from contrafact.metrics import modes
from contrafact.metrics.modes import divergence

ANGLES = 2 * np.pi * np.arange(8) / 8
RING = Mixture(means=np.stack([np.cos(ANGLES), np.sin(ANGLES)], 1), sd=0.01)


def ring(n: int, seed: int = 0, sd: float = 0.01) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return RING.means[rng.integers(0, 8, n)] + sd * rng.normal(size=(n, 2))


def test_a_perfect_sampler_scores_at_the_ceilings() -> None:
    scores = modes(ring(2500), RING)
    assert scores["modes"].value == scores["modes"].ceiling == 8
    assert scores["high_quality"].ceiling == pytest.approx(1 - np.exp(-4.5))
    assert scores["high_quality"].low < scores["high_quality"].ceiling < scores["high_quality"].high
    for name in ("spread_low", "spread_high"):
        assert scores[name].value == pytest.approx(scores[name].ceiling, abs=0.04)


def test_the_ceilings_are_what_perfect_samplers_get_on_average() -> None:
    many = [modes(ring(400, seed), RING) for seed in range(60)]
    for name, within in (("reverse_kl", 0.0025), ("spread_low", 0.01), ("spread_high", 0.02), ("high_quality", 0.002)):
        assert np.mean([m[name].value for m in many]) == pytest.approx(many[0][name].ceiling, abs=within), name


def test_one_mode_of_eight_is_counted_by_hand() -> None:
    fake = np.tile(RING.means[:1], (10, 1)) + 0.005 * np.array([[1, 1], [-1, -1]] * 5)
    scores = modes(fake, RING)
    assert scores["modes"].value == 1
    assert scores["high_quality"].value == 1
    assert scores["reverse_kl"].value == pytest.approx(np.log(8))
    # The pooled variance of both coordinates is 0.005² with 9 of 10 degrees of freedom.
    assert scores["spread_low"].value == scores["spread_high"].value == pytest.approx(0.5 * np.sqrt(10 / 9))


def test_reverse_divergence_is_the_textbook_sum_with_empty_bins_at_zero() -> None:
    assert float(divergence(np.array([3, 1, 0, 0]))) == pytest.approx(0.75 * np.log(3) + 0.25 * np.log(1))
    assert float(divergence(np.array([5, 5]))) == 0
    assert float(divergence(np.array([0, 0]))) == pytest.approx(np.log(2))


def test_a_sample_beyond_three_deviations_is_not_of_high_quality_but_counts_for_the_spread() -> None:
    offsets = np.array([[0.029, 0], [-0.031, 0], [0.0, 0.049], [0.0, -0.051]])
    scores = modes(RING.means[0] + offsets, RING)
    assert scores["high_quality"].value == 0.25
    kept = offsets[:3]
    answer = np.sqrt(((kept - kept.mean(0)) ** 2).sum() / (2 * 2)) / 0.01
    assert scores["spread_low"].value == pytest.approx(answer)


def test_one_wide_mode_shows_in_the_upper_spread_only() -> None:
    fake = ring(4000)
    first = np.linalg.norm(fake - RING.means[0], axis=1) < 0.1
    fake[first] = RING.means[0] + 1.5 * (fake[first] - RING.means[0])
    scores = modes(fake, RING)
    assert scores["spread_high"].low > scores["spread_high"].ceiling
    assert scores["spread_low"].value == pytest.approx(scores["spread_low"].ceiling, abs=0.04)


def test_samples_far_from_every_mode_score_worst_and_leave_the_spread_out() -> None:
    scores = modes(np.zeros((50, 2)), RING)
    assert (scores["modes"].value, scores["high_quality"].value) == (0, 0)
    assert scores["reverse_kl"].value == pytest.approx(np.log(8))
    assert set(scores) == {"modes", "high_quality", "reverse_kl"}


@pytest.mark.parametrize("n", [1, 2, 20])
def test_values_lie_in_finite_intervals_and_repeat_for_a_seed(n: int) -> None:
    fake = ring(n)
    kept, state = fake.copy(), np.random.get_state()[1].copy()
    scores = modes(fake, RING, seed=1)
    assert scores == modes(fake, RING, seed=1)
    for score in scores.values():
        assert np.isfinite([score.value, score.low, score.high]).all()
        assert score.low <= score.value <= score.high, score
    assert (fake == kept).all()
    assert (np.random.get_state()[1] == state).all()
