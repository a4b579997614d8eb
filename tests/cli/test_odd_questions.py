"""Causal questions that are odd: each is named, explained and remedied, or answered with what it rests on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from contrafact.base.codes import CODES
from contrafact.causal.learners import arms
from contrafact.cli.main import main

GRAPH = "Z -> X; Z -> Y; X -> Y"
ENDS = ("-t", "X", "-y", "Y")
LEARNT = {
    "scm": ("--set", "steps=10", "--set", "mechanisms=linear", "--set", "width=8"),
    "ncm": ("--set", "steps=10", "--set", "width=8"),
    "discrete": (),
}


def tables() -> dict[str, pd.DataFrame]:
    random = np.random.default_rng(0)
    z = random.normal(size=120)
    x = (random.random(120) < 1 / (1 + np.exp(-z))).astype(int)
    good = pd.DataFrame({"Z": z, "X": x, "Y": z + x + random.normal(size=120)}).round(3)
    holes = good.mask(random.random(good.shape) < 0.1)
    holes.loc[3] = np.nan
    return {
        "good": good,
        "same treatment": good.assign(X=1),
        "same outcome": good.assign(Y=3.5),
        "same cause": good.assign(Z=1.0),
        "no overlap": good.assign(X=(good["Z"] > 0).astype(int)),
        "holes": holes,
        "empty treatment": good.assign(X=np.nan),
        "empty cause": good.assign(Z=np.nan),
        "one row": good.head(1),
        "two rows": good.head(2),
        "no cause": good.drop(columns="Z"),
        "after": good.assign(M=good["X"] + 0.5 * random.normal(size=120)),
        "against": good.assign(W=good["Y"] + 0.1 * random.normal(size=120)),
        "words": good.assign(Y=np.where(good["Y"] > 0, "well", "ill")),
        "levels": (good > good.median()).astype(int).assign(X=good["X"]),
        "年齡 與 血壓": good.set_axis(["年齡", "服 藥", "血壓"], axis=1),
    }


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("odd")
    for name, frame in tables().items():
        frame.to_csv(place / f"{name}.csv", index=False)
    (place / "prose.txt").write_text("once upon a time\nthere was\n", encoding="utf-8")
    (place / "noise.csv").write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff" * 20)
    (place / "nothing.txt").write_text("# nothing\n", encoding="utf-8")
    (place / "my graph.txt").write_text('年齡 -> "服 藥"; 年齡 -> 血壓; "服 藥" -> 血壓', encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setattr("contrafact.report.run_page.write_run_report", lambda run, real=None: run.folder / "report.html")
        for name in ("scm", "ncm", "discrete"):
            learn(name, "levels" if name == "discrete" else "good", GRAPH, name)
        learn("scm", "年齡 與 血壓", "my graph.txt", "果 樹")
        learn("discrete", "年齡 與 血壓", "my graph.txt", "few 果")
        for name in ("no overlap", "against", "same treatment", "same outcome", "two rows", "holes"):
            learn("scm", name, GRAPH if name != "against" else f"{GRAPH}; W", name)
    return place


def learn(recipe: str, table: str, graph: str, run: str) -> None:
    words = ["train", f"{table}.csv", "--recipe", recipe, "--set", f"graph={graph}", "-q", "--run-dir", f"runs/{run}"]
    assert main([*words, *LEARNT[recipe]]) == 0


@pytest.fixture(autouse=True)
def here(home, monkeypatch):
    """Stand among the tables, and learn each arm in one way only, which is quick."""
    monkeypatch.chdir(home)
    monkeypatch.setattr(arms, "ways", lambda t, y: ["line"])


def both(*words: str) -> list[tuple[str, ...]]:
    """Ask the same of effect and of decide."""
    return [("effect", *words), ("decide", *words, "--method", "t")]


def asked(table: str, graph: str | None = GRAPH, *more: str) -> list[tuple[str, ...]]:
    return both(f"{table}.csv", *ENDS, *(("--graph", graph) if graph is not None else ()), *more)


def trained(table: str, graph: str = GRAPH) -> list[tuple[str, ...]]:
    words = ("train", f"{table}.csv", "--set", f"graph={graph}", "--run-dir", "runs/refused")
    return [(*words, "--recipe", name, *more) for name, more in LEARNT.items()]


REFUSED = {
    "a cycle": [
        ("identify", "X -> Y -> X", "ATE(X, Y)"),
        *asked("good", "X -> Y -> X"),
        *trained("good", "X -> Y -> X"),
    ],
    "an unknown node": [
        ("identify", GRAPH, "ATE(Q, Y)"),
        *asked("good", "Z -> Y"),
        *both("good.csv", "-t", "Q", "-y", "Y", "--graph", GRAPH),
        *[("whatif", run, "--do", "Q=1") for run in LEARNT],
        ("discover", "good.csv", "--method", "pc", "--forbid", "Q -> X"),
    ],
    "treatment = outcome": [
        ("identify", GRAPH, "ATE(X, X)"),
        ("identify", GRAPH, "ATE(X: 1 -> 1, Y)"),
        *both("good.csv", "-t", "X", "-y", "X", "--graph", GRAPH),
        *both("good.csv", "-t", "X", "-y", "X"),
        ("discover", "good.csv", "--method", "pc", "--require", "X -> X"),
    ],
    "post-treatment adjustment": [
        ("effect", "after.csv", *ENDS, "--graph", "Z -> X; Z -> Y; X -> M -> Y", "--given", "Z,M"),
        ("effect", "after.csv", *ENDS, "--graph", GRAPH, "--given", "X"),
    ],
    "no overlap": asked("no overlap"),
    "a constant treatment": [*asked("same treatment"), ("effect", "same treatment.csv", *ENDS, "--graph", "X <-> Y")],
    "a constant outcome": [*asked("same outcome"), ("effect", "same outcome.csv", *ENDS, "--graph", "X -> Y; X <-> Y")],
    "an empty column": [*asked("empty treatment"), *asked("empty cause"), *trained("empty treatment")],
    "an empty graph": [
        ("identify", "", "ATE(X, Y)"),
        ("identify", "nothing.txt", "ATE(X, Y)"),
        *asked("good", ""),
        *asked("good", "nothing.txt"),
        *trained("good", ""),
        *trained("good", "nothing.txt"),
    ],
    "a graph that is no graph": [
        ("identify", ".", "ATE(X, Y)"),
        ("identify", "nowhere.txt", "ATE(X, Y)"),
        ("identify", "noise.csv", "ATE(X, Y)"),
        *asked("good", "nowhere.txt"),
        *trained("good", "nowhere.txt"),
    ],
    "one row": [
        *asked("one row"),
        ("effect", "one row.csv", *ENDS, "--graph", "X -> Y; X <-> Y"),
        ("discover", "one row.csv", "--method", "pc"),
        *trained("one row")[:2],
    ],
    "a node that is no column": [*asked("no cause"), *trained("no cause")],
    "nothing to decide": [("decide", "good.csv", *ENDS, "--graph", "Y -> X; Z")],
    "a network for a rule": [("decide", "good.csv", *ENDS, "--method", "tarnet")],
    "no table": [
        *both("prose.txt", *ENDS),
        *both("noise.csv", *ENDS),
        ("discover", "prose.txt", "--method", "pc"),
        ("whatif", "scm", "--do", "X=1", "--row", "0", "--data", "prose.txt"),
        ("whatif", "scm", "--do", "X=1", "--row", "0", "--data", "noise.csv"),
    ],
    "a row with holes": [
        (*words, "--data", "holes.csv") for words in [("whatif", run, "--do", "X=1", "--row", "3") for run in LEARNT]
    ],
    "settings that mean nothing": [
        ("whatif", "scm"),
        ("whatif", "scm", "--do", "X=7"),
        ("whatif", "discrete", "--do", "X=7"),
        ("whatif", "scm", "--do", "Z=inf"),
        ("whatif", "scm", "--do", "X=1", "--do", "X=0"),
        ("whatif", "scm", "--do", "X=1", "--draws", "5"),
        ("whatif", "scm", "--do", "X=1", "--row", "0", "--draws", "0"),
        ("whatif", "scm", "--do", "X=1", "--row", "999"),
        ("discover", "good.csv", "--method", "pc", "--alpha", "3"),
        ("discover", "good.csv", "--bootstrap", "0"),
        ("discover", "good.csv", "--method", "pc", "--bootstrap", "-1"),
        ("decide", "good.csv", *ENDS, "--cost", "nan"),
    ],
    "an output on top of an input": [
        ("whatif", "scm", "--do", "X=1", "-o", "good.csv"),
        ("whatif", "scm", "--do", "X=1", "--row", "0", "--data", "holes.csv", "-o", "holes.csv"),
        ("decide", "good.csv", *ENDS, "-o", "good.csv"),
    ],
}


@pytest.mark.parametrize("words", [pytest.param(w, id=f"{k}: {w[0]}") for k, ws in REFUSED.items() for w in ws])
def test_odd_questions_are_refused_in_three_lines_with_a_code(say, words):
    said = say(*words)
    lines = said.err.splitlines()[-3:]
    assert said.status in (2, 3, 65) and not said.out, said
    assert [line.split(":")[0] for line in lines] == ["error", "why", "fix"], said.err
    assert lines[2].rpartition("contrafact explain ")[2].rstrip(")") in CODES and "E001" not in said.err


ANSWERED = {
    "a treatment that nothing is known of after": (asked("after", None), "No graph was given"),
    "holes": ([asked("holes")[0]], "were left out"),
    "a constant cause": ([asked("same cause")[0]], "'Z' is the same in every row"),
    "a graph that the data contradict": (asked("against", f"{GRAPH}; W"), "THE DATA CONTRADICT THE GRAPH: 3 of 3"),
    "a node without a column that need not be known": (
        [("decide", "good.csv", *ENDS, "--graph", f"{GRAPH}; X -> Q", "--method", "t")],
        "The graph has Q, the table nothing of the kind",
    ),
    "words for an outcome": (
        [("decide", "words.csv", *ENDS, "--graph", GRAPH, "--method", "t")],
        "Y = well counts as 1, ill as 0",
    ),
    "what was hardly seen": ([("whatif", "no overlap", "--do", "X=1", "-n", "30")], "NO OVERLAP for"),
    "a model of a graph that its data contradict": (
        [("whatif", "against", "--do", "X=1", "-n", "30"), ("whatif", "against", "--do", "X=1", "--row", "0")],
        "THE DATA CONTRADICT THE GRAPH",
    ),
    "a model of a constant": (
        [("whatif", f"same {name}", "--do", "X=1", "-n", "30") for name in ("treatment", "outcome")],
        "never varied in what was seen",
    ),
    "a model of two rows": ([("whatif", "two rows", "--do", "X=0", "-n", "30")], "fitted to 2 rows: far too few"),
    "a model of holes": ([("whatif", "holes", "--do", "X=1", "-n", "30")], "had holes in the rows that were fitted"),
    "what nobody had": ([("whatif", "scm", "--do", "Z=1000", "-n", "30")], "lies outside of what was seen"),
    "what moves nothing": ([("whatif", run, "--do", "Y=1", "-n", "9") for run in LEARNT], "nothing follows from Y"),
    "a model of parts": ([("whatif", "few 果", "--do", "服 藥=1", "-n", "9")], "was cut into 4 parts"),
    "Chinese names": (
        [
            ("effect", "年齡 與 血壓.csv", "-t", "服 藥", "-y", "血壓", "--graph", "my graph.txt"),
            ("whatif", "果 樹", "--do", "服 藥=1", "-n", "9"),
            ("whatif", "果 樹", "--do", "服 藥=1", "--row", "2", "-o", "另 一 世.csv"),
        ],
        "服 藥",
    ),
}


@pytest.mark.parametrize(
    ("words", "says"), [pytest.param(w, s, id=f"{k}: {w[0]}") for k, (ws, s) in ANSWERED.items() for w in ws]
)
def test_what_is_answered_says_what_it_rests_on(say, words, says):
    said = say(*words)
    assert said.status == 0 and says in said.out + said.err, said
    assert "assumes " in said.out
    if words[0] != "decide":  # which takes longer, and is asked for JSON by its own tests
        told = say(*words, "--json").json
        assert told["assumptions"] and told["error"] is None


def test_a_row_that_is_so_already_and_a_discovery_say_so(say):
    frame = tables()["good"]
    row = int(frame.index[frame["X"] == 1][0])
    assert "is so already" in say("whatif", "scm", "--do", "X=1", "--row", row).err
    said = say("discover", "年齡 與 血壓.csv", "--method", "pc", "--bootstrap", "2", "-o", "圖 一.txt")
    assert said.status == 0 and "hypotheses" in said.err and '"服 藥"' in Path("圖 一.txt").read_text(encoding="utf-8")
    assert "always 1" in say("discover", "same treatment.csv", "--method", "pc", "--bootstrap", "2").err


def test_where_the_table_is_not_at_hand_what_was_not_tested_is_said(say, home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = say("whatif", home / "runs" / "scm", "--do", "X=1", "-n", "9")
    assert said.status == 0 and "whether it agrees with the graph was not tested" in said.err


def test_a_what_if_question_has_a_page(say, tmp_path):
    frame = tables()["good"]
    row = int(frame.index[frame["X"] == 0][0])
    new, one = tmp_path / "new.html", tmp_path / "one.html"
    assert say("whatif", "scm", "--do", "X=1", "-n", "60", "-o", new, "-o", tmp_path / "rows.csv").status == 0
    page = new.read_text(encoding="utf-8")
    for part in (
        "<svg",
        'stroke-dasharray="1.5 4"',
        "Before and after",
        "as set",
        "What it rests on",
        "@book{pearl2009",
    ):
        assert part in page, part
    assert "http" not in page.replace("http-equiv", "") and "<script" not in page and page.count("data:image/png") == 1
    assert len(pd.read_csv(tmp_path / "rows.csv")) == 60
    assert say("whatif", "ncm", "--do", "X=1", "--row", row, "--draws", "24", "-o", one).status == 0
    page = one.read_text(encoding="utf-8")
    for part in (
        "The row in both worlds",
        "Draw 5",
        "Effective sample size",
        "of the draws",
        "Gumbel",
        "@inproceedings",
    ):
        assert part in page, part


def test_a_decision_has_a_page(say, tmp_path):
    out = tmp_path / "決 定.html"
    words = ("decide", "年齡 與 血壓.csv", "-t", "服 藥", "-y", "血壓", "--graph", "my graph.txt", "--method", "t")
    said = say(*words, "--cost", "0.9", "-o", out)
    page = out.read_text(encoding="utf-8")
    assert said.status == 0 and str(out) in said.out and "http" not in page.replace("http-equiv", "")
    for part in (
        "The rule in words",
        "the better of the two ways",
        "Who is treated",
        "<svg",
        "What it rests on",
        "@article",
    ):
        assert part in page, part
    assert page.count("data:image/png") == 4 and "服 藥" in page
