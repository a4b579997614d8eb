"""Rubin's rules, against figures worked out by hand."""

from __future__ import annotations

import math

import pytest

from contrafact.base.errors import UsageError
from contrafact.metrics import pooled


def test_three_tables_are_pooled_as_by_hand():
    # mean 11, within 4, between 1: T = 4 + 4/3, share of the holes 1/4: 2 / (1/4)^2 = 32 degrees of freedom
    value, low, high = pooled([10, 12, 11], [4, 4, 4])
    assert value == 11
    assert high - value == pytest.approx(2.036933 * math.sqrt(16 / 3), rel=1e-6)
    assert value - low == pytest.approx(high - value)


def test_few_rows_take_degrees_of_freedom_as_barnard_and_rubin_say():
    # 20 of a whole table: 21/23 * 20 * 3/4 = 13.6957 observed; 1 / (1/32 + 1/13.6957) = 9.5908
    from scipy.stats import t

    _, low, high = pooled([10, 12, 11], [4, 4, 4], freedom=20)
    assert (high - low) / 2 == pytest.approx(t.ppf(0.975, 1 / (1 / 32 + 23 / (21 * 20 * 0.75))) * math.sqrt(16 / 3))


def test_without_holes_that_matter_the_interval_is_that_of_a_whole_table():
    from scipy.stats import norm, t

    assert pooled([1, 1, 1], [4, 4, 4])[2] - 1 == pytest.approx(2 * norm.ppf(0.975))
    seen = (10 + 1) / (10 + 3) * 10
    assert pooled([1, 1, 1], [4, 4, 4], freedom=10)[2] - 1 == pytest.approx(2 * t.ppf(0.975, seen))


def test_intervals_cover_what_they_should_where_half_is_missing():
    import numpy as np

    draw, hits = np.random.default_rng(0), 0
    for _ in range(200):
        seen = draw.normal(size=50)  # of 100; the rest is drawn from what the seen ones say, its spread too
        estimates, variances = [], []
        for _ in range(5):
            sd = seen.std(ddof=1) * math.sqrt(49 / draw.chisquare(49))
            filled = np.append(seen, draw.normal(seen.mean() + draw.normal() * sd / math.sqrt(50), sd, 50))
            estimates.append(filled.mean())
            variances.append(filled.var(ddof=1) / 100)
        _, low, high = pooled(estimates, variances, freedom=99)
        hits += low <= 0 <= high
    assert 0.91 <= hits / 200 <= 0.99


@pytest.mark.parametrize("wrong", [([1.0], [1.0]), ([1, 2], [1]), ([1, 2], [1, -1])])
def test_what_cannot_be_pooled_is_refused(wrong):
    with pytest.raises(UsageError, match="cannot be pooled"):
        pooled(*wrong)
