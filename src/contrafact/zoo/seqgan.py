"""SeqGAN: lines as the choices of a policy, rewarded by what a critic thinks of them once they are finished.

A critic D of whole lines gives no gradient through the choice of symbols, so the generator G is trained as a policy
(Yu et al. 2017). What a symbol was worth is what D thinks, on average, of lines that begin as it began:

    Q(x_1 ... x_t) = mean over some rounds of D(x_1 ... x_t, finished by G)
    grad J = E sum over t of Q(x_1 ... x_t) grad log p(x_t | x_1 ... x_{t-1})

All beginnings of all lines are finished together (`nets/rollouts.py`). Added to the paper: at each place the mean over
the batch is subtracted and the result divided by its spread; real lines are read beside (teacher forcing), against
forgetting; and a gate. A critic at chance on held-out lines rewards noise, and a few thousand lines are soon known by
heart: the generator moves only in steps in which the critic's loss on held-out lines lies clearly below chance, and a
run in which it did not says so. The critic also reads counts of the training lines (`nets/counting.py`), and learns on
held-out lines what they and its convolutions are worth.

Reference: Yu et al., SeqGAN: sequence generative adversarial nets with policy gradient, AAAI 2017.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import torch
from torch import Tensor

from contrafact.base.recipe import Count, NotNegative, Positive, Share, Whole
from contrafact.codecs.text import MOST_SYMBOLS, SymbolCodec
from contrafact.engine.average import Average
from contrafact.engine.fit import TrainedRecipe, Training
from contrafact.engine.play import Step, Terms
from contrafact.metrics.held_out_lines import held_out_lines
from contrafact.nets.counting import Counts
from contrafact.nets.pushforward import at_rest
from contrafact.nets.rollouts import worths
from contrafact.nets.sequence_critics import LineCritic, Weighed
from contrafact.nets.sequence_duel import CHANCE, GatedTraining, TextDuel, chained, optimizers
from contrafact.nets.sequence_model import Exam, JudgedSequenceModel, lines_of
from contrafact.nets.sequence_training import counted, lstm, recounted, restored, sequence_training, sizes, steps_for
from contrafact.nets.sequences import SequenceGenerator

EPOCHS, MOST_STEPS = 10, 1500
WINDOWS = (2, 3, 4, 5)


def advantages(worth: Tensor, used: Tensor) -> Tensor:
    """Scale what symbols are worth, place by place: the mean over the lines that reach it is 0, the spread is 1."""
    lines = used.sum(0).clamp_min(1)
    away = (worth - (worth * used).sum(0) / lines) * used
    return away / ((away**2).sum(0) / lines).sqrt().clamp_min(1e-3)


def policy(game: TextDuel, real: Tensor, kinds: Tensor | None, step: Step) -> Terms:
    """Draw lines, finish their beginnings, and make symbols likelier whose lines the critic takes for real."""
    recipe: SeqGAN = game.recipe
    asked = None if kinds is None else kinds[: recipe.drawn]
    drawn = game.draw(recipe.drawn if kinds is None else len(kinds[: recipe.drawn]), asked, step)
    used = game.generator.lines.counted(drawn)
    with at_rest(game.critic), at_rest(game.generator):
        worth = worths(
            lambda lines, of: torch.sigmoid(game.critic(lines, of)),
            game.generator,
            drawn,
            recipe.rounds,
            lambda count: step.uniform(count),
            asked,
        )
    gains, safe = advantages(worth, used), game.safe(drawn, used)
    weights = (gains if safe is None else gains + safe) / used.sum()
    return {"loss": game.generator.loss(drawn, weights, asked), "reward": worth[:, -1].mean()}


@dataclass(frozen=True, kw_only=True)
class SeqGAN(TrainedRecipe):
    """Fit a generator of lines by likelihood, then by a policy gradient against a critic of whole lines."""

    steps: Count | None = None  # steps; none: ten times over the lines, or from the budget
    start: Share = 0.8  # share of the steps that is likelihood, before the game begins
    batch: Count | None = None  # lines in a batch; none: 64, fewer where there are few lines
    unit: Literal["auto", "character", "word", "subword"] = "auto"  # what a symbol is; auto: chosen from the text
    symbols: Count = MOST_SYMBOLS  # different symbols at most; rarer ones are read as one unknown, which is not written
    longest: Count | None = None  # symbols of a line at most; none: what nearly all lines need
    conditional: bool = True  # learn the classes of lines that have them
    counts: bool = True  # the critic also reads how often symbols followed each other in the training lines
    width: Count | None = None  # numbers in the memory; none: 32 to 256, from the amount of text
    embedding: Count | None = None  # numbers that a symbol is read as; none: as many as in the memory
    layers: Count = 1  # memories, one on the other
    dropout: Share = 0.3  # share of numbers hidden at both ends of the generator's memory while training
    tied: bool = False  # symbols are written by the same numbers that they are read by
    rate: Positive = 1e-2  # the generator's learning rate while it reads
    rate_end: Share = 0.02  # share of each rate that is left at the end of its part of the run
    warm_up: Share = 0.02  # share of the start in which it rises
    policy_rate: Positive = 1e-3  # the generator's learning rate at the start of the game
    rounds: Count = 8  # how often each beginning of a line is finished
    drawn: Count = 32  # lines that are drawn and rewarded in a step
    forcing: NotNegative = 1.0  # weight of likelihood beside the critic's reward in the game
    markov: NotNegative = 0.0  # weight of the squared gap between drawn and real lines under a chain of the real ones
    critic_steps: Count = 1  # critic moves for one generator move
    critic_first: Whole = 30  # steps in which only the critic moves, at the start of the game
    critic_rate: Positive = 1e-3  # the critic's learning rate at the start of the game
    critic_width: Count = 64  # channels of each of the critic's convolutions
    critic_dropout: Share = 0.5  # share of the critic's features hidden while training
    margin: NotNegative = 0.005  # how far below chance the critic's loss on held-out lines must be before G moves
    momentum: Share = 0.5  # of the gradients (Adam's first beta)
    half_life: NotNegative = 1500  # lines after which a weight's part in the average has halved
    temperature: Positive = 1.0  # what logits are divided by when lines are drawn

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        own = {"critic_first": 2, "critic_width": 4, "rounds": 1, "drawn": 2, "margin": 0.0}
        return cls(steps=16, width=8, batch=8, longest=3, start=0.75, **own)  # type: ignore[arg-type]

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        codec = SymbolCodec.fit(
            data, unit=self.unit, most=self.symbols, longest=self.longest, labelled=self.conditional
        )
        encoded, exam = codec.matrix(data), Exam()
        recipe = self.filled(sizes(encoded))
        return sequence_training(
            recipe,
            data,
            codec=codec,
            encoded=encoded,
            begin=lambda total, device: recipe.game(codec, exam, total, device),
            model=lambda game: JudgedSequenceModel(recipe, codec, game.average.module, game.critic),
            score=lambda held, seed: held_out_lines(held, codec.end, codec.ends),
            exam=exam,
            steps=steps_for(encoded, recipe.batch or 1, EPOCHS, MOST_STEPS),
            balance={"critic/loss": 2 * CHANCE},
            kind=GatedTraining,
            **options,
        )

    def networks(self, codec: SymbolCodec, counts: Counts | None) -> tuple[SequenceGenerator, Weighed]:
        """Make generator and critic."""
        lines, embedding = lines_of(codec), self.embedding or self.width or 32
        net = LineCritic(
            lines, embedding=embedding, windows=WINDOWS, channels=self.critic_width, dropout=self.critic_dropout
        )
        return lstm(self, lines), Weighed(net, counts, lines)

    def game(self, codec: SymbolCodec, exam: Exam, total: int, device: torch.device) -> TextDuel:
        """Make both networks and their optimisers."""
        counts = counted(exam, lines_of(codec)) if self.counts else None
        generator, critic = self.networks(codec, counts)
        generator.to(device), critic.to(device)
        game = TextDuel(
            recipe=self,
            generator=generator,
            critic=critic,
            players=optimizers(self, generator, critic),
            average=Average(generator, self.half_life, self.batch or 1),
            exam=exam,
            policy=policy,
            chain=chained(self, exam, generator),
            start=round(self.start * total),
            first=min(self.critic_first, total - round(self.start * total)),
            gated=True,
        )
        game.gate.margin = self.margin
        return game

    def restore(
        self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]
    ) -> JudgedSequenceModel:
        """Make a fitted model again."""
        known = SymbolCodec.from_json(codec)
        counts = recounted(lines_of(known), arrays, "critic")
        return restored(self, known, arrays, lambda: self.networks(known, counts))
