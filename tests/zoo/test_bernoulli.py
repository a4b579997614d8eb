"""Bernoulli columns: shares of ones, exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from contrafact.base.data import Data
from contrafact.base.errors import DataError, UsageError
from contrafact.engine.model import read_model
from contrafact.zoo.bernoulli import Bernoulli

BITS = np.array([[1, 0, 1], [1, 1, 1], [0, 0, 1], [1, 0, 1]])


def test_the_shares_of_ones_are_the_maximum_of_the_likelihood() -> None:
    model = Bernoulli().fit(BITS)
    assert model.share.tolist() == [0.75, 0.25, 1.0]
    assert Bernoulli(smoothing=1).fit(BITS).share.tolist() == pytest.approx([4 / 6, 2 / 6, 5 / 6])


def test_log_prob_is_the_sum_over_columns_and_minus_infinity_for_the_impossible() -> None:
    scored = Bernoulli().fit(BITS).log_prob(np.array([[1, 0, 1], [0, 1, 1], [1, 0, 0]]))
    assert scored[:2] == pytest.approx(np.log([0.75 * 0.75, 0.25 * 0.25]))
    assert scored[2] == -np.inf
    assert np.isfinite(Bernoulli(smoothing=0.5).fit(BITS).log_prob(np.array([[0, 0, 0]]))).all()


def test_all_probabilities_sum_to_one() -> None:
    worlds = np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, -1).T
    assert np.exp(Bernoulli().fit(BITS).log_prob(worlds)).sum() == pytest.approx(1)


def test_samples_have_the_shares_and_constant_columns_stay_constant() -> None:
    drawn = Bernoulli().fit(BITS).sample(20_000, seed=0)
    assert drawn.dtype == BITS.dtype and set(np.unique(drawn)) == {0, 1}
    assert drawn.mean(axis=0) == pytest.approx([0.75, 0.25, 1.0], abs=0.015)


def test_a_sample_is_the_start_of_a_longer_one() -> None:
    model = Bernoulli().fit(BITS)
    np.testing.assert_array_equal(model.sample(5, seed=1), model.sample(2000, seed=1)[:5])
    assert model.sample(0).shape == (0, 3) and len(model.sample(1)) == 1


def test_frames_of_booleans_come_back_as_such() -> None:
    frame = pd.DataFrame({"會員": [True, False, True], "paid": pd.array([True, True, False], dtype="boolean")})
    drawn = Bernoulli().fit(frame).sample(10, seed=0)
    assert drawn.dtypes.to_dict() == frame.dtypes.to_dict() and drawn.columns.tolist() == ["會員", "paid"]


def test_given_columns_are_fixed_and_the_others_are_left_alone() -> None:
    model = Bernoulli().fit(pd.DataFrame(BITS, columns=["a", "b", "c"]))
    free, fixed = model.sample(50, seed=2), model.sample(50, given={"b": 1, "c": False}, seed=2)
    assert fixed["b"].eq(1).all() and fixed["c"].eq(0).all() and fixed["a"].equals(free["a"])


def test_pictures_are_cut_at_half_and_come_back_black_and_white() -> None:
    pixels = np.array([[[0, 127], [128, 255]], [[0, 200], [128, 255]]], dtype=np.uint8)
    model = Bernoulli().fit(Data(kind="pictures", items=pixels))
    assert model.share.tolist() == [0, 0.5, 1, 1]
    drawn = model.sample(30, seed=0)
    assert drawn.kind == "pictures" and drawn.items.shape == (30, 2, 2) and drawn.items.dtype == np.uint8
    assert set(np.unique(drawn.items)) == {0, 255}
    assert np.isfinite(model.log_prob(drawn)).all()
    assert (model.sample(9, given={"x1": 255}).items[:, 0, 1] == 255).all()


def test_a_threshold_makes_bits_of_numbers() -> None:
    assert Bernoulli(threshold=5).fit(np.array([[4.9, 5.0], [9.0, 1.0]])).share.tolist() == [0.5, 0.5]
    with pytest.raises(DataError, match=r"Row 0 of column 'x0' is 4.9") as caught:
        Bernoulli().fit(np.array([[4.9, 1.0]]))
    assert caught.value.code == "E211"


def test_what_cannot_be_asked_is_refused_by_name() -> None:
    model = Bernoulli().fit(pd.DataFrame(BITS, columns=["smoker", "b", "c"]))
    with pytest.raises(UsageError, match="Did you mean smoker") as caught:
        model.sample(1, given={"smokr": 1})
    assert caught.value.code == "E105"
    with pytest.raises(UsageError, match="zeros and ones"):
        model.sample(1, given={"b": 2})
    with pytest.raises(UsageError) as caught:
        model.sample(-1)
    assert caught.value.code == "E104"


def test_saving_and_restoring_keeps_every_sample(tmp_path: Path) -> None:
    model = Bernoulli().fit(BITS)
    model.save(tmp_path / "model")
    document, arrays = read_model(tmp_path / "model")
    again = Bernoulli(**document["recipe"]).restore(document["codec"], arrays, document["facts"])
    np.testing.assert_array_equal(again.sample(7, seed=3), model.sample(7, seed=3))
