"""Regressions in turn, against scikit-learn's and against laws that are known."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge

from contrafact.nets.round_robin import MOST_PREDICTORS, Coefficients, apply, fit


def normal(rows: int, correlation: float, seed: int = 0, columns: int = 2) -> np.ndarray:
    cov = np.full((columns, columns), correlation) + (1 - correlation) * np.eye(columns)
    return np.random.default_rng(seed).multivariate_normal(np.zeros(columns), cov, rows)


def holed(values: np.ndarray, share: float = 0.2, seed: int = 1) -> np.ndarray:
    return np.where(np.random.default_rng(seed).random(values.shape) < share, np.nan, values)


def test_with_holes_in_one_column_the_fill_is_the_least_squares_prediction():
    values = 50 + 10 * normal(300, 0.6, columns=4)
    values[::4, 2] = np.nan
    known = ~np.isnan(values[:, 2])
    others = values[:, [0, 1, 3]]
    line = LinearRegression().fit(others[known], values[known, 2])
    filled = apply(fit(values, ridge=1e-12), values)
    expected = np.clip(line.predict(others[~known]), np.nanmin(values[:, 2]), np.nanmax(values[:, 2]))
    np.testing.assert_allclose(filled[~known, 2], expected, rtol=1e-6)
    np.testing.assert_array_equal(filled[known], values[known])


def test_the_penalty_is_that_of_ridge_regression_on_standardised_columns():
    values = normal(200, 0.5, columns=3)
    fitted = fit(values, ridge=0.3, rounds=1)
    whole = (values - values.mean(0)) / values.std(0)
    ridge = Ridge(alpha=0.3 * len(values)).fit(whole[:, 1:], whole[:, 0])
    np.testing.assert_allclose(fitted.weights[[1, 2], 0], ridge.coef_, rtol=1e-6)
    left = whole[:, 0] - ridge.predict(whole[:, 1:])
    assert fitted.spread[0] == pytest.approx(np.sqrt((left**2).mean()), rel=1e-6)


def test_the_gram_matrix_that_is_kept_up_gives_what_a_fresh_one_gives():
    values = holed(normal(150, 0.4, columns=3), 0.3)
    mean = np.nanmean(values, 0)
    scale = np.nanstd(values, 0)
    rows = np.nan_to_num((values - mean) / scale)
    ends = [(end(values, axis=0) - mean) / scale for end in (np.nanmin, np.nanmax)]
    for _ in range(4):
        for j in range(3):
            there, others = ~np.isnan(values[:, j]), np.delete(np.arange(3), j)
            ridge = Ridge(alpha=0.01 * there.sum()).fit(rows[there][:, others], rows[there, j])
            guess = np.clip(ridge.predict(rows[~there][:, others]), ends[0][j], ends[1][j])
            rows[~there, j] = guess
    last = fit(values, rounds=5, ridge=0.01)
    ridge = Ridge(alpha=0.01 * (~np.isnan(values[:, 0])).sum()).fit(
        rows[~np.isnan(values[:, 0])][:, 1:], rows[~np.isnan(values[:, 0]), 0]
    )
    np.testing.assert_allclose(last.weights[[1, 2], 0], ridge.coef_, rtol=1e-6)


def test_more_holes_than_cells_are_filled_as_well():
    truth = normal(2000, 0.9, columns=3)
    values = holed(truth, 0.6)
    some = np.isnan(values) & (~np.isnan(values)).any(1)[:, None]
    filled = apply(fit(values, ridge=1e-3), values)
    assert np.sqrt(((filled - truth)[some] ** 2).mean()) < 0.6  # 1 for the means; .44 given one other column


def test_draws_keep_the_correlation_that_best_guesses_exaggerate():
    truth = normal(4000, 0.7, columns=2)
    values = truth.copy()
    values[::2, 1] = np.nan
    fitted = fit(values, ridge=1e-6)
    best = apply(fitted, values)
    drawn = apply(fitted, values, noise=np.random.default_rng(0).standard_normal)
    assert np.corrcoef(best[::2].T)[0, 1] > 0.999
    assert np.corrcoef(drawn[::2].T)[0, 1] == pytest.approx(0.7, abs=0.04)
    assert drawn[::2, 1].std() == pytest.approx(1, abs=0.05) and best[::2, 1].std() < 0.75


def test_columns_of_a_block_do_not_predict_each_other():
    level = np.random.default_rng(0).integers(0, 2, 100)
    values = np.column_stack([level == 0, level == 1, np.random.default_rng(1).normal(size=100)]).astype(float)
    fitted = fit(values, blocks=np.array([0, 2]))
    assert (fitted.weights[:2, :2] == 0).all() and (fitted.weights[2, :2] != 0).all()


def test_of_very_many_columns_the_closest_are_used():
    values = np.random.default_rng(0).normal(size=(60, MOST_PREDICTORS + 20))
    values[:, 7] = values[:, 3] + 0.01 * values[:, 7]
    fitted = fit(values, rounds=1)
    used = fitted.weights[:-1, 7] != 0
    assert used.sum() == MOST_PREDICTORS and used[3] and not used[7]


def test_columns_that_never_vary_or_are_never_known_do_no_harm():
    values = np.column_stack([np.full(30, 5.0), np.full(30, np.nan), np.arange(30.0)])
    values[3, 0] = values[4, 2] = np.nan
    filled = apply(fit(values), values)
    assert filled[3, 0] == 5 and np.isfinite(filled).all() and 0 <= filled[4, 2] <= 29


def test_coefficients_come_back_from_their_arrays():
    values = holed(normal(50, 0.5))
    fitted = fit(values)
    again = Coefficients.of({name: part.copy() for name, part in fitted.arrays().items()})
    np.testing.assert_array_equal(apply(again, values), apply(fitted, values))
