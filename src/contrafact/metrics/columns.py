"""What a judge sees in tables: a kind for each column, read from the real side, and cells as numbers or levels.

Numbers and dates lie on a scale, where a hole is NaN. Categories (and words, truths, and numbers with two values at
most) are levels, numbered by how often the real side has them, where a hole is -1. Keys and free text, in which more
than half of the cells differ, are neither: of them only the holes are compared.
"""

from __future__ import annotations

import datetime
import decimal
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from contrafact.base.errors import DataError
from contrafact.base.seeds import generator
from contrafact.metrics.inputs import LARGEST

Kind = Literal["number", "time", "category", "text"]

FEWEST_TEXTS = 100  # different words from which a column may be keys or free text
TEXT_SHARE = 0.5
BINARY = 2
DATED = 0.95  # share of words that must be dates
ISO_DATE = re.compile(r"\s*\d{4}-\d{2}-\d{2}([ T].*)?\s*")
HOLE = -1


@dataclass(frozen=True, kw_only=True)
class Column:
    """What is known of a column.

    Arguments:
        name: Its name.
        kind: What its cells are.
        levels: The levels of a category, those of the real side first, the commonest foremost.
        known: How many of the levels the real side has.
    """

    name: str
    kind: Kind
    levels: tuple[Any, ...] = ()
    known: int = 0

    @property
    def scale(self) -> bool:
        """Whether its cells lie on a scale."""
        return self.kind in ("number", "time")


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """The cells of a frame, column by column: numbers on a scale, or places among levels.

    Arguments:
        columns: What is known of each column; the same for all tables that are compared.
        cells: The cells of each.
        rows: How many rows there are.
    """

    columns: tuple[Column, ...]
    cells: tuple[np.ndarray, ...]
    rows: int

    def __len__(self) -> int:
        return self.rows

    def take(self, places: np.ndarray) -> Table:
        """Keep rows, in the given order."""
        return Table(columns=self.columns, cells=tuple(c[places] for c in self.cells), rows=len(places))

    def only(self, chosen: Sequence[int]) -> Table:
        """Keep columns."""
        return Table(
            columns=tuple(self.columns[i] for i in chosen), cells=tuple(self.cells[i] for i in chosen), rows=self.rows
        )

    def at_most(self, limit: int, seed: int, purpose: str) -> Table:
        """Keep at most so many rows, chosen by the seed, in their order."""
        return self if self.rows <= limit else self.take(self.chosen(limit, seed, purpose))

    def chosen(self, limit: int, seed: int, purpose: str) -> np.ndarray:
        """Choose the places of at most so many rows by the seed, in their order."""
        if self.rows <= limit:
            return np.arange(self.rows)
        return np.sort(generator(seed, "subsample", purpose).choice(self.rows, limit, replace=False))

    def halves(self, seed: int) -> tuple[Table, Table]:
        """Split the rows by the seed into two halves; a single row is both."""
        if self.rows < 2:
            return self, self
        order = generator(seed, "halves").permutation(self.rows)
        return self.take(order[: self.rows // 2]), self.take(order[self.rows // 2 :])

    def shuffled(self, seed: int) -> Table:
        """Shuffle each column by itself: every relation is lost, every column stays as it was."""
        random = generator(seed, "shuffled columns")
        return Table(columns=self.columns, cells=tuple(random.permutation(c) for c in self.cells), rows=self.rows)

    def holes(self) -> np.ndarray:
        """Mark the holes: rows x columns."""
        pairs = zip(self.columns, self.cells, strict=True)
        return np.stack([np.isnan(c) if column.scale else c == HOLE for column, c in pairs], axis=1)


def tables(real: Any, *others: Any) -> list[Table]:
    """Read frames as tables with the kinds that the real one shows; tables are passed on.

    Arguments:
        real: The real frame.
        others: Frames with the same columns, in any order.

    Raises:
        DataError: There are no rows, a column is missing or comes twice, or its cells cannot be compared.
    """
    if isinstance(real, Table):
        return [real, *others]
    frames = [real, *others]
    _check(frames)
    read = [_read(name, [frame[name] for frame in frames]) for name in real.columns]
    columns = tuple(column for column, _ in read)
    cells = zip(*(sides for _, sides in read), strict=True)
    return [
        Table(columns=columns, cells=tuple(side), rows=len(frame)) for side, frame in zip(cells, frames, strict=True)
    ]


def _check(frames: list[Any]) -> None:
    real = frames[0]
    why = "Real and fake rows are compared column by column."
    for frame in frames:
        if not getattr(frame, "columns", real.columns).is_unique:
            raise DataError(
                "Two columns of these data have the same name.",
                why=why,
                fix="Give every column a name of its own.",
                code="E205",
            )
        missing = [str(c) for c in real.columns if c not in getattr(frame, "columns", [])]
        if missing:
            raise DataError(
                f"The fake data lack the column{'s' * (len(missing) > 1)} {', '.join(missing[:8])}.",
                why=why,
                fix="Give data with the same columns.",
                code="E205",
            )
    for frame, name in zip(frames, ("real rows", "fake rows", "held-out rows"), strict=False):
        if not len(frame) or not len(real.columns):
            raise DataError(
                f"The {name} are empty.",
                why="A score needs at least one row and one column.",
                fix="Give rows.",
                code="E221",
            )


def _read(name: Any, sides: list[Any]) -> tuple[Column, list[np.ndarray]]:
    """Read one column of all frames by what the real one, the first, shows."""
    import pandas as pd

    real = sides[0]
    if real.notna().sum() == 0:
        return _levels(name, sides)
    if pd.api.types.is_any_real_numeric_dtype(real.dtype) or _boxed_numbers(real):
        return _numbers(name, sides)
    if real.dtype.kind in "mM" or isinstance(real.dtype, pd.DatetimeTZDtype | pd.PeriodDtype) or _dated(real):
        return Column(name=str(name), kind="time"), [_seconds(side, real) for side in sides]
    return _levels(name, sides)


def _boxed_numbers(real: Any) -> bool:
    """Tell whether all cells of a column of objects are numbers."""
    if str(real.dtype) != "object":
        return False
    return all(isinstance(v, int | float | decimal.Decimal) and not isinstance(v, bool) for v in real.dropna())


def _numbers(name: Any, sides: list[Any]) -> tuple[Column, list[np.ndarray]]:
    values = [_as_numbers(side, sides[0]) for side in sides]
    real = values[0][~np.isnan(values[0])]
    distinct = np.unique(real)
    if len(distinct) <= BINARY:
        return _levels(name, sides)
    # Whole numbers without gaps, each once: row numbers, which no generator should learn.
    counted = len(distinct) == len(real) >= FEWEST_TEXTS and distinct[-1] - distinct[0] < 2 * len(real)
    if counted and str(sides[0].dtype).lower().startswith(("int", "uint")):
        return Column(name=str(name), kind="text"), [_marks(np.isnan(side)) for side in values]
    return Column(name=str(name), kind="number"), values


def _as_numbers(side: Any, real: Any) -> np.ndarray:
    try:
        plain = side.astype(object).where(side.notna(), None) if str(side.dtype) == "category" else side
        values = np.asarray(plain.to_numpy(dtype=np.float64, na_value=np.nan))
    except (TypeError, ValueError) as error:
        raise _unfit(real, f"It holds numbers on the real side, and on the other {side.dtype}.") from error
    wrong = np.abs(values) > LARGEST
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"Column {real.name!r} holds {values[row]} in row {row}.",
            why=f"Distances need finite numbers, up to {LARGEST:g}.",
            fix="Fill or drop such cells first: contrafact impute FILE -o OUT",
            code="E222",
        )
    return values


def _dated(real: Any) -> bool:
    """Tell whether words or objects are dates: written as in 2024-02-29, with or without a time."""
    present = real.dropna()
    if isinstance(present.iloc[0], datetime.date):
        return True
    if not isinstance(present.iloc[0], str) or not ISO_DATE.fullmatch(present.iloc[0]):
        return False
    return bool(np.mean(~np.isnan(_seconds(present, present))) >= DATED)


def _seconds(side: Any, real: Any) -> np.ndarray:
    """Read dates as seconds since 1970, durations as seconds; NaN where there is none."""
    import pandas as pd

    if isinstance(side.dtype, pd.PeriodDtype):
        side = side.dt.to_timestamp()
    if side.dtype.kind == "m":
        return np.asarray(side.dt.total_seconds().to_numpy(dtype=np.float64, na_value=np.nan))
    if side.dtype.kind in "iuf" and side.notna().any():
        raise _unfit(real, f"It holds dates on the real side, and on the other {side.dtype}.")
    form = None if side.dtype.kind == "M" else "ISO8601"
    moments = pd.to_datetime(side, errors="coerce", utc=True, format=form).dt.tz_localize(None)
    raw = moments.to_numpy().astype("datetime64[us]")
    filled = int(side.notna().sum())
    if side is not real and filled and np.isnat(raw).sum() - (len(side) - filled) > filled / 2:
        raise _unfit(real, "It holds dates on the real side, and on the other mostly something else.")
    return np.where(np.isnat(raw), np.nan, raw.astype(np.int64) / 1e6)


def _unfit(column: Any, why: str) -> DataError:
    return DataError(
        f"Column {column.name!r} cannot be compared.",
        why=why,
        fix="Mend or drop the column on both sides.",
        code="E203",
    )


def _levels(name: Any, sides: list[Any]) -> tuple[Column, list[np.ndarray]]:
    import pandas as pd

    cells = np.concatenate([side.astype(object).to_numpy(dtype=object, na_value=None) for side in sides])
    try:
        codes, levels = pd.factorize(cells, use_na_sentinel=True)
    except TypeError as error:
        raise _unfit(sides[0], "It holds lists or the like, which have no order and no levels.") from error
    cuts = np.cumsum([len(side) for side in sides])[:-1]
    real = codes[: len(sides[0])]
    counts = np.bincount(real[real >= 0], minlength=len(levels))
    order = np.argsort(-counts, kind="stable")
    places = np.append(np.argsort(order, kind="stable"), HOLE)
    parts = np.split(places[codes], cuts)
    known = int((counts > 0).sum())
    if known > max(FEWEST_TEXTS, TEXT_SHARE * counts.sum()) and not isinstance(sides[0].dtype, pd.CategoricalDtype):
        return Column(name=str(name), kind="text"), [_marks(part == HOLE) for part in parts]
    return Column(name=str(name), kind="category", levels=tuple(levels[i] for i in order), known=known), parts


def _marks(holes: np.ndarray) -> np.ndarray:
    """Keep of keys and free text only where they are missing."""
    return np.where(holes, HOLE, 0)
