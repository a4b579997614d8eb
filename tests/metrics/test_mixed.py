"""Tables as rows of numbers in which every column counts alike."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from contrafact.metrics.columns import tables
from contrafact.metrics.mixed import mixed_blocks, mixed_rows, most_rows


def frame(n: int, seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "income": np.exp(3 * draw.normal(size=n)),
            "yes": draw.choice(["y", "n"], n),
            "country": draw.choice(list("abcdefghij"), n),
            "zip": draw.integers(0, 2000, n).astype(str),
        }
    )


def test_every_column_has_the_same_share_in_the_distances() -> None:
    rows, blocks = mixed_blocks(frame(4000, 0))
    assert [float(rows[0][:, block].var(0).sum()) for block in blocks] == pytest.approx([1] * 4, abs=0.06)


def test_units_and_order_keeping_changes_of_a_number_do_not_matter() -> None:
    real, fake = frame(200, 0), frame(100, 1)
    inside = fake["income"].between(real["income"].min(), real["income"].max())
    plain = mixed_rows(real, fake[inside])
    changed = mixed_rows(
        real.assign(income=1000 * real["income"]), fake[inside].assign(income=lambda t: 1000 * t.income)
    )
    assert plain[1] == pytest.approx(changed[1])


def test_far_outside_the_real_range_is_far_away() -> None:
    real = pd.DataFrame({"x": np.arange(100.0)})
    rows = mixed_rows(real, pd.DataFrame({"x": [99.0, 198.0, -99.0]}))[1][:, 0]
    assert rows[1] - rows[0] == pytest.approx(np.sqrt(12), rel=0.01) and rows[2] < 0


def test_two_levels_lie_about_as_far_apart_among_thousands_as_among_few() -> None:
    rows, blocks = mixed_blocks(frame(4000, 0))
    codes = rows[0][:, blocks[3]]
    assert codes.shape[1] < 60
    apart = np.linalg.norm(codes[:500] - codes[500:1000], axis=1)
    assert np.median(apart) == pytest.approx(np.sqrt(2), rel=0.1) and (apart > 0.4).mean() > 0.99


def test_a_hole_is_the_middle_with_a_mark_and_a_level_of_its_own() -> None:
    real = pd.DataFrame({"x": [1.0, 2.0, 3.0, None], "c": ["a", "b", None, "a"]})
    rows, blocks = mixed_blocks(real)
    numbers, levels = rows[0][:, blocks[0]], rows[0][:, blocks[1]]
    assert numbers.shape[1] == 2 and numbers[3, 1] > 0 == numbers[0, 1]
    assert numbers[3, 0] == pytest.approx(numbers[1, 0])
    assert (levels[2] != levels[0]).any() and (levels[0] == levels[3]).all()


def test_a_level_that_only_fakes_have_is_far_from_all_others() -> None:
    real = pd.DataFrame({"c": ["a", "b"] * 20})
    one, other = mixed_rows(real, pd.DataFrame({"c": ["z"]}))
    assert np.linalg.norm(one - other[0], axis=1).min() > 1


def test_memory_bounds_the_rows_of_wide_tables() -> None:
    wide = pd.DataFrame(np.random.default_rng(0).normal(size=(5, 2000)))
    assert most_rows(tables(wide)[0]) == 5000
