"""Open files of pictures: which formats are read, how large a picture may be, and what a damaged file says.

The header is read first, and nothing is decoded whose header claims too much. Only decoders of Pillow itself are
used, none that starts another program. Whatever damaged bytes make them raise becomes `Unfit` with its reason.
"""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from contrafact.tasks.notes import Unfit
from contrafact.tasks.picture_arrays import LEAST_SIDE

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "DIB", "GIF")
SIGNATURES = {
    b"\x89PNG": "PNG",
    b"\xff\xd8": "JPEG",
    b"GIF8": "GIF",
    b"RIFF": "WebP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}
MOST_PIXELS = 4096 * 4096  # 16 megapixels


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the decoder's warnings off the screen: what matters of them ends in a note."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def faults() -> Iterator[None]:
    """Turn whatever damaged bytes raise into `Unfit`."""
    from PIL import Image

    try:
        yield
    except Unfit:
        raise
    except MemoryError as error:
        raise Unfit("L202", "too large", "there is not enough memory to decode it") from error
    except Image.DecompressionBombError as error:
        raise Unfit("L202", "too large", str(error)) from error
    except OSError as error:
        told = ("not opened", error.strerror) if error.errno else ("damaged", str(error))
        raise Unfit("L201", told[0], told[1] or "no reason was given") from error
    except Exception as error:  # a decoder of damaged bytes may raise anything
        raise Unfit("L201", "damaged", str(error) or type(error).__name__) from error


def image_of(file: IO[bytes]) -> Image.Image:
    """Open a picture of a format that is read by Pillow itself: none that starts another program."""
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(file, formats=FORMATS)
    except UnidentifiedImageError:
        raise _unknown(file) from None


def _unknown(file: IO[bytes]) -> Unfit:
    """Say what is wrong with a file that no decoder opens: not a picture at all, or the beginning of one."""
    file.seek(0)
    start = file.read(24)
    begun = next((name for mark, name in SIGNATURES.items() if start.startswith(mark)), None)
    if begun is None:
        return Unfit("L201", "no picture", "its bytes are of no format that is read")
    if begun == "PNG" and len(start) == 24:
        width, height = struct.unpack(">II", start[16:])
        if height * width > MOST_PIXELS:
            return _too_large(height, width)
    return Unfit("L201", "damaged", f"it begins as {begun} and is cut short or garbled")


def _too_large(height: int, width: int) -> Unfit:
    limit = f"{MOST_PIXELS // 2**20} megapixels is the limit"
    return Unfit("L202", "too large", f"its header says {width} x {height} pixels, where {limit}")


def check_size(height: int, width: int) -> None:
    """Refuse a picture that is too large to be unpacked, or too small to show anything."""
    if height * width > MOST_PIXELS:
        raise _too_large(height, width)
    if min(height, width) < LEAST_SIDE:
        raise Unfit("L203", "too small", f"{width} x {height} pixels, where {LEAST_SIDE} a side is the least")
