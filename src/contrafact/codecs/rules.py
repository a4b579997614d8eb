"""Constraints that a table's codec knows: bounds of columns, columns in order, combinations that were seen.

They are read from what a user writes (`codecs/reading.py`), hold in rows while these are drawn (`codecs/allowed.py`),
and are put right in rows that break them (`codecs/kept.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from contrafact.codecs.cells import Cells

if TYPE_CHECKING:
    from contrafact.codecs.conditions import Limit
    from contrafact.codecs.kept import Count
    from contrafact.codecs.table import TableCodec


@dataclass(frozen=True, kw_only=True)
class Bound:
    """What a column's numbers lie between, counted from its origin."""

    text: str
    column: int
    low: float = -np.inf
    high: float = np.inf


@dataclass(frozen=True, kw_only=True)
class Order:
    """Two columns of which one is never above the other, or always below."""

    text: str
    lower: int
    upper: int
    strict: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Combination:
    """Columns that keep to what was seen.

    Arguments:
        text: The constraint.
        columns: Their places.
        seen: The tokens that were seen together, a row for each combination.
        counts: How many rows had each.
    """

    text: str
    columns: tuple[int, ...]
    seen: np.ndarray
    counts: np.ndarray

    @cached_property
    def codes(self) -> np.ndarray:
        """One item for each combination, rising."""
        return np.sort(coded(self.seen))

    def holds(self, tokens: np.ndarray) -> np.ndarray:
        """Mark rows of tokens that were seen."""
        return np.isin(coded(tokens), self.codes)


@dataclass(frozen=True, kw_only=True, eq=False)
class Rules:
    """All constraints of a table.

    Arguments:
        texts: What the user wrote.
        bounds: Columns between ends.
        orders: Columns in order.
        combinations: Columns that keep together; none shares a column with another.
        unique: Columns without a value that stands twice: their keys are made anew.
        broken: In how many real rows each constraint was broken.
        rows: How many real rows there were.
        notes: What else is to be known.
    """

    texts: tuple[str, ...]
    bounds: tuple[Bound, ...] = ()
    orders: tuple[Order, ...] = ()
    combinations: tuple[Combination, ...] = ()
    unique: tuple[int, ...] = ()
    broken: Mapping[str, int] = field(default_factory=dict)
    rows: int = 0
    notes: tuple[str, ...] = ()

    @cached_property
    def numbered(self) -> tuple[int, ...]:
        """Columns whose numbers are held, the smaller ones of an order first."""
        before: dict[int, set[int]] = {bound.column: set() for bound in self.bounds}
        for order in self.orders:
            before.setdefault(order.lower, set())
            before.setdefault(order.upper, set()).add(order.lower)
        return tuple(TopologicalSorter({c: sorted(before[c]) for c in sorted(before)}).static_order())

    def kept(
        self,
        codec: TableCodec,
        cells: Sequence[Cells | None],
        limits: Mapping[int, Limit] | None = None,
        fixed: Mapping[int, np.ndarray] | None = None,
    ) -> tuple[list[Cells | None], Count]:
        """Give the nearest rows that keep the constraints, and count what was moved (see `codecs/kept.py`)."""
        from contrafact.codecs.kept import kept

        return kept(codec, self, cells, limits, fixed)

    def check(self, codec: TableCodec, limits: Mapping[int, Limit]) -> None:
        """Refuse conditions that no row can meet beside the constraints."""
        from contrafact.codecs.kept import check_room

        check_room(codec, self, limits)

    @property
    def said(self) -> tuple[str, ...]:
        """What is to be known about the real rows."""
        broken = [
            f"The constraint '{text}' is broken by {count:,} of {self.rows:,} real rows; made rows keep it."
            for text, count in self.broken.items()
            if count
        ]
        return (*broken, *self.notes)

    def to_json(self) -> dict[str, Any]:
        """Give the rules as JSON-ready values."""
        return {
            "texts": list(self.texts),
            "bounds": [{**vars(b), "low": _or_none(b.low), "high": _or_none(b.high)} for b in self.bounds],
            "orders": [vars(order) for order in self.orders],
            "combinations": [
                {"text": c.text, "columns": list(c.columns), "seen": c.seen.tolist(), "counts": c.counts.tolist()}
                for c in self.combinations
            ],
            "unique": list(self.unique),
            "broken": dict(self.broken),
            "rows": self.rows,
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        bounds = [{**b, "low": _or(b["low"], -np.inf), "high": _or(b["high"], np.inf)} for b in row["bounds"]]
        combinations = [
            Combination(
                text=c["text"],
                columns=tuple(c["columns"]),
                seen=np.array(c["seen"], dtype=np.int64).reshape(-1, len(c["columns"])),
                counts=np.array(c["counts"], dtype=np.int64),
            )
            for c in row["combinations"]
        ]
        return cls(
            texts=tuple(row["texts"]),
            bounds=tuple(Bound(**b) for b in bounds),
            orders=tuple(Order(**order) for order in row["orders"]),
            combinations=tuple(combinations),
            unique=tuple(row["unique"]),
            broken=row["broken"],
            rows=row["rows"],
            notes=tuple(row["notes"]),
        )


def _or_none(end: float) -> float | None:
    return end if np.isfinite(end) else None


def _or(end: float | None, other: float) -> float:
    return other if end is None else end


def coded(tokens: np.ndarray) -> np.ndarray:
    """Give rows of tokens as one item each, to be sorted and compared whole."""
    if not tokens.shape[1]:
        return np.zeros(len(tokens), dtype="V4")
    whole = np.ascontiguousarray(tokens, dtype=np.int32)
    return whole.view(np.dtype((np.void, 4 * whole.shape[1])))[:, 0]


def tokens_of(
    codec: TableCodec, columns: Iterable[int], cells: Sequence[Cells | None]
) -> tuple[np.ndarray, np.ndarray]:
    """Give the tokens of some columns, and mark the rows that lack none of them."""
    tokens, whole = [], []
    for column in columns:
        part = cells[column]
        assert part is not None
        own = codec.kind(column).encode(part)[0]
        tokens.append(own)
        whole.append(~part.holes & (own >= 0))
    return np.stack(tokens, axis=1), np.all(whole, axis=0)
