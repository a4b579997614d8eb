"""Questions about a graph: what is seen, what would follow if something were set, what would have been.

A query is data and never a number. Three rungs: `P(Y | X)` asks what is seen (1), `P(Y | do(X), Z)` what would follow
if X were set (2), `P(Y_{X=1} | X=0, Y=0)` what would have been for units of which something else is known (3). Effects
are differences of means: ATE(X, Y), ATT(X, Y), ATU(X, Y), NDE(X, Y), NIE(X, Y); with `| Z` for those units; of two
other values, ATE(X: 1 -> 3, Y). PN, PS and PNS are the probabilities of necessity, of sufficiency, and of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from contrafact.base.errors import UsageError, did_you_mean
from contrafact.causal.graph import Graph
from contrafact.causal.writing import quoted, shown

Value = str | int | float


@dataclass(frozen=True, slots=True)
class Setting:
    """A node that is set in a world.

    Arguments:
        node: The node.
        value: To what; None for any value.
        nested: To what it would have been in another world, in the place of a value.
    """

    node: str
    value: Value | None = None
    nested: Event | None = None

    def __str__(self) -> str:
        return str(self.nested) if self.nested else _equal(self.node, self.value)


@dataclass(frozen=True, slots=True)
class Event:
    """A node in a world in which others are set.

    Arguments:
        node: The node.
        value: Its value; None for all values.
        do: What is set in its world; nothing in ours.
    """

    node: str
    value: Value | None = None
    do: tuple[Setting, ...] = ()

    def __str__(self) -> str:
        world = f"_{{{', '.join(map(str, self.do))}}}" if self.do else ""
        return shown(self.node) + world + ("" if self.value is None else f"={_value(self.value)}")


@dataclass(frozen=True, slots=True)
class Term:
    """The probability of some events given others."""

    outcomes: tuple[Event, ...]
    conditions: tuple[Event, ...] = ()

    @property
    def events(self) -> tuple[Event, ...]:
        """All events."""
        return (*self.outcomes, *self.conditions)

    @property
    def rung(self) -> int:
        """1 see, 2 do, 3 imagine."""
        worlds = {event.do for event in self.events}
        if worlds == {()}:
            return 1
        nested = any(setting.nested for event in self.events for setting in event.do)
        return 2 if len(worlds) == 1 and not nested else 3

    def __str__(self) -> str:
        left = ", ".join(str(replace(e, do=()) if self.rung == 2 else e) for e in self.outcomes)
        right = [f"do({', '.join(map(str, self.outcomes[0].do))})"] if self.rung == 2 else []
        right += [str(replace(e, do=()) if self.rung == 2 else e) for e in self.conditions]
        return f"P({left} | {', '.join(right)})" if right else f"P({left})"


@dataclass(frozen=True, kw_only=True)
class Query:
    """A question.

    Arguments:
        name: P for a probability, E for a mean, or an effect: ATE, ATT, ATU, NDE, NIE, PN, PS, PNS.
        outcomes: What is asked about; of an effect the outcome.
        conditions: What is known of the units.
        treatment: Of an effect, what is set.
        low: Of an effect, the value that is compared with.
        high: Of an effect, the value whose effect is asked for.
        written: Whether somebody wrote `low` and `high`; otherwise they stand for the two values that there are.
        less: Of a difference of two means, the second.
    """

    name: str
    outcomes: tuple[Event, ...]
    conditions: tuple[Event, ...] = ()
    treatment: str | None = None
    low: Value = 0
    high: Value = 1
    written: bool = False
    less: Query | None = None

    @classmethod
    def read(cls, text: str) -> Query:
        """Read a question.

        >>> query = Query.read("P(Y | do(X), Z)")
        >>> print(query, query.rung)
        P(Y | do(X), Z) 2

        Raises:
            UsageError: It cannot be read.
        """
        from contrafact.causal.wording import read_query

        return read_query(text)

    @property
    def rung(self) -> int:
        """1 see, 2 do, 3 imagine."""
        if self.treatment is not None:
            return 2 if self.name == "ATE" else 3
        second = self.less.rung if self.less else 1
        return max(Term(self.outcomes, self.conditions).rung, second)

    @property
    def is_mean(self) -> bool:
        """Whether the answer is a mean or a difference of means."""
        return self.name in ("E", "ATE", "ATT", "ATU", "NDE", "NIE")

    @property
    def default(self) -> frozenset[str]:
        """The nodes whose values nobody wrote."""
        if self.treatment is None or self.written:
            return frozenset()
        outcome = self.outcomes[0].node
        return frozenset({self.treatment, outcome} if self.name in ("PN", "PS", "PNS") else {self.treatment})

    def terms(self, graph: Graph) -> tuple[Term, ...]:
        """Give the probability that is asked for, or the two whose means are compared.

        Arguments:
            graph: Tells what lies between treatment and outcome.
        """
        if self.treatment is None:
            rest = self.less.terms(graph) if self.less else ()
            return (Term(self.outcomes, self.conditions), *rest)
        return _TERMS[self.name](self, self.treatment, self.outcomes[0].node, graph)

    def __str__(self) -> str:
        if self.treatment is not None:
            change = f": {_value(self.low)} -> {_value(self.high)}" if self.written else ""
            known = f" | {', '.join(map(str, self.conditions))}" if self.conditions else ""
            return f"{self.name}({shown(self.treatment)}{change}, {shown(self.outcomes[0].node)}{known})"
        term = str(Term(self.outcomes, self.conditions))
        written = f"E[{term[2:-1]}]" if self.name == "E" else term
        return f"{written} - {self.less}" if self.less else written

    def checked(self, graph: Graph) -> Query:
        """Give the query back, if it makes sense for a graph.

        Raises:
            UsageError: It names a node that the graph has not, or one that is hidden, or contradicts itself.
        """
        for event in _everything(self.outcomes + self.conditions):
            _check_node(event.node, graph, self)
        if self.treatment is not None:
            _check_node(self.treatment, graph, self)
            _check_effect(self)
        else:
            _check_term(Term(self.outcomes, self.conditions), self)
        if self.less:
            self.less.checked(graph)
        return self


def mediators(graph: Graph, treatment: str, outcome: str) -> frozenset[str]:
    """Give the nodes on directed paths from a treatment to an outcome."""
    return (graph.descendants(treatment) & graph.ancestors(outcome)) - {treatment, outcome}


def _in_world(query: Query, do: tuple[Setting, ...], conditions: Iterable[Event]) -> Term:
    return Term((Event(query.outcomes[0].node, None, do),), tuple(conditions))


def _ate(query: Query, x: str, y: str, graph: Graph) -> tuple[Term, ...]:
    worlds = [(Setting(x, value),) for value in (query.high, query.low)]
    return tuple(_in_world(query, do, (replace(c, do=do) for c in query.conditions)) for do in worlds)


def _att(query: Query, x: str, y: str, graph: Graph) -> tuple[Term, ...]:
    units = Event(x, query.high if query.name == "ATT" else query.low)
    return tuple(
        _in_world(query, (Setting(x, value),), (units, *query.conditions)) for value in (query.high, query.low)
    )


def _nde(query: Query, x: str, y: str, graph: Graph) -> tuple[Term, ...]:
    """Set x to one value, and all that lies between to what it would have been under the other."""
    direct, indirect = (query.high, query.low) if query.name == "NDE" else (query.low, query.high)
    between = graph.ordered(mediators(graph, x, y))
    nested = (Setting(m, None, Event(m, None, (Setting(x, indirect),))) for m in between)
    crossed = (Setting(x, direct), *nested)
    return _in_world(query, crossed, query.conditions), _in_world(query, (Setting(x, query.low),), query.conditions)


def _necessity(query: Query, x: str, y: str, graph: Graph) -> tuple[Term, ...]:
    under_high = Event(y, 1, (Setting(x, query.high),))
    under_low = Event(y, 0, (Setting(x, query.low),))
    if query.name == "PN":
        return (Term((under_low,), (Event(x, query.high), Event(y, 1), *query.conditions)),)
    if query.name == "PS":
        return (Term((under_high,), (Event(x, query.low), Event(y, 0), *query.conditions)),)
    return (Term((under_high, under_low), query.conditions),)


_TERMS = {
    "ATE": _ate,
    "ATT": _att,
    "ATU": _att,
    "NDE": _nde,
    "NIE": _nde,
    "PN": _necessity,
    "PS": _necessity,
    "PNS": _necessity,
}
EFFECTS = tuple(_TERMS)


def _value(value: Value) -> str:
    return str(value) if not isinstance(value, str) else value if _is_plain(value) else quoted(value)


def _is_plain(text: str) -> bool:
    from contrafact.causal.wording import number

    return shown(text) == text and isinstance(number(text), str)


def _equal(node: str, value: Value | None) -> str:
    return shown(node) if value is None else f"{shown(node)}={_value(value)}"


def _everything(events: Iterable[Event]) -> Iterator[Event | Setting]:
    for event in events:
        yield event
        for setting in event.do:
            yield setting
            if setting.nested:
                yield from _everything((setting.nested,))


def _check_node(node: str, graph: Graph, query: Query) -> None:
    if node not in graph:
        raise UsageError(
            f"{query} asks about '{node}', which the graph has not.",
            why=did_you_mean(node, graph.observed) if graph.nodes else "The graph is empty.",
            fix="Use a name of the graph, or add the node and its arrows.",
            code="E507",
        )
    if node in graph.latent:
        raise UsageError(
            f"{query} asks about '{node}', which is hidden.",
            why="No data can be had on a node that is marked as latent.",
            fix="Ask about observed nodes, or take the mark away if it is measured.",
            code="E508",
        )


def _contradiction(query: Query, why: str, fix: str) -> UsageError:
    return UsageError(f"{query} asks nothing.", why=why, fix=fix, code="E509")


def _check_effect(query: Query) -> None:
    outcome = query.outcomes[0].node
    if outcome == query.treatment:
        raise _contradiction(query, f"'{outcome}' is treatment and outcome at once.", "Name two nodes.")
    if query.low == query.high:
        raise _contradiction(
            query, "It compares a value with itself.", f"{query.name}({query.treatment}: 0 -> 1, {outcome})"
        )
    if query.name == "ATE" and any(event.node == query.treatment for event in query.conditions):
        why = f"Who is set to a value of '{query.treatment}' has no other."
        raise _contradiction(query, why, f"For those who had it anyway: ATT({query.treatment}, {outcome})")
    if any(event.node == outcome and event.do == () for event in query.conditions) and query.name == "ATE":
        raise _contradiction(query, f"'{outcome}' is outcome and condition at once.", "Leave one of them out.")


def _check_term(term: Term, query: Query) -> None:
    for event in term.events:
        names = [setting.node for setting in event.do]
        if event.node in names:
            why = f"'{event.node}' is set and asked about in the same world."
            raise _contradiction(query, why, "Ask about what follows from it, or leave it out of do( ).")
        if len(set(names)) < len(names):
            raise _contradiction(query, "One node is set twice in the same world.", "Set it once.")
    worlds = [(event.node, event.do) for event in term.events]
    if twice := next((node for node, do in worlds if worlds.count((node, do)) > 1), None):
        raise _contradiction(query, f"'{twice}' stands in it twice.", "Name each node once in each world.")
