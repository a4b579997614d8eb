"""Telling fakes from real rows, and learning from fakes for real rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from contrafact.base.records import Score
from contrafact.metrics.classifiers import c2st_logistic, c2st_trees, fooled, means_copies
from contrafact.metrics.columns import tables
from contrafact.metrics.usefulness import _score_classes, tstr


def rows(n: int, seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    x = draw.normal(size=n)
    kind = np.where(x > 0.5, "high", np.where(x < -0.5, "low", "mid"))
    frame = pd.DataFrame({"x": x, "y": x + 0.3 * draw.normal(size=n), "kind": kind, "n": draw.integers(0, 99, n)})
    return frame.mask(np.column_stack([draw.random((n, 2)) < 0.05, np.zeros((n, 2), bool)]))


REAL, FRESH, HOLDOUT = rows(400, 0), rows(400, 1), rows(400, 2)
SHUFFLED = FRESH.apply(lambda column: np.random.default_rng(ord(column.name[0])).permutation(column))


@pytest.fixture(scope="module")
def shuffled() -> Score:
    return c2st_trees(REAL, SHUFFLED)


def test_trees_cannot_tell_fresh_rows_and_always_tell_shuffled_columns(shuffled: Score) -> None:
    fresh = c2st_trees(REAL, FRESH, HOLDOUT)
    assert fresh.low < 0.5 < fresh.high and not means_copies(fresh)
    assert shuffled.low > 0.85 and shuffled.value == pytest.approx(shuffled.floor, abs=0.05)
    assert fresh.ceiling == pytest.approx(0.5, abs=0.07)


def test_far_below_one_half_means_copies() -> None:
    assert means_copies(c2st_trees(REAL, REAL))


def test_the_logistic_test_is_blind_to_relations_and_sees_single_columns() -> None:
    blind, seen = c2st_logistic(REAL, SHUFFLED), c2st_logistic(REAL, FRESH.assign(y=FRESH["y"] + 1))
    assert blind.low < 0.5 < blind.high
    assert seen.low > 0.6


def test_an_area_becomes_c2st_with_its_ends_in_order(shuffled: Score) -> None:
    turned = fooled(shuffled)
    assert turned.value == pytest.approx(2 * (1 - shuffled.value)) and turned.low <= turned.value <= turned.high
    assert turned.better == "higher" and turned.ceiling > 0.8 > turned.floor


def test_thousands_of_levels_and_holes_reach_the_trees_as_they_are() -> None:
    draw = np.random.default_rng(0)
    real = pd.DataFrame({"z": draw.integers(0, 3000, 400).astype(str), "c": draw.choice(["a", None], 400)})
    assert 0 <= c2st_trees(real, real.iloc[::-1].assign(c="a")).value <= 1


def test_models_that_learned_from_fakes_are_measured_on_unseen_real_rows() -> None:
    good, bad = tstr(REAL, FRESH, "kind", HOLDOUT), tstr(REAL, SHUFFLED, "kind", HOLDOUT)
    assert good is not None and bad is not None and good.name == "tstr_auc"
    assert good.value > 0.9 and good.value == pytest.approx(good.ceiling, abs=0.03) and good.floor < 0.65
    assert bad.value < 0.65 and bad.low <= bad.value <= bad.high


def test_a_number_with_many_values_is_scored_by_what_is_explained() -> None:
    score = tstr(REAL, FRESH, "y")
    assert score is not None and score.name == "tstr_r2"
    assert score.ceiling > 0.8 and score.value > 0.8 and score.floor < 0.1


def test_classes_are_averaged_one_against_the_rest() -> None:
    draw = np.random.default_rng(0)
    truth, chances = draw.integers(0, 3, 300), draw.dirichlet([1, 1, 1], 300)
    expected = roc_auc_score(truth, chances, multi_class="ovr", average="macro")
    assert _score_classes(truth, chances, 300, 0).value == pytest.approx(expected)


def test_a_class_that_the_fakes_lack_counts_one_half_and_fakes_of_one_class_know_nothing() -> None:
    lacking = tstr(REAL, FRESH[FRESH["kind"] != "low"], "kind", HOLDOUT)
    alone = tstr(REAL, FRESH[FRESH["kind"] == "low"], "kind", HOLDOUT)
    assert lacking is not None and 0.6 < lacking.value < 0.9
    assert alone is not None and alone.value == 0.5


@pytest.mark.parametrize("column", ["key", "one"])
def test_a_target_that_cannot_be_tested_gives_no_score(column: str) -> None:
    real, fake = (
        frame.assign(key=[f"{seed} {i}" for i in range(len(frame))], one=1.0) for seed, frame in ((0, REAL), (1, FRESH))
    )
    assert tstr(real, fake, column) is None


def test_the_same_seed_gives_the_same_scores_from_frames_and_from_read_tables() -> None:
    assert c2st_logistic(REAL, FRESH, seed=3) == c2st_logistic(*tables(REAL, FRESH), seed=3)
