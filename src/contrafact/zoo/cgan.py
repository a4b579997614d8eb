"""A picture of what was asked for: a class, or a short caption.

Generator and critic both read a condition c: G(z, c) draws it, D(x, c) judges whether x is a real picture of it. The
generator reads c beside the noise, and it scales and shifts every normalised map. The critic's logit is a projection,
D(x, c) = w·φ(x) + (V c)·φ(x) for features φ: the form that log p(x | c) - log q(x | c) takes where p(c | x) and
q(c | x) are log-linear in φ. Real and fake pictures of a pair share their condition.

A condition is any row of numbers. For a class it is a one among zeros. For a caption it has a one at each of its words,
in whatever order they stand: V c and the generator's first layer are then sums over words, so that "a blue seven" can
be drawn by a model that was shown blue ones and red sevens. Words that every caption holds tell nothing and are silent.

The duel is the non-saturating or the hinge one, with the lazy penalties R1 and R2 at real pictures and fakes.

References:
    Mirza and Osindero, Conditional generative adversarial nets, 2014.
    Miyato and Koyama, cGANs with projection discriminator, ICLR 2018.
    Mescheder et al., Which training methods for GANs do actually converge?, 2018 (R1 and R2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np

from contrafact.base.errors import DataError
from contrafact.base.recipe import Count, NotNegative, Positive, Share
from contrafact.codecs.image import ImageCodec
from contrafact.engine.duel import DUELS
from contrafact.engine.fit import TrainedRecipe, Training
from contrafact.engine.penalties import r1_r2
from contrafact.engine.play import Step
from contrafact.metrics.held_out import held_out_pictures
from contrafact.nets.adversarial import cosine
from contrafact.nets.picture_duel import ClassWeights, PictureRules, falling, picture_training, restored_pictures


@dataclass(frozen=True, kw_only=True)
class CGAN(TrainedRecipe):
    """Fit a conditional adversarial network to pictures with classes or captions."""

    loss: Literal["non-saturating", "hinge"] = "non-saturating"  # the duel
    captions: bool | None = None  # read labels word by word; none: where one of them has several words
    steps: Count | None = None  # generator steps; none: 10,000, or from the budget
    batch: Count = 32  # pictures in a batch
    resolution: Count = 64  # the longer side in pixels at most
    latent: Literal["normal", "uniform"] = "normal"  # law of the noise
    latent_size: Count = 64  # columns of noise
    width: Count = 64  # channels, from which the rest follows
    rate: Positive = 2e-3  # both players' learning rate at the start
    rate_end: Share = 0.02  # share of the rate that is left at the end
    momentum: Share = 0.5  # of the gradients (Adam's first beta)
    critic_steps: Count = 1  # critic moves for one generator move
    r1: NotNegative = 0.1  # penalty γ on the critic's slope at real pictures, at the start
    r2: NotNegative = 0.1  # penalty γ on the critic's slope at fakes, at the start
    penalty_end: Positive = 0.5  # what share of both penalties is left at the end
    penalty_every: Count = 16  # penalise every so many steps, so many times as strongly
    half_life: NotNegative = 20_000.0  # pictures in which the averaged generator forgets half; 0: no averaging
    mirror: bool = False  # show half of the pictures mirrored
    class_weights: ClassWeights = None  # what each class counts in both players' losses: balanced, or a=2,b=1
    resample: Literal["share", "equal"] = "share"  # how often each class is shown: as in the data, or equally

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=20, width=16, batch=16, latent_size=16)

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        codec = ImageCodec.fit(data, resolution=self.resolution, captions=self.captions)
        if not codec.classes:
            raise DataError(
                "These pictures have no labels.",
                why="cgan learns what each picture is of: it needs a class or a caption for each.",
                fix="Give labelled pictures (a folder for each class), or use r3gan, which does without.",
                code="E212",
            )
        rules = PictureRules(
            loss=DUELS[self.loss],
            penalty=r1_r2(self.penalties, self.penalty_every),
            rates=falling(self, left=self.rate_end),
        )
        return picture_training(self, data, codec=codec, score=held_out_pictures, rules=rules, steps=10_000, **options)

    def penalties(self, step: Step) -> tuple[float, float]:
        """Give both weights γ of this step."""
        left = self.penalty_end ** cosine(step, 0.0, 1.0)
        return self.r1 * left, self.r2 * left

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> Any:
        """Make a fitted model again."""
        return restored_pictures(self, ImageCodec.from_json(codec), arrays)
