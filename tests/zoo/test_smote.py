"""Rows between neighbours of one class."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from contrafact.base.errors import UsageError
from contrafact.zoo import SMOTE


def moons(rows: int = 200) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    label = np.where(draw.random(rows) < 0.15, "rare", "usual")
    x = draw.normal(size=(rows, 2)) + 6 * (label == "rare")[:, None]
    return pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "city": draw.choice(["p", "q"], rows), "label": label})


def test_each_new_row_lies_on_the_line_to_one_of_the_nearest_rows_of_its_class():
    frame = moons()[["a", "b", "label"]]
    made = SMOTE(target="label").fit(frame).sample(60, seed=0)
    for row in made.itertuples():
        own = frame.loc[frame["label"] == row.label, ["a", "b"]].to_numpy()
        scaled = own / frame[["a", "b"]].std(ddof=0).to_numpy()
        point = np.array([row.a, row.b])
        apart = ((scaled[:, None] - scaled) ** 2).sum(2)
        near = apart.argsort(1)[:, 1:6]
        start, way = own[:, None], own[near] - own[:, None]
        share = ((point - start) * way).sum(2) / (way**2).sum(2)
        off = np.abs(start + share[:, :, None] * way - point).max(2)
        assert ((off < 1e-9) & (share >= 0) & (share <= 1)).any()


def test_only_the_class_that_is_asked_for_is_made():
    model = SMOTE(target="label").fit(moons())
    made = model.sample(300, given={"label": "rare"}, seed=0)
    assert (made["label"] == "rare").all() and made["a"].mean() == pytest.approx(6, abs=0.7)
    assert set(model.sample(300, given={"label": "rare|usual"}, seed=0)["label"]) == {"rare", "usual"}
    shares = model.sample(2000, seed=0)["label"].value_counts(normalize=True)
    assert shares["rare"] == pytest.approx((moons()["label"] == "rare").mean(), abs=0.03)


def test_a_level_is_the_commonest_of_the_neighbours():
    frame = pd.DataFrame({"x": [0.0, 0.1, 0.2, 0.3, 9.0, 9.1, 9.2, 9.3], "v": list("aaabbbba")})
    made = SMOTE(neighbours=3).fit(frame).sample(200, seed=0)
    low = made["x"] < 5
    assert (made["v"][low] == "a").mean() > 0.7 and (made["v"][~low] == "b").mean() > 0.7


def test_whole_numbers_stay_whole_and_holes_are_copied():
    frame = pd.DataFrame({"n": np.arange(0, 400, 2) % 90, "x": np.random.default_rng(0).normal(size=200)})
    frame.loc[:49, "x"] = None
    made = SMOTE().fit(frame).sample(400, seed=0)
    assert made["n"].dtype == frame["n"].dtype and made["x"].isna().mean() == pytest.approx(0.25, abs=0.07)


def test_a_class_of_one_row_is_repeated():
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, 50.0], "label": ["a", "a", "a", "lonely"]})
    made = SMOTE(target="label").fit(frame).sample(5, given={"label": "lonely"}, seed=0)
    assert made["x"].tolist() == [50.0] * 5


def test_other_conditions_and_targets_without_classes_are_refused_by_name():
    model = SMOTE(target="label").fit(moons())
    with pytest.raises(UsageError, match="'city'") as caught:
        model.sample(3, given={"city": "p"})
    assert caught.value.code == "E109"
    with pytest.raises(UsageError, match="'a'") as caught:
        SMOTE(target="a").fit(moons())
    assert caught.value.code == "E131"
