"""Cross-fitting: nothing that foretells a row has seen it, and the loss tells good effects from bad ones."""

from __future__ import annotations

import numpy as np
import pytest

from contrafact.causal.learners import arms, crossed, linear
from contrafact.causal.learners.crossed import FOLDS, Crossed, folds_of


def drawn(rows: int = 200, seed: int = 0) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, 4))
    t = (random.random(rows) < 1 / (1 + np.exp(-x[:, 0]))).astype(float)
    effect = 1 + x[:, 1]
    return x, t, x[:, 0] + t * effect + 0.5 * random.normal(size=rows), effect


@pytest.fixture(scope="module")
def found() -> Crossed:
    x, t, y, _ = drawn()
    made = Crossed(x=x, t=t, y=y, part=folds_of(t, FOLDS, 0), seed=0)
    made.learn_chance()
    made.learn_outcomes(["line", "trees"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crossed, "FINAL", {"mean": linear.mean, "line": linear.ridge})
        made.learn_effects("auto")
    return made


def test_folds_hold_both_arms_evenly():
    t = np.r_[np.ones(23), np.zeros(77)]
    part = folds_of(t, FOLDS, 0)
    counts = [np.bincount(part[t == arm]) for arm in (0, 1)]
    assert all(len(each) == 5 and np.ptp(each) <= 1 for each in counts)
    assert (folds_of(t, FOLDS, 0) == part).all() and (folds_of(t, FOLDS, 1) != part).any()


def test_what_foretells_a_row_does_not_know_its_outcome(found):
    x, t, y, _ = drawn()
    other = y.copy()
    other[found.part == 2] += 100.0
    again = Crossed(x=x, t=t, y=other, part=found.part, seed=0)
    again.learn_outcomes(["line", "trees"])
    held = found.part == 2
    for name in found.outcomes:
        np.testing.assert_array_equal(again.outcomes[name][:, held], found.outcomes[name][:, held])
        assert (again.outcomes[name][:, ~held] != found.outcomes[name][:, ~held]).any()


def test_an_x_learner_does_not_know_the_rows_that_it_foretells(found):
    x, t, y, _ = drawn()
    other = y.copy()
    other[found.part == 2] += 100.0
    again = Crossed(x=x, t=t, y=other, part=found.part, seed=0)
    again.learn_outcomes(["line", "trees"])
    again.weights, held = found.weights, found.part == 2
    rows = np.flatnonzero(~held)
    first, second = (
        [f.predict(x[held]) for f in made._gained(crossed.CROSSED["line"], rows, 0, 2)] for made in (found, again)
    )
    np.testing.assert_allclose(first, second, atol=1e-9)


def test_scores_average_to_the_effect_and_every_candidate_comes_near(found):
    _, _, _, effect = drawn()
    low, high = found.scores()
    assert (high - low).mean() == pytest.approx(effect.mean(), abs=0.3)
    assert found.loss(effect) < min(found.loss(effect + 1), found.loss(0 * effect), found.loss(-effect))
    assert np.sqrt(np.square(found.effect - effect).mean()) < 0.4
    assert sum(found.effect_weights.values()) == pytest.approx(1)


def test_the_final_functions_are_sums_of_what_counts(found, monkeypatch):
    monkeypatch.setattr(crossed, "FINAL", {"mean": linear.mean, "line": linear.ridge})
    x, _, _, effect = drawn(400, seed=1)
    final = found.final()
    assert np.sqrt(np.square(final.effects(x) - effect).mean()) < 0.45
    chances = final.chances(x)
    assert chances.min() >= crossed.LEAST_CHANCE and chances.max() <= 1 - crossed.LEAST_CHANCE


def test_an_effect_that_is_the_same_for_all_is_seen_as_such(monkeypatch):
    monkeypatch.setattr(crossed, "FINAL", {"mean": linear.mean, "line": linear.ridge})
    random = np.random.default_rng(5)
    x = random.normal(size=(300, 4))
    t = (random.random(300) < 0.5) * 1.0
    made = Crossed(x=x, t=t, y=x[:, 0] + 2 * t + random.normal(size=300), part=folds_of(t, FOLDS, 0), seed=0)
    made.learn_chance()
    made.learn_outcomes(["line"])
    made.learn_effects("dr")
    assert made.effect.std() < 0.35 and made.effect.mean() == pytest.approx(2, abs=0.4)


@pytest.mark.parametrize("method", ["t", "s", "x", "dr", "r"])
def test_a_method_uses_its_own_candidates_only(method, monkeypatch):
    x, t, y, _ = drawn(120)
    monkeypatch.setattr(arms, "ways", lambda t, y: ["line", "told"])
    monkeypatch.setattr(crossed, "FINAL", {"line": linear.ridge})
    made = crossed.crossed(x, t, y, method=method)
    assert {name.split()[0] for name in made.effects} == {method}
