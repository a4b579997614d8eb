"""A model of response types that can be drawn from, set, and asked about rows that were seen.

Every district of the graph has one hidden number u between 0 and 1 for each unit. A group of its answers cuts the line
into its types, each as long as its probability; the type on which u falls gives the answers. So one number joins the
answers of a group as the types say, and groups that data never tie together go with each other by rank: a unit that
answers high in one answers high in another. No data can tell whether they do; questions that depend on it have bounds,
not values.

What would have been: u is drawn from where it can be, given the row (the types that give what was seen), and the nodes
are computed again in the other world.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from contrafact.base.errors import DataError
from contrafact.base.seeds import BLOCK_ROWS, generator, in_blocks
from contrafact.causal.identify.evaluate import Array, Joint
from contrafact.causal.responses import Mechanisms, Pattern, Response, spread

Codes = np.ndarray[Any, np.dtype[np.int64]]
Numbers = np.ndarray[Any, np.dtype[np.intp]]


@dataclass(frozen=True, eq=False)
class Group:
    """Answers with a common distribution.

    Arguments:
        responses: The answers.
        shares: The probability of each type.
        answers: What each type answers: a row for each response.
    """

    responses: tuple[Response, ...]
    shares: Array
    answers: Codes

    @classmethod
    def of(cls, responses: Sequence[Response], shares: Array, answers: Codes) -> Group:
        """Keep the types that occur, in order of their answers."""
        kept = np.flatnonzero(shares > 1e-14)
        order = kept[np.lexsort(answers[::-1, kept])]
        return cls(tuple(responses), shares[order] / shares[order].sum(), np.asarray(answers[:, order], dtype=np.int64))

    @cached_property
    def ends(self) -> Array:
        """Where each type ends on the line."""
        ends = np.cumsum(self.shares)
        return np.asarray(ends / ends[-1])

    def at(self, hidden: Array) -> Numbers:
        """Give the type on which each number falls."""
        return np.minimum(np.searchsorted(self.ends, hidden, side="right"), len(self.shares) - 1)


@dataclass(frozen=True, eq=False)
class ResponseModel:
    """A distribution over response types for each district.

    Arguments:
        mechanisms: The graph, and how many levels its nodes have.
        groups: The groups of answers of each district, in the order of the graph's districts.
        settings: Nodes that are set, and to which level.
    """

    mechanisms: Mechanisms
    groups: tuple[tuple[Group, ...], ...]
    settings: Mapping[str, int] | None = None

    @cached_property
    def _places(self) -> dict[Response, tuple[int, int, int]]:
        """For each answer its district, its group, and its row there."""
        return {
            response: (district, number, row)
            for district, groups in enumerate(self.groups)
            for number, group in enumerate(groups)
            for row, response in enumerate(group.responses)
        }

    @property
    def nodes(self) -> tuple[str, ...]:
        """The nodes, in the order of the columns of levels."""
        return self.mechanisms.graph.nodes

    def do(self, settings: Mapping[str, int]) -> ResponseModel:
        """Give the model in which nodes are set to levels."""
        return replace(self, settings={**(self.settings or {}), **settings})

    def sample(self, n: int, seed: int) -> Codes:
        """Draw rows of levels.

        Arguments:
            n: How many.
            seed: Every row is a function of it and of the row's number.
        """

        def draw(block: int) -> Codes:
            uniform = generator(seed, "sample", block).random((BLOCK_ROWS, len(self.groups)))
            return self.answered(uniform)

        return np.concatenate(in_blocks(n, draw))

    def answered(self, hidden: Array) -> Codes:
        """Compute all nodes from the hidden numbers, a column for each district."""
        codes = np.zeros((len(hidden), len(self.nodes)), dtype=np.int64)
        place = {node: column for column, node in enumerate(self.nodes)}
        for node in self.mechanisms.graph.order:
            if node in (self.settings or {}):
                codes[:, place[node]] = (self.settings or {})[node]
                continue
            for rows, response in self._by_combination(node, codes):
                district, number, row = self._places[response]
                group = self.groups[district][number]
                types = group.at(hidden[rows, district])
                codes[rows, place[node]] = group.answers[row, types]
        return codes

    def _by_combination(self, node: str, codes: Codes) -> Iterator[tuple[Numbers, Response]]:
        """Give, for each combination of its parents' levels that occurs, the rows and the answer that they ask for."""
        causes = self.mechanisms.causes[node]
        columns = [self.nodes.index(parent) for parent in causes]
        for rows, combination in _alike(codes[:, columns]):
            yield rows, (node, tuple(combination))

    def counterfactual(self, codes: Codes, do: Mapping[str, int], seed: int) -> Codes:
        """Give the same rows in the world in which nodes are set.

        Arguments:
            codes: Rows that were seen, as levels.
            do: Nodes that are set, and to which level.
            seed: Seeds what the rows leave open.

        Raises:
            DataError: A row cannot occur in the model.
        """
        uniform = generator(seed, "counterfactual").random((len(codes), len(self.groups)))
        hidden = uniform.copy()
        for rows, values in _alike(codes):
            for district in range(len(self.groups)):
                ends, fits = self._seen(district, dict(zip(self.nodes, values, strict=True)))
                if not fits.any():
                    raise self._impossible(int(rows[0]))
                hidden[rows, district] = _within(ends, fits, uniform[rows, district])
        return self.do(do).answered(hidden)

    def _seen(self, district: int, values: Mapping[str, int]) -> tuple[Array, np.ndarray[Any, np.dtype[np.bool_]]]:
        """Cut the line of a district where its answers change, and tell which pieces give what a row shows."""
        shown = [node for node in self._nodes[district] if node not in (self.settings or {})]
        places = [(self._places[self.mechanisms.response(node, values)], values[node]) for node in shown]
        return self._pieces(district, places)

    def _pieces(
        self, district: int, places: Sequence[tuple[tuple[int, int, int], int]]
    ) -> tuple[Array, np.ndarray[Any, np.dtype[np.bool_]]]:
        groups = {number: self.groups[district][number] for (_, number, _), _ in places}
        if not groups:
            return np.ones(1), np.ones(1, dtype=bool)
        cuts = [group.ends for group in groups.values()]
        ends = cuts[0] if len(cuts) == 1 else np.unique(np.concatenate(cuts))
        middles = ends - np.diff(ends, prepend=0.0) / 2
        fits = np.ones(len(ends), dtype=bool)
        for (_, number, row), level in places:
            fits &= groups[number].answers[row, groups[number].at(middles)] == level
        return ends, fits

    def chance(self, pattern: Pattern) -> float:
        """Give the probability of answers of one district.

        Arguments:
            pattern: The answers.
        """
        district = self._places[next(iter(pattern))[0]][0]
        ends, fits = self._pieces(district, [(self._places[response], level) for response, level in pattern])
        return float(np.diff(ends, prepend=0.0)[fits].sum())

    @cached_property
    def _nodes(self) -> tuple[tuple[str, ...], ...]:
        """The nodes of each district, causes first."""
        order = self.mechanisms.graph.ordered
        return tuple(order({r[0] for group in groups for r in group.responses}) for groups in self.groups)

    def _impossible(self, row: int) -> DataError:
        return DataError(
            f"Row {row} cannot occur in this model.",
            why="No type of unit answers as this row does: the combination was never seen when the model was fitted.",
            fix="Fit the model to data that hold such rows, or leave the row out.",
            code="E547",
        )

    def factor(self, district: int) -> tuple[tuple[str, ...], Array]:
        """Give the probability that a district's nodes answer as they do, for all levels of them and their parents."""
        nodes, graph, held = self._nodes[district], self.mechanisms.graph, self.settings or {}
        names = (*nodes, *graph.sorted(graph.parents(nodes) - set(nodes)))
        table = np.zeros([self.mechanisms.sizes[name] for name in names])
        for cell in np.ndindex(table.shape):
            values = dict(zip(names, cell, strict=True))
            if all(values[node] == held[node] for node in nodes if node in held):
                ends, fits = self._seen(district, values)
                table[cell] = np.diff(ends, prepend=0.0)[fits].sum()
        return names, table

    def joint(self, levels: Mapping[str, Sequence[Any]]) -> Joint:
        """Give the probabilities of all nodes.

        Arguments:
            levels: What the levels are called.
        """
        values = np.ones([1] * len(self.nodes))
        for district in range(len(self.groups)):
            names, table = self.factor(district)
            values = values * spread(table, names, self.nodes)
        return Joint(self.nodes, {node: list(levels[node]) for node in self.nodes}, values / values.sum())


def _alike(codes: Codes) -> Iterator[tuple[Numbers, list[int]]]:
    """Give the places of each distinct row, and the row."""
    distinct, which = np.unique(codes, axis=0, return_inverse=True)
    order = np.argsort(which.ravel(), kind="stable")
    ends = np.searchsorted(which.ravel()[order], np.arange(len(distinct) + 1))
    for number, values in enumerate(distinct.tolist()):
        yield order[ends[number] : ends[number + 1]], values


def _within(ends: Array, fits: np.ndarray[Any, np.dtype[np.bool_]], uniform: Array) -> Array:
    """Move uniform numbers to the pieces of the line that fit."""
    starts = ends - np.diff(ends, prepend=0.0)
    lengths = (ends - starts)[fits]
    edges = np.concatenate([[0.0], np.cumsum(lengths)])
    along = uniform * edges[-1]
    piece = np.clip(np.searchsorted(edges, along, side="right") - 1, 0, len(lengths) - 1)
    return np.asarray(starts[fits][piece] + np.minimum(along - edges[piece], lengths[piece] * (1 - 1e-12)))
