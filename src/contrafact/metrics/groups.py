"""Scores of two tables whose interval comes from leaving out a twentieth of the rows of both sides at a time.

Every statistic here is an average over columns (or pairs of them) of figures that can be had for all rows but one group
from sums over groups, so that the spread costs little more than the value: the delete-a-group jackknife.

Reference: Shao and Tu, *The Jackknife and Bootstrap*, Springer 1995, chapter 2.3.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from contrafact.base.records import Score
from contrafact.base.seeds import generator
from contrafact.metrics.columns import Table, tables

GROUPS = 20
FLOOR_ROWS = 20_000  # anchors need no more

Dealt = tuple[np.ndarray, np.ndarray]
Values = Callable[[Table, Table, Dealt, int], np.ndarray]


def dealt(real: Table, fake: Table, groups: int, seed: int) -> Dealt:
    """Deal the rows of both sides evenly into groups, at random."""
    sides = ((real, "real"), (fake, "fake"))
    one, other = (generator(seed, "groups", name).permutation(len(side)) % max(groups, 1) for side, name in sides)
    return one, other


def jackknifed(name: str, values: np.ndarray, n: int) -> Score:
    """Make a score from its value on all rows, followed by those without each of the groups.

    Arguments:
        name: The score's name.
        values: The value, then a value for each group that was left out.
        n: Number of fakes.
    """
    from scipy.special import stdtrit

    value, without = float(values[0]), values[1:]
    low, high = 0.0, 1.0
    if len(without) > 1:
        reach = float(stdtrit(len(without) - 1, 0.975)) * math.sqrt((len(without) - 1) * float(np.var(without)))
        low, high = max(value - reach, 0.0), min(value + reach, 1.0)
    return Score(name=name, value=value, low=min(low, value), high=max(high, value), n=n, better="higher")


def similarity(
    name: str, values: Values, real: Any, fake: Any, holdout: Any, seed: int, worst: Callable[[Table, int], Table]
) -> Score:
    """Score how alike two tables are, with interval, floor and ceiling.

    The ceiling is brought to the size of the samples: what chance takes from a similarity shrinks like n^-1/2.

    Arguments:
        name: The score's name.
        values: Gives one row for each column (or pair), of the figure on all rows and without each group.
        real: The real frame.
        fake: The generated frame.
        holdout: Real rows that the generator never saw; without them the halves of `real` are compared.
        seed: Deals rows into groups.
        worst: Makes the rows that get the floor, from the real ones.
    """
    read = tables(real, fake, *([] if holdout is None else [holdout]))
    real, fake = read[:2]
    groups = min(GROUPS, len(real), len(fake))
    groups = groups if groups > 1 else 0
    found = _mean(values(real, fake, dealt(real, fake, groups, seed), groups))
    if found is None:
        return Score(name=name, value=math.nan, low=math.nan, high=math.nan, n=len(fake), better="higher")
    few = real.at_most(FLOOR_ROWS, seed, "floor")
    one, other = real.halves(seed) if holdout is None else (real, read[2])
    size = (1 / len(real) + 1 / len(fake)) / (1 / len(one) + 1 / len(other))
    floor = _mean(values(few, worst(few, seed), dealt(few, few, 0, seed), 0))
    best = _mean(values(one, other, dealt(one, other, 0, seed), 0))
    ceiling = None if best is None else 1 - (1 - float(best[0])) * math.sqrt(size)
    score = jackknifed(name, found, len(fake))
    return replace(score, floor=None if floor is None else float(floor[0]), ceiling=ceiling)


def _mean(rows: np.ndarray) -> np.ndarray | None:
    """Average over the columns (or pairs) that have a figure."""
    known = rows[~np.isnan(rows[:, 0])] if len(rows) else rows
    if not len(known):
        return None
    average: np.ndarray = np.nanmean(known, axis=0)
    return average


def counts(codes: np.ndarray, levels: int, groups: np.ndarray, many: int) -> np.ndarray:
    """Count levels over all rows, then over all rows but each group's; a code below 0 is not counted."""
    kept = codes >= 0
    if many == 0:
        return np.bincount(codes[kept], minlength=levels)[None].astype(np.float64)
    parts = np.bincount(codes[kept] + levels * groups[kept], minlength=levels * many).reshape(many, levels)
    whole = parts.sum(0)
    return np.concatenate([whole[None], whole - parts]).astype(np.float64)


def overlap(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Give what two histograms share, row by row: 1 less half the sum of differences of their shares."""
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = [table / table.sum(1, keepdims=True) for table in (one, other)]
    shared: np.ndarray = 1 - np.abs(shares[0] - shares[1]).sum(1) / 2
    return shared
