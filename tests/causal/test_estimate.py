"""Regressions, cross-fitting and doubly robust effects, against algebra and models whose truth is known."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from contrafact.base.errors import DataError
from contrafact.causal.estimate.columns import Covariates, covariates, is_key
from contrafact.causal.estimate.crossfit import Functions, dealt, regressed
from contrafact.causal.estimate.doubly import aipw, overlap_of, weighting
from contrafact.causal.estimate.learners import LEARNERS, averaged, learned, scores
from contrafact.causal.estimate.logistic import logistic, sharpened, sigmoid
from contrafact.causal.estimate.nuisance import Choice, Nuisances, nuisances
from contrafact.causal.estimate.outcome import regression
from contrafact.causal.estimate.ridge import ridge, sharp, sums
from contrafact.causal.estimate.smooth import smooth
from contrafact.causal.estimate.terms import CONSTANT, candidates, terms

CHOICE = Choice(chance=("linear",), outcome=("linear", "linear"))


def drawn(rows: int = 800, seed: int = 0):
    """Draw a confounded table: effect 2 + x1, which is 2 for all and 2 + E[x1 | treated] for the treated."""
    random = np.random.default_rng(seed)
    x = random.standard_normal((rows, 3))
    chance = sigmoid(x[:, 0] - 0.5 * x[:, 1])
    codes = (random.random(rows) < chance).astype(np.int64)
    means = np.column_stack([x[:, 0] + x[:, 2], 2 + 2 * x[:, 0] + x[:, 2]])
    outcome = means[np.arange(rows), codes] + random.standard_normal(rows)
    return x, chance, codes, means, outcome


def known_exactly(rows: int = 4000):
    """Give predictions that are the truth."""
    x, chance, codes, means, outcome = drawn(rows)
    both = np.column_stack([1 - chance, chance])
    folds = dealt(codes, 0)
    return x, Nuisances(codes=codes, outcome=outcome, chance=both, means=means, folds=folds, choice=CHOICE)


def test_a_ridge_without_a_penalty_is_least_squares_and_weights_count_rows():
    random = np.random.default_rng(0)
    x, y = random.standard_normal((60, 4)), random.standard_normal((60, 2))
    found, _ = ridge(sums(x, y), np.zeros(2))
    assert np.allclose(found, np.linalg.lstsq(x, y, rcond=None)[0], atol=1e-8)
    twice = sums(np.vstack([x, x[:10]]), np.vstack([y, y[:10]]))
    weighted = sums(x, y, np.r_[np.full(10, 2.0), np.ones(50)])
    assert np.allclose(twice.gram, weighted.gram) and twice.rows == weighted.rows


def test_a_sharp_fit_finds_the_few_functions_that_matter():
    random = np.random.default_rng(1)
    x = np.column_stack([np.full(200, CONSTANT), random.standard_normal((200, 80))])
    y = (x[:, 3] * 2 - x[:, 7])[:, None] + random.standard_normal((200, 1))
    new = np.column_stack([np.full(500, CONSTANT), random.standard_normal((500, 80))])
    truth = new[:, 3] * 2 - new[:, 7]
    plain, keen = (((new @ found)[:, 0] - truth) ** 2 for found in (ridge(sums(x, y))[0], sharp(sums(x, y))))
    assert keen.mean() < 0.5 * plain.mean()


def test_a_logistic_regression_agrees_with_another_library():
    from sklearn.linear_model import LogisticRegression

    random = np.random.default_rng(2)
    x = random.standard_normal((2000, 3))
    labels = (random.random(2000) < sigmoid(x @ np.array([1.0, -0.5, 0.0]) + 0.3)).astype(float)
    features = np.column_stack([np.full(2000, CONSTANT), x])
    ours = sigmoid(features @ logistic(features, labels))
    theirs = LogisticRegression(C=1e6).fit(x, labels).predict_proba(x)[:, 1]
    assert np.abs(ours - theirs).max() < 0.01


def test_a_logistic_regression_does_not_run_away_on_skewed_columns():
    random = np.random.default_rng(12)
    x = np.exp(3 * random.standard_normal((1500, 3)))
    labels = (random.random(1500) < 0.9 * np.exp(-x[:, 0])).astype(float)
    matrix = (x - x.mean(axis=0)) / x.std(axis=0)
    features = terms(matrix, "pairs")(matrix)
    start = logistic(features, labels)

    def missed(found):
        chance = np.clip(sigmoid(features @ found), 1e-9, 1 - 1e-9)
        return -np.log(np.where(labels > 0, chance, 1 - chance)).mean()

    assert missed(sharpened(features, labels, start)) < 1.2 * missed(start) < 0.5


def test_rows_are_predicted_by_fits_that_have_not_seen_them():
    random = np.random.default_rng(3)
    x, y = random.standard_normal((50, 20)), random.standard_normal((50, 1))
    folds = dealt(np.zeros(50, dtype=np.int64), 0)
    found = regressed(x, y, folds)
    for fold in range(5):
        out = folds == fold
        own, _ = ridge(sums(x[~out], y[~out]))
        assert np.allclose(found[out], x[out] @ own)
    changed = y.copy()
    changed[0] += 100
    assert np.isclose(regressed(x, changed, folds)[0], found[0]).all()


def test_folds_hold_each_level_evenly():
    codes = np.repeat([0, 1], [90, 10])
    folds = dealt(codes, 4)
    assert all(abs((folds[codes == 1] == fold).sum() - 2) == 0 for fold in range(5))
    assert set(np.bincount(folds)) == {20}


def test_curves_bend_and_new_rows_get_the_same_functions():
    random = np.random.default_rng(4)
    x = random.standard_normal((400, 2))
    chosen = terms(x, "curves")
    features = chosen(x)
    assert np.allclose(chosen(x[:7]), features[:7]) and np.allclose(features[:, 0], CONSTANT)
    goal = np.sin(2 * x[:, 0])
    left = goal - features @ np.linalg.lstsq(features, goal, rcond=None)[0]
    assert left.var() < 0.02 * goal.var()
    assert candidates(np.zeros((400, 0)), 400) == ("linear",) and "pairs" in candidates(x, 400)


def test_a_smooth_can_be_asked_about_new_rows():
    random = np.random.default_rng(5)
    x = random.uniform(-2, 2, (500, 2))
    model = smooth(x, x[:, 0] ** 2 + 0.1 * random.standard_normal(500))
    assert abs(float(model(np.array([[1.0, 0.0]]))[0]) - 1) < 0.15


def test_without_covariates_the_effect_is_the_difference_of_means():
    random = np.random.default_rng(6)
    codes = np.r_[np.zeros(40, np.int64), np.ones(60, np.int64)]
    outcome = random.standard_normal(100) + codes
    known = nuisances(Covariates(matrix=np.zeros((100, 0))), codes, outcome)
    gap = outcome[codes == 1].mean() - outcome[codes == 0].mean()
    assert math.isclose(weighting(known).value, gap, rel_tol=1e-9)
    error = math.sqrt(outcome[codes == 1].var() / 60 + outcome[codes == 0].var() / 40)
    found = aipw(known)
    assert abs(found.value - gap) < 0.15 * error and abs(found.error / error - 1) < 0.1


def test_the_effect_of_a_linear_model_is_found_for_all_for_the_treated_and_for_the_others():
    x, chance, codes, _, outcome = drawn(3000, 1)
    known = nuisances(Covariates(matrix=x), codes, outcome)
    functions = Functions(x)
    truth = {"ATE": 2.0, "ATT": 2 + x[codes == 1, 0].mean(), "ATU": 2 + x[codes == 0, 0].mean()}
    for target, value in truth.items():
        for method in (aipw, lambda k, *a: regression(k, functions, *a)):
            found = method(known, 0, 1, target)
            assert abs(found.value - value) < 4 * found.error < 0.4, target
    assert np.abs(known.chance[:, 1] - chance).mean() < 0.03


def test_the_doubly_robust_effect_survives_one_wrong_model_and_not_two():
    _, known = known_exactly()
    flat = np.full_like(known.means, known.outcome.mean())
    even = np.full_like(known.chance, 0.5)
    for one in (replace(known, means=flat), replace(known, chance=even), known):
        found = aipw(one)
        assert abs(found.value - 2) < 4 * found.error
    both = aipw(replace(known, means=flat, chance=even))
    assert abs(both.value - 2) > 8 * both.error


def test_with_true_models_the_standard_error_is_the_efficient_one():
    x, known = known_exactly()
    chance = known.chance[:, 1]
    bound = math.sqrt((np.var(2 + x[:, 0]) + np.mean(1 / chance + 1 / (1 - chance))) / len(x))
    assert abs(aipw(known).error / bound - 1) < 0.1
    assert weighting(known).error > 1.2 * bound


def test_rows_without_comparable_ones_are_set_aside_aloud():
    _, known = known_exactly(1000)
    chance = known.chance[:, 1].copy()
    chance[:30] = 0.001
    cut = replace(known, chance=np.column_stack([1 - chance, chance]))
    found, overlap = aipw(cut), overlap_of(cut)
    assert overlap.trimmed == 30 and found.rows == 970 and "30 of 1,000 rows" in found.notes[0]
    assert aipw(cut, target="ATT").rows == 1000  # for the treated only rows that are surely treated have no match
    with pytest.raises(DataError, match="nobody in common"):
        aipw(replace(known, chance=np.column_stack([np.ones(1000), np.zeros(1000)])))


def test_three_levels_are_compared_pair_by_pair():
    random = np.random.default_rng(8)
    x = random.standard_normal((1500, 2))
    codes = np.clip(np.round(x[:, 0] / 2 + random.standard_normal(1500)) + 1, 0, 2).astype(np.int64)
    outcome = np.array([0.0, 1.0, 3.0])[codes] + x[:, 0] + random.standard_normal(1500)
    known = nuisances(Covariates(matrix=x), codes, outcome)
    assert np.allclose(known.chance.sum(axis=1), 1)
    for low, high, truth in ((0, 1, 1.0), (0, 2, 3.0), (1, 2, 2.0)):
        found = aipw(known, low, high)
        assert abs(found.value - truth) < 4 * found.error


@pytest.mark.parametrize("name", sorted(LEARNERS))
def test_every_learner_finds_how_effects_differ(name):
    x, _, codes, _, outcome = drawn(800, 2)
    found = learned(name, x, codes, outcome)(x)
    assert np.corrcoef(found, 2 + x[:, 0])[0, 1] > 0.9 and abs(found.mean() - 2) < 0.35


def test_a_learner_averages_with_an_interval_from_refits():
    x, _, codes, _, outcome = drawn(300, 3)
    found = averaged("t-learner", x, codes, outcome, np.ones(300, dtype=bool))
    assert found.low < 2 < found.high and 0.05 < found.error < 0.35 and "refits" in found.notes[0]


def test_scores_are_clipped_to_what_outcomes_can_differ_by():
    _, known = known_exactly(500)
    chance = known.chance.copy()
    chance[0] = (0.999, 0.001) if known.codes[0] else (0.001, 0.999)
    outcome = known.outcome.copy()
    outcome[0] = known.means[0, known.codes[0]] + 3
    score, clipped = scores(replace(known, chance=chance, outcome=outcome))
    assert clipped >= 1 and np.abs(score).max() <= np.ptp(outcome)


def test_columns_of_any_kind_become_numbers_and_nothing_is_silent():
    frame = pd.DataFrame(
        {
            "age": [30.0, np.nan, 50, 41, 39, 38, np.nan, np.nan, np.nan, np.nan, 33, 61],
            "city": ["Rome", "Oslo", None] * 4,
            "smokes": [True, False] * 6,
            "when": pd.date_range("2020-01-01", periods=12),
            "same": 1,
            "empty": [np.nan] * 12,
        }
    )
    found = covariates(frame, list(frame))
    assert "age is missing" in found.names and "smokes" in found.names and "when" in found.names
    assert "same" not in found.names and "empty" not in found.names
    assert np.allclose(found.matrix.mean(axis=0), 0) and np.allclose(found.matrix.std(axis=0), 1)
    assert any("5 holes" in note for note in found.notes) and any("'empty'" in note for note in found.notes)
    assert is_key(pd.Series([f"id{n}" for n in range(100)])) and not is_key(frame["city"])
