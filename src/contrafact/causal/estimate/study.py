"""One question answered from one table: what was planned, what was learned on the way, and the effect.

A Study keeps the predictions of the treatment and the outcome models, so that other methods, challenges and figures can
use them again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from contrafact.base.effects import Effect, Overlap
from contrafact.base.errors import DataError, UsageError
from contrafact.causal.adjust import Plan
from contrafact.causal.estimate import dose, outcome
from contrafact.causal.estimate.columns import Array, Covariates, covariates, numbers
from contrafact.causal.estimate.crossfit import Codes, Functions
from contrafact.causal.estimate.doubly import Estimate, Target, aipw, overlap_of, weighting
from contrafact.causal.estimate.front import front_door
from contrafact.causal.estimate.instrument import two_stage
from contrafact.causal.estimate.learners import averaged
from contrafact.causal.estimate.levels import Treatment, treatment_of
from contrafact.causal.estimate.methods import FOR_AMOUNTS, FOR_LEVELS, LEARNERS, unfit
from contrafact.causal.estimate.nuisance import Choice, Nuisances, nuisances
from contrafact.causal.estimate.plugin import Counted, counted, nodes_of, plug_in
from contrafact.causal.estimate.quantile import quantile_effect
from contrafact.causal.identify.answer import Identified
from contrafact.causal.identify.ask import identify

if TYPE_CHECKING:
    import pandas as pd

LEAST_ROWS = 20
TARGETS: dict[str, Target] = {"ATE": "ATE", "ATT": "ATT", "ATU": "ATU"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Study:
    """A table made ready for one question.

    Arguments:
        plan: How the question is answered.
        frame: The rows that can be used, with their columns.
        treatment: The treatment as numbers.
        outcome: The outcome.
        covariates: What is adjusted for.
        seed: Seeds everything.
        notes: What was done to the data.
        choice: Kinds of fit chosen before, if any.
    """

    plan: Plan
    frame: pd.DataFrame
    treatment: Treatment
    outcome: Array
    covariates: Covariates
    seed: int = 0
    notes: tuple[str, ...] = ()
    choice: Choice | None = None
    _kept: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def functions(self) -> Functions:
        """Functions of the covariates."""
        if "functions" not in self._kept:
            self._kept["functions"] = Functions(self.covariates.matrix, self.seed)
        found: Functions = self._kept["functions"]
        return found

    @cached_property
    def known(self) -> Nuisances:
        """Chances of treatment and expected outcomes of each row."""
        return nuisances(
            self.covariates,
            self.treatment.codes,
            self.outcome,
            seed=self.seed,
            choice=self.choice,
            functions=self.functions,
        )

    @cached_property
    def amounts(self) -> dose.Amounts:
        """Expected treatment and outcome of each row, where the treatment is an amount."""
        return dose.amounts(self.functions, self.treatment.values, self.outcome, self.seed)

    @cached_property
    def curve(self) -> dose.Curve:
        """The mean outcome at each dose, where the treatment is an amount."""
        return dose.curve(self.functions, self.amounts)

    def again(self, **changed: Any) -> Study:
        """Give the same question with something changed, and the kinds of fit as they were chosen."""
        same = "covariates" not in changed
        kept = {"functions": self.functions} if same else {}
        chosen = self.known.choice if self.plan.strategy == "adjustment" and not self.is_amount else None
        return replace(self, **{"choice": chosen, "_kept": kept, **changed})

    def at(self, rows: Codes) -> Study:
        """Give the same question for some rows."""
        treatment = replace(self.treatment, codes=self.treatment.codes[rows], values=self.treatment.values[rows])
        return self.again(
            treatment=treatment,
            frame=self.frame.iloc[rows].reset_index(drop=True),
            outcome=self.outcome[rows],
            covariates=self.covariates.at(rows),
        )

    @property
    def ends(self) -> tuple[int, int]:
        """The two levels that are compared."""
        query, levels = self.plan.query, self.treatment.levels
        if query.written:
            return self.treatment.place(query.low), self.treatment.place(query.high)
        return 0, len(levels) - 1

    @property
    def target(self) -> Target:
        """For whom the effect is asked for."""
        return TARGETS.get(self.plan.query.name, "ATE")

    @property
    def is_amount(self) -> bool:
        """Whether the treatment is an amount."""
        return self.treatment.kind == "amount"

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that fit."""
        return FOR_AMOUNTS if self.is_amount else FOR_LEVELS


def made_ready(frame: pd.DataFrame, plan: Plan, seed: int = 0) -> Study:
    """Make a table ready for a question.

    Arguments:
        frame: The data.
        plan: How the question is to be answered.
        seed: Seeds everything.

    Raises:
        DataError: A column cannot serve, or too few rows are complete.
    """
    told: list[str] = []
    ends = [plan.treatment, plan.outcome] if plan.treatment else [plan.outcome]
    must = [*ends, *(plan.through if plan.strategy in ("front door", "instrument") else ())]
    whole = frame[must].notna().all(axis=1).to_numpy()
    values = numbers(frame[plan.outcome])
    if values is not None:
        whole = whole & np.isfinite(values)
    lost = int((~whole).sum())
    if lost:
        told.append(
            f"{lost:,} of {len(frame):,} rows lack {' or '.join(must)} (or hold no finite number) and were left out."
        )
    used = frame.loc[whole].reset_index(drop=True) if lost else frame.reset_index(drop=True)
    _enough(used, plan, len(frame))
    result = _outcome(used, plan.outcome)
    treatment = treatment_of(used[plan.treatment], plan.treatment)
    names = plan.adjusted_for if plan.strategy in ("adjustment", "instrument") else ()
    found = covariates(used, names)
    return Study(
        plan=plan,
        frame=used,
        treatment=treatment,
        outcome=result,
        covariates=found,
        seed=seed,
        notes=(*told, *found.notes),
    )


def _enough(used: pd.DataFrame, plan: Plan, rows: int) -> None:
    if len(used) < LEAST_ROWS:
        raise DataError(
            f"There are too few rows for an effect of {plan.treatment} on {plan.outcome}: {len(used)}.",
            why=f"So many of {rows:,} have both treatment and outcome; at least {LEAST_ROWS} are needed.",
            fix="Give more rows, or fill holes first: contrafact impute.",
            code="E531",
        )


def _outcome(frame: pd.DataFrame, name: str) -> Array:
    """Read the outcome as numbers.

    Raises:
        DataError: It is none.
    """
    values = numbers(frame[name])
    if values is not None:
        return values
    levels = frame[name].dropna().astype(str).unique()
    shown = ", ".join(sorted(levels)[:4])
    first = sorted(levels)[-1] if len(levels) else "yes"
    raise DataError(
        f"Outcome '{name}' is not a number: {shown}{', ...' if len(levels) > 4 else ''}.",
        why="An average effect is a difference of means, and words have none.",
        fix=f"Code it: df[{name!r}] = (df[{name!r}] == {first!r}).astype(int)",
        code="E530",
    )


def computed(study: Study, method: str = "auto", quantile: float | None = None) -> tuple[Estimate, str]:
    """Compute the answer of a plan.

    Arguments:
        study: The table made ready.
        method: auto or one that fits.
        quantile: Which quantile is compared; the mean if not given.

    Returns:
        The estimate and the name of what computed it.
    """
    plan = study.plan
    if quantile is not None and (plan.strategy != "adjustment" or study.is_amount):
        raise unfit("quantile", "Quantiles are compared between levels of a treatment, by adjustment.", ("auto",))
    if plan.strategy == "instrument":
        return _instrumental(study)
    if plan.strategy == "front door":
        return _through(study)
    if plan.strategy == "formula":
        return counted_formula(study)
    return of_amount(study, method) if study.is_amount else of_levels(study, method, quantile)


def of_levels(study: Study, method: str = "auto", quantile: float | None = None) -> tuple[Estimate, str]:
    """Compare two levels by adjustment."""
    low, high = study.ends
    if quantile is not None:
        found = quantile_effect(study.known, study.functions, quantile, low, high, study.target, study.seed)
        return found, "distributional aipw"
    name = "aipw" if method == "auto" else method
    if name in LEARNERS:
        return _learned(study, name), name
    if name == "aipw":
        return aipw(study.known, low, high, study.target), name
    if name == "ipw":
        return weighting(study.known, low, high, study.target), name
    if name in ("regression", "linear"):
        kind = "linear" if name == "linear" else ""
        return outcome.regression(study.known, study.functions, low, high, study.target, kind), name
    raise unfit(method, f"The question is answered by adjustment between levels of {study.treatment.name}.", FOR_LEVELS)


def _learned(study: Study, name: str) -> Estimate:
    low, high = study.ends
    codes = study.treatment.codes
    rows = (codes == low) | (codes == high)
    treated = (codes[rows] == high).astype(np.int64)
    who = {"ATE": np.ones(len(treated), bool), "ATT": treated == 1, "ATU": treated == 0}[study.target]
    return averaged(name, study.covariates.matrix[rows], treated, study.outcome[rows], who, study.seed)


def of_amount(study: Study, method: str = "auto") -> tuple[Estimate, str]:
    """Say what more of an amount does: one unit more, or one dose against another."""
    query = study.plan.query
    if query.name != "ATE":
        raise unfit(query.name, f"'{query.treatment}' is an amount: nobody is simply treated or untreated.", ("ATE",))
    if query.written or method == "curve":
        ends = (
            [float(query.low), float(query.high)]
            if query.written
            else np.quantile(study.treatment.values, (0.25, 0.75)).tolist()
        )
        _inside(study, ends)
        found = study.curve.between(*ends)
        told = f"{study.treatment.name} = {ends[1]:.4g} against {ends[0]:.4g}, on the dose-response curve."
        return replace(found, notes=(told,)), "curve"
    if method not in ("auto", "aipw"):
        raise unfit(method, f"'{query.treatment}' is an amount.", FOR_AMOUNTS)
    name = study.treatment.name
    told = f"The value is the effect of one unit more of {name}; where the curve bends it is an average slope."
    return replace(dose.per_unit(study.amounts), notes=(told,)), "partially linear"


def _inside(study: Study, ends: Sequence[float]) -> None:
    inner = study.curve.doses
    for end in ends:
        if not inner[0] <= end <= inner[-1]:
            raise DataError(
                f"Hardly anybody had {study.treatment.name} = {end:.4g}.",
                why=f"The curve is known between {inner[0]:.4g} and {inner[-1]:.4g}, where 96 % of rows lie.",
                fix="Compare doses between these.",
                code="E526",
            )


def _instrumental(study: Study) -> tuple[Estimate, str]:
    if not study.is_amount and len(study.treatment.levels) > 2 and numbers(study.frame[study.treatment.name]) is None:
        raise unfit("instrument", "A treatment of several levels that are no numbers has no one effect.", ("bounds",))
    moving = covariates(study.frame, study.plan.through)
    if not moving.names:
        raise DataError(
            f"Instrument '{study.plan.through[0]}' is constant.",
            why="What never moves moves nothing.",
            fix="Name another, or ask for bounds: method='bounds'.",
            code="E527",
        )
    found = two_stage(study.outcome, study.treatment.values, moving.matrix, study.covariates.matrix)
    simple = moving.matrix.shape[1] == 1 and not study.plan.adjusted_for and len(np.unique(moving.matrix)) == 2
    return found, "wald" if simple else "2sls"


def _through(study: Study) -> tuple[Estimate, str]:
    if study.is_amount:
        return counted_formula(study)
    low, high = study.ends
    mediators = covariates(study.frame, study.plan.through)
    found, known = front_door(mediators, study.treatment.codes, study.outcome, low, high, study.seed)
    study._kept["front door"] = known
    return found, "front-door aipw"


def counted_formula(study: Study) -> tuple[Estimate, str]:
    """Compute the identified formula from counts."""
    found = study.plan.found
    assert found is not None and found.formula is not None
    if found.arguments:
        raise UsageError(
            f"{found.query} is a distribution, not an effect.",
            why="It has a value for each level of what it asks about.",
            fix="Ask for an effect, or name values: P(Y=1 | do(X=1)).",
            code="E529",
        )
    nodes = found.graph.sorted(nodes_of(found.formula))
    rows = study.frame[list(nodes)].dropna()
    lost = len(study.frame) - len(rows)
    whole = frozenset() if study.is_amount else frozenset([study.treatment.name])
    table = counted(rows, nodes, whole)
    told = [f"{lost:,} rows with holes in {', '.join(nodes)} were left out."] if lost else []
    if study.is_amount and study.treatment.name in nodes and found.query.treatment:
        found, words = _between_parts(found, table)
        told.append(words)
    value = plug_in(found, table, study.seed)
    return replace(value, notes=(*value.notes, *told)), "plug-in"


def _between_parts(found: Identified, table: Counted) -> tuple[Identified, str]:
    """Ask about two of the parts that an amount was cut into: those nearest to what was asked, or first and last."""
    query, levels = found.query, table.levels[str(found.query.treatment)]
    places = np.asarray(levels, dtype=float)
    wanted = [float(query.low), float(query.high)] if query.written else [places[0], places[-1]]
    low, high = (levels[int(np.abs(places - one).argmin())] for one in wanted)
    if low == high:
        raise UsageError(
            f"{query} compares two doses of the same part.",
            why=f"The amount was cut into parts with means {', '.join(f'{level:.4g}' for level in levels)}.",
            fix="Compare doses that are further apart.",
            code="E526",
        )
    words = f"{query.treatment}: the part around {high:.4g} is compared with the part around {low:.4g}."
    return identify(found.graph, replace(query, low=low, high=high, written=True)), words


def overlap(study: Study) -> Overlap | None:
    """Say how comparable the groups are, where the answer adjusts for something."""
    if study.plan.strategy == "adjustment":
        if study.is_amount:
            return dose.overlap_of_doses(study.amounts)
        return overlap_of(study.known, *study.ends, study.target)
    if "front door" in study._kept:
        return overlap_of(study._kept["front door"], *study.ends)
    return None


def effect_of(study: Study, found: Estimate, estimator: str) -> Effect:
    """Write an estimate as an answer, with all that it rests on."""
    plan, low, high = study.plan, found.low, found.high
    models: tuple[str, ...] = ()
    if estimator == "aipw":
        models = ("The model of the treatment or that of the outcome is right, or both nearly are.",)
    elif estimator in ("regression", "linear", *LEARNERS):
        models = ("The outcome model is right.",)
    elif estimator == "ipw":
        models = ("The treatment model is right.",)
    left = tuple(f"{note[:-1]}: they are taken to be like the others." for note in study.notes if "left out" in note)
    strategy = {"formula": plan.found.strategy if plan.found else "id"}.get(plan.strategy, plan.strategy)
    return Effect(
        value=found.value,
        low=min(low, found.value) if math.isfinite(low) else low,
        high=max(high, found.value) if math.isfinite(high) else high,
        kind="point",
        rung=plan.query.rung,
        strategy=strategy,
        assumptions=(*plan.assumptions, *models, *left),
        overlap=overlap(study),
        query=str(plan.query),
        estimator=estimator,
        n=found.rows,
        error=found.error if math.isfinite(found.error) else None,
        formula=plan.formula,
        notes=(*study.notes, *found.notes, *_compared(study)),
        details=found.details,
    )


def _compared(study: Study) -> tuple[str, ...]:
    """Say which levels were compared, where nobody said it."""
    levels = study.treatment.levels
    if study.is_amount or study.plan.strategy == "instrument" or study.plan.query.written or list(levels) == [0, 1]:
        return ()
    low, high = study.ends
    more = f"; of {len(levels)} levels: low=..., high=... for others" if len(levels) > 2 else ""
    return (f"{study.treatment.name} = {levels[high]} is compared with {levels[low]}{more}.",)
