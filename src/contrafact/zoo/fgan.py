"""Any f-divergence in place of Jensen and Shannon's.

For a convex f with f(1) = 0 and data density p, generator density q, the divergence E_q f(p/q) is the largest
E_p T - E_q f*(T) over functions T, where f* is the convex conjugate of f; it is attained at T = f'(p/q). The critic
gives a number v for each row, an increasing function g brings it where f* is defined (T = g(v), Table 6 of the paper),
and the critic maximises the bound. The generator minimises the same bound, so that at the best critic it goes down the
divergence that was asked for (minimax). Or it maximises E_q g(v) (non-saturating, section 3.2), which keeps a gradient
while the critic wins, but goes down another divergence: for `kl` that is the reverse one.

What each asks for: `kl` pays for every place of the data without fakes, so it covers and blurs; `reverse_kl` pays for
fakes where there are no data, so it picks modes; `js` and `hellinger` lie between and are bounded; `pearson` pays more
for gaps than `kl`; `total_variation` looks at the sign of p - q alone. The critic of `kl`, `reverse_kl` and `js` learns
log p/q (`kl`: and 1), that of `hellinger` half of it, that of `pearson` 2 (p/q - 1).

Tables of more than plain numbers are seen as scalars and one-hots (`codecs/rows.py`); all chance is in the noise.
Pictures are grown and judged by convolutions; where they have classes, the critic projects its features on the class.
R1 and R2, which the paper did not have, keep the exponentials of `kl`, `reverse_kl` and `hellinger` in hand.

References:
    Nowozin, Cseke and Tomioka, f-GAN: training generative neural samplers using variational divergence minimization,
    NeurIPS 2016.
    Roth et al., Stabilizing training of generative adversarial networks through regularization, 2017 (R1 with R2).
    Miyato and Koyama, cGANs with projection discriminator, ICLR 2018.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import softplus

from contrafact.base.recipe import Count, NotNegative, Positive, Share, Whole
from contrafact.codecs.image import ImageCodec, is_pictures
from contrafact.codecs.rows import RowsCodec, codec_from, codec_of
from contrafact.engine.duel import Duel
from contrafact.engine.fit import TrainedRecipe, Training
from contrafact.engine.penalties import r1_r2
from contrafact.metrics.held_out import held_out_pictures, score_of
from contrafact.nets.adversarial import OptimizerName, Rules
from contrafact.nets.mlp import Activation
from contrafact.nets.picture_duel import ClassWeights, PictureRules, falling, picture_training, restored_pictures
from contrafact.nets.table_duel import row_restored, row_training

LOG2 = math.log(2)
DivergenceName = Literal["kl", "reverse_kl", "js", "hellinger", "pearson", "total_variation"]
Form = Literal["minimax", "non-saturating"]


@dataclass(frozen=True, kw_only=True)
class Bound:
    """The two halves of a divergence's bound, as functions of the critic's number v.

    Arguments:
        gain: g(v), what a real row adds to the bound.
        cost: f*(g(v)), what a fake takes from it.
        at_balance: f'(1), both gain and cost at the best critic when data and fakes are alike.
    """

    gain: Callable[[Tensor], Tensor]
    cost: Callable[[Tensor], Tensor]
    at_balance: float = 0.0


BOUNDS: dict[str, Bound] = {
    # f(u) = u log u.
    "kl": Bound(gain=lambda v: v, cost=lambda v: torch.exp(v - 1), at_balance=1.0),
    # f(u) = -log u.
    "reverse_kl": Bound(gain=lambda v: -torch.exp(-v), cost=lambda v: v - 1, at_balance=-1.0),
    # f(u) = u log u - (u + 1) log((u + 1) / 2), which is twice Jensen and Shannon's: the value of 2014, plus log 4.
    "js": Bound(gain=lambda v: LOG2 - softplus(-v), cost=lambda v: softplus(v) - LOG2),
    # f(u) = (sqrt u - 1)^2.
    "hellinger": Bound(gain=lambda v: 1 - torch.exp(-v), cost=lambda v: torch.exp(v) - 1),
    # f(u) = (u - 1)^2.
    "pearson": Bound(gain=lambda v: v, cost=lambda v: v**2 / 4 + v),
    # f(u) = |u - 1| / 2, where T is the sign of p - q, halved.
    "total_variation": Bound(gain=lambda v: torch.tanh(v) / 2, cost=lambda v: torch.tanh(v) / 2),
}


def duel_of(divergence: DivergenceName, form: Form = "minimax") -> Duel:
    """Make the pair of losses that goes down a divergence."""
    bound = BOUNDS[divergence]
    generator = bound.cost if form == "minimax" else bound.gain
    return Duel(
        critic=lambda real, fake, _: bound.cost(fake) - bound.gain(real),
        generator=lambda _, fake: -generator(fake),
        balance=(0.0, -bound.at_balance),
    )


ROWS: dict[str, Any] = {
    "batch": 256,
    "latent_size": 8,
    "width": 128,
    "rate": 5e-4,
    "r1": 0.1,
    "r2": 0.1,
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
class FGAN(TrainedRecipe):
    """Fit a generative adversarial network that goes down an f-divergence to vectors, tables or pictures.

    Settings that are none are chosen by the kind of data; both values stand behind them.
    """

    divergence: DivergenceName = "js"  # from the data to the fakes: what the critic measures
    loss: Form = "minimax"  # what the generator minimises: that divergence, or the form that keeps a gradient
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
    critic_steps: Count = 1  # critic moves for one generator move
    critic_first: Whole = 0  # steps in which only the critic moves, at the start
    instance_noise: NotNegative = 0.0  # noise on the critic's inputs at the start, in standard deviations; decays to 0
    r1: NotNegative | None = None  # penalty on the critic's slope at real items; none: .1
    r2: NotNegative | None = None  # penalty on the critic's slope at fakes; none: .1
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
        return {"loss": duel_of(self.divergence, self.loss), "penalty": penalty}

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> Any:
        """Make a fitted model again."""
        if codec["codec"] == "image":
            return restored_pictures(self, ImageCodec.from_json(codec), arrays)
        return row_restored(self, codec_from(codec), arrays)
