"""Fills by a normal law: the textbook's formulas, row by row, and the maximum of the likelihood where it is known."""

from __future__ import annotations

import numpy as np
import pytest

from contrafact.nets.normal_fill import SHARES, Normal, chosen_share, fit


def law(size: int = 4) -> Normal:
    random = np.random.default_rng(1)
    half = random.normal(size=(size, size))
    return Normal(
        mean=random.normal(size=size),
        scale=random.uniform(0.5, 2, size),
        low=np.full(size, -np.inf),
        high=np.full(size, np.inf),
        middle=0.1 * random.normal(size=size),
        covariance=half @ half.T + 0.2 * np.eye(size),
        spread=np.ones(size),
    )


def conditional(own: Normal, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give mean and covariance of a row's holes, as they are written in textbooks."""
    mean = own.mean + own.scale * own.middle
    covariance = own.covariance * np.outer(own.scale, own.scale)
    hole = np.isnan(row)
    gain = covariance[np.ix_(hole, ~hole)] @ np.linalg.inv(covariance[np.ix_(~hole, ~hole)])
    left = covariance[np.ix_(hole, hole)] - gain @ covariance[np.ix_(~hole, hole)]
    return mean[hole] + gain @ (row - mean)[~hole], left


def test_means_and_draws_are_those_of_the_textbook_in_every_row():
    own, random = law(), np.random.default_rng(0)
    rows = random.normal(size=(30, 4))
    rows[random.random(rows.shape) < 0.5] = np.nan
    rows[0], rows[1] = np.nan, 1.0  # nothing is known, and everything
    filled = own.filled(rows)
    for before, after in zip(rows, filled, strict=True):
        np.testing.assert_array_equal(after[~np.isnan(before)], before[~np.isnan(before)])
        np.testing.assert_allclose(after[np.isnan(before)], conditional(own, before)[0], rtol=1e-10, atol=1e-10)
    row = np.array([0.3, np.nan, np.nan, -1.0])
    mean, covariance = conditional(own, row)
    drawn = own.filled(np.tile(row, (200_000, 1)), random.standard_normal)[:, 1:3]
    np.testing.assert_allclose(drawn.mean(0), mean, atol=0.02)
    np.testing.assert_allclose(np.cov(drawn.T), covariance, atol=0.03 * np.abs(covariance).max())


def test_the_law_is_the_likeliest_where_that_is_known_in_closed_form():
    """Of two columns, of which the second has holes only: Anderson (1957)."""
    random = np.random.default_rng(2)
    x = random.normal(1, 2, 600)
    y = 3 + 0.7 * x + random.normal(size=600)
    hole = random.random(600) < 1 / (1 + np.exp(-x))  # the larger x, the likelier a hole
    rows = np.stack([x, np.where(hole, np.nan, y)], axis=1)
    slope = np.cov(x[~hole], y[~hole], ddof=0)[0, 1] / x[~hole].var()
    left = np.var(y[~hole] - slope * x[~hole])
    mean = y[~hole].mean() + slope * (x.mean() - x[~hole].mean())
    variance = left + slope**2 * x.var()
    own = fit(rows, share=0.0, still=1e-5)
    assert own.mean[1] + own.scale[1] * own.middle[1] == pytest.approx(mean, abs=0.02)
    assert abs(y[~hole].mean() - mean) > 0.3  # what the rows without holes say is far off
    covariance = own.covariance * np.outer(own.scale, own.scale)
    assert covariance[1, 1] == pytest.approx(variance, rel=0.02)
    assert covariance[0, 1] == pytest.approx(slope * x.var(), rel=0.02)
    assert own.spread[1] * own.scale[1] == pytest.approx(np.sqrt(left), rel=0.02)


def test_without_holes_the_law_is_that_of_the_sample_drawn_to_its_diagonal():
    rows = np.random.default_rng(3).normal(size=(50, 3)) @ np.array([[1, 1, 0], [0, 1, 1], [0, 0, 0.2]])
    own = fit(rows, share=0.25)
    expected = np.corrcoef(rows.T) * np.where(np.eye(3) > 0, 1, 0.75)
    np.testing.assert_allclose(own.covariance, expected, atol=1e-9)
    np.testing.assert_allclose(own.middle, 0, atol=1e-9)


def test_draws_scatter_as_the_truth_does():
    random = np.random.default_rng(4)
    factor = random.normal(size=(400, 2)) @ random.normal(size=(2, 6)) + 0.5 * random.normal(size=(400, 6))
    hidden = random.random(factor.shape) < 0.2
    holed = np.where(hidden, np.nan, factor)
    own = fit(holed)
    draws = np.stack([own.filled(holed, random.standard_normal) for _ in range(39)])
    rank = (draws < factor).sum(0)[hidden]
    assert 0.85 < ((rank >= 2) & (rank <= 37)).mean() < 0.94  # 36 of 40 places


def test_columns_that_never_vary_or_are_never_known_or_are_copies_do_no_harm():
    random = np.random.default_rng(5)
    x = random.normal(size=(60, 1))
    rows = np.concatenate([x, x, np.full((60, 1), 7.0), np.full((60, 1), np.nan)], axis=1)
    rows[::3, 1] = np.nan
    own = fit(rows)
    filled = own.filled(rows)
    assert np.isfinite(filled).all()
    np.testing.assert_allclose(filled[::3, 1], x[::3, 0], atol=0.1)
    assert own.filled(np.empty((0, 4))).shape == (0, 4)


def test_the_share_is_small_where_columns_tell_of_each_other_and_large_where_they_do_not():
    random = np.random.default_rng(6)
    factor = random.normal(size=(500, 1)) + 0.05 * random.normal(size=(500, 5))
    noise = random.normal(size=(40, 20))
    assert chosen_share(factor, np.arange(5)) <= SHARES[2] and chosen_share(noise, np.arange(20)) == SHARES[-1]


def test_what_is_saved_is_read():
    own = law()
    again = Normal.of(own.arrays())
    rows = np.array([[np.nan, 1.0, np.nan, 0.0]])
    np.testing.assert_array_equal(own.filled(rows), again.filled(rows))
