"""Lines: closed forms, another library's answers, and penalties that leave out what is noise."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from contrafact.causal.learners import linear


def drawn(rows: int = 200) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(rows, 4)) * [1, 100, 0.01, 3] + 7
    return x, 2 * x[:, 0] + 0.01 * x[:, 1] + 5


def test_a_line_without_noise_is_found_exactly():
    x, y = drawn()
    found = linear.ridge(x, y)
    np.testing.assert_allclose(found.predict(x), y, rtol=1e-3)
    assert found.weights[:2] == pytest.approx([2, 0.01], rel=1e-3)


def test_the_penalty_is_the_one_that_misses_rows_left_out_least():
    random = np.random.default_rng(1)
    x = random.normal(size=(30, 12))
    y = x[:, 0] + 2 * random.normal(size=30)
    z = (x - x.mean(0)) / x.std(0)
    errors = []
    for penalty in linear.PENALTIES:
        missed = []
        for out in range(30):  # the long way: standardised once, centred anew without the row
            rest = np.arange(30) != out
            model = Ridge(alpha=penalty * 30).fit(z[rest], y[rest])
            missed.append(y[out] - model.predict(z[[out]])[0])
        errors.append(np.square(missed).sum())
    best = linear.PENALTIES[int(np.argmin(errors))]
    expected = Ridge(alpha=best * 30).fit(z, y).predict(z)
    np.testing.assert_allclose(linear.ridge(x, y).predict(x), expected, atol=1e-8)


def test_weights_count_as_repeated_rows():
    random = np.random.default_rng(2)
    x, y, times = random.normal(size=(40, 3)), random.normal(size=40), random.integers(1, 4, 40)
    weighted, repeated = linear.mean(x, y, times), linear.mean(x, np.repeat(y, times))
    assert float(weighted.offset) == pytest.approx(float(repeated.offset))


def test_sparse_lines_leave_out_columns_of_noise():
    random = np.random.default_rng(3)
    x = random.normal(size=(150, 50))
    y = 3 * x[:, 0] + random.normal(size=150)
    found = linear.lasso(x, y)
    assert found.weights[0] > 2 and (np.abs(found.weights[1:]) > 0.3).sum() == 0
    assert np.isfinite(linear.lasso(np.ones((30, 2)), y[:30]).predict(x[:, :2])).all()


def test_the_logistic_line_is_that_of_scikit_learn():
    random = np.random.default_rng(4)
    x = random.normal(size=(400, 3))
    t = (random.random(400) < 1 / (1 + np.exp(-x[:, 0]))).astype(float)
    z = (x - x.mean(0)) / x.std(0)
    chosen = [
        LogisticRegression(C=1 / (400 * penalty), max_iter=1000, tol=1e-8).fit(z, t).predict_proba(z)[:, 1]
        for penalty in linear.LINK_PENALTIES
    ]
    made = linear.logistic(x, t).predict(x)
    assert min(np.abs(made - each).max() for each in chosen) < 1e-4
    assert made.min() > 0 and made.max() < 1


def test_outcomes_that_grow_by_factors_are_followed_beyond_a_line():
    random = np.random.default_rng(5)
    x = random.normal(size=(300, 5))
    y = np.exp(1 + 0.8 * x[:, 0]) + 0.1 * random.normal(size=300)
    found = linear.exponential(x, y)
    assert found.weights[0] == pytest.approx(0.8, abs=0.05) and int(found.link) == 1
    assert np.abs(found.predict(100 * x)).max() <= y.max() + np.ptp(y)


def test_a_hopeless_start_ends_with_finite_numbers():
    x = np.random.default_rng(6).normal(size=(50, 2))
    for y in (np.zeros(50), -np.ones(50), 1e9 * x[:, 0], np.ones(50)):
        assert np.isfinite(linear.exponential(x, y).predict(x)).all()
    for t in (np.zeros(50), np.ones(50), (x[:, 0] > 0) * 1.0):
        assert np.isfinite(linear.logistic(x, t).predict(x)).all()
