"""A disk that is really full, and a disk that is really read-only: tmpfs mounts in a namespace of our own."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

TRAIN = "-m contrafact train ring --set steps=60 --set width=256 --set batch=32 -q --run-dir"


def in_namespace(script: str) -> subprocess.CompletedProcess[str]:
    words = [shutil.which("unshare") or "unshare", "-rm", "bash", "-ec", script]
    return subprocess.run(words, capture_output=True, text=True, check=False)


pytestmark = pytest.mark.skipif(
    shutil.which("unshare") is None or in_namespace("mount -t tmpfs none /mnt").returncode != 0,
    reason="mounting a file system needs user namespaces",
)


def test_a_full_disk_ends_with_74_and_names_the_file(tmp_path):
    script = f"mount -t tmpfs -o size=2m none {tmp_path}; {sys.executable} {TRAIN} {tmp_path}/run"
    done = in_namespace(script)
    assert done.returncode == 74, done.stderr
    assert "E301" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_read_only_disk_is_refused_with_73_before_training(tmp_path):
    script = f"mount -t tmpfs -o ro,size=2m none {tmp_path}; {sys.executable} {TRAIN} {tmp_path}/run"
    done = in_namespace(script)
    assert done.returncode == 73, done.stderr
    assert "E302" in done.stderr
