"""Rows pressed into a few numbers and turned back: what is kept, what is lost, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA

from contrafact.base.errors import DataError, UsageError
from contrafact.codecs.latent import Components, LatentCodec, Law


def lines(rows: int = 400, seed: int = 0) -> pd.DataFrame:
    """Draw rows that two numbers make up: seven columns of whole numbers, decimals, dates and a peak at 0."""
    random = np.random.default_rng(seed)
    a, b = random.normal(size=(2, rows))
    return pd.DataFrame(
        {
            "one": a,
            "two": (3 * b + 1).astype(np.float32),
            "count": (100 + 10 * a - 5 * b).round().astype("int16"),
            "price": (20 + a + b).round(2),
            "day": pd.Timestamp("2026-01-01") + pd.to_timedelta((a * 30 + 200).round().clip(0), "D"),
            "same": np.uint8(7),
            "wet": np.maximum(a - b, 0).round(1),
        },
        index=np.arange(rows) + 50,
    )


def test_components_are_those_of_scikit_learn_but_for_signs():
    rows = lines()[["one", "two", "count"]].to_numpy(dtype=float)
    own, known = Components.fit(rows, 2), PCA(2).fit(rows)
    assert np.allclose(np.abs(own.axes), np.abs(known.components_)) and np.allclose(own.mean, known.mean_)
    assert np.allclose(own.axes @ own.axes.T, np.eye(2))
    assert np.allclose(own.decode(own.encode(rows)), known.inverse_transform(known.transform(rows)))
    assert np.allclose(Components.of(own.arrays()).encode(rows), own.encode(rows))


def test_a_law_brings_a_peak_back_and_leaves_equal_laws_alone():
    real = np.maximum(np.random.default_rng(0).normal(size=(2000, 1)), 0)
    blurred = real * 0.5 + np.random.default_rng(1).normal(size=(2000, 1)) * 0.05
    back = Law.fit(real, blurred).back(blurred)
    assert abs((back == 0).mean() - (real == 0).mean()) < 0.01 < abs((blurred == 0).mean() - (real == 0).mean())
    assert np.abs(np.quantile(back, [0.6, 0.9]) - np.quantile(real, [0.6, 0.9])).max() < 0.02
    assert np.abs(Law.fit(real, real).back(real) - real).max() < 1e-12 + np.diff(np.sort(real[:, 0])).max() * 30


def test_rows_that_the_code_reaches_come_back_with_dtypes_grids_and_constants():
    frame = lines()
    before = frame.copy(deep=True)
    codec = LatentCodec.fit(frame, 3, Components.fit)
    back = codec.decode(codec.encode(frame))
    assert list(back) == list(frame) and (back.dtypes == frame.dtypes).all() and (back.same == 7).all()
    for name in ("one", "two", "count", "price"):
        assert np.corrcoef(back[name], frame[name])[0, 1] > 0.98, name
    assert np.corrcoef(back.day.astype("int64"), frame.day.astype("int64"))[0, 1] > 0.98
    assert (back.day == back.day.dt.normalize()).all() and np.allclose(back.price * 100, (back.price * 100).round())
    for name in ("one", "count", "price", "wet", "day"):
        assert frame[name].min() <= back[name].min() and back[name].max() <= frame[name].max(), name
    assert abs((back.wet == 0).mean() - (frame.wet == 0).mean()) < 0.05
    pd.testing.assert_frame_equal(frame, before)


def test_columns_are_found_by_name_and_a_lost_one_is_named():
    frame = lines()
    codec = LatentCodec.fit(frame, 2, Components.fit)
    turned = codec.encode(frame[frame.columns[::-1]])
    assert all((turned[name] == part).all() for name, part in codec.encode(frame).items())
    with pytest.raises(DataError, match="lack the column price"):
        codec.encode(frame.drop(columns="price"))


def test_a_codec_comes_back_from_json_and_arrays():
    frame = lines()
    codec = LatentCodec.fit(frame, 2, Components.fit)
    again = LatentCodec.from_json(codec.to_json(), codec.arrays(), Components)
    encoded = codec.encode(frame)
    pd.testing.assert_frame_equal(again.decode(encoded), codec.decode(encoded))


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (["a", "b"] * 200, "words, as a category"),
        ([True, False] * 200, "words, as a boolean"),
        ([np.nan, 1.5] * 200, "50.0% holes|holes"),
    ],
)
def test_a_column_without_a_number_in_every_cell_is_refused_by_name(column, said):
    frame = lines().assign(odd=column)
    with pytest.raises(DataError, match=said) as caught:
        LatentCodec.fit(frame, 2, Components.fit)
    assert caught.value.code == "E260" and "'odd'" in str(caught.value)


def test_a_hole_in_later_rows_is_refused_with_its_row():
    codec = LatentCodec.fit(lines(), 2, Components.fit)
    later = lines()
    later.iloc[4, 0] = np.nan
    with pytest.raises(DataError, match="'one' has a cell without a number, in row 5"):
        codec.encode(later)


def test_a_code_as_long_as_the_rows_is_refused():
    with pytest.raises(UsageError, match="no shorter") as caught:
        LatentCodec.fit(lines(), 7, Components.fit)
    assert caught.value.code == "E146"
