"""A generator that fills the hole of a window from what is known of it, from windows like it, and from noise.

What is seen is halved to a map of 7 or 8 cells, where noise, and what a dense layer makes of the whole map, come in;
from there the window grows as in the generator of pictures, and as in a U-Net the halved maps are added on the way. As
there, norms over the batch are what lets it learn quickly; they are measured once when it is done.

Of the windows like it one leads: it comes first, mostly the nearest, now and then another. A number of the noise says
which, so that draws may follow different ones.

Where there are classes the window is named first: a classifier sees what the generator sees, and a class is drawn from
its chances, or the likeliest taken. The generator is always told a class, so that it and the critic speak of the same
thing; what a hole leaves open is which.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, pad, pixel_shuffle

from contrafact.nets.hole_choice import windows_of
from contrafact.nets.pictures import LEAK, ConditionalNorm, Grow, convolution, doublings, settle, start_head_at

SHOWN = 4  # windows like the one with a hole
LEADS = (0.7, 0.15, 0.1, 0.05)  # how often the nearest of them leads, the next, ...
DENSE = 128
NAMING = (24, 48, 64)  # channels of the classifier's maps; the last at all further halvings


def _classifier(channels: int, cells: tuple[int, int], times: int, classes: int) -> nn.Sequential:
    """Make a small network of halvings from what is seen of a window to a logit for each class."""
    sizes = [channels, *(NAMING[min(level, len(NAMING) - 1)] for level in range(times))]
    halvings = [layer for i, o in pairwise(sizes) for layer in (convolution(i, o, 4, 2), nn.LeakyReLU(LEAK))]
    dense = nn.Linear(sizes[-1] * math.prod(cells), DENSE)
    return nn.Sequential(*halvings, nn.Flatten(), dense, nn.LeakyReLU(LEAK), nn.Linear(DENSE, classes))


class Filler(nn.Module):
    """Draw a window from what is known of it.

    Arguments:
        shape: Channels, height and width of a window.
        condition: Width of the condition; 0 for none.
        width: Channels at the coarsest map of two halvings; it doubles with every further one.
        latent: Numbers of noise.
        classes: How many classes a window may be of; 0 for none.
    """

    def __init__(self, shape: tuple[int, int, int], condition: int, width: int, latent: int, classes: int = 0) -> None:
        super().__init__()
        self.channels, high, wide = shape
        self.latent, self.condition, times = latent, condition, doublings(high, wide)
        widths = [max(width * 2 ** (times - 1) >> (i + 1), 4) for i in range(times)] if times > 1 else [width]
        self.cells = (-(-high // 2**times), -(-wide // 2**times))
        inputs = [(1 + SHOWN) * self.channels + 1, *reversed(widths)]
        self.halve = nn.ModuleList(convolution(i, o, 4, 2) for i, o in pairwise(inputs))
        self.calm = nn.ModuleList(ConditionalNorm(size, 0) for size in inputs[1:])
        places = widths[0] * math.prod(self.cells)
        self.dense = nn.Sequential(nn.Linear(places, DENSE), nn.LeakyReLU(LEAK), nn.Linear(DENSE, places))
        self.noise = nn.Linear(latent + condition, places, bias=False)
        nn.init.normal_(self.noise.weight, std=1 / math.sqrt(latent + condition))
        self.mix = convolution(widths[0], widths[0], 3, 1)
        self.stages = nn.ModuleList(
            Grow(channels, condition, doubled) for channels, doubled in zip(widths, [*widths[1:], 0], strict=True)
        )
        self.beside = nn.ModuleList(nn.Conv2d(size, size, 1) for size in widths[1:])
        self.head = nn.Conv2d(widths[-1], 4 * self.channels, 3, 1, 1)
        nn.init.normal_(self.head.weight, std=1 / math.sqrt(9 * widths[-1]))
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]
        self.classifier = _classifier(inputs[0], self.cells, times, classes) if classes else None

    @property
    def noise_size(self) -> int:
        """How many numbers of noise a window takes; the last two say which window leads, and which class is drawn."""
        return self.latent + 2

    def start_at(self, mean: float) -> None:
        """Let the first fillings be as bright as the data's mean, a number from -1 to 1."""
        start_head_at(self.head, mean)

    def forward(
        self, pictures: Tensor, hole: Tensor, shown: Tensor, noise: Tensor, condition: Tensor | None = None
    ) -> Tensor:
        """Fill windows.

        Arguments:
            pictures: From -1 to 1; what they hold in the hole is not seen.
            hole: 1 where a pixel is missing.
            shown: Windows like them, best first, one behind the other along the channels; zeros where there are none.
            noise: `noise_size` numbers each.
            condition: What they show, or None.
        """
        high, wide = pictures.shape[2:]
        maps = self._seen(pictures, hole, led(shown, noise[:, -2], self.channels))
        ways: list[Tensor] = []
        for halve, calm in zip(self.halve, self.calm, strict=True):
            maps = leaky_relu(calm(halve(maps), None), LEAK)
            ways.append(maps)
        named = noise.new_zeros(len(noise), self.condition) if condition is None else condition
        drawn = torch.cat([noise[:, :-2], named], dim=1)
        told = (self.dense(maps.flatten(1)) + self.noise(drawn)).view(maps.shape)
        maps = self.mix(maps + told)
        for level, stage in enumerate(self.stages):
            maps = stage(maps if not level else maps + self.beside[level - 1](ways[-1 - level]), condition)
        return pixel_shuffle(self.head(maps), 2).tanh()[:, :, :high, :wide]

    def _seen(self, pictures: Tensor, hole: Tensor, shown: Tensor) -> Tensor:
        """Put what is seen together, of a size that can be halved."""
        seen, times = torch.cat([pictures * (1 - hole), hole - 0.5, shown], dim=1), len(self.halve)
        whole = pad(seen, (0, -seen.shape[3] % 2**times, 0, -seen.shape[2] % 2**times), mode="replicate")
        return whole.contiguous(memory_format=torch.channels_last)

    def logits(self, pictures: Tensor, hole: Tensor, shown: Tensor) -> Tensor:
        """Give the log chance of each class, less what is the same for all of them."""
        assert self.classifier is not None, "only classes that there are can be told apart"
        told: Tensor = self.classifier(self._seen(pictures, hole, shown))
        return told

    def classes(self, logits: Tensor, noise: Tensor, *, likeliest: bool) -> Tensor:
        """Choose a class for each window: the likeliest, or one drawn by the last number of its noise."""
        if likeliest:
            return logits.argmax(1)
        chances = logits.double().softmax(1).cumsum(1)
        share = torch.special.ndtr(noise[:, -1:].double()) * chances[:, -1:]
        return torch.searchsorted(chances, share, right=True).squeeze(1).clamp_max(logits.shape[1] - 1)

    def settle(self, *inputs: Tensor | None) -> None:
        """Measure every norm's mean and variance over these windows, keep them, and leave training mode."""
        settle(self, *inputs)


def led(shown: Tensor, number: Tensor, channels: int) -> Tensor:
    """Put one of the shown windows first, and the first in its place.

    Arguments:
        shown: Windows one behind the other along the channels; all zeros where there is none.
        number: A standard normal number for each row, that says which.
        channels: Of one window.
    """
    windows, whole = windows_of(shown, channels)
    rows, there = torch.arange(len(windows), device=shown.device), whole.sum(1)
    bounds = torch.tensor(LEADS, device=shown.device).cumsum(0)[:-1]
    share = torch.special.ndtr(number.float()).contiguous()
    which = torch.minimum(torch.searchsorted(bounds, share), (there - 1).clamp_min(0))
    order = torch.arange(windows.shape[1], device=shown.device).repeat(len(windows), 1)
    order[:, 0] = which
    order[rows, which] = torch.where(which > 0, 0, order[rows, which])
    return windows[rows[:, None], order].flatten(1, 2)
