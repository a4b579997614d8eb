"""The two halves of a doubly robust estimate: the chance of each treatment, and the outcome under each.

Both are predicted for every row by fits on other rows (cross-fitting: Chernozhukov et al. 2018). Chances are calibrated
afterwards on the predictions for unseen rows, by a logistic regression on a curve of their own log-odds and on the
predicted outcomes: the weights then balance the groups in what matters most for the outcome, the prognosis (Hansen
2008, Biometrika 95).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np

from contrafact.causal.estimate.columns import Array, Covariates
from contrafact.causal.estimate.crossfit import FOLDS, KINDS, Codes, Functions, chance_of, dealt, mean_of
from contrafact.causal.estimate.logistic import logistic, sigmoid
from contrafact.causal.estimate.ridge import sharp, sums
from contrafact.causal.estimate.terms import CONSTANT, STRAIGHT, terms

CLIP, OWN, SHARED, LEAST_BENT = 0.01, 3.0, "shared ", 200


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The kinds of fit that were chosen.

    Arguments:
        chance: One for each level of the treatment but the first.
        outcome: One for each level.
    """

    chance: tuple[str, ...]
    outcome: tuple[str, ...]

    def __str__(self) -> str:
        told = sorted(set(self.outcome))
        return f"outcome by {' and '.join(told)}, treatment by {' and '.join(sorted(set(self.chance)))}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Nuisances:
    """Cross-fitted predictions for every row.

    Arguments:
        codes: The level of treatment that each row had.
        outcome: What the outcome was.
        chance: The chance of each level, a column each.
        means: The predicted outcome under each level, a column each.
        folds: The fold of each row.
        choice: The kinds of fit.
    """

    codes: Codes
    outcome: Array
    chance: Array
    means: Array
    folds: Codes
    choice: Choice

    @property
    def had(self) -> Array:
        """Ones where a row had a level."""
        found: Array = (self.codes[:, None] == np.arange(self.chance.shape[1])).astype(float)
        return found


def nuisances(
    covariates: Covariates,
    codes: Codes,
    outcome: Array,
    *,
    seed: int = 0,
    choice: Choice | None = None,
    functions: Functions | None = None,
) -> Nuisances:
    """Predict chances and outcomes for every row by fits on others.

    Arguments:
        covariates: What is adjusted for.
        codes: The level of treatment of each row, from 0.
        outcome: The outcome.
        seed: Seeds the folds.
        choice: Kinds of fit chosen before; chosen anew if not given.
        functions: Of the covariates, where they are known.
    """
    functions = functions or Functions(covariates.matrix, seed)
    levels, folds = int(codes.max()) + 1, dealt(codes, seed, min(FOLDS, int(np.bincount(codes).min())))
    chance, chance_kinds = _chances(functions, codes, levels, folds, choice)
    means, kinds = _means(functions, codes, levels, outcome, folds, choice)
    whole = set(np.unique(outcome)) <= {0.0, 1.0}
    return Nuisances(
        codes=codes,
        outcome=outcome,
        chance=_balanced(chance, means, codes),
        means=np.clip(means, 0, 1) if whole else means,
        folds=folds,
        choice=Choice(chance=chance_kinds, outcome=kinds),
    )


def _means(
    functions: Functions, codes: Codes, levels: int, outcome: Array, folds: Codes, choice: Choice | None
) -> tuple[Array, tuple[str, ...]]:
    """Predict the outcome under each level: by a fit for each, or one that levels share if it misses less."""
    if choice and choice.outcome[0].startswith(SHARED):
        return shared(functions, codes, levels, outcome, folds, choice.outcome[0].removeprefix(SHARED)), choice.outcome
    found = []
    for level in range(levels):
        weights = (codes == level).astype(float)
        found.append(mean_of(functions, outcome, folds, weights, choice.outcome[level] if choice else None))
    means = np.column_stack([one.values for one in found])
    kinds = tuple(one.name for one in found)
    plain = [name for name in kinds if name != "trees"]
    if choice or not plain or not functions.matrix.shape[1]:
        return means, kinds
    counts = np.bincount(codes, minlength=levels)
    richest = max(plain, key=KINDS.index)
    together = shared(functions, codes, levels, outcome, folds, richest)
    rows = np.arange(len(codes))
    missed = float(((outcome - together[rows, codes]) ** 2).mean())
    if missed < sum(one.loss * share for one, share in zip(found, counts / counts.sum(), strict=True)):
        return together, (SHARED + richest,) * levels
    return means, kinds


def together(functions: Functions, codes: Codes, levels: int, name: str) -> Callable[[Codes, Codes | int], Array]:
    """Give the functions of one fit for all levels: those of the covariates, and a line in each that a level has alone.

    Returns:
        The functions of some rows, by their places, under a level, or each under its own.
    """
    base = functions[name]
    line = np.column_stack([np.ones(len(codes)), functions.matrix])
    shares = np.bincount(codes, minlength=levels) / len(codes)

    def features(rows: Codes, level: Codes | int) -> Array:
        had = (np.broadcast_to(level, rows.shape)[:, None] == np.arange(1, levels)) - shares[1:]
        return np.hstack([base[rows], *(had[:, [k]] * line[rows] * OWN for k in range(levels - 1))])

    return features


def shared(functions: Functions, codes: Codes, levels: int, outcome: Array, folds: Codes, name: str) -> Array:
    """Predict the outcome under each level by one fit, in which levels differ by a line in each covariate."""
    features = together(functions, codes, levels, name)
    parts = [np.flatnonzero(folds == fold) for fold in range(int(folds.max()) + 1)]
    known = [sums(features(rows, codes[rows]), outcome[rows, None]) for rows in parts]
    whole, means = reduce(add, known), np.empty((len(codes), levels))
    for part, rows in zip(known, parts, strict=True):
        found = sharp(whole - part)[:, 0]
        for level in range(levels):
            means[rows, level] = features(rows, level) @ found
    return means


def _chances(
    functions: Functions, codes: Codes, levels: int, folds: Codes, choice: Choice | None
) -> tuple[Array, tuple[str, ...]]:
    """Give the chance of each level; with more than two, each against the rest, scaled to sum to one."""
    columns: list[Array] = []
    kinds: list[str] = []
    for level in range(1, levels) if levels == 2 else range(levels):
        labels = (codes == level).astype(float)
        found = chance_of(functions, labels, folds, choice.chance[len(kinds)] if choice else None)
        columns.append(found.values)
        kinds.append(found.name)
    return np.column_stack([1 - columns[0], columns[0]] if levels == 2 else columns), tuple(kinds)


def _balanced(chance: Array, means: Array, codes: Codes) -> Array:
    """Calibrate the chances of all levels."""
    levels = chance.shape[1]
    if levels == 2:
        above = calibrated(chance[:, 1], means, (codes == 1).astype(float))
        return np.column_stack([1 - above, above])
    each = [calibrated(chance[:, level], means, (codes == level).astype(float)) for level in range(levels)]
    found: Array = np.column_stack(each)
    found /= found.sum(axis=1, keepdims=True)
    return found


def calibrated(chance: Array, means: Array, labels: Array) -> Array:
    """Make chances agree with how often the label was 1, along their log-odds and along predicted outcomes.

    Arguments:
        chance: The chances.
        means: Predicted outcomes, a column for each level.
        labels: Zeros and ones.
    """
    safe = np.clip(chance, 1e-4, 1 - 1e-4)
    odds = np.log(safe / (1 - safe))
    columns = np.column_stack([odds, means[:, 0], means[:, 1:] - means[:, :1]])
    spread = columns.std(axis=0)
    kept = spread > 1e-6 * np.maximum(1.0, np.abs(columns).max(axis=0))
    if not kept.any():
        return np.full(len(labels), labels.mean())
    straight = (columns[:, kept] - columns[:, kept].mean(axis=0)) / spread[kept]
    features = np.column_stack([np.full(len(labels), CONSTANT), STRAIGHT * straight])
    if kept[0] and len(labels) >= LEAST_BENT:
        bends = terms(straight[:, :1], "curves")(straight[:, :1])[:, 2:4]  # the two smoothest ways to bend
        features = np.column_stack([features, bends])
    return sigmoid(features @ logistic(features, labels))
