"""Columns drawn alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from contrafact.zoo import Independent


def pairs(rows: int = 3000) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    x = draw.gamma(2, 3, rows)
    level = np.where(x > 6, "much", "little")
    return pd.DataFrame(
        {"x": x, "level": pd.Series(level).mask(draw.random(rows) < 0.1), "n": draw.integers(0, 5, rows)}
    )


def test_columns_keep_their_laws_and_lose_what_joins_them():
    frame = pairs()
    made = Independent().fit(frame).sample(6000, seed=0)
    np.testing.assert_allclose(made["x"].quantile([0.1, 0.5, 0.9]), frame["x"].quantile([0.1, 0.5, 0.9]), rtol=0.06)
    assert made["level"].isna().mean() == pytest.approx(0.1, abs=0.02)
    shares = [part["level"].value_counts(normalize=True)["much"] for part in (made, frame)]
    assert shares[0] == pytest.approx(shares[1], abs=0.03)
    means = made.groupby("level")["x"].mean()
    assert means["much"] == pytest.approx(means["little"], rel=0.05)  # 9.6 and 3.4 in the data


def test_conditions_hold_in_every_row():
    model = Independent().fit(pairs())
    made = model.sample(500, given={"x": (2, 3), "level": "much", "n": [1, 4]}, seed=0)
    assert made["x"].between(2, 3).all() and (made["level"] == "much").all() and set(made["n"]) == {1, 4}
    assert model.sample(20, given={"level": None}, seed=0)["level"].isna().all()


def test_the_probability_of_a_row_is_the_product_of_its_shares():
    frame = pd.DataFrame({"a": ["x"] * 30 + ["y"] * 10, "n": [1, 2] * 20})
    model = Independent(smoothing=0).fit(frame)
    asked = pd.DataFrame({"a": ["x", "y"], "n": [1, 2]})
    np.testing.assert_allclose(model.log_prob(asked), np.log([0.75 * 0.5, 0.25 * 0.5]))


def test_a_column_that_follows_from_another_still_does():
    frame = pairs().assign(level="a")
    frame["double"] = 2 * frame["n"]
    made = Independent().fit(frame).sample(200, seed=1)
    assert (made["double"] == 2 * made["n"]).all() and made["n"].nunique() == 5
