"""Modes found and how sharply: the grid of 25 and the ring of 8 narrow Gaussians, for every adversarial method.

The protocol of VEEGAN and PacGAN: 100,000 rows to learn from, 2,500 samples of the returned model; every method with
its own defaults. A fresh draw from the truth stands beside them as the ceiling of every score.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

from contrafact import zoo
from contrafact.base.demos import grid, mixture, ring
from contrafact.metrics.modes import modes
from table import Row, Table, arguments, cpu_seconds, known, mean_sd, read

SAMPLES, CPU_SECONDS, PERFECT = 2_500, 240, "perfect sampler"
QUALITY, SPREAD, REVERSE_KL = 0.90, (0.8, 1.25), 0.02
SETS: dict[str, Callable[[], Any]] = {"grid": grid, "ring": ring}
METHODS: dict[str, Any] = {
    "r3gan": zoo.R3GAN(),
    "gan non-saturating": zoo.GAN(loss="non-saturating"),
    "gan minimax": zoo.GAN(loss="minimax"),
    "fgan kl": zoo.FGAN(divergence="kl"),
    "fgan reverse_kl": zoo.FGAN(divergence="reverse_kl"),
    "lsgan": zoo.LSGAN(),
    "wgan_gp": zoo.WGANGP(),
    "sngan": zoo.SNGAN(),
}


def scored(sample: Any, data: Any) -> Row:
    """Score samples, with the CPU seconds of it; spreads that cannot be had are left out."""
    scores, seconds = cpu_seconds(lambda: modes(sample, data.truth))
    return {**{name: score.value for name, score in scores.items()}, "judging_cpu_seconds": seconds}


def trained(recipe: Any, data: Any, seed: int) -> Row:
    """Train on the data and score the returned model."""

    def train() -> tuple[Any, int]:
        training = recipe.training(data, seed=seed)
        return training.finish(), training.step

    (model, steps), seconds = cpu_seconds(train)
    return {**scored(model.sample(SAMPLES, seed=seed), data), "cpu_seconds": seconds, "steps_made": steps}


def drawn(data: Any, seed: int) -> Row:
    """Score a fresh draw from the truth."""
    return scored(mixture(data.truth.means, data.truth.sd, SAMPLES, "perfect sampler", seed), data)


def measure(method: str, data: Any, seed: int) -> Row:
    """Measure one run of one method."""
    return drawn(data, seed) if method == PERFECT else trained(METHODS[method], data, seed)


def settings(method: str, data: Any) -> Row:
    """Give everything that a run depends on beside its seed."""
    if method == PERFECT:
        return {"samples": SAMPLES, "rows": len(data)}
    recipe = METHODS[method]
    defaults = getattr(sys.modules[type(recipe).__module__], "ROWS", None)
    return {"samples": SAMPLES, "rows": len(data), **known(recipe, defaults)}


def shown(rows: list[Row]) -> dict[str, str]:
    """Write one method on one data set, mean ± standard deviation over the seeds."""

    def text(name: str, digits: int) -> str:
        values = [row[name] for row in rows if name in row]
        return mean_sd(values, digits) if values else "-"

    return {
        "data": rows[0]["setting"],
        "method": rows[0]["method"],
        "seeds": str(len(rows)),
        "modes": text("modes", 1),
        "high quality": text("high_quality", 3),
        "reverse KL": text("reverse_kl", 4),
        "tightest": text("spread_low", 2),
        "widest": text("spread_high", 2),
        "CPU s": text("cpu_seconds", 0),
    }


def single(row: Row) -> dict[str, str]:
    """Write one run."""
    return {**shown([row]), "seeds": f"seed {row['seed']}"}


def judge(table: Table, name: str, rows: list[Row], count: int) -> None:
    """Hold the runs of r3gan on one data set to their bars, the worst run for each."""

    def worst(pick: Callable[[list[float]], float], score: str, missing: float) -> float:
        return pick([row.get(score, missing) for row in rows])

    found = [int(row["modes"]) for row in rows]
    quality, balance = worst(min, "high_quality", 0), worst(max, "reverse_kl", math.inf)
    low, high = worst(min, "spread_low", 0), worst(max, "spread_high", math.inf)
    seconds = worst(max, "cpu_seconds", math.inf)
    every = f"r3gan, {name}, each of {len(rows)} runs:"
    table.bar(f"{every} {count} of {count} modes", min(found) == count, f"{min(found)}")
    table.bar(f"{every} high quality >= {QUALITY:.2f}", quality >= QUALITY, f"{quality:.3f}")
    table.bar(
        f"{every} spread {SPREAD[0]} to {SPREAD[1]}", SPREAD[0] <= low <= high <= SPREAD[1], f"{low:.2f} to {high:.2f}"
    )
    table.bar(f"{every} reverse KL <= {REVERSE_KL}", balance <= REVERSE_KL, f"{balance:.4f}")
    table.bar(f"{every} <= {CPU_SECONDS} CPU seconds", seconds <= CPU_SECONDS, f"{seconds:.0f}")


def main() -> None:
    parser = arguments(__doc__, gate_seeds=5, full_seeds=20)
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS), help="which methods")
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS), help="which data sets")
    options = read(parser)
    table = Table("modes", options)
    data = {name: SETS[name]() for name in options.sets}
    rows = {
        (method, name): [
            table.row(method, name, seed, settings(method, known), lambda: measure(method, known, seed))  # noqa: B023
            for seed in range(options.seeds)
        ]
        for method in (PERFECT, *options.methods)
        for name, known in data.items()
    }
    table.show([single(row) for name in data for method in options.methods for row in rows[method, name]])
    table.line()
    if "r3gan" in options.methods:
        for name, known in data.items():
            judge(table, name, rows["r3gan", name], len(known.truth.means))
        table.line()
    table.line("Mean ± standard deviation over the seeds:")
    table.show([shown(rows[method, name]) for name in data for method in (PERFECT, *options.methods)])
    table.write()


if __name__ == "__main__":
    sys.exit(main())
