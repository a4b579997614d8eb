"""Fill the holes of a picture of any size with a network that knows windows of one size.

A hole that fits into a window gets the window around its middle. A larger one is filled window by window over a grid of
half steps, always where the fewest pixels are unknown: what was filled is known to the next window, so that the filling
grows inwards from what was given, and each window looks like those that the network was trained on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

ROOMY = 0.75  # of a window's side that a hole may take to be filled in one piece
Place = tuple[int, int]
Fill = Callable[[Tensor, Tensor, int], Tensor]


def _start(low: int, high: int, window: int, length: int) -> int:
    """Put a window around the middle of a stretch, inside the picture."""
    return min(max((low + high - window) // 2, 0), length - window)


def _pieces(hole: np.ndarray, window: Place) -> Iterator[Place]:
    """Give a window for each connected hole that has room in one."""
    from scipy.ndimage import find_objects, label

    for piece in find_objects(label(hole, structure=np.ones((3, 3)))[0]):
        spans = [(part.start, part.stop) for part in piece]
        if all(stop - start <= ROOMY * side for (start, stop), side in zip(spans, window, strict=True)):
            y, x = (_start(*span, side, length) for span, side, length in zip(spans, window, hole.shape, strict=True))
            yield y, x


def _grid(shape: tuple[int, ...], window: Place) -> np.ndarray:
    """Give the windows of half steps over a picture, the last of each row and column at its end."""
    lines = [
        sorted({*range(0, length - side, max(side // 2, 1)), length - side})
        for length, side in zip(shape, window, strict=True)
    ]
    return np.array([(y, x) for y in lines[0] for x in lines[1]])


def windows(hole: np.ndarray, window: Place) -> Iterator[Place]:
    """Say where to fill, in which order; each window is filled before the next is asked for.

    Arguments:
        hole: Which pixels of a picture are unknown, at least as large as a window.
        window: Height and width of a window.
    """
    left, (high, wide) = hole.copy(), window
    for y, x in _pieces(hole, window):
        if left[y : y + high, x : x + wide].any():
            left[y : y + high, x : x + wide] = False
            yield y, x
    grid = _grid(hole.shape, window)
    unknown = np.array([left[y : y + high, x : x + wide].sum() for y, x in grid])
    while unknown.any():
        y, x = grid[np.where(unknown > 0, unknown, high * wide + 1).argmin()]
        left[y : y + high, x : x + wide] = False
        for near in np.flatnonzero((abs(grid - (y, x)) < window).all(1)):
            v, u = grid[near]
            unknown[near] = left[v : v + high, u : u + wide].sum()
        yield int(y), int(x)


def filled(pictures: Tensor, hole: np.ndarray, window: Place, fill: Fill) -> Tensor:
    """Fill one hole in several pictures of one size.

    Arguments:
        pictures: N x channels x high x wide.
        hole: The pixels to fill, high x wide.
        window: Height and width that the network knows.
        fill: Fills windows, from pictures, a hole high x wide, and the window's number.

    Returns:
        The pictures with other numbers in the hole and the same outside.
    """
    high, wide = hole.shape
    margin = [(0, max(side - length, 0)) for side, length in zip(window, hole.shape, strict=True)]
    unknown = np.pad(hole, margin, constant_values=True)  # nothing is known beside a picture that is too small
    known = pad(pictures, (0, margin[1][1], 0, margin[0][1]))
    for number, (y, x) in enumerate(windows(np.pad(hole, margin), window)):
        rows, columns = slice(y, y + window[0]), slice(x, x + window[1])
        here = torch.from_numpy(unknown[rows, columns].copy()).to(known.device)
        made = fill(known[..., rows, columns], here, number)
        known[..., rows, columns] = torch.where(here, made, known[..., rows, columns])
        unknown[rows, columns] = False
    return known[..., :high, :wide]
