"""What a table's codec may hold when its rows are given to strangers.

A codec keeps levels, ends of scales and quantiles of the data. Made safe to share it keeps no level of fewer than five
rows, no number of its own token of fewer than five rows, and no end of a scale: the outermost bins reach to a rounded
number beyond the smallest and the largest one, and where other bins begin is rounded, too. Rows drawn with such a codec
can still be compared with the real ones (`RealRows`), so that none is handed out that is a real row.

This is a set of rules against what gives people away most easily. It is no proof of privacy, as differential privacy
would be.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from contrafact.codecs.cells import HOLE, NO_WORD, Cells, places
from contrafact.codecs.reading import keyed, ruled
from contrafact.codecs.schema import Column, Role, Schema
from contrafact.codecs.table import TableCodec, as_frame
from contrafact.codecs.ties import Tie
from contrafact.codecs.tokens import PIECES, Tokens

FEW_ROWS = 5
OTHER = "other"


def safe(codec: TableCodec) -> TableCodec:
    """Take out of a codec what tells of single rows.

    Arguments:
        codec: A fitted codec.
    """
    pairs = [_safe(column, kind, codec.schema.rows) for column, kind in zip(codec.schema, codec.kinds, strict=True)]
    columns, kinds = tuple(column for column, _ in pairs), tuple(kind for _, kind in pairs)
    moved = [old.origin - new.origin for old, new in zip(codec.schema, columns, strict=True)]
    ties = tuple(_tie(place, tie, codec.kinds, kinds, moved) for place, tie in enumerate(codec.ties))
    return TableCodec(schema=Schema(columns=columns, rows=codec.schema.rows), kinds=kinds, ties=ties)


def shared(
    data: Any,
    *,
    columns: Mapping[str, Role] | None = None,
    holes: bool = True,
    constraints: Sequence[str] | None = None,
) -> TableCodec:
    """Read the columns of a frame as `TableCodec.fit` does, and keep what may be shared.

    Arguments:
        data: A frame.
        columns: What the user says some columns are.
        holes: Whether a hole is something to be learned, or only unknown.
        constraints: What all rows keep; a combination of fewer than five rows is left out.
    """
    codec = safe(TableCodec.fit(data, columns=keyed(columns, constraints), holes=holes))
    if not constraints:
        return codec
    return ruled(codec, constraints, codec.cells_of(data), as_frame(data), least=FEW_ROWS)


def _safe(column: Column, kind: Tokens | None, rows: int) -> tuple[Column, Tokens | None]:
    if kind is None:
        words = column.words if rows >= FEW_ROWS else ()
        if column.role == "key" and column.origin:  # new keys go on behind the last one, which this would tell
            column = replace(column, origin=int(_beyond(float(column.origin), float(column.origin), 1)))
        return replace(column, words=words), None
    column, kind = _without_rare_words(column, kind)
    numbers = _rounded(_without_rare_numbers(kind), column.origin)
    return _from_round_origin(column, numbers)


def _without_rare_words(column: Column, kind: Tokens) -> tuple[Column, Tokens]:
    """Leave out levels of few rows; their cells will be read as holes."""
    own = kind.counts[kind.numbers : kind.numbers + kind.words]
    kept = own >= FEW_ROWS
    counts = [kind.counts[: kind.numbers], own[kept], kind.counts[kind.numbers + kind.words :]]
    words = tuple(word for word, keep in zip(column.words, kept, strict=True) if keep)
    return replace(column, words=words), replace(kind, words=len(words), counts=np.concatenate(counts))


def _without_rare_numbers(kind: Tokens) -> Tokens:
    """Leave out points of few rows, which then count to what lies nearest, and join bins of few rows."""
    counts, points = kind.counts[: kind.numbers], len(kind.points)
    kept = counts[:points] >= FEW_ROWS
    bins, sizes = _joined(kind.knots, counts[points:])
    if len(sizes) and sizes[0] < FEW_ROWS and kept.any():
        bins, sizes = np.empty((0, PIECES + 1)), np.empty(0)
    if kind.numbers and not kept.any() and not len(sizes):
        ends = np.linspace(kind.points.min(), kind.points.max(), PIECES + 1)
        bins, sizes = ends[None], np.zeros(1)
    means = np.concatenate([kind.points[kept], bins[:, PIECES // 2]])
    counts = np.concatenate([counts[:points][kept], sizes, kind.counts[kind.numbers :]])
    made = replace(kind, points=kind.points[kept], knots=bins, means=means, counts=counts)
    return made if kept.all() else _counted(made, kind.points[~kept], kind.counts[:points][~kept])


def _counted(kind: Tokens, points: np.ndarray, rows: np.ndarray) -> Tokens:
    """Count the rows of points that were left out where they go now."""
    cells = Cells(numbers=points, words=np.full(len(points), NO_WORD))
    tokens, counts = kind.encode(cells)[0], kind.counts.copy()
    np.add.at(counts, tokens, rows)
    return replace(kind, counts=counts)


def _joined(knots: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Join each bin of few rows with the smaller of its neighbours, until none is left or only one."""
    bins, counts = list(knots), list(sizes)
    while len(bins) > 1 and min(counts) < FEW_ROWS:
        place = int(np.argmin(counts))
        left = place - 1 if place and (place == len(bins) - 1 or counts[place - 1] <= counts[place + 1]) else place
        mass = [
            *np.linspace(0, counts[left], PIECES + 1),
            *(counts[left] + np.linspace(0, counts[left + 1], PIECES + 1)),
        ]
        law = np.concatenate([bins[left], bins[left + 1]])
        bins[left : left + 2] = [np.interp(np.linspace(0, mass[-1], PIECES + 1), mass, law)]
        counts[left : left + 2] = [counts[left] + counts[left + 1]]
    return np.array(bins).reshape(-1, PIECES + 1), np.array(counts, dtype=np.float64)


def _rounded(kind: Tokens, origin: int) -> Tokens:
    """Round where bins begin, and let the outermost reach to a rounded number beyond them."""
    if not len(kind.knots):
        return kind
    knots = kind.knots.copy()
    low, high = float(knots[0, 0]), float(knots[-1, -1])
    # Only at the ends of the scale: an end between points tells of no smallest or largest number.
    edges = np.append(knots[:, 0], high)
    widths = np.diff(edges)
    for place in range(1, len(edges) - 1):
        edges[place] = _near(edges[place], min(widths[place - 1], widths[place]))
    span = max(high, kind.points.max(initial=high)) - min(low, kind.points.min(initial=low))
    edges[0], edges[-1] = _beyond(low, span, -1, origin), _beyond(high, span, 1, origin)
    edges = np.maximum.accumulate(edges)
    gaps = np.diff(knots, axis=1)
    least = np.minimum(gaps[:, :-1], gaps[:, 1:])
    inner = [[*map(_near, row, gap)] for row, gap in zip(knots[:, 1:-1], least, strict=True)]
    knots[:, 1:-1] = np.clip(np.array(inner), edges[:-1, None], edges[1:, None])
    knots[:, 0], knots[:, -1] = edges[:-1], edges[1:]
    return replace(kind, knots=np.maximum.accumulate(knots, axis=1))


def _grid(span: float) -> float:
    """Give the place of the second digit of a span."""
    return 10.0 ** (math.floor(math.log10(span)) - 1) if span > 0 else 0.0


def _near(number: float, span: float) -> float:
    grid = _grid(span)
    return round(number / grid) * grid if grid else number


def _beyond(number: float, span: float, way: int, origin: int = 0) -> float:
    """Give the nearest number beyond another that has two digits of a span; zero stays, and no sign changes.

    Arguments:
        number: A number, counted from the origin.
        span: What its digits are measured by.
        way: 1 for above, -1 for below.
        origin: Where numbers are counted from.
    """
    value = number + origin
    grid = _grid(span) or _grid(abs(value)) or 1.0
    steps = math.floor(value / grid) + 1 if way > 0 else math.ceil(value / grid) - 1
    found = steps * grid
    return (0.0 if found * value < 0 or value == 0 else found) - origin


def _from_round_origin(column: Column, kind: Tokens) -> tuple[Column, Tokens]:
    """Count whole numbers and dates from a rounded number, not from the smallest one that there was."""
    if not column.origin:
        return column, kind
    step = max(int(column.step), 1)
    values = np.concatenate([kind.points, kind.knots.ravel()])
    room = float(values.max(initial=0) - values.min(initial=0)) or float(step)
    down = int(math.ceil((column.origin - math.floor(column.origin / _grid(room)) * _grid(room)) / step) + 1) * step
    moved = replace(kind, points=kind.points + down, knots=kind.knots + down, means=kind.means + down)
    return replace(column, origin=column.origin - down), moved


def _tie(place: int, tie: Tie | None, old: Sequence[Any], new: Sequence[Any], moved: Sequence[int]) -> Tie | None:
    """Keep how a column follows from another where it still does; the others are learned by themselves."""
    if tie is None:
        return None
    if tie.table:
        same = all(_alike(old[i], new[i]) for i in (place, tie.source))
        return tie if same else None
    return replace(tie, offset=tie.offset - tie.slope * moved[tie.source] + moved[place])


def _alike(one: Tokens, other: Tokens) -> bool:
    """Tell whether two columns have the same tokens in the same order."""
    parts = [(kind.size, len(kind.points), len(kind.knots), kind.words) for kind in (one, other)]
    return parts[0] == parts[1]


def merged(data: Any, codec: TableCodec) -> tuple[Any, int]:
    """Copy a table with levels of few rows put together, and count the levels that are gone.

    Levels of text become "other", which no real level is called, where that has enough rows; an ordered level becomes
    its neighbour; all else becomes the commonest level. Rare words between numbers become holes.

    Arguments:
        data: A table.
        codec: Fitted to it.
    """
    frame, gone = as_frame(data).copy(), 0
    for place, (column, kind) in enumerate(zip(codec.schema, codec.kinds, strict=True)):
        if kind is None or not kind.words:
            continue
        counts = kind.counts[kind.numbers : kind.numbers + kind.words]
        if (counts < FEW_ROWS).any():
            gone += int((counts < FEW_ROWS).sum())
            frame.isetitem(place, _merged(frame.iloc[:, place], column, counts))
    return frame, gone


def _merged(cells: Any, column: Column, counts: np.ndarray) -> Any:
    import pandas as pd

    targets = np.arange(len(counts), dtype=object)
    words: list[Any] = list(column.words)
    rare = counts < FEW_ROWS
    targets[rare] = _targets(column, counts, words)
    own = places(cells, column.words)
    chosen = np.array([*targets, None], dtype=object)[np.where(own == HOLE, len(counts), own)]
    numbers = cells.notna().to_numpy() & (own == HOLE)
    shown = [
        cell if number else None if target is None else words[target]
        for cell, number, target in zip(cells, numbers, chosen, strict=True)
    ]
    if isinstance(cells.dtype, pd.CategoricalDtype):
        kept = [word for place, word in enumerate(words) if place in set(targets[~rare]) | set(targets[rare])]
        return pd.Series(pd.Categorical(shown, kept, ordered=cells.cat.ordered), index=cells.index)
    return pd.Series(shown, index=cells.index, dtype=object).astype(cells.dtype)


def _targets(column: Column, counts: np.ndarray, words: list[Any]) -> list[int | None]:
    """Say which level each rare one becomes; a new level is put behind the others."""
    rare = np.flatnonzero(counts < FEW_ROWS)
    if column.numeric:
        return [None] * len(rare)
    kept = np.flatnonzero(counts >= FEW_ROWS)
    text = all(isinstance(word, str) for word in words)
    if column.role == "ordered" and len(kept):
        return [int(kept[np.abs(kept - place).argmin()]) for place in rare]
    if text and counts[rare].sum() >= FEW_ROWS:
        name = OTHER
        while name in words:
            name += "_"
        words.append(name)
        return [len(words) - 1] * len(rare)
    return [int(counts.argmax()) if len(kept) else None] * len(rare)


class RealRows:
    """The real rows, to find out whether a generated one is among them.

    Arguments:
        codec: Knows the columns.
        data: The real table.
    """

    def __init__(self, codec: TableCodec, data: Any) -> None:
        self.codec = codec
        self.rows = np.unique(_as_items(codec, data))
        frame = as_frame(data)
        self.keys = {c.name: frame[c.name].dropna() for c in codec.schema if c.role == "key"}

    def among(self, made: Any) -> np.ndarray:
        """Mark the rows that equal a real one in all columns that are learned, or bear one of the real keys."""
        found = np.isin(_as_items(self.codec, made), self.rows) if len(self.rows) else np.zeros(len(made), dtype=bool)
        for name, keys in self.keys.items():
            found |= made[name].isin(keys).to_numpy()
        return found


def _as_items(codec: TableCodec, data: Any) -> np.ndarray:
    """Give each row as one item, equal to others to seven digits of its numbers; nothing where no column is learned."""
    cells = [part for part in codec.cells_of(data) if part is not None]
    if not cells:
        return np.empty(0, dtype="V1")
    numbers = [np.where(np.isnan(part.numbers), -np.inf, part.numbers) + 0.0 for part in cells]
    with np.errstate(over="ignore"):
        whole = np.stack([*numbers, *(part.words for part in cells)], axis=1).astype(np.float32)
    return whole.view(np.dtype((np.void, whole.dtype.itemsize * whole.shape[1])))[:, 0]
