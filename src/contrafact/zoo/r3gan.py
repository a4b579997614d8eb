"""Relativistic pairing with R1 and R2 penalties: the default.

Real rows x and fakes y = G(z) are judged in pairs: the critic D minimises E softplus(D(y) - D(x)), the generator
E softplus(D(x) - D(y)). Only differences count, so that the critic must rank each fake against a real row, and no
mode can be given up cheaply; the loss has no bad local minima there. Alone it need not converge; the zero-centred
penalties γ/2 E‖∇D(x)‖² (R1) and γ/2 E‖∇D(y)‖² (R2) make it converge locally. γ, the learning rate and the memory of
Adam's second moment follow cosines: strong and quick at first to find the modes, weak and slow at last to sharpen them.

Over vectors three things were measured to matter: random signs in the noise, because a connected noise must leave
bridges between the modes; Fourier features in the critic, without which it cannot see how wide a narrow mode is; and a
critic that learns three times as fast as the generator, in large batches, without which modes come out too tight.

References:
    Huang et al., The GAN is dead; long live the GAN! A modern baseline GAN, NeurIPS 2024.
    Jolicoeur-Martineau, The relativistic discriminator, 2018.
    Roth et al., Stabilizing training of generative adversarial networks through regularization, 2017 (R1 with R2).
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
from contrafact.engine.play import Step
from contrafact.metrics.held_out import held_out_score
from contrafact.nets.adversarial import OptimizerName, Rules, cosine, plain_networks, restored, vector_training
from contrafact.nets.mlp import Activation
from contrafact.nets.pushforward import Pushforward


@dataclass(frozen=True, kw_only=True)
class R3GAN(TrainedRecipe):
    """Fit the relativistic adversarial network with R1 and R2 penalties to vectors."""

    steps: Count | None = None  # generator steps; none: 4,000, or from the budget
    batch: Count = 512  # rows in a batch; larger ones keep the widths of the modes true
    latent: Literal["normal", "uniform"] = "normal"  # law of the noise
    latent_size: Count | None = None  # columns of noise; none: two more than the data have, 4 at least
    latent_signs: Whole = 8  # columns of a discrete part of the noise: each -1 or 1
    width: Count = 128  # units in a hidden layer
    depth: Count = 3  # hidden layers
    activation: Activation = "silu"  # of the hidden layers
    features: Whole = 64  # Fourier projections that let the critic see fine structure; 0: none
    optimizer: OptimizerName = "adam"  # of both players
    rate: Positive = 1e-3  # the generator's learning rate at the start
    rate_end: Positive = 3e-5  # and at the end
    warm_up: Share = 0.02  # share of the run in which the rates rise to their start
    critic_rate: Positive = 3.0  # the critic's learning rate, in generator's rates
    momentum: Share = 0.0  # of the gradients (Adam's first beta)
    critic_steps: Count = 1  # critic moves for one generator move
    critic_first: Whole = 0  # steps in which only the critic moves, at the start
    instance_noise: NotNegative = 0.0  # noise on the critic's inputs at the start, in standard deviations; decays to 0
    r1: NotNegative = 1.0  # penalty γ on the critic's slope at real rows, at the start
    r2: NotNegative = 1.0  # penalty γ on the critic's slope at fakes, at the start
    penalty_end: Positive = 0.01  # what share of both penalties is left at the end
    penalty_every: Count = 1  # penalise every so many steps, so many times as strongly
    half_life: NotNegative = 50_000.0  # samples in which the averaged generator forgets half; 0: no averaging

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
                loss=DUELS["relativistic"],
                penalty=r1_r2(self.penalties, self.penalty_every),
                rates=self.rates,
                networks=self.networks,
            ),
            steps=4_000,
            **options,
        )

    def penalties(self, step: Step) -> tuple[float, float]:
        """Give both weights γ of this step."""
        left = self.penalty_end ** cosine(step, 0.0, 1.0)
        return self.r1 * left, self.r2 * left

    def rates(self, step: Step) -> dict[str, dict[str, object]]:
        """Give both players' learning rate and second-moment memory of this step."""
        risen = min((step.number + 1) / max(self.warm_up * step.total, 1), 1.0)
        rate = cosine(step, self.rate, self.rate_end) * risen * step.rate
        memory = {"betas": (self.momentum, cosine(step, 0.9, 0.99))} if self.optimizer == "adam" else {}
        return {"critic": {"lr": self.critic_rate * rate, **memory}, "generator": {"lr": rate, **memory}}

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> Pushforward:
        """Make a fitted model again."""
        return restored(self, VectorCodec.from_json(codec), arrays, self.networks)

    def networks(self, settings: Any, columns: int) -> tuple[nn.Module, nn.Module]:
        """Make a plain generator, and a critic that sees fine structure."""
        return plain_networks(settings, columns, features=self.features)
