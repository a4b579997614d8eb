"""Tables as nodes: what comes in comes out, and what is set is what was said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from contrafact.base.demos import demo
from contrafact.base.errors import DataError, UsageError
from contrafact.codecs.nodes import MOST_LEVELS, NodesCodec


def test_cells_come_back_with_their_types_and_holes():
    data = demo("patients").head(200)
    codec = NodesCodec.fit(data)
    made = NodesCodec.from_json(codec.to_json()).decode(codec.encode(data))
    pd.testing.assert_frame_equal(made, data)
    numbers = codec.encode(data)[:, codec.place("age")]
    assert abs(numbers.mean()) < 1e-9 and numbers.std() == pytest.approx(1)


def test_dates_and_whole_numbers_of_many_values_are_numbers_and_of_few_are_levels():
    frame = pd.DataFrame(
        {
            "day": pd.date_range("2026-01-01", periods=60),
            "count": np.arange(60) % 30,
            "stars": np.arange(60) % 5,
            "half": (np.arange(60) % 2).astype(float),
        }
    )
    codec = NodesCodec.fit(frame, names=["stars", "day", "count", "half"])
    assert [node.levels for node in codec.nodes] == [0, 0, 5, 2]
    pd.testing.assert_frame_equal(codec.decode(codec.encode(frame)), frame)


def test_what_is_set_may_be_named_as_a_person_would():
    frame = pd.DataFrame({"sex": ["f", "m"] * 20, "yes": [True, False] * 20, "x": np.arange(40) + 0.5})
    codec = NodesCodec.fit(frame)
    assert codec.setting("sex", "m") == codec.setting("sex", 1) == 1
    assert codec.setting("yes", "True") == codec.setting("yes", 1) == codec.setting("yes", True) == 1
    assert codec.setting("x", 3) == codec.setting("x", "3") == pytest.approx((3 - 20) / codec.nodes[2].scale)
    shift = codec.setting("x", lambda x: x + 1)
    np.testing.assert_allclose(shift(np.zeros(2)), 1 / codec.nodes[2].scale)
    for name, value in (("sex", "x"), ("x", "much")):
        with pytest.raises(UsageError) as caught:
            codec.setting(name, value)
        assert caught.value.code == "E552"


def test_nodes_without_a_column_and_with_too_many_levels_are_refused():
    frame = pd.DataFrame({"a": [f"v{i}" for i in range(200)] * 2, "b": np.arange(400) % 7})
    with pytest.raises(DataError) as caught:
        NodesCodec.fit(frame, names=["c"])
    assert caught.value.code == "E550"
    with pytest.raises(DataError, match=f"{MOST_LEVELS} at most") as caught:
        NodesCodec.fit(frame, columns={"a": "category"})
    assert caught.value.code == "E551"
