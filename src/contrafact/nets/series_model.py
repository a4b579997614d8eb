"""What every fitted model of series can do: draw series, fill gaps, and go on.

A subclass says how windows are drawn, how the steps of a panel are filled, and what follows on the end of stretches;
here that becomes frames. Series are drawn in blocks of a fixed size, each a function of the seed and its number, so
that the same series come however many are asked for.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from contrafact.base.errors import UsageError
from contrafact.base.seeds import Block, checked_count, chosen, fold, generator, in_blocks, joined
from contrafact.engine.model import Model

BLOCK_SERIES = 64
MEAN_DRAWS = 100  # futures whose mean is the best guess, where a model has no closed form

NUMBER, UNKNOWN = -1, -2  # in the place of a point, as the codec of series writes them

Windows = dict[str, np.ndarray]
Steps = tuple[np.ndarray, np.ndarray]  # numbers and points


class SeriesModel(Model):
    """A fitted model of series.

    Arguments:
        recipe: The settings that it was fitted with.
        codec: Turns tables into windows and back.
    """

    sees_attributes = False

    def drawn(self, heads: Windows, seed: int) -> Steps:
        """Draw windows: numbers and points, windows x steps x variables.

        Arguments:
            heads: Their first steps, and what their series are like.
            seed: Makes the draw repeatable.
        """
        raise NotImplementedError

    def sample(self, n: int, given: dict[str, Any] | None = None, seed: int | None = None) -> Any:
        """Draw series.

        Arguments:
            n: How many.
            given: What their attributes are: a value, an interval "30..40", a set "a|b".
            seed: The same seed gives the same series, however many are drawn; None draws fresh ones.
        """
        checked_count(n)
        heads = self.codec.headed(given)
        if given and not self.sees_attributes:
            raise UsageError(
                f"{self.recipe.method} cannot draw series given {', '.join(map(str, given))}.",
                why="It does not learn how a series' course depends on its attributes.",
                fix="Fit shuttle, which does; or fit this method to those series alone.",
                code="E662",
            )
        own = chosen(seed)
        blocks = in_blocks(n, lambda block: Block(self._block(heads, own, block)), rows=BLOCK_SERIES)
        return self.codec.decode(joined(blocks))

    def _block(self, heads: Windows, seed: int, block: int) -> Windows:
        stream = generator(seed, "heads", block)
        own = stream.integers(len(heads["first"]), size=BLOCK_SERIES)
        picked = {name: part[own] for name, part in heads.items()}
        values, points = self.drawn(picked, fold(seed, "series", block))
        return {**picked, "values": values, "points": points}

    def _checked_draws(self, draws: int | None) -> int | None:
        if draws is not None and checked_count(draws) == 0:
            raise UsageError("0 draws were asked for.", why="Each draw is a table.", fix="draws=5", code="E104")
        return draws


class Fills(SeriesModel):
    """A model of series that fills gaps."""

    def fill(self, panel: Any, seed: int | None) -> Steps:
        """Give all steps with their unknown cells filled: best guesses, or a draw where there is a seed."""
        raise NotImplementedError

    def impute(self, data: Any, draws: int | None = None, seed: int | None = None) -> Any:
        """Fill the gaps of a copy; observed cells keep their bits.

        Time stamps that no row has stay out of the table; what is told there is only used on the way.

        Arguments:
            data: Series with the fitted columns.
            draws: None fills in best guesses; m gives a list of m copies with random draws.
            seed: Makes the draws repeatable.
        """
        draws = self._checked_draws(draws)
        panel = self.codec.panel(data)
        if draws is None:
            return self.codec.filled(data, panel, *self.fill(panel, None))
        own = chosen(seed)
        seeds = [fold(own, "impute", number) for number in range(draws)]
        return [self.codec.filled(data, panel, *self.fill(panel, one)) for one in seeds]


class Follows(SeriesModel):
    """A model of series that says how they go on."""

    def follow(self, panel: Any, last: np.ndarray, steps: int, draws: int, seed: int) -> Steps:
        """Draw how stretches go on: numbers and points, draws x stretches x steps x variables.

        Arguments:
            panel: The series.
            last: Which stretches.
            steps: How many steps.
            draws: How many futures.
            seed: Makes the draw repeatable.
        """
        raise NotImplementedError

    def forecast(self, data: Any, steps: int, draws: int | None = None, seed: int | None = None) -> Any:
        """Say how each series goes on behind its last row.

        Arguments:
            data: Series with the fitted columns.
            steps: How many steps further.
            draws: None gives one frame of best guesses: means, and likeliest levels; m a list of m frames, each a
                future that hangs together.
            seed: Makes the draws repeatable.
        """
        draws = self._checked_draws(draws)
        if checked_count(steps) == 0:
            raise UsageError("0 steps were asked for.", why="A forecast has at least one.", fix="steps=24", code="E104")
        panel = self.codec.panel(data)
        last = _last_stretches(panel)
        own = 0 if draws is None and seed is None else chosen(seed)
        values, points = self.follow(panel, last, steps, draws or MEAN_DRAWS, fold(own, "forecast"))
        if draws is None:
            return self._future(data, panel, last, *_expected(self.codec, values, points))
        return [self._future(data, panel, last, v, p) for v, p in zip(values, points, strict=True)]

    def _future(self, data: Any, panel: Any, last: np.ndarray, values: np.ndarray, points: np.ndarray) -> Any:
        """Write steps behind the ends of stretches as rows, under the names of their series."""
        import pandas as pd

        codec, frame = self.codec, self.codec.arranged(data)
        ends = panel.ends[last] - 1
        windows = {
            "values": values,
            "points": points,
            "first": panel.steps[ends] + 1,
            "length": np.full(len(last), values.shape[1]),
            "told": panel.told[panel.owners[last]],
            "traits": panel.traits[panel.owners[last]],
        }
        made = codec.decode(windows)
        made = made[list(codec.names)].copy()
        rows = np.repeat(panel.rows[ends], values.shape[1])
        if codec.layout.id is not None:
            names = frame.iloc[rows, codec.layout.id].reset_index(drop=True)
            made.isetitem(codec.layout.id, names)
        if codec.clock.kind == "uneven":
            codec.move_on(made, frame.iloc[panel.rows[ends]], values.shape[1])
        made.index = pd.RangeIndex(len(made))
        made.attrs.pop("id", None)
        return codec.marked(made)


def _last_stretches(panel: Any) -> np.ndarray:
    """Give the last stretch of each series."""
    return np.flatnonzero(np.append(np.diff(panel.owners) != 0, True))


def _expected(codec: Any, values: np.ndarray, points: np.ndarray) -> Steps:
    """Give means of numbers and the likeliest levels over draws."""
    made, kept = np.zeros(values.shape[1:], dtype=np.float32), np.full(points.shape[1:], NUMBER, dtype=np.int16)
    for place, variable in enumerate(codec.variables):
        own = points[..., place]
        words = len(variable.column.words)
        if variable.column.numeric and not words:
            numbers = np.append(variable.point_numbers(), 0.0)
            told = np.where(own >= 0, numbers[np.maximum(own, -1)], values[..., place])
            made[..., place] = told.mean(axis=0)
            continue
        counts = np.stack([(own == point).sum(0) for point in range(variable.size)])
        kept[..., place] = counts.argmax(0)
    return made, kept


def best_points(codec: Any, place: int) -> bool:
    """Tell whether a variable's best guess is its likeliest word rather than a mean."""
    return not codec.variables[place].column.numeric or bool(codec.variables[place].column.words)


def unknown(panel: Any) -> np.ndarray:
    """Mark the cells that are unknown within stretches."""
    inside = np.zeros(len(panel.steps), dtype=bool)
    for begin, end in zip(panel.begins.tolist(), panel.ends.tolist(), strict=True):
        inside[begin:end] = True
    return np.asarray((panel.points == UNKNOWN) & inside[:, None])
