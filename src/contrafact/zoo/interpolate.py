"""Fill holes from the neighbours before and after, along an order: by straight lines or polynomials.

Rows are put in the order of a column (or keep their own). A hole among numbers takes the value, at its own place, of
the polynomial through the nearest known cells: two of them and a straight line at degree 1, three and a parabola at
degree 2. Beyond the first and the last known cell, the nearest one is repeated, and no value leaves the range of the
known ones. A level is that of the nearest known row. What the other columns say plays no part. Rows without a place in
the order are filled with their column's mean or most frequent level.

Draws add what interpolation missed where it could be checked: each known cell of the data that were fitted is
predicted from its neighbours, as if it were a hole.

Reference: de Boor, *A Practical Guide to Splines*, 1978, chapter 1 (Lagrange's form).
"""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from typing import Any, Self

import numpy as np

from contrafact.base.errors import UsageError
from contrafact.base.recipe import Count, Recipe, Sentences
from contrafact.codecs.cells import NO_WORD, Cells
from contrafact.codecs.marginal import drawn, nothing
from contrafact.codecs.schema import Role
from contrafact.codecs.table import TableCodec
from contrafact.engine.record import record
from contrafact.nets.filled import Filled


@dataclass(frozen=True, kw_only=True)
class Interpolate(Recipe):
    """Measure how well neighbours along an order tell a cell."""

    order: str | int | None = None  # the column that rows are ordered by: a time, a place; none: as they stand
    degree: Count = 1  # 1: straight lines between known cells; higher: polynomials through that many and one
    columns: dict[str, Role] | None = None  # what columns are, where the guess is wrong: zip=category,age=number
    constraints: Sentences | None = None  # what all rows keep: "start <= end", "combinations(a, b)"; parted by ;

    def fit(
        self,
        data: Any,
        *,
        seed: int = 0,
        budget: str | None = None,
        run_dir: str | PathLike[str] | None = None,
        device: str | None = None,
    ) -> InterpolateModel:
        """Predict each known cell from its neighbours; seed, budget and device play no part."""
        codec = TableCodec.fit(data, constraints=self.constraints, columns=self.columns, holes=False)
        if self.order is not None and _counts_rows(codec, self.order):
            codec = TableCodec.fit(data, columns={**(self.columns or {}), str(self.order): "integer"}, holes=False)
        cells = codec.cells_of(data)
        at = places(codec, cells, codec.schema.rows, self.order)
        spread = np.zeros(len(cells))
        for place, part in enumerate(cells):
            spread[place] = 0.0 if part is None else _missed(part, at, self.degree)
        model = InterpolateModel(self, codec, {"spread": spread})
        record(self, data, model, seed=seed, run_dir=run_dir)
        return model

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> InterpolateModel:
        """Make the model again from what it saved."""
        return InterpolateModel(self, TableCodec.from_json(codec), arrays)

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests in a blink."""
        return cls()


class InterpolateModel(Filled):
    """How far neighbours along an order miss a cell; the values themselves are read from the table to be filled."""

    recipe: Interpolate
    codec: TableCodec

    def cells(self, known: Any, stream: np.random.Generator | None) -> list[Any]:
        """Fill the holes of a table from its own rows."""
        rows = len(known.encoded["tokens"])
        at = places(self.codec, known.cells, rows, self.recipe.order)
        return [
            part if part is None else self._column(place, part, at, stream) for place, part in enumerate(known.cells)
        ]

    def _column(self, place: int, part: Cells, at: np.ndarray, stream: np.random.Generator | None) -> Cells:
        placed = ~np.isnan(at)
        found, there = part.copied(), placed & ~part.holes
        asked = np.flatnonzero(part.holes & placed) if there.any() else np.empty(0, dtype=np.int64)
        lost = np.setdiff1d(np.flatnonzero(part.holes), asked)
        own = self._usual(place, len(lost), stream)
        found.numbers[lost], found.words[lost] = own.numbers, own.words
        made = _between(part, at, np.flatnonzero(there), at[asked], self.recipe.degree)
        if stream is not None:
            made = self._stirred(place, made, stream)
        found.numbers[asked], found.words[asked] = made.numbers, made.words
        return found

    def _usual(self, place: int, count: int, stream: np.random.Generator | None) -> Cells:
        """Fill what has no place in the order from the column's own law."""
        kind = self.codec.kind(place)
        if not kind.size:
            return nothing(count)
        if stream is not None:
            return drawn(kind, stream.random((count, 2)), holes=False)
        numbers, words = kind.expected(np.broadcast_to(kind.counts / max(kind.counts.sum(), 1), (count, kind.size)))
        return Cells(numbers=numbers, words=words)

    def _stirred(self, place: int, made: Cells, stream: np.random.Generator) -> Cells:
        """Add what interpolation misses: noise on numbers, now and then another level."""
        kind, spread = self.codec.kind(place), float(self.numbers["spread"][place])
        noise, other = stream.standard_normal(len(made)), stream.random((len(made), 3))
        if kind.numbers:
            return Cells(numbers=kind.on_grid(made.numbers + spread * noise), words=made.words)
        fresh = drawn(kind, other[:, :2], holes=False)
        return Cells(numbers=made.numbers, words=np.where(other[:, 2] < spread, fresh.words, made.words))


def places(codec: TableCodec, cells: list[Cells | None], rows: int, order: str | int | None) -> np.ndarray:
    """Give each row's place in the order, NaN where the order column has a hole.

    Raises:
        UsageError: The order column has no numbers or dates.
    """
    if order is None:
        return np.arange(rows, dtype=np.float64)
    place = codec.schema.place(order)
    part, column = cells[place], codec.schema.columns[place]
    if part is None or not column.numeric:
        raise UsageError(
            f"Rows cannot be put in the order of column {order!r}.",
            why=f"It is read as {column.role}; an order needs numbers or dates.",
            fix="Give another column as order, or say that it has numbers: columns={name: 'number'}.",
            code="E132",
        )
    return part.numbers.copy()


def _counts_rows(codec: TableCodec, order: str | int) -> bool:
    """Tell whether the order is a column of whole numbers that was taken for a key."""
    column = codec.schema.columns[codec.schema.place(order)]
    return column.role == "key" and column.dtype.lower().startswith(("int", "uint"))


def _between(part: Cells, at: np.ndarray, there: np.ndarray, asked: np.ndarray, degree: int) -> Cells:
    """Make cells at places from the rows whose cells are known."""
    if not len(there) or not len(asked):
        return nothing(len(asked))
    in_order = there[np.argsort(at[there], kind="stable")]
    words = part.words[in_order][_nearest(at[in_order], asked)]
    numbers = np.full(len(asked), np.nan)
    known = in_order[part.words[in_order] == NO_WORD]
    if len(known):
        x, owner, count = np.unique(at[known], return_inverse=True, return_counts=True)
        y = np.bincount(owner, weights=part.numbers[known]) / count
        numbers = np.where(words == NO_WORD, curve(x, y, asked, degree), np.nan)
    return Cells(numbers=numbers, words=words)


def _nearest(x: np.ndarray, asked: np.ndarray) -> np.ndarray:
    right = np.searchsorted(x, asked).clip(0, len(x) - 1)
    left = (right - 1).clip(0)
    return np.where(asked - x[left] <= x[right] - asked, left, right)


def curve(x: np.ndarray, y: np.ndarray, asked: np.ndarray, degree: int) -> np.ndarray:
    """Follow the polynomials through the nearest known points, inside the range of the known values.

    Arguments:
        x: Rising places.
        y: Values there.
        asked: Other places.
        degree: Of the polynomials, lower where there are too few points.
    """
    points = min(degree + 1, len(x))
    start = np.clip(np.searchsorted(x, asked) - (points + 1) // 2, 0, len(x) - points)
    window = start[:, None] + np.arange(points)
    near, inside = x[window], np.clip(asked, x[0], x[-1])
    found = np.zeros(len(asked))
    for i in range(points):
        others = np.delete(near, i, axis=1)
        found += y[window[:, i]] * np.prod((inside[:, None] - others) / (near[:, [i]] - others), axis=1)
    return np.clip(found, y.min(), y.max())


def _missed(part: Cells, at: np.ndarray, degree: int) -> float:
    """Say how far cells lie from what their neighbours tell: a root mean square, of levels the share that differ."""
    there = np.flatnonzero(~part.holes & ~np.isnan(at))
    there = there[np.argsort(at[there], kind="stable")]
    errors = []
    for first in (0, 1):
        asked = there[first::2]
        made = _between(part, at, there[1 - first :: 2], at[asked], degree)
        if (part.words == NO_WORD).any():
            errors.append((made.numbers - part.numbers[asked]) ** 2)
        else:
            errors.append((made.words != part.words[asked]).astype(np.float64))
    missed = np.concatenate(errors)
    missed = missed[~np.isnan(missed)]
    share = float(missed.mean()) if len(missed) else 0.0
    return share**0.5 if (part.words == NO_WORD).any() else share
