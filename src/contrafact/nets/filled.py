"""The model of a table that fills holes, whatever it fills them with."""

from __future__ import annotations

from typing import Any

import numpy as np

from contrafact.base.recipe import Recipe
from contrafact.base.seeds import checked_count, chosen, generator
from contrafact.engine.model import Model


class Filled(Model):
    """A model that fills the holes of tables; a subclass says with what.

    Arguments:
        recipe: The settings that it was fitted with.
        codec: Knows the columns.
        numbers: What was fitted, by name.
        told: What else was fitted, as JSON-ready values.
    """

    def __init__(
        self, recipe: Recipe, codec: Any, numbers: dict[str, np.ndarray], told: dict[str, Any] | None = None
    ) -> None:
        super().__init__(recipe, codec)
        self.numbers, self.told = numbers, told or {}

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Give what was fitted."""
        return self.numbers

    def facts(self) -> dict[str, Any]:
        """Say how the fit went."""
        return self.told

    def cells(self, known: Any, stream: np.random.Generator | None) -> list[Any]:
        """Give the cells of a table with its holes filled: best guesses, or draws where there is a stream."""
        raise NotImplementedError

    def impute(self, data: Any, draws: int | None = None, seed: int | None = None) -> Any:
        """Fill the holes of a copy; observed cells keep their bits.

        Arguments:
            data: Rows with the fitted columns.
            draws: None fills in best guesses; m gives a list of m copies with random draws.
            seed: Makes the draws repeatable.
        """
        known = self.codec.known(data)
        if draws is None:
            return self._frame(data, known, None)
        start = chosen(seed)
        streams = [generator(start, "impute", number) for number in range(checked_count(draws))]
        return [self._frame(data, known, stream) for stream in streams]

    def _frame(self, data: Any, known: Any, stream: np.random.Generator | None) -> Any:
        cells = heeded(known, self.cells(known, stream))
        return known.codec.filled(data, known.codec.with_followers(cells))


def heeded(known: Any, cells: list[Any]) -> list[Any]:
    """Put what a column that follows from another says in the place of cells that contradict it.

    Arguments:
        known: What is known of the table.
        cells: Cells without holes.
    """
    found = list(cells)
    for column in known.rules:
        kind, own = known.codec.kind(column), cells[column].copied()
        rows = np.flatnonzero(known.cells[column].holes)
        tokens = kind.encode(own)[0][rows]
        allowed = np.broadcast_to(known.weights(column, rows), (len(rows), kind.size))
        wrong = allowed[np.arange(len(rows)), tokens] == 0
        commonest = (allowed * (kind.counts + 1e-9)).argmax(1)
        made = kind.decode(commonest, np.full(len(rows), 0.5))
        own.numbers[rows[wrong]], own.words[rows[wrong]] = made.numbers[wrong], made.words[wrong]
        found[column] = own
    return found
