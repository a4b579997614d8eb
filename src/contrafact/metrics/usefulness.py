"""Train on synthetic, test on real: what a model that has seen only fakes knows about real rows.

Boosted trees learn to predict one column from all others on the fakes, and are tested on real rows that the generator
never saw. The ceiling is what the same trees learn from the real training rows, the floor what they learn from fakes
whose target was shuffled. Levels are scored by AUC (one against the rest, all classes alike: "macro"), numbers with
many values by R². A class that the fakes lack counts 1/2: nothing is known about it.

It asks one question of the table only: fakes may serve this target well and spoil another. Of more than 1,000 other
columns the seed chooses as many to learn from.

Reference: Esteban, Hyland and Rätsch, *Real-valued time series generation with recurrent conditional GANs*, 2017
(arXiv 1706.02633), section 5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from contrafact.base.records import Score
from contrafact.base.seeds import fold, generator
from contrafact.metrics.classifiers import affordable, boosted, few_columns, for_trees, one_thread
from contrafact.metrics.columns import Table, tables
from contrafact.metrics.spread import DRAWS, Z, auc, auc_error, percentiles

MOST_ROWS = 40_000
MOST_CLASSES = 50
FEW_VALUES = 20  # a number with no more values is a class
ROUNDS, LEAST_ROUNDS = 100, 25
LEAST_OF_CLASS = 2  # rows to test a class on


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """What is to be predicted.

    Arguments:
        place: The target's place among the columns.
        classes: The numbers of the levels, or the values; nothing where the target is on a scale.
    """

    place: int
    classes: np.ndarray | None


def tstr(real: Any, fake: Any, target: str, holdout: Any = None, seed: int = 0) -> Score | None:
    """Score what models that learned from fakes know about unseen real rows: `tstr_auc`, or `tstr_r2` for numbers.

    Without a holdout half of the real rows are put aside for the test, though the generator may have seen them.

    Arguments:
        real: The real frame.
        fake: The generated frame.
        target: The column to be predicted.
        holdout: Real rows that the generator never saw.
        seed: Seeds the trees, the halves and the shuffling.

    Returns:
        The score, or None where the target cannot be tested: text, one value only, too many classes.
    """
    sides = tables(real, fake, *([] if holdout is None else [holdout]))
    real, fake = sides[:2]
    train, test = (real, sides[2]) if holdout is not None else real.halves(seed)
    task = _task(real, [c.name for c in real.columns].index(str(target)))
    if task is None or len(real.columns) < 2:
        return None
    test = _known(test, task)
    fake, train = (_known(t.at_most(MOST_ROWS, seed, "tstr"), task) for t in (fake, train))
    truth = _target(test, task)
    score = _score_classes if task.classes is not None else _score_numbers
    if not len(test) or (task.classes is not None and len(_tested(truth, len(task.classes))) < 2):
        return None
    found = score(truth, _learned(fake, test, task, seed), len(fake), seed)
    floor = score(truth, _learned(_confused(fake, task, seed), test, task, seed), len(fake), seed)
    ceiling = score(truth, _learned(train, test, task, seed), len(fake), seed)
    return replace(found, floor=floor.value, ceiling=ceiling.value)


def _task(real: Table, place: int) -> Task | None:
    column, cells = real.columns[place], real.cells[place]
    if column.kind == "text":
        return None
    if column.kind == "category":
        counts = np.bincount(cells[cells >= 0], minlength=len(column.levels))
        classes = np.flatnonzero(counts)
        return Task(place=place, classes=classes) if 2 <= len(classes) <= MOST_CLASSES else None
    values = np.unique(cells[~np.isnan(cells)])
    few = 2 <= len(values) <= FEW_VALUES and bool((np.mod(values, 1) == 0).all())
    return None if len(values) < 2 else Task(place=place, classes=values if few else None)


def _known(table: Table, task: Task) -> Table:
    """Keep rows whose target is there, and among the classes."""
    cells = table.cells[task.place]
    kept = ~np.isnan(cells) if task.classes is None else np.isin(cells, task.classes)
    return table.take(np.flatnonzero(kept))


def _target(table: Table, task: Task) -> np.ndarray:
    cells = table.cells[task.place]
    return cells if task.classes is None else np.searchsorted(task.classes, cells)


def _confused(table: Table, task: Task, seed: int) -> Table:
    """Shuffle the target."""
    cells = list(table.cells)
    cells[task.place] = generator(seed, "tstr floor").permutation(cells[task.place])
    return Table(columns=table.columns, cells=tuple(cells), rows=table.rows)


def _learned(train: Table, test: Table, task: Task, seed: int) -> np.ndarray:
    """Train on one table and predict another: the chance of each class, or the number."""
    others = few_columns([i for i in range(len(train.columns)) if i != task.place], seed)
    rows, kinds = for_trees(train.only(others))
    unseen, answers = for_trees(test.only(others))[0], _target(train, task)
    classes = 0 if task.classes is None else len(task.classes)
    present = np.unique(answers)
    if len(present) < 2:
        return np.zeros((len(test), classes)) if classes else np.full(len(test), answers.mean() if len(answers) else 0)
    rounds = affordable(max(ROUNDS // max(classes // 4, 1), LEAST_ROUNDS), len(kinds))
    trees = boosted(kinds, seed=fold(seed, "tstr"), rounds=rounds, numbers=not classes)
    with one_thread():
        trees.fit(rows, answers)
        if not classes:
            return np.asarray(trees.predict(unseen))
        chances = np.zeros((len(test), classes))
        chances[:, present] = trees.predict_proba(unseen)
    return chances


def _tested(truth: np.ndarray, classes: int) -> np.ndarray:
    counts = np.bincount(truth, minlength=classes)
    return np.flatnonzero((counts >= LEAST_OF_CLASS) & (counts < len(truth)))


def _score_classes(truth: np.ndarray, chances: np.ndarray, n: int, seed: int) -> Score:
    tested = _tested(truth, chances.shape[1])
    tested = tested[-1:] if chances.shape[1] == 2 else tested
    areas, errors = [], []
    for kind in tested:
        own = truth == kind
        area = auc(chances[own, kind], chances[~own, kind])
        areas.append(area)
        errors.append(auc_error(max(area, 1 - area), int(own.sum()), int((~own).sum())))
    value = float(np.mean(areas))
    # The classes' errors go together, more or less: their mean is the most that the error of the mean can be.
    reach = Z * float(np.mean(errors))
    low, high = max(value - reach, 0.0), min(value + reach, 1.0)
    return Score(name="tstr_auc", value=value, low=low, high=high, n=n, better="higher")


def _score_numbers(truth: np.ndarray, told: np.ndarray, n: int, seed: int) -> Score:
    errors, spread = (truth - told) ** 2, (truth - truth.mean()) ** 2
    random = generator(seed, "tstr interval")
    draws = np.empty(DRAWS)
    for i in range(DRAWS):
        chosen = random.integers(0, len(truth), len(truth))
        draws[i] = _explained(errors[chosen], spread[chosen])
    value = _explained(errors, spread)
    low, high = percentiles(value, draws[np.isfinite(draws)]) if math.isfinite(value) else (math.nan, math.nan)
    return Score(name="tstr_r2", value=value, low=low, high=high, n=n, better="higher")


def _explained(errors: np.ndarray, spread: np.ndarray) -> float:
    total = float(spread.sum())
    return 1 - float(errors.sum()) / total if total > 0 else math.nan
