"""Holes from the rows before and after."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from contrafact.base.errors import UsageError
from contrafact.zoo import Interpolate
from contrafact.zoo.interpolate import curve


def test_straight_lines_are_those_of_pandas_and_ends_are_repeated():
    column = pd.Series([None, 1.0, None, None, 7.5, 3.25, None, 4.0, None])
    frame = pd.DataFrame({"x": column})
    made = Interpolate().fit(frame).impute(frame)["x"]
    pd.testing.assert_series_equal(made, column.interpolate(limit_direction="both").rename("x"))


@pytest.mark.parametrize("degree", [2, 3])
def test_a_polynomial_is_met_exactly_by_its_own_degree(degree):
    x = np.sort(np.random.default_rng(0).random(30)) * 4
    asked = np.linspace(x[1], x[-2], 17)
    want = asked**degree - asked
    low, high = (x**degree - x).min(), (x**degree - x).max()
    np.testing.assert_allclose(curve(x, x**degree - x, asked, degree), np.clip(want, low, high), atol=1e-9)
    assert np.abs(curve(x, x**degree - x, asked, 1) - want).max() > 1e-3


def test_rows_are_filled_along_the_order_column_and_stay_in_their_places():
    order = np.random.default_rng(0).permutation(40)
    frame = pd.DataFrame({"t": order, "x": 3.0 * order, "level": np.where(order < 20, "early", "late")})
    holes = frame["t"].isin([5, 11, 30])
    frame.loc[holes, ["x", "level"]] = None
    made = Interpolate(order="t").fit(frame).impute(frame)
    assert made["t"].tolist() == order.tolist()
    np.testing.assert_allclose(made["x"], 3.0 * order)
    assert (made["level"] == np.where(order < 20, "early", "late")).all()


def test_dates_order_rows_by_how_far_they_lie_apart():
    frame = pd.DataFrame({"day": pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-11"]), "x": [0.0, None, 10.0]})
    assert Interpolate(order="day").fit(frame).impute(frame)["x"][1] == pytest.approx(1.0)


def test_rows_of_one_place_count_as_their_mean():
    frame = pd.DataFrame({"t": [0.0, 0, 1, 2], "x": [1.0, 3.0, None, 4.0]})
    assert Interpolate(order="t").fit(frame).impute(frame)["x"][2] == 3.0


def test_draws_miss_by_as_much_as_interpolation_does():
    draw = np.random.default_rng(0)
    smooth = np.sin(np.arange(2000) / 50)
    frame = pd.DataFrame({"smooth": smooth, "rough": draw.normal(size=2000)}).mask(draw.random((2000, 2)) < 0.2)
    model = Interpolate().fit(frame)
    made, best = model.impute(frame, draws=1, seed=0)[0], model.impute(frame)
    away = (made - best)[frame.isna()].std()
    assert away["smooth"] < 0.01 and away["rough"] == pytest.approx(1.5**0.5, rel=0.15)  # 1 + the mean of two


def test_an_order_that_is_none_is_refused_by_name():
    frame = pd.DataFrame({"name": ["b", "a", "b"], "x": [1.0, None, 2.0]})
    with pytest.raises(UsageError, match="'name'") as caught:
        Interpolate(order="name").fit(frame)
    assert caught.value.code == "E132"
    with pytest.raises(UsageError, match="nme") as caught:
        Interpolate(order="nme").fit(frame)
    assert caught.value.code == "E105"
