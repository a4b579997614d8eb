"""What adversarial methods over text share: a likelihood start if asked for, a critic's move, and the gate.

The critic's network learns from training lines; what its opinion and that of the counts are worth is learned on
held-out ones (`nets/sequence_critics.py`), where the critic's loss tells whether it knows anything at all: log 2 is
chance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus
from torch.optim import Optimizer

from contrafact.engine.adam import AdamW
from contrafact.engine.average import Average
from contrafact.engine.fit import Training
from contrafact.engine.play import Move, Phase, Step, Terms
from contrafact.nets.adversarial import cosine, scheduled
from contrafact.nets.pushforward import at_rest
from contrafact.nets.sequence_model import Exam
from contrafact.nets.sequence_training import even, unpacked
from contrafact.nets.sequences import SequenceGenerator
from contrafact.nets.transition_gap import Transitions

CHANCE = math.log(2)
MIX_RATE, GAIN_RATE = 0.02, 0.01  # learning rates of the few weights that add opinions up, and of what counts count
FEW = ("gains", "trust", "offset")
MEMORY = 0.9  # of the held-out loss from step to step


class Gate(nn.Module):
    """Remembers the critic's loss on held-out lines, and whether it is clearly below chance.

    Arguments:
        margin: How far below chance it must be.
    """

    loss: Tensor
    opened: Tensor

    def __init__(self, margin: float) -> None:
        super().__init__()
        self.margin = margin
        self.register_buffer("loss", torch.tensor(CHANCE))
        self.register_buffer("opened", torch.zeros((), dtype=torch.long))  # steps with an open gate

    @property
    def open(self) -> bool:
        """Whether the critic knows something."""
        return float(self.loss) < CHANCE - self.margin

    def tell(self, loss: Tensor) -> None:
        """Hear of the loss on held-out lines."""
        self.loss.mul_(MEMORY).add_(loss.detach() * (1 - MEMORY))


@dataclass(kw_only=True)
class TextDuel:
    """A generator of lines against a critic; methods add the generator's move.

    Arguments:
        recipe: The settings.
        generator: Draws lines.
        critic: Judges lines.
        players: Both optimisers; the critic's second group are the weights that add opinions up.
        average: The generator's running average, which is what gets used.
        exam: What is learned from and what is held out.
        policy: Gives the generator's terms from the game, real lines, their classes and the step.
        start: Steps of likelihood.
        first: Steps of the critic alone, behind them.
        gated: Whether the generator waits for the critic.
        chain: The chain whose gap between drawn and real lines is penalised, or None.
    """

    recipe: Any
    generator: SequenceGenerator
    critic: Any
    players: dict[str, Optimizer]
    average: Average
    exam: Exam
    policy: Callable[[TextDuel, Tensor, Tensor | None, Step], Terms]
    start: int = 0
    first: int = 0
    gated: bool = False
    chain: Transitions | None = None
    gate: Gate = field(default_factory=lambda: Gate(0.005))
    _held: tuple[Tensor, Tensor | None] | None = None

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Everything with weights or a memory, by name."""
        own = {"generator": self.generator, "critic": self.critic, "gate": self.gate}
        return {**own, "average": self.average.module}

    def prepare(self, step: Step) -> None:
        """Set this step's learning rates: each of the two games has a schedule of its own."""
        reading = step.number < self.start
        begin, end = (0, self.start) if reading else (self.start, step.total)
        own = Step(number=step.number - begin, total=max(end - begin, 1), generator=step.generator, rate=step.rate)
        left = cosine(own, 1.0, self.recipe.rate_end) * step.rate
        rates = [scheduled(self.recipe, own), 0.0] if reading else [self.recipe.policy_rate * left, GAIN_RATE * left]
        waiting = self.gated and not reading and not self.gate.open
        self._set("generator", [0.0, 0.0] if waiting else rates)
        self._set("critic", [self.recipe.critic_rate * left, MIX_RATE * left])

    def _set(self, player: str, rates: Sequence[float]) -> None:
        for group, rate in zip(self.players[player].param_groups, rates, strict=False):
            group["lr"] = rate

    def phases(self) -> Sequence[Phase]:
        """Read at first, then let the critic move alone, then both in turn."""
        reading = Move(player="generator", loss=self.reading, then=self.average.update)
        critic = Move(player="critic", loss=self.critic_loss, repeat=self.recipe.critic_steps)
        both = (critic, Move(player="generator", loss=self.generator_loss, then=self.average.update))
        early = [Phase(moves=(reading,), steps=self.start)] if self.start else []
        alone = [Phase(moves=(critic,), steps=self.first)] if self.first else []
        return [*early, *alone, Phase(moves=both)]

    def reading(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Count the surprise at each symbol of real lines."""
        targets, kinds = unpacked(batch)
        return {"surprise": self.generator.loss(targets, even(self.generator.lines, targets), kinds, known=True)}

    def draw(self, rows: int, kinds: Tensor | None, step: Step) -> Tensor:
        """Draw lines."""
        with at_rest(self.generator):
            return self.generator.sample(step.uniform(rows, self.generator.lines.places), kinds)

    def held(self, rows: int, step: Step) -> tuple[Tensor, Tensor | None]:
        """Give some held-out lines."""
        if self._held is None:
            device = self.generator.bias.device
            labels = self.exam.held.get("labels")
            codes = torch.from_numpy(self.exam.held["codes"]).to(device).long()
            self._held = codes, None if labels is None else torch.from_numpy(labels).to(device)
        codes, kinds = self._held
        which = step.integers(len(codes), rows)
        return codes[which], None if kinds is None else kinds[which]

    def safe(self, drawn: Tensor, used: Tensor) -> Tensor | None:
        """Give what the squared transition gap adds to each symbol's advantage, by the score function; None: nothing.

        The gap's slope is 2 gap, and what a symbol adds to the lines' mean is what follows from it on.
        """
        if self.chain is None:
            return None
        logs = self.chain.steps(drawn) * used
        gap = logs.sum() / used.sum() - self.chain.real
        ahead = logs.flip(1).cumsum(1).flip(1)
        away = (ahead - (ahead * used).sum(0) / used.sum(0).clamp_min(1)) * used
        weight: float = self.recipe.markov
        return -2 * weight * gap * away

    def told(self, logits: Tensor, targets: Tensor, loss: Callable[[Tensor], Tensor]) -> Tensor:
        """Average a loss over lines, or over the places that belong to them."""
        if logits.dim() == 1:
            return loss(logits).mean()
        return (loss(logits) * even(self.generator.lines, targets)).sum()

    def critic_loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Tell real lines from drawn ones, and learn on held-out ones what that is worth."""
        real, kinds = unpacked(batch)
        fake = self.draw(len(real), kinds, step)
        terms = self.weighing(fake, kinds, step)
        net = self.critic.net
        loss = self.told(net(real, kinds), real, lambda x: softplus(-x)) + self.told(net(fake, kinds), fake, softplus)
        return {"loss": loss, **terms}

    def weighing(self, fake: Tensor, kinds: Tensor | None, step: Step) -> Terms:
        """Learn what opinions count, from lines that the network has not yet seen."""
        real, real_kinds = self.held(len(fake), step)
        critic = self.critic
        with at_rest(critic), torch.no_grad():
            sides = [(critic.net(*side), critic.ratios(side[0])) for side in ((real, real_kinds), (fake, kinds))]
        on_real, on_fake = (critic.weigh(opinion, ratios) for opinion, ratios in sides)
        both = self.told(on_real, real, lambda x: softplus(-x)) + self.told(on_fake, fake, softplus)
        self.gate.tell(both / 2)
        return {"weighing": both, "held_out": (both / 2).detach()}

    def generator_loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Follow the critic, where it knows something."""
        real, kinds = unpacked(batch)
        gate = real.new_tensor(float(self.gate.open or not self.gated), dtype=torch.float32)
        if self.gated and not self.gate.open:
            return {"closed": 0.0 * self.generator.bias.sum(), "gate": gate}
        self.gate.opened += 1
        terms = self.policy(self, real, kinds, step)
        if self.recipe.forcing:
            terms["surprise"] = self.recipe.forcing * self.reading(batch, step)["surprise"]
        return {**terms, "gate": gate} if self.gated else terms


class GatedTraining(Training):
    """A training that says whether its gate ever opened."""

    def _finish(self) -> None:
        super()._finish()
        game: Any = self.game
        opened, waited = int(game.gate.opened), self.total - game.start - game.first
        if opened < waited:
            said = (
                f"The critic told held-out lines from drawn ones in {opened:,} of {max(waited, 0):,} steps; in the "
                f"others it was at chance, and the generator did not move."
            )
            self.warnings.append(said)
            if self.writer:
                self.writer.event("gate", open=opened, steps=max(waited, 0), why=said)


def chained(recipe: Any, exam: Exam, generator: SequenceGenerator) -> Transitions | None:
    """Fit the chain of the training lines, where its gap is to be penalised."""
    if not recipe.markov:
        return None
    lines = generator.lines
    chain = Transitions.fit(exam.rows["codes"], lines.symbols + 1, lines.end if lines.ends else None)
    return chain.to(generator.bias.device)


def optimizers(recipe: Any, generator: nn.Module, critic: nn.Module) -> dict[str, Optimizer]:
    """Make both optimisers; the second group of each are the few weights that add opinions up."""
    return {"generator": _optimizer(recipe, generator), "critic": _optimizer(recipe, critic)}


def _optimizer(recipe: Any, net: nn.Module) -> Optimizer:
    weights = list(net.named_parameters())
    many, few = ([w for name, w in weights if (name in FEW) == rare] for rare in (False, True))
    groups = [{"params": part} for part in (many, few) if part]
    return AdamW(groups, lr=recipe.rate, betas=(recipe.momentum, 0.99), weight_decay=0.0, fused=True)
