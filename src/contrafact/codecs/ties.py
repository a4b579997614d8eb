"""Columns that say what another column says already: copies, straight lines, and functions of another's value.

A model need not learn twice what one column decides about another, and an independent draw for each would break the
rule now and then. So the follower is left out of what is learned and derived again after; a condition on it becomes
one on its source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from contrafact.codecs.cells import NO_WORD, Cells
from contrafact.codecs.tokens import Tokens

PROBED_ROWS, MOST_COLUMNS = 512, 200
SURPRISE = 20.0  # rows that would break the rule, were the columns independent, for it to be believed


@dataclass(frozen=True, kw_only=True, eq=False)
class Tie:
    """How a column follows from another.

    Arguments:
        source: The place of the other column.
        table: The follower's token for each of the source's; empty where it is a line.
        slope: The follower's number for each step of the source's, where it is a line.
        offset: The follower's number where the source's is 0.
    """

    source: int
    table: tuple[int, ...] = ()
    slope: float = 0.0
    offset: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Give the tie as JSON-ready values."""
        return {**vars(self), "table": list(self.table)}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(**{**row, "table": tuple(row["table"])})


def ties_of(
    cells: Sequence[Cells | None], tokens: Sequence[np.ndarray | None], kinds: Sequence[Any]
) -> list[Tie | None]:
    """Find the columns that follow from others; a source follows from none.

    Arguments:
        cells: Each learned column's cells, None for the others.
        tokens: Their tokens.
        kinds: Their `Tokens`.
    """
    found: list[Tie | None] = [None] * len(cells)
    learned = [place for place, part in enumerate(cells) if part is not None]
    if len(learned) > MOST_COLUMNS:
        return found
    free: list[int] = []
    for place in sorted(learned, key=lambda i: (-kinds[i].size, i)):
        for source in free:
            found[place] = _tie(source, place, cells, tokens, kinds)
            if found[place] is not None:
                break
        else:
            free.append(place)
    return found


def holds(tie: Tie, place: int, cells: Sequence[Cells | None], tokens: Sequence[np.ndarray | None]) -> bool:
    """Tell whether a column follows from another in more rows, too.

    Arguments:
        tie: How it should follow.
        place: The follower's place.
        cells: Each learned column's cells.
        tokens: Their tokens.
    """
    source, follower, own, seen = cells[tie.source], cells[place], tokens[tie.source], tokens[place]
    assert source is not None and follower is not None and own is not None and seen is not None
    if (source.holes != follower.holes).any():
        return False
    if tie.table:
        return bool((np.array([*tie.table, -1])[own] == seen).all())
    given = source.words == NO_WORD
    x, y = source.numbers[given], follower.numbers[given]
    reach = 1e-9 * np.abs(np.concatenate([y, tie.slope * x, [tie.offset, 1e-300]])).max()
    return bool((source.words == follower.words).all() and (np.abs(tie.slope * x + tie.offset - y) <= reach).all())


def _tie(source: int, place: int, cells: Any, tokens: Any, kinds: Any) -> Tie | None:
    if (cells[source].holes != cells[place].holes).any():
        return None
    line = _line(cells[source], cells[place])
    if line is not None:
        return Tie(source=source, slope=line[0], offset=line[1])
    if _valued(kinds[source]) and _valued(kinds[place]):
        table = _table(tokens[source], tokens[place], kinds[source], kinds[place])
        return None if table is None else Tie(source=source, table=table)
    return None


def _valued(kind: Tokens) -> bool:
    """Tell whether each token is one value."""
    return len(kind.knots) == 0


def _line(source: Cells, follower: Cells) -> tuple[float, float] | None:
    """Find the straight line on which two columns of numbers lie, if they do."""
    if (source.words != follower.words).any() or not (source.words == NO_WORD).any():
        return None
    given = source.words == NO_WORD
    x, y = source.numbers[given], follower.numbers[given]
    low, high = int(x.argmin()), int(x.argmax())
    if x[low] == x[high] or (source.words >= 0).any():
        return None
    slope = (y[high] - y[low]) / (x[high] - x[low])
    offset = y[low] - slope * x[low]
    reach = 1e-9 * max(float(np.abs(y).max()), 1e-300)
    exact = len(np.unique(x[:PROBED_ROWS])) > 2 and slope != 0 and (np.abs(slope * x + offset - y) <= reach).all()
    return (float(slope), float(offset)) if exact else None


def _table(source: np.ndarray, follower: np.ndarray, kind: Tokens, other: Tokens) -> tuple[int, ...] | None:
    """Find the follower's token for each of the source's, if there is one for each and not by chance."""
    some = slice(PROBED_ROWS)
    if not (_decides(source[some], follower[some], other.size) and _decides(source, follower, other.size)):
        return None
    shares = np.bincount(follower[follower >= 0], minlength=other.size) / len(follower)
    repeats = len(source) - len(np.unique(source))
    if repeats * (1 - float((shares**2).sum())) < SURPRISE:
        return None
    table = np.full(kind.size, int(shares.argmax()))
    table[source[source >= 0]] = follower[source >= 0]
    return tuple(int(token) for token in table)


def _decides(source: np.ndarray, follower: np.ndarray, levels: int) -> bool:
    return len(np.unique(source)) == len(np.unique(source * (levels + 1) + follower))
