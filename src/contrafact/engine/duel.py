"""Two-player losses that many methods share, and the game that plays them.

`real` and `fake` are the critic's logits, one a row, paired by their place in the batch; a pair shares its condition,
such as a class, and its weight.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus
from torch.optim import Optimizer

from contrafact.engine.average import Average
from contrafact.engine.penalties import Judge, judged
from contrafact.engine.play import Move, Phase, Step, Terms

LOG2 = math.log(2)


@dataclass(frozen=True, kw_only=True)
class Duel:
    """The losses of critic and generator, to be minimised, with their values when nobody can tell the two apart.

    Arguments:
        critic: Loss of the critic for each pair, from logits (real, fake) and the real label's target.
        generator: Loss of the generator for each pair, from logits (real, fake).
        balance: Both mean losses at balance.
        needs_real: Whether the generator's loss looks at real rows.
    """

    critic: Callable[[Tensor, Tensor, float], Tensor]
    generator: Callable[[Tensor, Tensor], Tensor]
    balance: tuple[float, float]
    needs_real: bool = False


def _cross_entropy(real: Tensor, fake: Tensor, target: float) -> Tensor:
    loss = softplus(-real) + softplus(fake)
    return loss if target == 1 else loss + (1 - target) * real


DUELS: dict[str, Duel] = {
    # Goodfellow et al. 2014, the value function V(D, G) itself.
    "minimax": Duel(critic=_cross_entropy, generator=lambda _, fake: -softplus(fake), balance=(2 * LOG2, -LOG2)),
    # The same paper, section 3: maximise log D(G(z)) instead, for gradients while the critic wins.
    "non-saturating": Duel(critic=_cross_entropy, generator=lambda _, fake: softplus(-fake), balance=(2 * LOG2, LOG2)),
    # Mao et al. 2017 with a = 0, b = c = 1.
    "least squares": Duel(
        critic=lambda real, fake, target: (real - target) ** 2 / 2 + fake**2 / 2,
        generator=lambda _, fake: (fake - 1) ** 2 / 2,
        balance=(0.25, 0.125),
    ),
    # Lim and Ye 2017, Miyato et al. 2018.
    "hinge": Duel(
        critic=lambda real, fake, target: torch.relu(target - real) + torch.relu(1 + fake),
        generator=lambda _, fake: -fake,
        balance=(2.0, 0.0),
    ),
    # Arjovsky et al. 2017.
    "wasserstein": Duel(
        critic=lambda real, fake, _: fake - real,
        generator=lambda _, fake: -fake,
        balance=(0.0, 0.0),
    ),
    # Jolicoeur-Martineau 2018, paired form as in Huang et al. 2024.
    "relativistic": Duel(
        critic=lambda real, fake, _: softplus(fake - real),
        generator=lambda real, fake: softplus(real - fake),
        balance=(LOG2, LOG2),
        needs_real=True,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Latent:
    """The law of the generator's noise.

    Arguments:
        law: Law of the continuous part.
        size: Width of the continuous part.
        signs: Columns of a discrete part behind the continuous one, each -1 or 1 by chance: 2^signs levels.
    """

    law: Literal["normal", "uniform"] = "normal"
    size: int = 8
    signs: int = 0

    @property
    def width(self) -> int:
        """Width of the whole latent row."""
        return self.size + self.signs

    def draw(self, step: Step, rows: int) -> Tensor:
        """Draw latent rows, the uniform law from -1 to 1."""
        z = step.normal(rows, self.size) if self.law == "normal" else 2 * step.uniform(rows, self.size) - 1
        return torch.cat([z, 2.0 * step.integers(2, rows, self.signs) - 1], dim=1) if self.signs else z


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One batch as a duel sees it.

    Arguments:
        real: Real rows.
        condition: What each fake must be, one row each, such as a class; None where nothing is asked.
        weight: What each pair counts, 1 on average; None where all count the same.
    """

    real: Tensor
    condition: Tensor | None = None
    weight: Tensor | None = None

    def mean(self, losses: Tensor) -> Tensor:
        """Average the pairs' losses by their weights."""
        return losses.mean() if self.weight is None else (losses * self.weight).mean()


def as_they_are(batch: Tensor) -> Scene:
    """Take a batch of rows as real rows without conditions."""
    return Scene(real=batch)


Augment = Callable[[Tensor, Step], Tensor]


@runtime_checkable
class Adaptive(Protocol):
    """An augmentation that may follow what is logged; its state is part of every checkpoint."""

    target: float | None

    def heed(self, row: Mapping[str, Any]) -> dict[str, float]:
        """Move by what was logged, and give what is to be logged of it."""


def judge_of(critic: nn.Module, scene: Scene, augment: Augment | None, step: Step) -> Judge:
    """Bind a critic to the conditions of a batch and to an augmentation; several batches may stand one on the other."""
    condition = scene.condition
    if condition is None and augment is None:
        return critic

    def judge(rows: Tensor) -> Tensor:
        seen = rows if augment is None else augment(rows, step)
        if condition is None:
            logits: Tensor = critic(seen)
        else:
            logits = critic(seen, condition.repeat(len(rows) // len(condition), 1))
        return logits

    return judge


# Gives the logits of real and fake rows and the weighted penalty terms, all from as few passes as it can.
Penalty = Callable[[Any, Tensor, Tensor, Step], tuple[Tensor, Tensor, Terms]]


@torch.no_grad()
def opinions(on_real: Tensor, on_fake: Tensor) -> Terms:
    """Report what a critic thinks of real rows and of fakes on average, and in what share of pairs it is right."""
    return {"on_real": on_real.mean(), "on_fake": on_fake.mean(), "wins": (on_real > on_fake).float().mean()}


def no_penalty(critic: Judge, real: Tensor, fake: Tensor, step: Step) -> tuple[Tensor, Tensor, Terms]:
    """Judge real and fake rows in one pass, without a penalty."""
    return *judged(critic, real, fake), {}


@dataclass(kw_only=True)
class DuelGame:
    """Critic against generator, with the field's known remedies as settings.

    Arguments:
        generator: Latent rows (and conditions) -> rows.
        critic: Rows (and conditions) -> one logit a row.
        average: The generator's running average, which is what gets used.
        players: Both optimisers, "critic" and "generator".
        rates: Both learning rates as functions of the step.
        latent: The law of the noise.
        loss: The pair of losses.
        penalty: Judges both kinds of rows and adds penalty terms.
        scene: Reads a batch.
        augment: Changes what the critic sees, real and fake alike; the gradient goes through it.
        critic_steps: Critic moves for one generator move.
        critic_first: Steps in which only the critic moves, at the start.
        instance_noise: Standard deviation of noise on the critic's inputs at the start; it decays to 0 at the end.
        real_target: What the critic's loss wants of real rows (1 less the one-sided label smoothing).
    """

    generator: nn.Module
    critic: nn.Module
    average: Average
    players: dict[str, Optimizer]
    rates: Callable[[Step], dict[str, dict[str, object]]]
    latent: Latent
    loss: Duel
    penalty: Penalty = no_penalty
    scene: Callable[[Any], Scene] = as_they_are
    augment: Augment | None = None
    critic_steps: int = 1
    critic_first: int = 0
    instance_noise: float = 0.0
    real_target: float = 1.0

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Everything with weights or a memory, by name."""
        kept = {"generator": self.generator, "critic": self.critic, "average": self.average.module}
        return {**kept, "augment": self.augment} if isinstance(self.augment, nn.Module) else kept

    @property
    def adaptive(self) -> bool:
        """Whether the augmentation wants to be told the gap between training and held-out rows at every logged step."""
        return isinstance(self.augment, Adaptive) and self.augment.target is not None

    def heed(self, row: Mapping[str, Any]) -> dict[str, float]:
        """Tell an adaptive augmentation what was logged, and give what is to be logged of it."""
        return self.augment.heed(row) if isinstance(self.augment, Adaptive) else {}

    def prepare(self, step: Step) -> None:
        """Set this step's learning rates and momenta."""
        for player, values in self.rates(step).items():
            self.players[player].param_groups[0].update(values)

    def phases(self) -> Sequence[Phase]:
        """Let the critic move alone at first, then both in turn."""
        critic = Move(player="critic", loss=self.critic_loss, repeat=self.critic_steps)
        generator = Move(player="generator", loss=self.generator_loss, then=self.average.update)
        alone = [Phase(moves=(critic,), steps=self.critic_first)] if self.critic_first else []
        return [*alone, Phase(moves=(critic, generator))]

    def blur(self, rows: Tensor, step: Step) -> Tensor:
        """Add the instance noise of this step to the critic's input."""
        size = self.instance_noise * (1 - step.fraction)
        return rows + size * step.normal(*rows.shape) if size else rows

    def make(self, scene: Scene, step: Step) -> Tensor:
        """Make a fake for each real row, under its condition."""
        noise = self.latent.draw(step, len(scene.real))
        fake: Tensor = self.generator(noise) if scene.condition is None else self.generator(noise, scene.condition)
        return fake

    def critic_loss(self, batch: Any, step: Step) -> Terms:
        """Tell real rows from fakes."""
        scene = self.scene(batch)
        with torch.no_grad():
            fake = self.make(scene, step)
        judge = judge_of(self.critic, scene, self.augment, step)
        on_real, on_fake, penalties = self.penalty(judge, self.blur(scene.real, step), self.blur(fake, step), step)
        loss = scene.mean(self.loss.critic(on_real, on_fake, self.real_target))
        return {"loss": loss, **penalties, **opinions(on_real, on_fake)}

    def generator_loss(self, batch: Any, step: Step) -> Terms:
        """Make fakes that the critic takes for real."""
        scene = self.scene(batch)
        judge = judge_of(self.critic, scene, self.augment, step)
        fake = self.blur(self.make(scene, step), step)
        with torch.no_grad():
            real = self.blur(scene.real, step)
            on_real = judge(real).squeeze(1) if self.loss.needs_real else real.new_empty(0)
        return {"loss": scene.mean(self.loss.generator(on_real, judge(fake).squeeze(1)))}
