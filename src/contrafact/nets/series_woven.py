"""The model behind `shuttle`: draws series step by step, fills gaps from both sides, and goes on.

Drawing looks back: one new token a step, and the cells of a step one after the other in a random order. Filling looks
both ways: best guesses are the laws' means in one pass; draws fill the unknown steps of a window one after the other,
each told from all that is known by then.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from contrafact.base.recipe import Recipe
from contrafact.base.seeds import fold, generator
from contrafact.engine.packing import weights_of
from contrafact.nets.series_game import Exam
from contrafact.nets.series_items import near
from contrafact.nets.series_model import NUMBER, UNKNOWN, Fills, Follows, Steps, Windows, best_points, unknown
from contrafact.nets.series_net import Cells, SeriesNet, since

SHOWN = 8
CONTEXT = 0.5  # of a window that is kept when a series outgrows it
AT_ONCE = 256  # windows in a pass


class WovenSeries(Fills, Follows):
    """A fitted network over series.

    Arguments:
        recipe: The settings that it was fitted with.
        codec: Turns tables into windows and back.
        net: The network.
    """

    sees_attributes = True
    exam: Exam | None = None

    def __init__(self, recipe: Recipe, codec: Any, net: SeriesNet) -> None:
        super().__init__(recipe, codec)
        self.net = net

    def examined(self, exam: Exam) -> WovenSeries:
        """Say by what a model in training is judged."""
        self.exam = exam
        return self

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Copy the network's weights."""
        return weights_of(net=self.net)

    def rows(self, n: int, seed: int) -> Windows:
        """Draw a few windows, and take the exam, while the model is being trained."""
        assert self.exam is not None, "only a model in training has an exam"
        own = generator(seed, "heads").integers(len(self.codec.heads["first"]), size=min(n, SHOWN))
        heads = {name: part[own] for name, part in self.codec.heads.items()}
        values, points = self.drawn(heads, fold(seed, "series"))
        return {**heads, "values": values, "points": points, "surprise": self.exam.surprise(self.net)}

    def drawn(self, heads: Windows, seed: int) -> Steps:
        """Draw windows from their first steps and their attributes."""
        return _Drawing(self, heads, seed).go_on(self.codec.window)

    def follow(self, panel: Any, last: np.ndarray, steps: int, draws: int, seed: int) -> Steps:
        """Draw how stretches go on."""
        window = self.codec.window
        keep = min(max(window - steps, int(window * CONTEXT)), window - 1)
        begins = np.maximum(panel.ends[last] - keep, panel.begins[last])
        keep = int((panel.ends[last] - begins).max())
        own = [np.tile(part, (draws, *[1] * (part.ndim - 1))) for part in self._context(panel, last, begins, keep)]
        heads = {
            "first": np.tile(panel.steps[panel.ends[last] - 1] + 1 - keep, draws),
            "told": np.tile(panel.told[panel.owners[last]], (draws, 1)),
            "traits": np.tile(panel.traits[panel.owners[last]], (draws, 1)),
        }
        made = _Drawing(self, heads, seed, own[0], own[1]).go_on(keep + steps)
        shape = (draws, len(last), steps, -1)
        values, points = (part[:, keep:].reshape(shape) for part in made)
        return values, points

    @staticmethod
    def _context(panel: Any, last: np.ndarray, begins: np.ndarray, keep: int) -> Steps:
        """Copy the last known steps of stretches, put right where they are shorter than others."""
        values = np.zeros((len(last), keep, panel.values.shape[1]), dtype=np.float32)
        points = np.full(values.shape, UNKNOWN, dtype=np.int16)
        for row, (begin, end) in enumerate(zip(begins.tolist(), panel.ends[last].tolist(), strict=True)):
            values[row, keep - (end - begin) :] = panel.values[begin:end]
            points[row, keep - (end - begin) :] = panel.points[begin:end]
        return values, points

    def fill(self, panel: Any, seed: int | None) -> Steps:
        """Fill unknown cells, window by window; later windows know what was filled before."""
        values, points, holes = panel.values.copy(), panel.points.copy(), unknown(panel)
        for wave, (starts, own) in enumerate(_waves(panel, holes, self.codec.window)):
            for first in range(0, len(starts), AT_ONCE):
                some = starts[first : first + AT_ONCE]
                filled = _Filling(self, panel, some, own[first : first + AT_ONCE], values, points)
                filled.best() if seed is None else filled.draw(fold(seed, wave, first))
        return values, points


class _Drawing:
    """Windows in the making, looking back.

    Arguments:
        model: The model.
        heads: First steps and attributes.
        seed: Makes the draw repeatable.
        values: Numbers of the steps that are there already.
        points: Their points.
    """

    def __init__(
        self,
        model: WovenSeries,
        heads: Windows,
        seed: int,
        values: np.ndarray | None = None,
        points: np.ndarray | None = None,
    ) -> None:
        self.model, self.net, self.codec = model, model.net, model.codec
        self.rows, count = len(heads["first"]), len(self.codec.variables)
        self.heads = heads
        self.values = torch.zeros(self.rows, 0, count) if values is None else near(values)
        self.points = (
            torch.zeros(self.rows, 0, count, dtype=torch.int16) if points is None else torch.from_numpy(points)
        )
        self.source = torch.Generator().manual_seed(seed)
        self.orders = generator(seed, "orders")

    @torch.no_grad()
    def go_on(self, steps: int) -> Steps:
        """Draw until there are so many steps."""
        window = self.net.window
        while self.values.shape[1] < steps:
            begin = 0 if self.values.shape[1] < window else self.values.shape[1] - int(window * CONTEXT)
            self._stretch(begin, min(steps, begin + window))
        return self.values.numpy(), self.points.numpy()

    def _cells(self, begin: int, end: int) -> Cells:
        """Give the steps from one to another, and room for one more."""
        values = torch.nn.functional.pad(self.values[:, begin:end], (0, 0, 0, 1))
        points = torch.nn.functional.pad(self.points[:, begin:end], (0, 0, 0, 1), value=UNKNOWN)
        known = points != UNKNOWN
        phases = torch.from_numpy(self.codec.phases(self.heads["first"] + begin, end - begin + 1))
        guide, whole = self.net.told_ahead(values, known, phases)
        self.whole = list(whole[:, :-1].unbind(1))
        return Cells(values=values, points=points, known=known, guide=guide, reach=since(known), phases=phases)

    def _next(self, last: Cells) -> Cells:
        """Give room for the step that follows one whose cells are all known."""
        self.whole.append(last.values - self.net.by_cycle(last.phases))
        phases = torch.from_numpy(self.codec.phases(self.heads["first"] + self.values.shape[1], 1))[:, 0]
        return Cells(
            values=torch.zeros_like(last.values),
            points=torch.full_like(last.points, UNKNOWN),
            known=torch.zeros_like(last.known),
            guide=self.net.next_step(self.whole) + self.net.by_cycle(phases),
            reach=torch.ones_like(last.reach),
            phases=phases,
        )

    def _stretch(self, begin: int, end: int) -> None:
        """Draw the steps of one window."""
        told, traits = (torch.from_numpy(self.heads[name]) for name in ("told", "traits"))
        memory, at = self.net.memory(self.rows), 0
        cells = self._cells(begin, self.values.shape[1])
        tokens = self.net.entered(cells, told, traits)[:, :-1]
        asked = cells.at(-1)
        while True:
            state = self.net.follow(tokens, memory, at)
            at += tokens.shape[1]
            made = self._step(state, asked)
            if self.values.shape[1] >= end:
                return
            tokens = self.net.step_token(made, self.values.shape[1] - begin)
            asked = self._next(made)

    def _step(self, state: Tensor, cells: Cells) -> Cells:
        """Draw the cells of one step, in a random order."""
        values, points = cells.values.clone(), cells.points.clone()
        known = torch.zeros_like(cells.known)
        for place in self.orders.permutation(values.shape[1]).tolist():
            now = Cells(**{**vars(cells), "values": values, "points": points, "known": known})
            draw_cell(self.codec, self.net, state, now, place, self.source)
        self.values = torch.cat([self.values, values[:, None]], dim=1)
        self.points = torch.cat([self.points, points[:, None]], dim=1)
        return Cells(**{**vars(cells), "values": values, "points": points, "known": known})


def draw_cell(codec: Any, net: SeriesNet, state: Tensor, cells: Cells, place: int, source: Any) -> None:
    """Draw a variable's cells of one step, put on its grid, into the values, points and known cells given."""
    law = net.law(state, cells).of(place)
    chance = torch.rand(len(state), generator=source)
    numbers, points = law.draw(chance, torch.randn(len(state), generator=source))
    variable = codec.variables[place]
    settled = variable.encode(variable.decode(numbers.double().numpy(), points.numpy()))
    cells.values[:, place], cells.points[:, place] = (torch.from_numpy(part) for part in settled)
    cells.known[:, place] = True


class _Filling:
    """Windows with unknown cells, looking both ways; what is filled goes into the steps of the whole panel.

    Arguments:
        model: The model.
        panel: The series.
        starts: Where windows begin.
        own: Which steps of each window it fills.
        values: Numbers of all steps, to be filled.
        points: Points of all steps, to be filled.
    """

    def __init__(
        self,
        model: WovenSeries,
        panel: Any,
        starts: np.ndarray,
        own: np.ndarray,
        values: np.ndarray,
        points: np.ndarray,
    ) -> None:
        self.codec, self.net, self.all = model.codec, model.net, (values, points)
        window = self.codec.window
        self.places = starts[:, None] + np.arange(window)
        owners = panel.owner_of(starts)
        inside = (self.places < panel.ends[owners][:, None]) & (self.places < len(values))
        self.places = np.minimum(self.places, len(values) - 1)
        self.values = near(np.where(inside[..., None], values[self.places], np.float32(0)))
        self.points = torch.from_numpy(np.where(inside[..., None], points[self.places], np.int16(UNKNOWN)))
        series = panel.owners[owners]
        self.told, self.traits = torch.from_numpy(panel.told[series]), torch.from_numpy(panel.traits[series])
        self.phases = torch.from_numpy(self.codec.phases(panel.steps[starts], window))
        self.asked = (self.points.numpy() == UNKNOWN) & own[..., None]

    def _cells(self) -> Cells:
        known = self.points != UNKNOWN
        guide, reach = self.net.guided(self.values, known, self.phases, back=False)
        return Cells(values=self.values, points=self.points, known=known, guide=guide, reach=reach, phases=self.phases)

    def _states(self, cells: Cells) -> Tensor:
        return self.net.states(self.net.entered(cells, self.told, self.traits), back=False)

    @torch.no_grad()
    def best(self) -> None:
        """Fill in means, and likeliest words."""
        cells = self._cells()
        law = self.net.law(self._states(cells), cells)
        means = law.mean(self._numbers()).numpy()
        made, kept = self.values.numpy().copy(), self.points.numpy().copy()
        for place in range(made.shape[-1]):
            own = self.asked[..., place]
            if best_points(self.codec, place):
                size = self.codec.variables[place].size
                kept[own, place] = law.of(place).logs[..., :size].argmax(-1).numpy()[own]
            else:
                made[own, place], kept[own, place] = means[own, place], NUMBER
        self._keep(made, kept)

    def _numbers(self) -> Tensor:
        found = torch.zeros(len(self.codec.variables), self.net.points)
        for place, variable in enumerate(self.codec.variables):
            found[place, : variable.size] = torch.from_numpy(variable.point_numbers())
        return found

    @torch.no_grad()
    def draw(self, seed: int) -> None:
        """Draw the unknown steps of each window one after the other."""
        source, orders = torch.Generator().manual_seed(seed), generator(seed, "orders")
        steps = self.asked.any(-1)
        turn = np.where(steps, np.cumsum(steps, axis=1) - 1, -1)
        for number in range(int(turn.max(initial=-1)) + 1):
            rows, at = np.nonzero(turn == number)
            cells = self._cells()
            state = self._states(cells)[rows, at]
            now = Cells(**{name: part[rows, at].clone() for name, part in vars(cells).items()})
            for place in orders.permutation(self.values.shape[-1]).tolist():
                self._draw_cell(state, now, place, source, self.asked[rows, at, place])
            self.values[rows, at], self.points[rows, at] = now.values, now.points
        self._keep(self.values.numpy(), self.points.numpy())

    def _draw_cell(self, state: Tensor, now: Cells, place: int, source: Any, asked: np.ndarray) -> None:
        kept = [part[:, place].clone() for part in (now.values, now.points, now.known)]
        draw_cell(self.codec, self.net, state, now, place, source)
        there = torch.from_numpy(~asked)
        for part, old in zip((now.values, now.points, now.known), kept, strict=True):
            part[there, place] = old[there]

    def _keep(self, values: np.ndarray, points: np.ndarray) -> None:
        at = self.places[:, :, None].repeat(values.shape[-1], axis=2)
        place = np.arange(values.shape[-1])
        own = self.asked
        column = np.broadcast_to(place, own.shape)
        self.all[0][at[own], column[own]] = values[own]
        self.all[1][at[own], column[own]] = points[own]


def _waves(panel: Any, holes: np.ndarray, window: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Choose windows that hold all unknown steps, in waves whose windows do not depend on each other.

    A window begins a third before the first step that is left to fill, and fills up to two thirds of itself, so that
    what it fills is seen from both sides. Windows of one stretch come in different waves where they follow each other.

    Returns:
        For each wave the windows' starts, and which of their steps they fill.
    """
    waves: list[list[tuple[int, np.ndarray]]] = []
    steps = np.flatnonzero(holes.any(1))
    owners = panel.owner_of(steps)
    for owner in np.unique(owners):
        begin, end = int(panel.begins[owner]), int(panel.ends[owner])
        left, wave, reached = steps[owners == owner], 0, -1
        while len(left):
            start = max(min(int(left[0]) - window // 3, end - window), begin)
            stop = end if start + window >= end else max(start + window - window // 3, int(left[0]) + 1)
            wave = wave + 1 if start < reached else 0
            if len(waves) <= wave:
                waves.append([])
            mine = np.zeros(window, dtype=bool)
            filled = left[left < min(stop, start + window)]
            mine[filled - start] = True
            waves[wave].append((start, mine))
            reached, left = start + window, left[len(filled) :]
    return [(np.array([s for s, _ in wave]), np.stack([m for _, m in wave])) for wave in waves if wave]
