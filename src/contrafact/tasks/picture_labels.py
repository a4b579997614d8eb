"""Labels of pictures and of sound: the sub-folders that they lie in, or a CSV beside them.

The CSV has a column of names and one of labels. A name may be the path inside the folder, the file's name alone, or
either without its ending, as long as it can only mean one file. A label is any text: a class or a short caption.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from pathlib import PurePosixPath

import numpy as np

from contrafact.tasks.notes import Notes, counted, listed
from contrafact.tasks.picture_files import Entry, Found, stem

Rows = list[list[str]]
WORDS = ("label", "labels", "class", "classes", "category", "caption", "text", "target", "y")


def labels_of(found: Found, notes: Notes) -> np.ndarray | None:
    """Give each file its label, '' where it has none; None where none has one.

    Arguments:
        found: Files and what lies beside them; CSV files that are not used are counted among the others.
        notes: Where names are noted that fit no file.
    """
    if found.labels is not None:
        return found.labels
    labels = _by_table(found, notes)
    if labels is None:
        labels = [entry.name.split("/")[0] if "/" in entry.name else "" for entry in found.entries]
    return np.array(labels) if any(labels) else None


def _by_table(found: Found, notes: Notes) -> list[str] | None:
    named = [table for table in found.tables if stem(table.name).casefold() == "labels"]
    chosen = named[:1] or (found.tables if len(found.tables) == 1 else [])
    labels = None
    for table in chosen:
        labels = _labels_in(table, found, notes)
        if labels is None and named:
            notes.tell("L207", f"{table.name} names no file of this folder.", "Its labels were not used.")
    found.others += [table.name for table in found.tables if labels is None or table not in chosen]
    return labels


def _labels_in(table: Entry, found: Found, notes: Notes) -> list[str] | None:
    """Read a CSV; None where it has no column of names of these files, or no other column."""
    rows = _rows(table, notes)
    places = _Names(found)
    names = _column_of_names(rows, places)
    if names is None:
        return None
    head, body = ([], rows) if _is_name(rows[0], names, places) else (rows[0], rows[1:])
    column = _column_of_labels(table, head, body, names, notes)
    labels, unknown, twice = [""] * len(found.entries), [], []
    for row in body:
        name, label = _cell(row, names), _cell(row, column)
        place = places.find(name)
        if place is None:
            unknown.append(name)
        elif labels[place] not in ("", label):
            twice.append(name)
        else:
            labels[place] = label
    _tell(table, unknown, twice, notes)
    return labels if any(labels) else None


def _tell(table: Entry, unknown: list[str], twice: list[str], notes: Notes) -> None:
    if unknown:
        lines = "1 line" if len(unknown) == 1 else f"{len(unknown):,} lines"
        told = f"{table.name}: {lines} with names that are not there, or could mean several: {listed(unknown)}."
        notes.tell("L207", told, "They were passed over.", count=len(unknown))
    if twice:
        told = f"{table.name} gives {counted(len(twice), 'name')} a second, other label: {listed(twice)}."
        notes.tell("L207", told, "The first was kept.", count=len(twice))


def _rows(table: Entry, notes: Notes) -> Rows:
    """Read the cells of a table, whichever mark stands between them."""
    try:
        with table.load() as file:
            text = file.read().decode("utf-8-sig")
        first = text.partition("\n")[0]
        mark = max(",;\t", key=first.count)
        return [row for row in csv.reader(io.StringIO(text), delimiter=mark) if any(cell.strip() for cell in row)]
    except (OSError, ValueError, csv.Error) as error:  # bytes that are no UTF-8 are a ValueError
        notes.tell("L207", f"{table.name} cannot be read: {error}.", "Its labels were not used.")
        return []


class _Names:
    """Find a file by what a table calls it."""

    def __init__(self, found: Found) -> None:
        self.endings = found.endings
        self.ways: list[dict[str, int | None]] = [{}, {}, {}, {}]
        for place, entry in enumerate(found.entries):
            for way, name in zip(self.ways, _forms(entry.name), strict=True):
                way[name] = None if name in way else place

    def find(self, cell: str) -> int | None:
        """Give the number of the one file that is meant, or None."""
        name = _plain(cell)
        return next((way[name] for way in self.ways if name in way), None)

    def sureness(self, cell: str) -> int:
        """Grade how surely a cell names a file: 3 with its ending, 2 for the ending alone, 1 for the name alone."""
        name = _plain(cell)
        if any(name in way for way in self.ways[:2]):
            return 3
        return 2 if PurePosixPath(name).suffix.lower() in self.endings else int(any(name in way for way in self.ways))


def _plain(cell: str) -> str:
    return unicodedata.normalize("NFC", cell.replace("\\", "/").removeprefix("./"))


def _forms(name: str) -> tuple[str, str, str, str]:
    path = unicodedata.normalize("NFC", name)
    return path, path.rpartition("/")[2], stem(path), stem(path).rpartition("/")[2]


def _cell(row: list[str], column: int) -> str:
    return row[column].strip() if column < len(row) else ""


def _column_of_names(rows: Rows, places: _Names) -> int | None:
    width = max(map(len, rows), default=0)
    hits = [sum(places.sureness(_cell(row, column)) for row in rows) for column in range(width)]
    return hits.index(max(hits)) if width > 1 and max(hits) else None


def _is_name(row: list[str], column: int, places: _Names) -> bool:
    """Say whether a table's first line is a file already, not the names of its columns."""
    cell = _cell(row, column)
    return places.find(cell) is not None or PurePosixPath(cell).suffix.lower() in places.endings


def _column_of_labels(table: Entry, head: list[str], body: Rows, names: int, notes: Notes) -> int:
    """Choose the column of labels: by its name, else the first that is not that of the names."""
    width = max(map(len, body), default=len(head))
    others = [column for column in range(max(width, len(head))) if column != names]
    words = [cell.strip().casefold() for cell in head]
    known = [column for word in WORDS for column in others if column < len(words) and words[column] == word]
    chosen = (known or others)[0]
    if len(others) > 1 and not known:
        called = f"'{_cell(head, chosen)}'" if head else f"{chosen + 1}"
        notes.tell("L207", f"{table.name} has several columns beside the names.", f"Column {called} gives the labels.")
    return chosen
