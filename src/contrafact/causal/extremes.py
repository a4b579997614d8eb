"""Bounds by two models: one that answers as little as it can, one as much, both as true to the data as real data are.

A question that the graph does not settle has as many answers as there are models that fit. Starting from one that was
fitted, two copies move their answer down and up while a constraint holds them to the data: the gap between the model's
law and the data's, the verdict of the best critic in a kernel's unit ball, may be no larger than half of what chance
makes it between a sample of this size and its own law (over rows: than between two batches of real rows). The
constraint is loose at first and tightens, and is met by an augmented Lagrangian, whose multiplier rises while the gap
is too large. All worlds of a question are run on the same units, so that chance cancels between them.

What the two reach is an inner approximation: models that answer more extremely, and fit as well, may exist.

References: Xia, Pan and Bareinboim 2023, ICLR (min and max training); Nocedal and Wright, Numerical Optimization,
chapter 17.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from contrafact.base.seeds import fold
from contrafact.causal.adversarial import OfCells, OfRows, energy_distance
from contrafact.causal.cells import Cells, Lattice, distance
from contrafact.causal.graph import Graph
from contrafact.causal.mechanisms import gumbel
from contrafact.causal.query import Event, Query, Setting, Term
from contrafact.causal.scm import Fixed, Noise, Scm
from contrafact.causal.simulated import Worlds
from contrafact.codecs.nodes import NodesCodec
from contrafact.engine.play import Move, Phase, Step, Terms, play

UNITS = 2048  # in each step
HEAT = 0.5
STIFF, PATIENCE, MEMORY = 0.1, 25, 0.99  # of the constraint; steps between two changes of the multiplier; of the gap
ALLOWED = 0.5  # of the gap that chance makes: bounds of these data, not of all that might have been drawn
LOOSE, TIGHT_FROM = 400.0, 0.7  # times more at first, so that far models are reached; share of the run
PRICE = 0.1  # of a gap as large again as is allowed
LEAST_KEPT = 1e-3
GAP_POINTS, MEASURED_POINTS, MEASURED_BATCHES = 512, 4096, 50  # for a gap in a step, and at the end; of rows


@dataclass
class SoftWorlds:
    """The worlds of some units, with gradients: as `simulated.Worlds`, which reads the same questions.

    Arguments:
        model: The model in training.
        hard: Turns values of questions into the model's numbers.
        noise: The units.
    """

    model: Scm
    hard: Worlds
    noise: Noise
    known: dict[tuple[Setting, ...], Tensor] = field(default_factory=dict)

    def world(self, do: tuple[Setting, ...]) -> Tensor:
        """Give rows of scalars and one-hots."""
        if do not in self.known:
            fixed: dict[int, Fixed] = {}
            for setting in do:
                place = self.hard.codec.place(setting.node)
                fixed[place] = self._set(setting, place)
            self.known[do] = self.model.run(self.noise, fixed, HEAT)
        return self.known[do]

    def _set(self, setting: Setting, place: int) -> Fixed:
        if setting.nested is not None:
            plan = self.model.plan
            return self.world(setting.nested.do)[:, plan.starts[place] : plan.starts[place + 1]]
        if setting.value is None:
            self.hard.world((setting,))  # refused there
        return self.hard.code(setting.node, setting.value)

    def holds(self, event: Event) -> Tensor:
        """Tell for each unit whether an event holds, 0 or 1."""
        place = self.hard.codec.place(event.node)
        if event.value is None or not self.model.plan.sizes[place]:
            self.hard.holds(event)  # refused there
        code = int(self.hard.code(event.node, event.value))
        return self.world(event.do)[:, self.model.plan.starts[place] + code]

    def answer(self, term: Term, *, mean: bool) -> Tensor:
        """Give a mean or a probability; conditions choose units and move nothing."""
        kept: Tensor = torch.ones(len(self.noise))
        for event in term.conditions:
            kept = kept * self.holds(event)
        if mean and term.outcomes[0].value is None:
            what = self._numbers(term.outcomes[0])
        else:
            what = torch.ones(len(self.noise))
            for event in term.outcomes:
                what = what * self.holds(event)
        return (what * kept).mean() / kept.mean().clamp_min(LEAST_KEPT)

    def _numbers(self, event: Event) -> Tensor:
        place, plan = self.hard.codec.place(event.node), self.model.plan
        own = self.world(event.do)[:, plan.starts[place] : plan.starts[place + 1]]
        if not plan.sizes[place]:
            return own[:, 0]  # in standard deviations; all that matters here is which way
        levels = self.hard.codec.numbers(place, torch.arange(plan.sizes[place]).double().numpy())
        return own @ torch.as_tensor(levels, dtype=torch.float32)


@dataclass(kw_only=True)
class Extreme:
    """One model that moves its answer one way, held to the data.

    Arguments:
        model: The mechanisms.
        players: The optimiser.
        answer: Gives the answer in a step.
        gap: Gives the gap to the data in a step.
        allowed: How large the gap may be.
        sign: 1 to make the answer small, -1 to make it large.
        rate: Learning rate at the start.
        multiplier: What the constraint counts; it rises while the gap is too large.
        seen: By what share of it the gap has been larger than allowed, of late.
    """

    model: Scm
    players: dict[str, Optimizer]
    answer: Callable[[Scm, Step], Tensor]
    gap: Callable[[Tensor, Step], Tensor]
    allowed: float
    sign: float
    rate: float
    multiplier: float = 1.0
    seen: float = 0.0

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Everything with weights, by name."""
        return {"model": self.model}

    def prepare(self, step: Step) -> None:
        """Set the learning rate, and the multiplier from time to time."""
        self.players["model"].param_groups[0]["lr"] = self.rate * (1 - 0.95 * step.fraction)
        if step.number and step.number % PATIENCE == 0:
            self.multiplier = max(0.0, self.multiplier + STIFF * self.seen)

    def phases(self) -> Sequence[Phase]:
        """Let the only player move."""
        return [Phase(moves=(Move(player="model", loss=self.loss),))]

    def loss(self, batch: Tensor, step: Step) -> Terms:
        """Move the answer, and pay for what the gap is too large."""
        loose = LOOSE ** max(0.0, 1 - step.fraction / TIGHT_FROM)
        answer, over = self.answer(self.model, step), self.gap(batch, step) / (self.allowed * loose) - 1
        self.seen = MEMORY * self.seen + (1 - MEMORY) * float(over.detach())
        # The slope of the augmented Lagrangian of over <= 0; one step's gap is mostly chance: its mean sets the price.
        price = max(0.0, self.multiplier + STIFF * self.seen)
        return {"answer": self.sign * answer, "price": PRICE * price * over}


def noise_of_step(model: Scm, rows: int, step: Step) -> Noise:
    """Draw the units of a step."""
    own = (gumbel(step.uniform(rows, size)) if size else step.normal(rows) for size in model.plan.sizes)
    return Noise(hidden=step.normal(rows, model.plan.hidden), own=tuple(own))


def answered(contest: OfCells | OfRows, codec: NodesCodec, graph: Graph, query: Query) -> Callable[[Scm, Step], Tensor]:
    """Make what answers a question with gradients: by the law of all cells where it can, else by soft worlds.

    Arguments:
        contest: What the model was fitted in.
        codec: Knows what values mean.
        graph: The graph over observed nodes.
        query: The question.
    """
    terms = query.terms(graph)
    one = Worlds(contest.model, codec, contest.model.noise(1, torch.Generator().manual_seed(0)), query.default)
    for term in terms:  # what no model could answer is refused before anything is trained
        one.outcome(term, mean=query.is_mean)
    if isinstance(contest, OfCells) and all(term.rung < 3 for term in terms):
        return partial(_exactly, contest, codec, query, terms)

    def answer(model: Scm, step: Step) -> Tensor:
        noise = noise_of_step(model, UNITS, step)
        worlds = SoftWorlds(model, Worlds(model, codec, noise, query.default), noise)
        found = [worlds.answer(term, mean=query.is_mean) for term in terms]
        return found[0] if len(found) == 1 else found[0] - found[1]

    return answer


def _exactly(
    contest: OfCells, codec: NodesCodec, query: Query, terms: Sequence[Term], model: Scm, step: Step
) -> Tensor:
    """Answer a question about single worlds from the laws of all cells in them: no unit is drawn."""
    hidden = torch.cat([contest.lattice.normal(shift) for shift in step.uniform(2, 1, model.plan.hidden)])
    nobody = Worlds(model, codec, model.noise(0, torch.Generator()), query.default)
    found = [_in_cells(contest.cells, nobody, term, model, hidden, mean=query.is_mean) for term in terms]
    return found[0] if len(found) == 1 else found[0] - found[1]


def _in_cells(cells: Cells, worlds: Worlds, term: Term, model: Scm, hidden: Tensor, *, mean: bool) -> Tensor:
    """Give a mean or a probability in one world."""
    codec, do = worlds.codec, {s.node: s.value for s in term.outcomes[0].do}
    law = cells.law(model, hidden, [codec.place(node) for node in do]).mean(0)

    def where(node: str, value: Any) -> Tensor:
        return cells.codes[:, codec.place(node)] == int(worlds.code(node, value))

    for setting in term.outcomes[0].do:
        law = law * where(setting.node, setting.value)
    for event in term.conditions:
        law = law * where(event.node, event.value)
    what: Tensor = torch.ones(len(cells.codes))
    for event in term.outcomes:
        if mean and event.value is None:
            place = codec.place(event.node)
            levels = codec.numbers(place, torch.arange(cells.plan.sizes[place]).double().numpy())
            what = torch.as_tensor(levels, dtype=torch.float32)[cells.codes[:, place]]
        else:
            what = what * where(event.node, event.value)
    return (law * what).sum() / law.sum().clamp_min(LEAST_KEPT)


@dataclass(frozen=True, kw_only=True)
class Reached:
    """The two models at the ends.

    Arguments:
        low: The one that answers least.
        high: The one that answers most.
        gaps: How far both are from the data, as parts of how far chance takes a sample from its own law.
    """

    low: Scm
    high: Scm
    gaps: tuple[float, float]


def extremes(
    contest: OfCells | OfRows,
    batches: Callable[[int], Tensor],
    rows: int,
    answer: Callable[[Scm, Step], Tensor],
    *,
    steps: int,
    seed: int,
    rate: float = 3e-3,
) -> Reached:
    """Train a fitted model to both ends of what fits the data.

    Arguments:
        contest: What the model was fitted in; its average is where both ends begin.
        batches: Gives batches of real rows.
        rows: How many real rows there are.
        answer: Gives the answer in a step.
        steps: Steps for each end.
        seed: Seeds everything.
        rate: Learning rate at the start.
    """
    made, gaps = [], []
    for sign in (1.0, -1.0):
        model: Scm = deepcopy(contest.average.module)  # type: ignore[assignment]
        model._ready = None
        model.requires_grad_(True)
        gap, allowed = _gap_of(contest, model, rows, batches)
        game = Extreme(
            model=model,
            players={"model": Adam(model.parameters(), lr=rate, betas=(0.9, 0.99))},
            answer=answer,
            gap=gap,
            allowed=allowed,
            sign=sign,
            rate=rate,
        )
        for _ in play(game, batches, total=steps, seed=fold(seed, "extremes", int(sign))):
            pass
        made.append(model.requires_grad_(False))
        gaps.append(_measured(contest, model, gap, batches, seed) / (allowed / ALLOWED))
    return Reached(low=made[0], high=made[1], gaps=(gaps[0], gaps[1]))


@torch.no_grad()
def _measured(
    contest: OfCells | OfRows,
    model: Scm,
    gap: Callable[[Tensor, Step], Tensor],
    batches: Callable[[int], Tensor],
    seed: int,
) -> float:
    """Measure the gap of a trained end, by far more points than a step has."""
    source = torch.Generator().manual_seed(fold(seed, "gap"))
    step = Step(number=0, total=1, generator=source)
    if isinstance(contest, OfCells):
        lattice = Lattice(MEASURED_POINTS, model.plan.hidden)
        own = OfCells(**{**vars(contest), "model": model, "lattice": lattice})
        found = [torch.stack([distance(*pair) for pair in own.laws(step)]).sum() for _ in range(4)]
    else:
        found = [gap(batches(number), step) for number in range(MEASURED_BATCHES)]
    return max(float(torch.stack(found).mean()), 0.0)


def _gap_of(
    contest: OfCells | OfRows, model: Scm, rows: int, batches: Callable[[int], Tensor]
) -> tuple[Callable[[Tensor, Step], Tensor], float]:
    """Make what measures the gap of a model, and give how large it is between two halves of the data."""
    if isinstance(contest, OfCells):
        own = OfCells(**{**vars(contest), "model": model, "lattice": Lattice(GAP_POINTS, model.plan.hidden)})
        squares = [(regime.shares**2).sum() for regime in contest.regimes if regime.shares is not None]
        expected = [(1 - square) / square / rows for square in squares]

        def over_cells(batch: Tensor, step: Step) -> Tensor:
            return torch.stack([distance(*pair) for pair in own.laws(step)]).sum()

        return over_cells, ALLOWED * float(sum(expected))

    mixed = OfRows(**{**vars(contest), "model": model})

    def gap(batch: Tensor, step: Step) -> Tensor:
        return energy_distance(*mixed.scene(batch, step))

    pairs = [model.plan.row(batches(number)[:, :-1]) for number in range(20)]
    chance = torch.stack([energy_distance(a, b) for a, b in zip(pairs[::2], pairs[1::2], strict=True)])
    return gap, ALLOWED * (float(chance.std()) + 1e-6)
