"""Vectors: arrays of numbers and frames of numeric columns <-> standardised float32 rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from numbers import Real
from typing import Any, Literal, Self

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import DataError, UsageError, did_you_mean

Container = Literal["array", "frame", "data"]
LARGEST = 1e300  # sums and differences of larger numbers overflow


def _text(column: Any, row: int) -> DataError:
    cell = column.iloc[row]
    categories = str(column.dtype) == "category"
    what = "text" if isinstance(cell, str) else "categories" if categories else f"{type(cell).__name__} values"
    return DataError(
        f"Column {column.name!r} holds {what}: row {row} is {str(cell)!r}.",
        why="This method reads columns of numbers only.",
        fix="Mend or drop the column, then run the same command again.",
        code="E203",
    )


def _column_values(column: Any) -> np.ndarray:
    """Read a column as float64, NaN where a cell is missing; text, dates and categories are refused."""
    import pandas as pd

    column = column.infer_objects()
    kind = column.dtype
    if pd.api.types.is_any_real_numeric_dtype(kind) or str(kind) in ("bool", "boolean"):
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    gone = column.isna().to_numpy()
    for row in np.flatnonzero(~gone):
        if str(kind) != "object" or not isinstance(column.iloc[row], (Real, Decimal, np.bool_)):
            raise _text(column, _first_text(column, int(row)))
    return np.array([np.nan if empty else _float(cell) for cell, empty in zip(column, gone, strict=True)])


def _first_text(column: Any, row: int) -> int:
    """Find the cell that makes a column text: one number written as text is not to blame, a word is."""
    import pandas as pd

    wrong = pd.to_numeric(column.astype("string"), errors="coerce").isna() & column.notna()
    return int(np.flatnonzero(wrong.to_numpy())[0]) if wrong.any() else row


def _float(number: Any) -> float:
    try:
        return float(number)
    except OverflowError:  # a whole number of hundreds of digits
        return math.inf


def _array_values(items: Any) -> np.ndarray:
    """Read an array, or nested lists, as a float64 matrix."""
    try:
        array = np.asarray(items)
        what = f"{array.dtype} values"
    except ValueError:
        array, what = np.empty(0, dtype=object), "rows of unequal length"
    if array.dtype.kind not in "biuf" or array.ndim == 0:
        raise DataError(
            f"These data hold {what}.",
            why="This method reads arrays of numbers: one row an item.",
            fix="Give a two-dimensional array of numbers or a DataFrame.",
            code="E203",
        )
    return array.reshape(len(array), math.prod(array.shape[1:])).astype(np.float64)


def _check_numbers(values: np.ndarray, columns: list[str | int], *, missing: bool) -> None:
    bad = ~(np.abs(values) <= LARGEST) & ~(missing & np.isnan(values))
    if not bad.any():
        return
    row, column = (int(i[0]) for i in np.nonzero(bad))
    value = values[row, column]
    what = "is missing" if np.isnan(value) else "is infinite" if np.isinf(value) else f"is too large ({value:.3g})"
    raise DataError(
        f"Row {row} of column {columns[column]!r} {what} ({int(bad.sum())} such cells in all).",
        why="This method reads finite numbers." if missing else "This method learns from complete, finite numbers.",
        fix="Fill or drop those rows first, then run the same command again.",
        code="E204",
    )


def rows_of(data: Any, *, missing: bool = False) -> tuple[np.ndarray, list[str | int]]:
    """Read any rows of numbers as a float64 matrix and its column names; cells may be NaN where `missing` says so."""
    items = data.items if isinstance(data, Data) else data
    names: list[str | int]
    if hasattr(items, "columns"):
        names = [c if isinstance(c, int) else str(c) for c in items.columns]
        values = np.empty((len(items), len(names)))
        for place in range(len(names)):
            values[:, place] = _column_values(items.iloc[:, place])
    else:
        values = _array_values(items)
        names = [f"x{i}" for i in range(values.shape[1])]
    if 0 in values.shape:
        raise DataError(
            f"These data have {values.shape[0]} rows and {values.shape[1]} columns.",
            why="There is nothing to learn from.",
            fix="Give at least one row and one column.",
            code="E201",
        )
    _check_numbers(values, names, missing=missing)
    return values, names


def _centre_and_spread(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the columns' means and standard deviations without overflow or underflow of the squares."""
    mean = values.mean(axis=0)
    away = values - mean
    size = np.abs(away).max(axis=0)
    return mean, size * np.sqrt(np.mean((away / np.where(size > 0, size, 1)) ** 2, axis=0))


@dataclass(frozen=True, kw_only=True)
class VectorCodec:
    """Translate rows of numbers into standardised tensors and back.

    Columns that never vary are kept out of the tensors and put back exactly.

    Arguments:
        names: Column names.
        dtypes: Column dtypes (one for arrays), restored on the way back.
        shape: Shape of one item.
        container: What the user gave and gets back.
        mean: What is subtracted from each column.
        scale: What each column is divided by; 0 marks a column that never varies.
        kind: Kind of the user's Data object.
        name: Name of the user's Data object.
    """

    names: tuple[str | int, ...]
    dtypes: tuple[str, ...]
    shape: tuple[int, ...]
    container: Container
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    kind: str = "vectors"
    name: str = "data"

    @classmethod
    def fit(cls, data: Any, *, standardise: bool = True) -> Self:
        """Learn names, types and scales.

        Arguments:
            data: Array, frame or Data of numbers.
            standardise: Centre and scale columns to mean 0 and standard deviation 1 (pictures: pixels to -1..1).
        """
        values, names = rows_of(data)
        items = data.items if isinstance(data, Data) else data
        frame = hasattr(items, "columns")
        dtypes = [str(t) for t in items.infer_objects().dtypes] if frame else [str(np.asarray(items).dtype)]
        mean, scale = _centre_and_spread(values)
        varies = (values.max(axis=0) > values.min(axis=0)) & (scale > 0)
        if isinstance(data, Data) and data.kind == "pictures":
            mean, scale = np.full_like(mean, 127.5), np.full_like(scale, 127.5)
        elif not standardise:
            mean, scale = np.zeros_like(mean), np.ones_like(scale)
        mean, scale = np.where(varies, mean, values[0]), np.where(varies, scale, 0.0)
        container: Container = "frame" if frame else "data" if isinstance(data, Data) else "array"
        return cls(
            names=tuple(names),
            dtypes=tuple(dtypes),
            shape=() if frame else np.asarray(items).shape[1:],
            container=container,
            mean=tuple(mean.tolist()),
            scale=tuple(scale.tolist()),
            kind=data.kind if isinstance(data, Data) else "vectors",
            name=data.name if isinstance(data, Data) else "data",
        )

    @property
    def width(self) -> int:
        """Number of columns in the tensors."""
        return sum(s > 0 for s in self.scale)

    def place(self, column: str | int) -> int:
        """Find a column's place by its name, or in arrays by its number."""
        words = [str(name) for name in self.names]
        if str(column) in words:
            return words.index(str(column))
        if isinstance(column, int) and self.container != "frame" and 0 <= column < len(self.names):
            return column
        raise UsageError(
            f"There is no column {column!r}.",
            why=did_you_mean(str(column), words[:1000]),
            fix="Give the name of a column of the data that the model was fitted on.",
            code="E105",
        )

    def given(self, values: Mapping[str | int, Any] | None) -> dict[int, float]:
        """Read the values that some columns are set to, by place; constant columns can only be what they were."""
        fixed = {self.place(column): _number(value) for column, value in (values or {}).items()}
        for place, value in fixed.items():
            number = isinstance(value, (int, float, np.number)) and np.isfinite(value)
            if not number or (self.scale[place] == 0 and value != self.mean[place]):
                raise UsageError(
                    f"Column {self.names[place]!r} cannot be given as {value!r}.",
                    why=f"It was always {self.mean[place]:g} in the data." if number else "It holds finite numbers.",
                    fix="Give another value or leave the column out.",
                    code="E114",
                )
        return {place: float(value) for place, value in fixed.items()}

    def values(self, data: Any, *, missing: bool = False) -> np.ndarray:
        """Read data of the fitted kind as float64 rows in the user's units, the constant columns among them."""
        values, names = rows_of(data, missing=missing)
        if len(names) != len(self.names) or (self.container == "frame" and tuple(names) != self.names):
            raise DataError(
                f"These data have {_listed(names)}; the model knows {_listed(self.names)}.",
                why="A model reads data with the columns that it was fitted on, in that order.",
                fix="Give the same columns.",
                code="E205",
            )
        return values

    def encode(self, data: Any) -> np.ndarray:
        """Turn data of the fitted kind into float32 rows."""
        limits = np.finfo(np.float32)
        return np.asarray(np.clip(self.rescale(self.values(data)), limits.min, limits.max), dtype=np.float32)

    def decode(self, rows: np.ndarray) -> Any:
        """Turn rows back into the kind of object that was fitted."""
        return self.wrap(self.unscale(rows))

    def rescale(self, values: np.ndarray) -> np.ndarray:
        """Turn values in the user's units into float64 rows, without the constant columns."""
        mean, scale = np.asarray(self.mean), np.asarray(self.scale)
        kept = scale > 0
        with np.errstate(over="ignore"):
            return np.asarray((values[:, kept] - mean[kept]) / scale[kept])

    def unscale(self, rows: np.ndarray) -> np.ndarray:
        """Turn rows into float64 values in the user's units, the constant columns among them."""
        mean, scale = np.asarray(self.mean), np.asarray(self.scale)
        values = np.tile(mean, (len(rows), 1))
        values[:, scale > 0] += np.asarray(rows, dtype=np.float64) * scale[scale > 0]
        return values

    def wrap(self, values: np.ndarray) -> Any:
        """Turn values in the user's units into the kind of object that was fitted, dtypes and all."""
        if self.container == "frame":
            import pandas as pd

            columns = [pd.Series(_cast(values[:, i], dtype)) for i, dtype in enumerate(self.dtypes)]
            frame = pd.concat(columns, axis=1)
            frame.columns = pd.Index(self.names)
            return frame
        array: np.ndarray = _cast(values, self.dtypes[0]).reshape(len(values), *self.shape)
        return Data(kind=self.kind, items=array, name=self.name) if self.container == "data" else array  # type: ignore[arg-type]

    def fill(self, data: Any, values: np.ndarray) -> Any:
        """Copy data with values, given in the user's units, in its missing cells; the other cells keep their bits."""
        items = data.items if isinstance(data, Data) else data
        if hasattr(items, "columns"):
            filled, missing = items.copy(), items.isna().to_numpy()
            for place in np.flatnonzero(missing.any(axis=0)):
                column, holes = items.iloc[:, place].copy(), missing[:, place]
                cells = np.asarray(_cast(values[holes, place], self.dtypes[place % len(self.dtypes)]), dtype=float)
                column[holes] = _cast(cells, str(column.dtype))
                filled.isetitem(int(place), column)
            return filled
        filled = np.array(items)
        rows = filled.reshape(len(filled), -1)
        holes = np.isnan(rows)
        rows[holes] = _cast(values[holes], self.dtypes[0])
        return replace(data, items=filled) if isinstance(data, Data) else filled

    def to_json(self) -> dict[str, Any]:
        """Give the codec as JSON-ready values."""
        return {"codec": "vector", **asdict(self)}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items() if k != "codec"}
        return cls(**fields)


def _number(value: Any) -> Any:
    """Read text, as a command line gives it, as a number where it is one."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _listed(names: Sequence[str | int]) -> str:
    more = f", ... ({len(names)} in all)" if len(names) > 8 else ""
    return f"the columns {', '.join(map(str, names[:8]))}{more}"


def _whole_limits(kind: np.dtype[Any]) -> tuple[float, float]:
    """Give the ends of an integer type as floats that it can hold (the float nearest to 2^63 - 1 is 2^63)."""
    low, high = np.iinfo(kind).min, np.iinfo(kind).max
    return float(low), float(high) if int(float(high)) <= high else float(np.nextafter(float(high), 0))


def _cast(values: np.ndarray, dtype: str) -> Any:
    """Round and clip to an integer or boolean type where the user's column had one."""
    import pandas as pd

    kind: Any = pd.api.types.pandas_dtype(dtype)
    if pd.api.types.is_bool_dtype(kind):
        values = values > 0.5
    elif pd.api.types.is_integer_dtype(kind):
        values = np.clip(np.rint(values), *_whole_limits(np.dtype(getattr(kind, "numpy_dtype", kind))))
    elif isinstance(kind, np.dtype) and kind.kind == "f":
        values = np.clip(values, float(np.finfo(kind).min), float(np.finfo(kind).max))
    return values.astype(kind) if isinstance(kind, np.dtype) else pd.array(values, dtype=kind)
