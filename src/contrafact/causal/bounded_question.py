"""A question about a graph, made ready to be bounded from data: what matters of the graph, and polynomials.

A node that nothing asked about descends from can be left out where what data say of it fits any distribution of the
other nodes' types: if no hidden cause touches it, or if whatever acts on its district from outside acts on it directly,
too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from math import prod
from typing import Any

import numpy as np

from contrafact.base.errors import DataError, UsageError, did_you_mean
from contrafact.causal.graph import Graph
from contrafact.causal.identify.answer import Identified
from contrafact.causal.identify.ask import identify
from contrafact.causal.identify.evaluate import Array, Joint, Sources, evaluate, numeric_levels
from contrafact.causal.programme import Ends, Infeasible, Programme, never, put_in, solved
from contrafact.causal.query import Query, Term
from contrafact.causal.responses import Constraint, Factor, Mechanisms, Pattern, Response, factor_of, spread
from contrafact.causal.responses_asked import MOST_CASES, Asking, Polynomial, Ratio, events_of, nodes_of, open_arguments
from contrafact.causal.responses_blocks import Apart, Block, Monotone, blocks_of

ONE: Polynomial = {frozenset(): 1.0}
ROUNDING, MOST_APART = 1e-6, 256


@dataclass(frozen=True, kw_only=True)
class Source:
    """Data of one kind.

    Arguments:
        joint: The probabilities of all nodes.
        rows: How many rows they rest on.
        regime: What was set at random.
    """

    joint: Joint
    rows: float = 1.0
    regime: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question, ready to be bounded.

    Arguments:
        query: The question.
        mechanisms: What matters of the graph.
        ratios: The question: one ratio, or two of which the second is taken off.
        monotone: Assumptions.
        formula: The formula of the answer, where data settle it.
    """

    query: Query
    mechanisms: Mechanisms
    ratios: tuple[Ratio, ...]
    monotone: tuple[Monotone, ...] = ()
    formula: Identified | None = None


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A question with its ends.

    Arguments:
        ends: The ends.
        blocks: The response types that they are reached by.
        known: What data say of the patterns that were read off them.
        targets: What the blocks' known rows were taken to be.
        misfit: Share of the rows that would have to be otherwise for the data to agree with the graph; 0 where they do.
        mended: The blocks whose data were moved to the nearest that the graph allows.
        apart: Whether two denominators were bounded one by one, so that the ends may be too wide.
    """

    ends: Ends
    blocks: tuple[Block, ...]
    targets: tuple[Array, ...]
    known: Mapping[Pattern, float] = field(default_factory=dict, repr=False)
    misfit: float = 0.0
    mended: tuple[int, ...] = ()
    apart: bool = False


Place = Callable[[str, Any, bool], int]


def relevant(graph: Graph, terms: Sequence[Term], experiments: bool = False) -> Graph:
    """Leave out what makes no difference to the bounds of a question.

    Arguments:
        graph: A graph without latent nodes.
        terms: The question.
        experiments: Whether there are experiments, whose data speak of more than observations do.
    """
    asked = nodes_of(terms)
    kept = graph.subgraph(_tied_to(graph, asked))
    while True:
        ends = [node for node in kept.nodes if node not in asked and not kept.children(node)]
        loose = next((node for node in ends if _is_loose(kept, node, experiments)), None)
        if loose is None:
            return kept
        kept = kept.subgraph(n for n in kept.nodes if n != loose)


def _tied_to(graph: Graph, asked: frozenset[str]) -> frozenset[str]:
    """Give the nodes that some path of arrows or hidden causes joins to those asked about."""
    found, queue = set(asked), list(asked)
    while queue:
        node = queue.pop()
        fresh = (graph.parents(node) | graph.children(node) | graph.spouses(node)) - found
        found |= fresh
        queue += fresh
    return frozenset(found)


def _is_loose(graph: Graph, node: str, experiments: bool) -> bool:
    rest = graph.district(node) - {node}
    if not rest:
        return True
    return not experiments and graph.parents(rest) - rest - {node} <= graph.parents(node)


def ask(
    query: Query,
    graph: Graph,
    levels: Mapping[str, Sequence[Any]],
    place: Place,
    monotone: Sequence[Monotone] = (),
    regimes: Sequence[frozenset[str]] = (),
    most: int = MOST_CASES,
) -> Asked:
    """Write a question as polynomials in response types.

    Arguments:
        query: The question.
        graph: What matters of the graph.
        levels: The levels of every node.
        place: Finds the level of a value; told whether somebody wrote the value.
        monotone: Assumptions.
        regimes: What was set in experiments beside observations.
        most: How many cases of the question are gone through at most.

    Raises:
        UsageError: A value is left open, or the question has too many cases.
    """
    terms = query.terms(graph)
    _check_values(query, terms)
    mechanisms = Mechanisms(graph, {node: len(levels[node]) for node in graph.nodes})
    default = query.default
    values = [(e.node, e.value) for e in events_of(terms)]
    values += [(s.node, s.value) for e in events_of(terms) for s in e.do]
    found = {(n, str(v)): place(n, v, n in default) for n, v in values if v is not None}
    asking = Asking(mechanisms, found, most)
    weights = tuple(numeric_levels(terms[0].outcomes[0].node, levels).tolist()) if query.is_mean else None
    ratios = tuple(asking.ratio(term, weights) for term in terms)
    formula = identify(graph, query, regimes)
    return Asked(
        query=query,
        mechanisms=mechanisms,
        ratios=ratios,
        monotone=_checked(monotone, graph),
        formula=formula if formula.identifiable else None,
    )


def _check_values(query: Query, terms: Sequence[Term]) -> None:
    left = open_arguments(query, terms)
    if left:
        raise UsageError(
            f"{query} leaves the value of {' and of '.join(left)} open.",
            why="Bounds are those of one number.",
            fix=f"Name values, such as {left[0]}=1; bound_table gives them all for a known joint distribution.",
            code="E541",
        )


def _checked(monotone: Sequence[Monotone], graph: Graph) -> tuple[Monotone, ...]:
    for each in monotone:
        if each.effect not in graph or each.cause not in graph.parents(each.effect):
            known = [f"{a} -> {b}" for a, b in graph.directed]
            raise UsageError(
                f"'{each.cause} -> {each.effect}' is no arrow that the question rests on.",
                why=did_you_mean(f"{each.cause} -> {each.effect}", known) if known else "There are no arrows.",
                fix="Assume monotony along an arrow of the graph.",
                code="E545",
            )
    return tuple(monotone)


@dataclass
class Reading:
    """Reads patterns off data, each district's factor computed once.

    Arguments:
        mechanisms: The graph, and how many levels its nodes have.
        sources: The data.
    """

    mechanisms: Mechanisms
    sources: Sequence[Source]
    known: dict[Pattern, float | None] = field(default_factory=dict)
    made: dict[tuple[int, frozenset[str]], Factor] = field(default_factory=dict)

    def of(self, district: frozenset[str]) -> list[Factor]:
        """Give what all data say of a district; an experiment may take it apart."""
        found = []
        for number, source in enumerate(self.sources):
            cut = self.mechanisms.graph.without_into(source.regime)
            parts = (part for part in cut.districts if part <= district and not part <= source.regime)
            for part in parts:
                if (number, part) not in self.made:
                    self.made[number, part] = factor_of(source.joint, cut, part, rows=source.rows, regime=source.regime)
                found.append(self.made[number, part])
        return found

    def value(self, pattern: Pattern) -> float | None:
        """Read one pattern; None where no data show it directly."""
        if pattern not in self.known:
            node = next(iter(pattern))[0][0]
            factors = self.of(self.mechanisms.district[node])
            read = (factor.lookup(pattern, self.mechanisms) for factor in factors)
            self.known[pattern] = next((value for value in read if value is not None), None)
        return self.known[pattern]

    def constraints(self, patterns: Sequence[Pattern]) -> list[Constraint]:
        """Give what data say of the districts of some patterns."""
        districts = dict.fromkeys(self.mechanisms.district[next(iter(p))[0][0]] for p in patterns)
        return [one for part in districts for factor in self.of(part) for one in factor.patterns(self.mechanisms)]

    def apart(self, patterns: Sequence[Pattern], constraints: Sequence[Constraint]) -> list[Apart]:
        """Find what is independent because no hidden cause joins it, in the districts of some patterns."""
        named = dict.fromkeys(response for pattern, *_ in constraints for response, _ in pattern)
        districts = dict.fromkeys(self.mechanisms.district[next(iter(p))[0][0]] for p in patterns)
        found = []
        for district in districts:
            for node in self.mechanisms.graph.sorted(district):
                strange = district - self.mechanisms.graph.spouses(node) - {node}
                others = [r for r in named if r[0] in strange]
                own = [r for r in named if r[0] == node]
                found += self._independent(own, others)
        return found

    def _independent(self, own: Sequence[Response], others: Sequence[Response]) -> list[Apart]:
        sizes = self.mechanisms.sizes
        if not others or prod(sizes[node] for node, _ in others) > MOST_APART:
            return []
        ones = [frozenset([(response, level)]) for response in own for level in range(sizes[response[0]] - 1)]
        known = [(one, value) for one in ones if (value := self.value(one)) is not None]
        levels = (range(sizes[node]) for node, _ in others)
        tables = [frozenset(zip(others, each, strict=True)) for each in product(*levels)] if known else []
        return [Apart(one, value, table) for one, value in known for table in tables]


def _read(polynomial: Polynomial, reading: Reading) -> Polynomial:
    patterns = {pattern for monomial in polynomial for pattern in monomial}
    known = {pattern: value for pattern in patterns if (value := reading.value(pattern)) is not None}
    return put_in(polynomial, known)


def answer(asked: Asked, sources: Sequence[Source], seed: int = 0) -> Answered:
    """Bound a question.

    Arguments:
        asked: The question.
        sources: The data.
        seed: Seeds the search, where one is needed.

    Raises:
        DataError: What is known of the units never happens.
    """
    if (settled := _settled(asked, sources)) is not None:
        return settled
    joined, ratios, blocks, known = _laid_out(asked, sources)
    targets, misfit = tuple(block.targets for block in blocks), 0.0
    mended: tuple[int, ...] = ()
    try:
        ends = _ends(joined, ratios, blocks, targets, seed)
    except Infeasible:
        targets, mended, misfit = mend(blocks)
        ends = _ends(joined, ratios, blocks, targets, seed, again=True)
    return Answered(
        ends=ends, blocks=blocks, targets=targets, known=known, misfit=misfit, mended=mended, apart=joined is None
    )


def _laid_out(
    asked: Asked, sources: Sequence[Source]
) -> tuple[Ratio | None, list[Ratio], tuple[Block, ...], dict[Pattern, float]]:
    """Put in what data show of a question, and lay the rest out as blocks."""
    reading = Reading(asked.mechanisms, sources)
    ratios = [Ratio(_read(r.top, reading), _read(r.bottom, reading)) for r in asked.ratios]
    joined = _joined(ratios)
    parts = [part for r in ([joined] if joined else ratios) for part in (r.top, r.bottom)]
    patterns = [pattern for part in parts for monomial in part for pattern in monomial]
    constraints = reading.constraints(patterns)
    apart = reading.apart(patterns, constraints)
    blocks = tuple(blocks_of(asked.mechanisms, constraints, patterns, asked.monotone, apart))
    return joined, ratios, blocks, {p: value for p, value in reading.known.items() if value is not None}


def misfit(asked: Asked, sources: Sequence[Source]) -> float:
    """Say in what share of the rows data would have to be otherwise to agree with the graph."""
    return mend(_laid_out(asked, sources)[2])[2]


def _settled(asked: Asked, sources: Sequence[Source]) -> Answered | None:
    """Compute the formula of a question that data settle; None where there is none, or it divides by nothing."""
    if asked.formula is None or asked.formula.formula is None:
        return None
    joints = {source.regime: source.joint for source in sources}
    try:
        table = evaluate(asked.formula.formula, Sources(joints=joints, default=asked.query.default))
    except DataError:  # a value that lies within a part of numbers and is the name of none
        return None
    value = float(table.values) if not table.symbols else float("nan")
    if not np.isfinite(value):
        return None
    ends = Ends(low=value, high=value, at_low=(), at_high=(), method=asked.formula.strategy)
    return Answered(ends=ends, blocks=(), targets=())


def _joined(ratios: Sequence[Ratio]) -> Ratio | None:
    """Write a difference of ratios as one; None where their denominators are unknown and differ."""
    signs = (1.0, -1.0)
    if all(set(ratio.bottom) <= {frozenset()} for ratio in ratios):
        scales = [ratio.bottom.get(frozenset(), 0.0) for ratio in ratios]
        if min(scales) <= 0:
            raise never()
        return Ratio(_added([(s / b, r.top) for s, b, r in zip(signs, scales, ratios, strict=False)]), ONE)
    if len(ratios) > 1 and _added([(1.0, ratios[0].bottom), (-1.0, ratios[1].bottom)]):
        return None
    return Ratio(_added([(s, r.top) for s, r in zip(signs, ratios, strict=False)]), ratios[0].bottom)


def _added(parts: Sequence[tuple[float, Polynomial]]) -> Polynomial:
    found: Polynomial = {}
    for factor, polynomial in parts:
        for monomial, weight in polynomial.items():
            found[monomial] = found.get(monomial, 0.0) + factor * weight
    return {monomial: weight for monomial, weight in found.items() if abs(weight) > 1e-15}


def _ends(
    joined: Ratio | None,
    ratios: Sequence[Ratio],
    blocks: tuple[Block, ...],
    targets: tuple[Array, ...],
    seed: int,
    *,
    again: bool = False,
) -> Ends:
    try:
        if joined is not None:
            return Programme(blocks, targets, joined).ends(seed)
        one, other = (Programme(blocks, targets, ratio).ends(seed) for ratio in ratios)
    except Infeasible:
        if again:  # the data agree with the graph by now, so that it is the condition that never holds
            raise never() from None
        raise
    return Ends(
        low=one.low - other.high, high=one.high - other.low, at_low=(), at_high=(), method="interval arithmetic"
    )


def mend(blocks: Sequence[Block]) -> tuple[tuple[Array, ...], tuple[int, ...], float]:
    """Move what data say to the nearest that a model of the graph can say: in as few rows as possible.

    Returns:
        For each block the values of its known rows, which blocks moved by more than rounding, and in what share of the
        rows something had to be moved.
    """
    targets, moved, misfit = [], [], 0.0
    for number, block in enumerate(blocks):
        shares, missed = _nearest(block)
        targets.append(np.asarray(block.known @ shares))
        if np.abs(targets[-1] - block.targets).max() > ROUNDING:
            moved.append(number)
            misfit += missed
    return tuple(targets), tuple(moved), misfit


def _nearest(block: Block) -> tuple[Array, float]:
    """Find the distribution over types that misses what data say in the fewest rows; independences it must keep."""
    from scipy.sparse import hstack, identity

    told, types = len(block.constraints), block.allowed
    mass = np.array([each.mass for each in block.constraints])
    cost = np.maximum(mass / max(mass.max(initial=0.0), 1e-12), 1e-3)
    slack = identity(block.known.shape[0], format="csr")[:, :told]
    costs = np.concatenate([np.zeros(types), cost, cost])
    found = solved(costs, hstack([block.known, slack, -slack]).tocsr(), block.targets)
    missed = found[types : types + told] + found[types + told :]
    share = float((missed * mass).sum()) / (2 * max(mass.max(initial=0.0), 1e-12))
    return found[:types] / found[:types].sum(), share


def sharp(asked: Asked, answered: Answered) -> bool:
    """Tell whether every unknown district is one whose nodes all share hidden causes, so that types say all."""
    graph = asked.mechanisms.graph
    for block in answered.blocks:
        nodes = dict.fromkeys(node for node, _ in block.responses)
        district = asked.mechanisms.district[next(iter(nodes))]
        if any(b not in graph.spouses(a) for a, b in combinations(graph.sorted(district), 2)):
            return False
    return not answered.apart


def law(asked: Asked, sources: Sequence[Source], answered: Answered, number: int = 0) -> Joint:
    """Give the joint distribution that the data were taken to have, where some were moved to the nearest possible.

    Arguments:
        asked: The question.
        sources: The data.
        answered: The answer.
        number: Which of the data.
    """
    source, mechanisms = sources[number], asked.mechanisms
    moved = {p: t for b in answered.mended for p, t in _moved(answered.blocks[b], answered.targets[b])}
    nodes = mechanisms.graph.nodes
    values = np.ones([1] * len(nodes))
    cut = mechanisms.graph.without_into(source.regime)
    for district in cut.districts:
        factor = factor_of(source.joint, cut, district)
        table = np.where(factor.depth == len(factor.nodes), factor.values, 0.0)
        names = (*factor.nodes, *factor.given)
        for cell in np.ndindex(table.shape) if moved and not district <= source.regime else ():
            pattern = mechanisms.pattern(factor.nodes, dict(zip(names, cell, strict=True)))
            table[cell] = moved.get(pattern, table[cell])
        values = values * spread(table, names, nodes)
    return Joint(nodes, {node: source.joint.levels[node] for node in nodes}, values / values.sum())


def _moved(block: Block, targets: Array) -> list[tuple[Pattern, float]]:
    return [(pattern, float(t)) for (pattern, *_), t in zip(block.constraints, targets, strict=False)]
