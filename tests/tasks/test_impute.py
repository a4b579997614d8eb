"""impute: what is filled, what is left alone, and what the test says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from rows import FILLING, people

import contrafact
from contrafact.base.errors import DataError, UsageError
from contrafact.base.records import Score
from contrafact.tasks.hidden_cells import Hidden
from contrafact.tasks.impute import verdict


def same_where_observed(frame, filled):
    for name in frame.columns:
        own = frame[name].notna()
        assert (frame[name][own] == filled[name][own]).all() and filled[name].dtype == frame[name].dtype
    assert filled.index.equals(frame.index)


def test_holes_are_filled_observed_cells_stay_and_the_assumption_is_said():
    frame = people()
    before = frame.copy(deep=True)
    result = contrafact.impute(frame, method=FILLING, seed=1)
    pd.testing.assert_frame_equal(frame, before)
    same_where_observed(frame, result.data)
    assert not result.data.isna().any().any() and "MAR" in result.verdict
    holes = int(frame.isna().sum().sum())
    assert result.verdict.startswith(f"Filled {holes:,} cells.")
    names = {"rmse_method", "rmse_mean", "rmse_ice", "rmse_y_method", "accuracy_town_mean", "gain_rmse_over_ice"}
    assert names <= set(result.scores)
    assert result.scores["rmse_mean"].value == result.scores["rmse_mean"].floor == pytest.approx(1, abs=0.5)
    assert result.scores["rmse_ice"].value < 0.5  # y follows x along a line
    again = contrafact.impute(frame, method=FILLING, seed=1)
    pd.testing.assert_frame_equal(result.data, again.data)


def test_draws_differ_in_holes_only_and_uncertainty_stands_beside():
    frame = people()
    draws = contrafact.impute(frame, method=FILLING, draws=3, check="off").data
    assert len(draws) == 3
    for one in draws:
        same_where_observed(frame, one)
    assert (draws[0].y != draws[1].y).any()
    made = contrafact.impute(frame, method=FILLING, uncertainty=True, check="off").data
    assert list(made.columns).index("y_uncertainty") == list(made.columns).index("y") + 1
    assert (made.y_uncertainty.notna() == frame.y.isna()).all() and (made.y_uncertainty.dropna() > 0).all()
    assert made.town_uncertainty.dropna().between(0, 1).all() and "x_uncertainty" not in made


def test_a_shift_moves_filled_cells_alone_and_is_said():
    frame = people().astype({"count": "Int64"})
    frame.iloc[::10, 3] = pd.NA
    plain = contrafact.impute(frame, method="ice", check="off")
    moved = contrafact.impute(frame, method="ice", check="off", shift={"y": -10, "count": 2})
    holes = frame.y.isna()
    assert np.allclose(moved.data.y[holes], plain.data.y[holes] - 10) and moved.data.y[~holes].equals(frame.y[~holes])
    assert ((moved.data["count"] - plain.data["count"])[frame["count"].isna()] == 2).all()
    assert "MNAR" in moved.verdict and "y by -10" in moved.verdict and "MAR)" not in moved.verdict.replace("MNAR)", "")
    for wrong in ({"town": 1}, {"y": "x"}, {"z": 1}):
        with pytest.raises(UsageError):
            contrafact.impute(frame, method="ice", shift=wrong)


def test_the_full_check_fits_once_more_and_fills_from_all_cells():
    frame = people()
    full = contrafact.impute(frame, method=FILLING, check="full", seed=1)
    off = contrafact.impute(frame, method=FILLING, check="off", seed=1)
    pd.testing.assert_frame_equal(full.data, off.data)
    assert full.scores and not off.scores and all(note.startswith("Holes in") for note in full.notes)


def test_what_cannot_be_filled_is_named():
    frame = people()
    frame.loc[frame.index[3], "id"] = None
    frame["nothing"] = np.nan
    result = contrafact.impute(frame, method=FILLING, check="off")
    assert any("id, nothing" in note for note in result.notes) and result.data.id.isna().sum() == 1
    whole = frame[["x", "count"]]
    result = contrafact.impute(whole, method="ice")
    assert result.verdict == "No hole was filled." and result.data.equals(whole)


def test_hidden_cells_are_a_tenth_of_the_known_ones_and_scored_against_what_they_held():
    frame = people(300)
    hidden = Hidden.of(frame, None, 0)
    assert {hidden.codec.schema.columns[place].name for place in hidden.places} == {"y", "town"}
    known = int(frame.y.notna().sum())
    gone = hidden.frame.y.isna() & frame.y.notna()
    assert gone.sum() == round(known / 10) and hidden.frame.x.equals(frame.x)
    errors, hits = hidden.errors(frame)
    assert all((part == 0).all() for part in errors.values()) and all(part.all() for part in hits.values())
    off, _ = hidden.errors(frame.assign(y=frame.y + 2))
    assert np.allclose(np.concatenate(list(off.values())), 2 / frame.y.std(ddof=0))


@pytest.mark.parametrize("wrong", [{"draws": 0}, {"method": "r3gan"}, {"method": "copula"}, {"check": "x"}])
def test_what_cannot_be_done_is_refused(wrong):
    with pytest.raises(UsageError):
        contrafact.impute(people(), **wrong)


def test_other_kinds_of_data_are_refused():
    with pytest.raises(DataError, match="impute was given data of kind vectors"):
        contrafact.impute(contrafact.read("ring"))


def test_the_verdict_lets_the_simple_way_win():
    def score(name, value, low=0.0, high=0.0):
        return Score(name=name, value=value, low=low, high=high, n=9, better="lower")

    scores = {
        f"rmse_{way}": score(f"rmse_{way}", value) for way, value in (("method", 0.9), ("mean", 1.0), ("ice", 0.5))
    }
    scores |= {"gain_rmse_over_mean": score("g", 0.1, 0.05, 0.2), "gain_rmse_over_ice": score("g", -0.4, -0.5, -0.3)}
    told = verdict(scores, "loom", 5, {})
    assert "better than means and commonest levels, worse than linear regressions (ICE)" in told
