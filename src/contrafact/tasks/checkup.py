"""Check the machine: what is installed, what works, and what would help."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

FREE_BYTES = 2**30


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was checked."""

    name: str
    good: bool
    told: str
    cure: str = ""


def _python() -> Check:
    version = platform.python_version_tuple()
    good = (3, 11) <= (int(version[0]), int(version[1])) < (3, 14)
    return Check(name="python", good=good, told=platform.python_version(), cure="Use Python 3.11 to 3.13.")


def _torch() -> Check:
    import torch

    where = f"{torch.cuda.device_count()} GPU" if torch.cuda.is_available() else "no GPU: everything runs on the CPU"
    return Check(name="torch", good=True, told=f"{torch.__version__}, {where}, {torch.get_num_threads()} threads")


def _disk() -> Check:
    free = shutil.disk_usage(Path.cwd()).free
    return Check(name="disk", good=free > FREE_BYTES, told=f"{free / 2**30:.0f} GiB free here", cure="Free some space.")


def _writing() -> Check:
    good = os.access(Path.cwd(), os.W_OK)
    told = "runs can be kept here" if good else "this folder cannot be written"
    return Check(name="folder", good=good, told=told, cure="Change to another folder, or give --run-dir.")


def _training() -> Check:
    """Train twenty steps twice: finite numbers, and the same ones."""
    import numpy as np

    from contrafact.base.demos import ring
    from contrafact.zoo.index import recipe

    rows = [recipe("r3gan").toy().fit(ring(200), seed=0).sample(5, seed=0).items for _ in range(2)]
    good = bool(np.isfinite(rows[0]).all() and (rows[0] == rows[1]).all())
    told = "a small training gives finite and repeatable numbers" if good else f"two small trainings gave {rows}"
    return Check(name="self-test", good=good, told=told, cure="Reinstall torch.")


def _saving() -> Check:
    from contrafact.engine.bundle import read_bundle, write_bundle

    with tempfile.TemporaryDirectory() as folder:
        write_bundle(Path(folder) / "bundle", {"a": b"1"})
        good = read_bundle(Path(folder) / "bundle") == {"a": b"1"}
    return Check(name="saving", good=good, told="a bundle is written and read back", cure="Check the temporary folder.")


def checkup() -> list[Check]:
    """Run every check."""
    return [check() for check in (_python, _torch, _disk, _writing, _saving, _training)]
