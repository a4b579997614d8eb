"""decide: whom to treat, learned from the effect of every row, and what that is worth against treating all or none.

The graph decides first: without an answer to the effect of the treatment there is no rule, and the refusal says why.
Then the columns that come before the treatment and make rows comparable are taken as covariates, effects are learned
and cross-fitted (`zoo.MetaLearner`), and a row is treated where its effect exceeds the cost. Every rule is held to
doubly robust scores of rows that it has not seen.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from contrafact.base.effects import Effect, Overlap
from contrafact.base.errors import DataError, NotIdentifiable, UsageError
from contrafact.base.records import Better, Score
from contrafact.causal.contradictions import contradictions
from contrafact.causal.estimate.doubly import LEAST_ARM
from contrafact.causal.given_graph import Written, graph_given
from contrafact.causal.graph import Graph
from contrafact.causal.identify.adjustment import forbidden, is_valid, minimal_set
from contrafact.causal.identify.answer import GRAPH_RIGHT, Identified
from contrafact.causal.identify.ask import identify
from contrafact.causal.rules import Split, crossed_rule, follows, short_rule, values, words
from contrafact.causal.scores import ASSUMED, LEAST, NO_GRAPH
from contrafact.causal.scores import scores as doubly_robust
from contrafact.causal.writing import shown
from contrafact.codecs.table import as_frame

LEAST_ALIKE = 0.5  # of the rows: with fewer that had a chance of either arm, a rule for all would be a guess
WORTH = ("rule", "short_rule", "treat_all", "treat_none")


class DecisionWarning(UserWarning):
    """Something that a decision rests on and that must not be overlooked."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Decision:
    """Whom to treat, and what it is worth.

    Arguments:
        treatment: The column of the treatment.
        outcome: The column of the outcome.
        cost: What treating one row costs, in units of the outcome.
        better: Whether more or less of the outcome is better.
        scores: What the rule, the short rule, treating all and treating none are worth, and what the rules gain.
        rule: The short rule, as lines.
        agreement: The share of the rows that the short rule treats as the long one does.
        treated: The share of the rows that the rule treats.
        average: The average effect.
        decisions: A row for each row of the data: its effect, whether the rule treats it, whether the short rule does.
        covariates: The columns that the rule reads.
        assumptions: What must hold.
        notes: What must be known beside.
        graph: The graph; none if none was given.
        model: Says the effect for new rows.
        nodes: The short rule, for new rows.
    """

    treatment: str
    outcome: str
    cost: float
    better: Better
    scores: Mapping[str, Score]
    rule: tuple[str, ...]
    agreement: float
    treated: float
    average: Effect
    decisions: Any
    covariates: tuple[str, ...]
    assumptions: tuple[str, ...]
    notes: tuple[str, ...] = ()
    graph: Graph | None = None
    model: Any = field(default=None, repr=False)
    nodes: tuple[Split, ...] = field(default=(), repr=False)

    @property
    def overlap(self) -> Overlap | None:
        """How comparable treated and untreated rows are."""
        return self.average.overlap

    @property
    def verdict(self) -> str:
        """One sentence: which of the three is worth most, as far as can be seen."""
        over_all, over_none = (self.scores[f"gain_rule_over_{other}"] for other in ("treat_all", "treat_none"))
        if over_all.low > 0 and over_none.low > 0:
            return (
                f"Treat by the rule ({self.treated:.0%} of the rows): better than treating all by "
                f"{_span(over_all)}, than treating none by {_span(over_none)}."
            )
        everyone = self.better_constant
        shown_gain = self.scores[f"gain_rule_over_{everyone}"]
        return (
            f"{'Treat all' if everyone == 'treat_all' else 'Treat none'}: no visible gain from choosing "
            f"({_span(shown_gain)})."
        )

    @property
    def better_constant(self) -> str:
        """Which of treat_all and treat_none is worth more."""
        sign = 1 if self.better == "higher" else -1
        both = {name: sign * self.scores[f"value_{name}"].value for name in ("treat_all", "treat_none")}
        return max(both, key=lambda name: both[name])

    def decide(self, data: Any) -> np.ndarray:
        """Tell which rows of new data the rule treats.

        Arguments:
            data: A frame with the covariates.
        """
        return _gain(self.model.effect(data), self.cost, _sign(self.better)) > 0

    def to_json(self) -> dict[str, Any]:
        """Give the record as JSON-ready values; the rows' decisions stay out."""
        return {
            "treatment": self.treatment,
            "outcome": self.outcome,
            "cost": self.cost,
            "better": self.better,
            "rule": list(self.rule),
            "agreement": self.agreement,
            "treated": self.treated,
            "covariates": list(self.covariates),
            "average": self.average.to_json(),
            "assumptions": list(self.assumptions),
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        lines = [self.verdict, *(f"  {line}" for line in self.rule)]
        lines.append(f"  this short rule treats {self.agreement:.0%} of the rows as the long one does")
        lines += [f"  {self.scores[f'value_{name}']}" for name in WORTH]
        return "\n".join([*lines, *(f"  assumes  {each}" for each in self.assumptions), *self.notes])


def decide(
    df: Any,
    treatment: str,
    outcome: str,
    graph: Written | None = None,
    cost: float = 0.0,
    seed: int = 0,
    *,
    better: Better = "higher",
    method: str = "auto",
) -> Decision:
    """Learn whom to treat, and what that is worth against treating all and treating none.

    Arguments:
        df: A row for each unit: treatment of two levels, outcome, and what was known before.
        treatment: The column of the treatment; its second level is what treating means.
        outcome: The column that it is to improve.
        graph: The causal graph, or its text; without one every other column is taken for a common cause.
        cost: What treating one row costs, in units of the outcome.
        seed: Seeds everything.
        better: Whether a "higher" or a "lower" outcome is better.
        method: auto, t, s, x, dr or r: how effects are learned.

    Raises:
        NotIdentifiable: The graph leaves no way to the effect of every row.
        UsageError: A name or the cost cannot be used.
        DataError: The data cannot answer.
    """
    frame = as_frame(df)
    _check(cost, better)
    learner = _learner(method)
    drawn = None if graph is None else graph_given(graph)
    covariates, assumptions, notes = columns_for(frame, treatment, outcome, drawn)
    if drawn is None:
        warnings.warn(NO_GRAPH, DecisionWarning, stacklevel=2)
    known = frame[[name for name in frame.columns if str(name) in (*covariates, treatment, outcome)]]
    model = learner.but(treatment=treatment, outcome=outcome).fit(known, seed=seed)
    _check_overlap(model.crossed, treatment)
    ruled = _ruled(known, model, cost, better, seed)
    against = () if drawn is None else contradictions(drawn, frame, seed)
    return Decision(
        treatment=treatment,
        outcome=outcome,
        cost=float(cost),
        better=better,
        average=model.ate(),
        covariates=covariates,
        assumptions=assumptions,
        notes=(*against, *_meant(model.codec), *notes, *_poor(model.means.overlap)),
        graph=drawn,
        model=model,
        **ruled,
    )


def _learner(method: str) -> Any:
    """Give the recipe that effects are learned by.

    Raises:
        UsageError: There is none of this name, or its effects are not cross-fitted.
    """
    from contrafact.tasks.cate import recipe_of

    found = recipe_of(method)
    if "learner" in found.settings():
        return found
    raise UsageError(
        f"Rules cannot be learned by '{method}'.",
        why="Their value is measured on rows that effects were not learned from; networks are not cross-fitted.",
        fix="Use auto, t, s, x, dr or r.",
        code="E579",
    )


def _check_overlap(found: Any, treatment: str) -> None:
    """Refuse rows of which the covariates tell almost for certain who was treated.

    Raises:
        DataError: Too few rows had a chance of either arm.
    """
    alike = (found.chance > LEAST * (1 + 1e-6)) & (found.chance < 1 - LEAST * (1 + 1e-6))
    counts = [int((found.t[alike] == arm).sum()) for arm in (0, 1)]
    if alike.all() or (min(counts) >= LEAST_ARM and alike.mean() >= LEAST_ALIKE):
        return
    raise DataError(
        "The treated and the untreated have hardly anybody in common.",
        why=f"Only {alike.sum():,} of {len(alike):,} rows have a chance over {LEAST:.0%} of either arm: what the rule "
        f"reads tells almost for certain who had which {treatment}.",
        fix="Give rows that might have had either, or a graph by which fewer columns must be read.",
        code="E525",
    )


def _ruled(known: Any, model: Any, cost: float, better: Better, seed: int) -> dict[str, Any]:
    """Make rules of learned effects, and say what these are worth."""
    import pandas as pd

    found, sign = model.crossed, _sign(better)
    gain = _gain(found.effect, cost, sign)
    chances = np.stack([1 - found.chance, found.chance])
    scored = doubly_robust(found.y, found.t.astype(np.int64), found.both, chances)
    treats = {"rule": gain > 0, "short_rule": crossed_rule(found.x, gain, found.part, seed)}
    own = _gain(model.effect(known), cost, sign)
    nodes = short_rule(found.x, own, seed)
    short = follows(nodes, found.x)
    decisions = pd.DataFrame(
        {"effect": model.effect(known), "treat": own > 0, "treat_short_rule": short}, index=known.index
    )
    return {
        "scores": values(scored, treats, cost, sign),
        "rule": tuple(words(nodes, model.codec.columns)),
        "agreement": float((short == (own > 0)).mean()),
        "treated": float((own > 0).mean()),
        "decisions": decisions,
        "nodes": nodes,
    }


def _meant(codec: Any) -> tuple[str, ...]:
    """Say what treating means, and what a better outcome is, where words stand for them."""
    told = []
    if tuple(codec.arms) not in ((0, 1), (False, True)):
        told.append(f"To treat means {codec.treatment} = {codec.arms[1]}, not to treat {codec.arms[0]}.")
    if codec.levels:
        told.append(f"{codec.outcome} = {codec.levels[1]} counts as 1, {codec.levels[0]} as 0.")
    return tuple(told)


def columns_for(
    frame: Any, treatment: str, outcome: str, graph: Written | None
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Choose the columns that a rule may read, and say what that assumes and what must be known beside.

    Raises:
        NotIdentifiable: No set of columns makes rows comparable.
    """
    names = [str(name) for name in frame.columns]
    if graph is None:
        covariates = tuple(name for name in names if name not in (treatment, outcome))
        return covariates, (NO_GRAPH, *ASSUMED), ()
    drawn = graph_given(graph)
    answer = identify(drawn, f"ATE({shown(treatment)}, {shown(outcome)})")
    if not answer.identifiable:
        raise answer.refusal()
    if answer.formula is not None and str(answer.formula) == "0":
        raise UsageError(
            f"There is nothing to decide: by the graph {treatment} does nothing to {outcome}.",
            why=answer.why,
            fix=f'If it may have an effect, say so: add "{shown(treatment)} -> {shown(outcome)}" to the graph.',
            code="E579",
        )
    empty = frame.isna().all().to_numpy() if len(frame) else np.zeros(len(names), dtype=bool)
    there = frozenset(name for name, hollow in zip(names, empty, strict=True) if not hollow)
    covariates = _comparable(answer, treatment, outcome, there)
    left = [name for name in names if name not in (*covariates, treatment, outcome)]
    notes: tuple[str, ...] = (
        (f"Not read by the rule: {', '.join(left[:8])}{' ...' if len(left) > 8 else ''}.",) if left else ()
    )
    gone = [node for node in drawn.observed if node not in there]
    if gone:
        notes += (f"The graph has {', '.join(gone[:8])}, the table nothing of the kind: taken for never measured.",)
    return covariates, (GRAPH_RIGHT, *ASSUMED[1:2], *ASSUMED[3:]), notes


def _comparable(answer: Identified, treatment: str, outcome: str, there: frozenset[str]) -> tuple[str, ...]:
    """Find columns before the treatment that are a valid adjustment set: as many as there are."""
    graph = answer.graph
    below = graph.descendants([treatment]) | forbidden(graph, [treatment], [outcome])
    allowed = (frozenset(graph.observed) & there) - below
    every = frozenset(allowed)
    if is_valid(graph, [treatment], [outcome], every):
        return graph.sorted(every)
    first = minimal_set(graph, [treatment], [outcome])
    sets = [each for each in (first, *map(frozenset, answer.adjustment_sets)) if each is not None and each <= allowed]
    if not sets:
        missing = sorted(set().union(*map(set, answer.adjustment_sets)) - there)
        raise NotIdentifiable(
            f"The effect of {treatment} on single rows cannot be had by adjustment.",
            why=f"The table has no values of {', '.join(missing)}."
            if missing
            else f"The average effect is identified by {answer.strategy}, but no set of columns makes rows comparable.",
            fix="Give these columns, with values."
            if missing
            else "Decide for all alike by the average effect: contrafact effect.",
            code="E579",
        )
    chosen = sets[0]
    for name in graph.sorted(allowed - chosen):
        if is_valid(graph, [treatment], [outcome], chosen | {name}):
            chosen |= {name}
    return graph.sorted(chosen)


def _check(cost: float, better: str) -> None:
    if isinstance(cost, bool) or not isinstance(cost, int | float | np.number) or not math.isfinite(cost):
        raise UsageError(
            f"The cost {cost!r} cannot be used.",
            why="It is what treating one row costs, a number in units of the outcome.",
            fix="--cost 0.5",
            code="E579",
        )
    if better not in ("higher", "lower"):
        raise UsageError(
            f"'{better}' is no direction.",
            why="An outcome is better when it is higher, or when it is lower.",
            fix="--better lower",
            code="E579",
        )


def _sign(better: str) -> float:
    return 1.0 if better == "higher" else -1.0


def _gain(effect: np.ndarray, cost: float, sign: float) -> np.ndarray:
    return sign * effect - cost


def _poor(overlap: Overlap) -> tuple[str, ...]:
    return (overlap.words,) if not overlap.words.startswith("All arms") else ()


def _span(score: Score) -> str:
    return f"{score.value:.3g} [{score.low:.3g}, {score.high:.3g}]"
