"""Numbers, words and holes -> cells of a frame's column, with the dtype and the way of writing that it had."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np

from contrafact.codecs.cells import EPOCH, HOLE, NO_WORD, Cells, series
from contrafact.codecs.schema import Column

FIRST, LAST = datetime.datetime.min, datetime.datetime.max


def write(known: Column, cells: Cells) -> Any:
    """Turn cells into a Series of the column's own dtype."""
    made = _written(known, cells)
    return made.astype(object).where(made.notna(), None) if known.boxed else made


def _written(known: Column, cells: Cells) -> Any:
    import pandas as pd

    if known.dtype.startswith("category"):
        codes = np.where(cells.words == HOLE, -1, cells.words)
        kept = pd.Index(list(known.words))
        return series(pd.Categorical.from_codes(codes, kept, ordered=known.dtype.endswith("ordered")))
    if known.numeric and not known.written:
        return _numbers(known, cells)
    shown = np.full(len(cells), None, dtype=object)
    numbers = cells.words == NO_WORD
    shown[numbers] = as_text(cells.numbers[numbers] + known.origin, known.written)
    shown[~numbers] = np.array([*known.words, None], dtype=object)[np.maximum(cells.words[~numbers], -1)]
    return as_dtype(series(shown, dtype=object), known.dtype)


def as_dtype(column: Any, dtype: str) -> Any:
    """Give a column its dtype back; where that cannot hold a hole, the nearest that can."""
    if dtype == "object":
        return column
    if dtype == "bool" and column.isna().any():
        return column
    return column.astype(dtype)


def _numbers(known: Column, cells: Cells) -> Any:

    missing = cells.words == HOLE
    if known.dtype.startswith(("datetime64", "timedelta64")):
        ints = _whole(np.where(missing, 0, cells.numbers), known.origin, "int64")
        column = series(ints).astype("int64")
        column = _moments(column, known.dtype)
        return column.mask(missing) if missing.any() else column
    if not _is_whole(known.dtype):
        column = series(np.where(missing, np.nan, cells.numbers + known.origin))
        return column.astype(_fitting_float(known.dtype, column))
    ints = _whole(np.where(missing, 0, cells.numbers), known.origin, known.dtype)
    column = series(ints)
    if not missing.any():
        return column.astype(known.dtype)
    return column.astype("Int64" if known.dtype[0] in "iu" and "[" not in known.dtype else known.dtype).mask(missing)


def _fitting_float(dtype: str, column: Any) -> str:
    """Fall back to doubles where small floats cannot hold the numbers."""
    return "float64" if dtype == "float16" and column.abs().max() > np.finfo(np.float16).max else dtype


def _is_whole(dtype: str) -> bool:
    return dtype.lower().startswith(("int", "uint"))


def _moments(column: Any, dtype: str) -> Any:
    """Read whole numbers as dates or durations of a dtype, with its unit and zone."""
    if "," not in dtype:
        return column.astype(dtype)
    unit, zone = dtype[len("datetime64[") : -1].split(", ")
    return column.astype(f"datetime64[{unit}]").dt.tz_localize("UTC").dt.tz_convert(zone)


def _whole(numbers: np.ndarray, origin: int, dtype: str) -> np.ndarray:
    """Add the origin without loss, and stay inside what the dtype holds."""
    word = dtype.lower().split("[")[0]
    limits = np.iinfo(word)
    low, high = int(limits.min) - origin, int(limits.max) - origin
    counts = np.rint(numbers).tolist()
    return np.array([min(max(int(count), low), high) + origin for count in counts], dtype=word)


def as_text(numbers: np.ndarray, written: str) -> np.ndarray:
    """Write numbers, or microseconds since 1970, as the cells of a text column were written."""
    if "%" in written:
        texts = [_date(number, written) for number in numbers.tolist()]
    elif written == "free":
        texts = [f"{number:.12g}" for number in numbers.tolist()]
    else:
        texts = [f"{number:.{int(written or 0)}f}" for number in numbers.tolist()]
    return np.array([*texts, None], dtype=object)[:-1]


def _date(microseconds: float, form: str) -> str:
    low, high = ((moment - EPOCH) // datetime.timedelta(microseconds=1) for moment in (FIRST, LAST))
    moment = EPOCH + datetime.timedelta(microseconds=min(max(round(microseconds), low), high))
    # The system's own %Y leaves out the zeros of years before 1000.
    return moment.strftime(form.replace("%Y", f"{moment.year:04d}"))
