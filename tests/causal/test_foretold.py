"""Averages of networks across folds: nobody is asked about rows that it learned from."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import contrafact
from contrafact.base.errors import UsageError
from contrafact.causal.foretold import NOT_CROSSED, crossed
from contrafact.codecs.treated import TreatedCodec
from contrafact.zoo import CFR, GANITE, TARNet


def trial(rows: int = 120) -> pd.DataFrame:
    random = np.random.default_rng(3)
    x = random.normal(size=rows)
    t = (random.random(rows) < 1 / (1 + np.exp(-x))).astype(int)
    return pd.DataFrame({"x": x, "t": t, "y": x + 2 * t + random.normal(size=rows)})


class Memoriser:
    """Knows by heart what it was fitted to, and answers 1,000 to anything else."""

    method = "memoriser"

    def __init__(self) -> None:
        self.seen: list[pd.DataFrame] = []

    def fit(self, data, *, seed, budget):
        self.seen.append(data)
        known = dict(zip(data["x"], data["y"], strict=True))
        return SimpleNamespace(potential=lambda asked: np.array([[known.get(x, 1000.0)] * 2 for x in asked["x"]]))


@pytest.mark.parametrize("folds", [2, 3])
def test_no_network_is_asked_about_rows_that_it_learned_from(folds):
    frame, recipe = trial(), Memoriser()
    codec = TreatedCodec.fit(frame, treatment="t", outcome="y")
    model = crossed(SimpleNamespace(codec=codec, recipe=recipe, net=None), frame, folds=folds, seed=0)
    assert len(recipe.seen) == folds and all(len(rows) <= len(frame) * (1 - 1 / folds) + 2 for rows in recipe.seen)
    held = pd.concat([frame.drop(rows.index) for rows in recipe.seen])
    assert sorted(held.index) == list(frame.index)  # each row is held out once
    # Had they known the rows, each score would be an outcome, and the error of a mean about .1.
    assert (np.sqrt(np.diag(model.means.covariance)) > 20).all() and model.crossed


@pytest.mark.parametrize("recipe", [TARNet.toy(), CFR.toy(), GANITE.toy()], ids=lambda recipe: recipe.method)
def test_a_crossed_average_says_so_and_is_kept(recipe, tmp_path):
    frame = trial()
    once = contrafact.cate(frame[["x"]], frame["t"], frame["y"], method=recipe, folds=1)
    model = contrafact.cate(frame[["x"]], frame["t"], frame["y"], method=recipe)
    assert once.ate().notes == NOT_CROSSED and model.ate().notes == ()
    np.testing.assert_array_equal(once.effect(frame[["x"]]), model.effect(frame[["x"]]))  # the same network answers
    assert once.ate().value != model.ate().value
    model.save(tmp_path / "model")
    again = contrafact.load(tmp_path / "model")
    assert again.ate() == model.ate()
    once.save(tmp_path / "once")
    assert contrafact.load(tmp_path / "once").ate().notes == NOT_CROSSED


def test_arms_of_few_rows_are_not_crossed_and_it_is_said():
    frame = trial(40)
    few = frame.assign(t=(np.arange(40) < 7).astype(int))
    assert contrafact.cate(few[["x"]], few["t"], few["y"], method=TARNet.toy()).ate().notes == NOT_CROSSED


def test_folds_share_the_budget_and_fewer_than_one_are_refused(monkeypatch):
    told = []
    whole = TARNet.fit
    monkeypatch.setattr(TARNet, "fit", lambda self, data, **kw: told.append(kw["budget"]) or whole(self, data, **kw))
    frame = trial()
    contrafact.cate(frame[["x"]], frame["t"], frame["y"], method=TARNet.toy(), budget="3s", folds=2)
    assert told == ["1.000s"] * 3
    with pytest.raises(UsageError, match="0 folds"):
        contrafact.cate(frame[["x"]], frame["t"], frame["y"], folds=0)
