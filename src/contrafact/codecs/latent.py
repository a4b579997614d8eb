"""Tables of numbers <-> rows of a few numbers behind them: a code, which a model of tables learns in their stead.

Columns that move together, such as the pixels of a picture, say little each. Every row x, each column between its ends
as 0 to 1, is pressed into k numbers z, and what is drawn is turned back, cut to the ends and put on the columns' grids.
By principal components z = A (x - m) and x = m + Aᵀ z, where the rows of A are the k directions in which the rows vary
most: of all linear codes the one that loses least in the mean square (Eckart and Young 1936). Another code has the same
four abilities (`Press`).

What is lost is lost: a drawn row lies where the code can reach, and what single columns do by themselves is gone. So
each column is led back to its own law in the end: a decoded number takes the place that it has among the decoded
training rows, and becomes the real number of that place (`Law`). That brings back peaks, such as pixels that are
exactly 0, column by column; it brings back nothing that joins columns.

References:
    Eckart and Young, The approximation of one matrix by another of lower rank, Psychometrika 1, 1936.
    Jolliffe, Principal component analysis, 2nd edition, 2002.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, Self

import numpy as np

from contrafact.base.errors import DataError, UsageError
from contrafact.codecs.cells import NO_WORD, Cells, on_grid, read
from contrafact.codecs.files import TableFile
from contrafact.codecs.inference import schema_of
from contrafact.codecs.keys import made_anew
from contrafact.codecs.large import some_rows
from contrafact.codecs.schema import Column, Role, Schema, lacking
from contrafact.codecs.table import Slot, TableCodec, as_frame
from contrafact.codecs.written import write

PLACES = 129  # at which a column's law is kept
PREFIX = "code/"
Arrays = dict[str, np.ndarray]


class Press(Protocol):
    """Rows between 0 and 1 <-> rows of a few numbers."""

    def encode(self, rows: np.ndarray) -> np.ndarray: ...
    def decode(self, codes: np.ndarray) -> np.ndarray: ...
    def arrays(self) -> Arrays: ...
    @classmethod
    def of(cls, arrays: Arrays) -> Self: ...


@dataclass(frozen=True, kw_only=True, eq=False)
class Components:
    """Principal components.

    Arguments:
        mean: The mean row.
        axes: Orthonormal directions, one a line, the one of the largest variance first.
    """

    mean: np.ndarray
    axes: np.ndarray

    @classmethod
    def fit(cls, rows: np.ndarray, size: int) -> Self:
        """Find the directions in which rows vary most; signs are such that the largest weight is positive.

        Arguments:
            rows: Rows.
            size: How many directions.
        """
        mean = rows.mean(0)
        away = rows - mean
        _, vectors = np.linalg.eigh(away.T @ away)
        axes = vectors[:, ::-1][:, :size].T
        signs = np.sign(axes[np.arange(size), np.abs(axes).argmax(1)])
        return cls(mean=mean, axes=axes * signs[:, None])

    def encode(self, rows: np.ndarray) -> np.ndarray:
        """Give the scores of rows."""
        return np.asarray((rows - self.mean) @ self.axes.T)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Give the rows of scores."""
        return np.asarray(self.mean + codes @ self.axes)

    def arrays(self) -> Arrays:
        """Give the mean and the directions."""
        return {"mean": self.mean, "axes": self.axes}

    @classmethod
    def of(cls, arrays: Arrays) -> Self:
        """Read what `arrays` gave."""
        return cls(mean=arrays["mean"], axes=arrays["axes"])


@dataclass(frozen=True, kw_only=True, eq=False)
class Law:
    """The columns' own laws, and those of what a code makes of their rows, at the same places.

    Arguments:
        real: Numbers of the training rows, places x columns, each column rising.
        decoded: Numbers that they have after a code.
    """

    real: np.ndarray
    decoded: np.ndarray

    @classmethod
    def fit(cls, real: np.ndarray, decoded: np.ndarray) -> Self:
        """Keep both laws at places that lie evenly among the rows."""
        places = np.linspace(0, 1, PLACES)
        both = [np.quantile(rows, places, axis=0, method="inverted_cdf") for rows in (real, decoded)]
        return cls(real=both[0], decoded=both[1])

    def back(self, rows: np.ndarray) -> np.ndarray:
        """Lead decoded rows back to the columns' laws."""
        pairs = zip(rows.T, self.decoded.T, self.real.T, strict=True)
        return np.stack([np.interp(own, decoded, real) for own, decoded, real in pairs], axis=1)


def check_latent(asked: Any) -> None:
    """Refuse settings that do not go together with a code.

    Arguments:
        asked: A recipe.

    Raises:
        UsageError: There are some.
    """
    if asked.latent is None:
        if asked.latent_by is not None:
            raise UsageError(
                "latent_by means nothing without latent.",
                why="It says how rows are pressed into as many numbers as latent says.",
                fix="Give both: --set latent=32 --set latent_by=autoencoder",
                code="E146",
            )
        return
    others = {
        "epsilon": asked.epsilon is not None,
        "share_safe": asked.share_safe,
        "constraints": bool(asked.constraints),
        "learn=holes": asked.learn == "holes",
    }
    for name, given in others.items():
        if given:
            raise UsageError(
                f"latent and {name} do not go together.",
                why="The model knows a code of whole rows, not the columns: it cannot hold, hide or fill single ones.",
                fix="Give one of them.",
                code="E146",
            )


@dataclass(frozen=True, kw_only=True, eq=False)
class LatentCodec:
    """Translate frames of numbers into tokens of their codes and back.

    Arguments:
        schema: What the columns are.
        codes: Turns codes into tokens and back.
        press: Turns rows into codes and back.
        law: Leads decoded rows back to the columns' own laws.
        ends: The least and the largest number of each learned column.
    """

    schema: Schema
    codes: TableCodec
    press: Press
    law: Law
    ends: np.ndarray

    @classmethod
    def fit(
        cls,
        data: Any,
        size: int,
        press: Callable[[np.ndarray, int], Press],
        *,
        columns: Mapping[str, Role] | None = None,
    ) -> Self:
        """Read the columns of a frame, and learn a code of its rows.

        Arguments:
            data: A frame, or a table in a file, which is read whole.
            size: How many numbers a code has.
            press: Learns the code from rows between 0 and 1 and that size.
            columns: What the user says some columns are.
        """
        frame = some_rows(data, np.arange(len(data))) if isinstance(data, TableFile) else as_frame(data)
        schema = schema_of(frame, columns)
        learned = _learned(schema)
        if size > min(len(learned), len(frame)):
            raise UsageError(
                f"A code of {size} numbers is no shorter than these data.",
                why=f"They have {len(learned)} columns to be learned and {len(frame):,} rows.",
                fix="Give a smaller latent, or none.",
                code="E146",
            )
        numbers = _numbers(frame, schema)
        ends = np.stack([numbers.min(0), numbers.max(0)])
        rows = _between(numbers, ends)
        made = press(rows, size)
        codes = made.encode(rows)
        law = Law.fit(rows, made.decode(codes))
        return cls(schema=schema, codes=_codes_of(codes), press=made, law=law, ends=ends)

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The places of a row of tokens."""
        return self.codes.slots

    @property
    def smooth(self) -> tuple[int, ...]:
        """The numbers of a code that have a share beside their token."""
        return self.codes.smooth

    @cached_property
    def learned(self) -> tuple[int, ...]:
        """The places of the columns that a code is made of."""
        return tuple(_learned(self.schema))

    def encode(self, data: Any, *, holes: bool = True) -> Arrays:
        """Turn a frame into tokens of its rows' codes, and shares of their intervals.

        Arguments:
            data: A frame with the fitted columns.
            holes: Plays no part: there are none.
        """
        known = {str(name): i for i, name in enumerate(as_frame(data).columns)}
        missing = [str(c.name) for c in self.schema if str(c.name) not in known]
        if missing:
            raise lacking(missing)
        frame = as_frame(data).iloc[:, [known[str(c.name)] for c in self.schema]]
        return self.codes.encode(_framed(self.press.encode(_between(_numbers(frame, self.schema), self.ends))))

    def decode(self, encoded: Mapping[str, np.ndarray], start: int = 0) -> Any:
        """Turn tokens back into a frame with the columns, dtypes and names that were fitted."""
        return self.frame_of(self.columns_of(encoded), len(encoded["tokens"]), start)

    def columns_of(self, encoded: Mapping[str, np.ndarray]) -> list[Cells | None]:
        """Turn tokens and shares back into the cells of codes."""
        return self.codes.columns_of(encoded)

    def frame_of(self, cells: list[Cells | None], rows: int, start: int = 0, *, total: int = 0, **_: Any) -> Any:
        """Turn the cells of codes into a frame; what is not learned is made anew.

        Arguments:
            cells: The cells of codes.
            rows: How many rows there are.
            start: The number of the first row, which keys are made from.
            total: How many rows there will be in all, where these are a part of them.
        """
        import pandas as pd

        codes = self.codes.frame_of(cells, rows).to_numpy(dtype=np.float64)
        low, high = self.ends
        numbers = np.clip(low + self.law.back(self.press.decode(codes)) * (high - low), low, high)
        made = {
            column: _written(self.schema.columns[column], part)
            for column, part in zip(self.learned, numbers.T, strict=True)
        }
        columns = [made[i] if i in made else made_anew(c, rows, start, total) for i, c in enumerate(self.schema)]
        frame = pd.concat(columns, axis=1)
        frame.columns = pd.Index([column.name for column in self.schema])
        return frame

    def features(self, slot: Slot) -> tuple[np.ndarray, np.ndarray]:
        """Give what is known of each token of a place, and which of them enough rows share to stand alone."""
        return self.codes.features(slot)

    def whole(self, tokens: np.ndarray) -> dict[int, np.ndarray]:
        """Put the digits of large columns together: each number's token, by its place."""
        return self.codes.whole(tokens)

    @staticmethod
    def refused(ability: str) -> UsageError:
        """Say that a model of a code cannot do something.

        Arguments:
            ability: What was asked for, as in "draw rows under conditions".
        """
        return UsageError(
            f"A model with latent cannot {ability}.",
            why="It knows a code of whole rows, and no column by itself.",
            fix="Fit without latent.",
            code="E146",
        )

    def limits(self, given: Mapping[Any, Any] | None) -> dict[int, Any]:
        """Refuse conditions: no column is known by itself."""
        if given:
            raise self.refused("draw rows under conditions")
        return {}

    def allowed(self, limits: Mapping[int, Any]) -> Arrays:
        """Allow everything."""
        return {}

    def plan(self, limits: Mapping[int, Any] | None = None) -> None:
        """Keep no constraints."""

    def arrays(self) -> Arrays:
        """Give what a code is made of, as arrays to be saved beside a model's."""
        own = {"ends": self.ends, "law/real": self.law.real, "law/decoded": self.law.decoded}
        return {PREFIX + name: part for name, part in [*own.items(), *self.press.arrays().items()]}

    def to_json(self) -> dict[str, Any]:
        """Give the codec as JSON-ready values, without its arrays."""
        return {"codec": "latent", "schema": self.schema.to_json(), "codes": self.codes.to_json()}

    @classmethod
    def from_json(cls, row: dict[str, Any], arrays: Arrays, press: type[Press]) -> Self:
        """Read what `to_json` and `arrays` gave.

        Arguments:
            row: The values.
            arrays: Arrays of a model.
            press: The kind of code.
        """
        own = {name.removeprefix(PREFIX): part for name, part in arrays.items() if name.startswith(PREFIX)}
        return cls(
            schema=Schema.from_json(row["schema"]),
            codes=TableCodec.from_json(row["codes"]),
            press=press.of(own),
            law=Law(real=own["law/real"], decoded=own["law/decoded"]),
            ends=own["ends"],
        )


def _learned(schema: Schema) -> list[int]:
    """Find the columns that a code is made of.

    Raises:
        DataError: One of them is no number, or has words or holes.
    """
    found = [i for i, column in enumerate(schema) if column.learned]
    for place in found:
        column = schema.columns[place]
        if column.numeric and not column.words and not column.holes:
            continue
        what = f"{column.holes:.1%} holes" if column.holes else f"words, as a {column.role}"
        raise DataError(
            f"Column {column.name!r} has {what}, and latent takes numbers alone.",
            why="A row is pressed by arithmetic, which needs a number in every cell.",
            fix="Leave latent out, drop or fill the column, or say that it is one: --set columns=NAME=number",
            code="E260",
        )
    return found


def _numbers(frame: Any, schema: Schema) -> np.ndarray:
    """Read the learned columns of a frame, which are in order, as a matrix.

    Raises:
        DataError: A cell is no number.
    """
    columns = []
    for place in _learned(schema):
        cells = read(frame.iloc[:, place], schema.columns[place])
        if (cells.words != NO_WORD).any():
            raise DataError(
                f"Column {schema.columns[place].name!r} has a cell without a number, in row "
                f"{int((cells.words != NO_WORD).argmax()) + 1:,}.",
                why="A row is pressed by arithmetic, which needs a number in every cell.",
                fix="Leave latent out, or fill the column first: contrafact impute",
                code="E260",
            )
        columns.append(cells.numbers)
    return np.stack(columns, axis=1)


def _between(numbers: np.ndarray, ends: np.ndarray) -> np.ndarray:
    low, high = ends
    return np.asarray((numbers - low) / np.where(high > low, high - low, 1))


def _framed(codes: np.ndarray) -> Any:
    import pandas as pd

    return pd.DataFrame(codes, columns=[f"code {i + 1}" for i in range(codes.shape[1])])


def _codes_of(codes: np.ndarray) -> TableCodec:
    frame = _framed(codes)
    return TableCodec.fit(frame, columns=dict.fromkeys(frame.columns, "number"))


def _written(column: Column, numbers: np.ndarray) -> Any:
    """Write numbers as a column's cells, on its grid."""
    return write(column, Cells(numbers=on_grid(numbers, column.step), words=np.full(len(numbers), NO_WORD)))
