"""A network over the steps of a series: the law of every unknown cell from whatever cells are known.

Steps are the tokens of a small transformer; a step's known cells, where it stands in cycles, and what its series is
like make its vector. The same weights are used in two ways. Looking back, each step sees the steps before it and its
own law is read off behind the last of them: one pass teaches all steps, and drawing needs one new token a step. Looking
both ways, every step sees all others: holes between known cells are told from both sides.

Within a step a second, cheap part reads cells one after the other: the law of a cell given the trunk's state and the
cells of this step that are known by then. So the cells of a step are drawn jointly, and the trunk runs once a step.

The law of a number is a mixture of normal laws around a guide, in units of what the guide usually misses (of its own
scale, where nothing is known of it). It is what straight rules tell (`nets/series_straight.py`): looking back, the
one from the last steps; looking both ways, those from before and behind, the nearer side with more weight. So the
network begins as a vector autoregression, and learns what that leaves. Words and values that stand for themselves have
a chance each beside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from contrafact.nets.series_model import NUMBER, UNKNOWN
from contrafact.nets.series_straight import Straight
from contrafact.nets.weave import Residual

PARTS = 6  # normal laws in a mixture
NARROWEST, WIDEST = -4.0, 3.5  # logarithms of their widths, in usual changes
HEADS = 4
FAR = 1e9
NEVER = 1000.0  # steps to a known number where there is none
LEAST, FARTHEST = 1e-3, 30.0  # that a rule misses, and that it tells, on the scale


@dataclass(kw_only=True)
class Law:
    """Laws of cells: chances of points and parts, and the parts' middles and widths.

    Arguments:
        logs: Logarithms of chances, cells x variables x (points + parts).
        middles: cells x variables x parts.
        widths: cells x variables x parts.
        points: How many of the chances are of points.
    """

    logs: Tensor
    middles: Tensor
    widths: Tensor
    points: int

    def surprise(self, values: Tensor, points: Tensor) -> Tensor:
        """Give -log p of cells; numbers have a density."""
        own = self.logs[..., : self.points]
        at = points.clamp_min(0).long().unsqueeze(-1)
        alone = own.gather(-1, at).squeeze(-1) if self.points else torch.zeros_like(values)
        apart = (values.unsqueeze(-1) - self.middles) / self.widths
        parts = self.logs[..., self.points :] - 0.5 * apart**2 - self.widths.log() - 0.5 * math.log(2 * math.pi)
        return -torch.where(points >= 0, alone, parts.logsumexp(-1))

    def mean(self, numbers: Tensor) -> Tensor:
        """Give the mean of numbers, points included where they are numbers.

        Arguments:
            numbers: Each point's number, variables x points.
        """
        chances = self.logs.exp()
        parts = (chances[..., self.points :] * self.middles).sum(-1)
        return parts + (chances[..., : self.points] * numbers).sum(-1)

    def of(self, place: int) -> Law:
        """Give the laws of one variable."""
        return Law(
            logs=self.logs[..., place, :],
            middles=self.middles[..., place, :],
            widths=self.widths[..., place, :],
            points=self.points,
        )

    def draw(self, chance: Tensor, normal: Tensor) -> tuple[Tensor, Tensor]:
        """Draw numbers and points of one variable.

        Arguments:
            chance: Uniform numbers, one a cell.
            normal: Normal numbers, one a cell.
        """
        edges = self.logs.exp().double().cumsum(-1)
        picked = (edges < (chance.double() * edges[:, -1])[:, None]).sum(-1).clamp_max(edges.shape[1] - 1)
        part = (picked - self.points).clamp_min(0)[:, None]
        numbers = self.middles.gather(-1, part)[:, 0] + self.widths.gather(-1, part)[:, 0] * normal
        return numbers, torch.where(picked < self.points, picked, NUMBER)


class Attention(nn.Module):
    """A block of a transformer: every step looks at others, then at itself."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.asked = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.own = Residual(width)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor, back: bool) -> Tensor:
        """Look back, or both ways."""
        query, key, value = self._split(x)
        seen = scaled_dot_product_attention(query, key, value, is_causal=back)
        found: Tensor = self.own(x + self.out(seen.transpose(1, 2).flatten(2)))
        return found

    def _split(self, x: Tensor) -> list[Tensor]:
        asked = self.asked(self.norm(x)).unflatten(-1, (3, HEADS, -1))
        return [part.transpose(1, 2) for part in asked.unbind(2)]

    def follow(self, x: Tensor, memory: tuple[Tensor, Tensor], at: int) -> Tensor:
        """Look back from new steps at those remembered, and remember them too.

        Arguments:
            x: New steps.
            memory: Keys and values of all steps so far, with room.
            at: How many are remembered.
        """
        query, key, value = self._split(x)
        end = at + x.shape[1]
        memory[0][:, :, at:end], memory[1][:, :, at:end] = key, value
        seen = scaled_dot_product_attention(
            query, memory[0][:, :, :end], memory[1][:, :, :end], is_causal=at == 0 and end > 1
        )
        found: Tensor = self.own(x + self.out(seen.transpose(1, 2).flatten(2)))
        return found


class SeriesNet(nn.Module):
    """Known cells of a window -> laws of the others.

    Arguments:
        sizes: How many points each variable has.
        smooth: Whether each variable has numbers beside its points.
        order: Steps that the straight rules look back.
        blurs: Half a step of each variable's grid.
        traits: How many points each attribute has.
        phases: Numbers that tell where a step stands in cycles.
        window: Steps.
        width: Numbers in a hidden state.
        depth: Blocks of the trunk.
    """

    spread: Tensor
    near: Tensor
    far: Tensor
    near_back: Tensor
    far_back: Tensor
    cycle: Tensor
    apart: Tensor
    blurs: Tensor
    allowed: Tensor
    offsets: Tensor
    trait_offsets: Tensor

    def __init__(
        self,
        *,
        sizes: Sequence[int],
        smooth: Sequence[bool],
        order: int,
        blurs: Sequence[float],
        traits: Sequence[int],
        phases: int,
        window: int,
        width: int,
        depth: int,
    ) -> None:
        super().__init__()
        self.count, self.points, self.window = len(sizes), max(sizes, default=0), window
        count = self.count
        for name, part in vars(Straight.walk(count, order, phases)).items():
            self.register_buffer(name, torch.from_numpy(part).float())
        self.register_buffer("blurs", torch.tensor(blurs, dtype=torch.float32), persistent=False)
        allowed = torch.zeros(count, self.points + PARTS, dtype=torch.bool)
        for place, (size, free) in enumerate(zip(sizes, smooth, strict=True)):
            allowed[place, :size] = True
            allowed[place, self.points :] = free or not size
        self.register_buffer("allowed", allowed, persistent=False)
        self.register_buffer("offsets", torch.arange(count) * (self.points + 1), persistent=False)
        most = max(traits, default=0) + 1
        self.register_buffer("trait_offsets", torch.arange(len(traits)) * most, persistent=False)
        self.enter = nn.Linear(4 * count + phases, width)
        self.spots = nn.Embedding(count * (self.points + 1), width)
        self.start = nn.Parameter(torch.zeros(width))
        self.places = nn.Parameter(torch.randn(window + 1, width) * 0.02)
        self.traits = nn.Embedding(max(len(traits) * most, 1), width)
        self.told = nn.Linear(max(len(traits), 1), width)
        self.blocks = nn.ModuleList(Attention(width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.turn = nn.ModuleList(nn.Linear(width, width) for _ in range(2))
        self.beside = nn.Linear(4 * count + phases, width)
        self.beside_spots = nn.Embedding(count * (self.points + 1), width)
        self.read = nn.ModuleList(Residual(width) for _ in range(2))
        self.last = nn.LayerNorm(width)
        self.chances = nn.Linear(width, count * (self.points + PARTS))
        self.shapes = nn.Linear(width, count * 2 * PARTS)
        self._begin()

    @torch.no_grad()
    def _begin(self) -> None:
        """Start from points alike and parts of several widths around the guide."""
        for spots in (self.spots, self.traits, self.beside_spots):
            spots.weight.mul_(0.1)
        self.chances.weight.mul_(0.1)
        self.shapes.weight.mul_(0.1)
        self.chances.bias.zero_()
        spread = torch.stack([torch.linspace(-0.6, 0.6, PARTS), torch.linspace(-1.5, 1.0, PARTS)])
        self.shapes.bias.copy_(spread.repeat(self.count, 1, 1).flatten())

    @torch.no_grad()
    def begin(self, straight: Straight) -> None:
        """Take the straight rules that were fitted."""
        for name, part in vars(straight).items():
            own = np.maximum(part, LEAST) if name in ("spread", "apart") else part
            getattr(self, name).copy_(torch.from_numpy(own))

    def told_ahead(
        self, values: Tensor, known: Tensor, phases: Tensor, *, against: bool = False
    ) -> tuple[Tensor, Tensor]:
        """Tell each step from those before by the straight rules, or against time from those behind.

        Arguments:
            values: Numbers, windows x steps x variables.
            known: Which are known; the others are told, and then looked at as if they were known.
            phases: Where steps stand in cycles: the rules tell what is left of that.
            against: Whether time runs backwards.

        Returns:
            What is told of every step, and what all steps leave of the calendar's, unknown ones as they are told.
        """
        usual = self.by_cycle(phases)
        left = values - usual
        if against:
            told, whole = (part.flip(1) for part in self._told(left.flip(1), known.flip(1), against=True))
        else:
            told, whole = self._told(left, known)
        return told + usual, whole

    def by_cycle(self, phases: Tensor) -> Tensor:
        """Tell steps from where they stand in cycles."""
        return phases @ self.cycle[:, 1:].T + self.cycle[:, 0]

    def _told(self, left: Tensor, known: Tensor, *, against: bool = False) -> tuple[Tensor, Tensor]:
        if bool(known.all()):
            return self._at_once(left, against=against), left
        whole: list[Tensor] = []
        told = []
        for step in range(left.shape[1]):
            guess = self.next_step(whole, against=against) if step else torch.zeros_like(left[:, 0])
            told.append(guess)
            whole.append(torch.where(known[:, step], left[:, step], guess))
        return torch.stack(told, dim=1), torch.stack(whole, dim=1)

    def next_step(self, whole: Sequence[Tensor], *, against: bool = False) -> Tensor:
        """Tell what the step that follows some steps leaves of the calendar's, each windows x variables."""
        near, far = (self.near_back, self.far_back) if against else (self.near, self.far)
        order = (far.shape[1] - 1) // self.count
        rule, back = (far, order) if len(whole) >= order else (near, 1)
        seen = torch.cat([whole[-1 - lag] for lag in range(back)], dim=1)
        return torch.addmm(rule[:, 0], seen, rule[:, 1:].T).clamp(-FARTHEST, FARTHEST)

    def _at_once(self, left: Tensor, *, against: bool) -> Tensor:
        """Tell all steps where everything is known."""
        near, far = (self.near_back, self.far_back) if against else (self.near, self.far)
        order, steps = (far.shape[1] - 1) // self.count, left.shape[1]
        told = [torch.zeros_like(left[:, :1]), left[:, : min(order, steps) - 1] @ near[:, 1:].T + near[:, 0]]
        if steps > order:
            seen = torch.cat([left[:, order - 1 - lag : steps - 1 - lag] for lag in range(order)], dim=2)
            told.append(seen @ far[:, 1:].T + far[:, 0])
        return torch.cat(told, dim=1).clamp(-FARTHEST, FARTHEST)

    def guided(self, values: Tensor, known: Tensor, phases: Tensor, *, back: bool) -> tuple[Tensor, Tensor]:
        """Give where each number would be expected by the straight rules, and how far away what is known is.

        Arguments:
            values: Numbers, windows x steps x variables.
            known: Which are known.
            phases: Where steps stand in cycles.
            back: Whether only steps before count, or both sides.
        """
        ahead = self.told_ahead(values, known, phases)[0]
        if back:
            return ahead, since(known)
        behind = self.told_ahead(values, known, phases, against=True)[0]
        before, after = since(known), since(known.flip(1)).flip(1)
        share = before / (before + after)  # of the way from what is known before to what is known behind
        line = ahead + (behind - ahead) * share
        reach = torch.where(known, torch.zeros_like(before), torch.minimum(before, after))
        return torch.where(known, values, line), reach

    def entered(self, cells: Cells, told: Tensor, traits: Tensor) -> Tensor:
        """Give the tokens of windows: one for their series, then one a step.

        Arguments:
            cells: Their cells.
            told: Numbers of attributes.
            traits: Points of attributes.
        """
        steps = self.enter(self._features(cells)) + self._spots(self.spots, cells)
        steps = steps + self.places[1 : 1 + steps.shape[1]]
        head = self.head(told, traits)
        return torch.cat([head[:, None], steps], dim=1)

    def step_token(self, cells: Cells, number: int) -> Tensor:
        """Give the token of one step of each window, by its number from 1."""
        token: Tensor = self.enter(self._features(cells)) + self._spots(self.spots, cells) + self.places[number]
        return token[:, None]

    def head(self, told: Tensor, traits: Tensor) -> Tensor:
        """Give the token of a series: what it is like as a whole."""
        found = self.start + self.places[0]
        if not traits.shape[1]:
            return found.expand(len(traits), -1)
        spots = self.traits((traits.long().clamp_min(-1) + 1) + self.trait_offsets).sum(1)
        whole: Tensor = found + spots + self.told(torch.where(traits == UNKNOWN, 0.0, told))
        return whole

    def _features(self, cells: Cells) -> Tensor:
        known = cells.known.float()
        away = (cells.values - cells.guide) / self.units(cells)
        numbers = [
            torch.asinh(cells.values) * known,
            torch.asinh(away) * known,
            torch.asinh(cells.guide),
            torch.log1p(cells.reach) * 0.3,
        ]
        return torch.cat([*numbers, cells.phases], dim=-1)

    def units(self, cells: Cells) -> Tensor:
        """Give how far a number usually is from its guide: like a walk's steps, up to its own deviation."""
        walked = torch.minimum(self.spread * cells.reach.clamp_min(1).sqrt(), torch.maximum(self.apart, self.spread))
        return torch.where(cells.reach >= NEVER, self.apart.expand_as(walked), walked)

    def _spots(self, table: nn.Embedding, cells: Cells) -> Tensor:
        """Sum vectors of known points; a number has one too, an unknown cell none."""
        at = cells.points.long().clamp_min(-1) + 1 + self.offsets
        weights = cells.known.float()
        found: Tensor = torch.nn.functional.embedding_bag(
            at.flatten(0, -2), table.weight, per_sample_weights=weights.flatten(0, -2), mode="sum"
        )
        return found.view(*at.shape[:-1], -1)

    def states(self, tokens: Tensor, *, back: bool) -> Tensor:
        """Give the state that each step's law is read from."""
        for block in self.blocks:
            tokens = block(tokens, back)
        return self.turned(tokens[:, :-1] if back else tokens[:, 1:], back=back)

    def turned(self, tokens: Tensor, *, back: bool) -> Tensor:
        """Turn the trunk's last tokens into states."""
        found: Tensor = self.turn[int(back)](self.norm(tokens))
        return found

    def memory(self, rows: int) -> list[tuple[Tensor, Tensor]]:
        """Make room for what drawing remembers."""
        width = self.start.shape[0] // HEADS
        room = (rows, HEADS, self.window + 1, width)
        return [(self.start.new_zeros(room), self.start.new_zeros(room)) for _ in self.blocks]

    def follow(self, tokens: Tensor, memory: list[tuple[Tensor, Tensor]], at: int) -> Tensor:
        """Give the state behind the last of new tokens, looking back at all that is remembered."""
        for block, own in zip(self.blocks, memory, strict=True):
            assert isinstance(block, Attention)
            tokens = block.follow(tokens, own, at)
        return self.turned(tokens[:, -1], back=True)

    def law(self, states: Tensor, cells: Cells) -> Law:
        """Read laws off states and the cells of the same step that are known by then."""
        hidden = states + self.beside(self._features(cells)) + self._spots(self.beside_spots, cells)
        for block in self.read:
            hidden = block(hidden)
        hidden = self.last(hidden)
        logits = self.chances(hidden).unflatten(-1, (self.count, -1)).masked_fill(~self.allowed, -FAR)
        middles, widths = self.shapes(hidden).unflatten(-1, (self.count, 2, PARTS)).unbind(-2)
        units = self.units(cells)[..., None]
        return Law(
            logs=logits.log_softmax(-1),
            middles=cells.guide[..., None] + units * middles,
            widths=units * widths.clamp(NARROWEST, WIDEST).exp(),
            points=self.points,
        )


@dataclass(kw_only=True)
class Cells:
    """Cells of windows or of single steps, and what is known around them.

    Arguments:
        values: Numbers.
        points: Points; NUMBER for numbers.
        known: Which cells are looked at.
        guide: Where a number would be expected from its own known neighbours.
        reach: How many steps away these are.
        phases: Where steps stand in cycles.
    """

    values: Tensor
    points: Tensor
    known: Tensor
    guide: Tensor
    reach: Tensor
    phases: Tensor

    def but(self, known: Tensor) -> Cells:
        """Look at other cells."""
        return Cells(**{**vars(self), "known": known})

    def at(self, step: int) -> Cells:
        """Give the cells of one step."""
        return Cells(**{name: part[:, step] for name, part in vars(self).items()})


def since(known: Tensor) -> Tensor:
    """Give how many steps before each cell the last known one of its variable is; NEVER where there is none.

    Arguments:
        known: Which are known, windows x steps x variables.
    """
    places = torch.arange(known.shape[1], device=known.device)[None, :, None].expand(known.shape)
    last = torch.where(known, places, -1).cummax(1).values
    last = torch.cat([last.new_full((len(last), 1, last.shape[2]), -1), last[:, :-1]], dim=1)
    return torch.where(last < 0, NEVER, (places - last).float())
