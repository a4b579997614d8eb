"""Read data from a file, or make a demo set by its name."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from contrafact.base.data import Data, Kind
from contrafact.base.demos import DEMOS, demo
from contrafact.base.errors import DataError, UsageError, did_you_mean


def _bad(path: Path, why: str, fix: str, code: str = "E202") -> DataError:
    return DataError(f"{path} cannot be read.", why=why, fix=fix, code=code)


def _array(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            return _as_data(*_items_and_labels(np.load(file, allow_pickle=False)), path)
    except (ValueError, OSError, EOFError, IndexError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        raise _bad(path, f"It is no whole NumPy file: {error}.", "Write it again with numpy.save.") from error


def _items_and_labels(loaded: Any) -> tuple[np.ndarray, np.ndarray | None]:
    if isinstance(loaded, np.ndarray):
        return loaded, None
    names = list(loaded)
    items = loaded[next((n for n in ("items", "x", "X", "data", "images") if n in names), names[0])]
    return items, next((loaded[n] for n in ("labels", "y", "target") if n in names), None)


def _as_data(items: np.ndarray, labels: np.ndarray | None, path: Path) -> Data:
    if items.dtype.kind not in "biuf" or items.ndim == 0:
        held = "one number" if items.dtype.kind in "biuf" else f"{items.dtype} values, not numbers"
        raise _bad(path, f"It holds {held}.", "Save an array of numbers, a row an item.")
    if items.size == 0:
        raise _bad(path, f"It holds an array of shape {items.shape}.", "Give at least one row and one column.", "E201")
    if labels is not None and labels.shape != items.shape[:1]:
        why = f"It holds {len(items)} items and labels of shape {labels.shape}."
        raise _bad(path, why, "Save one label for each item.")
    pictures = items.dtype == np.uint8 and _look_like_pictures(items)
    if not pictures and items.ndim == 1:
        items = items[:, None]
    kind: Kind = "pictures" if pictures else "vectors"
    return Data(kind=kind, items=items, labels=labels, name=path.stem)


def _look_like_pictures(items: np.ndarray) -> bool:
    return items.ndim == 3 or (items.ndim == 4 and items.shape[-1] in (1, 3, 4))


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
}


def read(path: str | PathLike[str], kind: Kind | None = None) -> Any:
    """Read data: a DataFrame for tables, a Data object for vectors, pictures and text.

    Arguments:
        path: A file, or the name of a demo set where no such file is.
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
    reader = _lines if kind == "text" else READERS.get(place.suffix.lower())
    if place.is_dir() or reader is None:
        what = "It is a folder" if place.is_dir() else f"Files ending in '{place.suffix}' are not known"
        raise _bad(place, f"{what}; this version reads {', '.join(READERS)}.", "Convert it to one of these.", "E209")
    try:
        if place.stat().st_size == 0:
            raise _bad(place, "The file is empty.", "Give a file with data in it.", "E201")
        return _checked(place, reader(place), kind)
    except OSError as error:
        why = f"The system said: {error.strerror or error}."
        raise _bad(place, why, "Check the file and its permissions.") from error


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
        return Data(kind="vectors", items=items.reshape(len(items), -1), labels=data.labels, name=data.name)
    if not _look_like_pictures(items):
        why = f"A picture is high x wide, or high x wide x 1, 3 or 4; these items are {items.shape[1:]}."
        raise _bad(path, why, "Leave --kind out.")
    if not np.isfinite(items).all():
        raise _bad(path, "It holds missing or infinite numbers.", "Fill or drop those pictures.", "E204")
    return Data(kind="pictures", items=np.clip(items, 0, 255).astype(np.uint8), labels=data.labels, name=data.name)
