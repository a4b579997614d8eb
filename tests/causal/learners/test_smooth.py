"""Gaussian processes: the posterior of another library, exact gradients, and arms that borrow from each other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct, WhiteKernel

from contrafact.causal.learners import smooth
from contrafact.causal.learners.smooth import Part, Process, learned


def drawn(rows: int = 60, columns: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, columns)) * [1, 10, 0.1][:columns] + [0, 5, -3][:columns]
    return x, np.sin(x[:, 0]) + 0.1 * x[:, 1] + 0.1 * random.normal(size=rows)


def test_mean_and_likelihood_are_those_of_scikit_learn():
    x, y = drawn()
    parts = [Part(kernel="line"), Part(kernel="bump")]
    found = learned(x, y, parts=parts)
    z, standard = (x - x.mean(0)) / x.std(0), (y - y.mean()) / y.std()
    line, bump, *scales = found.theta[:-1]
    kernel = (
        ConstantKernel(np.exp(2 * line)) * DotProduct(1.0)
        + ConstantKernel(np.exp(2 * bump)) * RBF(np.exp(-np.array(scales)))
        + WhiteKernel(np.exp(2 * found.theta[-1]) + smooth.JITTER)
    )
    other = GaussianProcessRegressor(kernel, optimizer=None, alpha=0).fit(z, standard)
    new, _ = drawn(20, seed=1)
    expected = other.predict((new - x.mean(0)) / x.std(0)) * y.std() + y.mean()
    np.testing.assert_allclose(found.surfaces[0].predict(new), expected, atol=1e-8)
    process = Process(parts=parts, columns=3)
    cost = process.cost(found.theta, z, standard, np.zeros(60, int), np.ones(60))[0]
    assert cost == pytest.approx(-other.log_marginal_likelihood_value_, abs=1e-8)


def test_the_gradient_is_that_of_differences():
    random = np.random.default_rng(0)
    x, y, arm = random.normal(size=(25, 3)), random.normal(size=25), random.integers(0, 2, 25)
    parts = [Part(kernel=kernel, codes=(1.0, code)) for kernel, code in (("line", 1), ("bump", 0.5), ("index", -1))]
    process, spread = Process(parts=parts, columns=3, arms=2), random.uniform(0.5, 2, 25)
    theta = process.first(np.ones(3) / 2)[0]
    theta = theta + 0.1 * random.normal(size=len(theta))
    expected = approx_fprime(theta, lambda at: process.cost(at, x, y, arm, spread)[0], 1e-6)
    np.testing.assert_allclose(process.cost(theta, x, y, arm, spread)[1], expected, rtol=1e-3, atol=1e-4)


def test_a_small_arm_borrows_what_it_shares_with_a_large_one():
    random = np.random.default_rng(1)
    x = random.uniform(-2, 2, (130, 1))
    arm = (np.arange(130) >= 115).astype(int)
    y = np.sin(2 * x[:, 0]) + arm + 0.1 * random.normal(size=130)
    grid = np.linspace(-2, 2, 50)[:, None]
    parts = [Part(kernel=k, codes=c) for c in ((1.0, 1.0), (-0.5, 0.5)) for k in ("line", "bump")]
    together = learned(x, y, parts=parts, arm=arm).surfaces[1].predict(grid)
    alone = learned(x[arm == 1], y[arm == 1], parts=parts[:1]).surfaces[0].predict(grid)
    true = np.sin(2 * grid[:, 0]) + 1
    assert np.abs(together - true).max() < 0.3 < np.abs(alone - true).max()


def test_a_curve_along_one_direction_is_found_among_many_columns():
    random = np.random.default_rng(2)
    x = random.normal(size=(220, 12))
    y = np.exp(x[:, :4] @ [0.5, 0.4, -0.3, 0.3]) + 0.2 * random.normal(size=220)
    new = random.normal(size=(200, 12))
    true = np.exp(new[:, :4] @ [0.5, 0.4, -0.3, 0.3])
    found = learned(x, y, parts=[Part(kernel="line"), Part(kernel="index")]).surfaces[0].predict(new)
    assert np.corrcoef(found, true)[0, 1] > 0.97


def test_inducing_rows_come_near_the_exact_mean(monkeypatch):
    random = np.random.default_rng(3)
    x = random.uniform(-3, 3, (900, 1))
    y = np.sin(x[:, 0]) + 0.2 * random.normal(size=900)
    parts = [Part(kernel="line"), Part(kernel="bump")]
    exact = learned(x, y, parts=parts, rounds=20).surfaces[0]
    monkeypatch.setattr(smooth, "MOST_EXACT", 500)
    reduced = learned(x, y, parts=parts, rounds=20).surfaces[0]
    assert len(reduced.centres) == smooth.MOST_LEARNED < len(exact.centres)
    np.testing.assert_allclose(reduced.predict(x), exact.predict(x), atol=0.01)


def test_rows_of_small_weight_hardly_count():
    x, y = drawn(80)
    wrong = y.copy()
    wrong[:20] += 100
    weight = np.where(np.arange(80) < 20, 1e-8, 1.0)
    found = learned(x, wrong, parts=[Part(kernel="line")], weight=weight).surfaces[0].predict(x[20:])
    assert np.abs(found - y[20:]).mean() < 1


def test_constant_columns_and_outcomes_are_no_trouble():
    x = np.column_stack([np.ones(30), np.arange(30.0)])
    np.testing.assert_allclose(learned(x, np.full(30, 2.0)).surfaces[0].predict(x), 2.0, atol=1e-6)
    assert np.isfinite(learned(np.ones((30, 2)), np.arange(30.0)).surfaces[0].predict(x)).all()
    assert np.isfinite(learned(np.empty((30, 0)), np.arange(30.0)).surfaces[0].predict(np.empty((3, 0)))).all()
