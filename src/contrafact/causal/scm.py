"""Structural causal models: a mechanism for each node, run in the order of the graph, in any number of worlds.

A graph with hidden common causes gets one hidden variable U_C for each maximal clique C of its <-> edges (not for each
district: with X <-> Y <-> Z and no X <-> Z there are two), and every node has noise of its own. This is expressive
enough: whatever model made the data, one of this kind agrees with it in every world (Xia, Pan and Bareinboim 2023).
`do` replaces a mechanism; worlds that share their noise are worlds of the same units.

Reference: Xia, Pan and Bareinboim, Neural causal models for counterfactual identification and estimation, ICLR 2023.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from contrafact.causal.graph import Graph
from contrafact.causal.mechanisms import Bank, Kind, Slice, gumbel, number, unit_of

Fixed = Tensor | float | Callable[[Any], Any]
Worlds = Mapping[int, Fixed]


def maximal_cliques(graph: Graph) -> tuple[tuple[str, ...], ...]:
    """Give the largest sets of nodes that are all tied to each other by hidden common causes (Bron and Kerbosch).

    >>> maximal_cliques(Graph("X; Y; Z; X <-> Y; Y <-> Z"))
    (('X', 'Y'), ('Y', 'Z'))
    """
    found: list[tuple[str, ...]] = []

    def grow(clique: frozenset[str], more: frozenset[str], done: frozenset[str]) -> None:
        if not more and not done and len(clique) > 1:
            found.append(graph.sorted(clique))
        for node in graph.sorted(more):
            near = graph.spouses(node)
            grow(clique | {node}, more & near, done & near)
            more, done = more - {node}, done | {node}

    grow(frozenset(), frozenset(graph.nodes), frozenset())
    return tuple(sorted(found, key=lambda clique: [graph.nodes.index(node) for node in clique]))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a structural model is made of, in numbers.

    Arguments:
        sizes: For each node its levels, 0 for a number.
        parents: For each node its direct causes.
        cliques: The nodes that each hidden variable moves.
        latent: How many numbers a hidden variable has.
    """

    sizes: tuple[int, ...]
    parents: tuple[tuple[int, ...], ...]
    cliques: tuple[tuple[int, ...], ...]
    latent: int = 1

    @classmethod
    def of(cls, graph: Graph, names: Sequence[str], sizes: Sequence[int], *, latent: int, private: bool) -> Self:
        """Read a graph over observed nodes.

        Arguments:
            graph: The graph.
            names: Its nodes in the order of the columns.
            sizes: For each its levels, 0 for a number.
            latent: How many numbers a hidden variable has.
            private: Whether each node has a hidden variable of its own that enters its network.
        """
        place = {name: index for index, name in enumerate(names)}
        cliques = [tuple(place[node] for node in clique) for clique in maximal_cliques(graph)]
        cliques += [(index,) for index in range(len(names))] if private else []
        parents = tuple(tuple(sorted(place[p] for p in graph.parents(name))) for name in names)
        return cls(sizes=tuple(sizes), parents=parents, cliques=tuple(cliques), latent=latent)

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each node's scalar or one-hot begins in a row."""
        found = [0]
        for size in self.sizes:
            found.append(found[-1] + (size or 1))
        return tuple(found)

    @property
    def width(self) -> int:
        """How wide a row of scalars and one-hots is."""
        return self.starts[-1]

    @property
    def hidden(self) -> int:
        """How many numbers all hidden variables have."""
        return self.latent * len(self.cliques)

    def columns(self, node: int) -> range:
        """Give the places of a node in a row."""
        return range(self.starts[node], self.starts[node + 1])

    def causes(self, node: int) -> tuple[int, ...]:
        """Give the places of a node's inputs: its parents, then the hidden variables that move it."""
        own = [c for parent in self.parents[node] for c in self.columns(parent)]
        for place, clique in enumerate(self.cliques):
            if node in clique:
                own += range(self.width + place * self.latent, self.width + (place + 1) * self.latent)
        return tuple(own)

    @cached_property
    def levels(self) -> tuple[tuple[int, ...], ...]:
        """Nodes in groups, each after all groups that hold its causes."""
        depth: dict[int, int] = {}

        def of(node: int) -> int:
            if node not in depth:
                depth[node] = 1 + max((of(parent) for parent in self.parents[node]), default=-1)
            return depth[node]

        deepest = max(of(node) for node in range(len(self.sizes)))
        return tuple(tuple(n for n in depth if depth[n] == level) for level in range(deepest + 1))

    @cached_property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Nodes that hidden variables tie together; the others alone."""
        left, found = list(range(len(self.sizes))), []
        while left:
            group = {left[0]}
            while True:
                more = {n for clique in self.cliques if group & set(clique) for n in clique} | group
                if more == group:
                    break
                group = more
            found.append(tuple(sorted(group)))
            left = [node for node in left if node not in group]
        return tuple(found)

    def below(self, nodes: Sequence[int]) -> frozenset[int]:
        """Give what nodes cause, directly or not, and the nodes themselves."""
        found = set(nodes)
        for level in self.levels:
            found |= {node for node in level if found & set(self.parents[node])}
        return frozenset(found)

    def row(self, values: Tensor) -> Tensor:
        """Turn values, a column for each node, into rows of scalars and one-hots."""
        parts = [
            one_hot(values[..., n].long(), size).to(values.dtype) if size else values[..., n : n + 1]
            for n, size in enumerate(self.sizes)
        ]
        return torch.cat(parts, dim=-1)


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Everything that moves a number of units, in all worlds.

    Arguments:
        hidden: The hidden variables, (row, number).
        own: For each node its noise: (row) normal for a number, (row, level) Gumbel for levels.
    """

    hidden: Tensor
    own: tuple[Tensor, ...]

    def __len__(self) -> int:
        return len(self.hidden)

    def take(self, rows: Any) -> Noise:
        """Choose units."""
        return Noise(hidden=self.hidden[rows], own=tuple(each[rows] for each in self.own))


class Scm(nn.Module):
    """A structural model whose mechanisms are networks.

    Arguments:
        plan: Its parts.
        kinds: How each node's number is made; of nodes with levels it is not read.
        width: Units in a hidden layer.
    """

    def __init__(self, plan: Plan, kinds: Sequence[Kind], width: int) -> None:
        super().__init__()
        self.plan = plan
        units = [unit_of(n, kinds[n], plan.causes(n), size) for n, size in enumerate(plan.sizes)]
        self.kinds: tuple[Kind, ...] = tuple(unit.kind for unit in units)
        self.bank = Bank(units, plan.width + plan.hidden, width)
        self._ready: list[tuple[Slice, Tensor]] | None = None

    def noise(self, rows: int, source: torch.Generator) -> Noise:
        """Draw what moves some units."""
        plan = self.plan
        hidden = torch.randn(rows, plan.hidden, generator=source)
        own = (
            gumbel(torch.rand(rows, size, generator=source)) if size else torch.randn(rows, generator=source)
            for size in plan.sizes
        )
        return Noise(hidden=hidden, own=tuple(own))

    def ready(self) -> Scm:
        """Lay the weights out for fast runs; they must not change afterwards."""
        with torch.no_grad():
            self._ready = [self._sliced(level) for level in self.plan.levels]
        return self

    def _sliced(self, level: Sequence[int]) -> tuple[Slice, Tensor]:
        columns = sorted({c for node in level for c in self.plan.causes(node)})
        return Slice(self.bank, level, columns), torch.as_tensor(columns, dtype=torch.int64)

    def run(self, noise: Noise, do: Worlds | None = None, heat: float | None = None) -> Tensor:
        """Let all nodes follow from noise.

        Arguments:
            noise: The units.
            do: For a node that is set the value, the values, or a function from natural values to new ones.
            heat: Of soft levels through which gradients flow; none: levels only.

        Returns:
            Rows of scalars and one-hots.
        """
        do = do or {}
        dtype = self.bank.first.dtype
        parts: list[Tensor] = [torch.empty(0)] * len(self.plan.sizes)
        rows = noise.hidden.new_zeros(len(noise), self.plan.width + self.plan.hidden, dtype=dtype)
        rows[:, self.plan.width :] = noise.hidden
        for place, level in enumerate(self.plan.levels):
            free = [node for node in level if node not in do or callable(do[node])]
            if free:
                self._level(place, level, noise, parts, rows, heat)
            for node in level:
                if node in do:
                    parts[node] = self._set(node, do[node], parts[node], len(noise), dtype)
            if heat is None:
                for node in level:
                    rows[:, self.plan.starts[node] : self.plan.starts[node + 1]] = parts[node]
        return torch.cat(parts, dim=1)

    def _level(
        self, place: int, level: Sequence[int], noise: Noise, parts: list[Tensor], rows: Tensor, heat: float | None
    ) -> None:
        """Let the nodes of one level follow."""
        net, columns = self._ready[place] if self._ready else self._sliced(level)
        if heat is None:
            seen = rows[:1] if not len(columns) else rows
            outputs = net(seen[:, columns])
        else:
            outputs = net(self._joined(parts, noise).to(rows.dtype)[:, columns])
        for index, node in enumerate(level):
            size, own = self.plan.sizes[node], noise.own[node]
            if size:
                parts[node] = _levels(outputs[index][:, :size], own, heat)
            else:
                parts[node] = number(outputs[index], own, self.kinds[node]).unsqueeze(1)

    def _joined(self, parts: list[Tensor], noise: Noise) -> Tensor:
        """Put what is known so far together, zeros elsewhere."""
        there = [
            part if part.dim() == 2 else noise.hidden.new_zeros(len(noise), self.plan.sizes[n] or 1)
            for n, part in enumerate(parts)
        ]
        return torch.cat([*there, noise.hidden], dim=1)

    def _set(self, node: int, to: Fixed, natural: Tensor, rows: int, dtype: torch.dtype) -> Tensor:
        size = self.plan.sizes[node]
        if callable(to):
            before = natural.argmax(1) if size else natural[:, 0]
            to = torch.as_tensor(to(before.detach().double().numpy()))
        values = torch.as_tensor(to, dtype=dtype).expand(rows)
        if size:
            return one_hot(values.long(), size).to(dtype)
        return values.unsqueeze(1)

    def values(self, rows: Tensor) -> Tensor:
        """Turn rows of scalars and one-hots into values, a column for each node."""
        plan = self.plan
        parts = [rows[:, plan.starts[n] : plan.starts[n + 1]] for n in range(len(plan.sizes))]
        return torch.stack(
            [p.argmax(1).to(rows.dtype) if size else p[:, 0] for p, size in zip(parts, plan.sizes, strict=True)], dim=1
        )


def _levels(logits: Tensor, own: Tensor, heat: float | None) -> Tensor:
    """Choose the level whose logit with its noise is largest; softly where gradients are to flow (straight through)."""
    sums = logits + own
    one = torch.zeros_like(sums).scatter_(1, sums.argmax(1, keepdim=True), 1.0)
    if heat is None:
        return one
    soft = torch.softmax(sums / heat, dim=1)
    return one + (soft - soft.detach())
