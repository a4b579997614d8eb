"""Metrics against closed forms, other libraries and naive implementations."""

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist
from scipy.stats import energy_distance as scipy_energy
from scipy.stats import wasserstein_distance

from contrafact.metrics import (
    Transitions,
    energy_distance,
    frechet,
    gaussian_frechet,
    mmd,
    neighbours,
    sliced_wasserstein,
)
from contrafact.metrics.neighbours import expected_coverage
from contrafact.metrics.two_sample import _projected_square


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def test_frechet_of_gaussians_with_commuting_covariances_is_the_textbook_sum() -> None:
    sd_a, sd_b, shift = np.array([1.0, 2.0, 0.5]), np.array([3.0, 1.0, 0.5]), np.array([1.0, -2.0, 0.0])
    answer = (shift**2).sum() + ((sd_a - sd_b) ** 2).sum()
    assert gaussian_frechet(shift, np.diag(sd_a**2), np.zeros(3), np.diag(sd_b**2)) == pytest.approx(answer)


@pytest.mark.parametrize(("rows_a", "rows_b"), [(200, 150), (20, 150), (150, 20), (15, 25)])
def test_frechet_agrees_with_the_matrix_square_root_for_many_and_few_rows(rows_a: int, rows_b: int) -> None:
    a, b = normal(0, rows_a, 30), normal(1, rows_b, 30) @ normal(2, 30, 30) / 5 + 0.3
    cov_a, cov_b = np.cov(a.T), np.cov(b.T)
    ridge = 1e-12 * np.eye(30)  # sqrtm needs regular matrices
    root = np.real(sqrtm((cov_a + ridge) @ (cov_b + ridge)))
    answer = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(cov_a + cov_b - 2 * root)
    assert frechet(a, b).value == pytest.approx(answer, rel=1e-4)


def test_frechet_of_singular_covariances_is_finite_and_right() -> None:
    line = normal(0, 500, 1)
    a, b = np.hstack([line, line, np.zeros_like(line)]), np.hstack([2 * line, 2 * line, np.zeros_like(line)])
    answer = (b.mean(0) - a.mean(0)) @ (b.mean(0) - a.mean(0)) + 2 * line.var(ddof=1)
    assert frechet(a, b).value == pytest.approx(answer, rel=1e-9)
    assert frechet(a, a).value == pytest.approx(0, abs=1e-9)


def test_sliced_wasserstein_of_a_shifted_set_is_the_root_mean_square_of_the_projected_shift() -> None:
    a, shift = normal(0, 300, 3), np.array([1.0, 2.0, -2.0])
    assert sliced_wasserstein(a, a + shift, projections=4000).value == pytest.approx(3 / np.sqrt(3), rel=0.03)


def test_sliced_wasserstein_of_one_column_and_unequal_sizes_is_exact() -> None:
    # Quantiles: a is 0 then 3, b is 0, 1, 2 in thirds; the pieces are 1/3, 1/6, 1/6, 1/3 wide.
    a, b = np.array([[3.0], [0.0]]), np.array([[1.0], [0.0], [2.0]])
    assert _projected_square(a, b) == pytest.approx(0 / 3 + 1 / 6 + 4 / 6 + 1 / 3)
    x, y = normal(0, 70, 1), normal(1, 30, 1) + 9  # far apart, W1 is the shift of the means and at most W2
    assert sliced_wasserstein(x, y).value >= wasserstein_distance(x[:, 0], y[:, 0])


def test_energy_distance_agrees_with_scipy_up_to_the_bias_that_scipy_keeps() -> None:
    x, y = normal(0, 80), 2 * normal(1, 50) + 0.5
    within_x, within_y = cdist(x[:, None], x[:, None]).mean(), cdist(y[:, None], y[:, None]).mean()
    answer = scipy_energy(x, y) ** 2 - within_x / (len(x) - 1) - within_y / (len(y) - 1)
    assert energy_distance(x, y).value == pytest.approx(answer)


def test_mmd_in_blocks_agrees_with_the_whole_matrix() -> None:
    x, y = normal(0, 1100, 3), normal(1, 500, 3) + 0.2
    few = mmd(x, y)

    def kernel(a: np.ndarray, b: np.ndarray, median: float) -> np.ndarray:
        squares = cdist(a, b, "sqeuclidean")
        return sum(np.exp(-squares / (2 * median * factor)) for factor in (4, 2, 1, 0.5, 0.25)) / 5

    from contrafact.metrics.two_sample import _median_square

    median = _median_square(x, y, 0)
    assert median == pytest.approx(np.median(cdist(x, y, "sqeuclidean")), rel=0.1)
    xx, yy, xy = kernel(x, x, median), kernel(y, y, median), kernel(x, y, median)
    for matrix in (xx, yy):
        np.fill_diagonal(matrix, 0)
    answer = xx.sum() / (1100 * 1099) + yy.sum() / (500 * 499) - 2 * xy.mean()
    assert few.value == pytest.approx(answer, abs=1e-12)


@pytest.mark.parametrize("columns", [2, 12])
def test_neighbour_scores_agree_with_whole_distance_matrices(columns: int) -> None:
    real, fake, k = normal(0, 1300, columns), 0.8 * normal(1, 700, columns) + 0.3, 5
    reach_real = np.sort(cdist(real, real), axis=1)[:, k]
    reach_fake = np.sort(cdist(fake, fake), axis=1)[:, k]
    in_real_ball = cdist(real, fake) <= reach_real[:, None]
    in_fake_ball = cdist(fake, real) <= reach_fake[:, None]
    scores = neighbours(real, fake, k)
    assert scores["precision"].value == pytest.approx(in_real_ball.any(0).mean())
    assert scores["recall"].value == pytest.approx(in_fake_ball.any(0).mean())
    assert scores["density"].value == pytest.approx(in_real_ball.sum() / (k * len(fake)))
    assert scores["coverage"].value == pytest.approx(in_real_ball.any(1).mean())


def test_coverage_of_equal_distributions_meets_its_closed_form() -> None:
    measured = [neighbours(normal(i, 60, 2), normal(100 + i, 40, 2))["coverage"].value for i in range(60)]
    assert np.mean(measured) == pytest.approx(expected_coverage(60, 40, 5), abs=0.015)


def test_log_likelihood_under_a_fitted_chain_approaches_the_entropy_of_the_true_chain() -> None:
    table = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.3, 0.3, 0.4]])
    rng = np.random.default_rng(0)
    walk = np.zeros((400, 50), dtype=np.int64)
    for t in range(1, 50):
        walk[:, t] = (rng.random((400, 1)) > table[walk[:, t - 1]].cumsum(1)).sum(1)
    values, vectors = np.linalg.eig(table.T)
    share = np.real(vectors[:, np.argmax(values.real)])
    entropy = -(share / share.sum()) @ (table * np.log(table)).sum(1)
    chain = Transitions.count(list(walk[:300]), 2, 4, end=False)
    assert -chain.log_prob(list(walk[300:])).sum() / walk[300:].size == pytest.approx(entropy, rel=0.02)
