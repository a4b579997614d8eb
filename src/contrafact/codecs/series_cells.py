"""Cells of one variable of a series <-> a number on a robust scale, and the values that stand for themselves.

A number z = (t(x) - centre) / scale, where t is the logarithm for positive variables with a long right tail and the
identity else, the centre is the median and the scale the interquartile range of a normal law. Levels, words among
numbers, and single values that many cells share (a pump at rest, a saturated sensor) are points: they keep a place of
their own, beside their number where they have one. Drawn numbers are put back on the grid of the data: on the values
that were seen where these are few, else on decimal steps.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from contrafact.base.errors import UsageError
from contrafact.codecs.cells import HOLE, NO_WORD, Cells
from contrafact.codecs.scale import Scale
from contrafact.codecs.schema import Column
from contrafact.codecs.tokens import Tokens

NUMBER, UNKNOWN = -1, -2  # in the place of a point
POINT_SHARE, MOST_POINTS, FEW_VALUES = 0.05, 12, 8
MOST_VALUES, VALUES_SHARE = 1500, 0.1  # distinct values that drawn numbers are put on
NORMAL_QUARTILES = 1.349
SKEWED = 2.0
BEYOND = 0.5  # of its range, by which a drawn number may leave what was seen


@dataclass(frozen=True, kw_only=True, eq=False)
class Variable:
    """One variable of a series, or one attribute.

    Arguments:
        column: What is known of the column.
        centre: Middle of its numbers, after the logarithm where there is one.
        scale: Their width.
        logarithmic: Whether logarithms are learned.
        points: Numbers that stand for themselves, from the column's origin.
        values: The distinct numbers seen, where these are few; else empty.
        low: The least number that is ever drawn.
        high: The largest.
        blur: Half a step of the grid, on the scale; 0 where there is none.
        smooth: Whether cells may be numbers beside the points.
    """

    column: Column
    centre: float = 0.0
    scale: float = 1.0
    logarithmic: bool = False
    points: tuple[float, ...] = ()
    values: np.ndarray
    low: float = 0.0
    high: float = 0.0
    blur: float = 0.0
    smooth: bool = False

    @classmethod
    def fit(cls, column: Column, cells: Cells) -> Self:
        """Read a variable's scale and points from its cells."""
        numbers = cells.numbers[~np.isnan(cells.numbers)]
        if not len(numbers):
            return cls(column=column, values=np.empty(0))
        seen, counts = np.unique(numbers, return_counts=True)
        points = _points(seen, counts)
        rest = numbers[~np.isin(numbers, points)]
        free = rest if len(rest) else numbers
        logarithmic = _long_tail(free, float(column.origin))
        told = np.log(free + float(column.origin)) if logarithmic else free
        centre, scale = _middle(told)
        few = len(seen) <= min(MOST_VALUES, VALUES_SHARE * len(numbers))
        room = BEYOND * (float(seen[-1]) - float(seen[0]))
        low = float(seen[0]) - room
        floor = -float(column.origin)  # where the column's own zero is
        made = cls(
            column=column,
            centre=centre,
            scale=scale,
            logarithmic=logarithmic,
            points=tuple(float(point) for point in points),
            values=seen if few else np.empty(0),
            low=max(low, floor) if seen[0] >= floor and column.role in ("number", "integer") else low,
            high=float(seen[-1]) + room,
            smooth=len(points) < len(seen),
        )
        return replace(made, blur=made._blur(seen))

    @property
    def size(self) -> int:
        """How many words and points there are."""
        return len(self.column.words) + len(self.points)

    def told(self, numbers: np.ndarray) -> np.ndarray:
        """Give numbers on the scale."""
        if self.logarithmic:
            whole = numbers + float(self.column.origin)
            least = max(self.low + float(self.column.origin), np.exp(self.centre - 20 * self.scale), 1e-300)
            numbers = np.log(np.maximum(whole, least))
        return np.asarray((numbers - self.centre) / self.scale)

    def untold(self, scaled: np.ndarray) -> np.ndarray:
        """Give numbers of the column from the scale, inside what may be drawn."""
        numbers = np.asarray(scaled, dtype=np.float64) * self.scale + self.centre
        if self.logarithmic:
            most = np.log(max(self.high + float(self.column.origin), 1e-300))
            numbers = np.exp(np.minimum(numbers, most)) - float(self.column.origin)
        return np.clip(numbers, self.low, self.high)

    def encode(self, cells: Cells) -> tuple[np.ndarray, np.ndarray]:
        """Give each cell's number on the scale, 0 where it has none, and its point, NUMBER or UNKNOWN."""
        points = np.where(cells.words == HOLE, UNKNOWN, cells.words)
        points = np.where(cells.words == NO_WORD, NUMBER, points)
        numbers = cells.numbers
        for place, point in enumerate(self.points):
            points = np.where(numbers == point, len(self.column.words) + place, points)
        scaled = np.nan_to_num(self.told(np.where(np.isnan(numbers), self.centre_number, numbers)))
        scaled = np.where(np.isnan(numbers), 0.0, scaled)
        return scaled.astype(np.float32), points.astype(np.int16)

    @property
    def centre_number(self) -> float:
        """The number of the column at 0 on the scale."""
        return float(self.untold(np.zeros(1))[0])

    def decode(self, scaled: np.ndarray, points: np.ndarray) -> Cells:
        """Give cells from numbers on the scale and points."""
        words = len(self.column.words)
        numbers = self.settled(self.untold(scaled))
        own = np.array([*self.points, np.nan])
        numbers = np.where(points >= words, own[np.clip(points - words, 0, len(self.points))], numbers)
        numbers = np.where(((points >= 0) & (points < words)) | (points == UNKNOWN), np.nan, numbers)
        found = np.where(points == UNKNOWN, HOLE, np.where((points >= 0) & (points < words), points, NO_WORD))
        return Cells(numbers=numbers, words=found.astype(np.int64))

    def settled(self, numbers: np.ndarray) -> np.ndarray:
        """Put numbers on the grid: on values that were seen, or on steps."""
        if len(self.values) and len(numbers):
            right = np.searchsorted(self.values, numbers).clip(1, max(len(self.values) - 1, 1))
            low, high = self.values[right - 1], self.values[np.minimum(right, len(self.values) - 1)]
            near = np.where(numbers - low <= high - numbers, low, high)
            inside = (numbers >= self.values[0]) & (numbers <= self.values[-1])
            return np.where(inside, near, self._stepped(numbers))
        return self._stepped(numbers)

    def _stepped(self, numbers: np.ndarray) -> np.ndarray:
        return self._steps.settled(numbers)

    @cached_property
    def _steps(self) -> Scale:
        return Scale(column=self.column, kind=_grid(self.column))

    def _blur(self, seen: np.ndarray) -> float:
        """Give half the usual distance between neighbouring values of the grid, on the scale."""
        if len(seen) < 2 or not (len(self.values) or self.column.step):
            return 0.0
        told = self.told(seen)
        apart = np.diff(told)
        return float(0.5 * np.median(apart)) if len(self.values) else float(0.5 * apart.min())

    def point_numbers(self) -> np.ndarray:
        """Give each point's number on the scale; 0 for words."""
        return np.concatenate([np.zeros(len(self.column.words)), self.told(np.array(self.points, dtype=np.float64))])

    def chosen(self, wanted: Any, scaled: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Mark the cells that a condition allows: a value, an interval (a, b) or "a..b", or a set.

        Raises:
            UsageError: The condition cannot be read.
        """
        low, high, among = _condition(wanted)
        cells = self.decode(scaled, points)
        if not self.column.numeric:
            words = [str(word) for word in self.column.words]
            return np.isin(cells.words, [words.index(str(one)) for one in among if str(one) in words])
        numbers = cells.numbers + float(self.column.origin)
        try:
            if low is not None:
                return np.asarray((numbers >= float(low)) & (numbers <= float(high)))
            return np.isin(numbers, [float(one) for one in among])
        except (TypeError, ValueError):
            raise UsageError(
                f"Column {self.column.name!r} cannot be {wanted!r}.",
                why="It holds numbers.",
                fix='Give a number, an interval "30..40" or a set "1|2".',
                code="E109",
            ) from None

    def to_json(self) -> dict[str, Any]:
        """Give the variable as JSON-ready values."""
        return {**asdict(self), "points": list(self.points), "values": self.values.tolist()}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        column, values = Column.from_json(row["column"]), np.array(row["values"], dtype=np.float64)
        return cls(**{**row, "column": column, "points": tuple(row["points"]), "values": values})


def _grid(column: Column) -> Tokens:
    """Give tokens that know nothing but the column's steps."""
    return Tokens.fit(Cells(numbers=np.empty(0), words=np.empty(0, dtype=np.int64)), words=0, step=column.step)


def _points(seen: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Choose the numbers that stand for themselves: all of few, else those that many cells share."""
    if len(seen) <= FEW_VALUES:
        return seen
    often = np.flatnonzero(counts >= POINT_SHARE * counts.sum())
    return seen[np.sort(often[np.argsort(-counts[often], kind="stable")][:MOST_POINTS])]


def _middle(numbers: np.ndarray) -> tuple[float, float]:
    """Give the median, and the interquartile range as a standard deviation; that itself where the range is none."""
    low, middle, high = np.quantile(numbers, (0.25, 0.5, 0.75))
    for width in ((high - low) / NORMAL_QUARTILES, float(numbers.std())):
        if width > 1e-12 * max(abs(middle), 1e-280):
            return float(middle), float(width)
    return float(middle), 1.0


def _long_tail(numbers: np.ndarray, origin: float) -> bool:
    """Tell whether numbers are positive and lie more evenly as logarithms."""
    whole = numbers + origin
    if len(whole) < 20 or whole.min() <= 0:
        return False
    plain, logs = _skew(whole), _skew(np.log(whole))
    return bool(plain > SKEWED and abs(logs) < 0.5 * plain)


def _skew(numbers: np.ndarray) -> float:
    sd = float(numbers.std())
    return float((((numbers - numbers.mean()) / sd) ** 3).mean()) if sd > 0 else 0.0


def _condition(wanted: Any) -> tuple[Any, Any, list[Any]]:
    """Read a condition: an interval's ends, or the values that are allowed."""
    if isinstance(wanted, str) and ".." in wanted:
        low, _, high = wanted.partition("..")
        return low, high, []
    if isinstance(wanted, tuple) and len(wanted) == 2:
        return (*wanted, [])
    if isinstance(wanted, str) and "|" in wanted:
        return None, None, [part.strip() for part in wanted.split("|")]
    return None, None, list(wanted) if isinstance(wanted, list | set | frozenset) else [wanted]
