"""Effects of single rows: the S, T, X, R and DR learners.

S: one regression on covariates and treatment, asked twice. T: one for each group. X: the effect that each group's
members would show against the other group's regression, regressed on covariates and weighed by the chance of treatment
(Künzel et al. 2019, PNAS 116). R: what is left of the outcome regressed on what is left of the treatment (Nie and Wager
2021, Biometrika 108). DR: the doubly robust score of each row, regressed on covariates (Kennedy 2023, EJS 17); scores
beyond the range that outcomes can differ by are clipped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from contrafact.base.seeds import generator
from contrafact.causal.estimate.columns import Array, Covariates
from contrafact.causal.estimate.crossfit import Codes, Functions, mean_of
from contrafact.causal.estimate.doubly import NORMAL, Estimate
from contrafact.causal.estimate.nuisance import CLIP, Nuisances, nuisances
from contrafact.causal.estimate.smooth import smooth, smooth_chance

Effects = Callable[[Array], Array]
Learner = Callable[[Array, Codes, Array, int], Effects]
REFITS = 40


def _single(matrix: Array, codes: Codes, outcome: Array, seed: int) -> Effects:
    model = smooth(_with(matrix, codes), outcome, seed=seed)
    return lambda new: model(_with(new, np.ones(len(new)))) - model(_with(new, np.zeros(len(new))))


def _with(matrix: Array, codes: Array | Codes) -> Array:
    moved = np.asarray(codes, dtype=float)[:, None] - 0.5
    return np.hstack([matrix, moved, matrix * moved])


def _two(matrix: Array, codes: Codes, outcome: Array, seed: int) -> Effects:
    below, above = (smooth(matrix[codes == level], outcome[codes == level], seed=seed) for level in (0, 1))
    return lambda new: above(new) - below(new)


def _crossed(matrix: Array, codes: Codes, outcome: Array, seed: int) -> Effects:
    treated, other = codes == 1, codes == 0
    below, above = (smooth(matrix[rows], outcome[rows], seed=seed) for rows in (other, treated))
    on_treated = smooth(matrix[treated], outcome[treated] - below(matrix[treated]), seed=seed)
    on_other = smooth(matrix[other], above(matrix[other]) - outcome[other], seed=seed)
    chance = smooth_chance(matrix, (codes == 1).astype(float), seed)

    def effects(new: Array) -> Array:
        share = chance(new)
        return share * on_other(new) + (1 - share) * on_treated(new)

    return effects


def _residual(matrix: Array, codes: Codes, outcome: Array, seed: int) -> Effects:
    functions = Functions(matrix, seed)
    known = nuisances(Covariates(matrix=matrix), codes, outcome, seed=seed, functions=functions)
    mean = mean_of(functions, outcome, known.folds).values
    moved = (codes == 1) - np.clip(known.chance[:, 1], CLIP, 1 - CLIP)
    return smooth(matrix, (outcome - mean) / moved, moved**2, seed)


def _robust(matrix: Array, codes: Codes, outcome: Array, seed: int) -> Effects:
    known = nuisances(Covariates(matrix=matrix), codes, outcome, seed=seed)
    return smooth(matrix, scores(known)[0], seed=seed)


LEARNERS: Mapping[str, Learner] = {
    "s-learner": _single,
    "t-learner": _two,
    "x-learner": _crossed,
    "r-learner": _residual,
    "dr-learner": _robust,
}


def scores(known: Nuisances, low: int = 0, high: int = 1) -> tuple[Array, int]:
    """Give the doubly robust score of each row, clipped to what outcomes can differ by, and how many were clipped."""
    gap = known.means[:, high] - known.means[:, low]
    chance = np.clip(known.chance, CLIP, 1 - CLIP)
    missed = known.outcome[:, None] - known.means
    parts = known.had * missed / chance
    score = gap + parts[:, high] - parts[:, low]
    most = float(np.ptp(known.outcome))
    return np.clip(score, -most, most), int((np.abs(score) > most).sum())


def learned(name: str, matrix: Array, codes: Codes, outcome: Array, seed: int = 0) -> Effects:
    """Learn effects of single rows.

    Arguments:
        name: s-learner, t-learner, x-learner, r-learner or dr-learner.
        matrix: The covariates, standardised.
        codes: 1 for treated rows, 0 for others.
        outcome: The outcome.
        seed: Seeds folds and waves.

    Returns:
        A function from rows of covariates to their effects.
    """
    return LEARNERS[name](matrix, codes, outcome, seed)


def averaged(name: str, matrix: Array, codes: Codes, outcome: Array, who: Array, seed: int = 0) -> Estimate:
    """Average the effects that a learner gives; the interval comes from refits on halves of the rows.

    The spread of estimates from random halves is the standard error of the whole (delete-half jackknife: Shao and Wu
    1989, Annals of Statistics 17).

    Arguments:
        name: The learner.
        matrix: The covariates.
        codes: 1 for treated rows, 0 for others.
        outcome: The outcome.
        who: Which rows are averaged over.
        seed: Seeds folds, waves and halves.
    """
    value = float(learned(name, matrix, codes, outcome, seed)(matrix[who]).mean())
    random, found = generator(seed, "halves", name), []
    for _ in range(REFITS):
        half = np.zeros(len(codes), dtype=bool)
        for level in (0, 1):
            rows = np.flatnonzero(codes == level)
            half[random.permutation(rows)[: (len(rows) + 1) // 2]] = True
        effects = learned(name, matrix[half], codes[half], outcome[half], seed)
        found.append(float(effects(matrix[half & who]).mean()))
    error = float(np.sqrt(np.mean((np.array(found) - np.mean(found)) ** 2) * REFITS / (REFITS - 1)))
    low, high = value - NORMAL * error, value + NORMAL * error
    told = (f"The interval comes from {REFITS} refits on halves of the rows.",)
    return Estimate(
        value=value, error=error, low=low, high=high, rows=int(who.sum()), notes=told, details={"refits": REFITS}
    )
