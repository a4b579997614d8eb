"""Pairs of pictures <-> aligned uint8 tensors, cut into blocks; what a picture becomes is a mask or another picture.

A mask has few different values (or colours), each a class; a network gives a probability for each class at each pixel.
Any other target is a picture of numbers. Large pictures are cut into blocks, which are the items of a training: random
crops are taken from them, and a tenth of them is held out to choose by, even where there are few pictures.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any, Self

import numpy as np

from contrafact.base.data import Data, Pairs
from contrafact.base.errors import DataError
from contrafact.codecs.image import ImageCodec

MOST_CLASSES = 16
LARGE, SMALL = 256, 128  # pixels of a block's side; the small one where there would be too few to hold some out
ENOUGH = 40


@dataclass(frozen=True, kw_only=True)
class PairCodec:
    """Translate pairs of pictures into tensors, and masks or pictures back.

    Arguments:
        source: How the pictures are read.
        target: How the targets are read and written.
        classes: The values of a mask, rising; empty where targets are pictures. A colour is red + 256 green + ...
        shares: The share of the pixels that each class has.
        block: Height and width of a block.
    """

    source: ImageCodec
    target: ImageCodec
    classes: tuple[int, ...]
    shares: tuple[float, ...]
    block: tuple[int, int]

    @classmethod
    def fit(cls, pairs: Pairs, *, masks: bool | None = None, crop: int = 96) -> Self:
        """Learn sizes, depths and classes.

        Arguments:
            pairs: Pictures, and what they become.
            masks: Whether targets are masks; None: they are where they have few different values.
            crop: Side of the crops that will be taken from blocks.

        Raises:
            DataError: These are no pairs of equal sizes, or masks are asked for and targets have too many values.
        """
        source, target = (ImageCodec.fit(side, labelled=False) for side in _sides(pairs))
        if (source.high, source.wide) != (target.high, target.wide):
            raise DataError(
                f"The pictures are {source.wide} x {source.high}, their partners {target.wide} x {target.high}.",
                why="Each pixel needs its partner at the same place.",
                fix="Scale them to the same size; masks without smoothing.",
                code="E232",
            )
        counts = {} if masks is False else _counted(pairs.target, limit=MOST_CLASSES)
        if masks and not counts:
            raise DataError(
                f"The masks have more than {MOST_CLASSES} different values.",
                why="Each value of a mask is a class; smoothing and JPEG make new ones.",
                fix="Save the masks as PNG with a value for each class, or learn pictures: --set masks=no",
                code="E233",
            )
        total = sum(counts.values())
        return cls(
            source=source,
            target=target,
            classes=tuple(counts),
            shares=tuple(count / total for count in counts.values()),
            block=_block(len(pairs), source.high, source.wide, crop),
        )

    @property
    def inputs(self) -> int:
        """How many channels a picture has."""
        return self.source.channels

    @property
    def outputs(self) -> int:
        """How many numbers a network gives for each pixel."""
        return len(self.classes) or self.target.channels

    @property
    def policy(self) -> str:
        """What is done to the pictures, in words; empty where nothing is."""
        return self.source.policy

    @property
    def rare(self) -> tuple[int, ...]:
        """The places of all classes but the most common one, which is the background."""
        common = int(np.argmax(self.shares)) if self.shares else 0
        return tuple(place for place in range(len(self.classes)) if place != common)

    def encode(self, pairs: Pairs) -> dict[str, np.ndarray]:
        """Turn pairs into blocks: `source` from 0 to 255, `target` the places of classes or 0 to 255."""
        return {"source": self._blocks(self.sources(pairs.source)), "target": self._blocks(self.targets(pairs.target))}

    def sources(self, data: Any) -> np.ndarray:
        """Turn pictures of any size, or none at all, into a uint8 tensor N x C x H x W."""
        shape = _items(data).shape
        if len(shape) > 2 and shape[0] == 0:
            return np.empty((0, self.source.channels, *shape[1:3]), dtype=np.uint8)
        return _sized(self.source, data).pictures(data)

    def targets(self, data: Any) -> np.ndarray:
        """Turn masks into places of classes N x 1 x H x W, or pictures into uint8 tensors.

        Raises:
            DataError: A mask has a value that was not there when the codec was fitted.
        """
        if not self.classes:
            return _sized(self.target, data).pictures(data)
        codes, known = _codes(_items(data)), np.asarray(self.classes)
        places = np.searchsorted(known, codes).clip(max=len(known) - 1)
        strange = np.unique(codes[known[places] != codes])
        if len(strange):
            raise DataError(
                f"A mask has the value {int(strange[0])}.",
                why=f"The masks that were learned from have {', '.join(map(str, self.classes))}.",
                fix="Give masks of the same classes.",
                code="E233",
            )
        return np.asarray(places.astype(np.uint8)[:, None])

    def _blocks(self, tensor: np.ndarray) -> np.ndarray:
        high, wide = self.block
        corners = list(product(_starts(tensor.shape[2], high), _starts(tensor.shape[3], wide)))
        if len(corners) == 1:
            return tensor
        cut = [tensor[:, :, y : y + high, x : x + wide] for y, x in corners]
        return np.stack(cut, axis=1).reshape(-1, tensor.shape[1], high, wide)

    def masks(self, places: np.ndarray) -> np.ndarray:
        """Turn places of classes N x H x W into masks like those that were learned from."""
        codes = np.asarray(self.classes, dtype=np.int64)[places]
        dtype: Any = np.uint8 if self.target.depth == 8 else np.uint16
        if self.target.flat:
            return np.asarray(codes.astype(dtype))
        parts = [(codes >> (self.target.depth * c)) & (2**self.target.depth - 1) for c in range(self.target.channels)]
        return np.asarray(np.stack(parts, axis=-1).astype(dtype))

    def decode(self, encoded: Any) -> Any:
        """Turn targets back into masks or pictures, as many as there are blocks or whole pictures.

        Arguments:
            encoded: `target`: places of classes N x 1 x H x W, or pictures from 0 to 255.
        """
        target = encoded["target"]
        if not self.classes:
            return self.target.decode({"pictures": target})
        items = self.masks(target[:, 0])
        return items if self.target.bare else Data(kind="pictures", items=items, name=self.target.name)

    def to_json(self) -> dict[str, Any]:
        """Give the codec as JSON-ready values."""
        return {"codec": "pairs", **asdict(self)}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        fields: dict[str, Any] = {name: tuple(row[name]) for name in ("classes", "shares", "block")}
        return cls(source=ImageCodec.from_json(row["source"]), target=ImageCodec.from_json(row["target"]), **fields)


def _sides(pairs: Any) -> tuple[Data, Data]:
    if not isinstance(pairs, Pairs):
        raise DataError(
            "These data are no pairs.",
            why="This method learns from pictures and what each of them becomes.",
            fix="Give Pairs(source=..., target=...), or use contrafact segment FOLDER --pairs MASKS.",
            code="E232",
        )
    return pairs.source, pairs.target


def _items(data: Any) -> np.ndarray:
    return np.asarray(data.items if isinstance(data, Data) else data)


def _sized(codec: ImageCodec, data: Any) -> ImageCodec:
    """Let a codec take pictures of any size as they are."""
    shape = _items(data).shape
    size = (int(shape[1]), int(shape[2])) if len(shape) > 2 else (codec.high, codec.wide)
    return replace(codec, high=size[0], wide=size[1], seen=size)


def _codes(items: np.ndarray) -> np.ndarray:
    """Give one number for the value or the colour of each pixel."""
    if items.ndim == 3 or items.shape[3] == 1:
        return items.reshape(items.shape[:3])
    bits = 8 * items.dtype.itemsize
    codes = items[..., 0].astype(np.int64)
    for channel in range(1, items.shape[3]):
        codes = codes | (items[..., channel].astype(np.int64) << (bits * channel))
    return np.asarray(codes)


def _counted(data: Data, limit: int) -> dict[int, int]:
    """Count the pixels of each value, in rising order; none where there are too many values."""
    counts: Counter[int] = Counter()
    for item in _items(data):
        codes = _codes(item[None])
        if codes.dtype == np.uint8:
            many = np.bincount(codes.ravel())
            counts.update({int(value): int(many[value]) for value in np.flatnonzero(many)})
        else:
            values, many = np.unique(codes, return_counts=True)
            counts.update(dict(zip(values.tolist(), many.tolist(), strict=True)))
        if len(counts) > limit:
            return {}
    return dict(sorted(counts.items()))


def _block(count: int, high: int, wide: int, crop: int) -> tuple[int, int]:
    """Choose the size of blocks: large, or small where that makes enough of them to hold some out."""
    large, small = (max(side, 4 * crop // 3) for side in (LARGE, SMALL))
    side = large if count * _pieces(high, large) * _pieces(wide, large) >= ENOUGH else small
    return -(-high // _pieces(high, side)), -(-wide // _pieces(wide, side))


def _pieces(length: int, side: int) -> int:
    return max(round(length / side), 1)


def _starts(length: int, side: int) -> list[int]:
    """Say where blocks begin: as many as needed to cover the length, evenly spread."""
    pieces = -(-length // side)
    return [int(start) for start in np.linspace(0, length - side, pieces).round()]
