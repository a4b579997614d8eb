"""Treatments that are amounts: the effect of one unit more, and the whole curve.

One unit more: what is left of the outcome, given the covariates, against what is left of the treatment (the partially
linear model of Robinson 1988, with cross-fitting: Chernozhukov et al. 2018). Where the curve bends this is an average
slope that counts units more whose treatment varies more.

The curve: each row's outcome is corrected by how likely its dose was, and the corrected outcomes are smoothed over
doses by local lines (Kennedy, Ma, McHugh and Small 2017, JRSS B 79); the intervals are those of local regression and do
not count its bias at bends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contrafact.base.effects import Overlap
from contrafact.base.errors import DataError
from contrafact.causal.estimate.columns import Array
from contrafact.causal.estimate.crossfit import Codes, Functions, dealt, mean_of
from contrafact.causal.estimate.doubly import NORMAL, Estimate, estimated
from contrafact.causal.estimate.ridge import sharp, sums
from contrafact.causal.estimate.terms import terms

GRID, LEAST_DENSITY, WIDTHS, LEAST_ROWS = 41, 0.01, (0.25, 0.35, 0.5, 0.7, 1.0, 1.5, 2.5), 30
TABLE = 401


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """The mean outcome at each dose.

    Arguments:
        doses: Where.
        values: The mean outcome there.
        low: Lower ends of the 95 % intervals, one at a time.
        high: Upper ends.
        parts: What each row adds at each dose, rows by doses, for differences between doses.
    """

    doses: Array
    values: Array
    low: Array
    high: Array
    parts: Array

    def between(self, low: float, high: float) -> Estimate:
        """Give the effect of one dose against another."""
        at = [np.array([np.interp(dose, self.doses, row) for row in self.parts]) for dose in (low, high)]
        value = float(np.interp(high, self.doses, self.values) - np.interp(low, self.doses, self.values))
        error = float(np.sqrt(((at[1] - at[0]) ** 2).sum()))
        ends = value - NORMAL * error, value + NORMAL * error
        return Estimate(value=value, error=error, low=ends[0], high=ends[1], rows=len(self.parts), details={})


@dataclass(frozen=True, kw_only=True, eq=False)
class Amounts:
    """What is left of treatment and outcome once the covariates are known, cross-fitted.

    Arguments:
        dose: The treatment.
        outcome: The outcome.
        expected: The treatment that is expected of each row.
        mean: The outcome that is expected of each row.
        folds: The fold of each row.
        kind: The kind of fit of the outcome.
    """

    dose: Array
    outcome: Array
    expected: Array
    mean: Array
    folds: Codes
    kind: str


def amounts(functions: Functions, dose: Array, outcome: Array, seed: int = 0) -> Amounts:
    """Predict treatment and outcome of each row by fits on others.

    Raises:
        DataError: The covariates tell the treatment exactly.
    """
    folds = dealt(np.zeros(len(dose), dtype=np.int64), seed, min(5, len(dose)))
    expected, mean = mean_of(functions, dose, folds), mean_of(functions, outcome, folds)
    if expected.loss < 1e-6 * dose.var():
        raise DataError(
            "Nobody had a dose that could not be told in advance.",
            why="What is adjusted for tells the treatment exactly: units that are alike all had the same.",
            fix="Adjust for less if the graph allows it.",
            code="E525",
        )
    kind = mean.name if mean.name != "trees" else "curves"
    return Amounts(dose=dose, outcome=outcome, expected=expected.values, mean=mean.values, folds=folds, kind=kind)


def per_unit(known: Amounts) -> Estimate:
    """Estimate the average effect of one unit more."""
    moved, left = known.dose - known.expected, known.outcome - known.mean
    size = float((moved**2).mean())
    value = float((moved * left).mean()) / size
    return estimated(value + moved * (left - value * moved) / size)


def overlap_of_doses(known: Amounts) -> Overlap:
    """Say how much of the treatment's variation is left once the covariates are known."""
    share = float(((known.dose - known.expected) ** 2).mean() / known.dose.var())
    words = f"{min(share, 1):.0%} of the variation of the treatment is not told by what is adjusted for"
    poor = "; OVERLAP IS POOR: those who are alike had nearly the same" if share < 0.1 else ""
    rows = len(known.dose)
    return Overlap(low=share, high=share, effective=min(share, 1) * rows, rows=rows, words=words + poor + ".")


def curve(functions: Functions, known: Amounts) -> Curve:
    """Estimate the mean outcome at each dose."""
    inner = np.quantile(known.dose, (0.02, 0.98))
    doses = np.linspace(float(inner[0]), float(inner[1]), GRID)
    corrected = _corrected(functions, known)
    width = _width(known.dose, corrected)
    weights = np.array([_local(known.dose, dose, width) for dose in doses])
    values = weights @ corrected
    parts = (weights * (corrected - np.interp(known.dose, doses, values))).T
    error = np.sqrt((parts**2).sum(axis=0))
    return Curve(doses=doses, values=values, low=values - NORMAL * error, high=values + NORMAL * error, parts=parts)


def _corrected(functions: Functions, known: Amounts) -> Array:
    """Give each row's outcome corrected for how likely its dose was, plus what its dose would give on average."""
    own, averaged = _under_doses(functions, known)
    own_density, mean_density = _densities(known)
    found: Array = (known.outcome - own) * mean_density / own_density + averaged
    return found


def _under_doses(functions: Functions, known: Amounts) -> tuple[Array, Array]:
    """Predict each row at its dose, and the average of all rows at that dose."""
    bent = terms(_standard(known.dose)[:, None], "curves")(_standard(known.dose)[:, None])[:, 1:]
    base, line, dose = functions[known.kind], functions.matrix, _standard(known.dose)[:, None]
    features = np.hstack([base, bent, dose * line])
    # The average over rows of functions that are sums and products is theirs of the average: no pairs of rows.
    typical = np.hstack([np.broadcast_to(base.mean(axis=0), base.shape), bent, dose * line.mean(axis=0)])
    own, averaged = np.empty(len(dose)), np.empty(len(dose))
    for fold in range(int(known.folds.max()) + 1):
        out = known.folds == fold
        found = sharp(sums(features[~out], known.outcome[~out, None]))[:, 0]
        own[out], averaged[out] = features[out] @ found, typical[out] @ found
    return own, averaged


def _densities(known: Amounts) -> tuple[Array, Array]:
    """Give the density of each row's dose given its covariates, and averaged over all rows' covariates."""
    left = known.dose - known.expected
    spread = left.std()
    ends = np.abs(left).max() * 1.1 + 3 * spread
    places = np.linspace(-ends, ends, TABLE)
    width = 1.06 * spread * len(left) ** -0.2
    heights = np.exp(-(((places[:, None] - left) / width) ** 2) / 2).mean(axis=1) / (width * np.sqrt(2 * np.pi))
    grid = np.linspace(known.dose.min(), known.dose.max(), 101)
    apart = grid[:, None] - known.expected
    averaged = np.interp(apart, places, heights).mean(axis=1)
    marginal = np.interp(known.dose, grid, averaged)
    own = np.interp(left, places, heights)
    return np.maximum(own, LEAST_DENSITY * heights.max()), marginal


def _standard(values: Array) -> Array:
    found: Array = (values - values.mean()) / max(float(values.std()), 1e-12)
    return found


def _local(doses: Array, at: float, width: float) -> Array:
    """Give the weights with which a local line reads the outcomes at a dose."""
    apart = doses - at
    kernel = np.exp(-((apart / width) ** 2) / 2)
    first, second = (kernel * apart).sum(), (kernel * apart**2).sum()
    weights = kernel * (second - first * apart)
    found: Array = weights / weights.sum()
    return found


def _width(doses: Array, outcome: Array) -> float:
    """Choose the width that misses left-out rows least, on a grid of doses."""
    rows = np.argsort(doses)[:: max(1, len(doses) // 200)]
    losses = []
    for share in WIDTHS:
        width = share * float(doses.std())
        weights = np.array([_local(doses, doses[row], width) for row in rows])
        own = weights[np.arange(len(rows)), rows]
        missed = (outcome[rows] - weights @ outcome) / np.maximum(1 - own, 1e-3)
        losses.append(float((missed**2).mean()))
    return float(WIDTHS[int(np.argmin(losses))] * doses.std())
