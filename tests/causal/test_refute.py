"""Challenges that a right estimate withstands and a wrong one does not, and published figures of hidden causes."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from contrafact.causal.refute import challenge, placebo, random_cause
from contrafact.causal.refute_hidden import (
    Regression,
    _partial,
    benchmark,
    e_value,
    fitted,
    hidden_cause,
    robustness_value,
    times_as_strong,
)
from contrafact.tasks.effect import studied

GRAPH = "w -> x; w -> y; x -> y; z -> y"


def table(rows: int = 300, effect: float = 1.0) -> pd.DataFrame:
    random = np.random.default_rng(0)
    w, z = random.standard_normal(rows), random.standard_normal(rows)
    x = (random.random(rows) < 1 / (1 + np.exp(-w))).astype(int)
    return pd.DataFrame({"w": w, "z": z, "x": x, "y": effect * x + w + z + random.standard_normal(rows)})


def test_a_right_effect_withstands_every_challenge():
    found = studied(table(), "x", "y", GRAPH)
    tried = challenge(found.study, found.effect)
    assert [check.name for check in tried.checks] == ["placebo", "dummy outcome", "random cause", "subset", "graph"]
    assert tried.passed == 5 and tried.verdict.startswith("5 of 5") and tried.hidden.strongest == "w"
    assert tried.to_json()["hidden"]["robustness_value"] == tried.hidden.value


def test_a_graph_that_the_data_contradict_fails_its_challenge():
    found = studied(table(), "x", "y", "w -> x; x -> y; z -> y; w -> z")
    tried = challenge(found.study, found.effect)
    graph = next(check for check in tried.checks if check.name == "graph")
    assert not graph.passed and "FAILS" in graph.words and "not: graph" in tried.verdict


def test_challenges_fit_amounts_front_doors_and_instruments():
    random = np.random.default_rng(1)
    hidden = random.standard_normal(500)
    z = random.integers(0, 2, 500)
    x = (random.random(500) < 1 / (1 + np.exp(-hidden - 2 * z + 1))).astype(int)
    m = (random.random(500) < 0.2 + 0.6 * x).astype(int)
    frame = pd.DataFrame({"z": z, "x": x, "m": m, "y": m + hidden, "d": z + random.standard_normal(500)})
    through = studied(frame[["x", "m", "y"]], "x", "y", "x -> m -> y; x <-> y")
    assert [check.name for check in challenge(through.study, through.effect).checks] == ["placebo", "subset"]
    moved = studied(frame[["z", "x", "y"]], "x", "y", "z -> x -> y; x <-> y", method="instrument")
    assert [check.name for check in challenge(moved.study, moved.effect).checks] == ["subset"]
    amount = studied(frame[["z", "d", "y"]], "d", "y", "z -> d; z -> y; d -> y")
    assert challenge(amount.study, amount.effect).passed >= 3


def test_placebos_and_noise_are_functions_of_the_seed():
    found = studied(table(200), "x", "y", GRAPH)
    from contrafact.causal.estimate.study import computed

    first = computed(found.study)[0]
    assert placebo(found.study, first, 3) == placebo(found.study, first, 3)
    assert random_cause(found.study, first, 3) != random_cause(found.study, first, 4)


def test_robustness_values_are_the_published_ones():
    # Cinelli and Hazlett (2020), table 1: Darfur, t = 4.184, 783 degrees of freedom; VanderWeele and Ding (2017)
    assert round(robustness_value(4.18445, 783), 3) == 0.139
    assert round(robustness_value(4.18445, 783, level=0.05), 3) == 0.076
    assert round(e_value(3.9), 2) == 7.26 and e_value(1.0) == 1.0
    darfur = Regression(value=0.09731582, error=0.02325654, freedom=783)
    assert round(darfur.share, 3) == 0.022
    as_strong_as_female = 0.00916429, 0.12464092
    assert round(darfur.value - darfur.moved(*as_strong_as_female), 3) == 0.075


def test_a_hidden_cause_like_a_measured_one_is_bounded_by_what_it_does():
    random = np.random.default_rng(6)
    seen, hidden = random.standard_normal((2, 40_000))
    x = 0.6 * (seen + hidden) + random.standard_normal(40_000)
    y = x + 0.8 * (seen + hidden) + random.standard_normal(40_000)
    ones = np.ones((len(y), 1))
    short, long = fitted(y, x, seen[:, None]), fitted(y, x, np.column_stack([seen, hidden]))
    shares = _partial(x, ones, seen[:, None]), _partial(y, np.column_stack([ones, x]), seen[:, None])
    moved = short.moved(*benchmark(*shares, 1.0))
    assert abs(moved / (short.value - long.value) - 1) < 0.03
    assert abs(times_as_strong(short, y, x, seen[:, None], np.array([True])) - short.value / moved) < 2.5


def test_the_bias_of_an_omitted_column_is_what_the_formula_says():
    frame = table()
    y, x, w = (frame[name].to_numpy(dtype=float) for name in ("y", "x", "w"))
    short, long = fitted(y, x, np.zeros((len(y), 0))), fitted(y, x, w[:, None])
    ones = np.ones((len(y), 1))

    def left(values, rest):
        return values - rest @ np.linalg.lstsq(rest, values, rcond=None)[0]

    with_treatment = np.corrcoef(left(x, ones), left(w, ones))[0, 1] ** 2
    rest = np.column_stack([ones, x])
    with_outcome = np.corrcoef(left(y, rest), left(w, rest))[0, 1] ** 2
    assert math.isclose(abs(short.value - long.value), short.moved(with_treatment, with_outcome), rel_tol=1e-9)


def test_a_weak_effect_is_erased_by_a_weak_hidden_cause():
    strong, weak = (studied(table(effect=size), "x", "y", GRAPH) for size in (3.0, 0.3))
    first, second = (hidden_cause(one.study, one.effect) for one in (strong, weak))
    low, high = first.between(first.value, first.value)
    assert min(abs(low), abs(high)) < 1e-9 and first.between(0.0, 0.5)[0] == first.regression.value
    assert first.value > second.value and first.times["w"] > second.times["w"] and "x w would erase" in second.words


@pytest.mark.parametrize("outcome", ["number", "binary"])
def test_the_e_value_of_an_interval_that_holds_zero_is_one(outcome):
    frame = table(effect=0.0)
    if outcome == "binary":
        frame["y"] = (np.random.default_rng(5).random(len(frame)) < 0.4).astype(int)
    found = studied(frame, "x", "y", GRAPH)
    hidden = hidden_cause(found.study, found.effect)
    assert hidden.e >= 1 and (hidden.e_end == 1) == (found.effect.low <= 0 <= found.effect.high)
