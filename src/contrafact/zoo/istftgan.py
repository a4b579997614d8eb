"""Sound from frames with phases of their own, judged as wave and as spectrum: dearer than pictures alone.

The generator works at the rate of frames, as Vocos does: noise and class become a few frames of many channels, which
are doubled and mixed by ConvNeXt blocks until there is one for every hop, and a last layer gives each frame's
magnitudes and phases. An inverse Fourier transform makes the wave. Nothing is grown in time at the rate of samples, so
that there are no tones of transposed convolutions to be learned away, and a frame costs as little as 64 samples less.
Each block is modulated by noise and class.

Several critics listen. Three see every second, third or fifth sample in rows of their own (HiFi-GAN's periods), where
phases that do not fit together show; two see the logarithms of spectra of short and of long windows as pictures, where
words show. Each gives a logit for a pair, and the losses are r3gan's over all of them,

    critic: mean softplus(D(y) - D(x)),    generator: mean softplus(D(x) - D(y)),

with γ/2 (E‖∇D(x)‖² + E‖∇D(y)‖²) now and then. The slope is taken over what the critics are shown, wave and pictures
side by side, not over the wave alone: where it is quiet the logarithm is so steep that the penalty would see nothing
else.

References:
    Siuzdak, Vocos: closing the gap between time-domain and Fourier-based neural vocoders, ICLR 2024.
    Kong, Kim and Bae, HiFi-GAN: generative adversarial networks for efficient and high fidelity speech synthesis, 2020.
    Huang et al., The GAN is dead; long live the GAN! A modern baseline GAN, NeurIPS 2024.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, layer_norm, leaky_relu, pad

from contrafact.base.recipe import Count, NotNegative, Positive, Share
from contrafact.codecs.audio import AudioCodec
from contrafact.engine.duel import DUELS, DuelGame, Scene
from contrafact.engine.fit import TrainedRecipe, Training
from contrafact.engine.penalties import r1_r2
from contrafact.engine.play import Step
from contrafact.metrics.held_out_sound import held_out_sound
from contrafact.nets.adversarial import cosine
from contrafact.nets.picture_duel import law
from contrafact.nets.pictures import PictureCritic
from contrafact.nets.sound_duel import WaveRules, restored_waves, wave_training
from contrafact.nets.spectral import Bands, Frames
from contrafact.nets.spectrograms import FLOOR, frames_for

PERIODS, BANDS, LEAK, LOUDNESS, STEPS = (2, 3, 5), 64, 0.2, 6.0, 8000
DOUBLINGS, REACH = 3, 7  # of frames; of a depthwise filter


@dataclass(frozen=True, kw_only=True)
class ISTFTGAN(TrainedRecipe):
    """Fit an adversarial network that makes clips by an inverse Fourier transform, by class where there are labels."""

    steps: Count | None = None  # generator steps; none: from the budget, else 2,000 to 8,000
    batch: Count = 16  # clips in a batch
    conditional: bool = True  # learn the classes, where there are labels
    sample_rate: Count | None = None  # samples a second to work at; none: those of the clips, at most 16,000
    seconds: Positive | None = None  # length of a clip; none: that of nearly all clips, at most 2
    latent_size: Count = 64  # columns of noise
    width: Count = 96  # channels of the generator
    depth: Count = 2  # blocks at each number of frames
    critic_width: Count = 16  # channels of the critics' first layers
    rate: Positive = 1e-3  # both players' learning rate at the start
    rate_end: Share = 0.02  # share of the rate that is left at the end
    warm_up: Share = 0.02  # share of the run in which the rates rise to their start
    momentum: Share = 0.5  # of the gradients (Adam's first beta)
    critic_steps: Count = 1  # critic moves for one generator move
    r1: NotNegative = 0.1  # penalty γ on the slope at real clips, at the start
    r2: NotNegative = 0.1  # penalty γ on the slope at fakes, at the start
    penalty_end: Positive = 0.5  # share of both penalties that is left at the end
    penalty_every: Count = 16  # penalise every so many steps, so many times as strongly
    half_life: NotNegative = 20_000.0  # clips in which the averaged generator forgets half

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=2, batch=4, width=4, depth=1, critic_width=2, latent_size=4)

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        codec = AudioCodec.fit(data, rate=self.sample_rate, seconds=self.seconds, labelled=self.conditional)
        rules = WaveRules(
            loss=DUELS["relativistic"],
            penalty=r1_r2(self.penalties, self.penalty_every),
            networks=_networks,
            rates=self.rates,
            game=Listening,
        )
        score = partial(held_out_sound, rate=codec.rate)
        return wave_training(self, data, codec=codec, score=score, rules=rules, steps=STEPS, **options)

    def penalties(self, step: Step) -> tuple[float, float]:
        """Give both weights γ of this step."""
        left = self.penalty_end ** cosine(step, 0.0, 1.0)
        return self.r1 * left, self.r2 * left

    def rates(self, step: Step) -> dict[str, dict[str, object]]:
        """Give both players' learning rate and second-moment memory of this step."""
        risen = min((step.number + 1) / max(self.warm_up * step.total, 1), 1.0)
        rate = cosine(step, self.rate, self.rate * self.rate_end) * risen * step.rate
        both = {"lr": rate, "betas": (self.momentum, cosine(step, 0.9, 0.99))}
        return {"critic": both, "generator": both}

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> Any:
        """Make a fitted model again."""
        return restored_waves(self, AudioCodec.from_json(codec), arrays, _networks)


def _networks(settings: Any, codec: Any) -> tuple[nn.Module, nn.Module]:
    """Make generator and critics for the codec's length and classes."""
    condition, long = codec.conditions.shape[1], frames_for(codec.rate, codec.length)
    frames = Frames(window=2 * long.hop, hop=max(long.hop // 2, 1))
    wide = {"width": settings.width, "depth": settings.depth}
    generator = FrameGenerator(law(settings).width, condition, codec.length, frames=frames, **wide)
    views = [Frames(window=2 * long.hop, hop=long.hop), Frames(window=4 * long.hop, hop=long.hop)]
    return generator, Critics(condition, codec.length, views, settings.critic_width)


class Block(nn.Module):
    """Mix neighbouring frames by a depthwise filter, then channels, as noise and class say; add that to the input."""

    def __init__(self, channels: int, told: int) -> None:
        super().__init__()
        self.mix = nn.Conv1d(channels, channels, REACH, padding=REACH // 2, groups=channels)
        self.modulate = nn.Linear(told, 2 * channels)
        nn.init.normal_(self.modulate.weight, std=0.5 / math.sqrt(told))
        nn.init.zeros_(self.modulate.bias)
        self.widen, self.narrow = nn.Linear(channels, 3 * channels), nn.Linear(3 * channels, channels)
        self.share = nn.Parameter(torch.full((channels,), 0.3))

    def forward(self, maps: Tensor, told: Tensor) -> Tensor:
        gain, shift = self.modulate(told)[:, None].chunk(2, dim=2)
        rows = self.mix(maps).transpose(1, 2)
        rows = layer_norm(rows, rows.shape[2:]) * (1 + gain) + shift
        added: Tensor = self.narrow(gelu(self.widen(rows))) * self.share
        return maps + added.transpose(1, 2)


class Stage(nn.Module):
    """Several blocks at one number of frames."""

    def __init__(self, channels: int, told: int, depth: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(channels, told) for _ in range(depth))

    def forward(self, maps: Tensor, told: Tensor) -> Tensor:
        for block in self.blocks:
            maps = block(maps, told)
        return maps


class FrameGenerator(nn.Module):
    """Make waves from noise by way of frames with magnitudes and phases.

    Arguments:
        latent: Width of the noise.
        condition: Width of the condition; 0 for none.
        length: Samples of a wave.
        frames: Windows and hops of the inverse transform.
        width: Channels.
        depth: Blocks at each number of frames.
    """

    def __init__(self, latent: int, condition: int, length: int, *, frames: Frames, width: int, depth: int) -> None:
        super().__init__()
        self.length, self.frames, self.width = length, frames, width
        self.count = frames.count(length)
        told = latent + condition
        self.first = nn.Linear(told, width * -(-self.count // 2**DOUBLINGS))
        nn.init.normal_(self.first.weight, std=1 / math.sqrt(told))
        self.stages = nn.ModuleList(Stage(width, told, depth) for _ in range(DOUBLINGS + 1))
        self.head = nn.Linear(width, 2 * frames.bins)
        self.loudest = math.log(frames.window / 4)

    def forward(self, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        told = noise if condition is None else torch.cat([noise, LOUDNESS * condition], dim=1)
        maps = self.first(told).unflatten(1, (self.width, -1))
        for place, stage in enumerate(self.stages):
            maps = maps.repeat_interleave(2, dim=2) if place else maps
            maps = stage(maps, told)
        rows = maps[..., : self.count].transpose(1, 2)
        levels, phases = self.head(layer_norm(rows, rows.shape[2:])).transpose(1, 2).chunk(2, dim=1)
        # A head that starts near zero starts 20 dB below what can be reached.
        magnitudes = (self.loudest - 2.3 + 2 * levels).clamp_max(self.loudest).exp()
        spectrum = torch.complex(magnitudes * phases.cos(), magnitudes * phases.sin())
        return self.frames.wave(spectrum, self.length)[:, None]


class PeriodCritic(nn.Module):
    """Judge every so-manieth sample beside its neighbours of the same kind.

    Arguments:
        condition: Width of the condition; 0 for none.
        period: How many samples stand side by side.
        width: Channels after the first convolution.
    """

    def __init__(self, condition: int, period: int, width: int) -> None:
        super().__init__()
        self.period = period
        widths = [1, width, 2 * width, 4 * width, 4 * width]
        self.layers = nn.ModuleList(nn.Conv2d(a, b, (5, 1), (3, 1), (2, 0)) for a, b in pairwise(widths))
        self.last = nn.Conv2d(widths[-1], 1, (3, 1), 1, (1, 0))
        self.projection = nn.Linear(condition, widths[-1], bias=False) if condition else None

    def forward(self, waves: Tensor, condition: Tensor | None) -> Tensor:
        maps = pad(waves, (0, -waves.shape[1] % self.period)).reshape(len(waves), 1, -1, self.period)
        for layer in self.layers:
            maps = leaky_relu(layer(maps), LEAK)
        logit: Tensor = self.last(maps).mean((2, 3))
        if self.projection is not None and condition is not None:
            logit = logit + (maps.mean((2, 3)) * self.projection(condition)).sum(1, keepdim=True)
        return logit


class Critics(nn.Module):
    """Judge waves by several critics, each of which gives a logit.

    Arguments:
        condition: Width of the condition; 0 for none.
        length: Samples of a wave.
        views: Windows and hops of the spectra that are looked at.
        width: Channels after the first convolutions.
    """

    def __init__(self, condition: int, length: int, views: list[Frames], width: int) -> None:
        super().__init__()
        self.length, self.views = length, views
        self.banks = [Bands(view.bins, min(BANDS, view.bins)) for view in views]
        self.shapes = [(1, bank.count, view.count(length)) for view, bank in zip(views, self.banks, strict=True)]
        self.periods = nn.ModuleList(PeriodCritic(condition, period, width) for period in PERIODS)
        self.spectra = nn.ModuleList(PictureCritic(condition, shape, 2 * width) for shape in self.shapes)

    def heard(self, waves: Tensor) -> Tensor:
        """Lay waves (clips, 1, samples) and pictures of their spectra, about -1 to 1, side by side in rows."""
        pictures = []
        for view, bank in zip(self.views, self.banks, strict=True):
            spectrum = view.spectrum(waves[:, 0])
            power = (spectrum.real**2 + spectrum.imag**2) / (view.window / 4) ** 2
            levels = (bank.power(power) + FLOOR**2).log() / 2
            pictures.append((1 - 2 * levels / math.log(FLOOR)).flatten(1))
        return torch.cat([waves[:, 0], *pictures], dim=1)

    def forward(self, rows: Tensor, condition: Tensor | None = None) -> Tensor:
        """Judge waves, or rows of what was heard of them."""
        rows = self.heard(rows) if rows.dim() == 3 else rows
        sizes = [math.prod(shape) for shape in self.shapes]
        waves, *pictures = torch.split(rows, [self.length, *sizes], dim=1)
        logits = [critic(waves, condition) for critic in self.periods]
        for critic, shape, picture in zip(self.spectra, self.shapes, pictures, strict=True):
            logits.append(critic(picture.reshape(-1, *shape), condition))
        return torch.cat(logits, dim=1)


@dataclass(kw_only=True)
class Listening(DuelGame):
    """A duel over what the critics hear of waves."""

    def __post_init__(self) -> None:
        self.scene = partial(_heard, self.scene, self.critic)

    def make(self, scene: Scene, step: Step) -> Tensor:
        """Make a fake for each real wave, and hear it."""
        heard: Tensor = self.critic.heard(super().make(scene, step))  # type: ignore[operator]
        return heard


def _heard(scene: Any, critic: Any, batch: Any) -> Scene:
    seen: Scene = scene(batch)
    return Scene(real=critic.heard(seen.real), condition=seen.condition)
