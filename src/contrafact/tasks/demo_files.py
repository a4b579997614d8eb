"""Demo sets as files, such as people have: a folder for each class, a CSV, lines of text, an array of numbers.

Commands take demo sets by name. Written out they show what a folder or a table looks like that contrafact reads.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from contrafact.base.data import Data, Pairs
from contrafact.base.demos import demo
from contrafact.base.errors import UsageError
from contrafact.engine.bundle import write_atomically
from contrafact.tasks.write_pictures import fill_folder, folders_of
from contrafact.tasks.write_sound import rate_of, wav
from contrafact.tasks.write_tables import write_table


def write_demo(name: str, out: str | None = None) -> tuple[str, int]:
    """Write a demo set to a file, or to a folder for pictures and sound.

    Arguments:
        name: The demo set.
        out: Where to, new or an empty folder; by default its name, with an ending that fits.

    Returns:
        The file or folder, and how many items it holds.

    Raises:
        UsageError: There is no such demo set, or something is there already; nothing is changed.
    """
    data = demo(name)
    place = Path(out) if out else Path(name + _ending(data))
    _check(place, folder=_ending(data) == "")
    if _ending(data) == "":
        fill_folder(place, _items(data), Path.is_dir, "Demo sets")
    elif _ending(data) == ".csv":
        write_table(data, str(place))
    else:
        write_atomically(place, _payload(data))
    return str(place), len(data)


def _ending(data: Any) -> str:
    if isinstance(data, Pairs) or (isinstance(data, Data) and data.kind == "text"):
        return ".txt"
    if isinstance(data, Data):
        return ".npy" if data.kind == "vectors" else ""
    return ".csv"


def _check(place: Path, *, folder: bool) -> None:
    if not folder and place.exists():
        raise UsageError(
            f"{place} is there already.",
            why="A demo set replaces no file.",
            fix="Use it as it is, or give another name with -o.",
            code="E315",
        )


def _items(data: Data) -> Iterator[tuple[str, bytes]]:
    """Encode pictures and clips, in a folder for each class; real scans are among them, so nothing says synthetic."""
    labels = [str(label) for label in data.labels] if data.labels is not None else [""] * len(data)
    folders = folders_of(labels)
    for number, (label, item) in enumerate(zip(labels, data.items, strict=True)):
        ending, payload = (".wav", wav(item, rate_of(data), "A demo set")) if data.kind == "sound" else _png(item)
        yield f"{folders[label]}/{number:05d}{ending}", payload


def _png(picture: np.ndarray) -> tuple[str, bytes]:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG")
    return ".png", buffer.getvalue()


def _payload(data: Data | Pairs) -> bytes:
    if isinstance(data, Data) and data.kind == "vectors":
        buffer = io.BytesIO()
        np.save(buffer, data.items, allow_pickle=False)
        return buffer.getvalue()
    if isinstance(data, Pairs):
        lines = [f"{before}\t{after}" for before, after in zip(data.source.items, data.target.items, strict=True)]
    elif data.labels is not None:
        lines = [f"{label}\t{line}" for label, line in zip(data.labels, data.items, strict=True)]
    else:
        lines = data.items
    return "".join(f"{line}\n" for line in lines).encode()
