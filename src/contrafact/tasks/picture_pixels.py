"""From a file to pixels: the header first, the pixels only when its size is allowed.

Pixels come as a grey or a colour plane of 8 or 16 bits and, where there is one, a plane of alpha. Pillow reads colour
with 8 bits only; of 16-bit colour the low bytes are had by decoding once more with the other order of bytes, so that
nothing is lost.
"""

from __future__ import annotations

import hashlib
import struct
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from contrafact.tasks.notes import Notes, Unfit
from contrafact.tasks.picture_arrays import header_of_array, one_array
from contrafact.tasks.picture_files import Entry
from contrafact.tasks.picture_opening import check_size, faults, image_of, quiet

if TYPE_CHECKING:
    from PIL import Image

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
    with quiet():
        for place, entry in enumerate(entries):
            try:
                with faults(), entry.load() as file:
                    headers += _headers(file, entry, place, notes)
            except Unfit as fault:
                notes.skip(entry.name, fault)
    return headers


def _headers(file: IO[bytes], entry: Entry, place: int, notes: Notes) -> list[Header]:
    """Read the header of each page of a file."""
    if not file.read(1):
        raise Unfit("L201", "empty", "it has 0 bytes")
    file.seek(0)
    if _is_array(entry):
        return [_array_header(file, entry, place)]
    headers, image = [], image_of(file)
    pages = min(getattr(image, "n_frames", 1), MOST_PAGES) if image.format == "TIFF" else 1
    for page in range(pages):
        name = entry.name if pages == 1 else f"{entry.name}, page {page + 1}"
        try:
            with faults():
                image.seek(page)
                headers.append(_header(image, entry, place, page, name))
        except Unfit as fault:
            notes.skip(name, fault)
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
        for header, pixels in zip(wanted, _pages(entries[place], wanted), strict=True):
            if isinstance(pixels, Unfit):
                notes.skip(header.name, pixels)
            yield header, pixels if isinstance(pixels, Pixels) else None


def _pages(entry: Entry, wanted: list[Header]) -> Iterator[Pixels | Unfit]:
    """Decode pages of one file, which is opened once."""
    image: Image.Image | None = None
    pixels: Pixels | Unfit
    with ExitStack() as stack:
        for header in wanted:
            try:
                with quiet(), faults():
                    if image is None and not _is_array(entry):
                        image = image_of(stack.enter_context(entry.load()))
                    if image is None:
                        pixels = Pixels(colour=one_array(stack.enter_context(entry.load())))
                    else:
                        image.seek(header.page)
                        pixels = _pixels(image, entry)
            except Unfit as fault:
                pixels = fault
            yield pixels


def _header(image: Image.Image, entry: Entry, place: int, page: int, name: str) -> Header:
    width, height = image.size
    check_size(height, width)
    if image.format == "TIFF" and image.tag_v2.get(254, 0) & 1:  # type: ignore[attr-defined]
        raise Unfit("L201", "reduced", "this page is a small copy of another")
    raw, turn, facts = _raw_mode(image), _orientation(image), {}
    if turn >= 5 and image.format != "TIFF":  # Pillow turns TIFF by itself
        height, width = width, height
    if image.mode in ("I", "F") or image.has_transparency_data:
        facts = _facts(_pixels(image, entry))
    return Header(
        place=place,
        page=page,
        name=name,
        height=height,
        width=width,
        channels=1 if _is_grey(image) else 3,
        bits=16 if image.mode in SIXTEEN or _other_order(raw) else 8,
        turned=turn > 1,
        stored=_stored(image.mode, raw),
        **facts,
    )


def _facts(pixels: Pixels) -> dict[str, Any]:
    """Say what only the pixels can tell: whether anything shines through, and the range of wide numbers."""
    facts: dict[str, Any] = {}
    if pixels.alpha is not None:
        facts = {"alpha": True, "veiled": bool(pixels.alpha.min() < np.iinfo(pixels.alpha.dtype).max)}
    if pixels.colour.dtype.itemsize == 4:
        if not np.isfinite(pixels.colour).all():
            raise Unfit("L201", "damaged", "it holds missing or infinite numbers")
        facts |= {"low": float(pixels.colour.min()), "high": float(pixels.colour.max())}
    return facts


_STORED = {
    "1": "with 1 bit a pixel",
    "P": "with a palette",
    "PA": "with a palette",
    **{mode: f"as {mode}" for mode in ("CMYK", "YCbCr", "HSV", "LAB", "RGBX", "RGBa", "La")},
}


def _stored(mode: str, raw: str) -> str:
    lost = ";16" in raw and mode not in SIXTEEN and not _other_order(raw)
    return f"as {raw.partition(';')[0]} of 16 bits, of which 8 are read," if lost else _STORED.get(mode, "")


def _raw_mode(image: Image.Image) -> str:
    """Name how the bytes of a picture lie in the file; it must not have been decoded yet."""
    args = image.tile[0][3] if getattr(image, "tile", None) else ""  # type: ignore[attr-defined]
    raw = args[0] if isinstance(args, tuple) and args else args
    return raw if isinstance(raw, str) else ""


def _other_order(raw: str) -> str:
    """Name the same layout of 16-bit colour with the other order of bytes; nothing for any other layout.

    >>> _other_order("RGB;16B"), _other_order("RGB")
    ('RGB;16L', '')
    """
    layout, _, order = raw.partition(";16")
    if layout not in ("RGB", "RGBA") or order not in ("B", "L", "N"):
        return ""
    order = order if order != "N" else "L" if sys.byteorder == "little" else "B"
    return f"{layout};16{'L' if order == 'B' else 'B'}"


def _orientation(image: Image.Image) -> int:
    """Read how a picture is to be turned; EXIF data that cannot be read turn nothing."""
    try:
        turn = image.getexif().get(ORIENTATION, 1)
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, struct.error):
        return 1
    return turn if isinstance(turn, int) and 1 <= turn <= 8 else 1


def turned(plane: np.ndarray, orientation: int) -> np.ndarray:
    """Turn a plane as the EXIF orientation says, 1 to 8."""
    if orientation >= 5:
        plane = plane.swapaxes(0, 1)
    down, right = {2: (1, -1), 3: (-1, -1), 4: (-1, 1), 6: (1, -1), 7: (-1, -1), 8: (-1, 1)}.get(orientation, (1, 1))
    return plane[::down, ::right]


def _is_grey(image: Image.Image) -> bool:
    if image.mode in ("P", "PA"):
        palette = np.array(image.getpalette("RGB")).reshape(-1, 3)
        return bool((palette == palette[:, :1]).all())
    return image.mode in ("1", "L", "LA", "I", "F", *SIXTEEN)


def _pixels(image: Image.Image, entry: Entry) -> Pixels:
    """Decode the page that an opened picture stands at."""
    other = _other_order(_raw_mode(image))
    image.load()
    turn = 1 if image.format == "TIFF" else _orientation(image)
    planes = _planes(image)
    if other:
        low = _planes(_in_other_order(entry, image.tell(), other))
        planes = [high.astype(np.uint16) * 256 + rest for high, rest in zip(planes, low, strict=True)]
    colour, *alpha = (turned(plane, turn) for plane in planes)
    return Pixels(colour=colour, alpha=alpha[0] if alpha else None)


def _in_other_order(entry: Entry, page: int, raw: str) -> Image.Image:
    """Decode 16-bit colour as if its bytes lay the other way round, which gives the low ones."""
    with entry.load() as file:
        image = image_of(file)
        image.seek(page)
        tiles: Any = image.tile  # type: ignore[attr-defined]
        changed = [(raw, *tile.args[1:]) if isinstance(tile.args, tuple) else raw for tile in tiles]
        image.tile = [tile._replace(args=args) for tile, args in zip(tiles, changed, strict=True)]  # type: ignore[attr-defined]
        image.load()
        return image


def _planes(image: Image.Image) -> list[np.ndarray]:
    """Give a decoded picture as a grey or colour plane and, where there is one, an alpha plane."""
    if image.mode in SIXTEEN:
        return [np.asarray(image).astype(np.uint16)]
    if image.mode in ("I", "F"):
        return [np.asarray(image)]
    if image.has_transparency_data:
        both = np.asarray(image.convert("RGBA"))
        return [both[..., 0] if _is_grey(image) else both[..., :3], both[..., 3]]
    if image.mode in ("1", "L"):
        return [np.asarray(image.convert("L"))]
    colour = np.asarray(image.convert("RGB"))
    return [colour[..., 0] if _is_grey(image) else colour]


def _is_array(entry: Entry) -> bool:
    return entry.name.lower().endswith(".npy")


def _array_header(file: IO[bytes], entry: Entry, place: int) -> Header:
    height, width, channels, bits = header_of_array(file)
    check_size(height, width)
    return Header(place=place, page=0, name=entry.name, height=height, width=width, channels=channels, bits=bits)
