"""Pictures <-> one uint8 tensor N x C x H x W beside a class for each, at the size that a network works at.

Pictures stay uint8 until they are in a batch: a hundredth of an epoch's work, a quarter of its memory. Sixteen-bit
pictures are read over the range that they use; what is generated has their full depth again. Larger pictures are
averaged down to the resolution that was asked for, keeping their aspect; `policy` says in words what was done.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import DataError
from contrafact.codecs.captions import are_captions, rows_of_captions, vocabulary
from contrafact.codecs.classes import MOST_CLASSES, given_labels, labels_at, learned, places_of
from contrafact.codecs.crossed import crossed, rows_of

BLOCK = 512


def _array(data: Any) -> np.ndarray:
    """Read pictures as N x H x W x C."""
    items = np.asarray(data.items if isinstance(data, Data) else data)
    if items.ndim == 3:
        items = items[..., None]
    if items.ndim != 4 or items.dtype not in (np.uint8, np.uint16) or not items.size:
        raise DataError(
            f"These data are no pictures: {items.dtype} of shape {items.shape}.",
            why="Pictures are N x high x wide, or N x high x wide x channels, of 8 or 16 bit whole numbers.",
            fix="Give such an array, or read a folder of pictures: contrafact.read(FOLDER)",
            code="E213",
        )
    return items


def is_pictures(data: Any) -> bool:
    """Tell pictures from rows: Data that say so, or an array N x H x W (x channels) of uint8."""
    if isinstance(data, Data):
        return data.kind == "pictures"
    return isinstance(data, np.ndarray) and data.dtype == np.uint8 and data.ndim in (3, 4)


def fitting(high: int, wide: int, longest: int | None) -> tuple[int, int]:
    """Give the size at which the longer side is at most `longest`, of the same aspect.

    >>> fitting(300, 600, 64)
    (32, 64)
    """
    if longest is None or max(high, wide) <= longest:
        return high, wide
    return max(round(high * longest / max(high, wide)), 1), max(round(wide * longest / max(high, wide)), 1)


def resize(pictures: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Scale float pictures N x C x H x W, averaging where they shrink."""
    if pictures.shape[2:] == size:
        return pictures
    import torch

    scaled = torch.nn.functional.interpolate(
        torch.from_numpy(np.ascontiguousarray(pictures)), size=size, mode="bilinear", antialias=True
    )
    return np.asarray(scaled.numpy())


def _classes(labels: Any, captions: bool | None) -> dict[str, Any]:
    """Learn the classes, their shares, and the words of captions."""
    classes, shares, numbers = learned(labels)
    read = len(classes) > 1 and not numbers and (are_captions(classes) if captions is None else captions)
    words, silent = vocabulary(classes) if read else ((), ())
    if len(classes) > MOST_CLASSES and not words:
        raise DataError(
            f"These pictures have {len(classes):,} different labels.",
            why=f"Classes are learned up to {MOST_CLASSES:,}.",
            fix="Give fewer classes, train without (--set conditional=no), or read captions by their words with cgan.",
            code="E214",
        )
    return {"classes": classes, "shares": shares, "numbers": numbers, "words": words, "silent": silent}


@dataclass(frozen=True, kw_only=True)
class ImageCodec:
    """Translate pictures into tensors and back.

    Arguments:
        high: Height that the network works at.
        wide: Width that the network works at.
        channels: Channels of a picture.
        flat: Whether the user's pictures have no axis for channels.
        depth: Bits of the user's pictures, 8 or 16.
        low: The value that becomes 0.
        top: The value that becomes 255.
        seen: Height and width of the user's pictures.
        classes: Names of the classes, or the different captions; empty where there are none.
        shares: Share of each class.
        numbers: Whether the user's labels are whole numbers.
        name: Name of the user's data.
        bare: Whether the user gave an array and gets one back.
        words: Words that tell captions apart; empty where labels are names.
        silent: Words that every caption holds.
        crossed: How many levels each attribute has, where the classes are all combinations of attributes.
    """

    high: int
    wide: int
    channels: int
    flat: bool
    depth: int
    low: int
    top: int
    seen: tuple[int, int]
    classes: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()
    numbers: bool = False
    name: str = "pictures"
    bare: bool = False
    words: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    crossed: tuple[int, ...] = ()

    @classmethod
    def fit(
        cls, data: Any, *, resolution: int | None = None, labelled: bool = True, captions: bool | None = False
    ) -> Self:
        """Learn size, depth and classes.

        Arguments:
            data: Pictures, with labels or without.
            resolution: The longer side is at most this.
            labelled: Whether to learn the classes, where there are any.
            captions: Whether labels are captions, to be read word by word; None: where one has several words.
        """
        items = _array(data)
        low, top = (0, 255) if items.dtype == np.uint8 else (int(items.min()), int(items.max()))
        if (items == items[:1]).all():
            raise DataError(
                "All pictures are the same." if len(items) > 1 else "There is one picture.",
                why="A generator learns how pictures differ.",
                fix="Give pictures that vary; a few hundred are a sensible least.",
                code="E201" if len(items) > 1 else "E206",
            )
        labels = data.labels if isinstance(data, Data) and labelled else None
        high, wide = fitting(items.shape[1], items.shape[2], resolution)
        return cls(
            high=high,
            wide=wide,
            channels=items.shape[3],
            flat=np.asarray(data.items if isinstance(data, Data) else data).ndim == 3,
            depth=8 * items.dtype.itemsize,
            low=low,
            top=top,
            seen=(items.shape[1], items.shape[2]),
            name=data.name if isinstance(data, Data) else "pictures",
            bare=not isinstance(data, Data),
            **(crossed(data) or _classes(labels, captions)),
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width that a network works at."""
        return self.channels, self.high, self.wide

    @property
    def conditions(self) -> np.ndarray:
        """What a network reads for each class: a one among zeros; ones at a caption's words, or at its attributes."""
        if self.words:
            return rows_of_captions(self.classes, self.words, self.silent)
        return rows_of(len(self.classes), self.crossed)

    def described(self, labels: Any) -> np.ndarray:
        """Give what a network reads for each label; captions may be new ones, of known words."""
        if self.words:
            return rows_of_captions([str(label) for label in labels], self.words, self.silent)
        return np.asarray(self.conditions[self.places(labels)])

    def named(self, labels: Any) -> np.ndarray:
        """Give labels as the user's data have them, however they were written."""
        if self.words:
            return np.asarray([str(label) for label in labels], dtype=str)
        return self.labels(self.places(labels))

    @property
    def policy(self) -> str:
        """What is done to the pictures, in words; empty where nothing is."""
        said = []
        if self.seen != (self.high, self.wide):
            said.append(f"scaled from {self.seen[0]} x {self.seen[1]} to {self.high} x {self.wide}")
        if self.depth == 16:
            said.append(f"16 bit read over {self.low} .. {self.top} in 256 steps")
        return f"The pictures are {' and '.join(said)}." if said else ""

    def encode(self, data: Any) -> dict[str, np.ndarray]:
        """Turn pictures into uint8 tensors and the places of their classes."""
        encoded = {"pictures": self.pictures(data)}
        if self.classes:
            encoded["labels"] = self.places(given_labels(data))
        return encoded

    def given_labels(self, data: Any) -> Any:
        """Give the labels of data, empty ones where there are none."""
        return given_labels(data)

    def pictures(self, data: Any) -> np.ndarray:
        """Turn pictures into a uint8 tensor N x C x H x W."""
        items = _array(data)
        if items.shape[3] != self.channels:
            raise DataError(
                f"These pictures have {items.shape[3]} channels, the model knows {self.channels}.",
                why="A model reads pictures like those that it was fitted on.",
                fix="Convert them to as many channels.",
                code="E205",
            )
        pictures = np.empty((len(items), *self.shape), dtype=np.uint8)
        for start in range(0, len(items), BLOCK):
            pictures[start : start + BLOCK] = self._tensor(items[start : start + BLOCK])
        return pictures

    def _tensor(self, items: np.ndarray) -> np.ndarray:
        tensor = items.transpose(0, 3, 1, 2)
        if self.depth == 8 and tensor.shape[2:] == (self.high, self.wide):
            return tensor
        floats = (tensor.astype(np.float32) - self.low) * (255 / max(self.top - self.low, 1))
        scaled = resize(floats, (self.high, self.wide))
        return np.asarray(np.clip(np.rint(scaled), 0, 255).astype(np.uint8))

    def places(self, labels: Any) -> np.ndarray:
        """Find the place of each label among the classes."""
        return places_of(labels, self.classes)

    def labels(self, places: np.ndarray) -> np.ndarray:
        """Give the user's labels back."""
        return labels_at(places, self.classes, self.numbers)

    def decode(self, encoded: Any) -> Any:
        """Turn tensors back into the kind of object that was fitted.

        Arguments:
            encoded: Pictures from 0 to 255, uint8 or float, N x C x H x W, with `labels` where there are classes.
        """
        pictures = encoded["pictures"] if isinstance(encoded, dict) else encoded
        dtype: Any = np.uint8 if self.depth == 8 else np.uint16
        floats = pictures.astype(np.float32) * np.float32((self.top - self.low) / 255) + self.low
        items = np.clip(np.rint(floats), 0, np.iinfo(dtype).max).astype(dtype).transpose(0, 2, 3, 1)
        items = np.ascontiguousarray(items[..., 0] if self.flat else items)
        if self.bare:
            return items
        places = encoded.get("labels") if isinstance(encoded, dict) else None
        return Data(
            kind="pictures", items=items, labels=None if places is None else self.labels(places), name=self.name
        )

    def to_json(self) -> dict[str, Any]:
        """Give the codec as JSON-ready values."""
        return {"codec": "image", **asdict(self)}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items() if k != "codec"}
        return cls(**fields)
