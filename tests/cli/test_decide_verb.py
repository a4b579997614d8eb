"""contrafact decide: a rule, its value and its refusals, for people and for pipes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from contrafact.causal.learners import arms

GRAPH = "age -> drug; age -> y; drug -> y"


@pytest.fixture(autouse=True)
def few_ways(monkeypatch):
    """Learn each arm in two ways only, which is quick."""
    monkeypatch.setattr(arms, "ways", lambda t, y: ["line", "trees"])


@pytest.fixture
def table(tmp_path):
    random = np.random.default_rng(0)
    age = random.uniform(20, 80, 160)
    drug = (random.random(160) < 0.5).astype(int)
    y = np.where(age > 50, 2.0, -2.0) * drug + 0.3 * random.normal(size=160)
    path = tmp_path / "t.csv"
    pd.DataFrame({"age": age, "drug": drug, "y": y}).to_csv(path, index=False)
    return path


def test_a_decision_is_one_screen_and_a_file(say, table, tmp_path):
    out = tmp_path / "decided.csv"
    said = say("decide", table, "-t", "drug", "-y", "y", "--graph", GRAPH, "--cost", "0.5", "--method", "t", "-o", out)
    assert said.status == 0 and said.out.startswith("Treat by the rule") and "treat: age > " in said.out
    assert "value_treat_none" in said.out and "assumes" in said.out
    written = pd.read_csv(out)
    assert written.columns.tolist() == ["age", "drug", "y", "effect", "treat", "treat_short_rule"]
    assert (written["treat"] == (written["age"] > 50)).mean() > 0.9


def test_json_holds_the_scores_and_the_rule(say, table):
    told = say("decide", table, "-t", "drug", "-y", "y", "--graph", GRAPH, "--method", "t", "--json").json
    assert told["scores"]["gain_rule_over_treat_all"]["low"] > 0 and told["rule"] and told["covariates"] == ["age"]
    assert told["command"] == "decide" and told["error"] is None and told["assumptions"]


def test_a_refusal_ends_with_three(say, table):
    said = say("decide", table, "-t", "drug", "-y", "y", "--graph", "drug -> y; drug <-> y", "--json")
    assert said.status == 3 and said.json["error"]["code"] == "E510"


def test_without_a_graph_the_assumption_is_a_warning(say, table):
    said = say("decide", table, "-t", "drug", "-y", "y", "--method", "t", "--json").json
    assert any("No graph was given" in each["message"] for each in said["warnings"])


def test_inputs_are_never_overwritten_and_slips_are_named(say, table):
    assert say("decide", table, "-t", "drug", "-y", "y", "-o", table).status == 2
    assert say("decide", table, "-t", "drug", "-y", "y", "-o", "x.json").status == 2
    said = say("decide", table, "-t", "durg", "-y", "y", "--method", "t")
    assert said.status == 2 and "Did you mean drug" in said.err
