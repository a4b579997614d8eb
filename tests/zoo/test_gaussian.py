"""Gaussian mixtures against planted truths, closed forms and scikit-learn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture as Peer

from contrafact.base.data import Data
from contrafact.base.errors import DataError, UsageError
from contrafact.engine.model import read_model
from contrafact.zoo.gaussian import GaussianMixture

MEANS = np.array([[0.0, 0.0, 5.0], [8.0, 0.0, -5.0], [0.0, 9.0, 0.0], [-7.0, -7.0, -2.0]])
SHAPES = np.random.default_rng(5).normal(size=(4, 3, 3)) / 2 + 1.5 * np.eye(3)
ONE = np.array([[4.0, 1.2, 0.0], [1.2, 1.0, 0.3], [0.0, 0.3, 0.5]])


def planted(rows: int = 1500) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    member = rng.choice(4, rows, p=[0.4, 0.3, 0.2, 0.1])
    return MEANS[member] + np.einsum("nij,nj->ni", SHAPES[member], rng.normal(size=(rows, 3))), member


ROWS, MEMBER = planted()
SINGLE = np.random.default_rng(1).multivariate_normal([1.0, -2.0, 3.0], ONE, 4000)


def test_a_planted_mixture_is_found_again() -> None:
    model = GaussianMixture(components=4).fit(ROWS)
    assert adjusted_rand_score(MEMBER, model.cluster(ROWS)) >= 0.95
    shares = model.responsibilities(ROWS)
    assert shares.shape == (len(ROWS), 4) and np.allclose(shares.sum(axis=1), 1)
    assert model.facts()["converged"]


@pytest.mark.parametrize(("covariance", "theirs"), [("full", "full"), ("diagonal", "diag")])
def test_every_row_has_the_density_that_scikit_learn_gives_it(covariance: Any, theirs: Any) -> None:
    ours = GaussianMixture(components=4, covariance=covariance, tolerance=1e-10, floor=1e-8).fit(ROWS)
    peer = Peer(4, covariance_type=theirs, tol=1e-10, n_init=4, max_iter=500, reg_covar=1e-8, random_state=0).fit(ROWS)
    np.testing.assert_allclose(ours.log_prob(ROWS), peer.score_samples(ROWS), atol=1e-3)


def test_one_gaussian_is_the_mean_and_the_covariance_of_the_rows() -> None:
    density = stats.multivariate_normal(SINGLE.mean(axis=0), np.cov(SINGLE.T, bias=True)).logpdf(SINGLE)
    np.testing.assert_allclose(GaussianMixture().fit(SINGLE).log_prob(SINGLE), density, atol=1e-3)


def test_densities_are_in_the_units_of_the_data() -> None:
    metres, millimetres = GaussianMixture().fit(SINGLE), GaussianMixture().fit(SINGLE * 1000)
    moved = metres.log_prob(SINGLE) - millimetres.log_prob(SINGLE * 1000)
    np.testing.assert_allclose(moved, 3 * np.log(1000), atol=1e-3)


def test_the_likelihood_never_falls_from_round_to_round() -> None:
    values = [GaussianMixture(components=4, restarts=1, rounds=n).fit(ROWS).log_prob(ROWS).mean() for n in (1, 2, 4, 9)]
    assert values == sorted(values)


def test_samples_have_the_moments_of_the_data() -> None:
    drawn = GaussianMixture(components=4).fit(ROWS).sample(20_000, seed=0)
    np.testing.assert_allclose(drawn.mean(axis=0), ROWS.mean(axis=0), atol=0.15)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(ROWS.T), atol=1.5)


@pytest.mark.parametrize("covariance", ["full", "diagonal"])
def test_a_sample_is_the_start_of_a_longer_one(covariance: Any) -> None:
    model = GaussianMixture(components=2, covariance=covariance).fit(ROWS)
    for given in (None, {"x1": 0.5}):
        np.testing.assert_array_equal(model.sample(5, given, seed=1), model.sample(2000, given, seed=1)[:5])
    assert model.sample(0).shape == (0, 3) and len(model.sample(1)) == 1


def test_sampling_given_a_column_follows_the_closed_form_of_one_gaussian() -> None:
    model = GaussianMixture().fit(pd.DataFrame(SINGLE, columns=["x", "y", "z"]))
    mean, covariance = SINGLE.mean(axis=0), np.cov(SINGLE.T, bias=True)
    drawn = model.sample(40_000, given={"x": 4.0}, seed=0)
    assert drawn["x"].eq(4.0).all()
    expected = mean[1:] + covariance[1:, 0] / covariance[0, 0] * (4.0 - mean[0])
    left = covariance[1:, 1:] - np.outer(covariance[1:, 0], covariance[0, 1:]) / covariance[0, 0]
    np.testing.assert_allclose(drawn[["y", "z"]].mean(), expected, atol=0.02)
    np.testing.assert_allclose(drawn[["y", "z"]].cov(), left, atol=0.02)


@pytest.mark.parametrize("covariance", ["full", "diagonal"])
def test_sampling_given_a_column_follows_the_density_of_the_mixture(covariance: Any) -> None:
    model = GaussianMixture(components=4, covariance=covariance).fit(ROWS)
    grid = np.stack(np.meshgrid(np.linspace(-25, 25, 251), [0.7], np.linspace(-20, 20, 201), indexing="ij"), axis=-1)
    points = grid.reshape(-1, 3)
    weight = np.exp(model.log_prob(points))
    expected = weight @ points / weight.sum()
    spread = weight @ (points - expected) ** 2 / weight.sum()
    drawn = model.sample(20_000, given={"x1": 0.7}, seed=0)
    np.testing.assert_allclose(drawn.mean(axis=0), expected, atol=0.15)
    np.testing.assert_allclose(drawn.var(axis=0), spread, rtol=0.1, atol=1e-9)


def test_every_column_may_be_given() -> None:
    drawn = GaussianMixture(components=2).fit(ROWS).sample(3, given={"x0": 1.1, 1: 2.2, "x2": 3.3})
    assert drawn.tolist() == [[1.1, 2.2, 3.3]] * 3


def test_frames_keep_types_and_constant_columns() -> None:
    frame = pd.DataFrame({"年齡": [20, 30, 41], "x": [0.5, 0.25, 1.0], "same": [7, 7, 7], "b": [True, False, True]})
    drawn = GaussianMixture().fit(frame).sample(50, given={"same": 7}, seed=0)
    assert drawn.dtypes.to_dict() == frame.dtypes.to_dict() and drawn["same"].eq(7).all()


def test_pictures_come_back_as_pictures() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 4, 4), dtype=np.uint8)
    drawn = GaussianMixture(covariance="diagonal").fit(Data(kind="pictures", items=pixels)).sample(3, seed=0)
    assert drawn.items.shape == (3, 4, 4) and drawn.items.dtype == np.uint8


def test_missing_cells_are_filled_with_conditional_means() -> None:
    model = GaussianMixture().fit(SINGLE)
    mean, covariance = SINGLE.mean(axis=0), np.cov(SINGLE.T, bias=True)
    holes = np.array([[np.nan, -1.0, 2.0], [np.nan] * 3, [2.0, -1.5, 3.1]])
    gain = covariance[0, 1:] @ np.linalg.inv(covariance[1:, 1:])
    filled = model.impute(holes)
    assert filled[0, 0] == pytest.approx(mean[0] + gain @ (holes[0, 1:] - mean[1:]), abs=1e-3)
    np.testing.assert_allclose(filled[1], mean, atol=1e-3)
    np.testing.assert_array_equal(filled[~np.isnan(holes)], holes[~np.isnan(holes)])
    assert np.isnan(holes).sum() == 4


def test_random_draws_scatter_around_the_best_guess() -> None:
    frame = pd.DataFrame(SINGLE[:200], columns=["a", "b", "c"], index=np.arange(200) * 3)
    model = GaussianMixture().fit(frame)
    frame.loc[frame.index[::2], "a"] = np.nan
    draws = model.impute(frame, draws=200, seed=0)
    assert len(draws) == 200 and draws[0].index.equals(frame.index)
    assert all(draw["b"].equals(frame["b"]) and draw["a"][1::2].equals(frame["a"][1::2]) for draw in draws)
    drawn = np.stack([draw["a"] for draw in draws])
    noise = drawn.std(axis=0) / np.sqrt(200) + 1e-9
    assert (np.abs(drawn.mean(axis=0) - model.impute(frame)["a"]) / noise).max() < 5
    assert draws[3].equals(model.impute(frame, draws=4, seed=0)[3])


def test_draws_for_a_row_do_not_depend_on_the_rows_after_it() -> None:
    model, holes = GaussianMixture(components=2).fit(ROWS), ROWS[:40].copy()
    holes[::3, 1] = np.nan
    holes[::4, 2] = np.nan
    long, short = model.impute(holes, draws=1, seed=0)[0], model.impute(holes[:7], draws=1, seed=0)[0]
    np.testing.assert_allclose(long[:7], short, rtol=1e-12)


@pytest.mark.parametrize("data", [np.ones((1, 2)), np.ones((5, 2)), np.array([[1.0, 2.0], [1.0, 3.0]]), np.arange(6.0)])
@pytest.mark.parametrize("covariance", ["full", "diagonal"])
def test_degenerate_data_give_a_model(data: np.ndarray, covariance: Any) -> None:
    model = GaussianMixture(covariance=covariance).fit(data)
    assert np.isfinite(model.log_prob(data)).all() and model.sample(4).shape == (4, *data.shape[1:])


def test_repeated_columns_and_repeated_rows_give_a_model() -> None:
    model = GaussianMixture(components=3).fit(np.repeat(ROWS[:2, [0, 0, 1]], 5, axis=0))
    assert np.isfinite(model.sample(100, seed=0)).all()


def test_what_cannot_be_fitted_or_asked_is_refused_by_name() -> None:
    with pytest.raises(DataError, match="3 rows cannot carry 5 components") as caught:
        GaussianMixture(components=5).fit(ROWS[:3])
    assert caught.value.code == "E206"
    with pytest.raises(DataError, match="singular") as caught:
        GaussianMixture(floor=1e-30).fit(ROWS[:, [0, 0]])
    assert caught.value.code == "E206"
    model = GaussianMixture().fit(ROWS)
    for given, code in (({"x9": 1}, "E105"), ({"x0": "far"}, "E114"), ({"x0": np.inf}, "E114")):
        with pytest.raises(UsageError) as refused:
            model.sample(1, given=given)
        assert refused.value.code == code
    for ask in (lambda: model.sample(-1), lambda: model.impute(ROWS, draws=-1)):
        with pytest.raises(UsageError) as refused:
            ask()
        assert refused.value.code == "E104"


def test_fitting_twice_is_the_same_and_leaves_the_global_state_alone() -> None:
    np.random.seed(7)
    before, rows = np.random.get_state()[1].copy(), ROWS.copy()  # type: ignore[index]
    first, second = (GaussianMixture(components=3).fit(ROWS, seed=4).arrays() for _ in range(2))
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert np.array_equal(before, np.random.get_state()[1]) and np.array_equal(rows, ROWS)


def test_saving_and_restoring_keeps_every_sample(tmp_path: Path) -> None:
    model = GaussianMixture.toy().fit(ROWS[:100])
    model.save(tmp_path / "model")
    document, arrays = read_model(tmp_path / "model")
    again = GaussianMixture(**document["recipe"]).restore(document["codec"], arrays, document["facts"])
    np.testing.assert_array_equal(again.sample(7, seed=3), model.sample(7, seed=3))
    np.testing.assert_array_equal(again.log_prob(ROWS), model.log_prob(ROWS))
    assert again.facts() == model.facts()
