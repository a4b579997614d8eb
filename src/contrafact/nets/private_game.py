"""A game of one network in which no row may move it far, and in which noise is put on what all rows do together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from torch import Tensor, nn

from contrafact.engine.play import Move, Phase, Step, Terms
from contrafact.engine.private import Spent, noised
from contrafact.engine.private_fit import counted
from contrafact.nets.private import clipped_sum, hiding, steering


class PrivateGame:
    """The game that another one would be, with steps that are noised and counted.

    Arguments:
        game: Its network, its average, its player and its rates.
        hidden: Between which shares of a row's cells are hidden.
        clip: The longest gradient of a row.
        rows: How many rows there are, as counted with noise.
        spent: A step's noise is found by `left`, for so many steps at such a rate of rows.
        left: Gives the noise that is needed, over the clip, from the rate and the number of steps.
    """

    def __init__(
        self,
        game: Any,
        *,
        hidden: tuple[float, float],
        clip: float,
        rows: int,
        spent: tuple[float, int],
        left: Callable[[float, int], float],
    ) -> None:
        self.game, self.hidden, self.clip, self.rows, self.left = game, hidden, clip, rows, left
        self.rate, self.total = spent
        self.players, self.average, self.prepare = game.players, game.average, game.prepare
        self.made = 0

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Everything with weights, by name."""
        modules: dict[str, nn.Module] = self.game.modules
        return modules

    @cached_property
    def noise(self) -> float:
        """The noise of a step, over the clip."""
        return self.left(self.rate, self.total)

    @property
    def spent(self) -> Spent:
        """What the whole training spends."""
        return Spent(noise=self.noise, rate=self.rate, times=self.total)

    def phases(self) -> Sequence[Phase]:
        """Let the only player move."""
        return [Phase(moves=(Move(player="network", loss=self.loss, then=self.average.update),))]

    def loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Give a term that is nothing, and whose gradient is the noised mean of the rows' clipped gradients."""
        self.made = counted(step.number, self.made)
        tokens = batch["tokens"].long()
        sums = clipped_sum(self.game.net, tokens, *hiding(tokens, *self.hidden), self.clip)
        return {"noised": steering(self.game.net, noised(sums, self.clip * self.noise), self.rate * self.rows)}
