"""ScratchGAN: adversarial text without a likelihood start, by a reward for every symbol.

A critic of prefixes tells at each place whether the symbol there is real (d'Autume et al. 2019): one pass rewards every
symbol of a line, where whole-line critics need many finished lines for each. The critic is a memory with a logit d(v)
for every symbol v that might stand at a place, and so the policy's gradient with the reward of the very next symbol is
a sum over all symbols (`nets/every_symbol.py`); what lies further ahead is rewarded by the returns

    R_t = sum over s > t of gamma^(s - t) (2 sigmoid(d_s) - 1),   less their mean over the batch at t.

Both players also read counts: how often one symbol followed one or two others in the training lines
(`nets/counting.py`). The critic learns on held-out lines what the counts and what its memory are worth there: what was
only learned by heart gets no weight. The generator learns only from the critic what counts are worth to it: likelihood
would trust them far too much, as they were counted on the very lines that it reads.

References:
    de Masson d'Autume et al., Training language GANs from scratch, NeurIPS 2019.
    Sutton, Comparing policy-gradient algorithms, 2001 (all actions).
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
from contrafact.nets.every_symbol import yielding
from contrafact.nets.pushforward import at_rest
from contrafact.nets.sequence_critics import PrefixCritic, Weighed
from contrafact.nets.sequence_duel import CHANCE, TextDuel, chained, optimizers
from contrafact.nets.sequence_model import Exam, JudgedSequenceModel, lines_of
from contrafact.nets.sequence_training import (
    counted,
    lstm,
    recounted,
    restored,
    sequence_training,
    sizes,
    steps_for,
)
from contrafact.nets.sequences import LSTMCore, SequenceGenerator
from contrafact.nets.vocabulary import fused

EPOCHS, MOST_STEPS = 8, 1200


def returns(rewards: Tensor, discount: float) -> Tensor:
    """Add up, for each place, the discounted rewards of the places behind it."""
    ahead, found = torch.zeros_like(rewards[:, 0]), torch.zeros_like(rewards)
    for place in range(rewards.shape[1] - 1, -1, -1):
        found[:, place] = ahead
        ahead = discount * (rewards[:, place] + ahead)
    return found


def centred(values: Tensor, counted: Tensor) -> Tensor:
    """Subtract at each place the mean over the lines that reach it."""
    values = values * counted
    return (values - values.sum(0) / counted.sum(0).clamp_min(1)) * counted


def policy(game: TextDuel, real: Tensor, kinds: Tensor | None, step: Step) -> Terms:
    """Draw lines and move the law of each symbol towards what the critic prefers."""
    recipe: ScratchGAN = game.recipe
    drawn = game.draw(len(real), kinds, step)
    used = game.generator.lines.counted(drawn)
    with at_rest(game.critic), torch.no_grad():
        opinions, layer = game.critic(drawn, kinds), game.critic.layer(drawn, used, kinds)
    rewards = (2 * torch.sigmoid(opinions) - 1) * used
    ahead, safe = centred(returns(rewards, recipe.discount), used), game.safe(drawn, used)
    gains = (ahead if safe is None else ahead + safe)[used]
    form = yielding(layer, drawn[used], gains, strength=recipe.strength, weight=1 / int(used.sum()))
    return {"loss": fused(game.generator.places(drawn, used, kinds), form), "reward": rewards.sum() / used.sum()}


@dataclass(frozen=True, kw_only=True)
class ScratchGAN(TrainedRecipe):
    """Fit a generator of lines against a critic that judges every symbol, from scratch."""

    steps: Count | None = None  # steps; none: eight times over the lines, or from the budget
    start: Share = 0.0  # share of the steps that is likelihood, before the game begins; 0: from scratch
    batch: Count | None = None  # lines in a batch; none: 64, fewer where there are few lines
    unit: Literal["auto", "character", "word", "subword"] = "auto"  # what a symbol is; auto: chosen from the text
    symbols: Count = MOST_SYMBOLS  # different symbols at most; rarer ones are read as one unknown, which is not written
    longest: Count | None = None  # symbols of a line at most; none: what nearly all lines need
    conditional: bool = True  # learn the classes of lines that have them
    counts: bool = True  # both players also read how often symbols followed each other in the training lines
    width: Count | None = None  # numbers in the memory; none: 32 to 256, from the amount of text
    embedding: Count | None = None  # numbers that a symbol is read as; none: as many as in the memory
    layers: Count = 1  # memories, one on the other
    dropout: Share = 0.1  # share of numbers hidden at both ends of the generator's memory while training
    tied: bool = False  # symbols are written by the same numbers that they are read by
    rate: Positive = 1e-2  # the generator's learning rate while it reads, where there is a start
    rate_end: Share = 0.02  # share of each rate that is left at the end of its part of the run
    warm_up: Share = 0.02  # share of the start in which it rises
    policy_rate: Positive | None = None  # the generator's rate as the game begins; none: 3e-3, behind a start 3e-4
    strength: Positive = 1.0  # how far a step gives in to the critic; 1 aims at the law of the data
    discount: Share = 0.23  # of the rewards of later symbols, from place to place
    forcing: NotNegative = 0.0  # weight of likelihood beside the critic's reward in the game
    markov: NotNegative = 0.0  # weight of the squared gap between drawn and real lines under a chain of the real ones
    critic_steps: Count = 1  # critic moves for one generator move
    critic_first: Whole = 0  # steps in which only the critic moves, at the start of the game
    critic_rate: Positive = 5e-3  # the critic's learning rate at the start of the game
    critic_dropout: Share = 0.3  # share of numbers hidden at both ends of the critic's memory while training
    momentum: Share = 0.5  # of the gradients (Adam's first beta)
    half_life: NotNegative = 1500  # lines after which a weight's part in the average has halved
    temperature: Positive = 1.0  # what logits are divided by when lines are drawn

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=16, start=0.7, width=8, batch=8, longest=3)

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        codec = SymbolCodec.fit(
            data, unit=self.unit, most=self.symbols, longest=self.longest, labelled=self.conditional
        )
        encoded, exam = codec.matrix(data), Exam()
        recipe = self.filled({**sizes(encoded), "policy_rate": 3e-4 if self.start else 3e-3})
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
            **options,
        )

    def networks(
        self, codec: SymbolCodec, own: Counts | None, others: Counts | None
    ) -> tuple[SequenceGenerator, Weighed]:
        """Make generator and critic, each with its copy of the counts."""
        lines = lines_of(codec)
        width, embedding = self.width or 32, self.embedding or self.width or 32
        core = LSTMCore(embedding, width, self.layers, self.critic_dropout)
        net = PrefixCritic(lines, core, embedding=embedding, dropout=self.critic_dropout)
        return lstm(self, lines, own), Weighed(net, others, lines)

    def game(self, codec: SymbolCodec, exam: Exam, total: int, device: torch.device) -> TextDuel:
        """Make both networks and their optimisers."""
        counts = counted(exam, lines_of(codec)) if self.counts else None
        generator, critic = self.networks(codec, counts, counts)
        generator.to(device), critic.to(device)
        return TextDuel(
            recipe=self,
            generator=generator,
            critic=critic,
            players=optimizers(self, generator, critic),
            average=Average(generator, self.half_life, self.batch or 1),
            exam=exam,
            policy=policy,
            chain=chained(self, exam, generator),
            start=round(self.start * total),
            first=self.critic_first,
        )

    def restore(
        self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]
    ) -> JudgedSequenceModel:
        """Make a fitted model again."""
        known = SymbolCodec.from_json(codec)
        own, others = (recounted(lines_of(known), arrays, net) for net in ("generator", "critic"))
        return restored(self, known, arrays, lambda: self.networks(known, own, others))
