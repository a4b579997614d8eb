import numpy as np
import pytest

from contrafact.base.data import Data
from contrafact.base.demos import changes
from contrafact.base.errors import UsageError
from contrafact.zoo.lstm import LSTM


@pytest.fixture(scope="module")
def alternating():
    lines = ["a b a b a b", "b a b a b a"] * 30
    return LSTM(steps=80, width=12, batch=16, unit="word", rate=0.03).fit(lines, seed=0)


def test_what_always_follows_is_learned(alternating):
    told = alternating.log_prob(["a b a b a b", "a a a a a a"])
    assert told[0] > -2 and told[1] < -6
    assert set(alternating.sample(20, seed=0)) <= {"a b a b a b", "b a b a b a"} | set(alternating.sample(20, seed=0))
    drawn = alternating.sample(40, given={"temperature": 0.3}, seed=1)
    assert np.mean([line in ("a b a b a b", "b a b a b a") for line in drawn]) > 0.9


def test_a_prefix_begins_every_line(alternating):
    assert all(line.startswith("b a") for line in alternating.sample(10, given={"prefix": "b a"}, seed=0))


def test_lines_of_another_length_are_impossible_where_all_have_one(alternating):
    assert alternating.log_prob(["a b a"]).tolist() == [-np.inf]


@pytest.mark.parametrize("value", ["hot", 0, -1, "inf"])
def test_a_temperature_that_is_none_is_refused(alternating, value):
    with pytest.raises(UsageError) as caught:
        alternating.sample(1, given={"temperature": value})
    assert caught.value.code == "E645"


def test_a_temperature_of_the_recipe_is_that_of_every_sample(alternating):
    asked = alternating.sample(30, given={"temperature": 0.2}, seed=3)
    own = type(alternating)(alternating.recipe.but(temperature=0.2), alternating.codec, alternating.generator)
    assert own.sample(30, seed=3) == asked


def test_classes_are_asked_for_by_name_and_drawn_as_often_as_they_come():
    lines, labels = ["yes yes no"] * 30 + ["no no yes"] * 90, np.array(["glad"] * 30 + ["sad"] * 90)
    data = Data(kind="text", items=lines, labels=labels)
    model = LSTM(steps=80, width=12, batch=16, unit="word", rate=0.03).fit(data, seed=0)
    glad = model.sample(60, given={"class": "glad"}, seed=0)
    assert np.mean([line == "yes yes no" for line in glad.items]) > 0.9 and set(glad.labels) == {"glad"}
    assert np.mean(model.sample(1000, seed=0).labels == "sad") == pytest.approx(0.75, abs=0.06)
    told = [model.log_prob(Data(kind="text", items=lines[:1], labels=np.array([name])))[0] for name in ("glad", "sad")]
    assert model.log_prob(lines[:1])[0] == pytest.approx(
        np.log(0.25 * np.exp(told[0]) + 0.75 * np.exp(told[1])), abs=1e-4
    )
    mixed = model.sample(4, given={"class": ["glad", "sad"]}, seed=0)
    assert mixed.labels.tolist() == ["glad", "sad"] * 2
    with pytest.raises(UsageError):
        model.sample(1, given={"class": "gald"})


def test_the_model_handed_out_is_the_one_that_held_out_lines_surprised_least():
    training = LSTM(steps=60, width=12, batch=16, rate=0.1).training(changes(60), seed=0)
    scores = [progress.row["score"] for progress in training if "score" in progress.row]
    held = training.model.surprise(training.held).sum()
    symbols = np.minimum(training.held["lengths"] + 1, training.held["codes"].shape[1]).sum()
    assert training.memory.best_score == pytest.approx(max(scores))
    assert 1 - held / symbols / np.log(training.model.lines.outputs) == pytest.approx(max(scores), abs=1e-4)
