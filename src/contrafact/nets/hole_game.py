"""The game of a generator that fills holes: puzzles of windows, holes and windows like them, and both players' losses.

`zoo/inpaint.py` says what is learned and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer

from contrafact.engine.average import Average
from contrafact.engine.duel import DUELS, opinions
from contrafact.engine.penalties import r1_r2
from contrafact.engine.play import Move, Phase, Step, Terms, lone_step
from contrafact.nets.adversarial import cosine, scheduled
from contrafact.nets.any_size import window_of, window_places, windows_at
from contrafact.nets.exemplars import Exemplars, Places
from contrafact.nets.hole_critic import HoleCritic
from contrafact.nets.hole_filler import SHOWN, Filler
from contrafact.nets.holes import random_holes
from contrafact.nets.picture_duel import pixels

DUEL = DUELS["relativistic"]


def energy_score(truth: Tensor, one: Tensor, other: Tensor, hole: Tensor) -> Tensor:
    """Give each picture's energy score of two draws, over the pixels of its hole; lower is better.

    Arguments:
        truth: What was there.
        one: A draw.
        other: Another draw, independent of it.
        hole: 1 where a pixel was missing.
    """
    count = hole.flatten(1).sum(1) * truth.shape[1]

    def distance(a: Tensor, b: Tensor) -> Tensor:
        return (((a - b) * hole).square().flatten(1).sum(1) / count + 1e-6).sqrt()

    return (distance(truth, one) + distance(truth, other) - distance(one, other)) / 2


@dataclass(frozen=True, kw_only=True)
class Puzzle:
    """A batch with holes.

    Arguments:
        truth: Whole windows.
        hole: Their holes.
        shown: Windows like them.
        label: The place of each one's class, or None.
        told: What networks read for it, or None.
    """

    truth: Tensor
    hole: Tensor
    shown: Tensor
    label: Tensor | None
    told: Tensor | None

    def half(self) -> Puzzle:
        """Keep the first half of the batch, or its one item."""
        rows = slice(max(len(self.truth) // 2, 1))
        kept = {name: part[rows] for name, part in vars(self).items() if part is not None}
        return replace(self, **kept)


@dataclass(kw_only=True)
class HoleGame:
    """Fill holes so that a critic takes the picture for whole, and with the right variety.

    Arguments:
        recipe: The settings.
        codec: Knows sizes and classes.
        generator: Fills.
        critic: Judges filled pictures.
        average: The generator's running average, which is what gets used.
        players: Both optimisers.
        table: What networks read for each class, or None.
        exemplars: Windows of the pictures that are learned from.
        settling: Pictures, by name as in a batch, over which the generator's norms are measured.
    """

    recipe: Any
    codec: Any
    generator: Filler
    critic: HoleCritic
    average: Average
    players: dict[str, Optimizer]
    table: Tensor | None
    exemplars: Exemplars
    settling: dict[str, Tensor]
    balance: ClassVar = DUEL.balance

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Everything with weights, by name."""
        return {"generator": self.generator, "critic": self.critic, "average": self.average.module}

    def prepare(self, step: Step) -> None:
        """Set this step's learning rates and second-moment memory."""
        rate = scheduled(self.recipe, step)
        for player in self.players.values():
            player.param_groups[0].update(lr=rate, betas=(self.recipe.momentum, cosine(step, 0.9, 0.99)))

    def phases(self) -> Sequence[Phase]:
        """Let both move in turn."""
        generator = Move(player="generator", loss=self.generator_loss, then=self.average.update)
        return [Phase(moves=(Move(player="critic", loss=self.critic_loss), generator))]

    def puzzle(self, batch: dict[str, Tensor], step: Step) -> Puzzle:
        """Cut windows, draw holes, look up windows like them, and name their classes."""
        pictures, window = pixels(batch), window_of(self.recipe, self.codec)
        corner = window_places(pictures.shape[2:], window, len(pictures), step)
        truth = windows_at(pictures, corner, window)
        hole = random_holes(step, len(truth), *window).float()
        own = Places(picture=batch["number"], corner=corner)
        shown = self.exemplars.nearest(truth, hole, SHOWN, step=step, own=own)
        label = None if self.table is None else batch["labels"]
        told = None if self.table is None else self.table[label]
        return Puzzle(truth=truth, hole=hole, shown=shown, label=label, told=told)

    def make(self, puzzle: Puzzle, step: Step) -> Tensor:
        """Fill each window once."""
        noise = step.normal(len(puzzle.truth), self.generator.noise_size)
        drawn: Tensor = self.generator(puzzle.truth, puzzle.hole, puzzle.shown, noise, puzzle.told)
        return puzzle.truth + puzzle.hole * (drawn - puzzle.truth)

    @cached_property
    def settling_puzzle(self) -> tuple[Puzzle, Tensor]:
        """Make the windows, and the noise, over which the norms are measured; always the same."""
        step = lone_step(0)
        puzzle = self.puzzle(self.settling, step)
        return puzzle, step.normal(len(puzzle.truth), self.generator.noise_size)

    def measure(self) -> None:
        """Measure the norms of the averaged generator anew."""
        puzzle, noise = self.settling_puzzle
        filler: Filler = self.average.module  # type: ignore[assignment]
        filler.settle(puzzle.truth, puzzle.hole, puzzle.shown, noise, puzzle.told)

    def critic_loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Tell whole windows from filled ones."""
        puzzle = self.puzzle(batch, step)
        with torch.no_grad():
            fake = self.make(puzzle, step)

        def judge(pictures: Tensor) -> Tensor:
            times = len(pictures) // len(puzzle.hole)
            condition = None if puzzle.told is None else puzzle.told.repeat(times, 1)
            logits: Tensor = self.critic(pictures, puzzle.hole.repeat(times, 1, 1, 1), condition)
            return logits

        penalty = r1_r2(lambda _: (self.recipe.penalty, self.recipe.penalty), self.recipe.penalty_every)
        on_real, on_fake, penalties = penalty(judge, puzzle.truth, fake, step)
        return {"loss": DUEL.critic(on_real, on_fake, 1.0).mean(), **penalties, **opinions(on_real, on_fake)}

    def generator_loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Fill half of the windows twice, so that the critic takes them for whole and the draws vary as they should."""
        puzzle = self.puzzle(batch, step)
        naming = self.naming(puzzle)
        puzzle = puzzle.half()
        draws = self.make(puzzle, step), self.make(puzzle, step)
        with torch.no_grad():
            on_real = self.critic(puzzle.truth, puzzle.hole, puzzle.told).squeeze(1)
        on_fakes = [self.critic(draw, puzzle.hole, puzzle.told).squeeze(1) for draw in draws]
        loss = torch.cat([DUEL.generator(on_real, on_fake) for on_fake in on_fakes]).mean()
        energy = energy_score(puzzle.truth, draws[0], draws[1], puzzle.hole).mean()
        weight = cosine(step, self.recipe.energy, self.recipe.energy * self.recipe.energy_end)
        return {"loss": loss, "energy": weight * energy, **naming}

    def naming(self, puzzle: Puzzle) -> Terms:
        """Learn to name what has a hole, where there are classes."""
        if puzzle.label is None:
            return {}
        logits = self.generator.logits(puzzle.truth, puzzle.hole, puzzle.shown)
        return {"naming": cross_entropy(logits, puzzle.label)}
