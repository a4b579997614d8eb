"""The first generative adversarial network.

A generator G turns noise z into rows, a critic D gives the logit of the chance that a row is real. D maximises
E log D(x) + E log(1 - D(G(z))); at its best D = p/(p + q) for data density p and generator density q, and the value
is 2 JS(p, q) - log 4. G minimises the same value (minimax), or maximises E log D(G(z)) (non-saturating), which has
the same fixed point and a gradient while D wins. Each step is k moves of D and then one of G, Algorithm 1.

Tables of more than plain numbers are seen as scalars and one-hots (`codecs/rows.py`).

Both are stacks of plain hidden layers. Pictures are rows of pixels here, as in the paper's own trials on digits: 784
columns for 28 x 28, from -1 to 1, where the generator ends in tanh; pixels that never vary are kept out and put back.
Neighbouring pixels mean nothing to such networks, and classes are not read; r3gan, cgan and dcgan see pictures as such.
Over pictures it has the penalties R1 and R2, which the paper did not: on digits of 28 x 28 a rate of .001 blew up
without them, and .0002 went far slower. `r1=0, r2=0, rate=.0002` is the form of 2014.

References:
    Goodfellow et al., Generative adversarial nets, NeurIPS 2014.
    Salimans et al., Improved techniques for training GANs, 2016 (one-sided label smoothing).
    Arjovsky and Bottou, Towards principled methods for training GANs, 2017 (instance noise).
    Mescheder et al., Which training methods for GANs do actually converge?, 2018 (R1 and R2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, Self

import numpy as np
from torch import nn

from contrafact.base.data import Data
from contrafact.base.recipe import Count, NotNegative, Positive, Share, Whole
from contrafact.codecs.image import is_pictures
from contrafact.codecs.rows import RowsCodec, codec_from, codec_of
from contrafact.codecs.vector import VectorCodec
from contrafact.engine.duel import DUELS
from contrafact.engine.fit import TrainedRecipe, Training
from contrafact.engine.penalties import r1_r2
from contrafact.metrics.held_out import held_out_pictures, score_of
from contrafact.nets.adversarial import OptimizerName, Rules, plain_networks
from contrafact.nets.mlp import Activation
from contrafact.nets.pushforward import Pushforward
from contrafact.nets.table_duel import row_restored, row_training

ROWS: dict[str, Any] = {"batch": 256, "latent_size": 8, "width": 128, "rate": 5e-4, "r1": 0.0, "r2": 0.0}
MIXED: dict[str, Any] = {**ROWS, "latent_size": 64}  # all chance is in the noise
PICTURES: dict[str, Any] = {"batch": 64, "latent_size": 64, "width": 512, "rate": 1e-3, "r1": 0.5, "r2": 0.5}


@dataclass(frozen=True, kw_only=True)
class GAN(TrainedRecipe):
    """Fit the generative adversarial network of 2014 to vectors, or to pictures as rows of pixels.

    Settings that are none are chosen by the kind of data; both values stand behind them.
    """

    loss: Literal["non-saturating", "minimax"] = "non-saturating"  # what the generator minimises
    steps: Count | None = None  # generator steps; none: 8,000, or from the budget
    batch: Count | None = None  # rows in a batch; none: 256 (pictures 64)
    latent: Literal["normal", "uniform"] = "normal"  # law of the noise
    latent_size: Count | None = None  # columns of noise; none: 8 (mixed tables and pictures 64)
    latent_signs: Whole = 0  # columns of a discrete part of the noise: each -1 or 1
    width: Count | None = None  # units in a hidden layer; none: 128 (pictures 512)
    depth: Count = 3  # hidden layers
    activation: Activation = "leaky relu"  # of the hidden layers
    optimizer: OptimizerName = "adam"  # of both players
    rate: Positive | None = None  # learning rate; none: .0005 (pictures .001)
    momentum: Share = 0.5  # of the gradients (Adam's first beta)
    critic_steps: Count = 1  # critic moves for one generator move (k in the paper)
    critic_first: Whole = 0  # steps in which only the critic moves, at the start
    label_smoothing: Share = 0.0  # real rows are to be called real with 1 less this
    instance_noise: NotNegative = 0.0  # noise on the critic's inputs at the start, in standard deviations; decays to 0
    r1: NotNegative | None = None  # penalty on the critic's slope at real rows; none: 0 (pictures .5)
    r2: NotNegative | None = None  # penalty on the critic's slope at fakes; none: 0 (pictures .5)
    penalty_every: Count = 1  # penalise every so many steps, so many times as strongly
    half_life: NotNegative = 20_000.0  # samples in which the averaged generator forgets half; 0: no averaging

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=30, width=16, depth=1, batch=32)

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        pictures = is_pictures(data)
        codec: Any = codec_of_pixels(data) if pictures else codec_of(data)
        recipe = self.filled(PICTURES if pictures else MIXED if isinstance(codec, RowsCodec) else ROWS)
        assert recipe.r1 is not None and recipe.r2 is not None
        penalties = recipe.r1, recipe.r2
        rules = Rules(
            loss=DUELS[self.loss],
            penalty=r1_r2(lambda step: penalties, self.penalty_every),
            networks=_pixel_networks if pictures else plain_networks,
            real_target=1 - self.label_smoothing,
        )
        score = partial(PixelScore, codec) if pictures else score_of(codec)
        return row_training(recipe, data, codec=codec, score=score, rules=rules, **options)

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> Pushforward:
        """Make a fitted model again."""
        known = codec_from(codec)
        pictures = isinstance(known, VectorCodec) and known.kind == "pictures"
        return row_restored(self, known, arrays, _pixel_networks if pictures else plain_networks)


def codec_of_pixels(data: Any) -> VectorCodec:
    """Read pictures as rows of pixels from -1 to 1, whether they come as Data or as an array."""
    bare = not isinstance(data, Data)
    codec = VectorCodec.fit(Data(kind="pictures", items=data) if bare else data)
    items = np.asarray(data if bare else data.items)
    if items.dtype != np.uint8:  # sixteen bit: over the range that they use
        low, top = float(items.min()), float(items.max())
        varies = np.asarray(codec.scale) > 0
        mean = np.where(varies, (low + top) / 2, codec.mean)
        codec = replace(codec, mean=tuple(mean.tolist()), scale=tuple((varies * (top - low) / 2).tolist()))
    return replace(codec, container="array") if bare else codec


class PixelScore:
    """Score rows of pixels as the pictures that they are.

    Arguments:
        codec: Knows the shape of a picture and the pixels that never vary.
        held: Rows that are not trained on.
        seed: Seeds the score.
        trained: Rows that are trained on; with them signs of failure are measured beside the score.
    """

    def __init__(self, codec: VectorCodec, held: np.ndarray, seed: int, trained: np.ndarray | None = None) -> None:
        self.codec, self.held, self.seed = codec, held, seed
        self.score = held_out_pictures(self.pictures(held), seed)
        if trained is not None:
            self.score = self.score.beside(self.score.held if trained is held else self.pictures(trained))

    def __call__(self, fake: np.ndarray) -> dict[str, float]:
        return self.score(self.pictures(fake))

    def beside(self, trained: np.ndarray) -> Self:
        """Score as before and measure signs of failure too, against the rows that are trained on."""
        return type(self)(self.codec, self.held, self.seed, trained)

    def pictures(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Write rows from -1 to 1 as pictures from 0 to 255, pixels that never vary as 0."""
        items = np.zeros((len(rows), len(self.codec.scale)), dtype=np.uint8)
        items[:, np.asarray(self.codec.scale) > 0] = np.rint(127.5 * (np.clip(rows, -1, 1) + 1))
        shaped = items.reshape(len(rows), *self.codec.shape)
        return {"pictures": (shaped if shaped.ndim == 4 else shaped[..., None]).transpose(0, 3, 1, 2)}


def _pixel_networks(settings: Any, columns: int) -> tuple[nn.Module, nn.Module]:
    """Make plain networks whose generator gives numbers from -1 to 1."""
    generator, critic = plain_networks(settings, columns)
    return nn.Sequential(generator, nn.Tanh()), critic
