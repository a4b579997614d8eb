"""Sound as it is: samples from samples, by one-dimensional convolutions.

DCGAN's networks with one dimension in the place of two. The filters are 25 long with a stride of 4 where pictures have
5 x 5 and 2: a wave has as many samples as a picture has pixels, and must be crossed in as few layers. The generator
turns noise z ~ U(-1, 1)^100 into 16 or so places with many channels and grows them by 4 in each transposed
convolution; ReLU between, tanh at the end, no norm. The critic goes the same way back with leaky ReLU.

Transposed convolutions leave a tone at the stride's frequency in all that they make, always in the same phase. Real
sound holds such tones too, in any phase, so that a critic would learn to know fakes by the phase alone. Phase shuffle
takes this away: behind each layer but the last the map is shifted by k ~ U{-n, ..., n} places, one k for a batch, what
is missing mirrored at the end.

Losses are Wasserstein's with the gradient penalty λ (‖∇D‖ - 1)², λ = 10, five critic steps for one of the generator,
Adam at 1e-4 with β = (.5, .9).

What is ours: any length (the wave is grown to the next multiple and cut), classes (one-hot beside the noise, judged by
projection), and a width of 16 channels in the place of 64, with which one step takes seconds on a processor and not
minutes. The paper trained for four days on a P100; a budget of minutes shows how the method begins.

References:
    Donahue, McAuley and Puckette, Adversarial audio synthesis, ICLR 2019.
    Gulrajani et al., Improved training of Wasserstein GANs, NeurIPS 2017.
    Miyato and Koyama, cGANs with projection discriminator, ICLR 2018.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, Literal, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from contrafact.base.recipe import Count, NotNegative, Positive, Share, Whole
from contrafact.codecs.audio import AudioCodec
from contrafact.engine.duel import DUELS, DuelGame
from contrafact.engine.fit import TrainedRecipe, Training
from contrafact.engine.penalties import wasserstein
from contrafact.engine.play import Step, Terms
from contrafact.metrics.held_out_sound import held_out_sound
from contrafact.nets.picture_duel import law
from contrafact.nets.sound_duel import WaveRules, restored_waves, wave_training

LONG, STRIDE, START = 25, 4, 16  # a filter; its stride; places that a wave grows from, about
LEAK, LOUDNESS, STEPS = 0.2, 6.0, 4000


@dataclass(frozen=True, kw_only=True)
class WaveGAN(TrainedRecipe):
    """Fit the adversarial network of 2019 to the samples of clips, by class where there are labels."""

    steps: Count | None = None  # generator steps; none: from the budget, else 1,000 to 4,000
    batch: Count = 32  # clips in a batch; the paper has 64
    conditional: bool = True  # learn the classes, where there are labels
    sample_rate: Count | None = None  # samples a second to work at; none: those of the clips, at most 16,000
    seconds: Positive | None = None  # length of a clip; none: that of nearly all clips, at most 2
    latent: Literal["normal", "uniform"] = "uniform"  # law of the noise
    latent_size: Count = 100  # columns of noise
    width: Count = 16  # channels of the longest map, doubled with every layer; the paper has 64
    shuffle: Whole = 2  # phase shuffle: places by which the critic's maps are shifted at most; 0: not at all
    rate: Positive = 1e-4  # both players' learning rate
    momentum: Share = 0.5  # of the gradients (Adam's first beta)
    critic_steps: Count = 5  # critic moves for one generator move
    penalty: NotNegative = 10.0  # λ of the gradient penalty
    half_life: NotNegative = 0.0  # clips in which an averaged generator forgets half; 0: no averaging

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=2, batch=4, width=1, critic_steps=1, latent_size=8)

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        codec = AudioCodec.fit(data, rate=self.sample_rate, seconds=self.seconds, labelled=self.conditional)
        rules = WaveRules(
            loss=DUELS["wasserstein"],
            penalty=wasserstein(self.penalty),
            networks=_networks,
            rates=self.rates,
            game=Shuffled,
        )
        score = partial(held_out_sound, rate=codec.rate)
        return wave_training(self, data, codec=codec, score=score, rules=rules, steps=STEPS, **options)

    def rates(self, step: Step) -> dict[str, dict[str, object]]:
        """Keep the rate where it is, and Adam's memory of squared gradients at .9."""
        steady = {"lr": self.rate * step.rate, "betas": (self.momentum, 0.9)}
        return {"critic": steady, "generator": steady}

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> Any:
        """Make a fitted model again."""
        return restored_waves(self, AudioCodec.from_json(codec), arrays, _networks)


def _networks(settings: Any, codec: Any) -> tuple[nn.Module, nn.Module]:
    """Make generator and critic for the codec's length and classes."""
    condition = codec.conditions.shape[1]
    generator = WaveGenerator(law(settings).width, condition, codec.length, settings.width)
    return generator, WaveCritic(condition, codec.length, settings.width, settings.shuffle)


def lengths(samples: int) -> list[int]:
    """Give the lengths of all maps from the wave to the shortest, each a quarter of the one before, rounded up.

    >>> lengths(16384), lengths(5376)
    ([16384, 4096, 1024, 256, 64, 16], [5376, 1344, 336, 84, 21])
    """
    layers = max(round(math.log(samples / START, STRIDE)), 2)
    chain = [samples]
    for _ in range(layers):
        chain.append(-(-chain[-1] // STRIDE))
    return chain


def shifted(maps: Tensor, places: int) -> Tensor:
    """Shift maps (clips, channels, places) to the right, and mirror at the end what is missing.

    >>> shifted(torch.tensor([[[1., 2., 3., 4.]]]), 2)
    tensor([[[3., 2., 1., 2.]]])
    """
    last = maps.shape[-1] - 1
    where = (torch.arange(last + 1, device=maps.device) - places).abs()
    return maps[..., (last - (last - where).abs()).clamp_min(0)] if places else maps


class WaveGenerator(nn.Module):
    """Grow waves from noise by transposed convolutions.

    Arguments:
        latent: Width of the noise.
        condition: Width of the condition; 0 for none.
        length: Samples of a wave.
        width: Channels of the map before the wave.
    """

    def __init__(self, latent: int, condition: int, length: int, width: int) -> None:
        super().__init__()
        chain = lengths(length)
        widths = [width * 2**place for place in reversed(range(len(chain) - 1))]
        self.length, self.channels = length, widths[0]
        self.first = nn.Linear(latent + condition, widths[0] * chain[-1])
        self.layers = nn.ModuleList(
            nn.ConvTranspose1d(a, b, LONG, STRIDE, padding=11, output_padding=1) for a, b in pairwise([*widths, 1])
        )

    def forward(self, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        seed = noise if condition is None else torch.cat([noise, LOUDNESS * condition], dim=1)
        maps = self.first(seed).unflatten(1, (self.channels, -1))
        for layer in self.layers:
            maps = layer(maps.relu())
        waves: Tensor = maps[..., : self.length].tanh()
        return waves


class WaveCritic(nn.Module):
    """Judge waves by strided convolutions, whose maps are shifted at random while it learns.

    Arguments:
        condition: Width of the condition; 0 for none.
        length: Samples of a wave.
        width: Channels after the first convolution.
        shuffle: Places by which a map is shifted at most.
    """

    def __init__(self, condition: int, length: int, width: int, shuffle: int) -> None:
        super().__init__()
        chain = lengths(length)
        widths = [1, *(width * 2**place for place in range(len(chain) - 1))]
        self.layers = nn.ModuleList(nn.Conv1d(a, b, LONG, STRIDE, padding=12) for a, b in pairwise(widths))
        self.last = nn.Linear(widths[-1] * chain[-1], 1)
        self.projection = nn.Linear(condition, widths[-1] * chain[-1], bias=False) if condition else None
        self.shuffle, self.shifts = shuffle, [0] * (len(self.layers) - 1)

    def draw(self, step: Step) -> None:
        """Draw by how much each map is shifted until the next draw."""
        self.shifts = (step.integers(2 * self.shuffle + 1, len(self.shifts)) - self.shuffle).tolist()

    def forward(self, waves: Tensor, condition: Tensor | None = None) -> Tensor:
        maps = waves
        shifts = [*self.shifts, 0] if self.training else [0] * len(self.layers)
        for layer, places in zip(self.layers, shifts, strict=True):
            maps = shifted(leaky_relu(layer(maps), LEAK), places)
        features = maps.flatten(1)
        logits: Tensor = self.last(features)
        if self.projection is not None and condition is not None:
            told = (features * self.projection(condition)).sum(1, keepdim=True)
            logits = logits + told / math.sqrt(features.shape[1])
        return logits


@dataclass(kw_only=True)
class Shuffled(DuelGame):
    """A duel in which the critic's maps are shifted anew at every move."""

    def critic_loss(self, batch: Any, step: Step) -> Terms:
        """Tell real waves from fakes."""
        self.critic.draw(step)  # type: ignore[operator]
        return super().critic_loss(batch, step)

    def generator_loss(self, batch: Any, step: Step) -> Terms:
        """Make waves that the critic takes for real."""
        self.critic.draw(step)  # type: ignore[operator]
        return super().generator_loss(batch, step)
