"""Generated rows beside real ones in the outcome model, and whether it then misses real rows less.

Where few rows had a level of the treatment, a generator that has learned from all rows may say what those of the other
levels would have shown. Each row is drawn under that level by a generator that has not seen its fold, and joins the fit
of the outcome model; all generated rows together weigh as much as `weight` times the real rows of that level. What the
estimate then adds up is real: each row's influence is its own outcome against the prediction. So a wrong generator
makes the model worse but not the estimate inconsistent, as long as the chances of treatment are right (AIPW), and
generated rows are in no count and narrow no interval by their number.

Whether they help is asked of the real rows of that level: each is predicted by fits that saw neither it nor a generator
that did, with generated rows and without, and the squares of what is missed are compared row by row.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from contrafact.causal.estimate.columns import Array
from contrafact.causal.estimate.crossfit import Functions
from contrafact.causal.estimate.nuisance import SHARED, Nuisances, together
from contrafact.causal.estimate.ridge import sharp, sums

Mask = np.ndarray[Any, np.dtype[np.bool_]]
Generator = Callable[[Mask], Array]


@dataclass(frozen=True, kw_only=True)
class Gain:
    """How much less is missed, as a share of what was missed before, with its 95 % interval.

    Arguments:
        value: The share; below zero where more is missed.
        low: The lower end.
        high: The upper end.
        n: Real rows, or cells, that were asked.
    """

    value: float
    low: float
    high: float
    n: int

    @property
    def word(self) -> str:
        """helped, harmed, or made no difference that could be seen."""
        if self.low > 0:
            return "helped"
        return "harmed" if self.high < 0 else "made no difference that could be seen"


def gain_of(without: Array, beside: Array) -> Gain:
    """Compare the squares of what was missed, pair by pair.

    Arguments:
        without: Of each row before.
        beside: Of the same rows after.
    """
    from scipy.stats import t

    scale = max(float(without.mean()), 1e-300)
    gaps = (without - beside) / scale
    value, n = float(gaps.mean()), len(gaps)
    if n < 2:
        return Gain(value=value, low=-math.inf, high=math.inf, n=n)
    half = float(t.ppf(0.975, n - 1) * gaps.std(ddof=1) / math.sqrt(n))
    return Gain(value=value, low=value - half, high=value + half, n=n)


def with_generated(
    known: Nuisances, functions: Functions, level: int, drawn: Generator, weight: float = 1.0
) -> tuple[Nuisances, Gain]:
    """Fit the outcome model once more with generated rows beside the real ones.

    Arguments:
        known: Predictions for every row by fits without them, which chose the kind of fit.
        functions: Of the covariates.
        level: The level under which rows are generated.
        drawn: From the rows that a generator may learn from: what each row would show under the level, in the mean over
            draws, by that generator.
        weight: What all generated rows weigh, in real rows of that level.

    Returns:
        The predictions with them, and how much less they miss of real rows of that level.
    """
    folds = [known.folds == fold for fold in range(int(known.folds.max()) + 1)]
    generated = [drawn(~out) for out in folds]
    beside = _like(known, _fitted(known, functions, level, generated, weight))
    had = known.codes == level
    # The chances make real rows of this level stand for everyone whom the effect is about.
    stands = 1 / np.maximum(known.chance[had, level], 0.05)
    missed = [stands * (known.outcome[had] - means[had, level]) ** 2 for means in (known.means, beside)]
    return replace(known, means=beside), gain_of(*missed)


def _fitted(known: Nuisances, functions: Functions, level: int, generated: list[Array], weight: float) -> Array:
    """Predict the outcome of every row under each level by fits on the other folds and on generated rows."""
    levels, rows = known.means.shape[1], np.arange(len(known.codes))
    kind = known.choice.outcome[level]
    name = kind.removeprefix(SHARED)
    base = functions["curves" if name == "trees" else name]
    common = kind.startswith(SHARED)
    features = together(functions, known.codes, levels, name) if common else lambda rows, _: base[rows]
    used = np.ones(len(rows), bool) if common else known.codes == level
    parts = [rows[known.folds == fold] for fold in range(len(generated))]
    real = [sums(features(own, known.codes[own]), known.outcome[own, None]) for own in (p[used[p]] for p in parts)]
    whole, means = reduce(add, real), known.means.copy()
    each = weight * float((known.codes == level).mean())
    for own, part, values in zip(parts, real, generated, strict=True):
        drawn = sums(features(rows, level), values[:, None], np.full(len(rows), each))
        found = sharp(whole - part + drawn)[:, 0]
        for column in range(levels) if common else (level,):
            means[own, column] = features(own, column) @ found
    return means


def _like(known: Nuisances, means: Array) -> Array:
    """Keep predictions between 0 and 1 where outcomes are."""
    return np.clip(means, 0, 1) if set(np.unique(known.outcome)) <= {0.0, 1.0} else means
