"""What lies behind a picture is found again."""

from __future__ import annotations

from dataclasses import replace

import blobs
import numpy as np
import pytest
import torch

from contrafact.base.data import Data
from contrafact.base.errors import DataError
from contrafact.nets import inversion
from contrafact.nets.inversion import Inverted

CLASSES = ("dark", "light")


@pytest.fixture(scope="module")
def inverted() -> tuple[Data, np.ndarray, Inverted, Inverted]:
    model = blobs.model(CLASSES)
    drawn = model.sample(12, seed=7)
    before = drawn.items.copy()
    state = torch.random.get_rng_state()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inversion, "ENCODER_STEPS", 150)
        with_labels = model.invert(drawn, steps=100)
        without = model.invert(replace(drawn, labels=None), steps=100)
    assert np.array_equal(drawn.items, before) and torch.equal(torch.random.get_rng_state(), state)
    return drawn, model.latents(12, seed=7).noise, with_labels, without


def test_pictures_of_the_model_itself_are_found_again(inverted) -> None:
    drawn, noise, found, _ = inverted
    assert found.error.max() < 5 and found.random_error.mean() > 10 * found.error.mean()
    assert found.error.mean() < found.guess_error.mean() < found.random_error.mean()
    # Place and light are seen in the picture; the column that does nothing is not.
    seen = [blobs.RIGHT, blobs.DOWN]
    assert np.abs(found.noise[:, seen] - noise[:, seen]).max() < 0.1
    assert np.array_equal(found.labels, drawn.labels)


def test_errors_are_those_of_the_pictures_that_come_back(inverted) -> None:
    drawn, _, found, _ = inverted
    again = blobs.model(CLASSES).reproject(found)
    rms = np.sqrt(((again.items.astype(float) - drawn.items) ** 2).mean((1, 2)))
    assert found.error == pytest.approx(rms, abs=0.6)  # pictures are rounded to whole grey levels
    assert f"Off by {found.error.mean():.1f} grey levels" in str(found) and "12 rows" in repr(found)


def test_the_class_of_a_picture_without_a_label_is_found(inverted) -> None:
    drawn, _, _, found = inverted
    assert np.array_equal(found.labels, drawn.labels) and found.error.max() < 5


def test_what_was_found_can_be_cut_edited_and_walked_between(inverted) -> None:
    _, _, found, _ = inverted
    model = blobs.model(CLASSES)
    one, two = found.take([0]), found.take([1])
    assert len(one) == len(one.error) == 1 and isinstance(one, Inverted)
    way = model.interpolate(one, two, 4)
    assert np.array_equal(way.items[0], model.reproject(one).items[0])
    assert np.array_equal(way.items[-1], model.reproject(two).items[0])
    assert not np.array_equal(model.reproject(one, {"right": 1}).items, model.reproject(one).items)


def test_the_same_seed_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inversion, "ENCODER_STEPS", 10)
    drawn = blobs.model().sample(3, seed=1)
    first, again = (blobs.model().invert(drawn, steps=5, seed=4) for _ in range(2))
    assert np.array_equal(first.noise, again.noise)
    assert not np.array_equal(first.noise, blobs.model().invert(drawn, steps=5, seed=5).noise)


def test_pictures_of_other_channels_are_refused() -> None:
    with pytest.raises(DataError) as caught:
        blobs.model().invert(np.zeros((2, blobs.SIDE, blobs.SIDE, 3), dtype=np.uint8))
    assert caught.value.code == "E205"
