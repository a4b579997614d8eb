"""Where there are too many columns the seed chooses some, the same on all sides, and the scores say so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from contrafact.metrics import classifiers, marginals, mixed, relations, table_judge
from contrafact.metrics.mixed import fitting, mixed_blocks, mixed_rows
from contrafact.report.judged_table import summary


def side(seed: int, rows: int = 60, columns: int = 12) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    shared = random.normal(size=rows)
    made = pd.DataFrame({f"n{i}": shared + random.normal(size=rows) for i in range(columns // 2)})
    return made.assign(**{f"c{i}": random.choice(list("abc"), rows) for i in range(columns // 2)})


@pytest.fixture
def few(monkeypatch):
    """Make twelve columns too many."""
    for where, name, most in (
        (mixed, "MOST_WIDE", 10),
        (table_judge, "MOST_WIDE", 10),
        (relations, "MOST_COLUMNS", 5),
        (table_judge, "MOST_COLUMNS", 5),
        (marginals, "MOST_HOLED", 3),
        (classifiers, "MOST_COLUMNS", 6),
        (table_judge, "MOST_FOR_TREES", 6),
        (classifiers, "LOGISTIC_WIDE", 12),
        (table_judge, "LOGISTIC_WIDE", 12),
    ):
        monkeypatch.setattr(where, name, most)


def test_as_many_columns_are_chosen_as_fit():
    widths = np.array([3, 1, 4, 1, 5, 9, 2, 6])
    assert fitting(widths, 31, 0).all()
    for seed in range(20):
        kept = fitting(widths, 10, seed)
        assert kept.any() and (widths[kept].sum() <= 10 or kept.sum() == 1)
    assert len({fitting(widths, 10, seed).tobytes() for seed in range(20)}) > 5


def test_rows_that_would_be_too_wide_see_the_same_columns_on_all_sides(few):
    matrices, blocks = mixed_blocks(side(0), side(1), seed=3)
    assert {matrix.shape[1] for matrix in matrices} == {blocks[-1].stop} and blocks[-1].stop <= 10
    kept = [number for number, block in enumerate(blocks) if block.stop > block.start]
    assert 0 < len(kept) < 12
    alone = mixed_rows(*(side(seed).iloc[:, kept] for seed in (0, 1)), seed=3)
    for one, other in zip(matrices, alone, strict=True):
        assert np.allclose(one, other)


def test_a_judgement_of_many_columns_says_which_were_looked_at(few):
    holed = [side(seed).mask(np.random.default_rng(seed).random((60, 12)) < 0.1) for seed in range(3)]
    found = table_judge.judge_table(*holed, target="c0")
    assert len(found.names) == 5 and found.columns == 12 and len(found.shapes) == 12
    assert found.notes[0].startswith("Of the 12 columns the seed chose some: pairs")
    assert "compared among 5; trees see 6; the logistic regression as many as fit into 12 numbers" in found.notes[0]
    assert "pairs of columns among 5 of the 12 columns to" in summary(found)[0]
    assert {"c2st_trees", "c2st_logistic", "missingness", "linkability", "inference", "coverage"} <= set(found.scores)
    assert all(np.isfinite(score.value) for score in found.scores.values())


def test_a_judgement_of_few_columns_says_nothing_of_the_kind():
    found = table_judge.judge_table(side(0), side(1))
    assert not any("the seed chose" in note for note in found.notes) and " among " not in summary(found)[0]


def test_copies_are_found_in_all_columns(few):
    real, fake = side(0), side(1)
    fake.iloc[:5] = real.iloc[:5]
    assert table_judge.judge_table(real, fake).privacy.exact == 5
