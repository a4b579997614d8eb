"""Each sign is where it should be beside real pictures, moves at what it is named for, and at nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from contrafact.base.demos import digits
from contrafact.metrics.held_out import held_out_pictures
from contrafact.metrics.picture_signs import _levels, drift, grain, nearest_two, picture_signs, spectrum

DIGITS = digits().take(np.random.default_rng(0).permutation(1797))
Encoded = dict[str, np.ndarray]


def encoded(start: int, stop: int, side: int = 1) -> Encoded:
    items = DIGITS.items[start:stop, None].repeat(side, 2).repeat(side, 3)
    return {"pictures": items, "labels": DIGITS.labels[start:stop]}


TRAINED, HELD, FRESH = encoded(0, 800), encoded(800, 1000), encoded(1000, 1600)
SIGNS = picture_signs(TRAINED, HELD, 0)


def but(fakes: Encoded, pictures: np.ndarray) -> Encoded:
    return {**fakes, "pictures": pictures}


def test_fresh_real_pictures_show_no_sign():
    seen = SIGNS(FRESH)
    assert seen["copies"] < 0.05
    assert abs(seen["drawn"]) < 3 * seen["drawn_error"]
    assert seen["fine"] == pytest.approx(1, abs=0.1) and seen["checkerboard"] < 1.3
    assert seen["colour_drift"] < 0.05
    assert seen["class_variety"] > 0.8 and seen["class_truth"] > 0.8


def test_training_pictures_with_a_little_noise_are_copies():
    noise = np.random.default_rng(1).normal(0, 4, (400, 1, 8, 8))
    seen = SIGNS(but(encoded(0, 400), TRAINED["pictures"][:400] + noise))
    assert seen["copies"] > 0.9
    assert seen["drawn"] > 0.95 and seen["drawn"] > 3 * seen["drawn_error"]
    assert seen["colour_drift"] < 0.05 and seen["class_truth"] > 0.8


def test_held_out_pictures_are_no_copies_and_lie_the_other_way():
    seen = SIGNS(but(encoded(800, 1000), HELD["pictures"] + np.random.default_rng(1).normal(0, 4, (200, 1, 8, 8))))
    assert seen["copies"] < 0.05
    assert seen["drawn"] < -2


@pytest.mark.parametrize("seed", range(5))
def test_what_lies_nearest_depends_on_the_split_alone_however_bad_the_fakes_are(seed):
    order = np.random.default_rng(seed).permutation(1797)
    items = DIGITS.items[order][:, None]
    blurred = items[1000:1500].astype(float).mean((2, 3), keepdims=True) * 0.5 + items[1000:1500] * 0.5
    signs = picture_signs({"pictures": items[:900]}, {"pictures": items[900:1000]}, 0)
    seen = signs({"pictures": blurred})
    assert abs(seen["drawn"]) < 3.5 * seen["drawn_error"]


def test_a_split_without_held_out_pictures_says_nothing_of_nearness():
    signs = picture_signs(TRAINED, TRAINED, 0)
    assert "drawn" not in signs(FRESH)
    assert signs(TRAINED)["copies"] > 0.9


def test_a_checkerboard_is_told_from_noise_and_from_blur():
    turn = (-1.0) ** np.arange(8)
    for planted in (30 * np.outer(turn, turn), 20 * turn, 20 * turn[:, None], 0.3 * turn * FRESH["pictures"]):
        assert SIGNS(but(FRESH, FRESH["pictures"] + planted))["checkerboard"] > 2.5
    noisy = SIGNS(but(FRESH, FRESH["pictures"] + np.random.default_rng(2).normal(0, 60, FRESH["pictures"].shape)))
    assert noisy["fine"] > 1.5 and noisy["checkerboard"] < 2
    wide = picture_signs(encoded(0, 800, 2), encoded(800, 1000, 2), 0)
    soft = encoded(1000, 1600, 2)["pictures"].astype(float)
    soft = (soft + np.roll(soft, 1, 2) + np.roll(soft, 1, 3) + np.roll(soft, (1, 1), (2, 3))) / 4
    seen = wide({"pictures": soft, "labels": FRESH["labels"]})
    assert seen["fine"] < 0.9 and seen["checkerboard"] < 1.5


def test_a_spectrum_of_white_noise_is_its_variance_everywhere():
    noise = np.random.default_rng(0).normal(100, 5, (400, 2, 12, 16))
    energy = spectrum(noise)
    assert energy.shape == (12, 16)
    assert energy.ravel()[1:].mean() == pytest.approx(25, rel=0.05)
    assert energy[0, 0] < 0.1  # the mean is taken off
    assert spectrum(noise[:, :, :11, :15]).shape == (10, 14)


@pytest.mark.parametrize(("change", "apart"), [(lambda p: p + 40, 0.3), (lambda p: p * 0.5, 0.3), (lambda p: p, 0.0)])
def test_a_shift_of_brightness_or_contrast_is_a_drift(change, apart):
    found = SIGNS(but(FRESH, change(FRESH["pictures"].astype(float))))["colour_drift"]
    assert found > apart if apart else found < 0.05


def test_one_channel_is_enough_and_few_pictures_excuse_what_is_chance():
    draw = np.random.default_rng(0)
    real, fake = (draw.normal(100, 20, (500, 3, 8, 8)) for _ in range(2))
    fake[:, 1] += 15
    assert drift(_levels(fake), _levels(real))["colour_drift"] == pytest.approx(0.75, abs=0.1)
    swinging = 100 + draw.normal(0, 40, (6, 1, 1, 1)) + draw.normal(0, 5, (6, 1, 8, 8))
    other = 100 + draw.normal(0, 40, (6, 1, 1, 1)) + draw.normal(0, 5, (6, 1, 8, 8))
    assert drift(_levels(swinging), _levels(other))["colour_drift"] == 0


def test_a_class_of_equal_pictures_is_named_and_so_is_one_that_looks_like_another():
    alike = FRESH["pictures"].copy()
    threes = np.flatnonzero(FRESH["labels"] == 3)
    alike[threes] = alike[threes[0]]
    seen = SIGNS(but(FRESH, alike))
    assert seen["class_variety"] < 0.1 and seen["class_thin"] == 3
    swapped = FRESH["pictures"].copy()
    swapped[threes] = np.resize(FRESH["pictures"][FRESH["labels"] == 7], (len(threes), 1, 8, 8))
    seen = SIGNS(but(FRESH, swapped))
    assert seen["class_truth"] < 0.3 and seen["class_wrong"] == 3
    assert seen["class_variety"] > 0.4
    assert seen["usual_variety"] > 0.8 and seen["usual_truth"] > 0.8


def test_the_error_of_a_class_is_that_of_the_fakes_that_it_has():
    def error(count: int) -> float:
        threes = np.flatnonzero(FRESH["labels"] == 3)[:count]
        rest = np.flatnonzero(FRESH["labels"] != 3)
        ones = np.resize(FRESH["pictures"][FRESH["labels"] == 1], (count, 1, 8, 8))
        pictures, labels = np.concatenate([FRESH["pictures"][rest], ones]), FRESH["labels"][np.r_[rest, threes]]
        seen = SIGNS({"pictures": pictures, "labels": labels})
        assert seen["class_wrong"] == 3 and seen["class_truth"] == 0
        return seen["class_truth_error"]

    assert error(8) == pytest.approx(
        np.sqrt(0.1 * 0.9 / 11), rel=0.1
    )  # Beta(1, 9), and nearly all real threes are right
    assert error(40) < error(8) / 2


def test_labels_that_say_nothing_of_the_pictures_leave_no_class_out():
    random = np.random.default_rng(5)
    trained, held, fakes = (
        {**part, "labels": random.integers(0, 4, len(part["labels"]))} for part in (TRAINED, HELD, FRESH)
    )
    assert picture_signs(trained, held, 0)(fakes)["usual_truth"] == pytest.approx(1, abs=0.35)


def test_too_few_of_a_class_say_nothing():
    few = {name: part[:30] for name, part in TRAINED.items()}
    assert "class_variety" not in picture_signs(few, few, 0)(FRESH)


def test_signs_are_finite_for_the_smallest_pictures_and_for_fakes_that_are_all_alike():
    for side in (1, 3, 40):
        real = {"pictures": np.random.default_rng(0).integers(0, 256, (12, 2, side, side + 1), dtype=np.uint8)}
        flat = {"pictures": np.full((20, 2, side, side + 1), 128.0)}
        for held in (real, {"pictures": real["pictures"][:2]}):
            assert all(np.isfinite(value) for value in picture_signs(real, held, 0)(flat).values())


def test_the_two_nearest_are_those_that_counting_finds():
    points, among = (np.random.default_rng(k).normal(size=(n, 5)) for k, n in ((0, 7), (1, 9000)))
    squares, place = nearest_two(points, among)
    every = ((points[:, None] - among) ** 2).sum(2)
    assert (place == np.argsort(every, axis=1)[:, :2]).all()
    assert np.allclose(squares, np.sort(every, axis=1)[:, :2])
    assert grain(np.ones((4, 4)), np.ones((4, 4))) == {}


def test_the_score_of_pictures_prepares_the_signs():
    score = held_out_pictures(HELD, 0)
    assert score.beside(TRAINED)(FRESH) == score(FRESH) | SIGNS(FRESH)
    assert score(FRESH)["score"] > 0.8
