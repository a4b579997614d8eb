"""What every method that learns effects of rows must hold to, on a table of many kinds of columns."""

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
from contrafact.base.data import fingerprint
from contrafact.base.errors import ContrafactError
from contrafact.causal.learners import arms
from contrafact.zoo.index import INDEX, recipe

NAMES = [entry.name for entry in INDEX.values() if "effect" in entry.abilities]
TRAINED = [name for name in NAMES if hasattr(recipe(name), "training")]
SECONDS = {"metalearner": 3.0}  # of toy settings; the others have a blink
ROWS = 120


@pytest.fixture(scope="module", autouse=True)
def few_ways():
    """Learn each arm in two ways only, which is quick."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arms, "ways", lambda t, y: ["line", "smooth"])
        yield


def mixed(seed: int = 0) -> pd.DataFrame:
    """Make a table of many kinds of columns, with holes in covariates."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=ROWS)
    frame = pd.DataFrame(
        {
            "id": np.arange(ROWS) + 7000,
            "x": x,
            "count": pd.array(draw.poisson(np.exp(x / 2) * 30), dtype="Int64"),
            "when": pd.Timestamp("2021-03-01", tz="Asia/Shanghai") + pd.to_timedelta((100 * x).round() + 500, "h"),
            "城市": np.where(x + draw.normal(size=ROWS) > 0, "Oslo", "北京"),
            "grade": pd.Categorical(draw.choice(["lo", "hi"], ROWS), ["lo", "mid", "hi"], ordered=True),
            "ok": pd.array(x > 0.5, dtype="boolean"),
            "note": [f"the patient said on day {row} that all was well" for row in range(ROWS)],
        }
    )
    for name in ("x", "count", "城市", "ok"):
        frame.loc[draw.random(ROWS) < 0.1, name] = None
    frame["臂"] = np.where(draw.random(ROWS) < 1 / (1 + np.exp(-x)), "new", "old")
    frame["y"] = x + (frame["臂"] == "old") * (1 + x) + draw.normal(size=ROWS)
    frame.index = pd.Index(draw.permutation(ROWS) * 3, name="row")
    return frame


def toy(name: str) -> Any:
    return recipe(name).toy().but(treatment="臂", outcome="y")


@pytest.fixture(scope="module", params=NAMES)
def fitted(request: pytest.FixtureRequest, few_ways: None) -> tuple[Any, Any, pd.DataFrame, float]:
    settings, frame = toy(request.param), mixed()
    if "steps" in settings.settings():
        settings.but(steps=2).fit(frame)  # torch warms up
    began = time.process_time()
    model = settings.fit(frame, seed=1)
    return settings, model, frame, time.process_time() - began


def test_a_model_has_the_abilities_that_the_index_lists(fitted):
    settings, model, _, seconds = fitted
    assert set(INDEX[settings.method].abilities) | {"save"} == set(abilities(model))
    assert seconds <= SECONDS.get(settings.method, 0.5)


def test_effects_are_finite_one_for_each_row_and_the_difference_of_potential_outcomes(fitted):
    _, model, frame, _ = fitted
    for rows in (frame, frame.head(1), frame.head(0), frame.drop(columns=["臂", "y"])):
        effect, both = model.effect(rows), model.potential(rows)
        assert effect.shape == (len(rows),) and both.shape == (len(rows), 2) and np.isfinite(both).all()
        np.testing.assert_allclose(both[:, 1] - both[:, 0], effect, atol=1e-9)


def test_a_row_has_the_same_effect_in_whatever_company(fitted):
    _, model, frame, _ = fitted
    whole = model.effect(frame)
    np.testing.assert_allclose(model.effect(frame.iloc[[7, 3]]), whole[[7, 3]], rtol=1e-4, atol=1e-5)


def test_the_average_has_an_interval_assumptions_and_overlap(fitted):
    _, model, _, _ = fitted
    average = model.ate()
    assert average.low < average.value < average.high and average.rung == 2 and average.kind == "point"
    assert average.assumptions and average.overlap.rows == ROWS and average.n == ROWS and average.to_json()


def test_the_same_seed_gives_the_same_model_and_nothing_else_is_moved(fitted):
    import torch

    settings, model, frame, _ = fitted
    data = copy.deepcopy(frame)
    before = fingerprint(data), random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    assert settings.fit(data, seed=1).files(with_critic=True) == model.files(with_critic=True)
    after = fingerprint(data), random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    assert before == after


def test_a_saved_model_comes_back_the_same(fitted, tmp_path):
    settings, model, frame, _ = fitted
    model.save(tmp_path / "m")
    again = contrafact.load(tmp_path / "m")
    assert again.recipe == settings and again.ate() == model.ate() and again.files() == model.files()
    np.testing.assert_array_equal(again.effect(frame), model.effect(frame))


def test_a_run_folder_holds_the_model(fitted, tmp_path):
    settings, model, frame, _ = fitted
    kept = settings.fit(frame, seed=1, run_dir=tmp_path / "r")
    assert kept.files() == model.files() == contrafact.load(tmp_path / "r").files()


@pytest.mark.parametrize("name", TRAINED)
def test_stopping_and_resuming_is_one_fit(name, tmp_path):
    settings, frame = toy(name), mixed()
    whole = settings.fit(frame, seed=4)
    parts = settings.training(frame, seed=4, run_dir=tmp_path / "r")
    for progress in parts:
        if progress.step >= 14:
            break
    del parts
    assert settings.fit(frame, seed=4, run_dir=tmp_path / "r").files() == whole.files()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.assign(臂="old"),
        lambda f: f.assign(y=1.0),
        lambda f: f.assign(y=f["y"].where(f["y"] < 1)),
        lambda f: f.head(3),
        lambda f: f[["臂", "y"]],
        lambda f: f.assign(x=1e30 * f["x"]),
        lambda f: f.assign(y=1e-30 * f["y"]),
        lambda f: f.assign(x=np.nan),
        lambda f: f.assign(grade=f["臂"]),
        lambda f: f.rename(columns={"x": "<script>\x1b[31m"}),
    ],
    ids=["one arm", "one outcome", "holes", "few", "bare", "far", "tiny", "empty", "no overlap", "names"],
)
def test_tables_that_hurt_give_a_result_or_a_named_error(name, change):
    settings = toy(name).but(steps=2) if name in TRAINED else toy(name)
    try:
        model = settings.fit(change(mixed()), seed=0)
    except ContrafactError as error:
        assert error.code.startswith(("E2", "E5")) and error.what and error.why and error.fix
        return
    assert np.isfinite(model.effect(change(mixed()))).all() and np.isfinite(model.ate().value)
