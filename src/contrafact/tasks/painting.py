"""Pictures from masks: a translator learned from pairs, and the texture that it leaves out.

A pix2pix-type network says what a mask decides: how bright an object is, how its edge looks. What a mask does not
decide, the grain, the noise and things that nobody marked, it can only average away, and an instrument would find such
pictures too easy. So what it left out of the real pictures (picture minus translation) is put back: that of another
picture that it learned from, mirrored and turned at random, with the spread that the class of each pixel has. Nothing
of the mask's own picture is in it. What is assumed is that texture does not care where the edges are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from contrafact.base.data import Data, Pairs
from contrafact.base.recipe import Recipe
from contrafact.base.seeds import fold, generator
from contrafact.codecs.pairs import PairCodec
from contrafact.engine.fit import Training

STEPS = 300
RANGE = (0.5, 99.5)  # per cent of the pixels that lie below the ends of the range that is used


def as_source(places: np.ndarray, classes: int) -> Data:
    """Show places of classes N x H x W to a network: two as black and white, more as a channel each."""
    if classes == 2:
        return Data(kind="pictures", items=(255 * places).astype(np.uint8), name="masks")
    channels = (places[..., None] == np.arange(classes)) * 255
    return Data(kind="pictures", items=channels.astype(np.uint8), name="masks")


def with_channels(items: Any) -> np.ndarray:
    """Give pictures N x H x W x channels."""
    array = np.asarray(items)
    return array[..., None] if array.ndim == 3 else array


@dataclass(kw_only=True, eq=False)
class Painter:
    """Paints pictures that fit masks.

    Arguments:
        codec: Knows the classes of the masks.
        learned: The pairs that it learns from.
        training: The translator's training, to be finished first.
        texture: Whether to put back what the translator leaves out.
    """

    codec: PairCodec
    learned: Pairs
    training: Training
    texture: bool = True
    _places: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self._places = self.codec.targets(self.learned.target)[:, 0]

    @cached_property
    def left_out(self) -> np.ndarray:
        """What the network left out of each picture that it learned from, N x H x W x channels."""
        real = with_channels(self.learned.source.items).astype(np.float32)
        return np.asarray(real - self._translated(self._places, 0))

    @cached_property
    def spreads(self) -> np.ndarray:
        """The standard deviation of what was left out, for each class."""
        spreads = np.ones(len(self.codec.classes))
        for place in range(len(spreads)):
            values = self.left_out[self._places == place]
            spreads[place] = max(float(values.std()), 1e-6) if values.size else 1e-6
        return spreads

    @cached_property
    def used(self) -> tuple[float, float]:
        """The range that real pictures use."""
        low, high = np.percentile(np.asarray(self.learned.source.items), RANGE)
        return float(low), max(float(high), float(low) + 1)

    def _translated(self, places: np.ndarray, seed: int) -> np.ndarray:
        source = as_source(places, len(self.codec.classes))
        return with_channels(self.training.model.translate(source, draws=1, seed=seed)[0].items).astype(np.float32)

    def paint(self, places: np.ndarray, seed: int) -> np.ndarray:
        """Make a picture for each mask, as numbers with fractions, N x H x W x channels.

        Arguments:
            places: Places of classes, N x H x W.
            seed: Seeds the network's noise and the texture.
        """
        made = self._translated(places, fold(seed, "translate"))
        for number, mask in enumerate(places if self.texture else ()):
            random = generator(seed, "texture", number)
            which = int(random.integers(len(self.left_out)))
            texture, under = _turned(self.left_out[which], self._places[which], random)
            made[number] += texture * (self.spreads[mask] / self.spreads[under])[..., None]
        return made

    def rounded(self, pictures: np.ndarray) -> np.ndarray:
        """Turn numbers with fractions into pictures like those of the user."""
        items = np.asarray(self.learned.source.items)
        whole = np.clip(np.rint(pictures), 0, np.iinfo(items.dtype).max).astype(items.dtype)
        return np.ascontiguousarray(whole[..., 0] if items.ndim == 3 else whole)


def _turned(texture: np.ndarray, mask: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Mirror and turn a texture and the mask under it alike; the size stays."""
    square = mask.shape[0] == mask.shape[1]
    quarters, mirror = int(random.integers(4)) if square else 2 * int(random.integers(2)), random.random() < 0.5
    both = [np.rot90(side, quarters) for side in (texture, mask)]
    return (both[0][:, ::-1], both[1][:, ::-1]) if mirror else (both[0], both[1])


def painter(
    pairs: Pairs,
    codec: PairCodec,
    *,
    recipe: Recipe | None = None,
    steps: int | None = None,
    texture: bool = True,
    **options: Any,
) -> Painter:
    """Prepare a painter.

    Arguments:
        pairs: Pictures and their masks, to learn from.
        codec: Knows the classes of the masks.
        recipe: A method that turns pictures into pictures; None: pix2pix.
        steps: Steps of training; None: 300, or from the budget.
        texture: Whether to put back what the translator leaves out.
        options: seed, budget, device.
    """
    from contrafact.zoo.pix2pix import Pix2Pix

    source = as_source(codec.targets(pairs.target)[:, 0], len(codec.classes))
    made: Any = recipe or Pix2Pix(masks=False)
    if steps is not None or options.get("budget") is None:
        made = made.but(steps=steps or made.steps or STEPS)
    training = made.training(Pairs(source=source, target=pairs.source), **options)
    return Painter(codec=codec, learned=pairs, training=training, texture=texture)
