"""A small table with a known effect, for the methods that learn effects."""

from __future__ import annotations

import numpy as np
import pandas as pd


def trial(rows: int = 240, arms: int = 2, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Draw rows and the effect of every arm but the first: 1 + b, twice that of the next arm, ..."""
    random = np.random.default_rng(seed)
    a, b = random.normal(size=(2, rows))
    city = random.choice(["北京", "Oslo"], rows)
    arm = (random.random(rows) * arms + 0.3 * np.tanh(a)).clip(0, arms - 1e-6).astype(int)
    effect = np.outer(1 + b, np.arange(1, arms))
    gained = np.concatenate([np.zeros((rows, 1)), effect], axis=1)[np.arange(rows), arm]
    y = a + 0.5 * (city == "Oslo") + gained + 0.3 * random.normal(size=rows)
    return pd.DataFrame({"a": a, "b": b, "城市": city, "arm": arm, "y": y}), effect
