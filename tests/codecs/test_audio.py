"""Clips become rows of one length at one rate, equally loud, and back."""

from __future__ import annotations

import json

import numpy as np
import pytest

from contrafact.base.data import Data
from contrafact.base.demos import beeps
from contrafact.base.errors import DataError, UsageError
from contrafact.codecs import from_json
from contrafact.codecs.audio import AudioCodec, is_sound
from contrafact.codecs.waves import as_floats, centred, heard, of_length, resampled


def tone(samples: int, rate: int = 8000, pitch: float = 400.0, loud: float = 0.5) -> np.ndarray:
    return (loud * np.sin(2 * np.pi * pitch * np.arange(samples) / rate)).astype(np.float32)


def sound(items: object, labels: list[object] | None = None, rate: int | None = 8000) -> Data:
    return Data(kind="sound", items=items, labels=None if labels is None else np.array(labels), rate=rate)


def test_length_covers_nearly_all_clips_and_is_a_multiple_of_256():
    codec = AudioCodec.fit(sound([tone(n) for n in [1000] * 97 + [1500, 2000, 9000]]))
    assert codec.length == 2048 and codec.cut == 1 and codec.rate == 8000
    assert AudioCodec.fit(sound([tone(1000), tone(1001)]), multiple=1024).length == 1024
    assert AudioCodec.fit(sound([tone(90_000), tone(80_000)])).length == 16_128  # two seconds
    assert AudioCodec.fit(sound([tone(1000), tone(1001)]), seconds=0.5).length == 4096
    assert "1 of 100 are longer and cut" in codec.policy and "2,048 samples at 8,000 a second (0.26 s)" in codec.policy


def test_every_clip_is_as_loud_as_the_others_and_a_silent_one_stays_silent():
    items = [tone(1000, loud=0.01), tone(1000, loud=1.0), np.zeros(1000, np.float32), tone(10) * 0.0001]
    codec = AudioCodec.fit(sound(items))
    waves = codec.encode(sound(items))["waves"]
    assert waves.dtype == np.float32 and np.abs(waves).max(1) == pytest.approx([0.95, 0.95, 0, 0])
    assert codec.quiet == 2 and "2 silent ones stay silent" in codec.policy


def test_silence_at_the_ends_and_an_offset_are_taken_away():
    bare = tone(2001)[1:]
    wrapped = np.concatenate([np.zeros(3000), bare, np.zeros(5000)]).astype(np.float32)
    codec = AudioCodec.fit(sound([bare, wrapped, bare + 0.3]))
    assert codec.length == 2304 and codec.trimmed == 1 and codec.offset == 1
    one, other, moved = codec.encode(sound([bare, wrapped, bare + 0.3]))["waves"]
    assert np.abs(other[80:2000] - one[:1920]).max() < 1e-3  # after the margin of 10 ms, 80 samples
    assert np.abs(moved - one)[:2000].max() < 1e-3


def test_what_was_encoded_and_decoded_encodes_to_the_same():
    data = beeps(40)
    codec = AudioCodec.fit(data)
    once = codec.encode(data)
    made = codec.decode(once)
    assert is_sound(made) and made.rate == 8000 and made.items.dtype == np.float32
    np.testing.assert_array_equal(made.labels, data.labels)
    again = codec.encode(made)
    np.testing.assert_array_equal(again["labels"], once["labels"])
    assert np.abs(again["waves"] - once["waves"]).max() < 0.02


@pytest.mark.parametrize(("rate", "wanted"), [(44_100, 16_000), (8000, 16_000), (11_025, 8000), (48_000, 16_000)])
def test_a_tone_keeps_its_pitch_at_another_rate(rate, wanted):
    wave = resampled(tone(rate, rate, 1000), rate, wanted)
    assert len(wave) == pytest.approx(wanted, abs=2) and wave.dtype == np.float32
    power = np.abs(np.fft.rfft(wave[: wanted // 2 * 2]))
    assert power.argmax() * wanted / (wanted // 2 * 2) == pytest.approx(1000, abs=2)
    assert np.abs(wave[200:-200]).max() == pytest.approx(0.5, rel=0.02)


def test_tones_that_a_lower_rate_cannot_hold_are_gone_not_folded():
    assert np.abs(resampled(tone(16_000, 16_000, 6000), 16_000, 8000)[100:-100]).max() < 0.01


def test_rates_above_16000_are_brought_down_unless_asked_for():
    data = sound([tone(44_100, 44_100), tone(44_000, 44_100)], rate=44_100)
    codec = AudioCodec.fit(data)
    assert (codec.rate, codec.length) == (16_000, 16_128) and "resampled from 44,100" in codec.policy
    assert codec.encode(data)["waves"].shape == (2, 16_128)
    assert AudioCodec.fit(data, rate=44_100).rate == 44_100
    slower = codec.encode(sound([tone(8000, 8000, 400)]))["waves"][0]  # data of another rate, known from themselves
    assert np.abs(np.fft.rfft(slower[:16_000])).argmax() == 400


def test_an_array_with_a_rate_is_given_back_as_an_array():
    array = np.stack([tone(500), tone(500, pitch=300)])
    codec = AudioCodec.fit(array, rate=8000)
    assert codec.bare and codec.classes == ()
    assert isinstance(codec.decode(codec.encode(array)), np.ndarray) and "labels" not in codec.encode(array)
    with pytest.raises(UsageError) as caught:
        AudioCodec.fit(array)
    assert caught.value.code == "E603"


def test_classes_come_with_shares_and_unknown_ones_are_guessed():
    data = sound([tone(500, pitch=p) for p in (300, 400, 500, 600)], [7, 3, 7, 7])
    codec = AudioCodec.fit(data)
    assert codec.classes == ("3", "7") and codec.shares == (0.25, 0.75) and codec.numbers
    np.testing.assert_array_equal(codec.encode(data)["labels"], [1, 0, 1, 1])
    np.testing.assert_array_equal(codec.described(["7"]), [[0, 1]])
    np.testing.assert_array_equal(codec.named(["7", 3]), [7, 3])
    with pytest.raises(UsageError, match="no class 'seven'"):
        codec.places(["seven"])
    assert AudioCodec.fit(data, labelled=False).classes == ()


def test_whole_numbers_are_read_over_the_range_of_their_type():
    assert as_floats(np.array([-32768, 0, 16384], np.int16)) == pytest.approx([-1, 0, 0.5])
    assert as_floats(np.array([0, 128, 192], np.uint8)) == pytest.approx([-1, 0, 0.5])
    loud = AudioCodec.fit(sound([(tone(500) * 30_000).astype(np.int16), tone(400)]))
    assert loud.quiet == 0


def test_a_codec_is_the_same_after_json():
    codec = AudioCodec.fit(beeps(20))
    assert from_json(json.loads(json.dumps(codec.to_json()))) == codec


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (sound([np.zeros(100), np.zeros(200)]), "E601"),
        (sound([]), "E601"),
        (sound([tone(100)]), "E206"),
        (sound([tone(100), tone(100)]), "E201"),
        (sound([tone(100), np.array([1.0, np.nan])]), "E600"),
        (sound([tone(100), np.ones((3, 2))]), "E600"),
        (sound([tone(100), np.array(["x"])]), "E600"),
        (Data(kind="text", items=["x"], rate=8000), "E600"),
        (sound([tone(100 + i) for i in range(1001)], list(range(1001))), "E214"),
    ],
)
def test_what_cannot_be_learned_is_refused(data, code):
    with pytest.raises(DataError) as caught:
        AudioCodec.fit(data)
    assert caught.value.code == code


@pytest.mark.parametrize("options", [{"rate": 0}, {"rate": 10**7}, {"seconds": 0}, {"seconds": 61}, {"seconds": -1}])
def test_rates_and_lengths_that_no_sound_has_are_refused(options):
    with pytest.raises(UsageError) as caught:
        AudioCodec.fit(beeps(4), **options)
    assert caught.value.code == "E604"


def test_a_cut_fades_and_a_short_clip_is_followed_by_silence():
    cut = of_length(np.ones(1000, np.float32), 500, 8000)
    assert len(cut) == 500 and cut[459] == 1 and cut[-1] == 0 and (np.diff(cut[460:]) < 0).all()
    assert of_length(np.ones(3, np.float32), 5, 8000).tolist() == [1, 1, 1, 0, 0]


def test_small_means_are_left_and_inputs_are_never_changed():
    wave = tone(1000) + np.float32(0.001)
    kept = wave.copy()
    assert centred(wave) is wave and centred(wave + 0.2).mean() == pytest.approx(0, abs=1e-6)
    AudioCodec.fit(sound([wave, tone(900)])).encode(sound([wave]))
    np.testing.assert_array_equal(wave, kept)
    assert heard(np.zeros(10, np.float32), 8000) == (0, 0) and centred(np.empty(0, np.float32)).size == 0
