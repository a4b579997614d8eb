"""Read lines of text: a file, a folder of files with a class each, pairs that a tab parts, or a table's column.

Every line that is not blank is an item; what ends a line is a line feed, a carriage return, or both. Lines that all
hold one tab are pairs, a line and what it becomes; where few different words stand before the tab, these are classes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from contrafact.base.data import Data, Pairs
from contrafact.codecs.files import unreadable
from contrafact.tasks.notes import Notes, counted, listed

ENDINGS = (".txt", ".text")
MOST_CLASSES = 50
REPEATED = 4  # lines of a class on average, for words before a tab to be classes
LABELS = ("label", "labels", "class", "category", "sentiment", "target", "y", "topic", "intent")
TEXTS = ("text", "line", "sentence", "content", "review", "message", "comment", "title", "description")
PAIRS = ("source", "target")


def lines_in(path: Path) -> list[str]:
    """Read the lines of a file that are not blank.

    Raises:
        DataError: It is not UTF-8, or has no line.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise unreadable(path, f"Byte {error.start} is no UTF-8 text.", _conversion(path, error), "E208") from error
    lines = [line for line in re.split(r"\r\n|\r|\n", text) if line.strip()]
    if not lines:
        raise unreadable(path, "The file has no line of text.", "Give a file with one item a line.", "E201")
    return lines


def _conversion(path: Path, error: UnicodeDecodeError) -> str:
    begin = bytes(error.object[:2])
    encoding = "UTF-16" if begin in (b"\xff\xfe", b"\xfe\xff") else "WINDOWS-1252"
    return f"Convert it: iconv -f {encoding} -t UTF-8 '{path.name}' > utf8.txt"


def read_lines(path: Path) -> Data | Pairs:
    """Read a file of lines; pairs and classes are told by the tab in every line."""
    lines = lines_in(path)
    parts = _parted(lines)
    if parts is None:
        return Data(kind="text", items=lines, name=path.stem)
    before, after = parts
    classes = len(set(before))
    if 1 < classes <= MOST_CLASSES and len(lines) >= REPEATED * classes:
        notes = Notes()
        notes.tell("L251", f"The {classes} different words before the tab are read as classes.", AS_PAIRS)
        return Data(kind="text", items=after, labels=np.array(before), name=path.stem, notes=notes.all())
    return _pairs(before, after, path)


AS_PAIRS = "As pairs of lines: --kind 'text pairs'"


def _parted(lines: Sequence[str]) -> tuple[list[str], list[str]] | None:
    cut = [line.split("\t") for line in lines]
    if any(len(parts) != 2 or not all(part.strip() for part in parts) for parts in cut):
        return None
    return [parts[0] for parts in cut], [parts[1] for parts in cut]


def _pairs(before: list[str], after: list[str], path: Path) -> Pairs:
    sides = (Data(kind="text", items=items, name=path.stem) for items in (before, after))
    return Pairs(source=next(sides), target=next(sides))


def read_text(path: Path) -> Data:
    """Read a file, a folder of files, or a table's column of text, as lines without looking for pairs."""
    if path.is_dir():
        return _folder(path)
    if path.suffix.lower() in (".csv", ".tsv", ".parquet"):
        return _column(path)
    data = read_lines(path)
    return data if isinstance(data, Data) else Data(kind="text", items=lines_in(path), name=path.stem)


def read_pairs_of_text(path: Path) -> Pairs:
    """Read pairs of lines: a tab in each line of a file, or the columns source and target of a table.

    Raises:
        DataError: A line has no tab, or more than one, or nothing beside it.
    """
    if path.suffix.lower() in (".csv", ".parquet"):
        return _pairs_of_columns(path)
    lines = lines_in(path)
    parts = _parted(lines)
    if parts is None:
        number, line = next((i, line) for i, line in enumerate(lines, 1) if _parted([line]) is None)
        why = f"Line {number} of those that are not blank is {line[:60]!r}: {line.count(chr(9))} tabs in it."
        raise unreadable(path, why, "Write 'source TAB target' in every line, with something on both sides.", "E633")
    return _pairs(*parts, path)


def _frame(path: Path) -> Any:
    import pandas as pd

    from contrafact.codecs.files import reading

    with reading(path):
        if path.suffix.lower() == ".parquet":
            return pd.read_parquet(path)
        sep = "\t" if path.suffix.lower() == ".tsv" else ","
        return pd.read_csv(path, sep=sep, encoding="utf-8-sig", low_memory=False)


def _pairs_of_columns(path: Path) -> Pairs:
    frame = _frame(path)
    names = {str(column).lower(): column for column in frame.columns}
    if not all(name in names for name in PAIRS):
        why = f"It has the columns {listed(map(str, frame.columns))}."
        raise unreadable(path, why, "Name two columns source and target.", "E633")
    kept = frame[[names[name] for name in PAIRS]].dropna().astype(str)
    before, after = (_flat(kept[column]) for column in kept.columns)
    return _pairs(before, after, path)


def _column(path: Path) -> Data:
    frame, notes = _frame(path), Notes()
    spoken = [c for c in frame.columns if not _numeric(frame[c])]
    if not spoken:
        notes.tell("L252", "None of the columns holds text: the lines are read as they stand.")
        return Data(kind="text", items=lines_in(path), name=path.stem, notes=notes.all())
    named = [c for c in spoken if str(c).lower() in TEXTS]
    text = named[0] if named else max(spoken, key=lambda c: frame[c].dropna().astype(str).str.len().mean())
    label = _label_of(frame, text)
    kept = frame[frame[text].notna() & (True if label is None else frame[label].notna())]
    kept = kept[kept[text].astype(str).str.strip() != ""]
    read = f"Column {text!r} is read as the text" + ("." if label is None else f", column {label!r} as its class.")
    notes.tell("L252", read, "Other columns are passed over." if len(frame.columns) > 1 + (label is not None) else "")
    if len(kept) < len(frame):
        notes.tell("L253", f"{counted(len(frame) - len(kept), 'row')} without text or class were passed over.")
    labels = None if label is None else np.asarray(kept[label].tolist())
    return Data(kind="text", items=_flat(kept[text]), labels=labels, name=path.stem, notes=notes.all())


def _flat(column: Any) -> list[str]:
    """Give cells as lines: a line break inside a cell becomes a blank."""
    return [re.sub(r"\s*[\r\n]+\s*", " ", str(cell)).strip() for cell in column]


def _numeric(column: Any) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype))


def _label_of(frame: Any, text: Any) -> Any:
    """Find the column of classes: one that is named so, else the only other one with few different values."""
    few = {c: frame[c].nunique() for c in frame.columns if c != text}
    few = {c: n for c, n in few.items() if 1 < n <= MOST_CLASSES and len(frame) >= REPEATED * n}
    named = [c for c in few if str(c).lower() in LABELS]
    return named[0] if named else next(iter(few)) if len(few) == 1 else None


def _folder(folder: Path) -> Data:
    """Read a folder: the sub-folder is the class, or else the name of the file."""
    files = sorted(f for f in folder.rglob("*") if f.suffix.lower() in ENDINGS and f.is_file() and f.name[0] != ".")
    if not files:
        raise unreadable(folder, "There is no .txt file in it.", "Give a folder of .txt files.", "E209")
    notes, items, labels = Notes(), [], []
    below = all(len(f.relative_to(folder).parts) > 1 for f in files)
    for file in files:
        if file.stat().st_size == 0:
            notes.tell("L254", f"{file.name} is empty.", "It was passed over.")
            continue
        lines = lines_in(file)
        items += lines
        labels += [file.relative_to(folder).parts[0] if below else file.stem] * len(lines)
    if not items:
        raise unreadable(folder, "All its .txt files are empty.", "Give files with one item a line.", "E201")
    classes = len(set(labels))
    if classes > 1:
        what = "sub-folders" if below else "files"
        notes.tell("L255", f"{counted(len(items), 'line')}: the {classes} {what} are read as classes.")
    known = np.array(labels) if classes > 1 else None
    return Data(kind="text", items=items, labels=known, name=folder.name, notes=notes.all())


def mostly_text(folder: Path) -> bool:
    """Tell a folder of text files, one or two levels deep, from other folders."""
    if not folder.is_dir():
        return False
    found = [f for level in ("*", "*/*") for f in folder.glob(level) if f.is_file() and f.name[0] != "."]
    text = [f for f in found if f.suffix.lower() in ENDINGS]
    others = [f for f in found if f.suffix.lower() not in (*ENDINGS, ".md", "")]
    return len(text) > 0 and not others
