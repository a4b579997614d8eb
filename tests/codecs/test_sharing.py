"""What a codec keeps once it is made safe to share."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from contrafact.codecs.cells import HOLE
from contrafact.codecs.sharing import RealRows, merged, safe
from contrafact.codecs.table import TableCodec


@pytest.fixture(scope="module")
def frame():
    draw, rows = np.random.default_rng(0), 400
    made = pd.DataFrame(
        {
            "income": draw.lognormal(10, 1, rows).round(2),
            "age": draw.integers(20, 90, rows),
            "city": draw.choice(["Ulm", "Bern"], rows).astype(object),
            "few": draw.choice([1, 2, 3], rows),
            "day": pd.Timestamp("2021-03-04") + pd.to_timedelta(draw.integers(0, 700, rows), "D"),
            "code": [f"K{i * 7919 % 100000:05d}" for i in range(rows)],
            "number": np.arange(rows) + 31337,
            "grade": pd.Categorical(["low"] * 200 + ["mid"] * 197 + ["high"] * 3, ["low", "mid", "high"], ordered=True),
        }
    )
    made["twice"] = 2 * made.age + 1
    made.loc[9, "income"] = 98765432.1
    made.loc[7, "city"], made.loc[[1, 2, 3, 4, 5], "city"] = "PLANTED", list("vwxyz")
    made.loc[11, "few"] = 77123
    return made


def test_no_rare_level_no_rare_number_and_no_end_is_kept(frame):
    codec = safe(TableCodec.fit(frame))
    text = json.dumps(codec.to_json())
    for planted in ("PLANTED", "98765432", "77123", "31337", "31737", '"v"', '"high"'):
        assert planted not in text
    income = codec.kinds[0]
    assert income.knots.min() < frame.income.min() and income.knots.max() > frame.income.max()
    assert (np.diff(income.knots, axis=1) >= 0).all() and (income.knots[1:, 0] == income.knots[:-1, -1]).all()
    assert all((kind.counts[: kind.numbers] >= 5).all() for kind in codec.kinds if kind is not None)
    assert json.dumps(TableCodec.from_json(codec.to_json()).to_json()) == text


def test_it_still_translates_rows_and_keeps_ties_between_columns(frame):
    codec = safe(TableCodec.fit(frame))
    back = codec.decode(codec.encode(frame))
    assert (back.age == frame.age).all() and (back.twice == 2 * back.age + 1).all() and (back.day == frame.day).all()
    assert np.allclose(back.income, frame.income, rtol=1e-3)
    assert back.city.isna().sum() == 6 and (back.city.dropna() == frame.city[back.city.notna()]).all()
    assert back.few[11] in (1, 2, 3) and back.dtypes["day"] == frame.dtypes["day"]


def test_a_column_of_single_numbers_becomes_one_stretch_beyond_its_ends():
    few = pd.DataFrame({"x": [3.5, 1.25, 9.75, 4.0, 6.5, 2.0, 8.0]})
    kind = safe(TableCodec.fit(few)).kinds[0]
    assert len(kind.points) == 0 and kind.knots.shape == (1, 5) and kind.counts.sum() == 7
    assert kind.knots[0, 0] < 1.25 and kind.knots[0, -1] > 9.75
    assert not set(kind.knots.ravel()) & set(few.x)


def test_a_scale_that_starts_at_zero_still_does():
    kind = safe(
        TableCodec.fit(pd.DataFrame({"x": np.append(0.0, np.random.default_rng(0).exponential(1, 300))}))
    ).kinds[0]
    assert kind.knots.min() == 0


def test_rare_levels_are_put_together_and_the_frame_is_left_alone(frame):
    before = frame.copy(deep=True)
    made, gone = merged(frame, TableCodec.fit(frame))
    pd.testing.assert_frame_equal(frame, before)
    assert gone == 7 and made.city.value_counts()["other"] == 6 and "PLANTED" not in set(made.city)
    assert made.grade.value_counts().to_dict() == {"low": 200, "mid": 200} and made.grade.cat.ordered
    assert made.income.equals(frame.income) and made.index.equals(frame.index)


def test_a_level_called_other_keeps_its_name_and_too_few_rows_become_the_commonest_level():
    cities = ["Ulm"] * 10 + ["other"] * 10 + list("abcde")
    made, _ = merged(pd.DataFrame({"c": cities}), TableCodec.fit(pd.DataFrame({"c": cities})))
    assert made.c.value_counts().to_dict() == {"Ulm": 10, "other": 10, "other_": 5}
    made, _ = merged(pd.DataFrame({"c": cities[:21]}), TableCodec.fit(pd.DataFrame({"c": cities[:21]})))
    assert set(made.c) == {"Ulm", "other"} and len(made) == 21


def test_real_rows_and_real_keys_are_found_among_others(frame):
    codec = TableCodec.fit(frame)
    real = RealRows(codec, frame)
    assert real.among(frame).all()
    other = frame.assign(code="new", number=-1)
    assert real.among(other).all()  # a copy with another key is a copy
    other["age"] += 100
    assert not real.among(other).any()
    assert real.among(other.assign(code=frame.code)).all()  # and nobody's key is given away
    near = frame.assign(code="new", number=-1, income=frame.income * (1 + 1e-12))
    assert real.among(near).all()


def test_a_dropped_word_is_read_as_unknown():
    frame = pd.DataFrame({"c": ["a"] * 50 + ["b"] * 50 + ["rare"]})
    codec = safe(TableCodec.fit(frame))
    assert codec.cells_of(frame)[0].words[-1] == HOLE and codec.encode(frame)["tokens"][-1, 0] == -1
