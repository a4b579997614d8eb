"""Small pictures made of characters: points in braille, pictures in shades."""

from __future__ import annotations

import numpy as np

_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_SHADES = " .:-=+*#%@"
LARGEST = 1e300  # differences of larger numbers overflow
REAL, FAKE, OFF = "\x1b[36m", "\x1b[33m", "\x1b[0m"


def _cells(points: np.ndarray, low: np.ndarray, high: np.ndarray, width: int, height: int) -> np.ndarray:
    """Give the braille pattern of each character cell."""
    size = np.array([2 * width, 4 * height])
    points = points[((points >= low) & (points <= high)).all(1)]
    place = ((points - low) / np.where(high > low, high - low, 1) * (size - 1)).round().astype(int)
    x, y = place[:, 0], 4 * height - 1 - place[:, 1]
    cells = np.zeros((height, width), dtype=int)
    np.bitwise_or.at(cells, (y // 4, x // 2), _DOTS[y % 4, x % 2])
    return cells


def scatter(real: np.ndarray, fake: np.ndarray, *, width: int = 36, height: int = 16, color: bool = False) -> str:
    """Draw real and fake points side by side in the same window, that of the real ones with a margin.

    Arguments:
        real: Rows of which the first two columns are drawn.
        fake: The same.
        width: Characters across, for each of the two.
        height: Lines.
        color: Colour the two.
    """
    real, fake = real[:, :2].astype(float), fake[:, :2].astype(float)
    real = real[(np.abs(real) < LARGEST).all(1)]
    if not len(real):
        return ""
    low, high = real.min(0), real.max(0)
    low, high = low - 0.15 * (high - low), high + 0.15 * (high - low)
    sides = [_cells(points, low, high, width, height) for points in (real, fake)]
    lines = ["real".ljust(width + 2) + "fakes"]
    for left, right in zip(*sides, strict=True):
        halves = ["".join(chr(0x2800 + int(c)) for c in row) for row in (left, right)]
        lines.append(f"{REAL}{halves[0]}{OFF}  {FAKE}{halves[1]}{OFF}" if color else "  ".join(halves))
    return "\n".join(lines)


def pictures(items: np.ndarray, *, most: int = 6) -> str:
    """Draw a row of small pictures, two characters a pixel."""
    top = np.iinfo(items.dtype).max if items.dtype.kind in "iu" else 255
    grey = items[:most] * (255 / top)
    grey = grey.mean(-1) if grey.ndim == 4 else grey
    step = max(1, -(-max(grey.shape[1:]) // 16))
    shades = (grey[:, ::step, ::step] / 256 * len(_SHADES)).astype(int)
    rows = [
        "  ".join("".join(2 * _SHADES[v] for v in picture[y]) for picture in shades) for y in range(shades.shape[1])
    ]
    return "\n".join(rows)
