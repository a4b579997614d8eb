"""contrafact identify: a verdict, a formula or a refusal, for people and for pipes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

BACK_DOOR = "age -> statin; age -> ldl; statin -> ldl; doctor -> statin"


def test_an_identifiable_question_is_answered_on_one_screen(say):
    said = say("identify", BACK_DOOR, "ATE(statin, ldl)")
    assert said.status == 0 and said.out.startswith("ATE(statin, ldl): IDENTIFIABLE by adjustment for {age}.")
    assert "[Σ_age E[ldl | statin=1, age] P(age)]" in said.out and "age ⟂ doctor" in said.out
    assert "instruments  doctor" in said.out and "steps of proof: --steps" in said.out


def test_the_derivation_is_shown_when_asked_for(say):
    said = say("identify", BACK_DOOR, "P(ldl | do(statin))", "--steps")
    assert "rule 2: ldl ⟂ statin | age in the graph without arrows out of statin" in said.out


def test_the_worked_example_of_the_documents_is_what_the_program_prints(say):
    page = (Path(__file__).parents[2] / "docs" / "causal.md").read_text(encoding="utf-8")
    command, printed = re.search(r"```\n\$ contrafact (identify .*?)\n(.*?)```", page, re.DOTALL).groups()
    assert say(*shlex.split(command)).out == printed


def test_a_refusal_ends_with_three_and_says_why_and_what_would_help(say):
    said = say("identify", "doctor -> statin -> ldl; statin <-> ldl", "P(ldl | do(statin))")
    assert said.status == 3 and "NOT IDENTIFIABLE. No amount of these data can settle it." in said.out
    assert "statin <-> ldl" in said.out and "a trial that sets statin at random" in said.out
    assert "doctor is an instrument" in said.out and "bounds" in said.out and not said.err


def test_json_has_the_fields_of_the_contract(say):
    told = say("identify", BACK_DOOR, "P(ldl | do(statin))", "--json").json
    assert told["command"] == "identify" and told["identifiable"] is True and told["error"] is None
    assert told["strategy"] == "adjustment" and told["expression"] == "Σ_age P(ldl | statin, age) P(age)"
    assert told["latex"].startswith(r"\sum") and told["why"] and told["adjustment_sets"] == [["age"]]
    said = say("identify", "X -> Y; X <-> Y", "P(Y | do(X))", "--json")
    assert said.status == 3 and said.json["identifiable"] is False and said.json["expression"] == ""
    assert said.json["error"]["code"] == "E510" and "share a hidden cause" in said.json["why"]


def test_experiments_may_be_named(say):
    words = ("identify", "X -> Y; X <-> Y", "P(Y | do(X))")
    assert say(*words).status == 3 and say(*words, "--experiment", "X").status == 0
    assert say(*words, "--experiment", "X", "--no-observations").status == 0
    assert say(*words, "--experiment", "Y").status == 3


def test_a_file_in_any_format_is_read(say, tmp_path):
    (tmp_path / "dag.txt").write_text("dag { X -> Y\n Z -> X\n Z -> Y }", encoding="utf-8")
    assert "{Z}" in say("identify", tmp_path / "dag.txt", "P(Y | do(X))").out
    (tmp_path / "plain").write_text("年龄 -> 血压", encoding="utf-8")
    assert say("identify", tmp_path / "plain", "P(血压 | do(年龄))").status == 0


@pytest.mark.parametrize(
    ("graph", "query", "status", "says"),
    [
        ("X -> Y -> X", "P(Y | do(X))", 65, "cycle: X -> Y -> X"),
        ("X -> Y", "P(Y | do(x))", 2, "Did you mean X?"),
        ("X -> Y", "ATE(Y, Y)", 2, "treatment and outcome"),
        ("X -> Y", "P(Y | do(X)", 2, "too early"),
        ("", "P(Y | do(X))", 2, "empty"),
        ("nowhere.txt", "P(Y)", 2, "no file 'nowhere.txt'"),
        ("X -- Y", "P(Y)", 65, "without a known direction"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_three_lines(say, graph, query, status, says):
    said = say("identify", graph, query)
    assert said.status == status and says in said.err and said.err.count("\n") == 3 and not said.out
    assert say("identify", graph, query, "--json").json["error"]["code"].startswith("E5") or "nowhere" in graph
