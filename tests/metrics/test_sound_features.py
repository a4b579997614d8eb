"""Clips seen as log-mel pictures."""

import numpy as np
import pytest

from contrafact.base.data import Data
from contrafact.base.demos import beeps, digits
from contrafact.base.errors import DataError
from contrafact.metrics.sound_features import FRAMES, Hearing, as_clips, log_mel, mel_bands, sound_features, spectra

RATE = 8000


def tone(hertz: float, samples: int = 4000, rate: int = RATE, level: float = 0.5) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hertz * np.arange(samples) / rate)).astype(np.float32)


def sound(*clips: np.ndarray, rate: int | None = RATE) -> Data:
    return Data(kind="sound", items=list(clips), rate=rate)


def test_a_tone_of_full_scale_has_power_one_at_its_frequency() -> None:
    power = spectra(tone(1000, level=1.0), 256, 128)
    assert power.shape[1] == 129
    np.testing.assert_allclose(power[3], np.abs(np.fft.rfft(tone(1000, level=1.0)[384:640] * np.hanning(257)[:-1])) ** 2
                               * (2 / np.hanning(257)[:-1].sum()) ** 2, rtol=1e-3, atol=1e-8)  # fmt: skip
    assert power[3].argmax() == 32 and power[3, 32] == pytest.approx(1, rel=1e-3)


def test_bands_cover_every_frequency_between_the_lowest_and_the_highest_and_none_is_empty() -> None:
    for rate, frequencies in ((8000, 129), (16000, 257), (44100, 1025)):
        bands = mel_bands(40, frequencies, rate)
        assert bands.shape == (frequencies, 40) and (bands >= 0).all() and (bands.max(0) > 0.3).all()
        assert (bands[5:-1].sum(1) > 0).all()
        assert (np.diff(bands.argmax(0)) >= 0).all()


def test_a_higher_tone_lights_a_higher_band_and_a_later_one_a_later_column() -> None:
    hearing = Hearing.of([tone(100)], RATE)
    low, high = hearing([tone(300), tone(2500)])
    assert low[:, 5].argmax() < high[:, 5].argmax()
    late = hearing.picture(np.concatenate([np.zeros(2000, dtype=np.float32), tone(1000, 2000)]))
    assert late[:, : FRAMES // 2 - 2].max() < 40 and late[:, FRAMES // 2 + 3].max() > 200


def test_loudness_silence_at_the_ends_and_a_small_offset_leave_the_picture_as_it_is() -> None:
    clip = tone(700) * np.hanning(4000).astype(np.float32)
    quiet = np.concatenate([np.zeros(900, dtype=np.float32), clip / 8, np.zeros(300, dtype=np.float32)])
    one, other = log_mel(sound(clip, quiet), Hearing.of([clip], RATE)).items
    assert np.abs(one.astype(int) - other).mean() < 4
    silent = log_mel(sound(np.zeros(4000)), Hearing.of([clip], RATE)).items
    assert silent.shape == (1, 40, FRAMES, 1) and silent.max() == 0


def test_another_rate_sounds_the_same() -> None:
    hearing = Hearing.of([tone(700)], RATE)
    one = log_mel(sound(tone(700)), hearing).items
    other = log_mel(sound(tone(700, 8000, 16000), rate=16000), hearing).items
    assert np.abs(one.astype(int) - other).mean() < 4


@pytest.mark.parametrize("samples", [0, 1, 16, 100_000])
def test_clips_of_any_length_can_be_heard(samples: int) -> None:
    pictures = log_mel(sound(np.ones(samples, dtype=np.float32), tone(300))).items
    assert pictures.shape == (2, 40, FRAMES, 1)


def test_what_is_no_sound_or_has_no_rate_is_refused() -> None:
    for wrong in (digits().take([0, 1]), sound(tone(100), rate=None), sound()):
        with pytest.raises(DataError) as caught:
            as_clips(wrong)
        assert caught.value.code == "E625"


def test_features_are_learned_from_the_clips_and_tell_their_classes() -> None:
    data = beeps(160, seed=1)
    features = sound_features(data, steps=40)
    assert features.name.startswith("log-mel classifier-") and "held-out accuracy" in features.name
    fresh = beeps(60, seed=2)
    pictures = log_mel(fresh, Hearing.of(*as_clips(data)))
    right = np.array(features.classes)[features.see(pictures.items).classes] == fresh.labels
    assert right.mean() > 0.8
    assert sound_features(data, steps=40)(pictures.items).shape == (60, 128)
