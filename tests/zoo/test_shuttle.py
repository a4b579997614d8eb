from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import contrafact
from contrafact.base.errors import UsageError
from contrafact.codecs.series import SeriesCodec
from contrafact.nets.series_items import Parts
from contrafact.zoo.shuttle import Shuttle

DRAW = np.random.default_rng(0)


def pumps(count: int = 40, steps: int = 24, seed: int = 0) -> pd.DataFrame:
    """Watch pumps: two kinds a step apart in level, a wave of a known phase, a state that follows from it."""
    random, hours = np.random.default_rng(seed), np.arange(steps)
    frames = []
    for number in range(count):
        level = np.sin(2 * np.pi * hours / 12) + 2.0 * (number % 2) + 0.1 * random.normal(size=steps)
        frames.append(
            pd.DataFrame(
                {
                    "pump": number,
                    "time": pd.date_range("2024-01-01", periods=steps, freq="h"),
                    "level": level,
                    "double": 2 * level + 0.05 * random.normal(size=steps),
                    "state": np.where(level > 1, "high", "low"),
                    "make": "AB"[number % 2],
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def model():
    return Shuttle(steps=120, width=32, depth=1, batch=24, half_life=500).fit(pumps(), seed=0)


def test_drawn_series_have_the_wave_the_relation_and_the_state(model):
    drawn = model.sample(64, seed=0)
    assert drawn["level"].corr(drawn["double"]) > 0.8
    assert ((drawn["level"] > 1) == (drawn["state"] == "high")).mean() > 0.85
    wave = drawn.groupby(drawn["time"].dt.hour % 12)["level"].mean()
    assert np.corrcoef(wave, np.sin(2 * np.pi * np.arange(12) / 12))[0, 1] > 0.7


def test_a_condition_on_what_a_series_is_holds_in_every_row_and_moves_its_level(model):
    low, high = (model.sample(32, given={"make": make}, seed=1) for make in "AB")
    assert set(low["make"]) == {"A"} and set(high["make"]) == {"B"}
    assert high["level"].mean() - low["level"].mean() == pytest.approx(2, abs=0.5)
    with pytest.raises(UsageError) as caught:
        model.sample(1, given={"level": 3})
    assert caught.value.code == "E105"


def test_gaps_are_told_from_what_is_known_beside_them(model):
    frame = pumps(8, seed=5)
    holed = frame.copy()
    holes = DRAW.random(len(frame)) < 0.2
    holed.loc[holes, "level"] = np.nan
    filled = model.impute(holed)
    off = (filled["level"] - frame["level"])[holes]
    assert float(np.sqrt((off**2).mean())) < 0.35  # the level's own deviation is 1.2
    assert filled[~holes].equals(frame[~holes])
    words = frame.copy()
    words.loc[holes, "state"] = None
    assert (model.impute(words)["state"] == frame["state"])[holes].mean() > 0.9


def test_draws_of_a_gap_differ_and_hang_together(model):
    frame = pumps(4, seed=6)
    frame.loc[5:9, ["level", "double"]] = np.nan
    draws = model.impute(frame, draws=4, seed=0)
    level, double = (np.stack([d[name][5:10].to_numpy() for d in draws]) for name in ("level", "double"))
    assert level.std(0).min() > 0 and np.abs(double - 2 * level).mean() < 0.5
    assert all(d.equals(e) for d, e in zip(draws, model.impute(frame, draws=4, seed=0), strict=True))


def test_forecasts_go_on_where_the_series_end_with_their_names_and_times(model):
    frame = pumps(3, steps=13)
    futures = model.forecast(frame, 6, draws=20, seed=0)
    ahead = futures[0]
    assert ahead["pump"].tolist() == [0] * 6 + [1] * 6 + [2] * 6
    assert ahead["time"].iloc[0] == frame["time"].iloc[12] + pd.Timedelta(hours=1)
    assert ahead["make"].tolist() == list("AAAAAABBBBBBAAAAAA")
    best = model.forecast(frame, 6)
    levels = best.groupby("pump")["level"].mean()
    assert levels[1] - levels[0] > 1.2
    assert list(best.columns) == list(frame.columns)


def test_series_may_outgrow_the_window(model):
    frame = pumps(2)
    ahead = model.forecast(frame, 60, draws=2, seed=0)[0]
    assert len(ahead) == 120 and np.isfinite(ahead["level"]).all()
    assert ahead["time"].iloc[59] == frame["time"].iloc[23] + pd.Timedelta(hours=60)


def test_one_long_series_gives_windows_that_begin_where_those_of_the_data_do():
    hours = np.arange(400)
    frame = pd.DataFrame({"t": hours, "x": np.sin(2 * np.pi * hours / 10) + 0.05 * DRAW.normal(size=400)})
    model = Shuttle(steps=60, width=16, depth=1, window=20).fit(frame)
    drawn = model.sample(30, seed=0)
    assert drawn["series"].nunique() == 30 and (drawn.groupby("series")["t"].diff().dropna() == 1).all()
    assert np.corrcoef(drawn["x"], np.sin(2 * np.pi * drawn["t"] / 10))[0, 1] > 0.6
    assert contrafact.zoo.find("shuttle").kinds == ("series",)


def test_no_window_that_is_learned_from_touches_a_held_out_part():
    frame = pd.DataFrame({"x": DRAW.normal(size=2000)})
    codec = SeriesCodec.fit(frame, window=20)
    parts = Parts.of(codec.panel(frame), 20)
    held = np.arange(0, parts.count, 7)
    kept = np.setdiff1d(np.arange(parts.count), held)
    steps = [{s + i for s in parts.starts(own).tolist() for i in range(20)} for own in (held, kept)]
    assert parts.count >= 20 and steps[0] and steps[1] and not steps[0] & steps[1]
