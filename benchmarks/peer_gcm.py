"""DoWhy's gcm on a table: what it imagines, and how fast, as a process of its own in an environment of its own.

Run by the peer's own Python: `peer_gcm.py TRAIN TEST OUT EDGES NODE`. It writes the counterfactual rows under
NODE + 1 and under NODE = 1, and prints what it cost in CPU seconds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

VERSION = "0.14"
DRAWN = 100_000


def installed() -> Path:
    """Make the peer's environment where an earlier call has not, and give its Python."""
    folder = Path(tempfile.gettempdir()) / "peers_gcm"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    if not list(folder.glob("lib/*/site-packages/dowhy")):
        subprocess.run([python, "-m", "pip", "install", "--quiet", f"dowhy=={VERSION}"], check=True)
    return python


def _used(began: float) -> float:
    return time.process_time() - began


def _measure(train: str, test: str, out: str, edges: str, node: str) -> None:
    import networkx as nx
    import numpy as np
    import pandas as pd
    from dowhy import gcm

    np.random.seed(0)
    learned, asked = pd.read_csv(train), pd.read_csv(test)
    pairs = [tuple(part.split(">")) for part in edges.split(",")]
    told: dict[str, object] = {"version": VERSION, "licence": "MIT"}
    model = gcm.InvertibleStructuralCausalModel(nx.DiGraph(pairs))
    began = time.process_time()
    gcm.auto.assign_causal_mechanisms(model, learned, quality=gcm.auto.AssignmentQuality.GOOD)
    told["assign_seconds"], began = _used(began), time.process_time()
    gcm.fit(model, learned)
    told["fit_seconds"], began = _used(began), time.process_time()
    gcm.interventional_samples(model, {node: lambda x: 1.0}, num_samples_to_draw=DRAWN)
    told["do_rows_a_second"], began = DRAWN / _used(began), time.process_time()
    for name, change in {"more": lambda x: x + 1, "one": lambda x: 1.0}.items():
        made = gcm.counterfactual_samples(model, {node: change}, observed_data=asked)
        made.to_csv(Path(out) / f"{name}.csv", index=False)
    told["counterfactual_rows_a_second"] = 2 * len(asked) / _used(began)
    sys.stdout.write(json.dumps(told) + "\n")


def imagined(train: Path, test: Path, out: Path, edges: str, node: str) -> dict[str, object]:
    """Let the peer imagine rows."""
    command = [installed(), __file__, train, test, out, edges, node]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    said = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    told: dict[str, object] = json.loads(said.stdout.splitlines()[-1])
    return told


if __name__ == "__main__":
    _measure(*sys.argv[1:])
