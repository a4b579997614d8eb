"""Average effects by outcome regression alone: predict every row under both treatments and compare (g-computation).

The mean prediction under a treatment is a weighted mean of the outcomes of those who had it (Chattopadhyay and
Zubizarreta 2023, Biometrika 110); those weights times what the regression misses make its influence function. There is
no second chance: a wrong outcome model gives a wrong effect.
"""

from __future__ import annotations

import numpy as np

from contrafact.causal.estimate.columns import Array
from contrafact.causal.estimate.crossfit import Functions
from contrafact.causal.estimate.doubly import Estimate, Target, estimated
from contrafact.causal.estimate.nuisance import SHARED, Nuisances
from contrafact.causal.estimate.ridge import ridge, sums


def regression(
    known: Nuisances, functions: Functions, low: int = 0, high: int = 1, target: Target = "ATE", kind: str = ""
) -> Estimate:
    """Estimate an average effect by outcome regression.

    Arguments:
        known: Predictions for every row, which chose the kind of regression.
        functions: Of the covariates.
        low: The level that is compared with.
        high: The level whose effect is asked for.
        target: For whom.
        kind: linear, curves, pairs or waves; as chosen if not given.
    """
    who = {"ATE": np.ones(len(known.codes)), "ATT": known.had[:, high], "ATU": known.had[:, low]}[target]
    who = who / who.mean()
    chosen = kind or known.choice.outcome[high].removeprefix(SHARED)
    features = functions["curves" if chosen == "trees" else chosen]
    above, more = _under(features, known, high, who)
    below, less = _under(features, known, low, who)
    gap = above - below
    value = float((who * gap).mean())
    parts = who * (gap - value) + more - less
    return estimated(value + parts - parts.mean())


def _under(features: Array, known: Nuisances, level: int, who: Array) -> tuple[Array, Array]:
    """Predict all rows under a level, and give what each row that had it adds to the error of their mean."""
    had, rows = known.had[:, level], len(known.codes)
    whole = sums(features, known.outcome[:, None], had)
    found, penalty = ridge(whole)
    means = features @ found[:, 0]
    goal = (features * who[:, None]).mean(axis=0)
    squares = whole.gram / rows + np.eye(len(goal)) * (penalty[0] * whole.rows / rows + 1e-12)
    weights = had * (features @ np.linalg.solve(squares, goal))
    return means, weights * (known.outcome - means)
