"""A table with holes, read to be filled: what is known of it, also through columns that follow from others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from contrafact.base.errors import DataError
from contrafact.codecs.cells import NO_WORD, Cells
from contrafact.codecs.table import COUNTED, TableCodec, as_frame
from contrafact.codecs.written import write


@dataclass(frozen=True, kw_only=True, eq=False)
class Known:
    """What is known of a table.

    Arguments:
        codec: Knows the columns.
        cells: The cells of all learned columns.
        encoded: Tokens and shares, -1 where a cell is unknown.
        rules: For each source of a follower, what the follower says in each row: weights of the source's tokens, in
            rows of their own, and which of these belongs to a row (-1 for none).
    """

    codec: TableCodec
    cells: list[Cells | None]
    encoded: dict[str, np.ndarray]
    rules: dict[int, list[tuple[np.ndarray, np.ndarray]]] = field(default_factory=dict)

    def weights(self, column: int, rows: np.ndarray) -> np.ndarray:
        """Say what the cells of a column may be: for all rows alike, or for each."""
        kind = self.codec.kind(column)
        weights = np.ones((1, kind.size))
        if kind.holes:
            weights[:, kind.hole] = 0
        for table, which in self.rules.get(column, []):
            weights = weights * np.concatenate([table, np.ones((1, kind.size))])[which[rows]]
        return weights


def known_of(codec: TableCodec, data: Any) -> Known:
    """Read a table with holes; a hole whose follower is there is filled, or narrowed, by what the follower says."""
    cells = [part and part.copied() for part in codec.cells_of(data)]
    rules: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {}
    for column, tie in enumerate(codec.ties):
        source, follower = (None, None) if tie is None else (cells[tie.source], cells[column])
        if tie is None or source is None or follower is None:
            continue
        if tie.table:
            own = codec.kind(column).encode(follower)[0]
            levels = np.arange(codec.kind(column).size)
            says = (np.array(tie.table) == levels[:, None]).astype(np.float64)
            which = np.where(follower.holes | (own < 0), -1, own)
            rules.setdefault(tie.source, []).append((says, np.where(says.sum(1)[which] > 0, which, -1)))
        else:
            told = source.holes & (follower.words == NO_WORD)
            source.numbers[told] = (follower.numbers[told] - tie.offset) / tie.slope
            source.words[told] = NO_WORD
    encoded = codec.encode_cells(cells, len(as_frame(data)), holes=False)
    return Known(codec=codec, cells=cells, encoded=encoded, rules=rules)


def filled(codec: TableCodec, data: Any, cells: list[Cells | None]) -> Any:
    """Copy a frame with cells in its holes; where there are constraints, cells that were holes keep to them."""
    frame = as_frame(data).copy()
    places = {str(name): place for place, name in enumerate(frame.columns)}
    if codec.rules is not None:
        fixed = {c: frame.iloc[:, places[str(k.name)]].notna().to_numpy() for c, k in enumerate(codec.schema)}
        cells, count = codec.rules.kept(codec, cells, None, fixed)
        frame.attrs[COUNTED] = count.to_json()
    for known, part in zip(codec.schema, cells, strict=True):
        place = places[str(known.name)]
        column = frame.iloc[:, place]
        holes = column.isna().to_numpy()
        if part is None:
            part = _repeated(known, len(frame)) if known.role == "constant" and known.words else None
        if part is None or not holes.any():
            continue
        made = Cells(numbers=part.numbers[holes], words=part.words[holes])
        frame.isetitem(place, _with(column, holes, write(known, made)))
    return frame


def _repeated(known: Any, rows: int) -> Cells:
    return Cells(numbers=np.full(rows, np.nan), words=np.zeros(rows, dtype=np.int64))


def _with(column: Any, holes: np.ndarray, made: Any) -> Any:
    """Put made cells into the holes of a column, in the column's own dtype where that can hold them."""
    import pandas as pd

    made.index = column.index[holes]
    if column.dtype == object or (column.isna().all() and column.dtype.kind == "f" and made.dtype.kind not in "iufb"):
        column = column.astype(object)
        made = made.astype(object)
    try:
        column = column.copy()
        column.iloc[np.flatnonzero(holes)] = made.astype(column.dtype).array
    except (TypeError, ValueError) as error:
        raise DataError(
            f"The holes of column {column.name!r} cannot be filled.",
            why=f"It is {column.dtype}, and was {made.dtype} when the model was fitted.",
            fix="Give it the dtype that it had.",
            code="E205",
        ) from error
    return pd.Series(column)
