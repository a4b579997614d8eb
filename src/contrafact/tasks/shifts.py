"""What if missing numbers are larger or smaller than the observed ones tell? Delta adjustment, pooled by Rubin's rules.

Random fillings are moved by some shifts D, and the mean of the column is estimated from each and pooled. Under D = 0
holes are taken for missing at random (MAR); any other D is an assumption about what nobody has seen (MNAR). The table
says how much the mean hangs on it, and how far the missing numbers would have to lie off for the mean to leave the
interval that it has without a shift (the tipping point).

Reference: van Buuren, *Flexible imputation of missing data*, 2nd edition 2018, section 9.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from contrafact.base.errors import UsageError
from contrafact.metrics.pooling import pooled
from contrafact.tasks.table_maker import column_named

STEPS = (0.0, 0.5, 1.0, 2.0)  # of a single shift, that are shown beside it


@dataclass(frozen=True, kw_only=True)
class Shifted:
    """The mean of a column with its filled cells moved.

    Arguments:
        column: The column.
        shift: By how much.
        mean: The pooled mean.
        low: The lower end of its 95 % interval.
        high: The upper end.
    """

    column: Any
    shift: float
    mean: float
    low: float
    high: float

    def to_json(self) -> dict[str, Any]:
        """Give the row as JSON-ready values."""
        return {**vars(self), "column": str(self.column)}


def read_shifts(frame: Any, shift: Mapping[Any, Any]) -> dict[Any, tuple[float, ...]]:
    """Read by how much filled numbers are moved: one number, or several to be compared.

    Raises:
        UsageError: A column is unknown or holds no numbers, or a shift is none.
    """
    found = {}
    for name, wish in shift.items():
        column = column_named(frame, name)
        parts = wish.split(",") if isinstance(wish, str) else wish if isinstance(wish, (list, tuple)) else [wish]
        try:
            found[column] = tuple(float(part) for part in parts)
        except (TypeError, ValueError):
            found[column] = ()
        if frame[column].dtype.kind not in "iuf" or not found[column] or not np.isfinite(found[column]).all():
            raise UsageError(
                f"Filled cells of column {column!r} cannot be moved by {wish!r}.",
                why=f"A shift is a number, in the units of a column of numbers; this one is {frame[column].dtype}.",
                fix="--shift income=-5000, or several to compare: --shift income=-5000,0,5000",
                code="E133",
            )
    return found


def applied(shifts: Mapping[Any, Sequence[float]]) -> dict[Any, float]:
    """Give the shifts that filled tables bear: where one is asked for; several are only compared."""
    return {column: parts[0] for column, parts in shifts.items() if len(parts) == 1}


def shown(parts: Sequence[float]) -> list[float]:
    """Give the shifts to compare: those that were asked for, or a single one with none, half and twice of it."""
    return sorted({0.0, *parts} if len(parts) > 1 else {parts[0] * step + 0.0 for step in STEPS})


def compared(frame: Any, draws: Sequence[Any], shifts: Mapping[Any, Sequence[float]]) -> list[Shifted]:
    """Pool the means of columns under several shifts.

    Arguments:
        frame: The table with holes.
        draws: Random fillings of it, not moved.
        shifts: Shifts of its columns.
    """
    found = []
    for column, parts in shifts.items():
        holes = frame[column].isna().to_numpy()
        numbers = [draw[column].to_numpy(dtype=np.float64, na_value=np.nan) for draw in draws]
        if len(frame) < 2 or not holes.any() or np.isnan(numbers[0]).any():
            continue
        for shift in shown(parts):
            moved = [own + shift * holes for own in numbers]
            variances = [own.var(ddof=1) / len(own) for own in moved]
            mean, low, high = pooled([own.mean() for own in moved], variances, freedom=len(frame) - 1)
            found.append(Shifted(column=column, shift=shift, mean=mean, low=low, high=high))
    return found


def sentences(frame: Any, rows: Sequence[Shifted]) -> list[str]:
    """Say for each column how its mean hangs on the shift."""
    said = []
    for column in dict.fromkeys(row.column for row in rows):
        own = [row for row in rows if row.column == column]
        told = "; ".join(
            f"{row.shift:+g}: {_figure(row.mean)} ({_figure(row.low)} to {_figure(row.high)})" for row in own
        )
        still = next(row for row in own if row.shift == 0)
        share = float(frame[column].isna().mean())
        tip = (still.high - still.low) / 2 / share
        said.append(
            f"Mean of {column} with filled cells moved by ... (pooled by Rubin's rules, 95 %): {told}. It leaves the "
            f"interval of no shift if the missing numbers lie more than {_figure(tip)} off what the observed ones tell."
        )
    return said


def _figure(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"
