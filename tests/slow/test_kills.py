from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

KILLS = Path(__file__).parents[1] / "engine" / "kills.py"


def test_fifty_killed_runs_end_bit_equal_to_an_undisturbed_one(tmp_path):
    words = [sys.executable, str(KILLS), str(tmp_path), "50", "1"]
    done = subprocess.run(
        words, capture_output=True, text=True, check=True, timeout=1200, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    report = json.loads(done.stdout)
    assert report["killed"] == report["equal"] == 50, report
    assert report["inside"] >= 17, report
