"""Features: what a picture is turned into before pictures are compared, and by whom.

A figure such as the Fréchet distance means nothing without the name of the features that it was measured in, so that
every `Features` has a name and every score of pictures bears it. Without a download there are features that are learned
on the spot from the user's own training pictures (`learned_features`); InceptionV3 with weights from a local file
(`inception_features`); and any callable (`named_features`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import DataError, UsageError

BLOCK = 500
BLOCK_NUMBERS = 2**24  # of large pictures fewer make a block
Purpose = Literal["judging", "choosing"]
Look = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray | None]]


def as_pictures(data: Any, name: str = "pictures") -> np.ndarray:
    """Read pictures as an array N x high x wide x channels of 8 or 16 bit numbers.

    Arguments:
        data: Data of pictures, or an array with or without an axis for channels.
        name: What to call them in messages.

    Raises:
        DataError: They are not of one size, or no pictures.
    """
    items = data.items if isinstance(data, Data) else data
    try:
        array = np.asarray(items)
    except ValueError:  # arrays of several sizes
        array = np.empty(0)
    array = array[..., None] if array.ndim == 3 else array
    if array.ndim == 4 and array.size and array.dtype in (np.uint8, np.uint16):
        return array
    sizes = "" if isinstance(items, np.ndarray) else _sizes(items)
    raise DataError(
        f"The {name} cannot be compared as pictures: {sizes or f'{array.dtype} of shape {array.shape}'}.",
        why="Pictures are N x high x wide, or N x high x wide x channels, of 8 or 16 bit whole numbers and one size.",
        fix="Bring them to one size and save them as such an array, or read a folder of pictures.",
        code="E213",
    )


def _sizes(items: Any) -> str:
    """Name the first few sizes among items that are arrays."""
    shapes = list(dict.fromkeys(np.shape(item) for item in items))
    return " and ".join(" x ".join(map(str, shape)) for shape in shapes[:3]) if len(shapes) > 1 else ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """What features make of pictures.

    Arguments:
        features: A row for each picture.
        chances: The chance of each class for each picture, where the features can classify.
    """

    features: np.ndarray
    chances: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.features)

    def take(self, index: np.ndarray) -> Seen:
        """Keep the pictures at these places."""
        return Seen(features=self.features[index], chances=None if self.chances is None else self.chances[index])

    @property
    def classes(self) -> np.ndarray:
        """The number of the likeliest class for each picture."""
        assert self.chances is not None
        places: np.ndarray = self.chances.argmax(1)
        return places


@dataclass(frozen=True, kw_only=True, eq=False)
class Features:
    """Turn pictures into rows of numbers, block by block.

    Arguments:
        name: Whose features these are: part of every figure that is measured in them.
        look: Gives rows, and the chance of each class or None, for a block of pictures N x high x wide x channels.
        width: Numbers in a row, where it is known.
        classes: Names of the classes, in the order of their chances; empty where the features cannot classify.
        facts: What is known about them, such as the accuracy on pictures that they were not trained on.
        block: Pictures in a block.
    """

    name: str
    look: Look
    width: int | None = None
    classes: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    block: int = BLOCK

    def __call__(self, pictures: Any) -> np.ndarray:
        """Give a row of features for each picture."""
        return self.see(pictures).features

    def probabilities(self, pictures: Any) -> np.ndarray:
        """Give the chance of each class for each picture.

        Raises:
            UsageError: These features cannot classify.
        """
        chances = self.see(pictures).chances
        if chances is None:
            raise UsageError(
                f"The features '{self.name}' know no classes.",
                why="Only a classifier gives the chance of each class.",
                fix="Give data with labels, so that a classifier can be trained on them.",
                code="E224",
            )
        return chances

    def see(self, pictures: Any, places: np.ndarray | None = None) -> Seen:
        """Give features and, where they can classify, the chances of the classes.

        Arguments:
            pictures: Data or an array.
            places: Which pictures to look at; by default all.
        """
        return joined(self.blocks(pictures, places))

    def blocks(self, pictures: Any, places: np.ndarray | None = None) -> Iterator[Seen]:
        """Give what is seen block by block, so that memory does not depend on the number of pictures."""
        pictures = as_pictures(pictures)
        for part in cuts(pictures.shape if places is None else (len(places), *pictures.shape[1:]), self.block):
            block = pictures[part if places is None else places[part]]
            rows, chances = self.look(block)
            yield Seen(features=_checked(np.asarray(rows), len(block), self), chances=chances)


def joined(parts: Iterable[Seen]) -> Seen:
    """Put what was seen of blocks together."""
    parts = list(parts)
    chances = [part.chances for part in parts if part.chances is not None]
    return Seen(
        features=np.concatenate([part.features for part in parts]), chances=np.concatenate(chances) if chances else None
    )


def cuts(shape: tuple[int, ...], most: int = BLOCK) -> Iterator[slice]:
    """Cut an array of pictures of this shape into blocks of at most so many, and of about 16 million numbers."""
    each = max(min(most, BLOCK_NUMBERS // max(math.prod(shape[1:]), 1)), 1)
    return (slice(start, start + each) for start in range(0, shape[0], each))


def _checked(rows: np.ndarray, pictures: int, features: Features) -> np.ndarray:
    wide = rows.ndim == 2 and features.width in (None, rows.shape[1])
    if wide and len(rows) == pictures and rows.dtype.kind in "biuf":
        return rows
    raise UsageError(
        f"The features '{features.name}' gave {rows.dtype} of shape {rows.shape} for {pictures} pictures.",
        why="One row of numbers for each picture is needed, all of one width.",
        fix="Mend the callable: it gets an array N x high x wide x channels and returns an array N x numbers.",
        code="E224",
    )


def named_features(look: Callable[[np.ndarray], Any], name: str = "", *, block: int = BLOCK) -> Features:
    """Give any callable a name, so that it can serve as features.

    Arguments:
        look: Gives a row of numbers for each of a block of pictures N x high x wide x channels.
        name: Part of every figure; by default the callable's own name.
        block: Pictures in a block.
    """
    name = name or str(getattr(look, "name", "") or getattr(look, "__name__", ""))
    if not re.search(r"\w", name) or name == "<lambda>":
        raise UsageError(
            "These features have no name.",
            why="A figure means nothing without the name of the features that it was measured in.",
            fix="named_features(callable, name='my-features')",
            code="E224",
        )
    return Features(name=name, look=lambda pictures: (np.asarray(look(pictures)), None), block=block)


def pixel_features(data: Any) -> Features:
    """Take the pixels themselves, from 0 to 1, of pictures like these."""
    pictures = as_pictures(data)
    top = float(np.iinfo(pictures.dtype).max)

    def look(block: np.ndarray) -> tuple[np.ndarray, None]:
        return block.reshape(len(block), -1) / top, None

    return Features(name="pixels", width=int(np.prod(pictures.shape[1:])), look=look)


def learned_features(data: Any, seed: int = 0, *, purpose: Purpose = "judging", steps: int | None = None) -> Features:
    """Learn features from the user's own training pictures, in at most about a minute of one core.

    With labels a small classifier is trained, without them a network that knows a picture again when it is moved,
    turned or scaled a little. The same data, settings and version give the same features, which are kept in the folder
    `CONTRAFACT_CACHE` (else `~/.cache/contrafact`); where it cannot be used they are learned again, with a warning.

    Arguments:
        data: Training pictures, with labels or without.
        seed: Seeds everything.
        purpose: Features to judge by share no seed with features to choose by.
        steps: Training steps; None takes as many as the pictures need.
    """
    from contrafact.metrics.learning import learn

    return learn(data, seed, purpose=purpose, steps=steps)


def inception_features(path: Any) -> Features:
    """Take the 2,048 features of the Inception network that FID is defined with; weights from a local file.

    Arguments:
        path: A safetensors file with the weights; nothing is downloaded.
    """
    from contrafact.metrics.inception import load

    return load(path)


def chosen_features(features: Any, data: Any) -> Features:
    """Give the features that were asked for: a record, a callable, or None for those learned from the data."""
    if features is None:
        return learned_features(data)
    if isinstance(features, Features):
        return features
    if callable(features):
        return named_features(features)
    raise UsageError(
        f"{features!r} are no features.",
        why="Features turn an array of pictures into an array of rows.",
        fix="Give a callable with a name: named_features(callable, name='my-features')",
        code="E224",
    )
