"""Write pictures: a PNG each into a folder or a zip, or all in one sheet; each says that it is synthetic.

Pillow writes colour with 8 bits only, so pictures of 16 bits are encoded here. A PNG is a signature and chunks, each
with its length, its name and a checksum: the header (width, height, bits, kind of colour), text, and the rows, each
after a byte that names its filter (2: the difference to the row above), packed by zlib (ISO/IEC 15948).
"""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import UsageError
from contrafact.base.thumbnail import SYNTHETIC
from contrafact.engine.bundle import sync_folder, writing
from contrafact.tasks.notes import listed
from contrafact.tasks.picture_files import natural

MARK = SYNTHETIC
LABELS, HEAD = "labels.csv", ("file", "label", "_source")
LONGEST_NAME = 80
COLOUR_KINDS = {1: 0, 3: 2, 4: 6}
_RESERVED = re.compile("(con|prn|aux|nul|com[0-9]|lpt[0-9])(\\..*)?", re.IGNORECASE)


def png(picture: np.ndarray) -> bytes:
    """Encode a picture of 1, 3 or 4 channels and 8 or 16 bits, marked as synthetic."""
    from PIL import Image, PngImagePlugin

    picture = picture[..., 0] if picture.ndim == 3 and picture.shape[-1] == 1 else picture
    if picture.dtype == np.uint16:
        return _png_of_16_bits(picture)
    info = PngImagePlugin.PngInfo()
    info.add_text("Description", MARK)
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG", pnginfo=info)
    return buffer.getvalue()


def _png_of_16_bits(picture: np.ndarray) -> bytes:
    height, width = picture.shape[:2]
    kind = COLOUR_KINDS[1 if picture.ndim == 2 else picture.shape[2]]
    rows = picture.astype(">u2").reshape(height, -1).view(np.uint8)
    steps = np.concatenate([rows[:1], rows[1:] - rows[:-1]])
    filtered = np.concatenate([np.full((height, 1), 2, np.uint8), steps], axis=1)
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)),
        (b"tEXt", b"Description\0" + MARK.encode("latin-1")),
        (b"IDAT", zlib.compress(filtered.tobytes())),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )


def as_png(data: Data) -> np.ndarray:
    """Give the items back if they can be written as PNG.

    Raises:
        UsageError: They have a number of channels that PNG does not know.
    """
    items: np.ndarray = data.items
    channels = 1 if items.ndim == 3 else items.shape[-1]
    if items.ndim not in (3, 4) or channels not in COLOUR_KINDS or items.dtype not in (np.uint8, np.uint16):
        raise UsageError(
            f"Pictures of {channels} channels of {items.dtype} cannot be written as PNG.",
            why="A PNG is grey, colour, or colour with alpha (1, 3 or 4 channels), of 8 or 16 bits.",
            fix="Use .npy, which holds any array.",
            code="E121",
        )
    return items


def files_of(data: Data) -> Iterator[tuple[str, bytes]]:
    """Encode pictures as `00000.png` and on, in a folder for each class where there are classes.

    A class whose name no folder can bear gets one that it can; then a CSV gives the labels as they are.
    """
    items, width = as_png(data), max(5, len(str(len(data) - 1)))
    labels = None if data.labels is None else [str(label) for label in data.labels]
    folders = folders_of(labels or [])
    names = [f"{i:0{width}}.png" for i in range(len(items))]
    if labels is not None:
        names = [f"{folders[label]}/{name}" for label, name in zip(labels, names, strict=True)]
        if any(folder != label for label, folder in folders.items()):
            yield LABELS, table_of(names, labels)
    for name, picture in zip(names, items, strict=True):
        yield name, png(picture)


def table_of(names: list[str], labels: list[str]) -> bytes:
    """Write a table of the labels of files."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(HEAD)
    rows.writerows((name, label, "synthetic") for name, label in zip(names, labels, strict=True))
    return text.getvalue().encode("utf-8", "surrogateescape")


def folders_of(labels: list[str]) -> dict[str, str]:
    """Give each label the name of a folder: the label itself where every system can bear it."""
    folders: dict[str, str] = {}
    taken: set[str] = set()
    for label in sorted(set(labels)):
        plain = re.sub('[\x00-\x1f\x7f/\\\\:*?"<>|]', "_", label)[:LONGEST_NAME].strip(" .") or "class"
        plain = f"{plain}_" if _RESERVED.fullmatch(plain) or plain == "__MACOSX" else plain
        name, number = plain, 2
        while name.casefold() in taken:  # some systems see no difference between A and a
            name, number = f"{plain}-{number}", number + 1
        taken.add(name.casefold())
        folders[label] = name
    return folders


def write_folder(data: Data, folder: Path) -> None:
    """Write a PNG for each picture into a folder that is new, empty, or holds nothing but such pictures.

    Raises:
        UsageError: It holds other files; nothing is changed.
        CannotWrite: The system refuses.
    """
    as_png(data)
    fill_folder(folder, files_of(data), is_ours, "Pictures")


def fill_folder(folder: Path, files: Iterable[tuple[str, bytes]], ours: Callable[[Path], bool], kind: str) -> None:
    """Write files into a folder that is new, empty, or holds nothing but files that were written so.

    Arguments:
        folder: The folder.
        files: A name, which may begin with the name of a folder in it, and the contents of each.
        ours: Says whether a file was written so.
        kind: What the files are, for the message.

    Raises:
        UsageError: It holds other files; nothing is changed.
        CannotWrite: The system refuses.
    """
    folder = folder.resolve()
    check_folder(folder, ours, kind)
    waiting = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    with writing(folder):
        try:
            waiting.mkdir(parents=True)
            for name, payload in files:
                (waiting / name).parent.mkdir(exist_ok=True)
                (waiting / name).write_bytes(payload)
            _move(waiting, folder)
        finally:
            shutil.rmtree(waiting, ignore_errors=True)


def _move(waiting: Path, folder: Path) -> None:
    """Put what was written in its place, where nothing lies but what was written so."""
    if folder.exists():
        for old in folder.iterdir():
            if old.is_dir():
                shutil.rmtree(old)
            else:
                old.unlink()
        for new in waiting.iterdir():
            new.replace(folder / new.name)
    else:
        waiting.replace(folder)
    sync_folder(folder)


def check_folder(folder: Path, ours: Callable[[Path], bool], kind: str) -> None:
    """Refuse a folder that holds files of another origin.

    Raises:
        UsageError: It does, or is a file.
    """
    inside = [folder] if folder.is_file() else folder.rglob("*")
    others = sorted(str(path.relative_to(folder.parent)) for path in inside if not ours(path))
    if others or folder.is_file():
        raise UsageError(
            f"{kind} cannot be written into {folder}.",
            why=f"There are other files, which would be replaced: {listed(others or [folder.name], most=3)}.",
            fix="Give a folder that is new or empty.",
            code="E315",
        )


def is_ours(path: Path) -> bool:
    """Say whether a file is one that this module writes; the mark stands near the beginning of a PNG."""
    return marked(path, ".png")


def marked(path: Path, ending: str) -> bool:
    """Say whether a path is a folder, our table of labels, or a file of this ending that bears the mark."""
    if path.is_symlink():
        return False
    if path.is_dir():
        return True
    with writing(path), path.open("rb") as file:
        start = file.read(512)
    if path.name == LABELS:
        return start.startswith((",".join(HEAD) + "\n").encode())
    return path.suffix == ending and MARK.encode() in start


def write_zip(data: Data, path: Path) -> None:
    """Write a PNG for each picture into a zip; a zip that was written so is replaced.

    Raises:
        UsageError: There is another file of this name.
    """
    as_png(data)
    fill_zip(path, files_of(data), "pictures")


def fill_zip(path: Path, files: Iterable[tuple[str, bytes]], kind: str) -> None:
    """Write files into a zip; a zip that was written so is replaced.

    Raises:
        UsageError: There is another file of this name.
    """
    if path.exists() and not _is_our_zip(path):
        raise UsageError(
            f"{path} is there, and is no zip of synthetic {kind}.",
            why="A file that was not written so is not replaced.",
            fix="Give another name.",
            code="E315",
        )
    waiting = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with writing(path):
        try:
            with zipfile.ZipFile(waiting, "x") as archive:
                archive.comment = MARK.encode()
                for name, payload in files:
                    archive.writestr(zipfile.ZipInfo(name), payload)  # with a fixed date: the same bytes again
            waiting.replace(path)
            sync_folder(path.parent)
        finally:
            waiting.unlink(missing_ok=True)


def _is_our_zip(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.comment == MARK.encode()
    except (zipfile.BadZipFile, OSError):
        return False


def sheet(data: Data) -> bytes:
    """Encode all pictures in one, sorted by class where there are classes; a row a class where all are equally many."""
    items, across = as_png(data), None
    if data.labels is not None:
        names = [str(label) for label in data.labels]
        items = items[np.array(sorted(range(len(items)), key=lambda i: natural(names[i])), dtype=np.int64)]
        counts = Counter(names)
        across = counts[names[0]] if len(counts) > 1 and len(set(counts.values())) == 1 else None
    return png(tile(items, across=across))


def tile(items: np.ndarray, gap: int = 1, across: int | None = None) -> np.ndarray:
    """Lay pictures out in a grid that is about square, or so many across.

    Arguments:
        items: Pictures of one size.
        gap: White pixels between them.
        across: How many stand in a row.
    """
    items = items[..., 0] if items.ndim == 4 and items.shape[-1] == 1 else items
    across = across or max(round(len(items) ** 0.5), 1)
    down = -(-len(items) // across)
    high, wide = items.shape[1] + gap, items.shape[2] + gap
    white = np.iinfo(items.dtype).max
    page = np.full((down * high + gap, across * wide + gap, *items.shape[3:]), white, dtype=items.dtype)
    for index, item in enumerate(items):
        y, x = index // across * high + gap, index % across * wide + gap
        page[y : y + items.shape[1], x : x + items.shape[2]] = item
    return page
