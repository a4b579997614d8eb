"""Pictures of any size for networks that learned at one: windows to learn from, and the way to their numbers and back.

A codec may have scaled the user's pictures down; new pictures are scaled by the same factor, whatever their size, and
what a network makes of them is scaled back.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from contrafact.base.data import Data
from contrafact.base.errors import DataError
from contrafact.engine.play import Step


def window_places(size: tuple[int, ...], window: tuple[int, int], count: int, step: Step) -> Tensor:
    """Draw upper left corners of windows in pictures of a size, count x 2; none where there is no room to choose."""
    room = [max(length - side, 0) for length, side in zip(size, window, strict=True)]
    if not any(room):
        return torch.zeros(count, 2, dtype=torch.long, device=step.generator.device)
    return torch.stack([step.integers(free + 1, count) for free in room], dim=1)


def windows_at(pictures: Tensor, corners: Tensor, window: tuple[int, int]) -> Tensor:
    """Cut a window from each picture, all by one indexing."""
    high, wide = (min(side, length) for side, length in zip(window, pictures.shape[2:], strict=True))
    if (high, wide) == pictures.shape[2:]:
        return pictures
    y = corners[:, :1] + torch.arange(high, device=pictures.device)
    x = corners[:, 1:] + torch.arange(wide, device=pictures.device)
    which = torch.arange(len(pictures), device=pictures.device)[:, None, None]
    return pictures.permute(0, 2, 3, 1)[which, y[:, :, None], x[:, None, :]].permute(0, 3, 1, 2).contiguous()


def cut_windows(pictures: Tensor, window: tuple[int, int], step: Step) -> Tensor:
    """Cut a window from a random place of each picture."""
    return windows_at(pictures, window_places(pictures.shape[2:], window, len(pictures), step), window)


def window_of(recipe: Any, codec: Any) -> tuple[int, int]:
    """Give the height and width that networks work at: the pictures', where these are no larger than a window."""
    return min(codec.high, recipe.window), min(codec.wide, recipe.window)


def items_of(pictures: Any, codec: Any) -> np.ndarray:
    """Read pictures, or one picture, as N x high x wide x channels of the depth and the channels that a model knows.

    Raises:
        DataError: They have other channels or another depth.
    """
    items = np.asarray(pictures.items if isinstance(pictures, Data) else pictures)
    shape = items.shape
    if not isinstance(pictures, Data) and items.ndim == (2 if codec.flat else 3):
        items = items[None]
    items = items[..., None] if items.ndim == 3 else items
    bits = 8 * items.dtype.itemsize
    if items.ndim != 4 or items.shape[3] != codec.channels or items.dtype.kind != "u" or bits != codec.depth:
        raise DataError(
            f"The model cannot use these pictures: they are {items.dtype} of shape {shape}.",
            why=f"It knows pictures of {codec.channels} channels and {codec.depth} bit.",
            fix="Convert them to pictures like those that it was fitted on; their size does not matter.",
            code="E205",
        )
    return items


def floats(items: np.ndarray, codec: Any) -> Tensor:
    """Turn pictures N x high x wide x channels into numbers from -1 to 1, N x channels x high x wide."""
    numbers = torch.from_numpy(np.ascontiguousarray(items.transpose(0, 3, 1, 2), dtype=np.float32))
    low, spread = int(codec.low), max(int(codec.top) - int(codec.low), 1)
    return ((numbers - low) * (2 / spread) - 1).clamp(-1, 1)


def whole_numbers(made: Tensor, dtype: Any, codec: Any) -> np.ndarray:
    """Turn numbers from -1 to 1 into pictures N x high x wide x channels."""
    values = ((made + 1) * ((codec.top - codec.low) / 2) + codec.low).permute(0, 2, 3, 1).cpu().numpy()
    return np.asarray(np.clip(np.rint(values), 0, np.iinfo(dtype).max).astype(dtype))


def working_size(codec: Any, size: tuple[int, ...]) -> tuple[int, ...]:
    """Give the size at which a picture of this size is as coarse as those that were learned from."""
    scale = codec.high / codec.seen[0]
    return tuple(max(round(length * scale), 1) for length in size)


def resized(pictures: Tensor, size: Any) -> Tensor:
    """Scale pictures to a size."""
    if tuple(pictures.shape[2:]) == tuple(size):
        return pictures
    return interpolate(pictures, tuple(size), mode="bilinear", antialias=True)


def like(pictures: Any, made: np.ndarray, labels: np.ndarray | None = None) -> Any:
    """Give pictures as the same kind of object as those that they were made from.

    Arguments:
        pictures: What was given.
        made: What became of it, N x high x wide x channels.
        labels: What Data of them say of each; None leaves the labels as they are.
    """
    if not isinstance(pictures, Data):
        return made.reshape(np.shape(pictures))
    named = pictures.labels if labels is None else labels
    return replace(pictures, items=made.reshape(pictures.items.shape), labels=named)
