"""Ranks: against SciPy's Spearman, and at what two halves of a set agree."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from contrafact.metrics.ranks import agreement, spearman


def test_spearman_is_that_of_scipy_ties_included():
    random = np.random.default_rng(0)
    for _ in range(20):
        one, other = random.integers(0, 5, 8).astype(float), random.normal(size=8)
        assert spearman(one, other) == pytest.approx(spearmanr(one, other).statistic)
    assert spearman(np.ones(4), np.arange(4.0)) == 0.0


def means_of(scores):
    return lambda places: scores[:, places].mean(1)


def test_agreement_of_equal_orders_is_one_and_of_reversed_ones_minus_one():
    quality = np.linspace(0, 1, 5)[:, None]
    noise = 0.05 * np.random.default_rng(1).normal(size=(2, 5, 30))
    same = agreement("r", means_of(quality + noise[0]), means_of(quality + noise[1]), (30, 30), seed=0)
    turned = agreement("r", means_of(quality + noise[0]), means_of(1 - quality + noise[1]), (30, 30), seed=0)
    assert (same.value, same.low, same.ceiling, same.n) == (1.0, 1.0, 1.0, 30)
    assert (turned.value, turned.high, turned.ceiling) == (-1.0, -1.0, 1.0)


def test_pictures_that_say_nothing_leave_the_agreement_open():
    noise = np.random.default_rng(2).normal(size=(2, 5, 12))
    score = agreement("r", means_of(noise[0]), means_of(noise[1]), (12, 12), seed=0)
    assert score.low < 0 < score.high and score.high - score.low > 1 and score.ceiling < 0.5
    again = agreement("r", means_of(noise[0]), means_of(noise[1]), (12, 12), seed=0)
    assert again == score
