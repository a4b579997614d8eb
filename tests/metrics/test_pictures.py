"""The standard scores of pictures."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from contrafact.base.data import Data
from contrafact.base.demos import digits
from contrafact.base.errors import DataError
from contrafact.base.records import Score
from contrafact.metrics import (
    Features,
    energy_distance,
    learned_features,
    named_features,
    picture_scores,
    pixel_features,
)
from contrafact.metrics.pictures import nearest_of

DIGITS = digits().take(np.random.default_rng(0).permutation(1797))
REAL, HELD, FRESH = (DIGITS.take(range(start, start + 500)) for start in (0, 500, 1000))
ALWAYS = {"frechet", "kernel", "precision", "recall", "density", "coverage", "copies", "c2st"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the boosted trees of c2st, which have tests of their own."""
    monkeypatch.setattr("contrafact.metrics.pictures.c2st", energy)


def energy(real: np.ndarray, fake: np.ndarray, seed: int) -> Score:
    return replace(energy_distance(real, fake), name="c2st", floor=0.0)


def pixels(data: Data = REAL) -> Features:
    return pixel_features(data)


@cache
def learned() -> Features:
    return learned_features(REAL, steps=150)


@cache
def perfect() -> dict[str, Score]:
    return picture_scores(REAL, FRESH, HELD, features=learned())


def test_what_is_given_decides_what_is_scored() -> None:
    few, other = REAL.take(range(40)), FRESH.take(range(40))
    assert set(picture_scores(few, other, features=pixels())) == ALWAYS
    assert set(picture_scores(few, other, HELD.take(range(40)), features=pixels())) == ALWAYS | {"membership_auc"}
    unlabelled = Data(kind="pictures", items=other.items)
    assert set(picture_scores(few, unlabelled, features=learned())) == ALWAYS | {"inception", "label_kl"}
    labelled = picture_scores(few, other, features=learned())
    assert set(labelled) == ALWAYS | {"inception", "label_kl", "agreement"}


def test_every_score_lies_in_its_interval_and_names_its_features_and_anchors() -> None:
    for name, score in perfect().items():
        assert score.name == name and score.features == learned().name and "held-out accuracy" in score.features
        assert score.low <= score.value <= score.high, score
        assert score.ceiling is not None and score.n == 500
        assert (score.floor is None) == (name in ("copies", "membership_auc"))


def test_a_perfect_generator_gets_about_the_ceiling() -> None:
    scores = perfect()
    assert scores["frechet"].value < 2 * scores["frechet"].ceiling < scores["frechet"].floor / 5
    assert scores["kernel"].low < 0 < scores["kernel"].high and scores["kernel"].floor > scores["kernel"].high
    for name in ("precision", "recall", "coverage", "agreement"):
        assert scores[name].value == pytest.approx(scores[name].ceiling, abs=0.12), name
        assert scores[name].value > scores[name].floor, name
    assert scores["inception"].value == pytest.approx(scores["inception"].ceiling, rel=0.1)
    assert scores["agreement"].value > 0.85
    assert scores["copies"].low <= scores["copies"].ceiling + 0.01
    assert scores["membership_auc"].low < max(scores["membership_auc"].ceiling, 0.55)


def test_a_memoriser_lights_up_with_and_without_a_holdout() -> None:
    noisy = np.clip(REAL.items + np.random.default_rng(0).normal(0, 4, REAL.items.shape), 0, 255).astype(np.uint8)
    for fake in (REAL.items, noisy):
        scores = picture_scores(REAL, fake, HELD, features=pixels())
        assert scores["copies"].low > 0.9 > 0.1 > scores["copies"].ceiling
        assert scores["membership_auc"].low > 0.9 > 0.6 > scores["membership_auc"].ceiling
        assert picture_scores(REAL, fake, features=pixels())["copies"].low > 0.9
    half = np.concatenate([REAL.items[:250], FRESH.items[:250]])
    assert picture_scores(REAL, half, HELD, features=pixels())["copies"].value == pytest.approx(0.5, abs=0.03)


def test_one_tight_cluster_is_precise_and_recalls_little() -> None:
    same = np.repeat(HELD.items[:1], 100, axis=0)
    tight = np.clip(same + np.random.default_rng(0).integers(-4, 5, same.shape), 0, 255).astype(np.uint8)
    scores = picture_scores(REAL, tight, features=pixels())
    assert scores["precision"].value == 1 and scores["recall"].value < 0.05 and scores["coverage"].value < 0.1


def test_scattered_noise_recalls_and_is_not_precise() -> None:
    few = REAL.take(range(100))  # reals in a small corner, fakes all around them
    dim = Data(kind="pictures", items=few.items // 8)
    noise = np.random.default_rng(0).integers(0, 256, (300, 8, 8)).astype(np.uint8)
    scores = picture_scores(dim, np.concatenate([noise, dim.items[:6]]), features=pixels())
    assert scores["precision"].value < 0.1 and scores["recall"].value > 0.9


def test_classes_that_were_asked_for_in_vain_are_missed() -> None:
    wrong = Data(kind="pictures", items=FRESH.items, labels=(FRESH.labels + 1) % 10)
    unknown = Data(kind="pictures", items=FRESH.items, labels=np.array(["cat"] * 500))
    words = Data(kind="pictures", items=FRESH.items, labels=FRESH.labels.astype(str))
    few = REAL.take(range(50))
    found = [picture_scores(few, fake, features=learned())["agreement"].value for fake in (wrong, unknown, words)]
    assert found[0] < 0.1 and found[1] == 0 and found[2] > 0.85


def test_a_missing_class_shows_in_the_labels() -> None:
    without = FRESH.take(np.flatnonzero(FRESH.labels != 7))
    scores = picture_scores(REAL, without, features=learned())
    assert scores["label_kl"].low > scores["label_kl"].ceiling


@pytest.mark.parametrize(("reals", "fakes", "held"), [(3, 3, 3), (1, 1, 1), (3, 1, None), (1, 5, None), (20, 2, 1)])
def test_a_few_pictures_can_be_scored(reals: int, fakes: int, held: int | None) -> None:
    holdout = None if held is None else HELD.take(range(held))
    for score in picture_scores(REAL.take(range(reals)), FRESH.take(range(fakes)), holdout, features=pixels()).values():
        assert np.isfinite([score.value, score.low, score.high]).all(), score


def test_equal_pictures_can_be_scored() -> None:
    black = np.zeros((30, 8, 8), dtype=np.uint8)
    for real, fake in ((black, black), (black, FRESH.items[:30]), (REAL.items[:30], black)):
        for score in picture_scores(real, fake, features=pixels()).values():
            assert np.isfinite([score.value, score.low, score.high]).all(), score


def test_scores_repeat_and_change_nothing() -> None:
    few, other = REAL.take(range(60)), FRESH.take(range(50))
    items, state = (few.items.copy(), other.items.copy()), np.random.get_state()[1].copy()
    assert picture_scores(few, other, features=pixels()) == picture_scores(few, other, features=pixels())
    assert (few.items == items[0]).all() and (other.items == items[1]).all()
    assert (np.random.get_state()[1] == state).all()


def test_many_pictures_are_cut_except_in_the_search_for_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contrafact.metrics.pictures.MOST", 100)
    scores = picture_scores(REAL, REAL.take(range(400, 500)), features=pixels())
    assert scores["copies"].value == 1 and {score.n for score in scores.values()} == {100}
    assert picture_scores(REAL, FRESH, features=pixels())["frechet"].n == 100


@pytest.mark.parametrize(
    "other", [np.zeros((3, 8, 9), np.uint8), np.zeros((3, 8, 8, 3), np.uint8), np.zeros((3, 8, 8), np.uint16)]
)
def test_other_sizes_channels_or_depths_are_refused_by_name(other: np.ndarray) -> None:
    for fake, holdout, name in ((other, None, "fake"), (FRESH, other, "held-out")):
        with pytest.raises(DataError, match="8 x 8 x 1 of 8 bit") as caught:
            picture_scores(REAL, fake, holdout)
        assert caught.value.code == "E205" and name in caught.value.what


def test_features_that_are_not_finite_are_refused() -> None:
    broken = named_features(lambda block: np.full((len(block), 2), np.nan), "broken")
    with pytest.raises(DataError) as caught:
        picture_scores(REAL, FRESH, features=broken)
    assert caught.value.code == "E222"


def test_nearest_rows_are_found_over_all_blocks() -> None:
    rng = np.random.default_rng(0)
    points, rows = rng.normal(size=(30, 9)), rng.normal(size=(70, 9))
    answer = np.sort(np.linalg.norm(points[:, None] - rows[None], axis=2), axis=1)
    np.testing.assert_allclose(nearest_of(points, np.array_split(rows, 4), 3), answer[:, :3])
    assert np.isinf(nearest_of(points, [rows[:2]], 3)[:, 2]).all()
    assert (nearest_of(rows + 1e5, [rows + 1e5], 1) == 0).all()
