"""Dice and intersection over union, against hand-counted cases and other libraries."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score, jaccard_score

from contrafact.metrics.overlap import counts, dice, dice_gap, dice_of, held_out_pairs, iou


def masks(seed: int, n: int = 12, classes: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, classes, (n, 6, 7))


def test_a_case_counted_by_hand():
    truth = np.array([[[1, 1, 0, 0]]])
    guess = np.array([[[1, 0, 1, 0]]])
    counted = counts(truth, guess, [1])
    assert counted.tolist() == [[[1, 2, 2]]]
    assert dice(counted).value == 0.5 and iou(counted).value == pytest.approx(1 / 3)


@pytest.mark.parametrize("classes", [[1], [0, 2], [0, 1, 2]])
def test_values_are_those_of_scikit_learn(classes):
    truth, guess = masks(0, classes=3), masks(1, classes=3)
    counted = counts(truth, guess, classes)
    flat = truth.ravel(), guess.ravel()
    assert dice(counted).value == pytest.approx(f1_score(*flat, labels=classes, average="macro"))
    assert iou(counted).value == pytest.approx(jaccard_score(*flat, labels=classes, average="macro"))


def test_equal_masks_score_one_and_masks_without_overlap_nothing():
    truth = masks(0)
    for measure in (dice, iou):
        same, none = measure(counts(truth, truth, [1])), measure(counts(truth, 1 - truth, [1]))
        assert (same.value, same.low, same.high) == (1, 1, 1)
        assert (none.value, none.low, none.high) == (0, 0, 0)


def test_nothing_to_find_and_nothing_found_is_right():
    nothing = np.zeros((3, 4, 4), int)
    assert dice(counts(nothing, nothing, [1])).value == iou(counts(nothing, nothing, [1])).value == 1
    assert dice(counts(nothing, nothing + 1, [1])).value == 0


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    random = np.random.default_rng(0)
    inside = 0
    for trial in range(100):
        # Of 400 pixels each picture finds a share of its own; over all pictures the Dice of shares tends to .8.
        found = random.binomial(200, random.beta(8, 2, 40))
        counted = np.stack([found, np.full(40, 200), np.full(40, 200)], axis=1)[:, None].astype(float)
        score = dice(counted, seed=trial)
        inside += score.low <= 0.8 <= score.high
    assert 87 <= inside <= 99


def test_a_gap_is_measured_on_the_same_draws_of_pictures():
    truth = masks(0, 20)
    hard = np.random.default_rng(3).random(20)[:, None, None]  # how hard a picture is, for both methods
    noise = np.random.default_rng(1).random(truth.shape)
    one, other = np.where(noise < 0.6 * hard, 1 - truth, truth), np.where(noise < 0.65 * hard, 1 - truth, truth)
    a, b = counts(truth, one, [1]), counts(truth, other, [1])
    gap = dice_gap(a, b)
    assert gap.value == pytest.approx(dice(a).value - dice(b).value)
    assert 0 < gap.low < gap.value < gap.high
    assert gap.high - gap.low < (dice(a).high - dice(a).low) / 2
    assert dice_gap(a, a).value == dice_gap(a, a).low == dice_gap(a, a).high == 0


def test_the_same_seed_gives_the_same_interval():
    counted = counts(masks(0), masks(1), [1])
    assert dice(counted, seed=3) == dice(counted, seed=3) != dice(counted, seed=4)


def test_masks_are_scored_by_dice_while_a_network_learns():
    real = {"target": masks(0)[:, None].astype(np.uint8)}
    score = held_out_pairs(2, [1])(real, 0)
    made = {"target": masks(1)[:, None].astype(np.uint8)}
    told = score(made)
    assert told["score"] == dice_of(counts(masks(0), masks(1), [1])) and 0 < told["score_error"] < 0.2
    assert score(real) == {"score": 1.0, "score_error": 0.0}


def test_pictures_are_scored_by_what_they_take_away_of_the_distance():
    real = {"target": np.random.default_rng(0).integers(0, 256, (5, 2, 8, 8)).astype(np.uint8)}
    score = held_out_pairs(0, ())(real, 0)
    plain = np.median(real["target"], axis=(0, 2, 3), keepdims=True) * np.ones((5, 1, 8, 8))
    assert score({"target": real["target"].astype(float)})["score"] == 1
    assert score({"target": plain})["score"] == pytest.approx(0)
    half = (real["target"] + plain) / 2
    assert score({"target": half})["score"] == pytest.approx(0.5)
