"""Seasonal naive: the same time of the last cycle, and what it usually misses by.

A forecast repeats the last cycle of the series; draws add the errors that this made in the data that were fitted, taken
as they followed each other, so that they hang together over steps and variables. A gap is filled with the nearest known
value at the same place of a cycle. New series are the mean cycle and deviations from it, again runs of those of the
data. The period is found as the highest peak of the autocorrelation, or given; where there is none it is one step, and
the forecast repeats the last value.

The model KEEPS deviations of training steps, and repeats runs of them: what it draws is as private as the data.

Reference: Hyndman and Athanasopoulos, Forecasting: principles and practice, 3rd edition, 2021, section 5.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from typing import Any, Self

import numpy as np

from contrafact.base.lined import lined
from contrafact.base.recipe import Count, Recipe
from contrafact.base.seeds import generator
from contrafact.codecs.schema import Role
from contrafact.codecs.series import SeriesCodec, Windows
from contrafact.codecs.series_channels import cells, channels
from contrafact.codecs.series_panel import Panel
from contrafact.engine.record import record
from contrafact.nets.series_model import UNKNOWN, Fills, Follows, Steps

MOST_KEPT = 20_000  # steps whose errors are kept


@dataclass(frozen=True, kw_only=True)
class SeasonalNaive(Recipe):
    """Repeat the last cycle."""

    period: Count | None = None  # steps in a cycle; none: found in the series
    time: str | int | None = None  # the column of time stamps; none: it is looked for
    id: str | int | None = None  # the column that tells series apart; none: it is looked for
    columns: dict[str, Role] | None = None  # what columns are, where the guess is wrong: zip=category,age=number
    window: Count | None = None  # steps in a drawn series; none: whole short series, else four periods

    def fit(
        self,
        data: Any,
        *,
        seed: int = 0,
        budget: str | None = None,
        run_dir: str | PathLike[str] | None = None,
        device: str | None = None,
    ) -> SeasonalModel:
        """Measure the mean cycle, and what repeating the last one misses by; seed, budget and device play no part."""
        codec = SeriesCodec.fit(data, time=self.time, id=self.id, window=self.window, columns=self.columns)
        period = self.period or codec.period or 1
        model = SeasonalModel(self, codec, measured(codec, codec.panel(data), period))
        record(self, data, model, seed=seed, run_dir=run_dir)
        return model

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> SeasonalModel:
        """Make the model again from what it saved."""
        return SeasonalModel(self, SeriesCodec.from_json(codec), arrays)

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests in a blink."""
        return cls(window=12)


class SeasonalModel(Fills, Follows):
    """The mean cycle, deviations from it, and errors of repeating the last cycle.

    Arguments:
        recipe: The settings.
        codec: Knows the variables.
        numbers: cycle (period x channels), apart and errors (steps x channels), apart_at (where in a cycle they were).
    """

    def __init__(self, recipe: SeasonalNaive, codec: SeriesCodec, numbers: dict[str, np.ndarray]) -> None:
        super().__init__(recipe, codec)
        self.numbers = numbers
        self.cycle, self.apart, self.errors = (numbers[name] for name in ("cycle", "apart", "errors"))

    @property
    def period(self) -> int:
        """Steps in a cycle."""
        return len(self.cycle)

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Give the cycle and the deviations."""
        return self.numbers

    def drawn(self, heads: Windows, seed: int) -> Steps:
        """Draw windows: the mean cycle, and runs of deviations from it."""
        random, window = generator(seed, "runs"), self.codec.window
        first = np.asarray(heads["first"])
        run = min(max(self.period, 8), window)
        at = (first[:, None] + np.arange(window)) % self.period
        pieces = [self._runs(first + begin, run, random) for begin in range(0, window, run)]
        return cells(self.codec, self.cycle[at] + np.concatenate(pieces, axis=1)[:, :window])

    def _runs(self, at: np.ndarray, length: int, random: np.random.Generator) -> np.ndarray:
        """Choose runs of deviations that began at the same place of a cycle."""
        room = max(len(self.apart) - length + 1, 1)
        where = self.numbers["apart_at"][:room]
        order = np.argsort(where, kind="stable")
        begins = np.searchsorted(where[order], [at % self.period, at % self.period + 1])
        count = begins[1] - begins[0]
        own = begins[0] + (random.random(len(at)) * np.maximum(count, 1)).astype(np.int64)
        starts = np.where(count > 0, order[np.minimum(own, room - 1)], random.integers(room, size=len(at)))
        return self.apart[np.minimum(starts[:, None] + np.arange(length), len(self.apart) - 1)]

    def follow(self, panel: Panel, last: np.ndarray, steps: int, draws: int, seed: int) -> Steps:
        """Draw how stretches go on: the last cycle again, and a run of its errors."""
        random = generator(seed, "runs")
        ends = np.stack([self._cycle_of(panel, place) for place in last])
        told = ends[:, np.arange(steps) % self.period]
        room = max(len(self.errors) - steps + 1, 1)
        starts = random.integers(room, size=(draws, len(last)))
        at = np.minimum(starts[..., None] + np.arange(steps), len(self.errors) - 1)
        return cells(self.codec, told[None] + self.errors[at])

    def _cycle_of(self, panel: Panel, place: int) -> np.ndarray:
        """Give the last cycle of a stretch; where it is unknown, the one before, or the mean cycle."""
        begin, end = int(panel.begins[place]), int(panel.ends[place])
        known = channels(self.codec, panel.values[begin:end], panel.points[begin:end])
        steps = int(panel.steps[end - 1]) + 1 + np.arange(self.period)
        found = np.full((self.period, known.shape[1]), np.nan)
        for back in range(1, len(known) // self.period + 2):
            at = np.arange(self.period) + len(known) - back * self.period
            seen = np.where((at >= 0)[:, None], known[np.maximum(at, 0)], np.nan)
            found = np.where(np.isnan(found), seen, found)
            if not np.isnan(found).any():
                break
        return np.where(np.isnan(found), self.cycle[steps % self.period], found)

    def fill(self, panel: Panel, seed: int | None) -> Steps:
        """Fill gaps with the nearest known values at the same place of a cycle; draws add errors."""
        values, points = panel.values.copy(), panel.points.copy()
        random = None if seed is None else generator(seed, "runs")
        for begin, end in zip(panel.begins.tolist(), panel.ends.tolist(), strict=True):
            holes = panel.points[begin:end] == UNKNOWN
            if not holes.any():
                continue
            known = channels(self.codec, panel.values[begin:end], panel.points[begin:end])
            told = nearest_cycles(known, self.period)
            told = np.where(np.isnan(told), self.cycle[panel.steps[begin:end] % self.period], told)
            if random is not None:
                own = random.integers(len(self.errors)) + np.arange(len(told))
                told = told + np.where(np.isnan(known), self.errors[own % len(self.errors)], 0.0)
            made = cells(self.codec, told)
            for whole, part in zip((values, points), made, strict=True):
                whole[begin:end][holes] = part[holes]
        return values, points


def measured(codec: SeriesCodec, panel: Panel, period: int) -> dict[str, np.ndarray]:
    """Measure the mean cycle, deviations from it and errors of repeating the last cycle."""
    parts, steps = [], []
    for begin, end in zip(panel.begins.tolist(), panel.ends.tolist(), strict=True):
        parts.append(lined(channels(codec, panel.values[begin:end], panel.points[begin:end])))
        steps.append(panel.steps[begin:end])
    whole, at = np.concatenate(parts), np.concatenate(steps) % period
    centre = whole.mean(0)
    counts = np.bincount(at, minlength=period)
    sums = np.stack([np.bincount(at, weights=column, minlength=period) for column in whole.T], axis=1)
    cycle = np.where(counts[:, None] > 0, sums / np.maximum(counts[:, None], 1), centre)
    errors = [part[period:] - part[:-period] for part in parts if len(part) > period] or [whole - cycle[at]]
    kept = np.concatenate(errors)[-MOST_KEPT:]
    return {
        "cycle": cycle,
        "apart": (whole - cycle[at])[-MOST_KEPT:],
        "apart_at": at[-MOST_KEPT:].astype(np.int64),
        "errors": kept,
    }


def nearest_cycles(known: np.ndarray, period: int) -> np.ndarray:
    """Fill unknown numbers with the mean of the nearest known ones whole cycles before and after.

    Arguments:
        known: steps x channels, NaN where unknown.
        period: Steps in a cycle.
    """
    length = -(-len(known) // period)
    table = np.full((length * period, known.shape[1]), np.nan)
    table[: len(known)] = known
    table = table.reshape(length, period * known.shape[1])
    there, place = ~np.isnan(table), np.arange(length)[:, None]
    before = np.maximum.accumulate(np.where(there, place, -1), axis=0)
    after = np.minimum.accumulate(np.where(there, place, length)[::-1], axis=0)[::-1]
    past = np.take_along_axis(table, np.maximum(before, 0), axis=0)
    later = np.take_along_axis(table, np.minimum(after, length - 1), axis=0)
    past, later = np.where(before < 0, later, past), np.where(after >= length, past, later)
    found = np.where(there, table, (past + later) / 2)
    return found.reshape(length * period, -1)[: len(known)]
