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
    """

    def __init__(self, inputs: int, outputs: int, width: int, depth: int) -> None:
        super().__init__()
        self.depth = depth
        widths = [max(width >> (depth - 1 - level), 8) for level in range(depth)]
        self.stem = convolution(4 * inputs, widths[0], 3, 1, gain=1.0)
        self.down = nn.ModuleList(map(Residual, widths))
        self.shrink = nn.ModuleList(convolution(i, o, 4, 2) for i, o in pairwise(widths))
        self.middle = nn.Sequential(*(Residual(widths[-1]) for _ in range(MIDDLE)))
        self.grow = nn.ModuleList(_doubling(o, i) for i, o in pairwise(widths))
        self.up = nn.ModuleList(map(Residual, widths))
        self.norm, self.head = PixelNorm(widths[0]), nn.Conv2d(widths[0], 4 * outputs, 3, 1, 1)
        _alike(self.head, 0.5)
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]

    def forward(self, pictures: Tensor) -> Tensor:
        high, wide = pictures.shape[2:]
        whole = pad(pictures, (0, -wide % 2**self.depth, 0, -high % 2**self.depth), mode="replicate")
        maps = self.stem(pixel_unshuffle(whole, 2).contiguous(memory_format=torch.channels_last))
        ways: list[Tensor] = []
        for level, stage in enumerate(self.down):
            maps = stage(self.shrink[level - 1](maps) if level else maps)
            ways.append(maps)
        maps = self.up[-1](self.middle(maps))
        for level in reversed(range(self.depth - 1)):
            maps = self.up[level](self.grow[level](maps) + ways[level])
        painted = pixel_shuffle(self.head(leaky_relu(self.norm(maps), LEAK)), 2)
        return painted[:, :, :high, :wide]


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
