"""Rows of levels and scalars: what comes back, and with which law."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from contrafact.base.demos import demo
from contrafact.base.errors import DataError
from contrafact.codecs.modes import Modes
from contrafact.codecs.rows import RowsCodec, codec_from, codec_of
from contrafact.codecs.table import TableCodec
from contrafact.codecs.vector import VectorCodec

PATIENTS = demo("patients")
RANDOM = np.random.default_rng(0)


def same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    return one.astype(object).fillna("?").equals(other.astype(object).fillna("?"))


@pytest.mark.parametrize("modes", [False, True])
def test_words_holes_and_small_numbers_come_back_as_they_were(modes):
    codec = RowsCodec.fit(PATIENTS, modes=modes)
    back = codec.decode(codec.encode(PATIENTS))
    exact = ["age", "sex", "smoker", "treated", "readmitted"]
    assert same(back[exact], PATIENTS[exact])
    assert back.dtypes.tolist() == PATIENTS.dtypes.tolist()
    for name in ("blood_pressure", "recovery_days"):
        assert (back[name].isna() == PATIENTS[name].isna()).all()
        away = np.abs(back[name] - PATIENTS[name]).dropna() / np.ptp(PATIENTS[name].dropna())
        # four standard deviations are a mode's reach, and a score's end is a rank of 1e-5
        assert away.max() <= (0.2 if modes else 0.05) and away.quantile(0.95) <= 1e-3


@pytest.mark.parametrize("modes", [False, True])
def test_a_codec_that_was_written_down_reads_the_same(modes):
    codec = RowsCodec.fit(PATIENTS, modes=modes)
    again = codec_from(json.loads(json.dumps(codec.to_json())))
    assert isinstance(again, RowsCodec)
    for name, part in codec.encode(PATIENTS).items():
        np.testing.assert_array_equal(again.encode(PATIENTS)[name], part)


def test_scores_are_normal_also_where_many_rows_share_a_number():
    frame = pd.DataFrame({"a": RANDOM.poisson(300, 4000), "b": RANDOM.choice(["x", "y"], 4000)})
    codec = RowsCodec.fit(frame)
    assert codec.scalars == 1 and codec.sizes == (2,)
    assert stats.kstest(codec.encode(frame)["scalars"][:, 0], "norm").pvalue > 0.01


def test_normal_scores_that_are_drawn_give_the_columns_own_law():
    zeros = np.where(RANDOM.random(4000) < 0.6, 0.0, RANDOM.lognormal(size=4000))
    frame = pd.DataFrame({"a": zeros, "b": RANDOM.choice(["x", "y"], 4000), "c": RANDOM.poisson(300, 4000)})
    codec = RowsCodec.fit(frame)
    assert codec.sizes == (2, 2)  # a: a number or zero
    random = np.random.default_rng(1)
    levels = np.stack([random.random(4000) < 0.6, random.random(4000) < 0.5], axis=1).astype(np.int16)
    drawn = codec.decode({"levels": levels, "scalars": random.normal(size=(4000, 2)).astype(np.float32)})
    assert abs((drawn["a"] == 0).mean() - 0.6) < 0.03
    for name in ("a", "c"):
        assert stats.ks_2samp(drawn[name], frame[name]).statistic < 0.04
    assert drawn["c"].between(frame["c"].min(), frame["c"].max()).all() and drawn["c"].dtype == frame["c"].dtype


def test_a_column_of_thousands_of_levels_takes_two_short_blocks():
    words = [f"w{i:04}" for i in range(3000)]
    frame = pd.DataFrame({"city": [*words, *words], "x": RANDOM.normal(size=6000)})
    codec = RowsCodec.fit(frame, columns={"city": "category"})
    assert len(codec.sizes) == 2 and max(codec.sizes) < 60
    np.testing.assert_allclose(codec.shares.sum(), 2)
    assert (codec.decode(codec.encode(frame))["city"] == frame["city"]).all()
    last = np.array([codec.sizes[0] - 1, codec.sizes[1] - 1], dtype=np.int16)  # digits beyond the last level
    assert codec.decode({"levels": last[None], "scalars": np.zeros((1, 1))})["city"].iloc[0] in words


def test_planted_modes_are_found_and_a_normal_column_has_one():
    two = np.concatenate([RANDOM.normal(0, 1, 3000), RANDOM.normal(30, 0.5, 1000)])
    codec = TableCodec.fit(pd.DataFrame({"two": two, "one": RANDOM.normal(5, 2, 4000)}))
    modes = Modes.fit(codec.kind(0))
    large = modes.share > 0.01  # the bin that bridges the gap may be a mode of its own
    np.testing.assert_allclose(modes.share[large], [0.75, 0.25], atol=0.01)
    np.testing.assert_allclose(modes.mean[large], [two[:3000].mean(), two[3000:].mean()], atol=0.05)
    np.testing.assert_allclose(modes.sd[large], [two[:3000].std(), two[3000:].std()], rtol=0.1)
    assert len(Modes.fit(codec.kind(1))) == 1


def test_a_number_that_most_rows_share_is_a_narrow_mode_of_its_own():
    gains = np.where(RANDOM.random(4000) < 0.95, 0.0, RANDOM.normal(8000, 2000, 4000).round())
    modes = Modes.fit(TableCodec.fit(pd.DataFrame({"gain": gains, "x": RANDOM.normal(size=4000)})).kind(0))
    assert len(modes) >= 2 and abs(modes.share[0] - 0.95) < 0.01
    assert abs(modes.mean[0]) < 0.5 and modes.sd[0] < 1


def test_places_around_modes_lie_within_reach_and_lead_back():
    numbers = RANDOM.normal(size=500)
    modes = Modes(share=np.array([0.3, 0.7]), mean=np.array([-1.0, 1.0]), sd=np.array([0.5, 1.0]))
    chosen, places = modes.encode(numbers, RANDOM.random(500))
    assert np.abs(places).max() <= 1
    np.testing.assert_allclose(modes.decode(chosen, places), numbers, atol=1e-12)
    density = modes.share * stats.norm.pdf(0.2, modes.mean, modes.sd)
    many = modes.encode(np.full(20_000, 0.2), RANDOM.random(20_000))[0]
    assert abs(many.mean() - density[1] / density.sum()) < 0.01


def test_plain_numbers_stay_vectors_and_everything_else_becomes_rows():
    numbers = pd.DataFrame({"a": [1.0, 2, 3], "b": [1, 0, 1]})
    assert isinstance(codec_of(numbers), VectorCodec) and isinstance(codec_of(numbers.to_numpy()), VectorCodec)
    for other in (numbers.assign(c=["x", "y", "x"]), numbers.mask(numbers == 2)):
        assert isinstance(codec_of(other), RowsCodec)
    for wrong in (numbers.assign(a=[1, np.inf, 2]), numbers.assign(a=[1, np.inf, np.nan]), numbers[:0]):
        with pytest.raises(DataError):
            codec_of(wrong)


def test_a_table_without_anything_to_learn_is_refused():
    with pytest.raises(DataError) as caught:
        RowsCodec.fit(pd.DataFrame({"a": ["x"] * 9}))
    assert caught.value.code == "E201"
