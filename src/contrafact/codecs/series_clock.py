"""Time stamps <-> whole steps: what the regular distance of a series is, and where it stands at each step.

A clock is regular where the stamps lie on a grid of equal steps, of calendar months or of business days; stamps that
are left out on the grid are gaps. Where three quarters of the distances are one step and all others whole numbers of
it, the stamps lie on such a grid. All else is uneven: rows follow each other in order, and the distance to the row
before is one more thing to be learned. Without a column of stamps rows count themselves.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import numpy as np

from contrafact.base.errors import DataError
from contrafact.codecs.cells import Cells
from contrafact.codecs.schema import Column

REGULAR_SHARE = 0.75  # of the distances between neighbours that are one step
WEEK = 7
LONG_GAP = 256  # steps: longer gaps part a series, and are not laid out
CLOSE = 1e-3  # of a step, by which stamps of a grid may miss it
MOST_FILLED = 20  # times as many steps as rows: beyond, a grid is mostly holes
UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
DAY = 86_400.0
CYCLES = {"day": DAY, "week": 7 * DAY, "year": 365.2425 * DAY}
NAMED = ((7 * DAY, "week"), (DAY, "day"), (3600.0, "hour"), (60.0, "minute"), (1.0, "second"), (1e-3, "millisecond"))

Kind = Literal["rows", "steps", "months", "business days", "uneven"]


@dataclass(frozen=True, kw_only=True)
class Clock:
    """How stamps of a column and steps belong together.

    Arguments:
        kind: Equal steps, calendar months, business days, uneven, or rows that count themselves.
        step: Length of a step in the column's own unit.
        first: Where step 0 stands, in the column's own unit from its origin.
        seconds: Seconds in the column's own unit; 0 where stamps are plain numbers.
        offset: Where the column's origin stands after 1970 began, in its own unit.
    """

    kind: Kind = "rows"
    step: float = 1.0
    first: float = 0.0
    seconds: float = 0.0
    offset: int = 0

    @classmethod
    def fit(cls, column: Column | None, stamps: list[np.ndarray]) -> Self:
        """Find the clock of some series.

        Arguments:
            column: The column of stamps, or None.
            stamps: Rising stamps of each series, from the column's origin.
        """
        if column is None:
            return cls()
        apart = np.concatenate([np.diff(part) for part in stamps] or [np.empty(0)])
        known: dict[str, Any] = {"seconds": seconds_of(column), "offset": column.origin}
        known["first"] = min((float(part[0]) for part in stamps if len(part)), default=0.0)
        if not len(apart):
            return cls(kind="steps", step=(DAY / known["seconds"]) if known["seconds"] else 1.0, **known)
        step = _usual(apart)
        for kind in ("business days", "steps", "months"):
            clock = cls(kind=kind, step=step, **known)
            if (kind == "steps" or known["seconds"]) and clock.holds(stamps):
                return clock
        return cls(kind="uneven", step=step, **known)

    def holds(self, stamps: list[np.ndarray]) -> bool:
        """Tell whether all stamps lie on this clock's grid, and most of them side by side."""
        if self.kind == "business days" and not all(self._at_work(part) for part in stamps):
            return False
        places = [self.places(part) for part in stamps]
        apart = np.concatenate([np.diff(part) for part in places])
        rows = sum(map(len, stamps))
        if (
            (apart < 1).any()
            or (apart == 1).mean() < REGULAR_SHARE
            or np.minimum(apart, LONG_GAP).sum() > MOST_FILLED * rows
        ):
            return False
        room = CLOSE * self.step if self.kind == "steps" else 0.5 / max(self.seconds, 1e-12)
        return all((np.abs(self.stamps(p) - s) <= room).all() for p, s in zip(places, stamps, strict=True))

    def _at_work(self, stamps: np.ndarray) -> bool:
        days = self._dates(stamps).astype("datetime64[D]")
        return bool(np.is_busday(days).all()) and len(days) > WEEK

    def places(self, stamps: np.ndarray) -> np.ndarray:
        """Give the step of each stamp; of an uneven clock, the number of the row."""
        if self.kind in ("rows", "uneven"):
            return np.arange(len(stamps))
        if self.kind == "steps":
            return np.rint((stamps - self.first) / self.step).astype(np.int64)
        if self.kind == "months":
            months = self._dates(stamps).astype("datetime64[M]")
            first = self._dates(np.array([self.first])).astype("datetime64[M]")
            return np.asarray((months - first).astype(np.int64))
        days = self._dates(stamps).astype("datetime64[D]")
        return np.asarray(np.busday_count(self._dates(np.array([self.first])).astype("datetime64[D]"), days))

    def stamps(self, places: np.ndarray) -> np.ndarray:
        """Give the stamp of each step, from the column's origin."""
        places = np.asarray(places)
        if self.kind in ("rows", "steps", "uneven"):
            return np.asarray(self.first + self.step * places)
        first = self._dates(np.array([self.first]))
        if self.kind == "months":
            return self._numbers(_later(first[0], places))
        days = first.astype("datetime64[D]")
        return self._numbers(np.busday_offset(days, places, roll="forward") + (first - days))

    def _dates(self, stamps: np.ndarray) -> np.ndarray:
        micros = np.rint((stamps + float(self.offset)) * (self.seconds * 1e6)).astype(np.int64)
        return micros.astype("datetime64[us]")

    def _numbers(self, dates: np.ndarray) -> np.ndarray:
        micros = dates.astype("datetime64[us]").astype(np.int64)
        return np.asarray(micros / (self.seconds * 1e6) - float(self.offset))

    def cycles(self, span: int, least: float = 2.5) -> dict[str, float]:
        """Give the steps in a day, a week and a year, of those that the series go through again and again.

        Arguments:
            span: Steps from the first to the last.
            least: How many times a cycle must be gone through.
        """
        if not self.seconds or self.kind in ("rows", "uneven"):
            return {}
        lengths = {"months": 365.2425 / 12 * DAY, "business days": 7 / 5 * DAY}
        step = lengths.get(self.kind, self.step * self.seconds)
        found = {name: length / step for name, length in CYCLES.items()}
        return {name: steps for name, steps in found.items() if steps > 1.99 and steps * least <= span}

    def said(self) -> str:
        """Say how far stamps are apart."""
        if self.kind == "rows":
            return "rows in order"
        if self.kind == "uneven":
            return "uneven steps, whose lengths are learned too"
        if self.kind != "steps":
            return f"regular steps of {'a month' if self.kind == 'months' else 'a business day'}"
        return f"regular steps of {duration(self.step * self.seconds) if self.seconds else f'{self.step:g}'}"

    def to_json(self) -> dict[str, Any]:
        """Give the clock as JSON-ready values."""
        return asdict(self)


def _later(first: np.datetime64, months: np.ndarray) -> np.ndarray:
    """Go whole months on from a moment; last days of months stay last days."""
    month = first.astype("datetime64[M]")
    within = first - month.astype("datetime64[us]")
    last = first.astype("datetime64[D]") == (month + 1).astype("datetime64[D]") - 1
    found = (month + months).astype("datetime64[us]") + within
    ends = (month + months + 1).astype("datetime64[D]") - 1
    day = first - first.astype("datetime64[D]").astype("datetime64[us]")
    return np.asarray(np.where(last, ends.astype("datetime64[us]") + day, found))


def _usual(apart: np.ndarray) -> float:
    """Give the commonest distance; of distances that hardly repeat, their median."""
    values, counts = np.unique(np.round(apart, 9), return_counts=True)
    best = int(counts.argmax())
    return float(values[best]) if counts[best] > 0.1 * len(apart) else float(np.median(apart))


def seconds_of(column: Column) -> float:
    """Give the seconds in a unit of a column of dates; 0 where it holds plain numbers."""
    if "%" in column.written:
        return 1e-6
    if column.dtype.startswith(("datetime64", "timedelta64")):
        return UNITS.get(column.dtype.split("[")[1].split(",")[0].rstrip("]"), 1e-9)
    return 0.0


def duration(seconds: float) -> str:
    """Write a length of time with the largest unit that fits.

    >>> duration(900.0)
    '15 minutes'
    """
    for length, name in NAMED:
        count = seconds / length
        if count > 0.999 and abs(count - round(count)) < 1e-3:
            return f"{round(count):,} {name}{'s' * (round(count) != 1)}"
    return f"{seconds:g} seconds"


def stamps_of(column: Column, cells: Cells) -> np.ndarray:
    """Give the stamps of all rows, from the column's origin.

    Raises:
        DataError: A row has none.
    """
    wrong = np.flatnonzero(np.isnan(cells.numbers))
    if len(wrong):
        raise DataError(
            f"{len(wrong):,} rows have no time stamp in column {column.name!r}; the first is row {wrong[0]}.",
            why="A row of a series must say when it was.",
            fix="Drop these rows, or mend their stamps, then run the same command again.",
            code="E656",
        )
    return np.asarray(cells.numbers)


def period_of(values: np.ndarray, longest: int | None = None) -> int:
    """Find the period of a series as the highest peak of its autocorrelation; 0 where none stands out.

    Means over neighbours are taken off first, so that a slow rise is no cycle. Cells that are NaN count as the mean.

    Arguments:
        values: Steps, or steps x variables.
        longest: The longest period looked for; a third of the series by default.
    """
    lags = autocorrelation(values, longest)
    if len(lags) < 5:
        return 0
    inner = np.flatnonzero((lags[2:-1] >= lags[1:-2]) & (lags[2:-1] > lags[3:])) + 2
    if not len(inner):
        return 0
    best = inner[lags[inner].argmax()]
    if lags[best] <= 0:
        return 0
    # The first peak that is as good as the best: the best is often a multiple of the period.
    first = int(inner[lags[inner] >= 0.9 * lags[best]][0])
    least = max(0.1, 4 / math.sqrt(len(values)))  # the largest of many lags of noise is seldom beyond
    return first if lags[first] > least and lags[first] - lags[:first].min() > least else 0


def autocorrelation(values: np.ndarray, longest: int | None = None) -> np.ndarray:
    """Give the mean autocorrelation of all variables at lags 0, 1, 2, ...

    Arguments:
        values: Steps, or steps x variables; NaN counts as the mean.
        longest: The last lag; a third of the series by default.
    """
    table = values[:, None] if values.ndim == 1 else values
    longest = min(longest or len(table) // 3, len(table) - 1)
    total, count = np.zeros(max(longest, 0) + 1), 0
    for column in table.T:
        known = ~np.isnan(column)
        if known.sum() < 8:
            continue
        centred = np.where(known, column - np.nanmean(column), 0.0)
        trend = np.polyval(np.polyfit(np.flatnonzero(known), centred[known], 1), np.arange(len(centred)))
        centred = np.where(known, centred - trend, 0.0)
        size = 1 << (2 * len(centred) - 1).bit_length()
        power = np.abs(np.fft.rfft(centred, size)) ** 2
        pairs = np.fft.irfft(np.abs(np.fft.rfft(known.astype(float), size)) ** 2, size)[: longest + 1]
        found = np.fft.irfft(power, size)[: longest + 1] / np.maximum(np.rint(pairs), 1)
        if found[0] > 1e-12:
            total, count = total + found / found[0], count + 1
    return total / max(count, 1)
