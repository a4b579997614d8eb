from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from contrafact.zoo.seasonal import SeasonalNaive, nearest_cycles

DRAW = np.random.default_rng(0)


def tides(days: int = 20, noise: float = 0.05) -> pd.DataFrame:
    hours = np.arange(24 * days)
    level = np.sin(2 * np.pi * hours / 24) + 0.3 * np.cos(4 * np.pi * hours / 24)
    made = level + noise * DRAW.normal(size=len(hours))
    return pd.DataFrame({"time": pd.date_range("2024", periods=len(hours), freq="h"), "level": made})


def test_a_forecast_is_the_last_cycle_and_its_draws_spread_as_cycles_differ():
    frame = tides()
    model = SeasonalNaive().fit(frame)
    assert model.period == 24
    best = model.forecast(frame, 30)["level"].to_numpy()
    np.testing.assert_allclose(best[:24], frame["level"][-24:], atol=0.05)
    np.testing.assert_allclose(best[24:], best[:6], atol=0.06)
    draws = np.stack([f["level"].to_numpy() for f in model.forecast(frame, 24, draws=200, seed=0)])
    apart = frame["level"].diff(24).std()
    assert draws.std(0).mean() == pytest.approx(apart, rel=0.15)


def test_forecast_stamps_go_on_where_the_series_ends():
    frame = tides()
    ahead = SeasonalNaive().fit(frame).forecast(frame, 3)
    assert ahead["time"].tolist() == list(pd.date_range(frame["time"].iloc[-1], periods=4, freq="h")[1:])


def test_a_gap_takes_the_cycles_around_it():
    frame = tides(noise=0.0)
    holed = frame.copy()
    holed.loc[100:140, "level"] = np.nan
    filled = SeasonalNaive(period=24).fit(frame).impute(holed)
    np.testing.assert_allclose(filled["level"], frame["level"], atol=1e-5)


def test_values_between_cycles_are_means_of_the_nearest_known_ones():
    known = np.array([[1.0], [10.0], [np.nan], [20.0], [np.nan], [40.0], [5.0], [np.nan]])
    np.testing.assert_array_equal(nearest_cycles(known, 2).ravel(), [1, 10, 3, 20, 3, 40, 5, 40])


def test_drawn_series_have_the_cycle_at_its_time():
    drawn = SeasonalNaive(window=24).fit(tides()).sample(100, seed=0)
    mean = drawn.groupby(drawn["time"].dt.hour)["level"].mean()
    hours = np.arange(24)
    np.testing.assert_allclose(mean, np.sin(2 * np.pi * hours / 24) + 0.3 * np.cos(4 * np.pi * hours / 24), atol=0.1)


def test_without_a_period_the_last_value_is_repeated():
    walk = pd.DataFrame({"x": np.cumsum(np.random.default_rng(1).normal(size=300))})
    model = SeasonalNaive().fit(walk)
    assert model.period == 1
    np.testing.assert_allclose(model.forecast(walk, 4, draws=400, seed=0)[0]["x"].iloc[0], walk["x"].iloc[-1], atol=4)
