"""The vector codec: what goes in comes back, and what cannot go in is refused by name."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import hypothesis.extra.numpy as arrays
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contrafact.base.data import Data
from contrafact.base.errors import DataError, UsageError
from contrafact.codecs.vector import VectorCodec

MIXED = pd.DataFrame(
    {
        "年齡": np.array([31, 45, 22, 60], dtype=np.int16),
        "wage": [1200.5, 900.25, 0.0, 3100.0],
        "member": [True, False, True, True],
        "visits": pd.array([1, 2, 3, 4], dtype="Int64"),
        "insured": pd.array([False, False, True, True], dtype="boolean"),
        "height": np.array([1.5, 1.25, 1.75, 2.0], dtype=np.float32),
        "constant": [7, 7, 7, 7],
    }
)


def there_and_back(data: Any) -> Any:
    codec = VectorCodec.fit(data)
    return VectorCodec.from_json(json.loads(json.dumps(codec.to_json()))).decode(codec.encode(data))


def refusal(data: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        VectorCodec.fit(data)
    return caught.value


def test_a_frame_comes_back_with_its_names_types_and_cells() -> None:
    before = MIXED.copy(deep=True)
    pd.testing.assert_frame_equal(there_and_back(MIXED), MIXED, rtol=1e-5, atol=1e-3)
    pd.testing.assert_frame_equal(MIXED, before)


def test_columns_that_never_vary_stay_out_of_the_tensors_and_come_back_exactly() -> None:
    frame = pd.DataFrame({"a": [0.1, 0.1, 0.1], "b": [1.0, 2.0, 3.0], "c": [2**53, 2**53, 2**53]})
    codec = VectorCodec.fit(frame)
    assert codec.width == 1 and codec.encode(frame).shape == (3, 1)
    assert there_and_back(frame)[["a", "c"]].equals(frame[["a", "c"]])


def test_columns_may_be_numbered_or_named_twice() -> None:
    numbered = pd.DataFrame([[1.0, 2.0], [3.0, 5.0]], columns=[7, 3])
    assert there_and_back(numbered).columns.tolist() == [7, 3]
    twice = pd.DataFrame([[1.0, 2.0], [3.0, 5.0]], columns=["a", "a"])
    np.testing.assert_allclose(there_and_back(twice).to_numpy(), twice.to_numpy())


def test_decoding_no_rows_keeps_the_types() -> None:
    empty = VectorCodec.fit(MIXED).decode(np.empty((0, 6)))
    assert len(empty) == 0 and empty.dtypes.to_dict() == MIXED.dtypes.to_dict()


@pytest.mark.parametrize(
    "dtype", ["uint8", "int8", "int32", "int64", "uint64", "bool", "float16", "float32", "float64"]
)
def test_an_array_keeps_its_dtype_and_never_leaves_its_range(dtype: str) -> None:
    codec = VectorCodec.fit(np.array([[0], [1]], dtype=dtype))
    decoded = codec.decode(np.array([[-1e30], [-1.0], [1.0], [1e30]], dtype=np.float32))
    assert decoded.dtype == dtype and decoded[1, 0] == 0 and decoded[2, 0] == 1
    assert decoded[0, 0] <= decoded[1, 0] <= decoded[2, 0] <= decoded[3, 0]


def test_items_keep_their_shape_and_data_objects_their_kind() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (5, 4, 3), dtype=np.uint8)
    back = there_and_back(Data(kind="pictures", items=pictures, name="tiny"))
    assert isinstance(back, Data) and (back.kind, back.name) == ("pictures", "tiny")
    np.testing.assert_array_equal(back.items, pictures)
    assert there_and_back(np.array([1, 2, 3])).shape == (3,)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    arrays.arrays(
        np.float64,
        arrays.array_shapes(min_dims=2, max_dims=2, max_side=6),
        elements=st.floats(-1e300, 1e300, allow_nan=False),
    )
)
def test_any_finite_numbers_come_back_to_the_precision_of_the_tensors(values: np.ndarray) -> None:
    codec = VectorCodec.fit(values)
    rows = codec.encode(values)
    assert rows.dtype == np.float32 and np.isfinite(rows).all()
    error = np.abs(codec.decode(rows) - values)
    assert (error <= 1e-6 * (np.abs(values).max(axis=0) + np.asarray(codec.scale)) + 1e-307).all()


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["1", "2"], "holds text: row 0 is '1'"),
        ([1, "two"], "holds text: row 1 is 'two'"),
        (pd.to_datetime(["2020-01-01", "2021-01-01"]), "holds Timestamp values"),
        (pd.Categorical([1, 2]), "holds categories"),
        (pd.Categorical(["x", "y"]), "holds text: row 0 is 'x'"),
        ([1j, 2j], "holds complex"),
    ],
)
def test_a_column_without_numbers_is_refused_by_name(cells: Any, said: str) -> None:
    error = refusal(pd.DataFrame({"fine": [1.0, 2.0], "血型": cells}))
    assert error.code == "E203" and said in error.what and "血型" in error.what


@pytest.mark.parametrize("data", [["a", "b"], [[1, 2], [3]], 5, None, np.array(["2020-01-01"], dtype="M8[D]")])
def test_arrays_without_numbers_are_refused(data: Any) -> None:
    assert refusal(data).code == "E203"


@pytest.mark.parametrize(
    ("cell", "said"), [(np.nan, "is missing"), (None, "is missing"), (-np.inf, "is infinite"), (1e305, "is too large")]
)
def test_a_cell_that_cannot_be_learnt_from_is_named(cell: float | None, said: str) -> None:
    error = refusal(pd.DataFrame({"a": [1.0, 2.0], "b": [0.5, cell]}))
    assert error.code == "E204" and "Row 1 of column 'b'" in error.what and said in error.what


def test_missing_cells_of_nullable_and_empty_columns_are_found() -> None:
    assert refusal(pd.DataFrame({"a": pd.array([True, None], dtype="boolean")})).code == "E204"
    assert refusal(pd.DataFrame({"a": pd.Series([None, None], dtype=object)})).code == "E204"


@pytest.mark.parametrize("data", [np.empty((0, 3)), np.empty((3, 0)), [], pd.DataFrame(), pd.DataFrame({"a": []})])
def test_nothing_is_refused(data: Any) -> None:
    assert refusal(data).code == "E201"


def test_other_columns_are_refused() -> None:
    codec = VectorCodec.fit(pd.DataFrame({"a": [1, 2], "b": [3, 4]}))
    for frame in (pd.DataFrame({"b": [3], "a": [1]}), pd.DataFrame({"a": [1]}), np.zeros((1, 3))):
        with pytest.raises(DataError, match=r"the model knows the columns a, b") as caught:
            codec.encode(frame)
        assert caught.value.code == "E205"


def test_objects_that_are_numbers_are_numbers() -> None:
    frame = pd.DataFrame({"a": pd.Series([1, 2, 3], dtype=object), "b": [Decimal("1.5"), Decimal("2"), Decimal("1")]})
    back = there_and_back(frame)
    assert back["a"].tolist() == [1, 2, 3] and back["a"].dtype == np.int64
    assert [float(cell) for cell in back["b"]] == pytest.approx([1.5, 2.0, 1.0])


def test_held_out_values_far_outside_stay_finite() -> None:
    codec = VectorCodec.fit(np.array([[0.0], [1e-300]]))
    assert np.isfinite(codec.encode(np.array([[1e300], [-1e300]]))).all()


def test_columns_are_found_by_name_and_in_arrays_by_number() -> None:
    frame, array = VectorCodec.fit(MIXED), VectorCodec.fit(np.eye(3))
    assert frame.place("wage") == 1 and array.place("x2") == array.place(2) == 2
    with pytest.raises(UsageError, match="Did you mean wage") as caught:
        frame.place("wages")
    assert caught.value.code == "E105"
    for column in (3, -1, "y"):
        with pytest.raises(UsageError):
            array.place(column)


def test_given_values_must_fit_their_columns() -> None:
    codec = VectorCodec.fit(MIXED)
    assert codec.given({"wage": 3, "constant": 7}) == {1: 3.0, 6: 7.0}
    for wrong in ({"wage": "much"}, {"wage": np.nan}, {"constant": 8}):
        with pytest.raises(UsageError) as caught:
            codec.given(wrong)
        assert caught.value.code == "E114"


def test_filling_touches_missing_cells_only() -> None:
    codec = VectorCodec.fit(pd.DataFrame({"n": [1, 2, 3], "yes": [True, False, True], "x": [0.1, 0.2, 0.4]}))
    holes = pd.DataFrame({"n": [1.0, np.nan], "yes": [None, True], "x": [np.nan, 0.1 + 0.2]}, index=["r", "r"])
    before = holes.copy(deep=True)
    filled = codec.fill(holes, np.array([[9.0, 0.2, 0.3], [2.4, 9.0, 9.0]]))
    assert filled["n"].tolist() == [1.0, 2.0] and filled["yes"].tolist() == [False, True]
    assert filled["x"].tolist() == [0.3, 0.1 + 0.2] and filled.index.tolist() == ["r", "r"]
    pd.testing.assert_frame_equal(holes, before)
