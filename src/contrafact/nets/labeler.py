"""Labeler and anti-labeler: what a generator of pictures is told, its pictures are to show, and not to overdo.

The labeler R learns to name the attributes of real pictures, the anti-labeler F those of fakes; each gives a
distribution over the levels of every attribute. Beside its duel the generator minimises

    λ CE(R(G(z, a')), a')  -  μ e^(-t / T) CE(F(G(z, a)), a)

at step t. The first term wants attributes to be recognised by what real pictures look like. The second wants them not
to be named all too easily, as they are where the generator has one picture for each combination; it matters early and
fades, and is held at the surprise of a blind guess, beyond which nothing is to be gained.

In the paper a' is a, the attributes that the data have. The duel tells nothing of combinations that the data lack, and
do() asks for just these; so a' here has each attribute from another item of the batch: all combinations come, and what
is rarely seen together is learned attribute by attribute.

Reference: Kocaoglu et al., CausalGAN: learning causal implicit generative models with adversarial training, ICLR 2018.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from contrafact.engine.duel import DuelGame, Scene, judge_of
from contrafact.engine.play import Move, Phase, Step, Terms
from contrafact.nets.picture_heads import TwoHeadedCritic

FADING = 0.2  # T, as a share of the run


@dataclass(kw_only=True)
class LabelledGame(DuelGame):
    """A duel over pictures with a labeler and an anti-labeler beside it.

    Arguments:
        labeler: R.
        anti_labeler: F.
        levels: How many levels each attribute has; conditions are a one-hot for each.
        labeling: λ, what the labeler counts for the generator.
        anti_labeling: μ, what the anti-labeler counts at the start.
    """

    labeler: TwoHeadedCritic
    anti_labeler: TwoHeadedCritic
    levels: tuple[int, ...]
    labeling: float
    anti_labeling: float

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Everything with weights or a memory, by name."""
        return {**super().modules, "labeler": self.labeler, "anti_labeler": self.anti_labeler}

    def prepare(self, step: Step) -> None:
        """Set this step's learning rates; labelers learn as fast as the critic."""
        super().prepare(step)
        for name in ("labeler", "anti_labeler"):
            self.players[name].param_groups[0]["lr"] = self.players["critic"].param_groups[0]["lr"]

    def phases(self) -> Sequence[Phase]:
        """Let the critic, both labelers and the generator move in turn."""
        *alone, both = super().phases()
        critic, generator = both.moves
        own = [Move(player="labeler", loss=self.labeler_loss)] if self.labeling else []
        own += [Move(player="anti_labeler", loss=self.anti_labeler_loss)] if self.anti_labeling else []
        return [*alone, Phase(moves=(critic, *own, generator))]

    def surprise(self, answers: Tensor, scene: Scene) -> Tensor:
        """Give the mean surprise at an attribute, where each item's levels are given by its condition."""
        assert scene.condition is not None
        sizes = list(self.levels)
        parts = zip(torch.split(answers, sizes, dim=1), torch.split(scene.condition, sizes, dim=1), strict=True)
        return torch.stack([cross_entropy(own, told.argmax(1)) for own, told in parts]).mean()

    def labeler_loss(self, batch: Any, step: Step) -> Terms:
        """Name the attributes of real pictures."""
        scene = self.scene(batch)
        return {"surprise": self.surprise(self.labeler.answers(self._seen(scene.real, step)), scene)}

    def anti_labeler_loss(self, batch: Any, step: Step) -> Terms:
        """Name the attributes of fakes."""
        scene = self.scene(batch)
        with torch.no_grad():
            fake = self.make(scene, step)
        return {"surprise": self.surprise(self.anti_labeler.answers(self._seen(fake, step)), scene)}

    def generator_loss(self, batch: Any, step: Step) -> Terms:
        """Make fakes that are taken for real, named rightly, and not all too easily."""
        scene = self.scene(batch)
        judge = judge_of(self.critic, scene, self.augment, step)
        fake = self.make(scene, step)
        with torch.no_grad():
            real = self.blur(scene.real, step)
            on_real = judge(real).squeeze(1) if self.loss.needs_real else real.new_empty(0)
        loss = scene.mean(self.loss.generator(on_real, judge(self.blur(fake, step)).squeeze(1)))
        terms = {"loss": loss}
        if self.labeling:
            other = self.shuffled(scene, step)
            answers = self.labeler.answers(self._seen(self.make(other, step), step))
            terms["labeled"] = self.labeling * self.surprise(answers, other)
        if self.anti_labeling:
            blind = sum(map(math.log, self.levels)) / len(self.levels)
            surprise = self.surprise(self.anti_labeler.answers(self._seen(fake, step)), scene).clamp_max(blind)
            terms["anti_labeled"] = -self.anti_labeling * math.exp(-step.fraction / FADING) * surprise
        return terms

    def shuffled(self, scene: Scene, step: Step) -> Scene:
        """Give each item every attribute of some item of the batch, each from another."""
        assert scene.condition is not None
        orders = step.uniform(len(scene.condition), len(self.levels)).argsort(0).to(scene.condition.device)
        parts = torch.split(scene.condition, list(self.levels), dim=1)
        mixed = [part[order] for part, order in zip(parts, orders.unbind(1), strict=True)]
        return replace(scene, condition=torch.cat(mixed, dim=1))

    def _seen(self, pictures: Tensor, step: Step) -> Tensor:
        return pictures if self.augment is None else self.augment(pictures, step)


def labelled(
    duel: DuelGame,
    *,
    shape: tuple[int, int, int],
    width: int,
    levels: tuple[int, ...],
    labeling: float,
    anti_labeling: float,
    optimizer: Callable[[nn.Module], torch.optim.Optimizer],
) -> LabelledGame:
    """Put labelers beside a duel.

    Arguments:
        duel: Critic against generator.
        shape: Channels, height and width of a picture.
        width: Channels after the labelers' first layer.
        levels: How many levels each attribute has.
        labeling: What the labeler counts for the generator.
        anti_labeling: What the anti-labeler counts at the start.
        optimizer: Makes the optimiser of a labeler.
    """
    device = next(duel.generator.parameters()).device
    nets = {name: TwoHeadedCritic(shape, width, sum(levels)).to(device) for name in ("labeler", "anti_labeler")}
    for net in nets.values():
        net.last.requires_grad_(False)  # nobody asks a labeler what is real
    players = {**duel.players, **{name: optimizer(net) for name, net in nets.items()}}
    return LabelledGame(
        **{**vars(duel), "players": players},
        **nets,  # type: ignore[arg-type]
        levels=levels,
        labeling=labeling,
        anti_labeling=anti_labeling,
    )
