"""Trees as arrays, weights of predictions, and what each arm gives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.ensemble import GradientBoostingRegressor

from contrafact.causal.learners import arms, trees
from contrafact.causal.learners.functions import packed, unpacked
from contrafact.causal.learners.stack import stacked


def drawn(rows: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    x, t = random.normal(size=(rows, 3)), (random.random(rows) < 0.4).astype(float)
    return x, t, x[:, 0] + t * (1 + x[:, 1]) + 0.1 * random.normal(size=rows)


def test_trees_as_arrays_answer_as_scikit_learn_does():
    x, _, y = drawn()
    grown = GradientBoostingRegressor(n_estimators=30, random_state=0).fit(x, y)
    laid = trees.laid_out([t.tree_ for t in grown.estimators_[:, 0]], [0.1] * 30, float(grown.init_.constant_[0, 0]))
    np.testing.assert_allclose(laid.predict(x), grown.predict(x), atol=1e-12)


def test_an_answered_question_is_as_the_column_at_that_value():
    x, t, y = drawn()
    grown = trees.boosted(np.column_stack([x, t]), y)
    for value in (0.0, 1.0):
        expected = grown.predict(np.column_stack([x, np.full(len(x), value)]))
        np.testing.assert_array_equal(arms.answered(grown, 3, value).predict(x), expected)


def test_weights_of_predictions_are_the_best_that_sum_to_one():
    random = np.random.default_rng(1)
    y = random.normal(size=300)
    made = y + np.array([[0.5], [0.7], [1.5]]) * random.normal(size=(3, 300))
    found = stacked(made, y)
    other = minimize(
        lambda w: np.square(w @ made - y).sum(),
        np.full(3, 1 / 3),
        bounds=[(0, 1)] * 3,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
    ).x
    np.testing.assert_allclose(found, other, atol=1e-3)
    assert found.sum() == pytest.approx(1) and found[0] > found[1] > found[2] >= 0


def test_a_perfect_prediction_has_all_the_weight_and_a_single_one_too():
    y = np.arange(10.0)
    assert stacked(np.stack([y, np.zeros(10)]), y).tolist() == [1.0, 0.0]
    assert stacked(np.zeros((1, 10)), y).tolist() == [1.0]


@pytest.mark.parametrize("name", [*arms.APART, *arms.TOGETHER])
def test_every_way_foretells_both_arms_and_comes_back_from_its_arrays(name):
    x, t, y = drawn(120)
    outcome = (y > 0) * 1.0 if name == "logistic" else np.exp(y / 4) if name == "exponential" else y
    pair = arms.both(name, x, t, outcome, 0)
    kinds, arrays = packed(pair)
    for function, again in zip(pair, unpacked(kinds, arrays), strict=True):
        np.testing.assert_array_equal(function.predict(x), again.predict(x))
    own = np.where(t == 1, pair[1].predict(x), pair[0].predict(x))
    assert np.corrcoef(own, outcome)[0, 1] > 0.6


def test_which_ways_are_tried_depends_on_outcomes_and_on_how_many_rows_there_are():
    _, t, y = drawn()
    assert "exponential" not in arms.ways(t, y) and "logistic" not in arms.ways(t, y)
    assert "exponential" in arms.ways(t, np.exp(y)) and "logistic" in arms.ways(t, (y > 0) * 1.0)
    few = (np.arange(200) < 9) * 1.0
    assert arms.ways(few, y) == ["line", "shared"]
