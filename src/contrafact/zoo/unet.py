"""A U-Net that is told the truth pixel by pixel: the honest baseline of everything that turns pictures into pictures.

One player minimises the cross-entropy of masks, or the mean absolute distance of pictures, over random crops that are
mirrored and turned. The U-Net halves the map again and again and doubles it back, adding the maps of the way down.
Where one pixel decides about another (which of two edges is drawn), it answers with the average of all that may be.

References:
    Ronneberger, Fischer and Brox, U-Net: convolutional networks for biomedical image segmentation, MICCAI 2015.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from contrafact.base.recipe import Count, Positive, Share
from contrafact.codecs.pairs import PairCodec
from contrafact.engine.fit import TrainedRecipe, Training
from contrafact.engine.play import Move, Phase, Step, Terms
from contrafact.metrics.overlap import held_out_pairs
from contrafact.nets.adversarial import make_optimizer, scheduled
from contrafact.nets.pairs import (
    PairModel,
    Turning,
    crops,
    infidelity,
    pair_training,
    placed,
    restored_pairs,
    translator,
)
from contrafact.nets.unet import UNet as Network


@dataclass(kw_only=True)
class Alone:
    """One player that learns to tell the truth.

    Arguments:
        recipe: The settings.
        codec: Knows pictures and targets.
        generator: The network.
        players: Its optimiser.
    """

    recipe: UNet
    codec: PairCodec
    generator: Network
    players: dict[str, Optimizer]

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Everything with weights, by name."""
        return {"generator": self.generator}

    def prepare(self, step: Step) -> None:
        """Set this step's learning rate."""
        self.players["network"].param_groups[0]["lr"] = scheduled(self.recipe, step)

    def phases(self) -> Sequence[Phase]:
        """Let the only player move."""
        return [Phase(moves=(Move(player="network", loss=self.loss),))]

    def loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Say what each pixel of a random crop becomes."""
        cut = crops(batch, self.codec, self.recipe.crop, self.recipe.turning)
        return {"loss": infidelity(self.generator(cut.source), cut, self.codec)}


@dataclass(frozen=True, kw_only=True)
class UNet(TrainedRecipe):
    """Fit a plain U-Net to pairs of pictures and masks, or of pictures and pictures."""

    steps: Count | None = None  # steps; none: 1,800, or from the budget
    batch: Count = 8  # crops in a batch
    crop: Count = 96  # side of the crops, in pixels; smaller pictures are taken whole
    masks: bool | None = None  # targets are masks, each value a class; none: where they have at most 16 values
    turning: Turning = "turn"  # crops are mirrored and turned by quarters, or mirrored left to right only, or neither
    width: Count = 24  # channels at half the size; they double with every further halving
    depth: Count = 3  # halvings
    rate: Positive = 2e-3  # learning rate at the start
    rate_end: Share = 0.02  # share of the rate that is left at the end
    warm_up: Share = 0.02  # share of the run in which the rate rises to its start
    momentum: Share = 0.9  # of the gradients (Adam's first beta)

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=30, width=8, depth=2, batch=4, crop=16)

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        codec = PairCodec.fit(data, masks=self.masks, crop=self.crop)
        return pair_training(
            self,
            data,
            codec=codec,
            begin=lambda device: self.game(codec, device),
            score=held_out_pairs(codec.outputs if codec.classes else 0, codec.rare),
            steps=1_800,
            **options,
        )

    def game(self, codec: PairCodec, device: torch.device) -> Alone:
        """Make the network and its optimiser."""
        network = translator(self, codec)
        placed(network, device)
        players = {"network": make_optimizer("adam", network, self.rate, self.momentum)}
        return Alone(recipe=self, codec=codec, generator=network, players=players)

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> PairModel:
        """Make a fitted model again."""
        known = PairCodec.from_json(codec)
        return restored_pairs(self, known, arrays, lambda: (translator(self, known), None))
