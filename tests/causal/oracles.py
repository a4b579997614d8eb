"""Answers that are known without the package: exact models, and a second way to decide what can be identified.

`Tables` is a random model with one table for each node and one for each hidden cause: the law of everything, in any
world in which some nodes are set, is a sum over its tables. `Functions` is a model whose nodes are functions of their
causes and of noise: all worlds of one unit at once, by going through every state of the noise. `reachable` decides by
fixing (Richardson, Evans, Robins and Shpitser 2023, Annals of Statistics 51), not by the recursion under test.
`two_models` finds two models with the same observations and different effects.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from contrafact.causal.graph import Graph

NAMES = "ABCDEFG"


def random_graph(random: np.random.Generator, size: int, arrows: float = 0.45, hidden: float = 0.3) -> Graph:
    """Draw a graph whose nodes are named in an order that causes follow, shuffled."""
    names = list(NAMES[:size])
    random.shuffle(names)
    pairs = list(itertools.combinations(names, 2))
    directed = [pair for pair in pairs if random.random() < arrows]
    both = [pair for pair in pairs if random.random() < hidden]
    return Graph([*sorted(names), *directed, *((a, "<->", b) for a, b in both)])


def series(array: np.ndarray, nodes: Sequence[str], levels: Mapping[str, Sequence[Any]] | None = None) -> pd.Series:
    """Lay an array of probabilities out as a Series over all values."""
    values = [list(levels[node]) if levels else list(range(array.shape[i])) for i, node in enumerate(nodes)]
    return pd.Series(array.reshape(-1), index=pd.MultiIndex.from_product(values, names=list(nodes)))


class Tables:
    """A random model of a graph.

    Arguments:
        graph: The graph.
        random: Where numbers come from.
        states: How many values each hidden cause has.
        levels: How many values each node has; two where nothing is said.
    """

    def __init__(
        self, graph: Graph, random: np.random.Generator, states: int = 3, levels: Mapping[str, int] = {}
    ) -> None:
        self.graph, self.nodes = graph, graph.order
        self.hidden = [f"{a}~{b}" for a, b in graph.bidirected]
        self.axis = {name: place for place, name in enumerate([*self.nodes, *self.hidden])}
        self.size = {node: levels.get(node, 2) for node in self.nodes} | dict.fromkeys(self.hidden, states)
        self.tables: dict[str, tuple[np.ndarray, list[int]]] = {}
        for name in self.hidden:
            self.tables[name] = (random.dirichlet(np.ones(states)), [self.axis[name]])
        for node in self.nodes:
            causes = [*graph.sorted(graph.parents(node)), *(u for u in self.hidden if node in u.split("~"))]
            shape = [self.size[cause] for cause in causes]
            table = random.dirichlet(np.ones(self.size[node]), size=shape)
            self.tables[node] = (0.02 + (1 - 0.02 * self.size[node]) * table, [self.axis[n] for n in (*causes, node)])

    def law(self, do: Iterable[str] = ()) -> np.ndarray:
        """Give the law of all nodes where some are set at random, each value as often."""
        tables = {**self.tables}
        for node in do:
            tables[node] = (np.full(self.size[node], 1 / self.size[node]), [self.axis[node]])
        operands = [part for array, axes in tables.values() for part in (array, axes)]
        result: np.ndarray = np.einsum(*operands, list(range(len(self.nodes))), optimize="greedy")
        return result

    def series(self, do: Iterable[str] = ()) -> pd.Series:
        """Give the same as a Series."""
        return series(self.law(do), self.nodes)

    def effect(self, of: Sequence[str], do: Sequence[str], given: Sequence[str] = ()) -> np.ndarray:
        """Give P(of | do(do), given), axes do, given, of."""
        kept = [*do, *given, *of]
        law = self.law(do)
        gone = tuple(place for place, node in enumerate(self.nodes) if node not in kept)
        order = [node for node in self.nodes if node in kept]
        law = law.sum(axis=gone).transpose([order.index(node) for node in kept])
        last = tuple(range(len(kept) - len(of), len(kept)))
        result: np.ndarray = law / law.sum(axis=last, keepdims=True)
        return result


@dataclass
class Functions:
    """A random model whose nodes are functions: every state of the noise, with its weight."""

    graph: Graph
    weights: np.ndarray
    noise: dict[str, np.ndarray]
    rules: dict[str, np.ndarray]

    @classmethod
    def draw(cls, graph: Graph, random: np.random.Generator, states: int = 2, own: int = 3) -> Functions:
        """Draw a model of two-valued nodes; a node's own noise may also force either value."""
        hidden = [f"{a}~{b}" for a, b in graph.bidirected]
        sizes = [states] * len(hidden) + [own + 2] * len(graph)
        grid = np.indices(sizes).reshape(len(sizes), -1)
        weights = np.ones(grid.shape[1])
        for row, size in zip(grid, sizes, strict=True):
            weights = weights * random.dirichlet(np.full(size, 2.0))[row]
        rules = {}
        for node in graph.nodes:
            causes = len(graph.parents(node)) + sum(node in u.split("~") for u in hidden)
            shape = [2] * len(graph.parents(node)) + [states] * (causes - len(graph.parents(node))) + [own + 2]
            table = random.integers(0, 2, shape)
            table[..., own], table[..., own + 1] = 0, 1
            rules[node] = table
        return cls(graph, weights, dict(zip([*hidden, *graph.nodes], grid, strict=True)), rules)

    def world(self, do: Mapping[str, Any] = {}) -> dict[str, np.ndarray]:
        """Give the value of every node for every state of the noise, some of them set (to a value or an array)."""
        values: dict[str, np.ndarray] = {}
        hidden = [name for name in self.noise if "~" in name]
        for node in self.graph.order:
            if node in do:
                values[node] = np.broadcast_to(np.asarray(do[node]), self.weights.shape)
                continue
            causes = [values[p] for p in self.graph.sorted(self.graph.parents(node))]
            causes += [self.noise[u] for u in hidden if node in u.split("~")]
            values[node] = self.rules[node][(*causes, self.noise[node])]
        return values

    def probability(self, event: np.ndarray, given: np.ndarray | bool = True) -> float:
        """Give the probability of an event, given another."""
        given = np.broadcast_to(given, self.weights.shape)
        return float(self.weights[event & given].sum() / self.weights[given].sum())

    def mean(self, values: np.ndarray, given: np.ndarray | bool = True) -> float:
        """Give a mean, given an event."""
        given = np.broadcast_to(given, self.weights.shape)
        return float((self.weights * values)[given].sum() / self.weights[given].sum())

    def series(self, do: Iterable[str] = ()) -> pd.Series:
        """Give the law of all nodes where some are set at random, each value as often."""
        do, nodes = list(do), self.graph.order
        total = np.zeros([2] * len(nodes))
        for setting in itertools.product([0, 1], repeat=len(do)):
            values = self.world(dict(zip(do, setting, strict=True)))
            np.add.at(total, tuple(values[node] for node in nodes), self.weights / 2 ** len(do))
        return series(total, nodes)


def reachable(graph: Graph, outcomes: set[str], treatments: set[str], regimes: Sequence[set[str]] = (set(),)) -> bool:
    """Decide by fixing whether P(outcomes | do(treatments)) follows from the laws of some regimes."""
    rest = graph.subgraph(set(graph.nodes) - treatments)
    causes = rest.subgraph(rest.ancestors(outcomes))
    return all(any(_fixable(graph, set(part), regime) for regime in regimes) for part in causes.districts)


def _fixable(graph: Graph, part: set[str], regime: set[str]) -> bool:
    if part & regime:
        return False
    kept = set(graph.nodes) - regime
    while kept != part:
        now = graph.subgraph(kept)
        free = [v for v in kept - part if now.descendants(v) & now.district(v) == {v}]
        if not free:
            return False
        kept.remove(free[0])
    return True


def two_models(
    graph: Graph, outcome: str, treatments: Sequence[str], seed: int, states: int = 4
) -> tuple[float, float, float]:
    """Find two models of two-valued nodes that agree on all observations, by following a direction of no change.

    Returns:
        The largest difference between the observations, the largest difference between the effects, and the least
        probability of an observation.
    """
    import torch

    first = Tables(graph, np.random.default_rng(seed), states)
    shapes = {name: torch.tensor(np.log(table)) for name, (table, _) in first.tables.items()}
    flat = torch.cat([value.reshape(-1) for value in shapes.values()])

    def law(logits: torch.Tensor, do: Sequence[str] = ()) -> torch.Tensor:
        operands: list[Any] = []
        sizes = [value.numel() for value in shapes.values()]
        for (name, value), part in zip(shapes.items(), torch.split(logits, sizes), strict=True):
            table = torch.softmax(part.reshape(value.shape), -1)
            axes = first.tables[name][1]
            if name in do:
                table, axes = torch.full((2,), 0.5, dtype=torch.float64), [first.axis[name]]
            operands += [table, axes]
        return torch.einsum(*operands, list(range(len(first.nodes))))

    def effect(logits: torch.Tensor) -> torch.Tensor:
        kept = [first.axis[node] for node in (*treatments, outcome)]
        gone = [axis for axis in range(len(first.nodes)) if axis not in kept]
        table = law(logits, treatments)
        return (table.sum(gone) if gone else table).reshape(-1)

    def slopes(what: Any, at: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = torch.autograd.functional.jacobian(what, at, vectorize=True)
        return found

    def observed(logits: torch.Tensor) -> torch.Tensor:
        return law(logits).reshape(-1)

    seen, now, row = observed(flat), flat.clone(), -1
    for _ in range(6):
        goals, rows = slopes(effect, now), slopes(observed, now)
        basis = torch.linalg.svd(rows, full_matrices=False)
        kept = basis.Vh[1e-9 * basis.S[0] < basis.S]
        still = goals - goals @ kept.T @ kept
        row = int(still.norm(dim=1).argmax()) if row < 0 else row
        move = still[row]
        if move.norm() < 1e-9:
            break
        now = now + 0.7 * move / move.norm()
        for _ in range(20):  # back to the same observations
            gap = seen - observed(now)
            if gap.abs().max() < 1e-13:
                break
            now = now + torch.linalg.lstsq(slopes(observed, now), gap, driver="gelsd", rcond=1e-10).solution
    apart = float((law(now).reshape(-1) - seen).abs().max())
    return apart, float((effect(now) - effect(flat)).abs().max()), float(seen.min())


def query_text(of: Iterable[str], do: Iterable[str], given: Iterable[str] = ()) -> str:
    """Write P(of | do(do), given)."""
    right = [f"do({', '.join(do)})", *given]
    return f"P({', '.join(of)} | {', '.join(right)})"


def random_question(random: np.random.Generator, graph: Graph, conditions: int = 0) -> tuple[list[str], ...]:
    """Draw outcomes, treatments that cause one of them if any node does, and conditions."""
    order = list(graph.order)
    first = order[int(random.integers(len(order) // 2, len(order)))]
    causes = [node for node in order if node != first and node in graph.ancestors(first)]
    causes = causes or [node for node in order if node != first]
    do = [str(node) for node in random.permutation(causes)[: int(random.integers(1, 3))]]
    rest = [str(node) for node in random.permutation([n for n in order if n not in (first, *do)])]
    of = [first, *rest[: int(random.random() < 0.3)]]
    given = [node for node in rest if node not in of][:conditions]
    return of, do, given


def distance(found: Any, truth: np.ndarray) -> float:
    """Give the largest difference between an answer and the truth, whose axes are those of the answer."""
    return float(np.abs(np.asarray(found, dtype=float).reshape(truth.shape) - truth).max())


@dataclass(frozen=True)
class Imagined:
    """A random question about other worlds: events as (node, value, what is set), outcomes and conditions."""

    outcomes: tuple[tuple[str, int, dict[str, int]], ...]
    conditions: tuple[tuple[str, int, dict[str, int]], ...]

    @classmethod
    def draw(cls, random: np.random.Generator, graph: Graph) -> Imagined:
        """Draw one."""

        def event(most: int) -> tuple[str, int, dict[str, int]]:
            node, *others = (str(n) for n in random.permutation(list(graph.nodes)))
            do = {other: int(random.integers(2)) for other in others[: int(random.integers(0, most + 1))]}
            return node, int(random.integers(2)), do

        outcomes, conditions = [event(2)], [event(int(random.random() < 0.3)) for _ in range(random.integers(0, 3))]
        if random.random() < 0.4:
            outcomes.append(event(2))
        return cls(tuple(outcomes), tuple(conditions))

    def __str__(self) -> str:
        def written(node: str, value: int, do: dict[str, int]) -> str:
            world = ", ".join(f"{n}={v}" for n, v in do.items())
            return f"{node}_{{{world}}}={value}" if do else f"{node}={value}"

        left, right = (", ".join(written(*event) for event in part) for part in (self.outcomes, self.conditions))
        return f"P({left} | {right})" if right else f"P({left})"

    def truth(self, model: Functions) -> float | None:
        """Give the probability; None where the conditions never hold."""
        events = [
            np.logical_and.reduce([model.world(do)[node] == value for node, value, do in part] or [np.True_])
            for part in (self.outcomes, self.conditions)
        ]
        event, given = (np.broadcast_to(each, model.weights.shape) for each in events)
        return model.probability(event, given) if model.weights[given].sum() > 1e-12 else None


class Types:
    """All models of a small graph of two-valued nodes: which function of its causes each node is, tied by district.

    Arguments:
        graph: The graph; nodes with few parents, since a node with k of them has 2 ** 2 ** k functions.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph, nodes = graph, list(graph.nodes)
        counts = [2**2 ** len(graph.parents(node)) for node in nodes]
        grid = np.indices(counts).reshape(len(nodes), -1)
        noise = dict(zip(nodes, grid, strict=True))
        rules = {}
        for node, count in zip(nodes, counts, strict=True):
            shape = [2] * len(graph.parents(node)) + [count]
            table = np.array([[(rule >> case) & 1 for rule in range(count)] for case in range(2 ** (len(shape) - 1))])
            rules[node] = table.reshape(shape)
        self.worlds = Functions(graph, np.ones(grid.shape[1]), noise, rules)
        self.parts = []
        for district in graph.districts:
            sizes = [counts[nodes.index(node)] for node in graph.sorted(district)]
            self.parts.append(
                (np.ravel_multi_index([noise[n] for n in graph.sorted(district)], sizes), int(np.prod(sizes)))
            )

    def moves(self, question: Imagined, seed: int) -> float:
        """Tell how far a question can move, at a random model, while all observations stay: 0 if not at all."""
        import torch

        start = torch.randn(sum(size for _, size in self.parts), generator=torch.Generator().manual_seed(seed))
        values = self.worlds.world()
        cells = np.ravel_multi_index([values[node] for node in self.graph.nodes], [2] * len(self.graph))
        events = [
            np.logical_and.reduce([self.worlds.world(do)[n] == v for n, v, do in part] or [np.ones(len(cells), bool)])
            for part in (question.outcomes, question.conditions)
        ]

        def weights(logits: torch.Tensor) -> torch.Tensor:
            total = torch.ones(len(cells), dtype=torch.float64)
            for (index, _), part in zip(self.parts, torch.split(logits, [s for _, s in self.parts]), strict=True):
                total = total * torch.softmax(part, 0)[torch.as_tensor(index)]
            return total

        def seen(logits: torch.Tensor) -> torch.Tensor:
            empty = torch.zeros(2 ** len(self.graph), dtype=torch.float64)
            return empty.index_add(0, torch.as_tensor(cells), weights(logits))

        def asked(logits: torch.Tensor) -> torch.Tensor:
            w = weights(logits)
            given = torch.as_tensor(events[1])
            return w[given & torch.as_tensor(events[0])].sum() / w[given].sum()

        at = start.double()
        rows = torch.autograd.functional.jacobian(seen, at)
        goal = torch.autograd.functional.jacobian(asked, at)
        basis = torch.linalg.svd(rows, full_matrices=False)
        kept = basis.Vh[basis.S > 1e-10]
        return float((goal - kept.T @ (kept @ goal)).norm())


def ends_by_all_types(
    types: Types, seen: np.ndarray, free: int, others: np.ndarray, top: np.ndarray, bottom: np.ndarray | None = None
) -> tuple[float, float]:
    """Give the least and the largest probability over all distributions of one district's types, by going through all.

    Arguments:
        types: All models of a graph.
        seen: The probabilities of all nodes, axes in the order of the graph.
        free: The district whose types are free.
        others: For each combination of types, the probability of those of the other districts.
        top: What each combination of types counts.
        bottom: What it counts below the line, where the question is a ratio; halved in on then.
    """
    from scipy.optimize import linprog

    values = types.worlds.world()
    cells = np.ravel_multi_index([values[node] for node in types.graph.nodes], seen.shape)
    index, size = types.parts[free]
    rows = np.zeros((seen.size, size))
    np.add.at(rows, (cells, index), others)
    rows, right = np.vstack([rows, np.ones(size)]), np.append(seen.ravel(), 1.0)
    counted = [np.bincount(index, others * part, size) for part in (top, top if bottom is None else bottom)]
    if bottom is None:
        found = [linprog(sign * counted[0], A_eq=rows, b_eq=right, method="highs-ipm") for sign in (1, -1)]
        return float(found[0].fun), float(-found[1].fun)
    ends = []
    for sign in (1, -1):
        low, high = 0.0, 1.0
        for _ in range(40):  # is there a distribution whose ratio is on this side of the middle?
            middle = (low + high) / 2
            gap = linprog(sign * (counted[0] - middle * counted[1]), A_eq=rows, b_eq=right, method="highs").fun
            reached = gap < -1e-13
            low, high = (low, middle) if reached == (sign == 1) else (middle, high)
        ends.append((low + high) / 2)
    return ends[0], ends[1]


def balke_pearl(p: np.ndarray) -> tuple[float, float]:
    """Balke and Pearl's formulas; p[z, x, y] = P(x, y | z), and their p_yx.z."""
    q = {(y, x, z): p[z, x, y] for y in (0, 1) for x in (0, 1) for z in (0, 1)}
    low = max(
        q[1, 1, 1] + q[0, 0, 0] - 1,
        q[1, 1, 0] + q[0, 0, 1] - 1,
        q[1, 1, 0] - q[1, 1, 1] - q[1, 0, 1] - q[0, 1, 0] - q[1, 0, 0],
        q[1, 1, 1] - q[1, 1, 0] - q[1, 0, 0] - q[0, 1, 1] - q[1, 0, 1],
        -q[0, 1, 1] - q[1, 0, 1],
        -q[0, 1, 0] - q[1, 0, 0],
        q[0, 0, 1] - q[0, 1, 1] - q[1, 0, 1] - q[0, 1, 0] - q[0, 0, 0],
        q[0, 0, 0] - q[0, 1, 0] - q[1, 0, 0] - q[0, 1, 1] - q[0, 0, 1],
    )
    high = min(
        1 - q[0, 1, 1] - q[1, 0, 0],
        1 - q[0, 1, 0] - q[1, 0, 1],
        -q[0, 1, 0] + q[0, 1, 1] + q[0, 0, 1] + q[1, 1, 0] + q[0, 0, 0],
        -q[0, 1, 1] + q[1, 1, 1] + q[0, 0, 1] + q[0, 1, 0] + q[0, 0, 0],
        q[1, 1, 1] + q[0, 0, 1],
        q[1, 1, 0] + q[0, 0, 0],
        -q[1, 0, 1] + q[1, 1, 1] + q[0, 0, 1] + q[1, 1, 0] + q[1, 0, 0],
        -q[1, 0, 0] + q[1, 1, 0] + q[0, 0, 0] + q[1, 1, 1] + q[1, 0, 1],
    )
    return low, high


def tian_pearl(p: np.ndarray, one: float, zero: float) -> tuple[float, float]:
    """Tian and Pearl's bounds on the probability of necessity and sufficiency.

    Arguments:
        p: P(x, y), seen.
        one: P(y | do(x = 1)), from an experiment.
        zero: P(y | do(x = 0)).
    """
    seen = p[:, 1].sum()
    low = max(0.0, one - zero, seen - zero, one - seen)
    return low, min(one, 1 - zero, p[1, 1] + p[0, 0], one - zero + p[1, 0] + p[0, 1])
