"""The one loop: games of players that move in turn, played as a generator.

A Move is one optimiser step by one player on the sum of named loss terms, a Phase is a number of steps of a list of
moves, and a Game has players and phases. `play` yields a Turn after every step; the caller logs, draws, saves or
stops. Policy gradients, lazy penalties and three players are bodies of losses, never branches here.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.optim import Optimizer

from contrafact.base.errors import ContrafactError
from contrafact.base.seeds import fold

Terms = dict[str, Tensor]


@dataclass(kw_only=True)
class Step:
    """Where a game stands, and the only source of randomness that a loss may use.

    Draws are made for the whole global batch and each process keeps its own rows, so that the numbers do not depend
    on how many processes share the work.

    Arguments:
        number: The step, from 0.
        total: How many steps there will be; schedules are functions of number and total.
        generator: Random numbers for this step alone.
        rate: What all learning rates are multiplied by (below 1 after a blow-up).
        share: This process and the number of processes.
    """

    number: int
    total: int
    generator: torch.Generator
    rate: float = 1.0
    share: tuple[int, int] = (0, 1)

    @property
    def fraction(self) -> float:
        """How much of the run is done, 0 to 1."""
        return self.number / max(self.total, 1)

    def _own(self, drawn: Tensor) -> Tensor:
        rank, ranks = self.share
        rows = len(drawn) // ranks
        return drawn if ranks == 1 else drawn[rank * rows : (rank + 1) * rows]

    def normal(self, rows: int, *shape: int) -> Tensor:
        """Draw standard normal numbers for this process's rows."""
        size = (rows * self.share[1], *shape)
        return self._own(torch.randn(size, generator=self.generator, device=self.generator.device))

    def uniform(self, rows: int, *shape: int) -> Tensor:
        """Draw numbers from 0 to 1 for this process's rows."""
        size = (rows * self.share[1], *shape)
        return self._own(torch.rand(size, generator=self.generator, device=self.generator.device))

    def integers(self, high: int, rows: int, *shape: int) -> Tensor:
        """Draw whole numbers from 0 to high - 1 for this process's rows."""
        size = (rows * self.share[1], *shape)
        return self._own(torch.randint(high, size, generator=self.generator, device=self.generator.device))


def lone_step(seed: int) -> Step:
    """Give a step of no game, for draws on the CPU that depend on a seed alone."""
    return Step(number=0, total=1, generator=torch.Generator().manual_seed(seed))


@dataclass(frozen=True, kw_only=True)
class Move:
    """One optimiser step by one player.

    Arguments:
        player: Who moves; only the mover's weights collect gradients.
        loss: Gives named terms; those with gradients are summed and minimised, detached ones are only reported.
        repeat: How often the move is made in a step, each time with a fresh batch.
        every: Make the move only in every so-manieth step.
        then: Called after the move, for weight averages and the like.
    """

    player: str
    loss: Callable[[Any, Step], Terms]
    repeat: int = 1
    every: int = 1
    then: Callable[[Step], None] | None = None


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A number of steps of the same moves; None means to the end."""

    moves: tuple[Move, ...]
    steps: int | None = None

    @property
    def draws(self) -> int:
        """How many batches one step takes."""
        return sum(move.repeat for move in self.moves)


class Game(Protocol):
    """Players, each its optimiser, and what they do when."""

    players: dict[str, Optimizer]

    def phases(self) -> Sequence[Phase]: ...

    def prepare(self, step: Step) -> None:
        """Set the learning rates for this step."""


@dataclass(kw_only=True)
class Turn:
    """What happened in one step.

    Arguments:
        step: The step just made, from 0.
        terms: For each player its detached loss terms.
        weights: For each player its weights, whose `grad` is still that of its last move.
    """

    step: int
    terms: dict[str, Terms] = field(default_factory=dict)
    weights: dict[str, list[Tensor]] = field(default_factory=dict)

    def numbers(self) -> dict[str, float]:
        """Read the terms and the gradient norms of those who moved as `player/term`.

        Players may share weights: one that did not move has gradients of another's loss, or of long ago.
        """
        row = {
            f"{player}/{name}": float(value) for player, terms in self.terms.items() for name, value in terms.items()
        }
        for player in self.terms:
            grads = [w.grad for w in self.weights[player] if w.grad is not None]
            if grads:
                norms = torch._foreach_norm(grads)
                row[f"{player}/gradient"] = float(torch.linalg.vector_norm(torch.stack(norms)))
        return row


@contextmanager
def own_randomness(seed: int, device: torch.device) -> Iterator[None]:
    """Seed torch's global generators for a while and put them back."""
    generators = [torch.default_generator]
    if device.type == "cuda":
        generators.append(torch.cuda.default_generators[device.index or torch.cuda.current_device()])
    states = [g.get_state() for g in generators]
    try:
        for g in generators:
            g.manual_seed(seed)
        yield
    finally:
        for g, state in zip(generators, states, strict=True):
            g.set_state(state)


def average_over_processes(weights: Sequence[Tensor]) -> None:
    """Average gradients over all processes as one flat vector; with one process nothing is done."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return
    grads = [w.grad for w in weights if w.grad is not None]
    flat = torch.cat([g.reshape(-1) for g in grads])
    torch.distributed.all_reduce(flat)
    flat /= torch.distributed.get_world_size()
    for grad, part in zip(grads, torch.split(flat, [g.numel() for g in grads]), strict=True):
        grad.copy_(part.view_as(grad))


def laid_out(values: Tensor, weight: Tensor) -> Tensor:
    """Lay numbers out in memory as the weight that they belong to.

    Fused optimisers go through weight, gradient and moments number by number as they lie in memory. A double backward
    gives gradients of convolutions in another order than weights whose channels come last, and a checkpoint holds
    moments in plain order: left so, they would be added to the wrong weights.
    """
    return values if values.stride() == weight.stride() else torch.empty_like(weight).copy_(values)


def make_move(move: Move, optimizer: Optimizer, weights: list[Tensor], batch: Any, step: Step) -> Terms:
    """Let one player make one optimiser step and report its terms.

    Raises:
        ContrafactError: No term depends on the mover's weights.
    """
    terms = move.loss(batch, step)
    minimised = [term for term in terms.values() if term.requires_grad]
    grads: Sequence[Tensor | None] = (None,)
    if minimised:  # the gradient of their sum
        grads = torch.autograd.grad(minimised, weights, allow_unused=True)
    if all(grad is None for grad in grads):
        raise ContrafactError(
            f"The move of '{move.player}' in step {step.number} has no term that depends on its weights.",
            why=f"Its terms are: {', '.join(terms) or 'none'}.",
            fix="Return at least one term that is computed from this player's weights and is not detached.",
            code="E401",
        )
    for weight, grad in zip(weights, grads, strict=True):
        weight.grad = None if grad is None else laid_out(grad, weight)
    average_over_processes(weights)
    optimizer.step()
    if move.then is not None:
        move.then(step)
    return {name: term.detach() for name, term in terms.items()}


def play(
    game: Game,
    batches: Callable[[int], Any],
    *,
    total: int,
    start: int = 0,
    seed: int = 0,
    rate: float = 1.0,
    device: torch.device | str = "cpu",
) -> Iterator[Turn]:
    """Play a game from one step to the last, yielding a Turn after every step.

    Every draw is a function of (seed, step): stopping anywhere and starting again at that step, with the same weights
    and optimisers, gives the same game. The global random state is the caller's again at every yield.

    Arguments:
        game: Players and phases.
        batches: Gives the batch of a number; each move of each step takes the next number.
        total: Steps in the whole game.
        start: First step to make.
        seed: Seeds every draw.
        rate: What all learning rates are multiplied by.
        device: Where the draws are made.
    """
    device = torch.device(device)
    phases = game.phases()
    ends = list(itertools.accumulate(total if phase.steps is None else phase.steps for phase in phases))
    draws = max(phase.draws for phase in phases)
    generator = torch.Generator(device)
    weights = {
        name: [w for group in optimizer.param_groups for w in group["params"]]
        for name, optimizer in game.players.items()
    }
    share = ranks()
    for number in range(start, total):
        own = fold(seed, "step", number)
        turn = Turn(step=number, weights=weights)
        step = Step(number=number, total=total, generator=generator.manual_seed(own), rate=rate, share=share)
        with own_randomness(fold(own, "layers"), device):  # not the stream that the losses draw from
            game.prepare(step)
            moves = phases[min(bisect.bisect_right(ends, number), len(phases) - 1)].moves
            drawn = itertools.count(number * draws)
            for move in moves:
                if number % move.every:
                    continue
                for _ in range(move.repeat):
                    optimizer = game.players[move.player]
                    turn.terms[move.player] = make_move(
                        move, optimizer, weights[move.player], batches(next(drawn)), step
                    )
        yield turn


def ranks() -> tuple[int, int]:
    """Give this process's number and the number of processes."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    return 0, 1
