"""How a training ends for good: at a plateau, in a foreign folder, without anything to learn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from contrafact.base.demos import ring
from contrafact.base.errors import CannotWrite, DataError
from contrafact.base.records import Finding
from contrafact.engine import checkpoints, watch
from contrafact.engine.bundle import read_bundle, write_bundle
from contrafact.engine.run import Run
from contrafact.zoo import GAN

OPEN = GAN(width=16, depth=1, batch=32)


def training(folder, monkeypatch):
    """Prepare a training of 60 steps, left open, of which the doctor says at step 30 that it goes nowhere."""
    made = OPEN.training(ring(200), seed=1, run_dir=folder)
    object.__setattr__(made.method, "steps", 60)

    def examine(rows, total):
        flat = rows[-1]["step"] == 30 and "score" in rows[-1]
        return [Finding(code="D220", message="flat", step=30)] if flat else []

    monkeypatch.setattr(watch, "examine", examine)
    return made


def test_a_training_that_stopped_at_a_plateau_does_not_go_on_when_it_is_run_again(tmp_path, monkeypatch):
    first = training(tmp_path / "r", monkeypatch)
    model = first.finish()
    assert first.step == 30
    again = training(tmp_path / "r", monkeypatch)
    assert [progress.step for progress in again] == [] and again.step == 30
    assert again.model.files(with_critic=True) == model.files(with_critic=True)


def test_a_plateau_does_not_end_a_training_whose_steps_were_asked_for(tmp_path, monkeypatch):
    made = training(None, monkeypatch)
    made.wish.settings["steps"] = 60
    made.finish()
    assert made.step == 60


def test_rows_that_are_all_the_same_teach_nothing():
    with pytest.raises(DataError, match="the same") as caught:
        OPEN.fit(np.ones((50, 2)))
    assert caught.value.code == "E201"


def test_samples_of_mixed_columns_are_kept_as_numbers(tmp_path):
    frame = pd.DataFrame({"yes": [True, False] * 30, "n": range(60), "big": [10**20, 1] * 30})
    GAN.toy().fit(frame, run_dir=tmp_path / "r")
    assert np.load(Run(tmp_path / "r").samples()[0]).shape == (256, 3)


def test_cleaning_up_after_a_crash_leaves_other_files_alone(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    names = [".env.tmp", ".settings.old", ".000000003.123.tmp", ".last.json.77.tmp"]
    for name in names:
        (tmp_path / name).write_text("x")
    (tmp_path / "checkpoints" / ".000000009.5.old").mkdir()
    checkpoints.clean(tmp_path / "checkpoints")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".env.tmp", ".settings.old", "checkpoints"]
    assert list((tmp_path / "checkpoints").iterdir()) == []


def test_stray_files_in_a_runs_folder_are_overlooked(tmp_path):
    GAN.toy().fit(ring(100), run_dir=tmp_path / "r")
    (tmp_path / "r" / "samples" / "notes.npy").write_text("mine")
    assert all(path.stem.isdecimal() for path in Run(tmp_path / "r").samples())


def test_a_bundle_takes_the_place_of_a_bundle_even_a_damaged_one_and_of_nothing_else(tmp_path):
    write_bundle(tmp_path / "b", {"one": b"1"})
    (tmp_path / "b" / "manifest.json").write_text("{")
    write_bundle(tmp_path / "b", {"one": b"2"})
    assert read_bundle(tmp_path / "b") == {"one": b"2"}
    (tmp_path / "b" / "mine.txt").write_text("mine")
    with pytest.raises(CannotWrite, match=r"mine\.txt") as caught:
        write_bundle(tmp_path / "b", {"one": b"3"})
    assert caught.value.code == "E315" and read_bundle(tmp_path / "b") == {"one": b"2"}
