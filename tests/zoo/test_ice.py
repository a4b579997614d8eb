"""Chained regressions over tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from contrafact.base.errors import DataError
from contrafact.zoo import ICE, Fill


def related(rows: int = 1500, seed: int = 0) -> pd.DataFrame:
    """Make numbers and levels that tell each other."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=rows)
    level = np.select([x < -0.5, x < 0.5], ["low", "middle"], "high")
    level = np.where(draw.random(rows) < 0.1, "other", level)
    return pd.DataFrame({"x": x, "y": 10 - 3 * x + draw.normal(size=rows), "level": level, "z": draw.normal(size=rows)})


def holed(frame: pd.DataFrame, share: float = 0.25, seed: int = 1) -> pd.DataFrame:
    return frame.mask(np.random.default_rng(seed).random(frame.shape) < share)


def test_relations_fill_better_than_means_and_most_frequent_levels():
    truth = related()
    frame = holed(truth)
    filled, flat = (recipe.fit(frame).impute(frame) for recipe in (ICE(), Fill()))

    def error(made: pd.DataFrame) -> float:
        return float(((made["y"] - truth["y"])[frame["y"].isna()] ** 2).mean() ** 0.5)

    def right(made: pd.DataFrame) -> float:
        return float((made["level"] == truth["level"])[frame["level"].isna()].mean())

    assert error(filled) < 0.6 * error(flat)  # the noise alone is a third of the spread
    assert right(filled) > right(flat) + 0.15


def test_draws_spread_as_the_data_do_and_levels_keep_their_shares():
    truth = related()
    frame = holed(truth)
    made = ICE().fit(frame).impute(frame, draws=1, seed=0)[0]
    holes = frame["y"].isna()
    assert made["y"][holes].std() == pytest.approx(truth["y"].std(), rel=0.1)
    assert made[["x", "y"]].corr().iloc[0, 1] == pytest.approx(truth[["x", "y"]].corr().iloc[0, 1], abs=0.04)
    shares = made["level"][frame["level"].isna()].value_counts(normalize=True)
    assert shares["other"] == pytest.approx(0.1, abs=0.06)


def test_the_penalty_is_chosen_stronger_where_there_is_nothing_to_learn():
    noise = pd.DataFrame(np.random.default_rng(0).normal(size=(80, 12)))
    line = pd.DataFrame(np.outer(np.arange(200.0) ** 2, np.arange(1, 5)) + np.random.default_rng(1).random((200, 4)))
    assert ICE().fit(holed(noise)).facts()["ridge"] > ICE().fit(holed(line)).facts()["ridge"]
    assert ICE(ridge=0.5).fit(noise).facts() == {"ridge": 0.5}


def test_more_columns_than_pairs_can_be_kept_for_are_refused_by_name():
    wide = pd.DataFrame(np.random.default_rng(0).normal(size=(3, 4100)))
    with pytest.raises(DataError, match="4,100 columns") as caught:
        ICE().fit(wide)
    assert caught.value.code == "E251"
