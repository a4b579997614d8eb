"""Judging frames, arrays and lines of any origin, and holding the scores against bars."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import contrafact
from contrafact.base.data import Data
from contrafact.base.demos import digits, ring
from contrafact.base.errors import DataError, UsageError
from contrafact.base.records import Score
from contrafact.metrics import pixel_features
from contrafact.tasks.judge import critic_score, matrices, require, scores
from contrafact.zoo import GAN


def frame(n: int, seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    table = pd.DataFrame(
        {"x": draw.normal(size=n), "sex": np.where(draw.random(n) < 0.5, "m", "f"), "n": draw.integers(0, 9, n)}
    )
    return table.mask(draw.random((n, 3)) < 0.1)


def test_frames_with_text_and_holes_are_scored():
    found = scores(frame(150, 0), frame(120, 1), frame(120, 2), target="sex")
    always = {"precision", "recall", "density", "coverage", "mmd", "energy", "sliced_wasserstein", "c2st", "copies"}
    assert always | {"shapes", "pairs", "missingness", "c2st_trees", "tstr_auc", "membership_auc"} <= set(found)
    for score in found.values():
        assert score.low <= score.value <= score.high and score.floor is not None is not score.ceiling, score
    assert found["copies"].value < 0.1


def test_scoring_changes_neither_side_and_the_same_seed_gives_the_same_scores():
    real, fake = frame(80, 0), frame(80, 1)
    before = real.copy(), fake.copy()
    assert scores(real, fake, seed=3) == scores(real, fake, seed=3)
    pd.testing.assert_frame_equal(real, before[0])
    pd.testing.assert_frame_equal(fake, before[1])


@pytest.mark.parametrize(
    "cells",
    [
        pd.array([1, 2, None] * 10, dtype="Int64"),
        pd.array([True, False, None] * 10, dtype="boolean"),
        pd.Categorical(["x", "y", None] * 10),
        pd.date_range("2020", periods=30),
        [None] * 30,
    ],
)
def test_columns_of_any_type_can_be_compared(cells):
    real = pd.DataFrame({"a": cells, "b": np.arange(30.0)})
    assert all(np.isfinite(matrix).all() for matrix in matrices(real, [real[::-1]]))


@pytest.mark.parametrize(
    ("real", "fake", "code"),
    [
        (pd.DataFrame({"a": [1.0, 2]}), pd.DataFrame({"a": ["x", "y"]}), "E203"),
        (pd.DataFrame({"a": [[1], [2]]}), pd.DataFrame({"a": [[1], [2]]}), "E203"),
        (pd.DataFrame({"a": [1.0, 2]}), pd.DataFrame({"b": [1.0, 2]}), "E205"),
        (pd.DataFrame({"a": [1.0, 2]}), pd.DataFrame({"a": [1.0, np.inf]}), "E222"),
        (pd.DataFrame({"a": [1.0, 2]}), pd.DataFrame({"a": [1.0, 1e300]}), "E222"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), pd.DataFrame([[1, 2]], columns=["a", "a"]), "E205"),
        (pd.DataFrame({"a": [1.0, 2]}), np.ones((3, 1)), "E205"),
        (np.ones((3, 2)), np.ones((3, 1)), "E205"),
        (np.ones((3, 2)), np.array([[1, np.nan]]), "E222"),
        (np.ones((3, 2)), np.empty((0, 2)), "E221"),
        (np.ones((3, 2)), ["ab", "c"], "E205"),
        (np.ones((3, 2)), Data(kind="sound", items=[np.ones(3)]), "E205"),
        (Data(kind="sound", items=[np.ones(3), np.ones(4)]), Data(kind="sound", items=[np.ones(3)]), "E625"),
        (["ab"], ["ab"], "E221"),
        (["ab", "cd"], [], "E205"),
    ],
)
def test_what_cannot_be_compared_is_refused_by_name(real, fake, code):
    with pytest.raises(DataError) as caught:
        scores(real, fake)
    assert caught.value.code == code


def test_one_row_and_constants_can_be_scored():
    points = np.random.default_rng(0).normal(size=(30, 2))
    for real, fake in (
        (points, points[:1]),
        (points[:1], points),
        (np.ones((9, 2)), points),
        (points, np.ones((9, 2))),
    ):
        assert np.isfinite(scores(real, fake)["coverage"].value)


def test_lines_are_scored_by_their_transitions_their_variety_and_their_copies():
    real, fake = ["abab", "abba", "baab"] * 10, ["abab", "bbbb"] * 10
    assert set(scores(real, fake, ["aabb"] * 5)) == {
        *("mc_gap", "mc_gap_reverse", "mc_tv", "copies", "vocabulary", "novelty", "lengths"),
        *(f"{name}{n}" for name in ("bleu", "self_bleu") for n in (2, 3, 4, 5)),
        *("distinct1", "distinct2", "distinct3"),
    }
    assert scores(Data(kind="text", items=real), fake)["mc_gap"].n == 20
    assert "mc_gap" in scores([["a", 1], ["a", "b"]] * 4, [("a", 1)] * 4)


def test_modes_are_counted_where_the_truth_is_known():
    assert scores(ring(500), ring(400, seed=1))["modes"].value == 8


def test_pictures_are_scored_in_features_that_are_learned_from_them_and_named(monkeypatch):
    monkeypatch.setattr("contrafact.metrics.learning.FEWEST_STEPS", 200)
    data = digits()
    data = data.take(np.random.default_rng(0).permutation(len(data)))
    real, fake, holdout = (data.take(range(start, start + 200)) for start in (0, 200, 400))
    found = scores(real, fake, holdout)
    expected = {"frechet", "kernel", "inception", "precision", "recall", "agreement", "copies", "membership_auc"}
    assert expected <= set(found) and found["c2st"].value > 0.5 > found["c2st"].floor
    (name,) = {score.features for score in found.values()}
    assert name.startswith("classifier-") and found["agreement"].value > 0.8
    bare = scores(real.items, fake.items, features=pixel_features(real))
    assert {score.features for score in bare.values()} == {"pixels"} and "agreement" not in bare


def test_pictures_of_two_sizes_are_refused_with_both_sizes():
    small, large = (Data(kind="pictures", items=np.zeros((3, side, side), np.uint8)) for side in (8, 9))
    with pytest.raises(DataError, match=r"8 x 8 x 1 of 8 bit, the fake ones 9 x 9 x 1") as caught:
        scores(small, large)
    assert caught.value.code == "E205"


def test_features_are_for_pictures_only():
    with pytest.raises(UsageError) as caught:
        scores(np.ones((3, 2)), np.ones((3, 2)), features=pixel_features(np.ones((3, 2, 2), np.uint8)))
    assert caught.value.code == "E224"


def test_an_unknown_target_is_guessed():
    with pytest.raises(UsageError, match="Did you mean sex") as caught:
        scores(frame(20, 0), frame(20, 1), target="sxe")
    assert caught.value.code == "E115"
    with pytest.raises(UsageError, match="Only tables"):
        scores(np.ones((3, 2)), np.ones((3, 2)), target="x")


FOUND = {
    name: Score(name=name, value=value, low=0, high=1, n=9, better="higher")
    for name, value in (("c2st", 0.9), ("bad", np.nan))
}


@pytest.mark.parametrize("bars", ["c2st>=.9", "c2st >= 0.9", "c2st<=9e-1", "c2st>.8,c2st<1", " c2st > -1 "])
def test_bars_that_hold(bars):
    assert require(bars, FOUND) == []


@pytest.mark.parametrize(("bars", "missed"), [("c2st>.9", 1), ("c2st<.9,c2st>1", 2), ("bad>=0", 1), ("bad<=1", 1)])
def test_bars_that_miss_are_named_and_a_score_that_is_no_number_misses(bars, missed):
    assert len(require(bars, FOUND)) == missed


@pytest.mark.parametrize(
    "bars", ["", "c2st", "c2st=.9", "c2st>=", "c2st>=x", "c2s>=1", "c2st>=.9,", "c2st>=.9;bad>1", "__import__>=1"]
)
def test_bars_that_cannot_be_read_are_refused(bars):
    with pytest.raises(UsageError) as caught:
        require(bars, FOUND)
    assert caught.value.code == "E116"


def test_the_report_says_that_nothing_was_held_out_and_saves_itself(tmp_path):
    real = frame(60, 0).rename(columns={"x": "<script>alert(1)</script>", "sex": "性別"})
    fake = frame(60, 1).set_axis(real.columns, axis=1)
    report = contrafact.judge(real, fake)
    assert "held out" in report.notes[0] and "coverage" in str(report)
    page = report.save(tmp_path / "中 文" / "x.html").read_text(encoding="utf-8")
    assert "<script" not in page


def test_a_runs_critic_can_compare(tmp_path):
    data = ring(200)
    GAN.toy().fit(data, run_dir=tmp_path / "r")
    score = critic_score(str(tmp_path / "r"), data, np.random.default_rng(0).normal(size=(50, 2)))
    assert score.n == 50 and 0 <= score.low <= score.value <= score.high <= 1
