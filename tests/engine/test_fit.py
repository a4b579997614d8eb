from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from contrafact.base.demos import ring
from contrafact.base.errors import Busy, CannotWrite, DataError, StoppedEarly, StorageError, UsageError
from contrafact.engine import checkpoints
from contrafact.engine.items import split
from contrafact.engine.resources import seconds
from contrafact.engine.run import Run, take_lock
from contrafact.zoo import GAN

TOY = GAN(steps=60, width=16, depth=1, batch=32)


@pytest.fixture(scope="module")
def rows():
    return ring(400)


def bytes_of(model) -> dict[str, bytes]:
    return model.files(with_critic=True)


def test_the_same_seed_gives_the_same_model_on_disk_or_not(rows, tmp_path):
    assert bytes_of(TOY.fit(rows, seed=1)) == bytes_of(TOY.fit(rows, seed=1, run_dir=tmp_path / "r"))
    assert bytes_of(TOY.fit(rows, seed=1)) != bytes_of(TOY.fit(rows, seed=2))


def test_running_the_same_again_resumes_and_ends_the_same(rows, tmp_path):
    whole = TOY.fit(rows, seed=1, run_dir=tmp_path / "whole")
    training = TOY.training(rows, seed=1, run_dir=tmp_path / "parts")
    for progress in training:
        if progress.step >= 31:
            break
    del training
    again = TOY.training(rows, seed=1, run_dir=tmp_path / "parts")
    first = next(iter(again))
    assert 28 <= first.step <= 34
    del again
    assert bytes_of(TOY.fit(rows, seed=1, run_dir=tmp_path / "parts")) == bytes_of(whole)
    logs = [
        [{k: v for k, v in r.items() if k != "seconds"} for r in Run(tmp_path / n).metrics()]
        for n in ("whole", "parts")
    ]
    assert logs[0] == logs[1]


def test_three_killed_runs_end_bit_equal_to_an_undisturbed_one(tmp_path):
    script = Path(__file__).parent / "kills.py"
    words = [sys.executable, str(script), str(tmp_path), "3", "0"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=300, env=environment)
    report = json.loads(done.stdout)
    assert report["killed"] == report["equal"] == 3, report
    assert report["inside"] >= 1, report


def test_a_damaged_checkpoint_is_named_and_the_one_before_is_used(rows, tmp_path):
    TOY.fit(rows, seed=1, run_dir=tmp_path / "r")
    newest = max((tmp_path / "r" / "checkpoints").iterdir())
    weights = bytearray((newest / "state.safetensors").read_bytes())
    weights[-3] ^= 4
    (newest / "state.safetensors").write_bytes(weights)
    training = TOY.training(rows, seed=1, run_dir=tmp_path / "r")
    model = training.finish()
    assert any("state.safetensors" in warning for warning in training.warnings)
    assert bytes_of(model) == bytes_of(TOY.fit(rows, seed=1))


def test_another_runs_checkpoint_is_refused(rows, tmp_path):
    TOY.fit(rows, seed=1, run_dir=tmp_path / "one")
    TOY.fit(rows, seed=2, run_dir=tmp_path / "two")
    shutil.rmtree(tmp_path / "one" / "checkpoints")
    shutil.copytree(tmp_path / "two" / "checkpoints", tmp_path / "one" / "checkpoints")
    identity = TOY.training(rows, seed=1, run_dir=tmp_path / "one").wish.identity
    found = list(checkpoints.newest(tmp_path / "one" / "checkpoints", identity))
    assert found
    assert all(isinstance(one, StorageError) for one in found)


def test_a_changed_setting_starts_a_new_run_and_says_why(rows, tmp_path):
    TOY.fit(rows, seed=1, run_dir=tmp_path / "r")
    before = (tmp_path / "r" / "metrics.jsonl").read_bytes()
    training = TOY.but(rate="1e-4").training(rows, seed=1, run_dir=tmp_path / "r")
    training.finish()
    assert training.run.folder.name == "r-2"
    again = TOY.but(rate="1e-4").training(rows, seed=1, run_dir=tmp_path / "r")
    assert again.run.folder.name == "r-2"
    assert again.choice.resumes
    assert "rate was 0.0005, is 0.0001" in training.warnings[0]
    assert (tmp_path / "r" / "metrics.jsonl").read_bytes() == before


def test_more_steps_go_on_in_the_same_run(rows, tmp_path):
    TOY.fit(rows, seed=1, run_dir=tmp_path / "r")
    training = TOY.but(steps=80).training(rows, seed=1, run_dir=tmp_path / "r")
    steps = [progress.step for progress in training]
    assert training.run.folder.name == "r"
    assert min(steps) > 60
    assert max(steps) == 80


def test_fresh_starts_anew_and_keeps_what_is_there(rows, tmp_path):
    TOY.fit(rows, seed=1, run_dir=tmp_path / "r")
    training = TOY.training(rows, seed=1, run_dir=tmp_path / "r", fresh=True)
    assert training.run.folder.name == "r-2"
    assert not training.choice.resumes


def test_two_runs_cannot_share_a_folder(rows, tmp_path):
    (tmp_path / "r").mkdir()
    lock = take_lock(tmp_path / "r")
    with pytest.raises(Busy, match="in use") as caught:
        TOY.fit(rows, run_dir=tmp_path / "r")
    lock.close()
    assert str(os.getpid()) in caught.value.why
    assert caught.value.exit_status == 76


def test_a_place_that_cannot_be_written_is_refused_before_training(rows, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite) as caught:
        TOY.fit(rows, run_dir=tmp_path / "file" / "r")
    assert caught.value.exit_status == 73


def test_a_full_disk_keeps_the_older_checkpoint(rows, tmp_path, monkeypatch):
    training = TOY.training(rows, seed=1, run_dir=tmp_path / "r")
    real, calls = checkpoints.write_bundle, []

    def filling(folder, *args):
        calls.append(folder)
        if len(calls) > 5:
            raise StorageError("full", why="full", fix="free", code="E301")
        real(folder, *args)

    monkeypatch.setattr(checkpoints, "write_bundle", filling)
    with pytest.raises(StorageError):
        training.finish()
    monkeypatch.undo()
    assert bytes_of(TOY.fit(rows, seed=1, run_dir=tmp_path / "r")) == bytes_of(TOY.fit(rows, seed=1))


def test_a_blow_up_rolls_back_with_half_the_rate_and_recovers(rows, tmp_path):
    training = TOY.training(rows, seed=1, run_dir=tmp_path / "r")
    broken = []

    def begin(total, device, begin=training.method.begin):
        game = begin(total, device)
        loss = game.critic_loss

        def exploding(batch, step):
            terms = loss(batch, step)
            if step.number == 40 and step.rate == 1.0:
                broken.append(step.number)
                terms["loss"] = terms["loss"] * float("nan")
            return terms

        game.critic_loss = exploding
        return game

    object.__setattr__(training.method, "begin", begin)
    model = training.finish()
    assert broken == [40]
    assert training.memory.retries == 1
    assert "Went back to step 39" in training.warnings[0]
    assert np.isfinite(model.sample(50, seed=0).items).all()
    assert [e["event"] for e in Run(tmp_path / "r").events()].count("rolled back") == 1


def test_a_training_that_keeps_blowing_up_stops_and_says_why(rows):
    hopeless = GAN(steps=60, width=16, depth=1, batch=32, optimizer="sgd", rate=1e30, momentum=0.9)
    with pytest.raises(StoppedEarly, match="blew up 4 times") as caught:
        hopeless.fit(rows, seed=0)
    assert caught.value.exit_status == 75


def test_a_budget_becomes_a_number_of_steps_once(rows, tmp_path):
    recipe = GAN(width=16, depth=1, batch=32)
    first = recipe.training(rows, seed=0, budget="1s", run_dir=tmp_path / "r")
    list(islice(first, 3))
    total = first.total
    del first
    again = recipe.training(rows, seed=0, budget="1s", run_dir=tmp_path / "r")
    next(iter(again))
    assert again.total == total == Run(tmp_path / "r").document("recipe")["total_steps"]


@pytest.mark.parametrize("text", ["", "ten", "-3m", "0s", "10x"])
def test_a_budget_that_is_no_time_is_refused(text):
    with pytest.raises(UsageError):
        seconds(text)


def test_a_tenth_is_held_out():
    rows = np.arange(1000).reshape(-1, 1)
    train, held = split(rows, seed=0)
    assert len(held) == 100
    assert sorted(np.concatenate([train, held]).ravel()) == list(range(1000))


def test_one_row_is_not_enough():
    with pytest.raises(DataError) as caught:
        TOY.fit(np.array([[1.0, 2.0]]))
    assert caught.value.code in ("E206", "E201")


def test_fitting_leaves_the_global_state_and_the_threads_alone(rows):
    torch.manual_seed(3)
    np.random.seed(3)
    before, threads = (torch.rand(1), np.random.rand()), torch.get_num_threads()
    torch.manual_seed(3)
    np.random.seed(3)
    TOY.fit(rows, seed=0)
    assert (torch.rand(1), np.random.rand()) == before
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("steps", [1, 7, 60, 250])
def test_a_run_of_any_length_is_checked_about_twenty_times(rows, steps):
    training = TOY.but(steps=steps).training(rows, seed=0)
    checks = [progress.step for progress in training if "score" in progress.row]
    assert min(steps, 15) <= len(checks) <= 26
    assert checks[-1] == steps


def test_only_the_last_two_and_the_best_are_kept(rows, tmp_path):
    TOY.fit(rows, seed=1, run_dir=tmp_path / "r")
    kept = {int(p.name) for p in (tmp_path / "r" / "checkpoints").iterdir()}
    best = checkpoints.pointed(tmp_path / "r" / "best.json")
    assert kept == {57, 60, best}
