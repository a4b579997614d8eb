"""Read idx files, the format of MNIST: a magic number, big-endian sizes, then the bytes as they are.

The magic number is 0, 0, the type of the numbers (8: unsigned bytes) and the number of axes; then comes a 32-bit
size for each axis. Y. LeCun, C. Cortes and C. J. C. Burges, The MNIST database of handwritten digits, 1998.
"""

from __future__ import annotations

import gzip
import math
import re
import struct
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import DataError, UsageError
from contrafact.base.records import Finding
from contrafact.tasks.notes import listed
from contrafact.tasks.room import room_for

IDX = re.compile(r"[-.]idx[34]-ubyte(\.gz)?$", re.IGNORECASE)
UNSIGNED_BYTES = 8
MOST_RATIO = 1032  # no gzip file holds more for each of its bytes


def training_pair(folder: Path) -> tuple[Path, list[str]] | None:
    """Find the pictures to train on among the idx files of a folder, and name those that are passed over.

    Raises:
        UsageError: There are several, and none is called the training part.
    """
    files = sorted(path for path in folder.iterdir() if IDX.search(path.name) and path.is_file())
    if len(files) <= 1:
        return (files[0], []) if files else None
    train = [path for path in files if "train" in path.name.lower()]
    if len({IDX.sub("", path.name) for path in train}) != 1:
        raise UsageError(
            f"{folder} holds several sets of pictures.",
            why=f"They are {listed(path.name for path in files)}.",
            fix=f"Name one: '{files[0]}'",
            code="E112",
        )
    return train[0], [path.name for path in files if path not in train]


def read_idx(path: Path, left: list[str] | None = None) -> Data:
    """Read pictures with the labels that lie beside them.

    Arguments:
        path: The file of pictures, be it packed by gzip or not.
        left: Names of other files of pictures that are not read.

    Raises:
        DataError: A file is damaged, or there is another number of labels than of pictures.
    """
    items = _numbers(path)
    if items.ndim not in (3, 4) or not items.size:
        raise _bad(path, f"It holds an array of shape {items.shape}, not pictures.")
    beside = _labels_beside(path)
    labels = None if beside is None else _numbers(beside)
    if labels is not None and labels.shape != (len(items),):
        raise _bad(path, f"It holds {len(items):,} pictures; {beside and beside.name} has labels of {labels.shape}.")
    told = f"{path.name} was read; {listed(left or [])} {'was' if len(left or []) == 1 else 'were'} not."
    notes = (Finding(code="L206", message=told, cure="Name the file to read the other."),) if left else ()
    numbers = None if labels is None else labels.astype(np.int64)
    return Data(kind="pictures", items=items, labels=numbers, name=IDX.sub("", path.name), notes=notes)


def _labels_beside(path: Path) -> Path | None:
    """Find the labels: the same name with `labels` for `images` and one axis, packed or not."""
    plain = re.sub(r"\.gz$", "", path.name, flags=re.IGNORECASE)
    name = re.sub(r"idx[34]", "idx1", re.sub("images", "labels", plain, flags=re.IGNORECASE), flags=re.IGNORECASE)
    return next((near for near in (path.with_name(name), path.with_name(name + ".gz")) if near.is_file()), None)


def _bad(path: Path, why: str) -> DataError:
    return DataError(f"{path} cannot be read.", why=why, fix="Get the file again.", code="E202")


def _numbers(path: Path) -> np.ndarray:
    """Read the array of one file."""
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            return _array(path, file)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _bad(path, f"It is cut short or damaged: {error}.") from error


def _array(path: Path, file: IO[bytes] | gzip.GzipFile) -> np.ndarray:
    head = file.read(4)
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] != UNSIGNED_BYTES or not 1 <= head[3] <= 4:
        raise _bad(path, "It does not begin like an idx file of unsigned bytes.")
    sizes = file.read(4 * head[3])
    if len(sizes) < 4 * head[3]:
        raise _bad(path, "It is cut short.")
    shape = struct.unpack(f">{head[3]}I", sizes)
    claimed, held = math.prod(shape), path.stat().st_size
    if claimed > held * (MOST_RATIO if path.suffix.lower() == ".gz" else 1):
        raise _bad(path, f"Its header claims {claimed:,} numbers, which {held:,} bytes cannot hold.")
    array = room_for(shape, np.dtype(np.uint8))
    view, filled = array.reshape(-1).data, 0
    while filled < claimed:
        read = file.readinto(view[filled : filled + 2**24])  # type: ignore[union-attr]
        if not read:
            raise _bad(path, f"It is cut short: {filled:,} of {claimed:,} numbers are there.")
        filled += read
    if file.read(1):
        raise _bad(path, f"It holds more than the {claimed:,} numbers that its header claims.")
    return array
