"""Bounds: what data and graph leave possible where they do not settle a question.

`exact_bounds` takes a known joint distribution, `bounded` a frame of rows. Every value between sharp ends belongs to a
model of the graph with the same data (Balke and Pearl 1997, Journal of the American Statistical Association 92; Tian
and Pearl 2000, Annals of Mathematics and Artificial Intelligence 28, for necessity and sufficiency; Manski 1990 where
the outcome is any bounded number); see `programme` for how they are found and when they are exact. Chance in the data
makes the ends uncertain: they are computed again for rows drawn with replacement. It can also make the data impossible
under the graph (the instrumental inequality); then the nearest possible distribution is taken, and a p-value says how
rare such a misfit is by chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from contrafact.base.effects import Effect
from contrafact.base.errors import DataError, UsageError
from contrafact.base.seeds import generator
from contrafact.causal.bounded_question import Answered, Asked, Source, answer, ask, law, misfit, relevant, sharp
from contrafact.causal.coding import PARTS, Coded, coded, is_coin
from contrafact.causal.graph import Graph
from contrafact.causal.identify.answer import GRAPH_RIGHT, SAME_UNITS
from contrafact.causal.identify.evaluate import Array, joint_of, place_of
from contrafact.causal.query import Query
from contrafact.causal.responses_asked import nodes_of
from contrafact.causal.responses_blocks import Monotone

if TYPE_CHECKING:
    import pandas as pd

Experiments = Mapping[Any, "pd.DataFrame"]
Joints = Mapping[Any, "pd.Series[float]"]
FEW_STRATA, MOST_STRATA, ROWS_A_CASE = 2**6, 2**10, 5  # cases of a question: a stratum without rows says nothing
DRAWS, FEW_DRAWS, MISFIT_DRAWS, MANY_TYPES = 120, 40, 99, 4096


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """The ends of a question.

    Arguments:
        query: The question.
        low: The least value.
        high: The largest.
        method: "linear programme", "inner approximation" or "interval arithmetic".
        sharp: Whether every value between them is reached by a model of the graph with these data.
        outer: An interval that holds the sharp one, where it is not known.
        types: How many response types were gone through.
    """

    query: str
    low: float
    high: float
    method: str
    sharp: bool
    outer: tuple[float, float] | None = None
    types: int = 0

    @property
    def width(self) -> float:
        """How far the ends are apart."""
        return self.high - self.low

    def __str__(self) -> str:
        return f"{self.query}: between {self.low:.6g} and {self.high:.6g} ({self.method})"


def read(graph: Graph | Any, query: Query | str) -> tuple[Graph, Query]:
    """Read a graph and a question about it; hidden nodes become hidden common causes."""
    graph = graph if isinstance(graph, Graph) else Graph(graph)
    query = query if isinstance(query, Query) else Query.read(query)
    query.checked(graph)
    return graph.projected(), query


def exact_bounds(
    joint: pd.Series[float],
    graph: Graph | Any,
    query: Query | str,
    *,
    experiments: Joints | None = None,
    monotone: Iterable[Monotone | str] = (),
    seed: int = 0,
) -> Bounds:
    """Bound a question from a known joint distribution.

    Arguments:
        joint: Probabilities over a MultiIndex of all observed variables.
        graph: The causal graph.
        query: The question, with every value named; an effect may leave the two values of its treatment out.
        experiments: For each set of nodes that were set at random, the joint distribution of all variables there.
        monotone: Assumptions such as "X -> Y": in no unit is Y lower for a higher X.
        seed: Seeds the search, where one is needed.

    >>> import pandas as pd
    >>> index = pd.MultiIndex.from_product([[0, 1], [0, 1]], names=["X", "Y"])
    >>> bounds = exact_bounds(pd.Series([0.3, 0.2, 0.1, 0.4], index), "X -> Y; X <-> Y", "ATE(X, Y)")
    >>> round(bounds.low, 6), round(bounds.high, 6)
    (-0.3, 0.7)

    Raises:
        UsageError: A value is left open, or there are too many response types.
        DataError: The probabilities are none, or no model of the graph has them.
    """
    shown, question = read(graph, query)
    sources = [Source(joint=joint_of(joint, shown.nodes))]
    for key, series in (experiments or {}).items():
        sources.append(Source(joint=joint_of(series, shown.nodes), regime=_regime(key)))
    kept = relevant(shown, question.terms(shown), experiments=len(sources) > 1)
    levels = sources[0].joint.levels
    place = partial(_place, levels)
    asked = ask(
        question, kept, levels, place, [Monotone.read(each) for each in monotone], [s.regime for s in sources[1:]]
    )
    answered = answer(asked, sources, seed)
    if answered.mended:
        raise _forbidden(answered)
    return _bounds(asked, answered)


def _regime(key: Any) -> frozenset[str]:
    return frozenset([key] if isinstance(key, str) else key)


def _place(levels: Mapping[str, Sequence[Any]], node: str, value: Any, default: bool) -> int:
    return place_of(node, value, levels, default=default)


def _bounds(asked: Asked, answered: Answered) -> Bounds:
    ends = answered.ends
    exact = ends.low == ends.high or (sharp(asked, answered) and ends.method == "linear programme")
    types = sum(block.types for block in answered.blocks)
    return Bounds(
        query=str(asked.query),
        low=ends.low,
        high=ends.high,
        method=ends.method,
        sharp=exact,
        outer=ends.outer,
        types=types,
    )


def _forbidden(answered: Answered) -> DataError:
    names = ", ".join(dict.fromkeys(n for b in answered.mended for n, _ in answered.blocks[b].responses))
    return DataError(
        f"No model of the graph has these probabilities of {names}.",
        why=f"Probabilities of {answered.misfit:.3g} in all would have to be moved for the graph to allow them.",
        fix="Correct the graph; for rows of data, in which chance plays a part, use bounded(frame, graph, query).",
        code="E542",
    )


@dataclass(frozen=True, kw_only=True)
class Studied:
    """Rows of data made ready for a question.

    Arguments:
        asked: The question.
        tables: The rows of each kind of data as levels: observations first.
        regimes: What was set in each.
        hidden: Columns that were not looked at, because there would be too many types.
    """

    asked: Asked
    tables: tuple[Coded, ...]
    regimes: tuple[frozenset[str], ...]
    hidden: tuple[str, ...] = ()

    def sources(self, random: np.random.Generator | None = None) -> list[Source]:
        """Count, or count rows drawn with replacement."""
        made = []
        for table, regime in zip(self.tables, self.regimes, strict=True):
            weights = None
            if random is not None:
                drawn = random.integers(0, table.rows, table.rows)
                weights = np.bincount(drawn, minlength=table.rows).astype(float)
            made.append(Source(joint=table.joint(weights), rows=table.rows, regime=regime))
        return made

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(table.rows for table in self.tables)


def study(
    frame: pd.DataFrame,
    graph: Graph | Any,
    query: Query | str,
    *,
    experiments: Experiments | None = None,
    monotone: Iterable[Monotone | str] = (),
    bins: int = PARTS,
) -> Studied:
    """Make rows of data ready for a question; see `bounded`."""
    shown, question = read(graph, query)
    assumed, hidden = [Monotone.read(each) for each in monotone], list[str]()
    while True:
        kept = relevant(_without(shown, hidden), question.terms(shown), experiments=bool(experiments))
        try:
            found = _sized(frame, kept, question, experiments or {}, assumed, bins)
            return replace(found, hidden=tuple(hidden))
        except UsageError as met:
            loose = _can_hide(kept, question, assumed) if met.code == "E540" else []
            if not loose:
                raise
            hidden.append(loose[0])


def _without(graph: Graph, hidden: Sequence[str]) -> Graph:
    return Graph(graph, latent=hidden).projected() if hidden else graph


def _can_hide(graph: Graph, query: Query, monotone: Sequence[Monotone]) -> list[str]:
    """List nodes whose columns need not be looked at, those with the most edges first.

    A node that is taken to be hidden makes the model larger, so that the ends stay valid.
    """
    asked = nodes_of(query.terms(graph)) | {node for each in monotone for node in (each.cause, each.effect)}
    edges = (*graph.directed, *graph.bidirected)
    count = {node: sum(node in pair for pair in edges) for node in graph.nodes}
    return sorted((node for node in graph.nodes if node not in asked), key=lambda node: -count[node])


def _sized(
    frame: pd.DataFrame,
    graph: Graph,
    query: Query,
    experiments: Experiments,
    monotone: Sequence[Monotone],
    bins: int,
) -> Studied:
    """Make rows ready; an outcome with too many levels becomes a coin."""
    try:
        return _study(frame, graph, query, experiments, monotone, bins, _coin(frame, graph, query))
    except UsageError as met:
        if met.code != "E540" or not _can_be_coin(frame, graph, query):
            raise
        return _study(frame, graph, query, experiments, monotone, bins, query.outcomes[0].node)


def _study(
    frame: pd.DataFrame,
    graph: Graph,
    query: Query,
    experiments: Experiments,
    monotone: Sequence[Monotone],
    bins: int,
    coin: str | None,
) -> Studied:
    first = coded(frame, graph.nodes, coin=coin, parts=bins)
    query = _apart(query, first, frame)
    tables, regimes = [first], [frozenset[str]()]
    for key, other in experiments.items():
        tables.append(coded(other, graph.nodes, like=first))
        regimes.append(_regime(key))

    def place(node: str, value: Any, default: bool) -> int:
        return first.place(node, value, default=default)

    asked = ask(
        query,
        graph,
        first.levels,
        place,
        monotone,
        regimes[1:],
        most=min(max(first.rows // ROWS_A_CASE, FEW_STRATA), MOST_STRATA),
    )
    found = Studied(asked=asked, tables=tuple(tables), regimes=tuple(regimes))
    answer(asked, found.sources())  # too many types are found here, not later
    return found


def _apart(query: Query, table: Coded, frame: pd.DataFrame) -> Query:
    """Compare an amount between two of the parts that it was cut into: within one of them nothing is told apart.

    Arguments:
        query: The question; where nobody named values, the middles of the lowest and of the highest part are taken.
        table: The columns, cut.
        frame: The columns, as they are.

    Raises:
        UsageError: Both values that were named lie in one part.
    """
    node = query.treatment
    if node is None or node not in table.edges:
        return query
    if table.place(node, query.low) != table.place(node, query.high):
        return query
    count = len(table.edges[node]) + 1
    if not query.written:
        low, high = (float(f"{end:.4g}") for end in frame[node].quantile([0.5 / count, 1 - 0.5 / count]))
        return replace(query, low=low, high=high, written=True)
    edges = ", ".join(f"{edge:.4g}" for edge in table.edges[node])
    raise UsageError(
        f"{query.low} and {query.high} of {node} lie in the same of {count} parts.",
        why=f"Bounds count in parts: {node} was cut at {edges}, and within a part nothing is told apart.",
        fix=f"Name values on both sides of a cut: ATE({node}: LOW -> HIGH, {query.outcomes[0].node})",
        code="E541",
    )


def _can_be_coin(frame: pd.DataFrame, graph: Graph, query: Query) -> bool:
    """Tell whether the outcome can be a coin: its mean is asked for, nothing follows from it, and it has a mean."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    outcome = query.outcomes[0].node
    if not query.is_mean or graph.children(outcome) or outcome not in frame.columns:
        return False
    if any(event.node == outcome for term in query.terms(graph) for event in term.conditions):
        return False
    column = frame[outcome]
    return is_numeric_dtype(column) and not is_bool_dtype(column) and column.nunique() > 2


def _coin(frame: pd.DataFrame, graph: Graph, query: Query) -> str | None:
    outcome = query.outcomes[0].node
    return outcome if _can_be_coin(frame, graph, query) and is_coin(frame[outcome]) else None


def bounded(
    df: pd.DataFrame,
    graph: Graph | Any,
    query: Query | str,
    seed: int = 0,
    *,
    experiments: Experiments | None = None,
    monotone: Iterable[Monotone | str] = (),
    bins: int = PARTS,
    draws: int | None = None,
) -> Effect:
    """Bound a question from rows of data.

    Arguments:
        df: Observations; rows with holes in columns that matter are left out.
        graph: The causal graph.
        query: The question, with every value named; an effect may leave the two values of its treatment out.
        seed: Seeds the draws.
        experiments: For each set of nodes that were set at random, the rows of that experiment.
        monotone: Assumptions such as "X -> Y": in no unit is Y lower for a higher X.
        bins: Into how many parts numbers are cut.
        draws: How often the ends are computed again for rows drawn with replacement.

    Returns:
        An effect of kind "bounds": low and high are the estimated ends; `details` holds low_95 and high_95, outside of
        which the true ends lie in one sample of twenty.

    Raises:
        UsageError: A value is left open, or there are too many response types.
        DataError: A column is missing, no row is complete, or what is known of the units never happens.
    """
    studied = study(df, graph, query, experiments=experiments, monotone=monotone, bins=bins)
    answered = answer(studied.asked, studied.sources(), seed)
    details = _details(studied, answered, seed, draws)
    return Effect(
        value=None,
        low=answered.ends.low,
        high=answered.ends.high,
        kind="bounds",
        rung=studied.asked.query.rung,
        strategy=answered.ends.method,
        estimator="response types",
        assumptions=_assumptions(studied),
        query=str(studied.asked.query),
        n=studied.rows,
        notes=(*_notes(studied, answered, details), *studied.tables[0].notes),
        details=details,
    )


def _details(studied: Studied, answered: Answered, seed: int, draws: int | None) -> dict[str, float]:
    """Say what chance does to the ends, and how far the data are from the graph."""
    types = sum(block.types for block in answered.blocks)
    if draws is None:
        draws = DRAWS if types <= MANY_TYPES else FEW_DRAWS
    found = {"types": float(types), **_outer_ends(studied, answered, seed, draws)}
    if answered.mended:
        found |= {"misfit": answered.misfit, "misfit_p": misfit_p(studied, answered, seed)}
    if answered.ends.outer:
        found |= {"outer_low": answered.ends.outer[0], "outer_high": answered.ends.outer[1]}
    return found


def _outer_ends(studied: Studied, answered: Answered, seed: int, draws: int) -> dict[str, float]:
    """Give ends outside of which the true ones lie in one sample of twenty, by drawing rows with replacement.

    The least of many sums is estimated too large, the largest too small; so of the two usual intervals, of percentiles
    and of percentiles turned around, the wider one is taken at each end.
    """
    found = []
    for draw in range(draws):
        sources = studied.sources(generator(seed, "bounds", draw))
        try:
            ends = answer(studied.asked, sources, seed).ends
        except DataError:  # a draw in which the units that are asked about do not occur
            continue
        found.append((ends.low, ends.high))
    if not found:
        return {"draws": 0.0}
    lows, highs = np.array(found).T
    low, high = answered.ends.low, answered.ends.high
    under, over = (np.quantile(lows, [0.025, 0.975]), np.quantile(highs, [0.025, 0.975]))
    return {
        "low_95": float(min(under[0], 2 * low - under[1], low)),
        "high_95": float(max(over[1], 2 * high - over[0], high)),
        "draws": float(len(found)),
    }


def misfit_p(studied: Studied, answered: Answered, seed: int, draws: int = MISFIT_DRAWS) -> float:
    """Say how often chance alone makes data as impossible as these, if the graph is right.

    Arguments:
        studied: The data.
        answered: The answer, from data that were moved to the nearest that the graph allows.
        seed: Seeds the draws.
        draws: How many tables are drawn from the nearest distribution.
    """
    sources = studied.sources()
    laws = [law(studied.asked, sources, answered, number) for number in range(len(sources))]
    worse = 0
    for draw in range(draws):
        random = generator(seed, "misfit", draw)
        drawn = [
            replace(source, joint=replace(each, values=_redrawn(each.values, int(source.rows), random), _margins={}))
            for source, each in zip(sources, laws, strict=True)
        ]
        try:
            worse += misfit(studied.asked, drawn) >= answered.misfit
        except DataError:
            worse += 1
    return (1 + worse) / (1 + draws)


def _redrawn(values: Array, rows: int, random: np.random.Generator) -> Array:
    counts = random.multinomial(rows, values.ravel() / values.sum())
    return np.asarray(counts.reshape(values.shape) / rows)


def _assumptions(studied: Studied) -> tuple[str, ...]:
    told = [GRAPH_RIGHT]
    told += [str(each) for each in studied.asked.monotone]
    if studied.asked.query.rung == 3:
        told.append(SAME_UNITS)
    return tuple(told)


def _notes(studied: Studied, answered: Answered, details: Mapping[str, float]) -> list[str]:
    told = []
    if answered.ends.method == "inner approximation":
        told.append("Inner approximation: a wider interval may exist.")
        if answered.ends.outer:
            low, high = answered.ends.outer
            told.append(f"No model reaches beyond {low:.4g} and {high:.4g}.")
    elif answered.apart:
        told.append("The two sides of the difference were bounded one by one: the ends are valid and may be too wide.")
    elif not sharp(studied.asked, answered):
        told.append("The ends are valid and may be too wide: which nodes share no hidden cause is used only in part.")
    if studied.hidden:
        told.append(
            f"Not looked at, to keep the response types few: {', '.join(studied.hidden)}. The ends are valid without."
        )
    if "low_95" in details:
        told.append(f"With chance counted (95 %): between {details['low_95']:.4g} and {details['high_95']:.4g}.")
    if answered.mended:
        told.append(
            "The data contradict the graph: no model of it has these frequencies. The nearest possible ones were "
            f"taken, in which {answered.misfit:.2%} of the rows are otherwise; chance alone does this with p = "
            f"{details['misfit_p']:.2g}."
        )
    return told
