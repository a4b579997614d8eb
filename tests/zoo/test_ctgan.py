"""CTGAN: conditions on the column that was named, and what its networks are made of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from contrafact.base.demos import demo
from contrafact.base.errors import UsageError
from contrafact.engine.play import Step
from contrafact.zoo.ctgan import CTGAN

PATIENTS = demo("patients").head(400)
DISCRETE = ("sex", "smoker", "treated", "readmitted")


@pytest.fixture(scope="module")
def model():
    return CTGAN.toy().fit(PATIENTS, seed=0)


@pytest.mark.parametrize("column", DISCRETE)
def test_a_condition_on_any_discrete_column_holds_in_every_row_and_reaches_the_generator_in_its_own_place(
    model, column, monkeypatch
):
    seen = []
    forward = type(model.net).forward
    monkeypatch.setattr(
        type(model.net), "forward", lambda net, noise, given: seen.append(given) or forward(net, noise, given)
    )
    for level in PATIENTS[column].unique():
        seen.clear()
        level = None if pd.isna(level) else level
        drawn = model.sample(50, given={column: level}, seed=1)[column]
        assert drawn.isna().all() if level is None else (drawn == level).all()
        condition = seen[0][0]
        assert (seen[0] == condition).all() and condition.sum() == 1
        # read as a row of one-hots, the condition says the level of the column that was named
        row = torch.zeros(1, model.layout.width)
        row[0, model.layout.scalars + model.levels.where] = condition
        told = model.codec.decode({**model.layout.decode(row)})[column].iloc[0]
        assert pd.isna(told) if level is None else told == level
        place = [p.column for p in model.levels.parts].index(list(PATIENTS).index(column))
        start = model.levels.offsets[place]
        assert condition[start : start + len(model.levels.parts[place].counts)].sum() == 1


def test_a_set_of_levels_is_drawn_by_its_true_shares():
    frame = pd.DataFrame({"a": ["x"] * 60 + ["y"] * 30 + ["z"] * 10, "b": np.arange(100.0) ** 1.5})
    drawn = CTGAN.toy().fit(frame).sample(3000, given={"a": "x|z"}, seed=0)["a"]
    assert set(drawn) == {"x", "z"} and abs((drawn == "x").mean() - 6 / 7) < 0.03


@pytest.mark.parametrize("given", [{"age": 40}, {"age": "30..40"}, {"sex": "male", "treated": 1}])
def test_conditions_that_it_cannot_hold_are_refused(model, given):
    with pytest.raises(UsageError) as caught:
        model.sample(3, given=given)
    assert caught.value.code == "E109" and "loom" in caught.value.fix


def test_a_condition_on_a_column_that_follows_from_another_holds():
    random = np.random.default_rng(0)
    kind = random.integers(0, 4, 300)
    frame = pd.DataFrame({"kind": kind, "name": np.array(["a", "a", "b", "c"])[kind], "x": random.normal(size=300)})
    drawn = CTGAN.toy().fit(frame).sample(60, given={"name": "a"}, seed=0)
    assert set(drawn["name"]) == {"a"} and set(drawn["kind"]) == {0, 1}


def test_tables_of_numbers_alone_and_of_levels_alone_are_learned():
    random = np.random.default_rng(0)
    numbers = pd.DataFrame(random.normal(size=(90, 2)), columns=["a", "b"])
    words = pd.DataFrame({"a": random.choice(["x", "y"], 90), "b": random.choice(["u", "v", "w"], 90)})
    for frame in (numbers, words):
        drawn = CTGAN.toy().fit(frame, seed=0).sample(30, seed=0)
        assert drawn.dtypes.tolist() == frame.dtypes.tolist() and drawn.notna().all().all()
    assert drawn["b"].isin(["u", "v", "w"]).all()


def test_the_generator_is_told_to_meet_conditions_and_learns_what_they_bring():
    random = np.random.default_rng(0)
    a = random.choice(["x", "y"], 600, p=[0.85, 0.15])
    frame = pd.DataFrame({"a": a, "b": np.where(random.random(600) < 0.95, a, "x"), "c": random.normal(size=600)})
    model = CTGAN(steps=160, batch=200, width=32, latent_size=8, rate=2e-3).fit(frame, seed=0)
    shares = [(model.sample(500, given={"a": level}, seed=0)["b"] == "y").mean() for level in "xy"]
    assert shares[1] - shares[0] > 0.5


def test_critic_and_generator_have_the_shapes_of_the_paper():
    training = CTGAN().training(PATIENTS)
    game, width = training.begin(1), 0
    width = game.generator.layout.width
    levels = game.levels.width
    assert [layer.out_features for layer in game.generator.layers] == [256, 256]
    assert [layer.in_features for layer in game.generator.layers] == [128 + levels, 128 + levels + 256]
    assert game.generator.last.in_features == 128 + levels + 512 and game.generator.last.out_features == width
    assert game.critic.layers[0].in_features == 10 * (width + levels) and game.critic.dropout.p == 0.5
    assert training.method.batch == 500 and training.method.steps == 300
    step = Step(number=0, total=1, generator=torch.Generator().manual_seed(0))
    made, _ = game.make(torch.zeros(20, levels), step)
    assert game.packed(made, torch.zeros(20, levels)).shape == (2, 10 * (width + levels))


def test_steps_are_300_times_over_the_rows_and_20_000_at_most():
    frame = pd.concat([PATIENTS] * 100, ignore_index=True)
    assert CTGAN().training(frame.head(5000)).method.steps == 3000
    assert CTGAN().training(frame).method.steps == 20_000
