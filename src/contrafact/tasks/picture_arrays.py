"""Pictures in NumPy files: where the channels are, one picture a file, all in one array, or as the bytes of JPEGs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np

from contrafact.base.errors import DataError
from contrafact.base.records import Finding
from contrafact.tasks.notes import Unfit, listed
from contrafact.tasks.picture_files import Entry, Found, check_claim

LEAST_SIDE = 4
MOST_CHANNELS = 64
JPEG = "_jpeg"


def channels_first(shape: tuple[int, ...]) -> bool | None:
    """Say whether the channels of one picture stand first; None where the shape is that of no picture.

    >>> channels_first((28, 28)), channels_first((3, 28, 28)), channels_first((28, 28, 5)), channels_first((9, 8, 7))
    (False, True, False, None)
    """
    if len(shape) == 2:
        return False
    if len(shape) != 3:
        return None
    ways = ((False, shape[2], min(shape[:2])), (True, shape[0], min(shape[1:])))
    for first, channels, side in ways:
        if channels in (1, 3, 4) and side >= LEAST_SIDE:
            return first
    for first, channels, side in ways:
        if 4 < channels <= MOST_CHANNELS and 2 * channels < side:
            return first
    return None


def arranged(items: np.ndarray) -> tuple[np.ndarray, tuple[Finding, ...]] | None:
    """See an array of whole numbers as pictures, the channels last; None where its shape or type is that of none.

    Arguments:
        items: An item a row; or one picture in colour, high x wide x 3.
    """
    if items.dtype.kind != "u" or items.dtype.itemsize > 2:
        return None
    items = items.astype(items.dtype.newbyteorder("="), copy=False)
    if items.ndim == 3:
        if items.shape[2] == 3 and min(items.shape[:2]) >= LEAST_SIDE:
            return items[None], (_note(f"An array of shape {items.shape} was read as one picture in colour."),)
        return items, ()
    first = channels_first(items.shape[1:]) if items.ndim == 4 else None
    if first is None:
        return None
    if not first:
        return items, ()
    moved = np.ascontiguousarray(items.transpose(0, 2, 3, 1))
    return moved, (_note(f"Channels were first ({items.shape}) and are now last ({moved.shape})."),)


def _note(message: str) -> Finding:
    return Finding(code="L208", message=message)


def forced(items: np.ndarray) -> tuple[np.ndarray, tuple[Finding, ...]] | None:
    """Turn any finite numbers of the right shape into pictures, and say how; None where the shape is that of none.

    Arguments:
        items: Numbers from 0 to 1 or from -1 to 1 are stretched to 0 .. 255; others are rounded and clipped to it.
    """
    low, high = float(items.min()), float(items.max())
    scale, shift = 1.0, 0.0
    if items.dtype.kind == "f" and high <= 1 and low >= -1:
        scale, shift = (255.0, 0.0) if low >= 0 else (127.5, 127.5)
    deep = 255 < high <= 65535 and low >= 0 and items.dtype.kind in "iu"
    kind = np.uint16 if deep else np.uint8
    values = np.clip(np.rint(items * scale + shift), 0, np.iinfo(kind).max).astype(kind)
    seen = arranged(values)
    if seen is None:
        return None
    told = f"Numbers from {low:.4g} to {high:.4g} were turned into {'16' if deep else '8'} bits"
    how = f" by {scale:g} x value + {shift:g}" if scale != 1 else ", rounded, and clipped where they lie outside"
    return seen[0], (_note(f"{told}{how}."), *seen[1])


def header_of_array(file: IO[bytes]) -> tuple[int, int, int, int]:
    """Read height, width, channels and bits of the one picture in a .npy file, without its pixels."""
    readers: dict[Any, Callable[[Any], Any]] = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    shape, _, dtype = readers[np.lib.format.read_magic(file)](file)
    if dtype.kind != "u" or dtype.itemsize > 2:
        raise Unfit("L201", "no picture", f"it holds {dtype}, where a picture holds uint8 or uint16")
    first = channels_first(shape)
    if first is None:
        raise Unfit("L201", "no picture", f"it holds an array of shape {shape}, not high x wide or with channels")
    height, width = shape[1:] if first else shape[:2]
    return height, width, 1 if len(shape) == 2 else shape[0 if first else 2], 8 * dtype.itemsize


def one_array(file: IO[bytes]) -> np.ndarray:
    """Read the one picture of a .npy file, the channels last."""
    array = np.load(file, allow_pickle=False)
    array = array.transpose(1, 2, 0) if channels_first(array.shape) else array
    array = array[..., 0] if array.ndim == 3 and array.shape[-1] == 1 else array
    return np.asarray(array.astype(array.dtype.newbyteorder("=")))


def parts_of_jpegs(names: list[str]) -> list[str]:
    """Name the parts of a file of JPEG bytes: those with `PART_jpeg` and `PART_offsets`, the one to train on first.

    >>> parts_of_jpegs(["test_jpeg", "test_offsets", "train_jpeg", "train_offsets", "train_labels"])
    ['train', 'test']
    """
    parts = [name.removesuffix(JPEG) for name in names if name.endswith(JPEG)]
    return sorted((part for part in parts if f"{part}_offsets" in names), key=lambda part: (part != "train", part))


def jpegs(path: Path) -> Found:
    """List the pictures of an .npz that holds the bytes of JPEGs one after the other, with offsets and labels.

    Raises:
        DataError: It is no whole file, or its offsets do not fit.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            check_claim(path, (member.file_size for member in archive.infolist()))
        with np.load(path, allow_pickle=False) as loaded:
            part, *others = parts_of_jpegs(list(loaded))
            data, offsets = loaded[part + JPEG].astype(np.uint8, copy=False).ravel().data, loaded[f"{part}_offsets"]
            labels = loaded.get(f"{part}_labels")
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise _wrong(path, f"It is no whole NumPy file of JPEG bytes: {error}.") from error
    ends = np.asarray(offsets, dtype=np.int64).ravel()
    if len(ends) < 2 or ends[0] < 0 or (np.diff(ends) < 0).any() or ends[-1] > len(data):
        raise _wrong(path, "Its offsets do not rise from 0 to the number of its bytes.")
    if labels is not None and labels.shape != (len(ends) - 1,):
        raise _wrong(path, f"It holds {len(ends) - 1} pictures and labels of shape {labels.shape}.")
    entries = [
        Entry(name=f"{part} {i}", load=_slice(data, low, high))
        for i, (low, high) in enumerate(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True))
    ]
    notes = [f"The part '{part}' was read; {listed(others)} {'was' if len(others) == 1 else 'were'} not."]
    numbers = labels.astype(np.int64) if labels is not None and labels.dtype.kind in "iu" else labels
    return Found(name=path.stem, entries=entries, labels=numbers, told=notes if others else [])


def _slice(data: memoryview, low: int, high: int) -> Callable[[], IO[bytes]]:
    return lambda: io.BytesIO(data[low:high])


def _wrong(path: Path, why: str) -> DataError:
    return DataError(f"{path} cannot be read.", why=why, fix="Write it again with numpy.savez.", code="E202")
