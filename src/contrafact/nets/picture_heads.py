"""A critic that says more than real or fake, and the duel in which both players' losses hear it.

The second head reads the features that the first one judges by, in the same pass, so that another answer about a
picture costs one small layer. It may name the picture's class, or recover the code from which it was made.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from contrafact.engine.duel import Augment, DuelGame, Scene, opinions
from contrafact.engine.play import Step, Terms
from contrafact.nets.pictures import LEAK, PictureCritic


class TwoHeadedCritic(PictureCritic):
    """Judge a picture by itself alone, and give some more numbers about it from the same features.

    Arguments:
        shape: Channels, height and width of a picture.
        width: Channels after the first layer.
        answers: Numbers that the second head gives.
        hidden: Units of a layer of the second head's own; 0: none.
    """

    def __init__(self, shape: tuple[int, int, int], width: int, answers: int, hidden: int = 0) -> None:
        super().__init__(0, shape, width)
        own = [nn.Linear(self.features, hidden), nn.LeakyReLU(LEAK)] if hidden else []
        outer = nn.Linear(hidden or self.features, answers)
        nn.init.normal_(outer.weight, std=1 / math.sqrt(hidden or self.features))
        nn.init.zeros_(outer.bias)
        self.second = nn.Sequential(*own, outer)

    def answers(self, pictures: Tensor) -> Tensor:
        """Give the second head's numbers for each picture."""
        numbers: Tensor = self.second(self.body(pictures))
        return numbers


class Hearing:
    """Judge pictures by a critic's first head, and keep the features for its second.

    Arguments:
        critic: The critic.
        augment: Changes the pictures first; None leaves them as they are.
        step: Where the changes are drawn.
    """

    features: Tensor

    def __init__(self, critic: TwoHeadedCritic, augment: Augment | None, step: Step) -> None:
        self.critic, self.augment, self.step = critic, augment, step

    def __call__(self, pictures: Tensor) -> Tensor:
        self.features = self.critic.body(pictures if self.augment is None else self.augment(pictures, self.step))
        logits: Tensor = self.critic.last(self.features)
        return logits

    def answers(self) -> Tensor:
        """Give the second head's numbers for the pictures that were judged last."""
        numbers: Tensor = self.critic.second(self.features)
        return numbers


@dataclass(kw_only=True)
class TwoHeadedGame(DuelGame):
    """A duel with a `TwoHeadedCritic`; a method says which terms its second head adds to either player's losses."""

    critic: TwoHeadedCritic

    def see(self, batch: Any, step: Step) -> Scene:
        """Read a batch; a method may add what it draws."""
        return self.scene(batch)

    def critic_adds(self, real: Tensor, fake: Tensor, scene: Scene, batch: Any) -> Terms:
        """Give the critic's further terms from the second head's numbers for real pictures and fakes."""
        raise NotImplementedError

    def generator_adds(self, fake: Tensor, scene: Scene, batch: Any) -> Terms:
        """Give the generator's further terms from the second head's numbers for its fakes."""
        raise NotImplementedError

    def critic_loss(self, batch: Any, step: Step) -> Terms:
        """Tell real pictures from fakes, and answer for both."""
        scene = self.see(batch, step)
        with torch.no_grad():
            fake = self.make(scene, step)
        hearing = Hearing(self.critic, self.augment, step)
        on_real, on_fake, penalties = self.penalty(hearing, scene.real, fake, step)
        real, made = hearing.answers().chunk(2)
        loss = scene.mean(self.loss.critic(on_real, on_fake, self.real_target))
        return {"loss": loss, **self.critic_adds(real, made, scene, batch), **penalties, **opinions(on_real, on_fake)}

    def generator_loss(self, batch: Any, step: Step) -> Terms:
        """Make fakes that are taken for real and answered for as they were meant."""
        scene = self.see(batch, step)
        hearing = Hearing(self.critic, self.augment, step)
        logits = hearing(self.make(scene, step)).squeeze(1)
        loss = scene.mean(self.loss.generator(logits[:0], logits))
        return {"loss": loss, **self.generator_adds(hearing.answers(), scene, batch)}
