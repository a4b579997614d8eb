"""Show what the how-to pages on pictures speak of: drawn digits, filled holes, masks, pictures by night and by day."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

import contrafact
from contrafact.base.data import Data, Pairs
from make_toys import cells, photos
from shown import canvas, full_or_toy, picture

NAMES = ("one", "three", "seven", "eight")


def grid(name: str, rows: dict[str, list[np.ndarray]], size: float = 0.75) -> None:
    """Draw rows of pictures with a name before each."""
    columns = max(map(len, rows.values()))
    made, axes = canvas(columns, len(rows), width=size, height=size)
    for line, (title, shown) in zip(axes, rows.items(), strict=True):
        for panel in line:
            panel.set(xticks=[], yticks=[])
            for side in panel.spines.values():
                side.set_visible(False)
        for panel, pixels in zip(line, shown, strict=False):
            panel.imshow(pixels, cmap="gray", vmin=0, vmax=255)
        line[0].set_ylabel(title, rotation=0, ha="right", va="center", fontsize=9)
    picture(name, made)


def drawn(data: Data) -> None:
    """Draw real pictures of each class, and fakes of it."""
    model = contrafact.zoo.R3GAN(steps=full_or_toy(600, 4), width=full_or_toy(16, 8)).fit(data, seed=0)
    rows = {}
    for name in NAMES:
        real = data.items[np.asarray(data.labels) == name][:6]
        rows[f"{name}: real, drawn"] = [*real, *model.sample(6, given={"class": name}, seed=0).items]
    grid("howto_pictures-drawn", rows, 0.6)


def completed(data: Data) -> None:
    """Fill the same hole of pictures that were not learned from, in three ways each."""
    recipe = contrafact.zoo.Inpaint(steps=full_or_toy(400, 4), width=16)
    digits = contrafact.read("digits")
    whole = np.stack([digits.items[digits.labels == digit][-2] for digit in (1, 3, 7, 8)])
    hole = np.zeros((8, 8), dtype=bool)
    hole[3:6, 2:6] = True
    draws = recipe.fit(data, seed=0).inpaint(whole, hole, draws=3, seed=0)
    torn = np.where(hole, 128, whole)
    rows = {"whole": list(whole), "torn": list(torn)}
    grid("howto_pictures-filled", rows | {f"filling {n}": list(each) for n, each in enumerate(draws, 1)})


def masked(pairs: Pairs, new: Data) -> None:
    """Learn masks, and draw those of pictures that nobody has masked."""
    model = contrafact.zoo.UNet(steps=full_or_toy(150, 2), width=full_or_toy(32, 8)).fit(pairs, seed=0)
    grid("howto_pictures-masks", {"picture": list(new.items), "mask": list(model.translate(new).items)}, 1.0)


def translated(data: Data) -> None:
    """Turn night into day, with and without the wish that colours stay."""
    night = Data(kind="pictures", items=contrafact.read("digits").items[-6:])
    rows = {"night": list(night.items)}
    for identity in (0, 5):
        recipe = contrafact.zoo.CycleGAN(steps=full_or_toy(300, 2), identity=identity)
        rows[f"day, identity={identity}"] = list(recipe.fit(data, seed=0).translate(night, to="day").items)
    grid("howto_pictures-day", rows)


def main() -> None:
    """Draw everything."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        photos(place)
        cells(place, np.random.default_rng(7))
        digits, scenes = contrafact.read(place / "photos"), contrafact.read(place / "scenes")
        pairs = Pairs(source=contrafact.read(place / "cells"), target=contrafact.read(place / "masks"))
        new = contrafact.read(place / "new_cells")
    drawn(digits)
    completed(digits)
    masked(pairs, new)
    translated(scenes)


if __name__ == "__main__":
    main()
