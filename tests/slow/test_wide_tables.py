"""Ten thousand columns are learned, drawn from, filled and judged."""

from __future__ import annotations

import numpy as np
import pandas as pd

import contrafact
from contrafact.zoo import Loom


def test_ten_thousand_columns_are_learned():
    random = np.random.default_rng(0)
    frame = pd.DataFrame({f"c{number}": random.integers(0, 3, 40) for number in range(10_000)})
    model = Loom(steps=3, width=16, depth=1, batch=16).fit(frame, seed=0)
    made = model.sample(5, seed=0, passes=10)
    assert made.shape == (5, 10_000) and set(np.unique(made)) <= {0, 1, 2}
    holed = frame.mask(random.random(frame.shape) < 0.1)
    assert not model.impute(holed).isna().any().any()


def test_ten_thousand_columns_are_judged_and_what_was_chosen_is_said():
    random = np.random.default_rng(0)
    levels = [f"level {number}" for number in range(60)]
    sides = [
        pd.DataFrame({f"c{i}": random.normal(size=200) if i % 2 else random.choice(levels, 200) for i in range(10_000)})
        for _ in range(3)
    ]
    sides = [side.mask(random.random(side.shape) < 0.1) for side in sides]
    report = contrafact.judge(*sides, target="c0")
    assert report.scores["shapes"].value > 0.6 and abs(report.scores["c2st_trees"].value - 0.5) < 0.2
    assert any("Of the 10,000 columns the seed chose some" in note for note in report.notes)
    assert "among 500 of the 10,000 columns" in report.summary[0]
