"""Trees in turn."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

import contrafact
from contrafact.base.errors import UsageError
from contrafact.zoo import ICE, Forest

QUICK = Forest(rounds=2, trees=30, leaves=8)


def bent(rows: int = 800, seed: int = 0) -> pd.DataFrame:
    """Make columns that depend on each other in no straight line."""
    draw = np.random.default_rng(seed)
    x, side = draw.uniform(-2, 2, rows), draw.choice(["+", "-"], rows)
    y = np.where(side == "+", x**2, -(x**2)) + 0.1 * draw.normal(size=rows)
    return pd.DataFrame({"x": x, "y": y, "side": side})


def test_trees_see_what_lines_do_not():
    truth = bent()
    frame = truth.copy()
    frame.loc[::4, "y"] = None
    frame.loc[1::4, "side"] = None
    trees, lines = (recipe.fit(frame, seed=0).impute(frame) for recipe in (QUICK, ICE()))
    errors = [float(((made["y"] - truth["y"])[::4] ** 2).mean() ** 0.5) for made in (trees, lines)]
    assert errors[0] < 0.5 * errors[1]
    assert (trees["side"] == truth["side"])[1::4].mean() > 0.85


def test_draws_miss_by_what_the_trees_leave():
    truth = bent()
    frame = truth.copy()
    frame.loc[::4, "y"] = None
    model = QUICK.fit(frame, seed=0)
    best, made = model.impute(frame), model.impute(frame, draws=1, seed=0)[0]
    missed = float(((best["y"] - truth["y"])[::4] ** 2).mean() ** 0.5)
    assert (made["y"] - best["y"])[::4].std() == pytest.approx(missed, rel=0.5)


def test_trees_are_saved_as_text_and_nothing_else(tmp_path):
    frame = bent(200)
    frame.loc[::5, "x"] = None
    QUICK.fit(frame).save(tmp_path / "m")
    arrays = contrafact.load(tmp_path / "m").arrays()
    texts = [array.tobytes().decode() for name, array in arrays.items() if name.startswith("trees/")]
    assert len(texts) == 3 and all(text.startswith("tree\nversion=") for text in texts)


def test_without_its_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(UsageError, match=r"contrafact\[trees\]") as caught:
        Forest.toy().fit(bent(50))
    assert caught.value.code == "E111"
