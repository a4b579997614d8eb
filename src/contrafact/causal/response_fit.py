"""Fit response types to rows: counts where no hidden cause is shared, EM where one is.

A node that shares no hidden cause has one answer for each combination of its parents' levels, and their probabilities
are the shares that were counted. In a district all of whose nodes share hidden causes, types are free and the
likelihood is concave: EM finds its top. Where only some pairs do (X <-> Z <-> Y), each set of nodes that share a cause
has a hidden variable of a few states, independent of the others, and a node's answer depends on the states of its own:
EM over these states, from several starts, finds a top (Zaffalon, Antonucci and Cabañas 2021 call it causal EM). The
states are then read as a distribution over types, so that models of both kinds are the same thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod
from typing import Any

import numpy as np

from contrafact.base.seeds import generator
from contrafact.causal.graph import Graph
from contrafact.causal.identify.evaluate import Array, Joint
from contrafact.causal.response_model import Codes, Group, ResponseModel
from contrafact.causal.responses import Constraint, Mechanisms, Response, factor_of, spread
from contrafact.causal.responses_blocks import Block, blocks_of

STATES, STARTS, ROUNDS, STILL = 4, 3, 1500, 1e-9


def fitted(joint: Joint, graph: Graph, *, rows: float, seed: int, states: int = STATES) -> ResponseModel:
    """Fit types to the probabilities of all nodes.

    Arguments:
        joint: The shares of all combinations of levels.
        graph: A graph without latent nodes.
        rows: How many rows they were counted in.
        seed: Seeds the starts of EM over hidden states.
        states: How many states a hidden variable has where not all of a district share one.
    """
    mechanisms = Mechanisms(graph, {node: len(joint.levels[node]) for node in graph.nodes})
    groups = []
    for number, district in enumerate(graph.districts):
        told = factor_of(joint, graph, district, rows=rows).patterns(mechanisms)
        blocks = blocks_of(mechanisms, told)
        tied = all(b in graph.spouses(a) for a, b in combinations(graph.sorted(district), 2))
        made = [_of_block(block) for block in blocks] if tied else _of_states(mechanisms, blocks, seed + number, states)
        groups.append((*made, *_unseen(mechanisms, district, made)))
    return ResponseModel(mechanisms, tuple(groups))


def _of_block(block: Block) -> Group:
    if len(block.responses) == 1:  # counted shares, as they are
        answers = block.answers
        shares = np.zeros(block.allowed)
        for each in block.constraints:
            shares[block.row(each.pattern)] = each.value
        return Group.of(block.responses, shares, answers)
    return Group.of(block.responses, block.fitted(), block.answers)


def _unseen(mechanisms: Mechanisms, district: frozenset[str], made: Sequence[Group]) -> list[Group]:
    """Let nodes answer with any level where their parents were never seen with such values."""
    known = {response for group in made for response in group.responses}
    responses = [(node, c) for node in mechanisms.graph.sorted(district) for c in mechanisms.combinations(node)]
    levels = mechanisms.sizes
    return [
        Group((r,), np.full(levels[r[0]], 1 / levels[r[0]]), np.arange(levels[r[0]])[None, :])
        for r in responses
        if r not in known
    ]


def unseen(model: ResponseModel, joint: Joint) -> list[str]:
    """Name the nodes with combinations of causes that were never seen, whose answers there are made up.

    Arguments:
        model: A fitted model.
        joint: The shares that it was fitted to.
    """
    causes = model.mechanisms.causes
    return [node for node in model.nodes if causes[node] and (joint.margin(causes[node]) == 0).any()]


def cliques(graph: Graph, district: frozenset[str]) -> list[tuple[str, ...]]:
    """List the largest sets of a district's nodes of which each pair shares hidden causes."""
    nodes, found = graph.sorted(district), list[tuple[str, ...]]()

    def grown(clique: tuple[str, ...], left: tuple[str, ...], past: frozenset[str]) -> None:
        if not left and not past:
            found.append(clique)
        for place, node in enumerate(left):
            beside = graph.spouses(node)
            before = past | set(left[:place])
            grown((*clique, node), tuple(n for n in left[place + 1 :] if n in beside), before & beside)

    grown((), nodes, frozenset())
    return found


@dataclass(frozen=True, eq=False)
class _Hidden:
    """Hidden variables of a district, and how each node answers in each of their states.

    Arguments:
        axes: For each node, the hidden variables that act on it.
        chances: The probabilities of each hidden variable's states.
        tables: For each answer its levels' probabilities, axes: the states of the node's hidden variables, then levels.
    """

    axes: dict[str, tuple[int, ...]]
    chances: list[Array]
    tables: dict[Response, Array]

    def wide(self, response: Response, level: int) -> Array:
        """Give the chance of an answer, an axis for each hidden variable."""
        names = [str(axis) for axis in range(len(self.chances))]
        table = self.tables[response][..., level]
        return spread(table, [str(axis) for axis in self.axes[response[0]]], names)

    @property
    def weights(self) -> Array:
        """The probability of each combination of states."""
        whole = np.ones([1] * len(self.chances))
        for axis, chance in enumerate(self.chances):
            whole = whole * chance.reshape([-1 if a == axis else 1 for a in range(len(self.chances))])
        return whole


def _of_states(mechanisms: Mechanisms, blocks: Sequence[Block], seed: int, states: int) -> list[Group]:
    """Fit hidden variables for the sets that share causes, and read types off them."""
    district = frozenset(response[0] for block in blocks for response in block.responses)
    sets = cliques(mechanisms.graph, district)
    told = [each for block in blocks for each in block.constraints if each.seen > 0]
    best: tuple[float, _Hidden | None] = (-np.inf, None)
    for start in range(STARTS):
        random = generator(seed, "states", start)
        level, hidden = _climbed(_drawn(mechanisms, blocks, sets, states, random), told)
        best = (level, hidden) if level > best[0] else best
    assert best[1] is not None
    return [_types(block, best[1]) for block in blocks]


def _drawn(
    mechanisms: Mechanisms,
    blocks: Sequence[Block],
    sets: Sequence[tuple[str, ...]],
    states: int,
    random: np.random.Generator,
) -> _Hidden:
    nodes = dict.fromkeys(response[0] for block in blocks for response in block.responses)
    axes = {node: tuple(a for a, members in enumerate(sets) if node in members) for node in nodes}
    tables = {
        response: random.dirichlet(np.ones(mechanisms.sizes[response[0]]), size=[states] * len(axes[response[0]]))
        for block in blocks
        for response in block.responses
    }
    return _Hidden(axes, [random.dirichlet(np.full(states, 5.0)) for _ in sets], tables)


def _climbed(hidden: _Hidden, told: Sequence[Constraint]) -> tuple[float, _Hidden]:
    """Climb by EM until a round gains next to nothing."""
    level = -np.inf
    for _ in range(ROUNDS):
        now, hidden = _stepped(hidden, told)
        if now - level < STILL:
            break
        level = now
    return level, hidden


def _stepped(hidden: _Hidden, told: Sequence[Constraint]) -> tuple[float, _Hidden]:
    count, total, level = len(hidden.chances), sum(each.seen for each in told), 0.0
    sums = [np.zeros_like(chance) for chance in hidden.chances]
    tables = {response: np.full_like(table, 1e-12) for response, table in hidden.tables.items()}
    weights = hidden.weights
    for each in told:
        chance = weights
        for response, value in each.pattern:
            chance = chance * hidden.wide(response, value)
        whole = max(float(chance.sum()), 1e-300)
        level += each.seen * float(np.log(whole)) / total
        share = np.broadcast_to(chance, [len(c) for c in hidden.chances]) * (each.seen / whole)
        for axis in range(count):
            sums[axis] += share.sum(axis=tuple(a for a in range(count) if a != axis))
        for response, value in each.pattern:
            own = hidden.axes[response[0]]
            tables[response][..., value] += share.sum(axis=tuple(a for a in range(count) if a not in own))
    scaled = {response: table / table.sum(axis=-1, keepdims=True) for response, table in tables.items()}
    return level, _Hidden(hidden.axes, [part / part.sum() for part in sums], scaled)


def _types(block: Block, hidden: _Hidden) -> Group:
    """Read the distribution over types off hidden states: in a state, answers are independent."""
    weights = np.broadcast_to(hidden.weights, [len(c) for c in hidden.chances])
    shares = np.zeros(block.allowed)
    for state in np.ndindex(weights.shape):
        table = np.ones(1)
        for response in block.responses:
            own = tuple(state[axis] for axis in hidden.axes[response[0]])
            table = (table[:, None] * hidden.tables[response][own][None, :]).ravel()
        shares += weights[state] * table
    return Group.of(block.responses, shares, block.answers)


def parameters(model_graph: Graph, sizes: dict[str, int]) -> int:
    """Count the free numbers of a law of a graph: each node given those before it that matter."""
    count = 0
    for node in model_graph.order:
        part = model_graph.subgraph(model_graph.order[: model_graph.order.index(node) + 1])
        tied = part.district(node)
        known = (tied | part.parents(tied)) - {node}
        count += (sizes[node] - 1) * prod(sizes[other] for other in known)
    return count


def coded_rows(codes: Codes, levels: dict[str, Any], nodes: Sequence[str]) -> Any:
    """Write rows of levels as a frame."""
    import pandas as pd

    columns = {node: [levels[node][code] for code in codes[:, place]] for place, node in enumerate(nodes)}
    return pd.DataFrame(columns, columns=list(nodes))
