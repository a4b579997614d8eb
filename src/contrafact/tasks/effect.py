"""effect: what a treatment does to an outcome: decided by a graph, computed from a table, with all that it rests on.

First the graph decides whether the question can be answered, and how. Then one estimate with an interval is computed;
where the question cannot be answered the answer is bounds. `studied` keeps what was learned on the way, for challenges
and for the page.
"""

from __future__ import annotations

import warnings as python_warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from contrafact.base.effects import Effect
from contrafact.base.errors import DataError, UsageError, did_you_mean
from contrafact.causal.adjust import Plan, asked, plan
from contrafact.causal.contradictions import contradictions
from contrafact.causal.estimate.columns import GIVEN, numbers
from contrafact.causal.estimate.econml import by_econml
from contrafact.causal.estimate.levels import treatment_of
from contrafact.causal.estimate.methods import ELSEWHERE, METHODS, method_named
from contrafact.causal.estimate.study import LEAST_ROWS, Study, computed, effect_of, made_ready
from contrafact.causal.given_graph import Written, graph_given
from contrafact.causal.query import Query

if TYPE_CHECKING:
    import pandas as pd

    from contrafact.tasks.aided import Aided, Method

TWO_STAGE = "2sls"


class GraphWarning(UserWarning):
    """Something about the graph, or the want of one, that must not be overlooked."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Answered:
    """An effect and what was learned on the way.

    Arguments:
        effect: The answer.
        plan: How it was reached.
        study: The table made ready; None where the answer is bounds.
        warnings: What must not be overlooked.
        aided: The estimate without aid and with it, where aid was asked for.
    """

    effect: Effect
    plan: Plan
    study: Study | None = None
    warnings: tuple[str, ...] = ()
    aided: Aided | None = None


def effect(
    df: pd.DataFrame,
    treatment: str,
    outcome: str,
    graph: Written | None = None,
    given: Sequence[str] | None = None,
    method: str = "auto",
    seed: int = 0,
    *,
    query: Query | str | None = None,
    low: Any = None,
    high: Any = None,
    quantile: float | None = None,
    instrument: str | Sequence[str] = (),
    generate: Method | None = None,
    fill: Method | None = None,
) -> Effect:
    """Say what a treatment does to an outcome.

    Arguments:
        df: A row for each unit.
        treatment: The column whose effect is asked for.
        outcome: The column that it may change.
        graph: The causal graph, its text, or the Path of a file; without one every other column is taken for a common
            cause, and the answer says so.
        given: What to adjust for; found from the graph if not given, and checked against it if given.
        method: auto, or one of `contrafact.causal.estimate.methods.METHODS`, or econml:NAME.
        seed: Seeds everything.
        query: Another question about the two: "ATT(X, Y)", "ATE(X, Y | Z=1)", "NDE(X, Y)".
        low: The value that is compared with.
        high: The value whose effect is asked for.
        quantile: Compare this quantile of the outcome instead of its mean.
        instrument: With method="instrument", the columns to use.
        generate: A method that fills holes, such as "ice", "loom" or "gain": it draws rows of the scarcer level of the
            treatment, which join the fit of the outcome model where they help.
        fill: Such a method for holes in what is adjusted for; without it a hole is given the median, and a column says
            where it was.

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"x": [0, 1] * 40, "z": [0, 0, 1, 1] * 20})
    >>> frame["y"] = 2 * frame["x"] + frame["z"]
    >>> found = effect(frame, "x", "y", "z -> x; z -> y; x -> y")
    >>> round(found.value, 6), found.strategy
    (2.0, 'adjustment')

    Raises:
        UsageError: A name is unknown, or the method does not fit.
        DataError: The data cannot answer.
    """
    found = studied(
        df,
        treatment,
        outcome,
        graph,
        given,
        method,
        seed,
        query=query,
        low=low,
        high=high,
        quantile=quantile,
        instrument=instrument,
        generate=generate,
        fill=fill,
    )
    for told in found.warnings:
        python_warnings.warn(told, GraphWarning, stacklevel=2)
    return found.effect


def studied(
    df: pd.DataFrame,
    treatment: str,
    outcome: str,
    graph: Written | None = None,
    given: Sequence[str] | None = None,
    method: str = "auto",
    seed: int = 0,
    *,
    query: Query | str | None = None,
    low: Any = None,
    high: Any = None,
    quantile: float | None = None,
    instrument: str | Sequence[str] = (),
    generate: Method | None = None,
    fill: Method | None = None,
) -> Answered:
    """Answer as `effect` does, and keep what was learned on the way."""
    frame = _checked(df, treatment, outcome)
    method = method_named(method)
    drawn = None if graph is None else graph_given(graph)
    question = _question(frame, treatment, outcome, query, low, high)
    _check_quantile(quantile)
    names = (instrument,) if isinstance(instrument, str) else tuple(instrument)
    chosen = plan(frame, question, drawn, given=given, method=method, instrument=names)
    _check_varies(frame, chosen)
    if drawn is not None:
        chosen = replace(chosen, warnings=(*chosen.warnings, *contradictions(drawn, frame, seed)))
    if chosen.strategy == "bounds":
        return Answered(effect=_bounds(frame, chosen, seed), plan=chosen, warnings=chosen.warnings)
    study = made_ready(frame, chosen, seed)
    if chosen.strategy == "no effect":
        return Answered(effect=_nothing(study), plan=chosen, study=study, warnings=chosen.warnings)
    if generate is not None or fill is not None:
        return _aided(study, chosen, method, quantile, {"generate": generate, "fill": fill})
    return Answered(effect=_estimated(study, method, quantile), plan=chosen, study=study, warnings=chosen.warnings)


def _estimated(study: Study, method: str, quantile: float | None) -> Effect:
    if method.startswith(ELSEWHERE):
        answer = effect_of(study, by_econml(study, method[len(ELSEWHERE) :]), method)
    else:
        answer = effect_of(study, *computed(study, method, quantile))
    return answer if quantile is None else replace(answer, query=f"{quantile:g}-quantile of {answer.query}")


def _aided(
    study: Study, chosen: Plan, method: str, quantile: float | None, aid: Mapping[str, Method | None]
) -> Answered:
    """Answer with generated rows or filled confounders where they help.

    Raises:
        UsageError: Another method than the doubly robust one was asked for.
    """
    from contrafact.tasks.aided import aided

    if method not in ("auto", "aipw") or quantile is not None:
        raise UsageError(
            f"{'A quantile' if quantile is not None else f'Method {method!r}'} takes no generated or filled rows.",
            why="Only where errors of the outcome model are corrected by real rows can aid do no lasting harm.",
            fix="Use method='aipw', or leave generate and fill out.",
            code="E535",
        )
    found = aided(study, **aid)
    if found is None:
        answer = _estimated(study, method, None)
        answer = replace(answer, notes=(*answer.notes, "There is no hole in what is adjusted for: nothing was filled."))
    else:
        answer = effect_of(study, replace(found.taken, details={**found.taken.details, **found.details}), "aipw")
        filled = aid["fill"] is not None and found.taken is found.beside
        said = (note for note in answer.notes if not (filled and GIVEN in note))
        answer = replace(answer, notes=(*said, found.verdict))
    return Answered(effect=answer, plan=chosen, study=study, warnings=chosen.warnings, aided=found)


def _checked(df: Any, treatment: str, outcome: str) -> pd.DataFrame:
    """Give the data as a DataFrame that has both columns.

    Raises:
        UsageError: They are missing, twice there, or the same.
        DataError: There is nothing in it.
    """
    import pandas as pd

    frame: pd.DataFrame = df if isinstance(df, pd.DataFrame) else pd.DataFrame(df)
    columns = [str(name) for name in frame.columns]
    for word, name in (("treatment", treatment), ("outcome", outcome)):
        if columns.count(name) != 1:
            there = "stands in the data more than once" if name in columns else "is no column of the data"
            why = "Names must tell columns apart." if name in columns else _nearest(name, columns)
            raise UsageError(f"The {word} '{name}' {there}.", why=why, fix="-t TREATMENT -y OUTCOME", code="E520")
    if treatment == outcome:
        raise UsageError(
            f"'{treatment}' is treatment and outcome at once.",
            why="Nothing has an effect on itself.",
            fix="Name two columns: -t TREATMENT -y OUTCOME",
            code="E532",
        )
    return frame if columns == list(frame.columns) else frame.set_axis(columns, axis=1)


def _check_varies(frame: pd.DataFrame, chosen: Plan) -> None:
    """Refuse a treatment or an outcome that never varies, where there are rows enough to tell.

    Raises:
        DataError: It does not vary.
    """
    both = [name for name in (chosen.treatment, chosen.outcome) if name]
    whole = frame[both].dropna().reset_index(drop=True)
    if chosen.treatment and len(whole) and whole[chosen.treatment].nunique() < 2 and chosen.strategy == "bounds":
        treatment_of(whole[chosen.treatment], chosen.treatment)
    counts = numbers(whole[chosen.outcome]) is not None
    if len(whole) >= LEAST_ROWS and counts and whole[chosen.outcome].nunique() == 1:
        raise DataError(
            f"Outcome '{chosen.outcome}' is the same in every row: {whole[chosen.outcome].iloc[0]}.",
            why="Where nothing ever differs, these data show no effect and rule none out.",
            fix="Name the outcome that is meant with -y, or add rows in which it differs.",
            code="E576",
        )


def _nearest(name: Any, columns: list[str]) -> str:
    return did_you_mean(str(name), columns) if columns else "The data have no columns."


def _question(
    frame: pd.DataFrame, treatment: str, outcome: str, query: Query | str | None, low: Any, high: Any
) -> Query:
    """Read the question, and name the values that are compared where nobody did and there are several."""
    if query is None:
        found = asked(treatment, outcome, "ATE", low, high)
    else:
        found = query if isinstance(query, Query) else Query.read(query)
        _same(found, treatment, outcome)
        if low is not None or high is not None:
            found = replace(found, low=low, high=high, written=True)
    levels = frame[treatment].dropna().unique()
    if found.treatment is None or (found.written and None not in (low, high)) or len(levels) < 2:
        return found
    if found.written and (low is None) != (high is None):
        ends = sorted(levels, key=_order)
        return replace(
            found, low=_plain(ends[0]) if low is None else low, high=_plain(ends[-1]) if high is None else high
        )
    values = numbers(frame[treatment])
    if found.written or len(levels) == 2 or (values is not None and len(levels) > 8):
        return found
    ends = sorted(levels, key=_order)
    return replace(found, low=_plain(ends[0]), high=_plain(ends[-1]), written=True)


def _order(level: Any) -> tuple[int, Any]:
    return (0, float(level)) if isinstance(level, int | float) or hasattr(level, "__float__") else (1, str(level))


def _plain(level: Any) -> Any:
    value = level.item() if hasattr(level, "item") else level
    whole = isinstance(value, float) and value == int(value)
    return int(value) if whole else value if isinstance(value, int | float | str) else str(value)


def _same(query: Query, treatment: str, outcome: str) -> None:
    settings = {setting.node for event in query.outcomes for setting in event.do}
    set_here = {query.treatment} if query.treatment is not None else settings
    if query.outcomes[0].node != outcome or (set_here and treatment not in set_here):
        raise UsageError(
            f"{query} does not ask what {treatment} does to {outcome}.",
            why="Treatment and outcome of the question are others.",
            fix=f"ATE({treatment}, {outcome}), or name the columns of the question with -t and -y.",
            code="E532",
        )


def _check_quantile(quantile: float | None) -> None:
    if quantile is not None and not 0 < quantile < 1:
        raise UsageError(
            f"{quantile} is no quantile.", why="Quantiles lie between 0 and 1.", fix="quantile=0.5", code="E529"
        )


def _nothing(study: Study) -> Effect:
    """Answer by the graph alone that there is no effect."""
    plan = study.plan
    assert plan.found is not None
    return Effect(
        value=0.0,
        low=0.0,
        high=0.0,
        kind="point",
        rung=plan.query.rung,
        strategy="no effect",
        assumptions=plan.assumptions,
        query=str(plan.query),
        estimator="the graph alone",
        n=len(study.frame),
        error=0.0,
        formula="0",
        notes=(f"{plan.found.why} No number was computed: change the graph to have the effect estimated.",),
    )


def _bounds(frame: pd.DataFrame, chosen: Plan, seed: int) -> Effect:
    """Answer with bounds, and say what an instrument would give under one assumption more."""
    from contrafact.causal.bounds import bounded

    assert chosen.graph is not None and chosen.found is not None
    found: Effect = bounded(frame, chosen.graph, chosen.query, seed)
    if chosen.found.identifiable:
        return found
    told = tuple(f"Would settle it: {remedy}." for remedy in chosen.found.remedies[:3])
    more, details = _by_instrument(frame, chosen, seed)
    notes = (*found.notes, *(note for note in (*told, *more) if note not in found.notes))
    return replace(found, notes=notes, details={**found.details, **details})


def _by_instrument(frame: pd.DataFrame, chosen: Plan, seed: int) -> tuple[tuple[str, ...], dict[str, float]]:
    """Compute what an instrument of the graph gives if the effect is linear; nothing where there is none."""
    assert chosen.found is not None
    if not chosen.found.instruments or chosen.query.name != "ATE" or chosen.query.conditions:
        return (), {}
    try:
        study = made_ready(frame, plan(frame, chosen.query, chosen.graph, method="instrument"), seed)
        found, _ = computed(study)
    except (DataError, UsageError):
        return (), {}
    words = (
        f"If the effect is the same for all, or {study.plan.through[0]} moves nobody against the others, it is "
        f"{found.value:.4g} [{found.low:.4g}, {found.high:.4g}] (method='instrument')."
    )
    return (words,), {TWO_STAGE: found.value, f"{TWO_STAGE} low": found.low, f"{TWO_STAGE} high": found.high}


def several(found: Answered, most: Sequence[str] = ("aipw", "ipw", "regression", "linear")) -> dict[str, Effect]:
    """Estimate the same effect by several methods, from what was learned once.

    Arguments:
        found: An answer.
        most: The methods, as far as they fit.
    """
    study = found.study
    if study is None or study.plan.strategy != "adjustment" or found.effect.estimator.startswith("distributional"):
        return {}
    answers: dict[str, Effect] = {}
    for method in (name for name in most if name in study.methods):
        try:
            answers[method] = effect_of(study, *computed(study, method))
        except DataError:
            continue
    return answers


def methods() -> dict[str, str]:
    """Name the methods and what each is for."""
    return dict(METHODS)
