"""A million rows are learned, drawn and filled from a file with the memory that a hundred thousand take."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "benchmarks" / "bench_rows.py"


def test_memory_does_not_grow_with_the_rows_and_time_grows_evenly(tmp_path):
    out = tmp_path / "rows.json"
    subprocess.run([sys.executable, str(BENCH), "--out", str(out)], check=True, timeout=3600)
    missed = [bar for bar in json.loads(out.read_text(encoding="utf-8"))["bars"] if not bar["passed"]]
    assert not missed
