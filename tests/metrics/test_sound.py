"""The standard scores of sound."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial

import numpy as np
import pytest

import contrafact
from contrafact.base.data import Data
from contrafact.base.demos import beeps
from contrafact.base.errors import DataError
from contrafact.base.records import Score
from contrafact.metrics import energy_distance, learned_features
from contrafact.metrics.sound import log_spectral, sound_scores
from contrafact.metrics.sound_features import Hearing, as_clips

REAL, HELD, FRESH = beeps(160, seed=1), beeps(80, seed=2), beeps(100, seed=3)
ALWAYS = {"frechet", "kernel", "precision", "recall", "density", "coverage", "c2st", "copies", "bins", "log_spectral"}
SIGNS = {"silent", "clipped", "offset", "tone", "click", "twin", "clean"}
LABELLED = {"inception", "label_kl", "agreement", "tstr"}
FEW = partial(learned_features, steps=30)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Learn features in few steps, and spare the boosted trees of c2st, which have tests of their own."""
    monkeypatch.setattr("contrafact.metrics.sound.learned_features", FEW)
    monkeypatch.setattr("contrafact.metrics.pictures.c2st", energy)
    yield


def energy(real: np.ndarray, fake: np.ndarray, seed: int) -> Score:
    return replace(energy_distance(real, fake), name="c2st", floor=0.0)


def noise(like: Data) -> Data:
    draw = np.random.default_rng(0)
    return replace(like, items=[(0.3 * draw.standard_normal(len(clip))).astype(np.float32) for clip in like.items])


@cache
def perfect() -> dict[str, Score]:
    return sound_scores(REAL, FRESH, HELD)


@cache
def worst() -> dict[str, Score]:
    return sound_scores(REAL, noise(FRESH), HELD)


def test_what_is_given_decides_what_is_scored(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(perfect()) == ALWAYS | SIGNS | LABELLED | {"membership_auc"}
    monkeypatch.setattr("contrafact.metrics.sound.learned_features", partial(learned_features, steps=2))
    unlabelled = [replace(data.take(range(40)), labels=None) for data in (REAL, FRESH)]
    assert set(sound_scores(*unlabelled)) == ALWAYS | SIGNS


def test_every_score_lies_in_its_interval_and_has_its_anchors() -> None:
    for name, score in perfect().items():
        assert score.name == name and score.low <= score.value <= score.high, score
        assert score.n == 100 and score.ceiling is not None
        assert (score.floor is None) == (name in {*SIGNS, "copies", "membership_auc"}), name
    assert perfect()["frechet"].features.startswith("log-mel classifier-")


def test_real_clips_get_about_the_ceiling() -> None:
    scores = perfect()
    for name in ("precision", "recall", "coverage", "agreement", "tstr", "clean"):
        assert scores[name].value == pytest.approx(scores[name].ceiling, abs=0.15), name
    for name in ("frechet", "log_spectral", "bins"):
        assert abs(scores[name].value - scores[name].ceiling) < abs(scores[name].value - scores[name].floor) / 4, name
    assert scores["agreement"].value > 0.8 and scores["tstr"].value > 0.8
    assert scores["copies"].low <= scores["copies"].ceiling + 0.02


def test_noise_is_told_from_real_clips_by_every_score_of_likeness() -> None:
    for name in ("frechet", "kernel", "log_spectral", "bins", "label_kl"):
        assert worst()[name].value > perfect()[name].high, name
    for name in ("precision", "recall", "coverage", "inception", "agreement", "tstr"):
        assert worst()[name].value < perfect()[name].low, name


def test_wrong_labels_lower_agreement_and_tstr_alone() -> None:
    labels = np.roll(np.asarray(FRESH.labels), 1)
    scores = sound_scores(REAL, replace(FRESH, labels=labels), HELD)
    assert scores["agreement"].value < 0.5 and scores["tstr"].value < 0.6
    assert scores["frechet"].value == perfect()["frechet"].value


def test_copies_are_found_although_they_are_quieter_and_later() -> None:
    clips = [np.concatenate([np.zeros(200, dtype=np.float32), clip / 3]) for clip in REAL.items[:60]]
    copied = sound_scores(REAL, replace(REAL.take(range(60)), items=clips), HELD)["copies"]
    assert copied.value > 0.9 > 4 * copied.ceiling  # so simple sounds lie close together


def test_one_class_alone_fills_too_few_bins() -> None:
    hisses = FRESH.take(np.flatnonzero(np.asarray(FRESH.labels) == "hiss"))
    scores = sound_scores(REAL, hisses)
    assert scores["bins"].value > 0.5 and scores["recall"].value < 0.5
    assert scores["inception"].value < 1.3 < perfect()["inception"].value


def test_the_log_spectral_distance_is_that_of_a_filter_by_hand() -> None:
    draw = np.random.default_rng(0)
    white = [draw.standard_normal(4096).astype(np.float32) / 8 for _ in range(60)]
    filtered = [np.convolve(clip, [1, 0.9])[:4096].astype(np.float32) / 4 for clip in white]
    real, fake = (Data(kind="sound", items=items, rate=8000) for items in (white, filtered))
    angle = np.linspace(0, np.pi, 129)
    gains = 10 * np.log10(1.81 + 1.8 * np.cos(angle))
    expected = np.sqrt((((gains - 10 * np.log10(1.81)) - 0) ** 2).mean())
    score = log_spectral({"real": real, "fake": fake}, Hearing.of(*as_clips(real)))
    assert score.value == pytest.approx(expected, rel=0.05) and score.low < score.value < score.high


def test_judge_takes_sound_and_refuses_other_kinds_beside_it(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contrafact.metrics.sound.learned_features", partial(learned_features, steps=2))
    report = contrafact.judge(REAL.take(range(60)), FRESH.take(range(40)))
    assert {"frechet", "clean"} <= set(report.scores) and "frechet" in str(report)
    page = report.save(tmp_path / "judged.html").read_text()
    assert page.count("<audio") >= 12 and "nearest training clip" in page and len(page) < 3e6
    with pytest.raises(DataError, match="kind"):
        contrafact.judge(REAL, contrafact.zoo.GAN)
