"""What cells may still be while rows are drawn place by place, so that constraints hold by construction.

A `Plan` belongs to a codec, its constraints and some conditions; a `Course` to a block of rows in the making. Asked for
a place, a course gives for each row a weight of each token, given the cells that are known: the share of a bin between
the row's ends, and for combinations whether one that was seen fits. Told what was drawn, it settles at once which
number a held cell is, cut to its ends, so that the cells drawn later can be held against it. A hole, and a word among
numbers, is always allowed.

Where nothing is allowed any more (three columns in order, of which the middle one is drawn last and has no token
between) everything is, and the row is moved to the nearest that fits once it is done (`codecs/kept.py`), and counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from contrafact.codecs.cells import Cells
from contrafact.codecs.kept import allowed_combinations, raised, scale_of, static_ends
from contrafact.codecs.rules import coded
from contrafact.codecs.scale import Scale, numbers_in
from contrafact.codecs.tokens import Tokens, shares_at

if TYPE_CHECKING:
    from contrafact.codecs.conditions import Limit
    from contrafact.codecs.rules import Rules
    from contrafact.codecs.table import TableCodec

LEAST = 1e-9  # of a bin's mass


@dataclass(frozen=True, kw_only=True)
class Link:
    """A column that another is never above, or never below.

    Arguments:
        other: The column that it is held against.
        under: Whether the other is the smaller one.
        strict: How many steps lie between at least.
    """

    other: int
    under: bool
    strict: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """What rows shall keep.

    Arguments:
        codec: Knows the columns.
        rules: The constraints.
        limits: Conditions on columns.
    """

    codec: TableCodec
    rules: Rules
    limits: Mapping[int, Limit]

    @cached_property
    def scales(self) -> dict[int, Scale]:
        """The numbers that held columns can hold."""
        return {column: scale_of(self.codec, column) for column in self.rules.numbered}

    @cached_property
    def ends(self) -> dict[int, tuple[float, float]]:
        """What held columns lie between whatever the rest of a row is; others leave them what they have learned."""
        rules = self.rules
        own = static_ends(self.codec, rules, self.limits)
        sure = {column for column, scale in self.scales.items() if scale.always}
        reach = dict(own)
        for column in sure:
            low, high = self.scales[column].learned_ends()
            reach[column] = (max(own[column][0], low), min(own[column][1], high))
        drawn = raised(self.codec, rules, reach, sure)
        return {column: drawn[column] if drawn[column][0] <= drawn[column][1] else own[column] for column in own}

    @cached_property
    def links(self) -> dict[int, list[Link]]:
        """For each held column those that it is held against, also through columns that are always numbers."""
        steps: dict[tuple[int, int], int] = {}
        rules = self.rules
        for middle in rules.numbered:  # the smaller columns come first
            for order in (order for order in rules.orders if order.upper == middle):
                steps[order.lower, middle] = max(steps.get((order.lower, middle), 0), int(order.strict))
                if self.scales[order.lower].always:
                    for (first, last), more in list(steps.items()):
                        if last == order.lower:
                            steps[first, middle] = max(steps.get((first, middle), 0), more + order.strict)
        found: dict[int, list[Link]] = {column: [] for column in rules.numbered}
        for (first, last), strict in steps.items():
            found[last].append(Link(other=first, under=True, strict=strict))
            found[first].append(Link(other=last, under=False, strict=strict))
        return found

    @cached_property
    def places(self) -> dict[int, tuple[int, ...]]:
        """The places of each held or combined column in a row of tokens."""
        asked = {*self.rules.numbered, *(c for part in self.rules.combinations for c in part.columns)}
        found: dict[int, tuple[int, ...]] = dict.fromkeys(asked, ())
        for place, slot in enumerate(self.codec.slots):
            if slot.column in found:
                found[slot.column] += (place,)
        return found

    def only(self, column: int) -> float:
        """Give the number of a held column that has no place, as it holds nothing else; NaN of the others."""
        kind = self.codec.kind(column)
        alone = not self.places[column] and kind.size == kind.numbers == 1
        return float(kind.decode(np.zeros(1, dtype=np.int64), np.full(1, 0.5)).numbers[0]) if alone else np.nan

    @cached_property
    def groups(self) -> dict[int, Group]:
        """The combination that each combined column belongs to."""
        made = [
            Group(self, part.columns, part.seen[allowed_combinations(self.codec, self.rules, part, self.limits)])
            for part in self.rules.combinations
        ]
        return {column: group for group in made for column in group.columns}

    def course(self, rows: int, stream: np.random.Generator, cells: Sequence[Cells | None] | None = None) -> Course:
        """Begin with rows of which nothing, or some cells, are known.

        Arguments:
            rows: How many.
            stream: Says where in its bin each held cell lies.
            cells: What is known; holes are not.
        """
        course = Course(self, rows, stream.random((rows, len(self.rules.numbered))))
        if cells is not None:
            course.know(cells)
        return course


class Group:
    """Columns that keep to combinations, as places of a row.

    Arguments:
        plan: Knows the places.
        columns: The columns.
        seen: Their tokens, a row for each combination.
    """

    def __init__(self, plan: Plan, columns: tuple[int, ...], seen: np.ndarray) -> None:
        self.columns = columns
        slots, digits = plan.codec.slots, []
        self.places: list[int] = []
        self.holes: dict[int, list[tuple[int, int]]] = {}
        for number, column in enumerate(columns):
            kind = plan.codec.kind(column)
            for place in plan.places[column]:
                slot = slots[place]
                self.places.append(place)
                digits.append(_digit(seen[:, number], slot))
                if kind.holes:
                    hole = int(_digit(np.array([kind.hole]), slot)[0])
                    self.holes.setdefault(column, []).append((place, hole))
        self.digits = np.stack(digits, axis=1) if digits else np.zeros((len(seen), 0), dtype=np.int64)
        self.laws: dict[tuple[int, bytes], tuple[np.ndarray, Any]] = {}

    def weights(self, place: int, tokens: np.ndarray, size: int) -> np.ndarray:
        """Say which tokens of a place fit what is known of rows; all where a hole lets the combination be.

        Arguments:
            place: The place.
            tokens: What is known, -1 elsewhere.
            size: How many tokens the place has.
        """
        own = self.places.index(place)
        known = tokens[:, self.places] >= 0
        known[:, own] = False
        found = np.zeros((len(tokens), size))
        patterns, which = np.unique(known, axis=0, return_inverse=True)
        for number, pattern in enumerate(patterns):
            rows = np.flatnonzero(which.ravel() == number)
            found[rows] = self._fitting(own, pattern, tokens[rows][:, self.places], size)
        for hole in self.holes.values():
            beside = [digit for at, digit in hole if at == place]
            others = [(tokens[:, at], digit) for at, digit in hole if at != place]
            if beside:  # the place is one of the column's own
                may = [(own == digit) | (own < 0) for own, digit in others]
                found[np.all([np.ones(len(found), dtype=bool), *may], axis=0), beside[0]] = 1
            else:
                found[np.all([own == digit for own, digit in others], axis=0)] = 1
        return found

    def _fitting(self, own: int, pattern: np.ndarray, tokens: np.ndarray, size: int) -> np.ndarray:
        """Mark the tokens of one place that were seen with the known ones."""
        if not len(self.digits):
            return np.zeros((len(tokens), size))
        codes, law = self._law(own, pattern, size)
        asked = coded(tokens[:, pattern])
        at = np.searchsorted(codes, asked).clip(0, len(codes) - 1)
        found = law[at].toarray()
        found[codes[at] != asked] = 0
        return np.asarray(found)

    def _law(self, own: int, pattern: np.ndarray, size: int) -> tuple[np.ndarray, Any]:
        from scipy.sparse import csr_array

        key = (own, pattern.tobytes())
        if key not in self.laws:
            codes, which = np.unique(coded(self.digits[:, pattern]), return_inverse=True)
            pairs = np.unique(which.ravel() * size + self.digits[:, own])
            shape = (len(codes), size)
            self.laws[key] = codes, csr_array((np.ones(len(pairs)), (pairs // size, pairs % size)), shape=shape)
        return self.laws[key]


def _digit(tokens: np.ndarray, slot: Any) -> np.ndarray:
    if not slot.base:
        return tokens
    return np.asarray(tokens % slot.base if slot.digit else tokens // slot.base)


class Course:
    """A block of rows in the making.

    Arguments:
        plan: What they keep.
        rows: How many.
        uniform: A uniform number for each held cell.
    """

    def __init__(self, plan: Plan, rows: int, uniform: np.ndarray) -> None:
        self.plan, self.uniform = plan, uniform
        self.tokens = np.full((rows, len(plan.codec.slots)), -1)
        held = plan.rules.numbered
        self.numbers = {column: np.full(rows, plan.only(column)) for column in held}
        self.within = {column: np.full(rows, 0.5, dtype=np.float32) for column in held}

    def know(self, cells: Sequence[Cells | None]) -> None:
        """Take over the cells that are known."""
        for column, places in self.plan.places.items():
            part = cells[column]
            assert part is not None
            tokens = np.where(part.holes, -1, self.plan.codec.kind(column).encode(part)[0])
            for place in places:
                self.tokens[:, place] = np.where(tokens < 0, -1, _digit(tokens, self.plan.codec.slots[place]))
            if column in self.numbers:
                self.numbers[column] = np.where(numbers_in(part), part.numbers, np.nan)

    def picked(self, rows: np.ndarray) -> Course:
        """Give some of the rows, copied, to go on with."""
        made = Course(self.plan, 0, self.uniform[rows])
        made.tokens = self.tokens[rows]
        made.numbers = {column: part[rows] for column, part in self.numbers.items()}
        made.within = {column: part[rows] for column, part in self.within.items()}
        return made

    def span(self, column: int, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give what a held column lies between in each row."""
        scale, ends = self.plan.scales[column], self.plan.ends[column]
        low, high = np.full(len(rows), ends[0]), np.full(len(rows), ends[1])
        for link in self.plan.links[column]:
            end = scale.from_other(self.plan.scales[link.other], self.numbers[link.other][rows])
            if link.under:
                low = np.fmax(low, _stepped(scale.up, scale.above, end, link.strict))
            else:
                high = np.fmin(high, _stepped(scale.down, scale.below, end, link.strict))
        return low, high

    def weights(self, place: int, rows: np.ndarray | None = None) -> np.ndarray | None:
        """Say with what weights a place may hold its tokens, in each row; None where it is free.

        Arguments:
            place: The place.
            rows: Which rows; none for all.
        """
        slot = self.plan.codec.slots[place]
        rows = np.arange(len(self.tokens)) if rows is None else rows
        found = None
        if slot.column in self.plan.groups:
            found = self.plan.groups[slot.column].weights(place, self.tokens[rows], slot.size)
        if slot.column in self.numbers:
            held = self._masses(slot.column, rows)
            held = _of_digit(held, slot, self.tokens[rows, place - 1]) if slot.base else held
            found = held if found is None else found * held
        return found

    def _masses(self, column: int, rows: np.ndarray) -> np.ndarray:
        """Give the share of each token's mass between a column's ends, relative to what a condition leaves of it."""
        low, high = self.span(column, rows)
        kind = self.plan.codec.kind(column)
        mass = masses(kind, low, high)
        limit = self.plan.limits.get(column)
        if limit is None:
            return mass
        if limit.single:
            return np.asarray(np.broadcast_to(limit.weights > 0, mass.shape).astype(np.float64))
        left = np.divide(mass, limit.weights, out=np.zeros_like(mass), where=limit.weights > 0)
        return np.asarray(np.minimum(left, 1))

    def tell(self, place: int, drawn: np.ndarray, rows: np.ndarray | None = None) -> None:
        """Make known what a place holds, and settle the number where the cell is held and whole."""
        slot = self.plan.codec.slots[place]
        rows = np.arange(len(self.tokens)) if rows is None else rows
        self.tokens[rows, place] = drawn
        if slot.column in self.numbers and not (slot.base and not slot.digit):
            tokens = self.tokens[rows, place]
            tokens = self.tokens[rows, place - 1] * slot.base + tokens if slot.base else tokens
            self._settle(slot.column, tokens, rows)

    def _settle(self, column: int, tokens: np.ndarray, rows: np.ndarray) -> None:
        """Choose where between its ends each cell's number lies."""
        kind, scale = self.plan.codec.kind(column), self.plan.scales[column]
        low, high = self.span(column, rows)
        uniform = self.uniform[rows, self.plan.rules.numbered.index(column)]
        start, stop = np.zeros(len(rows)), np.ones(len(rows))
        bins = (tokens >= len(kind.points)) & (tokens < kind.numbers)
        if bins.any():
            knots = kind.knots[tokens[bins] - len(kind.points)]
            start[bins] = shares_at(knots, low[bins] - kind.step / 2)
            stop[bins] = shares_at(knots, high[bins] + kind.step / 2)
        limit = self.plan.limits.get(column)
        if limit is not None and limit.single:
            start[:], stop[:] = limit.start[tokens], limit.stop[tokens]
        within = (start + uniform * np.maximum(stop - start, 0)).astype(np.float32)
        numbers = scale.settled(kind.decode(tokens, within).numbers)
        fits = bins & (low <= high)
        numbers = np.where(fits, np.clip(numbers, scale.up(low), scale.down(high)), numbers)
        self.numbers[column][rows], self.within[column][rows] = numbers, within

    def guess(self, column: int, rows: np.ndarray, numbers: np.ndarray, words: np.ndarray) -> np.ndarray:
        """Make known a best guess, cut to its ends, and give its numbers."""
        found = np.asarray(numbers, dtype=np.float64)
        if column not in self.plan.places:
            return found
        if column in self.numbers:
            scale, (low, high) = self.plan.scales[column], self.span(column, rows)
            inside = np.clip(scale.settled(found), scale.up(low), scale.down(high))
            found = np.where(low <= high, inside, found)
            self.numbers[column][rows] = found
        tokens = self.plan.codec.kind(column).encode(Cells(numbers=found, words=words))[0]
        for place in self.plan.places[column]:
            self.tokens[rows, place] = _digit(tokens, self.plan.codec.slots[place])
        return found

    def exact(self) -> np.ndarray:
        """Give the numbers of all held columns, NaN where a cell is none."""
        held = self.plan.rules.numbered
        return np.stack([self.numbers[column] for column in held], axis=1) if held else np.empty((len(self.tokens), 0))


def _stepped(even: Any, past: Any, end: np.ndarray, steps: int) -> np.ndarray:
    for _ in range(steps):
        end = past(end)
    return np.asarray(end if steps else even(end))


def _of_digit(weights: np.ndarray, slot: Any, first: np.ndarray) -> np.ndarray:
    """Give the weights of one digit of a large column."""
    whole = np.zeros((len(weights), -(-weights.shape[1] // slot.base) * slot.base))
    whole[:, : weights.shape[1]] = weights
    digits = whole.reshape(len(weights), -1, slot.base)
    return np.asarray(digits[np.arange(len(weights)), first] if slot.digit else digits.max(2))


def masses(kind: Tokens, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Give the share of each token's mass that lies between ends, in each row; words and holes lie everywhere.

    Arguments:
        kind: A column's tokens.
        low: The least number of each row.
        high: The largest.
    """
    found = np.ones((len(low), kind.size))
    found[:, : len(kind.points)] = (kind.points >= low[:, None]) & (kind.points <= high[:, None])
    if len(kind.knots):
        share = _below(kind, high + kind.step / 2) - _below(kind, low - kind.step / 2)
        first, last = kind.knots[:, 0], kind.knots[:, -1]
        alone = (first >= low[:, None]) & (first <= high[:, None])
        share = np.where(first == last, alone, np.where(share > LEAST, share, 0))
        share[low > high] = 0
        found[:, len(kind.points) : kind.numbers] = share
    return found


def _below(kind: Tokens, ends: np.ndarray) -> np.ndarray:
    """Give the share of each bin's mass below an end, in each row."""
    firsts = kind.knots[:, 0]
    which = np.searchsorted(firsts, ends, side="right") - 1
    inside = which.clip(0)
    bins = np.arange(len(firsts))
    found = (bins < which[:, None]).astype(np.float64)
    own = which >= 0
    found[own, inside[own]] = shares_at(kind.knots[inside[own]], ends[own])
    return found
