"""From a file to pixels: the header first, the pixels only when its size is allowed.

Everything that a decoder of damaged bytes may raise becomes `Unfit` with its reason. Pixels come as a grey or a
colour plane of 8 or 16 bits and, where there is one, a plane of alpha. Pillow reads colour with 8 bits only; of
16-bit colour the low bytes are had by decoding once more with the other order of bytes, so that nothing is lost.
"""

from __future__ import annotations

import hashlib
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from contrafact.tasks.notes import Notes, Unfit
from contrafact.tasks.picture_files import Entry

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "DIB", "GIF")
MOST_PIXELS = 4096 * 4096  # 16 megapixels
LEAST_SIDE = 4
MOST_CHANNELS = 64
MOST_PAGES = 100_000
ORIENTATION = 0x0112
SIXTEEN = ("I;16", "I;16L", "I;16B", "I;16N")


@dataclass(frozen=True, kw_only=True)
class Header:
    """What is known of one picture before it is decoded for good.

    Arguments:
        place: The number of its file.
        page: Its page in the file.
        name: The file's name, with the page where there are several.
        height: Its height as it is meant to be seen.
        width: Its width.
        channels: 1 for grey, 3 for colour, any number for arrays.
        bits: 8 or 16.
        veiled: It has pixels that are not opaque.
        alpha: It has an alpha channel, be it opaque everywhere.
        turned: Its EXIF data say that it lies on a side or is mirrored.
        stored: How it is stored, where that is neither grey nor colour of 8 or 16 bits.
        low: The smallest value, of pictures in floating point or in 32 bits.
        high: The largest.
    """

    place: int
    page: int
    name: str
    height: int
    width: int
    channels: int
    bits: int = 8
    veiled: bool = False
    alpha: bool = False
    turned: bool = False
    stored: str = ""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Pixels:
    """A decoded picture.

    Arguments:
        colour: High x wide, or high x wide x channels: uint8, uint16, int32 or float32.
        alpha: High x wide, uint8 or uint16, or None.
    """

    colour: np.ndarray
    alpha: np.ndarray | None = None

    def digest(self) -> bytes:
        """Digest size, type and every pixel."""
        digest = hashlib.blake2b(digest_size=16)
        for plane in (self.colour, self.alpha):
            if plane is not None:
                digest.update(f"{plane.shape}{plane.dtype}".encode())
                digest.update(np.ascontiguousarray(plane).data)
        return digest.digest()


def survey(entries: Iterable[Entry], notes: Notes) -> list[Header]:
    """Read the headers of all files; what cannot be used is noted and left out."""
    headers: list[Header] = []
    with _quiet():
        for place, entry in enumerate(entries):
            try:
                with _faults(), entry.load() as file:
                    for header in _array_header(file, entry, place) if _is_array(entry) else _headers(file, entry, place):
                        if isinstance(header, Header):
                            headers.append(header)
                        else:
                            notes.skip(*header)
            except Unfit as fault:
                notes.skip(entry.name, fault)
    return headers


def decoded(entries: list[Entry], headers: Iterable[Header], notes: Notes) -> Iterator[tuple[Header, Pixels | None]]:
    """Decode pictures one after the other; None stands for one that turned out to be damaged, which is noted.

    Arguments:
        entries: The files.
        headers: The pictures wanted; those of one file stand together.
        notes: Where damage is noted.
    """
    for place, group in groupby(headers, key=lambda header: header.place):
        wanted = list(group)
        with _quiet():
            pages = _pages(entries[place], wanted)
        for header, pixels in zip(wanted, pages, strict=True):
            if isinstance(pixels, Unfit):
                notes.skip(header.name, pixels)
            yield header, pixels if isinstance(pixels, Pixels) else None
