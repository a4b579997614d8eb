"""The first generative adversarial network.

A generator G turns noise z into rows, a critic D gives the logit of the chance that a row is real. D maximises
E log D(x) + E log(1 - D(G(z))); at its best D = p/(p + q) for data density p and generator density q, and the value
is 2 JS(p, q) - log 4. G minimises the same value (minimax), or maximises E log D(G(z)) (non-saturating), which has
the same fixed point and a gradient while D wins. Each step is k moves of D and then one of G, Algorithm 1.

References:
    Goodfellow et al., Generative adversarial nets, NeurIPS 2014.
    Salimans et al., Improved techniques for training GANs, 2016 (one-sided label smoothing).
    Arjovsky and Bottou, Towards principled methods for training GANs, 2017 (instance noise).
    Mescheder et al., Which training methods for GANs do actually converge?, 2018 (R1 and R2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np

from contrafact.base.recipe import Count, NotNegative, Positive, Share, Whole
from contrafact.codecs.vector import VectorCodec
from contrafact.engine.duel import DUELS
from contrafact.engine.fit import TrainedRecipe, Training
from contrafact.engine.penalties import r1_r2
from contrafact.metrics.held_out import held_out_score
from contrafact.nets.adversarial import OptimizerName, Rules, restored, vector_training
from contrafact.nets.mlp import Activation
from contrafact.nets.pushforward import Pushforward


@dataclass(frozen=True, kw_only=True)
class GAN(TrainedRecipe):
    """Fit the generative adversarial network of 2014 to vectors."""

    loss: Literal["non-saturating", "minimax"] = "non-saturating"  # what the generator minimises
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
    critic_steps: Count = 1  # critic moves for one generator move (k in the paper)
    critic_first: Whole = 0  # steps in which only the critic moves, at the start
    label_smoothing: Share = 0.0  # real rows are to be called real with 1 less this
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
                loss=DUELS[self.loss],
                penalty=r1_r2(lambda step: (self.r1, self.r2), self.penalty_every),
                real_target=1 - self.label_smoothing,
            ),
            **options,
        )

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> Pushforward:
        """Make a fitted model again."""
        return restored(self, VectorCodec.from_json(codec), arrays)
