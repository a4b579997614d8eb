"""synth: new rows, judged, and what share-safe rows never hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from rows import TOY, people

import contrafact
from contrafact.base.errors import DataError, UsageError


def test_rows_are_new_and_judged_on_rows_that_were_held_out():
    frame = people()
    before = frame.copy(deep=True)
    result = contrafact.synth(frame, n=40, method=TOY, target="sick", given={"town": "Ulm"})
    pd.testing.assert_frame_equal(frame, before)
    assert len(result.data) == 40 and set(result.data.town) == {"Ulm"} and list(result.data) == list(frame)
    assert {"shapes", "pairs", "c2st_trees", "membership_auc", "tstr_auc"} <= set(result.scores)
    assert result.scores["shapes"].n == 128  # without the condition, as many as were learned from
    assert "Boosted trees" in result.verdict and "held out" in " ".join(result.notes)
    assert contrafact.synth(frame, n=3, method=TOY, check="off").verdict == "Made 3 rows. Nothing was tested."


@pytest.fixture(scope="module")
def planted():
    frame = people(200)
    frame.loc[1003, "town"], frame.loc[1004, "x"], frame.loc[1005, "count"] = "PLANTED", 77777.7, 424242
    return frame


def test_share_safe_rows_and_their_model_hold_nothing_planted_and_no_real_row(planted, tmp_path):
    result = contrafact.synth(planted, n=600, method=TOY, share_safe=True, check="off")
    text = result.data.to_csv()
    assert all(word not in text for word in ("PLANTED", "77777.7", "424242"))
    assert not result.data.id.isin(planted.id).any() and len(result.data) == 600
    columns = [name for name in planted if name != "id"]
    real = set(planted[columns].itertuples(index=False, name=None))
    assert not real & set(result.data[columns].itertuples(index=False, name=None))
    assert "Share-safe" in " ".join(result.notes) and "no privacy" in " ".join(result.notes)
    TOY.but(share_safe=True).fit(planted).save(tmp_path / "model")
    saved = "".join(path.read_text() for path in (tmp_path / "model").glob("*.json"))
    assert all(word not in saved for word in ("PLANTED", "77777.7", "424242"))


def test_the_rules_are_needed_the_plain_model_holds_what_was_planted(planted, tmp_path):
    TOY.fit(planted).save(tmp_path / "model")
    saved = "".join(path.read_text() for path in (tmp_path / "model").glob("*.json"))
    assert "PLANTED" in saved and "77777.7" in saved


def test_rows_that_equal_real_ones_are_drawn_anew_and_counted():
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({name: draw.integers(0, 4, 60) for name in "abc"})  # 64 possible rows
    result = contrafact.synth(frame, n=30, method=TOY, share_safe=True, check="off")
    real = set(frame.itertuples(index=False, name=None))
    assert not real & set(result.data.itertuples(index=False, name=None))
    assert any("drawn rows dropped" in note and ", 0 drawn" not in note for note in result.notes)
    every = pd.DataFrame({"a": [0, 1] * 20, "b": [0, 0, 1, 1] * 10})
    with pytest.raises(DataError, match="equal a real row"):
        contrafact.synth(every, n=5, method=TOY, share_safe=True, check="off")


def test_a_method_without_a_share_safe_form_is_refused():
    with pytest.raises(UsageError, match="no share-safe form"):
        contrafact.synth(people(), method="independent", share_safe=True)
