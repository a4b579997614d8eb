"""Instruments on generated and on real pictures: do five analysers of membranes come out in the same order?

Thirty slices of ISBI 2012, each cut into four of 256 x 256 pixels. From the first twenty slices it is learned how masks
become pictures; the last ten are compared with, and their masks, mirrored, turned and bent, are the truth of generated
pictures. The five analysers are fixed, none has learned anything. Without texture stands what the translator alone
would give: too clean a picture.
"""

from __future__ import annotations

import sys
from statistics import fmean

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_gradient_magnitude

from contrafact.base.data import Data, Pairs
from contrafact.tasks.assess import Assessment, assess
from contrafact.tasks.grades import grade
from contrafact.tasks.pictures import read_pairs
from pictures_data import data_folder
from table import Row, Table, arguments, cpu_seconds, mean_sd, read

LEARNED, SIDE, STEPS, PICTURES, AGREEMENT, CPU_SECONDS = 20, 256, 200, 40, 0.8, 8 * 60
GRADES = ("gaussian=0.1", "gaussian=0.2", "poisson=20", "contrast=0.5", "contrast=0.25")
SETTINGS = {"texture": True, "no texture": False}


def local(picture: np.ndarray) -> np.ndarray:
    """Find what is darker than its surroundings: smoothed, less a wide average."""
    floats = picture.astype(float)
    return gaussian_filter(floats, 2) - gaussian_filter(floats, 12) < -14


def smoothed(picture: np.ndarray) -> np.ndarray:
    """Cut the smoothed picture at a level that follows its own mean and spread."""
    soft = gaussian_filter(picture.astype(float), 2)
    return soft < soft.mean() - 0.8 * soft.std()


def fixed(picture: np.ndarray) -> np.ndarray:
    """Cut the bare picture at one level for all."""
    return picture < 90


def edges(picture: np.ndarray) -> np.ndarray:
    """Take the steepest 22 % of the pixels, the share that membranes have."""
    steep = gaussian_gradient_magnitude(picture.astype(float), 1.5)
    return steep > np.quantile(steep, 0.78)


def chance(picture: np.ndarray) -> np.ndarray:
    """Guess 22 % of the pixels without looking."""
    return np.random.default_rng(int(picture.sum())).random(picture.shape) < 0.22


ANALYSERS = (local, smoothed, fixed, edges, chance)


def quarters(pairs: Pairs, slices: range) -> Pairs:
    """Cut some slices and their masks into four each."""

    def cut(data: Data) -> Data:
        items = data.items[slices.start : slices.stop]
        parts = [items[:, y : y + SIDE, x : x + SIDE] for y in (0, SIDE) for x in (0, SIDE)]
        return Data(kind="pictures", items=np.concatenate(parts), name=data.name)

    return Pairs(source=cut(pairs.source), target=cut(pairs.target))


def both() -> tuple[Pairs, Pairs]:
    """Read the slices and give the pairs to learn from and those to compare with."""
    folder = data_folder() / "images" / "isbi2012_em"
    if not folder.is_dir():
        sys.exit(f"{folder} is missing.")
    source, target, _ = read_pairs(folder / "image", folder / "label")
    every = Pairs(source=source, target=target)
    return quarters(every, range(LEARNED)), quarters(every, range(LEARNED, len(every)))


def assessed(learned: Pairs, real: Pairs, setting: str, seed: int) -> Row:
    """Learn to paint, let the analysers look, and give their scores and how far the orders agree."""

    def job() -> Assessment:
        grades = [grade(text) for text in GRADES]
        texture = SETTINGS[setting]
        return assess(
            ANALYSERS, learned, real=real, grades=grades, n=PICTURES, steps=STEPS, texture=texture, seed=seed
        )  # fmt: skip

    result, seconds = cpu_seconds(job)
    agreed = {name: s.to_json() for name, s in result.scores.items() if name.startswith("rank_agreement")}
    rows = [
        {"analyser": row.instrument, "grade": row.grade, "generated": row.made.to_json(), "real": row.real.to_json()}
        for row in result.rows
        if row.real is not None
    ]
    return {"agreement": agreed, "scores": rows, "verdict": result.verdict, "cpu_seconds": seconds}


def dice_of(rows: list[Row], analyser: str, grade_name: str, side: str) -> list[float]:
    """Give one analyser's Dice in every row."""
    return [
        one[side]["value"]
        for row in rows
        for one in row["scores"]
        if (one["analyser"], one["grade"]) == (analyser, grade_name)
    ]


def shown(rows: list[Row], grade_name: str) -> dict[str, str]:
    """Write Dice on generated / on real pictures for one grade, and how far the orders agree."""
    told = {"pictures": rows[0]["setting"], "grade": grade_name}
    for analyser in (one.__name__ for one in ANALYSERS):
        sides = [fmean(dice_of(rows, analyser, grade_name, side)) for side in ("generated", "real")]
        told[analyser] = f"{sides[0]:.3f} / {sides[1]:.3f}"
    name = "rank_agreement" if grade_name == "plain" else f"rank_agreement_{grade_name}"
    return {**told, "Spearman": mean_sd(row["agreement"][name]["value"] for row in rows)}


def gap(row: Row) -> float:
    """Give how far Dice on generated pictures is from Dice on real ones, on average over analysers, ungraded."""
    plain = [one for one in row["scores"] if one["grade"] == "plain"]
    return fmean(abs(one["generated"]["value"] - one["real"]["value"]) for one in plain)


def judge(table: Table, rows: dict[str, list[Row]]) -> None:
    """Hold the runs to their bars, the worst run for each."""
    agreed = [row["agreement"]["rank_agreement"] for row in rows["texture"]]
    worst = min(agreed, key=lambda score: score["value"])
    measured = f"{worst['value']:.2f} [{worst['low']:.2f}, {worst['high']:.2f}], two halves {worst['ceiling']:.2f}"
    every = f"each of {len(agreed)} seeds"
    table.bar(f"five analysers, Spearman >= {AGREEMENT} {every}", worst["value"] >= AGREEMENT, measured)
    seconds = sum(row["cpu_seconds"] for each in rows.values() for row in each)
    table.bar(f"<= {CPU_SECONDS} CPU seconds in all", seconds <= CPU_SECONDS, f"{seconds:.0f}")


def main() -> None:
    options = read(arguments(__doc__, gate_seeds=2, full_seeds=5))
    table = Table("assess", options)
    learned, real = both()
    settings = {"steps": STEPS, "pictures": PICTURES, "learned": len(learned), "real": len(real), "grades": GRADES}
    rows = {
        setting: [
            table.row("pix2pix", setting, seed, settings, lambda: assessed(learned, real, setting, seed))  # noqa: B023
            for seed in range(options.seeds)
        ]
        for setting in SETTINGS
    }
    names = list(dict.fromkeys(one["grade"] for one in rows["texture"][0]["scores"]))
    table.line("Dice of membranes on generated / on real pictures under the same law, mean over the seeds:")
    table.show([shown(each, name) for each in rows.values() for name in names])
    for setting, each in rows.items():
        table.line(f"{setting}: Dice differs by {mean_sd((gap(row) for row in each), 3)} on average, ungraded")
    table.line()
    judge(table, rows)
    table.write()


if __name__ == "__main__":
    sys.exit(main())
