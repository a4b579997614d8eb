"""balance and augment over tables: what comes back, and what the test says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from rows import BLINK, TOY, people

import contrafact
from contrafact.base.errors import DataError, UsageError
from contrafact.metrics.columns import tables
from contrafact.tasks import table_balance, table_trial
from contrafact.tasks.interpolated import interpolated
from contrafact.tasks.table_arms import Course, repeated
from contrafact.tasks.table_maker import beside
from contrafact.tasks.table_trial import Classes, advised, verdict


@pytest.fixture(autouse=True)
def _blink(monkeypatch):
    monkeypatch.setattr(table_trial, "EFFORTS", BLINK)
    monkeypatch.setattr(table_balance, "EFFORTS", BLINK)


def test_balance_puts_marked_rows_of_the_rare_class_under_the_real_ones():
    frame = people()
    before = frame.copy(deep=True)
    result = contrafact.balance(frame, target="sick", method=TOY, seed=1)
    pd.testing.assert_frame_equal(frame, before)
    made = result.data
    assert made.sick.value_counts().to_dict() == {"no": 136, "yes": 136}
    assert (made["_source"] == "real").sum() == 160 and set(made[made["_source"] == "synthetic"].sick) == {"yes"}
    pd.testing.assert_frame_equal(made[made["_source"] == "real"].drop(columns="_source"), before)
    assert made.index.is_unique and made.drop(columns="_source").dtypes.equals(before.dtypes)
    assert "generated rows" in result.verdict and "Brier" in result.verdict
    for arm in ("nothing", "weights", "repeats", "smote", "synthetic"):
        for name in ("auprc", "auc", "f1", "brier", "brier_corrected"):
            assert result.scores[f"{name}_trees_{arm}"].n in range(31, 34) and f"{name}_line_{arm}" in result.scores
    again = contrafact.balance(frame, target="sick", method=TOY, seed=1)
    pd.testing.assert_frame_equal(made, again.data)
    assert {k: s.value for k, s in result.scores.items()} == {k: s.value for k, s in again.scores.items()}


def test_a_method_that_keeps_classes_apart_is_told_which_column_holds_them():
    made = contrafact.balance(people(), target="sick", method="smote", check="off", seed=1).data
    assert made.sick.value_counts().to_dict() == {"no": 136, "yes": 136}
    job = table_balance.balancing_rows(people(), target="sick", method=contrafact.zoo.SMOTE(target="town"), check="off")
    assert job.fitter.recipe.target == "town"


def test_a_full_check_holds_every_row_out_once_and_learns_from_all():
    job = table_balance.balancing_rows(people(), target="sick", method=TOY, check="full", ratio=0.5)
    assert len(job.fitter.data) == 160
    result = job.finish()
    assert result.scores["auprc_line_nothing"].n == 160 and len(result.data) == 160 + 68 - 24
    assert not any("held out" in note for note in result.notes)


def test_augment_draws_rows_as_they_come_and_tests_only_with_a_target():
    frame = people()
    result = contrafact.augment(frame, n=30, method=TOY)
    assert len(result.data) == 190 and not result.scores and "name a column" in result.verdict
    result = contrafact.augment(frame, n=30, target="town", method=TOY)
    assert "auprc_trees_synthetic" in result.scores and (result.data["_source"] == "synthetic").sum() == 30
    assert result.scores["auprc_line_nothing"].n < 32  # rows without a town test nothing


@pytest.mark.parametrize(
    ("options", "error", "code"),
    [
        ({"target": "sik"}, UsageError, "E115"),
        ({}, UsageError, "E115"),
        ({"target": "x"}, DataError, "E248"),
        ({"target": "sick", "to": 10}, UsageError, "E243"),
        ({"target": "sick", "ratio": 0}, UsageError, "E102"),
        ({"target": "sick", "method": "ice"}, UsageError, "E126"),
        ({"target": "sick", "check": "of"}, UsageError, "E128"),
    ],
)
def test_what_cannot_be_balanced_is_refused_before_anything_is_trained(options, error, code):
    with pytest.raises(error) as refused:
        table_balance.balancing_rows(people(), **options)
    assert refused.value.code == code


def test_a_class_of_too_few_rows_is_balanced_only_without_the_test():
    frame = people()
    frame.iloc[:2, -1] = "maybe"
    with pytest.raises(DataError, match=r"'maybe'.*2 rows"):
        contrafact.balance(frame, target="sick", method=TOY)
    result = contrafact.balance(frame, target="sick", method=TOY, check="off", to=20)
    assert result.data.sick.value_counts()["maybe"] == 20 and result.verdict.startswith("Made without a test")


def test_arrow_tables_and_numbered_classes_are_taken():
    import pyarrow

    frame = people().reset_index(drop=True).assign(sick=lambda f: (f.sick == "yes").astype(int))
    table = pyarrow.Table.from_pandas(frame)
    made = contrafact.balance(table, target="sick", method=TOY, check="off").data
    assert made.sick.value_counts().to_dict() == {0: 136, 1: 136} and made.sick.dtype == np.int64


def test_new_rows_get_names_that_no_real_row_has():
    frame = pd.DataFrame({"a": [1, 2]}, index=["u", "v"])
    both = beside(frame, pd.DataFrame({"a": [3]}))
    assert list(both.index) == ["u", "v", "synthetic-0"] and list(both["_source"]) == ["real", "real", "synthetic"]
    both = beside(pd.DataFrame({"_source": [1, 2]}), pd.DataFrame({"_source": [3]}))
    assert list(both.columns) == ["_source", "_source_"]
    pairs = pd.MultiIndex.from_tuples([(1, 2), (1, 3)])
    assert beside(pd.DataFrame({"a": [1, 2]}, index=pairs), pd.DataFrame({"a": [3]})).index.is_unique


def plane(rows: int = 60) -> tuple[pd.DataFrame, np.ndarray]:
    draw = np.random.default_rng(0)
    classes = np.repeat([0, 1], [rows - 12, 12])
    x = draw.normal(size=rows) + 10 * classes
    return pd.DataFrame({"x": x, "y": -x, "level": np.where(classes, "a", "b")}), classes


def test_smote_lies_between_rows_of_the_class():
    frame, classes = plane()
    table = tables(frame)[0]
    made = interpolated(table, classes, np.ones(50, dtype=int), np.random.default_rng(0))
    own = frame[classes == 1]
    assert len(made) == 50 and own.x.min() <= made.cells[0].min() and made.cells[0].max() <= own.x.max()
    assert np.allclose(made.cells[1], -made.cells[0])  # one share of the way for all columns
    assert len(np.unique(made.cells[2])) == 1 and not np.isin(made.cells[0], own.x).all()
    alone = interpolated(table, np.array([0] * 59 + [1]), np.ones(3, dtype=int), np.random.default_rng(0))
    assert (alone.cells[0] == table.cells[0][-1]).all()


def test_ways_differ_only_in_what_they_show():
    frame, classes = plane()
    table, wanted = tables(frame)[0], np.ones(36, dtype=int)
    course = Course(rows=table, classes=classes, names=2, wanted=wanted, made=(table.take(wanted), wanted), seed=0)
    every = np.arange(60)
    assert course.lesson("nothing", every).weights is None and len(course.lesson("nothing", every).rows) == 60
    weights = course.lesson("weights", every)
    assert np.allclose(weights.shown(2), 0.5) and weights.weights.mean() == pytest.approx(1)
    for arm in ("repeats", "smote", "synthetic"):
        lesson = course.lesson(arm, every)
        assert len(lesson.rows) == 96 and np.allclose(lesson.shown(2), 0.5)
        assert len(course.lesson(arm, every[::2]).rows) == 48  # half of the rows get half of the new ones
    chosen = repeated(classes, wanted, np.random.default_rng(0))
    assert (classes[chosen] == 1).all()
    told = course.told("nothing", "line", table, classes, part=0, folds=2, rounds=5)
    assert (told.chances.argmax(1) == classes).mean() > 0.95 and 0 < told.thresholds[1] < 1


def test_the_verdict_follows_the_scores_and_lets_the_baseline_win():
    def scored(value, low, high, name="gain"):
        return contrafact.Score(name=name, value=value, low=low, high=high, n=50, better="higher")

    arms = ("nothing", "weights", "repeats", "smote", "synthetic")
    values = dict(zip(arms, (0.41, 0.43, 0.42, 0.42, 0.425), strict=True))
    scores = {}
    for model in ("trees", "line"):
        for arm in arms:
            for name in ("auprc", "brier", "brier_corrected"):
                scores[f"{name}_{model}_{arm}"] = scored(values[arm], 0.4, 0.45)
            scores[f"gain_{model}_{arm}"] = scored(values[arm] - 0.41, 0.005, 0.02)
            scores[f"gain_{model}_synthetic_over_{arm}"] = scored(-0.005, -0.01, 0.01)
    told = verdict(scores)
    assert "generated rows help over nothing" in told and "but NOT visibly over class weights" in told
    assert "Highest AUPRC: boosted trees with class weights, 0.430" in told
    assert advised(scores) == ("trees", "weights") and "Advised: boosted trees with class weights" in told
    scores["gain_trees_synthetic_over_weights"] = scored(-0.02, -0.03, -0.01)
    assert "but NOT over class weights" in verdict(scores)
    scores["gain_trees_synthetic"] = scored(-0.1, -0.2, -0.05)
    assert "generated rows do harm" in verdict(scores)
    for model in ("trees", "line"):
        for arm in arms[1:]:
            scores[f"gain_{model}_{arm}"] = scored(values[arm] - 0.41, -0.005, 0.04)
    assert advised(scores)[1] == "nothing"  # the highest of several means is no reason
    assert "as things are" in verdict(scores) and "no way gains visibly" in verdict(scores)


def test_classes_are_cut_evenly_and_rows_without_one_stand_apart():
    frame = people()
    frame.iloc[:3, -1] = None
    parts = Classes.of(frame, "sick").parts(0)
    assert (parts[:3] == -1).all()
    sick = (frame.sick == "yes").to_numpy()
    assert {int((sick & (parts == part)).sum()) for part in range(5)} <= {4, 5}
