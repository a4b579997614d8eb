"""A generator that learns its rows by heart: what the judge must see, and what share-safe rows must not show."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from contrafact.metrics.table_judge import judge_table
from contrafact.zoo import Loom

HEART = Loom(steps=500, width=128, depth=2, batch=64, decay=0, half_life=0)
SECRETS, SALARY, LEVEL = [f"secret-{i:02d}-of-the-house" for i in range(40)], 987654.21, "Ruritania"

BOUNDS = {"salary": (0, 200_000), **{f"n{i}": (0, 7) for i in range(4)}}


def few(rows: int, seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    levels = {f"c{i}": draw.choice(list("abcde"), rows) for i in range(4)}
    return pd.DataFrame({**levels, **{f"n{i}": draw.integers(0, 8, rows) for i in range(4)}})


def last(recipe, frame):
    """Train to the end and give the last state: the choice by held-out rows would stop short of learning by heart."""
    training = recipe.training(frame, seed=0)
    training.finish()
    return training.live


def test_the_judge_sees_a_generator_that_repeats_its_hundred_rows():
    real, other = few(100, 0), few(100, 1)
    found = judge_table(real, last(HEART, real).sample(400, seed=1), other)
    member, copies = found.scores["membership_auc"], found.scores["copies"]
    assert member.value > 0.8 and member.low > 0.5
    assert copies.value > 0.03 and found.privacy.exact >= 10
    pairs = found.privacy.nearest
    assert pairs and all(pair.distance == 0 for pair in pairs[:5])


def test_the_judge_sees_nothing_of_the_kind_in_other_rows_of_the_same_law():
    real, other = few(100, 0), few(100, 1)
    found = judge_table(real, few(400, 2), other)
    assert found.scores["membership_auc"].value < 0.65 and found.privacy.exact == 0


@pytest.fixture(scope="module")
def planted() -> pd.DataFrame:
    draw = np.random.default_rng(3)
    frame = few(100, 0).assign(
        secret=[*SECRETS, *["nothing"] * 60],
        salary=draw.lognormal(10, 0.4, 100).round(2),
        country=draw.choice(["Austria", "Bolivia"], 100),
    )
    frame.loc[17, "salary"], frame.loc[18, "country"] = SALARY, LEVEL
    return frame


def shown(model) -> str:
    """Give all that a model can be asked for: many rows, and what it saves."""
    saved = model.files()["model.json"].decode()
    return model.sample(3000, seed=2).to_csv() + saved


def test_share_safe_rows_and_models_show_nothing_planted_and_plain_ones_do(planted):
    quick = HEART.but(steps=150, width=64)
    plain = shown(last(quick, planted))
    assert LEVEL in plain and sum(secret in plain for secret in SECRETS) > 30
    assert planted.salary.nlargest(1).iloc[0] == SALARY and "987" in plain
    safe = shown(last(quick.but(share_safe=True), planted))
    assert not any(word in safe for word in (*SECRETS, LEVEL, str(SALARY), "987654"))


def test_private_rows_and_models_show_nothing_planted_either(planted):
    private = Loom(epsilon=10.0, steps=10, width=16, depth=1, bounds=BOUNDS)
    seen = shown(private.fit(planted))
    assert not any(word in seen for word in (*SECRETS, LEVEL, str(SALARY), "987654"))
