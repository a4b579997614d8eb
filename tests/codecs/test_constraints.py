"""Constraints: what can be written, what is refused, and the nearest rows that keep them."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd
import pytest

from contrafact.base.constraints import Comparison, ConstraintWarning, Together, parsed
from contrafact.base.errors import UsageError
from contrafact.codecs.cells import NO_WORD, Cells
from contrafact.codecs.kept import breaches, kept
from contrafact.codecs.scale import Scale
from contrafact.codecs.sharing import shared
from contrafact.codecs.table import COUNTED, TableCodec

ROWS = 300


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    random = np.random.default_rng(0)
    start = pd.Timestamp("2026-01-01") + pd.to_timedelta(random.integers(0, 90, ROWS), "D")
    low = random.gamma(2, 2, ROWS).round(1)
    country = random.choice(["FR", "DE", "CN"], ROWS)
    city = [
        {"FR": ("Paris", "Lyon"), "DE": ("Bonn", "Ulm"), "CN": ("北京", "上海")}[c][i % 2]
        for i, c in enumerate(country)
    ]
    return pd.DataFrame(
        {
            "id": [f"K{i:04d}" for i in range(ROWS)],
            "age": random.integers(18, 90, ROWS),
            "start": start,
            "end": start + pd.to_timedelta(random.integers(0, 9, ROWS), "D"),
            "low": low,
            "high": low + random.exponential(1, ROWS).round(1),
            "dose (mg), daily": random.uniform(0, 5, ROWS),
            "country": country,
            "city": city,
        }
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("age >= 18", [("18", "age", False)]),
        ("18 ≤ age", [("18", "age", False)]),
        ("0 <= dose < 5", [("0", "dose", False), ("dose", "5", True)]),
        ("high > mid >= low", [("low", "mid", False), ("mid", "high", True)]),
        ("'a < b' <= `c, d`", [("'a < b'", "`c, d`", False)]),
    ],
)
def test_comparisons_are_read_in_either_direction_in_chains_and_in_quotes(text, found):
    assert [(p.lower, p.upper, p.strict) for p in parsed([text]) if isinstance(p, Comparison)] == found


def test_combinations_and_unique_columns_are_read():
    both = parsed(["combinations(city, 'a, b')", " unique( id )"])
    assert [(p.word, p.columns) for p in both if isinstance(p, Together)] == [
        ("combinations", ("city", "a, b")),
        ("unique", ("id",)),
    ]


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("age = 18", "E141", "'=' is no sign"),
        ("age", "E141", "has no sign"),
        ("low < mid > high", "E141", "one direction"),
        ("<= age", "E141", "empty"),
        ("uniqe(id)", "E141", "Did you mean unique"),
        ("unique(id, age)", "E141", "One column is unique"),
        ("combinations(city)", "E141", "two columns"),
        ("agee >= 18", "E142", "Did you mean age"),
        ("age >= old", "E142", "names 'old', which is no value of column 'age'"),
        ("country <= city", "E142", "numbers and dates have an order"),
        ("start <= age", "E142", "give both one type"),
        ("age <= age", "E142", "with itself"),
        ("id >= 3", "E142", "numbers and dates have an order"),
        ("combinations(id, city)", "E142", "not learned"),
        ("combinations(age, city)", "E142", "too many numbers"),
        ("1 <= 2", "E142", "names '1', which is no column"),
    ],
)
def test_what_cannot_be_read_or_held_is_named_with_what_was_meant(frame, text, code, told):
    with pytest.raises(UsageError) as caught:
        TableCodec.fit(frame, constraints=[text])
    assert caught.value.code == code and told in str(caught.value) and f"'{text}'" in str(caught.value)


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (("low <= high", "high <= low"), "round in a circle"),
        (("age >= 50", "age <= 40"), "contradict"),
        (("low >= 5", "high <= 2", "low <= high"), "contradict"),
    ],
)
def test_constraints_that_contradict_each_other_are_refused(frame, texts, told):
    with warnings.catch_warnings(), pytest.raises(UsageError, match=told):
        warnings.simplefilter("ignore", ConstraintWarning)
        TableCodec.fit(frame, constraints=texts)


def test_real_rows_that_break_a_constraint_are_counted_and_said(frame):
    with pytest.warns(ConstraintWarning, match=r"'age >= 30' is broken by \d+ of 300 real rows"):
        codec = TableCodec.fit(frame, constraints=["age >= 30", "start <= end", "combinations(country, city)"])
    assert codec.rules.broken["age >= 30"] == int((frame.age < 30).sum())
    assert codec.rules.broken["start <= end"] == codec.rules.broken["combinations(country, city)"] == 0
    twice = frame.assign(id=frame.id.where(frame.index != 5, "K0004"))
    with pytest.warns(ConstraintWarning, match=r"'unique\(id\)' is broken by 1 of 300"):
        codec = TableCodec.fit(twice, constraints=["unique(id)"])
    assert codec.schema.columns[0].role == "key"
    with pytest.raises(UsageError, match="said to be 'category'"):
        TableCodec.fit(frame, columns={"id": "category"}, constraints=["unique(id)"])


@pytest.mark.parametrize("name", ["dose (mg), daily", "'dose (mg), daily'"])
def test_names_with_signs_stand_in_quotes_and_those_with_commas_as_they_are(frame, name):
    bounds = TableCodec.fit(frame, constraints=[f"0 <= {name} <= 5"]).rules.bounds
    assert [(b.low, b.high) for b in bounds] == [(0, np.inf), (-np.inf, 5)]
    signs = TableCodec.fit(frame.rename(columns={"low": "a < b"}), constraints=["`a < b` <= high"])
    assert len(signs.rules.orders) == 1


def test_rules_survive_json(frame):
    texts = ["18 <= age", "start <= end", "combinations(country, city)", "unique(id)"]
    codec = TableCodec.fit(frame, constraints=texts)
    again = TableCodec.from_json(json.loads(json.dumps(codec.to_json())))
    assert again.rules.to_json() == codec.rules.to_json() and again.rules.texts == tuple(texts)
    plain = TableCodec.fit(frame).to_json()
    del plain["rules"]
    assert TableCodec.from_json(plain).rules is None  # what was saved before there were any


@pytest.mark.filterwarnings("ignore::contrafact.base.constraints.ConstraintWarning")
def test_rows_are_moved_to_the_nearest_that_keep_all_and_counted(frame):
    codec = TableCodec.fit(
        frame, constraints=["low < high", "start <= end", "age >= 18", "combinations(country, city)"]
    )
    cells = [part and part.copied() for part in codec.cells_of(frame)]
    names = list(frame.columns)
    age, low, high = (names.index(name) for name in ("age", "low", "high"))
    country, city = (names.index(name) for name in ("country", "city"))
    cells[age].numbers[0] = -18  # counted from 18: an age of 0
    cells[low].numbers[1], cells[high].numbers[1] = 3.0, 1.5
    words = codec.schema.columns[city].words
    cells[country].words[2], cells[city].words[2] = codec.schema.columns[country].words.index("DE"), words.index("Lyon")
    cells[high].words[3], cells[high].numbers[3] = -2, np.nan  # a hole keeps what it has a part in
    made, count = kept(codec, codec.rules, cells)
    assert (made[age].numbers[0], made[low].numbers[1]) == (0, 3.0) and made[high].numbers[1] == pytest.approx(3.1)
    pair = codec.schema.columns[country].words[made[country].words[2]], words[made[city].words[2]]
    assert pair in (("DE", "Bonn"), ("DE", "Ulm"), ("FR", "Lyon"))  # one cell of the two
    before = breaches(codec, codec.rules, cells)
    assert count.projected == int(np.any(list(before.values()), axis=0).sum()) and count.broken == {}
    assert not np.any(list(breaches(codec, codec.rules, made).values()))
    bad = np.any(list(before.values()), axis=0)
    for one, other in zip(cells, made, strict=True):
        assert one is None or np.allclose(one.numbers[~bad], other.numbers[~bad], equal_nan=True)


def test_observed_cells_that_were_never_seen_together_are_counted_also_where_one_follows_from_the_other(frame):
    codec = TableCodec.fit(frame, constraints=["combinations(country, city)"])
    assert codec.ties[list(frame.columns).index("country")] is not None  # a city says the country
    odd = frame.copy()
    odd.loc[7, ["country", "city"]] = ["DE", "Lyon"]
    odd.loc[8, "age"] = np.nan
    filled = codec.filled(odd, codec.cells_of(odd))
    assert filled.attrs[COUNTED]["broken"] == {"combinations(country, city)": 1} and filled.loc[7, "city"] == "Lyon"


def test_cells_that_may_not_be_changed_stay_and_what_they_break_is_counted(frame):
    codec = TableCodec.fit(frame, constraints=["start <= end"])
    holed = frame.copy()
    holed.loc[0, ["start", "end"]] = [pd.Timestamp("2026-03-01"), pd.Timestamp("2026-01-05")]
    holed.loc[1, "end"] = pd.NaT
    cells = [part and part.copied() for part in codec.cells_of(holed)]
    end = list(frame.columns).index("end")
    cells[end].numbers[1], cells[end].words[1] = -50, NO_WORD  # a guess that is too early
    filled = codec.filled(holed, cells)
    assert filled.loc[0, "end"] == pd.Timestamp("2026-01-05") and filled.loc[1, "end"] == holed.loc[1, "start"]
    assert filled.attrs[COUNTED] == {"rows": ROWS, "projected": 1, "broken": {"start <= end": 1}}


@pytest.mark.filterwarnings("ignore::contrafact.base.constraints.ConstraintWarning")
def test_a_follower_keeps_its_line_and_a_bound_on_it_holds(frame):
    doubled = frame.assign(twice=frame.age * 2 + 1)
    codec = TableCodec.fit(doubled, constraints=["40 <= twice < 120"])
    assert codec.ties[list(doubled.columns).index("twice")] is not None
    column = list(doubled.columns).index("age")
    ends = {
        (b.low + codec.schema.columns[column].origin, b.high + codec.schema.columns[column].origin)
        for b in codec.rules.bounds
    }
    assert ends == {(20, np.inf), (-np.inf, 59)}
    other = TableCodec.fit(doubled, constraints=["age <= twice"])
    assert other.ties[-1] is not None and not other.rules.orders  # it holds along the line
    third = TableCodec.fit(doubled.assign(most=doubled.twice + frame.low), constraints=["twice <= most"])
    assert third.ties[list(doubled.columns).index("twice")] is None  # learned by itself from here on


def test_combinations_that_share_a_column_are_kept_as_one_and_that_is_said(frame):
    more = frame.assign(money=frame.country.map({"FR": "EUR", "DE": "EUR", "CN": "CNY"}))
    with pytest.warns(ConstraintWarning, match=r"kept as one: combinations\(country, city, money\)"):
        codec = TableCodec.fit(more, constraints=["combinations(country, city)", "combinations(country, money)"])
    assert len(codec.rules.combinations) == 1


def test_what_is_to_be_shared_keeps_no_combination_of_few_rows(frame):
    rare = frame.copy()
    rare.loc[:2, ["country", "city"]] = ["CN", "Paris"]
    codec = shared(rare, constraints=["age >= 0"])
    assert codec.rules.broken == {"age >= 0": 0}
    with pytest.warns(ConstraintWarning, match="broken by 3 of 300"):
        codec = shared(rare, constraints=["combinations(country, city)"])
    assert codec.rules.combinations[0].counts.min() >= 5


@pytest.mark.parametrize("dtype", ["int16", "float64", "float32", "Int64", "datetime64[s]", "text", "free"])
def test_neighbours_on_a_scale_are_what_the_frame_shows(dtype):
    random = np.random.default_rng(1)
    numbers, role = random.normal(20, 9, 200), "date" if "date" in dtype else "number"
    column = {
        "text": lambda: pd.Series([f"{n:.2f}" for n in numbers]),
        "free": lambda: pd.Series([repr(float(n)) for n in numbers]),
        "datetime64[s]": lambda: pd.Series(pd.Timestamp("2026-01-01") + pd.to_timedelta(numbers.round(), "D")).astype(
            dtype
        ),
        "float32": lambda: pd.Series(numbers.astype("float32")),
    }.get(dtype, lambda: pd.Series(numbers if dtype == "float64" else numbers.round()).astype(dtype))()
    codec = TableCodec.fit(pd.DataFrame({"x": column, "y": random.normal(size=200)}), columns={"x": role})
    scale = Scale(column=codec.schema.columns[0], kind=codec.kind(0))
    asked = codec.cells_of(pd.DataFrame({"x": column, "y": 0.0}))[0].numbers[:50] + 0.3
    up, down, above, below = scale.up(asked), scale.down(asked), scale.above(asked), scale.below(asked)
    assert (down <= asked).all() and (asked <= up).all() and (below < asked).all() and (asked < above).all()
    for found in (up, down, above, below):
        assert np.array_equal(scale.settled(found), found)
        shown = codec.frame_of(
            [Cells(numbers=found, words=np.full(50, NO_WORD)), Cells(numbers=found, words=np.full(50, NO_WORD))], 50
        )
        assert np.allclose(codec.cells_of(shown)[0].numbers, found, rtol=0, atol=0)
