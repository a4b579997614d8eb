"""Doubly robust scores against closed forms, and rules of which the best is known."""

from __future__ import annotations

import numpy as np
import pytest

from contrafact.causal import rules
from contrafact.causal.scores import Means, overlap, scores


def trial(rows: int = 4000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    x = random.normal(size=(rows, 2))
    t = (random.random(rows) < 0.5).astype(int)
    return x, t, x[:, 0] + t * np.where(x[:, 1] > 0, 1.0, -1.0) + random.normal(size=rows)


def test_without_an_outcome_model_the_score_is_the_weighted_outcome():
    _, t, y = trial(100)
    chances = np.full((2, 100), 0.5)
    found = scores(y, t, np.zeros((2, 100)), chances)
    np.testing.assert_allclose(found, np.stack([2 * y * (t == 0), 2 * y * (t == 1)]))


def test_with_the_arms_own_means_the_difference_is_that_of_means_with_its_own_error():
    _, t, y = trial()
    outcomes = np.stack([np.full(len(y), y[t == arm].mean()) for arm in (0, 1)])
    share = np.bincount(t) / len(t)
    chances = np.repeat(share[:, None], len(t), axis=1)
    found = Means.of(scores(y, t, outcomes, chances), t, chances).difference("ATE")
    assert found.value == pytest.approx(y[t == 1].mean() - y[t == 0].mean())
    error = np.sqrt(y[t == 1].var() / (t == 1).sum() + y[t == 0].var() / (t == 0).sum())
    assert found.error == pytest.approx(error, rel=1e-3)
    assert found.low < found.value < found.high and found.assumptions and found.rung == 2


def test_either_half_is_enough():
    random = np.random.default_rng(1)
    x = random.normal(size=20_000)
    chance = 1 / (1 + np.exp(-x))
    t = (random.random(20_000) < chance).astype(int)
    y = 2 * x + t * 1.5 + random.normal(size=20_000)
    right, wrong = np.stack([2 * x, 2 * x + 1.5]), np.zeros((2, 20_000))
    known, flat = np.stack([1 - chance, chance]), np.full((2, 20_000), 0.5)
    for outcomes, chances in ((right, flat), (wrong, known)):
        assert Means.of(scores(y, t, outcomes, chances), t, chances).difference("").value == pytest.approx(1.5, abs=0.1)
    assert abs(Means.of(scores(y, t, wrong, flat), t, flat).difference("").value - 1.5) > 0.5


def test_means_come_back_from_their_arrays():
    _, t, y = trial(50)
    chances = np.full((2, 50), 0.5)
    found = Means.of(scores(y, t, np.zeros((2, 50)), chances), t, chances)
    again = Means.from_arrays(found.arrays())
    assert again.difference("ATE") == found.difference("ATE")


def test_overlap_counts_rows_that_are_alike():
    t = np.repeat([0, 1], 50)
    even = overlap(t, np.full((2, 100), 0.5))
    assert even.effective == pytest.approx(100) and even.words.startswith("All arms")
    odd = np.full(100, 0.5)
    odd[:30] = 0.999
    thin = overlap(t, np.stack([1 - odd, odd]))
    assert "30 of 100 rows" in thin.words and thin.effective < 100


def test_a_short_rule_finds_the_split_and_says_it_in_words():
    random = np.random.default_rng(2)
    x = random.normal(size=(500, 3))
    gain = np.where((x[:, 1] > 0.5) & (x[:, 2] > 0), 1.0, -1.0)
    rule = rules.short_rule(x, gain, 0)
    assert (rules.follows(rule, x) == (gain > 0)).mean() > 0.98
    lines = rules.words(rule, [("age", None), ("dose", None), ("sex", "f")])
    assert sum(line.startswith("treat:") for line in lines) == 1
    assert any("dose > 0.4" in line or "dose > 0.5" in line for line in lines) and any(
        "sex is" in line for line in lines
    )


def test_a_rule_that_treats_everybody_or_nobody_is_one_line():
    x = np.zeros((20, 1))
    assert rules.words(rules.short_rule(x, np.ones(20), 0), [("a", None)]) == ["treat: always   (100% of the rows)"]
    assert not rules.follows(rules.short_rule(x, -np.ones(20), 0), x).any()
    assert rules.follows(rules.short_rule(np.empty((20, 0)), np.ones(20), 0), np.empty((20, 0))).all()


def test_crossed_rules_have_not_seen_the_rows_that_they_treat():
    x = np.arange(40.0)[:, None]
    part, gain = np.arange(40) % 4, np.where(np.arange(40) < 20, -1.0, 1.0)
    changed = np.where(part == 1, -gain, gain)
    first, second = (rules.crossed_rule(x, each, part, 0) for each in (gain, changed))
    assert (first[part == 1] == second[part == 1]).all()


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_values_are_net_of_cost_and_gains_are_differences(sign):
    scored = np.stack([np.arange(10.0), np.arange(10.0) + 2 * sign])
    treats = np.arange(10) < 5
    found = rules.values(scored, {"rule": treats}, 0.5, sign)
    assert found["value_treat_none"].value == pytest.approx(4.5)
    assert found["value_treat_all"].value == pytest.approx(4.5 + 1.5 * sign)
    assert found["value_rule"].value == pytest.approx(4.5 + 0.75 * sign)
    assert found["gain_rule_over_treat_none"].value == pytest.approx(0.75)
    assert found["gain_rule_over_treat_all"].value == pytest.approx(-0.75)
    assert found["value_rule"].better == ("higher" if sign > 0 else "lower")
