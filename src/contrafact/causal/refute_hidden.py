"""How strong a hidden common cause would have to be.

A hidden cause that explains a share r of what is left of the treatment and s of what is left of the outcome moves a
regression's estimate by se * sqrt(df) * sqrt(s r / (1 - r)) at most (Cinelli and Hazlett 2020, JRSS B 82). The
robustness value is the share of both that would move it to zero. In everyday units: a hidden cause k times as strong as
the strongest measured one, by their bounds. The E-value (VanderWeele and Ding 2017) says the same as a ratio of risks.
These are computed for the linear regression of the outcome on treatment and covariates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from contrafact.base.effects import Effect
from contrafact.base.records import finite_or_none
from contrafact.causal.estimate.columns import Array
from contrafact.causal.estimate.study import Study

MOST_TIMES, HALVINGS = 1000.0, 60


@dataclass(frozen=True, kw_only=True)
class Regression:
    """What the linear regression says.

    Arguments:
        value: The coefficient of the treatment.
        error: Its standard error.
        freedom: Degrees of freedom that are left.
    """

    value: float
    error: float
    freedom: int

    @property
    def t(self) -> float:
        """The coefficient in standard errors."""
        return self.value / self.error

    @property
    def share(self) -> float:
        """The share of what is left of the outcome that the treatment explains."""
        return self.t**2 / (self.t**2 + self.freedom)

    def moved(self, with_treatment: float, with_outcome: float) -> float:
        """Say by how much a hidden cause moves the coefficient at most.

        Arguments:
            with_treatment: The share of what is left of the treatment that it explains.
            with_outcome: Likewise of the outcome.
        """
        if with_treatment >= 1:
            return math.inf
        return self.error * math.sqrt(self.freedom) * math.sqrt(with_outcome * with_treatment / (1 - with_treatment))


def robustness_value(t: float, freedom: int, share: float = 1.0, level: float | None = None) -> float:
    """Give the share of treatment and outcome that a hidden cause must explain to undo an estimate.

    Arguments:
        t: The estimate in standard errors.
        freedom: Degrees of freedom.
        share: How much of the estimate is to be undone.
        level: Undo its significance at this level instead.

    >>> round(robustness_value(4.18445, 783), 3), round(robustness_value(4.18445, 783, level=0.05), 3)
    (0.139, 0.076)
    """
    strength = share * abs(t) / math.sqrt(freedom)
    if level is not None:
        from scipy.stats import t as student

        strength -= float(student.ppf(1 - level / 2, freedom - 1)) / math.sqrt(freedom - 1)
        if strength <= 0:
            return 0.0
    square = strength**2
    return 0.5 * (math.sqrt(square**2 + 4 * square) - square)


def e_value(ratio: float) -> float:
    """Give the ratio of risks that a hidden cause must have with treatment and outcome to explain one.

    >>> round(e_value(3.9), 2), round(e_value(1 / 3.9), 2)
    (7.26, 7.26)
    """
    ratio = max(ratio, 1 / ratio) if ratio > 0 else math.inf
    return ratio + math.sqrt(ratio * (ratio - 1)) if math.isfinite(ratio) else math.inf


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """How strong a hidden cause would have to be.

    Arguments:
        regression: The regression that it is computed for.
        value: The robustness value: share of treatment and outcome that undoes the estimate.
        significant: That undoes its significance.
        times: For each measured column, how many times as strong it would have to be to undo the estimate.
        e: The E-value of the estimate.
        e_end: That of the end of the interval that is nearer to no effect; 1 if it includes none.
    """

    regression: Regression
    value: float
    significant: float
    times: dict[str, float] = field(default_factory=dict)
    e: float = 1.0
    e_end: float = 1.0

    @property
    def strongest(self) -> str:
        """The measured column that a hidden cause need be the fewest times as strong as."""
        return min(self.times, key=lambda name: self.times[name]) if self.times else ""

    def between(self, with_treatment: float, with_outcome: float) -> tuple[float, float]:
        """Give the values that the coefficient may have beside a hidden cause of given strength.

        Arguments:
            with_treatment: The share of what is left of the treatment that it explains.
            with_outcome: Likewise of the outcome.
        """
        moved = self.regression.moved(with_treatment, with_outcome)
        return self.regression.value - moved, self.regression.value + moved

    @property
    def words(self) -> str:
        """One sentence."""
        told = f"A hidden cause that explains {self.value:.1%} of what is left of both would erase the effect"
        if not self.times:
            return f"{told}."
        times = self.times[self.strongest]
        if times >= MOST_TIMES:
            return f"{told}; nothing measured comes near that."
        share = f"{self.value:.1%} of what is left of both"
        return f"A hidden cause as strong as {times:.1f} x {self.strongest} would erase the effect ({share})."

    def to_json(self) -> dict[str, Any]:
        """Give the record as JSON-ready values."""
        return {
            "robustness_value": self.value,
            "robustness_value_significance": self.significant,
            "strongest": self.strongest,
            "times": {name: finite_or_none(times) for name, times in self.times.items()},
            "e_value": finite_or_none(self.e),
            "e_value_interval": finite_or_none(self.e_end),
            "words": self.words,
        }


def hidden_cause(study: Study, effect: Effect) -> Hidden | None:
    """Say how strong a hidden cause would have to be to erase an effect.

    Arguments:
        study: What the effect was computed from.
        effect: The effect.
    """
    rows, treatment = _arms(study)
    matrix, sources = study.covariates.matrix[rows], study.covariates.sources
    outcome = study.outcome[rows]
    found = fitted(outcome, treatment, matrix)
    if found is None:
        return None
    times = {
        name: times_as_strong(found, outcome, treatment, matrix, np.array([s == name for s in sources]))
        for name in dict.fromkeys(sources)
    }
    e, e_end = _e_values(study, effect)
    return Hidden(
        regression=found,
        value=robustness_value(found.t, found.freedom),
        significant=robustness_value(found.t, found.freedom, level=0.05),
        times=times,
        e=e,
        e_end=e_end,
    )


def _arms(study: Study) -> tuple[Any, Array]:
    if study.is_amount:
        return slice(None), study.treatment.values
    low, high = study.ends
    rows = (study.treatment.codes == low) | (study.treatment.codes == high)
    return rows, (study.treatment.codes[rows] == high).astype(float)


def fitted(outcome: Array, treatment: Array, matrix: Array) -> Regression | None:
    """Regress the outcome on treatment and covariates; None where rows are too few."""
    rest = np.column_stack([np.ones(len(outcome)), matrix])
    x, y = _left(treatment, rest), _left(outcome, rest)
    freedom = len(outcome) - int(np.linalg.matrix_rank(rest)) - 1
    size = float(x @ x)
    if freedom < 3 or size <= 1e-12 * len(x):
        return None
    value = float(x @ y) / size
    missed = y - value * x
    error = math.sqrt(max(float(missed @ missed), 1e-300) / freedom / size)
    return Regression(value=value, error=error, freedom=freedom)


def times_as_strong(found: Regression, outcome: Array, treatment: Array, matrix: Array, which: Array) -> float:
    """Say how many times as strong as some columns a hidden cause must be to move the estimate to zero.

    Arguments:
        found: The regression.
        outcome: The outcome.
        treatment: The treatment.
        matrix: The covariates.
        which: The columns to compare with.
    """
    picked = which.astype(bool)
    rest = np.column_stack([np.ones(len(outcome)), matrix[:, ~picked]])
    with_treatment = _partial(treatment, rest, matrix[:, picked])
    with_outcome = _partial(outcome, np.column_stack([rest, treatment]), matrix[:, picked])
    low, high = 0.0, MOST_TIMES
    if _moved(found, with_treatment, with_outcome, high) < abs(found.value):
        return MOST_TIMES
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        enough = _moved(found, with_treatment, with_outcome, middle) >= abs(found.value)
        low, high = (low, middle) if enough else (middle, high)
    return high


def _moved(found: Regression, with_treatment: float, with_outcome: float, times: float) -> float:
    return found.moved(*benchmark(with_treatment, with_outcome, times))


def benchmark(with_treatment: float, with_outcome: float, times: float) -> tuple[float, float]:
    """Bound what a hidden cause explains that is some times as strong as a measured one.

    Arguments:
        with_treatment: The measured one's share of the treatment, given the other covariates.
        with_outcome: Its share of the outcome, given treatment and the other covariates.
        times: How many times as strong.

    Returns:
        Shares of treatment and outcome, one at most.
    """
    if with_treatment >= 1 or times * with_treatment >= 1 - with_treatment:
        return 1.0, 1.0
    of_treatment = times * with_treatment / (1 - with_treatment)
    shared = times * with_treatment**2 / ((1 - times * with_treatment) * (1 - with_treatment))
    if shared >= 1 or with_outcome >= 1:
        return of_treatment, 1.0
    reach = (math.sqrt(times) + math.sqrt(shared)) / math.sqrt(1 - shared)
    return of_treatment, min(1.0, reach**2 * with_outcome / (1 - with_outcome))


def _left(values: Array, rest: Array) -> Array:
    found: Array = values - rest @ np.linalg.lstsq(rest, values, rcond=None)[0]
    return found


def _partial(values: Array, rest: Array, more: Array) -> float:
    """Give the share of what is left of values that more columns explain."""
    before = _left(values, rest)
    after = _left(values, np.column_stack([rest, more]))
    total = float(before @ before)
    return max(0.0, 1 - float(after @ after) / total) if total > 0 else 0.0


def _e_values(study: Study, effect: Effect) -> tuple[float, float]:
    """Give the E-values of the estimate and of the nearer end of its interval."""
    if effect.value is None or study.is_amount:
        return 1.0, 1.0
    ends = (effect.low, effect.high)
    nearer = 0.0 if ends[0] <= 0 <= ends[1] else min(ends, key=abs)
    ratios = [_ratio(study, value) for value in (effect.value, nearer)]
    return e_value(ratios[0]), e_value(ratios[1])


def _ratio(study: Study, value: float) -> float:
    """Turn a difference into a ratio of risks; for a number, after Chinn (2000) and VanderWeele and Ding."""
    if set(np.unique(study.outcome)) <= {0.0, 1.0}:
        base = float(study.known.means[:, study.ends[0]].mean())
        return min(max(base + value, 1e-6), 1.0) / min(max(base, 1e-6), 1.0)
    return math.exp(min(0.91 * value / max(float(study.outcome.std()), 1e-300), 700.0))
