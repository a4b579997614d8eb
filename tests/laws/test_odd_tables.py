"""Tables as people have them: a result or an error that says what to do, never a crash."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contrafact.base.errors import ContrafactError
from contrafact.zoo import Loom

QUICK = Loom(steps=2, width=8, depth=1, batch=16)
CELLS = {
    "numbers": st.floats(allow_nan=True, allow_infinity=False, width=64),
    "infinite": st.floats(allow_nan=True, allow_infinity=True),
    "few numbers": st.sampled_from([0.0, 1.5, -3.0, None]),
    "whole": st.integers(-(2**63), 2**63 - 1),
    "huge": st.integers(0, 2**80),
    "flags": st.sampled_from([True, False, None]),
    "text": st.text(max_size=20),
    "levels": st.sampled_from(["甲", "乙", "丙", "", None, "=1+1", "nan", "-"]),
    "mixed": st.one_of(st.integers(-9, 9), st.sampled_from(["a", "7", ""]), st.booleans(), st.floats(-1, 1), st.none()),
    "dates": st.datetimes(datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31)),
    "written dates": st.dates(datetime.date(1, 1, 1)).map(str),
    "written numbers": st.one_of(st.integers(0, 10**6).map(str), st.just("n/a")),
    "lists": st.lists(st.integers(0, 3), max_size=2),
    "nothing": st.none(),
    "one value": st.just(3),
    "bytes": st.binary(max_size=3),
    "complex": st.complex_numbers(max_magnitude=9),
}


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    rows = draw(st.integers(1, 30))
    kinds = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=4))
    names = draw(
        st.lists(st.sampled_from(["a", "数", "b c", "=x", "", 0, 1]), min_size=len(kinds), max_size=len(kinds))
    )
    columns = [pd.Series(draw(st.lists(CELLS[kind], min_size=rows, max_size=rows)), dtype=object) for kind in kinds]
    frame = pd.concat([c if draw(st.booleans()) else c.infer_objects() for c in columns], axis=1)
    frame.columns = names
    return frame


@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(tables())
def test_any_table_gives_a_result_or_a_named_error(frame):
    before = frame.copy(deep=True)
    try:
        model = QUICK.fit(frame, seed=0)
    except ContrafactError as error:
        assert error.what and error.why and error.fix and error.code
    else:
        made = model.sample(5, seed=0)
        assert list(made.columns) == list(frame.columns) and len(made) == 5
        filled = model.impute(frame)
        for place in range(frame.shape[1]):
            there = frame.iloc[:, place].notna().to_numpy()
            assert filled.iloc[:, place][there].equals(frame.iloc[:, place][there])
        assert np.isfinite(model.log_prob(frame)).all()
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({f"c{number}": [0.0, 1.0, 2.0] for number in range(1000)}),
        pd.DataFrame({"many": [f"v{number}" for number in range(100_000)], "x": np.arange(100_000) % 7}),
        pd.DataFrame({"y": [None, None, None], "x": [1, 2, 3]}),
    ],
    ids=["1,000 columns", "100,000 levels", "a target without cells"],
)
def test_large_and_empty_tables_are_learned(frame):
    wish = {"many": "category"} if "many" in frame else None
    model = QUICK.but(columns=wish).fit(frame, seed=0)
    made = model.sample(2, seed=0, passes=3)
    assert list(made.columns) == list(frame.columns)
