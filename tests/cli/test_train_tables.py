"""train on a table: which method learns it, what it keeps, and that it stops and goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

TOY = ("--set", "steps=6", "--set", "width=8", "--set", "depth=1", "--set", "batch=32")


@pytest.fixture
def visits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Visits that start before they end, with a city in its country."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    start = pd.Timestamp("2026-01-01") + pd.to_timedelta(random.integers(0, 200, 120), "D")
    city = random.choice(["Ulm", "Bonn", "Nice"], 120)
    frame = pd.DataFrame({"start": start, "end": start + pd.to_timedelta(random.integers(0, 9, 120), "D")})
    frame["city"], frame["country"] = city, np.where(city == "Nice", "FR", "DE")
    frame.loc[::30, "country"] = "CH"
    frame["age"] = random.integers(12, 90, 120)
    frame.to_csv("visits.csv", index=False)
    return tmp_path / "visits.csv"


def test_a_table_is_learned_by_loom_and_its_constraints_go_into_the_run(visits, say):
    asked = ("--constraint", "start <= end", "--constraint", "combinations(city, country)", "--constraint", "age >= 18")
    first = say("train", "visits.csv", *TOY, *asked, "--json")
    told, run = first.json, Path("runs/visits")
    assert first.status == 0 and told["run"] == "runs/visits" and told["steps"] == 6
    settings = json.loads((run / "recipe.json").read_text())["settings"]
    assert settings["constraints"] == ["start <= end", "combinations(city, country)", "age >= 18"]
    assert "constraints=start <= end; combinations(city, country); age >= 18" in (run / "redo.txt").read_text()
    young = int((pd.read_csv(visits).age < 18).sum())
    assert any(f"'age >= 18' is broken by {young} of 120" in warning["message"] for warning in told["warnings"])
    again = say("train", "visits.csv", *TOY, *asked)
    assert again.status == 0 and "model: loom" in again.err and "a row's other cells tell" in again.out
    drawn = say("sample", "runs/visits", "-n", "300", "-o", "new.csv", "--given", "country=DE", "--json")
    made = pd.read_csv("new.csv")
    assert (made.start <= made.end).all() and (made.age >= 18).all() and set(made.city) <= {"Ulm", "Bonn"}
    assert any("projected 0 of 300 rows" in warning["message"] for warning in drawn.json["warnings"])


def test_pictures_and_points_keep_their_method(visits, say):
    assert "model: r3gan" in say("train", "ring", "--dry-run").err
    assert "model: loom" in say("train", "visits.csv", "--dry-run").err
    assert say("plan", "visits.csv", *TOY, "--constraint", "start <= end", "--json").json["method"] == "loom"


@pytest.mark.parametrize(
    ("text", "code", "told"), [("strat <= end", "E142", "Did you mean start"), ("start = end", "E102", "no sign")]
)
def test_a_wrong_constraint_is_named_before_anything_is_trained(visits, say, text, code, told):
    said = say("train", "visits.csv", "--constraint", text, "--json")
    assert said.status == 2 and said.json["error"]["code"] == code and told in said.json["error"]["message"]
    assert not Path("runs").exists()


def test_jobs_take_constraints_and_say_how_they_were_kept(visits, say):
    held = ("--constraint", "start < end", "--check", "off")
    made = say("synth", "visits.csv", "-n", "200", "-o", "new.csv", *TOY, *held, "--json")
    frame = pd.read_csv("new.csv")
    assert (frame.start < frame.end).all()
    assert any("projected 0 of 200 rows" in warning["message"] for warning in made.json["warnings"])
    assert any("'start < end' is broken by" in warning["message"] for warning in made.json["warnings"])
    holed = pd.read_csv(visits)
    holed.loc[::3, "end"] = None
    holed.to_csv("holed.csv", index=False)
    filled = say("impute", "holed.csv", "-o", "full.csv", *TOY, *held, "--json")
    full = pd.read_csv("full.csv")
    assert (full.start < full.end)[::3].all() and filled.json["missing"][0]["column"] == "end"
    rare = say("balance", "visits.csv", "--target", "country", "-o", "even.csv", *TOY, *held, "--json")
    both = pd.read_csv("even.csv")
    made = both[both._source == "synthetic"]
    assert rare.status == 0 and len(made) and (made.start < made.end).all()


def test_ctrl_c_saves_and_the_same_command_goes_on_to_the_same_model(visits, say):
    words = ("train", "visits.csv", "--set", "steps=80", "--set", "width=8", "--set", "depth=1")
    words = (*words, "--constraint", "start <= end", "--json")
    whole = say(*words, "--run-dir", "whole").json
    command = [sys.executable, "-m", "contrafact", *words, "--run-dir", "cut"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ)
    logged = Path("cut/metrics.jsonl")
    while process.poll() is None and not (logged.exists() and logged.stat().st_size):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    told = json.loads(process.communicate(timeout=60)[0])
    assert (
        process.returncode == 130 and told["error"]["code"] == "E305" and "Everything is saved" in told["error"]["fix"]
    )
    resumed = say(*words, "--run-dir", "cut").json
    assert resumed["steps"] == 80 and resumed["held_out_score"] == whole["held_out_score"]
    for run in ("whole", "cut"):
        say("sample", run, "-n", "50", "-o", f"{run}.csv")
    assert Path("whole.csv").read_bytes() == Path("cut.csv").read_bytes()
