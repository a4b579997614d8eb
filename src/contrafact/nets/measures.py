"""What can be measured of a picture in one number: brightness, slant, size and the like.

Where something is drawn on a plain ground, its ink is how far each pixel is from the ground, the median of the border.
The ink's moments are where it lies (`right`, `down`), how far it spreads (`size`, `width`) and how it leans (`slant`,
the shear that would make it upright). `thickness` is twice the ink over its total variation: a stroke of width w and
length l holds w l of it and has two edges of length l. Of photographs the same numbers can be taken; they then speak of
light and dark masses.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

LEAST = 1e-6
COLOURS = ("red", "green", "blue")


def measures(pictures: Tensor) -> dict[str, Tensor]:
    """Measure pictures.

    Arguments:
        pictures: N x C x H x W, 0 to 255.

    Returns:
        One number a picture under each name.
    """
    light = pictures.float() / 255
    veiled = light.shape[1] in (2, 4)  # the last channel is opacity
    colours = light[:, :-1] if veiled else light
    grey = colours.mean(1)
    opacity = {"opacity": _mean(light[:, -1])} if veiled else {}
    return {**_of_light(grey), **_of_ink(grey), **_of_colours(colours), **opacity}


def _mean(maps: Tensor) -> Tensor:
    return maps.flatten(1).mean(1)


def _of_light(grey: Tensor) -> dict[str, Tensor]:
    """Measure all pixels alike; roughness is the share of the contrast that a blur of 3 x 3 takes away."""
    contrast = grey.flatten(1).std(1, correction=0)
    blurred = avg_pool2d(pad(grey[:, None], (1, 1, 1, 1), mode="replicate"), 3, 1)[:, 0]
    fine = (grey - blurred).flatten(1).std(1, correction=0)
    return {"brightness": _mean(grey), "contrast": contrast, "roughness": fine / contrast.clamp_min(LEAST)}


def _of_ink(grey: Tensor) -> dict[str, Tensor]:
    """Measure what differs from the ground."""
    border = torch.cat([grey[:, 0], grey[:, -1], grey[:, :, 0], grey[:, :, -1]], dim=1)
    ink = (grey - border.median(1).values[:, None, None]).abs()
    whole = ink.sum((1, 2)).clamp_min(LEAST)
    y = torch.arange(grey.shape[1], device=grey.device)[:, None].float()
    x = torch.arange(grey.shape[2], device=grey.device).float()

    def average(values: Tensor) -> Tensor:
        return (ink * values).sum((1, 2)) / whole

    right, down = average(x), average(y)
    across, along = x - right[:, None, None], y - down[:, None, None]
    wide, high, lean = average(across**2), average(along**2), average(across * along)
    edges = (ink.diff(dim=1)).abs().sum((1, 2)) + (ink.diff(dim=2)).abs().sum((1, 2))
    return {
        "thickness": 2 * whole / edges.clamp_min(LEAST),
        "slant": -lean / high.clamp_min(LEAST),
        "size": (wide + high).sqrt(),
        "width": (wide.clamp_min(LEAST) / high.clamp_min(LEAST)).log() / 2,
        "right": right,
        "down": down,
    }


def _of_colours(colours: Tensor) -> dict[str, Tensor]:
    """Measure how far each channel stands out."""
    channels = colours.shape[1]
    if channels == 1:
        return {}
    names = COLOURS if channels == 3 else [f"channel {place}" for place in range(1, channels + 1)]
    levels = colours.mean((2, 3))
    return dict(zip(names, (levels - levels.mean(1, keepdim=True)).unbind(1), strict=True))
