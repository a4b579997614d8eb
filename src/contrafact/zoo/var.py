"""Vector autoregression: the next step is a straight function of the last p steps, plus Gaussian noise.

x_t = c + A_1 x_{t-1} + ... + A_p x_{t-p} + e_t, e_t ~ N(0, S), by least squares (which is maximum likelihood here),
with a ridge so small that it only matters where columns repeat each other. The order p is the lowest whose one-step
errors on the last fifth of the steps no other's beat clearly; then all steps are used. Where the fitted process would
explode, its coefficients are shrunk, A_l -> A_l r^l, until the largest root lies inside the circle.

Drawing and going on follow the equation. Gaps are filled by it too: given all known steps, the unknown cells u of a gap
minimise sum_t e_t' S^-1 e_t, a sparse least-squares problem, whose solution is their conditional mean; with noise drawn
for every e_t its solution is an exact draw (Papandreou and Yuille 2010).

References:
    Lütkepohl, New Introduction to Multiple Time Series Analysis, 2005, chapters 2 to 4.
    Papandreou and Yuille, Gaussian sampling by local perturbations, NeurIPS 2010.
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
from contrafact.nets.series_gap import completed
from contrafact.nets.series_model import Fills, Follows, Steps
from contrafact.nets.series_straight import chosen_order, root_of, solved

MOST_BURNT = 1500  # steps


@dataclass(frozen=True, kw_only=True)
class VAR(Recipe):
    """Regress each step on those before."""

    order: Count | None = None  # how many steps back; none: chosen on the last fifth of the steps
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
    ) -> VARModel:
        """Solve for the coefficients; seed, budget and device play no part."""
        codec = SeriesCodec.fit(data, time=self.time, id=self.id, window=self.window, columns=self.columns)
        pieces = stretches(codec, codec.panel(data))
        order = self.order or chosen_order(pieces, codec.period)
        numbers = dict(zip(("constant", "lags", "noise"), solved(pieces, order), strict=True))
        model = VARModel(self, codec, {name: part.astype(np.float64) for name, part in numbers.items()})
        record(self, data, model, seed=seed, run_dir=run_dir)
        return model

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> VARModel:
        """Make the model again from what it saved."""
        return VARModel(self, SeriesCodec.from_json(codec), arrays)

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests in a blink."""
        return cls(order=2, window=12)


class VARModel(Fills, Follows):
    """The coefficients and the noise.

    Arguments:
        recipe: The settings.
        codec: Knows the variables.
        numbers: constant (channels), lags (order x channels x channels), noise (channels x channels).
    """

    def __init__(self, recipe: VAR, codec: SeriesCodec, numbers: dict[str, np.ndarray]) -> None:
        super().__init__(recipe, codec)
        self.numbers = numbers
        self.constant, self.lags = numbers["constant"], numbers["lags"]
        self.root = np.linalg.cholesky(numbers["noise"])

    @property
    def order(self) -> int:
        """How many steps back it looks."""
        return len(self.lags)

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Give the coefficients."""
        return self.numbers

    def went_on(self, last: np.ndarray, steps: int, random: np.random.Generator) -> np.ndarray:
        """Follow the equation from the last steps of series, series x steps x channels."""
        whole = np.concatenate([last, np.zeros((len(last), steps, last.shape[2]))], axis=1)
        flat = self.lags[::-1].transpose(0, 2, 1).reshape(-1, last.shape[2])  # the oldest step first
        for step in range(last.shape[1], whole.shape[1]):
            seen = whole[:, step - self.order : step].reshape(len(last), -1)
            noise = random.standard_normal((len(last), last.shape[2])) @ self.root.T
            whole[:, step] = self.constant + seen @ flat + noise
        return whole[:, last.shape[1] :]

    def drawn(self, heads: Windows, seed: int) -> Steps:
        """Draw windows of the process once it has forgotten where it began."""
        size = len(self.constant)
        longest = root_of(self.lags)
        burnt = int(min(8 / max(1 - longest, 1e-6), MOST_BURNT)) + self.order
        centre = np.linalg.pinv(np.eye(size) - self.lags.sum(0)) @ self.constant
        begin = np.broadcast_to(np.clip(centre, -5, 5), (len(heads["first"]), self.order, size))
        made = self.went_on(begin.copy(), burnt + self.codec.window, generator(seed, "noise"))
        return cells(self.codec, made[:, -self.codec.window :])

    def follow(self, panel: Panel, last: np.ndarray, steps: int, draws: int, seed: int) -> Steps:
        """Draw how stretches go on."""
        begin = np.stack([self._end(panel, place) for place in last])
        made = self.went_on(np.tile(begin, (draws, 1, 1)), steps, generator(seed, "noise"))
        return cells(self.codec, made.reshape(draws, len(last), steps, -1))

    def _end(self, panel: Panel, place: int) -> np.ndarray:
        """Give the last steps of a stretch, with its gaps filled; steps before its begin repeat the first."""
        begin, end = int(panel.begins[place]), int(panel.ends[place])
        part = slice(max(begin, end - 4 * self.order - 8), end)
        known = lined(channels(self.codec, panel.values[part], panel.points[part]))[-self.order :]
        return np.concatenate([np.repeat(known[:1], self.order - len(known), axis=0), known])

    def fill(self, panel: Panel, seed: int | None) -> Steps:
        """Fill gaps with their conditional means, or a draw."""
        values, points = panel.values.copy(), panel.points.copy()
        random = None if seed is None else generator(seed, "noise")
        for begin, end in zip(panel.begins.tolist(), panel.ends.tolist(), strict=True):
            own = channels(self.codec, panel.values[begin:end], panel.points[begin:end])
            if not np.isnan(own).any():
                continue
            made = cells(self.codec, completed(own, self.constant, self.lags, self.root, random))
            holes = panel.points[begin:end] == -2
            for whole, part in zip((values, points), made, strict=True):
                whole[begin:end][holes] = part[holes]
        return values, points


def stretches(codec: SeriesCodec, panel: Panel) -> list[np.ndarray]:
    """Give stretches as channels, with gaps filled along straight lines."""
    found = []
    for begin, end in zip(panel.begins.tolist(), panel.ends.tolist(), strict=True):
        found.append(lined(channels(codec, panel.values[begin:end], panel.points[begin:end])))
    return found
