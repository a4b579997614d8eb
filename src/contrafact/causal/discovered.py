"""The model that a method of discovery gives: a confidence for each arrow in each of its runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from contrafact.base.recipe import Recipe
from contrafact.causal.edges import edge_table, graph_of
from contrafact.codecs.coordinates import CoordinatesCodec
from contrafact.engine.model import Model

if TYPE_CHECKING:
    import pandas as pd

    from contrafact.causal.graph import Graph


class Discovered(Model):
    """Arrows between the columns of a table, as hypotheses.

    Arguments:
        recipe: The settings that it was fitted with.
        codec: Knows the columns.
        chances: For each run, how sure it is of the arrow from each variable (row) to each (column).
    """

    codec: CoordinatesCodec

    def __init__(self, recipe: Recipe, codec: CoordinatesCodec, chances: np.ndarray) -> None:
        super().__init__(recipe, codec)
        self.chances = chances

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Give the chances of all runs; networks are not kept."""
        return {"chances": self.chances}

    def edges(self) -> pd.DataFrame:
        """Give every ordered pair of variables with its confidence, the surest first."""
        return edge_table(self.codec.names, self.chances.mean(0))

    def graph(self, threshold: float = 0.5) -> Graph:
        """Draw the arrows that are surer than a threshold, and none that would close a cycle."""
        return graph_of(self.edges(), threshold, self.codec.names)


class Watched(Discovered):
    """The same while it is being trained.

    Arguments:
        recipe: The settings.
        codec: Knows the columns.
        now: Gives the chances as they stand.
    """

    def __init__(self, recipe: Recipe, codec: CoordinatesCodec, now: Any) -> None:
        Model.__init__(self, recipe, codec)
        self.now = now

    @property
    def chances(self) -> np.ndarray:  # type: ignore[override]
        """The chances as they stand."""
        found: np.ndarray = self.now()
        return found

    def rows(self, n: int, seed: int) -> dict[str, np.ndarray]:
        """Show the arrows; nothing is drawn."""
        return {"chances": self.chances.mean(0)}


def settled(held: Any, seed: int) -> Any:
    """Score a training by how far from a coin's toss the chances are, 0 to 1.

    Nothing is held out that could say which arrows are right. The error that goes with the score is as wide as its
    range, so that the last state is the one that is handed out.
    """
    return lambda shown: {"score": float(np.abs(2 * shown["chances"] - 1).mean()), "score_error": 1.0}
