"""Tables with a treatment and an outcome <-> covariates, arms and outcomes as numbers.

Covariates become the columns of a matrix: numbers and dates themselves, levels as zeros and ones (of two levels one of
them). A hole is given the column's mean, and a column that says where holes were stands beside it. The treatment's
levels are arms, counted from 0 in their order: arm 0 is what the others are compared with. The outcome is a number, or
one of two levels, of which the second counts as 1.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from contrafact.base.errors import DataError, UsageError, did_you_mean
from contrafact.codecs.cells import as_floats, is_text, plain, unboxed
from contrafact.codecs.design import Design
from contrafact.codecs.inference import schema_of
from contrafact.codecs.schema import Column, Role
from contrafact.codecs.table import TableCodec, as_frame

MOST_ARMS = 10
FEWEST = 5  # rows of an arm
Level = str | int | float | bool


@dataclass(frozen=True, kw_only=True, eq=False)
class TreatedCodec:
    """Translate frames with a treatment and an outcome into numbers.

    Arguments:
        table: Knows the covariates; None where none of them varies.
        treatment: The column of the treatment.
        outcome: The column of the outcome.
        arms: The treatment's levels.
        levels: The outcome's two levels, where it is not a number.
        names: The covariates, in their order.
        centre: What each column of the matrix is on average.
        scale: How far it spreads.
        hollow: Which columns of the matrix had holes.
        middle: What the outcome is on average.
        spread: How far it spreads.
    """

    table: TableCodec | None
    treatment: str
    outcome: str
    arms: tuple[Level, ...]
    levels: tuple[Level, ...]
    names: tuple[str, ...]
    centre: np.ndarray
    scale: np.ndarray
    hollow: np.ndarray
    middle: float
    spread: float

    @classmethod
    def fit(
        cls, data: Any, *, treatment: str | None, outcome: str | None, columns: Mapping[str, Role] | None = None
    ) -> Self:
        """Read the columns of a frame.

        Arguments:
            data: A frame.
            treatment: The column of the treatment.
            outcome: The column of the outcome.
            columns: What the user says some covariates are.

        Raises:
            UsageError: Treatment or outcome are not named, not there, or the same.
            DataError: One of them cannot be used: constant, holes, too many levels.
        """
        frame = as_frame(data)
        t, y = _named(frame, treatment, outcome)
        names = tuple(str(name) for name in frame.columns if str(name) not in (t, y))
        arms = _arms(_column(frame, t), t)
        _check_arms(_codes(_column(frame, t), arms, t, arms_of="treatment"), arms, t)
        levels = _two_levels(_column(frame, y), y)
        inner = frame[[name for name in frame.columns if str(name) in names]]
        schema = schema_of(inner, columns) if names and len(frame) else None
        table = None if schema is None else TableCodec.fit_to(inner, schema, holes=False)
        made = cls(
            table=table if table is not None and Design(table).width else None,
            treatment=t,
            outcome=y,
            arms=arms,
            levels=levels,
            names=names,
            centre=np.empty(0),
            scale=np.empty(0),
            hollow=np.empty(0, dtype=bool),
            middle=0.0,
            spread=1.0,
        )
        return made._measured(frame)

    def _measured(self, frame: Any) -> Self:
        """Measure the columns of the matrix, and the outcome."""
        raw, outcome = self._raw(frame), self.outcomes(frame)
        known = np.where(np.isnan(raw), 0.0, raw)
        count = np.maximum((~np.isnan(raw)).sum(0), 1)
        centre = known.sum(0) / count
        scale = np.sqrt((np.where(np.isnan(raw), 0.0, raw - centre) ** 2).sum(0) / count)
        return replace(
            self,
            centre=centre,
            scale=np.where(scale > 1e-12 * (1 + np.abs(centre)), scale, 1.0),
            hollow=np.isnan(raw).any(0),
            middle=float(outcome.mean()),
            spread=float(outcome.std()) or 1.0,
        )

    @cached_property
    def design(self) -> Design | None:
        """How covariates stand in a matrix."""
        return None if self.table is None else Design(self.table)

    @cached_property
    def kept(self) -> np.ndarray:
        """Which columns of the design are used: of two levels only the second."""
        if self.design is None:
            return np.empty(0, dtype=np.int64)
        places: list[int] = []
        for part in self.design.parts:
            own = list(range(part.where.start, part.where.stop))
            places += own[1:] if part.levels is not None and len(own) == 2 else own
        return np.array(places, dtype=np.int64)

    @property
    def columns(self) -> tuple[tuple[str, str | None], ...]:
        """Each column of the matrix: its covariate, and the level that a 1 stands for (None: it is a number)."""
        if self.table is None or self.design is None:
            return ()
        found: list[tuple[str, str | None]] = []
        for part in self.design.parts:
            column = self.table.schema.columns[part.column]
            levels = [None] if part.levels is None else [_word(column, int(level)) for level in part.levels]
            found += [(str(column.name), level) for level in levels]
        kept = [found[place] for place in self.kept]
        return (*kept, *((name, "missing") for (name, _), gone in zip(kept, self.hollow, strict=True) if gone))

    @property
    def width(self) -> int:
        """How many columns the matrix has."""
        return len(self.centre) + int(self.hollow.sum())

    def covariates(self, data: Any) -> np.ndarray:
        """Give the matrix of a frame's covariates, in their own units, without holes.

        Arguments:
            data: A frame with the fitted covariates, or an array with as many columns.

        Raises:
            DataError: Columns are missing.
        """
        raw = self._raw(self._as_known(data))
        gone = np.isnan(raw)
        return np.concatenate([np.where(gone, self.centre, raw), gone[:, self.hollow].astype(np.float64)], axis=1)

    def standardised(self, data: Any) -> np.ndarray:
        """Give the matrix with a mean of 0 and a spread of 1 in each column of covariates."""
        found, wide = self.covariates(data), len(self.centre)
        found[:, :wide] = (found[:, :wide] - self.centre) / self.scale
        return found

    def treatments(self, data: Any) -> np.ndarray:
        """Give each row's arm."""
        column = _column(as_frame(data), self.treatment)
        return _codes(column, self.arms, self.treatment, arms_of="treatment")

    def outcomes(self, data: Any) -> np.ndarray:
        """Give each row's outcome, in its own units."""
        column = _column(as_frame(data), self.outcome)
        if self.levels:
            return _codes(column, self.levels, self.outcome, arms_of="outcome").astype(np.float64)
        return as_floats(unboxed(column) if is_text(column.dtype) else column)

    def encode(self, data: Any) -> dict[str, np.ndarray]:
        """Turn a frame into standardised covariates `x`, arms `t` and standardised outcomes `y`."""
        outcome = (self.outcomes(data) - self.middle) / self.spread
        return {
            "x": self.standardised(data).astype(np.float32),
            "t": self.treatments(data),
            "y": outcome.astype(np.float32),
        }

    def decode(self, rows: Mapping[str, np.ndarray]) -> Any:
        """Turn what a model foretold of rows into a frame of potential outcomes."""
        import pandas as pd

        made = np.asarray(rows["potential"], dtype=np.float64) * self.spread + self.middle
        return pd.DataFrame(made, columns=[f"{self.outcome} if {self.treatment} = {arm}" for arm in self.arms])

    def _raw(self, frame: Any) -> np.ndarray:
        if self.table is None or self.design is None:
            return np.empty((len(frame), 0))
        return self.design.matrix(self.table.cells_of(frame), len(frame))[:, self.kept]

    def _as_known(self, data: Any) -> Any:
        """Give an array's columns the names of the covariates."""
        import pandas as pd

        array = np.asarray(data) if isinstance(data, list | np.ndarray) else None
        if array is None:
            return as_frame(data)
        if array.ndim != 2 or array.shape[1] != len(self.names):
            raise DataError(
                f"An array of shape {array.shape} was given.",
                why=f"The model knows {len(self.names)} covariates: {', '.join(self.names[:6])}.",
                fix="Give one row for each unit and one column for each covariate, in their order.",
                code="E205",
            )
        return pd.DataFrame(array, columns=list(self.names))

    def to_json(self) -> dict[str, Any]:
        """Give the codec as JSON-ready values."""
        arrays = {name: getattr(self, name).tolist() for name in ("centre", "scale", "hollow")}
        known = {name: getattr(self, name) for name in ("treatment", "outcome", "middle", "spread")}
        lists = {name: [plain(each) for each in getattr(self, name)] for name in ("arms", "levels", "names")}
        return {
            "codec": "treated",
            "table": None if self.table is None else self.table.to_json(),
            **known,
            **lists,
            **arrays,
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        fields: dict[str, Any] = {name: row[name] for name in ("treatment", "outcome", "middle", "spread")}
        fields |= {name: tuple(row[name]) for name in ("arms", "levels", "names")}
        fields |= {name: np.array(row[name], dtype=np.float64) for name in ("centre", "scale")}
        fields |= {"hollow": np.array(row["hollow"], dtype=bool)}
        return cls(table=None if row["table"] is None else TableCodec.from_json(row["table"]), **fields)


def _word(column: Column, level: int) -> str:
    return str(column.words[level]) if level >= 0 else "a number"


def _named(frame: Any, treatment: str | None, outcome: str | None) -> tuple[str, str]:
    """Check the names of treatment and outcome."""
    names = [str(name) for name in frame.columns]
    for what, name in (("treatment", treatment), ("outcome", outcome)):
        if name is None:
            raise UsageError(
                f"No column was named as the {what}.",
                why="Only you know what was done and what came of it.",
                fix=f"Name it: {what}='NAME OF A COLUMN'; there are {', '.join(names[:8]) or 'none'}.",
                code="E570",
            )
        if name not in names:
            raise UsageError(
                f"There is no column '{name}' to be the {what}.",
                why=did_you_mean(name, names),
                fix=f"Give the name of a column as the {what}.",
                code="E571",
            )
    if treatment == outcome:
        raise UsageError(
            f"'{treatment}' is treatment and outcome at once.",
            why="An effect is of one column on another.",
            fix="Name two columns.",
            code="E571",
        )
    return str(treatment), str(outcome)


def _column(frame: Any, name: str) -> Any:
    place = [str(each) for each in frame.columns].index(name) if name in map(str, frame.columns) else -1
    if place < 0:
        raise UsageError(
            f"There is no column '{name}'.",
            why=did_you_mean(name, [str(each) for each in frame.columns]),
            fix="Give data with the columns that the model was fitted on.",
            code="E571",
        )
    column = frame.iloc[:, place]
    holes = np.flatnonzero(column.isna().to_numpy())
    if len(holes):
        raise DataError(
            f"Column '{name}' has {len(holes):,} hole{'s' * (len(holes) > 1)}, the first in row {holes[0]}.",
            why="Of a row without a treatment or an outcome nobody knows which arm it tells about, or what.",
            fix=f"Leave these rows out: frame.dropna(subset=[{name!r}]).",
            code="E572",
        )
    return column


def _arms(column: Any, name: str) -> tuple[Level, ...]:
    """Give the levels of a treatment in their order."""
    levels = _levels(column)
    if len(levels) < 2:
        raise DataError(
            f"Column '{name}' never varies.",
            why="With one arm only, nothing shows what the other would have done.",
            fix="Give data with treated and untreated rows.",
            code="E573",
        )
    if len(levels) > MOST_ARMS:
        raise DataError(
            f"Column '{name}' has {len(levels):,} values.",
            why=f"Effects are learned for treatments with at most {MOST_ARMS} levels.",
            fix="Cut it into a few levels, such as none, low and high.",
            code="E574",
        )
    return levels


def _levels(column: Any) -> tuple[Level, ...]:
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        there = set(column.unique())
        found = [level for level in column.cat.categories if level in there]
    else:
        found = list(pd.unique(column))
        try:
            found = sorted(found)
        except TypeError:  # levels of several kinds
            found = sorted(found, key=str)
    return tuple(_simple(level) for level in found)


def _simple(level: Any) -> Level:
    """Give a level as text, a number or a truth value."""
    value = plain(level)
    if isinstance(value, datetime.date | datetime.datetime) or not isinstance(value, str | int | float | bool):
        return str(value)
    return value


def _codes(column: Any, levels: Sequence[Level], name: str, *, arms_of: str) -> np.ndarray:
    """Give the place of each row's level."""
    places = {level: place for place, level in enumerate(levels)}
    cells = [_simple(cell) for cell in column]
    strange = next((cell for cell in cells if cell not in places), None)
    if strange is not None:
        raise DataError(
            f"Column '{name}' holds {strange!r}.",
            why=f"The {arms_of} was one of {', '.join(map(str, levels))} when the model was fitted.",
            fix="Give rows with these values.",
            code="E574",
        )
    return np.array([places[cell] for cell in cells], dtype=np.int64)


def _check_arms(codes: np.ndarray, arms: Sequence[Level], name: str) -> None:
    counts = np.bincount(codes, minlength=len(arms))
    if counts.min() < FEWEST:
        arm = arms[int(counts.argmin())]
        raise DataError(
            f"Only {counts.min()} row{'s have' if counts.min() > 1 else ' has'} '{name}' = {arm}.",
            why=f"What an arm gives is learned from its own rows, of which it takes {FEWEST} at the least.",
            fix="Give more rows, or put arms together.",
            code="E575",
        )


def _two_levels(column: Any, name: str) -> tuple[Level, ...]:
    """Give the two levels of an outcome that is not a number; nothing for one that is."""
    plain_column = unboxed(column) if is_text(column.dtype) else column
    levels: tuple[Level, ...] = ()
    if plain_column.dtype.kind not in "iuf" or str(plain_column.dtype) == "category":
        levels = _levels(column)
        if len(levels) > 2:
            raise DataError(
                f"Column '{name}' holds words, {len(levels):,} different ones.",
                why="An effect is a difference of means; of words there is a mean only where there are two of them.",
                fix="Give an outcome in numbers, or one with two levels.",
                code="E576",
            )
    if column.nunique() < 2:
        raise DataError(
            f"Column '{name}' never varies.",
            why="Nothing made a difference in these data.",
            fix="Name the outcome that is meant.",
            code="E576",
        )
    return levels
