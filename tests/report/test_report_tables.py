"""The page of a judged table: three sentences, columns, pairs, privacy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from contrafact.metrics.table_judge import judge_table
from contrafact.report.figures import Figure
from contrafact.report.judged import judge
from contrafact.report.judged_table import summary
from contrafact.report.table_panels import Levels, Outline, Square


def rows(n: int, seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    x = draw.normal(size=n)
    frame = pd.DataFrame(
        {
            "<b>$x$": x,
            "性别": draw.choice(["<script>alert(1)</script>", "女"], n),
            "joined": pd.Timestamp("2020-01-01") + pd.to_timedelta(draw.integers(0, 999, n), unit="D"),
            "churn": np.where(x + draw.normal(size=n) > 0, "yes", "no"),
            "mail": [f"{seed}.{i}@example.org" for i in range(n)],
        }
    )
    frame.loc[draw.random(n) < 0.1, "<b>$x$"] = np.nan
    return frame


REAL, FAKE, HOLDOUT = rows(200, 0), rows(150, 1), rows(150, 2)


@pytest.fixture(scope="module")
def report():
    fake = FAKE.copy()
    fake.iloc[:20] = REAL.iloc[:20]
    return judge(REAL, fake, holdout=HOLDOUT, target="churn")


def test_three_sentences_say_quality_privacy_and_usefulness(report) -> None:
    quality, private, useful = report.summary
    assert quality.startswith("Quality: single columns agree") and "shuffled" in quality
    assert "give training rows away" in private and "13.3% of the fakes repeat a real row" in private
    assert "predicts churn in real rows with AUC" in useful
    assert all(sentence in str(report) for sentence in report.summary)


def test_the_page_shows_columns_pairs_and_attacks_and_cannot_be_injected_into(report, tmp_path: Path) -> None:
    page = report.save(tmp_path / "x.html").read_text(encoding="utf-8")
    for words in ("Column by column", "Pairs of columns", "Who was in the training data?", "Nearest pairs"):
        assert words in page
    assert "<script" not in page and "<b>$x$" not in page and "&lt;b&gt;$x$" in page
    assert "do not pass the page on" in page and "no proof" in page
    assert page.count("<img") == 3


def test_what_is_kept_for_machines_holds_no_real_cell(report) -> None:
    told = str(report.to_json())
    assert "example.org" not in told and report.to_json()["privacy"]["exact"] == 20
    assert any("mail" in note and "free text" in note for note in report.notes)


def test_innocent_fakes_without_target_or_holdout_are_told_what_was_not_measured() -> None:
    _, private, useful = summary(judge_table(REAL, FAKE))
    assert "nothing else could be tried" in private and "not a proof" in private
    assert "not measured" in useful and "--target" in useful


def test_a_table_of_texts_only_still_has_a_page(tmp_path: Path) -> None:
    real, fake = REAL[["mail"]], FAKE[["mail"]]
    page = judge(real, fake).save(tmp_path / "x.html").read_text(encoding="utf-8")
    assert "no pair of columns" in page


@pytest.mark.parametrize(
    "drawing",
    [
        Outline(edges=np.arange(4.0), real=np.ones(3) / 3, fake=np.array([0, 0.5, 0.5]), ends=("1", "名")),
        Levels(names=("a", "$b$"), real=np.array([0.4, 0.6]), fake=np.array([1.0, 0.0])),
        Square(names=("a", "b"), values=np.array([[np.nan, 0.2], [0.2, np.nan]])),
    ],
)
def test_each_drawing_is_a_picture_and_json(drawing) -> None:
    figure = Figure(finding="x", sentence="y", drawing=drawing)
    assert figure.png().startswith(b"\x89PNG") and figure.to_json()["drawing"]["kind"] == type(drawing).__name__.lower()
