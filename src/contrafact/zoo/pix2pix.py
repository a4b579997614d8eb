"""A U-Net that must also convince a critic: what it makes has to look real, not only to be right on average.

The generator G turns a picture x into G(x, z); the critic D sees x beside a target, true or made, and gives a logit for
each patch. The generator minimises

    E softplus(-D(x, G(x, z))) + λ E d(y, G(x, z))

where d is the mean absolute distance of pictures, or the cross-entropy of masks, and λ (`fidelity`) is 100: the truth
leads, and the critic decides what the truth leaves open, as in textures and broken lines, which an average would blur.
A critic of patches suffices, because d already takes care of what is large. Masks are judged as maps of probabilities;
the critic's slope at true targets is penalised (R1), so that it cannot win by the sharpness of true masks alone.

The paper's noise is dropout at use; here z is a map of normal noise beside the picture and at the coarsest map, so that
draws are functions of a seed, and z = 0 gives one best guess. As the paper says of its own, the noise changes little
where x decides y.

References:
    Isola, Zhu, Zhou and Efros, Image-to-image translation with conditional adversarial networks, CVPR 2017.
    Luc et al., Semantic segmentation using adversarial networks, 2016 (masks as probabilities).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from contrafact.base.recipe import Count, NotNegative, Positive, Share, Whole
from contrafact.codecs.pairs import PairCodec
from contrafact.engine.duel import DUELS, opinions
from contrafact.engine.fit import TrainedRecipe, Training
from contrafact.engine.penalties import r1_r2
from contrafact.engine.play import Move, Phase, Step, Terms
from contrafact.metrics.overlap import held_out_pairs
from contrafact.nets.adversarial import make_optimizer, scheduled
from contrafact.nets.pairs import (
    Crops,
    PairModel,
    Turning,
    bent,
    crops,
    infidelity,
    pair_training,
    placed,
    restored_pairs,
    translator,
)
from contrafact.nets.unet import PatchCritic, UNet

DUEL = DUELS["non-saturating"]


@dataclass(kw_only=True)
class PairDuel:
    """A critic of patches against a generator that is told the truth as well.

    Arguments:
        recipe: The settings.
        codec: Knows pictures and targets.
        generator: Pictures and noise -> raw numbers for each pixel.
        critic: Pictures beside targets -> a logit for each patch.
        players: Both optimisers.
    """

    recipe: Pix2Pix
    codec: PairCodec
    generator: UNet
    critic: PatchCritic
    players: dict[str, Optimizer]

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Everything with weights, by name."""
        return {"generator": self.generator, "critic": self.critic}

    def prepare(self, step: Step) -> None:
        """Set this step's learning rates."""
        rate = scheduled(self.recipe, step)
        self.players["generator"].param_groups[0]["lr"] = rate
        self.players["critic"].param_groups[0]["lr"] = rate * self.recipe.critic_rate

    def phases(self) -> Sequence[Phase]:
        """Let both move in turn."""
        critic = Move(player="critic", loss=self.critic_loss)
        return [Phase(moves=(critic, Move(player="generator", loss=self.generator_loss)))]

    def cut(self, batch: dict[str, Tensor]) -> Crops:
        """Take a random crop from each pair."""
        return crops(batch, self.codec, self.recipe.crop, self.recipe.turning)

    def make(self, source: Tensor, step: Step) -> Tensor:
        """Give the generator's raw numbers, with fresh noise."""
        count = self.generator.noise
        noise = step.normal(len(source), count, *source.shape[2:]) if count else None
        made: Tensor = self.generator(source, noise)
        return made

    def critic_loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Tell true targets from made ones, patch by patch."""
        cut = self.cut(batch)
        with torch.no_grad():
            fake = bent(self.make(cut.source, step), self.codec)
        real, made = (torch.cat([cut.source, target], dim=1) for target in (cut.shown, fake))
        penalty = r1_r2(lambda _: (self.recipe.r1, 0.0), self.recipe.penalty_every)
        on_real, on_fake, penalties = penalty(self.critic, real, made, step)
        return {"loss": DUEL.critic(on_real, on_fake, 1.0).mean(), **penalties, **opinions(on_real, on_fake)}

    def generator_loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Be right, and make targets that the critic takes for true."""
        cut = self.cut(batch)
        raw = self.make(cut.source, step)
        on_fake = self.critic(torch.cat([cut.source, bent(raw, self.codec)], dim=1))
        away = infidelity(raw, cut, self.codec)
        return {
            "loss": DUEL.generator(on_fake, on_fake).mean(),
            "infidelity": self.recipe.fidelity * away,
        }


@dataclass(frozen=True, kw_only=True)
class Pix2Pix(TrainedRecipe):
    """Fit a conditional generator and a critic of patches to pairs of pictures and masks, or of two pictures."""

    steps: Count | None = None  # steps of each player; none: 1,000, or from the budget
    batch: Count = 8  # crops in a batch
    crop: Count = 96  # side of the crops, in pixels; smaller pictures are taken whole
    masks: bool | None = None  # targets are masks, each value a class; none: where they have at most 16 values
    turning: Turning = "turn"  # crops are mirrored and turned by quarters, or mirrored left to right only, or neither
    noise: Whole = 1  # maps of noise beside the picture, from which several draws differ; 0: one answer
    fidelity: NotNegative = 100.0  # weight λ of the distance to the truth, against 1 for the critic's opinion
    width: Count = 24  # the generator's channels at half the size; they double with every further halving
    depth: Count = 3  # halvings of the generator
    critic_width: Count = 16  # the critic's channels after its first halving
    critic_depth: Count = 3  # halvings of the critic: patches of 18, 38 or 78 pixels with 2, 3 or 4
    rate: Positive = 2e-3  # the generator's learning rate at the start
    rate_end: Share = 0.02  # share of the rates that is left at the end
    warm_up: Share = 0.02  # share of the run in which the rates rise to their start
    critic_rate: Positive = 0.5  # the critic's learning rate, in generator's rates
    momentum: Share = 0.9  # of the gradients (Adam's first beta)
    r1: NotNegative = 1e-3  # penalty γ on the critic's slope at true targets
    penalty_every: Count = 16  # penalise every so many steps, so many times as strongly

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=30, width=8, depth=2, batch=4, crop=16, critic_width=8, critic_depth=2)

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        codec = PairCodec.fit(data, masks=self.masks, crop=self.crop)
        return pair_training(
            self,
            data,
            codec=codec,
            begin=lambda device: self.game(codec, device),
            score=held_out_pairs(codec.outputs if codec.classes else 0, codec.rare),
            steps=1_000,
            balance=dict(zip(("critic/loss", "generator/loss"), DUEL.balance, strict=True)),
            **options,
        )

    def networks(self, codec: PairCodec) -> tuple[UNet, PatchCritic]:
        """Make generator and critic."""
        inputs = codec.inputs + codec.outputs
        return translator(self, codec, self.noise), PatchCritic(inputs, self.critic_width, self.critic_depth)

    def game(self, codec: PairCodec, device: torch.device) -> PairDuel:
        """Make both networks and their optimisers."""
        generator, critic = self.networks(codec)
        for network in (generator, critic):
            placed(network, device)
        players = {
            "critic": make_optimizer("adam", critic, self.rate * self.critic_rate, self.momentum),
            "generator": make_optimizer("adam", generator, self.rate, self.momentum),
        }
        return PairDuel(recipe=self, codec=codec, generator=generator, critic=critic, players=players)

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> PairModel:
        """Make a fitted model again."""
        known = PairCodec.from_json(codec)
        return restored_pairs(self, known, arrays, lambda: self.networks(known))
