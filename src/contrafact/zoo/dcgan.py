"""The classic of convolutions: what made adversarial pictures train at all.

Generator and critic are mirror images without pooling and without hidden linear layers. The generator turns noise into
a map of a few pixels and many channels, and transposed convolutions double it until it is a picture; strided
convolutions halve it again in the critic. Batch normalisation stands behind every convolution but the generator's last
and the critic's first and last; ReLU bends the generator and leaky ReLU the critic; the picture ends in tanh. All
weights begin as N(0, .02). The losses are the cross entropies of 2014 in their non-saturating form, both optimisers
Adam at 2e-4 with β₁ = .5.

A picture of 28 x 28 grows from 4 x 4 by 7 and 14, as is customary: each map is half the next, rounded up, and a kernel
of 4 doubles exactly, one of 3 to one pixel less. The same rule makes any size. Real pictures and fakes go through the
critic in batches of their own, each normalised by its own statistics: mixed, every picture would tell the critic what
the others in its batch are.

Batch statistics are for training only. The generator's are measured over 512 draws once it has learned, the critic's
are running means over real and fake batches alike; both are kept with the weights, so that no picture depends on
the others drawn with it.

References:
    Radford, Metz and Chintala, Unsupervised representation learning with deep convolutional generative adversarial
    networks, ICLR 2016.
    Goodfellow et al., Generative adversarial nets, NeurIPS 2014 (the losses).
    Salimans et al., Improved techniques for training GANs, 2016 (one-sided label smoothing).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from contrafact.base.recipe import Count, NotNegative, Positive, Share
from contrafact.codecs.image import ImageCodec
from contrafact.engine.duel import DUELS
from contrafact.engine.fit import TrainedRecipe, Training
from contrafact.engine.penalties import Judge
from contrafact.engine.play import Step, Terms
from contrafact.metrics.held_out import held_out_pictures
from contrafact.nets.picture_duel import PictureRules, law, picture_training, restored_pictures
from contrafact.nets.pictures import LEAK, ConditionalNorm, settle

SMALLEST, SPREAD = 4, 0.02
Size = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class DCGAN(TrainedRecipe):
    """Fit the deep convolutional adversarial network of 2016 to pictures, whatever their classes."""

    steps: Count | None = None  # generator steps; none: 5,000, or from the budget
    batch: Count = 64  # pictures in a batch
    resolution: Count = 64  # the longer side in pixels at most
    latent: Literal["normal", "uniform"] = "uniform"  # law of the noise
    latent_size: Count = 100  # columns of noise
    width: Count = 32  # channels of the largest maps; they double with every halving
    rate: Positive = 2e-4  # both players' learning rate
    momentum: Share = 0.5  # of the gradients (Adam's first beta)
    critic_steps: Count = 1  # critic moves for one generator move
    label_smoothing: Share = 0.0  # real pictures are to be called real with 1 less this
    half_life: NotNegative = 0.0  # pictures in which an averaged generator forgets half; 0: no averaging
    mirror: bool = False  # show half of the pictures mirrored

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=30, width=8, batch=16, latent_size=16)

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        return picture_training(
            self,
            data,
            codec=ImageCodec.fit(data, resolution=self.resolution, labelled=False),
            score=held_out_pictures,
            rules=PictureRules(
                loss=DUELS["non-saturating"],
                penalty=apart,
                networks=_networks,
                rates=self.rates,
                real_target=1 - self.label_smoothing,
            ),
            steps=5_000,
            **options,
        )

    def rates(self, step: Step) -> dict[str, dict[str, object]]:
        """Keep Adam's own memory of squared gradients, and the rate where it is."""
        steady = {"lr": self.rate * step.rate, "betas": (self.momentum, 0.999)}
        return {"critic": steady, "generator": steady}

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> Any:
        """Make a fitted model again."""
        return restored_pictures(self, ImageCodec.from_json(codec), arrays, _networks)


def apart(critic: Judge, real: Tensor, fake: Tensor, step: Step) -> tuple[Tensor, Tensor, Terms]:
    """Judge real pictures and fakes in batches of their own, without a penalty."""
    return critic(real).squeeze(1), critic(fake).squeeze(1), {}


def sizes(high: int, wide: int) -> list[Size]:
    """Give the sizes of all maps from the picture to the smallest, each half the one before, rounded up.

    >>> sizes(28, 28)
    [(28, 28), (14, 14), (7, 7), (4, 4)]
    """
    chain = [(high, wide)]
    while max(chain[-1]) > SMALLEST or len(chain) < 3:
        chain.append((-(-chain[-1][0] // 2), -(-chain[-1][1] // 2)))
    return chain


def halving(larger: Size) -> dict[str, Any]:
    """Give kernel, stride and border that lead from a size to its half, rounded up, and back exactly."""
    kernel = tuple(4 if side % 2 == 0 else 3 for side in larger)
    return {"kernel_size": kernel, "stride": tuple(2 if side > 1 else 1 for side in larger), "padding": 1}


class DCGenerator(nn.Module):
    """Grow pictures from noise by transposed convolutions.

    Arguments:
        latent: Width of the noise.
        shape: Channels, height and width of a picture.
        width: Channels of the map before the picture.
    """

    def __init__(self, latent: int, shape: tuple[int, int, int], width: int) -> None:
        super().__init__()
        chain = sizes(*shape[1:])[::-1]
        widths = [width * 2**place for place in reversed(range(len(chain) - 1))]
        self.first = nn.ConvTranspose2d(latent, widths[0], chain[0], bias=False)
        self.norms = nn.ModuleList(ConditionalNorm(channels, 0) for channels in widths)
        self.layers = nn.ModuleList(
            nn.ConvTranspose2d(a, b, bias=False, **halving(size))
            for (a, b), size in zip(pairwise(widths), chain[1:], strict=False)
        )
        self.last = nn.ConvTranspose2d(widths[-1], shape[0], **halving(chain[-1]))
        begin(self)

    def forward(self, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        maps = self.first(noise[:, :, None, None])
        for norm, layer in zip(self.norms, [*self.layers, self.last], strict=True):
            maps = layer(norm(maps, None).relu())
        pictures: Tensor = maps.tanh()
        return pictures

    def settle(self, noise: Tensor, condition: Tensor | None) -> None:
        """Measure every norm over these draws, and leave training mode."""
        settle(self, noise)


class DCCritic(nn.Module):
    """Judge pictures by strided convolutions.

    Arguments:
        shape: Channels, height and width of a picture.
        width: Channels after the first convolution.
    """

    def __init__(self, shape: tuple[int, int, int], width: int) -> None:
        super().__init__()
        chain = sizes(*shape[1:])
        widths = [shape[0], *(width * 2**place for place in range(len(chain) - 1))]
        self.layers = nn.ModuleList(
            nn.Conv2d(a, b, bias=place == 0, **halving(size))
            for place, ((a, b), size) in enumerate(zip(pairwise(widths), chain, strict=False))
        )
        self.norms = nn.ModuleList([nn.Identity(), *(nn.BatchNorm2d(channels) for channels in widths[2:])])
        self.last = nn.Conv2d(widths[-1], 1, chain[-1])
        begin(self)

    def forward(self, pictures: Tensor) -> Tensor:
        maps = pictures
        for layer, norm in zip(self.layers, self.norms, strict=True):
            maps = leaky_relu(norm(layer(maps)), LEAK)
        logits: Tensor = self.last(maps).flatten(1)
        return logits


@torch.no_grad()
def begin(net: nn.Module) -> None:
    """Begin as the paper's own code does: weights N(0, .02), gains of norms N(1, .02), the rest 0."""
    for name, values in net.named_parameters():
        if values.dim() > 1:
            values.normal_(0, SPREAD)
        elif name.endswith("gain") or (name.startswith("norms") and name.endswith("weight")):
            values.normal_(1, SPREAD)
        else:
            values.zero_()


def _networks(settings: Any, codec: Any) -> tuple[nn.Module, nn.Module]:
    """Make generator and critic for the codec's size."""
    return DCGenerator(law(settings).width, codec.shape, settings.width), DCCritic(codec.shape, settings.width)
