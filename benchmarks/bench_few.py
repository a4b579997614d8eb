"""Few pictures: what the critic knows by heart, and whether fakes repeat what was trained on.

100 digits of MNIST, and 30 tiles of 32 x 32 pixels of electron-microscopy slices, each without augmentation and with
the adaptive one; tiles, which have no up or down, are also mirrored and turned. All other settings are the same: those
that docs/pictures.md recommends for few pictures, found on other draws. Beside the few stand 1,000 pictures of the same
kind that no training saw: other training pictures of MNIST (its test pictures are not read), tiles of other places.

The critic's gap is how much more often it ranks a picture that it is trained on above one of these than below; r_v is
Karras et al.'s, (E D(trained) - E D(others)) over (E D(trained) - E D(fakes)). A copy is a fake at most half as far
from some training picture as from all of these; some real pictures count as copies too: their share is that of another
1,000. "Nearer" is how often the nearest trained picture is nearer than the nearest of as many others: for real pictures
half of the times. Score, precision, recall and coverage are against the 1,000.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from contrafact import zoo
from contrafact.engine.gap import outranks
from contrafact.metrics.held_out import held_out_pictures
from contrafact.metrics.picture_signs import Space, nearest_two
from contrafact.metrics.spread import wilson
from contrafact.zoo.r3gan import PICTURES
from pictures_data import data_folder, mnist
from table import Row, Table, arguments, cpu_seconds, known, mean_sd, read

OTHERS, FAKES, HALF, DRAWS = 1000, 1000, 0.5, 20
GAP = 0.5  # of that without augmentation
CPU_SECONDS = 180
RECIPE = zoo.R3GAN(steps=2000, r1=2, r2=2, rate_end=0.5)
AUTO: dict[str, Any] = {"mnist": "auto", "isbi2012_em": ("auto", "mirror", "turns")}
ARMS = ("off", "auto")
Split = tuple[np.ndarray, np.ndarray, np.ndarray]


@cache
def digits(seed: int) -> Split:
    """Give 100 digits, and twice 1,000 others, without labels."""
    pictures = mnist("train").items
    order = np.random.default_rng([seed, 1]).permutation(len(pictures))
    return tuple(np.split(pictures[order[: 100 + 2 * OTHERS]], [100, 100 + OTHERS]))


@cache
def tiles(seed: int) -> Split:
    """Give a tile of each of 30 slices, and twice 1,000 at places where no slice gave one."""
    slices = sorted((data_folder() / "images" / "isbi2012_em" / "image").glob("*.png"))
    whole = np.stack([np.asarray(Image.open(path)) for path in slices])
    cut = whole.reshape(len(whole), 16, 32, 16, 32).transpose(0, 1, 3, 2, 4).reshape(len(whole), 256, 32, 32)
    random = np.random.default_rng([seed, 1])
    places = random.permutation(256)
    chosen = cut[np.arange(len(cut)), places[: len(cut)]]
    rest = cut[:, places[len(cut) :]].reshape(-1, 32, 32)
    return (chosen, *np.split(rest[random.permutation(len(rest))[: 2 * OTHERS]], 2))


SETS: dict[str, Callable[[int], Split]] = {"mnist": digits, "isbi2012_em": tiles}


def recipe(setting: str, arm: str) -> Any:
    """Give the settings of one arm."""
    return RECIPE.but(augment=AUTO[setting] if arm == "auto" else "off")


def settings(setting: str, arm: str) -> Row:
    """Give what a run depends on beside its seed."""
    return {"others": OTHERS, "fakes": FAKES, **known(recipe(setting, arm), PICTURES)}


def measure(setting: str, arm: str, seed: int) -> Row:
    """Train on the few and measure the returned model and its critic."""
    few, others, more = SETS[setting](seed)
    training = recipe(setting, arm).training(few, seed=seed)
    model, seconds = cpu_seconds(training.finish)
    fakes = model.rows(FAKES, seed=seed)
    encode = training.method.codec.encode
    seen = training.rows
    opinions = [model.opinion(side) for side in (seen, encode(others), fakes)]
    trained, held, fake = (float(opinion.mean()) for opinion in opinions)
    quality = held_out_pictures(encode(others), 0)(fakes)
    return {
        "gap": outranks(*opinions[:2]),
        "r_v": (trained - held) / (trained - fake),
        **nearness(seen, encode(others), encode(more), fakes),
        **{name: quality[name] for name in ("score", "precision", "recall", "coverage")},
        "augmented": training.log[-1].get("augmented", 0.0),
        "said": list(training.memory.said),
        "steps": training.step,
        "cpu_seconds": seconds,
    }


def nearness(seen: Any, others: Any, more: Any, fakes: Any) -> Row:
    """Count copies among fakes and real pictures, and how often a trained picture is nearer than as many others."""
    space = Space.around(others, more)
    trained, held, real, fake = (space.rows(side["pictures"]) for side in (seen, others, more, fakes))
    copied = [near(rows, trained) <= HALF * near(rows, held) for rows in (fake, real)]
    random = np.random.default_rng(0)
    few = [held[random.permutation(len(held))[: len(trained)]] for _ in range(DRAWS)]
    nearer = [[(near(rows, trained) < near(rows, some)).mean() for some in few] for rows in (fake, real)]
    names = ("copies", "copies_real", "nearer", "nearer_real")
    return dict(zip(names, [float(np.mean(shares)) for shares in (*copied, *nearer)], strict=True))


def near(rows: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Give each row's distance to the nearest."""
    distances: np.ndarray = np.sqrt(nearest_two(rows, among)[0][:, 0])
    return distances


def shown(rows: list[Row]) -> dict[str, str]:
    """Write one arm on one data set, mean ± standard deviation over the seeds."""

    def text(name: str, digits: int = 2) -> str:
        return mean_sd([row[name] for row in rows], digits)

    return {
        "pictures": rows[0]["setting"],
        "augment": rows[0]["method"],
        "seeds": str(len(rows)),
        "gap": text("gap"),
        "r_v": text("r_v"),
        "copies": text("copies", 3),
        "of real": text("copies_real", 3),
        "nearer": text("nearer"),
        "score": text("score"),
        "precision": text("precision"),
        "recall": text("recall"),
        "coverage": text("coverage"),
        "chance": text("augmented"),
        "CPU s": text("cpu_seconds", 0),
    }


def judge(table: Table, setting: str, rows: dict[str, list[Row]]) -> None:
    """Hold adaptive augmentation against none."""
    gaps = {arm: float(np.mean([row["gap"] for row in found])) for arm, found in rows.items()}
    table.bar(
        f"{setting}: gap with augmentation <= {GAP} of that without",
        gaps["auto"] <= GAP * gaps["off"],
        f"{gaps['auto']:.2f} against {gaps['off']:.2f}",
    )
    copies = float(np.mean([row["copies"] for row in rows["auto"]]))
    usual = float(np.mean([row["copies_real"] for row in rows["auto"]]))
    most = wilson(usual * OTHERS, OTHERS)[1]
    table.bar(f"{setting}: copies at the rate of real pictures", copies <= most, f"{copies:.3f}, {usual:.3f} of real")
    slowest = max(row["cpu_seconds"] for found in rows.values() for row in found)
    table.bar(f"{setting}: <= {CPU_SECONDS} CPU seconds a training", slowest <= CPU_SECONDS, f"{slowest:.0f}")


def main() -> None:
    parser = arguments(__doc__, gate_seeds=2, full_seeds=5)
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS), help="which pictures")
    options = read(parser)
    table = Table("few", options)
    found = {
        setting: {
            arm: [
                table.row(arm, setting, seed, settings(setting, arm), lambda: measure(setting, arm, seed))  # noqa: B023
                for seed in range(options.seeds)
            ]
            for arm in ARMS
        }
        for setting in options.sets
    }
    table.show([shown(rows) for arms in found.values() for rows in arms.values()])
    table.line()
    for setting, arms in found.items():
        judge(table, setting, arms)
    table.write()


if __name__ == "__main__":
    sys.exit(main())
