"""Encoded data: one array, or several by name whose first axes count the same items.

A codec of vectors gives one float32 matrix; one of pictures gives `pictures` and `labels` side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from contrafact.base.seeds import fold, generator
from contrafact.engine.play import ranks
from contrafact.engine.stored import Stored, StoredBatches

Encoded = np.ndarray | dict[str, np.ndarray]


def count(encoded: Any) -> int:
    """Count the items."""
    return len(next(iter(encoded.values()))) if isinstance(encoded, dict) else len(encoded)


def each(encoded: Any, change: Callable[[Any], Any]) -> Any:
    """Do the same to every array."""
    return {name: change(part) for name, part in encoded.items()} if isinstance(encoded, dict) else change(encoded)


def finite(encoded: Encoded) -> bool:
    """Tell whether all numbers are finite."""
    parts = encoded.values() if isinstance(encoded, dict) else [encoded]
    return all(part.dtype.kind not in "fc" or bool(np.isfinite(part).all()) for part in parts)


def split(encoded: Any, seed: int, fewest: int = 40) -> tuple[Any, Any]:
    """Cut a tenth of the items (2,000 at most) off, to choose by; of few a fifth, up to six.

    Of items that lie on the disk the second part is read.

    Arguments:
        encoded: All items.
        seed: Chooses which.
        fewest: Under so many all are used for both.
    """
    items = count(encoded)
    held = min(max(items // 10, min(items // 5, 6)), 2000)
    if isinstance(encoded, Stored):
        rest, cut = encoded.cut(held, seed)
        return (rest, cut.whole()) if items >= fewest else (encoded, encoded.whole())
    order = generator(seed, "split").permutation(items)
    if items < fewest:
        return encoded, encoded
    return each(encoded, lambda part: part[order[held:]]), each(encoded, lambda part: part[order[:held]])


def parts(encoded: Any, seed: int, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the places of the first `most` items that `split` leaves, and of those that it cuts off.

    Arguments:
        encoded: All items.
        seed: Chooses which.
        most: How many are wanted.
    """
    if not isinstance(encoded, Stored):
        trained, held = split(np.arange(count(encoded)), seed)
        return np.asarray(trained[:most]), np.asarray(held)
    rest, held = split(encoded, seed)
    kept = np.arange(count(held))
    cut = encoded.cut(len(kept), seed)[1] if rest is not encoded else encoded
    return rest.places(np.arange(min(most, len(rest)))), cut.places(kept)


def resident(encoded: Any, device: torch.device) -> Any:
    """Give items as tensors on a device; those that lie on the disk stay there, and their batches go to the device."""
    if isinstance(encoded, Stored):
        return replace(encoded, device=device)
    return each(encoded, lambda part: torch.from_numpy(part).to(device))


def batches(items: Any, size: int, seed: int) -> Callable[[int], Any]:
    """Give batches of items, wherever they lie."""
    return StoredBatches(items, size, seed) if isinstance(items, Stored) else Batches(items, size, seed)


class Batches:
    """Items of resident tensors in an order that is a function of (seed, epoch, index) only.

    Arguments:
        items: All items, one tensor or several by name.
        size: Items in one process's batch.
        seed: Seeds the order of every epoch.
        share: This process and the number of processes.
        groups: A class for each item; where given, every epoch shows all classes equally often.
        keyed: Add `key`, a number for each item drawn that depends on (seed, epoch, index) alone, for augmentation.
    """

    def __init__(
        self,
        items: Any,
        size: int,
        seed: int,
        share: tuple[int, int] | None = None,
        *,
        groups: Tensor | None = None,
        keyed: bool = False,
    ) -> None:
        self.items, self.size, self.seed, self.groups, self.keyed = items, size, seed, groups, keyed
        self.share = ranks() if share is None else share
        self.count = count(items)
        self._device = next(iter(items.values())).device if isinstance(items, dict) else items.device
        self._orders: dict[int, Tensor] = {}

    def _order(self, epoch: int) -> Tensor:
        if epoch not in self._orders:
            source = torch.Generator().manual_seed(fold(self.seed, "epoch", epoch))
            order = torch.randperm(self.count, generator=source)
            order = order if self.groups is None else _equal(order, self.groups, source)
            recent = {k: v for k, v in self._orders.items() if k == epoch - 1}
            self._orders = recent | {epoch: order.to(self._device)}
        return self._orders[epoch]

    def __call__(self, number: int) -> Any:
        rank, processes = self.share
        first = (number * processes + rank) * self.size
        pieces: list[Tensor] = []
        keys: list[Tensor] = []
        missing = self.size
        while missing:
            epoch, place = divmod(first + self.size - missing, self.count)
            pieces.append(self._order(epoch)[place : place + missing])
            if self.keyed:
                keys.append(_scrambled(pieces[-1] + place_of_epoch(self.seed, epoch)))
            missing -= len(pieces[-1])
        index = pieces[0] if len(pieces) == 1 else torch.cat(pieces)
        batch = each(self.items, lambda part: part[index])
        return {**batch, "key": torch.cat(keys)} if self.keyed else batch


def place_of_epoch(seed: int, epoch: int) -> int:
    """Give where an epoch's keys begin."""
    return fold(seed, "key", epoch) >> 2


def _scrambled(keys: Tensor) -> Tensor:
    """Mix the bits of whole numbers (splitmix64), so that neighbours share nothing.

    torch has no unsigned shifts: the factors are splitmix64's as signed numbers, and each mask takes away the copies of
    the sign that a shift brings in.
    """
    keys = (keys ^ ((keys >> 30) & 0x3FFFFFFFF)) * -4658895280553007687
    keys = (keys ^ ((keys >> 27) & 0x1FFFFFFFFF)) * -7723592293110705685
    return (keys ^ ((keys >> 31) & 0x1FFFFFFFF)) & 0x7FFFFFFFFFFFFFFF


def _equal(order: Tensor, groups: Tensor, source: torch.Generator) -> Tensor:
    """Reorder an epoch so that all classes come equally often, each class's items in turn."""
    groups = groups.cpu()[order]
    classes = [order[groups == value] for value in torch.unique(groups)]
    turns = torch.randperm(len(order), generator=source) % len(classes)
    result = torch.empty_like(order)
    for which, members in enumerate(classes):
        places = torch.nonzero(turns == which).squeeze(1)
        result[places] = members[torch.arange(len(places)) % len(members)]
    return result
