"""A residual network from pictures to pictures, without any statistic of a batch or of a map.

Each pixel's channels are scaled to unit mean square before a convolution (RMS norm over the channels of one place), so
that what a pixel becomes depends on the pixels around it and on nothing else: not on the other pictures of a batch, nor
on how much of the picture is shown. Convolutions begin small, so that each block begins as a copy.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, pad, pixel_shuffle, pixel_unshuffle

from contrafact.nets.pictures import LEAK, convolution

SMALL, MIDDLE = 0.3, 3


class _Bounded(torch.autograd.Function):
    """Cut numbers off at -1 and 1, and let through what pulls them back."""

    @staticmethod
    def forward(ctx: Any, numbers: Tensor) -> Tensor:
        ctx.save_for_backward(numbers)
        return numbers.clamp(-1, 1)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        (numbers,) = ctx.saved_tensors
        outwards = ((numbers > 1) & (slope < 0)) | ((numbers < -1) & (slope > 0))
        return slope.masked_fill(outwards, 0)


def bounded(numbers: Tensor) -> Tensor:
    """Cut numbers off at -1 and 1, with slopes that never vanish on the way back.

    Beyond the bounds a hyperbolic tangent has hardly any slope, so that a network that once paints all black stays so;
    and black itself it never reaches.
    """
    cut: Tensor = _Bounded.apply(numbers)  # type: ignore[no-untyped-call]
    return cut


class PixelNorm(nn.Module):
    """Scale the channels of each pixel to unit mean square, then by a learned factor for each channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(1, channels, 1, 1))

    def forward(self, maps: Tensor) -> Tensor:
        scaled: Tensor = maps * (maps.square().mean(1, keepdim=True) + 1e-6).rsqrt() * self.gain
        return scaled


class Residual(nn.Module):
    """Norm, bend, convolve, and add what came in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm, self.conv = PixelNorm(channels), convolution(channels, channels, 3, 1)
        with torch.no_grad():
            self.conv.weight.mul_(SMALL)

    def forward(self, maps: Tensor) -> Tensor:
        changed: Tensor = maps + self.conv(leaky_relu(self.norm(maps), LEAK))
        return changed


class Painter(nn.Module):
    """Turn pictures into pictures of the same size by residual blocks on maps of a half, a quarter ... of it.

    As in a U-Net the maps of the way down are added on the way up. The outputs are raw numbers, to be bent as one
    likes.

    Arguments:
        inputs: Channels of the pictures.
        outputs: Channels of what is painted.
        width: Channels at the coarsest map; half as many at each finer one, but 8 at least.
        depth: Halvings.
        condition: Width of a row of numbers that is told at the coarsest map; 0: none.
        noise: Maps of noise that enter at each size, for what may differ from place to place; 0: none.
        latent: Numbers of noise that are told at the coarsest map, for what the whole picture decides; 0: none.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        width: int,
        depth: int,
        *,
        condition: int = 0,
        noise: int = 0,
        latent: int = 0,
    ) -> None:
        super().__init__()
        self.depth, self.noise, self.latent = depth, noise, latent
        widths = [max(width >> (depth - 1 - level), 8) for level in range(depth)]
        self.stem = convolution(4 * inputs, widths[0], 3, 1, gain=1.0)
        self.down = nn.ModuleList(map(Residual, widths))
        self.shrink = nn.ModuleList(convolution(i, o, 4, 2) for i, o in pairwise(widths))
        self.middle = nn.Sequential(*(Residual(widths[-1]) for _ in range(MIDDLE)))
        self.heard = nn.ModuleList(nn.Conv2d(noise, size, 1) for size in widths if noise)
        self.told = nn.Linear(latent, widths[-1], bias=False) if latent else None
        self.named = nn.Linear(condition, widths[-1], bias=False) if condition else None
        for layer in self.heard:
            nn.init.normal_(layer.weight, std=1 / math.sqrt(noise))  # type: ignore[arg-type]
        if self.told is not None:
            nn.init.normal_(self.told.weight, std=1 / math.sqrt(latent))
        self.grow = nn.ModuleList(_doubling(o, i) for i, o in pairwise(widths))
        self.up = nn.ModuleList(map(Residual, widths))
        self.norm, self.head = PixelNorm(widths[0]), nn.Conv2d(widths[0], 4 * outputs, 3, 1, 1)
        _alike(self.head, 0.5)
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]

    def sizes(self, high: int, wide: int) -> list[tuple[int, int]]:
        """Give the sizes of the maps for pictures of this size, the finest first."""
        coarsest = [-(-side // 2**self.depth) for side in (high, wide)]
        return [(coarsest[0] << level, coarsest[1] << level) for level in reversed(range(self.depth))]

    def noise_size(self, high: int, wide: int) -> int:
        """Count the numbers of noise that a picture of this size takes."""
        return self.latent + sum(self.noise * h * w for h, w in self.sizes(high, wide))

    def _heard(self, noise: Tensor | None, condition: Tensor | None, high: int, wide: int) -> list[Tensor | None]:
        """Turn each picture's row of noise, and its condition, into what is added at each size."""
        heard: list[Tensor | None] = [None] * self.depth
        if noise is not None and self.noise:
            sizes = self.sizes(high, wide)
            parts = torch.split(noise[:, self.latent :], [self.noise * h * w for h, w in sizes], dim=1)
            maps = [part.reshape(-1, self.noise, *size) for part, size in zip(parts, sizes, strict=True)]
            heard = [layer(one) for layer, one in zip(self.heard, maps, strict=True)]
        told = None if self.told is None or noise is None else self.told(noise[:, : self.latent])
        named = None if self.named is None or condition is None else self.named(condition)
        for row in (told, named):
            if row is not None:
                heard[-1] = row[:, :, None, None] if heard[-1] is None else heard[-1] + row[:, :, None, None]
        return heard

    def forward(self, pictures: Tensor, noise: Tensor | None = None, condition: Tensor | None = None) -> Tensor:
        high, wide = pictures.shape[2:]
        heard = self._heard(noise, condition, high, wide)
        whole = pad(pictures, (0, -wide % 2**self.depth, 0, -high % 2**self.depth), mode="replicate")
        maps = self.stem(pixel_unshuffle(whole, 2).contiguous(memory_format=torch.channels_last))
        ways: list[Tensor] = []
        for level, stage in enumerate(self.down):
            maps = stage(self.shrink[level - 1](maps) if level else maps)
            ways.append(maps)
        maps = self.up[-1](self.middle(_sum(maps, heard[-1])))
        for level in reversed(range(self.depth - 1)):
            maps = self.up[level](_sum(self.grow[level](maps) + ways[level], heard[level]))
        painted = pixel_shuffle(self.head(leaky_relu(self.norm(maps), LEAK)), 2)
        return painted[:, :, :high, :wide]


def _sum(maps: Tensor, heard: Tensor | None) -> Tensor:
    return maps if heard is None else maps + heard


def _doubling(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    """Make a layer that doubles a map and begins by interpolating it, so that no grid has to be unlearned."""
    layer = nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False)
    line = torch.tensor([0.25, 0.75, 0.75, 0.25])
    with torch.no_grad():
        layer.weight.copy_(torch.randn(inputs, outputs, 1, 1) / math.sqrt(inputs) * line[:, None] * line)
    return layer


def _alike(head: nn.Conv2d, size: float) -> None:
    """Let the four pixels that a place of the map becomes begin equal: a pixel shuffle then begins without a grid.

    Arguments:
        head: Gives four channels for each channel of the picture.
        size: How much the pixels vary when its inputs have unit size.
    """
    outputs, inputs, *kernel = head.weight.shape
    with torch.no_grad():
        weight = torch.randn(outputs // 4, inputs, *kernel) * (size / math.sqrt(inputs * math.prod(kernel)))
        head.weight.copy_(weight.repeat_interleave(4, dim=0))
