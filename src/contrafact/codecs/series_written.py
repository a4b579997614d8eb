"""Windows of numbers -> rows of a table of series: written as the cells that were fitted, stamped and named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from contrafact.codecs.cells import Cells, read
from contrafact.codecs.keys import made_anew
from contrafact.codecs.schema import Column
from contrafact.codecs.series_cells import NUMBER, UNKNOWN
from contrafact.codecs.series_panel import Panel
from contrafact.codecs.table import as_frame
from contrafact.codecs.written import write


def decoded(codec: Any, windows: Mapping[str, np.ndarray], start: int = 0, total: int = 0) -> Any:
    """Turn windows into a frame with the fitted columns, dtypes and names, a series below the other.

    Arguments:
        codec: Knows the columns.
        windows: values, points, first, length, told, traits.
        start: The number of the first series, which its name is made from.
        total: How many series there will be in all, where these are a part of them.
    """
    steps = windows["values"].shape[1]
    inside = np.arange(steps) < np.asarray(windows["length"])[:, None]
    owner, place = np.nonzero(inside)
    columns: dict[int, Any] = {}
    for number, (at, variable) in enumerate(zip(codec.layout.variables, codec.variables, strict=False)):
        parts = (windows[name][owner, place, number] for name in ("values", "points"))
        columns[at] = write(variable.column, variable.decode(*parts))
    for number, (at, variable) in enumerate(zip(codec.layout.attributes, codec.attributes, strict=True)):
        parts = (windows[name][owner, number] for name in ("told", "traits"))
        columns[at] = write(variable.column, variable.decode(*parts))
    if codec.layout.time is not None:
        columns[codec.layout.time] = _stamped(codec, windows, owner, place)
    for at in codec.layout.others:
        columns[at] = made_anew(_unlearned(codec.layout.schema.columns[at]), len(owner))
    return _framed(codec, columns, owner, start, max(total, start + len(inside)))


def _stamped(codec: Any, windows: Mapping[str, np.ndarray], owner: np.ndarray, place: np.ndarray) -> Any:
    """Write the time stamps."""
    assert codec.time is not None
    first = np.asarray(windows["first"])
    if codec.clock.kind != "uneven":
        numbers = codec.clock.stamps(first[owner] + place)
    else:
        gaps = codec.variables[-1].decode(windows["values"][..., -1], windows["points"][..., -1]).numbers
        gaps = np.where(np.isnan(gaps), codec.clock.step, gaps)
        gaps[:, 0] = codec.clock.first + codec.clock.step * first
        numbers = np.cumsum(gaps, axis=1)[owner, place]
    return write(codec.time, Cells(numbers=numbers, words=np.full(len(numbers), NUMBER)))


def _framed(codec: Any, columns: dict[int, Any], owner: np.ndarray, start: int, total: int) -> Any:
    import pandas as pd

    rows = len(owner)
    if codec.id is not None and codec.layout.id is not None:
        count = int(owner.max(initial=-1)) + 1
        names = _named(made_anew(codec.id, count, start, total))
        columns[codec.layout.id] = names.iloc[owner].reset_index(drop=True)
    parts = [columns[place].reset_index(drop=True) for place in range(len(codec.names))]
    frame = pd.concat(parts, axis=1) if rows else pd.concat([part.iloc[:0] for part in parts], axis=1)
    frame.columns = pd.Index(codec.names)
    if codec.id is None:
        frame.insert(0, codec.label, owner + start)
    return frame


def move_on(codec: Any, made: Any, last: Any, steps: int) -> None:
    """Count the uneven stamps of rows that follow from the stamps of the last rows before them, in place.

    Arguments:
        codec: Knows the columns.
        made: Rows that follow, so many of each series.
        last: The last row of each series.
        steps: How many rows follow each.
    """
    if codec.time is None or codec.layout.time is None:
        return
    place = codec.layout.time
    numbers = read(made.iloc[:, place], codec.time).numbers.reshape(-1, steps)
    ends = read(last.iloc[:, place], codec.time).numbers
    moved = numbers - numbers[:, :1] + codec.clock.step + ends[:, None]
    made.isetitem(place, write(codec.time, Cells(numbers=moved.ravel(), words=np.full(moved.size, NUMBER))))


def filled(codec: Any, data: Any, panel: Panel, values: np.ndarray, points: np.ndarray) -> Any:
    """Copy a table with cells in its holes; the others keep their bits.

    Arguments:
        codec: Knows the columns.
        data: The table.
        panel: Its series, laid out.
        values: Numbers of all steps.
        points: Points of all steps.
    """
    frame = as_frame(data)
    made, places = frame.copy(), {str(name): place for place, name in enumerate(frame.columns)}
    at = np.flatnonzero(panel.rows >= 0)
    for number, variable in zip(range(len(codec.layout.variables)), codec.variables, strict=False):
        own = at[panel.points[at, number] == UNKNOWN]
        own = own[points[own, number] != UNKNOWN]
        if not len(own):
            continue
        cells = variable.decode(values[own, number], points[own, number])
        place = places[str(variable.column.name)]
        made.isetitem(place, _put(frame.iloc[:, place], panel.rows[own], write(variable.column, cells)))
    return made


def _unlearned(column: Column) -> Column:
    return column if column.role in ("key", "text", "constant") else replace(column, role="text")


def _put(column: Any, rows: np.ndarray, cells: Any) -> Any:
    """Copy a column with cells at some rows, in its own dtype, or the nearest that holds them."""
    made = column.copy()
    if made.dtype.name == "category" or str(made.dtype) == str(cells.dtype):
        made.iloc[rows] = cells.to_numpy() if made.dtype.name != "category" else cells.astype(object).to_numpy()
        return made
    boxed = made.astype(object)
    boxed.iloc[rows] = cells.astype(object).to_numpy()
    return boxed.astype(made.dtype) if made.dtype != object else boxed


def _named(names: Any) -> Any:
    """Call new series so, where keys of the fitted shape are too few for new ones."""
    if names.dtype.kind in "iufmM":
        return names
    return names.astype(object).map(lambda name: str(name).replace("row-", "series-")).astype(names.dtype)
