"""Clips as pictures of their spectra: what a pixel says, and the way back."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from contrafact.base.data import Data
from contrafact.codecs.audio import AudioCodec
from contrafact.nets.spectral import Bands, Frames
from contrafact.nets.spectrograms import FLOOR, Spectrograms, frames_for, portraits


def clips(count: int = 12, length: int = 2048, rate: int = 8000) -> Data:
    """Give fading tones of two classes; the second half of each clip is silent."""
    draw, time = np.random.default_rng(0), np.arange(length) / rate
    pitch = np.where(np.arange(count) % 2, 1200, 400) * draw.uniform(0.9, 1.1, count)
    fade = np.maximum(1 - 2 * np.arange(length) / length, 0)
    waves = np.sin(2 * np.pi * pitch[:, None] * time) * fade
    labels = np.where(np.arange(count) % 2, "high", "low")
    # The last sample keeps the silence from being trimmed.
    waves[:, -1] = 0.02
    return Data(kind="sound", items=waves.astype(np.float32), labels=labels, rate=rate)


@pytest.fixture(scope="module")
def codec() -> Spectrograms:
    return Spectrograms.fit(clips(), AudioCodec.fit(clips()), 32)


@pytest.mark.parametrize(
    ("rate", "length", "hop"),
    [(8000, 5376, 128), (16000, 16128, 256), (44100, 44100, 512), (8000, 512, 64), (100, 256, 8)],
)
def test_hops_last_about_sixteen_milliseconds_and_short_clips_have_enough_of_them(rate, length, hop):
    assert frames_for(rate, length) == Frames(window=3 * hop, hop=hop) or (rate, hop) == (100, 8)
    assert length / frames_for(rate, length).hop >= 8


def test_a_picture_is_bright_where_the_tone_is_and_black_where_nothing_is(codec):
    encoded = codec.encode(clips())
    pictures = encoded["pictures"]
    assert (
        pictures.dtype == np.uint8 and pictures.shape == (12, *codec.shape) and encoded["labels"].tolist()[:2] == [1, 0]
    )
    spoken = pictures[:, 0, :, 2:6].mean(2)
    hertz = Bands(193, 32).centres * 8000 / 384
    for row, place in zip(spoken, encoded["labels"], strict=True):
        assert abs(hertz[row.argmax()] - (400, 1200)[1 - place]) < 250
    assert pictures[:, 0, :, 11:14].max() < 60


def test_a_full_wave_is_zero_and_silence_the_floor(codec):
    tone = torch.sin(2 * np.pi * 1000 / 8000 * torch.arange(2048))[None]
    # A band of some bins has the mean of their power.
    assert codec.levels(tone).max().item() == pytest.approx(-0.5, abs=0.5)
    assert codec.levels(0 * tone).min().item() == pytest.approx(np.log(FLOOR), abs=1e-4)
    assert not codec.drawn(0 * tone).any()


def test_clips_come_back_with_their_spectrum_and_their_silence(codec):
    data = clips()
    encoded = codec.encode(data)
    back = codec.decode(encoded)
    assert back.labels.tolist() == data.labels.tolist() and back.items.shape == (12, 2048) and back.rate == 8000
    again = codec.pictures(back).astype(float)
    assert np.abs(again - encoded["pictures"]).mean() < 6
    assert np.abs(back.items).max(1) == pytest.approx(0.95, abs=1e-5)
    assert np.abs(back.items[:, 1200:1900]).max() < 0.02


def test_a_picture_gives_the_same_clip_alone_and_among_others(codec):
    encoded = codec.encode(clips(40))
    whole = codec.decode(encoded).items
    few = codec.decode({name: part[:3] for name, part in encoded.items()}).items
    assert np.array_equal(whole[:3], few)


def test_what_is_no_number_becomes_no_noise(codec):
    broken = np.full((1, *codec.shape), np.nan, dtype=np.float32)
    assert not codec.decode({"pictures": broken, "labels": np.array([0])}).items.any()


def test_json_brings_the_codec_back(codec):
    again = Spectrograms.from_json(codec.to_json(), AudioCodec.from_json(codec.to_json()["sound"]))
    assert again == codec and again.policy.endswith(
        "They are learned as pictures of 32 bands of frequencies x 16 frames, each of 48 ms, 16 ms apart."
    )


def test_pictures_to_look_at_have_low_tones_at_the_foot(codec):
    shown = codec.shown(codec.encode(clips()))
    drawn = portraits(codec.sound.waves(clips()), 8000)
    for pictures in (shown, drawn):
        assert pictures.dtype == np.uint8 and pictures.ndim == 3
        assert pictures[1, : pictures.shape[1] // 3].mean() < pictures[1, -pictures.shape[1] // 2 :].mean()
