"""The model of a table against a joint law that is known cell by cell."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
import torch

from contrafact.base.errors import UsageError
from contrafact.nets.woven import Woven, bonds_between
from contrafact.zoo import Loom

A, B, C = ("x", "y", "z"), ("no", "yes"), (0, 1, 2, 3)


def law() -> pd.Series:
    """Give P(a, b, c): c depends on both others, b on a."""
    random = np.random.default_rng(3)
    chances = random.dirichlet(np.full(24, 2.0)).reshape(3, 2, 4)
    index = pd.MultiIndex.from_product([A, B, C], names=["a", "b", "c"])
    return pd.Series((chances / chances.sum()).ravel(), index=index)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    random = np.random.default_rng(0)
    joint = law()
    frame = joint.index.to_frame(index=False).iloc[random.choice(24, 6000, p=joint.to_numpy())].reset_index(drop=True)
    # A number whose mean the others decide.
    return frame.assign(m=frame["c"] * 10.0 + (frame["a"] == "x") * 5 + random.normal(size=6000))


@pytest.fixture(scope="module")
def model(rows) -> Woven:
    return Loom(steps=600, width=64, depth=1, batch=128, rate=5e-3).fit(rows, seed=0)


@pytest.fixture(scope="module")
def levels(rows) -> Woven:
    return Loom(steps=600, width=64, depth=1, batch=128, rate=5e-3).fit(rows[["a", "b", "c"]], seed=0)


def frequencies(frame: pd.DataFrame) -> pd.Series:
    return frame[["a", "b", "c"]].value_counts(normalize=True).reindex(law().index, fill_value=0.0)


def test_rows_follow_the_joint_law(levels):
    assert np.abs(frequencies(levels.sample(20_000, seed=1)) - law()).max() < 0.012


def test_few_passes_are_less_faithful(levels):
    off = [np.abs(frequencies(levels.sample(20_000, seed=1, passes=p)) - law()).sum() for p in (1, None)]
    assert off[0] > 2 * off[1]


@pytest.mark.parametrize(
    "given",
    [
        {"a": "y"},
        {"c": 2},
        {"b": "yes", "c": [0, 3]},
        {"a": "x|z", "c": (1, 2)},
        {"a": ["y", "z"], "b": ["no"], "c": {1, 2}},
    ],
)
def test_conditions_hold_in_every_row_and_the_rest_follows_the_conditional_law(levels, rows, given):
    kept = frequencies(rows).reset_index(name="p")
    for name, wish in given.items():
        wishes = wish.split("|") if isinstance(wish, str) else wish if isinstance(wish, (list, set)) else [wish]
        fits = kept[name].between(*wish) if isinstance(wish, tuple) else kept[name].isin(list(wishes))
        kept = kept[fits]
    truth = kept.set_index(["a", "b", "c"])["p"]
    drawn = frequencies(levels.sample(20_000, given=given, seed=2))
    assert drawn.drop(truth.index).sum() == 0
    assert np.abs(drawn[truth.index] - truth / truth.sum()).max() < 0.06


def test_every_subset_of_columns_can_be_given(model, rows):
    example = rows.iloc[7]
    for chosen in product([False, True], repeat=4):
        given = {name: example[name] for name, take in zip(rows.columns, chosen, strict=True) if take}
        drawn = model.sample(20, given=given, seed=0)
        assert all((drawn[name] == value).all() for name, value in given.items())


@pytest.mark.parametrize("chance", [0.0, 1 - 2**-24])
def test_a_draw_at_either_end_of_chance_keeps_the_condition(levels, chance, monkeypatch):
    monkeypatch.setattr(torch, "rand", lambda *size, generator=None: torch.full(size, chance))
    drawn = levels.sample(5, given={"a": "y", "c": [1, 2]}, seed=0)
    assert (drawn["a"] == "y").all() and drawn["c"].isin([1, 2]).all()


def test_an_interval_holds_inside_a_bin_too(model, rows):
    low, high = 10.01, 10.4
    drawn = model.sample(3000, given={"m": (low, high)}, seed=3)
    assert drawn["m"].between(low, high).all() and drawn["m"].nunique() > 500
    real = rows[rows["m"].between(9.5, 11)]
    share = (drawn["c"] == 1).mean()
    assert abs(share - (real["c"] == 1).mean()) < 0.1


def test_conditions_that_never_held_are_refused(model):
    for given in ({"a": "w"}, {"c": 9}, {"m": (900, 901)}, {"a": None}, {"d": 1}, {"c": []}):
        with pytest.raises(UsageError):
            model.sample(3, given=given)


def test_log_prob_is_the_log_of_the_joint_law(levels):
    every = law().index.to_frame(index=False)
    found = np.exp(levels.log_prob(every))
    assert abs(found.sum() - 1) < 0.01
    assert np.abs(found - law().to_numpy()).max() < 0.012


def test_log_prob_of_a_number_is_a_density(model):
    at = np.linspace(-5, 45, 2001)
    frame = pd.DataFrame({"a": "x", "b": "no", "c": 2, "m": at})
    density = np.exp(model.log_prob(frame))
    inside = (at > 20) & (at < 30)
    mass = density.sum() * (at[1] - at[0])
    assert abs(mass - law()["x", "no", 2]) < 0.02
    assert density[inside].sum() > 0.9 * density.sum()


def test_holes_are_filled_by_what_the_rest_says(model, rows):
    holed = rows.head(2000).copy()
    random = np.random.default_rng(5)
    holes = random.random(holed.shape) < 0.25
    holed = holed.mask(pd.DataFrame(holes, columns=rows.columns))
    best = model.impute(holed)
    assert not best.isna().any().any()
    truth = rows.head(2000)
    number = holes[:, 3] & ~holes[:, 2] & ~holes[:, 0]
    assert np.sqrt(((best["m"] - truth["m"])[number] ** 2).mean()) < 1.5  # the noise has 1
    level = holes[:, 2] & ~holes[:, 3]
    assert (best["c"][level].astype(float).round() == truth["c"][level]).mean() > 0.95
    draws = model.impute(holed, draws=8, seed=0)
    spread = np.std([draw["m"] for draw in draws], axis=0)[number].mean()
    assert 0.7 < spread < 1.5
    assert draws[0].equals(model.impute(holed, draws=1, seed=0)[0]) and not draws[0].equals(draws[1])


def test_drawn_fillings_follow_the_conditional_law(model, rows):
    holed = rows.head(4000).assign(b=None, c=np.nan, m=np.nan)
    drawn = model.impute(holed, draws=1, seed=0)[0]
    assert np.abs(frequencies(drawn) - frequencies(rows.head(4000))).max() < 0.03


def test_a_follower_tells_of_its_source():
    random = np.random.default_rng(0)
    city = random.choice(["Lyon", "Nice", "Oslo"], 500)
    frame = pd.DataFrame({"city": city, "land": np.where(city == "Oslo", "NO", "FR"), "x": random.normal(size=500)})
    frame["twice"] = frame["x"] * 2 + 1
    model = Loom.toy().fit(frame, seed=0)
    holed = pd.DataFrame(
        {"city": [None, None, "Nice"], "land": ["NO", "FR", None], "x": [np.nan] * 2 + [0.5], "twice": [3.0, 1.0, None]}
    )
    best = model.impute(holed)
    assert best["city"][0] == "Oslo" and best["city"][1] in ("Lyon", "Nice") and best["land"][2] == "FR"
    np.testing.assert_allclose(best["x"], [1.0, 0.0, 0.5])
    np.testing.assert_allclose(best["twice"], [3.0, 1.0, 2.0])
    drawn = model.sample(200, given={"land": "FR", "twice": (0, 2)}, seed=0)
    assert set(drawn["city"]) == {"Lyon", "Nice"} and drawn["x"].between(-0.5, 0.5).all()
    np.testing.assert_allclose(drawn["twice"], drawn["x"] * 2 + 1)


def test_columns_of_many_levels_can_be_drawn_given_and_filled():
    frame = pd.DataFrame({"many": [f"v{number}" for number in range(1500)] * 2, "s": ["a", "b", "c"] * 1000})
    model = Loom.toy().fit(frame, seed=0)
    assert set(model.sample(500, seed=0)["many"]) <= set(frame["many"])
    assert (model.sample(50, given={"many": "v7"}, seed=0)["many"] == "v7").all()
    assert set(model.sample(50, given={"many": "v7|v1400"}, seed=0)["many"]) <= {"v7", "v1400"}
    holed = frame.assign(many=frame["many"].where(frame.index % 2 == 0))
    for filled in (model.impute(holed), model.impute(holed, draws=1, seed=0)[0]):
        assert filled["many"].isin(set(frame["many"])).all()


def test_bonds_are_the_mutual_information_less_what_chance_gives():
    random = np.random.default_rng(0)
    a = random.integers(0, 4, 20_000)
    b = np.where(random.random(20_000) < 0.5, a, random.integers(0, 4, 20_000))
    tokens = np.stack([a, b, random.integers(0, 4, 20_000)], axis=1)
    bonds = bonds_between(tokens, [4, 4, 4])
    same, other = 0.5 + 0.5 / 4, 0.5 / 4
    exact = same * np.log(4 * same) + 3 * other * np.log(4 * other)
    assert abs(bonds[0, 1] - exact) < 0.02 and bonds[0, 2] < 0.001
    assert (bonds == bonds.T).all()
