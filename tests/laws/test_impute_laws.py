"""What every method that fills holes must hold to, on a table of many kinds of columns."""

from __future__ import annotations

import copy
import random
import time
from typing import Any

import numpy as np
import pandas as pd
import pytest

import contrafact
from contrafact.base.abilities import abilities
from contrafact.base.errors import ContrafactError, DataError
from contrafact.zoo.index import INDEX, recipe

NAMES = [entry.name for entry in INDEX.values() if "impute" in entry.abilities and "table" in entry.kinds]
TOY_SECONDS = 0.3
ROWS = 160


def mixed(seed: int = 0) -> pd.DataFrame:
    """Make a table of many kinds of columns, with holes in each but the key."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=ROWS)
    city = np.where(x + draw.normal(size=ROWS) > 0, "Oslo", "北京")
    frame = pd.DataFrame(
        {
            "id": np.arange(ROWS) + 7000,
            "x": x,
            "rounded": (2 * x + draw.normal(size=ROWS)).round(1),
            "count": pd.array(draw.poisson(np.exp(x / 2) * 30), dtype="Int64"),
            "when": pd.Timestamp("2021-03-01", tz="Asia/Shanghai") + pd.to_timedelta((100 * x).round() + 500, "h"),
            "城市": city,
            "land": pd.Series(city).map({"Oslo": "NO", "北京": "CN"}),
            "grade": pd.Categorical(draw.choice(["lo", "hi"], ROWS), ["lo", "mid", "hi"], ordered=True),
            "ok": pd.array(x > 0.5, dtype="boolean"),
            "price": [f"{value:.2f}" if value > 0.4 else "n/a" for value in draw.gamma(2, 1, ROWS)],
            "note": [f"the patient said on day {row} that all was well" for row in range(ROWS)],
        }
    )
    for name in frame.columns[1:]:
        frame.loc[draw.random(ROWS) < 0.2, name] = None
    frame["land"] = frame["land"].where(frame["城市"].notna())
    frame.loc[frame["land"].isna(), "城市"] = None
    frame.index = pd.Index(draw.permutation(ROWS) * 3, name="row")
    return frame


def points(seed: int = 0) -> pd.DataFrame:
    """Make points with holes, for methods of plain numbers."""
    draw = np.random.default_rng(seed)
    whole = draw.normal(size=(ROWS, 3)) @ draw.normal(size=(3, 3))
    return pd.DataFrame(np.where(draw.random((ROWS, 3)) < 0.2, np.nan, whole), columns=["a", "b", "c"])


@pytest.fixture(scope="module", params=NAMES)
def fitted(request: pytest.FixtureRequest) -> tuple[Any, Any, pd.DataFrame]:
    settings = recipe(request.param).toy()
    if "vectors" in INDEX[request.param].kinds:
        return settings, settings.fit(points().dropna(), seed=1), points()
    return settings, settings.fit(mixed(), seed=1), mixed()


def frames(model: Any, data: Any) -> list[pd.DataFrame]:
    return [model.impute(data), *model.impute(data, draws=2, seed=3)]


def learned(model: Any, data: pd.DataFrame) -> list[Any]:
    """Name the columns that must be whole."""
    table = getattr(model.codec, "table", model.codec)
    return [c.name for c in table.schema if c.learned] if hasattr(table, "schema") else list(data.columns)


def test_a_model_has_the_abilities_that_the_index_lists(fitted):
    settings, model, _ = fitted
    assert set(INDEX[settings.method].abilities) | {"save"} == set(abilities(model))


@pytest.mark.parametrize("name", [name for name in NAMES if "sample" not in INDEX[name].abilities])
def test_toy_settings_fit_in_a_blink(name):
    settings = recipe(name).toy()
    settings.fit(mixed())  # libraries warm up
    began = time.process_time()
    settings.fit(mixed(), seed=1)
    assert time.process_time() - began <= TOY_SECONDS


def test_observed_cells_keep_their_bits_and_no_hole_is_left_in_what_was_learned(fitted):
    _, model, data = fitted
    for made in frames(model, data):
        assert list(made.columns) == list(data.columns) and made.index.equals(data.index)
        for name in data.columns:
            there = data[name].notna()
            pd.testing.assert_series_equal(made.loc[there, name], data.loc[there, name], check_exact=True)
        assert made[learned(model, data)].notna().all().all()


def test_columns_keep_their_dtypes_and_free_text_its_holes(fitted):
    _, model, data = fitted
    for made in frames(model, data):
        assert made.dtypes.to_dict() == data.dtypes.to_dict()
        if "note" in data:
            assert made["note"].isna().equals(data["note"].isna())


def test_what_is_filled_in_could_have_stood_there(fitted):
    _, model, data = fitted
    if "price" not in data:
        return
    data = data.copy()
    data.iloc[:50, list(data.columns).index("城市")] = None
    data.iloc[50:100, list(data.columns).index("land")] = None
    for made in frames(model, data):
        assert set(made["price"][made["price"] != "n/a"].str.split(".").str[1].str.len()) == {2}
        assert set(made["grade"]) <= {"lo", "hi", "mid"} and set(made["城市"]) == {"Oslo", "北京"}
        both = made["land"].map({"NO": "Oslo", "CN": "北京"})
        assert (both == made["城市"]).all()  # a column that follows from another, whichever of them was known


def test_a_best_guess_is_always_the_same_and_draws_are_by_their_seed(fitted):
    _, model, data = fitted
    pd.testing.assert_frame_equal(model.impute(data, seed=1), model.impute(data, seed=2))
    first, second = model.impute(data, draws=2, seed=3)
    again = model.impute(data, draws=1, seed=3)[0]
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(second) and not model.impute(data, draws=1, seed=4)[0].equals(first)
    assert model.impute(data, draws=0) == []


def test_filling_changes_neither_the_input_nor_the_global_randomness(fitted):
    _, model, data = fitted
    own = copy.deepcopy(data)
    before = random.getstate(), np.random.get_state()[1].tolist()
    frames(model, own)
    assert before == (random.getstate(), np.random.get_state()[1].tolist())
    pd.testing.assert_frame_equal(own, data)


def test_the_same_seed_gives_the_same_model_and_a_saved_one_fills_alike(fitted, tmp_path):
    settings, model, data = fitted
    again = settings.fit(points().dropna() if "a" in data else data, seed=1)
    assert again.files() == model.files()
    model.save(tmp_path / "m")
    for one, other in zip(frames(contrafact.load(tmp_path / "m"), data), frames(model, data), strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_whole_tables_one_row_no_row_and_shuffled_columns_are_filled(fitted):
    _, model, data = fitted
    whole = model.impute(data)
    pd.testing.assert_frame_equal(model.impute(whole), whole)
    assert model.impute(data.head(1))[learned(model, data)].notna().all().all()
    if "a" in data:
        return  # vectors are read in their order, and at least one of them
    assert len(model.impute(data.head(0))) == 0
    turned = model.impute(data[data.columns[::-1]])
    assert list(turned.columns) == list(data.columns[::-1])


def test_rows_without_a_single_known_cell_are_filled(fitted):
    _, model, data = fitted
    empty = data.head(20).copy()
    for name in learned(model, data):
        empty[name] = empty[name].where(np.zeros(20, dtype=bool))
    for made in frames(model, empty):
        assert made[learned(model, data)].notna().all().all()


def test_a_missing_column_is_named(fitted):
    _, model, data = fitted
    with pytest.raises(DataError) as caught:
        model.impute(data.drop(columns=data.columns[1]))
    assert caught.value.code == "E205" and isinstance(caught.value, ContrafactError)
