"""Moments of rows that come block by block."""

import numpy as np
import pytest

from contrafact.base.errors import DataError
from contrafact.metrics import Moments, frechet


def draw(n: int, width: int = 6, seed: int = 0, offset: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, width)) @ rng.normal(size=(width, width)) + offset


@pytest.mark.parametrize("cuts", [[], [1], [1, 2, 3, 60], [50]])
def test_moments_do_not_depend_on_the_blocks(cuts: list[int]) -> None:
    rows = draw(97)
    moments = Moments.of(np.split(rows, cuts))
    assert moments.n == 97
    np.testing.assert_allclose(moments.mean, rows.mean(0), rtol=1e-13)
    np.testing.assert_allclose(moments.covariance, np.cov(rows.T), rtol=1e-12)


def test_rows_far_from_zero_keep_their_covariance() -> None:
    rows = draw(500, offset=1e7)
    found = Moments.of(np.array_split(rows, 7)).covariance
    np.testing.assert_allclose(found, np.cov(rows.T), rtol=1e-6)
    assert np.abs(rows.T @ rows / 500 - np.outer(rows.mean(0), rows.mean(0)) - found).max() > 1e-3  # the naive sum


def test_merged_moments_are_those_of_all_rows_and_the_merged_one_stays() -> None:
    rows = draw(80)
    one, other = Moments.of([rows[:30]]), Moments.of([rows[30:50], rows[50:]])
    before = other.mean, other.covariance, other.n
    one.merge(other).merge(Moments())
    np.testing.assert_allclose(one.covariance, np.cov(rows.T), rtol=1e-12)
    np.testing.assert_allclose(one.mean, rows.mean(0), rtol=1e-12)
    assert (before[0] == other.mean).all() and (before[1] == other.covariance).all() and before[2] == other.n
    np.testing.assert_allclose(Moments().merge(other).covariance, np.cov(rows[30:].T), rtol=1e-12)


def test_blocks_are_not_changed_and_single_precision_is_summed_in_double() -> None:
    rows = draw(1000, offset=100.0).astype(np.float32)
    before = rows.copy()
    found = Moments.of(np.array_split(rows, 10)).covariance
    assert (rows == before).all()
    np.testing.assert_allclose(found, np.cov(rows.astype(np.float64).T), rtol=1e-10)


def test_the_frechet_distance_of_moments_is_that_of_the_rows() -> None:
    a, b = draw(300, seed=0), draw(200, seed=1)
    whole = frechet(a, b)
    for one, other in ((Moments.of(np.array_split(a, 3)), Moments.of([b])), (a, Moments.of([b])), (Moments.of([a]), b)):
        score = frechet(one, other)
        assert score.value == pytest.approx(whole.value, rel=1e-9)
        assert score.n == 200 and np.isnan([score.low, score.high]).all()


def test_one_row_has_no_spread_and_no_rows_are_refused() -> None:
    row = np.array([[1.0, 2.0]])
    assert (Moments.of([row]).covariance == 0).all()
    assert frechet(Moments.of([row]), Moments.of([row + 3])).value == pytest.approx(18)
    with pytest.raises(DataError) as caught:
        frechet(Moments(), Moments.of([row]))
    assert caught.value.code == "E221"


def test_blocks_of_another_width_are_refused() -> None:
    with pytest.raises(DataError) as caught:
        Moments.of([draw(5, 3), draw(5, 4)])
    assert caught.value.code == "E223"
    with pytest.raises(DataError):
        Moments.of([draw(5, 3)]).merge(Moments.of([draw(5, 4)]))
    with pytest.raises(DataError):
        Moments().update(np.array([[np.nan]]))


def test_one_column_by_hand() -> None:
    # Means 1 and 3, standard deviations 1 and 2: 2^2 + 1^2.
    a, b = np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 5.0])
    assert frechet(a, b).value == pytest.approx(5)
    assert frechet(Moments.of([a]), Moments.of([b])).value == pytest.approx(5)


def test_two_gaussians_by_hand() -> None:
    # Orthogonal squares of points: covariances 4/3 I and diag(16/3, 4/3), means 3 apart.
    a = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
    b = a * [2, 1] + [0, 3]
    assert frechet(a, b).value == pytest.approx(9 + 4 / 3)


def test_comparing_leaves_the_moments_as_they_were() -> None:
    one, other = Moments.of([draw(50)]), Moments.of([draw(60, seed=1)])
    before = one.covariance, other.covariance
    assert frechet(one, other).value == frechet(one, other).value
    assert (one.covariance == before[0]).all() and (other.covariance == before[1]).all()
