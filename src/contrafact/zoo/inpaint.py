"""Fill any hole in a picture, in as many ways as there are.

One generator G(x·(1-m), m, z) is given what is known of a picture x, the hole m (1 where a pixel is missing) and noise
z; only what it draws inside the hole is used: y = x·(1-m) + G·m. The holes are drawn anew in every step, of all shapes
(`nets/holes.py`), so that one network serves for any. A critic sees y beside m, against x beside m, as a whole and
place by place inside the hole (`nets/hole_critic.py`), with the non-saturating loss and lazy R1 and R2 penalties on its
slope in the picture.

A distance |x - G| beside it would teach the mean of all that may be, and no variety; the critic alone sees each
surrounding once, and cannot tell that a generator which answers it always in one way is wrong. Here the energy score of
two draws G, G' of the same hole does both tasks: E|x - G| - ½ E|G - G'|, with |·| the root mean square inside the hole.
It is a strictly proper scoring rule: no law of G has a lower one than the law of x given what is known. Where the
surroundings decide, draws must agree; where they do not, draws must differ, and by as much as pictures do.

Pictures larger than a window are learned from in random windows, and filled window by window from the hole's rim
inwards. A hole that takes the whole picture is one of the shapes: it makes `sample` an honest, if modest, generator.

References:
    Pathak et al., Context encoders: feature learning by inpainting, CVPR 2016.
    Yu et al., Free-form image inpainting with gated convolution, ICCV 2019 (holes of free form).
    Gneiting and Raftery, Strictly proper scoring rules, prediction, and estimation, JASA 2007 (the energy score).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from contrafact.base.recipe import Count, NotNegative, Positive, Share
from contrafact.codecs.image import ImageCodec
from contrafact.engine.average import Average
from contrafact.engine.duel import DUELS
from contrafact.engine.fit import Method, Score, TrainedRecipe, Training
from contrafact.engine.items import Batches
from contrafact.engine.penalties import r1_r2
from contrafact.engine.play import Move, Phase, Step, Terms, own_randomness
from contrafact.metrics.held_out import held_out_pictures
from contrafact.nets.adversarial import loaded_net, make_optimizer
from contrafact.nets.any_size import cut_windows, window_of
from contrafact.nets.fills import Exam, ExamScore, FillModel
from contrafact.nets.hole_critic import HoleCritic
from contrafact.nets.holes import random_holes
from contrafact.nets.picture_duel import falling, pixels
from contrafact.nets.pictures import doublings
from contrafact.nets.residual import Painter, bounded

DUEL = DUELS["non-saturating"]
LONGEST = 512  # of the sides of the pictures that are learned from, unless a resolution is given


class Filler(nn.Module):
    """Draw a window from what is known of it.

    Arguments:
        shape: Channels, height and width of a window.
        condition: Width of the condition; 0 for none.
        width: Channels at the coarsest map.
        noise: Maps of noise that enter at each size.
        latent: Numbers of noise for what the whole window decides.
    """

    def __init__(self, shape: tuple[int, int, int], condition: int, width: int, noise: int, latent: int) -> None:
        super().__init__()
        depth = doublings(*shape[1:])
        self.painter = Painter(shape[0] + 1, shape[0], width, depth, condition=condition, noise=noise, latent=latent)

    def noise_size(self, high: int, wide: int) -> int:
        """Count the numbers of noise that a window takes."""
        return self.painter.noise_size(high, wide)

    def forward(self, pictures: Tensor, hole: Tensor, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        seen = torch.cat([pictures * (1 - hole), hole - 0.5], dim=1)
        return bounded(self.painter(seen, noise, condition))


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
    """A batch with holes: whole windows, their holes, and the condition of each; zeros where it is not told."""

    truth: Tensor
    hole: Tensor
    condition: Tensor | None

    def half(self) -> Puzzle:
        """Keep the first half of the batch, or its one item."""
        rows = slice(max(len(self.truth) // 2, 1))
        return Puzzle(
            truth=self.truth[rows],
            hole=self.hole[rows],
            condition=None if self.condition is None else self.condition[rows],
        )


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
    """

    recipe: Inpaint
    codec: ImageCodec
    generator: Filler
    critic: HoleCritic
    average: Average
    players: dict[str, Optimizer]
    table: Tensor | None

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Everything with weights, by name."""
        return {"generator": self.generator, "critic": self.critic, "average": self.average.module}

    def prepare(self, step: Step) -> None:
        """Set this step's learning rates, which rise quickly and fall slowly."""
        risen = min((step.number + 1) / max(self.recipe.warm_up * step.total, 1), 1.0)
        for player, values in falling(self.recipe, left=self.recipe.rate_end)(step).items():
            self.players[player].param_groups[0]["lr"] = risen * values["lr"]  # type: ignore[operator]

    def phases(self) -> Sequence[Phase]:
        """Let both move in turn."""
        generator = Move(player="generator", loss=self.generator_loss, then=self.average.update)
        return [Phase(moves=(Move(player="critic", loss=self.critic_loss), generator))]

    def puzzle(self, batch: dict[str, Tensor], step: Step) -> Puzzle:
        """Cut windows, draw holes, and tell every other class."""
        truth = cut_windows(pixels(batch), window_of(self.recipe, self.codec), step)
        hole = random_holes(step, len(truth), truth.shape[2], truth.shape[3]).float()
        condition = None
        if self.table is not None:
            told = step.uniform(len(truth), 1) < self.recipe.told
            condition = self.table[batch["labels"]] * told
        return Puzzle(truth=truth, hole=hole, condition=condition)

    def make(self, puzzle: Puzzle, step: Step) -> Tensor:
        """Fill each window once."""
        noise = step.normal(len(puzzle.truth), self.generator.noise_size(*puzzle.truth.shape[2:]))
        drawn: Tensor = self.generator(puzzle.truth, puzzle.hole, noise, puzzle.condition)
        return puzzle.truth + puzzle.hole * (drawn - puzzle.truth)

    def critic_loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Tell whole windows from filled ones."""
        puzzle = self.puzzle(batch, step)
        with torch.no_grad():
            fake = self.make(puzzle, step)

        def judge(pictures: Tensor) -> Tensor:
            times = len(pictures) // len(puzzle.hole)
            condition = None if puzzle.condition is None else puzzle.condition.repeat(times, 1)
            logits: Tensor = self.critic(pictures, puzzle.hole.repeat(times, 1, 1, 1), condition)
            return logits

        penalty = r1_r2(lambda _: (self.recipe.penalty, self.recipe.penalty), self.recipe.penalty_every)
        on_real, on_fake, penalties = penalty(judge, puzzle.truth, fake, step)
        with torch.no_grad():
            seen = {"on_real": on_real.mean(), "on_fake": on_fake.mean(), "wins": (on_real > on_fake).float().mean()}
        return {"loss": DUEL.critic(on_real, on_fake, 1.0).mean(), **penalties, **seen}

    def generator_loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Fill half of the windows twice, so that the critic takes them for whole and the draws vary as they should."""
        puzzle = self.puzzle(batch, step).half()
        draws = self.make(puzzle, step), self.make(puzzle, step)
        logits = [self.critic(draw, puzzle.hole, puzzle.condition).squeeze(1) for draw in draws]
        energy = energy_score(puzzle.truth, draws[0], draws[1], puzzle.hole).mean()
        return {"loss": DUEL.generator(logits[0], torch.cat(logits)).mean(), "energy": self.recipe.energy * energy}


@dataclass(frozen=True, kw_only=True)
class Inpaint(TrainedRecipe):
    """Fit a generator that fills any hole in pictures like these."""

    steps: Count | None = None  # generator steps; none: 6,000, or from the budget
    batch: Count = 32  # windows in a batch
    conditional: bool = True  # learn the classes, where there are labels; a filling may be told its class or not
    told: Share = 0.5  # how often the class is told in training
    resolution: Count | None = None  # the longer side in pixels at most; none: 512
    window: Count = 64  # side of the windows that the network sees; smaller pictures are seen whole
    width: Count = 64  # channels at the coarsest map; half as many at each finer one
    latent_size: Count = 16  # numbers of noise for what the whole hole decides
    noise: Count = 4  # maps of noise that enter at each size, for what differs from place to place
    energy: NotNegative = 3.0  # weight of the energy score, against 1 for the critic's opinion
    rate: Positive = 2e-3  # both players' learning rate
    rate_end: Share = 0.02  # share of the rate that is left at the end
    warm_up: Share = 0.02  # share of the run in which the rates rise to their start
    momentum: Share = 0.5  # of the gradients (Adam's first beta)
    penalty: NotNegative = 0.1  # γ on the critic's slope at whole and at filled pictures
    penalty_every: Count = 16  # penalise every so many steps, so many times as strongly
    half_life: NotNegative = 20_000.0  # windows in which the averaged generator forgets half
    mirror: bool = False  # show half of the pictures mirrored

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=20, width=16, batch=8, window=16, noise=1)

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        codec = ImageCodec.fit(data, resolution=self.resolution or LONGEST, labelled=self.conditional)
        exam = Exam()
        method = Method(
            codec=codec,
            batch=self.batch,
            steps=6_000,
            begin=lambda total, device: self.game(codec, device),
            model=lambda game: FillModel(self, codec, game.average.module, game.critic, exam),
            score=partial(self.score, codec, exam),
            batches=partial(Batches, keyed=self.mirror),
            balance=dict(zip(("critic/loss", "generator/loss"), DUEL.balance, strict=True)),
        )
        training = Training(self, data, method, **options)
        training.warnings += [codec.policy] if codec.policy else []
        return training

    def score(self, codec: ImageCodec, exam: Exam, held: dict[str, np.ndarray], seed: int) -> Score:
        """Score filled windows of held-out pictures against whole windows of others."""
        return ExamScore(held_out_pictures(exam.set(held, window_of(self, codec)), seed))

    def networks(self, codec: ImageCodec) -> tuple[Filler, HoleCritic]:
        """Make generator and critic."""
        shape, condition = (codec.channels, *window_of(self, codec)), codec.conditions.shape[1]
        return Filler(shape, condition, self.width, self.noise, self.latent_size), HoleCritic(
            shape, condition, max(self.width // 2, 4)
        )

    def game(self, codec: ImageCodec, device: torch.device) -> HoleGame:
        """Make both networks and their optimisers."""
        generator, critic = self.networks(codec)
        nets = {"critic": critic, "generator": generator}
        for net in nets.values():
            net.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        table = torch.as_tensor(codec.conditions, dtype=torch.float32, device=device) if codec.classes else None
        return HoleGame(
            recipe=self,
            codec=codec,
            generator=generator,
            critic=critic,
            average=Average(generator, self.half_life, self.batch),
            players={name: make_optimizer("adam", net, self.rate, self.momentum) for name, net in nets.items()},
            table=table,
        )

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> FillModel:
        """Make a fitted model again."""
        read = ImageCodec.from_json(codec)
        with own_randomness(0, torch.device("cpu")):  # the weights drawn here are replaced by the loaded ones
            generator, critic = self.networks(read)
        loaded = loaded_net("generator", generator, arrays)
        assert loaded is not None
        return FillModel(self, read, loaded, loaded_net("critic", critic, arrays))
