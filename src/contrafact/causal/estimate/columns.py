"""From columns of a frame to numbers that can be regressed on.

Numbers, dates and truth values become one column each, other values a column of zeros and ones for each level but the
commonest; rare levels are taken together. A hole is filled with the median, and a column that says where holes were
stands beside it: whoever was not asked may differ from whoever was. Nothing is done without a note.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

Array = np.ndarray[Any, np.dtype[np.float64]]
MOST_LEVELS, LEAST_IN_LEVEL, LEAST_HOLES = 30, 5, 5
GIVEN = "holes: they are given"  # how notes speak of holes that nothing has filled


@dataclass(frozen=True, kw_only=True)
class Covariates:
    """What is adjusted for, as numbers.

    Arguments:
        matrix: A row for each row of the frame, standardised columns.
        names: One for each column: "age", "city = Rome", "age is missing".
        sources: The column of the frame that each came from.
        notes: What was done to them, in words.
    """

    matrix: Array
    names: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.matrix)

    def at(self, rows: Any) -> Covariates:
        """Keep some rows."""
        return Covariates(matrix=self.matrix[rows], names=self.names, sources=self.sources, notes=self.notes)

    def beside(self, column: Array, name: str) -> Covariates:
        """Put one more column of numbers beside them."""
        matrix = np.column_stack([self.matrix, column])
        return Covariates(matrix=matrix, names=(*self.names, name), sources=(*self.sources, name), notes=self.notes)


def covariates(frame: pd.DataFrame, names: Sequence[str]) -> Covariates:
    """Make numbers of some columns.

    Arguments:
        frame: The data.
        names: The columns.
    """
    found = [part for name in names for part in _parts(frame[name], name)]
    told = [note for name in names for note in _notes(frame[name], name)]
    kept = [(name, source, values) for name, source, values in found if values.std() > 0]
    if not kept:
        return Covariates(matrix=np.zeros((len(frame), 0)), notes=tuple(told))
    matrix = np.column_stack([values for _, _, values in kept])
    return Covariates(
        matrix=(matrix - matrix.mean(axis=0)) / matrix.std(axis=0),
        names=tuple(name for name, _, _ in kept),
        sources=tuple(source for _, source, _ in kept),
        notes=tuple(told),
    )


def numbers(column: pd.Series[Any]) -> Array | None:
    """Give a column of numbers, dates or truth values as numbers; None for others."""
    from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype, is_timedelta64_dtype

    if is_datetime64_any_dtype(column) or is_timedelta64_dtype(column):
        known = column.notna().to_numpy()
        seconds = np.full(len(column), np.nan)
        seconds[known] = column[known].to_numpy().astype("int64") / 1e9
        return seconds
    if is_bool_dtype(column) or is_numeric_dtype(column):
        values = column.to_numpy(dtype=float, na_value=np.nan)
        return np.where(np.isfinite(values), values, np.nan)
    kept = column.dropna()
    if len(kept) and kept.map(lambda cell: isinstance(cell, bool | int | float | np.number)).all():
        return np.asarray(column.astype(float), dtype=np.float64)
    return None


def is_key(column: pd.Series[Any]) -> bool:
    """Tell whether text differs in almost every row: it names rows and says nothing about them."""
    return numbers(column) is None and column.nunique() > max(0.5 * column.notna().sum(), MOST_LEVELS)


def _parts(column: pd.Series[Any], name: str) -> Iterator[tuple[str, str, Array]]:
    values = numbers(column)
    if values is None:
        yield from _levels(column, name)
        return
    holes = np.isnan(values)
    if holes.all():
        return
    yield name, name, np.where(holes, np.nanmedian(values), values)
    if holes.sum() >= LEAST_HOLES:
        yield f"{name} is missing", name, holes.astype(float)


def _levels(column: pd.Series[Any], name: str) -> Iterator[tuple[str, str, Array]]:
    words = column.astype(object).where(column.notna(), None).map(lambda cell: "missing" if cell is None else str(cell))
    counts = words.value_counts()
    shown = [str(level) for level, count in counts.items() if count >= LEAST_IN_LEVEL][: MOST_LEVELS + 1]
    cells = words.to_numpy()
    for level in shown[1:]:
        yield f"{name} = {level}", name, (cells == level).astype(float)
    if shown and (rest := ~np.isin(cells, shown)).any():
        yield f"{name} is rare", name, rest.astype(float)


def _notes(column: pd.Series[Any], name: str) -> Iterator[str]:
    holes = int(column.isna().sum())
    if holes == len(column):
        yield f"'{name}' is empty and not adjusted for."
    elif column.nunique() == 1 and not holes:
        yield f"'{name}' is the same in every row: the answer is about such rows."
    elif holes:
        told = "its median, and a column says where" if numbers(column) is not None else "a level of their own"
        yield f"'{name}' has {holes:,} {GIVEN} {told}."
    if numbers(column) is None and column.nunique() > MOST_LEVELS:
        yield f"'{name}' has {column.nunique():,} levels: beyond the {MOST_LEVELS} commonest they are taken together."
