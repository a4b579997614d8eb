"""Shapes, pairs and holes, against SciPy, pandas and figures worked out by hand."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp

from contrafact.metrics.columns import tables
from contrafact.metrics.marginals import missingness, shape_table, shapes
from contrafact.metrics.relations import pair_table, pairs


def people(n: int, seed: int, holes: float = 0.1) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    x = draw.normal(size=n)
    frame = pd.DataFrame(
        {
            "x": x,
            "y": x + draw.normal(size=n),
            "c": np.where(x + draw.normal(size=n) > 0, "a", draw.choice(list("bcd"), n)),
            "d": draw.choice(list("uv"), n),
        }
    )
    return frame.mask(draw.random(frame.shape) < holes)


REAL, FAKE = people(400, 0), people(300, 1).assign(x=lambda t: t.x + 0.3)


def test_a_number_agrees_by_the_largest_gap_of_its_distribution_functions() -> None:
    expected = 1 - ks_2samp(REAL["x"].dropna(), FAKE["x"].dropna()).statistic
    assert shape_table(REAL, FAKE)["x"] == pytest.approx(expected, abs=1e-12)


def test_a_category_agrees_by_what_its_shares_have_in_common() -> None:
    shares = [frame["c"].value_counts(normalize=True) for frame in (REAL, FAKE)]
    assert shape_table(REAL, FAKE)["c"] == pytest.approx(np.minimum(*shares[0].align(shares[1], fill_value=0)).sum())
    assert shapes(REAL, FAKE).value == pytest.approx(np.mean(list(shape_table(REAL, FAKE).values())))


def test_two_numbers_agree_by_their_correlations_over_the_rows_that_have_both() -> None:
    r = [frame[["x", "y"]].corr().iloc[0, 1] for frame in (REAL, FAKE)]
    names, table = pair_table(REAL, FAKE)
    assert table[names.index("x"), names.index("y")] == pytest.approx(1 - abs(r[0] - r[1]) / 2)


def test_a_number_and_a_category_agree_by_their_table_of_ten_bins() -> None:
    real, fake = (frame.dropna() for frame in (REAL, FAKE))
    edges = np.linspace(real["x"].min(), real["x"].max(), 11)
    edges = np.concatenate([[-np.inf], edges[:-1], [np.nextafter(edges[-1], np.inf), np.inf]])
    counts = [
        pd.crosstab(pd.cut(frame["x"], edges, right=False), frame["c"], normalize="all", dropna=False)
        for frame in (real, fake)
    ]
    expected = 1 - np.abs(counts[0] - counts[1]).to_numpy().sum() / 2
    names, table = pair_table(real, fake)
    assert table[names.index("x"), names.index("c")] == pytest.approx(expected)


def test_two_categories_agree_by_their_table_in_which_a_hole_is_a_level() -> None:
    counts = [
        pd.crosstab(frame["c"].fillna("-"), frame["d"].fillna("-"), normalize="all").stack() for frame in (REAL, FAKE)
    ]
    names, table = pair_table(REAL, FAKE)
    assert table[names.index("d"), names.index("c")] == pytest.approx(
        np.minimum(*counts[0].align(counts[1], fill_value=0)).sum()
    )


def test_pairs_of_thousands_of_levels_are_counted_like_few(monkeypatch: pytest.MonkeyPatch) -> None:
    few = pair_table(REAL, FAKE)[1]
    monkeypatch.setattr("contrafact.metrics.relations.MOST_COUNTS", 0)
    assert pair_table(REAL, FAKE)[1] == pytest.approx(few, nan_ok=True)


def test_shuffled_columns_keep_their_shapes_and_lose_their_relations() -> None:
    real = people(2000, 2, holes=0)
    shuffled = real.apply(lambda column: np.random.default_rng(3).permutation(column))
    table = tables(real)[0].shuffled(3)
    shape, pair = shapes(*[tables(real)[0], table]), pairs(*[tables(real)[0], table])
    assert shape.value == 1 and len(shuffled) == len(real)
    assert pair.value == pytest.approx(pair.floor, abs=0.02) and pair.value < pair.ceiling - 0.1


def test_each_score_lies_in_its_interval_between_floor_and_ceiling() -> None:
    holdout = people(350, 9)
    for score in (shapes(REAL, FAKE), pairs(REAL, FAKE, holdout), missingness(REAL, FAKE, holdout)):
        assert score is not None and 0 <= score.low <= score.value <= score.high <= 1
        assert score.n == 300 and score.ceiling > score.floor
    assert shapes(REAL, FAKE).floor < 0.9


def test_intervals_hold_what_other_draws_give() -> None:
    for metric in (shapes, pairs):
        drawn = [metric(people(400, 2 * seed), people(400, 2 * seed + 1), seed=seed) for seed in range(20)]
        middle = np.mean([score.value for score in drawn])
        assert sum(score.low <= middle <= score.high for score in drawn) >= 17


def test_holes_agree_by_their_shares_and_by_which_columns_have_them_together() -> None:
    real = pd.DataFrame({"a": [None, None, 1.0, 2.0, 3.0] * 20, "b": [None, None, 1.0, 2.0, 3.0] * 20})
    fake = pd.DataFrame({"a": [None, 1.0, 2.0, 3.0, 4.0] * 20, "b": [1.0, 2.0, None, 4.0, 5.0] * 20})
    # Shares .4 and .2 in both columns; both, first only, second only, neither: .4 0 0 .6 and 0 .2 .2 .6.
    score = missingness(real, fake)
    assert score is not None and score.value == pytest.approx((0.8 + (1 - 0.8 / 2)) / 2)
    assert missingness(real, real).value == 1  # type: ignore[union-attr]
    assert missingness(real.dropna(), fake.dropna()) is None


def test_a_constant_number_has_no_correlation_and_is_left_out_or_counts_as_none() -> None:
    line = pd.DataFrame({"x": np.arange(9.0), "y": 2 * np.arange(9.0)})
    flat = pd.DataFrame({"x": np.arange(9.0), "y": 3.0})
    assert pair_table(line, flat)[1][0, 1] == pytest.approx(0.5)
    assert np.isnan(pairs(flat.assign(y=[1.0, 2.0, 3.0] * 3), flat).floor) is np.False_


def test_keys_and_text_are_left_out() -> None:
    frame = REAL.assign(key=[f"key {i}" for i in range(len(REAL))])
    other = FAKE.assign(key="same for all")
    assert "key" not in shape_table(frame, other)
    assert shapes(frame, other).value == shapes(REAL, FAKE).value


def test_fifteen_columns_of_many_rows_cost_at_most_two_seconds() -> None:
    draw = np.random.default_rng(0)
    numbers = {f"n{i}": draw.normal(size=32_000) for i in range(6)}
    levels = {f"c{i}": draw.integers(0, 40, 32_000).astype(str) for i in range(9)}
    frame = pd.DataFrame(numbers | levels)
    real, fake = tables(frame, frame[::-1])
    began = time.process_time()
    pairs(real, fake)
    shapes(real, fake)
    assert time.process_time() - began < 4  # twice the aim: other work shares the machine
