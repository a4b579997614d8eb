"""A small table with holes, a rare class and a key, and methods that take a blink."""

from __future__ import annotations

import numpy as np
import pandas as pd

from contrafact.tasks.table_trial import Effort
from contrafact.zoo import Loom

TOY = Loom(steps=5, width=16, depth=1, batch=64)
FILLING = TOY.but(learn="holes", holes=False)
BLINK = {
    "quick": Effort(parts=1, seeds=2, again=1, folds=2, rounds=5),
    "full": Effort(parts=5, seeds=1, again=2, folds=2, rounds=3),
}


def people(rows: int = 160, seed: int = 0) -> pd.DataFrame:
    """Draw rows whose class depends on a number and a level, with an index of their own."""
    draw = np.random.default_rng(seed)
    x = draw.normal(50, 10, rows).round(1)
    made = pd.DataFrame(
        {
            "id": [f"P{i * 37 % 1000:03d}" for i in range(rows)],
            "x": x,
            "y": (2 * x + draw.normal(0, 4, rows)).round(1),
            "count": draw.integers(0, 9, rows),
            "town": draw.choice(["Ulm", "Bern", "Graz"], rows),
            "sick": np.where(np.argsort(np.argsort(x + draw.normal(0, 4, rows))) >= 0.85 * rows, "yes", "no"),
        },
        index=np.arange(rows) + 1000,
    )
    made.loc[made.index[draw.random(rows) < 0.2], "y"] = np.nan
    made.loc[made.index[draw.random(rows) < 0.1], "town"] = None
    return made
