"""contrafact effect: five steps on a screen, one JSON object, one page; a refusal ends with 3."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

GRAPH = "age -> statin; bmi -> statin; age -> ldl; bmi -> ldl; statin -> ldl; doctor -> statin"


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    random = np.random.default_rng(0)
    age, bmi, doctor = random.normal(55, 9, 400), random.normal(27, 4, 400), random.integers(0, 2, 400)
    statin = (random.random(400) < 1 / (1 + np.exp(-0.06 * (age - 55) - doctor + 0.5))).astype(int)
    ldl = 3 + 0.02 * (age - 55) + 0.05 * (bmi - 27) - 0.8 * statin + random.normal(0, 0.6, 400)
    path = tmp_path_factory.mktemp("trial") / "trial.csv"
    frame = pd.DataFrame({"age": age, "bmi": bmi, "doctor": doctor, "statin": statin, "ldl": ldl})
    frame.round(3).to_csv(path, index=False)
    return path


def test_five_steps_stand_on_one_screen(say, trial):
    said = say("effect", trial, "-t", "statin", "-y", "ldl", "--graph", GRAPH, "--challenge")
    assert said.status == 0 and "1 IDENTIFY   ATE(statin, ldl): IDENTIFIABLE by adjustment for {age, bmi}." in said.out
    for step in ("2 OVERLAP", "3 ESTIMATE   ATE(statin, ldl) = -", "4 CHALLENGE  placebo PASS", "5 HIDDEN CAUSE"):
        assert step in said.out
    assert "4 methods lie within" in said.out and "assumes      The graph is right" in said.out


def test_json_has_the_fields_of_the_contract(say, trial):
    told = say("effect", trial, "-t", "statin", "-y", "ldl", "--graph", GRAPH, "--json").json
    assert told["command"] == "effect" and told["kind"] == "point" and told["rung"] == 2 and told["error"] is None
    assert (
        told["low"] < told["value"] < told["high"]
        and 0 < told["standard_error"] < 1
        and told["assumptions"]
        and told["identified"]["identifiable"]
    )


def test_a_refusal_ends_with_three_with_bounds_and_two_worlds(say, trial):
    words = ("effect", trial, "-t", "statin", "-y", "ldl", "--graph", "doctor -> statin -> ldl; statin <-> ldl")
    said = say(*words)
    assert said.status == 3 and "NOT IDENTIFIABLE. No amount of this data can settle it." in said.out
    assert "bounds [" in said.out and "a trial that sets statin at random" in said.out and "World A" in said.out
    told = say(*words, "--json").json
    assert told["value"] is None and told["kind"] == "bounds" and told["low"] < told["high"]
    assert told["error"]["code"] == "E510"
    assert say(*words, "--method", "instrument").status == 0


def test_without_a_graph_a_note_says_what_is_taken_on_trust(say, trial):
    said = say("effect", trial, "-t", "statin", "-y", "ldl")
    assert said.status == 0 and "TAKEN ON TRUST" in said.out and "No graph was given" in said.err
    told = say("effect", trial, "-t", "statin", "-y", "ldl", "--json").json
    assert any("No graph" in warning["message"] for warning in told["warnings"])


def test_given_low_high_and_quantile_are_options(say, trial):
    words = ("effect", trial, "-t", "statin", "-y", "ldl")
    assert "{age, bmi}" in say(*words, "--given", "age, bmi").out
    assert "0.5-quantile" in say(*words, "--given", "age", "--quantile", "0.5").out
    said = say(*words, "--graph", GRAPH, "--query", "ATT(statin, ldl)")
    assert "ATT(statin, ldl)" in said.out and say(*words, "--graph", GRAPH, "--low", "1", "--high", "0").status == 0


def test_the_page_is_one_offline_file_with_graph_proof_and_words_to_copy(say, trial, tmp_path):
    out = tmp_path / "effect.html"
    said = say("effect", trial, "-t", "statin", "-y", "ldl", "--graph", GRAPH, "-o", out)
    page = out.read_text(encoding="utf-8")
    assert said.status == 0 and str(out) in said.out and "http" not in page.replace("http-equiv", "")
    for part in (
        "<svg",
        "The proof",
        "rule 2",
        "Who is compared with whom",
        "4 methods lie",
        "placebo",
        "@article{robins1994",
    ):
        assert part in page, part
    assert "data:image/png" in page and "(Robins et al., 1994)" in page and str(trial.parent) not in page
    refused = tmp_path / "refused.html"
    assert (
        say(
            "effect", trial, "-t", "statin", "-y", "ldl", "--graph", "statin -> ldl; statin <-> ldl", "-o", refused
        ).status
        == 3
    )
    assert "Two worlds" in refused.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("-t", "statins", "-y", "ldl"), 2, "Did you mean statin?"),
        (("-t", "statin", "-y", "statin"), 2, "itself"),
        (("-t", "statin", "-y", "ldl", "--method", "magic"), 2, "There is no method"),
        (("-t", "statin", "-y", "ldl", "--graph", "statin -> bp; bp -> ldl"), 65, "'bp'"),
        (("-t", "statin", "-y", "ldl", "-o", "page.pdf"), 2, "no page"),
    ],
)
def test_mistakes_are_refused_in_three_lines(say, trial, words, status, says):
    said = say("effect", trial, *words)
    assert said.status == status and says in said.err and said.err.count("\n") == 3 and not said.out
