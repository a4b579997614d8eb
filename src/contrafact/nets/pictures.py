"""Networks over pictures: a generator that grows a small map, and a critic of strided convolutions.

Sizes follow from one dial, `width`: the channels of the generator at the coarsest map of a 28 x 28 picture. What was
measured to matter on a CPU: the generator's last doubling is a pixel shuffle (a third of the cost of a transposed
convolution to one channel); the critic looks at the pixels with a 4 x 4 convolution of stride 2; all work is done where
maps are small and channels many.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm, leaky_relu, pixel_shuffle

LEAK, COARSEST = 0.2, 8


def doublings(high: int, wide: int) -> int:
    """Say how often a map doubles from its coarsest to the picture, the last one by a pixel shuffle."""
    return max(math.ceil(math.log2(max(high, wide) / COARSEST)), 1)


def grown(size: int, times: int) -> int:
    """Give the size of the coarsest map from which a picture of this size is grown and cut."""
    return -(-size // 2**times)


class ConditionalNorm(nn.Module):
    """Standardise each channel over the batch, then scale and shift it as the condition says.

    In training mode the batch's own mean and variance are used; `settle` measures them once over many draws, and they
    are then kept with the weights, so that a picture does not depend on the others drawn with it.
    """

    mean: Tensor
    variance: Tensor

    def __init__(self, channels: int, condition: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(channels))
        self.shift = nn.Parameter(torch.zeros(channels))
        self.by_condition = nn.Parameter(torch.zeros(2 * channels, condition)) if condition else None
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("variance", torch.ones(channels))

    def measure(self, maps: Tensor) -> None:
        """Keep these maps' mean and variance."""
        self.variance, self.mean = torch.var_mean(maps, dim=(0, 2, 3), correction=0)

    def forward(self, maps: Tensor, condition: Tensor | None) -> Tensor:
        if self.training:
            maps = batch_norm(maps, None, None, self.gain, self.shift, training=True)
        else:
            maps = batch_norm(maps, self.mean, self.variance, self.gain, self.shift)
        if self.by_condition is None or condition is None:
            return maps
        gain, shift = (condition @ self.by_condition.t())[:, :, None, None].chunk(2, dim=1)
        return maps * (1 + gain) + shift


class Grow(nn.Module):
    """Norm, bend, and add a convolved residual; then double the map with as many channels, 0 where it is the last."""

    def __init__(self, channels: int, condition: int, doubled: int) -> None:
        super().__init__()
        self.norm = ConditionalNorm(channels, condition)
        self.conv = convolution(channels, channels, 3, 1)
        self.norm2 = ConditionalNorm(channels, condition)
        self.up = None
        if doubled:
            self.up = nn.ConvTranspose2d(channels, doubled, 4, 2, 1, bias=False)
            nn.init.normal_(self.up.weight, std=math.sqrt(2 / (4 * channels)))

    def forward(self, maps: Tensor, condition: Tensor | None) -> Tensor:
        maps = leaky_relu(self.norm(maps, condition), LEAK)
        maps = maps + leaky_relu(self.norm2(self.conv(maps), condition), LEAK)
        return maps if self.up is None else self.up(maps)


def convolution(inputs: int, outputs: int, size: int, stride: int, gain: float = 2.0) -> nn.Conv2d:
    """Make a convolution without bias whose output varies as much as its input, times gain / 2 after a bend."""
    layer = nn.Conv2d(inputs, outputs, size, stride, (size - 1) // 2, bias=False)
    nn.init.normal_(layer.weight, std=math.sqrt(gain / (inputs * size**2)))
    return layer


def start_head_at(head: nn.Conv2d, mean: float) -> None:
    """Let what a hyperbolic tangent makes of a layer's outputs start around a mean, a number from -1 to 1."""
    assert head.bias is not None, "a head has a bias"
    nn.init.constant_(head.bias, math.atanh(min(max(mean, -0.9), 0.9)))


class PictureGenerator(nn.Module):
    """Grow pictures from noise and conditions; pixels lie from -1 to 1.

    Arguments:
        latent: Width of the noise.
        condition: Width of the condition; 0 for none.
        shape: Channels, height and width of a picture.
        width: Channels at the coarsest map of two doublings; it doubles with every further doubling.
        loudness: What the condition is multiplied by beside the noise, so that it is heard from the start.
    """

    def __init__(self, latent: int, condition: int, shape: tuple[int, int, int], width: int, loudness: float = 6.0):
        super().__init__()
        colours, self.high, self.wide = shape
        times = doublings(self.high, self.wide)
        self.base = (grown(self.high, times), grown(self.wide, times))
        widths = [max(width * 2 ** (times - 1) >> (i + 1), 4) for i in range(times)] if times > 1 else [width]
        self.loudness, self.first_width = loudness, widths[0]
        self.first = nn.Linear(latent + condition, widths[0] * self.base[0] * self.base[1])
        nn.init.normal_(self.first.weight, std=1 / math.sqrt(latent + condition))
        nn.init.zeros_(self.first.bias)
        self.stages = nn.ModuleList(
            Grow(channels, condition, doubled) for channels, doubled in zip(widths, [*widths[1:], 0], strict=True)
        )
        self.head = nn.Conv2d(widths[-1], 4 * colours, 3, 1, 1)
        nn.init.normal_(self.head.weight, std=1 / math.sqrt(9 * widths[-1]))
        nn.init.zeros_(self.head.bias)

    def start_at(self, mean: float) -> None:
        """Let the first pictures be as bright as the data's mean, a number from -1 to 1."""
        start_head_at(self.head, mean)

    def forward(self, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        seed = noise if condition is None else torch.cat([noise, self.loudness * condition], dim=1)
        maps = self.first(seed).unflatten(1, (self.first_width, *self.base))
        maps = maps.contiguous(memory_format=torch.channels_last)
        for stage in self.stages:
            maps = stage(maps, condition)
        return pixel_shuffle(self.head(maps), 2).tanh()[:, :, : self.high, : self.wide]

    def settle(self, noise: Tensor, condition: Tensor | None) -> None:
        """Measure every norm's mean and variance over these draws, keep them, and leave training mode."""
        settle(self, noise, condition)


@torch.no_grad()
def settle(net: nn.Module, *inputs: Tensor | None) -> None:
    """Measure every norm's mean and variance over these inputs, keep them, and leave training mode."""
    hooks = [
        norm.register_forward_pre_hook(lambda module, given: module.measure(given[0]))
        for norm in net.modules()
        if isinstance(norm, ConditionalNorm)
    ]
    net.train()(*inputs)
    for hook in hooks:
        hook.remove()
    net.eval()


class PictureCritic(nn.Module):
    """Halve the map until it is small, then judge it by one linear layer and by its projection on the condition.

    Arguments:
        condition: Width of the condition; 0 for none.
        shape: Channels, height and width of a picture.
        width: Channels after the first layer; they double with every layer.
    """

    def __init__(self, condition: int, shape: tuple[int, int, int], width: int) -> None:
        super().__init__()
        channels, high, wide = shape
        layers: list[nn.Module] = []
        while max(high, wide) > 4 or len(layers) < 2:
            layers.append(_halving(channels, width, high, wide))
            channels, width, high, wide = width, min(2 * width, 512), -(-high // 2), -(-wide // 2)
        self.layers = nn.ModuleList(layers)
        self.features = channels * high * wide
        self.last = nn.Linear(self.features, 1)
        nn.init.normal_(self.last.weight, std=1 / math.sqrt(self.features))
        nn.init.zeros_(self.last.bias)
        self.projection = nn.Linear(condition, self.features, bias=False) if condition else None
        if self.projection is not None:
            nn.init.normal_(self.projection.weight, std=1 / math.sqrt(self.features))

    def body(self, pictures: Tensor) -> Tensor:
        """Give the features that the last layer judges."""
        maps = pictures.contiguous(memory_format=torch.channels_last)
        for layer in self.layers:
            maps = leaky_relu(layer(maps), LEAK)
        return maps.flatten(1)

    def forward(self, pictures: Tensor, condition: Tensor | None = None) -> Tensor:
        features = self.body(pictures)
        logit: Tensor = self.last(features)
        if self.projection is not None and condition is not None:
            logit = logit + (features * self.projection(condition)).sum(1, keepdim=True)
        return logit


def _halving(inputs: int, outputs: int, high: int, wide: int) -> nn.Conv2d:
    """Make a convolution of stride 2 that gives half the size, rounded up."""
    size = tuple(4 if side % 2 == 0 else 3 for side in (high, wide))
    stride = tuple(2 if side > 1 else 1 for side in (high, wide))
    layer = nn.Conv2d(inputs, outputs, size, stride, 1, bias=True)  # type: ignore[arg-type]
    nn.init.normal_(layer.weight, std=math.sqrt(2 / (inputs * size[0] * size[1])))
    nn.init.zeros_(layer.bias)
    return layer
