"""Clips are written as WAV files that other programs read, and that say what they are."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
import soundfile

from contrafact.base.data import Data
from contrafact.base.demos import beeps
from contrafact.base.errors import UsageError
from contrafact.tasks.read import read
from contrafact.tasks.sample import write
from contrafact.tasks.write_pictures import MARK
from contrafact.tasks.write_sound import joined, wav


def test_a_folder_of_clips_is_read_back(tmp_path):
    data = beeps(8)
    assert write(data, str(tmp_path / "out"), seed=7) == [str(tmp_path / "out")]
    names = sorted(path.name for path in (tmp_path / "out").rglob("*.wav"))
    assert len(names) == 8 and all(name.endswith("_seed7.wav") for name in names) and names[0].startswith("fall_0000")
    back = read(tmp_path / "out")
    order = np.argsort(data.labels, kind="stable")
    assert back.rate == 8000 and back.labels.tolist() == data.labels[order].tolist()
    assert all(np.abs(a - data.items[i]).max() < 1e-4 for a, i in zip(back.items, order, strict=True))


def test_other_programs_read_clip_and_comment(tmp_path):
    write(beeps(1), str(tmp_path / "one.wav"), seed=3)
    with soundfile.SoundFile(tmp_path / "one.wav") as file:
        assert (file.samplerate, file.channels, file.subtype, file.frames) == (8000, 1, "PCM_16", 2048)
        assert file.comment == f"{MARK}; seed 3"
        assert np.abs(file.read() - beeps(1)[0]).max() < 1e-4


def test_a_wav_file_holds_all_clips_with_pauses(tmp_path):
    data = beeps(3)
    write(data, str(tmp_path / "all.wav"))
    wave, rate = soundfile.read(tmp_path / "all.wav")
    assert len(wave) == 3 * 2048 + 2 * 2000 == len(joined(data)) and (wave[2048:4048] == 0).all() and rate == 8000


def test_a_zip_is_read_back_and_holds_the_same_bytes_again(tmp_path):
    write(beeps(4), str(tmp_path / "a.zip"))
    first = (tmp_path / "a.zip").read_bytes()
    write(beeps(4), str(tmp_path / "a.zip"))
    assert (tmp_path / "a.zip").read_bytes() == first and len(read(tmp_path / "a.zip")) == 4
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert all(name.endswith(".wav") for name in archive.namelist())


def test_classes_that_no_folder_can_bear_are_kept_in_a_table(tmp_path):
    data = Data(kind="sound", items=beeps(4).items, labels=np.array(["a/b", "a:b", "a/b", "零 一"]), rate=8000)
    write(data, str(tmp_path / "out"))
    assert sorted(read(tmp_path / "out").labels) == ["a/b", "a/b", "a:b", "零 一"]


def test_files_of_others_are_never_replaced(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "mine.wav").write_bytes(wav(np.zeros(9), 8000, "mine"))
    (tmp_path / "z.zip").write_bytes(b"x")
    for out in (tmp_path / "d", tmp_path / "d" / "mine.wav", tmp_path / "z.zip"):
        with pytest.raises(UsageError) as caught:
            write(beeps(2), str(out))
        assert caught.value.code == "E315"
    assert [path.name for path in (tmp_path / "d").iterdir()] == ["mine.wav"]


def test_what_was_written_so_is_replaced(tmp_path):
    for n in (6, 2):
        write(beeps(n), str(tmp_path / "d"))
        write(beeps(n), str(tmp_path / "one.wav"))
    assert len(read(tmp_path / "d")) == 2 and len(read(tmp_path / "one.wav")) == 1


def test_sound_without_a_rate_or_for_a_table_is_refused(tmp_path):
    for out, rate, code in (("d", None, "E603"), ("a.csv", 8000, "E121"), ("a.png", 8000, "E121")):
        with pytest.raises(UsageError) as caught:
            write(Data(kind="sound", items=[np.ones(3)], rate=rate), str(tmp_path / out))
        assert caught.value.code == code
    assert list(tmp_path.iterdir()) == []


def test_numbers_beyond_the_range_are_cut_off():
    numbers = np.frombuffer(wav(np.array([-3.0, -1, 0, 1, 3]), 8000)[-10:], "<i2")
    assert numbers.tolist() == [-32767, -32767, 0, 32767, 32767]
