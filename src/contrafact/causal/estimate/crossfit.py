"""Predictions for every row by a fit that has not seen it, and the choice between kinds of fit.

Rows are dealt into folds, alike in treatment. A regression for one fold is fitted on the sums of squares and products
of the others, so that five folds cost little more than one. Among the sets of functions in `terms`, and boosted trees
where there are many rows, the one is taken that misses unseen rows least.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from contrafact.base.seeds import generator
from contrafact.causal.estimate.columns import Array
from contrafact.causal.estimate.logistic import logistic, sharpened, sigmoid
from contrafact.causal.estimate.ridge import foreseen, ridge, sharp, sums
from contrafact.causal.estimate.terms import candidates, terms
from contrafact.causal.estimate.trees import LEAST_ROWS, trees_chance, trees_mean

FOLDS, TRIED, NEARLY, CLEARLY, SLACK = 5, 2, 1.1, 0.98, 0.003
KINDS = ("linear", "curves", "waves", "pairs")
Codes = np.ndarray[Any, np.dtype[np.int64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Predicted:
    """What a kind of fit says of rows that it has not seen.

    Arguments:
        name: The kind of fit.
        values: Its predictions.
        loss: What it misses: squared error, or minus the logarithm of the chance.
    """

    name: str
    values: Array
    loss: float


class Functions:
    """Sets of functions of covariates, each computed once.

    Arguments:
        matrix: The covariates.
        seed: Seeds the waves.
    """

    def __init__(self, matrix: Array, seed: int = 0) -> None:
        self.matrix, self.seed = matrix, seed
        self._known: dict[str, Array] = {}

    def __getitem__(self, name: str) -> Array:
        if name not in self._known:
            self._known[name] = terms(self.matrix, name, self.seed)(self.matrix)
        return self._known[name]


def dealt(codes: Codes, seed: int, folds: int = FOLDS) -> Codes:
    """Deal rows into folds, each level of the treatment evenly.

    Arguments:
        codes: The level of each row.
        seed: Seeds the shuffle.
        folds: How many.
    """
    random = generator(seed, "folds")
    order = random.permutation(len(codes))
    order = order[np.argsort(codes[order], kind="stable")]
    found = np.empty(len(codes), dtype=np.int64)
    found[order] = np.arange(len(codes)) % folds
    return found


def regressed(
    features: Array, outcomes: Array, folds: Codes, weights: Array | None = None, *, sharply: bool = False
) -> Array:
    """Predict each row by ridge regressions on the other folds.

    Arguments:
        features: Functions of the covariates.
        outcomes: A column for each outcome.
        folds: The fold of each row.
        weights: Of the rows in fits; rows of weight 0 are predicted only.
        sharply: Whether functions that do little are penalised again; of one outcome.
    """
    rows = [np.flatnonzero(folds == fold) for fold in range(int(folds.max()) + 1)]
    used = [part if weights is None else part[weights[part] > 0] for part in rows]
    parts = [sums(features[r], outcomes[r], None if weights is None else weights[r]) for r in used]
    whole = reduce(add, parts)
    found = np.empty_like(outcomes)
    for part, place in zip(parts, rows, strict=True):
        found[place] = features[place] @ (sharp(whole - part) if sharply else ridge(whole - part)[0])
    return found


def chances(features: Array, labels: Array, folds: Codes) -> Array:
    """Predict each row's chance of a label of 1 by logistic regressions on the other folds."""
    start = logistic(features, labels)
    found = np.empty(len(labels))
    for fold in range(int(folds.max()) + 1):
        out = folds == fold
        found[out] = sigmoid(features[out] @ sharpened(features[~out], labels[~out], start))
    return found


def mean_of(
    functions: Functions, outcome: Array, folds: Codes, weights: Array | None = None, only: str | None = None
) -> Predicted:
    """Predict an outcome for all rows, by the kind of fit that misses unseen rows least.

    Arguments:
        functions: Of the covariates.
        outcome: The outcome.
        folds: The fold of each row.
        weights: Of the rows in fits.
        only: The kind of fit, where it was chosen before.
    """
    use = np.ones(len(outcome)) if weights is None else weights

    def missed(values: Array) -> Array:
        return np.asarray(use * (outcome - values) ** 2 / use.mean())

    def grown(fold: int | None) -> Array:
        return trees_mean(functions.matrix, outcome, folds, use, fold)

    def fit(name: str) -> Predicted:
        values = grown(None) if name == "trees" else _one(functions[name], outcome, folds, weights)
        return Predicted(name=name, values=values, loss=float(missed(values).mean()))

    if only is not None:
        return fit(only)
    seen = use > 0
    smooth = _best(fit, _likely(functions, outcome, seen, use))
    many = int(seen.sum()) >= LEAST_ROWS and functions.matrix.shape[1] > 0
    return _or_trees(smooth, grown, missed, folds) if many else smooth


def _one(features: Array, outcome: Array, folds: Codes, weights: Array | None) -> Array:
    return np.asarray(regressed(features, outcome[:, None], folds, weights, sharply=True)[:, 0])


def chance_of(functions: Functions, labels: Array, folds: Codes, only: str | None = None) -> Predicted:
    """Predict the chance of a label of 1 for all rows, by the kind of fit that misses unseen rows least."""

    def missed(values: Array) -> Array:
        return np.asarray(-np.log(np.clip(np.where(labels > 0, values, 1 - values), 1e-6, 1)))

    def grown(fold: int | None) -> Array:
        return trees_chance(functions.matrix, labels, folds, fold)

    def fit(name: str) -> Predicted:
        values = grown(None) if name == "trees" else chances(functions[name], labels, folds)
        return Predicted(name=name, values=values, loss=float(missed(values).mean()))

    if only is not None:
        return fit(only)
    fewer = int(min(labels.sum(), len(labels) - labels.sum()))
    rows, every = min(len(labels), 4 * fewer), np.ones(len(labels))
    likely = _likely(functions, labels, every > 0, every, rows)
    # Straight lines of log-odds are foreseen by curves of chances: they are always tried.
    smooth = _best(fit, list(dict.fromkeys(["linear", *likely])), SLACK)
    many = rows >= LEAST_ROWS and functions.matrix.shape[1] > 0
    return _or_trees(smooth, grown, missed, folds) if many else smooth


def _likely(functions: Functions, outcome: Array, seen: Mask, weights: Array, rows: int | None = None) -> list[str]:
    """Name the kinds of fit, two at most, that are foreseen to miss least."""
    names = candidates(functions.matrix, (int(seen.sum()) if rows is None else rows) * (FOLDS - 1) // FOLDS)
    if len(names) == 1:
        return list(names)
    goal, used = outcome[seen, None], weights[seen]
    losses = {name: foreseen(sums(functions[name][seen], goal, used)) for name in names}
    ranked = sorted(names, key=lambda name: losses[name])[:TRIED]
    return [name for name in ranked if losses[name] <= NEARLY * losses[ranked[0]]]


def _best(fit: Callable[[str], Predicted], names: list[str], slack: float = 0.0) -> Predicted:
    """Take the kind of least loss, or the plainest that misses hardly more."""
    found = [fit(name) for name in sorted(names, key=KINDS.index)]
    least = min(one.loss for one in found)
    return next(one for one in found if one.loss <= (1 + slack) * least)


def _or_trees(
    smooth: Predicted, grown: Callable[[int | None], Array], missed: Callable[[Array], Array], folds: Codes
) -> Predicted:
    """Take trees where they miss clearly less: first of one fold, which is quick, then of all.

    Arguments:
        smooth: The best of the other kinds.
        grown: Predicts one fold, or all, by trees.
        missed: Gives each row's loss.
        folds: The fold of each row.
    """
    out = folds == 0
    if missed(grown(0))[out].mean() > CLEARLY * missed(smooth.values)[out].mean():
        return smooth
    values = grown(None)
    loss = float(missed(values).mean())
    return Predicted(name="trees", values=values, loss=loss) if loss < CLEARLY * smooth.loss else smooth
