"""Randomness that depends on names and numbers only, never on what was drawn before.

Every draw is a function of (seed, purpose, block or step): a run that stops and resumes, a sample cut into
shards and a batch spread over processes all see the same numbers, and the global random state is left alone.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from contrafact.base.errors import UsageError

BLOCK_ROWS = 1024
T = TypeVar("T")


def fold(seed: int, *path: int | str) -> int:
    """Hash a seed and a path of words and numbers into a new 63-bit seed.

    >>> fold(0, "batch", 3) == fold(0, "batch", 3) != fold(0, "batch", 4)
    True
    """
    text = "/".join([str(seed), *map(str, path)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") >> 1


def generator(seed: int, *path: int | str) -> np.random.Generator:
    """Make a NumPy generator for one purpose."""
    return np.random.Generator(np.random.Philox(fold(seed, *path)))


def chosen(seed: int | None) -> int:
    """Return the seed, or draw a fresh one from the system when there is none."""
    return secrets.randbits(32) if seed is None else int(seed)


def checked_count(n: int) -> int:
    """Give a number of items back, if it is one.

    Raises:
        UsageError: It is no whole number, or below zero.
    """
    if not isinstance(n, int | np.integer) or n < 0:
        why = "A number of items is a whole number, 0 or more."
        raise UsageError(f"{n!r} items cannot be drawn.", why=why, fix="-n 100", code="E104")
    return int(n)


def in_blocks(n: int, draw: Callable[[int], T], *, rows: int = BLOCK_ROWS, start: int = 0) -> list[T]:
    """Draw the blocks that hold rows `start` to `start + n`; each block is always drawn whole.

    Arguments:
        n: Number of rows wanted.
        draw: Makes one block from its number: a thing that can be sliced.
        rows: Rows in a block.
        start: First row wanted.

    Returns:
        Pieces, cut to the wanted rows; at least one (maybe empty) piece.
    """
    n = checked_count(n)
    first, last = start // rows, max(start // rows + 1, -(-(start + n) // rows))
    pieces = []
    for block in range(first, last):
        low, high = max(start - block * rows, 0), min(start + n - block * rows, rows)
        pieces.append(draw(block)[low : max(high, low)])  # type: ignore[index]
    return pieces


class Block:
    """Arrays by name whose rows belong together, to be sliced as one: what `in_blocks` draws, where a row has parts.

    Arguments:
        parts: The arrays.
    """

    def __init__(self, parts: Mapping[str, np.ndarray]) -> None:
        self.parts = parts

    def __getitem__(self, rows: slice) -> Block:
        return Block({name: part[rows] for name, part in self.parts.items()})


def joined(blocks: Sequence[Block]) -> dict[str, np.ndarray]:
    """Put the arrays of blocks together."""
    return {name: np.concatenate([block.parts[name] for block in blocks]) for name in blocks[0].parts}
