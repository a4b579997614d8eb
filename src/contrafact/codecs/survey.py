"""What a table in a file is, found in one reading: a sample of its rows, and what no sample may miss.

The sample is 50,000 rows that the seed chooses, and beside them the rows in which a column first shows a hole, a new
smallest or largest number, or one of its first hundred levels. From all rows come the levels of each column, up to
200,000 of them; the grid on which numbers lie; whether they number the rows; and how many holes there are. Where a
column has more levels, those that the sample lacks are unknown to a model. Quantiles, and with them the bins of
numbers, are the sample's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from contrafact.base.errors import DataError
from contrafact.base.seeds import fold
from contrafact.codecs.cells import LARGEST, series
from contrafact.codecs.files import TableFile
from contrafact.codecs.inference import KEY_ROWS, in_order, levels_of, step_of
from contrafact.codecs.schema import Column, Schema
from contrafact.engine.stored import Shuffle

SAMPLE_ROWS = 50_000
MOST_LEVELS, MANY_LEVELS = 200_000, 100
CONSECUTIVE = 0.9  # share of steps of one by which whole numbers count the rows


@dataclass(kw_only=True)
class Seen:
    """What is known of a column after some blocks.

    Arguments:
        holes: How many cells are missing.
        low: The smallest number.
        high: The largest number.
        step: The grid of the numbers: none before there are any.
        last: The last number, where all so far rise.
        rising: Whether all numbers rise, without a hole.
        ones: How many steps were of one.
        levels: The levels; none where they are too many to be kept.
    """

    holes: int = 0
    low: Any = None
    high: Any = None
    step: float | None = None
    last: Any = None
    rising: bool = True
    ones: int = 0
    levels: dict[Any, None] | None = field(default_factory=dict)

    def look(self, column: Any) -> list[int]:
        """Look at a block's cells, and give the places of those that show something for the first time."""
        missing = column.isna().to_numpy()
        new = [int(missing.argmax())] if missing.any() and not self.holes else []
        self.holes += int(missing.sum())
        if missing.all():
            self.rising = False
            return new
        if str(column.dtype).lower() == "uint64":  # may be beyond what is computed with here
            self.rising = False
            return new
        if column.dtype.kind in "mMiuf":
            return new + self._numbers(column, missing)
        return new + self._levels(column, missing)

    def _numbers(self, column: Any, missing: np.ndarray) -> list[int]:
        there = np.flatnonzero(~missing)
        numbers, places = _plain(column.iloc[there] if missing.any() else column), []
        for extreme, better in (("low", np.argmin), ("high", np.argmax)):
            place = int(better(numbers))
            value, before = numbers[place], getattr(self, extreme)
            if before is None or (value < before if extreme == "low" else value > before):
                setattr(self, extreme, value)
                places.append(int(there[place]))
        if numbers.dtype.kind == "f":
            step = step_of(numbers)
            self.step = step if self.step is None else min(self.step, step)
            self.rising = False
        else:
            own = float(np.gcd.reduce(np.append(numbers - numbers[0], numbers[0] - self.low).astype(np.int64)))
            self.step = own if self.step is None else float(math.gcd(int(self.step), int(own)))
            self._count(numbers, bool(missing.any()))
        return places

    def _count(self, numbers: np.ndarray, holed: bool) -> None:
        if not self.rising:
            return
        steps = np.diff(numbers if self.last is None else np.append(self.last, numbers))
        self.rising = not holed and bool((steps > 0).all())
        self.ones, self.last = self.ones + int((steps == 1).sum()), numbers[-1:]

    def _levels(self, column: Any, missing: np.ndarray) -> list[int]:
        if self.levels is None:
            return []
        try:
            first = np.flatnonzero(~column.duplicated().to_numpy() & ~missing)
            pairs = zip(first.tolist(), column.iloc[first].tolist(), strict=True)
            fresh = {level: place for place, level in pairs if level not in self.levels}
        except TypeError:  # lists and the like: whoever reads the column says so
            self.levels = None
            return []
        room = max(MANY_LEVELS - len(self.levels), 0)
        self.levels |= dict.fromkeys(fresh)
        if len(self.levels) > MOST_LEVELS:
            self.levels = None
        return list(fresh.values())[:room]


def _plain(column: Any) -> np.ndarray:
    """Give numbers as doubles or whole numbers, dates and durations as whole numbers."""
    if column.dtype.kind in "mM":
        return np.asarray(column.astype("int64").to_numpy())
    if column.dtype.kind in "iu":
        return np.asarray(column.to_numpy(dtype=np.int64))
    numbers: np.ndarray = column.to_numpy(dtype=np.float64)
    bad = np.flatnonzero(np.abs(numbers) > LARGEST)
    if len(bad):
        raise DataError(
            f"Row {column.index[bad[0]]} of column {column.name!r} holds {numbers[bad[0]]:g}.",
            why=f"Infinite numbers, and those beyond {LARGEST:g}, have no place on a scale.",
            fix="Replace them or leave them empty, then run the same command again.",
            code="E204",
        )
    return numbers


@dataclass(frozen=True, kw_only=True, eq=False)
class Survey:
    """What one reading of a file found.

    Arguments:
        sample: Some rows.
        columns: What is known of each column, over all rows.
        rows: How many rows there are.
    """

    sample: Any
    columns: list[Seen]
    rows: int

    def completed(self, schema: Schema) -> Schema:
        """Put what all rows say into a schema that was read from the sample."""
        pairs = zip(schema.columns, self.columns, strict=True)
        return Schema(columns=tuple(self._completed(column, seen) for column, seen in pairs), rows=self.rows)

    def _completed(self, column: Column, seen: Seen) -> Column:
        column = replace(column, holes=seen.holes / self.rows)
        if column.role == "integer" and self._counts_rows(seen):
            return replace(column, role="key", origin=int(seen.high) + 1, step=0.0)
        if column.numeric and not column.written and seen.step is not None:
            step = seen.step if column.dtype.lower().startswith("float") else seen.step or 1.0
            return replace(column, step=step, role="number" if column.role == "integer" and step < 1 else column.role)
        levels = column.role in ("category", "ordered", "boolean") and not column.dtype.startswith("category")
        if levels and seen.levels and len(seen.levels) > len(column.words):
            return replace(column, words=in_order(levels_of(series(list(seen.levels), dtype=object))))
        return column

    def _counts_rows(self, seen: Seen) -> bool:
        """Tell whether whole numbers, all different, number the rows."""
        if not seen.rising or self.rows < KEY_ROWS or seen.last is None:
            return False
        span = float(seen.high) - float(seen.low)
        return span < 1.5 * self.rows and seen.ones / (self.rows - 1) > CONSECUTIVE

    def unknown(self) -> list[str]:
        """Name the columns of which only the sample's levels are known."""
        names = self.sample.columns
        return [str(name) for name, seen in zip(names, self.columns, strict=True) if seen.levels is None]


def survey(table: TableFile, seed: int = 0) -> Survey:
    """Read a file once.

    Arguments:
        table: The file.
        seed: Chooses the sample.
    """
    import pandas as pd

    order = Shuffle(count=len(table), seed=fold(seed, "survey"))
    chosen = np.sort(order(np.arange(min(SAMPLE_ROWS, len(table)))))
    seen = [Seen() for _ in table.columns]
    pieces, start = [], 0
    for block in table.blocks():
        own = chosen[slice(*np.searchsorted(chosen, (start, start + len(block))))] - start
        start += len(block)
        new = [place for i, column in enumerate(seen) for place in column.look(block.iloc[:, i])]
        pieces.append(block.iloc[np.union1d(own, np.array(new, dtype=np.int64)).astype(np.int64)])
    return Survey(sample=pd.concat(pieces, ignore_index=True), columns=seen, rows=len(table))
