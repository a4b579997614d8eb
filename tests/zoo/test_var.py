from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from contrafact.base.errors import DataError
from contrafact.nets.series_gap import completed
from contrafact.zoo.var import VAR, chosen_order, root_of, solved

LAGS = np.array([[[0.6, 0.2], [0.0, 0.5]], [[-0.3, 0.0], [0.1, 0.2]]])
NOISE = np.array([[1.0, 0.4], [0.4, 0.5]])


def process(steps: int, seed: int = 0) -> np.ndarray:
    random, root = np.random.default_rng(seed), np.linalg.cholesky(NOISE)
    x = np.zeros((steps + 50, 2))
    for step in range(2, len(x)):
        x[step] = 0.3 + LAGS[0] @ x[step - 1] + LAGS[1] @ x[step - 2] + root @ random.normal(size=2)
    return x[50:]


def framed(x: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"day": pd.date_range("2000", periods=len(x)), "a": x[:, 0], "b": x[:, 1]})


def test_coefficients_are_those_of_statsmodels():
    from statsmodels.tsa import api

    x = process(800)
    constant, lags, noise = solved([x], 2)
    other = api.VAR(x).fit(2)
    np.testing.assert_allclose(constant, other.intercept, atol=1e-4)
    np.testing.assert_allclose(lags, other.coefs, atol=1e-4)
    np.testing.assert_allclose(noise, other.sigma_u, rtol=0.01)


def test_the_order_of_a_process_is_found():
    assert chosen_order([process(4000)], 0) == 2
    assert chosen_order([np.random.default_rng(0).normal(size=(4000, 2))], 0) == 1


def test_a_gap_is_filled_with_the_mean_that_the_normal_law_gives():
    x = process(40, seed=3)
    holed = x.copy()
    holed[20:23, 0], holed[21, 1] = np.nan, np.nan
    constant, root = np.full(2, 0.3), np.linalg.cholesky(NOISE)
    found = completed(holed, constant, LAGS, root)
    # Brute force: the log-density of all steps is a quadratic of the unknown cells; its top is the conditional mean.
    unknown = np.argwhere(np.isnan(holed))

    def surprise(cells: np.ndarray) -> float:
        y = holed.copy()
        y[tuple(unknown.T)] = cells
        e = y[2:] - constant - y[1:-1] @ LAGS[0].T - y[:-2] @ LAGS[1].T
        return float(np.einsum("ti,ij,tj->", e, np.linalg.inv(NOISE), e))

    from scipy.optimize import minimize

    best = minimize(surprise, np.zeros(len(unknown)), tol=1e-12).x
    np.testing.assert_allclose(found[tuple(unknown.T)], best, atol=2e-3)


def test_draws_of_a_gap_have_the_conditional_mean_and_spread():
    x = process(30, seed=4)
    x[15] = np.nan
    root, random = np.linalg.cholesky(NOISE), np.random.default_rng(0)
    draws = np.stack([completed(x, np.full(2, 0.3), LAGS, root, random)[15] for _ in range(1500)])
    best = completed(x, np.full(2, 0.3), LAGS, root)[15]
    weights = [np.eye(2), -LAGS[0], -LAGS[1]]
    precision = sum(w.T @ np.linalg.inv(NOISE) @ w for w in weights)
    np.testing.assert_allclose(draws.mean(0), best, atol=0.06)
    np.testing.assert_allclose(np.cov(draws.T), np.linalg.inv(precision), atol=0.06)


def test_forecasts_have_the_mean_and_spread_of_the_process():
    frame = framed(process(2000))
    model = VAR(order=2).fit(frame)
    draws = np.stack([f[["a", "b"]].to_numpy() for f in model.forecast(frame, 2, draws=200, seed=0)])
    x = frame[["a", "b"]].to_numpy()
    told = 0.3 + LAGS[0] @ x[-1] + LAGS[1] @ x[-2]
    np.testing.assert_allclose(draws[:, 0].mean(0), told, atol=0.25)
    np.testing.assert_allclose(np.cov(draws[:, 0].T), NOISE, atol=0.25)
    assert draws[:, 1].std() > draws[:, 0].std() * 0.9


def test_drawn_series_have_the_moments_of_the_process():
    x = process(4000)
    drawn = VAR(order=2, window=40).fit(framed(x)).sample(150, seed=0)
    np.testing.assert_allclose(drawn[["a", "b"]].std(), x.std(0), rtol=0.1)
    assert drawn["a"].autocorr(1) == pytest.approx(pd.Series(x[:, 0]).autocorr(1), abs=0.06)


def test_a_process_that_explodes_is_calmed():
    growing = np.exp(np.arange(200) / 20)[:, None] + np.random.default_rng(0).normal(size=(200, 1))
    lags = solved([growing], 2)[1]
    assert root_of(lags) < 1


def test_series_shorter_than_the_order_are_refused():
    with pytest.raises(DataError) as caught:
        VAR(order=30).fit(framed(process(20)))
    assert caught.value.code == "E658"
