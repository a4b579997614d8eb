"""Classic augmentation: pictures mirrored, turned, scaled and shifted, a fresh draw each time one is shown.

Which of these leave the class of a picture alone depends on the pictures: a mirrored leaf is a leaf, a mirrored 2 is
none. Nothing is taken for granted here; `helps` measures which of them a classifier gains from.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from contrafact.base.seeds import fold
from contrafact.engine.play import Step

# How far pictures are turned (in degrees), scaled and shifted (in shares of a side), each way.
DEGREES, SCALE, SHIFT = 15.0, 0.15, 0.1
TRIES = 32  # draws after which a copy may equal its picture, as where a picture is symmetric
OPERATIONS = ("mirror", "flip", "quarter", "turn", "scale", "shift")
WORDS = {
    "mirror": "mirroring left to right",
    "flip": "turning upside down",
    "quarter": "quarter turns",
    "turn": f"turning by up to {DEGREES:g} degrees",
    "scale": f"scaling by up to {SCALE:.0%}",
    "shift": f"shifting by up to {SHIFT:.0%}",
}


def possible(high: int, wide: int) -> tuple[str, ...]:
    """Name the operations that keep the size of such pictures."""
    return tuple(name for name in OPERATIONS if name != "quarter" or high == wide)


def varied(pictures: Tensor, operations: tuple[str, ...], step: Step) -> Tensor:
    """Change each picture by a fresh draw of the operations.

    Arguments:
        pictures: Numbers N x channels x high x wide.
        operations: Which ones.
        step: Draws.
    """
    for name, turned in _TURNS.items():
        if name in operations:
            pictures = turned(pictures, step)
    bent = [name in operations for name in ("turn", "scale", "shift")]
    return _bent(pictures, step, *bent) if any(bent) else pictures


def _half(pictures: Tensor, other: Tensor, step: Step) -> Tensor:
    return torch.where((step.uniform(len(pictures)) < 0.5)[:, None, None, None], other, pictures)


def _mirrored(pictures: Tensor, step: Step) -> Tensor:
    return _half(pictures, pictures.flip(3), step)


def _flipped(pictures: Tensor, step: Step) -> Tensor:
    return _half(pictures, pictures.flip(2), step)


def _quarters(pictures: Tensor, step: Step) -> Tensor:
    turns = step.integers(4, len(pictures))
    return torch.stack([torch.rot90(picture, int(k), (1, 2)) for picture, k in zip(pictures, turns, strict=True)])


_TURNS: dict[str, Callable[[Tensor, Step], Tensor]] = {"mirror": _mirrored, "flip": _flipped, "quarter": _quarters}


def _bent(pictures: Tensor, step: Step, turn: bool, scale: bool, shift: bool) -> Tensor:
    """Turn, scale and shift at once, so that pictures are interpolated only once; borders are repeated."""
    high, wide = pictures.shape[2:]
    draws = 2 * step.uniform(len(pictures), 4) - 1
    angle = draws[:, 0] * math.radians(DEGREES) * turn
    size = torch.exp(draws[:, 1] * math.log1p(SCALE) * scale)
    across, down = (2 * SHIFT * shift * draws[:, 2:]).unbind(1)
    cosine, sine = size * angle.cos(), size * angle.sin()
    # The grid's unit is half a side, so that turning a picture that is not square mixes two units.
    rows = [cosine, -sine * high / wide, across, sine * wide / high, cosine, down]
    grid = affine_grid(torch.stack(rows, dim=1).view(-1, 2, 3), list(pictures.shape), align_corners=False)
    return grid_sample(pictures, grid, padding_mode="border", align_corners=False)


def copies(pictures: np.ndarray, operations: tuple[str, ...], seed: int) -> np.ndarray:
    """Make a changed copy of each picture, in its own size and depth.

    Arguments:
        pictures: N x high x wide (x channels), of 8 or 16 bit.
        operations: Which ones.
        seed: Seeds the draws.
    """
    made = np.empty_like(pictures)
    for place, picture in enumerate(pictures):  # one at a time: they may be large
        step = Step(number=0, total=1, generator=torch.Generator().manual_seed(fold(seed, "copy", place)))
        for _ in range(TRIES):
            made[place] = _copy(picture, operations, step)
            if (made[place] != picture).any():
                break
    return made


def _copy(picture: np.ndarray, operations: tuple[str, ...], step: Step) -> np.ndarray:
    rows = picture.reshape(*picture.shape[:2], -1).transpose(2, 0, 1).astype(np.float32)
    changed = varied(torch.from_numpy(rows)[None], operations, step)[0].numpy().transpose(1, 2, 0)
    whole = np.clip(np.rint(changed), 0, np.iinfo(picture.dtype).max)
    return np.asarray(whole.reshape(picture.shape).astype(picture.dtype))
