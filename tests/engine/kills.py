"""Kill a training at a bad moment, let it go on, and compare with one that was never disturbed; run as a script.

The parent only imports torch and forks, so that fifty kills do not pay fifty imports.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

import numpy as np

from contrafact.base.demos import ring
from contrafact.engine import checkpoints
from contrafact.engine.bundle import read_bundle
from contrafact.engine.run import Run
from contrafact.zoo import GAN

RECIPE = GAN(steps=200, width=16, depth=2, batch=32, critic_first=5, r1=0.1, instance_noise=0.1)


def start(folder: Path) -> int:
    """Train in a child process and give its number."""
    child = os.fork()
    if child == 0:
        try:
            RECIPE.fit(ring(400), seed=3, run_dir=folder)
        except BaseException as error:  # noqa: BLE001 - a child of fork must never return into its parent's code
            print(repr(error), file=sys.stderr)
            os._exit(1)
        os._exit(0)
    return child


def saving(folder: Path) -> bool:
    """Tell whether a save is under way."""
    try:
        return any(entry.name.endswith(".tmp") for entry in os.scandir(folder / "checkpoints"))
    except OSError:
        return False


def outcome(folder: Path) -> dict[str, object]:
    """Give everything that must be equal: all bytes of the kept checkpoints, the pointers and the log."""
    steps = sorted(p.name for p in (folder / "checkpoints").iterdir())
    rows = [{k: v for k, v in row.items() if k != "seconds"} for row in Run(folder).metrics()]
    files = {s: read_bundle(folder / "checkpoints" / s) for s in steps}
    samples = {p.name: np.load(p).tobytes() for p in Run(folder).samples()}
    pointers = [checkpoints.pointed(folder / f"{name}.json") for name in ("last", "best")]
    return {"files": files, "rows": rows, "pointers": pointers, "samples": samples}


def kill(folder: Path, chance: random.Random, inside: bool, seconds: float) -> tuple[bool, bool]:
    """Kill one training at random; give whether it was still alive, and whether it died inside a save."""
    child = start(folder)
    began, wait = time.monotonic(), chance.uniform(0.0, seconds)
    while time.monotonic() - began < wait and os.waitpid(child, os.WNOHANG)[0] == 0:
        time.sleep(0.0005)
    deadline = time.monotonic() + 10
    while inside and not saving(folder) and time.monotonic() < deadline:
        pass
    try:
        os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
    except (ProcessLookupError, ChildProcessError):
        return False, False
    return os.WIFSIGNALED(status), saving(folder)


def main(root: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    began = time.monotonic()
    if os.waitpid(start(root / "whole"), 0)[1] != 0:
        raise SystemExit("the undisturbed run failed")
    seconds, expected = time.monotonic() - began, outcome(root / "whole")
    report = {"killed": 0, "inside": 0, "equal": 0, "seconds": seconds, "seed": seed}
    while report["killed"] < kills:
        folder = root / "killed"
        shutil.rmtree(folder, ignore_errors=True)
        alive, inside = kill(folder, chance, report["killed"] % 5 < 3, 0.8 * seconds)
        if not alive:
            continue
        report["killed"] += 1
        report["inside"] += inside
        os.waitpid(start(folder), 0)
        report["equal"] += outcome(folder) == expected
    print(json.dumps(report))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
