"""A cheap score of series in the making, against windows of parts that are held out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from contrafact.metrics.held_out import held_out_score
from contrafact.nets.series_items import Parts


class Mixed:
    """Scores windows in the making by how well they mix with held-out ones.

    Arguments:
        scaled: All steps.
        parts: The parts.
        held: Which are held out.
        seed: Seeds the score.
    """

    def __init__(self, scaled: np.ndarray, parts: Parts, held: np.ndarray, seed: int) -> None:
        starts = parts.starts(held)
        some = starts[np.unique(np.linspace(0, len(starts) - 1, 200).astype(np.int64))]
        places = np.minimum(some[:, None] + np.arange(parts.window), len(scaled) - 1)
        self.real = scaled[places].reshape(len(some), -1)
        self.score = held_out_score(self.real, seed) if len(self.real) > 2 else None

    def beside(self, rows: Any) -> Callable[[dict[str, np.ndarray]], dict[str, float]]:
        """Give what scores; the rows that are trained on play no part."""
        return self

    def __call__(self, found: dict[str, np.ndarray]) -> dict[str, float]:
        """Score drawn windows."""
        if self.score is None:
            return {"score": 0.0, "score_error": 0.0}
        return self.score(found["scaled"].reshape(len(found["scaled"]), -1))
