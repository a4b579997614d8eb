from __future__ import annotations

import numpy as np
import pytest

from contrafact.metrics.held_out import held_out_score, landmarks, mixing


def rows(n: int = 1000, seed: int = 0, wide: float = 1.0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.integers(4, size=(n, 1)) * 10 + wide * random.normal(size=(n, 2))


def test_samples_of_one_distribution_mix_and_apart_ones_do_not():
    assert mixing(rows(seed=1), rows(seed=2), 5)[0] > 0.95
    assert mixing(rows(seed=1), rows(seed=2) + 100, 5)[0] == 0.0


@pytest.mark.parametrize("wide", [0.6, 1.6])
def test_fakes_that_are_too_tight_or_too_wide_score_lower(wide):
    score = held_out_score(rows(seed=1), seed=0)
    right, wrong = score(rows(seed=2)), score(rows(seed=2, wide=wide))
    assert wrong["score"] < right["score"] - 3 * right["score_error"]


def test_mixing_agrees_with_counting_by_hand():
    real, fake = np.array([[0.0], [1.0], [10.0]]), np.array([[0.4], [1.3], [30.0]])
    # Nearest neighbours in 0, .4, 1, 1.3, 10, 30: .4, 0, 1.3, 1, 1.3, 10, all of the other kind.
    value, _ = mixing(real, fake, 1)
    assert value == 1.0
    assert mixing(real, fake + 50, 1)[0] == 0.0


def test_missing_regions_are_seen_and_precision_is_not_fooled():
    found = held_out_score(rows(seed=1), seed=0)
    half = rows(4000, seed=2)
    half = half[half[:, 0] < 15][:1000]
    seen = found(half)
    assert seen["regions"] < 0.75
    assert seen["precision"] > 0.9
    assert seen["recall"] < 0.7


def test_landmarks_are_real_rows_and_few_where_rows_are_equal():
    data = rows(200)
    assert all((data == mark).all(1).any() for mark in landmarks(data, 10, 0))
    assert len(landmarks(np.zeros((50, 2)), 10, 0)) == 1


def test_two_rows_are_enough_for_a_number():
    seen = held_out_score(rows(2), seed=0)(rows(2, seed=1))
    assert all(np.isfinite(value) for value in seen.values())
