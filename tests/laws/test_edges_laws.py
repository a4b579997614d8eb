"""What every method that looks for arrows must hold to."""

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
from contrafact.base.demos import demo
from contrafact.base.errors import ContrafactError
from contrafact.zoo.index import INDEX, recipe

NAMES = [entry.name for entry in INDEX.values() if "edges" in entry.abilities]
TOY_SECONDS = 0.5


def rows() -> pd.DataFrame:
    return demo("patients").dropna().head(200)


@pytest.fixture(scope="module", params=NAMES)
def fitted(request: pytest.FixtureRequest) -> tuple[Any, Any]:
    settings = recipe(request.param).toy()
    return settings, settings.fit(rows(), seed=1)


def test_a_model_has_the_abilities_that_the_index_lists(fitted):
    settings, model = fitted
    assert set(INDEX[settings.method].abilities) | {"save"} == set(abilities(model))


def test_every_ordered_pair_of_variables_has_a_confidence(fitted):
    _, model = fitted
    edges = model.edges()
    count = len(model.codec.names)
    assert list(edges.columns) == ["source", "target", "confidence"] and len(edges) == count * (count - 1)
    assert edges["confidence"].between(0, 1).all() and edges["confidence"].is_monotonic_decreasing
    assert set(edges["source"]) == set(model.codec.names) <= set(rows().columns)


def test_the_same_seed_gives_the_same_model_and_another_seed_another(fitted):
    settings, model = fitted
    assert settings.fit(rows(), seed=1).files(with_critic=True) == model.files(with_critic=True)
    if settings.method == "sam":
        assert not settings.fit(rows(), seed=2).edges().equals(model.edges())


def test_fitting_leaves_the_input_and_the_global_randomness_alone(fitted):
    import torch

    settings, _ = fitted
    data = copy.deepcopy(rows())
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    settings.but(steps=4).fit(data, seed=3)
    assert before == (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())
    pd.testing.assert_frame_equal(data, rows())


def test_toy_settings_fit_in_a_blink(fitted):
    settings, _ = fitted
    began = time.process_time()
    settings.fit(rows(), seed=1)
    assert time.process_time() - began <= TOY_SECONDS


def test_a_saved_model_comes_back_the_same(fitted, tmp_path):
    _, model = fitted
    model.save(tmp_path / "m")
    again = contrafact.load(tmp_path / "m")
    assert again.edges().equals(model.edges()) and again.recipe == model.recipe
    assert again.files() == model.files() and again.graph(0.3) == model.graph(0.3)


def test_stopping_and_resuming_is_one_fit(fitted, tmp_path):
    settings, model = fitted
    parts = settings.training(rows(), seed=1, run_dir=tmp_path / "r")
    for progress in parts:
        if progress.step >= 14:
            break
    del parts
    resumed = settings.fit(rows(), seed=1, run_dir=tmp_path / "r")
    assert resumed.files(with_critic=True) == model.files(with_critic=True)
    assert contrafact.load(tmp_path / "r").edges().equals(model.edges())


POINTS = np.random.default_rng(0).normal(size=(50, 3))
CASES: dict[str, Any] = {
    "nothing": None,
    "one row": pd.DataFrame(POINTS[:1]),
    "no rows": pd.DataFrame(POINTS[:0]),
    "one column": pd.DataFrame(POINTS[:, :1]),
    "constants": pd.DataFrame(np.ones((50, 3))),
    "one column that varies": pd.DataFrame({"a": POINTS[:, 0], "b": 1.0, "c": "x"}),
    "all missing": pd.DataFrame(np.full((50, 3), np.nan)),
    "a column of holes": pd.DataFrame({"a": POINTS[:, 0], "b": POINTS[:, 1], "c": np.nan}),
    "a hole in each row": pd.DataFrame(np.where(np.eye(50, 3) + np.eye(50, 3)[::-1] > 0, np.nan, POINTS)),
    "only holes between": pd.DataFrame(np.where(np.arange(50)[:, None] % 2 == [0, 1, 1], np.nan, POINTS)),
    "infinite": pd.DataFrame(np.where(np.eye(50, 3) > 0, np.inf, POINTS)),
    "copies": pd.DataFrame({"a": POINTS[:, 0], "b": POINTS[:, 0], "c": POINTS[:, 1]}),
    "1e100": pd.DataFrame(1e100 * POINTS),
    "1e-300": pd.DataFrame(1e-300 * POINTS),
    "far from zero": pd.DataFrame(1e15 + POINTS),
    "numbers for names": pd.DataFrame(POINTS, columns=[3, 1, 2]),
    "Chinese": pd.DataFrame(POINTS, columns=["年龄", "血 压", "<b>"]),
    "dates and levels": pd.DataFrame(
        {"when": pd.date_range("2020", periods=50), "who": ["x", "y", "z", "x", "y"] * 10, "ok": POINTS[:, 0] > 0}
    ),
    "keys and text": pd.DataFrame({"id": range(50), "a": POINTS[:, 0], "b": POINTS[:, 1]}),
    "one outlier": pd.DataFrame(np.vstack([POINTS, [[1e30, 0, 0]]])),
    "columns of one name": pd.DataFrame(POINTS, columns=["a", "a", "b"]),
    "an array": POINTS,
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", CASES)
def test_tables_that_hurt_give_edges_or_a_named_error(name, case):
    try:
        model = recipe(name).toy().but(steps=3).fit(CASES[case], seed=0)
    except ContrafactError as error:
        assert error.code.startswith(("E2", "E5")) and error.what and error.why and error.fix
        assert case not in ("Chinese", "copies", "an array", "numbers for names", "dates and levels", "keys and text")
        return
    assert np.isfinite(model.edges()["confidence"]).all() and len(model.edges()) >= 2
    model.files()
