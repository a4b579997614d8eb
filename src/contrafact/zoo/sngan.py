"""Hinge loss with spectrally normalised critic layers.

Every layer of the critic D is divided by its largest singular value, estimated by one power iteration a pass, which
bounds D's Lipschitz constant by the product of its activations'. With the hinge loss D stops learning from rows that
it tells by a margin of 1, and the generator minimises -E D(G(z)).

References:
    Miyato et al., Spectral normalization for generative adversarial networks, ICLR 2018.
    Lim and Ye, Geometric GAN, 2017 (the hinge loss).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from torch import nn

from contrafact.base.recipe import Count, NotNegative, Positive, Share, Whole
from contrafact.codecs.vector import VectorCodec
from contrafact.engine.duel import DUELS
from contrafact.engine.fit import TrainedRecipe, Training
from contrafact.engine.penalties import r1_r2
from contrafact.metrics.held_out import held_out_score
from contrafact.nets.adversarial import OptimizerName, Rules, plain_networks, restored, vector_training
from contrafact.nets.mlp import Activation
from contrafact.nets.pushforward import Pushforward


@dataclass(frozen=True, kw_only=True)
class SNGAN(TrainedRecipe):
    """Fit a spectrally normalised adversarial network to vectors."""

    steps: Count | None = None  # generator steps; none: 8,000, or from the budget
    batch: Count = 256  # rows in a batch
    latent: Literal["normal", "uniform"] = "normal"  # law of the noise
    latent_size: Count = 8  # columns of noise
    latent_signs: Whole = 0  # columns of a discrete part of the noise: each -1 or 1
    width: Count = 128  # units in a hidden layer
    depth: Count = 3  # hidden layers
    activation: Activation = "leaky relu"  # of the hidden layers
    optimizer: OptimizerName = "adam"  # of both players
    rate: Positive = 5e-4  # learning rate
    momentum: Share = 0.5  # of the gradients (Adam's first beta)
    critic_steps: Count = 2  # critic moves for one generator move
    critic_first: Whole = 0  # steps in which only the critic moves, at the start
    instance_noise: NotNegative = 0.0  # noise on the critic's inputs at the start, in standard deviations; decays to 0
    r1: NotNegative = 0.0  # penalty on the critic's slope at real rows
    r2: NotNegative = 0.0  # penalty on the critic's slope at fakes
    penalty_every: Count = 1  # penalise every so many steps, so many times as strongly
    half_life: NotNegative = 20_000.0  # samples in which the averaged generator forgets half; 0: no averaging

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=30, width=16, depth=1, batch=32)

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        return vector_training(
            self,
            data,
            codec=VectorCodec.fit(data),
            score=held_out_score,
            rules=Rules(
                loss=DUELS["hinge"],
                penalty=r1_r2(lambda step: (self.r1, self.r2), self.penalty_every),
                networks=self.networks,
            ),
            **options,
        )

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> Pushforward:
        """Make a fitted model again."""
        return restored(self, VectorCodec.from_json(codec), arrays, self.networks)

    @staticmethod
    def networks(settings: Any, columns: int) -> tuple[nn.Module, nn.Module]:
        """Make a plain generator and a critic of normalised layers."""
        return plain_networks(settings, columns, spectral=True)
