"""Tables -> standardised coordinates: what looks for arrows between columns sees each column as a few numbers.

A number, a date, a yes/no or an ordered column is one coordinate; levels without an order are a coordinate of zeros and
ones for each of the commonest. Each has mean 0 and standard deviation 1: how large a column is in its units must not
tell what causes what. Rows with a hole are left out; words that stand among numbers count as holes. `grid` says how
wide the steps are that a coordinate goes in, so that a method can blur them. Nothing is ever decoded but edges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from contrafact.base.errors import DataError
from contrafact.codecs.cells import Cells, read
from contrafact.codecs.inference import schema_of
from contrafact.codecs.schema import Column, Role, Schema
from contrafact.codecs.table import as_frame

LEAST_ROWS, MOST_LEVELS, TINIEST, SHOWN = 20, 12, 1e-150, 4


@dataclass(frozen=True, kw_only=True)
class Coordinate:
    """One number for each row.

    Arguments:
        node: The place of its column among those that are variables.
        mean: Of the column's numbers, or of a level's zeros and ones.
        scale: Their standard deviation.
        grid: How wide its steps are once it is standardised; 0 where it has none to speak of.
        level: The place of the level that it is one for; None for a number.
    """

    node: int
    mean: float
    scale: float
    grid: float = 0.0
    level: int | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class CoordinatesCodec:
    """Translate frames into standardised coordinates.

    Arguments:
        schema: What the columns are.
        variables: Which of them are variables.
        coordinates: What stands for them.
        notes: What must be known: columns that are no variables, rows with holes.
    """

    schema: Schema
    variables: tuple[int, ...]
    coordinates: tuple[Coordinate, ...]
    notes: tuple[str, ...] = field(default=())

    @classmethod
    def fit(cls, data: Any, *, columns: Mapping[str, Role] | None = None) -> Self:
        """Read the columns of a frame.

        Arguments:
            data: A frame, or rows of numbers.
            columns: What the user says some columns are.

        Raises:
            DataError: Fewer than two columns vary, or too few rows are complete.
        """
        frame = as_frame(data)
        schema = schema_of(frame, columns)
        if len(frame) < LEAST_ROWS:
            raise _too_few(len(frame), len(frame), "")
        learned = [place for place, column in enumerate(schema) if column.learned]
        cells = {place: read(frame.iloc[:, place], schema.columns[place]) for place in learned}
        gone = {place: _missing(schema.columns[place], part) for place, part in cells.items()}
        empty = [place for place in learned if gone[place].all()]
        variables = tuple(place for place in learned if place not in empty)
        _enough(schema, variables)
        whole = ~np.any([gone[place] for place in variables], axis=0)
        _complete(schema, variables, gone, whole)
        found: list[Coordinate] = []
        kept: list[int] = []
        for place in variables:
            part = Cells(numbers=cells[place].numbers[whole], words=cells[place].words[whole])
            made = _coordinates(schema.columns[place], part, len(kept))
            found += made
            kept += [place] if made else []
        _enough(schema, tuple(kept))
        return cls(
            schema=schema,
            variables=tuple(kept),
            coordinates=tuple(found),
            notes=(*_left_out(schema, kept), *_holes(schema, whole, gone)),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The variables' names."""
        return tuple(str(self.schema.columns[place].name) for place in self.variables)

    @property
    def nodes(self) -> np.ndarray:
        """Which variable each coordinate belongs to."""
        return np.array([one.node for one in self.coordinates], dtype=np.int64)

    @property
    def grid(self) -> np.ndarray:
        """How wide the steps of each coordinate are."""
        return np.array([one.grid for one in self.coordinates], dtype=np.float32)

    @property
    def unordered(self) -> tuple[str, ...]:
        """Variables whose levels have no order and are more than two."""
        counts = np.bincount(self.nodes, minlength=len(self.variables))
        return tuple(name for name, count in zip(self.names, counts, strict=True) if count > 1)

    def encode(self, data: Any) -> np.ndarray:
        """Turn the complete rows of a frame into coordinates."""
        frame = as_frame(data)
        cells = []
        gone = np.zeros(len(frame), dtype=bool)
        for place in self.variables:
            known = self.schema.columns[place]
            cells.append(read(frame.iloc[:, place], known))
            gone |= _missing(known, cells[-1])
        columns = [_values(self._column(one), cells[one.node], one.level) for one in self.coordinates]
        raw = np.stack(columns, axis=1)[~gone]
        mean, scale = (np.array([getattr(one, name) for one in self.coordinates]) for name in ("mean", "scale"))
        return np.asarray((raw - mean) / scale, dtype=np.float32)

    @property
    def of_levels(self) -> bool:
        """Whether no variable is a number."""
        return not any(self.schema.columns[place].numeric for place in self.variables)

    def codes(self, encoded: np.ndarray) -> np.ndarray:
        """Turn coordinates back into one whole number for each variable, where all are levels."""
        mean, scale = (np.array([getattr(one, name) for one in self.coordinates]) for name in ("mean", "scale"))
        raw = np.rint(encoded * scale + mean).astype(np.int64)
        found = np.zeros((len(raw), len(self.variables)), dtype=np.int64)
        for place, one in enumerate(self.coordinates):
            found[:, one.node] += raw[:, place] * (1 if one.level is None else one.level + 1)
        return found

    def _column(self, one: Coordinate) -> Column:
        return self.schema.columns[self.variables[one.node]]

    def decode(self, rows: Any) -> Any:
        """Give chances as a frame of arrows; that is all that a method of discovery makes."""
        import pandas as pd

        chances = np.asarray(rows["chances"])
        places = [(i, j) for i in range(len(chances)) for j in range(chances.shape[1]) if i != j]
        told = [(self.names[i], self.names[j], float(chances[i, j])) for i, j in places]
        return pd.DataFrame(told, columns=["source", "target", "confidence"])

    def to_json(self) -> dict[str, Any]:
        """Give the codec as JSON-ready values."""
        return {
            "codec": "coordinates",
            "schema": self.schema.to_json(),
            "variables": list(self.variables),
            "coordinates": [vars(one) for one in self.coordinates],
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            schema=Schema.from_json(row["schema"]),
            variables=tuple(row["variables"]),
            coordinates=tuple(Coordinate(**one) for one in row["coordinates"]),
            notes=tuple(row["notes"]),
        )


def _missing(known: Column, cells: Cells) -> np.ndarray:
    """Tell which cells have no place on the column's scale."""
    return np.isnan(cells.numbers) if known.numeric else cells.words < 0


def _values(known: Column, cells: Cells, level: int | None) -> np.ndarray:
    if known.numeric:
        return cells.numbers
    return cells.words.astype(np.float64) if level is None else (cells.words == level).astype(np.float64)


def _coordinates(known: Column, cells: Cells, node: int) -> list[Coordinate]:
    """Describe a column; nothing where it does not vary over the complete rows."""
    levels: list[int | None] = [None]
    if not known.numeric and known.role == "category":
        counts = np.bincount(cells.words)
        shown = np.flatnonzero(counts)
        if len(shown) > 2:
            levels = [int(level) for level in np.sort(shown[np.argsort(-counts[shown], kind="stable")][:MOST_LEVELS])]
    found = []
    for level in levels:
        values = _values(known, cells, level)
        scale = float(values.std())
        if scale <= 1e-12 * np.abs(values).max() or scale < TINIEST:
            continue
        step = known.step if known.numeric else 1.0
        found.append(Coordinate(node=node, mean=float(values.mean()), scale=scale, grid=step / scale, level=level))
    return found


def _enough(schema: Schema, variables: tuple[int, ...]) -> None:
    if len(variables) >= 2:
        return
    said = [*_left_out(schema, variables)] or [f"There is one column: '{schema.columns[0].name}'."]
    told = " ".join(said[:SHOWN]) + (f" And {len(said) - SHOWN} more." if len(said) > SHOWN else "")
    raise DataError(
        "There are fewer than two variables to draw arrows between.",
        why=told,
        fix="Give at least two columns that vary, or say what a column is: columns={name: 'category'}.",
        code="E580",
    )


def _complete(schema: Schema, variables: tuple[int, ...], gone: dict[int, np.ndarray], whole: np.ndarray) -> None:
    if whole.sum() >= LEAST_ROWS:
        return
    worst = max(variables, key=lambda place: gone[place].mean())
    holes = (
        f"; column '{schema.columns[worst].name}' is missing in {gone[worst].mean():.0%}" if gone[worst].any() else ""
    )
    raise _too_few(int(whole.sum()), len(whole), holes)


def _too_few(complete: int, rows: int, holes: str) -> DataError:
    return DataError(
        f"{complete:,} of {rows:,} rows are complete{holes}.",
        why=f"Arrows are told from how columns vary together: {LEAST_ROWS} complete rows at least, better hundreds.",
        fix="Give more rows, leave columns with many holes out, or fill them first: contrafact impute FILE -o OUT",
        code="E581",
    )


def _left_out(schema: Schema, kept: Any) -> tuple[str, ...]:
    """Say of each column that is no variable why."""
    rest = [column for place, column in enumerate(schema) if place not in set(kept)]
    return tuple(f"Column '{column.name}' is left out: {_reason(column)}." for column in rest)


def _reason(column: Column) -> str:
    return column.said() if not column.learned else "it does not vary over the complete rows"


def _holes(schema: Schema, whole: np.ndarray, gone: dict[int, np.ndarray]) -> tuple[str, ...]:
    if whole.all():
        return ()
    worst = max(gone, key=lambda place: gone[place].mean())
    return (
        f"{int((~whole).sum()):,} of {len(whole):,} rows have holes and are left out (most in "
        f"'{schema.columns[worst].name}': {gone[worst].mean():.0%}). If it depends on the columns whether a cell is "
        "missing, arrows may be wrong; compare with the filled table: contrafact impute.",
    )
