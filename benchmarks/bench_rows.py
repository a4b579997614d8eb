"""Many rows: memory and time of fitting, drawing and filling from a file, at a hundred thousand and a million rows.

15 mixed columns in Parquet files (`rows_data.py`). Each row of the table is a process of its own; memory is the largest
resident set beyond that of the process with everything imported, so that pages of mapped files would count. The network
is small (width 64, one block) and makes 60 steps: what grows with the rows is not the network. Encoding is two readings
that fit the codec and one that writes tokens to the disk; it is part of the fit, and timed within it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from rows_data import write_people
from table import Row, Table, arguments, peak_megabytes, read

SIZES = (100_000, 1_000_000)
PARTS = ("fit", "sample", "impute")
SETTINGS: dict[str, Any] = {"steps": 60, "width": 64, "depth": 1}
GROWTH, LINEAR = 1.10, 1.20


def own_process(*words: str) -> Row:
    """Measure one part in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--child", *words], capture_output=True, text=True, check=False, timeout=3600
    )
    if done.returncode:
        sys.exit(done.stderr)
    found: Row = json.loads(done.stdout.splitlines()[-1])
    return found


def measured(part: str, rows: int, folder: Path) -> Row:
    """Make the file and what the part needs, and measure it."""
    path = folder / f"{rows}.parquet"
    if not path.exists():
        write_people(path, rows)
    if part != "fit" and not (folder / "model").exists():
        own_process("fit", str(write_people(folder / "small.parquet", SIZES[0])), str(folder / "model"))
    return own_process(part, str(path), str(folder / "model"), str(rows))


def child(part: str, path: str, model: str, rows: str = "0") -> None:
    """Do one part and print what it took."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq
    import torch

    from contrafact import load
    from contrafact.tasks import large, write_tables
    from contrafact.zoo.loom import Loom

    torch.set_num_threads(1)
    pd.DataFrame({"a": [1]}).to_csv()
    assert pa and pq and torch.ones(8).sum()
    out = str(Path(path).with_suffix(".out.parquet"))
    before, began = peak_megabytes(), time.process_time()
    found: Row = {}
    if part == "fit":
        training = Loom(**SETTINGS).training(path)
        found["encode_seconds"] = time.process_time() - began
        fitted = training.finish()
    elif part == "sample":
        write_tables.write_table(large.Drawn(model=load(model), n=int(rows), given=None, seed=0), out)
    else:
        table = large.TableFile.open(path)
        write_tables.write_table(large.Filled(table=table, model=load(model), cells=0), out)
    found["cpu_seconds"] = time.process_time() - began
    found["megabytes"] = peak_megabytes() - before
    if part == "fit" and rows == "0":
        fitted.save(model)
    print(json.dumps(found))


def grown(table: Table, part: str, found: list[Row]) -> None:
    """Hold the growth from the smaller to the larger file against the bars."""
    memory = found[1]["megabytes"] / found[0]["megabytes"]
    table.bar(f"{part}: memory at 10^6 rows <= {GROWTH} x that at 10^5", memory <= GROWTH, f"{memory:.2f}")
    name = "encode_seconds" if part == "fit" else "cpu_seconds"
    times = found[1][name] / found[0][name] / (SIZES[1] / SIZES[0])
    what = "encoding" if part == "fit" else part
    table.bar(f"{what}: time a row at 10^6 <= {LINEAR} x that at 10^5", times <= LINEAR, f"{times:.2f}")
    if part == "fit":
        steps = [row["cpu_seconds"] - row["encode_seconds"] for row in found]
        share = steps[1] / steps[0]
        table.bar(f"the same steps at 10^6 rows <= {LINEAR} x those at 10^5", share <= LINEAR, f"{share:.2f}")


def main() -> None:
    options = read(arguments(__doc__, gate_seeds=1, full_seeds=1))
    table = Table("rows", options)
    with tempfile.TemporaryDirectory() as folder:
        rows = {
            part: [
                table.row("loom", f"{part}, {size:,} rows", 0, SETTINGS, partial(measured, part, size, Path(folder)))
                for size in SIZES
            ]
            for part in PARTS
        }
    table.show(
        [
            {
                "part": part,
                "rows": f"{size:,}",
                "MB over imports": f"{row['megabytes']:.0f}",
                "CPU seconds": f"{row['cpu_seconds']:.1f}",
                "of which encoding": f"{row['encode_seconds']:.1f}" if part == "fit" else "",
                "rows a CPU second": "" if part == "fit" else f"{size / row['cpu_seconds']:,.0f}",
            }
            for part, found in rows.items()
            for size, row in zip(SIZES, found, strict=True)
        ]
    )
    for part, found in rows.items():
        grown(table, part, found)
    table.write()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
    else:
        sys.exit(main())
