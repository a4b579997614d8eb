"""Tables as rows of numbers, in which the distance between two rows gives every column the same say.

A number becomes its rank among the real cells, straight between two of them and beyond the ends by its share of the
range, so that neither units nor long tails matter. A category becomes zeros and ones, or for columns of many levels,
beyond the commonest, a short random code each (two codes lie about as far apart as two levels: Johnson and
Lindenstrauss, 1984), so that thousands of levels cost no more than a few dozen. A hole in a number is its middle rank,
and a mark; in a category it is a level. Then the columns of numbers that stem from one column are divided by the root
of their total variance on the real side. A column that hardly varies is held to a tenth of the most that its kind can
vary: else its rare level would lie further off than all other columns together. Of keys and free text only the mark
remains. Where all columns together would take more than 4,000 numbers, the seed chooses columns that fit into them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from contrafact.base.seeds import generator
from contrafact.metrics.columns import Column, Table, tables

PLAIN_LEVELS = 32
CODE_SIZE = 16
BEYOND = 10.0  # ranges outside the real one
LEAST = 0.1
MOST_WIDE = 4000  # numbers in a row
MOST_NUMBERS = 20_000_000  # of one side in memory

Reader = Callable[[np.ndarray], np.ndarray]


def mixed_rows(real: Any, *others: Any, seed: int = 0) -> list[np.ndarray]:
    """Turn frames into matrices whose distances weigh columns alike.

    Arguments:
        real: The real frame, which ranks and levels are read from.
        others: Frames with the same columns.
        seed: Seeds the codes of columns with many levels.
    """
    matrices, _ = mixed_blocks(real, *others, seed=seed)
    return matrices


def mixed_blocks(real: Any, *others: Any, seed: int = 0) -> tuple[list[np.ndarray], list[slice]]:
    """Turn frames into such matrices, and say which of their columns stem from each column of the frame."""
    sides = tables(real, *others)
    columns = range(len(sides[0].columns))
    readers = [_reader(sides[0].columns[i], sides[0].cells[i], seed, [s.cells[i] for s in sides]) for i in columns]
    widths = np.array([reader(sides[0].cells[i][:1]).shape[1] for i, reader in zip(columns, readers, strict=True)])
    ends = np.cumsum([0, *np.where(fitting(widths, MOST_WIDE, seed), widths, 0)])
    matrices = [_filled(side, readers, ends) for side in sides]
    return matrices, [slice(int(a), int(b)) for a, b in pairwise(ends)]


def fitting(widths: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Choose, where all columns together are too wide, as many of them as fit; the first of all always does."""
    if widths.sum() <= most:
        return np.ones(len(widths), dtype=bool)
    order = generator(seed, "fitting columns").permutation(len(widths))
    kept = np.zeros(len(widths), dtype=bool)
    kept[order[: max(int(np.searchsorted(np.cumsum(widths[order]), most, side="right")), 1)]] = True
    return kept


def most_wide(table: Table) -> int:
    """Give how many numbers a row of such a matrix takes at most, before columns are chosen."""
    widest = PLAIN_LEVELS + 1 + CODE_SIZE
    return sum(2 if c.scale else 1 if c.kind == "text" else min(len(c.levels) + 1, widest) for c in table.columns)


def most_rows(table: Table) -> int:
    """Give the number of rows of such a matrix that memory should be spent on: 160 MB, or a thousand rows."""
    return max(MOST_NUMBERS // max(min(most_wide(table), MOST_WIDE), 1), 1000)


def _filled(side: Table, readers: Sequence[Reader], ends: np.ndarray) -> np.ndarray:
    matrix = np.empty((len(side), max(int(ends[-1]), 1)))
    matrix[:, ends[-1] :] = 0.0
    for reader, cells, low, high in zip(readers, side.cells, ends[:-1], ends[1:], strict=True):
        if high > low:
            matrix[:, low:high] = reader(cells)
    return matrix


def _reader(column: Column, real: np.ndarray, seed: int, sides: list[np.ndarray]) -> Reader:
    if column.scale:
        return _ranks(real, any(np.isnan(side).any() for side in sides))
    if column.kind == "text":
        return _hole_marks(real, any((side < 0).any() for side in sides))
    return _levels(column, real, seed)


def _ranks(real: np.ndarray, holed: bool) -> Reader:
    values, counts = np.unique(real[~np.isnan(real)], return_counts=True)
    middles = (np.cumsum(counts) - counts / 2) / counts.sum()
    width = values[-1] - values[0] or max(abs(values[0]), 1.0)

    def rank(cells: np.ndarray) -> np.ndarray:
        outside = (np.maximum(cells - values[-1], 0) - np.maximum(values[0] - cells, 0)) / width
        place = np.interp(cells, values, middles) + np.clip(outside, -BEYOND, BEYOND)
        return np.where(np.isnan(cells), 0.5, place)

    spread = max(float(rank(real).var()), LEAST / 12)
    marks = _hole_marks(np.where(np.isnan(real), -1, 0), holed)

    def read(cells: np.ndarray) -> np.ndarray:
        numbers = (rank(cells) / np.sqrt(spread))[:, None]
        return np.hstack([numbers, marks(np.where(np.isnan(cells), -1, 0))])

    return read


def _hole_marks(real: np.ndarray, holed: bool) -> Reader:
    """Mark the holes, where there are any; a hole and its absence are two levels."""
    share = float((real < 0).mean())
    size = np.sqrt(2 / max(2 * share * (1 - share), LEAST))

    def read(cells: np.ndarray) -> np.ndarray:
        return (cells < 0)[:, None] * size if holed else np.empty((len(cells), 0))

    return read


def _levels(column: Column, real: np.ndarray, seed: int) -> Reader:
    size = len(column.levels)
    shares = np.bincount(real + 1, minlength=size + 1) / len(real)
    total = max(1 - float((shares**2).sum()), LEAST)
    plain = min(size + 1, PLAIN_LEVELS + 1)  # the hole comes first, then the commonest
    codes = np.zeros((0, 0))
    if size + 1 > plain:
        signs = generator(seed, "codes", column.name).integers(0, 2, (size + 1 - plain, CODE_SIZE))
        codes = (2 * signs - 1) / np.sqrt(CODE_SIZE * total)

    def read(cells: np.ndarray) -> np.ndarray:
        places = cells + 1
        block = np.zeros((len(cells), plain + codes.shape[1]))
        common = np.flatnonzero(places < plain)
        block[common, places[common]] = 1 / np.sqrt(total)
        rare = np.flatnonzero(places >= plain)
        block[rare, plain:] = codes[places[rare] - plain]
        return block

    return read
