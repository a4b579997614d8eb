"""Draws depend on names and numbers only; records survive JSON; data are known again by their fingerprint."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from contrafact.base.data import Data, fingerprint
from contrafact.base.errors import UsageError
from contrafact.base.records import Finding, Score, finite_or_none
from contrafact.base.seeds import checked_count, chosen, fold, generator, in_blocks


def rows(n: int, start: int = 0, size: int = 10) -> list[int]:
    pieces = in_blocks(n, lambda block: np.arange(size) + size * block, rows=size, start=start)
    return np.concatenate(pieces).tolist()


@pytest.mark.parametrize("start", [0, 1, 9, 10, 25])
@pytest.mark.parametrize("n", [0, 1, 9, 10, 11, 31])
def test_blocks_give_the_rows_that_were_asked_for(start, n):
    assert rows(n, start) == list(range(start, start + n))


def test_only_the_blocks_that_are_needed_are_drawn():
    drawn = []
    in_blocks(5, lambda block: drawn.append(block) or np.arange(10), rows=10, start=28)
    assert drawn == [2, 3]


def test_seeds_depend_on_every_part_of_their_path_and_fit_into_63_bits():
    seeds = {fold(0), fold(1), fold(-1), fold(0, "a"), fold(0, "a", 1), fold(0, "a", 2), fold(10**30)}
    assert len(seeds) == 7 and all(0 <= seed < 2**63 for seed in seeds)
    assert generator(0, "a").random() == generator(0, "a").random() != generator(0, "b").random()


def test_a_seed_is_kept_and_without_one_each_draw_is_fresh():
    assert chosen(7) == chosen(np.int64(7)) == 7
    assert chosen(None) != chosen(None)


def test_counts_are_whole_and_not_below_zero():
    assert checked_count(0) == 0 and checked_count(np.int64(3)) == 3
    for wrong in (-1, 2.5, "3", None):
        with pytest.raises(UsageError) as caught:
            checked_count(wrong)
        assert caught.value.code == "E104"


def test_a_score_survives_json_with_numbers_that_json_cannot_hold():
    score = Score(name="c2st", value=math.nan, low=-math.inf, high=0.5, n=3, better="higher", floor=0.0)
    row = json.loads(json.dumps(score.to_json(), allow_nan=False))
    assert set(row) == {"value", "low", "high", "n", "better", "floor", "ceiling"}
    again = Score.from_json("c2st", row)
    assert math.isnan(again.value) and math.isnan(again.low)
    assert (again.name, again.high, again.n, again.better, again.floor, again.ceiling) == (
        "c2st",
        0.5,
        3,
        "higher",
        0.0,
        None,
    )
    whole = Score(name="mmd", value=0.25, low=0.0, high=1.0, n=3, better="lower")
    assert Score.from_json("mmd", whole.to_json()) == whole and "↓" in str(whole)


def test_findings_and_single_numbers_are_ready_for_json():
    finding = Finding(code="D220", message="m", evidence={"score": 0.5}, step=3)
    assert json.loads(json.dumps(finding.to_json()))["evidence"] == {"score": 0.5}
    assert [finite_or_none(v) for v in (1.0, math.nan, math.inf, None)] == [1.0, None, None, None]


def test_a_fingerprint_changes_with_cells_names_types_and_order_only():
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None]})
    same, others = fingerprint(frame), []
    assert fingerprint(frame.copy()) == fingerprint(frame.set_axis([7, 8])) == same
    others += [frame.rename(columns={"a": "c"}), frame.astype({"a": float}), frame[::-1], frame[["b", "a"]], frame[:1]]
    array = np.arange(6.0)
    others += [array, array.reshape(2, 3), array.reshape(3, 2), array.astype(np.float32), array + 1]
    others += [
        Data(kind="text", items=["ab", "c"]),
        Data(kind="text", items=["a", "bc"]),
        Data(kind="text", items=["ab"]),
    ]
    prints = [same, *map(fingerprint, others)]
    assert len(set(prints)) == len(prints)
    assert fingerprint(Data(kind="vectors", items=array)) == fingerprint(array)
    assert fingerprint(np.asfortranarray(array.reshape(2, 3))) == fingerprint(array.reshape(2, 3))


def test_data_can_be_counted_indexed_and_taken_from():
    data = Data(kind="text", items=["a", "b", "c"], labels=np.array([0, 1, 0]), name="letters")
    part = data.take([2, 0])
    assert (len(data), data[1], part.items, part.labels.tolist()) == (3, "b", ["c", "a"], [0, 0])
    assert repr(data) == "Data(letters: 3 text)"
