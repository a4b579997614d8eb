from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from contrafact.base.demos import demo
from contrafact.base.errors import DataError, UsageError
from contrafact.codecs.series import SeriesCodec
from contrafact.codecs.series_clock import Clock, autocorrelation, period_of

DRAW = np.random.default_rng(0)


def wide(steps: int = 60, freq: str = "h") -> pd.DataFrame:
    hours = np.arange(steps)
    return pd.DataFrame(
        {
            "when": pd.date_range("2024-01-31", periods=steps, freq=freq),
            "heat": (20 + 3 * np.sin(2 * np.pi * hours / 12) + DRAW.normal(size=steps) * 0.1).round(1),
            "flow": DRAW.gamma(2, 1, steps),
            "pump": DRAW.choice(["on", "off"], steps),
        }
    )


def long(lengths: tuple[int, ...] = (30, 30, 30)) -> pd.DataFrame:
    parts = [wide(size).assign(unit=f"u{place}", make="AB"[place % 2]) for place, size in enumerate(lengths)]
    return pd.concat(parts, ignore_index=True)


def back(codec: SeriesCodec, frame: pd.DataFrame) -> pd.DataFrame:
    """Write the windows that tile the series as rows again."""
    panel = codec.panel(frame)
    return codec.decode(panel.cut(panel.tiles(codec.window), codec.window))


def test_a_table_comes_back_with_its_dtypes_numbers_levels_and_stamps():
    frame = wide()
    codec = SeriesCodec.fit(frame, window=30)
    made = back(codec, frame).drop(columns="series")
    assert made.dtypes.tolist() == frame.dtypes.tolist()
    np.testing.assert_allclose(made["flow"], frame["flow"], rtol=1e-5)
    for name in ("when", "heat", "pump"):
        assert made[name].tolist() == frame[name].tolist()


def test_text_dates_zones_whole_numbers_and_categories_keep_their_way_of_writing():
    frame = wide(60, "D")
    frame["when"] = frame["when"].dt.tz_localize("Asia/Shanghai")
    frame["count"] = pd.array(DRAW.integers(0, 500, 60), dtype="Int64")
    frame["pump"] = frame["pump"].astype("category")
    for table in (frame, frame.assign(when=frame["when"].dt.strftime("%d.%m.%Y"))):
        codec = SeriesCodec.fit(table, window=2)
        made = back(codec, table).drop(columns="series")
        assert made.dtypes.tolist() == table.dtypes.tolist()
        assert made["when"].tolist() == table["when"].tolist() and made["count"].tolist() == table["count"].tolist()


def test_the_codec_survives_json():
    codec = SeriesCodec.fit(long((30, 9, 21)))
    again = SeriesCodec.from_json(json.loads(json.dumps(codec.to_json())))
    assert again.to_json() == codec.to_json() and again.policy == codec.policy


def test_rows_out_of_order_are_read_in_the_order_of_time():
    frame = long()
    mixed = frame.sample(frac=1, random_state=1)
    one, other = (SeriesCodec.fit(data) for data in (frame, mixed))
    assert one.window == other.window == 30 and one.clock == other.clock
    np.testing.assert_array_equal(np.sort(one.panel(frame).values, axis=0), np.sort(other.panel(mixed).values, axis=0))


def test_series_attributes_and_time_are_found_and_said():
    codec = SeriesCodec.fit(long())
    assert (codec.time.name, codec.id.name) == ("when", "unit")
    assert [a.column.name for a in codec.attributes] == ["make"]
    assert codec.variable_names == ("heat", "flow", "pump")
    assert "regular steps of 1 hour" in codec.policy and "3 series of 90 steps" in codec.policy


def test_the_user_may_name_the_time_and_the_series():
    frame = long().rename(columns={"when": "a", "unit": "b"})
    frame["a"] = frame["a"].astype("int64") // 10**6
    codec = SeriesCodec.fit(frame, time="a", id="b")
    assert codec.clock.kind == "steps" and codec.series == 3
    with pytest.raises(UsageError, match="Did you mean heat") as caught:
        SeriesCodec.fit(frame, time="heaat")
    assert caught.value.code == "E105"


@pytest.mark.parametrize(
    ("freq", "kind"), [("h", "steps"), ("7D", "steps"), ("ME", "months"), ("MS", "months"), ("B", "business days")]
)
def test_a_regular_clock_is_found_and_gives_its_stamps_again(freq, kind):
    frame = wide(40, freq).drop(index=[7, 20, 21]).reset_index(drop=True)
    codec = SeriesCodec.fit(frame, window=37)
    assert codec.clock.kind == kind
    panel = codec.panel(frame)
    assert int(panel.lengths[0]) == 40 and (panel.rows[:40] < 0).sum() == 3
    made = codec.decode(panel.cut(panel.begins, 37))
    assert made["when"].tolist() == wide(40, freq)["when"].tolist()[:37]


def test_uneven_steps_are_learned_as_a_variable():
    frame = pd.DataFrame({"time": np.cumsum(DRAW.exponential(size=80)), "x": DRAW.normal(size=80)})
    codec = SeriesCodec.fit(frame)
    assert codec.clock.kind == "uneven" and codec.variable_names == ("x", "step of time")
    made = back(codec, frame)
    assert (made.groupby("series")["time"].diff().dropna() > 0).all()


def test_a_long_gap_cuts_a_series_instead_of_filling_memory():
    frame = wide(60)
    frame.loc[30:, "when"] += pd.Timedelta(days=3000)
    codec = SeriesCodec.fit(frame)
    panel = codec.panel(frame)
    assert len(panel.begins) == 2 and len(panel.steps) < 1000


def test_the_period_is_that_of_the_cycle_and_not_of_a_walk():
    steps = np.arange(500)
    assert period_of(np.sin(2 * np.pi * steps / 17) + 0.3 * DRAW.normal(size=500)) == 17
    assert period_of(np.cumsum(np.random.default_rng(1).normal(size=500))) == 0
    assert period_of(DRAW.normal(size=500)) == 0


def test_autocorrelation_is_that_of_an_autoregression():
    x, noise = np.zeros(20_000), np.random.default_rng(0).normal(size=20_000)
    for step in range(1, len(x)):
        x[step] = 0.8 * x[step - 1] + noise[step]
    np.testing.assert_allclose(autocorrelation(x, 3), [1, 0.8, 0.64, 0.512], atol=0.03)


def test_values_that_many_cells_share_stand_for_themselves():
    rain = np.where(DRAW.random(400) < 0.6, 0.0, DRAW.gamma(2, 3, 400))
    frame = pd.DataFrame({"day": pd.date_range("2020", periods=400), "rain": rain})
    codec = SeriesCodec.fit(frame)
    variable = codec.variables[0]
    assert len(variable.points) == 1 and variable.low == pytest.approx(-float(variable.column.origin))
    assert (back(codec, frame)["rain"] == 0).mean() == pytest.approx((rain == 0).mean(), abs=0.01)


def test_a_long_tail_is_seen_in_logarithms_and_comes_back():
    frame = pd.DataFrame({"day": pd.date_range("2020", periods=400), "sold": np.exp(3 * DRAW.normal(size=400))})
    codec = SeriesCodec.fit(frame, window=100)
    assert codec.variables[0].logarithmic
    np.testing.assert_allclose(back(codec, frame)["sold"], frame["sold"], rtol=1e-4)


def test_filled_cells_leave_the_others_as_they_were():
    frame = long()
    frame.loc[[3, 4, 50], "heat"] = np.nan
    codec = SeriesCodec.fit(frame)
    panel = codec.panel(frame)
    values, points = panel.values.copy(), np.where(panel.points == -2, -1, panel.points).astype(np.int16)
    filled = codec.filled(frame, panel, values, points)
    assert filled["heat"].notna().all() and frame["heat"].isna().sum() == 3
    pd.testing.assert_frame_equal(filled.where(frame.notna()), frame)


def test_conditions_choose_among_series_that_were_seen():
    codec = SeriesCodec.fit(long())
    heads = codec.headed({"make": "B"})
    assert len(np.unique(heads["traits"])) == 1 and len(heads["first"]) < len(codec.heads["first"])
    with pytest.raises(UsageError, match="A, B") as caught:
        codec.headed({"make": "C"})
    assert caught.value.code == "E109"
    with pytest.raises(UsageError, match="Did you mean make") as caught:
        codec.headed({"mak": "A"})
    assert caught.value.code == "E105"


def test_what_cannot_be_a_series_is_named():
    frame = wide()
    cases = {
        "E657": pd.concat([frame, frame[:3]]),
        "E658": frame[:3],
        "E655": frame[["when"]],
        "E656": frame.assign(when=frame["when"].where(np.arange(60) != 4)),
    }
    for code, table in cases.items():
        with pytest.raises(DataError) as caught:
            SeriesCodec.fit(table)
        assert caught.value.code == code
    with pytest.raises(UsageError) as refused:
        SeriesCodec.fit(frame, time="pump")
    assert refused.value.code == "E659"
    with pytest.raises(DataError) as lacking:
        SeriesCodec.fit(frame).panel(frame.drop(columns="flow"))
    assert lacking.value.code == "E205"
    with pytest.raises(DataError) as closer:
        SeriesCodec.fit(frame).panel(frame.assign(when=pd.date_range("2024", periods=60, freq="5min")))
    assert closer.value.code == "E660"


def test_the_demo_set_says_that_it_is_a_series():
    frame = demo("sensors")
    assert frame.attrs["kind"] == "series" and demo("sensors").equals(frame)
    codec = SeriesCodec.fit(frame)
    assert codec.period == 24 and 0.005 < (frame["fault"] == "yes").mean() < 0.03 and codec.gaps > 0.01


def test_clocks_survive_json():
    clock = Clock(kind="months", step=1.0, first=3.0, seconds=1e-6, offset=5)
    assert Clock(**json.loads(json.dumps(clock.to_json()))) == clock


def test_a_rare_attribute_can_be_asked_for_among_many_series():
    units = np.arange(700)
    missed = next(unit for unit in units if unit not in np.linspace(0, 699, 512).astype(int))  # of those spread evenly
    rows = pd.DataFrame({"unit": np.repeat(units, 5), "t": np.tile(np.arange(5), 700), "x": DRAW.normal(size=3500)})
    codec = SeriesCodec.fit(rows.assign(make=np.where(rows["unit"] == missed, "rare", "usual")))
    assert len(codec.headed({"make": "rare"})["first"]) == 1 and len(codec.headed({})["first"]) == 513
