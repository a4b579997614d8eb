"""How alike the columns of two tables are, one at a time, and how alike their holes.

- A number or a date: 1 less the Kolmogorov-Smirnov statistic, the largest gap between the two distribution functions.
- A category: 1 less the total variation, half the sum of the differences of the levels' shares.
- Keys and free text are left out; of all columns only the cells that are there are compared.

These are the public definitions of SDMetrics' "column shapes". They are blind to every relation between columns:
columns shuffled independently get nearly 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from contrafact.base.records import Score
from contrafact.base.seeds import generator
from contrafact.metrics.columns import HOLE, Column, Table, tables
from contrafact.metrics.groups import Dealt, counts, dealt, overlap, similarity

MOST_HOLED = 500  # columns whose holes are compared


def shapes(real: Any, fake: Any, holdout: Any = None, seed: int = 0) -> Score:
    """Score how alike the columns are, one at a time: the mean over columns, 0 to 1.

    The floor is what even noise over each column's range or levels gets.

    Arguments:
        real: The real frame.
        fake: The generated frame.
        holdout: Real rows that the generator never saw, for the ceiling.
        seed: Deals rows into groups for the interval.
    """
    return similarity("shapes", shape_values, real, fake, holdout, seed, even_noise)


def shape_table(real: Any, fake: Any) -> dict[str, float]:
    """Give each column's likeness by its name; keys and free text have none."""
    one, other = tables(real, fake)[:2]
    found = shape_values(one, other, dealt(one, other, 0, 0), 0)[:, 0]
    return {
        column.name: float(value) for column, value in zip(one.columns, found, strict=True) if column.kind != "text"
    }


def shape_values(real: Table, fake: Table, groups: Dealt, many: int) -> np.ndarray:
    """Give for each column its likeness over all rows, then without each group; NaN for text and for empty columns."""
    return np.stack(
        [
            _likeness(column, (a, b), groups, many)
            for column, a, b in zip(real.columns, real.cells, fake.cells, strict=True)
        ]
    )


def _likeness(column: Column, sides: tuple[np.ndarray, np.ndarray], groups: Dealt, many: int) -> np.ndarray:
    if column.kind == "text":
        return np.full(many + 1, np.nan)
    if not column.scale:
        levels = max(len(column.levels), 1)
        return overlap(*(counts(side, levels, group, many) for side, group in zip(sides, groups, strict=True)))
    return _smirnov(sides, groups, many)


def _smirnov(sides: tuple[np.ndarray, np.ndarray], groups: Dealt, many: int) -> np.ndarray:
    """Give 1 less the largest gap between two distribution functions, over all rows and without each group."""
    here = [~np.isnan(side) for side in sides]
    values = np.concatenate([side[there] for side, there in zip(sides, here, strict=True)])
    if not len(values):
        return np.full(many + 1, np.nan)
    order = np.argsort(values, kind="stable")
    last = np.append(np.diff(values[order]) > 0, True)
    sizes = [int(there.sum()) for there in here]
    side_of = np.repeat([0, 1], sizes)[order]
    group_of = np.concatenate([group[there] for group, there in zip(groups, here, strict=True)])[order]
    return np.array([_gap(side_of, group_of != left_out, last) for left_out in range(-1, many)])


def _gap(side_of: np.ndarray, kept: np.ndarray, last: np.ndarray) -> float:
    real = np.cumsum(kept & (side_of == 0))
    fake = np.cumsum(kept & (side_of == 1))
    if not real[-1] or not fake[-1]:
        return 0.0 if real[-1] != fake[-1] else float("nan")
    return float(1 - np.abs(real[last] / real[-1] - fake[last] / fake[-1]).max())


def even_noise(real: Table, seed: int) -> Table:
    """Draw each column evenly over its range or its levels; holes stay where they are."""
    random = generator(seed, "even noise")
    return Table(
        columns=real.columns,
        cells=tuple(_even(column, cells, random) for column, cells in zip(real.columns, real.cells, strict=True)),
        rows=real.rows,
    )


def _even(column: Column, cells: np.ndarray, random: np.random.Generator) -> np.ndarray:
    if not column.scale:
        return np.where(cells == HOLE, HOLE, random.integers(0, max(column.known, 1), len(cells)))
    low, high = np.nanmin(cells), np.nanmax(cells)
    return np.where(np.isnan(cells), np.nan, low + (high - low) * random.random(len(cells)))


def missingness(real: Any, fake: Any, holdout: Any = None, seed: int = 0) -> Score | None:
    """Score how alike the holes are: how many each column has, and which columns have them together.

    The mean of two averages: over the columns with holes, 1 less the difference of their shares; over the pairs of
    such columns, what the four shares of (hole or not, hole or not) have in common. It does not see on what values the
    holes depend. The floor is what a table without a hole gets.

    Arguments:
        real: The real frame.
        fake: The generated frame.
        holdout: Real rows that the generator never saw, for the ceiling.
        seed: Deals rows into groups for the interval.

    Returns:
        The score, or None where neither side has a hole.
    """
    read = tables(real, fake, *([] if holdout is None else [holdout]))
    holed = np.flatnonzero(read[0].holes().any(0) | read[1].holes().any(0))
    if not len(holed):
        return None
    if len(holed) > MOST_HOLED:
        holed = np.sort(generator(seed, "holed columns").choice(holed, MOST_HOLED, replace=False))
    kept = [table.only(holed.tolist()) for table in read]
    others = kept[2] if len(kept) > 2 else None
    return similarity("missingness", _hole_values, kept[0], kept[1], others, seed, _filled)


def _filled(real: Table, seed: int) -> Table:
    return Table(columns=real.columns, cells=tuple(np.zeros_like(c) for c in real.cells), rows=real.rows)


def _hole_values(real: Table, fake: Table, groups: Dealt, many: int) -> np.ndarray:
    sides = [(table.holes().astype(np.float64), group) for table, group in zip((real, fake), groups, strict=True)]
    return np.array([[_alike_holes(*(m[g != left_out] for m, g in sides)) for left_out in range(-1, many)]])


def _alike_holes(one: np.ndarray, other: np.ndarray) -> float:
    if not len(one) or not len(other):
        return float("nan")
    alone = [marks.mean(0) for marks in (one, other)]
    columns = 1 - np.abs(alone[0] - alone[1])
    if len(columns) == 1:
        return float(columns[0])
    both = [marks.T @ marks / len(marks) for marks in (one, other)]
    # The four shares differ by these amounts: both, the first only, the second only, neither.
    first, second = ((alone[0] - alone[1])[:, None], (alone[0] - alone[1])[None])
    joint = both[0] - both[1]
    apart = np.abs(joint) + np.abs(first - joint) + np.abs(second - joint) + np.abs(joint - first - second)
    pairs = 1 - apart[np.triu_indices(len(columns), 1)] / 2
    return float((columns.mean() + pairs.mean()) / 2)
