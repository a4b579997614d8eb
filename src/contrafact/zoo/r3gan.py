"""Relativistic pairing with R1 and R2 penalties: the default.

Real rows x and fakes y = G(z) are judged in pairs: the critic D minimises E softplus(D(y) - D(x)), the generator
E softplus(D(x) - D(y)). Only differences count, so that the critic must rank each fake against a real row, and no
mode can be given up cheaply; the loss has no bad local minima there. Alone it need not converge; the zero-centred
penalties γ/2 E‖∇D(x)‖² (R1) and γ/2 E‖∇D(y)‖² (R2) make it converge locally. γ, the learning rate and the memory of
Adam's second moment follow cosines: strong and quick at first to find the modes, weak and slow at last to sharpen them.

Over vectors three things were measured to matter: random signs in the noise, because a connected noise must leave
bridges between the modes; Fourier features in the critic, without which it cannot see how wide a narrow mode is; and a
critic that learns three times as fast as the generator, in large batches, without which modes come out too tight.

Tables of more than plain numbers are seen as scalars and one-hots (`codecs/rows.py`). All chance is in the noise: with
Gumbel noise of its own each column would break its ties to the others. The slope over a one-hot is measured by what
replacing one cell would change (`nets/table_rows.py`); the plain one grows with the number of levels and made the
critic idle. Fourier features, which scalars of a normal law do not need, cost more than they gave.

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
from contrafact.codecs.image import ImageCodec, is_pictures
from contrafact.codecs.rows import RowsCodec, codec_from, codec_of
from contrafact.engine.duel import DUELS
from contrafact.engine.fit import TrainedRecipe, Training
from contrafact.engine.penalties import r1_r2
from contrafact.engine.play import Step
from contrafact.metrics.held_out import held_out_pictures, score_of
from contrafact.nets.adversarial import OptimizerName, Rules, cosine, plain_networks
from contrafact.nets.augment import Policy, augmentation
from contrafact.nets.mlp import Activation
from contrafact.nets.picture_duel import ClassWeights, PictureRules, picture_training, restored_pictures
from contrafact.nets.table_duel import row_restored, row_training

ROWS: dict[str, Any] = {
    "batch": 512,
    "latent_signs": 8,
    "width": 128,
    "rate": 1e-3,
    "rate_end": 0.03,
    "critic_rate": 3.0,
    "momentum": 0.0,
    "r1": 1.0,
    "r2": 1.0,
    "penalty_end": 0.01,
    "penalty_every": 1,
    "half_life": 50_000.0,
    "features": 64,
}
MIXED: dict[str, Any] = {
    **ROWS,
    "latent_size": 128,  # all chance is in the noise
    "critic_rate": 1.0,
    "r1": 0.3,
    "r2": 0.3,
    "penalty_end": 0.3,
    "features": 0,
}
PICTURES: dict[str, Any] = {
    "batch": 32,
    "latent_signs": 0,
    "latent_size": 64,
    "width": 64,
    "rate": 2e-3,
    "rate_end": 0.02,
    "critic_rate": 1.0,
    "momentum": 0.5,
    "r1": 0.1,
    "r2": 0.1,
    "penalty_end": 0.5,
    "penalty_every": 16,
    "half_life": 20_000.0,
    "features": 64,
}


@dataclass(frozen=True, kw_only=True)
class R3GAN(TrainedRecipe):
    """Fit the relativistic adversarial network with R1 and R2 penalties to vectors, tables or pictures.

    Settings that are none are chosen by the kind of data; both values stand behind them.
    """

    steps: Count | None = None  # generator steps; none: from the budget, else 4,000 (pictures 3,000 to 12,000)
    batch: Count | None = None  # items in a batch; none: 512 (pictures 32)
    conditional: bool = True  # pictures: learn the classes, where there are labels
    resolution: Count | None = None  # pictures: the longer side in pixels at most; none: 64
    latent: Literal["normal", "uniform"] = "normal"  # law of the noise
    latent_size: Count | None = None  # columns of noise; none: data's and 2 (mixed 128, pictures 64)
    latent_signs: Whole | None = None  # columns of a discrete part of the noise, each -1 or 1; none: 8 (pictures 0)
    width: Count | None = None  # units in a hidden layer; none: 128 (pictures 64 channels, from which the rest follows)
    depth: Count = 3  # hidden layers
    activation: Activation = "silu"  # of the hidden layers
    features: Whole | None = None  # Fourier projections that let the critic see fine structure; none: 64 (mixed 0)
    optimizer: OptimizerName = "adam"  # of both players
    rate: Positive | None = None  # the generator's learning rate at the start; none: .001 (pictures .002)
    rate_end: Share | None = None  # share of the rate that is left at the end; none: .03 (pictures .02)
    warm_up: Share = 0.02  # share of the run in which the rates rise to their start
    critic_rate: Positive | None = None  # the critic's learning rate, in generator's rates; none: 3 (mixed, pictures 1)
    momentum: Share | None = None  # of the gradients (Adam's first beta); none: 0 (pictures .5)
    critic_steps: Count = 1  # critic moves for one generator move
    critic_first: Whole = 0  # steps in which only the critic moves, at the start
    instance_noise: NotNegative = 0.0  # noise on the critic's inputs at the start, in standard deviations; decays to 0
    r1: NotNegative | None = None  # penalty γ on the slope at real items, at the start; none: 1 (mixed .3, pictures .1)
    r2: NotNegative | None = None  # penalty γ on the slope at fakes, at the start; none: 1 (mixed .3, pictures .1)
    penalty_end: Positive | None = None  # share of both penalties left at the end; none: .01 (mixed .3, pictures .5)
    penalty_every: Count | None = None  # penalise every so many steps, so many times as strongly; none: 1 (pictures 16)
    half_life: NotNegative | None = None  # items in which the averaged generator forgets half; none: 50,000 (20,000)
    mirror: bool = False  # pictures: show half of them mirrored
    augment: Policy = None  # pictures: what the critic sees is changed: auto, off or kinds; none: auto under 2,000
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
        rules = Rules(**recipe._rules(), networks=recipe.networks)
        return row_training(recipe, data, codec=codec, score=score_of(codec), rules=rules, steps=4_000, **options)

    def _of_pictures(self, data: Any, **options: Any) -> Training:
        codec = ImageCodec.fit(data, resolution=self.resolution or 64, labelled=self.conditional)
        rules = PictureRules(**self._rules(), augment=lambda: augmentation(self.augment, len(data)))
        return picture_training(self, data, codec=codec, score=held_out_pictures, rules=rules, steps=12_000, **options)

    def _rules(self) -> dict[str, Any]:
        penalty = r1_r2(self.penalties, self.penalty_every)
        return {"loss": DUELS["relativistic"], "penalty": penalty, "rates": self.rates}

    def penalties(self, step: Step) -> tuple[float, float]:
        """Give both weights γ of this step."""
        assert self.penalty_end is not None and self.r1 is not None and self.r2 is not None
        left = self.penalty_end ** cosine(step, 0.0, 1.0)
        return self.r1 * left, self.r2 * left

    def rates(self, step: Step) -> dict[str, dict[str, object]]:
        """Give both players' learning rate and second-moment memory of this step."""
        assert self.rate is not None and self.rate_end is not None and self.critic_rate is not None
        risen = min((step.number + 1) / max(self.warm_up * step.total, 1), 1.0)
        rate = cosine(step, self.rate, self.rate * self.rate_end) * risen * step.rate
        memory = {"betas": (self.momentum, cosine(step, 0.9, 0.99))} if self.optimizer == "adam" else {}
        return {"critic": {"lr": self.critic_rate * rate, **memory}, "generator": {"lr": rate, **memory}}

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> Any:
        """Make a fitted model again."""
        if codec["codec"] == "image":
            return restored_pictures(self, ImageCodec.from_json(codec), arrays)
        return row_restored(self, codec_from(codec), arrays, self.networks)

    def networks(self, settings: Any, columns: int) -> tuple[nn.Module, nn.Module]:
        """Make a plain generator, and a critic that sees fine structure."""
        return plain_networks(settings, columns, features=self.features or 0)
