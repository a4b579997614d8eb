"""The front door, doubly robust (Fulcher, Shpitser, Marealle and Tchetgen Tchetgen 2020, JRSS B 82).

psi(a) is the mean of eta(M) among those who had a, where eta(m) averages E[Y | a', m] over the treatments as they are.
Its influence function weighs what the outcome model misses by p(M | a) / p(M | A), which Bayes' rule turns into chances
of treatment given the mediators: no density of mediators is ever modelled, so that there may be many of any kind.
"""

from __future__ import annotations

import numpy as np

from contrafact.causal.estimate.columns import Array, Covariates
from contrafact.causal.estimate.crossfit import Codes
from contrafact.causal.estimate.doubly import Estimate, estimated
from contrafact.causal.estimate.nuisance import CLIP, Nuisances, nuisances


def front_door(
    mediators: Covariates, codes: Codes, outcome: Array, low: int = 0, high: int = 1, seed: int = 0
) -> tuple[Estimate, Nuisances]:
    """Estimate an average effect through its mediators.

    Arguments:
        mediators: What catches all of the effect.
        codes: The level of treatment of each row.
        outcome: The outcome.
        low: The level that is compared with.
        high: The level whose effect is asked for.
        seed: Seeds the folds.
    """
    known = nuisances(mediators, codes, outcome, seed=seed)
    parts = front_door_score(known, high) - front_door_score(known, low)
    extreme = int((known.chance < CLIP).any(axis=1).sum())
    told = (
        (f"In {extreme:,} rows the mediators tell the treatment almost for certain; chances were clipped at {CLIP:g}.",)
        if extreme
        else ()
    )
    return estimated(parts, notes=told), known


def front_door_score(known: Nuisances, level: int) -> Array:
    """Give what each row adds to the mean outcome under a level.

    Arguments:
        known: Chances of treatment and mean outcomes given the mediators.
        level: The level that is set.
    """
    had, shares = known.had, known.had.mean(axis=0)
    rows = np.arange(len(known.codes))
    chance = np.maximum(known.chance, CLIP)
    ratio = (chance[:, level] / shares[level]) * (shares[known.codes] / chance[rows, known.codes])
    missed = known.outcome - known.means[rows, known.codes]
    averaged = known.means @ shares
    among = had[:, level] / shares[level]
    psi = float((among * averaged).mean())
    carried = (among[:, None] * known.means).mean(axis=0)[known.codes]
    score: Array = ratio * missed + among * (averaged - psi) + carried
    return score
