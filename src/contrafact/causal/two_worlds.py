"""Two worlds: models of a graph that show the same data and answer a question differently.

The proof that a question has no answer, made of things that can be looked at. World A is a model at which the bounds of
the question have their lower end, world B one at the upper end; both are complete: rows can be drawn from them, as they
are and with nodes set. How well each reproduces the data is tested by the likelihood ratio (G = 2 sum n log(n / e)),
on as many degrees of freedom as the graph leaves unexplained; where the graph explains every table, G is 0 and p is 1.

Where not all nodes of a district share one hidden cause, the ends of the bounds need not belong to models of the graph;
then models are fitted from several starts, and the two whose answers are farthest apart are shown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from contrafact.base.errors import UsageError
from contrafact.base.records import finite_or_none
from contrafact.causal.bounded_question import Answered, Asked, answer, law, sharp
from contrafact.causal.bounds import Experiments, Studied, read, study
from contrafact.causal.coding import PARTS
from contrafact.causal.graph import Graph
from contrafact.causal.identify.ask import identify
from contrafact.causal.identify.evaluate import Array, Joint
from contrafact.causal.query import Query
from contrafact.causal.response_fit import coded_rows, fitted, parameters
from contrafact.causal.response_model import Group, ResponseModel
from contrafact.causal.responses import Response
from contrafact.causal.responses_asked import Polynomial

if TYPE_CHECKING:
    import pandas as pd

STARTS, SAME, NORMAL = 8, 1e-9, 1.96


@dataclass(frozen=True, kw_only=True)
class World:
    """One model that shows the data.

    Arguments:
        name: A or B.
        answer: What it answers.
        p: How often data drawn from it miss it by more than the data at hand do.
        statistic: The test's statistic, G.
        freedom: Its degrees of freedom.
        model: The model.
        levels: What the levels of its nodes are called.
        law: The probabilities that it gives to all rows.
    """

    name: str
    answer: float
    p: float
    statistic: float
    freedom: int
    model: ResponseModel = field(repr=False, compare=False)
    levels: Mapping[str, list[Any]] = field(repr=False, compare=False)
    law: Joint = field(repr=False, compare=False)

    def sample(self, n: int, do: Mapping[str, Any] | None = None, seed: int = 0) -> pd.DataFrame:
        """Draw rows from the world, some of its nodes set.

        Arguments:
            n: How many.
            do: Nodes that are set, and to which value.
            seed: Makes the draw repeatable.
        """
        settings = {node: self.levels[node].index(value) for node, value in (do or {}).items()}
        codes = self.model.do(settings).sample(n, seed)
        found: pd.DataFrame = coded_rows(codes, dict(self.levels), self.model.nodes)
        return found

    def to_json(self) -> dict[str, Any]:
        """Give the record as JSON-ready values; of each district the types that occur, with their probabilities."""
        types = [
            {
                "answers": [f"{node}({', '.join(map(str, c))})" for node, c in group.responses],
                "types": group.answers.T.tolist(),
                "probabilities": group.shares.tolist(),
            }
            for groups in self.model.groups
            for group in groups
        ]
        numbers = {"answer": self.answer, "p": self.p, "statistic": finite_or_none(self.statistic)}
        return {"name": self.name, **numbers, "freedom": self.freedom, "districts": types}


@dataclass(frozen=True, kw_only=True)
class TwoWorlds:
    """Two models with the same data and different answers.

    Arguments:
        query: The question.
        graph: The graph.
        a: The world with the lower answer.
        b: The world with the higher answer.
        apart: The largest difference between the probabilities that they give to a row.
        observed: The shares of all rows in the data.
        n: How many rows the data have.
        settle: What would settle the question.
        notes: What must be known beside.
    """

    query: str
    graph: str
    a: World
    b: World
    apart: float
    observed: Joint = field(repr=False, compare=False)
    n: int
    settle: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """Say in two sentences what they prove."""
        return (
            f"World A and World B both reproduce your table (fit p = {_p(self.a.p)} / {_p(self.b.p)}), yet A answers "
            f"{self.a.answer:.3g} and B answers {self.b.answer:.3g}. Their tables differ nowhere by more than "
            f"{self.apart:.1g}: no amount of such data can tell them apart."
        )

    def to_json(self) -> dict[str, Any]:
        """Give the record as JSON-ready values."""
        return {
            "query": self.query,
            "graph": self.graph,
            "worlds": [self.a.to_json(), self.b.to_json()],
            "apart": self.apart,
            "n": self.n,
            "settle": list(self.settle),
            "notes": list(self.notes),
            "words": self.words,
        }

    def __str__(self) -> str:
        return "\n".join([self.words, *(f"  would settle it: {each}" for each in self.settle), *self.notes])


def _p(p: float) -> str:
    return f"{p:.2f}" if p >= 0.01 else f"{p:.1g}"


def two_worlds(
    df: pd.DataFrame,
    graph: Graph | Any,
    query: Query | str,
    seed: int = 0,
    *,
    experiments: Experiments | None = None,
    bins: int = PARTS,
) -> TwoWorlds:
    """Find two models that show the same data and answer a question differently.

    Arguments:
        df: Observations; rows with holes in columns that matter are left out.
        graph: The causal graph.
        query: The question, with every value named.
        seed: Seeds the search, where one is needed.
        experiments: For each set of nodes that were set at random, the rows of that experiment.
        bins: Into how many parts numbers are cut.

    Raises:
        UsageError: All models that show the data give the same answer, or there are too many response types.
        DataError: A column is missing, or no row is complete.
    """
    shown, question = read(graph, query)
    studied = study(df, shown, question, experiments=experiments, bins=bins)
    question = studied.asked.query  # with the values that are compared, also where nobody named them
    found = answer(studied.asked, studied.sources(), seed)
    if found.ends.high - found.ends.low < SAME:
        raise _settled(studied)
    pair, notes = _pair(studied, found, seed)
    a, b = sorted(pair, key=lambda world: world.answer)
    if b.answer - a.answer < SAME:
        raise _settled(studied)
    return TwoWorlds(
        query=str(question),
        graph=str(shown),
        a=replace(a, name="A"),
        b=replace(b, name="B"),
        apart=float(np.abs(a.law.values - b.law.values).max()),
        observed=studied.tables[0].joint(),
        n=studied.tables[0].rows,
        settle=settling(shown, question, studied, abs(b.answer - a.answer)),
        notes=(*notes, *_coin_note(studied), *studied.tables[0].notes),
    )


def _coin_note(studied: Studied) -> tuple[str, ...]:
    """Say that a number was made a coin, which keeps its means and nothing else, and what was not looked at."""
    table = studied.tables[0]
    told = (f"Not looked at: {', '.join(studied.hidden)}.",) if studied.hidden else ()
    if table.coin is None or table.span is None:
        return told
    low, high = table.span
    coin = f"In both worlds {table.coin} is {low:.4g} or {high:.4g} only, with the same means as in your table."
    return (*told, coin)


def _settled(studied: Studied) -> UsageError:
    return UsageError(
        f"{studied.asked.query} has one answer: there are no two worlds.",
        why="Every model of the graph that shows these data gives the same.",
        fix="Ask for the value: contrafact effect, or identify(...).evaluate(joint).",
        code="E546",
    )


def _pair(studied: Studied, found: Answered, seed: int) -> tuple[list[World], tuple[str, ...]]:
    """Make two models: at the ends of the bounds where these are models of the graph, else from several starts."""
    asked, sources = studied.asked, studied.sources()
    whole = law(asked, sources, found)
    base = fitted(whole, asked.mechanisms.graph, rows=studied.tables[0].rows, seed=seed)
    if sharp(asked, found) and found.ends.at_low:
        models = [_with_shares(base, found, shares) for shares in (found.ends.at_low, found.ends.at_high)]
        answers = [found.ends.low, found.ends.high]
        return [_world(studied, model, each) for model, each in zip(models, answers, strict=True)], ()
    rows = studied.tables[0].rows
    models = [base, *(fitted(whole, asked.mechanisms.graph, rows=rows, seed=seed + 101 * k) for k in range(1, STARTS))]
    worlds = [_world(studied, model, asked_of(model, asked)) for model in models]
    ends = [min(worlds, key=lambda w: w.answer), max(worlds, key=lambda w: w.answer)]
    note = f"The two are the farthest apart of {STARTS} models that were fitted; others may lie farther."
    return ends, (note,)


def _with_shares(base: ResponseModel, found: Answered, shares: Sequence[Array]) -> ResponseModel:
    """Put the types of one end of the bounds into a model."""
    made: dict[Response, Group] = {}
    for block, part in zip(found.ends.blocks, shares, strict=True):
        group = Group.of(block.responses, part, block.answers)
        made |= dict.fromkeys(block.responses, group)
    whole = []
    for groups in base.groups:
        responses = [response for group in groups for response in group.responses]
        fresh = {id(made[r]): made[r] for r in responses if r in made}
        taken = set(made) & set(responses)
        whole.append((*fresh.values(), *(g for g in groups if not taken & set(g.responses))))
    return ResponseModel(base.mechanisms, tuple(whole))


def asked_of(model: ResponseModel, asked: Asked) -> float:
    """Compute what a model answers, from its types."""
    found = [_valued(r.top, model) / max(_valued(r.bottom, model), 1e-300) for r in asked.ratios]
    return found[0] - (found[1] if len(found) > 1 else 0.0)


def _valued(polynomial: Polynomial, model: ResponseModel) -> float:
    return sum(w * math.prod(model.chance(pattern) for pattern in monomial) for monomial, w in polynomial.items())


def _world(studied: Studied, model: ResponseModel, value: float) -> World:
    table = studied.tables[0]
    shown = model.joint(table.levels)
    counted = table.joint().margin(shown.nodes) * table.rows
    statistic, freedom, p = g_test(counted, shown.values, parameters(model.mechanisms.graph, table.sizes))
    return World(
        name="", answer=value, p=p, statistic=statistic, freedom=freedom, model=model, levels=table.levels, law=shown
    )


def g_test(counts: Array, chances: Array, parameters: int) -> tuple[float, int, float]:
    """Compare counts with the probabilities of a model.

    Arguments:
        counts: How often each case was seen.
        chances: The probability of each case.
        parameters: How many free numbers the model has.

    Returns:
        The statistic G, its degrees of freedom, and the p-value.
    """
    from scipy.stats import chi2

    seen = counts > 0
    with np.errstate(divide="ignore"):
        gains = counts[seen] * np.log(counts[seen] / (counts.sum() * chances[seen]))
    statistic = max(2 * float(gains.sum()), 0.0)
    freedom = max(int(counts.size) - 1 - parameters, 0)
    if freedom == 0:
        return statistic, 0, 1.0 if statistic < 1e-6 * max(counts.sum(), 1) else float(chi2.sf(statistic, 1))
    return statistic, freedom, float(chi2.sf(statistic, freedom))


def settling(graph: Graph, query: Query, studied: Studied, gap: float) -> tuple[str, ...]:
    """Say what would settle a question, with the size of a trial where that is simple."""
    refused = identify(graph, query, studied.regimes[1:])
    told = list(refused.remedies)
    rows = trial_rows(query, studied, gap)
    if rows is None:
        return tuple(told)
    size = f" of about {rows:,} units (an interval a tenth as wide as these worlds are apart)"
    trial = f"a trial that sets {query.treatment} at random"
    return tuple(each + size if each == trial else each for each in told)


def trial_rows(query: Query, studied: Studied, gap: float) -> int | None:
    """Count the units of a trial whose 95 % interval is a tenth of a gap; None where two arms do not answer.

    Two arms of n / 2 units estimate the effect with a standard error of 2 s / sqrt(n), s the spread of the outcome.
    """
    if query.name != "ATE" or query.conditions:
        return None
    joint, outcome = studied.tables[0].joint(), query.outcomes[0].node
    try:
        numbers = np.asarray([float(level) for level in joint.levels[outcome]])
    except (TypeError, ValueError):
        return None
    chances = joint.margin([outcome])
    spread = math.sqrt(max(float(chances @ numbers**2 - (chances @ numbers) ** 2), 0.0))
    return max(4, 2 * math.ceil((2 * NORMAL * 2 * spread / (gap / 10)) ** 2 / 2))
