"""Blocks of answers: a district's response types, as far as data and question tie them together, as rows of numbers.

Answers that no pattern of data or question joins need no common distribution: any two distributions that agree on
nothing can be put together. So the answers are cut into the smallest groups that patterns do not cross, each with a
distribution over its types (all tables of its answers). With a covariate that is a parent of all nodes of a district,
there is a group for each of its levels, and what would be k ** (2 m) types are m times k ** 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from contrafact.base.errors import UsageError
from contrafact.causal.identify.evaluate import Array
from contrafact.causal.responses import Constraint, Mechanisms, Pattern, Response, too_many

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MOST_TYPES = 2**18
MOST_CELLS = 2**24  # of ones in a block's rows, counted before anything is allocated
ROUNDS, STILL, DENSE = 3_000, 1e-7, 2**20


@dataclass(frozen=True)
class Monotone:
    """Says that raising a cause never lowers an effect (or never raises it), in any unit.

    Arguments:
        cause: A parent of the effect.
        effect: The node that follows.
        falling: Whether the effect never rises instead.
    """

    cause: str
    effect: str
    falling: bool = False

    def __str__(self) -> str:
        verb = "raises" if self.falling else "lowers"
        return f"Raising {self.cause} never {verb} {self.effect}, in any unit."

    @classmethod
    def read(cls, text: Monotone | str) -> Monotone:
        """Read "X -> Y" (Y never falls where X rises) or "X -> Y falls".

        Raises:
            UsageError: It cannot be read.
        """
        if isinstance(text, Monotone):
            return text
        cause, arrow, effect = (part.strip() for part in text.partition("->"))
        falling = effect.endswith(" falls")
        effect = effect.removesuffix(" falls").removesuffix(" rises").strip()
        if not (arrow and cause and effect):
            raise UsageError(
                f"The assumption '{text}' cannot be read.",
                why="It is a cause, an arrow and an effect.",
                fix='monotone=["X -> Y"], or "X -> Y falls" where Y never rises with X.',
                code="E545",
            )
        return cls(cause.strip("\"'"), effect.strip("\"'"), falling)

    def pairs(self, mechanisms: Mechanisms) -> list[tuple[Response, Response]]:
        """Give all pairs of answers of which the first is never above the second."""
        place = mechanisms.causes[self.effect].index(self.cause)
        found = []
        for lower in mechanisms.combinations(self.effect):
            if lower[place] + 1 < mechanisms.sizes[self.cause]:
                upper = (*lower[:place], lower[place] + 1, *lower[place + 1 :])
                found.append(((self.effect, lower), (self.effect, upper)))
        return [(b, a) for a, b in found] if self.falling else found


@dataclass(frozen=True)
class Apart:
    """Says that an answer with a known probability tells nothing about others: no hidden cause joins them.

    Arguments:
        one: The answer.
        chance: Its probability.
        other: Answers of nodes that share no hidden cause with its node.
    """

    one: Pattern
    chance: float
    other: Pattern


@dataclass(frozen=True)
class Block:
    """A group of answers with a common distribution.

    Arguments:
        responses: The answers.
        sizes: How many levels each has.
        constraints: What data say of them.
        ordered: Pairs of answers of which the first is never above the second.
        apart: Answers that are independent of others.
    """

    responses: tuple[Response, ...]
    sizes: tuple[int, ...]
    constraints: tuple[Constraint, ...]
    ordered: tuple[tuple[Response, Response], ...] = ()
    apart: tuple[Apart, ...] = ()
    _rows: dict[Pattern, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def types(self) -> int:
        """How many types there are, assumptions aside."""
        return prod(self.sizes)

    def checked(self) -> Block:
        """Give the block back, if it is small enough.

        Raises:
            UsageError: It has too many types.
        """
        names = ", ".join(dict.fromkeys(node for node, _ in self.responses))
        if self.types > MOST_TYPES:
            raise too_many(f"{self.types:,} response types of {names}", f"At most {MOST_TYPES:,} are gone through")
        size = dict(zip(self.responses, self.sizes, strict=True))
        cells = sum(self.types // prod(size[response] for response, _ in pattern) for pattern, *_ in self.constraints)
        if cells > MOST_CELLS:
            raise too_many(f"a table of {cells:,} cells for {names}", f"At most {MOST_CELLS:,} are gone through")
        return self

    @cached_property
    def _numbers(self) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        """The number of each type that the assumptions allow, -1 for the others, an axis for each answer."""
        axes = [size for size in self.sizes if size > 1]
        allowed = np.ones(axes, dtype=bool)
        for lower, upper in self.ordered:
            allowed &= self._levels(lower, axes) <= self._levels(upper, axes)
        return np.asarray(np.where(allowed, np.cumsum(allowed).reshape(axes) - 1, -1))

    def _levels(self, response: Response, axes: Sequence[int]) -> np.ndarray[Any, Any]:
        axis = self._axis.get(response)
        if axis is None:
            return np.zeros([1] * len(axes), dtype=np.int64)
        shape = [-1 if place == axis else 1 for place in range(len(axes))]
        return np.arange(axes[axis]).reshape(shape)

    @cached_property
    def _axis(self) -> dict[Response, int]:
        varying = [r for r, size in zip(self.responses, self.sizes, strict=True) if size > 1]
        return {response: axis for axis, response in enumerate(varying)}

    @property
    def allowed(self) -> int:
        """How many types the assumptions allow."""
        return int(self._numbers.max(initial=-1)) + 1

    def row(self, pattern: Pattern) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Give the numbers of the types that answer a pattern."""
        if pattern not in self._rows:
            index: list[Any] = [slice(None)] * self._numbers.ndim
            for response, level in pattern:
                if response in self._axis:
                    index[self._axis[response]] = level
            found = self._numbers[tuple(index)].ravel()
            self._rows[pattern] = found[found >= 0]
        row: np.ndarray[tuple[int], np.dtype[np.int64]] = self._rows[pattern]
        return row

    def matrix(self, patterns: Sequence[Pattern]) -> csr_matrix:
        """Lay patterns out as rows over types: one where a type answers the pattern."""
        from scipy.sparse import csr_matrix

        rows = [self.row(pattern) for pattern in patterns]
        ends = np.cumsum([0, *(len(row) for row in rows)])
        columns = np.concatenate([np.zeros(0, dtype=np.int64), *rows])
        return csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(rows), self.allowed))

    @cached_property
    def known(self) -> csr_matrix:
        """What is known as rows: patterns that data speak of, independences, and last a row of ones."""
        patterns = [each.pattern for each in self.constraints]
        if not self.apart:
            return self.matrix([*patterns, frozenset()])
        from scipy.sparse import diags, vstack

        both = self.matrix([each.one | each.other for each in self.apart])
        alone = self.matrix([each.other for each in self.apart])
        zero = both - diags([each.chance for each in self.apart], shape=(len(self.apart),) * 2) @ alone
        return vstack([self.matrix(patterns), zero, self.matrix([frozenset()])]).tocsr()

    @property
    def targets(self) -> Array:
        """The values of these rows."""
        return np.array([*(each.value for each in self.constraints), *[0.0] * len(self.apart), 1.0])

    @cached_property
    def answers(self) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
        """The answers of every allowed type: a row for each response."""
        grid = np.indices(self._numbers.shape)[:, self._numbers >= 0]
        rows = np.zeros((len(self.responses), grid.shape[1]), dtype=np.int64)
        for place, response in enumerate(self.responses):
            if response in self._axis:
                rows[place] = grid[self._axis[response]]
        return rows

    def fitted(self) -> Array:
        """Give the likeliest distribution, of those the one that EM reaches from all types alike (it is smooth)."""
        counts = np.array([each.seen for each in self.constraints])
        kept = counts > 0
        start = np.full(self.allowed, 1.0 / max(self.allowed, 1))
        return likeliest(self.known[: len(counts)][kept], counts[kept], start)


def likeliest(matrix: csr_matrix, counts: Array, start: Array) -> Array:
    """Find the mixture of types under which counts are likeliest, by EM with extrapolated steps.

    EM multiplies each type's share by the mean, over what was seen, of how much likelier the type makes it. Two plain
    steps show a direction; a longer one along it, in logarithms, is kept where it is no worse (SQUAREM, Varadhan and
    Roland 2008, Scandinavian Journal of Statistics 35).

    Arguments:
        matrix: What types answer which pattern.
        counts: How often each pattern was seen.
        start: The shares to start from.
    """
    total = counts.sum()
    if not len(counts) or total <= 0:
        return start
    rows: Any = matrix.toarray() if np.prod(matrix.shape) < DENSE else matrix
    columns = rows.T if isinstance(rows, np.ndarray) else rows.T.tocsr()

    def stepped(shares: Array) -> tuple[Array, float, float]:
        chances = np.maximum(rows @ shares, 1e-300)
        gains = columns @ (counts / chances) / total
        return shares * gains, float(counts @ np.log(chances)) / total, float(gains.max())

    shares = stepped(start)[0]
    for _ in range(ROUNDS):
        one, _, gain = stepped(shares)
        if gain < 1 + STILL:  # the likelihood is concave: nothing is more than log(gain) a row above this
            return one
        shares = _farther(shares, one, stepped(one)[0], stepped)
    return shares


def _farther(shares: Array, one: Array, two: Array, stepped: Any) -> Array:
    """Take a longer step along the way that two steps of EM went, if it is no worse than they."""
    alive = two > 1e-200
    with np.errstate(divide="ignore"):
        a, b, c = (np.log(np.maximum(part[alive], 1e-300)) for part in (shares, one, two))
    bend = np.linalg.norm(c - 2 * b + a)
    length = np.linalg.norm(b - a) / bend if bend > 1e-12 else 1.0
    if length <= 1.0:
        return two
    far = np.zeros_like(two)
    logs = a + 2 * length * (b - a) + length**2 * (c - 2 * b + a)
    far[alive] = np.exp(logs - logs.max())
    far /= far.sum()
    again, reached, _ = stepped(far)
    return again if reached >= stepped(two)[1] else two


def blocks_of(
    mechanisms: Mechanisms,
    constraints: Iterable[Constraint],
    asked: Iterable[Pattern] | None = None,
    monotone: Sequence[Monotone] = (),
    apart: Sequence[Apart] = (),
) -> list[Block]:
    """Cut answers into the groups that patterns tie together.

    Arguments:
        mechanisms: The graph, and how many levels its nodes have.
        constraints: What data say.
        asked: What a question needs; groups that it does not touch are left out. None keeps all.
        monotone: Assumptions, which tie answers together, too.
        apart: Independences, which do so as well.
    """
    constraints, wanted = list(constraints), [p for p in asked or () if p]
    pairs = [pair for assumption in monotone for pair in assumption.pairs(mechanisms)]
    leader = _tied(
        [*(each.pattern for each in constraints), *wanted, *(each.one | each.other for each in apart)], pairs
    )
    told: dict[Response, list[Constraint]] = {}
    for constraint in constraints:
        told.setdefault(leader[next(iter(constraint[0]))[0]], []).append(constraint)
    heads = dict.fromkeys(leader[next(iter(pattern))[0]] for pattern in wanted)
    groups: dict[Response, list[Response]] = {}
    for response in leader:
        groups.setdefault(leader[response], []).append(response)
    rank = mechanisms.graph.order.index
    made = []
    for head in heads if asked is not None else groups:
        responses = sorted(groups[head], key=lambda response: (rank(response[0]), response[1]))
        inside = tuple(pair for pair in pairs if leader[pair[0]] == head)
        sizes = tuple(mechanisms.sizes[node] for node, _ in responses)
        free = tuple(each for each in apart if leader[next(iter(each.one))[0]] == head)
        made.append(Block(tuple(responses), sizes, tuple(told.get(head, ())), inside, free).checked())
    return made


def _tied(patterns: Iterable[Pattern], pairs: Iterable[tuple[Response, Response]]) -> Mapping[Response, Response]:
    """Give each answer the first of those that it is tied to."""
    leader: dict[Response, Response] = {}

    def found(response: Response) -> Response:
        leader.setdefault(response, response)
        while leader[response] != response:
            leader[response] = leader[leader[response]]
            response = leader[response]
        return response

    for group in [*([r for r, _ in sorted(pattern)] for pattern in patterns), *pairs]:
        first = found(group[0])
        for response in group[1:]:
            leader[found(response)] = first
    return {response: found(response) for response in leader}
