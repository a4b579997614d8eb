"""The numbers that a column's frame can hold: the nearest one, the next one above, the next one below.

A model's numbers are doubles; a frame shows them in steps, as small floats, or as text of so many digits. Whether one
cell is below another is decided by what the frame will hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from contrafact.codecs.cells import NO_WORD, Cells
from contrafact.codecs.schema import Column
from contrafact.codecs.tokens import Tokens

FREE_DIGITS = 1e-11  # of the size of numbers that are written freely, to twelve digits
TRIES = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Scale:
    """A column's numbers, counted from its origin.

    Arguments:
        column: What is known of the column.
        kind: Its tokens.
    """

    column: Column
    kind: Tokens

    @property
    def whole(self) -> bool:
        """Whether the frame holds whole numbers, dates or durations."""
        dtype = self.column.dtype.lower()
        return "%" in self.column.written or (
            not self.column.written and dtype.startswith(("int", "uint", "datetime64", "timedelta64"))
        )

    @property
    def measure(self) -> str:
        """Name what numbers mean: numbers, or moments and durations of a unit; only the same can be compared."""
        if "%" in self.column.written:
            return "datetime64[us]"
        dtype = self.column.dtype
        if dtype.startswith(("datetime64", "timedelta64")):
            return dtype.split(",")[0].rstrip("]") + ("]" if "," not in dtype else "] with a zone")
        return "numbers"

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the largest number that the frame can hold."""
        word = self.column.dtype.lower().split("[")[0]
        if not self.whole or not word.startswith(("int", "uint")):
            return -np.inf, np.inf
        limits = np.iinfo(word)
        return float(int(limits.min) - self.column.origin), float(int(limits.max) - self.column.origin)

    def settled(self, numbers: Any) -> np.ndarray:
        """Give the numbers that the frame will hold."""
        found = np.asarray(self.kind.on_grid(np.asarray(numbers, dtype=np.float64)), dtype=np.float64)
        if self.whole:
            return np.asarray(np.rint(found))
        if self.column.written == "free":
            return np.array([float(f"{number:.12g}") for number in found.ravel().tolist()]).reshape(found.shape)
        if self.column.written:
            return np.asarray(np.round(found, int(self.column.written)))
        small = self.column.dtype.lower()
        with np.errstate(over="ignore"):
            return found.astype(small).astype(np.float64) if small in ("float32", "float16") else found

    def _gap(self, numbers: np.ndarray) -> np.ndarray:
        """Say how far apart neighbours are."""
        # Near zero, as far as elsewhere in the column: no smallest number that there is.
        usual = float(np.abs(np.concatenate([self.kind.points, self.kind.knots.ravel()])).max(initial=0.0))
        size = np.where(np.isfinite(numbers), np.maximum(np.abs(numbers), usual), usual)
        if self.kind.step or self.whole:
            return np.maximum(max(self.kind.step, 1.0 if self.whole else 0.0), np.spacing(size))
        if self.column.written == "free":
            return np.maximum(size * FREE_DIGITS, 1e-300)
        if self.column.written:
            return np.full(size.shape, 10.0 ** -int(self.column.written))
        small = self.column.dtype.lower()
        kind = small if small in ("float32", "float16") else "float64"
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(np.nan_to_num(np.spacing(size.astype(kind))).astype(np.float64))

    def up(self, numbers: Any) -> np.ndarray:
        """Give the least numbers that the frame can hold and that are not below some numbers."""
        asked = np.asarray(numbers, dtype=np.float64)
        found = self.settled(asked)
        for _ in range(TRIES):
            short = found < asked
            if not short.any():
                break
            found = np.where(short, self.settled(found + self._gap(found)), found)
        return found

    def down(self, numbers: Any) -> np.ndarray:
        """Give the largest numbers that the frame can hold and that are not above some numbers."""
        asked = np.asarray(numbers, dtype=np.float64)
        found = self.settled(asked)
        for _ in range(TRIES):
            over = found > asked
            if not over.any():
                break
            found = np.where(over, self.settled(found - self._gap(found)), found)
        return found

    def above(self, numbers: Any) -> np.ndarray:
        """Give the least numbers that are above some numbers."""
        asked = np.asarray(numbers, dtype=np.float64)
        found = self.up(asked)
        return np.where(found > asked, found, self.up(asked + self._gap(asked)))

    def below(self, numbers: Any) -> np.ndarray:
        """Give the largest numbers that are below some numbers."""
        asked = np.asarray(numbers, dtype=np.float64)
        found = self.down(asked)
        return np.where(found < asked, found, self.down(asked - self._gap(asked)))

    def from_other(self, other: Scale, numbers: np.ndarray) -> np.ndarray:
        """Give another column's numbers as they count here, in the same order against this column's own.

        Between two whole numbers one place is as good as any other, and the middle survives an origin far away.
        """
        if self.measure != "numbers":
            return np.asarray(numbers + float(other.column.origin - self.column.origin))
        found = numbers + float(other.column.origin)
        if not self.whole:
            return np.asarray(found - float(self.column.origin))
        floor = np.floor(found)
        return np.asarray(floor - float(self.column.origin) + 0.5 * (found > floor))

    def learned_ends(self) -> tuple[float, float]:
        """Give the least and the largest number that was learned; nothing lies between where there is none."""
        values = np.concatenate([self.kind.points, self.kind.knots[:, 0], self.kind.knots[:, -1]])
        return (float(values.min()), float(values.max())) if len(values) else (np.inf, -np.inf)

    @property
    def always(self) -> bool:
        """Whether every cell that is drawn is a number."""
        return self.kind.size == self.kind.numbers

    def cell(self, number: float) -> Any:
        """Show a number as the frame would."""
        from contrafact.codecs.written import write

        if not np.isfinite(number):
            return number
        return write(self.column, Cells(numbers=np.array([number]), words=np.array([NO_WORD]))).tolist()[0]


def numbers_in(part: Cells) -> np.ndarray:
    """Mark the cells that are numbers: no holes, and no words among numbers."""
    return np.asarray(part.words == NO_WORD)
