"""A table's codec that knows of its rows nothing but noised counts.

Names and dtypes of columns count as public, and so does what the user says: roles, `bounds`, `levels`. What is not
said is paid for. Each use of the Gaussian mechanism counts rows in cells to which a row belongs once at most:

- the number of rows: one use;
- levels that are given, or those of a boolean: one use, with a cell for each level and one for what is empty;
- levels that are not given: one use, over the levels that there are. A level is kept where its count passes a bar that
  a level of a single row passes with a chance that is part of delta. In text the rest becomes "other";
- ends of numbers that are not given: one use; where between the ends numbers lie: one to five (`paid_numbers.py`).

All uses together are one vector of noised counts, so their noise is the square root of their number times that of one.

What other codecs keep of the data is left out: columns that follow from others are learned like any other, keys are
numbered from 1, grids of decimals, ways of writing numbers in text and dates that differ by whole weeks are not looked
for. Numbers that are written as text are levels unless they are turned into numbers first.

Reference: Karwa and Vadhan, *Finite sample differentially private confidence intervals*, ITCS 2018 (levels and ends
from noised histograms with a bar).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy.special import ndtri

from contrafact.base.errors import DataError, UsageError
from contrafact.codecs.cells import HOLE, is_text, places, plain, read, unboxed
from contrafact.codecs.paid_numbers import MOST_ROUNDS, SMOOTH_ROUNDS, Scale, found_scale, paid_tokens
from contrafact.codecs.schema import NUMERIC, ROLES, Column, Role, Schema
from contrafact.codecs.sharing import OTHER
from contrafact.codecs.table import TableCodec, as_frame
from contrafact.codecs.tokens import PIECES, Tokens
from contrafact.engine.private import noisy_counts

CLEARLY = 3.0  # standard deviations that "other" and holes must stand out of the noise
Ends = Mapping[str, Sequence[Any] | str]


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the user says of the columns, which is public.

    Arguments:
        columns: What some columns are.
        bounds: Between which ends numbers and dates lie: (17, 90) or "17..90".
        levels: The levels of categories: ["F", "M"] or "F|M".
        holes: Whether a hole is something to be learned, or only unknown.
    """

    columns: Mapping[str, Role] = field(default_factory=dict)
    bounds: Ends = field(default_factory=dict)
    levels: Ends = field(default_factory=dict)
    holes: bool = True


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """What has to be counted; it depends on names, dtypes and what was said, and on no cell.

    Arguments:
        columns: A record of each column, without words.
        scales: The ends of the numbers that were given, by place.
        words: The levels that were given, by place.
        uses: How often rows are counted in all.
        unknown: Places of columns whose levels are to be found.
        holes: Whether a hole is something to be learned.
    """

    columns: tuple[Column, ...]
    scales: Mapping[int, Scale]
    words: Mapping[int, tuple[Any, ...]]
    uses: int
    unknown: tuple[int, ...]
    holes: bool

    def told(self) -> dict[str, list[str]]:
        """Name the columns whose ends or levels are paid for."""
        ends = [str(c.name) for i, c in enumerate(self.columns) if c.numeric and i not in self.scales]
        return {"ends": ends, "levels": [str(self.columns[i].name) for i in self.unknown]}


def plan_of(data: Any, said: Said) -> Plan:
    """Say what has to be counted.

    Arguments:
        data: A frame, of which names and dtypes are looked at.
        said: What the user says.
    """
    frame = as_frame(data)
    _check_names(frame)
    names = Schema(columns=tuple(Column(name=n, dtype="", role="text") for n in frame.columns), rows=0)
    asked = {key: {names.place(n): v for n, v in getattr(said, key).items()} for key in ("columns", "bounds", "levels")}
    columns, scales, words = [], {}, {}
    for place in range(len(frame.columns)):
        own = {key: part.get(place) for key, part in asked.items()}
        column, scale = _column(frame.iloc[:, place], **own)
        columns.append(column)
        if scale is not None:
            scales[place] = scale
        if column.words:
            words[place] = column.words
    open_ones = [i for i, c in enumerate(columns) if c.learned and not c.numeric and i not in words]
    uses = 1 + sum(_uses(c, scales.get(i)) for i, c in enumerate(columns))
    return Plan(
        columns=tuple(columns), scales=scales, words=words, uses=uses, unknown=tuple(open_ones), holes=said.holes
    )


def _check_names(frame: Any) -> None:
    names = [str(name) for name in frame.columns]
    if 0 in frame.shape or len(set(names)) < len(names):
        raise DataError(
            "These data have no rows, no columns, or two columns of one name.",
            why="Columns are told apart by their names, and there must be something to learn.",
            fix="Give every column a name of its own: df.columns = [str(name) for name in df.columns]",
            code="E205",
        )


def _uses(column: Column, scale: Scale | None) -> int:
    if not column.learned:
        return 0
    if not column.numeric:
        return 1
    return scale.rounds if scale is not None else 1 + (MOST_ROUNDS if column.step else SMOOTH_ROUNDS)


def _column(cells: Any, columns: Any, bounds: Any, levels: Any) -> tuple[Column, Scale | None]:
    """Say what a column is by its dtype and by what was said."""
    role: Role = columns or ("category" if levels is not None else _usual(cells.dtype))
    if role not in ROLES or role == "constant" or (role in NUMERIC and cells.dtype.kind not in "mMiuf"):
        raise _wrong(cells.name, f"it cannot be {role!r}", f"It holds {cells.dtype} cells.")
    name = cells.name if isinstance(cells.name, str) else int(cells.name)
    known = Column(name=name, dtype=_dtype(cells), role=role, origin=1 if role == "key" else 0)
    if role in NUMERIC:
        return _number(known, cells.dtype, bounds)
    if bounds is not None:
        raise _wrong(name, "it has no ends", f"It is taken for {role!r}, as its dtype is {cells.dtype}.")
    if levels is None and role == "boolean":
        levels = (False, True)
    return (known if levels is None else replace(known, words=_words(levels, cells))), None


def _usual(dtype: Any) -> Role:
    if str(dtype) in ("bool", "boolean"):
        return "boolean"
    if dtype.name == "category":
        return "ordered" if dtype.ordered else "category"
    kinds: dict[str, Role] = {"i": "integer", "u": "integer", "f": "number", "M": "date", "m": "duration"}
    return kinds.get(dtype.kind, "category")


def _dtype(cells: Any) -> str:
    if cells.dtype.name != "category":
        return str(cells.dtype)
    return "category ordered" if cells.dtype.ordered else "category"


def _wrong(name: Any, what: str, why: str) -> UsageError:
    return UsageError(
        f"Column {str(name)!r}: {what}.",
        why=why,
        fix="Say what it is: columns={'age': 'integer'}, bounds={'age': (17, 90)}, levels={'sex': ['F', 'M']}.",
        code="E136",
    )


def _words(levels: Any, cells: Any) -> tuple[Any, ...]:
    """Read levels as they were given; those of columns of numbers are numbers."""
    found: list[Any] = levels.split("|") if isinstance(levels, str) else list(levels)
    if cells.dtype.kind in "iuf":
        found = [number if (number := float(word)) % 1 else int(number) for word in found]
    if not found or len(set(map(str, found))) < len(found):
        raise _wrong(cells.name, "its levels are none, or some are the same", f"They are {found!r}.")
    return tuple(plain(word) for word in found)


def _number(known: Column, dtype: Any, bounds: Any) -> tuple[Column, Scale | None]:
    """Say on what scale numbers or dates lie."""
    if known.role in ("date", "duration"):
        return _moments(known, dtype, bounds)
    step = 1.0 if known.role == "integer" else 0.0
    known = replace(known, step=step)
    if bounds is None:
        return known, None
    low, high = _ends(known, bounds, float)
    if step:
        known = replace(known, origin=math.floor(low))
        return known, Scale(low=0.0, high=float(max(math.ceil(high) - known.origin, 1)), step=1.0)
    return known, Scale(low=low, high=high, step=0.0)


def _moments(known: Column, dtype: Any, bounds: Any) -> tuple[Column, Scale]:
    """Count dates from the first; by days, where both ends are days."""
    import pandas as pd

    if bounds is None:
        raise _wrong(known.name, "dates and durations need ends", "Looking for them would cost more than it is worth.")
    kind = pd.Timestamp if known.role == "date" else pd.Timedelta
    unit = str(dtype).partition("[")[2].rstrip("]").split(",")[0]
    word = "datetime64" if known.role == "date" else "timedelta64"
    low, high = (int(end.to_numpy().astype(f"{word}[{unit}]").astype(np.int64)) for end in _ends(known, bounds, kind))
    day = int(np.timedelta64(1, "D").astype(f"timedelta64[{unit}]").astype(np.int64))
    step = float(day if low % day == 0 and high % day == 0 and "," not in str(dtype) else 1)
    return replace(known, origin=low, step=step), Scale(low=0.0, high=float(high - low), step=step)


def _ends(known: Column, bounds: Any, kind: Any) -> tuple[Any, Any]:
    parts = bounds.split("..") if isinstance(bounds, str) else list(bounds)
    try:
        low, high = (kind(part) for part in parts)
        if not low < high:
            raise ValueError("the first is not the smaller one")
    except (TypeError, ValueError) as error:
        raise _wrong(known.name, f"{bounds!r} are no ends of a scale", f"{error}.") from None
    return low, high


def paid(data: Any, plan: Plan, *, noise: float, delta: float) -> tuple[TableCodec, Any]:
    """Count, and make a codec of the counts.

    Arguments:
        data: A frame.
        plan: What is to be counted.
        noise: The noise of all counts together, over the length of what a row adds to them.
        delta: The chance that a level of one row is kept, over all columns.

    Returns:
        The codec, and the frame with levels that were not kept put together.

    Raises:
        DataError: No ends stand out of the noise.
    """
    frame = as_frame(data).copy()
    each = noise * math.sqrt(plan.uses)
    rows = max(float(noisy_counts(np.array([len(frame)]), each)[0]), 2.0)
    columns, kinds = [], []
    for place, column in enumerate(plan.columns):
        cells = unboxed(frame.iloc[:, place])
        if not column.learned:
            kind: Tokens | None = None
        elif column.numeric:
            column, kind = _paid_number(column, cells, plan.scales.get(place), rows, each, plan.holes)
        else:
            bar = _bar(each, delta / max(len(plan.unknown), 1)) if place in plan.unknown else -math.inf
            column, kind, kept = _paid_levels(column, cells, rows, each, bar, plan.holes)
            frame.isetitem(place, kept)
        columns.append(column)
        kinds.append(kind)
    schema = Schema(columns=tuple(columns), rows=round(rows))
    return TableCodec(schema=schema, kinds=tuple(kinds), ties=(None,) * len(kinds)), frame


def _paid_number(
    column: Column, cells: Any, scale: Scale | None, rows: float, noise: float, holes: bool
) -> tuple[Column, Tokens]:
    numbers = read(cells, column).numbers
    if scale is None:
        scale = found_scale(numbers[~np.isnan(numbers)], column.step, noise)
    if scale is None:
        raise DataError(
            f"The ends of column {str(column.name)!r} cannot be found.",
            why=f"No power of two has more rows than the noise (± {noise:.0f}) may have.",
            fix="Give them: bounds={'" + str(column.name) + "': (low, high)}; or allow a larger epsilon.",
            code="E259",
        )
    kind = paid_tokens(numbers, scale, rows, noise, holes=holes)
    return replace(column, holes=_share(kind, rows)), kind


def _share(kind: Tokens, rows: float) -> float:
    """Give the share of cells that are missing, as it was counted."""
    return round(float(min(kind.counts[kind.hole] / rows, 1.0)), 3) if kind.holes else 0.0


def _bar(noise: float, delta: float) -> float:
    """Give the count that a level of one row reaches with a chance of delta (a half is for rounding)."""
    return 1.5 + noise * float(-ndtri(delta))


def _paid_levels(
    column: Column, cells: Any, rows: float, noise: float, bar: float, holes: bool
) -> tuple[Column, Tokens, Any]:
    """Count levels and holes; give the column with its levels, its tokens, and its cells with rare levels as one."""
    words = column.words or _present(cells, column)
    own = places(cells, words)
    noisy = noisy_counts(np.bincount(np.where(own == HOLE, len(words), own), minlength=len(words) + 1), noise)
    counts, empty = noisy[:-1], float(noisy[-1])
    kept = counts >= bar
    words, counts = tuple(word for word, keep in zip(words, kept, strict=True) if keep), counts[kept]
    other = rows - counts.sum() - empty
    unlike = OTHER not in words and bar > 0 and is_text(cells.dtype)
    if unlike and other > CLEARLY * noise * math.sqrt(len(words) + 2):
        cells = cells.where(cells.isna() | cells.isin(words), OTHER)
        words, counts = (*words, OTHER), np.append(counts, other)
    has = holes and empty >= CLEARLY * noise
    kind = Tokens(
        points=np.empty(0),
        knots=np.empty((0, PIECES + 1)),
        words=len(words),
        holes=has,
        means=np.empty(0),
        counts=np.maximum(np.append(counts, empty) if has else counts, 0.0),
    )
    return replace(column, words=words, holes=_share(kind, rows)), kind, cells


def _present(cells: Any, column: Column) -> tuple[Any, ...]:
    """Give the levels that there are, in an order that tells nothing of the rows."""
    try:
        found = [plain(word) for word in cells.dropna().unique()]
    except TypeError as error:
        raise DataError(
            f"Column {str(column.name)!r} cannot be read: it holds {error}.",
            why="Cells are numbers, text, booleans, dates or durations.",
            fix="Turn them into text or drop the column: df[column].map(str)",
            code="E203",
        ) from None
    if column.role == "ordered" and cells.dtype.name == "category":
        return tuple(plain(word) for word in cells.cat.categories if plain(word) in set(found))
    return tuple(sorted(found, key=lambda word: (isinstance(word, str), word)))
