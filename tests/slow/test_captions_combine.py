"""Words learned in different captions can be put together: pictures of captions that no picture had."""

from __future__ import annotations

import itertools
import time

import numpy as np

from contrafact.base.data import Data
from contrafact.base.demos import demo
from contrafact.zoo import CGAN

COLOURS = {"red": (230, 40, 40), "green": (40, 230, 40), "blue": (40, 40, 230)}
SHAPES = ("bar", "line", "dot")
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SECONDS = 20


def shape(draw: np.random.Generator, colour: str, name: str) -> np.ndarray:
    """Draw an upright bar, a lying line or a dot of three by three near the middle of 12 by 12 pixels."""
    canvas = np.full((12, 12, 3), 20, dtype=np.uint8)
    x, y = draw.integers(5, 7, 2)
    if name == "bar":
        canvas[:, x : x + 2] = COLOURS[colour]
    elif name == "line":
        canvas[y : y + 2] = COLOURS[colour]
    else:
        canvas[y : y + 3, x - 1 : x + 2] = COLOURS[colour]
    return canvas


def test_an_unseen_caption_has_the_colour_of_its_word_where_colour_and_shape_decide_the_picture():
    draw, hidden = np.random.default_rng(0), ("blue", "dot")
    kinds = [pair for pair in itertools.product(COLOURS, SHAPES) if pair != hidden]
    told = [kinds[k] for k in draw.integers(len(kinds), size=800)]
    items = np.stack([shape(draw, *pair) for pair in told])
    data = Data(kind="pictures", items=items, labels=np.array([f"a {colour} {name}" for colour, name in told]))
    began = time.process_time()
    model = CGAN(steps=1000, width=32, latent_size=16).fit(data, seed=0)
    assert time.process_time() - began <= SECONDS
    for colour, name in [*kinds, hidden]:
        drawn = model.sample(64, given={"caption": f"{name}, {colour}"}, seed=1).items.astype(float)
        ink = drawn[..., list(COLOURS).index(colour)] > 120
        assert (drawn.sum((1, 2)).argmax(1) == list(COLOURS).index(colour)).mean() >= 0.9, (colour, name)
        high, wide = ink.any(2).sum(1).mean(), ink.any(1).sum(1).mean()
        if (colour, name) != hidden:
            assert (high > 9) == (name == "bar") and (wide > 9) == (name == "line"), (colour, name, high, wide)


def test_a_blue_seven_is_drawn_by_a_model_that_saw_blue_digits_and_sevens_of_other_colours():
    from sklearn.linear_model import LogisticRegression

    digits, draw = demo("digits"), np.random.default_rng(0)
    tint = {name: np.array(rgb) / 230 for name, rgb in COLOURS.items()} | {"white": np.ones(3)}
    colours = np.array(list(tint))[draw.integers(len(tint), size=len(digits))]
    hidden = [("blue", 7), ("red", 4), ("green", 0)]
    seen = np.array([(c, n) not in hidden for c, n in zip(colours, digits.labels, strict=True)])
    items = digits.items[..., None] * np.stack([tint[c] for c in colours])[:, None, None]
    captions = np.array([f"a {c} {NUMBERS[n]}" for c, n in zip(colours, digits.labels, strict=True)])
    data = Data(kind="pictures", items=items[seen].astype(np.uint8), labels=captions[seen])
    began = time.process_time()
    model = CGAN(steps=1500, width=32).fit(data, seed=0)
    assert time.process_time() - began <= SECONDS
    reader = LogisticRegression(max_iter=300).fit(digits.items.reshape(len(digits), -1) / 255, digits.labels)
    for colour, number in hidden:
        drawn = model.sample(100, given={"caption": f"a {colour} {NUMBERS[number]}"}, seed=1).items.astype(float)
        channels = drawn.sum((1, 2))
        assert (channels.argmax(1) == list(COLOURS).index(colour)).mean() >= 0.9, colour
        grey = (drawn @ tint[colour] / (tint[colour] ** 2).sum()).reshape(100, -1) / 255
        assert (reader.predict(grey) == number).mean() >= 0.8, (colour, number)
