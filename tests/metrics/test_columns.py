"""What a judge takes a column for, and how it reads its cells."""

from __future__ import annotations

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from contrafact.base.errors import DataError
from contrafact.metrics.columns import tables


def kind(cells: object) -> str:
    return tables(pd.DataFrame({"c": cells}))[0].columns[0].kind


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (np.arange(5) / 3, "number"),
        (pd.array([1, 5, None, 7], dtype="Int64"), "number"),
        ([Decimal("1.5"), Decimal("2"), Decimal("4")], "number"),
        ([0, 1, 0, 1], "category"),
        ([True, False, True], "category"),
        (list("abca"), "category"),
        ([1, "a", None], "category"),
        ([None, None], "category"),
        (pd.Categorical([f"level {i}" for i in range(300)]), "category"),
        (["2024-02-29", "0001-01-01", "9999-12-31", None], "time"),
        ([datetime.date(2024, 2, 29), datetime.date(2024, 3, 1)], "time"),
        (pd.date_range("2020", periods=4, tz="Asia/Shanghai"), "time"),
        (pd.to_timedelta([1, 2, 3], unit="D"), "time"),
        (pd.period_range("2020", periods=4, freq="M"), "time"),
        ([f"name {i}" for i in range(300)], "text"),
        (range(1000, 1300), "text"),
        (np.arange(300) * 7, "number"),
    ],
)
def test_the_kind_of_a_column_is_read_from_its_real_cells(cells: object, expected: str) -> None:
    assert kind(cells) == expected


def test_levels_are_numbered_by_how_often_the_real_side_has_them_and_holes_are_below() -> None:
    real, fake = pd.DataFrame({"c": ["b", "a", "b", None]}), pd.DataFrame({"c": ["z", None, "a"]})
    one, other = tables(real, fake)
    assert one.cells[0].tolist() == [0, 1, 0, -1] and other.cells[0].tolist() == [2, -1, 1]
    assert one.columns[0].levels == ("b", "a", "z") and one.columns[0].known == 2
    assert one.holes().ravel().tolist() == [False, False, False, True]


def test_dates_are_compared_as_moments_whatever_they_were_written_as() -> None:
    real = pd.DataFrame({"d": pd.to_datetime(["2024-01-02", "2024-01-01", None]).tz_localize("Europe/Berlin")})
    fake = pd.DataFrame({"d": ["2024-01-01T23:00:00+00:00", "nonsense", "2023-12-31 23:00"]})
    one, other = tables(real, fake)
    assert other.cells[0][0] == one.cells[0][0] and other.cells[0][2] == one.cells[0][1]
    assert np.isnan(other.cells[0][1]) and np.isnan(one.cells[0][2])


@pytest.mark.parametrize(
    ("real", "fake", "code"),
    [
        ([1.0, 2, 3], ["x", "y"], "E203"),
        (pd.date_range("2020", periods=3), ["x", "y"], "E203"),
        (pd.date_range("2020", periods=3), [1.0, 2.0], "E203"),
        ([[1], [2]], [[1]], "E203"),
        ([1.0, 2, 3], [np.inf], "E222"),
        ([1.0, 2, 3], [], "E221"),
    ],
)
def test_cells_that_cannot_be_compared_are_refused(real: object, fake: object, code: str) -> None:
    with pytest.raises(DataError) as caught:
        tables(pd.DataFrame({"c": real}), pd.DataFrame({"c": fake}))
    assert caught.value.code == code


def test_shuffling_keeps_every_column_and_changes_no_table() -> None:
    table = tables(pd.DataFrame({"a": np.arange(50.0) ** 2, "b": list("ab") * 25}))[0]
    kept = [cells.copy() for cells in table.cells]
    mixed = table.shuffled(0)
    assert all((np.sort(a) == np.sort(b)).all() for a, b in zip(mixed.cells, kept, strict=True))
    assert (mixed.cells[0] != kept[0]).any() and (table.cells[0] == kept[0]).all()
