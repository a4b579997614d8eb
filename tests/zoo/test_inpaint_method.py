"""Filling holes: what is known stays, what is not known varies as pictures do, and any size will do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import contrafact
from contrafact.base.data import Data, fingerprint
from contrafact.base.demos import demo
from contrafact.base.errors import ContrafactError
from contrafact.nets.hole_game import energy_score
from contrafact.zoo import Inpaint

HOLE = np.zeros((8, 8), dtype=bool)
HOLE[2:6, 1:5] = True


def slices(dtype: str = "uint8", channels: int = 3) -> np.ndarray:
    """Give a few pictures larger than a window."""
    draw = np.random.default_rng(0).normal(size=(6, 24, 20, channels)).cumsum(1).cumsum(2)
    scaled = (draw - draw.min()) / np.ptp(draw) * np.iinfo(dtype).max
    return scaled.astype(dtype)


@pytest.fixture(scope="module")
def digits() -> Data:
    return demo("digits").take(range(64))


@pytest.fixture(scope="module")
def model(digits: Data) -> Any:
    return Inpaint.toy().fit(digits, seed=1)


@pytest.fixture(scope="module", params=[("uint8", 3), ("uint16", 1)], ids=str)
def large(request: pytest.FixtureRequest) -> tuple[np.ndarray, Any]:
    own = slices(*request.param)
    return own, Inpaint.toy().but(steps=2, window=8).fit(own, seed=1)


def test_known_pixels_stay_bit_for_bit_and_holes_are_filled(model, digits):
    before = fingerprint(digits)
    made = model.inpaint(digits, HOLE)
    assert isinstance(made, Data) and made.items.dtype == np.uint8 and made.labels.tolist() == digits.labels.tolist()
    assert (made.items[:, ~HOLE] == digits.items[:, ~HOLE]).all()
    assert (made.items[:, HOLE] != digits.items[:, HOLE]).any()
    assert fingerprint(digits) == before


def test_a_hole_hides_what_was_in_it(model, digits):
    other = digits.items.copy()
    other[:, HOLE] = 255 - other[:, HOLE]
    np.testing.assert_array_equal(model.inpaint(digits.items, HOLE), model.inpaint(other, HOLE))


def test_draws_differ_inside_the_hole_alone_and_are_functions_of_the_seed(model, digits):
    one, other = model.inpaint(digits, HOLE, draws=2, seed=5)
    assert ((one.items != other.items) <= HOLE).all() and (one.items != other.items).any()
    again = model.inpaint(digits, HOLE, draws=1, seed=5)
    assert (again[0].items == one.items).all()
    assert (model.inpaint(digits, HOLE, draws=1, seed=6)[0].items != one.items).any()
    assert model.inpaint(digits, HOLE, draws=0) == []


def test_the_best_guess_is_the_same_every_time(model, digits):
    assert (model.inpaint(digits, HOLE).items == model.inpaint(digits, HOLE).items).all()


def test_the_best_guess_is_of_the_likeliest_class(model, digits, monkeypatch):
    asked = []
    classes = model.generator.classes
    monkeypatch.setattr(
        model.generator, "classes", lambda *a, likeliest: asked.append(likeliest) or classes(*a, likeliest=likeliest)
    )
    hole = np.zeros(digits.items.shape[1:3], dtype=bool)
    hole[2:6, 2:6] = True
    model.inpaint(digits.items[:3], hole)
    model.inpaint(digits.items[:3], hole, draws=1, seed=0)
    assert asked == [True, False]


def test_every_picture_may_have_its_own_hole_and_masks_may_be_of_any_type(model, digits):
    items = digits.items[:3]
    masks = np.zeros((3, 8, 8), dtype=np.uint8)
    masks[1, :4] = 255
    made = model.inpaint(items, masks, draws=1, seed=0)[0]
    assert (made[[0, 2]] == items[[0, 2]]).all() and (made[1, 4:] == items[1, 4:]).all()
    for form in (
        masks > 0,
        masks.astype(float),
        np.repeat(masks[..., None], 3, -1),
        Data(kind="pictures", items=masks),
    ):
        np.testing.assert_array_equal(model.inpaint(items, form, draws=1, seed=0)[0], made)
    assert model.inpaint(items[1], masks[1]).shape == (8, 8)
    assert model.inpaint(items[:0], masks[:0]).shape == (0, 8, 8)


@pytest.mark.parametrize("size", [(24, 20), (33, 41), (5, 20), (3, 2)])
def test_pictures_of_any_size_are_filled(large, size):
    own, model = large
    picture = np.resize(own[0], (*size, own.shape[3]))
    hole = np.zeros(size, dtype=bool)
    hole[size[0] // 3 :, 1:] = True
    made = model.inpaint(picture, hole, draws=2, seed=0)
    assert all(one.shape == picture.shape and one.dtype == picture.dtype for one in made)
    assert all((one[~hole] == picture[~hole]).all() for one in made)
    assert (made[0] != made[1]).any()


def test_pictures_that_were_scaled_down_are_filled_at_their_own_size():
    own = slices()
    model = Inpaint.toy().but(steps=2, resolution=12).fit(own, seed=1)
    hole = np.zeros((24, 20), dtype=bool)
    hole[3:11, 4:16] = True
    made = model.inpaint(own, hole)
    assert made.shape == own.shape and (made[:, ~hole] == own[:, ~hole]).all()
    other = own.copy()
    other[:, hole] = 0
    np.testing.assert_array_equal(model.inpaint(other, hole), made)
    assert model.sample(2, seed=0).shape == (2, 12, 10, 3)


def test_samples_are_whole_pictures_of_the_asked_class(model, large):
    assert set(model.sample(5, given={"class": 7}, seed=0).labels) == {7}
    assert (
        model.sample(5, given={"class": 7}, seed=0).items != model.sample(5, given={"class": 1}, seed=0).items
    ).any()
    own, other = large
    drawn = other.sample(2, seed=0)
    assert drawn.shape == (2, *own.shape[1:]) and drawn.dtype == own.dtype
    np.testing.assert_array_equal(other.sample(1, seed=0), drawn[:1])


def test_a_class_that_is_told_changes_the_filling(model, digits):
    items = digits.items[:1]
    told = [Data(kind="pictures", items=items, labels=np.array([label])) for label in (0, 1)]
    zero, one = (model.inpaint(data, HOLE, draws=1, seed=0)[0].items for data in told)
    assert (zero != one).any()


REFUSED = {
    "a mask of another size": (lambda d: (d, np.ones((8, 9))), "E216"),
    "too few masks": (lambda d: (d, np.ones((2, 8, 8))), "E216"),
    "a mask of numbers": (lambda d: (d, 3), "E216"),
    "a mask with missing numbers": (lambda d: (d, np.full((8, 8), np.nan)), "E204"),
    "floats": (lambda d: (d.items / 255.0, HOLE), "E205"),
    "colour": (lambda d: (np.repeat(d.items[..., None], 3, -1), HOLE), "E205"),
    "sixteen bits": (lambda d: (d.items.astype(np.uint16), HOLE), "E205"),
    "an unknown class": (lambda d: (Data(kind="pictures", items=d.items[:1], labels=np.array(["x"])), HOLE), "E105"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_filled_is_named(model, digits, case):
    made, code = REFUSED[case]
    with pytest.raises(ContrafactError) as caught:
        model.inpaint(*made(digits))
    assert caught.value.code == code and caught.value.what and caught.value.why and caught.value.fix


def test_the_energy_score_is_lowest_for_draws_from_the_truth():
    source = torch.Generator().manual_seed(0)
    truth, one, other = torch.randn(3, 200_000, 1, 1, 1, generator=source)
    hole = torch.ones_like(truth)
    scores = {size: energy_score(truth, size * one, size * other, hole).mean().item() for size in (0, 0.5, 1, 1.5, 2)}
    assert min(scores, key=scores.get) == 1
    # E|x - y| = 2 / sqrt(pi) for two standard normal numbers, E|x| = sqrt(2 / pi)
    assert abs(scores[1] - 1 / np.sqrt(np.pi)) < 0.01 and abs(scores[0] - np.sqrt(2 / np.pi)) < 0.01


def test_the_energy_score_sees_the_hole_alone():
    truth, draw = torch.zeros(1, 2, 4, 4), torch.ones(1, 2, 4, 4)
    hole = torch.zeros(1, 1, 4, 4)
    hole[..., :2] = 1
    outside = draw * hole + 9 * (1 - hole)
    score = energy_score(truth, draw, outside, hole)
    torch.testing.assert_close(score, torch.ones(1) - 1e-3 / 2, atol=1e-3, rtol=0)


def test_the_score_of_a_training_is_that_of_fillings(tmp_path, digits):
    training = Inpaint.toy().training(demo("digits").take(range(200)), seed=0, run_dir=tmp_path / "r")
    rows = [progress.row for progress in training if "score" in progress.row]
    assert rows and all(0 <= row["score"] <= 1 and "critic_gap" in row for row in rows)
    again = contrafact.load(tmp_path / "r")
    assert (again.inpaint(digits, HOLE).items == training.model.inpaint(digits, HOLE).items).all()


def test_fillings_vary_where_pictures_do_and_agree_where_they_do():
    """Right halves of bright pictures are black or white by a coin's throw; those of dark ones are dark."""

    def pictures(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        draw = np.random.default_rng(seed)
        bright, coin = draw.random((2, count)) < 0.5
        items = draw.integers(0, 10, (count, 8, 8))
        items[:, :, :4] += np.where(bright, 200, 50)[:, None, None]
        items[:, :, 4:] += np.where(bright, np.where(coin, 245, 0), 50)[:, None, None]
        return items.astype(np.uint8), bright

    model = Inpaint(steps=250, width=16, batch=16, half_life=500.0).fit(pictures(500, 0)[0], seed=0)
    items, bright = pictures(200, 1)
    hole = np.zeros((8, 8), dtype=bool)
    hole[:, 4:] = True
    draws = np.stack(model.inpaint(items, hole, draws=6, seed=0)).astype(float)[..., 4:].mean((2, 3))
    assert draws[:, bright].std(0).mean() > 3 * draws[:, ~bright].std(0).mean()
    assert np.abs(draws[:, ~bright] - 54.5).mean() < 15
