"""The columns' own laws, joined by correlations, against what is known in closed form."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from contrafact.base.errors import DataError
from contrafact.zoo import Copula


def joined(rows: int = 5000, correlation: float = 0.7, seed: int = 0) -> pd.DataFrame:
    """Make a skewed number, a level and a rounded number behind which stand correlated normal numbers."""
    cov = np.full((3, 3), correlation) + (1 - correlation) * np.eye(3)
    z = np.random.default_rng(seed).multivariate_normal(np.zeros(3), cov, rows)
    return pd.DataFrame({"skew": np.exp(z[:, 0]), "yes": np.where(z[:, 1] > 1, "y", "n"), "n": np.rint(z[:, 2] * 2)})


MODEL = Copula(ridge=0).fit(joined(), seed=0)


def test_the_correlations_behind_numbers_levels_and_grids_are_found():
    found = np.abs(MODEL.correlations[np.triu_indices(3, 1)])
    np.testing.assert_allclose(found, 0.7, atol=0.05)


def test_a_share_of_the_correlations_may_be_taken_off():
    half = Copula(ridge=0.5).fit(joined(), seed=0).correlations
    assert (np.abs(half[np.triu_indices(3, 1)]) < 0.4).all() and (np.diag(half) == 1).all()


def test_columns_keep_their_own_laws():
    frame, made = joined(), MODEL.sample(6000, seed=0)
    np.testing.assert_allclose(
        made["skew"].quantile([0.1, 0.5, 0.9]), frame["skew"].quantile([0.1, 0.5, 0.9]), rtol=0.08
    )
    assert (made["yes"] == "y").mean() == pytest.approx((frame["yes"] == "y").mean(), abs=0.02)
    assert set(made["n"]) <= set(frame["n"])


def test_given_a_number_the_others_have_their_exact_law():
    made = MODEL.sample(6000, given={"skew": float(np.e)}, seed=0)  # z = 1
    assert (made["skew"] == np.e).all()
    chance = norm.sf((1 - 0.7) / (1 - 0.49) ** 0.5)
    assert (made["yes"] == "y").mean() == pytest.approx(chance, abs=0.04)
    assert made["n"].mean() == pytest.approx(2 * 0.7, abs=0.1)


def test_given_several_with_room_to_choose_rows_are_those_that_rejection_keeps():
    given = {"skew": (1, 3), "yes": "y"}
    made, many = MODEL.sample(3000, given=given, seed=0), MODEL.sample(60_000, seed=1)
    kept = many[many["skew"].between(1, 3) & (many["yes"] == "y")]
    assert made["skew"].between(1, 3).all() and (made["yes"] == "y").all()
    for name in ("skew", "n"):
        assert made[name].mean() == pytest.approx(kept[name].mean(), abs=4 * kept[name].std() / len(kept) ** 0.5 + 0.03)


def test_sets_holes_and_columns_that_follow_keep_their_conditions():
    frame = joined(1000)
    frame["code"] = frame["yes"].map({"y": 1, "n": 0})
    frame.loc[::10, "n"] = None
    model = Copula(rounds=4).fit(frame)
    made = model.sample(300, given={"n": [-2, 0, 2], "code": 1}, seed=0)
    assert set(made["n"]) <= {-2, 0, 2} and (made["yes"] == "y").all() and (made["code"] == 1).all()
    assert model.sample(50, given={"n": None}, seed=0)["n"].isna().all()


def test_levels_without_an_order_stand_by_what_their_rows_say():
    draw = np.random.default_rng(0)
    x = draw.normal(size=3000)
    names = np.array(["d", "a", "c", "b"])  # neither by the alphabet nor by how common they are
    frame = pd.DataFrame({"x": x, "v": names[np.digitize(x, [-1, 0, 1])], "y": x + draw.normal(size=3000)})
    means = Copula().fit(frame).sample(3000, seed=0).groupby("v")["x"].mean()
    assert means["d"] < means["a"] < means["c"] < means["b"]


def test_too_many_columns_are_refused_by_name():
    with pytest.raises(DataError, match="2,001 columns") as caught:
        Copula().fit(pd.DataFrame(np.random.default_rng(0).integers(0, 2, (30, 2001))))
    assert caught.value.code == "E251"
