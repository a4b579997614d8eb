"""Make odd pictures for the tests: every kind of file that users have, and every way in which one can be broken."""

from __future__ import annotations

import functools
import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def noise(seed: int, height: int = 12, width: int = 10, channels: int = 1, dtype: Any = np.uint8) -> np.ndarray:
    """Draw a picture that no other seed gives."""
    shape = (height, width) if channels == 1 else (height, width, channels)
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)


def save(path: Path, picture: Any, **how: Any) -> Path:
    """Save an array, or an image of any mode, in the format of the path's ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    image.save(path, **how)
    return path


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_header(width: int, height: int, kind: int = 0, bits: int = 8) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0))


@functools.cache
def bomb(width: int = 12_000, height: int = 12_000) -> bytes:
    """A PNG of a few kilobytes that unpacks to as many pixels as its header says."""
    packer, row = zlib.compressobj(9), bytes(width + 1)
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return png_header(width, height) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def plain_png(rows: np.ndarray, kind: int) -> bytes:
    """A PNG of 16 bits a number, encoded without any filter."""
    height, width = rows.shape[:2]
    lines = rows.astype(">u2").reshape(height, -1).view(np.uint8)
    body = zlib.compress(np.concatenate([np.zeros((height, 1), np.uint8), lines], axis=1).tobytes())
    return png_header(width, height, kind, 16) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def tiff_of_16_bits(rows: np.ndarray, order: str = "<", packed: bool = False) -> bytes:
    """A TIFF of 16-bit colour, which Pillow cannot write: one strip, raw or packed by zlib."""
    height, width, channels = rows.shape
    body = rows.astype(f"{order}u2").tobytes()
    body = zlib.compress(body) if packed else body
    tags = [
        (256, 3, 1, width), (257, 3, 1, height), (258, 3, channels, 0), (259, 3, 1, 8 if packed else 1),
        (262, 3, 1, 2), (273, 4, 1, 0), (277, 3, 1, channels), (278, 3, 1, height), (279, 4, 1, len(body)),
    ]  # fmt: skip
    after = 8 + 2 + 12 * len(tags) + 4
    places = {258: after, 273: after + 2 * channels}
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, len(tags))
    for tag, kind, count, value in tags:
        value = places.get(tag, value)
        short = kind == 3 and count == 1
        cell = struct.pack(f"{order}HH", value, 0) if short else struct.pack(f"{order}I", value)
        head += struct.pack(f"{order}HHI", tag, kind, count) + cell
    return head + struct.pack(f"{order}I", 0) + struct.pack(f"{order}{channels}H", *[16] * channels) + body


def jpeg(picture: np.ndarray, **how: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="JPEG", **how)
    return buffer.getvalue()


def turned_jpeg(path: Path, picture: np.ndarray, orientation: int) -> Path:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return save(path, picture, exif=exif, quality=95)


def packed(folder: Path, place: Path, inside: str = "") -> Path:
    """Zip a folder."""
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, inside + path.relative_to(folder).as_posix())
    return place


def idx(place: Path, array: np.ndarray) -> Path:
    """Write an idx file, packed by gzip where the name says so."""
    import gzip

    head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    payload = head + array.astype(np.uint8).tobytes()
    place.write_bytes(gzip.compress(payload) if place.suffix == ".gz" else payload)
    return place
