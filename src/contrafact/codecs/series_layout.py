"""What the columns of a table of series are: which one tells the series, which one the time, and what the rest says.

A long table holds several series below each other and names each in a column; a wide table holds one, with a row for
each time stamp and a column for each variable. The user may say which columns are the time and the series; else they
are found, and said aloud. The time is a column of dates, or of whole numbers that is named like one. The series is
told by a column that makes time stamps unique where they come again, or whose name says that it is an id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from contrafact.base.errors import DataError, UsageError, did_you_mean
from contrafact.codecs.inference import column_of, schema_of
from contrafact.codecs.schema import Column, Role, Schema

TIME_NAME = re.compile(
    r"^(time|times|timestamp|date|datetime|ts|t|step|tick|when|hour|day|week|month|year|时间|時間|日期|時刻|时刻)$",
    re.IGNORECASE,
)
ID_NAME = re.compile(r"(^|[^a-z])(id|ids|series|sequence|seq|unit|device|machine|sensor_id|subject|编号|編號)$", re.I)
MOST_LEVELS = 100  # of a variable of categories
LEAST_ROWS = 4


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The columns of a table of series.

    Arguments:
        schema: What each column is.
        time: The place of the column of time stamps, or None.
        id: The place of the column that tells the series, or None.
        attributes: Places of columns that are the same all through a series.
        variables: Places of columns that are learned at every step.
    """

    schema: Schema
    time: int | None
    id: int | None
    attributes: tuple[int, ...] = ()
    variables: tuple[int, ...] = ()

    @property
    def others(self) -> tuple[int, ...]:
        """Places of columns that no model learns."""
        used = {self.time, self.id, *self.attributes, *self.variables}
        return tuple(place for place in range(len(self.schema.columns)) if place not in used)


def layout_of(frame: Any, time: str | int | None, id: str | int | None, columns: Mapping[str, Role] | None) -> Layout:
    """Find what the columns of a table of series are.

    Arguments:
        frame: The table.
        time: The column of time stamps, where the user says so.
        id: The column that tells the series, where the user says so.
        columns: What the user says other columns are.
    """
    schema = schema_of(frame, columns)
    when = _asked(schema, time, "time") if time is not None else _time(frame, schema)
    schema = schema if when is None else _with_time(frame, schema, when)
    who = _asked(schema, id, "id") if id is not None else _id(frame, schema, when)
    if who is not None and who == when:
        raise _unusable(schema.columns[who], "the same column tells the series and the time")
    schema = schema if who is None else _with_id(frame, schema, who)
    groups = np.zeros(len(frame), dtype=np.int64) if who is None else codes_of(frame.iloc[:, who])
    rest = [p for p, column in enumerate(schema) if p not in (when, who) and _learnable(column)]
    still = tuple(p for p in rest if who is not None and _still(frame.iloc[:, p], groups))
    moving = tuple(p for p in rest if p not in still)
    if not moving:
        raise DataError(
            "No column of these series can be learned.",
            why=f"A series needs a column that changes with time and is no key and no free text:\n{schema}",
            fix="Give columns that vary, or say what they are: --set columns=NAME=number",
            code="E655",
        )
    if len(frame) < LEAST_ROWS:
        raise DataError(
            f"These series have {len(frame)} rows in all.",
            why="How a step follows from those before cannot be seen in so few.",
            fix=f"Give at least {LEAST_ROWS} rows; a few hundred are a sensible least.",
            code="E658",
        )
    return Layout(schema=schema, time=when, id=who, attributes=still, variables=moving)


def _asked(schema: Schema, name: str | int, what: str) -> int:
    words = [str(column.name) for column in schema]
    if str(name) in words:
        return words.index(str(name))
    raise UsageError(
        f"There is no column '{name}'.",
        why=did_you_mean(str(name), words[:1000]),
        fix=f"Name the column with {what}=NAME, or leave it out and it is looked for.",
        code="E105",
    )


def _time(frame: Any, schema: Schema) -> int | None:
    """Look for the time: what the frame says of itself, else dates, else whole numbers named like a time."""
    said = frame.attrs.get("time")
    if said is not None and said in frame.columns:
        return list(frame.columns).index(said)
    named = [p for p, c in enumerate(schema) if TIME_NAME.match(str(c.name))]
    for places in (named, range(len(schema.columns))):
        for place in places:
            if schema.columns[place].role == "date" and len(frame.iloc[:, place].dropna()):
                return place
    roles = ("integer", "key", "number")
    counted = [p for p in named if frame.iloc[:, p].dtype.kind in "iuf" and schema.columns[p].role in roles]
    return counted[0] if counted else None


def _with_time(frame: Any, schema: Schema, place: int) -> Schema:
    """See the column of time stamps as dates or numbers, whatever it was taken for.

    Raises:
        DataError: It is neither.
    """
    column = schema.columns[place]
    if column.role in ("date", "duration", "number", "integer"):
        return schema
    kind = frame.iloc[:, place].dtype.kind
    if kind == "b" or (column.role == "constant" and not column.words):
        raise _unusable(column, "it holds no time stamps")
    try:
        role: Role = "date" if kind == "M" else "integer" if kind in "iu" else "number" if kind == "f" else "date"
        return _changed(schema, place, column_of(frame.iloc[:, place], role))
    except (UsageError, IndexError, ValueError) as error:
        raise _unusable(column, f"it is read as {column.role}") from error


def _unusable(column: Column, why: str) -> UsageError:
    return UsageError(
        f"Series cannot be put in order by column {column.name!r}.",
        why=f"{why[0].upper()}{why[1:]}; time stamps are dates or numbers.",
        fix="Name another column: time=NAME, id=NAME.",
        code="E659",
    )


def _id(frame: Any, schema: Schema, when: int | None) -> int | None:
    """Look for the column that tells the series."""
    said = frame.attrs.get("id")
    if said is not None and said in frame.columns:
        return list(frame.columns).index(said)
    able = [p for p, c in enumerate(schema) if p != when and _groups(frame.iloc[:, p], c)]
    named = [p for p in able if ID_NAME.search(str(schema.columns[p].name))]
    if when is None or not frame.iloc[:, when].duplicated().any():
        return named[0] if named and _together(codes_of(frame.iloc[:, named[0]])) else None
    stamps = codes_of(frame.iloc[:, when])
    telling = [p for p in (*named, *able) if _unique(codes_of(frame.iloc[:, p]), stamps)]
    if not telling:
        raise _twice(frame, when)
    return min(telling, key=lambda p: (p not in named, frame.iloc[:, p].nunique()))


def _twice(frame: Any, when: int) -> DataError:
    stamps = frame.iloc[:, when]
    first = stamps[stamps.duplicated()].iloc[0]
    count = int(stamps.duplicated().sum())
    return DataError(
        f"The time stamp {first} comes more than once ({count:,} such rows), and no column tells series apart.",
        why=f"Within a series every value of column {stamps.name!r} may come once.",
        fix=f"Name the column of the series with id=NAME, or give a row a stamp: df.groupby({stamps.name!r}).mean()",
        code="E657",
    )


def check_unique(frame: Any, layout: Layout, groups: np.ndarray) -> None:
    """Refuse a series in which a time stamp comes twice.

    Raises:
        DataError: There is one; the first is named.
    """
    if layout.time is None:
        return
    stamps = codes_of(frame.iloc[:, layout.time])
    if _unique(groups, stamps):
        return
    if layout.id is None:
        raise _twice(frame, layout.time)
    pairs = np.stack([groups, stamps], axis=1)
    _, first, counts = np.unique(pairs, axis=0, return_index=True, return_counts=True)
    row = int(first[counts > 1].min())
    when, who = (frame.iloc[row, place] for place in (layout.time, layout.id))
    raise DataError(
        f"The time stamp {when} comes more than once in series {who!r}.",
        why="Within a series every time stamp may come once.",
        fix="Keep one row a time stamp, or name another column of the series with id=NAME.",
        code="E657",
    )


def _groups(column: Any, known: Column) -> bool:
    """Tell whether a column could tell series: it comes again, and is no measured number."""
    if known.role in ("category", "ordered", "boolean", "integer", "text") or (
        known.role == "constant" and ID_NAME.search(str(known.name))
    ):
        return bool(column.notna().all() and column.nunique() <= len(column) / 2)
    return False


def _together(groups: np.ndarray) -> bool:
    """Tell whether the rows of each group stand together."""
    return int((np.diff(groups) != 0).sum()) < int(groups.max(initial=0)) + 1


def _unique(groups: np.ndarray, stamps: np.ndarray) -> bool:
    pairs = groups * (int(stamps.max(initial=0)) + 1) + stamps
    return len(np.unique(pairs)) == len(pairs)


def _with_id(frame: Any, schema: Schema, place: int) -> Schema:
    column = frame.iloc[:, place]
    missing = np.flatnonzero(column.isna().to_numpy())
    if len(missing):
        raise DataError(
            f"{len(missing):,} rows do not say which series they belong to; the first is row {missing[0]}.",
            why=f"Column {column.name!r} tells the series.",
            fix="Drop these rows, or fill in the column.",
            code="E656",
        )
    if column.dtype.name == "category":
        column = column.astype(column.cat.categories.dtype)
    return _changed(schema, place, column_of(column, "key"))


def _changed(schema: Schema, place: int, column: Column) -> Schema:
    columns = [column if number == place else other for number, other in enumerate(schema)]
    return Schema(columns=tuple(columns), rows=schema.rows)


def _learnable(column: Column) -> bool:
    if column.numeric:
        return True
    return column.learned and len(column.words) <= MOST_LEVELS


def _still(column: Any, groups: np.ndarray) -> bool:
    """Tell whether a column is the same all through each series; a hole may be anything."""
    there = column.notna().to_numpy()
    codes = codes_of(column[there])
    most = np.full(int(groups.max(initial=0)) + 1, -1)
    np.maximum.at(most, groups[there], codes)
    least = np.full(len(most), np.iinfo(np.int64).max)
    np.minimum.at(least, groups[there], codes)
    return bool((most[groups[there]] == least[groups[there]]).all())


def codes_of(column: Any) -> np.ndarray:
    """Give equal cells equal whole numbers, in the order in which they first come."""
    import pandas as pd

    return np.asarray(pd.factorize(column)[0], dtype=np.int64)
