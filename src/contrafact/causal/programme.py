"""The least and the largest value of a question over all models that agree with the data.

Data fix the sums A p = b of each block's distribution p; a question is a polynomial with at most one pattern of each
district in a product (`responses_asked`). What A fixes is a number. If then no product has two unknown patterns, the
question is linear and its ends are those of a linear programme, exactly; a ratio becomes linear by scaling with its
denominator (Charnes and Cooper 1962, Naval Research Logistics 9). Otherwise it is linear in each block given the rest:
from many starts one block after the other is moved to its end until nothing moves. That finds models, hence an interval
inside the sharp one: a wider may exist. Taking the unknown patterns of a product to be those of one joint distribution
instead, whose blocks need not be independent, makes it linear and gives an interval outside the sharp one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from typing import Any

import numpy as np

from contrafact.base.errors import DataError
from contrafact.base.seeds import generator
from contrafact.causal.identify.evaluate import Array
from contrafact.causal.responses import Pattern
from contrafact.causal.responses_asked import Monomial, Polynomial, Ratio
from contrafact.causal.responses_blocks import Block

STARTS, PASSES, MOST_MERGED, SLACK, MOST_ROWS = 12, 50, 40_000, 1e-7, 400
Shares = tuple[Array, ...]  # for each block the distribution over its types


@dataclass(frozen=True, kw_only=True)
class Ends:
    """The least and the largest value, with the models that reach them.

    Arguments:
        low: The least value.
        high: The largest.
        at_low: The distribution over each block's types where the least is reached.
        at_high: The same for the largest.
        method: "linear programme" where they are exact, "inner approximation" where a wider interval may exist.
        outer: An interval that holds the sharp one, where the ends are not exact and it could be computed.
        blocks: The blocks.
    """

    low: float
    high: float
    at_low: Shares
    at_high: Shares
    method: str
    outer: tuple[float, float] | None = None
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Programme:
    """A question about blocks.

    Arguments:
        blocks: The blocks.
        targets: For each block, the probabilities of its known rows.
        ratio: The question, what is known put in as numbers.
    """

    blocks: tuple[Block, ...]
    targets: tuple[Array, ...]
    ratio: Ratio

    @cached_property
    def home(self) -> dict[Pattern, int]:
        """The block of each pattern that is asked for."""
        place = {response: number for number, block in enumerate(self.blocks) for response in block.responses}
        patterns = {
            p for polynomial in (self.ratio.top, self.ratio.bottom) for monomial in polynomial for p in monomial
        }
        return {pattern: place[next(iter(pattern))[0]] for pattern in patterns}

    @property
    def linear(self) -> bool:
        """Whether no product has two unknown patterns."""
        return all(len(monomial) < 2 for part in (self.ratio.top, self.ratio.bottom) for monomial in part)

    def ends(self, seed: int = 0) -> Ends:
        """Find the ends.

        Arguments:
            seed: Seeds the starts where a search is needed.
        """
        found = self if self.linear else self.settled()
        return found.exact() if found.linear else found.searched(seed)

    def settled(self) -> Programme:
        """Put in, as numbers, the patterns that the known rows of their block fix."""
        fixed = {
            pattern: value
            for number, block in enumerate(self.blocks)
            for pattern, value in _fixed(block, self.targets[number], [p for p, b in self.home.items() if b == number])
        }
        known = replace(self, ratio=Ratio(put_in(self.ratio.top, fixed), put_in(self.ratio.bottom, fixed)))
        needed = sorted(set(known.home.values()))
        blocks = tuple(self.blocks[number] for number in needed)
        return Programme(blocks, tuple(self.targets[number] for number in needed), known.ratio)

    def slopes(self, polynomial: Polynomial, shares: Sequence[Array | None]) -> tuple[list[Array], float]:
        """Give a polynomial as a linear function of the blocks that have no shares yet.

        Arguments:
            polynomial: A polynomial that has at most one pattern of these blocks in a product.
            shares: The distribution of each block, None where it is what is asked for.

        Returns:
            For each block the slope of every type, and a constant.
        """
        slopes, constant = [np.zeros(block.allowed) for block in self.blocks], 0.0
        for monomial, weight in polynomial.items():
            free = None
            for pattern in monomial:
                known = shares[self.home[pattern]]
                row = self.blocks[self.home[pattern]].row(pattern)
                if known is None:
                    free = self.home[pattern], row
                else:
                    weight *= float(known[row].sum())
            if free is None:
                constant += weight
            else:
                slopes[free[0]][free[1]] += weight
        return slopes, constant

    def exact(self) -> Ends:
        """Solve a linear question."""
        if not self.blocks:
            value = _divided(self.ratio.top.get(frozenset(), 0.0), self.ratio.bottom.get(frozenset(), 0.0))
            return Ends(low=value, high=value, at_low=(), at_high=(), method="linear programme")
        unknown: list[Array | None] = [None] * len(self.blocks)
        low, high = (self._end(unknown, sign) for sign in (1, -1))
        return Ends(
            low=low[0], high=high[0], at_low=low[1], at_high=high[1], method="linear programme", blocks=self.blocks
        )

    def _end(self, shares: Sequence[Array | None], sign: int) -> tuple[float, Shares]:
        """Move the blocks without shares to where the question is least (sign 1) or largest (sign -1)."""
        top, constant = self.slopes(self.ratio.top, shares)
        bottom, scale = self.slopes(self.ratio.bottom, shares)
        moved = [number for number, known in enumerate(shares) if known is None]
        if any(bottom[number].any() for number in moved):
            value, parts = self._scaled([(top[b], bottom[b]) for b in moved], constant, scale, moved, sign)
        else:
            parts = self._solved(moved, [top[number] for number in moved], sign)
            total = constant + sum(float(top[n] @ part) for n, part in zip(moved, parts, strict=True))
            value = _divided(total, scale)
        place = dict(zip(moved, parts, strict=True))
        return value, tuple(place[n] if known is None else known for n, known in enumerate(shares))

    def _solved(self, moved: Sequence[int], slopes: Sequence[Array], sign: int) -> list[Array]:
        """Solve blocks that nothing joins, in one programme."""
        from scipy.sparse import block_diag

        rows = [self.blocks[number].known for number in moved]
        targets = np.concatenate([self.targets[number] for number in moved])
        whole = rows[0] if len(rows) == 1 else block_diag(rows, format="csr")
        found = solved(sign * np.concatenate(slopes), whole, targets)
        return np.split(found, np.cumsum([len(part) for part in slopes])[:-1])

    def _scaled(
        self, slopes: Sequence[tuple[Array, Array]], constant: float, scale: float, moved: Sequence[int], sign: int
    ) -> tuple[float, list[Array]]:
        """Solve a ratio: unknowns are the shares times t, and t is one over the denominator."""
        from scipy.sparse import block_diag, csr_matrix, hstack, vstack

        known = block_diag([self.blocks[number].known for number in moved])
        targets = np.concatenate([self.targets[number] for number in moved])
        bottom = np.concatenate([part for _, part in slopes])
        rows = vstack([hstack([known, csr_matrix(-targets[:, None])]), csr_matrix([*bottom, scale])]).tocsr()
        top = np.array([*np.concatenate([part for part, _ in slopes]), constant])
        found = solved(sign * top, rows, np.array([*np.zeros(len(targets)), 1.0]))
        ends = np.cumsum([len(part) for part, _ in slopes])[:-1]
        t = found[-1]
        return float(top @ found), [part / t if t > 0 else part for part in np.split(found[:-1], ends)]

    def searched(self, seed: int) -> Ends:
        """Move one block after the other to its end, from many starts."""
        starts = [self._start(generator(seed, "programme", number)) for number in range(STARTS)]
        tried = [end for start in starts for sign in (1, -1) if (end := self._walked(start, sign)) is not None]
        if not tried:
            raise never()
        low, high = min(tried, key=lambda one: one[0]), max(tried, key=lambda one: one[0])
        ends = Ends(
            low=low[0], high=high[0], at_low=low[1], at_high=high[1], method="inner approximation", blocks=self.blocks
        )
        merged = self.merged()
        if merged is None:
            return ends
        outer = merged.exact()
        if outer.low >= low[0] - SLACK and outer.high <= high[0] + SLACK:  # what was found is all that there is
            return replace(ends, method="linear programme")
        return replace(ends, outer=(outer.low, outer.high))

    def _start(self, random: np.random.Generator) -> Shares:
        """Take a random corner of what the data allow."""
        draws = [random.standard_normal(block.allowed) for block in self.blocks]
        return tuple(self._solved(range(len(draws)), draws, 1))

    def _walked(self, shares: Shares, sign: int) -> tuple[float, Shares] | None:
        """Move blocks in turn until nothing moves; None from where the question makes no sense."""
        best = sign * math.inf
        for _ in range(PASSES):
            before = best
            for number in range(len(self.blocks)):
                free: list[Array | None] = [None if n == number else part for n, part in enumerate(shares)]
                try:
                    best, shares = self._end(free, sign)
                except (DataError, Infeasible):
                    return None
            if abs(best - before) < 1e-10:
                break
        return best, shares

    def merged(self) -> Programme | None:
        """Take all blocks to be one, whose parts may depend on each other; None where it would be too large."""
        if np.prod([float(block.allowed) for block in self.blocks]) > MOST_MERGED:
            return None
        if np.prod([float(len(part)) for part in self.targets]) > MOST_MERGED:
            return None
        ratio = Ratio(*({_joined(m): w for m, w in part.items()} for part in (self.ratio.top, self.ratio.bottom)))
        target: Array = self.targets[0]
        for part in self.targets[1:]:
            target = np.asarray(np.kron(target, part), dtype=float)
        return Programme((merged(self.blocks),), (target,), ratio)


class Infeasible(Exception):
    """Says that no model agrees with the data."""


@dataclass(frozen=True)
class Merged:
    """Blocks as one, with a type for each combination of their types; behaves as a block where it is solved."""

    blocks: tuple[Block, ...]

    @property
    def responses(self) -> tuple[Any, ...]:
        """All answers."""
        return tuple(response for block in self.blocks for response in block.responses)

    @property
    def allowed(self) -> int:
        """How many combinations of types there are."""
        return math.prod(block.allowed for block in self.blocks)

    @cached_property
    def known(self) -> Any:
        """The products of known rows."""
        from scipy.sparse import kron

        return reduce(lambda one, other: kron(one, other, format="csr"), (block.known for block in self.blocks))

    def row(self, pattern: Pattern) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Give the combinations that answer a pattern, whose parts may lie in several blocks."""
        numbers = np.zeros(1, dtype=np.int64)
        for block in self.blocks:
            own = frozenset(each for each in pattern if each[0] in block.responses)
            numbers = (numbers[:, None] * block.allowed + block.row(own)[None, :]).ravel()
        return numbers


def merged(blocks: tuple[Block, ...]) -> Any:
    """Put blocks together to one."""
    return Merged(blocks)


def _joined(monomial: Monomial) -> Monomial:
    """Make one pattern of a product's."""
    return frozenset([frozenset().union(*monomial)]) if monomial else monomial


def put_in(polynomial: Polynomial, fixed: dict[Pattern, float]) -> Polynomial:
    """Put in numbers for patterns."""
    found: Polynomial = {}
    for monomial, weight in polynomial.items():
        left = frozenset(pattern for pattern in monomial if pattern not in fixed)
        for pattern in monomial - left:
            weight *= fixed[pattern]
        if weight:
            found[left] = found.get(left, 0.0) + weight
    return found


def _fixed(block: Block, targets: Array, patterns: Sequence[Pattern]) -> list[tuple[Pattern, float]]:
    """Find the patterns whose row is a sum of known rows, and their probabilities."""
    if not patterns or len(targets) > MOST_ROWS:
        return []
    known, asked = block.known, block.matrix(patterns)
    weights = np.linalg.pinv((known @ known.T).toarray(), hermitian=True) @ (known @ asked.T).toarray()
    missed = np.abs(asked.T.toarray() - known.T @ weights).max(axis=0)
    return [(p, float(targets @ w)) for p, w, miss in zip(patterns, weights.T, missed, strict=True) if miss < 1e-9]


def solved(cost: Array, rows: Any, targets: Array) -> Array:
    """Solve a linear programme over nonnegative unknowns.

    Raises:
        Infeasible: Nothing satisfies the rows.
    """
    from scipy.optimize import linprog

    tight = {"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-9}
    answer = linprog(cost, A_eq=rows, b_eq=targets, bounds=(0, None), method="highs", options=tight)
    if answer.x is None:
        raise Infeasible(answer.message)
    shares: Array = np.maximum(np.asarray(answer.x, dtype=float), 0.0)
    return shares


def _divided(top: float, bottom: float) -> float:
    if bottom <= 0:
        raise never()
    return top / bottom


def never() -> DataError:
    """Make the error that says that what is known of the units never happens."""
    return DataError(
        "The question has no value in these data.",
        why="It is about units that never occur: what is known of them has probability zero.",
        fix="Merge levels, or ask about units that there are.",
        code="E517",
    )
