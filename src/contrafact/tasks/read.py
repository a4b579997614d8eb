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

from contrafact.base.data import Data, Kind, kind_of
from contrafact.base.demos import DEMOS, demo
from contrafact.base.errors import UsageError, did_you_mean
from contrafact.codecs.files import TEXTS, TableFile, ranged, reading, unreadable
from contrafact.tasks.idx import IDX
from contrafact.tasks.picture_arrays import arranged, forced, parts_of_jpegs
from contrafact.tasks.picture_files import ENDINGS
from contrafact.tasks.pictures import read_pictures
from contrafact.tasks.series import as_series
from contrafact.tasks.sound import read_sound
from contrafact.tasks.sound_files import ENDINGS as SOUNDS
from contrafact.tasks.sound_files import mostly_sound
from contrafact.tasks.text_files import mostly_text, read_lines, read_pairs_of_text, read_text

MANY_ROWS, MANY_CELLS, MANY_BYTES = 50_000, 1_000_000, 50 * 2**20  # beyond, tables are read block by block
ITEMS = ("items", "x", "X", "data", "images", "x_train", "train_images")
LABELS = ("labels", "y", "target", "y_train", "train_labels")


def _array(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray) or not parts_of_jpegs(list(loaded)):
                return _as_data(*_items_and_labels(loaded), path)
        return read_pictures(path)
    except (ValueError, OSError, EOFError, IndexError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        raise unreadable(path, f"It is no whole NumPy file: {error}.", "Write it again with numpy.save.") from error


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
        raise unreadable(path, f"It holds {held}.", "Save an array of numbers, a row an item.")
    if items.size == 0:
        raise unreadable(
            path, f"It holds an array of shape {items.shape}.", "Give at least one row and one column.", "E201"
        )
    if labels is not None and labels.shape != items.shape[:1]:
        why = f"It holds {len(items)} items and labels of shape {labels.shape}."
        raise unreadable(path, why, "Save one label for each item.")
    seen = arranged(items)
    if seen is not None:
        return Data(kind="pictures", items=seen[0], labels=_fitting(labels, seen[0]), name=path.stem, notes=seen[1])
    return Data(kind="vectors", items=items[:, None] if items.ndim == 1 else items, labels=labels, name=path.stem)


def _fitting(labels: np.ndarray | None, items: np.ndarray) -> np.ndarray | None:
    """Drop the labels of an array that turned out to be a single picture."""
    return labels if labels is not None and len(labels) == len(items) else None


def _frame(path: Path) -> Any:
    import pandas as pd

    with reading(path):
        if path.suffix.lower() == ".parquet":
            return pd.read_parquet(path)
        sep = "\t" if path.suffix.lower() == ".tsv" else ","
        return ranged(path, pd.read_csv(path, sep=sep, encoding="utf-8-sig", low_memory=False))


READERS: dict[str, Callable[[Path], Any]] = {
    ".npy": _array,
    ".npz": _array,
    ".csv": _frame,
    ".tsv": _frame,
    ".parquet": _frame,
    ".txt": read_lines,
    ".text": read_lines,
    ".zip": read_pictures,
    **{ending: read_pictures for ending in ENDINGS if ending != ".npy"},
    **dict.fromkeys(SOUNDS, read_sound),
}

SPOKEN: dict[str, Callable[[Path], Any]] = {"text": read_text, "text pairs": read_pairs_of_text}


def read(path: str | PathLike[str], kind: Kind | None = None) -> Any:
    """Read data: a DataFrame for tables, a Data object for vectors, pictures, sound and text.

    Arguments:
        path: A file, a folder of pictures, of recordings or of text, or the name of a demo set where no such file is.
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
            raise unreadable(place, "The file is empty.", "Give a file with data in it.", "E201")
        return _checked(place, reader(place), kind)
    except OSError as error:
        why = f"The system said: {error.strerror or error}."
        raise unreadable(place, why, "Check the file and its permissions.") from error


def read_or_open(path: str | PathLike[str], kind: Kind | None = None) -> Any:
    """Read data as `read` does, but open a large table's file to be read block by block.

    Large are Parquet files of more than 50,000 rows and a million cells, and text files of more than 50 MiB.
    """
    place = Path(path)
    if kind in (None, "table") and place.suffix.lower() in (*TEXTS, ".parquet") and place.is_file() and _large(place):
        return TableFile.open(place)
    return read(path, kind)


def _large(path: Path) -> bool:
    if path.suffix.lower() in TEXTS:
        return path.stat().st_size > MANY_BYTES
    with reading(path):
        import pyarrow.parquet as pq

        with pq.ParquetFile(path) as file:
            rows, columns = file.metadata.num_rows, file.metadata.num_columns
    return bool(rows > MANY_ROWS and rows * columns > MANY_CELLS)


def _reader(path: Path, kind: Kind | None) -> Callable[[Path], Any]:
    """Choose who reads a path."""
    if _is_sound(path, kind):
        return read_sound
    if kind in SPOKEN or (kind is None and mostly_text(path)):
        return SPOKEN[kind or "text"]
    if path.is_dir():
        return read_pictures
    reader = READERS.get(path.suffix.lower())
    if IDX.search(path.name):
        reader = read_pictures
    if reader is None:
        what = f"Files ending in '{path.suffix}' are not known"
        raise unreadable(
            path, f"{what}; this version reads {', '.join(READERS)}.", "Convert it to one of these.", "E209"
        )
    return reader


def _is_sound(path: Path, kind: Kind | None) -> bool:
    """Say whether a path is read as sound; files of one kind are told by their ending."""
    if kind != "sound":
        return kind is None and mostly_sound(path)
    return path.is_dir() or path.suffix.lower() in (".zip", *SOUNDS) or path.suffix.lower() not in READERS


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # such as a name that is too long
        return False


def _checked(path: Path, data: Any, kind: Kind | None) -> Any:
    """Refuse data without rows, and turn an array into the kind that was asked for."""
    if len(data) == 0:
        raise unreadable(path, "It has no rows.", "Give a file with at least one row.", "E201")
    have = kind_of(data)
    if have == "table" and kind == "series":
        return as_series(data)
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
        raise unreadable(path, "It holds missing or infinite numbers.", "Fill or drop those pictures.", "E204")
    seen = forced(items)
    if seen is None:
        why = f"A picture is high x wide, or high x wide x 1, 3 or more; these items are {items.shape[1:]}."
        raise unreadable(path, why, "Leave --kind out.")
    return replace(data, kind=kind, items=seen[0], labels=_fitting(data.labels, seen[0]), notes=data.notes + seen[1])
