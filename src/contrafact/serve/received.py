"""Rows that came in a request, as a frame like those that were fitted."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contrafact.base.errors import DataError, did_you_mean
from contrafact.codecs.files import ranged, reading
from contrafact.serve.questions import wrong

MOST_COLUMNS, SHOWN_LEVELS = 10_000, 50
BODY = Path("The CSV of the request")
MOMENTS = ("datetime64", "timedelta64")


@dataclass(frozen=True, kw_only=True)
class Known:
    """A column that a model's rows may have.

    Arguments:
        name: Its name.
        dtype: The dtype that it was fitted with.
        role: What it is to the model.
        levels: Its levels, where it has few.
    """

    name: str
    dtype: str = ""
    role: str = ""
    levels: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Give the record as JSON-ready values."""
        return {"name": self.name, "type": self.dtype, "role": self.role, "levels": list(self.levels)}


def known_columns(codec: Any) -> tuple[Known, ...]:
    """List the columns that a codec knows; none where it knows no columns."""
    schema = next((found for holder in (codec, *_inner(codec)) if (found := getattr(holder, "schema", None))), None)
    if schema is not None:
        own = {str(column.name): _known(column) for column in schema}
        return tuple(own.get(name, Known(name=name)) for name in (_treated(codec) or own))
    names = getattr(codec, "names", ())
    dtypes = getattr(codec, "dtypes", ())
    dtypes = dtypes if len(dtypes) == len(names) else [""] * len(names)
    return tuple(Known(name=str(name), dtype=str(dtype)) for name, dtype in zip(names, dtypes, strict=True))


def _inner(codec: Any) -> list[Any]:
    return [getattr(codec, name) for name in ("table", "layout", "codec") if getattr(codec, name, None) is not None]


def _treated(codec: Any) -> tuple[str, ...]:
    """Name the covariates of a codec of treatments."""
    return tuple(map(str, codec.names)) if hasattr(codec, "treatment") else ()


def _known(column: Any) -> Known:
    words = tuple(map(str, column.words)) if len(column.words) <= SHOWN_LEVELS else ()
    return Known(name=str(column.name), dtype=column.dtype, role=column.role, levels=words)


def frame_of(rows: Sequence[Mapping[str, Any]] | str, known: Sequence[Known]) -> Any:
    """Make a frame of rows.

    Arguments:
        rows: Records, or the text of a CSV file.
        known: The columns that rows may have; none: any.

    Raises:
        Refusal: A column is unknown, or the rows cannot be read.
    """
    frame = _of_text(rows, known) if isinstance(rows, str) else _of_records(rows, known)
    for column in known:
        if column.dtype.startswith(MOMENTS) and column.name in frame.columns:
            frame[column.name] = _moments(frame[column.name], column)
    return frame


def _of_text(text: str, known: Sequence[Known]) -> Any:
    import pandas as pd

    try:
        head = next(csv.reader(io.StringIO(text)), [])
    except csv.Error as error:
        raise wrong(
            "The CSV cannot be read.", f"The reader said: {error}.", "Send a line of names, then rows."
        ) from None
    _check_names(head, known)
    if len(set(head)) < len(head):
        raise wrong("Two columns share a name.", "The first line names the columns.", "Give each its own.")
    with reading(BODY):
        return ranged(BODY, pd.read_csv(io.StringIO(text), low_memory=False))


def _of_records(rows: Sequence[Mapping[str, Any]], known: Sequence[Known]) -> Any:
    import pandas as pd

    names = {name: None for row in rows for name in row}
    _check_names(list(names), known)
    columns = [column.name for column in known] or list(names)
    return pd.DataFrame({name: _column([row.get(name) for row in rows]) for name in columns})


def _column(cells: list[Any]) -> Any:
    """Read cells as a reader of CSV files reads them: a column of holes is one of numbers."""
    import pandas as pd

    if all(cell is None for cell in cells):
        return pd.Series(cells, dtype="float64")
    try:
        return pd.Series(cells)
    except (OverflowError, ValueError, TypeError):  # whole numbers and truths that no common dtype holds
        return pd.Series(cells, dtype=object)


def _check_names(names: Sequence[str], known: Sequence[Known]) -> None:
    own = {column.name for column in known}
    if len(names) > (len(own) or MOST_COLUMNS):
        raise wrong(f"{len(names):,} columns are too many.", f"The model knows {len(own):,}.", "Leave the others out.")
    for name in names:
        if own and name not in own:
            why = did_you_mean(name[:80], sorted(own)[:1000])
            raise wrong(f"There is no column '{name[:80]}'.", why, "Give the columns that the model was fitted on.")


def _moments(column: Any, known: Known) -> Any:
    """Read the texts of dates or durations."""
    import pandas as pd

    zone = "," in known.dtype
    try:
        if known.dtype.startswith("timedelta64"):
            return pd.to_timedelta(column)
        return pd.to_datetime(column, format="ISO8601", utc=zone)
    except (ValueError, TypeError, OverflowError) as error:
        raise DataError(
            f"Column '{known.name}' holds what is no moment.",
            why=f"The reader said: {str(error)[:200]}",
            fix='Write dates like "2024-05-31" or "2024-05-31T12:30:00".',
            code="E706",
        ) from None
