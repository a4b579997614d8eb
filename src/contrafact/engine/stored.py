"""Encoded items that lie on the disk: written once block by block, read batch by batch, never whole.

A row of numbers is a record of fixed length in a temporary file that vanishes with its last reader. Rows are read by
their places, not mapped: mapped pages would stay with the process until it held the whole file. Orders are keyed
permutations, computed place by place (a Feistel network of four rounds, walked until it lands inside: Black and
Rogaway, Ciphers with arbitrary finite domains, 2002), so that an order of a billion rows takes no memory either.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from contrafact.base.seeds import fold
from contrafact.engine.bundle import writing
from contrafact.engine.play import ranks

ROUNDS = 4
CPU = torch.device("cpu")


@dataclass(frozen=True, kw_only=True)
class Shuffle:
    """A permutation of 0 to `count` - 1 that depends on a seed, asked for place by place.

    >>> sorted(Shuffle(count=5, seed=0)(np.arange(5)).tolist())
    [0, 1, 2, 3, 4]

    Arguments:
        count: How many places there are.
        seed: Chooses the permutation.
    """

    count: int
    seed: int

    def __call__(self, places: np.ndarray) -> np.ndarray:
        """Give what stands at some places."""
        half = max((self.count - 1).bit_length() + 1, 2) // 2
        keys = [np.uint64(fold(self.seed, "round", number)) for number in range(ROUNDS)]
        found = _turned(np.asarray(places).astype(np.uint64), half, keys)
        outside = np.flatnonzero(found >= self.count)
        while len(outside):
            found[outside] = _turned(found[outside], half, keys)
            outside = outside[found[outside] >= self.count]
        return found.astype(np.int64)


def _turned(numbers: np.ndarray, half: int, keys: list[np.uint64]) -> np.ndarray:
    """Permute all numbers of twice `half` bits once."""
    mask, shift = np.uint64((1 << half) - 1), np.uint64(half)
    left, right = numbers >> shift, numbers & mask
    for key in keys:
        left, right = right, left ^ (_mixed(right ^ key) & mask)
    return np.asarray((left << shift) | right)


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """Mix the bits of whole numbers (splitmix64)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(numbers ^ (numbers >> np.uint64(31)))


class Spool:
    """A temporary file that is closed, and vanishes, with its last reader."""

    def __init__(self) -> None:
        self.file: Any = tempfile.TemporaryFile()  # noqa: SIM115 - closed below

    def __del__(self) -> None:
        self.file.close()

    def read(self, size: int, places: list[int]) -> bytearray:
        """Read records of one size, by their places."""
        raw, found = self.file.raw, bytearray()
        for place in places:
            raw.seek(place * size)
            found += raw.read(size)
        return found


@dataclass(frozen=True, kw_only=True, eq=False)
class Stored:
    """Rows of one array in a file; `len(stored)`, `stored.rows(places)`.

    Arguments:
        spool: The file.
        name: The array's name among encoded items.
        dtype: The type of its numbers.
        width: Numbers in a row.
        count: How many rows are to be seen.
        order: Where the rows stand in the file; None where they stand in their order.
        first: The place in that order at which the rows that are to be seen begin.
        device: Where batches of them are put.
    """

    spool: Spool
    name: str
    dtype: np.dtype[Any]
    width: int
    count: int
    order: Shuffle | None = None
    first: int = 0
    device: torch.device = CPU

    @classmethod
    def of(cls, name: str, blocks: Iterable[np.ndarray]) -> Stored:
        """Write blocks of rows to a temporary file.

        Arguments:
            name: The array's name.
            blocks: Arrays rows x numbers, one after another; at least one, all of one type and width.

        Raises:
            StorageError: The disk has no room for them.
        """
        count, block = 0, np.empty((0, 0))
        with writing(Path(tempfile.gettempdir())):
            spool = Spool()
            for block in blocks:
                spool.file.write(np.ascontiguousarray(block).data)
                count += len(block)
            spool.file.flush()
        return cls(spool=spool, name=name, dtype=block.dtype, width=block.shape[1], count=count)

    def __len__(self) -> int:
        return self.count

    def places(self, rows: np.ndarray) -> np.ndarray:
        """Give where rows stand in the file."""
        return rows + self.first if self.order is None else self.order(rows + self.first)

    def rows(self, rows: np.ndarray) -> np.ndarray:
        """Read rows, in the given order."""
        read = self.spool.read(self.width * self.dtype.itemsize, self.places(rows).tolist())
        return np.frombuffer(read, dtype=self.dtype).reshape(len(rows), self.width)

    def cut(self, held: int, seed: int) -> tuple[Stored, Stored]:
        """Cut some rows off.

        Arguments:
            held: How many.
            seed: Chooses which.

        Returns:
            The others, and those that were cut off.
        """
        whole = replace(self, order=Shuffle(count=self.count, seed=fold(seed, "split")))
        return replace(whole, first=held, count=self.count - held), replace(whole, count=held)

    def some(self, most: int, seed: int) -> np.ndarray:
        """Read a few rows, chosen by the seed."""
        few = np.arange(min(most, self.count))
        return replace(self, order=Shuffle(count=self.count, seed=fold(seed, "some"))).rows(few)

    def whole(self) -> dict[str, np.ndarray]:
        """Read all rows: of what was cut off."""
        return {self.name: self.rows(np.arange(self.count))}


class StoredBatches:
    """Batches of rows that lie on the disk, in an order that is a function of (seed, epoch, index) only.

    Arguments:
        items: The rows.
        size: Rows in one process's batch.
        seed: Seeds the order of every epoch.
        share: This process and the number of processes.
    """

    def __init__(self, items: Stored, size: int, seed: int, share: tuple[int, int] | None = None) -> None:
        self.items, self.size, self.seed = items, size, seed
        self.share = ranks() if share is None else share

    def __call__(self, number: int) -> dict[str, Tensor]:
        rank, processes = self.share
        first = (number * processes + rank) * self.size
        epochs, places = np.divmod(np.arange(first, first + self.size), len(self.items))
        rows = np.empty(self.size, dtype=np.int64)
        for epoch in np.unique(epochs).tolist():
            own = epochs == epoch
            rows[own] = Shuffle(count=len(self.items), seed=fold(self.seed, "epoch", epoch))(places[own])
        return {self.items.name: torch.from_numpy(self.items.rows(rows)).to(self.items.device)}
