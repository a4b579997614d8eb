"""A codec of noised counts: what it finds, what it is told, and what a row can change."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from contrafact.base.errors import DataError, UsageError
from contrafact.codecs.paid_numbers import Scale, found_scale, paid_tokens
from contrafact.codecs.private import Said, paid, plan_of
from contrafact.codecs.table import TableCodec

ROWS = 4000
SAID = Said(
    columns={"code": "key", "note": "text"},
    bounds={"age": (18, 90), "day": "2020-01-01..2021-12-31"},
    levels={"sex": "f|m", "grade": [1, 2, 3]},
)


def people(rows: int = ROWS) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": draw.integers(18, 91, rows),
            "income": np.where(draw.random(rows) < 0.4, 0.0, draw.lognormal(10, 0.7, rows).round(2)),
            "sex": draw.choice(["f", "m"], rows),
            "grade": draw.choice([1, 2, 3], rows),
            "city": draw.choice(["Ulm", "Bern", "Graz"], rows, p=[0.6, 0.3, 0.1]),
            "ill": draw.random(rows) < 0.2,
            "day": pd.Timestamp("2020-03-04") + pd.to_timedelta(draw.integers(0, 600, rows), "D"),
            "code": [f"K{i:05d}" for i in range(rows)],
            "note": "a few words of text",
        }
    )


@pytest.fixture(scope="module")
def frame():
    made = people()
    made.loc[3, "city"], made.loc[4, "income"], made.loc[5, "age"] = "PLANTED", 98765432.1, 54321987
    made.loc[6:400, "city"] = [f"rare{i}" for i in range(395)]
    made.loc[made.index % 5 == 0, "income"] = np.nan
    return made


def built(frame, noise=0.8, said=SAID, delta=1e-7):
    return paid(frame, plan_of(frame, said), noise=noise, delta=delta)


def test_what_is_counted_depends_on_names_and_dtypes_and_on_no_cell(frame):
    plan = plan_of(frame, SAID)
    other = pd.DataFrame({name: frame[name].iloc[:1].repeat(3) for name in frame}).reset_index(drop=True)
    again = plan_of(other, SAID)
    assert again.uses == plan.uses and again.columns == plan.columns and again.scales == plan.scales
    # rows; age; income's ends and four rounds; sex; grade; city; ill; three rounds of days (731 of them)
    assert plan.uses == 1 + 1 + 5 + 1 + 1 + 1 + 1 + 3
    assert plan.told() == {"ends": ["income"], "levels": ["city"]}


def test_nothing_planted_and_no_end_of_the_data_is_kept(frame):
    codec, prepared = built(frame)
    text = json.dumps(codec.to_json())
    assert all(word not in text for word in ("PLANTED", "rare", "98765432", "54321987", "K000", "few words"))
    assert '"Ulm"' in text and set(prepared.city) == {"Ulm", "Bern", "Graz", "other"}
    exact = json.dumps(TableCodec.fit(frame, columns={"code": "key", "note": "text"}).to_json())
    assert all(word in exact for word in ("PLANTED", "rare7", "98765432"))
    assert json.dumps(TableCodec.from_json(codec.to_json()).to_json()) == text


def test_counts_are_near_the_truth_and_never_the_truth(frame):
    codec, _ = built(frame, noise=2.0)
    deviation = 2.0 * np.sqrt(plan_of(frame, SAID).uses)
    own = codec.kinds[list(frame).index("sex")].counts
    away = np.abs(own - frame.sex.value_counts()[["f", "m"]].to_numpy())
    assert (away < 5 * deviation).all()
    assert abs(codec.schema.rows - ROWS) < 5 * deviation
    totals = {built(frame, noise=2.0)[0].schema.rows for _ in range(6)}
    assert len(totals) > 3


def test_rows_come_back_with_their_dtypes_between_the_ends_that_were_given(frame):
    codec, prepared = built(frame)
    back = codec.decode(codec.encode(prepared))
    assert (back.dtypes.drop("note") == frame.dtypes.drop("note")).all() and back.note.isna().all()
    assert back.age.between(18, 90).all() and (back.age == frame.age.clip(18, 90)).mean() > 0.9
    known = frame.income.notna()
    assert (back.income[known] == 0).mean() == pytest.approx((frame.income[known] == 0).mean(), abs=0.05) or (
        back.income[known] < 100
    ).mean() == pytest.approx((frame.income[known] == 0).mean(), abs=0.05)
    assert back.income.isna().mean() == pytest.approx(0.2, abs=0.01)
    assert (back.day == back.day.dt.normalize()).all() and np.abs((back.day - frame.day).dt.days).median() <= 20
    assert (back.ill == frame.ill).all() and (back.sex == frame.sex).all() and (back.grade == frame.grade).all()
    assert back.code.is_unique and not back.code.isin(frame.code).any()


def test_a_level_of_one_row_is_kept_with_the_chance_that_delta_allows():
    frame = pd.DataFrame({"c": ["common"] * 200 + ["once"]})
    kept = sum("once" in built(frame, 3.0, Said(), delta=0.2)[0].schema.columns[0].words for _ in range(300))
    assert 20 <= kept <= 75  # at most a fifth of 300, and not far below
    assert not any("once" in built(frame, 3.0, Said(), delta=1e-9)[0].schema.columns[0].words for _ in range(50))


def test_a_given_level_without_rows_is_kept_and_an_unknown_one_is_a_hole():
    frame = pd.DataFrame({"c": ["a"] * 300 + ["x"] * 100})
    codec, prepared = built(frame, 1.0, Said(levels={"c": ["a", "b"]}))
    assert codec.schema.columns[0].words == ("a", "b") and codec.kinds[0].holes
    assert codec.decode(codec.encode(prepared)).c.isna().sum() == 100


def test_a_peak_at_one_number_becomes_a_point_and_the_rest_bins_of_their_mass():
    draw = np.random.default_rng(1)
    numbers = np.where(draw.random(20_000) < 0.5, 0, draw.integers(1, 100_000, 20_000)).astype(float)
    kind = paid_tokens(numbers, Scale(low=0, high=99_999, step=1), 20_000, 10.0, holes=True)
    assert 0 in kind.points and kind.counts[list(kind.points).index(0)] == pytest.approx((numbers == 0).sum(), abs=60)
    assert len(kind.knots) > 20 and (np.diff(kind.knots, axis=1) >= 0).all()
    assert (kind.knots[1:, 0] >= kind.knots[:-1, -1]).all() and not kind.holes
    bins = kind.counts[len(kind.points) :]
    middle = np.interp(0.5, np.cumsum(bins) / bins.sum(), kind.knots[:, -1])
    assert middle == pytest.approx(50_000, rel=0.1)


@pytest.mark.parametrize(("numbers", "low", "high"), [((40, 900), 32, 1024), ((-70, 5), -128, 8), ((0, 1), 0, 2)])
def test_ends_are_powers_of_two_around_the_numbers(numbers, low, high):
    values = np.random.default_rng(0).integers(numbers[0], numbers[1] + 1, 3000).astype(float)
    scale = found_scale(values, 1.0, 1.0)
    assert scale.low <= numbers[0] and scale.high >= numbers[1]
    assert low <= scale.low and scale.high <= high


def test_ends_that_no_count_tells_of_are_asked_for():
    frame = pd.DataFrame({"x": np.random.default_rng(0).normal(size=30)})
    with pytest.raises(DataError, match="Give them") as caught:
        built(frame, 50.0, Said())
    assert caught.value.code == "E259"


@pytest.mark.parametrize(
    "said",
    [
        Said(columns={"sex": "number"}),
        Said(bounds={"age": (90, 18)}),
        Said(bounds={"age": "old"}),
        Said(bounds={"sex": (0, 1)}),
        Said(levels={"sex": []}),
        Said(),  # a date without ends
    ],
)
def test_what_cannot_be_taken_for_public_is_refused_by_name(frame, said):
    with pytest.raises(UsageError) as caught:
        plan_of(frame, said)
    assert caught.value.code == "E136" and "columns=" in caught.value.fix


def test_a_name_that_is_no_column_is_refused_with_the_nearest(frame):
    with pytest.raises(UsageError, match="Did you mean age"):
        plan_of(frame, Said(bounds={"agee": (1, 2)}))
