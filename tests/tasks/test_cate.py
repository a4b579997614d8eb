"""Effects of rows: whatever form the data come in, and every refusal by name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import contrafact
from contrafact.base.errors import ContrafactError
from contrafact.causal.learners import arms
from contrafact.tasks.cate import LEARNERS, NETWORKS, recipe_of, together
from contrafact.zoo import GANITE, TARNet


@pytest.fixture(autouse=True)
def few_ways(monkeypatch):
    """Learn each arm in two ways only, which is quick."""
    monkeypatch.setattr(arms, "ways", lambda t, y: ["line", "trees"])


def trial(rows: int = 150, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, 3))
    t = (random.random(rows) < 1 / (1 + np.exp(-x[:, 0]))).astype(int)
    effect = 1 + 2 * x[:, 1]
    return x, t, x[:, 0] + t * effect + 0.2 * random.normal(size=rows), effect


def test_a_linear_effect_is_recovered_from_arrays():
    x, t, y, effect = trial()
    model = contrafact.cate(x, t, y, method="t")
    assert np.sqrt(np.square(model.effect(x) - effect).mean()) < 0.15
    average = model.ate()
    assert average.low < effect.mean() < average.high and average.kind == "point"
    new, _, _, true = trial(50, seed=1)
    assert model.effect(new).shape == (50,) and np.abs(model.effect(new) - true).max() < 0.6
    assert model.potential(new.tolist()).shape == (50, 2)


def test_tables_names_and_the_order_of_columns_do_not_matter():
    x, t, y, _ = trial(80)
    frame = pd.DataFrame(x, columns=["年齡", "b", "t"], index=np.arange(80) * 3)
    words = pd.Series(np.where(t == 1, "yes", "no"), name="t", index=frame.index)
    first = contrafact.cate(frame, words, pd.Series(y, name="b"), method="x", seed=1)
    assert first.codec.treatment == "t_" and first.codec.outcome == "b_" and first.codec.arms == ("no", "yes")
    second = contrafact.cate(frame, t, y, method="x", seed=1)
    np.testing.assert_allclose(first.effect(frame), second.effect(frame[["t", "b", "年齡"]]))


def test_inputs_and_the_global_randomness_stay_as_they_were():
    x, t, y, _ = trial(60)
    before = x.copy(), t.copy(), y.copy(), np.random.get_state()[1].tolist()
    contrafact.cate(x, t, y, method="t")
    assert all((a == b).all() for a, b in zip((x, t, y), before[:3], strict=True))
    assert np.random.get_state()[1].tolist() == before[3]


@pytest.mark.parametrize("method", [TARNet.toy(), GANITE.toy().but(batch=16)], ids=["tarnet", "ganite"])
def test_networks_take_their_place(method):
    x, t, y, _ = trial(60)
    model = contrafact.cate(x, t, y, method=method)
    assert model.recipe.method == method.method and np.isfinite(model.effect(x)).all()


def test_every_method_has_its_recipe():
    assert {recipe_of(name).method for name in LEARNERS} == {"metalearner"}
    assert [recipe_of(name).method for name in NETWORKS] == list(NETWORKS)


def test_holes_and_levels_among_the_covariates_are_taken_as_they_are():
    x, t, y, _ = trial(80)
    frame = pd.DataFrame(x, columns=list("abc")).assign(city=np.where(x[:, 2] > 0, "北京", "Oslo"), same=1)
    frame.loc[:20, "c"] = np.nan
    frame.loc[30:35, "city"] = None
    assert np.isfinite(contrafact.cate(frame, t, y, method="t").effect(frame)).all()


def test_an_outcome_of_yes_and_no_has_an_effect_on_chances():
    x, t, _, _ = trial(200)
    random = np.random.default_rng(3)
    y = np.where(random.random(200) < np.where(t == 1, 0.8, 0.3), "well", "ill")
    model = contrafact.cate(x, t, y, method="dr")
    assert abs(model.ate().value - 0.5) < 0.2 and np.abs(model.effect(x)).max() < 1.5


def test_a_handful_of_rows_is_enough_for_lines():
    x, t, y, effect = trial(24)
    assert np.corrcoef(contrafact.cate(x[:, 1:2], t, y, method="t").effect(x[:, 1:2]), effect)[0, 1] > 0.8


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda x, t, y: (x, np.ones_like(t), y), "E573"),
        (lambda x, t, y: (x, np.arange(len(t)), y), "E574"),
        (lambda x, t, y: (x, (np.arange(len(t)) < 2) * 1, y), "E575"),
        (lambda x, t, y: (x, t, np.zeros_like(y)), "E576"),
        (lambda x, t, y: (x, np.arange(len(t)) % 3, y), "E577"),
        (lambda x, t, y: (x, t[:-1], y), "E579"),
        (lambda x, t, y: (x, t, y[:, None]), "E579"),
        (lambda x, t, y: (x, t, np.where(np.arange(len(y)) == 3, np.nan, y)), "E572"),
        (lambda x, t, y: (np.where(x > 2, np.inf, x), t, y), "E204"),
    ],
)
def test_what_cannot_be_learned_from_is_refused_by_name(change, code):
    x, t, y, _ = trial(90)
    with pytest.raises(ContrafactError) as caught:
        contrafact.cate(*change(x, t, y), method="t")
    assert caught.value.code == code and caught.value.fix


@pytest.mark.parametrize("method", ["forest", "tarnett", contrafact.zoo.Loom()])
def test_methods_that_learn_no_effects_are_refused(method):
    x, t, y, _ = trial(30)
    with pytest.raises(ContrafactError) as caught:
        contrafact.cate(x, t, y, method=method)
    assert caught.value.code == "E578" and "tarnet" in caught.value.fix


def test_a_single_column_may_be_flat():
    frame, treatment, outcome = together([1.0, 2.0, 3.0], [0, 1, 0], [1.0, 2.0, 3.0])
    assert frame.columns.tolist() == ["x0", treatment, outcome]
