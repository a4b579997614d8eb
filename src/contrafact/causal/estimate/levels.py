"""Treatments as levels: which there are, in which order, and which two are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from contrafact.base.errors import DataError, UsageError, did_you_mean
from contrafact.causal.estimate.columns import Array, numbers
from contrafact.causal.estimate.crossfit import Codes

if TYPE_CHECKING:
    import pandas as pd

MOST_LEVELS, FEW_NUMBERS, LEAST_ROWS = 20, 8, 5
Kind = Literal["levels", "amount"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Treatment:
    """A treatment as numbers.

    Arguments:
        name: Its column.
        kind: levels, or an amount that may be anything between.
        codes: The level of each row; all zero for an amount.
        levels: The levels, in order.
        values: The amounts; codes for levels that are no numbers.
    """

    name: str
    kind: Kind
    codes: Codes
    levels: tuple[Any, ...]
    values: Array

    def place(self, level: Any) -> int:
        """Find a level.

        Raises:
            UsageError: There is none like that.
        """
        for place, known in enumerate(self.levels):
            if known == level or str(known) == str(level):
                return place
        raise UsageError(
            f"'{self.name}' never has the value {level}.",
            why=did_you_mean(str(level), map(str, self.levels)),
            fix=f"Compare values that it has: {self.levels[0]} and {self.levels[-1]}.",
            code="E526",
        )


def treatment_of(column: pd.Series[Any], name: str) -> Treatment:
    """Read a treatment.

    Arguments:
        column: Its cells, without holes.
        name: Its name.

    Raises:
        DataError: It is constant, or has too many levels to compare.
    """
    values, distinct = numbers(column), column.nunique()
    if distinct < 2:
        only = column.iloc[0] if len(column) else "nothing"
        raise DataError(
            f"Treatment '{name}' is constant: every row has {only}.",
            why="An effect is a comparison, and there is nobody to compare with.",
            fix="Add rows that had another treatment, or name another column with -t.",
            code="E521",
        )
    if values is not None and distinct > FEW_NUMBERS:
        zero = np.zeros(len(column), dtype=np.int64)
        return Treatment(name=name, kind="amount", codes=zero, levels=(), values=values)
    levels, codes = np.unique(column.to_numpy() if values is not None else column.astype(str), return_inverse=True)
    counts = np.bincount(codes)
    if len(levels) > MOST_LEVELS:
        raise DataError(
            f"Treatment '{name}' has {len(levels):,} levels.",
            why=f"Each needs rows of its own to be compared; up to {MOST_LEVELS} levels are.",
            fix="Merge levels, or give an amount as numbers.",
            code="E522",
        )
    if counts.min() < LEAST_ROWS:
        rare = levels[int(counts.argmin())]
        raise DataError(
            f"Only {counts.min()} rows have {name} = {rare}.",
            why=f"A level needs at least {LEAST_ROWS} rows to be compared.",
            fix="Merge it with another level, or leave those rows out.",
            code="E522",
        )
    amounts = values if values is not None else codes.astype(float)
    return Treatment(
        name=name, kind="levels", codes=codes.astype(np.int64), levels=tuple(levels.tolist()), values=amounts
    )
