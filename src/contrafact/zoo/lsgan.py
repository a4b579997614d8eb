"""Least squares in place of logarithms.

The critic D regresses real rows to 1 and fakes to 0, the generator pulls D of its fakes to 1. With these targets the
generator's loss is, at the best critic, a bounded f-divergence of the Pearson kind; its gradient does not vanish
where the critic is sure.

Tables of more than plain numbers are seen as scalars and one-hots (`codecs/rows.py`); all chance is in the noise.

Pictures are grown and judged by convolutions; where they have classes, the critic projects its features on the class.
That critic has no norm, where the paper's has batch norm: lazy penalties R1 and R2 take its place.

References:
    Mao et al., Least squares generative adversarial networks, ICCV 2017.
    Miyato and Koyama, cGANs with projection discriminator, ICLR 2018.
    Mescheder et al., Which training methods for GANs do actually converge?, 2018 (R1 and R2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np

from contrafact.base.recipe import Count, NotNegative, Positive, Share, Whole
from contrafact.codecs.image import ImageCodec, is_pictures
from contrafact.codecs.rows import RowsCodec, codec_from, codec_of
from contrafact.engine.duel import DUELS
from contrafact.engine.fit import TrainedRecipe, Training
from contrafact.engine.penalties import r1_r2
from contrafact.metrics.held_out import held_out_pictures, score_of
from contrafact.nets.adversarial import OptimizerName, Rules
from contrafact.nets.mlp import Activation
from contrafact.nets.picture_duel import ClassWeights, PictureRules, falling, picture_training, restored_pictures
from contrafact.nets.table_duel import row_restored, row_training

ROWS: dict[str, Any] = {
    "batch": 256,
    "latent_size": 8,
    "width": 128,
    "rate": 5e-4,
    "r1": 0.0,
    "r2": 0.0,
    "penalty_every": 1,
}
MIXED: dict[str, Any] = {**ROWS, "latent_size": 64}  # all chance is in the noise
PICTURES: dict[str, Any] = {
    "batch": 32,
    "latent_size": 64,
    "width": 64,
    "rate": 2e-3,
    "r1": 0.1,
    "r2": 0.1,
    "penalty_every": 16,
}


@dataclass(frozen=True, kw_only=True)
class LSGAN(TrainedRecipe):
    """Fit a least-squares generative adversarial network to vectors, tables or pictures.

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
    rate: Positive | None = None  # learning rate; none: .0005 (pictures .002, falling to a fiftieth)
    momentum: Share = 0.5  # of the gradients (Adam's first beta)
    critic_steps: Count = 1  # critic moves for one generator move (k in the paper)
    critic_first: Whole = 0  # steps in which only the critic moves, at the start
    label_smoothing: Share = 0.0  # real rows are regressed to 1 less this
    instance_noise: NotNegative = 0.0  # noise on the critic's inputs at the start, in standard deviations; decays to 0
    r1: NotNegative | None = None  # penalty on the critic's slope at real items; none: 0 (pictures .1)
    r2: NotNegative | None = None  # penalty on the critic's slope at fakes; none: 0 (pictures .1)
    penalty_every: Count | None = None  # penalise every so many steps, so many times as strongly; none: 1 (pictures 16)
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
        rules = Rules(**recipe._rules())
        return row_training(recipe, data, codec=codec, score=score_of(codec), rules=rules, **options)

    def _of_pictures(self, data: Any, **options: Any) -> Training:
        codec = ImageCodec.fit(data, resolution=self.resolution or 64, labelled=self.conditional)
        rules = PictureRules(**self._rules(), rates=falling(self))
        return picture_training(self, data, codec=codec, score=held_out_pictures, rules=rules, steps=10_000, **options)

    def _rules(self) -> dict[str, Any]:
        assert self.r1 is not None and self.r2 is not None and self.penalty_every is not None
        weights = self.r1, self.r2
        penalty = r1_r2(lambda step: weights, self.penalty_every)
        return {"loss": DUELS["least squares"], "penalty": penalty, "real_target": 1 - self.label_smoothing}

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> Any:
        """Make a fitted model again."""
        if codec["codec"] == "image":
            return restored_pictures(self, ImageCodec.from_json(codec), arrays)
        return row_restored(self, codec_from(codec), arrays)
