"""What every model of other worlds must hold to: setting moves what follows and nothing else, and no row is harmed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import contrafact
from contrafact.base.errors import ContrafactError, UsageError
from contrafact.zoo.index import INDEX, Entry, recipe

WORLDLY = [e for e in INDEX.values() if {"do", "counterfactual"} <= set(e.abilities) and "table" in e.kinds]
GRAPH = "age -> treated; age -> well; treated -> well; well -> visits"


def rows(n: int = 400, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    age = random.choice(["old", "young"], n)
    treated = random.random(n) < np.where(age == "old", 0.7, 0.3)
    well = (random.random(n) < 0.2 + 0.5 * treated).astype(int)
    return pd.DataFrame({"age": age, "treated": treated, "well": well, "visits": random.binomial(2, 0.8 - 0.5 * well)})


@pytest.fixture(scope="module", params=WORLDLY, ids=lambda entry: entry.name)
def model(request: pytest.FixtureRequest) -> Any:
    entry: Entry = request.param
    return recipe(entry.name).toy().but(graph=GRAPH).fit(rows(), seed=1)


def test_what_is_set_has_its_value_and_what_comes_before_is_untouched(model):
    ours, theirs = model.sample(500, seed=3), model.do(treated=True).sample(500, seed=3)
    assert theirs["treated"].all() and theirs["treated"].dtype == bool
    pd.testing.assert_series_equal(theirs["age"], ours["age"])
    assert (theirs.dtypes == ours.dtypes).all() and len(theirs) == 500


def test_the_same_seed_gives_the_same_rows_of_another_world_and_a_start_of_more(model):
    world = model.do(treated=False)
    pd.testing.assert_frame_equal(world.sample(30, seed=5), world.sample(1100, seed=5).head(30))
    assert len(world.sample(0, seed=5)) == 0


def test_rows_in_which_nothing_would_have_been_otherwise_stay_as_they_are(model):
    data = rows(40, seed=2)
    before = data.copy(deep=True)
    made = model.counterfactual(data, do={"treated": True}, seed=0)
    kept = data["treated"].to_numpy()
    pd.testing.assert_frame_equal(made[kept], data[kept])
    pd.testing.assert_series_equal(made["age"], data["age"])
    assert made["treated"].all() and made.index.equals(data.index) and (made.dtypes == data.dtypes).all()
    pd.testing.assert_frame_equal(data, before)


def test_draws_of_what_would_have_been_are_as_many_as_asked_for_and_repeatable(model):
    data = rows(12, seed=2)
    first, again = (model.counterfactual(data, do={"treated": False}, draws=3, seed=7) for _ in range(2))
    assert len(first) == 3
    for one, other in zip(first, again, strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_global_randomness_is_left_alone(model):
    import torch

    before = np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    model.do(treated=True).sample(3)
    model.counterfactual(rows(3), do={"treated": True})
    assert before == (np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())


def test_a_saved_model_knows_the_same_worlds(model, tmp_path):
    model.save(tmp_path / "m")
    again = contrafact.load(tmp_path / "m")
    for ask in (lambda m: m.do(treated=True).sample(20, seed=1), lambda m: m.sample(20, seed=1)):
        pd.testing.assert_frame_equal(ask(model), ask(again))


def test_nodes_and_values_that_are_not_there_are_refused_by_name(model):
    for ask in (lambda: model.do(nobody=1), lambda: model.do(age="ancient")):
        with pytest.raises(ContrafactError) as caught:
            ask().sample(1, seed=0)
        assert isinstance(caught.value, UsageError) or caught.value.code.startswith("E5")
        assert caught.value.why and caught.value.fix
