"""Response types: the finite model that stands for every model of a graph whose nodes have few levels.

Whatever its mechanism is, a unit answers each combination of levels of a node's parents with one level of the node.
These answers R(i, c), one for each node i and each combination c of its parents' levels, are all that matters: a unit
is the table of its answers, and a model is a distribution over such tables, in which the nodes of one district (those
that hidden common causes tie together) may depend on each other in any way and districts are independent (Balke and
Pearl 1994, UAI; Zhang, Tian and Bareinboim 2022, ICML). A node with k levels has k ** (number of combinations) types.

An observation, an experiment or a world that never was asks for some answers of a district at once, R(i, c) = v and
R(j, d) = w: a `Pattern`, whose probability is linear in the district's distribution. What data say are probabilities of
patterns, too: by Tian's factorisation P(v) is a product, over districts D, of Q[D](v_D | parents), which is the
probability that every node of D answers v given v's own values (`factors`, `Factor.patterns`).

See also `responses_asked`, which writes questions as polynomials in patterns, and `responses_blocks`, which lays
patterns out as rows of a linear programme.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import NamedTuple

import numpy as np

from contrafact.base.errors import UsageError
from contrafact.causal.graph import Graph
from contrafact.causal.identify.evaluate import Array, Joint

MOST_CELLS = 2**12
Response = tuple[str, tuple[int, ...]]  # a node, and the levels of its parents in the order of the graph
Pattern = frozenset[tuple[Response, int]]  # answers that are given together


class Constraint(NamedTuple):
    """What data say of one pattern.

    Arguments:
        pattern: The pattern.
        value: Its probability.
        seen: In how many rows it was seen.
        mass: In how many rows it could have been seen.
    """

    pattern: Pattern
    value: float
    seen: float
    mass: float


@dataclass(frozen=True)
class Mechanisms:
    """The nodes of a graph with how many levels each has.

    Arguments:
        graph: A graph without latent nodes.
        sizes: How many levels each node has.
    """

    graph: Graph
    sizes: Mapping[str, int]

    @cached_property
    def causes(self) -> dict[str, tuple[str, ...]]:
        """Each node's parents, in the order of the graph."""
        return {node: self.graph.sorted(self.graph.parents(node)) for node in self.graph.nodes}

    @cached_property
    def district(self) -> dict[str, frozenset[str]]:
        """The district of each node."""
        return {node: part for part in self.graph.districts for node in part}

    def combinations(self, node: str) -> Iterator[tuple[int, ...]]:
        """Go through the levels that a node's parents can have together."""
        return itertools.product(*(range(self.sizes[parent]) for parent in self.causes[node]))

    def types(self, node: str) -> int:
        """Count the response types of a node without making any."""
        count: int = self.sizes[node] ** prod(self.sizes[parent] for parent in self.causes[node])
        return count

    def response(self, node: str, values: Mapping[str, int]) -> Response:
        """Name the answer that a node gives where its parents have these values."""
        return node, tuple(values[parent] for parent in self.causes[node])

    def pattern(self, nodes: Sequence[str], values: Mapping[str, int]) -> Pattern:
        """Say that nodes answer these values with these values."""
        return frozenset((self.response(node, values), values[node]) for node in nodes)


@dataclass(frozen=True)
class Factor:
    """What data say of a district: Q[D](v_D | parents), where they say anything.

    Arguments:
        nodes: The district's nodes, causes first.
        given: Their parents outside of it.
        values: Q for all levels of nodes and given, in this order of axes; where a condition never occurs, the
            probability of the leading nodes that are known.
        depth: How many of the leading nodes each value speaks of.
        weight: Share of the rows in each cell, times their number.
        regime: What was set in the data.
    """

    nodes: tuple[str, ...]
    given: tuple[str, ...]
    values: Array
    depth: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    weight: Array
    regime: frozenset[str] = frozenset()

    def patterns(self, mechanisms: Mechanisms) -> list[Constraint]:
        """Give what the data say as patterns with their probabilities.

        Raises:
            UsageError: There are too many.
        """
        if self.values.size > MOST_CELLS:
            told = ", ".join((*self.nodes, *self.given))
            raise too_many(f"{self.values.size:,} combinations of {told}", f"At most {MOST_CELLS:,} are gone through")
        found: dict[Pattern, Constraint] = {}
        names, nothing = (*self.nodes, *self.given), Constraint(frozenset(), 0.0, 0.0, 0.0)
        inner = tuple(range(len(self.nodes)))
        mass = np.broadcast_to(self.weight.sum(axis=inner, keepdims=True), self.weight.shape)
        for cell in np.ndindex(self.values.shape):
            depth = int(self.depth[cell])
            if depth:
                pattern = mechanisms.pattern(self.nodes[:depth], dict(zip(names, cell, strict=True)))
                known = found.get(pattern, nothing)
                count = float(self.weight[cell]) if depth == len(self.nodes) else 0.0
                found[pattern] = Constraint(
                    pattern, float(self.values[cell]), known.seen + count, max(known.mass, float(mass[cell]))
                )
        return list(found.values())

    def lookup(self, pattern: Pattern, mechanisms: Mechanisms) -> float | None:
        """Read the probability of a pattern off the factor; None where it is no sum of its values.

        A pattern can be read where it names each node once and, with a node, the district's parents of it, all with
        values that agree: then the other nodes are summed over. Parents outside that it does not name make no
        difference, and are averaged over as often as they occur.
        """
        wanted = self._values(pattern, mechanisms)
        if wanted is None:
            return None
        names = (*self.nodes, *self.given)
        index = tuple(wanted.get(name, slice(None)) for name in names)
        loose = [name for name in names if name not in wanted]
        values, depth, weight = (np.asarray(part[index]) for part in (self.values, self.depth, self.weight))
        summed = tuple(axis for axis, name in enumerate(loose) if name in self.nodes)
        whole = np.asarray((depth == len(self.nodes)).all(axis=summed))
        sums, weights = values.sum(axis=summed), weight.sum(axis=summed)
        if not whole.any():
            return None
        chances = np.where(whole, weights, 0.0)
        chances = chances if chances.sum() > 0 else whole.astype(float)
        return float((sums * chances).sum() / chances.sum())

    def _values(self, pattern: Pattern, mechanisms: Mechanisms) -> dict[str, int] | None:
        """Give the values that a pattern names, if they agree and leave no parent within the district open."""
        answers: dict[str, int] = {}
        for (node, _), value in pattern:
            if node not in self.nodes or answers.setdefault(node, value) != value:
                return None
        if len(answers) < len(pattern):
            return None
        values = dict(answers)
        for (node, combination), _ in pattern:
            for parent, value in zip(mechanisms.causes[node], combination, strict=True):
                if parent in self.nodes and parent not in answers:
                    return None
                if values.setdefault(parent, value) != value:
                    return None
        return values if set(values) <= {*self.nodes, *self.given} else None


def too_many(count: str, why: str) -> UsageError:
    """Make the error that says that a model would be too large."""
    return UsageError(
        f"The question takes {count}.",
        why=f"{why}.",
        fix="Merge levels (bins=2), leave out causes that do not matter, or train bounds: zoo.NCM.",
        code="E540",
    )


def spread(array: Array, axes: Sequence[str], names: Sequence[str]) -> Array:
    """Lay an array out over more names: its axes in their order, length one for the others."""
    order = [axes.index(name) for name in names if name in axes]
    shape = iter(array.transpose(order).shape)
    return array.transpose(order).reshape([next(shape) if name in axes else 1 for name in names])


def conditional(joint: Joint, node: str, known: Sequence[str]) -> Array:
    """Give P(node | known), axes known and node; not a number where the condition never occurs."""
    both = joint.margin((*known, node))
    with np.errstate(invalid="ignore"):
        return np.asarray(both / both.sum(axis=-1, keepdims=True))


def factor_of(
    joint: Joint, graph: Graph, district: frozenset[str], *, rows: float = 1.0, regime: frozenset[str] = frozenset()
) -> Factor:
    """Compute Q of one district, each node given those before it that matter.

    Arguments:
        joint: The probabilities of all nodes.
        graph: The graph of these data: without arrows into what was set.
        district: The nodes.
        rows: How many rows the probabilities rest on.
        regime: What was set.
    """
    nodes, given = graph.ordered(district), graph.sorted(graph.parents(district) - district)
    names = (*nodes, *given)
    shape = [joint.values.shape[joint.nodes.index(name)] for name in names]
    values, depth = np.ones(shape), np.zeros(shape, dtype=np.int64)
    for place, node in enumerate(nodes):
        part = graph.subgraph(graph.order[: graph.order.index(node) + 1])
        tied = part.district(node)
        known = graph.sorted((tied | part.parents(tied)) - {node})
        chance = spread(conditional(joint, node, known), (*known, node), names)
        step = np.where(values == 0, 0.0, values * chance)
        fits = (depth == place) & np.isfinite(step)
        depth[fits] = place + 1
        values = np.where(fits, step, values)
    return Factor(nodes, given, values, depth, rows * joint.margin(names), regime)


def factors(joint: Joint, graph: Graph, *, rows: float = 1.0, regime: frozenset[str] = frozenset()) -> list[Factor]:
    """Take data apart into what they say of each district.

    Arguments:
        joint: The probabilities of all nodes.
        graph: The graph, without latent nodes.
        rows: How many rows the probabilities rest on.
        regime: What was set at random in these data.
    """
    cut = graph.without_into(regime)
    parts = [part for part in cut.districts if not part <= regime]
    return [factor_of(joint, cut, part, rows=rows, regime=regime) for part in parts]
