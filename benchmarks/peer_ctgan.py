"""The package index's CTGAN on a table: what an epoch costs, and what its rows are worth after some.

The peer is installed into a folder of its own, beside the packages that both need, and runs as a process of its own.
Its licence (Business Source License) forbids some commercial use: it is measured, and no part of contrafact needs it.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from importlib.metadata import metadata
from pathlib import Path

import pandas as pd

NEEDED = ("ctgan", "rdt", "tqdm", "faker", "tzdata")
EPOCHS, USUAL = 20, 300


def installed() -> Path:
    """Install the peer where an earlier call has not."""
    folder = Path(tempfile.gettempdir()) / "contrafact-peers" / "ctgan"
    if not (folder / "ctgan").is_dir():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), *NEEDED]
        subprocess.run(command, check=True)
    return folder


def rows_of(learned: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, dict[str, float | str]]:
    """Train the peer for some epochs, draw as many rows as it learned from, and say what it cost.

    Arguments:
        learned: What it learns from; it takes no holes in categories, which become words.
        seed: Seeds its random state.
    """
    words = learned.select_dtypes(exclude="number").columns
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "given.csv", Path(folder) / "made.csv"
        learned.astype(dict.fromkeys(words, object)).fillna(dict.fromkeys(words, "(none)")).to_csv(given, index=False)
        environment = {**os.environ, "PYTHONPATH": f"{installed()}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
        command = [sys.executable, __file__, str(given), str(made), str(seed), ",".join(words)]
        said = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
        fake = pd.read_csv(made, keep_default_na=False)
    for name in learned:
        fake[name] = fake[name].replace("(none)", None).astype(learned[name].dtype) if name in words else fake[name]
    told: dict[str, float | str] = json.loads(said.splitlines()[-1])
    return fake, told


def _train(given: str, made: str, seed: str, words: str) -> None:
    import numpy as np
    import torch
    from ctgan import CTGAN

    torch.set_num_threads(1)
    torch.manual_seed(int(seed))
    np.random.seed(int(seed))
    frame = pd.read_csv(given, keep_default_na=False, na_values={})
    model, costs = CTGAN(epochs=1, enable_gpu=False), []
    model.set_random_state(int(seed))
    for epochs in (1, EPOCHS):  # the first holds what comes once: mixtures of the columns
        model = CTGAN(epochs=epochs, enable_gpu=False)
        began = _cpu()
        model.fit(frame, discrete_columns=words.split(","))
        costs.append(_cpu() - began)
    model.sample(len(frame)).to_csv(made, index=False)
    an_epoch = (costs[1] - costs[0]) / (EPOCHS - 1)
    about = metadata("ctgan")
    licence = about.get("License-Expression") or about.get("License") or "unknown"
    told = {
        "version": about["Version"],
        "licence": licence.splitlines()[0],
        "cpu_seconds": costs[1],
        "an_epoch": an_epoch,
        "usual_seconds": costs[0] + (USUAL - 1) * an_epoch,
    }
    sys.stdout.write(json.dumps(told) + "\n")


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    _train(*sys.argv[1:])
