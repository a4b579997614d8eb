"""Translation without pairs: what is translated has the other domain's look and can be had back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import contrafact
from contrafact.base.data import Data
from contrafact.base.demos import demo
from contrafact.base.errors import ContrafactError
from contrafact.zoo import CycleGAN


def domains(count: int) -> Data:
    """Give digits in red on black, and other digits in black on blue."""
    items = np.repeat(demo("digits").items[: 2 * count, :, :, None], 3, axis=3)
    red, blue = items[:count].copy(), 255 - items[count:]
    red[..., 1:] = 0
    blue[..., :2] //= 8
    labels = np.array(["red"] * count + ["blue"] * count)
    return Data(kind="pictures", items=np.concatenate([red, blue]), labels=labels, name="two")


def colour(items: np.ndarray) -> np.ndarray:
    """Give the mean of each channel."""
    return np.asarray(items.mean((0, 1, 2)))


@pytest.fixture(scope="module")
def two() -> Data:
    return domains(60)


@pytest.fixture(scope="module")
def model(two: Data) -> Any:
    return CycleGAN.toy().fit(two, seed=1)


def test_the_cycle_closes_and_translations_get_the_colour_of_their_domain():
    data = domains(400)
    training = CycleGAN(steps=120, width=16, critic_width=8, mirror=False).training(data, seed=0)
    model = training.finish()
    cycles = [row["generator/cycle"] for row in training.log]
    assert np.mean(cycles[-10:]) < 0.3 * cycles[0]
    red, blue = (Data(kind="pictures", items=half, labels=None) for half in np.split(data.items, 2))
    as_blue, as_red = model.translate(red, to="blue"), model.translate(blue, to="red")
    assert set(as_blue.labels) == {"blue"} and set(as_red.labels) == {"red"}
    assert np.abs(colour(as_blue.items) - colour(blue.items)).max() < 30
    assert np.abs(colour(as_red.items) - colour(red.items)).max() < 30
    back = model.translate(as_blue).items.astype(float)
    assert np.abs(back - red.items).mean() < 0.4 * np.abs(as_blue.items.astype(float) - red.items).mean()


def test_every_labelled_picture_goes_to_the_other_domain(model, two):
    made = model.translate(two)
    assert made.labels.tolist() == ["blue"] * 60 + ["red"] * 60 and made.items.shape == two.items.shape
    np.testing.assert_array_equal(made.items[:60], model.translate(two.items[:60], to="blue"))
    np.testing.assert_array_equal(made.items, model.translate(two, seed=5).items)


@pytest.mark.parametrize("size", [(8, 8), (21, 40), (3, 5)])
def test_pictures_of_any_size_keep_it(model, two, size):
    picture = np.resize(two.items[0], (*size, 3))
    assert model.translate(picture, to="red").shape == picture.shape
    assert model.translate(two.items[:0], to="red").shape == (0, 8, 8, 3)


def test_pictures_that_were_scaled_down_keep_their_size(two):
    made = CycleGAN.toy().but(steps=2, resolution=6).fit(two, seed=0).translate(two)
    assert made.items.shape == two.items.shape


def test_the_same_seed_gives_the_same_model_and_a_saved_one_comes_back(model, two, tmp_path):
    assert CycleGAN.toy().fit(two, seed=1).files(with_critic=True) == model.files(with_critic=True)
    for with_critic in (False, True):
        model.save(tmp_path / str(with_critic), with_critic=with_critic)
        again = contrafact.load(tmp_path / str(with_critic))
        assert again.files(with_critic) == model.files(with_critic)
        assert (again.translate(two).items == model.translate(two).items).all()


def test_stopping_and_resuming_is_one_fit(two, tmp_path):
    for progress in CycleGAN.toy().training(two, seed=4, run_dir=tmp_path / "r"):
        if progress.step >= 11:
            break
    resumed = CycleGAN.toy().fit(two, seed=4, run_dir=tmp_path / "r")
    assert resumed.files(with_critic=True) == CycleGAN.toy().fit(two, seed=4).files(with_critic=True)


def test_training_leaves_its_input_alone(two):
    before = two.items.copy()
    CycleGAN.toy().but(steps=2).fit(two)
    np.testing.assert_array_equal(two.items, before)


REFUSED = {
    "no labels": (lambda d: Data(kind="pictures", items=d.items), "E217"),
    "an array": (lambda d: d.items, "E217"),
    "three classes": (
        lambda d: Data(kind="pictures", items=d.items, labels=np.array(["a", "b", "c"] * 40)),
        "E217",
    ),
    "one of a kind": (lambda d: d.take([0, 60, 61, 62]), "E206"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_data_that_are_no_two_domains_are_refused(two, case):
    made, code = REFUSED[case]
    with pytest.raises(ContrafactError) as caught:
        CycleGAN.toy().fit(made(two))
    assert caught.value.code == code and caught.value.fix


ASKED = {
    "an unknown class": ({"to": "green"}, "E105"),
    "nothing said": ({}, "E109"),
    "several draws": ({"to": "red", "draws": 2}, "E124"),
}


@pytest.mark.parametrize("case", ASKED)
def test_what_cannot_be_translated_is_named(model, two, case):
    wish, code = ASKED[case]
    with pytest.raises(ContrafactError) as caught:
        model.translate(two.items, **wish)
    assert caught.value.code == code
    with pytest.raises(ContrafactError, match="channels"):
        model.translate(two.items[..., 0], to="red")
