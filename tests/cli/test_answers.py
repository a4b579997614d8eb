"""Each verb answers in words for a person and in one JSON object for a machine."""

from __future__ import annotations

import json
import re
import time

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from toy import TOY

from contrafact import __version__
from contrafact.base.codes import CODES
from contrafact.cli.answer import Answer, as_json, columns, printable, table
from contrafact.cli.verbs import VERBS
from contrafact.tasks.sample import other_use
from contrafact.zoo.index import INDEX

FIELDS = {
    "command",
    "version",
    "run",
    "seed",
    "seconds",
    "cpu_seconds",
    "scores",
    "files",
    "verdict",
    "warnings",
    "error",
}
SCORE = {"value", "low", "high", "n", "better", "floor", "ceiling"}

COMMANDS = {
    "look": (["look", "table.csv"], {"schema", "findings"}),
    "look at a demo": (["look", "ring"], {"schema", "findings"}),
    "plan": (["plan", "points.npy", *TOY], {"first_seconds", "total_seconds", "memory_bytes"}),
    "plan a count": (["plan", "lines.txt"], {"first_seconds", "total_seconds", "memory_bytes"}),
    "train": (["train", "points.npy", "--run-dir", "new", *TOY], {"held_out_score", "steps"}),
    "train again": (["train", "points.npy", "--run-dir", "runs/points", *TOY], {"held_out_score", "steps"}),
    "train a count": (["train", "lines.txt", "--run-dir", "new"], set()),
    "dry run": (["train", "points.npy", "--dry-run"], {"settings"}),
    "sample": (["sample", "points", "-n", "5", "-o", "s.npy"], set()),
    "sample to nowhere": (["sample", "lines", "-n", "5"], set()),
    "judge": (["judge", "points.npy", "fakes.npy"], set()),
    "judge tables": (["judge", "table.csv", "table.csv", "-o", "j.html"], set()),
    "judge lines": (["judge", "lines.txt", "lines.txt"], set()),
    "judge with a critic": (["judge", "points.npy", "fakes.npy", "--critic", "points"], set()),
    "report": (["report", "table"], set()),
    "runs": (["runs"], {"runs"}),
    "no runs": (["runs", "nowhere"], {"runs"}),
    "compare": (["compare", "points", "bell", "-o", "c.html"], {"runs"}),
    "zoo": (["zoo"], {"methods"}),
    "zoo gan": (["zoo", "gan"], {"settings"}),
    "zoo by score": (["zoo", "--scores"], {"boards"}),
    "doctor": (["doctor"], {"checks"}),
    "explain": (["explain", "D210"], {"title", "cause", "evidence", "cure"}),
    "explain all": (["explain"], set()),
    "a demo set": (["demo", "changes"], {"items"}),
    "discover": (
        ["discover", "table.csv", "--set", "steps=4", "--bootstrap", "2"],
        {"edges", "graph", "method", "runs"},
    ),
    "identify": (["identify", "X -> Y", "P(Y | do(X))"], {"identifiable", "strategy", "expression", "latex", "why"}),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_a_verb_prints_one_json_object_with_every_field(case, say, at_work):
    words, own = COMMANDS[case]
    said = say(*words, "--json", "--seed", "3")
    assert said.status == 0, said.err
    told = said.json
    assert FIELDS | own <= set(told)
    assert (told["command"], told["version"], told["seed"], told["error"]) == (words[0], __version__, 3, None)
    assert told["seconds"] >= 0 and told["cpu_seconds"] >= 0 and told["verdict"]
    assert all(SCORE <= set(score) <= SCORE | {"features"} for score in told["scores"].values())
    assert all(set(warning) == {"code", "message"} for warning in told["warnings"])
    assert all((at_work / file).exists() for file in told["files"])
    assert (words[0] == "judge") == bool(told["scores"])


@pytest.mark.parametrize("case", COMMANDS)
def test_a_verb_speaks_to_people_without_control_codes(case, say, at_work):
    words, _ = COMMANDS[case]
    said = say(*words, "--seed", "3")
    assert said.status == 0 and said.out.strip() and "\x1b" not in said.out + said.err
    assert "Traceback" not in said.err


def test_every_verb_has_a_help(say):
    for verb in VERBS:
        said = say(verb, "--help")
        assert said.status == 0 and f"usage: contrafact {verb}" in said.out
    assert all(verb in say("--help").out for verb in VERBS)
    assert say("--version").out == f"contrafact {__version__}\n"


def test_the_lists_are_complete(say):
    assert [method["name"] for method in say("zoo", "--json").json["methods"]] == list(INDEX)
    assert all(code in say("explain").out for code in CODES)
    assert all(setting in say("zoo", "r3gan").out for setting in ("rate_end", "penalty_every"))


def test_the_leaderboards_name_known_methods_with_data_budget_seeds_and_command(say):
    boards = say("zoo", "--scores", "--json").json["boards"]
    assert boards, "the release has a leaderboard"
    for board in boards:
        assert "CPU seconds" in board["about"] and "python benchmarks/" in board["about"]
        assert {"method", "seeds"} <= set(board["columns"])
        assert {row[0] for row in board["rows"]} <= set(INDEX)
    name = boards[0]["rows"][0][0]
    one = say("zoo", name, "--scores", "--json").json["boards"]
    assert {row[0] for board in one for row in board["rows"]} == {name}
    assert say("zoo", "markov", "--scores").out.startswith("markov is on no leaderboard")


def test_the_quiet_say_nothing_on_the_way(say, at_work):
    assert say("train", "points.npy", "--run-dir", "new", "-q", *TOY).err == ""


def test_a_pipe_gets_lines_of_key_and_value(say, at_work):
    lines = say("train", "points.npy", "--run-dir", "new", *TOY).err.splitlines()
    told = [line for line in lines if line.startswith("step=")]
    assert told[-1].startswith("step=40 total=40 left=0:00 ") and " score=" in told[-1]
    assert all("=" in pair for line in told for pair in line.split())


def test_training_again_resumes_and_other_settings_start_beside(say, at_work):
    first = say("train", "points.npy", "--run-dir", "r", "--json", *TOY).json
    before = {path.name: path.read_bytes() for path in (at_work / "r" / "checkpoints").rglob("*.safetensors")}
    again = say("train", "points.npy", "--run-dir", "r", "--json", *TOY).json
    assert again["held_out_score"] == first["held_out_score"] and again["run"] == first["run"] == "r"
    assert {path.name: path.read_bytes() for path in (at_work / "r" / "checkpoints").rglob("*.safetensors")} == before
    other = say("train", "points.npy", "--run-dir", "r", "--json", *TOY, "--set", "rate=1e-4").json
    assert other["run"] == "r-2" and "rate was 0.001, is 0.0001" in other["warnings"][0]["message"]
    assert say("train", "points.npy", "--run-dir", "r", "--json", "--fresh", *TOY).json["run"] == "r-3"


def test_a_closed_form_reports_on_the_run_that_it_made(say, at_work):
    assert say("train", "lines.txt", "--run-dir", "r", "--json").json["run"] == "r"
    other = say("train", "lines.txt", "--run-dir", "r", "--json", "--set", "order=1").json
    assert other["run"] == "r-2" and other["files"] == ["r-2/report.html"] and other["warnings"]
    assert (at_work / "r-2" / "redo.txt").read_text().strip().endswith("--set order=1 --seed 0")
    assert say("train", "lines.txt", "--run-dir", "r", "--json", "--fresh").json["run"] == "r-3"


def test_a_demo_set_can_be_trained_again_beside_a_run_of_its_name(say, at_work):
    for _ in range(2):
        assert say("train", "swiss-roll", "--run-dir", "swiss-roll", "-q", *TOY).status == 0


def test_a_dry_run_and_a_plan_write_nothing(say, at_work):
    before = sorted(path.name for path in at_work.iterdir())
    assert say("train", "points.npy", "--dry-run", "--run-dir", "new").status == 0
    assert say("plan", "points.npy", *TOY).status == 0
    assert sorted(path.name for path in at_work.iterdir()) == before


@pytest.mark.parametrize(
    ("run", "name"),
    [
        ("points", "s.npy"),
        ("points", "s.npz"),
        ("points", "s.csv"),
        ("points", "s.parquet"),
        ("table", "s.csv"),
        ("table", "s.parquet"),
        ("pictures", "s.png"),
        ("pictures", "s.npy"),
        ("lines", "s.txt"),
        ("bell", "s.csv"),
    ],
)
def test_the_same_seed_writes_the_same_bytes_into_every_kind_of_file(run, name, say, at_work, monkeypatch):
    contents = []
    for seed, now in ((1, 1e9), (1, 2e9), (2, 1e9)):
        monkeypatch.setattr(time, "localtime", lambda *_, now=now: time.gmtime(now))
        assert say("sample", run, "-n", "9", "--seed", seed, "-o", name).out == f"Wrote 9 synthetic items to {name}.\n"
        contents.append((at_work / name).read_bytes())
    assert contents[0] == contents[1] != contents[2]


def test_what_is_written_says_that_it_is_synthetic(say, at_work):
    say("sample", "table", "-n", "4", "-o", "s.csv")
    frame = pd.read_csv(at_work / "s.csv")
    assert frame.columns.tolist() == ["<script>alert(1)</script>", "年", "_source"]
    assert set(frame["_source"]) == {"synthetic"} and frame["年"].dtype == np.int64
    say("sample", "pictures", "-n", "4", "-o", "s.png")
    assert "Synthetic" in Image.open(at_work / "s.png").text["Description"]


def test_runs_are_named_by_rank_and_saved_models_by_folder(say, at_work):
    assert say("sample", "@last", "-n", "2").status == say("sample", "@best", "-n", "2").status == 0
    assert say("sample", "points", "-n", "3", "--refine", "--seed", "1").status == 0


def test_conditions_are_read_as_text_or_numbers(say, at_work):
    say("sample", "bell", "-n", "5", "--given", "x0=0.25", "-o", "s.npy")
    assert set(np.load(at_work / "s.npy")[:, 0]) == {0.25}
    assert all(
        line.startswith("ab") for line in say("sample", "lines", "--given", "prefix=ab", "-n", "4").out.splitlines()
    )


def test_gates_hold_or_exit_with_four_and_their_scores(say, at_work):
    held = say("judge", "points.npy", "fakes.npy", "--require", "copies<=0.5,coverage>=0")
    assert held.status == 0
    missed = say("judge", "points.npy", "fakes.npy", "--require", "copies<=0.5,coverage>2", "--json", "-o", "j.html")
    assert missed.status == 4 and missed.json["error"]["code"] == "E120" and missed.json["files"] == ["j.html"]
    assert "coverage" in missed.json["scores"] and "copies is" not in missed.json["verdict"]


def test_names_are_escaped_in_every_page_and_no_page_fetches_anything(say, at_work, real_pages):
    name = "r\x1b[31m<img src=x>"
    assert say("train", "table.csv", "--run-dir", name, "-q", *TOY).status == 0
    assert say("judge", "table.csv", "table.csv", "-o", "j.html").status == 0
    assert say("compare", name, "points", "-o", "c.html").status == 0
    assert say("report", name).status == 0
    for path in (at_work / "j.html", at_work / "c.html", at_work / name / "report.html"):
        page = path.read_text(encoding="utf-8")
        assert "<script" not in page and "<img src=x" not in page and "\x1b" not in page
        assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", page)
        assert str(at_work) not in page


def test_control_codes_are_shown_not_obeyed(say, at_work):
    said = say("train", "lines.txt", "--run-dir", "a\x1b[31mb\u202e")
    assert (
        said.status == 0 and "\x1b" not in said.out + said.err and "\\x1b[31m" in said.out and "\u202e" not in said.out
    )
    assert json.loads(say("runs", ".", "--json").out)["runs"][0]["name"] == "a\x1b[31mb\u202e"
    assert printable("a\udcffb\x07\u2066") == "a\\xdcffb\\x07\\x2066"


def test_json_holds_what_json_can_hold():
    answer = Answer(fields={"x": float("nan"), "y": {1: (float("inf"), "é\udcff")}})
    told = json.loads(as_json("look", 0, (0.0, 0.0), answer, None))
    assert told["x"] is None and told["y"]["1"] == [None, "é\udcff"]


def test_tables_are_aligned_whatever_the_script():
    assert table([("年齡", "x"), ("a", "y\nz")]) == "年齡  x\na     y z"
    assert (columns("年"), columns("e\u0301"), columns("")) == (2, 1, 0)


def test_runs_are_compared_with_scores_that_can_be_read(at_work, say):
    line = next(line for line in say("compare", "points", "bell").out.splitlines() if line.startswith("score"))
    assert all(len(number) <= len("-0.000") for number in line.split()[1:])


@pytest.mark.parametrize(
    ("method", "told"),
    [
        ("cyclegan", "contrafact translate NEW --run 'my run' --to CLASS -o OUT"),
        ("rewriter", "contrafact translate NEW --run 'my run' -o OUT"),
        ("dagma", "contrafact.load('my run').edges()"),
        ("tarnet", "contrafact.load('my run').effect(rows)"),
        ("ice", "contrafact.load('my run').impute(table)"),
    ],
)
def test_a_model_that_draws_nothing_says_what_it_is_good_for(method, told):
    assert other_use(method, "my run") == told
