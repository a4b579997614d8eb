"""Pictures whose classes are known by how they look, and checks that take a blink."""

from __future__ import annotations

import numpy as np

from contrafact.base.data import Data
from contrafact.tasks.helps import Effort

BLINK = {"quick": Effort(seeds=2, folds=2, epochs=1, least=8, most=8)}


def slopes(counts: dict[str, int], side: int = 8, noise: float = 40, seed: int = 0) -> Data:
    """Draw pictures that are brighter on the left or on the right, above or below, by their class."""
    random = np.random.default_rng(seed)
    ramp = np.linspace(-60, 60, side)
    looks = {"left": -ramp[None, :], "right": ramp[None, :], "above": -ramp[:, None], "below": ramp[:, None]}
    labels = np.repeat(list(counts), list(counts.values()))
    items = [128 + looks[str(label)] + noise * random.normal(size=(side, side)) for label in labels]
    pictures = np.clip(np.rint(items), 0, 255).astype(np.uint8)
    order = random.permutation(len(labels))
    return Data(kind="pictures", items=pictures[order], labels=labels[order], name="slopes")
