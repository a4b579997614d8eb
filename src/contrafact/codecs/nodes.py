"""Tables <-> the nodes of a structural model: a standardised number or the place of a level in each cell.

A column of numbers keeps its scale (mean and standard deviation), since an additive mechanism is additive on that scale
only. Whole numbers with few values are levels, like categories and booleans; what is set by `do` is then one of them.
Keys and free text are no nodes. Holes are NaN, and words that stand among numbers are holes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from contrafact.base.errors import DataError, UsageError, did_you_mean
from contrafact.codecs.cells import HOLE, NO_WORD, Cells, on_grid, read, series
from contrafact.codecs.inference import schema_of
from contrafact.codecs.keys import made_anew
from contrafact.codecs.schema import Column, Role, Schema, lacking, unlearnable
from contrafact.codecs.table import as_frame
from contrafact.codecs.written import write

FEW, MOST_LEVELS = 6, 64  # values of whole numbers that are levels; levels of a node
Setting = Any  # a value, or a function of the values that a node would have had


@dataclass(frozen=True, kw_only=True, eq=False)
class Node:
    """How one column is seen.

    Arguments:
        levels: How many levels it has; 0 for a number.
        numbers: The number that each level stands for; none where levels are words.
        mean: Of a number.
        scale: Its standard deviation.
    """

    levels: int = 0
    numbers: tuple[float, ...] = ()
    mean: float = 0.0
    scale: float = 1.0

    @property
    def width(self) -> int:
        """How many places it takes in a row of scalars and one-hots."""
        return self.levels or 1

    def to_json(self) -> dict[str, Any]:
        """Give the record as JSON-ready values."""
        return {"levels": self.levels, "numbers": list(self.numbers), "mean": self.mean, "scale": self.scale}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(**{**row, "numbers": tuple(row["numbers"])})


@dataclass(frozen=True, kw_only=True, eq=False)
class NodesCodec:
    """Translate frames into a matrix with a column for each node, and back.

    Arguments:
        schema: What the columns are.
        kinds: How each is seen; None for columns that are no nodes.
    """

    schema: Schema
    kinds: tuple[Node | None, ...]

    @classmethod
    def fit(cls, data: Any, *, names: Sequence[str] | None = None, columns: Mapping[str, Role] | None = None) -> Self:
        """Read the columns of a frame.

        Arguments:
            data: A frame.
            names: The nodes; none: every column that can be one.
            columns: What the user says some columns are.

        Raises:
            DataError: A node has no column, or no column can be a node.
        """
        frame = as_frame(data)
        if names is not None:
            frame = frame[_found(frame, names)]
        schema = schema_of(frame, columns)
        if names is not None:
            wishes = {**{str(c.name): _wished(c) for c in schema if c.role in ("key", "text")}, **(columns or {})}
            schema = schema_of(frame, wishes)
        kinds = tuple(_kind(column, frame.iloc[:, place]) for place, column in enumerate(schema))
        if not any(kind is not None and kind.levels != 1 for kind in kinds):
            raise unlearnable()
        return cls(schema=schema, kinds=kinds)

    @cached_property
    def places(self) -> tuple[int, ...]:
        """The places of the columns that are nodes."""
        return tuple(place for place, kind in enumerate(self.kinds) if kind is not None)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """How each node is seen."""
        return tuple(kind for kind in self.kinds if kind is not None)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The nodes' names."""
        return tuple(str(self.schema.columns[place].name) for place in self.places)

    def place(self, name: str) -> int:
        """Find a node by its name.

        Raises:
            UsageError: There is none.
        """
        if str(name) in self.names:
            return self.names.index(str(name))
        raise UsageError(
            f"The model has no node '{name}'.",
            why=did_you_mean(str(name), self.names[:1000]),
            fix="Give the name of a node of the graph.",
            code="E105",
        )

    def encode(self, data: Any) -> np.ndarray:
        """Turn a frame into a matrix; holes and levels that were never seen are NaN.

        Raises:
            DataError: Columns are missing, or of another type.
        """
        frame = as_frame(data)
        known = {str(name): place for place, name in enumerate(frame.columns)}
        if missing := [name for name in self.names if name not in known]:
            raise lacking(missing)
        columns = [self._encoded(frame.iloc[:, known[name]], place) for place, name in enumerate(self.names)]
        return np.stack(columns, axis=1)

    def _encoded(self, column: Any, place: int) -> np.ndarray:
        known, kind = self.schema.columns[self.places[place]], self.nodes[place]
        if known.role == "constant":
            return np.zeros(len(column))
        try:
            cells = read(column, known)
        except (TypeError, ValueError) as error:
            raise DataError(
                f"Column {known.name!r} holds {column.dtype} values.",
                why=f"It held {known.dtype} values when the model was fitted, read as {known.role}.",
                fix="Give a column of the same type.",
                code="E205",
            ) from error
        return _codes(cells, kind)

    def written(self, place: int, values: np.ndarray) -> Any:
        """Turn one node's numbers back into a Series of its own dtype; NaN becomes a hole."""
        known, kind = self.schema.columns[self.places[place]], self.nodes[place]
        if known.role == "constant":
            return made_anew(known, len(values))
        return write(known, _cells(values, kind, known))

    def numbers(self, place: int, values: np.ndarray) -> np.ndarray:
        """Give one node's values as numbers of the user's scale.

        Raises:
            UsageError: They are words.
        """
        known = self.schema.columns[self.places[place]]
        shown = self.written(place, values)
        try:
            return np.asarray(shown, dtype=np.float64)
        except (TypeError, ValueError):
            raise UsageError(
                f"'{known.name}' has no mean.",
                why=f"Its values are {', '.join(map(str, known.words[:8]))}.",
                fix=f"Ask for the probability of a value: P({known.name}={known.words[0]} | do(...)).",
                code="E516",
            ) from None

    def setting(self, name: str, value: Setting) -> float | Callable[[np.ndarray], np.ndarray]:
        """Turn what a node is set to into the model's numbers.

        Arguments:
            name: The node.
            value: A value, or a function from an array of natural values to one of new values.

        Raises:
            UsageError: The node never has such a value.
        """
        place = self.place(name)
        if callable(value):
            return lambda natural: self.codes(place, value(np.asarray(self.written(place, natural))))
        return float(self.codes(place, [value])[0])

    def codes(self, place: int, values: Any) -> np.ndarray:
        """Turn values of the user's kind into the model's numbers."""
        known, name = self.schema.columns[self.places[place]], self.names[place]
        if known.role == "constant":
            found = np.where([str(value) == str(known.words[0]) for value in values], 0.0, np.nan)
        elif known.words and not known.numeric:
            words = {str(word).lower(): code for code, word in enumerate(known.words)}
            found = np.array([_level(value, words, len(known.words)) for value in values])
        else:
            _refuse_infinite(name, values)
            found = self._encoded(_column(values, known), place)
        if np.isnan(found).any():
            _refuse_value(name, np.asarray(values, dtype=object)[np.isnan(found)][0], self._shown_levels(place))
        return found

    def exactly(self, frame: Any, settings: Mapping[str, Setting]) -> Any:
        """Put the very numbers that were set into a frame, free of what standardising rounds."""
        names = {str(name): name for name in frame.columns}
        for name, value in settings.items():
            if not callable(value) and isinstance(value, int | float) and not self.nodes[self.place(name)].levels:
                column = frame[names[name]]
                if column.dtype.kind == "f" or float(value).is_integer():
                    frame[names[name]] = series(np.full(len(frame), value)).astype(column.dtype).set_axis(frame.index)
        return frame

    def _shown_levels(self, place: int) -> list[str]:
        kind = self.nodes[place]
        return [str(level) for level in self.written(place, np.arange(float(kind.levels)))] if kind.levels else []

    def decode(self, rows: np.ndarray | Mapping[str, np.ndarray], start: int = 0) -> Any:
        """Turn a matrix back into a frame with the columns, dtypes and names that were fitted.

        Arguments:
            rows: A column for each node, or such a matrix by the name "values".
            start: The number of the first row, which keys are made from.
        """
        import pandas as pd

        rows = rows if isinstance(rows, np.ndarray) else rows["values"]
        parts = []
        for place, (known, kind) in enumerate(zip(self.schema, self.kinds, strict=True)):
            if kind is None:
                parts.append(made_anew(known, len(rows), start))
            else:
                parts.append(self.written(self.places.index(place), rows[:, self.places.index(place)]))
        frame = pd.concat(parts, axis=1)
        frame.columns = pd.Index([column.name for column in self.schema])
        return frame

    def to_json(self) -> dict[str, Any]:
        """Give the codec as JSON-ready values."""
        kinds = [None if kind is None else kind.to_json() for kind in self.kinds]
        return {"codec": "nodes", "schema": self.schema.to_json(), "kinds": kinds}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        kinds = tuple(None if kind is None else Node.from_json(kind) for kind in row["kinds"])
        return cls(schema=Schema.from_json(row["schema"]), kinds=kinds)


def _found(frame: Any, names: Sequence[str]) -> list[Any]:
    known = {str(name): name for name in frame.columns}
    if missing := [name for name in names if name not in known]:
        raise DataError(
            f"The graph has the node '{missing[0]}', and the data no such column.",
            why=did_you_mean(missing[0], list(known)[:1000]),
            fix="Rename the column or the node; mark a node without data as hidden: 'U [latent]'.",
            code="E550",
        )
    if empty := [name for name in names if len(frame) and frame[known[name]].isna().all()]:
        raise DataError(
            f"Column '{empty[0]}' is empty, and the graph takes it for a node.",
            why="Of what holds nothing no mechanism can be learned.",
            fix=f"Give its values, or mark the node as hidden: '{empty[0]} [latent]'.",
            code="E550",
        )
    wanted = set(names)
    return [column for name, column in known.items() if name in wanted]


def _wished(column: Column) -> Role:
    """Say what a column that looks like a key or like free text is, where the graph says that it is a node."""
    return "number" if column.dtype.lower().startswith(("int", "uint", "float")) else "category"


def _kind(known: Column, column: Any) -> Node | None:
    if known.role in ("key", "text"):
        return None
    if known.role == "constant":
        return Node(levels=1)
    if not known.numeric:
        _check_levels(known, len(known.words))
        return Node(levels=max(len(known.words), 1))
    numbers = read(column, known).numbers
    numbers = numbers[~np.isnan(numbers)]
    distinct = np.unique(numbers)
    if known.role in ("integer", "number") and len(distinct) <= (FEW if known.role == "integer" else 2):
        return Node(levels=max(len(distinct), 1), numbers=tuple(distinct.tolist()) or (0.0,))
    scale = float(numbers.std())
    return Node(mean=float(numbers.mean()), scale=scale if scale > 0 else 1.0)


def _check_levels(known: Column, levels: int) -> None:
    if levels > MOST_LEVELS:
        raise DataError(
            f"Column {known.name!r} has {levels:,} levels.",
            why=f"A node of a structural model has {MOST_LEVELS} at most: each needs rows to be learned from.",
            fix="Merge levels, or leave the column out of the graph.",
            code="E551",
        )


def _codes(cells: Cells, kind: Node) -> np.ndarray:
    """Give cells as the model's numbers."""
    if not kind.levels:
        return np.asarray((cells.numbers - kind.mean) / kind.scale)
    if not kind.numbers:
        return np.where(cells.words < 0, np.nan, cells.words).astype(np.float64)
    levels = np.asarray(kind.numbers)
    place = np.searchsorted(levels, cells.numbers).clip(0, len(levels) - 1)
    return np.where(levels[place] == cells.numbers, place, np.nan).astype(np.float64)


def _cells(values: np.ndarray, kind: Node, known: Column) -> Cells:
    gone = np.isnan(values)
    if kind.levels and not kind.numbers:
        words = np.where(gone, HOLE, np.where(gone, 0, values).astype(np.int64))
        return Cells(numbers=np.full(len(values), np.nan), words=words)
    if kind.levels:
        numbers = np.asarray(kind.numbers)[np.where(gone, 0, values).astype(np.int64)]
    else:
        numbers = on_grid(values * kind.scale + kind.mean, known.step)
    return Cells(numbers=np.where(gone, np.nan, numbers), words=np.where(gone, HOLE, NO_WORD))


def _level(value: Any, words: Mapping[str, int], count: int) -> float:
    """Find a level by its name; of two, 0 and 1 stand for the first and the second, as numbers or as true and false."""
    text = str(value).lower()
    if text in words:
        return words[text]
    plain = {"0": 0, "1": 1, "false": 0, "true": 1}.get(text)
    return float("nan") if plain is None or count != 2 else plain


def _column(values: Any, known: Column) -> Any:
    """Make a Series of the column's own dtype, as far as the values allow."""
    if known.written:
        return series([str(value) for value in values], dtype=object)
    if known.role in ("date", "duration"):
        return series(list(values), dtype=known.dtype)
    try:
        return series(np.asarray([float(value) for value in values]))
    except (TypeError, ValueError):
        return series(np.full(len(values), np.nan))


def _refuse_infinite(name: str, values: Any) -> None:
    for value in values:
        if isinstance(value, str | float | np.floating) and str(value).lower().lstrip("+-") in ("inf", "infinity"):
            _refuse_value(name, value, ())


def _refuse_value(name: str, value: Any, levels: Sequence[str]) -> None:
    raise UsageError(
        f"'{name}' cannot be set to {value!r}.",
        why=did_you_mean(str(value), levels) if levels else "It holds numbers.",
        fix=f"Give a value that it has: {name}={levels[-1]}." if levels else f"Give a number: {name}=1.",
        code="E552",
    )
