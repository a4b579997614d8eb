"""Tables <-> matrices with holes: numbers from 0 to 1, then the levels' places, NaN where a cell is unknown.

For networks that fill holes. Columns of the table that have numbers stand first, each between its ends; columns that
have levels follow, as places among the commonest, with one place for all others. Columns that follow from others have
no part; they tell what their source is, and are derived again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from contrafact.codecs.cells import HOLE, NO_WORD, Cells
from contrafact.codecs.design import Design
from contrafact.codecs.known import Known
from contrafact.codecs.marginal import nothing
from contrafact.codecs.schema import Role, unlearnable
from contrafact.codecs.table import TableCodec


@dataclass(frozen=True, kw_only=True, eq=False)
class MatrixCodec:
    """Translate frames with holes into matrices and back.

    Arguments:
        table: Knows the columns; holes are unknown cells.
    """

    table: TableCodec

    @classmethod
    def fit(
        cls, data: Any, *, columns: Mapping[str, Role] | None = None, constraints: Sequence[str] | None = None
    ) -> Self:
        """Read the columns of a frame.

        Arguments:
            data: A frame.
            columns: What the user says some columns are.
            constraints: What all rows keep.
        """
        made = cls(table=TableCodec.fit(data, columns=columns, holes=False, constraints=constraints))
        if not made.design.parts:
            raise unlearnable()
        return made

    @cached_property
    def design(self) -> Design:
        """How columns stand in a matrix."""
        return Design(self.table, codes=True)

    @cached_property
    def numbers(self) -> list[int]:
        """Which of the design's parts are numbers."""
        return [number for number, part in enumerate(self.design.parts) if part.levels is None]

    @cached_property
    def levels(self) -> list[int]:
        """Which of the design's parts are levels."""
        return [number for number, part in enumerate(self.design.parts) if part.levels is not None]

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many levels each part of levels has, the place of all others among them."""
        found = []
        for number in self.levels:
            part = self.design.parts[number]
            assert part.levels is not None
            named = int((part.levels != NO_WORD).sum())
            found.append(len(part.levels) + (self.table.kind(part.column).words > named))
        return tuple(found)

    @property
    def scalars(self) -> int:
        """How many numbers a row has."""
        return len(self.numbers)

    @property
    def shares(self) -> np.ndarray:
        """An even share for each level of all parts."""
        return np.concatenate([np.empty(0), *(np.full(size, 1 / size) for size in self.sizes)])

    @property
    def gates(self) -> np.ndarray:
        """No level says whether a number is there: the mask does."""
        return np.full(sum(self.sizes), -1)

    @cached_property
    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """The least and the largest number of each part of numbers."""
        found = [self.table.kind(self.design.parts[number].column).ends for number in self.numbers]
        low, high = np.array(found, dtype=np.float64).reshape(-1, 2).T
        return low, np.where(high > low, high, low + 1)

    @property
    def holes(self) -> bool:
        """Whether the data that were fitted had holes to learn from."""
        return any(self.table.schema.columns[part.column].holes > 0 for part in self.design.parts)

    def encode(self, data: Any) -> np.ndarray:
        """Turn a frame into a matrix, NaN where a cell is unknown."""
        return self.matrix(self.known(data))

    def matrix(self, known: Known) -> np.ndarray:
        """Turn what is known of a table into a matrix."""
        found = self.design.matrix(known.cells, len(known.encoded["tokens"]))
        low, high = self.ends
        numbers = (found[:, self.numbers] - low) / (high - low)
        return np.concatenate([numbers, found[:, self.levels]], axis=1).astype(np.float32)

    def known(self, data: Any) -> Known:
        """Read a table with holes, as something to be filled."""
        return self.table.known(data)

    def filled(self, data: Any, cells: list[Cells | None]) -> Any:
        """Copy a table with cells in its holes."""
        return self.table.filled(data, cells)

    def into(
        self, scalars: np.ndarray, blocks: np.ndarray, known: Known, stream: np.random.Generator | None
    ) -> list[Cells | None]:
        """Fill holes of cells with what a network made of whole rows.

        Arguments:
            scalars: Numbers from 0 to 1.
            blocks: Shares of all levels, part after part.
            known: What is known of the table.
            stream: Chooses levels and puts numbers on their grid; None takes the likeliest level.
        """
        low, high = self.ends
        starts = np.cumsum([0, *self.sizes])
        made: dict[int, np.ndarray] = {}
        for place, number in enumerate(self.numbers):
            rows = self.design.hollow(known, number)
            made[number] = low[place] + scalars[rows, place].astype(np.float64) * (high[place] - low[place])
        for place, number in enumerate(self.levels):
            rows = self.design.hollow(known, number)
            made[number] = blocks[rows, starts[place] : starts[place + 1]].astype(np.float64)
        return self.design.into(made, known, stream)

    def decode(self, rows: Mapping[str, np.ndarray]) -> Any:
        """Turn whole rows, numbers and places of levels, into a frame."""
        matrix = np.asarray(rows["cells"], dtype=np.float64)
        cells: list[Cells | None] = [None if kind is None else nothing(len(matrix)) for kind in self.table.kinds]
        low, high = self.ends
        for place, number in enumerate([*self.numbers, *self.levels]):
            part, values = self.design.parts[number], matrix[:, place]
            own = cells[part.column]
            assert own is not None
            if part.levels is None:
                own.numbers[:] = self.table.kind(part.column).on_grid(low[place] + values * (high[place] - low[place]))
                own.words[:] = NO_WORD
            else:
                own.words[:] = np.append(part.levels, HOLE)[values.astype(np.int64)]
                own.numbers[own.words != NO_WORD] = np.nan
        return self.table.frame_of(self.table.with_followers(cells), len(matrix))

    def to_json(self) -> dict[str, Any]:
        """Give the codec as JSON-ready values."""
        return {"codec": "matrix", "table": self.table.to_json()}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(table=TableCodec.from_json(row["table"]))
