"""Effects on quantiles of the outcome: doubly robust distribution functions, made monotone and turned around.

For each of many thresholds c the chance of an outcome up to c under each treatment is estimated like an average effect,
all thresholds at once; isotonic regression makes of them a distribution function (Chernozhukov, Fernández-Val and Melly
2013; Kallus, Mao and Uehara 2024). Intervals come from weighing the rows' scores at random and turning each draw
around.
"""

from __future__ import annotations

import numpy as np

from contrafact.base.seeds import generator
from contrafact.causal.estimate.columns import Array
from contrafact.causal.estimate.crossfit import Functions, regressed
from contrafact.causal.estimate.doubly import Estimate, Target, checked, set_aside
from contrafact.causal.estimate.nuisance import CLIP, SHARED, Nuisances

THRESHOLDS, DRAWS = 60, 500


def quantile_effect(
    known: Nuisances,
    functions: Functions,
    at: float,
    low: int = 0,
    high: int = 1,
    target: Target = "ATE",
    seed: int = 0,
) -> Estimate:
    """Estimate the difference between quantiles of the outcome under two treatments.

    Arguments:
        known: Chances and kinds of fit.
        functions: Of the covariates.
        at: Which quantile: 0.5 is the median.
        low: The level that is compared with.
        high: The level whose effect is asked for.
        target: For whom.
        seed: Seeds the draws.
    """
    kept = checked(known, low, high, target)
    places = np.unique(np.quantile(known.outcome, (np.arange(THRESHOLDS) + 0.5) / THRESHOLDS))
    under = {level: _scores(known, functions, places, level, (low, high), target)[kept] for level in (low, high)}
    random = generator(seed, "quantile")
    weights = random.exponential(size=(DRAWS, int(kept.sum())))
    weights /= weights.sum(axis=1, keepdims=True)
    whole = {level: _turned(score.mean(axis=0), places, at) for level, score in under.items()}
    draws = {level: np.array([_turned(row, places, at) for row in weights @ score]) for level, score in under.items()}
    value = whole[high] - whole[low]
    gaps = draws[high] - draws[low]
    ends = np.quantile(gaps, (0.025, 0.975))
    return Estimate(
        value=value,
        error=float(gaps.std()),
        low=min(float(ends[0]), value),
        high=max(float(ends[1]), value),
        rows=int(kept.sum()),
        notes=set_aside(known, kept, low, high),
        details={"quantile": at, "under high": whole[high], "under low": whole[low]},
    )


def _scores(
    known: Nuisances, functions: Functions, places: Array, level: int, both: tuple[int, int], target: Target
) -> Array:
    """Give each row's part in the distribution function under a level, a column for each threshold."""
    reached = (known.outcome[:, None] <= places).astype(float)
    had = known.had[:, level]
    kind = known.choice.outcome[level].removeprefix(SHARED)
    means = np.clip(regressed(functions["curves" if kind == "trees" else kind], reached, known.folds, had), 0, 1)
    low, high = both
    who = {"ATE": np.ones(len(had)), "ATT": known.had[:, high], "ATU": known.had[:, low]}[target]
    rate = {"ATE": np.ones(len(had)), "ATT": known.chance[:, high], "ATU": known.chance[:, low]}[target]
    weight = had * rate / np.maximum(known.chance[:, level], CLIP)
    score: Array = (who / who.mean())[:, None] * means + (weight / weight.mean())[:, None] * (reached - means)
    return score


def _turned(values: Array, places: Array, at: float) -> float:
    """Make a distribution function monotone and find where it reaches a height."""
    from sklearn.isotonic import isotonic_regression

    rising = isotonic_regression(values, y_min=0.0, y_max=1.0)
    rising = rising + np.arange(len(rising)) * 1e-12  # where it is flat, the first place counts
    return float(np.interp(at, rising, places))
