"""Rows of a frame as levels of the nodes of a graph, for models of few levels; what was cut into parts is said aloud.

Words, yes and no, and numbers of few values are levels as they are; other numbers are cut into parts of equal mass. An
outcome whose mean is asked for is not cut: for bounds it is a coin whose chance of heads is the outcome's place between
its least and its largest value. A coin tossed after the outcome has the same mean in every world (scaled), so that no
part of what is seen is lost to rounding (Manski 1990, American Economic Review 80, for bounded outcomes).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from contrafact.base.errors import DataError, did_you_mean
from contrafact.causal.identify.evaluate import Array, Joint, place_of
from contrafact.causal.responses import too_many

if TYPE_CHECKING:
    import pandas as pd

Codes = np.ndarray[Any, np.dtype[np.int64]]
FEW_NUMBERS, MOST_WORDS, PARTS, MOST_CELLS = 8, 20, 4, 2**22


@dataclass(frozen=True, kw_only=True, eq=False)
class Coded:
    """Complete rows as levels.

    Arguments:
        nodes: The columns.
        codes: The level of each row in each column.
        levels: What the levels are called; for parts of numbers, the mean of the rows in each.
        edges: Where columns of numbers were cut.
        coin: The column that is a coin, if one is.
        heads: For each row, the coin's chance.
        span: The least and the largest value of that column.
        left_out: How many rows had holes.
        notes: What must be known: cuts, rows left out.
    """

    nodes: tuple[str, ...]
    codes: Codes
    levels: Mapping[str, list[Any]]
    edges: Mapping[str, Array] = field(default_factory=dict)
    coin: str | None = None
    heads: Array | None = None
    span: tuple[float, float] | None = None
    left_out: int = 0
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.codes)

    @property
    def sizes(self) -> dict[str, int]:
        """How many levels each node has."""
        return {node: len(self.levels[node]) for node in self.nodes}

    def joint(self, weights: Array | None = None) -> Joint:
        """Count.

        Arguments:
            weights: How often each row counts; once if not given.
        """
        shape = [len(self.levels[node]) for node in self.nodes]
        counts = np.zeros(shape)
        each = np.ones(self.rows) if weights is None else np.asarray(weights, dtype=float)
        if self.coin is None or self.heads is None:
            np.add.at(counts, tuple(self.codes.T), each)
        else:
            place = self.nodes.index(self.coin)
            for side, chance in ((0, 1 - self.heads), (1, self.heads)):
                cells = [*self.codes.T]
                cells[place] = np.full(self.rows, side)
                np.add.at(counts, tuple(cells), each * chance)
        return Joint(self.nodes, self.levels, counts / counts.sum())

    def place(self, node: str, value: Any, *, default: bool = False) -> int:
        """Find the level of a value.

        Raises:
            DataError: The column has no such value.
        """
        if node in self.edges:
            try:
                return int(np.searchsorted(self.edges[node], float(value), side="right"))
            except (TypeError, ValueError):
                pass
        return place_of(node, value, self.levels, default=default)


def coded(
    frame: pd.DataFrame, nodes: Iterable[str], *, coin: str | None = None, parts: int = PARTS, like: Coded | None = None
) -> Coded:
    """Read the columns of a frame as levels.

    Arguments:
        frame: The data; rows with holes in these columns are left out.
        nodes: The columns.
        coin: A column of numbers that is to be a coin.
        parts: Into how many parts numbers are cut.
        like: Levels that are known already: another frame of the same study.

    Raises:
        DataError: A column is missing or has too many levels, or no row is complete.
    """
    names = tuple(nodes)
    columns = {str(name): place for place, name in enumerate(frame.columns)}
    for node in names:
        if node not in columns:
            raise _missing(node, columns)
    whole = frame.iloc[:, [columns[node] for node in names]]
    kept = whole[whole.notna().all(axis=1)]
    if not len(kept):
        raise no_rows(names, len(frame))
    made = _columns(kept, names, coin, parts) if like is None else _columns_like(kept, names, like)
    left_out = len(frame) - len(kept)
    note = (f"{left_out:,} of {len(frame):,} rows have holes and were left out.",) if left_out else ()
    return _small(_with_notes(made, left_out, note))


def no_rows(names: Sequence[str], rows: int) -> DataError:
    """Make the error that says that every row has a hole."""
    return DataError(
        f"No row is complete in {', '.join(names)}.",
        why=f"All {rows:,} rows have a hole in one of these columns.",
        fix="Fill the holes first (contrafact impute), or leave a column out of the graph.",
        code="E544",
    )


def counted(codes: Codes, names: Sequence[str], labels: Sequence[Sequence[Any]], smoothing: float = 0.0) -> Joint:
    """Count how often levels meet.

    Arguments:
        codes: Levels, a column for each name.
        names: The columns.
        labels: What their levels are called.
        smoothing: Rows that are spread evenly over all combinations.

    Raises:
        UsageError: There are too many combinations.
    """
    shape = [len(each) for each in labels]
    cells = float(np.prod(np.array(shape, dtype=float)))
    if cells > MOST_CELLS:
        raise too_many(f"a table of {cells:.3g} cells", f"At most {MOST_CELLS:,} are gone through")
    counts = np.full(shape, smoothing / cells)
    np.add.at(counts, tuple(codes.T), 1.0)
    levels = {name: list(each) for name, each in zip(names, labels, strict=True)}
    return Joint(tuple(names), levels, counts / counts.sum())


def _with_notes(made: Coded, left_out: int, note: Sequence[str]) -> Coded:
    return replace(made, left_out=left_out, notes=(*note, *made.notes))


def _small(made: Coded) -> Coded:
    cells = np.prod([float(len(made.levels[node])) for node in made.nodes])
    if cells > MOST_CELLS:
        names = ", ".join(made.nodes)
        raise too_many(f"a table of {cells:.3g} cells for {names}", f"At most {MOST_CELLS:,} are gone through")
    return made


def _missing(node: str, columns: Iterable[str]) -> DataError:
    return DataError(
        f"The data have no column '{node}'.",
        why=did_you_mean(node, columns),
        fix="Rename it, or mark the node as hidden: Graph(..., latent=[...]).",
        code="E518",
    )


def _columns(kept: pd.DataFrame, names: tuple[str, ...], coin: str | None, parts: int) -> Coded:
    codes = np.zeros((len(kept), len(names)), dtype=np.int64)
    levels: dict[str, list[Any]] = {}
    edges: dict[str, Array] = {}
    notes, heads, span = list[str](), None, None
    for place, node in enumerate(names):
        column = kept.iloc[:, place]
        if node == coin:
            heads, span = _as_coin(column)
            levels[node] = list(span)
            notes.append(_said_of_coin(node, span))
        elif _is_number(column) and column.nunique() > FEW_NUMBERS:
            edges[node], codes[:, place], levels[node] = _cut(column, parts)
            notes.append(_said_of_parts(node, edges[node], len(levels[node])))
        else:
            levels[node], codes[:, place] = _levels(column, node)
    return Coded(
        nodes=names, codes=codes, levels=levels, edges=edges, coin=coin, heads=heads, span=span, notes=tuple(notes)
    )


def _columns_like(kept: pd.DataFrame, names: tuple[str, ...], like: Coded) -> Coded:
    codes = np.zeros((len(kept), len(names)), dtype=np.int64)
    heads = None
    for place, node in enumerate(names):
        column = kept.iloc[:, place]
        if node == like.coin and like.span is not None:
            low, high = like.span
            heads = np.clip((_numbers(column) - low) / (high - low), 0.0, 1.0)
        elif node in like.edges:
            codes[:, place] = np.searchsorted(like.edges[node], _numbers(column), side="right")
        else:
            table = {level: like.place(node, _plain(level)) for level in column.unique()}
            codes[:, place] = column.map(table).to_numpy()
    return Coded(
        nodes=names,
        codes=codes,
        levels=like.levels,
        edges=like.edges,
        coin=like.coin,
        heads=heads,
        span=like.span,
    )


def is_coin(column: pd.Series[Any]) -> bool:
    """Tell whether a column of numbers has so many values that its mean is better bounded as that of a coin."""
    known = column.dropna()
    return _is_number(known) and known.nunique() > FEW_NUMBERS


def _is_number(column: pd.Series[Any]) -> bool:
    from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype

    return (is_numeric_dtype(column) and not is_bool_dtype(column)) or is_datetime64_any_dtype(column)


def _numbers(column: pd.Series[Any]) -> Array:
    from pandas.api.types import is_datetime64_any_dtype

    numbers = column.astype("int64") if is_datetime64_any_dtype(column) else column
    found = np.asarray(numbers, dtype=float)
    if not np.isfinite(found).all():
        row = int(np.flatnonzero(~np.isfinite(found))[0])
        raise DataError(
            f"Row {row} of column {column.name!r} is infinite.",
            why="Levels and means are taken of numbers.",
            fix="Correct the cell, or empty it.",
            code="E204",
        )
    return found


def _as_coin(column: pd.Series[Any]) -> tuple[Array, tuple[float, float]]:
    numbers = _numbers(column)
    low, high = float(numbers.min()), float(numbers.max())
    return (numbers - low) / (high - low), (low, high)


def _said_of_coin(node: str, span: tuple[float, float]) -> str:
    return (
        f"{node} is taken to lie between {span[0]:.4g} and {span[1]:.4g}, its least and largest value seen, in every "
        "world; outside of that the bounds do not hold."
    )


def _cut(column: pd.Series[Any], parts: int) -> tuple[Array, Codes, list[float]]:
    """Cut numbers into parts of equal mass."""
    numbers = _numbers(column)
    edges = np.unique(np.quantile(numbers, np.arange(1, parts) / parts))
    edges = edges[edges > numbers.min()]
    codes = np.searchsorted(edges, numbers, side="right")
    used, codes = np.unique(codes, return_inverse=True)
    edges = edges[: len(used) - 1] if len(used) == len(edges) + 1 else edges[used[1:] - 1]
    return edges, codes, [float(numbers[codes == part].mean()) for part in range(len(used))]


def _said_of_parts(node: str, edges: Array, parts: int) -> str:
    at = ", ".join(f"{edge:.4g}" for edge in edges)
    return f"{node} was cut into {parts} parts of equal mass, at {at}; what differs within a part counts as chance."


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _levels(column: pd.Series[Any], node: str) -> tuple[list[Any], Codes]:
    found = {_plain(value) for value in column.unique()}
    if len(found) > MOST_WORDS:
        raise DataError(
            f"Column '{node}' has {len(found):,} levels.",
            why=f"Models of response types take at most {MOST_WORDS}.",
            fix="Merge rare levels, or leave the column out of the graph.",
            code="E543",
        )
    try:
        levels = sorted(found)
    except TypeError:
        levels = sorted(found, key=lambda level: (type(level).__name__, str(level)))
    place = {level: number for number, level in enumerate(levels)}
    return levels, np.array([place[_plain(value)] for value in column], dtype=np.int64)
