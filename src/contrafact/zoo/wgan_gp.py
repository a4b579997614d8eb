"""Wasserstein distance with a gradient penalty.

By Kantorovich and Rubinstein the Wasserstein-1 distance of data and generator is the largest E D(x) - E D(G(z)) over
functions D of Lipschitz constant 1. The critic maximises it while λ (‖∇D‖ - 1)² at random points between real rows
and fakes keeps its slope near 1; several critic moves go before each generator move, so that the distance is nearly
attained.

References:
    Gulrajani et al., Improved training of Wasserstein GANs, NeurIPS 2017.
    Arjovsky et al., Wasserstein GAN, 2017.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np

from contrafact.base.recipe import Count, NotNegative, Positive, Share, Whole
from contrafact.codecs.vector import VectorCodec
from contrafact.engine.duel import DUELS
from contrafact.engine.fit import TrainedRecipe, Training
from contrafact.engine.penalties import wasserstein
from contrafact.metrics.held_out import held_out_score
from contrafact.nets.adversarial import OptimizerName, Rules, restored, vector_training
from contrafact.nets.mlp import Activation
from contrafact.nets.pushforward import Pushforward


@dataclass(frozen=True, kw_only=True)
class WGANGP(TrainedRecipe):
    """Fit a Wasserstein generative adversarial network with gradient penalty to vectors."""

    steps: Count | None = None  # generator steps; none: 4,000, or from the budget
    batch: Count = 256  # rows in a batch
    latent: Literal["normal", "uniform"] = "normal"  # law of the noise
    latent_size: Count = 8  # columns of noise
    latent_signs: Whole = 0  # columns of a discrete part of the noise: each -1 or 1
    width: Count = 128  # units in a hidden layer
    depth: Count = 3  # hidden layers
    activation: Activation = "leaky relu"  # of the hidden layers
    optimizer: OptimizerName = "adam"  # of both players
    rate: Positive = 5e-4  # learning rate
    momentum: Share = 0.0  # of the gradients (Adam's first beta)
    critic_steps: Count = 5  # critic moves for one generator move
    critic_first: Whole = 0  # steps in which only the critic moves, at the start
    instance_noise: NotNegative = 0.0  # noise on the critic's inputs at the start, in standard deviations; decays to 0
    penalty: NotNegative = 0.1  # weight λ of the slope's distance from 1 (0.1 for few columns, 10 for pictures)
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
                loss=DUELS["wasserstein"],
                penalty=wasserstein(self.penalty),
            ),
            steps=4_000,
            **options,
        )

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> Pushforward:
        """Make a fitted model again."""
        return restored(self, VectorCodec.from_json(codec), arrays)
