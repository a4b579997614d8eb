"""Work on a picture of any size in overlapping tiles, blended smoothly.

Where tiles overlap, each counts the less the nearer a pixel is to its border, along a raised cosine; at a picture's own
border a tile counts fully. Tiles begin at multiples of a network's coarsest pixel, so that all see the same grid: where
a network reaches less far than half the overlap, the seams are as if the picture had been worked on as a whole.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import torch
from torch import Tensor
from torch.nn.functional import pad

TILE, OVERLAP = 512, 64


def starts(length: int, tile: int, overlap: int, multiple: int) -> list[int]:
    """Say where tiles begin along one side, at multiples, the last one reaching the end.

    >>> starts(100, 40, 8, 4), starts(30, 40, 8, 4)
    ([0, 32, 60], [0])
    """
    if length <= tile:
        return [0]
    step = max((tile - overlap) // multiple * multiple, multiple)
    return [*range(0, length - tile, step), length - tile]


def _weight(length: int, overlap: int, *, first: bool, last: bool) -> Tensor:
    """Give how much each pixel along one side of a tile counts."""
    rise = (1 - torch.cos(math.pi * (torch.arange(overlap) + 0.5) / overlap)) / 2
    weight = torch.ones(length)
    if not first:
        weight[:overlap] = rise
    if not last:
        weight[length - overlap :] *= rise.flip(0)
    return weight


def tiled(
    apply: Callable[[Tensor], Tensor], pictures: Tensor, *, multiple: int, tile: int = TILE, overlap: int = OVERLAP
) -> Tensor:
    """Apply a network that keeps the size to pictures, tile by tile where they are larger than a tile.

    Arguments:
        apply: Pictures N x C x h x w -> maps N x K x h x w.
        pictures: Pictures of any size.
        multiple: Side of the network's coarsest pixel.
        tile: Side of a tile, a multiple of that.
        overlap: Pixels that neighbouring tiles share at least.
    """
    high, wide = pictures.shape[2:]
    if max(high, wide) <= tile:
        return apply(pictures)
    padded = pad(pictures, (0, -wide % multiple, 0, -high % multiple), mode="replicate")
    rows, columns = (starts(side, tile, overlap, multiple) for side in padded.shape[2:])
    total: Tensor | None = None
    weights = padded.new_zeros(padded.shape[2:])
    for y, x in product(rows, columns):
        made = apply(padded[:, :, y : y + tile, x : x + tile])
        sides = zip(made.shape[2:], ((y, rows), (x, columns)), strict=True)
        ramps = [_weight(n, overlap, first=at == 0, last=at == every[-1]) for n, (at, every) in sides]
        weight = torch.outer(*ramps).to(made)
        if total is None:
            total = made.new_zeros(len(made), made.shape[1], *weights.shape)
        total[:, :, y : y + tile, x : x + tile] += weight * made
        weights[y : y + tile, x : x + tile] += weight
    assert total is not None
    return (total / weights)[:, :, :high, :wide]
