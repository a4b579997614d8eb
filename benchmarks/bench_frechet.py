"""The Fréchet distance of 2,048 features: CPU time, value and memory against torchmetrics and scipy's matrix root.

All methods get the same features block by block, in a process of their own on one thread. torchmetrics sums them up as
this package does and takes general eigenvalues of the product of the covariances; the root of that product by
`scipy.linalg.sqrtm`, over rows that are all kept, is the formula of the first FID code. Making the features is not
timed. "Gather" takes the rows in, "compare" turns what was gathered into the distance.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from statistics import fmean
from typing import Any

import numpy as np
import torch
from scipy.linalg import sqrtm
from torchmetrics import __version__ as torchmetrics_version
from torchmetrics.image.fid import FrechetInceptionDistance

from contrafact.metrics import Moments, frechet
from table import Row, Table, arguments, cpu_seconds, mean_sd, read

WIDTH, BLOCK = 2048, 500
SIZES = (5000, 50_000)
FASTER, ALIKE, MORE_MEMORY = 5.0, 1e-4, 1.05
Sides = tuple[Iterator[np.ndarray], Iterator[np.ndarray]]


def features(n: int, seed: int, side: int) -> Iterator[np.ndarray]:
    """Draw features that are never below 0, hang together, and differ a little between the sides."""
    known, rng = np.random.default_rng(seed), np.random.default_rng((seed, side))
    shared = known.standard_normal((64, WIDTH), dtype=np.float32) / 8
    scale = known.gamma(2.0, 0.2, WIDTH).astype(np.float32)
    for start in range(0, n, BLOCK):
        rows = min(BLOCK, n - start)
        block = rng.standard_normal((rows, 64), dtype=np.float32) @ shared
        block += rng.standard_normal((rows, WIDTH), dtype=np.float32) * scale * (1 + 0.1 * side)
        yield np.maximum(block + 0.3 + 0.02 * side, 0)


class Clock:
    """Add up the CPU seconds of what is timed, apart from what only makes the features."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self, job: Callable[..., Any], *given: Any) -> Any:
        result, seconds = cpu_seconds(lambda: job(*given))
        self.seconds += seconds
        return result


def ours(sides: Sides, gather: Clock, compare: Clock) -> float:
    """Measure with `Moments` and `frechet`."""
    moments = Moments(), Moments()
    for one, blocks in zip(moments, sides, strict=True):
        for block in blocks:
            gather(one.update, block)
    return compare(frechet, *moments).value


def torchmetrics(sides: Sides, gather: Clock, compare: Clock) -> float:
    """Measure with torchmetrics, whose network is replaced by one that passes features through."""
    through = torch.nn.Identity()
    through.num_features = WIDTH
    metric = FrechetInceptionDistance(feature=through)
    metric.set_dtype(torch.float64)  # of the result, which is else rounded to single precision
    for real, blocks in zip((True, False), sides, strict=True):
        for block in blocks:
            gather(metric.update, torch.from_numpy(block), real)
    return float(compare(metric.compute))


def _moments(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return rows.mean(0), np.cov(rows, rowvar=False)


def _rooted(mean_a: np.ndarray, cov_a: np.ndarray, mean_b: np.ndarray, cov_b: np.ndarray) -> float:
    root = np.real(sqrtm(cov_a @ cov_b))
    return float(((mean_a - mean_b) ** 2).sum() + np.trace(cov_a + cov_b - 2 * root))


def first_code(sides: Sides, gather: Clock, compare: Clock) -> float:
    """Measure as the first FID code did: keep all rows, and take the root of the product of the covariances."""
    one, other = (gather(_moments, np.concatenate(list(blocks)).astype(np.float64)) for blocks in sides)
    return float(compare(_rooted, *one, *other))


METHODS = {"contrafact": (ours, SIZES), "torchmetrics": (torchmetrics, SIZES), "scipy.sqrtm": (first_code, SIZES[:1])}


def peak() -> float:
    """Give the most memory that this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)


def child(name: str, n: int, seed: int) -> None:
    """Measure one method and print the numbers; runs in a process of its own."""
    torch.set_num_threads(1)
    gather, compare, before = Clock(), Clock(), peak()
    value = METHODS[name][0]((features(n, seed, 0), features(n, seed, 1)), gather, compare)
    print(json.dumps({"value": value, "gather": gather.seconds, "compare": compare.seconds, "memory": peak() - before}))


def measure(name: str, n: int, seed: int) -> Row:
    """Call a child on one thread and read what it printed."""
    one = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "MKL", "OPENBLAS")}
    command = [sys.executable, __file__, "--child", name, str(n), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **one})
    row: Row = json.loads(done.stdout.splitlines()[-1])
    return row


def shown(name: str, n: int, rows: list[Row]) -> dict[str, str]:
    """Write a line of the table: means over seeds."""
    return {
        "method": name,
        "n a side": f"{n:,}",
        "gather CPU s": mean_sd((row["gather"] for row in rows), 1),
        "compare CPU s": mean_sd((row["compare"] for row in rows), 1),
        "memory MB": f"{fmean(row['memory'] for row in rows):.0f}",
        "distance, seed 0": f"{rows[0]['value']:.6f}",
    }


def judge(table: Table, found: dict[tuple[str, int], list[Row]]) -> None:
    """Hold the rows to their bars."""
    apart = [
        abs(row["value"] / own["value"] - 1)
        for (name, n), rows in found.items()
        for row, own in zip(rows, found["contrafact", n], strict=True)
    ]
    table.bar(f"values within {ALIKE:g} of the peers' (relative)", max(apart) <= ALIKE, f"{max(apart):.1e}")
    for name in ("torchmetrics", "scipy.sqrtm"):
        peer, own = (fmean(row["compare"] for row in found[one, SIZES[0]]) for one in (name, "contrafact"))
        table.bar(f"the distance in {FASTER:g} x less CPU than {name}", peer >= FASTER * own, f"{peer / own:.1f} x")
    for n in SIZES:
        peer, own = (fmean(r["gather"] + r["compare"] for r in found[one, n]) for one in ("torchmetrics", "contrafact"))
        table.line(f"      gather and compare, n = {n:,}: {peer / own:.1f} x less CPU than torchmetrics")
    small, large = (max(row["memory"] for row in found["contrafact", n]) for n in SIZES)
    claim = f"memory for {SIZES[1]:,} rows at most {MORE_MEMORY:g} x that for {SIZES[0]:,}"
    table.bar(claim, large <= MORE_MEMORY * small, f"{small:.0f} and {large:.0f} MB")


def main() -> None:
    options = read(arguments(__doc__, gate_seeds=2, full_seeds=5))
    table = Table("frechet", options)
    found: dict[tuple[str, int], list[Row]] = {}
    for name, (_, sizes) in METHODS.items():
        for n in sizes:
            settings = {"width": WIDTH, "block": BLOCK, "torchmetrics": torchmetrics_version}
            found[name, n] = [
                table.row(name, f"n = {n:,}", seed, settings, lambda: measure(name, n, seed))  # noqa: B023
                for seed in range(options.seeds)
            ]
    table.show([shown(name, n, rows) for (name, n), rows in found.items()])
    judge(table, found)
    table.write()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        main()
