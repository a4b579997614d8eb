"""Rows that keep constraints: which do not, and the nearest ones that do.

Orders of columns, each number on its column's own scale, form a lattice: of all numbers that keep them and are not
below given ones there is a least. So two passes are enough. Against the order, each column's end is lowered to what
leaves room for the columns above it; then along the order, each number is held under that end and raised where a
smaller column is above it. Cells that may not be changed are ends of their own; where they break a constraint among
themselves nothing can be done, and the row is counted.

Of cells in a combination that was never seen as few as possible are replaced, by the commonest that fits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from contrafact.base.errors import UsageError
from contrafact.codecs.cells import Cells
from contrafact.codecs.rules import Bound, Combination, Order, Rules, tokens_of
from contrafact.codecs.scale import Scale, numbers_in

if TYPE_CHECKING:
    from contrafact.codecs.conditions import Limit
    from contrafact.codecs.table import TableCodec

MANY = 2.0**40  # a cell that is kept counts more than how common a combination is


@dataclass(frozen=True, kw_only=True)
class Count:
    """How constraints were kept.

    Arguments:
        rows: How many rows there are.
        projected: In how many a cell was moved to the nearest that fits, after it had been drawn.
        broken: How many break a constraint all the same, by cells that were given; by constraint.
    """

    rows: int
    projected: int
    broken: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """Give the counts as JSON-ready values."""
        return dict(vars(self))


def scale_of(codec: TableCodec, column: int) -> Scale:
    """Give the numbers that a column can hold."""
    return Scale(column=codec.schema.columns[column], kind=codec.kind(column))


def breaches(codec: TableCodec, rules: Rules, cells: Sequence[Cells | None]) -> dict[str, np.ndarray]:
    """Mark for each constraint the rows that break it; a missing value breaks none."""
    rows = next((len(part) for part in cells if part is not None), 0)
    parts: list[Bound | Order | Combination] = [*rules.bounds, *rules.orders, *rules.combinations]
    found = {part.text: np.zeros(rows, dtype=bool) for part in parts}
    for bound in rules.bounds:
        _, numbers, there = _numbers(codec, bound.column, cells)
        found[bound.text] |= there & ((numbers < bound.low) | (numbers > bound.high))
    for order in rules.orders:
        low_scale, low, low_there = _numbers(codec, order.lower, cells)
        scale, high, high_there = _numbers(codec, order.upper, cells)
        apart = high - scale.from_other(low_scale, low)
        found[order.text] |= low_there & high_there & ((apart < 0) | ((apart == 0) & order.strict))
    for combination in rules.combinations:
        tokens, whole = tokens_of(codec, combination.columns, cells)
        found[combination.text] |= whole & ~combination.holds(tokens)
    return found


def _numbers(codec: TableCodec, column: int, cells: Sequence[Cells | None]) -> tuple[Scale, np.ndarray, np.ndarray]:
    part, scale = cells[column], scale_of(codec, column)
    assert part is not None
    return scale, part.numbers, numbers_in(part)


def check_room(codec: TableCodec, rules: Rules, limits: Mapping[int, Limit]) -> None:
    """Refuse conditions and constraints that no row can keep together.

    Raises:
        UsageError: There are some; what contradicts what is said.
    """
    sure = {column for column in rules.numbered if not limits or _sure(codec, limits, column)}
    ends = raised(codec, rules, static_ends(codec, rules, limits), sure)
    for column in rules.numbered:
        if column in sure and ends[column][0] > ends[column][1]:
            raise _contradiction(codec, rules, column, limits)
    for combination in rules.combinations:
        certain = all(_sure(codec, limits, column) for column in combination.columns if column in limits)
        if certain and not allowed_combinations(codec, rules, combination, limits).any():
            raise _contradiction(codec, rules, combination.columns[0], limits, combination.text)


def _sure(codec: TableCodec, limits: Mapping[int, Limit], column: int) -> bool:
    """Tell whether a column's cells are no holes, and no words among numbers."""
    kind = codec.kind(column)
    first = kind.numbers if codec.schema.columns[column].numeric else kind.size - kind.holes
    return not limits[column].weights[first:].any() if column in limits else first == kind.size


def raised(
    codec: TableCodec, rules: Rules, ends: Mapping[int, tuple[float, float]], sure: set[int]
) -> dict[int, tuple[float, float]]:
    """Draw ends together, along orders of columns that are surely numbers."""
    found, scales = dict(ends), {column: scale_of(codec, column) for column in rules.numbered}
    orders = [order for order in rules.orders if {order.lower, order.upper} <= sure]
    for column in rules.numbered:
        for order in (order for order in orders if order.upper == column):
            end = scales[column].from_other(scales[order.lower], np.array(found[order.lower][0]))
            end = scales[column].above(end) if order.strict else scales[column].up(end)
            found[column] = (max(found[column][0], float(end)), found[column][1])
    for column in reversed(rules.numbered):
        for order in (order for order in orders if order.lower == column):
            end = scales[column].from_other(scales[order.upper], np.array(found[order.upper][1]))
            end = scales[column].below(end) if order.strict else scales[column].down(end)
            found[column] = (found[column][0], min(found[column][1], float(end)))
    return found


def static_ends(codec: TableCodec, rules: Rules, limits: Mapping[int, Limit]) -> dict[int, tuple[float, float]]:
    """Give what each held column lies between, by bounds and conditions."""
    ends = {column: list(scale_of(codec, column).ends) for column in rules.numbered}
    for bound in rules.bounds:
        ends[bound.column] = [max(ends[bound.column][0], bound.low), min(ends[bound.column][1], bound.high)]
    for column, limit in limits.items():
        if column in ends:
            ends[column] = [max(ends[column][0], limit.low), min(ends[column][1], limit.high)]
    return {column: (low, high) for column, (low, high) in ends.items()}


def allowed_combinations(
    codec: TableCodec, rules: Rules, combination: Combination, limits: Mapping[int, Limit]
) -> np.ndarray:
    """Mark the combinations that bounds and conditions allow."""
    found = np.ones(len(combination.seen), dtype=bool)
    ends = static_ends(codec, rules, {})
    for number, column in enumerate(combination.columns):
        kind, tokens = codec.kind(column), combination.seen[:, number]
        if column in limits:
            found &= limits[column].weights[tokens] > 0
        if column in ends and kind.numbers:
            points = np.concatenate([kind.points, np.full(kind.size - kind.numbers, np.nan)])[tokens]
            found &= ~((points < ends[column][0]) | (points > ends[column][1]))
    return found


def _contradiction(
    codec: TableCodec, rules: Rules, column: int, limits: Mapping[int, Limit], text: str = ""
) -> UsageError:
    names = ", ".join(repr(codec.schema.columns[place].name) for place in limits)
    parts: list[Bound | Order] = [*rules.bounds, *rules.orders]
    told = text or "; ".join(dict.fromkeys(part.text for part in parts if column in _columns(part)))
    if not limits:
        return UsageError(
            f"The constraints '{told}' contradict each other.",
            why=f"No number of column {codec.schema.columns[column].name!r} keeps them all.",
            fix="Leave one out, or give other ends.",
            code="E142",
        )
    return UsageError(
        f"What is given for {names} contradicts the constraint '{told}'.",
        why="No row can keep both.",
        fix="Give something else, or fit without that constraint.",
        code="E143",
    )


def _columns(part: Bound | Order) -> tuple[int, ...]:
    return (part.column,) if isinstance(part, Bound) else (part.lower, part.upper)


def kept(
    codec: TableCodec,
    rules: Rules,
    cells: Sequence[Cells | None],
    limits: Mapping[int, Limit] | None = None,
    fixed: Mapping[int, np.ndarray] | None = None,
) -> tuple[list[Cells | None], Count]:
    """Give rows that keep the constraints, the nearest to some rows, and count what was moved.

    Arguments:
        codec: Knows the columns.
        rules: The constraints.
        cells: The rows.
        limits: Conditions, which stay true.
        fixed: Which cells may not be changed, by column.
    """
    limits, fixed = limits or {}, fixed or {}
    cells = _settled(codec, rules, cells, fixed)
    found = breaches(codec, rules, cells)
    rows = np.flatnonzero(np.any(list(found.values()), axis=0)) if found else np.empty(0, dtype=np.int64)
    count = next((len(part) for part in cells if part is not None), 0)
    if not len(rows):
        return list(cells), Count(rows=count, projected=0, broken={})
    own = [part and Cells(numbers=part.numbers[rows], words=part.words[rows]) for part in cells]
    held = {column: mask[rows] for column, mask in fixed.items()}
    for combination in rules.combinations:
        allowed = allowed_combinations(codec, rules, combination, limits)
        _combine(codec, combination, own, allowed, held)
    _raise(codec, rules, own, limits, held)
    own = _followed(codec, own, held)
    changed = _changed(rows, cells, own)
    left = {text: int(mask.sum()) for text, mask in breaches(codec, rules, own).items() if mask.any()}
    return _put(rows, cells, own), Count(rows=count, projected=int(changed.sum()), broken=left)


def _settled(
    codec: TableCodec, rules: Rules, cells: Sequence[Cells | None], fixed: Mapping[int, np.ndarray]
) -> list[Cells | None]:
    """Give held numbers as the frame will show them."""
    made = list(cells)
    for column in rules.numbered:
        part = made[column]
        assert part is not None
        numbers = scale_of(codec, column).settled(part.numbers)
        stay = fixed.get(column, np.zeros(len(part), dtype=bool))
        made[column] = Cells(numbers=np.where(stay, part.numbers, numbers), words=part.words)
    return made


def _followed(codec: TableCodec, own: list[Cells | None], held: Mapping[int, np.ndarray]) -> list[Cells | None]:
    """Derive followers again, but for cells that may not be changed."""
    made = codec.with_followers(own)
    for column, tie in enumerate(codec.ties):
        part, new = own[column], made[column]
        if tie is not None and part is not None and new is not None and column in held:
            stay = held[column]
            numbers = np.where(stay, part.numbers, new.numbers)
            made[column] = Cells(numbers=numbers, words=np.where(stay, part.words, new.words))
    return made


def _changed(rows: np.ndarray, cells: Sequence[Cells | None], own: Sequence[Cells | None]) -> np.ndarray:
    found = np.zeros(len(rows), dtype=bool)
    for before, after in zip(cells, own, strict=True):
        if before is not None and after is not None:
            same = (before.numbers[rows] == after.numbers) | np.isnan(after.numbers)
            found |= ~same | (before.words[rows] != after.words)
    return found


def _put(rows: np.ndarray, cells: Sequence[Cells | None], own: Sequence[Cells | None]) -> list[Cells | None]:
    made = [part and part.copied() for part in cells]
    for whole, part in zip(made, own, strict=True):
        if whole is not None and part is not None:
            whole.numbers[rows], whole.words[rows] = part.numbers, part.words
    return made


def _raise(
    codec: TableCodec,
    rules: Rules,
    own: list[Cells | None],
    limits: Mapping[int, Limit],
    held: Mapping[int, np.ndarray],
) -> None:
    """Move numbers to the nearest that keep bounds and orders, in two passes; the cells are changed in place."""
    ends = static_ends(codec, rules, limits)
    scales = {column: scale_of(codec, column) for column in rules.numbered}
    parts: dict[int, Cells] = {}
    high: dict[int, np.ndarray] = {}
    there: dict[int, np.ndarray] = {}
    stays: dict[int, np.ndarray] = {}
    for column in reversed(rules.numbered):
        part = own[column]
        assert part is not None
        parts[column] = part = part.copied()
        there[column] = numbers_in(part)
        stays[column] = held.get(column, np.zeros(len(part), dtype=bool)) & there[column]
        top = scales[column].down(np.full(len(part), ends[column][1]))
        for order in rules.orders:
            if order.lower == column:
                end = scales[column].from_other(scales[order.upper], high[order.upper])
                end = scales[column].below(end) if order.strict else scales[column].down(end)
                top = np.where(there[order.upper], np.minimum(top, end), top)
        high[column] = np.where(stays[column], part.numbers, top)
    for column in rules.numbered:
        part, scale = parts[column], scales[column]
        bottom = scale.up(np.full(len(part), ends[column][0]))
        for order in rules.orders:
            if order.upper == column:
                end = scale.from_other(scales[order.lower], parts[order.lower].numbers)
                end = scale.above(end) if order.strict else scale.up(end)
                bottom = np.where(there[order.lower], np.maximum(bottom, end), bottom)
        moved = np.maximum(np.minimum(scale.settled(part.numbers), high[column]), bottom)
        free = there[column] & ~stays[column]
        part.numbers[free] = moved[free]
        own[column] = part


def _combine(
    codec: TableCodec,
    combination: Combination,
    own: list[Cells | None],
    allowed: np.ndarray,
    held: Mapping[int, np.ndarray],
) -> None:
    """Replace cells of combinations that were never seen; the cells are changed in place."""
    tokens, whole = tokens_of(codec, combination.columns, own)
    wrong = np.flatnonzero(whole & ~combination.holds(tokens))
    if not len(wrong) or not allowed.any():
        return
    none = np.zeros(len(tokens), dtype=bool)
    stay = np.stack([held.get(column, none) for column in combination.columns], axis=1)
    seen, counts = combination.seen[allowed], combination.counts[allowed]
    patterns, which = np.unique(np.concatenate([tokens, stay], axis=1)[wrong], axis=0, return_inverse=True)
    width = tokens.shape[1]
    nearest = np.array([_nearest(p[:width], p[width:].astype(bool), seen, counts) for p in patterns])[which.ravel()]
    fits = nearest >= 0
    wrong, made = wrong[fits], seen[nearest[fits]]
    for number, column in enumerate(combination.columns):
        part, moved = own[column], made[:, number] != tokens[wrong, number]
        assert part is not None
        part = part.copied()
        fresh = codec.kind(column).decode(made[moved, number], np.full(int(moved.sum()), 0.5))
        part.numbers[wrong[moved]], part.words[wrong[moved]] = fresh.numbers, fresh.words
        own[column] = part


def _nearest(tokens: np.ndarray, stay: np.ndarray, seen: np.ndarray, counts: np.ndarray) -> int:
    """Give the seen combination that differs in the fewest cells, of these the commonest; -1 where none fits."""
    same = seen == tokens
    fits = same[:, stay].all(1)
    if not fits.any():
        return -1
    worth = same.sum(1) * MANY + counts
    return int(np.where(fits, worth, -1).argmax())
