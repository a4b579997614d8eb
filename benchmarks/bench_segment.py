"""Membranes in electron micrographs: the pix2pix-type network, the plain U-Net at equal cost, and the best threshold.

ISBI 2012: thirty slices of 512 x 512; the first twenty are learned from, the last ten are read once. The membranes are
the dark pixels of the masks. Everything that is chosen is chosen on the twenty; the methods run their own defaults.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from contrafact import zoo
from contrafact.base.data import Pairs
from contrafact.metrics.overlap import counts, dice, dice_gap, iou
from contrafact.tasks.pictures import read_pairs
from contrafact.tasks.segment import BASELINE, Job, judged, prepare
from pictures_data import data_folder
from table import Row, Table, arguments, mean_range, read

LEARNED, DICE, CPU_SECONDS = 20, 0.70, 600
METHODS: dict[str, Any] = {"pix2pix": zoo.Pix2Pix(), "unet": zoo.UNet()}
SETTING = f"isbi2012_em, {LEARNED} learned, the other 10 tested"


def slices() -> Pairs:
    """Read the slices and their masks in natural order."""
    folder = data_folder() / "images" / "isbi2012_em"
    if not folder.is_dir():
        sys.exit(f"{folder} is missing.")
    source, target, _ = read_pairs(folder / "image", folder / "label")
    return Pairs(source=source, target=target)


def of_masks(job: Job, made: np.ndarray) -> Row:
    """Count a method's masks of the held-out slices."""
    truth = job.pairs.take(job.test).target.items == 0
    return {"counts": counts(truth, made == 0, [1]).tolist()}


def trained(pairs: Pairs, method: str, seed: int) -> Row:
    """Train one method and score what it makes of the held-out slices."""
    job = prepare(pairs, method=method, seed=seed, split_at=LEARNED)
    with job.timed(method) as training:
        training.finish()
    result = judged(job)
    spent = {"cpu_seconds": job.cpu_seconds[method], "steps_made": training.step}
    baseline = {name: result.scores[f"{name}_{BASELINE}"].value for name in ("dice", "iou")}
    return {**of_masks(job, result.data.items), **spent, "baseline": baseline, "notes": list(result.notes)}


def shown(method: str, row: Row) -> dict[str, str]:
    """Write one run."""
    counted = np.asarray(row["counts"])
    told = {"method": method, "seed": str(row["seed"])}
    for score in (dice(counted), iou(counted)):
        told[score.name] = f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"
    return {**told, "steps": f"{row['steps_made']:,}", "CPU s": f"{row['cpu_seconds']:.0f}"}


def compare(table: Table, seed: int, rows: dict[str, Row]) -> None:
    """Say how far both methods are apart on the same slices."""
    gap = dice_gap(*(np.asarray(rows[name]["counts"]) for name in ("pix2pix", "unet")))
    found = "differ" if gap.low > 0 or gap.high < 0 else "do not differ beyond chance"
    table.line(f"seed {seed}: pix2pix less unet {gap.value:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}]: they {found}")


def main() -> None:
    options = read(arguments(__doc__, gate_seeds=2, full_seeds=5))
    table, pairs = Table("segment", options), slices()
    every: dict[int, dict[str, Row]] = {}
    for seed in range(options.seeds):
        every[seed] = {
            name: table.row(name, SETTING, seed, made.settings(), lambda: trained(pairs, name, seed))  # noqa: B023
            for name, made in METHODS.items()
        }
    table.show([shown(name, row) for rows in every.values() for name, row in rows.items()])
    table.line()
    for seed, rows in every.items():
        compare(table, seed, rows)
    runs = [row for rows in every.values() for row in rows.values()]
    limit = runs[0]["baseline"]
    table.line(f"best threshold: Dice {limit['dice']:.3f}, IoU {limit['iou']:.3f} ({runs[0]['notes'][-1]})")
    table.line()
    values = {name: [dice(np.asarray(rows[name]["counts"])) for rows in every.values()] for name in METHODS}
    worst = min(score.value for score in values["pix2pix"])
    table.bar(f"pix2pix, each of {len(every)} seeds: membrane Dice >= {DICE:.2f}", worst >= DICE, f"{worst:.3f}")
    low = min(score.low for score in values["pix2pix"])
    table.bar("its interval lies above the best threshold's Dice", low > limit["dice"], f"{low:.3f}")
    spent = max(sum(row["cpu_seconds"] for row in rows.values()) for rows in every.values())
    table.bar(f"both trainings of a seed <= {CPU_SECONDS} CPU seconds", spent <= CPU_SECONDS, f"{spent:.0f}")
    for name, scores in values.items():
        table.line(f"{name}: Dice {mean_range((score.value for score in scores), 3)} over {len(scores)} seeds")
    table.write()


if __name__ == "__main__":
    sys.exit(main())
