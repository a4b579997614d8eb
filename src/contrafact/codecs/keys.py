"""Columns that are not learned: keys are made anew, constants repeated, free text left empty."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from contrafact.base.seeds import fold
from contrafact.codecs.cells import series
from contrafact.codecs.schema import Column
from contrafact.codecs.written import as_dtype

ROOM = 1000  # keys that a pattern must allow for each row, so that new ones are unlike the old


def made_anew(known: Column, rows: int, start: int = 0, total: int = 0) -> Any:
    """Fill a column that no model learns.

    Arguments:
        known: The column.
        rows: How many cells.
        start: The number of the first row; a key depends on its row's number alone.
        total: How many rows there will be in all, where these are a part of them.
    """
    import pandas as pd

    if known.role == "constant" and known.words:
        cells = np.empty(rows, dtype=object)
        cells[:] = known.words[0]
        if known.dtype.startswith("category"):
            return series(pd.Categorical(cells, list(known.words), ordered=known.dtype.endswith("ordered")))
        return as_dtype(series(cells, dtype=object), known.dtype)
    if known.role == "key":
        return _keys(known, range(start, start + rows), max(total, start + rows))
    empty = series(np.full(rows, None, dtype=object))
    if known.dtype.startswith("category"):
        codes: Any = np.full(rows, -1)
        return series(pd.Categorical.from_codes(codes, pd.Index(list(known.words))))
    return empty if known.dtype in ("object", "bool") or known.dtype[0] in "iu" else empty.astype(known.dtype)


def _keys(known: Column, rows: range, total: int) -> Any:
    if known.dtype.lower().startswith(("int", "uint", "float")):
        return as_dtype(series([known.origin + row for row in rows], dtype=object), known.dtype)
    room = math.prod(len(symbols) for symbols in known.pattern)
    if room < ROOM * max(total, 1):
        return as_dtype(series([f"row-{row:07d}" for row in rows], dtype=object), known.dtype)
    stride, first = _coprime(fold(0, "stride", str(known.name)) % room, room), fold(0, "first", str(known.name)) % room
    texts = [_spelled((first + row * stride) % room, known.pattern) for row in rows]
    return as_dtype(series(texts, dtype=object), known.dtype)


def _coprime(number: int, room: int) -> int:
    """Find the next number that shares no factor with the room, so that its multiples meet every place once."""
    number = max(number, 1)
    while math.gcd(number, room) > 1:
        number += 1
    return number


def _spelled(number: int, pattern: tuple[str, ...]) -> str:
    """Write a number with one symbol from each place of a pattern."""
    symbols = []
    for choices in reversed(pattern):
        number, digit = divmod(number, len(choices))
        symbols.append(choices[digit])
    return "".join(reversed(symbols))
