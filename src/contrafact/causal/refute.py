"""Challenges to an effect: what must not be found, what must not matter, and what the graph says of the data.

placebo: the treatment is dealt out anew at random, so that it does nothing. dummy outcome: what the covariates tell of
the outcome stays, the rest is dealt out anew, so that nothing depends on the treatment. random cause: a column of noise
is adjusted for as well. subset: four fifths of the rows. graph: every independence that the graph states is tested.
Each estimate is made anew, with the kinds of fit that were chosen for the first; a large table is thinned first.
Passing them proves nothing; failing one means that something is wrong. `refute_hidden` says how strong a hidden cause
would have to be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from contrafact.base.effects import Effect
from contrafact.base.errors import DataError
from contrafact.base.seeds import generator
from contrafact.causal.estimate.doubly import NORMAL, Estimate
from contrafact.causal.estimate.study import Study, computed
from contrafact.causal.implications import Verdict, check_implications
from contrafact.causal.refute_hidden import Hidden, hidden_cause

REFITS, NOISE_REFITS, MOST_ROWS, SHARE = 20, 10, 4000, 0.8
MOST_FALSE = 4  # of 20 right intervals more than 4 miss once in four hundred tries
CLOSE = 0.5


@dataclass(frozen=True, kw_only=True)
class Check:
    """One challenge.

    Arguments:
        name: placebo, dummy outcome, random cause, subset, or graph.
        passed: Whether the effect withstood it.
        value: Its figure: the mean effect of placebos, the mean shift, the share of statements that hold.
        words: What was seen.
    """

    name: str
    passed: bool
    value: float
    words: str

    def __str__(self) -> str:
        return f"{self.name} {'PASS' if self.passed else 'FAIL'}: {self.words}"


@dataclass(frozen=True, kw_only=True)
class Challenged:
    """All challenges to an effect.

    Arguments:
        checks: One each.
        hidden: How strong a hidden cause would have to be; None where that cannot be said.
        implications: What the graph says of the data; None without a graph.
        notes: What must be known beside.
    """

    checks: tuple[Check, ...]
    hidden: Hidden | None = None
    implications: Verdict | None = None
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> int:
        """How many were withstood."""
        return sum(check.passed for check in self.checks)

    @property
    def verdict(self) -> str:
        """One sentence with a number."""
        failed = [check.name for check in self.checks if not check.passed]
        told = f"{self.passed} of {len(self.checks)} challenges withstood"
        told += f" (not: {', '.join(failed)})" if failed else ""
        return f"{told}; {self.hidden.words[0].lower() + self.hidden.words[1:]}" if self.hidden else f"{told}."

    def to_json(self) -> dict[str, Any]:
        """Give the record as JSON-ready values."""
        rows = [{"name": c.name, "passed": c.passed, "value": c.value, "words": c.words} for c in self.checks]
        return {
            "checks": rows,
            "passed": self.passed,
            "of": len(rows),
            "verdict": self.verdict,
            "hidden": self.hidden.to_json() if self.hidden else None,
            "implications": self.implications.to_json() if self.implications else None,
        }

    def __str__(self) -> str:
        return "\n".join([self.verdict, *(f"  {check}" for check in self.checks)])


def challenge(study: Study, effect: Effect, seed: int = 0) -> Challenged:
    """Challenge an effect.

    Arguments:
        study: What it was computed from.
        effect: The effect.
        seed: Seeds all draws.
    """
    told: tuple[str, ...] = ()
    some = study
    if len(study.outcome) > MOST_ROWS:
        rows = np.sort(generator(seed, "thinned").permutation(len(study.outcome))[:MOST_ROWS])
        some = study.at(rows)
        told = (f"Refits use {MOST_ROWS:,} of {len(study.outcome):,} rows.",)
    checks = [check for check in (_tried(try_, some, seed) for try_ in _tries(study)) if check is not None]
    verdict = _graph(study, seed)
    if verdict is not None and verdict.checks:
        kept = [check.holds for check in verdict.checks]
        words = verdict.verdict
        checks.append(Check(name="graph", passed=verdict.holds, value=float(np.mean(kept)), words=words))
    hidden = hidden_cause(study, effect) if study.plan.strategy == "adjustment" else None
    return Challenged(checks=tuple(checks), hidden=hidden, implications=verdict, notes=told)


Try = Callable[[Study, Estimate, int], Check]


def _tries(study: Study) -> tuple[Try, ...]:
    if study.plan.strategy == "instrument":
        return (subset,)
    return (placebo, dummy_outcome, random_cause, subset) if study.plan.strategy == "adjustment" else (placebo, subset)


def _tried(one: Try, study: Study, seed: int) -> Check | None:
    try:
        return one(study, computed(study)[0], seed)
    except DataError as error:
        name = one.__name__.replace("_", " ")
        return Check(name=name, passed=False, value=float("nan"), words=f"could not be tried: {error.what}")


def _graph(study: Study, seed: int) -> Verdict | None:
    graph = study.plan.graph
    if graph is None:
        return None
    try:
        return check_implications(graph, study.frame, seed=seed)
    except DataError:
        return None


def _without_effect(name: str, found: list[Estimate]) -> Check:
    """Judge estimates whose truth is zero."""
    wrong = sum(not one.low <= 0 <= one.high for one in found)
    mean = float(np.mean([one.value for one in found]))
    words = f"{mean:+.3g} on average where it must be 0; {wrong} of {len(found)} intervals miss 0"
    return Check(name=name, passed=wrong <= MOST_FALSE, value=mean, words=words)


def placebo(study: Study, first: Estimate, seed: int = 0) -> Check:
    """Deal the treatment out anew at random: the effect must vanish."""
    return _without_effect("placebo", [computed(permuted(study, seed, draw))[0] for draw in range(REFITS)])


def permuted(study: Study, seed: int, draw: int = 0) -> Study:
    """Give the study with its treatment dealt out anew."""
    order = generator(seed, "placebo", draw).permutation(len(study.outcome))
    name, treatment = study.treatment.name, study.treatment
    dealt = replace(treatment, codes=treatment.codes[order], values=treatment.values[order])
    frame = study.frame.assign(**{name: study.frame[name].to_numpy()[order]})
    return study.again(treatment=dealt, frame=frame)


def dummy_outcome(study: Study, first: Estimate, seed: int = 0) -> Check:
    """Make an outcome that covariates tell as much of, and the treatment nothing: the effect must vanish."""
    if study.is_amount:
        mean = study.amounts.mean
        left = study.outcome - mean
    else:
        mean = study.known.means @ study.known.had.mean(axis=0)
        left = study.outcome - study.known.means[np.arange(len(study.outcome)), study.known.codes]
    found = []
    for draw in range(REFITS):
        order = generator(seed, "dummy", draw).permutation(len(left))
        found.append(computed(study.again(outcome=mean + left[order]))[0])
    return _without_effect("dummy outcome", found)


def random_cause(study: Study, first: Estimate, seed: int = 0) -> Check:
    """Adjust for a column of noise as well: the effect must stay."""
    shifts = []
    for draw in range(NOISE_REFITS):
        noise = generator(seed, "noise", draw).standard_normal(len(study.outcome))
        again = study.again(covariates=study.covariates.beside(noise, "noise"))
        shifts.append(computed(again)[0].value - first.value)
    shift = float(np.mean(np.abs(shifts)))
    words = f"a shift of {shift:.3g}, {shift / max(first.error, 1e-300):.2f} standard errors"
    return Check(name="random cause", passed=shift <= CLOSE * first.error + 1e-12, value=shift, words=words)


def subset(study: Study, first: Estimate, seed: int = 0) -> Check:
    """Leave a fifth of the rows out: the effect must stay within what chance explains."""
    values = []
    for draw in range(REFITS):
        chosen = generator(seed, "subset", draw).permutation(len(study.outcome))[: int(SHARE * len(study.outcome))]
        values.append(computed(study.at(np.sort(chosen)))[0].value)
    inside = int(np.sum(np.abs(np.array(values) - first.value) <= NORMAL * first.error + 1e-12))
    shift = float(np.mean(values) - first.value)
    words = f"a mean shift of {shift:+.3g}; {inside} of {REFITS} lie within the interval"
    passed = inside >= REFITS - MOST_FALSE and abs(shift) <= CLOSE * first.error + 1e-12
    return Check(name="subset", passed=passed, value=shift, words=words)
