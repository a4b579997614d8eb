"""Residual blocks for networks from pictures to pictures, without any statistic of a batch or of a map.

Each pixel's channels are scaled to unit mean square before a convolution (RMS norm over the channels of one place), so
that what a pixel becomes depends on the pixels around it and on nothing else: not on the other pictures of a batch, nor
on how much of the picture is shown. The last convolution of a block begins small, so that the block begins as a copy.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from contrafact.nets.pictures import LEAK, convolution

SMALL = 0.3


class PixelNorm(nn.Module):
    """Scale the channels of each pixel to unit mean square, then by a learned factor for each channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(1, channels, 1, 1))

    def forward(self, maps: Tensor) -> Tensor:
        return maps * (maps.square().mean(1, keepdim=True) + 1e-6).rsqrt() * self.gain


class Residual(nn.Module):
    """Norm, bend and convolve, twice, and add what came in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(PixelNorm(channels) for _ in range(2))
        self.convs = nn.ModuleList(convolution(channels, channels, 3, 1) for _ in range(2))
        with torch.no_grad():
            self.convs[1].weight.mul_(SMALL)

    def forward(self, maps: Tensor) -> Tensor:
        change = maps
        for norm, conv in zip(self.norms, self.convs, strict=True):
            change = conv(leaky_relu(norm(change), LEAK))
        return maps + change
