"""What every method that learns from pairs must hold to: masks and pictures of any size, the same from one seed."""

from __future__ import annotations

import copy
import random
import time
from typing import Any

import numpy as np
import pytest

import contrafact
from contrafact.base.abilities import abilities
from contrafact.base.data import Data, Pairs, fingerprint
from contrafact.base.demos import demo
from contrafact.base.errors import ContrafactError, UsageError
from contrafact.zoo.index import INDEX, recipe

NAMES = [entry.name for entry in INDEX.values() if "pairs" in entry.kinds]
TOY_SECONDS = 1.0


def digits(target: str, count: int = 64) -> Pairs:
    """Pair digits with where their ink is, or with their negatives."""
    source = demo("digits").take(range(count))
    made = np.where(source.items > 127, 255, 0).astype(np.uint8) if target == "masks" else 255 - source.items
    return Pairs(source=Data(kind="pictures", items=source.items), target=Data(kind="pictures", items=made))


@pytest.fixture(scope="module", params=[(name, target) for name in NAMES for target in ("masks", "pictures")], ids=str)
def fitted(request: pytest.FixtureRequest) -> tuple[Any, Pairs, Any]:
    name, target = request.param
    settings, pairs = recipe(name).toy().but(masks=target == "masks"), digits(target)
    settings.but(steps=2).fit(pairs)  # torch warms up
    began = time.process_time()
    model = settings.fit(pairs, seed=1)
    assert time.process_time() - began <= TOY_SECONDS
    return settings, pairs, model


def test_a_model_has_the_abilities_that_the_index_lists(fitted):
    settings, _, model = fitted
    assert set(INDEX[settings.method].abilities) | {"save"} == set(abilities(model))


def test_the_same_seed_gives_the_same_model(fitted):
    settings, pairs, model = fitted
    assert settings.fit(pairs, seed=1).files(with_critic=True) == model.files(with_critic=True)


def test_fitting_and_translating_leave_the_input_and_the_global_randomness_alone(fitted):
    import torch

    settings, pairs, _ = fitted
    own = copy.deepcopy(pairs)
    before = fingerprint(own), random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    settings.but(steps=3).fit(own, seed=3).translate(own.source)
    after = fingerprint(own), random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    assert before == after


@pytest.mark.parametrize("shape", [(0, 8, 8), (1, 8, 8), (3, 21, 34), (2, 5, 600)])
def test_pictures_of_any_number_and_size_are_translated(fitted, shape):
    _, pairs, model = fitted
    new = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    made = model.translate(new)
    assert isinstance(made, Data) and made.items.shape == shape and made.items.dtype == pairs.target.items.dtype
    if model.codec.classes:
        assert set(np.unique(made.items)) <= {0, 255}
        chances = model.probabilities(new)
        assert chances.shape == (shape[0], 2, *shape[1:])
        np.testing.assert_allclose(chances.sum(1), 1, atol=1e-5)
    else:
        with pytest.raises(UsageError, match="not masks"):
            model.probabilities(new)


def test_a_picture_is_translated_the_same_alone_and_among_others(fitted):
    _, pairs, model = fitted
    every = model.translate(pairs.source).items.astype(int)
    for place in (0, 7):
        alone = model.translate(pairs.source.take([place])).items.astype(int)
        assert (abs(alone[0] - every[place]) > 1).mean() <= 0.02  # a rounding of a chance next to one half


def test_draws_differ_with_noise_and_are_refused_without(fitted):
    settings, pairs, model = fitted
    if not settings.settings().get("noise"):
        with pytest.raises(UsageError) as caught:
            model.translate(pairs.source, draws=2)
        assert caught.value.code == "E124"
        return
    draws = model.translate(pairs.source, draws=3, seed=5)
    again = model.translate(pairs.source, draws=2, seed=5)
    assert len(draws) == 3 and all(len(one) == len(pairs) for one in draws)
    assert (draws[0].items == again[0].items).all() and (draws[1].items == again[1].items).all()
    assert (draws[0].items != draws[1].items).any()
    assert model.translate(pairs.source, draws=0) == []


def test_a_saved_model_comes_back_the_same(fitted, tmp_path):
    _, pairs, model = fitted
    for with_critic in (False, True):
        model.save(tmp_path / "m", with_critic=with_critic)
        again = contrafact.load(tmp_path / "m")
        assert again.files(with_critic) == model.files(with_critic) and again.recipe == model.recipe
        np.testing.assert_array_equal(again.translate(pairs.source).items, model.translate(pairs.source).items)


def test_stopping_and_resuming_is_one_fit(fitted, tmp_path):
    settings, pairs, model = fitted
    parts = settings.training(pairs, seed=1, run_dir=tmp_path / "r")
    for progress in parts:
        if progress.step >= 14:
            break
    del parts
    resumed = settings.training(pairs, seed=1, run_dir=tmp_path / "r")
    assert next(iter(resumed)).step > 10
    del resumed
    assert settings.fit(pairs, seed=1, run_dir=tmp_path / "r").files(with_critic=True) == model.files(with_critic=True)
    assert contrafact.load(tmp_path / "r").files() == model.files()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((4, 8, 8), np.uint8),
        "text",
        None,
        Data(kind="pictures", items=np.arange(256, dtype=np.uint8).reshape(4, 8, 8)),
        digits("masks", 1),
        digits("masks", 0),
    ],
    ids=["one side", "text", "nothing", "data", "one pair", "no pair"],
)
def test_what_are_no_pairs_is_refused_by_name(name, bad):
    with pytest.raises(ContrafactError) as caught:
        recipe(name).toy().fit(bad)
    assert caught.value.code.startswith("E2")


@pytest.mark.parametrize("name", NAMES)
def test_two_pairs_of_odd_size_and_colour_are_enough(name):
    draw = np.random.default_rng(0)
    source, target = (draw.integers(0, high, (2, 9, 5, 3)).astype(np.uint8) for high in (256, 2))
    pairs = Pairs(source=Data(kind="pictures", items=source), target=Data(kind="pictures", items=target))
    made = recipe(name).toy().but(steps=3).fit(pairs).translate(source[:1])
    assert made.items.shape == (1, 9, 5, 3)
