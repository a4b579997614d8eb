"""One value a column, by rule."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from contrafact.zoo import Fill

FRAME = pd.DataFrame(
    {
        "x": [1.0, 1.0, 2.0, 8.0, None],
        "grade": pd.Categorical(["lo", "hi", "hi", "mid", None], ["lo", "mid", "hi"], ordered=True),
        "city": ["b", "a", "b", "a", None],
        "when": pd.to_datetime(["2020-01-01", "2020-01-03", "2020-01-05", "2020-01-11", None]),
    }
)
DAYS = {"mean": "2020-01-05", "median": "2020-01-04", "minimum": "2020-01-01", "maximum": "2020-01-11"}


@pytest.mark.parametrize(
    ("rule", "number", "grade"),
    [
        ("mean", 3.0, "hi"),
        ("median", 1.5, "mid"),
        ("most_frequent", 1.0, "hi"),
        ("minimum", 1.0, "lo"),
        ("maximum", 8.0, "hi"),
    ],
)
def test_each_rule_fills_numbers_ordered_levels_other_levels_and_dates(rule, number, grade):
    last = Fill(rule=rule).fit(FRAME).impute(FRAME).iloc[-1]
    assert last["x"] == number and last["grade"] == grade and last["city"] == "a"
    assert rule == "most_frequent" or last["when"] == pd.Timestamp(DAYS[rule])


def test_new_rows_are_filled_with_what_was_fitted():
    new = pd.DataFrame({name: FRAME[name].where(np.zeros(5, dtype=bool)) for name in FRAME})
    assert Fill().fit(FRAME).impute(new)["x"].tolist() == [3.0] * 5


def test_draws_follow_the_columns_own_law_whatever_the_rule():
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"x": draw.gamma(2, 1, 3000), "v": draw.choice(["a", "b", "c"], 3000, p=[0.7, 0.2, 0.1])})
    frame.loc[::3] = None
    made = Fill(rule="maximum").fit(frame).impute(frame, draws=1, seed=0)[0].iloc[::3]
    np.testing.assert_allclose(made["v"].value_counts(normalize=True)[["a", "b", "c"]], [0.7, 0.2, 0.1], atol=0.05)
    np.testing.assert_allclose(made["x"].quantile([0.1, 0.5, 0.9]), frame["x"].quantile([0.1, 0.5, 0.9]), atol=0.2)
