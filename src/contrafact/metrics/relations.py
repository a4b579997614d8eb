"""How alike the relations between pairs of columns are in two tables.

- Two numbers (or dates): 1 - |r - r'| / 2 of Pearson's correlations, over the rows that have both.
- Two categories: 1 less the total variation between the two tables of counts; a hole is a level.
- One of each: the same, the number cut into ten bins of equal width over the real column's range; what lies outside
  has bins of its own.

These are the public definitions of SDMetrics' "column pair trends". They see no relation among three columns or more,
and among numbers straight lines only. A pair of numbers of which one is constant on both sides has no correlation and
is left out; constant on one side only, its correlation counts as 0 there. Above 500 columns, and above 5,000 pairs with
a category, the seed chooses as many.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from contrafact.base.records import Score
from contrafact.base.seeds import generator
from contrafact.metrics.columns import Column, Table, tables
from contrafact.metrics.groups import Dealt, counts, dealt, overlap, similarity

BINS = 10
MOST_COLUMNS, MOST_PAIRS = 500, 5000
MOST_COUNTS = 2_000_000  # counts of a pair in all groups; beyond, only the combinations that occur are numbered


def pairs(real: Any, fake: Any, holdout: Any = None, seed: int = 0) -> Score:
    """Score how alike the relations between pairs of columns are: the mean over pairs, 0 to 1.

    The floor is what the real columns get when each is shuffled by itself; with many weak relations it is high.

    Arguments:
        real: The real frame.
        fake: The generated frame.
        holdout: Real rows that the generator never saw, for the ceiling.
        seed: Deals rows into groups for the interval; chooses pairs where there are too many.
    """

    def values(one: Table, other: Table, groups: Dealt, many: int) -> np.ndarray:
        return _pair_values(one, other, groups, many, seed)[1]

    read = _some(tables(real, fake, *([] if holdout is None else [holdout])), seed)
    kept = read[2] if len(read) > 2 else None
    return similarity("pairs", values, read[0], read[1], kept, seed, Table.shuffled)


def _some(read: list[Table], seed: int) -> list[Table]:
    """Choose columns where there are too many."""
    many = len(read[0].columns)
    if many <= MOST_COLUMNS:
        return read
    chosen = np.sort(generator(seed, "columns").choice(many, MOST_COLUMNS, replace=False)).tolist()
    return [table.only(chosen) for table in read]


def pair_table(real: Any, fake: Any, seed: int = 0) -> tuple[list[str], np.ndarray]:
    """Give the names of the columns and how alike each pair's relation is; NaN where it was not measured."""
    one, other = _some(tables(real, fake)[:2], seed)
    places, values = _pair_values(one, other, dealt(one, other, 0, seed), 0, seed)
    table = np.full((len(one.columns), len(one.columns)), np.nan)
    if len(places):
        table[tuple(places.T)] = table[tuple(places.T[::-1])] = values[:, 0]
    return [column.name for column in one.columns], table


def _pair_values(real: Table, fake: Table, groups: Dealt, many: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Give pairs of columns, and for each its likeness over all rows, then without each group."""
    scales = [i for i, column in enumerate(real.columns) if column.scale]
    seen = [i for i, column in enumerate(real.columns) if column.kind != "text"]
    both = set(scales)
    mixed = [(i, j) for at, i in enumerate(seen) for j in seen[at + 1 :] if i not in both or j not in both]
    if len(mixed) > MOST_PAIRS:
        mixed = [mixed[i] for i in np.sort(generator(seed, "pairs").choice(len(mixed), MOST_PAIRS, replace=False))]
    first, second = np.triu_indices(len(scales), 1)
    where = np.array(scales, dtype=np.int64)
    places = np.concatenate(
        [np.stack([where[first], where[second]], 1), np.array(mixed, dtype=np.int64).reshape(-1, 2)]
    )
    values = [_correlations(real.only(scales), fake.only(scales), groups, many)[:, first, second].T]
    if mixed:
        codes = {i: _codes(real.columns[i], real.cells[i], fake.cells[i]) for pair in mixed for i in pair}
        values.append(np.stack([_shared(codes[i], codes[j], groups, many) for i, j in mixed]))
    return places, np.concatenate(values)


def _correlations(real: Table, fake: Table, groups: Dealt, many: int) -> np.ndarray:
    """Give 1 - |r - r'| / 2 for all pairs of numbers: (all rows, without each group) x columns x columns."""
    if len(real.columns) < 2:
        return np.ones((many + 1, len(real.columns), len(real.columns)))
    whole = np.stack(real.cells, 1)
    middle, spread = np.nan_to_num(np.nanmean(whole, 0)), np.nan_to_num(np.nanstd(whole, 0))
    spread = np.where(spread > 0, spread, 1.0)
    sides = [(np.stack(table.cells, 1) - middle) / spread for table in (real, fake)]
    return np.stack(
        [
            _agree(*(_pearson(side[group != left_out]) for side, group in zip(sides, groups, strict=True)))
            for left_out in range(-1, many)
        ]
    )


def _agree(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    neither = np.isnan(one) & np.isnan(other)
    alike: np.ndarray = 1 - np.abs(np.nan_to_num(one) - np.nan_to_num(other)) / 2
    return np.where(neither, np.nan, alike)


def _pearson(rows: np.ndarray) -> np.ndarray:
    """Correlate all pairs of columns over the rows that have both; NaN where one of them does not vary."""
    there = (~np.isnan(rows)).astype(np.float64)
    filled = np.where(np.isnan(rows), 0.0, rows)
    n = there.T @ there
    sums, squares = filled.T @ there, (filled**2).T @ there
    cross = n * (filled.T @ filled) - sums * sums.T
    spread = n * squares - sums**2
    # What is left by rounding of a constant column is no spread.
    spread = np.where(spread > 1e-10 * n * squares, spread, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = cross / np.sqrt(spread * spread.T)
    return np.where(np.isfinite(r), r, np.nan)


def _codes(column: Column, real: np.ndarray, fake: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Number a column's levels or bins on both sides; a hole is the first."""
    if not column.scale:
        return real + 1, fake + 1, len(column.levels) + 1
    edges = np.linspace(np.nanmin(real), np.nanmax(real), BINS + 1)
    one, other = (np.where(np.isnan(side), 0, _bin(side, edges) + 1) for side in (real, fake))
    return one, other, BINS + 3


def _bin(side: np.ndarray, edges: np.ndarray) -> np.ndarray:
    place = np.searchsorted(edges, side, side="right")
    # The last bin holds its upper edge.
    return np.where(side == edges[-1], BINS, place)


def _shared(
    first: tuple[np.ndarray, np.ndarray, int], second: tuple[np.ndarray, np.ndarray, int], groups: Dealt, many: int
) -> np.ndarray:
    size = first[2] * second[2]
    sides = [a.astype(np.int64) * second[2] + b for a, b in zip(first[:2], second[:2], strict=True)]
    if size * (many + 1) > MOST_COUNTS:
        distinct, number = np.unique(np.concatenate(sides), return_inverse=True)
        size, sides = len(distinct), np.split(number, [len(sides[0])])
    return overlap(*(counts(side, size, group, many) for side, group in zip(sides, groups, strict=True)))
