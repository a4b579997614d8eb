"""What the holes of a column go with, and what follows from a shift."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import contrafact
from contrafact.base.errors import UsageError
from contrafact.metrics.pooling import pooled
from contrafact.tasks.missing import patterns, sentences
from contrafact.tasks.shifts import compared, read_shifts
from contrafact.tasks.shifts import sentences as shift_sentences


def people(rows: int = 1500, seed: int = 0) -> pd.DataFrame:
    """Incomes are missing with age, towns at random, and a debt where it is large."""
    random = np.random.default_rng(seed)
    age, debt = random.integers(18, 90, rows), random.normal(0, 1, rows)
    frame = pd.DataFrame({"age": age, "income": age * 500 + random.normal(0, 4000, rows), "debt": debt})
    frame["town"] = random.choice(["a", "b", "c"], rows)
    frame.loc[random.random(rows) < 1 / (1 + np.exp(-(age - 60) / 8)), "income"] = np.nan
    frame.loc[random.random(rows) < 0.2, "town"] = None
    frame.loc[random.random(rows) < 1 / (1 + np.exp(-3 * debt)), "debt"] = np.nan
    return frame


def test_holes_that_go_with_a_column_are_found_and_those_by_chance_or_by_their_own_value_are_not():
    found = {pattern.column: pattern for pattern in patterns(people(), None, 0)}
    income = found["income"]
    assert income.clear and income.goes_with == ("age",) and 0.8 < income.low < income.auc < income.high < 1
    assert not found["town"].clear and not found["debt"].clear  # what nobody sees, nobody can test
    assert found["town"].low < 0.5 < found["town"].high or abs(found["town"].auc - 0.5) < 0.08
    first, second = sentences(list(found.values()))
    assert first.startswith("Holes in income go with age (AUC 0.9") and "not completely at random" in first
    assert "--shift income=D" in first and "MNAR" in first
    assert "town" in second and "debt" in second and "(MCAR)" in second


def test_chance_alone_is_hardly_ever_taken_for_a_reason():
    clear = total = 0
    for seed in range(12):
        random = np.random.default_rng(seed)
        frame = pd.DataFrame(random.normal(size=(300, 6))).rename(columns=str)
        found = patterns(frame.mask(random.random(frame.shape) < 0.2), None, seed)
        clear, total = clear + sum(pattern.clear for pattern in found), total + len(found)
    assert total == 72 and clear <= 1


def test_few_holes_and_lonely_columns_are_not_asked_and_that_is_said():
    frame = people()
    few = frame[["age"]].astype(float)
    few.iloc[:5, 0] = np.nan
    assert [pattern.auc for pattern in patterns(few, None, 0)] == [None]
    assert "too few" in sentences(patterns(few, None, 0))[0]
    assert patterns(frame[["age"]], None, 0) == []


def test_impute_says_what_it_rests_on():
    result = contrafact.impute(people(400), method="ice", check="off")
    assert "(MAR)" in result.verdict and any(note.startswith("Holes in income go with age") for note in result.notes)


def test_means_under_shifts_are_pooled_by_rubins_rules():
    frame = people(400)
    draws = contrafact.impute(frame, method="ice", draws=4, check="off").data
    rows = compared(frame, draws, {"income": (-5000.0,)})
    assert [row.shift for row in rows] == [-10000, -5000, -2500, 0]
    holes = frame.income.isna().to_numpy()
    for row in rows:
        moved = [draw.income.to_numpy() + row.shift * holes for draw in draws]
        told = pooled([m.mean() for m in moved], [m.var(ddof=1) / 400 for m in moved], freedom=399)
        assert (row.mean, row.low, row.high) == pytest.approx(told)
    assert rows[3].mean - rows[1].mean == pytest.approx(5000 * holes.mean())
    assert "leaves the interval of no shift" in shift_sentences(frame, rows)[0]


def test_one_shift_moves_the_table_and_several_are_only_compared():
    frame = people(400)
    plain = contrafact.impute(frame, method="ice", check="off")
    moved = contrafact.impute(frame, method="ice", check="off", shift={"income": -5000})
    several = contrafact.impute(frame, method="ice", check="off", shift={"income": [-5000, 5000]})
    holes = frame.income.isna()
    assert np.allclose(moved.data.income[holes], plain.data.income[holes] - 5000)
    pd.testing.assert_frame_equal(several.data, plain.data)
    assert "MNAR" in moved.verdict and "(MAR)" in several.verdict
    for result in (moved, several):
        assert any("-5000:" in note and "+0:" in note for note in result.notes)
    assert any("+5000:" in note for note in several.notes)
    assert read_shifts(frame, {"income": "-1,0,1"}) == {"income": (-1.0, 0.0, 1.0)}
    for wrong in ({"income": "1,x"}, {"income": []}, {"town": 1}, {"income": float("inf")}):
        with pytest.raises(UsageError):
            read_shifts(frame, wrong)


def test_moved_cells_keep_constraints_and_the_moves_back_are_counted():
    frame = people(400)
    ice = contrafact.zoo.ICE(constraints=["income <= 40000"])
    with pytest.warns(UserWarning, match="broken by"):
        ice.fit(frame)
    result = contrafact.impute(frame, method=ice, check="off", shift={"income": 20000})
    holes = frame.income.isna()
    assert result.data.income[holes].max() <= 40000 and result.data.income[~holes].equals(frame.income[~holes])
    assert any(note.startswith("The constraint 'income <= 40000' is broken by") for note in result.notes)
    assert any("Constraints: projected" in note and "observed" in note for note in result.notes)
