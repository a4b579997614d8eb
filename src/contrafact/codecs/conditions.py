"""Conditions on columns of a table: a value, an interval or a set, as a weight for each token.

`{"age": 40}`; `{"age": (30, 40)}` or the text "30..40"; `{"sex": ["Female", "Male"]}` or the text "Female|Male";
`{"city": None}` for a hole. A condition on a column that follows from another becomes one on its source.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from contrafact.base.errors import UsageError, did_you_mean
from contrafact.codecs.cells import HOLE, NO_WORD, Cells, parsed, series, whole
from contrafact.codecs.schema import Column
from contrafact.codecs.table import TableCodec
from contrafact.codecs.tokens import Tokens


@dataclass(frozen=True, kw_only=True, eq=False)
class Limit:
    """What a column may be.

    Arguments:
        weights: For each token the share of its mass that is allowed.
        start: The least share of each token's interval that is allowed.
        stop: The largest.
        low: The least number that is allowed.
        high: The largest.
    """

    weights: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    low: float = -math.inf
    high: float = math.inf

    @property
    def single(self) -> bool:
        """Whether one token only is allowed."""
        return int((self.weights > 0).sum()) == 1

    def both(self, other: Limit) -> Limit:
        """Allow what both allow."""
        return Limit(
            weights=np.minimum(self.weights, other.weights) * (self.weights > 0) * (other.weights > 0),
            start=np.maximum(self.start, other.start),
            stop=np.minimum(self.stop, other.stop),
            low=max(self.low, other.low),
            high=min(self.high, other.high),
        )


def limits_of(codec: TableCodec, given: Mapping[Any, Any] | None) -> dict[int, Limit]:
    """Read conditions as limits on columns, by place; a follower's stands beside that of its source.

    Raises:
        UsageError: A column is not learned, or never was as it should be.
    """
    found: dict[int, Limit] = {}
    for name, wish in (given or {}).items():
        place = codec.schema.place(name)
        column, kind = codec.schema.columns[place], codec.kinds[place]
        if kind is None:
            _check_constant(column, wish)
            continue
        found[place] = limit = limit_of(column, kind, wish)
        tie = codec.ties[place]
        if tie is not None:
            on_source = _through(codec, place, limit)
            found[tie.source] = on_source.both(found[tie.source]) if tie.source in found else on_source
    for place, limit in found.items():
        if not (limit.weights > 0).any():
            named = codec.schema.columns[place].name
            raise _never(named, dict(given or {}), f"No row can meet it beside the other conditions on {named!r}.")
    if codec.rules is not None and found:
        codec.rules.check(codec, found)
    return found


def _check_constant(column: Column, wish: Any) -> None:
    if column.role == "constant" and [str(word) for word in column.words] == [str(wish)]:
        return
    raise UsageError(
        f"Column {column.name!r} cannot be given as {wish!r}.",
        why=f"It is no part of what was learned: {column.said()}.",
        fix="Leave the column out.",
        code="E114",
    )


def _never(name: Any, wish: Any, why: str) -> UsageError:
    return UsageError(
        f"Column {name!r} cannot be given as {wish!r}.",
        why=why,
        fix="Give what occurs in the data: a value, an interval 30..40 or a set a|b.",
        code="E114",
    )


def limit_of(column: Column, kind: Tokens, wish: Any) -> Limit:
    """Read what one column may be."""
    ends = _interval(column, wish)
    if ends is not None:
        low, high = ends
        mass, start, stop = kind.shares_between(low, high)
        if not (mass > 0).any():
            raise _never(column.name, wish, f"Its numbers lie between {_span(column, kind)}.")
        return Limit(weights=mass, start=start, stop=stop, low=low, high=high)
    several = wish.split("|") if isinstance(wish, str) and "|" in wish and not _is_word(column, wish) else wish
    if isinstance(several, (list, set, frozenset, np.ndarray)):
        return _of_set(column, kind, list(several))
    return _of_value(column, kind, several)


def _of_set(column: Column, kind: Tokens, wishes: list[Any]) -> Limit:
    limits = [_of_value(column, kind, wish) for wish in wishes]
    if not limits:
        raise _never(column.name, wishes, "The set is empty.")
    if len({float(limit.low) for limit in limits if math.isfinite(limit.low)}) > 1 and len(kind.knots):
        tokens = [int(limit.weights.argmax()) for limit in limits]
        if any(len(kind.points) <= token < kind.numbers for token in tokens):
            raise _never(column.name, wishes, "Its numbers are many; a set of them has no chance of its own.")
    return Limit(
        weights=np.max([limit.weights for limit in limits], axis=0),
        start=np.zeros(kind.size),
        stop=np.ones(kind.size),
        low=min(limit.low for limit in limits),
        high=max(limit.high for limit in limits),
    )


def _of_value(column: Column, kind: Tokens, wish: Any) -> Limit:
    cells = _cell(column, wish)
    number = float(cells.numbers[0])
    token, within = (part[0] for part in kind.encode(cells))
    if cells.words[0] == HOLE and not (_is_hole(wish) and kind.holes):
        why = "It has no holes." if _is_hole(wish) else _known(column, kind, wish)
        raise _never(column.name, wish, why)
    if cells.words[0] == NO_WORD and not _in_range(kind, number):
        raise _never(column.name, wish, f"Its numbers lie between {_span(column, kind)}.")
    weights = np.zeros(kind.size)
    weights[token] = 1.0
    share = np.full(kind.size, float(within))
    low, high = (-math.inf, math.inf) if cells.words[0] != NO_WORD else (number, number)
    return Limit(weights=weights, start=share, stop=share, low=low, high=high)


def _known(column: Column, kind: Tokens, wish: Any) -> str:
    if not column.words:
        return f"Its numbers lie between {_span(column, kind)}."
    return did_you_mean(str(wish), [str(word) for word in column.words[:1000]])


def _in_range(kind: Tokens, number: float) -> bool:
    if not kind.numbers:
        return False
    low, high = kind.ends
    alone = not len(kind.knots)
    return bool((kind.points == number).any() if alone else low <= number <= high)


def _span(column: Column, kind: Tokens) -> str:
    from contrafact.codecs.written import write

    if not kind.numbers:
        return "no bounds"
    ends = Cells(numbers=np.array(kind.ends), words=np.full(2, NO_WORD))
    first, last = write(column, ends).tolist()
    return f"{first} and {last}"


def _is_word(column: Column, wish: Any) -> bool:
    return any(str(word) == str(wish) for word in column.words)


def _is_hole(wish: Any) -> bool:
    return wish is None or wish == "" or (isinstance(wish, float) and math.isnan(wish))


def _interval(column: Column, wish: Any) -> tuple[float, float] | None:
    """Read an interval, if it is one: two ends, of which one may be open."""
    if not column.numeric:
        return None
    if isinstance(wish, str) and ".." in wish:
        wish = tuple(part.strip() or None for part in wish.split("..", 1))
    if isinstance(wish, slice):
        wish = (wish.start, wish.stop)
    if not isinstance(wish, tuple) or len(wish) != 2:
        return None
    ends = [float(_cell(column, end).numbers[0]) if end is not None else math.nan for end in wish]
    if any(math.isnan(end) and given is not None for end, given in zip(ends, wish, strict=True)):
        raise _never(column.name, wish, "An end of the interval cannot be read.")
    low, high = (-math.inf if math.isnan(ends[0]) else ends[0]), (math.inf if math.isnan(ends[1]) else ends[1])
    return low, high


def _cell(column: Column, wish: Any) -> Cells:
    """Read a value as one cell of a column; what cannot be read is a hole."""
    place = next((i for i, word in enumerate(column.words) if str(word) == str(wish)), None)
    if place is not None:
        return Cells(numbers=np.array([np.nan]), words=np.array([place]))
    number = number_of(column, wish) if column.numeric and not _is_hole(wish) else math.nan
    return Cells(numbers=np.array([number]), words=np.array([HOLE if math.isnan(number) else NO_WORD]))


def number_of(column: Column, wish: Any) -> float:
    """Read a number or a date as a column counts it; NaN where it is neither."""
    import pandas as pd

    try:
        if column.dtype.startswith(("datetime64", "timedelta64")):
            return float(whole(series([wish]).astype(column.dtype))[0][0] - column.origin)
        if "%" in column.written:
            read = parsed(series([str(wish)], dtype=object), column.written)[0]
            moment = read if not math.isnan(read) else pd.Timestamp(str(wish)).value / 1000
            return float(moment) - column.origin
        return float(wish) - column.origin
    except (ValueError, TypeError, OverflowError):
        return math.nan


def _through(codec: TableCodec, place: int, limit: Limit) -> Limit:
    """Turn a limit on a follower into one on its source."""
    tie = codec.ties[place]
    assert tie is not None
    kind = codec.kinds[tie.source]
    assert kind is not None
    if tie.table:
        weights = limit.weights[np.array(tie.table)]
        return Limit(weights=weights, start=np.zeros(kind.size), stop=np.ones(kind.size))
    ends = sorted((end - tie.offset) / tie.slope for end in (limit.low, limit.high))
    mass, start, stop = kind.shares_between(*ends)
    if ends[0] == ends[1]:
        token, within = kind.encode(Cells(numbers=np.array(ends[:1]), words=np.array([NO_WORD])))
        mass = np.zeros(kind.size)
        mass[token] = 1.0
        start = stop = np.full(kind.size, float(within[0]))
    if not math.isfinite(limit.low) and not math.isfinite(limit.high):  # words and holes are shared
        words = limit.weights[-(kind.size - kind.numbers) :] if kind.size > kind.numbers else np.empty(0)
        mass = np.concatenate([np.zeros(kind.numbers), words])
    return Limit(weights=mass, start=start, stop=stop, low=ends[0], high=ends[1])
