"""Tables of series that have a class each: read, taken apart, and put together again with new ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import DataError
from contrafact.codecs.keys import made_anew
from contrafact.codecs.series import SeriesCodec
from contrafact.codecs.series_layout import Layout, codes_of, layout_of
from contrafact.tasks.series import as_series
from contrafact.tasks.strands import strands_of, written
from contrafact.tasks.table_maker import beside, column_named, table_of
from contrafact.tasks.table_trial import MOST_CLASSES


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassedSeries:
    """A table of series, each of one class.

    Arguments:
        frame: The user's table.
        told: The same with the class written as text in every row; without series of no class.
        codec: Knows its columns.
        target: The column of the class.
        owners: The number of each row's series, in the order in which they first come.
        labels: The class of each series, as text.
        cells: The class as the user has it, by its text.
        unknown: How many series have no class.
    """

    frame: Any
    told: Any
    codec: SeriesCodec
    target: Any
    owners: np.ndarray
    labels: np.ndarray
    cells: dict[str, Any]
    unknown: int

    @classmethod
    def of(cls, data: Any, target: Any, asked: Mapping[str, Any]) -> Self:
        """Read a table and the class of each of its series.

        Arguments:
            data: A frame.
            target: The column of the class.
            asked: The columns of time and id, and what others are, where the user says so.
        """
        frame = table_of(data)
        if target is None:
            raise _classless("No column of classes was named.", "It must be known of which class each series is.")
        name = column_named(frame, target)
        layout = _layout(frame, name, asked)
        time, id = (None if place is None else layout.schema.columns[place].name for place in (layout.time, layout.id))
        owners = codes_of(frame[id])
        labels, cells = _classes(frame[name], owners, frame[id])
        known = np.array([label is not None for label in labels])
        if not known.any():
            raise _classless(f"Column '{name}' is empty.", "It must be known of which class each series is.")
        rows = np.flatnonzero(known[owners])
        told = frame.iloc[rows].reset_index(drop=True)
        told[name] = labels[owners[rows]].astype(str)
        columns = {**(asked.get("columns") or {}), str(name): "category"}
        return cls(
            frame=frame,
            told=told,
            codec=SeriesCodec.fit(told, time=time, id=id, columns=columns),
            target=name,
            owners=codes_of(told[id]),
            labels=labels[known].astype(str),
            cells=cells,
            unknown=int((~known).sum()),
        )

    @property
    def data(self) -> Data:
        """The series one by one, with their classes."""
        return Data(kind="series", items=strands_of(self.codec, self.told), labels=self.labels, name="This table")

    def part(self, series: np.ndarray) -> Any:
        """Give the rows of some series."""
        return self.codec.marked(self.told[np.isin(self.owners, series)].reset_index(drop=True))

    def with_new(self, made: Data) -> Any:
        """Put new series below the user's, under names that no other has; a column tells which is which.

        Arguments:
            made: Strands, with their classes as text.
        """
        id, frame = self.codec.names[self.codec.layout.id or 0], self.frame
        if frame[id].dtype.name == "category":  # it cannot hold new names
            frame = frame.copy()
            frame[id] = frame[id].astype(frame[id].cat.categories.dtype)
        new = frame.iloc[:0]
        if len(made):
            new, lengths = written(self.codec, made.items), [len(strand.steps) for strand in made.items]
            classes = _boxed([self.cells[str(label)] for label in np.asarray(made.labels)])
            new[id] = np.repeat(new_names(self.codec, frame[id], len(made)), lengths)
            new[self.target] = np.repeat(classes, lengths)
        both = as_series(beside(frame, new))
        both.attrs["id"] = id
        if self.codec.time is not None:
            both.attrs["time"] = self.codec.time.name
        return both

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be known of the series."""
        left = f"{self.unknown:,} series have no class in column '{self.target}' and were left out."
        return (left,) if self.unknown else ()


def _layout(frame: Any, target: Any, asked: Mapping[str, Any]) -> Layout:
    """Find what tells the series and their time, which the class is not.

    Raises:
        DataError: Nothing tells series apart, or the class does.
    """
    for word in ("id", "time"):
        if asked.get(word) is not None and str(asked[word]) == str(target):
            what = "tells series apart" if word == "id" else "is the time"
            raise _classless(f"Column '{target}' {what}.", "The class of a series is another column.")
    columns = {name: role for name, role in (asked.get("columns") or {}).items() if str(name) != str(target)}
    layout = layout_of(frame.drop(columns=[target]), asked.get("time"), asked.get("id"), columns)
    if layout.id is None:
        raise _classless("These rows are one series.", "No column tells series apart.")
    return layout


def _classes(column: Any, owners: np.ndarray, ids: Any) -> tuple[np.ndarray, dict[str, Any]]:
    """Give the class of each series as text, None where no row has one, and the cells that the texts stand for.

    Raises:
        DataError: A series has two classes, or there are too many classes.
    """
    there = np.flatnonzero(column.notna().to_numpy())
    cells = column.iloc[there].tolist()
    labels = np.full(int(owners.max()) + 1, None, dtype=object)
    found: dict[str, Any] = {}
    for owner, row, cell in zip(owners[there].tolist(), there.tolist(), cells, strict=True):
        text = str(cell)
        if labels[owner] is None:
            labels[owner] = text
            found.setdefault(text, cell)
        elif labels[owner] != text:
            raise _classless(
                f"Column '{column.name}' changes within series '{ids.iloc[row]}': '{labels[owner]}', then '{text}'.",
                "The class of a series is the same in all its rows.",
            )
    if len(found) > MOST_CLASSES:
        raise DataError(
            f"Column {column.name!r} has {len(found):,} different values.",
            why=f"Classes are 2 to {MOST_CLASSES} values that series share.",
            fix="Name a column of classes.",
            code="E248",
        )
    return labels, found


def _classless(what: str, why: str) -> DataError:
    return DataError(
        what,
        why=f"{why} augment takes several series, each of one class.",
        fix="--target COL names the class, --set id=COL what tells series apart; cut a long series into pieces first.",
        code="E663",
    )


def new_names(codec: SeriesCodec, taken: Any, count: int) -> np.ndarray:
    """Give names for new series that no series has.

    Arguments:
        codec: Knows how names are written.
        taken: The names that there are.
        count: How many are needed.
    """
    assert codec.id is not None
    had = set(taken.tolist())
    names = [name for name in made_anew(codec.id, count + len(had)).tolist() if name not in had]
    return _boxed([name.replace("row-", "series-") if isinstance(name, str) else name for name in names[:count]])


def _boxed(cells: list[Any]) -> np.ndarray:
    made = np.empty(len(cells), dtype=object)
    made[:] = cells
    return made
