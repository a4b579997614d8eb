"""Pictures: handwritten digits by class and without labels, beside a plain DCGAN; and stacked digits.

MNIST's training pictures to learn from, its 10,000 test pictures read once, after; the Fréchet distance in the features
of an independent judge (see pictures_data.py) beside its floor, which training pictures get. Nothing is chosen on the
test pictures.
"""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import Any

import numpy as np

from contrafact import zoo
from contrafact.base.data import Data
from contrafact.engine.play import play
from pictures_data import judged, mnist, modes_of, reference, stacked
from table import Row, Table, arguments, known, mean_sd, read

SAMPLES, LONG, SHORT = 10_000, 15 * 60, 90
PROBE = 400
STACKED, STACKED_SECONDS, MODES = 26_000, 60 * 60, 990
STACKED_WIDTH = 96
PARTS = ("mnist", "stacked")
BARS = {"ratio": 3.0, "agreement": 0.98, "precision": 0.80, "recall": 0.80}


def train(recipe: Any, data: Data, seed: int, cpu_seconds: float | None = None) -> tuple[Any, Row]:
    """Train with a recipe's own steps, or with as many as fit into CPU seconds at a speed that is measured first."""
    if cpu_seconds is not None:
        recipe = recipe.but(steps=steps_within(recipe, data, seed, cpu_seconds))
    training = recipe.training(data, seed=seed)
    began = time.process_time()
    model = training.finish()
    return model, {"cpu_seconds": time.process_time() - began, "steps": training.step}


def steps_within(recipe: Any, data: Data, seed: int, cpu_seconds: float) -> int:
    """Count the steps that fit, from the cost of a step and that of all else, which a short training has in full."""
    probe = recipe.but(steps=PROBE).training(data, seed=seed)
    each = step_seconds(probe)
    began = time.process_time()
    probe.finish()
    rest = time.process_time() - began - PROBE * each
    return max(int((cpu_seconds - rest) / each), 1)


def step_seconds(training: Any) -> float:
    """Measure the CPU seconds of a step, lazy penalties in their share."""
    turns = play(training.begin(1000), training.batches(), total=16 + 64, device=training.device)
    for _ in range(16):
        next(turns)
    began = time.process_time()
    for _ in turns:
        pass
    return (time.process_time() - began) / 64


def of_digits(recipe: Any, seed: int, cpu_seconds: float | None = None, *, labelled: bool = True) -> Row:
    """Train on MNIST and score 10,000 samples."""
    model, row = train(recipe, mnist("train"), seed, cpu_seconds)
    given = {"class": np.arange(SAMPLES) % 10} if labelled else None
    fake = model.sample(SAMPLES, given=given, seed=123 + seed)
    began = time.process_time()
    return {**row, **judged(fake), "judging_cpu_seconds": time.process_time() - began}


def defaults_of(recipe: Any) -> Row | None:
    """Give what a recipe fills in for pictures."""
    return getattr(sys.modules[type(recipe).__module__], "PICTURES", None)


def shown(rows: list[Row]) -> dict[str, str]:
    """Write one method, mean ± standard deviation over the seeds."""

    def text(name: str, digits: int) -> str:
        values = [row[name] for row in rows if name in row]
        return mean_sd(values, digits) if values else "-"

    return {
        "method": rows[0]["method"],
        "setting": rows[0]["setting"],
        "seeds": str(len(rows)),
        "FID": text("fid", 2),
        "floor": text("floor", 2),
        "agreement": text("agreement", 4),
        "P": text("precision", 3),
        "R": text("recall", 3),
        "coverage": text("coverage", 3),
        "label KL": text("label_kl", 4),
        "CPU s": text("cpu_seconds", 0),
    }


def mnist_part(table: Table, seeds: int) -> None:
    """The flagship by class and without labels, and a plain DCGAN at equal CPU time."""
    r3gan, dcgan = zoo.R3GAN(), zoo.DCGAN()
    digits = {"data": "mnist train"}
    jobs = {
        ("r3gan", "defaults"): (r3gan, None, True, seeds),
        ("r3gan", f"{SHORT} CPU seconds"): (r3gan, SHORT, True, seeds),
        ("r3gan", "no labels"): (r3gan.but(conditional=False), None, False, seeds),
        ("dcgan", f"{LONG} CPU seconds"): (dcgan, LONG, False, min(seeds, 2)),
    }
    rows = {
        key: [
            table.row(
                *key,
                seed,
                {**digits, **known(recipe, defaults_of(recipe))},
                partial(of_digits, recipe, seed, limit, labelled=by),
            )
            for seed in range(count)
        ]
        for key, (recipe, limit, by, count) in jobs.items()
    }
    table.line(f"The judge's accuracy on the test pictures: {reference()['accuracy']:.4f}; floors of six blocks:")
    table.line(" ".join(f"{value:.2f}" for value in reference()["floors"]))
    table.show([shown(found) for found in rows.values()])
    table.line()
    hold(table, rows)


def hold(table: Table, rows: dict[tuple[str, str], list[Row]]) -> None:
    """Hold MNIST's rows to their bars, the worst seed for each."""
    own = rows["r3gan", "defaults"]
    every = f"r3gan, mnist, each of {len(own)} runs:"
    ratio = max(row["fid"] / row["floor"] for row in own)
    table.bar(f"{every} FID <= {BARS['ratio']:g} x floor", ratio <= BARS["ratio"], f"{ratio:.2f}")
    for name in ("agreement", "precision", "recall"):
        worst = min(row[name] for row in own)
        table.bar(f"{every} {name} >= {BARS[name]:g}", worst >= BARS[name], f"{worst:.3f}")
    seconds = max(row["cpu_seconds"] for row in own)
    table.bar(f"{every} <= {LONG} CPU seconds", seconds <= LONG, f"{seconds:.0f}")
    rival = min(row["fid"] for row in rows["dcgan", f"{LONG} CPU seconds"])
    early = max(row["fid"] for row in rows["r3gan", f"{SHORT} CPU seconds"])
    table.bar(
        f"r3gan's FID in {SHORT} CPU seconds passes a DCGAN's in {LONG}", early <= rival, f"{early:.1f}, {rival:.1f}"
    )
    free = float(np.mean([row["fid"] for row in rows["r3gan", "no labels"]]) / np.mean([row["fid"] for row in own]))
    table.line(f"aim   without labels within 1.5 x of it: {free:.2f} x")
    table.line(f"aim   FID <= 2 x floor: {ratio:.2f} (worst), agreement >= .985, P and R >= .85: see above")


def of_stacks(recipe: Any, seed: int) -> Row:
    """Train on stacked digits for an hour and count the modes of 26,000 samples."""
    model, row = train(recipe, stacked(), seed, STACKED_SECONDS)
    return {**row, **modes_of(model.sample(STACKED, seed=123 + seed).items)}


def of_real_stacks(seed: int) -> Row:
    """Count the modes of as many real stacks."""
    return modes_of(stacked(STACKED, 99 + seed).items)


def stacked_part(table: Table, seeds: int) -> None:
    """Stacked digits, with what 26,000 real stacks of training and of other draws get beside."""
    recipe = zoo.R3GAN(conditional=False, width=STACKED_WIDTH)
    settings = {"cpu_seconds": STACKED_SECONDS, "samples": STACKED, **known(recipe, defaults_of(recipe))}
    real = [
        table.row("real stacks", "stacked", seed, {"samples": STACKED}, partial(of_real_stacks, seed))
        for seed in range(2)
    ]
    rows = [table.row("r3gan", "stacked", seed, settings, lambda: of_stacks(recipe, seed)) for seed in range(seeds)]  # noqa: B023
    table.show(
        [
            {
                "method": found[0]["method"],
                "seeds": str(len(found)),
                "modes of 1000": mean_sd((row["modes"] for row in found), 0),
                "KL": mean_sd((row["kl"] for row in found), 4),
                "CPU s": mean_sd((row["cpu_seconds"] for row in found), 0) if "cpu_seconds" in found[0] else "-",
            }
            for found in (real, rows)
        ]
    )
    worst = min(row["modes"] for row in rows)
    table.bar(f"r3gan, stacked digits, {STACKED_SECONDS} CPU seconds: >= {MODES} modes", worst >= MODES, f"{worst}")
    table.line(f"aim   KL <= .10: {max(row['kl'] for row in rows):.4f}")


def main() -> None:
    parser = arguments(__doc__, gate_seeds=3, full_seeds=5)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="which parts")
    options = read(parser)
    table = Table("images", options)
    if "mnist" in options.parts:
        mnist_part(table, options.seeds)
    if "stacked" in options.parts:
        stacked_part(table, 1 if options.size == "gate" else options.seeds)
    table.write()


if __name__ == "__main__":
    sys.exit(main())
