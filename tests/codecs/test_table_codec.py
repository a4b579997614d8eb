"""Tables become tokens and come back: values, dtypes, names, holes, and columns that follow from others."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from contrafact.base.errors import DataError, UsageError
from contrafact.codecs.schema import Schema
from contrafact.codecs.table import TableCodec
from contrafact.codecs.tokens import Tokens

ROWS = 300


def messy(seed: int = 0) -> pd.DataFrame:
    """Make a table with a column of nearly every kind."""
    random = np.random.default_rng(seed)
    days, months = random.integers(1, 28, ROWS), random.integers(1, 13, ROWS)
    spans = pd.to_timedelta(random.integers(0, 999, ROWS), "D")
    city = random.choice(["北京", "Paris", "Oslo"], ROWS)
    x = random.normal(size=ROWS)
    frame = pd.DataFrame(
        {
            "id": np.arange(ROWS) + 1000,
            "x": x.round(2),
            "raw": x * 1e-3 + random.normal(size=ROWS),
            "count": random.integers(0, 5000, ROWS),
            "城市": city,
            "land": pd.Series(city).map({"北京": "CN", "Paris": "FR", "Oslo": "NO"}),
            "when": pd.Timestamp("2020-01-01", tz="Asia/Shanghai") + spans,
            "took": pd.to_timedelta(random.integers(0, 9999, ROWS), "s"),
            "day": [f"{day:02d}.{month:02d}.1987" for day, month in zip(days, months, strict=True)],
            "ok": pd.array(random.random(ROWS) < 0.3, dtype="boolean"),
            "price": [f"{v:.2f}" if v > 1 else "n/a" for v in random.gamma(3, 2, ROWS)],
            "zip": [f"0{v}" for v in random.integers(100, 130, ROWS)],
            "big": random.integers(2**60, 2**62, ROWS),
            "grade": pd.Categorical(random.choice(["lo", "hi"], ROWS), ["lo", "mid", "hi"], ordered=True),
            "always": 3,
        }
    )
    for column in ("raw", "when", "ok", "land"):
        frame.loc[random.random(ROWS) < 0.15, column] = None
    return frame


def back(frame: pd.DataFrame) -> pd.DataFrame:
    codec = TableCodec.fit(frame)
    codec = TableCodec.from_json(json.loads(json.dumps(codec.to_json())))
    return codec.decode(codec.encode(frame))


def test_a_table_comes_back_with_names_dtypes_holes_and_values():
    frame = messy()
    made = back(frame)
    assert list(made.columns) == list(frame.columns)
    assert (made.dtypes == frame.dtypes).all()
    same = [name for name in frame.columns if name not in ("id", "raw", "big")]
    pd.testing.assert_frame_equal(made[same], frame[same])
    np.testing.assert_allclose(made["raw"], frame["raw"], rtol=1e-5, atol=1e-9)
    assert (made["raw"].isna() == frame["raw"].isna()).all()
    assert abs(made["big"] - frame["big"]).max() < 2**62 * 1e-6


def test_keys_are_made_anew_and_never_twice():
    frame = messy()
    frame["ticket"] = [f"AB-{number:06d}-x" for number in np.random.default_rng(1).permutation(10**6)[:ROWS]]
    codec = TableCodec.fit(frame)
    encoded = codec.encode(frame)
    first, later = codec.decode(encoded), codec.decode(encoded, start=ROWS)
    for name in ("id", "ticket"):
        made = pd.concat([first[name], later[name]])
        assert made.is_unique
    assert not set(first["id"]) & set(frame["id"])
    assert first["ticket"].str.fullmatch(r"AB-\d{6}-x").all()


def test_the_schema_says_what_columns_are_and_obeys_the_user():
    roles = {column.name: column.role for column in TableCodec.fit(messy()).schema}
    assert roles == {
        "id": "key",
        "x": "number",
        "raw": "number",
        "count": "integer",
        "城市": "category",
        "land": "category",
        "when": "date",
        "took": "duration",
        "day": "date",
        "ok": "boolean",
        "price": "number",
        "zip": "category",
        "big": "integer",
        "grade": "ordered",
        "always": "constant",
    }
    told = TableCodec.fit(messy(), columns={"count": "category", "id": "integer"}).schema
    assert [told.columns[told.place(name)].role for name in ("count", "id")] == ["category", "integer"]
    assert Schema.from_json(json.loads(json.dumps(told.to_json()))) == told
    assert "unique in each row" in str(TableCodec.fit(messy()).schema)
    with pytest.raises(UsageError, match="城市"):
        TableCodec.fit(messy(), columns={"城": "key"})
    with pytest.raises(UsageError, match="cannot be 'number'"):
        TableCodec.fit(messy(), columns={"城市": "number"})


def test_columns_that_follow_from_others_are_left_out_and_derived_again():
    frame = messy().assign(double=lambda f: f["count"] * 2.5 - 3, copy=lambda f: f["x"])
    frame["land"] = frame["城市"].map({"北京": "CN", "Paris": "EU", "Oslo": "EU"})
    codec = TableCodec.fit(frame)
    learned = {frame.columns[slot.column] for slot in codec.slots}
    assert "land" not in learned and "城市" in learned
    assert len(learned & {"count", "double"}) == 1 and len(learned & {"x", "copy"}) == 1
    made = codec.decode(codec.encode(frame))
    assert (made["land"] == frame["land"]).all()
    np.testing.assert_allclose(made["double"], frame["double"])


def test_independent_columns_are_not_tied_by_chance():
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"a": random.integers(0, 200, 300).astype(str), "b": random.random(300) < 0.02})
    assert TableCodec.fit(frame).ties == (None, None)


def test_numbers_that_many_rows_share_are_tokens_of_their_own():
    numbers = np.concatenate([np.zeros(500), np.full(100, 7.5), np.random.default_rng(0).normal(50, 9, 400)])
    codec = TableCodec.fit(pd.DataFrame({"x": numbers}))
    kind = codec.kind(0)
    assert set(kind.points) == {0.0, 7.5} and 40 <= len(kind.knots) <= 80
    counts = np.bincount(codec.encode(pd.DataFrame({"x": numbers}))["tokens"][:, 0])
    assert counts[:2].tolist() == [500, 100] and counts[2:].max() < 20


def test_a_bin_gives_back_the_law_of_its_numbers():
    numbers = np.sort(np.random.default_rng(0).exponential(size=20_000))
    codec = TableCodec.fit(pd.DataFrame({"x": numbers}))
    encoded = codec.encode(pd.DataFrame({"x": numbers}))
    encoded["within"] = np.random.default_rng(1).random(encoded["within"].shape)
    drawn = np.sort(codec.decode(encoded)["x"])
    assert np.abs(drawn - numbers)[:-200].max() < 0.06 and np.abs(drawn - numbers)[:-20].max() < 0.3
    assert abs(drawn.mean() - 1) < 0.02


def test_a_column_of_many_levels_takes_two_digits():
    levels = [f"level {number}" for number in range(5000)]
    frame = pd.DataFrame({"many": levels * 2, "few": np.random.default_rng(0).choice(["a", "b"], 10_000)})
    codec = TableCodec.fit(frame)
    assert [slot.size for slot in codec.slots] == [71, 71, 2]
    pd.testing.assert_frame_equal(codec.decode(codec.encode(frame)), frame)


def test_an_unknown_level_is_an_unknown_cell():
    codec = TableCodec.fit(pd.DataFrame({"a": ["x", "y"] * 10}))
    assert codec.encode(pd.DataFrame({"a": ["x", "new", None]}))["tokens"][:, 0].tolist() == [0, -1, -1]


def test_features_are_smooth_and_zero_where_there_is_no_number():
    kind = TableCodec.fit(pd.DataFrame({"x": [*np.arange(200.0), None]})).kind(0)
    features = kind.features()
    assert (features[kind.numbers :] == 0).all() and np.isfinite(features).all()
    assert (np.diff(features[: kind.numbers, 0]) > 0).all() and (np.diff(features[: kind.numbers, 2]) > 0).all()


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (pd.DataFrame(), "E201"),
        (pd.DataFrame({"a": []}), "E201"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "E205"),
        (pd.DataFrame([[1, 2]], columns=["1", 1]), "E205"),
        (pd.DataFrame({(1, 2): [1]}), "E205"),
        (pd.DataFrame({"a": [1.0, np.inf, 2.0]}), "E204"),
        (pd.DataFrame({"a": [[1], [2]]}), "E203"),
        (pd.DataFrame({"a": [{1}, {2}]}), "E203"),
        (np.zeros((3, 3, 3)), "E203"),
    ],
)
def test_what_is_no_table_is_refused_by_name(frame, code):
    with pytest.raises(DataError) as caught:
        TableCodec.fit(frame)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1.0]),
        pd.Series([None] * 5, dtype=object),
        pd.Series([np.nan] * 5),
        pd.Series(pd.to_datetime(["2020-01-01"] * 4)),
        pd.Series(pd.array([None] * 3, dtype="Int64")),
        pd.Series(["0001-01-01", "9999-12-31"] * 20),
        pd.Series([1, "two", 3.5, True, None] * 9, dtype=object),
        pd.Series(["=1+1", "@sum", "-3", "+x"] * 9),
        pd.Series(np.array([2**63 + 7, 7], dtype=np.uint64).repeat(30)),
        pd.Series([1e-300, 2e-300, 3e-300] * 10),
        pd.Series(np.arange(60, dtype=np.float16)),
        pd.Series([True, False] * 30),
        pd.Series(pd.Categorical([3, 1, None] * 9, [1, 2, 3])),
    ],
)
def test_odd_columns_come_back(column):
    frame = pd.DataFrame({"甲": column, "b": range(len(column))})
    codec = TableCodec.fit(frame, columns={"b": "integer"} if len(frame) > 1 else None)
    made = codec.decode(codec.encode(frame))
    pd.testing.assert_frame_equal(made, frame)


def test_shares_of_intervals_sum_to_what_lies_in_them():
    numbers = np.random.default_rng(0).normal(size=5000)
    kind = TableCodec.fit(pd.DataFrame({"x": numbers})).kind(0)
    mass, start, stop = kind.shares_between(-0.5, 1.0)
    share = (mass * kind.counts).sum() / 5000
    assert abs(share - ((numbers >= -0.5) & (numbers <= 1)).mean()) < 0.005
    assert (start <= stop).all()
    assert isinstance(kind, Tokens) and not kind.shares_between(90, 99)[0].any()
