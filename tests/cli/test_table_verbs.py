"""impute, synth, balance and augment over tables: what they say, what they write, and what they leave alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from contrafact.tasks import table_balance, table_trial
from contrafact.tasks.table_trial import Effort

TOY = ("--set", "steps=3", "--set", "width=8", "--set", "depth=1", "--set", "batch=32")
BLINK = {"quick": Effort(parts=1, seeds=1, again=1, folds=2, rounds=3)}


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Rows with holes, a rare class, Chinese names and a formula."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(table_trial, "EFFORTS", BLINK)
    monkeypatch.setattr(table_balance, "EFFORTS", BLINK)
    draw = np.random.default_rng(0)
    x = draw.normal(50, 10, 80).round(1)
    frame = pd.DataFrame(
        {"x": x, "年": (2 * x).round(0) + draw.integers(0, 9, 80), "=f": draw.choice(["=1+1", "b"], 80)}
    )
    frame["sick"] = np.where(np.argsort(np.argsort(x)) >= 65, "yes", "no")
    frame.loc[::9, "年"] = np.nan
    frame.to_csv(tmp_path / "my table.csv", index=False)
    return tmp_path / "my table.csv"


def test_impute_writes_the_filled_table_its_draws_and_its_scores(table, say):
    before = table.read_bytes()
    said = say("impute", table.name, "-o", "full.csv", "--draws", "2", "--uncertainty", *TOY, "--json")
    told = said.json
    assert said.status == 0 and told["command"] == "impute" and told["cells"] == 9 and told["rows"] == 80
    assert told["files"] == ["full.csv", "full-1.csv", "full-2.csv"] and "MAR" in told["verdict"]
    assert {"value", "low", "high", "n", "better", "floor"} <= set(told["scores"]["rmse_method"])
    real, full = pd.read_csv(table), pd.read_csv("full.csv")
    own = real["年"].notna()
    assert full["年"].notna().all() and (full["年"][own] == real["年"][own]).all() and "年_uncertainty" in full
    assert len(pd.read_csv("full-2.csv")) == 80 and table.read_bytes() == before
    assert "loom" in said.err and "80 rows" in said.err


def test_impute_takes_a_method_a_shift_and_no_check(table, say):
    said = say("impute", table.name, "--method", "ice", "--shift", "年=-1000", "--check", "off")
    assert said.status == 0 and "MNAR" in said.out and "Nothing is kept" in said.out


def test_synth_writes_marked_rows_without_formulas(table, say):
    words = ("synth", table.name, "-n", "30", "-o", "new.csv", "--share-safe", "--csv-safe", "--given", "sick=yes")
    said = say(*words, *TOY, "--check", "off", "--json")
    made = pd.read_csv("new.csv")
    assert said.status == 0 and said.json["rows"] == 30 and said.json["files"] == ["new.csv"]
    assert set(made["_source"]) == {"synthetic"} and set(made.sick) == {"yes"}
    assert "'=f" in made.columns and set(made["'=f"]) <= {"'=1+1", "b"}
    assert any("Share-safe" in warning["message"] for warning in said.json["warnings"])


def test_balance_lays_out_the_ways_and_writes_both_kinds_of_rows(table, say):
    said = say("balance", table.name, "--target", "sick", "-o", "even.csv", *TOY)
    assert said.status == 0 and "Made 50 rows in even.csv." in said.out
    assert "trees" in said.out and "smote" in said.out and "AUPRC (95 %)" in said.out
    made = pd.read_csv("even.csv")
    assert made["_source"].value_counts().to_dict() == {"real": 80, "synthetic": 50}
    assert made[:80].drop(columns="_source").equals(pd.read_csv(table))


def test_augment_without_a_target_says_that_nothing_was_tested(table, say):
    said = say("augment", table.name, "-n", "7", "-o", "more.parquet", *TOY, "--json")
    assert said.json["rows"] == 7 and "name a column" in said.json["verdict"]
    assert len(pd.read_parquet("more.parquet")) == 87


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (("impute", "my table.csv", "-o", "my table.csv"), 2, "E315"),
        (("impute", "my table.csv", "-o", "./x/../my table.csv"), 2, "E315"),
        (("impute", "t-1.csv", "-o", "t.csv", "--draws", "1"), 2, "E315"),
        (("synth", "my table.csv", "-o", "new.xlsx"), 2, "E121"),
        (("impute", "my table.csv", "--shift", "sick=1"), 2, "E133"),
        (("impute", "my table.csv", "--shift", "x"), 2, "E119"),
        (("impute", "my table.csv", "--recipe", "r3gan"), 2, "E126"),
        (("synth", "my table.csv", "--given", "sic=yes", "--check", "off", *TOY), 2, "E105"),
        (("synth", "my table.csv", "--share-safe", "--recipe", "copula"), 2, "E130"),
        (("balance", "my table.csv"), 2, "E115"),
        (("balance", "my table.csv", "--target", "x"), 65, "E248"),
        (("impute", "ring"), 65, "E242"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_done_is_refused_and_the_input_stays(words, status, code, table, say):
    Path("x").mkdir()
    Path("t-1.csv").write_bytes(table.read_bytes())
    before = table.read_bytes()
    said = say(*words, "--json")
    assert said.status == status and said.json["error"]["code"] == code
    assert table.read_bytes() == before == Path("t-1.csv").read_bytes()


def test_synth_with_epsilon_says_what_was_spent_and_what_is_not_covered(table, say):
    words = ("synth", table.name, "-o", "private.csv", "-n", "20", "--check", "off")
    said = say(*words, "--epsilon", "50", "--delta", "1e-4", *TOY, "--set", "bounds=x=0..100,年=0..250", "--json")
    made = pd.read_csv("private.csv")
    assert said.status == 0 and len(made) == 20 and made.x.between(0, 100).all()
    told = " ".join(warning["message"] for warning in said.json["warnings"])
    assert all(word in told for word in ("epsilon 50", "delta 0.0001", "RDP", "levels of =f, sick", "not covered"))


def test_a_private_training_needs_dates_and_delta_to_be_told_right(table, say):
    said = say("synth", table.name, "--delta", "1e-5", *TOY)
    assert said.status == 2 and "E134" in said.err and "mean nothing without epsilon" in said.err
    said = say("synth", table.name, "--epsilon", "1", "--set", "bounds=sick=0..1", *TOY)
    assert said.status == 2 and "E136" in said.err
