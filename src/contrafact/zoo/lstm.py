"""LSTM: the next symbol from all before it, by likelihood: the baseline that adversarial text has to beat.

A line x_1 ... x_n has the probability p(x_1) p(x_2 | x_1) ... p(end | x_1 ... x_n), each factor a softmax over what a
long short-term memory has kept of the prefix. The loss is the mean surprise, -log p, of a symbol. Trained too long it
knows its lines by heart, so dropout hides numbers at both ends of the memory, and what is handed out is the state in
which held-out lines surprised it least.

Drawn lines can be made likelier and less varied by a temperature below 1, which divides the logits. Much of what is
claimed for adversarial text can be had by this one knob: always compare at equal likelihood of held-out lines.

References:
    Hochreiter and Schmidhuber, Long short-term memory, Neural Computation 9(8), 1997.
    Zaremba, Sutskever and Vinyals, Recurrent neural network regularization, 2014.
    Caccia et al., Language GANs falling short, ICLR 2020 (the temperature).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from contrafact.base.recipe import Count, NotNegative, Positive, Share
from contrafact.codecs.text import MOST_SYMBOLS, SymbolCodec
from contrafact.engine.adam import AdamW
from contrafact.engine.fit import TrainedRecipe, Training
from contrafact.engine.packing import bare, needed_net
from contrafact.engine.play import Move, Phase, Step, Terms
from contrafact.nets.adversarial import scheduled
from contrafact.nets.sequence_model import Exam, SequenceModel, lines_of
from contrafact.nets.sequence_training import (
    even,
    lstm,
    sequence_training,
    sizes,
    steps_for,
    unpacked,
)
from contrafact.nets.sequences import SequenceGenerator

EPOCHS, MOST_STEPS = 12, 4000


@dataclass(kw_only=True)
class Reading:
    """One player that guesses the next symbol.

    Arguments:
        recipe: The settings.
        generator: What is trained.
        players: Its optimiser.
    """

    recipe: LSTM
    generator: SequenceGenerator
    players: dict[str, Optimizer]

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Everything with weights, by name."""
        return {"generator": self.generator}

    def prepare(self, step: Step) -> None:
        """Set this step's learning rate."""
        self.players["generator"].param_groups[0]["lr"] = scheduled(self.recipe, step)

    def phases(self) -> Sequence[Phase]:
        """Let the only player move."""
        return [Phase(moves=(Move(player="generator", loss=self.loss),))]

    def loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Count the surprise at each symbol."""
        targets, kinds = unpacked(batch)
        return {"surprise": self.generator.loss(targets, even(self.generator.lines, targets), kinds)}


@dataclass(frozen=True, kw_only=True)
class LSTM(TrainedRecipe):
    """Fit a long short-term memory to lines by likelihood."""

    steps: Count | None = None  # steps; none: twelve times over the lines, or from the budget
    batch: Count | None = None  # lines in a batch; none: 64, fewer where there are few lines
    unit: Literal["auto", "character", "word", "subword"] = "auto"  # what a symbol is; auto: chosen from the text
    symbols: Count = MOST_SYMBOLS  # different symbols at most; rarer ones are read as one unknown, which is not written
    longest: Count | None = None  # symbols of a line at most; none: what nearly all lines need
    conditional: bool = True  # learn the classes of lines that have them
    width: Count | None = None  # numbers in the memory; none: 32 to 256, from the amount of text
    embedding: Count | None = None  # numbers that a symbol is read as; none: as many as in the memory
    layers: Count = 1  # memories, one on the other
    dropout: Share = 0.3  # share of numbers hidden at both ends of the memory while training
    tied: bool = False  # symbols are written by the same numbers that they are read by
    rate: Positive = 1e-2  # learning rate at the start
    rate_end: Share = 0.02  # share of the rate that is left at the end
    warm_up: Share = 0.02  # share of the run in which the rate rises to its start
    decay: NotNegative = 0.0  # weight decay
    temperature: Positive = 1.0  # what logits are divided by when lines are drawn

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=16, width=8, batch=16, longest=8)

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
            begin=lambda total, device: recipe.game(codec, device),
            model=lambda game: SequenceModel(recipe, codec, game.generator, exam),
            score=lambda held, seed: by_surprise(held, codec.ends, codec.end + codec.ends),
            exam=exam,
            steps=steps_for(encoded, recipe.batch or 1, EPOCHS, MOST_STEPS),
            **options,
        )

    def game(self, codec: SymbolCodec, device: torch.device) -> Reading:
        """Make the network and its optimiser."""
        generator = lstm(self, lines_of(codec)).to(device)
        player = AdamW(generator.parameters(), lr=self.rate, betas=(0.9, 0.99), weight_decay=self.decay, fused=True)
        return Reading(recipe=self, generator=generator, players={"generator": player})

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> SequenceModel:
        """Make a fitted model again."""
        known = SymbolCodec.from_json(codec)
        return SequenceModel(self, known, needed_net("generator", bare(lambda: lstm(self, lines_of(known))), arrays))


def by_surprise(
    held: dict[str, np.ndarray], ends: bool, symbols: int
) -> Callable[[dict[str, np.ndarray]], dict[str, float]]:
    """Score a model by the share that it takes away from the surprise at a held-out symbol, if all were alike.

    The same lines are asked about at every check, so that differences of scores have next to no noise.
    """
    counted = np.minimum(held["lengths"] + ends, held["codes"].shape[1]).sum()

    def score(found: dict[str, np.ndarray]) -> dict[str, float]:
        surprise = float(found["surprise"][: len(held["lengths"])].sum() / max(counted, 1))
        return {
            "score": 1 - surprise / float(np.log(max(symbols, 2))),
            "score_error": 0.0,
            "held_out_surprise": surprise,
        }

    return score
