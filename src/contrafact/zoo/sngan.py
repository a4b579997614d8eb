"""Hinge loss with spectrally normalised critic layers.

Every layer of the critic D is divided by its largest singular value, estimated by one power iteration a pass, which
bounds D's Lipschitz constant by the product of its activations'. With the hinge loss D stops learning from rows that
it tells by a margin of 1, and the generator minimises -E D(G(z)). Over pictures the layers are convolutions, each read
as a matrix of outputs by inputs; where there are classes, the projection on the class is normalised too.

References:
    Miyato et al., Spectral normalization for generative adversarial networks, ICLR 2018.
    Miyato and Koyama, cGANs with projection discriminator, ICLR 2018.
    Lim and Ye, Geometric GAN, 2017 (the hinge loss).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from torch import nn

from contrafact.base.recipe import Count, NotNegative, Positive, Share, Whole
from contrafact.codecs.image import ImageCodec, is_pictures
from contrafact.codecs.rows import RowsCodec, codec_from, codec_of
from contrafact.engine.duel import DUELS
from contrafact.engine.fit import TrainedRecipe, Training
from contrafact.engine.penalties import r1_r2
from contrafact.metrics.held_out import held_out_pictures, score_of
from contrafact.nets.adversarial import OptimizerName, Rules, plain_networks
from contrafact.nets.mlp import Activation
from contrafact.nets.picture_duel import (
    ClassWeights,
    PictureRules,
    falling,
    picture_networks,
    picture_training,
    restored_pictures,
)
from contrafact.nets.table_duel import row_restored, row_training

ROWS: dict[str, Any] = {
    "batch": 256,
    "latent_size": 8,
    "width": 128,
    "rate": 5e-4,
    "momentum": 0.5,
    "critic_steps": 2,
}
MIXED: dict[str, Any] = {**ROWS, "latent_size": 64}  # all chance is in the noise
PICTURES: dict[str, Any] = {
    "batch": 32,
    "latent_size": 64,
    "width": 64,
    "rate": 4e-3,
    "momentum": 0.0,
    "critic_steps": 1,
}


@dataclass(frozen=True, kw_only=True)
class SNGAN(TrainedRecipe):
    """Fit a spectrally normalised adversarial network to vectors, tables or pictures.

    Settings that are none are chosen by the kind of data; both values stand behind them.
    """

    steps: Count | None = None  # generator steps; none: 8,000 (pictures 10,000), or from the budget
    batch: Count | None = None  # items in a batch; none: 256 (pictures 32)
    conditional: bool = True  # pictures: learn the classes, where there are labels
    resolution: Count | None = None  # pictures: the longer side in pixels at most; none: 64
    latent: Literal["normal", "uniform"] = "normal"  # law of the noise
    latent_size: Count | None = None  # columns of noise; none: 8 (mixed tables and pictures 64)
    latent_signs: Whole = 0  # columns of a discrete part of the noise: each -1 or 1
    width: Count | None = None  # units in a hidden layer; none: 128 (pictures 64 channels, from which the rest follows)
    depth: Count = 3  # vectors: hidden layers
    activation: Activation = "leaky relu"  # vectors: of the hidden layers
    optimizer: OptimizerName = "adam"  # of both players
    rate: Positive | None = None  # learning rate; none: .0005 (pictures .004, falling to a fiftieth)
    momentum: Share | None = None  # of the gradients (Adam's first beta); none: .5 (pictures 0)
    critic_steps: Count | None = None  # critic moves for one generator move; none: 2 (pictures 1)
    critic_first: Whole = 0  # steps in which only the critic moves, at the start
    instance_noise: NotNegative = 0.0  # noise on the critic's inputs at the start, in standard deviations; decays to 0
    r1: NotNegative = 0.0  # penalty on the critic's slope at real items
    r2: NotNegative = 0.0  # penalty on the critic's slope at fakes
    penalty_every: Count = 1  # penalise every so many steps, so many times as strongly
    half_life: NotNegative = 20_000.0  # samples in which the averaged generator forgets half; 0: no averaging
    mirror: bool = False  # pictures: show half of them mirrored
    class_weights: ClassWeights = None  # what each class counts in both players' losses: balanced, or a=2,b=1
    resample: Literal["share", "equal"] = "share"  # how often each class is shown: as in the data, or equally

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=30, width=16, depth=1, batch=32)

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        if is_pictures(data):
            return self.filled(PICTURES)._of_pictures(data, **options)
        codec = codec_of(data)
        recipe = self.filled(MIXED if isinstance(codec, RowsCodec) else ROWS)
        rules = Rules(**recipe._rules(), networks=self.networks)
        return row_training(recipe, data, codec=codec, score=score_of(codec), rules=rules, **options)

    def _of_pictures(self, data: Any, **options: Any) -> Training:
        codec = ImageCodec.fit(data, resolution=self.resolution or 64, labelled=self.conditional)
        rules = PictureRules(**self._rules(), networks=_picture_networks, rates=falling(self))
        return picture_training(self, data, codec=codec, score=held_out_pictures, rules=rules, steps=10_000, **options)

    def _rules(self) -> dict[str, Any]:
        return {"loss": DUELS["hinge"], "penalty": r1_r2(lambda step: (self.r1, self.r2), self.penalty_every)}

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> Any:
        """Make a fitted model again."""
        if codec["codec"] == "image":
            return restored_pictures(self, ImageCodec.from_json(codec), arrays, _picture_networks)
        return row_restored(self, codec_from(codec), arrays, self.networks)

    @staticmethod
    def networks(settings: Any, columns: int) -> tuple[nn.Module, nn.Module]:
        """Make a plain generator and a critic of normalised layers."""
        return plain_networks(settings, columns, spectral=True)


def _picture_networks(settings: Any, codec: Any) -> tuple[nn.Module, nn.Module]:
    """Make the generator and the critic of pictures, every layer of the critic normalised."""
    generator, critic = picture_networks(settings, codec)
    for layer in [m for m in critic.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]:
        nn.utils.parametrizations.spectral_norm(layer)
    return generator, critic
