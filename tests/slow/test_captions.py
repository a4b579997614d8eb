"""Words learned in different captions can be put together: a blue dot from blue bars and red dots."""

from __future__ import annotations

import time

import numpy as np

from contrafact.base.data import Data
from contrafact.zoo import CGAN

COLOURS = {"red": (230, 40, 40), "blue": (40, 40, 230)}
SEEN = (("red", "bar"), ("blue", "bar"), ("red", "dot"))


def picture(draw: np.random.Generator, colour: str, shape: str) -> np.ndarray:
    """Draw a bar over the whole height, or a dot of three by three, on a dark noisy ground."""
    canvas = 20 + 6 * draw.standard_normal((12, 12, 3))
    x, y = draw.integers(2, 9, 2)
    if shape == "bar":
        canvas[:, x : x + 2] = COLOURS[colour]
    else:
        canvas[y : y + 3, x - 1 : x + 2] = COLOURS[colour]
    return np.clip(canvas, 0, 255).astype(np.uint8)


def world(n: int = 600) -> Data:
    draw = np.random.default_rng(0)
    kinds = [SEEN[k] for k in draw.integers(len(SEEN), size=n)]
    items = np.stack([picture(draw, *kind) for kind in kinds])
    return Data(kind="pictures", items=items, labels=np.array([f"a {colour} {shape}" for colour, shape in kinds]))


def test_an_unseen_caption_shows_the_colour_and_the_shape_of_its_words():
    began = time.process_time()
    model = CGAN(steps=1000, width=32, latent_size=16).fit(world(), seed=0)
    assert time.process_time() - began <= 20
    height = {}
    for colour, shape in (*SEEN, ("blue", "dot")):
        pixels = model.sample(64, given={"caption": f"{colour} {shape}"}, seed=1).items.astype(float)
        red, blue = pixels[..., 0], pixels[..., 2]
        wanted, other = (red, blue) if colour == "red" else (blue, red)
        assert ((wanted.max((1, 2)) > 120) & (wanted.sum((1, 2)) > other.sum((1, 2)))).mean() >= 0.9, (colour, shape)
        height[colour, shape] = float((wanted > 120).any(2).sum(1).mean())
    assert height["blue", "bar"] > 9 and height["red", "bar"] > 9
    assert height["blue", "dot"] < 7 and height["red", "dot"] < 7
