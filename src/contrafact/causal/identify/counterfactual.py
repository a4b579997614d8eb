"""Other worlds: probabilities of what would have been, from observations and experiments.

A variable Y_x is Y in the world in which x is set. What causes it there is found in the graph (its counterfactual
ancestors); given their values each variable depends on its parents alone, so that P falls into one factor for each
district (Correa, Lee and Bareinboim 2021, NeurIPS: Nested counterfactual identification from arbitrary surrogate
experiments). A factor that needs one node at two values at once can never be computed; every other one is the law of a
district, found by ID. Conditions are handled as there, by the ancestral components that hold an outcome. The procedure
decides all that ID*, IDC* (Shpitser and Pearl 2007) and ID do for their data, nested questions too, and is complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from contrafact.base.errors import UsageError
from contrafact.causal.graph import Graph
from contrafact.causal.identify.derivation import Trace
from contrafact.causal.identify.expression import (
    ZERO,
    Expression,
    Same,
    Symbol,
    free,
    renamed,
    unused,
)
from contrafact.causal.identify.factors import OBSERVED, Regimes, factor
from contrafact.causal.identify.hedge import Hedged
from contrafact.causal.identify.law import closed, fraction, of_nodes, product, settled, total
from contrafact.causal.query import Event, Term

World = frozenset[tuple[str, Symbol]]
Key = tuple[str, World]


@dataclass(frozen=True)
class Variable:
    """A node given its parents' values.

    Arguments:
        node: The node.
        symbol: Its value.
        causes: The value of each of its parents.
    """

    node: str
    symbol: Symbol
    causes: tuple[tuple[str, Symbol], ...]

    def __str__(self) -> str:
        world = ", ".join(str(_bare(symbol)) for _, symbol in self.causes)
        name = f"{self.node}_{{{world}}}" if world else self.node
        return name if self.symbol.value is None else f"{name}={self.symbol.value}"


def _bare(symbol: Symbol) -> str:
    return symbol.node + "'" * symbol.primes if symbol.value is None else f"{symbol.node}={symbol.value}"


class TwoWorlds(Exception):
    """Says that a factor needs the same node at two values at once."""

    def __init__(self, node: str, one: Variable, other: Variable) -> None:
        super().__init__(f"{one} and {other}")
        self.node, self.one, self.other = node, one, other

    def in_words(self) -> str:
        """Say what cannot be seen together, and why that matters."""
        tie = f"Whatever else moves {self.one.node} is the same in both worlds"
        if self.one.node != self.other.node:
            tie = f"Hidden causes tie {self.one.node} to {self.other.node}"
        return (
            f"The question joins {self.one} and {self.other} in the same units, which takes {self.node} at two values "
            f"at once. {tie}, and neither observations nor experiments ever show both."
        )


class Impossible(Exception):
    """Says that the events contradict each other."""


@dataclass
class System:
    """The variables that a question is about, with all that causes them in their worlds.

    Arguments:
        graph: The causal graph.
        symbols: The value of each variable, by its node and its world.
        bound: The values that are summed over.
        taken: The symbols that stand for something already.
        same: Values that must be equal for the events to hold together.
        pending: Second values of variables that events name twice.
        inner: The variables that nested settings ask for.
    """

    graph: Graph
    symbols: dict[Key, Symbol] = field(default_factory=dict)
    bound: list[Symbol] = field(default_factory=list)
    taken: set[Symbol] = field(default_factory=set)
    same: list[Same] = field(default_factory=list)
    pending: list[tuple[Key, Symbol]] = field(default_factory=list)
    inner: list[Key] = field(default_factory=list)

    def fresh(self, node: str) -> Symbol:
        """Make a symbol to be summed over."""
        symbol = unused(Symbol(node), self.taken)
        self.taken.add(symbol)
        self.bound.append(symbol)
        return symbol

    def key(self, node: str, world: Mapping[str, Symbol]) -> Key:
        """Name a variable by its node and what matters of its world."""
        cut = self.graph.without_into(world)
        matters = cut.ancestors(node) - {node}
        return node, frozenset((n, s) for n, s in world.items() if n in matters)

    def add(self, event: Event, symbol: Symbol, settings: Mapping[str, Symbol]) -> Key:
        """Take an event up; what it sets to what would have been is taken up, too."""
        matters = self.graph.without_into([s.node for s in event.do]).ancestors(event.node)
        world: dict[str, Symbol] = {}
        for setting in event.do:
            if setting.node not in matters:
                continue
            if setting.nested is None:
                value = setting.value
                world[setting.node] = settings[setting.node] if value is None else Symbol(setting.node, 0, value)
            else:
                world[setting.node] = self._nested(setting.nested, settings)
        key = self.key(event.node, world)
        if key in self.symbols:
            self.pending.append((key, symbol))
        self.symbols.setdefault(key, symbol)
        return key

    def _nested(self, event: Event, settings: Mapping[str, Symbol]) -> Symbol:
        if event.value is not None:
            symbol = Symbol(event.node, 0, event.value)
            self.inner.append(self.add(event, symbol, settings))
            return symbol
        before = set(self.symbols)
        symbol = self.fresh(event.node)
        key = self.add(event, symbol, settings)
        if key in before:  # known already: one value in one world
            self.pending = [(k, s) for k, s in self.pending if s != symbol]
            self.bound.remove(symbol)
        self.inner.append(key)
        return self.symbols[key]

    def cause(self, parent: str, world: World) -> Key | Symbol:
        """Give what a parent is in a world: a variable, or the value that it is set to."""
        fixed = dict(world)
        return fixed[parent] if parent in fixed else self.key(parent, fixed)

    def ancestors(self, key: Key, known: Iterable[Key] = ()) -> frozenset[Key]:
        """Give a variable and all that causes it in its world, up to what is known."""
        stop, found, queue = set(known), {key}, [key]
        while queue:
            node, world = queue.pop()
            for parent in self.graph.sorted(self.graph.parents(node)):
                cause = self.cause(parent, world)
                if isinstance(cause, Symbol) or cause in found or cause in stop:
                    continue
                if cause not in self.symbols:
                    self.symbols[cause] = self.fresh(parent)
                found.add(cause)
                queue.append(cause)
        return frozenset(found)

    def variables(self, keys: Iterable[Key]) -> list[Variable]:
        """Give variables with the values of their parents, causes first; equal ones are told once."""
        chosen = sorted(keys, key=lambda key: (self.graph.order.index(key[0]), sorted(key[1])))
        made = []
        for node, world in chosen:
            causes = []
            for parent in self.graph.sorted(self.graph.parents(node)):
                cause = self.cause(parent, world)
                causes.append((parent, cause if isinstance(cause, Symbol) else self.symbols[cause]))
            made.append(Variable(node, self.symbols[node, world], tuple(causes)))
        twice = [replace(v, symbol=s) for (k, s) in self.pending for v in self._made_of(k, made, chosen)]
        return self._unified([*made, *twice])

    def _made_of(self, key: Key, made: list[Variable], keys: list[Key]) -> list[Variable]:
        return [variable for variable, other in zip(made, keys, strict=True) if other == key]

    def _unified(self, variables: list[Variable]) -> list[Variable]:
        """Give equal values to a node with equal causes, again and again: that is consistency."""
        while True:
            first: dict[tuple[str, tuple[tuple[str, Symbol], ...]], Variable] = {}
            for variable in variables:
                known = first.setdefault((variable.node, variable.causes), variable)
                if known is not variable:
                    variables = self._joined(known, variable, [v for v in variables if v is not variable])
                    break
            else:
                return variables

    def _joined(self, one: Variable, other: Variable, rest: list[Variable]) -> list[Variable]:
        a, b = one.symbol, other.symbol
        if a == b:
            return rest
        if a.value is not None and b.value is not None:
            raise Impossible(f"{one} and {other}")
        gone, kept = sorted((a, b), key=lambda s: (s.value is not None, s not in self.bound))
        if gone in self.bound:
            self.bound.remove(gone)
        else:
            self.same.append(Same(gone, kept))
        swap = {gone: kept}
        return [
            Variable(v.node, swap.get(v.symbol, v.symbol), tuple((p, swap.get(s, s)) for p, s in v.causes))
            for v in rest
        ]


def _components(system: System, parts: list[frozenset[Key]]) -> list[frozenset[Key]]:
    """Join ancestral sets that share a variable or a hidden cause."""

    def tied(one: frozenset[Key], other: frozenset[Key]) -> bool:
        left, right = {node for node, _ in one}, {node for node, _ in other}
        return bool(one & other) or bool((left | system.graph.spouses(left)) & right)

    joined: list[frozenset[Key]] = []
    for part in parts:
        touching = [other for other in joined if tied(part, other)]
        joined = [other for other in joined if other not in touching] + [part.union(*touching)]
    return joined


def _relevant(system: System, outcomes: list[Key], conditions: list[Key]) -> list[Variable]:
    """Give the variables that the question is about."""
    sets = [system.ancestors(key, set(conditions) - {key}) for key in (*outcomes, *conditions)]
    parts = [part for part in _components(system, sets) if part & set(outcomes)]
    return system.variables(frozenset().union(*parts))


@dataclass(frozen=True)
class Question:
    """A term whose events have symbols.

    Arguments:
        term: The term.
        outcomes: The symbol of each outcome.
        conditions: The symbol of each condition.
        settings: The symbol of each node that is set to any value.
    """

    term: Term
    outcomes: tuple[Symbol, ...]
    conditions: tuple[Symbol, ...]
    settings: Mapping[str, Symbol]

    @property
    def arguments(self) -> tuple[tuple[str, Symbol], ...]:
        """The symbols that the answer depends on, each with the words for it: settings, conditions, outcomes."""
        named = [(node, symbol) for node, symbol in self.settings.items()]
        events = zip((*self.term.conditions, *self.term.outcomes), (*self.conditions, *self.outcomes), strict=True)
        named += [(_name(event, self.term), symbol) for event, symbol in events if event.value is None]
        return tuple(named)


def _name(event: Event, term: Term) -> str:
    return event.node if term.rung < 3 or not event.do else str(event)


def question_of(term: Term) -> Question:
    """Give every event of a term a symbol: its value, or one that no other event of the node has."""
    settings: dict[str, Symbol] = {}
    for node in _set_freely(term.events):
        settings[node] = Symbol(node)
    taken = set(settings.values())
    found = []
    for event in (*term.conditions, *term.outcomes):
        symbol = unused(Symbol(event.node), taken) if event.value is None else Symbol(event.node, 0, event.value)
        taken.add(symbol)
        found.append(symbol)
    count = len(term.conditions)
    return Question(term, tuple(found[count:]), tuple(found[:count]), settings)


def _set_freely(events: Iterable[Event]) -> Iterable[str]:
    for event in events:
        for setting in event.do:
            if setting.nested:
                yield from _set_freely((setting.nested,))
            elif setting.value is None:
                yield setting.node


def _system(question: Question, graph: Graph, outcomes: tuple[Symbol, ...]) -> tuple[System, list[Key], list[Key]]:
    system = System(graph)
    system.taken |= {*outcomes, *question.conditions, *question.settings.values()}
    ends = [system.add(e, s, question.settings) for e, s in zip(question.term.outcomes, outcomes, strict=True)]
    known = [
        system.add(e, s, question.settings) for e, s in zip(question.term.conditions, question.conditions, strict=True)
    ]
    return system, list(dict.fromkeys([*ends, *system.inner])), known


def variables_of(term: Term, graph: Graph) -> list[Variable]:
    """Give the variables that a term is about; two terms with the same ones have the same probability."""
    question = question_of(term)
    system, ends, known = _system(question, graph, question.outcomes)
    try:
        variables = _relevant(system, ends, known)
    except Impossible:
        return []
    names: dict[Symbol, Symbol] = {}
    for variable in variables:  # what is summed over is named by its place
        if variable.symbol in system.bound:
            names[variable.symbol] = Symbol(variable.node, -1 - len(names))
    return [
        Variable(v.node, names.get(v.symbol, v.symbol), tuple((p, names.get(s, s)) for p, s in v.causes))
        for v in variables
    ]


def counterfactual(
    question: Question, graph: Graph, regimes: Regimes = OBSERVED, trace: Trace | None = None
) -> Expression:
    """Give the probability of events in several worlds.

    Arguments:
        question: What is asked.
        graph: The causal graph.
        regimes: For each kind of data, what was set in it; an empty set for observations.
        trace: Notes the steps, if wanted.

    Raises:
        Hedged: A factor cannot be computed from these data.
        TwoWorlds: A factor can be computed from no data.
    """
    if not question.term.conditions:
        return _joint(question, question.outcomes, graph, regimes, trace)
    known = _known(question, graph)
    if known is not None:
        same, rest = known
        if same == ZERO or not rest.outcomes:
            return same
        return product([same, counterfactual(rest, graph, regimes, trace)])
    for place in _acting(question.term) if len(question.outcomes) > 1 else ():
        try:
            return _chained(question, place, graph, regimes, trace)
        except (Hedged, TwoWorlds):
            continue
    symbols, values = _general(question)
    joint = _joint(question, symbols, graph, regimes, trace)
    over = [symbol for symbol in symbols if symbol.value is None]
    return settled(renamed(fraction(joint, total(over, joint)), values))


def _acting(term: Term) -> list[int]:
    """List the outcomes with a value whose nodes other worlds set."""
    acting = {setting.node for event in term.events for setting in event.do}
    return [i for i, event in enumerate(term.outcomes) if event.value is not None and event.node in acting]


def _without(question: Question, place: int, more: tuple[tuple[Event, Symbol], ...] = ()) -> Question:
    """Take one outcome out, and take more conditions up."""
    term = question.term
    late = term.outcomes[:place] + term.outcomes[place + 1 :]
    return Question(
        Term(late, (*(event for event, _ in more), *term.conditions)),
        question.outcomes[:place] + question.outcomes[place + 1 :],
        (*(symbol for _, symbol in more), *question.conditions),
        question.settings,
    )


def _known(question: Question, graph: Graph) -> tuple[Expression, Question] | None:
    """Find an outcome that is known already: whether the two agree, and the question about the others."""
    system = System(graph)
    system.taken |= {*question.outcomes, *question.conditions, *question.settings.values()}
    events = zip(question.term.conditions, question.conditions, strict=True)
    keys = {system.add(event, symbol, question.settings): symbol for event, symbol in events}
    for key, symbol in system.pending:
        if None not in (symbol.value, system.symbols[key].value) and symbol != system.symbols[key]:
            raise _never(question.term, Impossible(f"{_bare(system.symbols[key])} and {_bare(symbol)}"))
    for place, (event, symbol) in enumerate(zip(question.term.outcomes, question.outcomes, strict=True)):
        key = system.add(event, symbol, question.settings)
        if key in keys:
            return settled(Same(symbol, keys[key])), _without(question, place)
        keys[key] = symbol
    return None


def _chained(question: Question, place: int, graph: Graph, regimes: Regimes, trace: Trace | None) -> Expression:
    """Write P(a, b | c) as P(b | c) P(a | b, c) where b has a value that other worlds set."""
    early, symbol = question.term.outcomes[place], question.outcomes[place]
    first = Question(Term((early,), question.term.conditions), (symbol,), question.conditions, question.settings)
    known = counterfactual(first, graph, regimes, trace)
    if known == ZERO:
        return ZERO
    try:
        rest = counterfactual(_without(question, place, ((early, symbol),)), graph, regimes, trace)
    except Unthinkable:
        return ZERO  # what comes early contradicts what is known
    return product([known, rest])


def _general(question: Question) -> tuple[tuple[Symbol, ...], dict[Symbol, Symbol]]:
    """Take any value in the place of each outcome's, to be able to sum over it."""
    taken = {*question.outcomes, *question.conditions, *question.settings.values()}
    symbols, values = [], {}
    for symbol in question.outcomes:
        general = symbol
        if symbol.value is not None:
            general = unused(Symbol(symbol.node), taken)
            taken.add(general)
            values[general] = symbol
        symbols.append(general)
    return tuple(symbols), values


def _joint(
    question: Question, outcomes: tuple[Symbol, ...], graph: Graph, regimes: Regimes, trace: Trace | None
) -> Expression:
    system, ends, known = _system(question, graph, outcomes)
    try:
        variables = _relevant(system, ends, known)
    except Impossible as clash:
        if not known:
            return ZERO
        raise _never(question.term, clash) from None
    if trace:
        _note(trace, question, variables, system)
    factors: list[Expression] = list(system.same)
    inner = graph.subgraph({variable.node for variable in variables})
    for district in inner.districts:
        factors.append(_law(district, [v for v in variables if v.node in district], graph, regimes, trace))
    return total(system.bound, product(factors))


class Unthinkable(UsageError):
    """Says that the conditions of a question contradict each other."""


def _never(term: Term, clash: Impossible) -> Unthinkable:
    return Unthinkable(
        f"{term} asks about units that cannot exist.",
        why=f"{clash} contradict each other.",
        fix="Change one of the conditions.",
        code="E509",
    )


def _law(
    district: frozenset[str], variables: list[Variable], graph: Graph, regimes: Regimes, trace: Trace | None
) -> Expression:
    """Give the law of the variables of one district."""
    values: dict[str, tuple[Symbol, Variable]] = {}
    for variable in variables:
        for node, symbol in ((variable.node, variable.symbol), *variable.causes):
            other = values.setdefault(node, (symbol, variable))
            if other[0] != symbol:
                raise TwoWorlds(node, other[1], variable)
    formula = closed(factor(district, graph, regimes, trace), of_nodes(district | graph.parents(district)))
    plain = free(formula)
    return renamed(formula, {symbol: values[symbol.node][0] for symbol in plain})


def _note(trace: Trace, question: Question, variables: list[Variable], system: System) -> None:
    """Note how the question became one about single mechanisms."""
    from contrafact.causal.identify.rules import Step

    over = [_bare(s) for s in system.bound if any(v.symbol == s for v in variables)]
    sums = f"Σ_{{{', '.join(over)}}} " if over else ""
    joint = f"P({', '.join(map(str, variables))})"
    asked = str(Term(question.term.events)) if question.term.conditions else str(question.term)
    words = "each variable given the values of its causes: consistency, and arrows that are not there"
    trace.note(Step(rule="worlds", before=asked, after=sums + joint, words=words))
    place = trace.graph.order.index
    inner = trace.graph.subgraph({v.node for v in variables})
    parts = sorted(inner.districts, key=lambda part: min(map(place, part)))
    split = " ".join(f"P({', '.join(str(v) for v in variables if v.node in part)})" for part in parts)
    if len(parts) > 1:
        trace.note(Step(rule="districts", before=joint, after=split, words="no hidden cause ties them"))
