"""How a question is to be answered from columns: by adjustment, the front door, an instrument, a formula, or bounds.

The graph decides, before any number is computed. What is adjusted for is the most exact set where everything is
observed, else a minimal one; without a graph it is every other column, and the answer says so first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from contrafact.base.errors import DataError, UsageError, did_you_mean
from contrafact.causal.graph import Graph
from contrafact.causal.identify.adjustment import is_valid, objections
from contrafact.causal.identify.answer import Identified
from contrafact.causal.identify.ask import identify
from contrafact.causal.query import Event, Query
from contrafact.causal.writing import shown

if TYPE_CHECKING:
    import pandas as pd

DRAWN, NAMED = 40, 8
NO_INTERFERENCE = (
    "What one unit is given changes no other unit's outcome, and a treatment is the same for all who have it."
)
OVERLAP = "Every kind of unit might have had either treatment."


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a question is to be answered.

    Arguments:
        query: The question.
        treatment: Its column.
        outcome: Its column.
        strategy: adjustment, front door, instrument, formula, no effect, or bounds.
        adjusted_for: Columns to adjust for, or an instrument's controls.
        through: Mediators, or instruments.
        graph: The graph; None if none was given.
        found: What the graph says of the question; None without a graph.
        assumptions: What must hold.
        warnings: What must not be overlooked.
    """

    query: Query
    treatment: str
    outcome: str
    strategy: str
    adjusted_for: tuple[str, ...] = ()
    through: tuple[str, ...] = ()
    graph: Graph | None = None
    found: Identified | None = None
    assumptions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the answer rests on."""
        return (self.treatment, self.outcome, *self.adjusted_for, *self.through)

    @property
    def formula(self) -> str:
        """The estimand, as text."""
        if self.found is not None and self.found.identifiable and self.strategy != "adjustment":
            return self.found.expression
        if self.strategy != "adjustment":
            return ""
        x, y, z = shown(self.treatment), shown(self.outcome), ", ".join(map(shown, self.adjusted_for))
        low, high = (f"E[{y} | {x}={value}{', ' + z if z else ''}]" for value in (self.query.low, self.query.high))
        body = f"{high} - {low}"
        return f"Σ_{{{z}}} ({body}) P({z})" if z else body


def plan(
    frame: pd.DataFrame,
    query: Query,
    graph: Graph | None = None,
    *,
    given: Sequence[str] | None = None,
    method: str = "auto",
    instrument: Sequence[str] = (),
) -> Plan:
    """Decide how a question is to be answered.

    Arguments:
        frame: The data.
        query: The question: an effect of one column on another, or any other.
        graph: The causal graph; without one every other column is taken for a common cause.
        given: Columns to adjust for, where somebody knows better.
        method: auto, or the name of a method.
        instrument: Columns to use as instruments.

    Raises:
        UsageError: A name is unknown, or `given` is wrong by the graph.
        DataError: The graph has nodes that the data have not.
    """
    treatment, outcome = _ends(query)
    if graph is None:
        return _without_graph(frame, query, treatment, outcome, given, method, instrument)
    fits(graph, frame, (treatment, outcome))
    found = identify(graph, query)
    start = Plan(query=query, treatment=treatment, outcome=outcome, strategy="bounds", graph=graph, found=found)
    if method == "instrument":
        return _by_instrument(start, frame, instrument)
    if method == "bounds" or (not found.identifiable and given is None):
        return replace(start, assumptions=found.assumptions)
    if given is not None:
        return _by_given(start, frame, given)
    return _identified(start, found, method)


def _ends(query: Query) -> tuple[str, str]:
    if query.treatment is not None:
        return query.treatment, query.outcomes[0].node
    settings = [setting.node for event in query.outcomes for setting in event.do]
    return (settings[0] if settings else ""), query.outcomes[0].node


def fits(graph: Graph, frame: pd.DataFrame, ends: Sequence[str] = ()) -> None:
    """Check that all that the graph takes for observed is in the data.

    Arguments:
        graph: The graph.
        frame: The data.
        ends: Columns that are counted elsewhere and may be empty here.

    Raises:
        DataError: It is not.
    """
    columns = [str(name) for name in frame.columns]
    if empty := [node for node in graph.observed if node in columns and node not in ends and frame[node].isna().all()]:
        raise DataError(
            f"Column '{empty[0]}' is empty, and the graph takes it for observed.",
            why="What holds nothing can be neither adjusted for nor compared.",
            fix=f'Give its values; or, if it was never measured, say so in the graph: "{shown(empty[0])} [latent]".',
            code="E523",
        )
    if strange := [node for node in graph.observed if node not in columns]:
        node = strange[0]
        raise DataError(
            f"The graph has '{node}', the data have no such column.",
            why=did_you_mean(node, columns),
            fix=f'Rename it; or, if it was never measured, say so in the graph: "{shown(node)} [latent]".',
            code="E523",
        )


def _rests(plan: Plan, *more: str) -> tuple[str, ...]:
    first = plan.found.assumptions[:1] if plan.found is not None else ()
    return (*first, *more, NO_INTERFERENCE)


def _identified(start: Plan, found: Identified, method: str) -> Plan:
    """Plan what the graph allows."""
    if found.formula is not None and str(found.formula) == "0":
        return replace(start, strategy="no effect", assumptions=found.assumptions)
    plain = start.query.treatment is not None and not start.query.conditions
    effect = plain and start.query.name in ("ATE", "ATT", "ATU")
    if method == "front door":
        return _by_front_door(start, found)
    if effect and method != "formula":
        chosen = _covariates(found)
        if chosen is not None:
            return replace(start, strategy="adjustment", adjusted_for=chosen, assumptions=_rests(start, OVERLAP))
        if start.query.name == "ATE" and found.front_doors:
            return _by_front_door(start, found)
    return replace(start, strategy="formula", assumptions=(*found.assumptions, NO_INTERFERENCE))


def _covariates(found: Identified) -> tuple[str, ...] | None:
    """Choose what to adjust for: the most exact set, else a smallest one; None where no set is valid."""
    x, y = found.query.treatment, found.query.outcomes[0].node
    assert x is not None
    best = found.optimal_adjustment
    if best is not None:
        return best
    if found.strategy == "adjustment" and is_valid(found.graph, x, y, found.adjusted_for):
        return found.adjusted_for
    sets = found.adjustment_sets
    return sets[0] if sets else None


def _by_front_door(start: Plan, found: Identified) -> Plan:
    if not found.front_doors or start.query.name != "ATE":
        raise UsageError(
            f"{start.query} cannot be had through the front door.",
            why="No nodes of the graph catch all of the effect and share no hidden cause with the treatment.",
            fix="Leave method out: what the graph allows is found.",
            code="E529",
        )
    return replace(start, strategy="front door", through=found.front_doors[0], assumptions=_rests(start, OVERLAP))


def _by_given(start: Plan, frame: pd.DataFrame, given: Sequence[str]) -> Plan:
    """Adjust for what somebody named, if the graph has nothing against it."""
    assert start.graph is not None and start.found is not None
    chosen = known(frame, given, (start.treatment, start.outcome))
    graph = start.graph
    outside = [name for name in chosen if name not in graph]
    inside = [name for name in chosen if name in graph]
    told = objections(graph, start.treatment, start.outcome, inside)
    if told:
        sets = start.found.adjustment_sets
        fix = (
            f"Adjust for {{{', '.join(sets[0])}}} instead: leave given out."
            if sets
            else "Leave given out, or correct the graph."
        )
        raise UsageError(
            f"Adjusting for {', '.join(chosen) or 'nothing'} does not give {start.query}.",
            why=" ".join(told),
            fix=fix,
            code="E524",
        )
    more = tuple(f"'{name}', which the graph does not show, is no consequence of the treatment." for name in outside)
    return replace(start, strategy="adjustment", adjusted_for=chosen, assumptions=_rests(start, *more, OVERLAP))


def known(frame: pd.DataFrame, names: Sequence[str], but: Sequence[str] = ()) -> tuple[str, ...]:
    """Give names of columns back, if the data have them.

    Raises:
        UsageError: They have not, or one is the treatment or the outcome.
    """
    names = (names,) if isinstance(names, str) else tuple(dict.fromkeys(names))
    columns = [str(name) for name in frame.columns]
    for name in names:
        if name not in columns or columns.count(name) > 1:
            twice = "stands in the data more than once" if name in columns else "is no column of the data"
            why = "Names must tell columns apart." if name in columns else did_you_mean(str(name), columns)
            raise UsageError(f"'{name}' {twice}.", why=why, fix="Correct the name.", code="E520")
        if name in but:
            raise UsageError(
                f"'{name}' cannot be adjusted for.",
                why="It is the treatment or the outcome itself.",
                fix="Leave it out of given.",
                code="E524",
            )
    return names


def _by_instrument(start: Plan, frame: pd.DataFrame, named: Sequence[str]) -> Plan:
    assert start.found is not None and start.graph is not None
    candidates = {one.node: one for one in start.found.instruments}
    chosen = known(frame, named, (start.treatment, start.outcome)) if named else tuple(candidates)[:1]
    wrong = [name for name in chosen if name not in candidates]
    if wrong or not chosen or start.query.name != "ATE" or start.query.conditions:
        there = f"By the graph there are {', '.join(candidates)}." if candidates else "By the graph there is none."
        raise UsageError(
            f"{f'{wrong[0]} is' if wrong else 'There is'} no instrument for {start.query}.",
            why=f"An instrument moves the treatment and reaches the outcome no other way. {there}",
            fix="Leave method out: what the graph allows is found, or bounds.",
            code="E527",
        )
    controls = frozenset().union(*(candidates[name].given for name in chosen)) - set(chosen)
    return replace(
        start,
        strategy="instrument",
        through=chosen,
        adjusted_for=start.graph.sorted(controls),
        assumptions=(*_rests(start), *_instrumental(chosen, start.treatment)),
    )


def _instrumental(chosen: Sequence[str], treatment: str) -> tuple[str, ...]:
    names = " and ".join(chosen)
    return (
        f"{names} reaches the outcome through {treatment} alone and shares no hidden cause with it.",
        f"The effect of {treatment} is the same for all and adds up (linear); or nobody is moved by {names} against "
        "the others (monotone), and then the value is the effect on those whom it moves (LATE), not the average.",
    )


def _without_graph(
    frame: pd.DataFrame,
    query: Query,
    treatment: str,
    outcome: str,
    given: Sequence[str] | None,
    method: str,
    instrument: Sequence[str],
) -> Plan:
    start = Plan(query=query, treatment=treatment, outcome=outcome, strategy="adjustment")
    but = (treatment, outcome)
    if method == "instrument":
        chosen = known(frame, instrument, but)
        if not chosen:
            raise UsageError(
                "No instrument is named.",
                why="Without a graph nothing says which column it is.",
                fix="instrument='Z', or give a graph.",
                code="E527",
            )
        controls = known(frame, given or (), (*but, *chosen))
        told = (*_instrumental(chosen, treatment), NO_INTERFERENCE)
        return replace(start, strategy="instrument", through=chosen, adjusted_for=controls, assumptions=told)
    if method in ("front door", "formula", "bounds"):
        raise UsageError(
            f"'{method}' needs a graph.",
            why="What is behind the columns is not known without one.",
            fix=f'graph="Z -> {treatment}; Z -> {outcome}; {treatment} -> {outcome}"',
            code="E529",
        )
    return _for_all(start, frame, given)


def _for_all(start: Plan, frame: pd.DataFrame, given: Sequence[str] | None) -> Plan:
    """Adjust for what is named, or for every column but those that name rows."""
    from contrafact.causal.estimate.columns import is_key

    but, warnings = (start.treatment, start.outcome), []
    if given is None:
        names = [str(name) for name in frame.columns if str(name) not in but]
        keys = [name for name in known(frame, names) if is_key(frame[name])]
        chosen = tuple(name for name in names if name not in keys)
        warnings += [
            f"'{name}' differs in almost every row: it is taken for a key and not adjusted for." for name in keys
        ]
        others = some(chosen) if chosen else "none"
        told = (
            f"No graph was given: every other column ({others}) is taken for a common cause of {but[0]} and {but[1]},"
            f" none for a consequence of {but[0]}, and nothing hidden causes both."
        )
        warnings.append(
            "No graph was given. Taking every other column for a common cause is often wrong: a column that is "
            f'recorded after {but[0]} hides part of the effect, and hidden causes stay. Say what you know: graph="..."'
        )
    else:
        chosen = known(frame, given, but)
        told = (
            f"No graph was given: {some(chosen) or 'nothing'} is taken to be all that causes both {but[0]} and "
            f"{but[1]}, and no consequence of {but[0]}."
        )
        warnings.append("No graph was given: whether these columns suffice is taken on trust.")
    return replace(start, adjusted_for=chosen, assumptions=(told, OVERLAP, NO_INTERFERENCE), warnings=tuple(warnings))


def some(names: Sequence[str], most: int = NAMED) -> str:
    """List names, the rest as a number."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def asked(treatment: str, outcome: str, name: str = "ATE", low: Any = None, high: Any = None) -> Query:
    """Make the question of an effect.

    Arguments:
        treatment: What is set.
        outcome: What is asked about.
        name: ATE, ATT or ATU.
        low: The value that is compared with; the lower of two if not given.
        high: The value whose effect is asked for.
    """
    written = low is not None or high is not None
    return Query(
        name=name,
        outcomes=(Event(outcome),),
        treatment=treatment,
        low=0 if low is None else low,
        high=1 if high is None else high,
        written=written,
    )
