"""Recordings of every kind are read, or skipped by name with the reason."""

from __future__ import annotations

import struct
import sys
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from contrafact.base.data import Data
from contrafact.base.errors import DataError, UsageError
from contrafact.tasks import sound
from contrafact.tasks.read import read

RATES = (8000, 11_025, 12_000, 16_000, 22_050, 32_000, 44_100, 48_000)


def tone(samples: int = 2000, rate: int = 8000, pitch: float = 440.0, loud: float = 0.5) -> np.ndarray:
    return (loud * np.sin(2 * np.pi * pitch * np.arange(samples) / rate)).astype(np.float32)


def save(path: Path, wave: np.ndarray | None = None, rate: int = 8000, **how: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tone(pitch=300 + 7 * len(str(path))) if wave is None else wave, rate, **how)
    return path


def told(data: Data, code: str) -> list[str]:
    return [note.message for note in data.notes if note.code == code]


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """Two folders of five clips each."""
    for i in range(10):
        save(tmp_path / "plain" / "ab"[i % 2] / f"{i}.wav", tone(pitch=300 + i))
    return tmp_path / "plain"


def test_a_folder_is_read_with_its_sub_folders_as_classes(plain):
    data = read(plain)
    assert (data.kind, len(data), data.rate, data.name) == ("sound", 10, 8000, "plain") and data.notes == ()
    assert data.labels.tolist() == ["a"] * 5 + ["b"] * 5
    assert data[0].dtype == np.float32 and np.abs(data[5] - tone(pitch=301)).max() < 1e-4
    assert data.take([5, 0]).labels.tolist() == ["b", "a"]


def test_a_zip_holds_what_the_folder_holds(plain, tmp_path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for path in plain.rglob("*.wav"):
            archive.write(path, path.relative_to(plain))
    one, other = read(plain), read(tmp_path / "all.zip")
    assert one.labels.tolist() == other.labels.tolist()
    assert all((a == b).all() for a, b in zip(one.items, other.items, strict=True))


def test_names_give_classes_and_attributes_and_say_so(tmp_path):
    for i in range(24):
        save(tmp_path / "d" / f"{i % 2}_{'xyz'[i % 3]}_{i // 6}.wav", tone(pitch=300 + i))
    data = read(tmp_path / "d")
    assert sorted(set(data.labels)) == ["0", "1"] and set(data.attributes) == {"part1", "part2", "part3"}
    assert set(data.attributes["part2"]) == {"x", "y", "z"} and "The class is part1" in told(data, "L241")[0]
    some = data.take([3, 1])
    assert some.attributes["part2"].tolist() == [data.attributes["part2"][i] for i in (3, 1)]
    assert read(tmp_path).labels.tolist() == data.labels.tolist()  # one folder deeper


def test_a_table_beside_the_clips_gives_labels(plain):
    (plain / "labels.csv").write_text("file,label\n" + "".join(f"{'ab'[i % 2]}/{i}.wav,{i % 3}\n" for i in range(9)))
    data = read(plain)
    assert set(data.labels) == {"0", "1", "2"} and len(data) == 9
    assert "1 clip without a label: b/9.wav" in told(data, "L207")[0]


def test_depths_channels_formats_and_rates_become_one(tmp_path):
    for i, subtype in enumerate(("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ALAW", "IMA_ADPCM")):
        save(tmp_path / f"{subtype}.wav", tone(pitch=300 + i), subtype=subtype)
    for ending in ("flac", "ogg", "mp3", "aiff"):
        save(tmp_path / f"录 音.{ending}")
    save(tmp_path / "stereo.wav", np.stack([tone(), np.zeros(2000)], axis=1))
    for rate in RATES[1:]:
        save(tmp_path / f"{rate}.wav", tone(rate, rate), rate)
    data = read(tmp_path)
    assert len(data) == 20 and data.rate == 8000 and not told(data, "L201")
    assert "1 clip of 2" in told(data, "L236")[0] and "44,100 (1)" in told(data, "L237")[0]
    by_name = dict(zip(sorted(path.name for path in tmp_path.iterdir()), range(20), strict=True))
    assert len(by_name) == 20 and sum(abs(len(wave) - 8000) < 3 for wave in data.items) == 7
    assert sum(abs(float(np.abs(wave).max()) - 0.25) < 0.01 for wave in data.items) == 1  # mixed down


def broken(folder: Path) -> None:
    """Put every kind of file that cannot be used into a folder."""
    whole = save(folder / "whole.wav").read_bytes()
    start = whole.index(b"data") + 4
    huge = struct.pack("<I", 2**31 - 10)
    (folder / "pipe.wav").write_bytes(whole[:start] + huge + whole[start + 4 : -100])
    (folder / "cut.wav").write_bytes(whole[:2000])
    (folder / "copy.wav").write_bytes(whole)
    (folder / "empty.wav").touch()
    (folder / "text.wav").write_text("no sound at all")
    (folder / "noise.ogg").write_bytes(bytes(range(256)) * 8)
    (folder / "notes.txt").write_text("x")
    save(folder / "silent.wav", np.zeros(2000))
    save(folder / "short.wav", tone(16))
    save(folder / "holes.wav", np.full(2000, np.nan, np.float32), subtype="FLOAT")
    save(folder / "loud.wav", 9 * tone(pitch=555), subtype="FLOAT")
    flac = save(folder / "cut.flac", tone(90_000)).read_bytes()
    (folder / "cut.flac").write_bytes(flac[: len(flac) // 2])


def test_what_cannot_be_used_is_skipped_and_named(tmp_path):
    broken(tmp_path)
    data = read(tmp_path)
    skipped = {message.partition(":")[0] for message in told(data, "L201")}
    assert skipped == {"cut.wav", "empty.wav", "text.wav", "noise.ogg", "holes.wav", "cut.flac"}
    assert [told(data, code)[0].partition(" ")[0] for code in ("L231", "L232", "L235")] == [
        "short.wav:",
        "whole.wav:",
        "silent.wav:",
    ]
    assert "pipe.wav" in told(data, "L240")[0] and "notes.txt" in told(data, "L206")[0] and told(data, "L239")
    assert sorted(map(len, data.items)) == [1950, 2000, 2000]
    assert max(float(np.abs(wave).max()) for wave in data.items) == pytest.approx(1)


def test_one_sound_under_two_labels_is_said(plain):
    (plain / "b" / "again.wav").write_bytes((plain / "a" / "0.wav").read_bytes())
    assert "'a', this is 'b'" in told(read(plain), "L233")[0]


def test_a_header_takes_no_memory(tmp_path):
    whole = save(tmp_path / "d" / "a.wav").read_bytes()
    start = whole.index(b"data") + 4
    (tmp_path / "d" / "a.wav").write_bytes(whole[:start] + struct.pack("<I", 2**31) + whole[start + 4 :])
    flac = bytearray(save(tmp_path / "d" / "b.flac").read_bytes())
    flac[21:26] = bytes([flac[21] | 0x0F, 255, 255, 255, 255])  # the number of samples: all ones
    (tmp_path / "d" / "b.flac").write_bytes(flac)
    tracemalloc.start()
    data = read(tmp_path / "d")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(data) == 1 and peak < 30e6


def test_nothing_left_is_an_error_with_the_first_reasons(tmp_path):
    (tmp_path / "d").mkdir()
    for i in range(5):
        (tmp_path / "d" / f"{i}.wav").touch()
    with pytest.raises(DataError, match=r"None of its 5 recordings can be used\. 0\.wav: empty") as caught:
        read(tmp_path / "d")
    assert caught.value.code == "E202"
    with pytest.raises(DataError) as caught:
        read(tmp_path / "d" / "0.wav")
    assert caught.value.code == "E201"


def test_a_folder_is_guessed_by_what_most_of_its_files_are(plain):
    (plain / "cover.png").write_bytes(b"x")
    assert read(plain).kind == "sound"
    for i in range(11):
        (plain / f"{i}.png").write_bytes(b"x")
    with pytest.raises(DataError, match="no picture"):
        read(plain)
    assert len(read(plain, "sound")) == 10
    (plain.parent / "empty").mkdir()
    with pytest.raises(DataError) as caught:
        read(plain.parent / "empty", "sound")
    assert caught.value.code == "E605"


def test_one_file_is_one_clip_and_long_ones_are_cut_into_pieces(tmp_path):
    assert len(read(save(tmp_path / "a.wav"))) == 1
    wave = np.concatenate([tone(8000 * 9, pitch=p) * np.linspace(1, 0.5, 72_000) for p in (300, 500)])
    wave[8000:16_000] = 0
    data = read(save(tmp_path / "long.flac", wave))
    assert len(data) == 17 and {len(piece) for piece in data.items} == {8000}
    assert "18.0 s: cut into 17 pieces of 1 s; 1 silent one left out" in told(data, "L238")[0]
    for label in "ab":
        save(tmp_path / "d" / label / "x.wav", wave * (1 if label == "a" else 0.5))
    save(tmp_path / "d" / "b" / "short.wav")
    both = read(tmp_path / "d")
    assert both.labels.tolist() == ["a"] * 17 + ["b"] * 18 and both.attributes["recording"][-1] == "b/x.wav"
    assert len(both[17]) == 2000 and [len(both[0]), len(both[-1])] == [8000, 8000]


def test_more_than_fits_is_cut_or_drawn_and_said(plain, monkeypatch):
    monkeypatch.setattr(sound, "MOST_SECONDS", 0.1)
    data = read(plain)
    assert {len(wave) for wave in data.items} == {800} and "10 clips longer than 0.1 s" in told(data, "L238")[0]
    monkeypatch.setattr(sound, "MOST_SAMPLES", 8000)
    few = read(plain)
    assert len(few) == 4 and "4 of them were drawn" in told(few, "L238")[0]
    assert [wave.tobytes() for wave in read(plain).items] == [wave.tobytes() for wave in few.items]


def test_without_soundfile_plain_wav_is_read_and_the_rest_names_its_extra(plain, tmp_path, monkeypatch):
    save(plain / "a" / "x.flac")
    save(tmp_path / "d" / "only.mp3", tone(8000))
    monkeypatch.setitem(sys.modules, "soundfile", None)
    data = read(plain)
    assert len(data) == 10 and "not read without soundfile" in told(data, "L201")[0]
    with pytest.raises(UsageError, match=r"contrafact\[sound\]") as caught:
        read(tmp_path / "d")
    assert caught.value.code == "E602"
