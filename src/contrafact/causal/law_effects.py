"""Answers from a fitted law of few levels: a value where the graph settles the question, bounds where it does not.

Chance is counted by drawing tables of as many rows as were fitted from the law itself, and answering each again.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from contrafact.base.effects import Effect
from contrafact.base.errors import DataError
from contrafact.base.seeds import generator
from contrafact.causal.bounded_question import Answered, Asked, Place, Source, answer, ask, relevant, sharp
from contrafact.causal.graph import Graph
from contrafact.causal.identify.answer import GRAPH_RIGHT, SAME_UNITS
from contrafact.causal.identify.evaluate import Array, Joint
from contrafact.causal.query import Query

DRAWS = 120


def law_effect(
    joint: Joint, graph: Graph, query: Query | str, *, rows: int, seed: int, place: Place, draws: int = DRAWS
) -> Effect:
    """Answer a question from a law.

    Arguments:
        joint: The probabilities of all combinations of levels.
        graph: The graph, without latent nodes.
        query: The question, with every value named.
        rows: How many rows the law was fitted to.
        seed: Seeds the draws.
        place: Finds the level of a value.
        draws: How many tables are drawn.
    """
    question = query if isinstance(query, Query) else Query.read(query)
    question.checked(graph)
    kept = relevant(graph, question.terms(graph))
    asked = ask(question, kept, joint.levels, place)
    found = answer(asked, [Source(joint=joint, rows=rows)], seed)
    ends = _again(asked, joint, rows, seed, draws)
    low, high = found.ends.low, found.ends.high
    settled = high - low < 1e-9
    details = {"draws": float(len(ends))}
    if len(ends):
        details |= {"low_95": float(min(np.quantile(ends[:, 0], 0.025), low))}
        details |= {"high_95": float(max(np.quantile(ends[:, 1], 0.975), high))}
    made = Effect(
        value=(low + high) / 2 if settled else None,
        low=details.get("low_95", low) if settled else low,
        high=details.get("high_95", high) if settled else high,
        kind="point" if settled else "bounds",
        rung=question.rung,
        strategy=found.ends.method,
        estimator="response types",
        assumptions=_assumptions(asked),
        query=str(question),
        n=rows,
        formula="" if asked.formula is None else asked.formula.expression,
        notes=_notes(asked, found),
        details=details,
    )
    return replace(made, error=float(ends[:, 0].std())) if settled and len(ends) > 1 else made


def _again(asked: Asked, joint: Joint, rows: int, seed: int, draws: int) -> Array:
    """Answer tables that are drawn from the law."""
    found = []
    for draw in range(draws):
        random = generator(seed, "law", draw)
        values = random.multinomial(rows, joint.values.ravel() / joint.values.sum()).reshape(joint.values.shape) / rows
        try:
            ends = answer(asked, [Source(joint=replace(joint, values=values, _margins={}), rows=rows)], seed).ends
        except DataError:  # a draw in which the units that are asked about do not occur
            continue
        found.append((ends.low, ends.high))
    return np.array(found).reshape(-1, 2)


def _assumptions(asked: Asked) -> tuple[str, ...]:
    told = [GRAPH_RIGHT]
    if asked.query.rung == 3:
        told.append(SAME_UNITS)
    return tuple(told)


def _notes(asked: Asked, found: Answered) -> tuple[str, ...]:
    if found.ends.method == "inner approximation":
        return ("Inner approximation: a wider interval may exist.",)
    if found.ends.high - found.ends.low > 1e-9 and not sharp(asked, found):
        return ("The ends are valid and may be too wide: which nodes share no hidden cause is used only in part.",)
    return ()
