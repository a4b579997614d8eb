"""Pictures at a glance, for notebooks: small sheets inside a page, with nothing to fetch."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from html import escape
from typing import Any

import numpy as np

SYNTHETIC = "Synthetic: made by a generative model with contrafact"
LARGEST = 96  # pixels of a picture's longer side in a thumbnail
SMALLEST = 48  # the same on the screen


def eight_bits(items: np.ndarray, limits: tuple[float, float] | None = None) -> np.ndarray:
    """Give pictures as they can be shown: 8 bits, and 1, 3 or 4 channels, of others the first.

    Arguments:
        items: Pictures, count x high x wide, and maybe x channels.
        limits: What pictures of 16 bits are black and white at; None takes their own ends.
    """
    return in_bytes(items[..., 0] if items.ndim == 4 and items.shape[-1] not in (3, 4) else items, limits)


def in_bytes(items: np.ndarray, limits: tuple[float, float] | None = None) -> np.ndarray:
    """Read numbers of 16 bits between limits, by default their own ends, as bytes; bytes stay as they are."""
    if items.dtype == np.uint8 or not items.size:
        return items.astype(np.uint8)
    low, top = (float(items.min()), float(items.max())) if limits is None else limits
    light = (items.astype(np.float32) - low) * (255 / max(top - low, 1))
    return np.asarray(np.rint(np.clip(light, 0, 255)).astype(np.uint8))


def sheet(items: np.ndarray, columns: int) -> np.ndarray:
    """Lay pictures out in rows on one white sheet, a pixel apart (more where they are large).

    Arguments:
        items: Pictures of bytes: count x high x wide, and maybe x channels.
        columns: Pictures in a row, at most.
    """
    count, high, wide, *channels = items.shape
    gap = 1 + max(high, wide) // 32
    columns = max(min(columns, count), 1)
    rows = max(-(-count // columns), 1)
    laid = np.full((rows * (high + gap) - gap, columns * (wide + gap) - gap, *channels), 255, "uint8")
    for place, item in enumerate(items):
        top, left = (high + gap) * (place // columns), (wide + gap) * (place % columns)
        laid[top : top + high, left : left + wide] = item
    return laid[..., 0] if channels == [1] else laid


def png(pixels: np.ndarray, text: str = "") -> bytes:
    """Write pixels as a PNG file, with a text inside that says what it shows."""
    from PIL import Image, PngImagePlugin

    info = PngImagePlugin.PngInfo()
    if text:
        info.add_text("Description", text)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG", pnginfo=info, optimize=True)
    return file.getvalue()


def image(items: np.ndarray, columns: int, told: str, text: str = "") -> str:
    """Write pictures as one element of a page.

    Arguments:
        items: The pictures.
        columns: Pictures in a row.
        told: What a reader is told who cannot see them.
        text: What stands inside the file.
    """
    small = eight_bits(items)
    step = -(-max(small.shape[1:3]) // LARGEST)
    small = small[:, ::step, ::step]
    larger = -(-SMALLEST // max(small.shape[1:3]))
    laid = sheet(small, columns)
    data = base64.b64encode(png(laid, text)).decode()
    style = f"width:{larger * laid.shape[1]}px;max-width:100%;image-rendering:pixelated"
    return f'<img src="data:image/png;base64,{data}" alt="{escape(told)}" style="{style}">'


def rows(caption: str, named: Iterable[tuple[str, Any]], columns: int = 10, text: str = "") -> str:
    """Write rows of pictures under each other, each beside its name.

    Arguments:
        caption: What they are.
        named: Names, which may be empty, and pictures.
        columns: Pictures in a row.
        text: What stands inside the files, and below.
    """
    lines = [
        f"<tr><th>{escape(name)}</th><td>{image(items, columns, f'{caption} {name}'.strip(), text)}</td></tr>"
        for name, items in named
    ]
    below = f"<div><small>{escape(text)}</small></div>" if text else ""
    return f"<div><div>{escape(caption)}</div><table>{''.join(lines)}</table>{below}</div>"
