"""Questions as polynomials: sums of products of patterns, one pattern for each district.

A node in a world is a variable; its parents are variables of the same world, or what the world sets. Given the values
of all of them, an event is that every node answers its value, R(i, c) = v, in every world at once. Districts answer
independently, so the probability of a question is a sum, over the values of the variables that nobody fixed, of
products of patterns. Two worlds in which a node's causes are the same need no rule of their own: they name the same
answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import prod

from contrafact.causal.graph import Graph
from contrafact.causal.query import Event, Query, Setting, Term
from contrafact.causal.responses import Mechanisms, Pattern, Response, too_many

Key = tuple[str, tuple[tuple[str, "int | Key"], ...]]  # a node, and what its world sets: a level, or another variable
Monomial = frozenset[Pattern]
Polynomial = dict[Monomial, float]
MOST_CASES = 2**15


@dataclass(frozen=True)
class Ratio:
    """A polynomial, divided by another where something is known of the units."""

    top: Polynomial
    bottom: Polynomial


@dataclass
class Worlds:
    """The variables of a question, with all that causes them in their worlds.

    Arguments:
        graph: The graph, without latent nodes.
    """

    graph: Graph
    order: list[Key] = field(default_factory=list)  # causes first

    def key(self, node: str, do: Mapping[str, int | Key]) -> Key:
        """Name a variable by its node and what matters of its world, and take its causes up."""
        matters = self.graph.without_into(do).ancestors(node) - {node} if do else frozenset()
        key: Key = (node, tuple((n, do[n]) for n in self.graph.sorted(do) if n in matters))
        if key not in self.order:
            for parent in self.graph.sorted(self.graph.parents(node)):
                self.cause(parent, key)
            self.order.append(key)
        return key

    def cause(self, parent: str, key: Key) -> int | Key:
        """Give what a parent is in the world of a variable: a level, or a variable."""
        world = dict(key[1])
        return world[parent] if parent in world else self.key(parent, world)


@dataclass(frozen=True)
class Asking:
    """Turns terms into polynomials.

    Arguments:
        mechanisms: The graph, and how many levels its nodes have.
        place: Finds the level of a value of a node.
        most: How many cases are gone through at most.
    """

    mechanisms: Mechanisms
    place: Mapping[tuple[str, str], int]
    most: int = MOST_CASES

    def polynomial(self, events: Iterable[Event], weights: tuple[Event, tuple[float, ...]] | None = None) -> Polynomial:
        """Write the probability of events, or with weights a mean over the levels of another.

        Arguments:
            events: Each with its value.
            weights: The event whose value is open, and what its levels count.
        """
        worlds, fixed = Worlds(self.mechanisms.graph), dict[Key, int]()
        for event in events:
            key = self._key(worlds, event)
            level = self._level(event.node, event.value)
            if fixed.setdefault(key, level) != level:
                return {}
        mean = self._key(worlds, weights[0]) if weights else None
        found: Counter[Monomial] = Counter()
        count = prod(self.mechanisms.sizes[key[0]] for key in worlds.order if key not in fixed)
        if count > self.most:
            raise too_many(f"{count:,} cases", "Its worlds have too many causes with too many levels")
        for values, answers in self._cases(worlds, fixed):
            weight = weights[1][values[mean]] if weights and mean else 1.0
            if weight:
                found[self._by_district(answers)] += weight  # type: ignore[assignment]
        return dict(found)

    def _level(self, node: str, value: object) -> int:
        return self.place[node, str(value)]

    def _key(self, worlds: Worlds, event: Event) -> Key:
        do = {setting.node: self._source(worlds, setting) for setting in event.do}
        return worlds.key(event.node, do)

    def _source(self, worlds: Worlds, setting: Setting) -> int | Key:
        if setting.nested is None:
            return self._level(setting.node, setting.value)
        return self._key(worlds, setting.nested)

    def _cases(self, worlds: Worlds, fixed: Mapping[Key, int]) -> Iterator[tuple[dict[Key, int], dict[Response, int]]]:
        """Go through the values that all variables can have together, with the answers that each case takes."""
        causes = [[worlds.cause(p, key) for p in self.mechanisms.causes[key[0]]] for key in worlds.order]
        values: dict[Key, int] = {}
        answers: dict[Response, int] = {}

        def went(place: int) -> Iterator[tuple[dict[Key, int], dict[Response, int]]]:
            if place == len(worlds.order):
                yield values, answers
                return
            key = worlds.order[place]
            response = key[0], tuple(c if isinstance(c, int) else values[c] for c in causes[place])
            known = answers.get(response)
            wanted = fixed.get(key, known)
            if known is not None and wanted != known:
                return
            for level in range(self.mechanisms.sizes[key[0]]) if wanted is None else (wanted,):
                values[key] = answers[response] = level
                yield from went(place + 1)
            if known is None:
                del answers[response]

        return went(0)

    def _by_district(self, answers: Mapping[Response, int]) -> Monomial:
        parts: dict[frozenset[str], list[tuple[Response, int]]] = {}
        for answer in answers.items():
            parts.setdefault(self.mechanisms.district[answer[0][0]], []).append(answer)
        return frozenset(map(frozenset, parts.values()))

    def ratio(self, term: Term, weights: tuple[float, ...] | None = None) -> Ratio:
        """Write the probability of a term, or the mean of its one outcome.

        Arguments:
            term: The term.
            weights: What the levels of the outcome count, where its mean is asked for.
        """
        bottom = self.polynomial(term.conditions) if term.conditions else {frozenset(): 1.0}
        if weights is None:
            return Ratio(self.polynomial(term.events), bottom)
        return Ratio(self.polynomial(term.conditions, (term.outcomes[0], weights)), bottom)


def events_of(terms: Iterable[Term]) -> Iterator[Event]:
    """Go through all events of terms, nested ones too."""
    queue = [event for term in terms for event in term.events]
    while queue:
        event = queue.pop()
        yield event
        queue += [setting.nested for setting in event.do if setting.nested]


def nodes_of(terms: Iterable[Term]) -> frozenset[str]:
    """Name all nodes that terms speak of."""
    return frozenset(n for event in events_of(terms) for n in (event.node, *(setting.node for setting in event.do)))


def open_arguments(query: Query, terms: Iterable[Term]) -> list[str]:
    """Name the nodes whose values a question leaves open."""
    mean = query.is_mean
    found: list[str] = []
    for term in terms:
        outer = {id(event) for event in term.outcomes} if mean else set()
        for event in [*term.events]:
            found += [event.node] if event.value is None and id(event) not in outer else []
        for event in events_of([term]):
            found += [s.node for s in event.do if s.value is None and s.nested is None]
    return list(dict.fromkeys(found))
