"""The report of `judge`: readable as text, as a page and as JSON, and honest about privacy."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from contrafact.base.demos import changes, digits, patients, ring
from contrafact.base.records import Score
from contrafact.metrics import pixel_features
from contrafact.report.judged import Report, judge, notes_on, side_by_side


def score(name: str, value: float, low: float, high: float, better: str = "higher", **anchors: float) -> Score:
    return Score(name=name, value=value, low=low, high=high, n=1200, better=better, **anchors)  # type: ignore[arg-type]


SCORES = {
    "c2st": score("c2st", 0.91, 0.89, 0.93, floor=0.0, ceiling=0.98),
    "frechet": score("frechet", 12345.6, math.nan, math.inf, "lower"),
}


def test_a_report_prints_as_an_aligned_table() -> None:
    assert str(Report(scores=SCORES, title="Mine", notes=("A note.",))).splitlines() == [
        "Mine",
        "",
        "score       value  95% interval  floor  ceiling      n",
        "c2st       0.91 ↑  0.89 to 0.93      0     0.98  1,200",
        "frechet  12,346 ↓                                1,200",
        "",
        "A note.",
    ]


def test_a_report_is_saved_as_one_page(tmp_path: Path) -> None:
    rows = ring(200).items
    report = Report(scores=SCORES, title="<script>", notes=("<b>",), figures=side_by_side(rows, rows + 1, SCORES))
    text = report.save(tmp_path / "deep" / "x.html").read_text(encoding="utf-8")
    assert "<script" not in text and "&lt;b&gt;" in text and text.count("<img") == 1
    assert report._repr_html_().startswith("<div><h3>&lt;script&gt;</h3>")
    assert json.loads(json.dumps(report.to_json(), allow_nan=False))["scores"]["frechet"]["high"] is None


def test_what_gives_training_rows_away_is_said() -> None:
    leaking = {
        "copies": score("copies", 0.2, 0.15, 0.25, "lower", ceiling=0.0),
        "membership_auc": score("membership_auc", 0.7, 0.65, 0.75, "lower"),
    }
    told = notes_on(leaking, holdout=True)
    assert "20% of the fakes repeat" in told[0] and "AUC 0.70" in told[1] and "no proof" in told[2]
    assert notes_on({}, holdout=False)[0].startswith("No real data were held out")
    assert notes_on(SCORES, holdout=True) == ()


def test_the_features_that_pictures_are_measured_in_are_said() -> None:
    data = digits()
    report = judge(data.take(range(60)), data.take(range(60, 100)), features=pixel_features(data))
    assert any("in the features pixels" in note for note in report.notes)
    assert report.to_json()["scores"]["frechet"]["features"] == "pixels"


def test_an_attack_that_also_works_on_the_innocent_is_not_held_against_the_fakes() -> None:
    attack = score("membership_auc", 0.6, 0.57, 0.63, "lower", ceiling=0.58)
    assert not any("lie closer" in note for note in notes_on({"membership_auc": attack}, holdout=True))


def test_judging_gives_scores_and_a_picture() -> None:
    report = judge(ring(300), ring(200, seed=1), holdout=ring(200, seed=2))
    assert {"coverage", "copies", "membership_auc"} <= set(report.scores) and len(report.figures) == 1
    assert report.title == "200 fakes against 300 items of ring"
    assert "of the fakes lie where real items do" in report.figures[0].finding


@pytest.mark.parametrize(
    ("real", "fake", "figures"),
    [
        (digits(), digits().take(range(50)), 1),
        (patients(80), patients(60, seed=1), 1),
        (pd.DataFrame({"a": np.arange(9.0)}), pd.DataFrame({"a": np.arange(5.0)}), 1),
        (changes(9), changes(9, seed=1), 0),
        (["a b"], ["b"], 0),
    ],
)
def test_each_kind_is_drawn_where_it_can_be(real: object, fake: object, figures: int) -> None:
    drawn = side_by_side(real, fake, SCORES)
    assert len(drawn) == figures
    for figure in drawn:
        assert figure.png()
