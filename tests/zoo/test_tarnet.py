"""TARNet: effects are learned, of two arms and of three, and the average comes with its interval."""

from __future__ import annotations

import numpy as np
from effects import trial

from contrafact.zoo.tarnet import TARNet


def test_a_linear_effect_is_learned_and_the_average_is_near():
    frame, effect = trial(400)
    model = TARNet(treatment="arm", outcome="y", steps=200, width=32, depth=2, batch=64).fit(frame, seed=0)
    found = model.effect(frame)
    assert found.shape == (400,) and np.sqrt(np.square(found - effect[:, 0]).mean()) < 0.4
    both = model.potential(frame)
    np.testing.assert_allclose(both[:, 1] - both[:, 0], found)
    average = model.ate()
    assert abs(average.value - effect.mean()) < 0.2 and average.low < average.value < average.high
    assert any("too narrow" in note for note in average.notes) and average.assumptions and average.overlap.rows == 400


def test_three_arms_have_two_effects_each_against_the_first():
    frame, effect = trial(300, arms=3)
    model = TARNet(treatment="arm", outcome="y", steps=250, width=32, depth=2, batch=64).fit(frame, seed=0)
    found = model.effect(frame)
    assert found.shape == effect.shape and np.corrcoef(found.ravel(), effect.ravel())[0, 1] > 0.9
    assert model.ate(2).value > model.ate(1).value and "0 -> 2" in model.ate(2).query


def test_arms_of_equal_rows_teach_as_much_however_rare_they_are():
    frame, _ = trial(240)
    frame = frame[(frame["arm"] == 0) | (np.arange(240) % 8 == 0)]
    recipe = TARNet.toy().but(treatment="arm", outcome="y")
    training = recipe.training(frame, seed=0)
    game = training.begin(20)
    counts = frame["arm"].value_counts()
    assert float(game.weights[1] / game.weights[0]) > 0.99 * counts[0] / counts[1]
