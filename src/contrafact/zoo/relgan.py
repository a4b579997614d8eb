"""RelGAN: the critic's gradient goes through the choice of symbols, softened.

With Gumbel noise g, argmax(l + g) is a draw from softmax(l), and softmax(beta (l + g)) a soft one that has a gradient
(Jang et al. 2017; Maddison et al. 2017). The drawn symbol is fed back; the soft one goes to the critic. The inverse
temperature rises from 1 along beta^(step / steps): smooth at first, exact at the end. The noise is drawn after the
symbols, given that each was the largest, so that all places are softened in one pass (as Tucker et al. 2017 do).

The critic reads each soft symbol in several views of few numbers, judges every view by the same convolutions, and is
trained in pairs: softplus(fake - real) for it, softplus(real - fake) for the generator (Nie et al. 2019). The generator
remembers by a slot that attends to itself (`nets/relational_memory.py`), or by an LSTM. It starts by likelihood.

References:
    Nie, Narodytska and Patel, RelGAN: relational generative adversarial networks for text generation, ICLR 2019.
    Jang, Gu and Poole, Categorical reparameterization with Gumbel-softmax, ICLR 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot, pad
from torch.optim import Optimizer

from contrafact.base.recipe import Count, NotNegative, Positive, Share
from contrafact.codecs.text import MOST_SYMBOLS, SymbolCodec
from contrafact.engine.duel import DUELS
from contrafact.engine.fit import TrainedRecipe, Training
from contrafact.engine.play import Move, Phase, Step, Terms
from contrafact.metrics.held_out_lines import held_out_lines
from contrafact.nets.adversarial import scheduled
from contrafact.nets.pushforward import at_rest
from contrafact.nets.relational_memory import MemoryCore
from contrafact.nets.sequence_critics import ManyViewsCritic
from contrafact.nets.sequence_duel import chained, optimizers
from contrafact.nets.sequence_model import Exam, JudgedSequenceModel, lines_of
from contrafact.nets.sequence_training import (
    even,
    lstm,
    restored,
    sequence_training,
    sizes,
    steps_for,
    unpacked,
)
from contrafact.nets.sequences import SequenceGenerator
from contrafact.nets.transition_gap import Transitions, transition_gap

EPOCHS, MOST_STEPS = 10, 1500
DUEL = DUELS["relativistic"]
LEAST = 1e-12


class SymbolCritic(ManyViewsCritic):
    """A critic of soft symbols, asked about hard ones."""

    def forward(self, targets: Tensor, kinds: Tensor | None = None) -> Tensor:
        """Judge lines, lines x views; what is not whole numbers was read before."""
        return super().forward(targets if targets.is_floating_point() else self.read(targets), kinds)


def softened(logits: Tensor, drawn: Tensor, chance: Tensor, beta: float) -> Tensor:
    """Give softmax(beta (logits + noise)) for Gumbel noise under which the drawn symbol came out first.

    Arguments:
        logits: Rows x symbols.
        drawn: The symbol drawn in each row.
        chance: Numbers from 0 to 1, rows x symbols.
        beta: The inverse temperature.
    """
    known = logits.log_softmax(1)
    noise = -(-chance.clamp(LEAST, 1 - 1e-7).log()).log()
    largest = noise.gather(1, drawn[:, None])  # the largest of all is again a Gumbel number
    below = -torch.log(torch.exp(-(noise + known).clamp_min(-80)) + torch.exp(-largest))
    ranked = below.scatter(1, drawn[:, None], largest)
    return (beta * ranked).softmax(1)


@dataclass(kw_only=True)
class Softened:
    """A generator whose draws are softened, against a critic of many views.

    Arguments:
        recipe: The settings.
        generator: Draws lines.
        critic: Judges lines.
        players: Both optimisers.
        start: Steps of likelihood.
        chain: The chain whose gap between drawn and real lines is penalised, or None.
    """

    recipe: RelGAN
    generator: SequenceGenerator
    critic: SymbolCritic
    players: dict[str, Optimizer]
    start: int
    chain: Transitions | None = None

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Everything with weights, by name."""
        return {"generator": self.generator, "critic": self.critic}

    def prepare(self, step: Step) -> None:
        """Set this step's learning rates."""
        rate = self.recipe.policy_rate * step.rate
        if step.number < self.start:
            own = Step(number=step.number, total=self.start, generator=step.generator, rate=step.rate)
            rate = scheduled(self.recipe, own)
        self.players["generator"].param_groups[0]["lr"] = rate
        self.players["critic"].param_groups[0]["lr"] = self.recipe.critic_rate * step.rate

    def phases(self) -> Sequence[Phase]:
        """Read at first, then play."""
        reading = Phase(moves=(Move(player="generator", loss=self.reading),), steps=self.start)
        critic = Move(player="critic", loss=self.critic_loss, repeat=self.recipe.critic_steps)
        return [reading, Phase(moves=(critic, Move(player="generator", loss=self.generator_loss)))]

    def reading(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Count the surprise at each symbol of real lines."""
        targets, kinds = unpacked(batch)
        return {"surprise": self.generator.loss(targets, even(self.generator.lines, targets), kinds)}

    def beta(self, step: Step) -> float:
        """Give the inverse temperature of a step."""
        played: float = self.recipe.beta ** ((step.number - self.start) / max(step.total - self.start, 1))
        return played

    def soft(self, rows: int, kinds: Tensor | None, step: Step) -> tuple[Tensor, Tensor]:
        """Draw lines, and give the softened symbols of the places that belong to them."""
        lines, net = self.generator.lines, self.generator
        with at_rest(net):
            drawn = net.sample(step.uniform(rows, lines.places), kinds)
        used = lines.counted(drawn)
        layer = net.places(drawn, used, kinds)
        chance = step.uniform(len(layer), lines.outputs)
        return drawn, softened(layer.hidden @ layer.weight.T + layer.bias, drawn[used], chance, self.beta(step))

    def entered(self, drawn: Tensor, soft: Tensor) -> Tensor:
        """Give lines as the critic reads them; behind their ends nothing is soft."""
        used = self.generator.lines.counted(drawn)
        entered = self.critic.read(drawn).clone()
        entered[used] = soft @ self.critic.entry
        return entered

    def whole(self, drawn: Tensor, soft: Tensor) -> Tensor:
        """Give the chances of every symbol at every place, the end behind ends."""
        lines = self.generator.lines
        found = one_hot(drawn, lines.symbols + 1).to(soft.dtype)
        found[lines.counted(drawn)] = pad(soft, (0, lines.symbols + 1 - soft.shape[1]))
        return found

    def critic_loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Tell real lines from softened ones, in pairs."""
        real, kinds = unpacked(batch)
        with torch.no_grad():
            fake = self.soft(len(real), kinds, step)
        on_real, on_fake = self.critic(real, kinds), self.critic(self.entered(*fake), kinds)
        return {"loss": DUEL.critic(on_real, on_fake, 1.0).mean()}

    def generator_loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Draw lines that the critic takes for real."""
        real, kinds = unpacked(batch)
        drawn, soft = self.soft(len(real), kinds, step)
        on_fake = self.critic(self.entered(drawn, soft), kinds)
        with torch.no_grad():
            on_real = self.critic(real, kinds)
        terms = {"loss": DUEL.generator(on_real, on_fake).mean(), "beta": torch.tensor(self.beta(step))}
        if self.chain is not None:
            terms["gap"] = self.recipe.markov * transition_gap(self.chain, self.whole(drawn, soft))
        if self.recipe.forcing:
            terms["surprise"] = self.recipe.forcing * self.reading(batch, step)["surprise"]
        return terms


@dataclass(frozen=True, kw_only=True)
class RelGAN(TrainedRecipe):
    """Fit a generator of lines by likelihood, then through softened draws against a critic of many views."""

    steps: Count | None = None  # steps; none: ten times over the lines, or from the budget
    start: Share = 0.8  # share of the steps that is likelihood, before the game begins
    batch: Count | None = None  # lines in a batch; none: 64, fewer where there are few lines
    unit: Literal["auto", "character", "word", "subword"] = "auto"  # what a symbol is; auto: chosen from the text
    symbols: Count = MOST_SYMBOLS  # different symbols at most; rarer ones are read as one unknown, which is not written
    longest: Count | None = None  # symbols of a line at most; none: what nearly all lines need
    conditional: bool = True  # learn the classes of lines that have them
    memory: Literal["relational", "lstm"] = "relational"  # what carries the beginning of a line
    heads: Count = 2  # heads of the relational memory; the width is rounded up to a multiple
    width: Count | None = None  # numbers in the memory; none: 32 to 256, from the amount of text
    embedding: Count | None = None  # numbers that a symbol is read as; none: as many as in the memory
    layers: Count = 1  # memories, one on the other, where they are LSTMs
    dropout: Share = 0.2  # share of numbers hidden at both ends of the memory while training
    tied: bool = False  # symbols are written by the same numbers that they are read by
    rate: Positive = 5e-3  # the generator's learning rate while it reads
    rate_end: Share = 0.02  # share of that rate that is left when the game begins
    warm_up: Share = 0.02  # share of the start in which it rises
    policy_rate: Positive = 1e-4  # the generator's learning rate in the game
    beta: Positive = 100.0  # inverse temperature of the softened draws at the end; it begins at 1
    forcing: NotNegative = 0.0  # weight of likelihood beside the critic's opinion in the game
    markov: NotNegative = 0.0  # weight of the squared gap between drawn and real lines under a chain of the real ones
    critic_steps: Count = 1  # critic moves for one generator move
    critic_rate: Positive = 1e-4  # the critic's learning rate
    views: Count = 16  # in how many ways the critic reads a symbol
    critic_width: Count = 64  # channels of each of the critic's convolutions
    critic_dropout: Share = 0.25  # share of the critic's features hidden while training
    momentum: Share = 0.9  # of the gradients (Adam's first beta)
    temperature: Positive = 1.0  # what logits are divided by when lines are drawn

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=16, width=8, batch=8, longest=3, memory="lstm", views=2, critic_width=4)

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
            model=lambda game: JudgedSequenceModel(recipe, codec, game.generator, game.critic),
            score=lambda held, seed: held_out_lines(held, codec.end, codec.ends),
            exam=exam,
            steps=steps_for(encoded, recipe.batch or 1, EPOCHS, MOST_STEPS),
            balance=dict(zip(("critic/loss", "generator/loss"), DUEL.balance, strict=True)),
            **options,
        )

    def networks(self, codec: SymbolCodec) -> tuple[SequenceGenerator, SymbolCritic]:
        """Make generator and critic."""
        lines = lines_of(codec)
        critic = SymbolCritic(lines, views=self.views, channels=self.critic_width, dropout=self.critic_dropout)
        if self.memory == "lstm":
            return lstm(self, lines), critic
        width, embedding = self.width or 32, self.embedding or self.width or 32
        core = MemoryCore(embedding, -(-width // self.heads) * self.heads, self.heads)
        return SequenceGenerator(lines, core, embedding=embedding, dropout=self.dropout, tied=self.tied), critic

    def game(self, codec: SymbolCodec, exam: Exam, total: int, device: torch.device) -> Softened:
        """Make both networks and their optimisers."""
        generator, critic = self.networks(codec)
        generator.to(device), critic.to(device)
        players = optimizers(self, generator, critic)
        return Softened(
            recipe=self,
            generator=generator,
            critic=critic,
            players=players,
            start=round(self.start * total),
            chain=chained(self, exam, generator),
        )

    def restore(
        self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]
    ) -> JudgedSequenceModel:
        """Make a fitted model again."""
        known = SymbolCodec.from_json(codec)
        return restored(self, known, arrays, lambda: self.networks(known))
