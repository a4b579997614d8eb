"""How rules read what a training has logged: rows of numbers in order of steps; what was not finite is None."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Row = dict[str, Any]


def evaluated(rows: Sequence[Row]) -> list[Row]:
    """Keep the rows in which fakes were scored."""
    return [row for row in rows if "score" in row]


def in_play(rows: Sequence[Row]) -> list[Row]:
    """Leave out the steps in which the critic moved alone: nothing can be said of the generator yet."""
    return [row for row in rows if "generator/gradient" in row]


def always(rows: Sequence[Row], name: str, count: int, holds: Callable[[float], bool]) -> bool:
    """Tell whether a number holds in each of the last `count` rows that have it."""
    values = [row[name] for row in rows if name in row][-count:]
    return len(values) == count and all(holds(value) for value in values)
