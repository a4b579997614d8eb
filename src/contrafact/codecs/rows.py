"""Tables <-> rows of levels and of scalars, as adversarial networks see them.

A column whose tokens are all values (categories, few numbers) is a block: one level a cell, a one-hot in the network.
A column of many numbers is a scalar, and beside it a block that says what the cell is: a number, one of the values
that a twentieth of the rows share, a word or the hole; without any of these the scalar stands alone. The scalar is the
normal score of the cell's rank, so that every column of numbers has the same law. Numbers that some rows share fill
their whole stretch of ranks, by a draw that belongs to the row's place in the table: what networks see is smooth, and
what comes out falls on the shared numbers as often as it should. With `modes` the block holds the modes of CTGAN and
the scalar is the place around one.

Columns that follow from others are not shown; the table's codec derives them again. A block of more than a thousand
levels becomes two blocks, like the digits of a number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.special import ndtr, ndtri

from contrafact.base.errors import DataError
from contrafact.base.seeds import generator
from contrafact.codecs.cells import NO_WORD, Cells
from contrafact.codecs.modes import Modes
from contrafact.codecs.schema import Role, unlearnable
from contrafact.codecs.table import MOST_TOKENS, TableCodec
from contrafact.codecs.tokens import Tokens
from contrafact.codecs.vector import VectorCodec, rows_of

if TYPE_CHECKING:
    from contrafact.codecs.conditions import Limit

ALONE = 0.05  # share of the rows that makes a number among many a level
EDGE = 1e-5  # no score lies nearer to the ends of the normal law


class Scores:
    """Numbers as normal scores of their ranks.

    Arguments:
        kind: The column's tokens.
        tokens: Those whose numbers are seen through their ranks.
    """

    def __init__(self, kind: Tokens, tokens: np.ndarray) -> None:
        self.kind = kind
        self.order = tokens[np.argsort(kind.means[tokens], kind="stable")]
        self.edges = np.concatenate([[0.0], np.cumsum(kind.counts[self.order] + 1e-9)])
        self.edges /= self.edges[-1]
        self.places = np.zeros(kind.size, dtype=np.int64)
        self.places[self.order] = np.arange(len(self.order))

    def encode(self, tokens: np.ndarray, within: np.ndarray) -> np.ndarray:
        """Give the normal scores of cells."""
        place = self.places[tokens]
        ranks = self.edges[place] + within * (self.edges[place + 1] - self.edges[place])
        return np.asarray(ndtri(np.clip(ranks, EDGE, 1 - EDGE)))

    def decode(self, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give the tokens that have these scores, and where in their intervals the cells lie."""
        ranks = ndtr(scores.astype(np.float64))
        place = (np.searchsorted(self.edges, ranks, side="right") - 1).clip(0, len(self.order) - 1)
        width = self.edges[place + 1] - self.edges[place]
        return self.order[place], ((ranks - self.edges[place]) / width).clip(0, 1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """How one column is seen.

    Arguments:
        column: Its place in the table.
        levels: For each token its level.
        counts: How many rows each level has; the levels that stand for numbers come first.
        numbers: How many levels say "see the scalar".
        block: The place of its first block, -1 for none.
        base: By how much a first digit counts; 0 where one block holds all levels.
        scalar: The place of its scalar, -1 for none.
        scores: Its numbers as ranks, where they are seen so.
        modes: Its numbers around modes, where they are seen so.
    """

    column: int
    levels: np.ndarray
    counts: np.ndarray
    numbers: int = 0
    block: int = -1
    base: int = 0
    scalar: int = -1
    scores: Scores | None = None
    modes: Modes | None = None

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many levels each of its blocks has."""
        if self.block < 0:
            return ()
        return (-(-len(self.counts) // self.base), self.base) if self.base else (len(self.counts),)

    def digits(self, levels: np.ndarray) -> tuple[np.ndarray, ...]:
        """Give levels as its blocks hold them, -1 where a cell is unknown."""
        if not self.base:
            return (levels,)
        gone = levels < 0
        return np.where(gone, -1, levels // self.base), np.where(gone, -1, levels % self.base)

    def whole(self, blocks: np.ndarray) -> np.ndarray:
        """Put its blocks' levels together; digits beyond the last level begin again with the first."""
        own = blocks[:, self.block].astype(np.int64)
        return (own * self.base + blocks[:, self.block + 1]) % len(self.counts) if self.base else own

    def masses(self) -> list[np.ndarray]:
        """Give the share of each level in each of its blocks."""
        share = self.counts / self.counts.sum()
        if not self.base:
            return [share]
        square = np.zeros(math.prod(self.sizes))
        square[: len(share)] = share
        return [square.reshape(self.sizes).sum(1), square.reshape(self.sizes).sum(0)]


@dataclass(frozen=True, kw_only=True, eq=False)
class RowsCodec:
    """Translate frames into rows for adversarial networks and back.

    Arguments:
        table: Knows the columns and their tokens.
        modes: The modes of each column of many numbers, by its place; none where numbers are seen as ranks.
    """

    table: TableCodec
    modes: Mapping[int, Modes] | None = None

    @classmethod
    def fit(
        cls,
        data: Any,
        *,
        columns: Mapping[str, Role] | None = None,
        modes: bool = False,
        constraints: Sequence[str] | None = None,
    ) -> Self:
        """Read the columns of a frame.

        Arguments:
            data: A frame.
            columns: What the user says some columns are.
            modes: Whether numbers are seen around modes, or as ranks.
            constraints: What all rows keep.
        """
        table = TableCodec.fit(data, columns=columns, constraints=constraints)
        if not table.slots:
            raise unlearnable()
        return cls(table=table, modes={c: Modes.fit(table.kind(c)) for c in table.smooth} if modes else None)

    @property
    def names(self) -> tuple[str | int, ...]:
        """The columns' names."""
        return self.table.names

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """How each column is seen."""
        found: list[Part] = []
        block = scalar = 0
        for column, kind in enumerate(self.table.kinds):
            if kind is None or self.table.ties[column] is not None or not kind.size:
                continue
            part = self._part(column, kind, block, scalar)
            found.append(part)
            block, scalar = block + len(part.sizes), scalar + (part.scalar >= 0)
        return tuple(found)

    def _part(self, column: int, kind: Tokens, block: int, scalar: int) -> Part:
        if not len(kind.knots):
            return Part(
                column=column, levels=np.arange(kind.size), counts=kind.counts, block=block, base=_base(kind.size)
            )
        modes = None if self.modes is None else self.modes[column]
        alone = np.zeros(kind.size, dtype=bool)
        alone[kind.numbers :] = True
        if modes is None:
            alone[: len(kind.points)] = kind.counts[: len(kind.points)] >= ALONE * kind.counts.sum()
        numbers = 1 if modes is None else len(modes)
        levels = np.where(alone, numbers - 1 + np.cumsum(alone), 0)
        mass = kind.counts[~alone].sum() * (np.ones(1) if modes is None else modes.share)
        counts = np.concatenate([mass, kind.counts[alone]])
        return Part(
            column=column,
            levels=levels,
            counts=counts,
            numbers=numbers,
            block=block if len(counts) > 1 else -1,
            base=_base(len(counts)),
            scalar=scalar,
            scores=Scores(kind, np.flatnonzero(~alone)) if modes is None else None,
            modes=modes,
        )

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many levels each block has."""
        return tuple(size for part in self.parts for size in part.sizes)

    @cached_property
    def scalars(self) -> int:
        """How many scalars a row has."""
        return sum(part.scalar >= 0 for part in self.parts)

    @cached_property
    def shares(self) -> np.ndarray:
        """The share of each level of all blocks, one after the other."""
        return np.concatenate([np.empty(0), *(mass for part in self.parts if part.sizes for mass in part.masses())])

    @cached_property
    def gates(self) -> np.ndarray:
        """For each level of all blocks the scalar that it says is there, or -1."""
        found = []
        for part in self.parts:
            own = np.full(sum(part.sizes), -1)
            if not part.base:  # a first digit says too little
                own[: part.numbers] = part.scalar
            found.append(own)
        return np.concatenate([np.empty(0, dtype=np.int64), *found])

    def encode(self, data: Any) -> dict[str, np.ndarray]:
        """Turn a frame into levels, -1 where a cell is unknown, and scalars, 0 where there is no number."""
        cells = self.table.cells_of(data)
        rows = next(len(part) for part in cells if part is not None)
        levels = np.empty((rows, len(self.sizes)), dtype=np.int16)
        scalars = np.zeros((rows, self.scalars), dtype=np.float32)
        for part in self.parts:
            own = cells[part.column]
            assert own is not None
            found, values = self._encoded(part, own)
            for number in range(len(part.sizes)):
                levels[:, part.block + number] = part.digits(found)[number]
            if part.scalar >= 0:
                scalars[:, part.scalar] = values
        return {"levels": levels, "scalars": scalars}

    def _encoded(self, part: Part, cells: Cells) -> tuple[np.ndarray, np.ndarray]:
        """Give one column's levels and scalars."""
        kind = self.table.kind(part.column)
        tokens, within = kind.encode(cells)
        levels = np.where(tokens < 0, -1, part.levels[tokens])
        values = np.zeros(len(levels))
        if part.scalar < 0:
            return levels, values
        there = levels == 0
        uniform = generator(0, "rows", part.column).random(len(levels))
        if part.modes is not None:
            levels[there], values[there] = part.modes.encode(cells.numbers[there], uniform[there])
        elif part.scores is not None:
            places = np.where(tokens < len(kind.points), uniform, within)
            values[there] = part.scores.encode(tokens[there], places[there])
        return levels, values

    def decode(self, rows: Mapping[str, np.ndarray], start: int = 0, limits: Mapping[int, Limit] | None = None) -> Any:
        """Turn levels and scalars back into a frame with the columns, dtypes and names that were fitted.

        Arguments:
            rows: Levels and scalars.
            start: The number of the first row.
            limits: Conditions that hold already, and stay true where constraints move a row.
        """
        count = len(rows["levels"])
        cells: list[Cells | None] = [None] * len(self.table.kinds)
        for part in self.parts:
            cells[part.column] = self._decoded(part, rows, count)
        return self.table.frame_of(self.table.with_followers(cells), count, start, limits)

    def _decoded(self, part: Part, rows: Mapping[str, np.ndarray], count: int) -> Cells:
        kind = self.table.kind(part.column)
        levels = part.whole(rows["levels"]) if part.sizes else np.zeros(count, dtype=np.int64)
        token_of = np.zeros(len(part.counts), dtype=np.int64)
        token_of[part.levels] = np.arange(kind.size)
        tokens, within = token_of[levels], np.full(count, 0.5)
        there = levels < part.numbers
        if part.scores is not None:
            tokens[there], within[there] = part.scores.decode(rows["scalars"][there, part.scalar])
        cells = kind.decode(tokens, within)
        if part.modes is not None:
            numbers = part.modes.decode(levels[there], rows["scalars"][there, part.scalar].astype(np.float64))
            ends = np.concatenate([kind.points, kind.knots[:, 0], kind.knots[:, -1]])
            cells.numbers[there] = kind.on_grid(np.clip(numbers, ends.min(), ends.max()))
            cells.words[there] = NO_WORD
        return cells

    def to_json(self) -> dict[str, Any]:
        """Give the codec as JSON-ready values."""
        modes = None if self.modes is None else {str(c): m.to_json() for c, m in self.modes.items()}
        return {"codec": "rows", "table": self.table.to_json(), "modes": modes}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        modes = row["modes"]
        return cls(
            table=TableCodec.from_json(row["table"]),
            modes=None if modes is None else {int(c): Modes.from_json(m) for c, m in modes.items()},
        )


def _base(levels: int) -> int:
    """Choose by how much a first digit counts; 0 where one block is enough."""
    return 0 if levels <= MOST_TOKENS else math.isqrt(levels - 1) + 1


def codec_of(data: Any, columns: Mapping[str, Role] | None = None) -> VectorCodec | RowsCodec:
    """Read arrays and frames of plain numbers as vectors, and other frames as rows of levels and scalars."""
    if not hasattr(data, "to_pandas"):
        try:
            return VectorCodec.fit(data)
        except DataError as error:
            if not hasattr(data, "columns") or error.code not in ("E203", "E204"):  # text, dates, categories, holes
                raise
            if error.code == "E204":
                rows_of(data, missing=True)  # numbers that are infinite are refused
    return RowsCodec.fit(data, columns=columns)


def codec_from(row: dict[str, Any]) -> VectorCodec | RowsCodec:
    """Read what the codec that `codec_of` chose wrote."""
    return RowsCodec.from_json(row) if row["codec"] == "rows" else VectorCodec.from_json(row)
