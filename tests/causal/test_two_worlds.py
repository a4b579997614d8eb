"""Two worlds: each reproduces the data, each is a model that can be drawn from, and they answer differently."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from named import REFUSED
from oracles import Tables

from contrafact.base.errors import UsageError
from contrafact.causal.bounds import bounded
from contrafact.causal.graph import Graph
from contrafact.causal.two_worlds import g_test, two_worlds
from contrafact.report.worlds import world_figures

BOW, INSTRUMENT = "X -> Y; X <-> Y", "Z -> X -> Y; X <-> Y"


def rows(text: str, n: int = 600, seed: int = 0) -> pd.DataFrame:
    law = Tables(Graph(text), np.random.default_rng([60, seed])).series()
    drawn = np.random.default_rng([61, seed]).choice(len(law), n, p=law.to_numpy() / law.sum())
    return law.index.to_frame(index=False).iloc[drawn].reset_index(drop=True)


@pytest.mark.parametrize("text", [BOW, INSTRUMENT, "X -> Z -> Y; X <-> Z", "Z -> X; Z -> Y; X -> Y; X <-> Y"])
def test_both_worlds_show_the_table_and_answer_with_the_ends_of_the_bounds(text):
    frame = rows(text)
    worlds, effect = two_worlds(frame, text, "ATE(X, Y)"), bounded(frame, text, "ATE(X, Y)", draws=2)
    assert (worlds.a.answer, worlds.b.answer) == pytest.approx((effect.low, effect.high))
    assert worlds.apart < 1e-9 and min(worlds.a.p, worlds.b.p) > 0.01
    for world in (worlds.a, worlds.b):
        done = [world.model.do({"X": x}).joint(world.levels).margin(["Y"])[1] for x in (1, 0)]
        assert done[0] - done[1] == pytest.approx(world.answer, abs=1e-9)


def test_rows_drawn_from_a_world_follow_its_law_and_its_answer():
    frame = rows(INSTRUMENT)
    world = two_worlds(frame, INSTRUMENT, "ATE(X, Y)").a
    drawn = world.sample(20_000, seed=1)
    assert list(drawn.columns) == ["Z", "X", "Y"]
    seen, made = (f.value_counts(normalize=True).sort_index() for f in (frame, drawn))
    assert (seen - made).abs().max() < 0.02
    effects = [world.sample(20_000, do={"X": x}, seed=2)["Y"].mean() for x in (1, 0)]
    assert effects[0] - effects[1] == pytest.approx(world.answer, abs=0.02)
    pd.testing.assert_frame_equal(world.sample(5, seed=1), drawn.head(5))


def test_where_hidden_causes_are_shared_in_part_two_fitted_models_are_shown():
    text = REFUSED["double bow"][0]
    worlds = two_worlds(rows(text, 2000), text, "ATE(X, Y)")
    assert worlds.a.answer < worlds.b.answer and worlds.apart < 0.01
    assert any("farthest apart" in note for note in worlds.notes)


def test_the_test_of_fit_knows_a_bad_model_from_a_good_one():
    counts = np.array([[30.0, 20.0], [10.0, 40.0]])
    assert g_test(counts, counts / 100, 3) == (0.0, 0, 1.0)
    alone = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / 100**2
    statistic, freedom, p = g_test(counts, alone, 2)
    expected = 2 * (counts * np.log(counts / (100 * alone))).sum()
    assert statistic == pytest.approx(expected) and freedom == 1 and p < 0.001


def test_a_question_with_one_answer_has_no_two_worlds():
    with pytest.raises(UsageError, match="no two worlds") as caught:
        two_worlds(rows("Z -> X; Z -> Y; X -> Y"), "Z -> X; Z -> Y; X -> Y", "ATE(X, Y)")
    assert caught.value.code == "E546"


def test_the_record_is_json_words_and_pictures():
    frame = rows(BOW).rename(columns={"X": "药", "Y": "好"})
    worlds = two_worlds(frame, "药 -> 好; 药 <-> 好", "ATE(药, 好)")
    told = json.loads(json.dumps(worlds.to_json()))
    assert [world["name"] for world in told["worlds"]] == ["A", "B"]
    assert "both reproduce your table (fit p = 1.00 / 1.00)" in worlds.words
    assert any("a trial that sets 药 at random of about" in each for each in worlds.settle)
    figures = world_figures(worlds)
    assert len(figures) == 2 and all(figure.png()[:4] == b"\x89PNG" for figure in figures)
    assert figures[0].to_json()["drawing"]["kind"] == "scatter"


def test_a_number_as_an_outcome_is_a_coin_in_both_worlds():
    random = np.random.default_rng(2)
    x = random.integers(0, 2, 200)
    worlds = two_worlds(pd.DataFrame({"X": x, "Y": random.normal(x, 1)}), BOW, "ATE(X, Y)")
    assert any("is -" in note and "only" in note for note in worlds.notes)
    assert worlds.b.answer - worlds.a.answer > 4
