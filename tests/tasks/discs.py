"""Pictures of bright discs whose law is known: a level and a spread for each class, nothing else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from contrafact.base.data import Data, Pairs

LEVELS, SPREADS, OBJECT = (80.0, 150.0), (10.0, 20.0), 255


def masks(count: int, side: int = 40, discs: int = 4, seed: int = 0) -> np.ndarray:
    """Draw masks of discs that do not touch, 0 and 255."""
    random, made = np.random.default_rng(seed), np.zeros((count, side, side), dtype=np.uint8)
    y, x = np.indices((side, side))
    for mask in made:
        placed: list[tuple[int, int, int]] = []
        while len(placed) < discs:
            disc = (*random.integers(4, side - 4, 2), random.integers(2, 5))
            if all(np.hypot(disc[0] - a, disc[1] - b) > disc[2] + r + 2 for a, b, r in placed):
                placed.append(disc)
                mask[np.hypot(y - disc[0], x - disc[1]) <= disc[2]] = OBJECT
    return made


def pairs(count: int, side: int = 40, seed: int = 0) -> Pairs:
    """Draw pictures with their masks."""
    truth = masks(count, side, seed=seed)
    place = (truth == OBJECT).astype(int)
    grain = np.random.default_rng(seed + 1).normal(size=truth.shape)
    pictures = np.asarray(LEVELS)[place] + np.asarray(SPREADS)[place] * grain
    items = np.clip(np.rint(pictures), 0, 255).astype(np.uint8)
    return Pairs(source=Data(kind="pictures", items=items), target=Data(kind="pictures", items=truth))


class Known:
    """A training whose model knows the levels from the start."""

    warnings = ()

    def __init__(self) -> None:
        self.model = SimpleNamespace(translate=self.translate)

    def finish(self) -> Any:
        return self.model

    def translate(self, data: Data, draws: int, seed: int) -> list[Data]:
        levels = np.asarray(LEVELS)[(data.items > 0).astype(int)]
        return [Data(kind="pictures", items=levels.astype(np.uint8))]
