"""Bounds of every value of a question that leaves values open, such as P(Y | do(X))."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

from contrafact.base.errors import UsageError
from contrafact.causal.bounds import exact_bounds, read
from contrafact.causal.graph import Graph
from contrafact.causal.identify.evaluate import joint_of
from contrafact.causal.query import Event, Query, Setting, Term
from contrafact.causal.responses_asked import events_of

if TYPE_CHECKING:
    import pandas as pd


def bound_table(joint: pd.Series[float], graph: Graph | Any, query: Query | str, **options: Any) -> pd.DataFrame:
    """Bound every value of a question that leaves values open, such as P(Y | do(X)).

    Arguments:
        joint: Probabilities over a MultiIndex of all observed variables.
        graph: The causal graph.
        query: The question.
        options: As for `exact_bounds`.

    Returns:
        A row for each combination of open values, with columns low and high.
    """
    import pandas as pd

    shown, question = read(graph, query)
    if question.treatment is not None or question.less:
        raise UsageError(
            f"{question} has one value.",
            why="A table is for questions whose values are left open.",
            fix="exact_bounds(joint, graph, query)",
            code="E541",
        )
    levels = joint_of(joint, shown.nodes).levels
    names = _open(question)
    rows = []
    for values in product(*(levels[name] for name in names)):
        one = _with_values(question, dict(zip(names, values, strict=True)))
        bounds = exact_bounds(joint, graph, one, **options)
        rows.append({**dict(zip(names, values, strict=True)), "low": bounds.low, "high": bounds.high})
    return pd.DataFrame(rows).set_index(names)


def _open(query: Query) -> list[str]:
    events = list(events_of([Term(query.outcomes, query.conditions)]))
    settings = [s.node for e in events for s in e.do if s.value is None and s.nested is None]
    mean = {id(e) for e in query.outcomes} if query.is_mean else set()
    order = (*query.conditions, *query.outcomes)
    return list(dict.fromkeys([*settings, *(e.node for e in order if e.value is None and id(e) not in mean)]))


def _with_values(query: Query, values: Mapping[str, Any]) -> Query:
    def filled(event: Event) -> Event:
        do = tuple(
            replace(s, nested=filled(s.nested))
            if s.nested
            else Setting(s.node, values.get(s.node, s.value))
            if s.value is None
            else s
            for s in event.do
        )
        keep = event.value is not None or (query.is_mean and event in query.outcomes)
        return replace(event, do=do, value=event.value if keep else values.get(event.node))

    return replace(query, outcomes=tuple(map(filled, query.outcomes)), conditions=tuple(map(filled, query.conditions)))
