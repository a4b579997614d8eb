"""Decisions: the graph first, then a rule that is held to rows it has not seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from contrafact.base.errors import ContrafactError, NotIdentifiable
from contrafact.causal.learners import arms
from contrafact.tasks.decide import DecisionWarning, columns_for, decide

GRAPH = "年齡 -> drug; 年齡 -> y; kin -> y; drug -> y; drug -> after; y -> after"


def trial(rows: int = 300, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(seed)
    age, kin = random.uniform(20, 80, rows), random.choice(["a", "b"], rows)
    drug = random.random(rows) < 1 / (1 + np.exp(-(age - 50) / 15))
    effect = np.where(age > 50, 2.0, -2.0)
    y = 0.05 * age + effect * drug + 0.5 * random.normal(size=rows)
    frame = pd.DataFrame({"年齡": age, "kin": kin, "drug": np.where(drug, "yes", "no"), "y": y})
    return frame.assign(after=y + drug), effect


@pytest.fixture(scope="module", autouse=True)
def few_ways():
    """Learn each arm in two ways only, which is quick."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arms, "ways", lambda t, y: ["line", "trees"])
        yield


@pytest.fixture(scope="module")
def found(few_ways):
    return decide(trial()[0], "drug", "y", GRAPH, cost=0.5, method="t")


def test_the_rule_treats_those_whom_it_helps_and_is_worth_what_it_is_said_to_be(found):
    frame, effect = trial()
    assert ((effect > 0.5) == found.decisions["treat"]).mean() > 0.93
    true = (0.05 * frame["年齡"] + np.where(found.decisions["treat"], effect - 0.5, 0)).mean()
    value = found.scores["value_rule"]
    assert value.low < true < value.high and value.n == 300
    assert found.verdict.startswith("Treat by the rule")
    gain = found.scores["gain_rule_over_treat_none"]
    none = found.scores["value_treat_none"]
    assert gain.value == pytest.approx(value.value - none.value)


def test_the_short_rule_can_be_read_and_its_agreement_is_said(found):
    assert any(line.startswith("treat: 年齡 > ") for line in found.rule) and found.agreement > 0.9
    assert "short rule treats" in str(found) and "assumes" in str(found)


def test_new_rows_are_decided_on(found):
    new = pd.DataFrame({"年齡": [25.0, 75.0], "kin": ["a", "b"]})
    assert found.decide(new).tolist() == [False, True]


def test_only_columns_before_the_treatment_are_read(found):
    assert found.covariates == ("年齡", "kin") and any("after" in note for note in found.notes)
    assert not any("No graph" in each for each in found.assumptions)


def test_where_less_is_better_the_rule_turns_round():
    frame, effect = trial()
    found = decide(frame, "drug", "y", GRAPH, better="lower", method="t")
    assert ((effect < 0) == found.decisions["treat"]).mean() > 0.93
    assert found.scores["value_rule"].better == "lower" and found.scores["gain_rule_over_treat_all"].low > 0


def test_where_everybody_gains_the_same_no_gain_is_claimed():
    random = np.random.default_rng(1)
    frame = pd.DataFrame(random.normal(size=(200, 2)), columns=["a", "b"])
    frame["t"] = (random.random(200) < 0.5).astype(int)
    frame["y"] = frame["a"] + 2 * frame["t"] + random.normal(size=200)
    found = decide(frame, "t", "y", "a -> y; b -> y; t -> y", method="dr")
    assert found.verdict.startswith("Treat all: no visible gain") and found.treated == 1
    assert found.rule == ("treat: always   (100% of the rows)",)


def test_what_the_graph_cannot_answer_is_refused_with_its_reason():
    with pytest.raises(NotIdentifiable, match="hidden cause") as caught:
        decide(trial()[0], "drug", "y", "drug -> y; drug <-> y")
    assert caught.value.exit_status == 3 and caught.value.code == "E510"
    front = pd.DataFrame({"x": [0, 1] * 20, "m": [0, 1, 1, 0] * 10, "y": np.arange(40.0)})
    with pytest.raises(NotIdentifiable, match="cannot be had by adjustment") as caught:
        decide(front, "x", "y", "x -> m -> y; x <-> y")
    assert caught.value.code == "E579"
    with pytest.raises(NotIdentifiable, match="no values of 年齡") as caught:
        decide(trial()[0].drop(columns="年齡"), "drug", "y", GRAPH)


def test_a_collider_is_left_out_where_reading_it_would_open_a_path():
    graph = "u1 -> m; u2 -> m; u1 -> t; u2 -> y; t -> y; c -> t; c -> y; u1 [latent]; u2 [latent]"
    frame = pd.DataFrame(columns=["m", "c", "t", "y"])
    assert columns_for(frame, "t", "y", graph)[0] == ("c",)


def test_without_a_graph_that_is_said_aloud():
    with pytest.warns(DecisionWarning, match="No graph"):
        found = decide(trial(80)[0].drop(columns="after"), "drug", "y", method="t")
    assert found.assumptions[0].startswith("No graph") and found.covariates == ("年齡", "kin")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"cost": np.nan}, "E579"),
        ({"cost": "free"}, "E579"),
        ({"better": "more"}, "E579"),
        ({"method": "tarnett"}, "E578"),
        ({"treatment": "durg"}, "E507"),
        ({"outcome": "drug"}, "E509"),
        ({"graph": "drug -> y -> drug"}, "E502"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(change, code):
    given = {"treatment": "drug", "outcome": "y", "graph": GRAPH, "method": "t", **change}
    with pytest.raises(ContrafactError) as caught:
        decide(trial(60)[0], **given)
    assert caught.value.code == code and caught.value.fix


def test_the_record_goes_to_json(found):
    told = found.to_json()
    assert told["covariates"] == ["年齡", "kin"] and told["average"]["value"] == found.average.value
