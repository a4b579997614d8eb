"""The model of a table's codes: a network of any order that knows whole rows pressed into a few numbers.

It draws rows. What asks for single columns (conditions, filling) is refused; so is a row's likelihood, as rows that no
code reaches have none.
"""

from __future__ import annotations

from typing import Any, NoReturn, Self

from contrafact.nets.woven import Encoded, Woven


class Pressed(Woven):
    """A fitted network of any order over codes of rows."""

    @classmethod
    def of(cls, woven: Woven) -> Self:
        """Make the model of one that knows only its network."""
        return cls(woven.recipe, woven.codec, woven.net, woven.bonds)

    def arrays(self, with_critic: bool = False) -> Encoded:
        """Copy the network's weights, and what the code is made of."""
        return {**super().arrays(with_critic), **self.codec.arrays()}

    def log_prob(self, data: Any, orders: int = 0) -> NoReturn:
        """Refuse: rows that no code reaches have no likelihood."""
        raise self.codec.refused("tell how likely a row is")

    def impute(self, data: Any, draws: int | None = None, seed: int | None = None, start: int = 0) -> NoReturn:
        """Refuse: no column is known by itself."""
        raise self.codec.refused("fill holes")

    def nth_draw(self, data: Any, number: int, seed: int, start: int = 0) -> NoReturn:
        """Refuse, as `impute` does."""
        raise self.codec.refused("fill holes")
