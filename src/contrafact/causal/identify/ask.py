"""identify: decide from the graph alone whether a question can be answered, and how."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any

from contrafact.base.errors import UsageError
from contrafact.causal.graph import Graph
from contrafact.causal.identify.adjustment import adjusted, minimal_set
from contrafact.causal.identify.answer import Arguments, Identified
from contrafact.causal.identify.counterfactual import (
    Question,
    TwoWorlds,
    counterfactual,
    question_of,
    variables_of,
)
from contrafact.causal.identify.derivation import Trace
from contrafact.causal.identify.expression import ZERO, Expression, Symbol, leaves, renamed
from contrafact.causal.identify.factors import Regimes
from contrafact.causal.identify.front_door import front_doors, through_front_door
from contrafact.causal.identify.hedge import Hedge, Hedged
from contrafact.causal.identify.idc import conditional_effect
from contrafact.causal.identify.law import closed, difference, mean, of_nodes
from contrafact.causal.query import Event, Query, Setting, Term

OBSERVATIONS: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Found:
    """A formula for one probability, and the way to it."""

    formula: Expression
    strategy: str
    why: str
    steps: Trace
    given: tuple[str, ...] = ()


def identify(
    graph: Graph | str | PathLike[str] | Iterable[Any],
    query: Query | str,
    experiments: Iterable[Iterable[str]] = (),
    *,
    observed: bool = True,
) -> Identified:
    """Decide whether a question can be answered from data, and give the formula or the reason why not.

    Arguments:
        graph: The causal graph, its text, or the Path of a file.
        query: The question, such as "P(Y | do(X))", "ATE(X, Y)" or "P(Y_{X=1} | X=0, Y=0)".
        experiments: For each experiment, the nodes that were set at random in it.
        observed: Whether there are observations, too, in which nothing was set.

    >>> str(identify("Z -> X; Z -> Y; X -> Y", "P(Y | do(X))").formula)
    'Σ_Z P(Y | Z, X) P(Z)'

    Raises:
        UsageError: The question makes no sense for the graph.
        DataError: The graph is not one.
    """
    graph = graph if isinstance(graph, Graph) else Graph(graph)
    query = query if isinstance(query, Query) else Query.read(query)
    if not graph.nodes:
        raise UsageError(
            "The graph is empty.",
            why="A question is about nodes, and there are none.",
            fix='Write nodes and arrows: "X -> Y; Z -> X".',
            code="E511",
        )
    query.checked(graph)
    regimes = _regimes(graph, experiments, observed)
    shown = graph.projected()
    try:
        return _contrast(query, shown, regimes) if query.is_mean else _distribution(query, shown, regimes)
    except Hedged as met:
        return _refused(query, shown, regimes, _hedged(met.hedge, query, shown, regimes), met.hedge)
    except TwoWorlds as met:
        return _refused(query, shown, regimes, met.in_words())


def _regimes(graph: Graph, experiments: Iterable[Iterable[str]], observed: bool) -> tuple[frozenset[str], ...]:
    given = [graph._known(regime) for regime in experiments]
    if hidden := graph.latent.intersection(frozenset().union(*given)):
        raise UsageError(
            f"'{min(hidden)}' is hidden and cannot have been set.",
            why="Experiments set what is observed.",
            fix="Take the mark away if it is measured.",
            code="E508",
        )
    first = [OBSERVATIONS] if observed else []
    found = dict.fromkeys([*first, *sorted((r for r in given if r or observed is False), key=len)])
    if not found:
        raise UsageError(
            "There are no data.",
            why="Neither observations nor an experiment were named.",
            fix='Leave out observed=False, or name an experiment: experiments=[{"X"}].',
            code="E511",
        )
    return tuple(found)


def _refused(query: Query, graph: Graph, regimes: Regimes, why: str, hedge: Hedge | None = None) -> Identified:
    return Identified(
        query=query,
        graph=graph,
        identifiable=False,
        strategy="none",
        why=why,
        regimes=tuple(regimes),
        hedge=hedge,
    )


def _hedged(hedge: Hedge, query: Query, graph: Graph, regimes: Regimes) -> str:
    if not hedge.treatments:
        return f"No data were named in which {' and '.join(hedge.path)} could be seen as they are by themselves."
    words = hedge.in_words([event.node for event in query.outcomes])
    tried = [", ".join(graph.sorted(regime)) for regime in regimes if regime]
    return f"{words} The experiments on {' and on '.join(tried)} do not help." if tried else words


def _answer(
    query: Query, graph: Graph, regimes: Regimes, found: Found, formula: Expression, arguments: Arguments
) -> Identified:
    return Identified(
        query=query,
        graph=graph,
        identifiable=True,
        strategy=found.strategy,
        why=found.why,
        formula=formula,
        derivation=tuple(found.steps.steps),
        regimes=tuple(regimes),
        adjusted_for=found.given,
        arguments=arguments,
    )


def _distribution(query: Query, graph: Graph, regimes: Regimes) -> Identified:
    """Answer a question about one probability."""
    question = question_of(query.terms(graph)[0])
    found = _found(question, graph, regimes)
    return _answer(query, graph, regimes, found, found.formula, question.arguments)


def _contrast(query: Query, graph: Graph, regimes: Regimes) -> Identified:
    """Answer a question about a mean or a difference of two."""
    terms = query.terms(graph)
    questions = [question_of(term) for term in terms]
    outcome = questions[0].outcomes[0]
    arguments = tuple((name, symbol) for name, symbol in questions[0].arguments if symbol != outcome)
    if len(terms) == 2 and variables_of(terms[0], graph) == variables_of(terms[1], graph):
        why = f"By the graph {terms[0]} and {terms[1]} are the same."
        return _answer(query, graph, regimes, Found(ZERO, "no effect", why, Trace(graph)), ZERO, arguments)
    found = _both(query, questions, graph, regimes)
    means = [mean(outcome, each.formula) for each in found]
    formula = means[0] if len(means) == 1 else difference(means[0], means[1])
    first = next((each for each in found if each.strategy != "observation"), found[0])
    steps = Trace(graph)
    for each in found:
        for step in each.steps.steps:
            steps.note(step)
    return _answer(query, graph, regimes, replace(first, steps=steps), formula, arguments)


def _both(query: Query, questions: list[Question], graph: Graph, regimes: Regimes) -> list[Found]:
    if query.name != "ATE":
        return [_found(question, graph, regimes) for question in questions]
    assert query.treatment is not None
    do = (Setting(query.treatment),)
    term = Term((Event(query.outcomes[0].node, None, do),), tuple(replace(c, do=do) for c in query.conditions))
    general = _found(question_of(term), graph, regimes)
    plain = Symbol(query.treatment)
    return [
        replace(general, formula=renamed(general.formula, {plain: Symbol(query.treatment, 0, value)}))
        for value in (query.high, query.low)
    ]


def _found(question: Question, graph: Graph, regimes: Regimes) -> Found:
    """Find a formula for one probability: from observations alone if they suffice."""
    if len(regimes) > 1 and regimes[0] == OBSERVATIONS:
        try:
            return _found(question, graph, regimes[:1])
        except (Hedged, TwoWorlds):
            pass
    if question.term.rung == 3:
        trace = Trace(graph)
        formula = closed(counterfactual(question, graph, regimes, trace), (s for _, s in question.arguments))
        why = "Each mechanism that the question needs can be read from the data, in every world that it speaks of."
        return Found(formula, _strategy(formula, "counterfactual"), why, trace)
    plain = _in_one_world(question.term, graph, regimes)
    return replace(plain, formula=renamed(plain.formula, _values(question)))


def _strategy(formula: Expression, name: str) -> str:
    return "experiments" if any(leaf.regime for leaf in leaves(formula)) else name


def _values(question: Question) -> dict[Symbol, Symbol]:
    """Give the symbols with values that stand in the place of plain ones."""
    settings = {s.node: s.value for s in question.term.outcomes[0].do}
    events = zip(question.term.events, (*question.outcomes, *question.conditions), strict=True)
    named = {Symbol(event.node): symbol for event, symbol in events}
    named |= {Symbol(node): Symbol(node, 0, value) for node, value in settings.items() if value is not None}
    return {old: new for old, new in named.items() if old != new}


def _in_one_world(term: Term, graph: Graph, regimes: Regimes) -> Found:
    """Find a formula for P(y | do(x), z) in plain symbols."""
    y = frozenset(event.node for event in term.outcomes)
    x = frozenset(setting.node for setting in term.outcomes[0].do)
    z = frozenset(event.node for event in term.conditions)
    trace = Trace(graph)
    if OBSERVATIONS in regimes and (short := _short_cut(y, x, z, graph, trace)) is not None:
        return short
    asked = trace.asked(y, x, z)
    general = conditional_effect(y, x, z, graph, regimes, trace)
    formula = closed(general, of_nodes(x | y | z))
    trace.together(asked, general)
    why = "The rules of do-calculus lead from the question to a formula without do( )."
    if any(leaf.regime for leaf in leaves(formula)):
        why = "The rules of do-calculus lead from the question to what observations and experiments show."
    return Found(formula, _strategy(formula, "idc" if z else "id"), why, trace)


def _short_cut(y: frozenset[str], x: frozenset[str], z: frozenset[str], graph: Graph, trace: Trace) -> Found | None:
    """Find the formula of a simple case: nothing set, no effect, adjustment, front door."""
    if not x:
        formula = trace.asked(y, x, z)
        return Found(formula, "observation", "Nothing is set: the data show it.", trace)
    if z:
        return None
    needed = trace.narrowed(trace.asked(y, x))
    names = ", ".join(graph.sorted(y))
    x = frozenset(symbol.node for symbol in needed.do)
    if not x:
        return Found(needed, "no effect", f"Nothing that is set is a cause of {names}.", trace)
    return _by_adjustment(y, x, graph, trace) or _by_front_door(y, x, graph, trace)


def _by_adjustment(y: frozenset[str], x: frozenset[str], graph: Graph, trace: Trace) -> Found | None:
    given = minimal_set(graph, x, y)
    if given is None:
        return None
    own = Trace(graph)
    own.steps += trace.steps
    try:
        formula = adjusted(graph, x, y, given, own)
    except UsageError:  # a set with effects of the treatments in it: the general way shows its steps
        return None
    own.together(own.asked(y, x), formula)
    causes, effects, names = (", ".join(graph.sorted(nodes)) for nodes in (x, y, given))
    why = f"{causes} and {effects} are connected by nothing but the effect"
    return Found(
        formula,
        "adjustment",
        f"{why} once {names} {_is(given)} known." if given else f"{why}.",
        own,
        graph.sorted(given),
    )


def _is(nodes: frozenset[str]) -> str:
    return "are" if len(nodes) > 1 else "is"


def _by_front_door(y: frozenset[str], x: frozenset[str], graph: Graph, trace: Trace) -> Found | None:
    if len(x) != 1 or len(y) != 1:
        return None
    (treatment,), (outcome,) = x, y
    through = next(front_doors(graph, treatment, outcome, 1), None)
    if through is None:
        return None
    own = Trace(graph)
    own.steps += trace.steps
    formula = closed(through_front_door(graph, treatment, outcome, through, own), of_nodes(x | y))
    own.together(own.asked(y, x), formula)
    names = ", ".join(graph.sorted(through))
    why = f"All of the effect passes through {names}, which {_is(through)} free of what confounds it."
    return Found(formula, "front door", why, own)
