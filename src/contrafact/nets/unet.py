"""Picture-to-picture networks: a U-Net for pictures of any size, and a critic that judges patches.

A U-Net halves the map again and again, then doubles it back, and adds to each doubled map the map of that size from the
way down: what lies where comes from there, what it is from below (Ronneberger et al., U-Net: convolutional networks for
biomedical image segmentation, MICCAI 2015). The first halving folds 2 x 2 pixels into channels and the last doubling
unfolds them, so that no pixel is lost and no convolution works at full size, where it is dear and sees little.

There is no norm over the map or the batch: an output pixel depends on the pixels within `reach` and on nothing else,
so that a large picture can be worked on in tiles. The patch critic has one logit for each place, which sees the pixels
around it (Isola et al., Image-to-image translation with conditional adversarial networks, CVPR 2017).
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, leaky_relu, pad, pixel_shuffle, pixel_unshuffle

LEAK, QUIET = 0.1, 0.1


def bending(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Conv2d:
    """Make a convolution whose output, bent by a leaky ReLU, varies as much as its input."""
    layer = nn.Conv2d(inputs, outputs, size, stride, (size - 1) // 2)
    nn.init.kaiming_normal_(layer.weight, LEAK)
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer


class Twice(nn.Module):
    """Convolve and bend, twice.

    Arguments:
        inputs: Channels that come in.
        outputs: Channels that go out.
        noise: How many of the last inputs are noise, which begins quiet: a picture is learned from first.
    """

    def __init__(self, inputs: int, outputs: int, noise: int = 0) -> None:
        super().__init__()
        self.first, self.second = bending(inputs, outputs), bending(outputs, outputs)
        with torch.no_grad():
            self.first.weight[:, inputs - noise :] *= QUIET

    def forward(self, maps: Tensor) -> Tensor:
        return leaky_relu(self.second(leaky_relu(self.first(maps), LEAK)), LEAK)


class UNet(nn.Module):
    """Turn pictures of any size into maps of the same size; the outputs are raw numbers, to be bent as one likes.

    Arguments:
        inputs: Channels of the pictures.
        outputs: Channels of the maps.
        width: Channels at half the size; they double with every further halving.
        depth: Halvings.
        noise: Channels of noise, which enters beside the pictures and, averaged, at the coarsest map; 0: none.
    """

    def __init__(self, inputs: int, outputs: int, width: int, depth: int, noise: int = 0) -> None:
        super().__init__()
        self.multiple, self.noise = 1 << depth, noise
        widths = [width * 2**level for level in range(depth)]
        first = Twice(4 * (inputs + noise), width, noise=4 * noise)
        further = [
            Twice(half + extra, half * 2, noise=extra)
            for half, extra in zip(widths[:-1], [0] * (depth - 2) + [noise], strict=False)
        ]
        self.down = nn.ModuleList([first, *further])
        self.bridge = nn.ModuleList(nn.Conv2d(2 * w, w, 1) for w in widths[:-1])
        self.up = nn.ModuleList(Twice(w, w) for w in widths[:-1])
        self.head = nn.Conv2d(width, 4 * outputs, 3, 1, 1)
        nn.init.normal_(self.head.weight, std=0.1 / math.sqrt(9 * width))
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]

    @property
    def reach(self) -> int:
        """How many pixels away an input can still matter to an output."""
        return reach(len(self.down))

    def forward(self, pictures: Tensor, noise: Tensor | None = None) -> Tensor:
        high, wide = pictures.shape[2:]
        seen = self._whole(pictures if noise is None else torch.cat([pictures, noise], dim=1))
        maps, ways = pixel_unshuffle(seen, 2).contiguous(memory_format=torch.channels_last), []
        for level, stage in enumerate(self.down):
            if level:
                ways.append(maps)
                maps = avg_pool2d(maps, 2)
            if self.noise and level and level == len(self.down) - 1:
                maps = torch.cat([maps, self._coarse(seen[:, -self.noise :])], dim=1)
            maps = stage(maps)
        for stage, bridge in zip(reversed(self.up), reversed(self.bridge), strict=True):
            maps = stage(interpolate(bridge(maps), scale_factor=2.0) + ways.pop())
        made: Tensor = pixel_shuffle(self.head(maps), 2)[:, :, :high, :wide]
        return made

    def _whole(self, pictures: Tensor) -> Tensor:
        """Repeat the last row and column until both sides are multiples of the coarsest map's pixel."""
        down, right = (-side % self.multiple for side in pictures.shape[2:])
        return pad(pictures, (0, right, 0, down), mode="replicate") if down or right else pictures

    def _coarse(self, noise: Tensor) -> Tensor:
        """Average noise down to the coarsest map, with as much variance as before."""
        return avg_pool2d(noise, self.multiple) * self.multiple


def reach(depth: int) -> int:
    """Count the pixels that a U-Net of so many halvings sees in each direction, rounded up to whole coarse pixels.

    Each level has two 3 x 3 convolutions on the way down and two on the way up, but for one pair at the coarsest; the
    head has one more at half the size.
    """
    both_ways = sum(4 << level for level in range(1, depth))
    return both_ways + 2 + (3 << depth)


class PatchCritic(nn.Module):
    """Judge each patch of pictures: one logit for each place of a coarse map.

    Arguments:
        inputs: Channels of the pictures, with those of the condition that stands beside them.
        width: Channels after the first halving.
        depth: Halvings; a patch is 18, 38 or 78 pixels wide with 2, 3 or 4 of them.
    """

    def __init__(self, inputs: int, width: int, depth: int = 3) -> None:
        super().__init__()
        widths = [inputs, *(min(width * 2**level, 8 * width) for level in range(depth))]
        self.layers = nn.ModuleList(bending(i, o, 4, 2) for i, o in pairwise(widths))
        self.last = nn.Conv2d(widths[-1], 1, 3, 1, 1)
        nn.init.normal_(self.last.weight, std=1 / math.sqrt(9 * widths[-1]))
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]

    def body(self, pictures: Tensor) -> list[Tensor]:
        """Give the maps after each halving."""
        maps, every = pictures.contiguous(memory_format=torch.channels_last), []
        for layer in self.layers:
            maps = leaky_relu(layer(maps), LEAK)
            every.append(maps)
        return every

    def forward(self, pictures: Tensor) -> Tensor:
        logits: Tensor = self.last(self.body(pictures)[-1])
        return logits
