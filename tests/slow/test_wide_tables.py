"""Ten thousand columns are learned, drawn from and filled."""

from __future__ import annotations

import numpy as np
import pandas as pd

from contrafact.zoo import Loom


def test_ten_thousand_columns_are_learned():
    random = np.random.default_rng(0)
    frame = pd.DataFrame({f"c{number}": random.integers(0, 3, 40) for number in range(10_000)})
    model = Loom(steps=3, width=16, depth=1, batch=16).fit(frame, seed=0)
    made = model.sample(5, seed=0, passes=10)
    assert made.shape == (5, 10_000) and set(np.unique(made)) <= {0, 1, 2}
    holed = frame.mask(random.random(frame.shape) < 0.1)
    assert not model.impute(holed).isna().any().any()
