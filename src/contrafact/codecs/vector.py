"""Vectors: arrays of numbers and frames of numeric columns <-> standardised float32 rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Self

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import DataError

Container = Literal["array", "frame", "data", "pictures"]


def _frame_values(frame: Any) -> np.ndarray:
    """Read a frame's columns as float64, naming the first cell that is no number."""
    import pandas as pd

    columns = []
    for place in range(frame.shape[1]):
        column = frame.iloc[:, place]
        numbers = pd.to_numeric(column, errors="coerce")
        wrong = numbers.isna() & column.notna()
        if wrong.any() or column.dtype == object and column.notna().sum() == 0 and len(column):
            row = int(np.flatnonzero(wrong.to_numpy())[0]) if wrong.any() else 0
            raise DataError(
                f"Column {frame.columns[place]!r} holds text: row {row} is {column.iloc[row]!r}.",
                why="This method reads columns of numbers only.",
                fix="Mend or drop the column, then run the same command again.",
                code="E203",
            )
        columns.append(numbers.to_numpy(dtype=np.float64, na_value=np.nan))
    return np.stack(columns, axis=1) if columns else np.empty((len(frame), 0))


def _check_numbers(values: np.ndarray, columns: list[str | int]) -> None:
    bad = ~np.isfinite(values)
    if not bad.any():
        return
    row, column = (int(i[0]) for i in np.nonzero(bad))
    what = "is missing" if np.isnan(values[row, column]) else "is infinite"
    raise DataError(
        f"Row {row} of column {columns[column]!r} {what} ({int(bad.sum())} such cells in all).",
        why="This method learns from complete, finite numbers.",
        fix="Fill or drop those rows first, then run the same command again.",
        code="E204",
    )


def rows_of(data: Any) -> tuple[np.ndarray, list[str | int]]:
    """Read any rows of numbers as a float64 matrix and its column names; nothing is changed.

    Raises:
        DataError: No rows, no columns, text, a missing or an infinite cell.
    """
    items = data.items if isinstance(data, Data) else data
    if hasattr(items, "columns"):
        values, names = _frame_values(items), [c if isinstance(c, int) else str(c) for c in items.columns]
    else:
        array = np.asarray(items)
        if array.dtype.kind not in "biuf":
            raise DataError(
                f"These data hold {array.dtype} values.",
                why="This method reads arrays of numbers: one row an item.",
                fix="Give a two-dimensional array of numbers or a DataFrame.",
                code="E203",
            )
        values = array.reshape(len(array), -1).astype(np.float64) if array.size else np.empty((len(array), 0))
        names = [f"x{i}" for i in range(values.shape[1])]
    if 0 in values.shape:
        raise DataError(
            f"These data have {values.shape[0]} rows and {values.shape[1]} columns.",
            why="There is nothing to learn from.",
            fix="Give at least one row and one column.",
            code="E201",
        )
    _check_numbers(values, names)
    return values, names


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
        pictures = isinstance(data, Data) and data.kind == "pictures"
        dtypes = tuple(str(t) for t in items.dtypes) if frame else (str(np.asarray(items).dtype),)
        varies = np.ptp(values, axis=0) > 0
        mean, scale = values.mean(0), values.std(0)
        if pictures:
            mean, scale = np.full_like(mean, 127.5), np.full_like(scale, 127.5)
        elif not standardise:
            mean, scale = np.zeros_like(mean), np.ones_like(scale)
        mean, scale = np.where(varies, mean, values[0]), np.where(varies & (scale > 0), scale, 0.0)
        container: Container = "frame" if frame else "data" if isinstance(data, Data) else "array"
        return cls(
            names=tuple(names),
            dtypes=dtypes,
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

    def encode(self, data: Any) -> np.ndarray:
        """Turn data of the fitted kind into float32 rows."""
        values, names = rows_of(data)
        if len(names) != len(self.names) or (self.container == "frame" and tuple(names) != self.names):
            raise DataError(
                f"These data have the columns {', '.join(map(str, names[:8]))}; the model knows {', '.join(map(str, self.names[:8]))}.",
                why="A model reads data with the columns that it was fitted on, in that order.",
                fix="Give the same columns.",
                code="E205",
            )
        mean, scale = np.asarray(self.mean), np.asarray(self.scale)
        kept = scale > 0
        return ((values[:, kept] - mean[kept]) / scale[kept]).astype(np.float32)

    def decode(self, rows: np.ndarray) -> Any:
        """Turn rows back into the kind of object that was fitted."""
        mean, scale = np.asarray(self.mean), np.asarray(self.scale)
        values = np.tile(mean, (len(rows), 1))
        values[:, scale > 0] += np.asarray(rows, dtype=np.float64) * scale[scale > 0]
        if self.container == "frame":
            import pandas as pd

            columns = [_cast(values[:, i], dtype) for i, dtype in enumerate(self.dtypes)]
            frame = pd.concat([pd.Series(c) for c in columns], axis=1) if columns else pd.DataFrame()
            frame.columns = pd.Index(self.names)
            return frame
        array = _cast(values, self.dtypes[0]).reshape(len(rows), *self.shape)
        return Data(kind=self.kind, items=array, name=self.name) if self.container == "data" else array  # type: ignore[arg-type]

    def to_json(self) -> dict[str, Any]:
        """Give the codec as JSON-ready values."""
        return {"codec": "vector", **asdict(self)}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        fields = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items() if k != "codec"}
        return cls(**fields)

    def as_array(self) -> Self:
        """Copy the codec so that it gives plain arrays."""
        return replace(self, container="array")


def _cast(values: np.ndarray, dtype: str) -> Any:
    """Round and clip to an integer or boolean type where the user's column had one."""
    import pandas as pd

    kind = pd.api.types.pandas_dtype(dtype)
    if pd.api.types.is_bool_dtype(kind):
        return pd.array(values > 0.5, dtype=dtype) if dtype != "bool" else values > 0.5
    if pd.api.types.is_integer_dtype(kind):
        limits = np.iinfo(getattr(kind, "numpy_dtype", kind))
        values = np.clip(np.rint(values), limits.min, limits.max)
    if isinstance(kind, np.dtype):
        return values.astype(kind)
    return pd.array(values, dtype=dtype)
