"""The leaderboard of picture methods: same data, same CPU time, same seeds.

Every method that draws pictures learns MNIST's training pictures for a minute of one core, with its own defaults and as
many steps as fit, and 10,000 samples are judged against the test pictures (see pictures_data.py). Methods of closed
form take what they take.
"""

from __future__ import annotations

import inspect
import sys
from typing import Any

import numpy as np

from bench_images import SAMPLES, steps_within
from contrafact import zoo
from contrafact.engine.bundle import to_bytes, write_atomically
from contrafact.engine.fit import TrainedRecipe
from contrafact.zoo import index
from pictures_data import judged, mnist, reference
from table import Row, Table, arguments, cpu_seconds, mean_sd, read

CPU_SECONDS = 60
SHOWN = ("fid", "agreement", "precision", "recall", "coverage", "cpu_seconds")
OPEN: dict[str, dict[str, Any]] = {"bernoulli": {"threshold": 127}}


def methods() -> list[str]:
    """Name the methods that draw pictures from nothing but noise and a class."""
    return [name for name, entry in index.INDEX.items() if "pictures" in entry.kinds and "sample" in entry.abilities]


def measure(name: str, seed: int) -> Row:
    """Fit one method within its time and judge it."""
    recipe = getattr(zoo, index.INDEX[name].recipe)(**OPEN.get(name, {}))
    data = mnist("train")
    if isinstance(recipe, TrainedRecipe):
        recipe = recipe.but(steps=steps_within(recipe, data, seed, CPU_SECONDS))
    model, seconds = cpu_seconds(lambda: recipe.fit(data, seed=seed))
    given = {"class": np.arange(SAMPLES) % 10} if by_class(model) else None
    fake = model.sample(SAMPLES, given=given, seed=123 + seed)
    return {**judged(fake), "cpu_seconds": seconds, "steps": getattr(recipe, "steps", None)}


def by_class(model: Any) -> bool:
    """Tell whether a model draws pictures of a class that is asked for."""
    return bool(getattr(model.codec, "classes", ())) and "given" in inspect.signature(model.sample).parameters


def shown(name: str, rows: list[Row]) -> dict[str, str]:
    """Write one method, mean ± standard deviation over the seeds."""
    cells = {"method": name, "seeds": str(len(rows))}
    for score in SHOWN:
        values = [row[score] for row in rows if score in row]
        digits = {"fid": 1, "cpu_seconds": 0}.get(score, 3)
        cells[score] = mean_sd(values, digits) if values else "-"
    return cells


def main() -> None:
    parser = arguments(__doc__, gate_seeds=2, full_seeds=5)
    parser.add_argument("--methods", nargs="+", choices=methods(), default=methods(), help="which methods")
    parser.add_argument("--board", action="store_true", help="also write the leaderboard that the program shows")
    options = read(parser)
    table = Table("zoo", options)
    fixed = {"data": "mnist train", "samples": SAMPLES, "within": CPU_SECONDS}
    rows = {
        name: [table.row(name, "mnist", seed, fixed, lambda: measure(name, seed)) for seed in range(options.seeds)]  # noqa: B023
        for name in options.methods
    }
    ordered = sorted(rows, key=lambda name: float(np.mean([row["fid"] for row in rows[name]])))
    floor = float(np.mean(reference()["floors"]))
    table.line(
        f"FID of training pictures against the test: {floor:.2f}; the judge's accuracy {reference()['accuracy']:.4f}."
    )
    cells = [shown(name, rows[name]) for name in ordered]
    table.show(cells)
    table.write()
    if options.board:
        publish(table, cells, floor)


def publish(table: Table, cells: list[dict[str, str]], floor: float) -> None:
    """Write the leaderboard that `contrafact zoo --scores` shows, beside those of other data."""
    about = (
        f"MNIST, {CPU_SECONDS} CPU seconds of one core a method, {SAMPLES:,} samples against the test pictures;"
        f" mean ± standard deviation over seeds. Training pictures get a FID of {floor:.2f}. Measured by:"
        f" {table.command()}"
    )
    others = [board for board in index.boards() if board["name"] != "mnist"]
    own = {"name": "mnist", "about": about, "columns": list(cells[0]), "rows": [list(row.values()) for row in cells]}
    write_atomically(index.SCORES, to_bytes([*others, own]))


if __name__ == "__main__":
    sys.exit(main())
