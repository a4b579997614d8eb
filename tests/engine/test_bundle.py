from __future__ import annotations

import random
import shutil

import numpy as np
import pytest

from contrafact.base.errors import CannotWrite, StorageError
from contrafact.engine.bundle import (
    arrays_from_bytes,
    arrays_to_bytes,
    read_bundle,
    write_atomically,
    write_bundle,
)

FILES = {"state.json": b'{"step": 3}\n', "weights": bytes(range(256)) * 20, "empty": b""}


def test_what_was_written_is_read(tmp_path):
    write_bundle(tmp_path / "b", FILES, "me")
    assert read_bundle(tmp_path / "b", "me") == FILES
    assert [p.name for p in tmp_path.iterdir()] == ["b"]


def test_a_bundle_replaces_an_older_one(tmp_path):
    write_bundle(tmp_path / "b", FILES)
    write_bundle(tmp_path / "b", {"other": b"1"})
    assert read_bundle(tmp_path / "b") == {"other": b"1"}
    assert [p.name for p in tmp_path.iterdir()] == ["b"]


def test_four_hundred_damages_are_refused_and_the_file_is_named(tmp_path):
    write_bundle(tmp_path / "whole", FILES, "me")
    chance = random.Random(0)
    refused = 0
    for number in range(400):
        copy = tmp_path / "copy"
        shutil.copytree(tmp_path / "whole", copy)
        path = copy / chance.choice(["state.json", "weights", "manifest.json"])
        payload = bytearray(path.read_bytes())
        place = chance.randrange(len(payload))
        if number % 4 == 3:
            payload = payload[:place]
        else:
            payload[place] ^= 1 << chance.randrange(8)
        path.write_bytes(payload)
        with pytest.raises(StorageError) as caught:
            read_bundle(copy, "me")
        refused += path.name in caught.value.what
        shutil.rmtree(copy)
    assert refused == 400


def test_another_owners_bundle_and_a_missing_file_are_refused(tmp_path):
    write_bundle(tmp_path / "b", FILES, "somebody")
    with pytest.raises(StorageError, match="another run"):
        read_bundle(tmp_path / "b", "me")
    (tmp_path / "b" / "weights").unlink()
    with pytest.raises(StorageError, match="weights"):
        read_bundle(tmp_path / "b")


def test_a_full_disk_is_named_and_what_was_there_is_kept(tmp_path, monkeypatch):
    write_atomically(tmp_path / "file", b"old")

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageError) as caught:
        write_atomically(tmp_path / "file", b"new")
    with pytest.raises(StorageError):
        write_bundle(tmp_path / "b", FILES)
    assert caught.value.code == "E301"
    assert caught.value.exit_status == 74
    assert (tmp_path / "file").read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_file_in_the_way_is_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(CannotWrite) as caught:
        write_bundle(tmp_path / "file" / "b", FILES)
    assert caught.value.exit_status == 73


def test_arrays_come_back_bit_by_bit():
    arrays = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b": np.array(7, dtype=np.int64),
        "c": np.zeros((0, 2)),
    }
    back = arrays_from_bytes(arrays_to_bytes(arrays))
    assert all(np.array_equal(back[k], v) and back[k].dtype == v.dtype for k, v in arrays.items())
