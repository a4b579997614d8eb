"""The exam of a method that fills holes: held-out rows with known cells hidden, the same at every look."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from contrafact.base.seeds import generator

ROWS, SHARE = 1000, 0.2


class Hidden:
    """Held-out rows, and which of their known cells are hidden.

    Arguments:
        scalars: How many cells are numbers; the others are places of levels.
    """

    def __init__(self, scalars: int) -> None:
        self.scalars = scalars
        self.rows: np.ndarray = np.empty((0, 0), dtype=np.float32)
        self.asked: np.ndarray = np.empty((0, 0), dtype=bool)

    def set(self, held: np.ndarray, seed: int) -> Callable[[dict[str, np.ndarray]], dict[str, float]]:
        """Choose the rows and the cells, and return what scores the answers.

        Arguments:
            held: Held-out rows, NaN where a cell is unknown.
            seed: Chooses the cells.
        """
        self.rows = held[:ROWS]
        self.asked = (generator(seed, "hidden").random(self.rows.shape) < SHARE) & ~np.isnan(self.rows)
        return score

    @property
    def shown(self) -> np.ndarray:
        """The rows as they are shown, NaN where a cell is unknown or hidden."""
        return np.where(self.asked, np.float32(np.nan), self.rows)

    def errors(self, answers: np.ndarray) -> np.ndarray:
        """Give each row's mean error at hidden cells, where one who knows each column's mean or mode alone has 1.

        A number's error is its squared distance, a level's is 1 where it is another one.

        Arguments:
            answers: Whole rows.
        """
        found = np.full(self.rows.shape, np.nan)
        for column in range(self.rows.shape[1]):
            asked = self.asked[:, column]
            true, answer = self.rows[asked, column].astype(np.float64), answers[asked, column]
            if column < self.scalars:
                away, usual = (true - answer) ** 2, ((true - true.mean()) ** 2).mean() if len(true) else 0.0
            else:
                away = true != answer
                usual = 1 - np.unique(true, return_counts=True)[1].max(initial=0) / max(len(true), 1)
            if usual > 0:
                found[asked, column] = away / usual
        there = ~np.isnan(found)
        return np.asarray(np.where(there, found, 0).sum(1) / np.maximum(there.sum(1), 1))


def score(found: dict[str, np.ndarray]) -> dict[str, float]:
    """Turn the rows' errors into a score: 1 for no error, 0 for those of means and modes."""
    errors = found["error"].astype(np.float64)
    return {"score": float(1 - errors.mean()), "score_error": float(errors.std() / len(errors) ** 0.5)}
