"""Signs of failure: planted ones are found, and sounds that are as they should be are left alone."""

import numpy as np
import pytest

from contrafact.base.data import Data
from contrafact.base.demos import beeps
from contrafact.metrics.sound_features import log_mel
from contrafact.metrics.sound_signs import SIGNS, sign_scores, sound_health, sound_signs, twins

RATE, SAMPLES = 8000, 4000
DRAW = np.random.default_rng(0)
TIME = np.arange(SAMPLES) / RATE


def voice(pitch: float, place: int) -> np.ndarray:
    """Sing a vowel that glides and swells: harmonics, moving formants, breath."""
    draw = np.random.default_rng(place)
    glide = np.cumsum(pitch * (1 + 0.2 * np.sin(2 * np.pi * 2 * TIME + place))) / RATE
    formants = 500 + 400 * np.sin(2 * np.pi * 3 * TIME + place), 1500 + 600 * np.cos(2 * np.pi * 2 * TIME)
    sung = np.zeros(SAMPLES)
    for number in range(1, int(3800 / (1.3 * pitch))):
        hertz = number * pitch
        weight = sum(np.exp(-(((hertz - formant) / 200) ** 2)) for formant in formants) + 0.01
        sung += weight * np.sin(2 * np.pi * number * glide)
    sung = np.sin(np.pi * np.linspace(0, 1, SAMPLES)) * sung + 0.02 * draw.standard_normal(SAMPLES)
    return (0.9 * sung / np.abs(sung).max()).astype(np.float32)


VOICES = [voice(pitch, place) for place, pitch in enumerate(np.linspace(90, 260, 30))]
CLICK = np.zeros(SAMPLES)
CLICK[1000:1008] = 0.8
PLANTED = {
    "silent": [np.zeros(SAMPLES), 5e-4 * DRAW.standard_normal(SAMPLES), np.zeros(0)],
    "clipped": [np.clip(3 * clip, -0.5, 0.5) for clip in VOICES] + [np.sign(VOICES[0])],
    "offset": [0.6 * clip + 0.2 for clip in VOICES],
    "tone": [
        *(0.4 * np.sin(2 * np.pi * hertz * TIME) for hertz in (90, 440, 3700)),
        0.4 * np.sin(2 * np.pi * 900 * TIME) * np.hanning(SAMPLES) + 0.01 * DRAW.standard_normal(SAMPLES),
        0.1 * sum(np.sin(2 * np.pi * 150 * k * TIME + k) / k for k in range(1, 20)),
    ],
    "click": [CLICK, CLICK + 0.001 * DRAW.standard_normal(SAMPLES)],
}


@pytest.mark.parametrize("name", SIGNS)
def test_a_planted_sign_is_found_in_every_clip(name: str) -> None:
    assert sound_signs(PLANTED[name], RATE)[name].all()


def test_voices_noise_and_other_healthy_sounds_show_no_sign() -> None:
    noise = [0.2 * DRAW.standard_normal(SAMPLES) for _ in range(20)]
    for clips in (VOICES, noise, [clip / 20 for clip in VOICES]):
        assert sound_health(clips, RATE) == dict.fromkeys(SIGNS, 0.0)


def test_signs_do_not_depend_on_the_rate() -> None:
    long = [np.repeat(clip, 2) for clip in PLANTED["tone"]]
    assert sound_signs(long, 2 * RATE)["tone"].all()


def test_clips_that_are_hardly_there_are_told_without_a_warning() -> None:
    odd = [np.zeros(0), np.ones(1), np.full(20, np.nan), np.array([np.inf, 1.0]), DRAW.standard_normal(16)]
    found = sound_signs(odd, RATE)
    assert found["silent"].tolist() == [True, False, True, False, False] and found["clipped"][3]
    assert sound_health([], RATE) == dict.fromkeys(SIGNS, 0.0)


def test_twins_are_found_whatever_their_loudness_and_place() -> None:
    copies = [np.concatenate([np.zeros(300, dtype=np.float32), clip / 4]) for clip in VOICES[:5]]
    pictures = log_mel(Data(kind="sound", items=[*VOICES, *copies], rate=RATE)).items
    found = twins(pictures)
    assert found[:5].all() and found[-5:].all() and not found[5:-5].any()
    assert not twins(pictures[:1]).any()


def test_shares_stand_beside_those_of_real_clips() -> None:
    real = beeps(80)
    broken = Data(kind="sound", items=[*PLANTED["tone"], *VOICES[:15]], rate=RATE)
    scores = sign_scores(real, broken)
    assert set(scores) == {*SIGNS, "twin", "clean"}
    assert scores["tone"].value == 0.25 and scores["tone"].better == "lower" and scores["clean"].value == 0.75
    assert 0 < scores["tone"].ceiling < 0.2  # a ping is a tone
    assert all(score.low <= score.value <= score.high and score.n == 20 for score in scores.values())
