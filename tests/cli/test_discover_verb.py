"""contrafact discover: arrows on one screen, a graph file that identify reads, a table, a page, and refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from contrafact.causal.graph import Graph
from contrafact.cli.verbs.discover import tiers_of


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    random = np.random.default_rng(0)
    x, y, noise = random.uniform(-1, 1, (3, 300))
    frame = pd.DataFrame({"age": x, "blood pressure": x + y + 0.4 * noise, "盐": y, "k": 1})
    path = tmp_path_factory.mktemp("tables") / "trial.csv"
    frame.to_csv(path, index=False)
    return str(path)


def test_arrows_are_shown_with_confidences_and_the_graph_is_one_that_identify_reads(say, table, tmp_path):
    graph, edges, page = (str(tmp_path / name) for name in ("graph.txt", "edges.csv", "page.html"))
    said = say("discover", table, "--method", "pc", "--bootstrap", "5", "-o", graph, "-o", edges, "-o", page)
    assert said.status == 0 and said.out.startswith("pc finds 2 arrows of confidence 0.5 and more in 5 resampled")
    assert 'age -> "blood pressure"' in said.out and "hypotheses" in said.out and "contrafact identify" in said.out
    assert "'k' is left out" in said.err and "no hidden common causes" in said.err
    assert Graph.read(graph) == Graph('age -> "blood pressure"; 盐 -> "blood pressure"')
    assert len(pd.read_csv(edges)) == 6
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "blood pressure" in html and "Arrows are hypotheses" in html
    asked = say("identify", graph, 'ATE(age, "blood pressure")')
    assert asked.status == 0 and "IDENTIFIABLE" in asked.out


def test_json_has_the_edges_and_the_graph(say, table):
    told = say("discover", table, "--method", "sam", "--set", "steps=6", "--bootstrap", "2", "--json", "-q").json
    assert told["command"] == "discover" and told["method"] == "sam" and told["runs"] == 2
    assert {"source", "target", "confidence"} == set(told["edges"][0]) and told["warnings"] and told["error"] is None
    Graph(told["graph"])


def test_tiers_and_forbidden_arrows_are_kept_to(say, table):
    options = ["--method", "pc", "--bootstrap", "3", "--json", "-q"]
    told = say("discover", table, *options, "--tiers", "blood pressure < age, 盐").json
    assert all(edge["target"] != "blood pressure" for edge in told["edges"])
    told = say("discover", table, *options, "--forbid", "盐 -> age", "--forbid", 'age -> "blood pressure"').json
    assert ("age", "blood pressure") not in {(edge["source"], edge["target"]) for edge in told["edges"]}
    assert tiers_of("a<b, c;d") == [["a"], ["b", "c"], ["d"]] and tiers_of(None) is None


def test_a_threshold_that_nothing_reaches_gives_a_graph_without_arrows(say, table, tmp_path):
    out = str(tmp_path / "g.dot")
    said = say(
        "discover", table, "--method", "sam", "--set", "steps=4", "--bootstrap", "2", "--threshold", "1", "-o", out
    )
    assert "finds no arrow of confidence 1" in said.out and not Graph.read(out).directed
    assert set(Graph.read(out).nodes) == {"age", "blood pressure", "盐"}


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (("--method", "smm"), 2, "E587"),
        (("--forbid", "age -> weight"), 2, "E582"),
        (("--threshold", "2"), 2, "E102"),
        (("-o", "graph.pdf"), 2, "E100"),
        (("--set", "lambda9=2"), 2, "E101"),
        (("--method", "ges", "--require", "age -> 盐"), 2, "E585"),
    ],
)
def test_refusals_are_named(say, table, words, status, code):
    said = say("discover", table, *words)
    assert said.status == status and f"explain {code}" in said.err


def test_the_table_itself_is_never_written_over(say, table):
    said = say("discover", table, "--method", "pc", "-o", table)
    assert said.status == 2 and "E315" in said.err


def test_a_trained_method_of_discovery_says_what_its_model_is_for(say, table, tmp_path):
    run = str(tmp_path / "run")
    said = say("train", table, "--recipe", "dagma", "--set", "steps=4", "--set", "runs=2", "--run-dir", run)
    assert said.status == 0 and ".edges()" in said.out and "does not say whether they are right" in said.out
    refused = say("sample", run, "-n", "3")
    assert refused.status == 2 and "arrows between columns" in refused.err and "E126" in refused.err
