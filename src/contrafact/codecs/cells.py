"""Cells of a frame's column <-> numbers, words and holes.

Whole numbers and dates are counted from an origin, so that a double holds them to the last digit; numbers and dates
that were written as text are written in the same way again.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from contrafact.base.errors import DataError
from contrafact.codecs.schema import Column

NUMBER = re.compile(r"\s*[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?\s*")
ZERO_FIRST = re.compile(r"\s*[-+]?0\d")
NO_WORD, HOLE = -1, -2
EPOCH = datetime.datetime(1970, 1, 1)
LARGEST = 1e150


@dataclass(frozen=True, kw_only=True, eq=False)
class Cells:
    """A column's cells.

    Arguments:
        numbers: Each cell's number; NaN for words and holes.
        words: Each cell's place among the words; NO_WORD for numbers, HOLE for holes.
    """

    numbers: np.ndarray
    words: np.ndarray

    def __len__(self) -> int:
        return len(self.words)

    def copied(self) -> Cells:
        """Copy the cells, to be changed."""
        return Cells(numbers=self.numbers.copy(), words=self.words.copy())

    @property
    def holes(self) -> np.ndarray:
        """Which cells are missing."""
        missing: np.ndarray = self.words == HOLE
        return missing


def series(values: Any, dtype: Any = None) -> Any:
    """Make a Series."""
    import pandas as pd

    return pd.Series(values, dtype=dtype)


def is_text(dtype: Any) -> bool:
    """Tell whether a dtype holds Python objects or text."""
    return str(dtype) in ("object", "str", "string") or str(dtype).startswith("string")


def plain(value: Any) -> Any:
    """Give a level as a value that JSON holds.

    Raises:
        TypeError: It is a list, a set or another thing without a level's nature.
    """
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, (datetime.date, datetime.time)) or hasattr(value, "as_tuple"):
        return str(value)
    raise TypeError(f"{type(value).__name__} values")


def whole(column: Any) -> tuple[np.ndarray, np.ndarray]:
    """Read whole numbers, dates or durations as integers, Python's own where 64 bits are too few, and find holes."""
    missing = column.isna().to_numpy()
    if column.dtype.kind in "mM":
        return column.astype("int64").to_numpy(), missing
    wide = str(column.dtype).lower().startswith("uint64")
    return column.to_numpy(dtype=object if wide else np.int64, na_value=0), missing


def unboxed(column: Any) -> Any:
    """Give Python objects the dtype that they have in common, if there is one."""
    return column.infer_objects() if column.dtype == object else column


def read(column: Any, known: Column) -> Cells:
    """Read the cells of a column by what is known of it; words that are new become holes.

    Arguments:
        column: A Series.
        known: Its record.
    """
    column = unboxed(column)
    if known.numeric:
        return _read_numbers(column, known)
    return Cells(numbers=np.full(len(column), np.nan), words=places(column, known.words))


def places(column: Any, words: Sequence[Any]) -> np.ndarray:
    """Give each cell's place among words, HOLE for missing and unknown ones."""
    import pandas as pd

    codes, levels = pd.factorize(column, use_na_sentinel=True)
    known = {(type(word) is bool, word): place for place, word in enumerate(words)}
    table = [known.get((type(value) is bool, value), HOLE) for value in map(_plain_or_none, levels)]
    return np.array([*table, HOLE], dtype=np.int64)[codes]


def _plain_or_none(value: Any) -> Any:
    try:
        return plain(value)
    except TypeError:
        return None


def _read_numbers(column: Any, known: Column) -> Cells:
    words = np.full(len(column), NO_WORD)
    if known.written:
        numbers = parsed(column, known.written)
        words = np.where(np.isnan(numbers), places(column, known.words), words)
        return Cells(numbers=numbers - known.origin, words=words)
    if column.dtype.kind in "mMiu":
        ints, missing = whole(column)
        numbers = np.array(ints - known.origin, dtype=np.float64)
    else:
        numbers = as_floats(column)
        missing = np.isnan(numbers)
        numbers = numbers - known.origin
    return Cells(numbers=np.where(missing, np.nan, numbers), words=np.where(missing, HOLE, words))


def as_floats(column: Any) -> np.ndarray:
    """Read numbers of any dtype as doubles, NaN for holes."""
    numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    check_finite(numbers, column.name)
    return np.asarray(numbers)


def on_grid(numbers: np.ndarray, step: float) -> np.ndarray:
    """Move numbers to the nearest place of a grid.

    Arguments:
        numbers: The numbers.
        step: How wide the grid is; 0 where there is none.
    """
    if not step:
        return numbers
    if step >= 1:
        return np.asarray(np.rint(numbers / step) * step)
    per = round(1 / step)  # a quotient of whole numbers has the digits that a user wrote
    return np.asarray(np.rint(numbers * per) / per)


def check_finite(numbers: np.ndarray, name: Any) -> None:
    """Refuse numbers that are infinite or too large to be squared.

    Raises:
        DataError: There are some; the first is named.
    """
    bad = np.abs(numbers) > LARGEST
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise DataError(
            f"Row {row} of column {name!r} holds {numbers[row]:g} ({int(bad.sum())} such cells in all).",
            why=f"Infinite numbers, and those beyond {LARGEST:g}, have no place on a scale.",
            fix="Replace them or leave them empty, then run the same command again.",
            code="E204",
        )


def parsed(column: Any, written: str) -> np.ndarray:
    """Read text cells as numbers, or as dates in microseconds since 1970; NaN where they are neither.

    Arguments:
        column: A Series of text.
        written: A date's format, or how numbers are written.
    """
    import pandas as pd

    codes, levels = pd.factorize(column, use_na_sentinel=True)
    if "%" in written:
        values = np.array([_microseconds(level, written) for level in levels])
    else:
        values = np.array([float(v) if isinstance(v, str) and NUMBER.fullmatch(v) else np.nan for v in levels])
    return np.array([*values, np.nan])[codes]


def _microseconds(cell: Any, form: str) -> float:
    try:
        moment = datetime.datetime.strptime(cell.strip(), form)
    except (ValueError, AttributeError, OverflowError):
        return np.nan
    if moment.tzinfo is not None:
        return np.nan
    return (moment - EPOCH) / datetime.timedelta(microseconds=1)
