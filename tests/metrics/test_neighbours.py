"""Precision, recall, density and coverage."""

import numpy as np
import pytest

from contrafact.base.errors import DataError
from contrafact.metrics import coverage_share, neighbours, precision_recall_f1
from contrafact.metrics.neighbours import membership, nearest, radii


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def widened(points: np.ndarray, columns: int) -> np.ndarray:
    """Add empty columns, which change no distance but take the other way of computing."""
    return np.hstack([points, np.zeros((len(points), columns - points.shape[1]))])


def values(real: list[float], fake: list[float], k: int, columns: int) -> dict[str, float]:
    real_rows, fake_rows = (widened(np.array(x, dtype=float)[:, None], columns) for x in (real, fake))
    return {name: score.value for name, score in neighbours(real_rows, fake_rows, k).items()}


@pytest.mark.parametrize("columns", [1, 20])
def test_precision_and_recall_by_hand_are_not_swapped(columns: int) -> None:
    # Reals 0, 1, 10 reach 1, 1, 9 with k = 1; fakes 0.5, 0.6, 0.7 reach 0.1 each.
    # Every fake lies in the balls of 0 and 1; that of 10 reaches down to 1. No fake's ball holds a real.
    scores = values([0, 1, 10], [0.5, 0.6, 0.7], 1, columns)
    assert scores == pytest.approx({"precision": 1, "recall": 0, "density": 2, "coverage": 2 / 3})


@pytest.mark.parametrize("columns", [1, 20])
def test_wide_fakes_keep_recall_and_lose_precision_by_hand(columns: int) -> None:
    # Reals 0, 1, 2 reach 1 each; fakes -10, 1, 12 reach 11 each: only 1 lies in a real ball, of all three reals.
    scores = values([0, 1, 2], [-10, 1, 12], 1, columns)
    assert scores == pytest.approx({"precision": 1 / 3, "recall": 1, "density": 1, "coverage": 1})


@pytest.mark.parametrize("columns", [1, 20])
def test_a_row_on_the_rim_is_inside(columns: int) -> None:
    scores = values([0, 3], [6, 9], 1, columns)
    assert scores == pytest.approx({"precision": 0.5, "recall": 0.5, "density": 0.5, "coverage": 0.5})


@pytest.mark.parametrize("columns", [2, 12])
def test_fakes_equal_to_the_reals_score_one(columns: int) -> None:
    real = normal(0, 200, columns)
    scores = neighbours(real, real)
    assert scores["precision"].value == scores["recall"].value == scores["coverage"].value == 1
    assert precision_recall_f1(real, real) == coverage_share(real, real) == 1


@pytest.mark.parametrize("columns", [2, 12])
def test_repeated_rows_have_balls_of_no_size_that_hold_their_twins(columns: int) -> None:
    real = np.repeat(normal(0, 10, columns), 8, axis=0)
    assert neighbours(real, real)["precision"].value == 1
    assert neighbours(real, real + 0.001)["precision"].value == 0


def test_collapsed_samples_keep_precision_and_lose_coverage() -> None:
    real, collapsed = normal(0, 500, 2), 0.01 * normal(1, 500, 2)
    scores = neighbours(real, collapsed)
    assert scores["precision"].value > 0.95
    assert scores["recall"].value < 0.05
    assert scores["coverage"].value < 0.05
    assert precision_recall_f1(real, collapsed) < 0.1


def test_noise_loses_precision_and_keeps_recall() -> None:
    scores = neighbours(normal(0, 500, 2), 10 * normal(1, 500, 2))
    assert scores["precision"].value < 0.1
    assert scores["recall"].value > 0.9


def test_equal_distributions_score_near_the_ceiling() -> None:
    scores = neighbours(normal(0, 800, 2), normal(1, 800, 2))
    for name in ("density", "coverage"):
        assert scores[name].value == pytest.approx(scores[name].ceiling, abs=0.08)
    assert precision_recall_f1(normal(0, 800, 2), normal(1, 800, 2)) > 0.97


@pytest.mark.parametrize("columns", [3, 15])
def test_the_cheap_shares_agree_with_the_scores(columns: int) -> None:
    real, fake = normal(0, 300, columns), 0.7 * normal(1, 200, columns)
    scores = neighbours(real, fake)
    precision, recall = scores["precision"].value, scores["recall"].value
    assert precision_recall_f1(real, fake) == pytest.approx(2 * precision * recall / (precision + recall))
    assert coverage_share(real, fake) == pytest.approx(scores["coverage"].value)


def test_trees_and_products_find_the_same_neighbours() -> None:
    points, among = normal(0, 1500, 3), normal(1, 4500, 3)
    near, far = nearest(points, among), nearest(widened(points, 20), widened(among, 20))
    np.testing.assert_allclose(near[0], far[0])
    np.testing.assert_array_equal(near[1], far[1])
    np.testing.assert_allclose(radii(among, 5), radii(widened(among, 20), 5))
    counts = [membership(widened(among, c), radii(among, 5), widened(points, c)) for c in (3, 20)]
    np.testing.assert_array_equal(counts[0][0], counts[1][0])
    np.testing.assert_array_equal(counts[0][1], counts[1][1])


@pytest.mark.parametrize("columns", [2, 12])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_few_rows_give_finite_scores_inside_their_intervals(n: int, columns: int) -> None:
    for score in neighbours(normal(0, n, columns), normal(1, n + 1, columns)).values():
        assert np.isfinite([score.value, score.low, score.high]).all()
        assert score.low <= score.value <= score.high


def test_rows_that_cannot_be_compared_are_refused_by_name() -> None:
    with pytest.raises(DataError, match="3 columns and the fake rows 2"):
        neighbours(normal(0, 9, 3), normal(0, 9, 2))
    with pytest.raises(DataError, match="nan in row 1, column 0"):
        neighbours(normal(0, 2, 1), np.array([[0.0], [np.nan]]))
    with pytest.raises(DataError, match="fake rows are empty"):
        neighbours(normal(0, 2, 1), np.zeros((0, 1)))
