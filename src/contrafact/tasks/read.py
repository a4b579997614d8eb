"""Read data from a file, or make a demo set by its name."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from contrafact.base.data import Data, Kind
from contrafact.base.demos import DEMOS, demo
from contrafact.base.errors import DataError, UsageError, did_you_mean
from contrafact.tasks.idx import IDX
from contrafact.tasks.picture_arrays import arranged, forced, parts_of_jpegs
from contrafact.tasks.picture_files import ENDINGS
from contrafact.tasks.pictures import read_pictures

ITEMS = ("items", "x", "X", "data", "images", "x_train", "train_images")
LABELS = ("labels", "y", "target", "y_train", "train_labels")


def _bad(path: Path, why: str, fix: str, code: str = "E202") -> DataError:
    return DataError(f"{path} cannot be read.", why=why, fix=fix, code=code)


def _array(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray) or not parts_of_jpegs(list(loaded)):
                return _as_data(*_items_and_labels(loaded), path)
        return read_pictures(path)
    except (ValueError, OSError, EOFError, IndexError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        raise _bad(path, f"It is no whole NumPy file: {error}.", "Write it again with numpy.save.") from error


def _items_and_labels(loaded: Any) -> tuple[np.ndarray, np.ndarray | None]:
    if isinstance(loaded, np.ndarray):
        return loaded, None
    names = list(loaded)
    items = loaded[next((n for n in ITEMS if n in names), names[0])]
    labels = next((loaded[n] for n in LABELS if n in names), None)
    column = labels is not None and labels.shape == (len(items), 1) if items.ndim else False
    return items, labels[:, 0] if column and labels is not None else labels


def _as_data(items: np.ndarray, labels: np.ndarray | None, path: Path) -> Data:
    if items.dtype.kind not in "biuf" or items.ndim == 0:
        held = "one number" if items.dtype.kind in "biuf" else f"{items.dtype} values, not numbers"
        raise _bad(path, f"It holds {held}.", "Save an array of numbers, a row an item.")
    if items.size == 0:
        raise _bad(path, f"It holds an array of shape {items.shape}.", "Give at least one row and one column.", "E201")
    if labels is not None and labels.shape != items.shape[:1]:
        why = f"It holds {len(items)} items and labels of shape {labels.shape}."
        raise _bad(path, why, "Save one label for each item.")
    seen = arranged(items)
    if seen is not None:
        return Data(kind="pictures", items=seen[0], labels=_fitting(labels, seen[0]), name=path.stem, notes=seen[1])
    return Data(kind="vectors", items=items[:, None] if items.ndim == 1 else items, labels=labels, name=path.stem)


def _fitting(labels: np.ndarray | None, items: np.ndarray) -> np.ndarray | None:
    """Drop the labels of an array that turned out to be a single picture."""
    return labels if labels is not None and len(labels) == len(items) else None


def _frame(path: Path) -> Any:
    import pandas as pd

    ending = path.suffix.lower()
    try:
        if ending == ".parquet":
            return pd.read_parquet(path)
        frame = pd.read_csv(path, sep="\t" if ending == ".tsv" else ",", encoding="utf-8-sig", low_memory=False)
    except UnicodeDecodeError as error:
        raise _bad(
            path,
            f"Byte {error.start} is no UTF-8 text.",
            f"Convert it: iconv -f WINDOWS-1252 -t UTF-8 '{path.name}' > utf8.csv",
            "E208",
        ) from error
    except pd.errors.EmptyDataError as error:
        raise _bad(path, "The file is empty.", "Give a file with a line of column names and rows.", "E201") from error
    except pd.errors.ParserError as error:
        raise _bad(path, f"{error}.", "Mend that line, then run the same command again.") from error
    except ImportError as error:
        raise UsageError(
            f"{path} needs a reader that is not installed.",
            why="Parquet files are read by pyarrow.",
            fix='pip install "contrafact[data]"',
            code="E111",
        ) from error
    except ValueError as error:
        raise _bad(path, f"It is no whole {ending} file: {error}.", "Write it again.") from error
    if not frame.index.equals(pd.RangeIndex(len(frame))):
        raise _bad(path, "Its rows have more cells than there are column names.", "Give every column a name.")
    return frame


def _lines(path: Path) -> Data:
    try:
        lines = [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        fix = f"Convert it: iconv -f WINDOWS-1252 -t UTF-8 '{path.name}' > utf8.txt"
        raise _bad(path, f"Byte {error.start} is no UTF-8 text.", fix, "E208") from error
    if not lines:
        raise _bad(path, "The file has no line of text.", "Give a file with one item a line.", "E201")
    return Data(kind="text", items=lines, name=path.stem)


READERS: dict[str, Callable[[Path], Any]] = {
    ".npy": _array,
    ".npz": _array,
    ".csv": _frame,
    ".tsv": _frame,
    ".parquet": _frame,
    ".txt": _lines,
    ".zip": read_pictures,
    **{ending: read_pictures for ending in ENDINGS if ending != ".npy"},
}


def read(path: str | PathLike[str], kind: Kind | None = None) -> Any:
    """Read data: a DataFrame for tables, a Data object for vectors, pictures and text.

    Arguments:
        path: A file, a folder of pictures, or the name of a demo set where no such file is.
        kind: Force the kind of data in place of guessing it from the file.

    Raises:
        DataError: The file cannot be read; the message says why.
        UsageError: There is no such file or demo set.
    """
    place = Path(path)
    if str(path) in DEMOS and not place.is_file():  # a run's folder may bear the name of its demo set
        return _checked(place, demo(str(path)), kind)
    if not _exists(place):
        raise UsageError(
            f"There is no file and no demo set '{path}'.",
            why=did_you_mean(str(path), DEMOS),
            fix="Give a path that exists, or try: contrafact train ring",
            code="E112",
        )
    try:
        reader = _reader(place, kind)
        if not place.is_dir() and place.stat().st_size == 0:
            raise _bad(place, "The file is empty.", "Give a file with data in it.", "E201")
        return _checked(place, reader(place), kind)
    except OSError as error:
        why = f"The system said: {error.strerror or error}."
        raise _bad(place, why, "Check the file and its permissions.") from error


def _reader(path: Path, kind: Kind | None) -> Callable[[Path], Any]:
    """Choose who reads a path."""
    if path.is_dir() and kind != "text":
        return read_pictures
    reader = _lines if kind == "text" else READERS.get(path.suffix.lower())
    if IDX.search(path.name) and kind != "text":
        reader = read_pictures
    if path.is_dir() or reader is None:
        what = "It is a folder" if path.is_dir() else f"Files ending in '{path.suffix}' are not known"
        raise _bad(path, f"{what}; this version reads {', '.join(READERS)}.", "Convert it to one of these.", "E209")
    return reader


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # such as a name that is too long
        return False


def _checked(path: Path, data: Any, kind: Kind | None) -> Any:
    """Refuse data without rows, and turn an array into the kind that was asked for."""
    if len(data) == 0:
        raise _bad(path, "It has no rows.", "Give a file with at least one row.", "E201")
    have = data.kind if isinstance(data, Data) else "table"
    if kind is None or kind == have:
        return data
    if {kind, have} == {"vectors", "pictures"} and isinstance(data.items, np.ndarray):
        return _forced(path, data, kind)
    raise UsageError(
        f"{path} holds {have}, not {kind}.", why="The kind was forced by --kind.", fix="Leave --kind out.", code="E113"
    )


def _forced(path: Path, data: Data, kind: Kind) -> Data:
    items = data.items
    if kind == "vectors":
        return replace(data, kind=kind, items=items.reshape(len(items), -1))
    if not np.isfinite(items).all():
        raise _bad(path, "It holds missing or infinite numbers.", "Fill or drop those pictures.", "E204")
    seen = forced(items)
    if seen is None:
        why = f"A picture is high x wide, or high x wide x 1, 3 or more; these items are {items.shape[1:]}."
        raise _bad(path, why, "Leave --kind out.")
    return replace(data, kind=kind, items=seen[0], labels=_fitting(data.labels, seen[0]), notes=data.notes + seen[1])
