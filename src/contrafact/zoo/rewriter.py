"""Rewriter: a line from a line, by attention and copying, with a critic of pairs at the end.

A network reads a line and writes another symbol by symbol: from its list of symbols, or by copying what attention
points at (`nets/rewriting.py`). At first it learns by likelihood: the mean of -log p(y_t | y_1 ... y_{t-1}, x) over the
symbols of known pairs (x, y). Then, unless `adversarial` is off, a critic is shown true pairs and pairs (x, what the
network draws for x), and judges every place of y. The network, as a policy, makes symbols likelier whose rewards

    r_t = 2 sigmoid(d_t) - 1,   R_t = sum over s >= t of gamma^(s - t) r_s,   less the batch's mean at t,

are high, beside likelihood (as Wu et al. 2018 do for translation, here with a reward for every symbol in place of
roll-outs). `adversarial=False` is the likelihood baseline to hold it against; where each line has one right answer
there is little for a critic to add.

References:
    See, Liu and Manning, Get to the point: summarization with pointer-generator networks, ACL 2017.
    Wu et al., Adversarial neural machine translation, ACML 2018.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus
from torch.optim import Optimizer

from contrafact.base.data import Data, Pairs
from contrafact.base.errors import DataError
from contrafact.base.recipe import Count, NotNegative, Positive, Share
from contrafact.codecs.text import MOST_SYMBOLS, SymbolCodec
from contrafact.codecs.text_pairs import TextPairCodec
from contrafact.engine.adam import AdamW
from contrafact.engine.fit import Method, TrainedRecipe, Training
from contrafact.engine.items import count
from contrafact.engine.packing import bare, loaded_net, needed_net
from contrafact.engine.play import Move, Phase, Step, Terms
from contrafact.nets.adversarial import scheduled
from contrafact.nets.pushforward import at_rest
from contrafact.nets.rewriter_model import MOST_EXAMINED, RewriterModel
from contrafact.nets.rewriting import PairCritic, Rewriting
from contrafact.nets.sequence_model import Exam
from contrafact.nets.sequence_training import even
from contrafact.nets.sequences import Lines

OFTEN = 4  # times that a word must come, on both sides together, to be learned
CHANCE = 2 * float(np.log(2))


def pairs_of(data: Any) -> Pairs:
    """Read pairs of lines: a Pairs of text, a list of (source, target), or lines with a tab in each.

    Raises:
        DataError: These are no pairs of lines.
    """
    if isinstance(data, Pairs):
        return data
    items = list(data.items if isinstance(data, Data) else data) if not isinstance(data, str) else []
    parted = [tuple(item.split("\t")) if isinstance(item, str) else tuple(item) for item in items]
    if not parted or any(len(pair) != 2 or not all(isinstance(side, str) for side in pair) for pair in parted):
        wrong = next((i for i, pair in enumerate(parted) if len(pair) != 2), 0)
        raise DataError(
            "These data are no pairs of lines.",
            why=f"Item {wrong} is {items[wrong]!r:.60}." if items else "There is no item.",
            fix="Give 'source TAB target' in each line of a file, or a list of (source, target).",
            code="E646",
        )
    name = data.name if isinstance(data, Data) else "data"
    source, target = (Data(kind="text", items=list(side), name=name) for side in zip(*parted, strict=True))
    return Pairs(source=source, target=target)


@dataclass(kw_only=True)
class Rewritings:
    """A network that rewrites, and a critic of pairs.

    Arguments:
        recipe: The settings.
        net: Reads and writes.
        critic: Judges pairs.
        players: Both optimisers.
        start: Steps of likelihood.
    """

    recipe: Rewriter
    net: Rewriting
    critic: PairCritic
    players: dict[str, Optimizer]
    start: int

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Everything with weights, by name."""
        return {"generator": self.net, "critic": self.critic}

    def prepare(self, step: Step) -> None:
        """Set this step's learning rates."""
        self.players["generator"].param_groups[0]["lr"] = scheduled(self.recipe, step)
        self.players["critic"].param_groups[0]["lr"] = self.recipe.critic_rate * step.rate

    def phases(self) -> Sequence[Phase]:
        """Learn by likelihood, then play the critic and the network in turn."""
        reading = Phase(moves=(Move(player="generator", loss=self.reading),), steps=self.start)
        critic = Move(player="critic", loss=self.critic_loss)
        return [reading, Phase(moves=(critic, Move(player="generator", loss=self.generator_loss)))]

    def reading(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Count the surprise at each symbol of the true lines."""
        source, target = batch["source"].long(), batch["target"].long()
        return {"surprise": -(self.net.log_chances(source, target) * even(self.net.target, target)).sum()}

    def draw(self, source: Tensor, step: Step) -> Tensor:
        """Draw a line for each."""
        with at_rest(self.net):
            return self.net.plain(self.net.write(source, step.uniform(len(source), self.net.target.places)))

    def critic_loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Tell true pairs from drawn ones, place by place."""
        source, real = batch["source"].long(), batch["target"].long()
        fake = self.draw(source, step)
        lines = self.net.target
        on_real, on_fake = self.critic(source, real), self.critic(source, fake)
        loss = (softplus(-on_real) * even(lines, real)).sum() + (softplus(on_fake) * even(lines, fake)).sum()
        return {"loss": loss}

    def generator_loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Make symbols likelier that the critic takes for true, beside likelihood."""
        source = batch["source"].long()
        fake = self.draw(source, step)
        used = self.net.target.counted(fake)
        with at_rest(self.critic), torch.no_grad():
            rewards = (2 * torch.sigmoid(self.critic(source, fake)) - 1) * used
        worth, ahead = torch.zeros_like(rewards), torch.zeros_like(rewards[:, 0])
        for place in range(rewards.shape[1] - 1, -1, -1):
            ahead = worth[:, place] = rewards[:, place] + self.recipe.discount * ahead
        gain = (worth - worth.sum(0) / used.sum(0).clamp_min(1)) * used
        loss = -(self.net.log_chances(source, fake) * gain).sum() / used.sum()
        surprise = self.reading(batch, step)["surprise"]
        return {"loss": self.recipe.weight * loss, "surprise": surprise, "reward": rewards.sum() / used.sum()}


@dataclass(frozen=True, kw_only=True)
class Rewriter(TrainedRecipe):
    """Fit a network to pairs of lines by likelihood, then against a critic of pairs."""

    steps: Count | None = None  # steps; none: fifteen times over the pairs, 1,500 to 4,000, or from the budget
    adversarial: bool = True  # end with a critic; off: the likelihood baseline
    start: Share = 0.85  # share of the steps that is likelihood alone, before the game begins
    batch: Count = 64  # pairs in a batch
    unit: Literal["auto", "character", "word", "subword"] = "auto"  # what a symbol is; auto: chosen from the text
    symbols: Count = MOST_SYMBOLS  # different symbols at most; rarer ones can be copied, not written
    width: Count = 128  # numbers in the memories
    dropout: Share = 0.1  # share of numbers hidden while training
    rate: Positive = 3e-3  # learning rate at the start
    rate_end: Share = 0.02  # share of the rate that is left at the end
    warm_up: Share = 0.03  # share of the run in which the rate rises to its start
    weight: NotNegative = 0.3  # weight of the critic's rewards, against 1 for likelihood
    discount: Share = 0.5  # of the rewards of later symbols, from place to place
    critic_rate: Positive = 1e-3  # the critic's learning rate
    momentum: Share = 0.9  # of the gradients (Adam's first beta)

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=16, width=8, batch=8, start=0.6)

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        pairs = pairs_of(data)
        codec = _codec(pairs, self.unit, self.symbols)
        encoded, exam = codec.encode(pairs), Exam()
        method = Method(
            codec=codec,
            batch=self.batch,
            steps=int(min(max(15 * count(encoded) // self.batch, 1500), 4000)),
            begin=lambda total, device: self.game(codec, total, device),
            model=lambda game: RewriterModel(self, codec, game.net, game.critic, exam),
            score=lambda held, seed: exact_matches(held),
            balance={"critic/loss": CHANCE},
            encoded=encoded,
        )
        training = Training(self, pairs, method, **options)
        exam.rows, exam.held = training.rows, training.held
        return training

    def networks(self, codec: TextPairCodec) -> tuple[Rewriting, PairCritic]:
        """Make the network and the critic."""
        source, target = (_lines(side) for side in (codec.source, codec.target))
        return Rewriting(source, target, self.width, self.dropout), PairCritic(source, target, self.width // 2)

    def game(self, codec: TextPairCodec, total: int, device: torch.device) -> Rewritings:
        """Make both networks and their optimisers."""
        net, critic = self.networks(codec)
        net.to(device), critic.to(device)
        start = round(self.start * total) if self.adversarial else total
        players: dict[str, Optimizer] = {
            name: AdamW(own.parameters(), lr=self.rate, betas=(self.momentum, 0.99), weight_decay=0.0, fused=True)
            for name, own in (("generator", net), ("critic", critic))
        }
        return Rewritings(recipe=self, net=net, critic=critic, players=players, start=start)

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> RewriterModel:
        """Make a fitted model again."""
        known = TextPairCodec.from_json(codec)
        net, critic = bare(lambda: self.networks(known))
        loaded = needed_net("generator", net, arrays)
        return RewriterModel(self, known, loaded, loaded_net("critic", critic, arrays))


def _lines(side: SymbolCodec) -> Lines:
    return Lines(symbols=side.end, places=side.longest, ends=True, unknown=side.unknown)


def _codec(pairs: Pairs, unit: Any, most: int) -> TextPairCodec:
    """Learn the symbols; of words those that come often enough, so that it is also learned to copy unknown ones."""
    codec = TextPairCodec.fit(pairs, unit=unit, most=most)
    if codec.source.unit != "word":
        return codec
    lines = chain.from_iterable(side.items for side in (pairs.source, pairs.target))
    times = Counter(chain.from_iterable(codec.source.split(line) for line in lines))
    often = sum(count >= OFTEN for count in times.values())
    return TextPairCodec.fit(pairs, unit="word", most=often) if 0 < often < len(times) else codec


def exact_matches(held: dict[str, np.ndarray]) -> Callable[[dict[str, np.ndarray]], dict[str, float]]:
    """Score what is written by how many held-out lines are met exactly."""
    wanted = held["target"][:MOST_EXAMINED]

    def score(found: dict[str, np.ndarray]) -> dict[str, float]:
        right = (found["target"] == wanted[: len(found["target"])]).all(1)
        share = float(right.mean())
        return {"score": share, "score_error": float((share * (1 - share) / len(right)) ** 0.5)}

    return score
