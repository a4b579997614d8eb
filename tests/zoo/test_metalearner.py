"""Meta-learners: what is saved comes back, sums agree, and more than two arms are refused."""

from __future__ import annotations

import numpy as np
import pytest
from effects import trial

import contrafact
from contrafact.base.errors import DataError
from contrafact.zoo.metalearner import MetaLearner


@pytest.fixture(scope="module")
def fitted():
    frame, effect = trial(160)
    return MetaLearner(treatment="arm", outcome="y", learner="dr").fit(frame, seed=0), frame, effect[:, 0]


def test_a_saved_model_gives_the_same_effects_and_average(fitted, tmp_path):
    model, frame, _ = fitted
    model.save(tmp_path / "m")
    again = contrafact.load(tmp_path / "m")
    np.testing.assert_array_equal(again.effect(frame), model.effect(frame))
    np.testing.assert_array_equal(again.potential(frame), model.potential(frame))
    assert again.ate() == model.ate() and again.weights == model.weights and again.crossed is None


def test_potential_outcomes_differ_by_the_effect(fitted):
    model, frame, effect = fitted
    both = model.potential(frame)
    np.testing.assert_allclose(both[:, 1] - both[:, 0], model.effect(frame))
    assert np.sqrt(np.square(model.effect(frame) - effect).mean()) < 0.3
    own = both[np.arange(160), frame["arm"]]
    assert np.corrcoef(own, frame["y"])[0, 1] > 0.9


def test_the_average_says_what_it_rests_on(fitted):
    average = fitted[0].ate()
    assert average.low < fitted[2].mean() < average.high and average.query == "ATE(arm, y)"
    assert average.assumptions[0].startswith("No graph was given") and "cross-fitted" in average.estimator


def test_more_than_two_arms_are_refused():
    with pytest.raises(DataError) as caught:
        MetaLearner(treatment="arm", outcome="y").fit(trial(90, arms=3)[0])
    assert caught.value.code == "E577" and "tarnet" in caught.value.fix
