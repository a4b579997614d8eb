"""Ways to train a classifier on a table whose classes are uneven, and what each tells about unseen real rows.

Two classifiers are trained in each way: boosted trees, and a logistic regression, which a handful of rows of a class
helps or harms more. The ways are: as things are; with weights that let all classes count alike; with real rows
repeated; with rows between near real ones (SMOTE); with generated rows. Each also gets the threshold that was best on
rows that it had not learned from (out-of-fold), so that no way wins for its threshold alone. Rows to be made are fewer
in a fold, by its share. The generator has seen all rows of the training part, those of the held-out fold too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from contrafact.base.seeds import fold, generator
from contrafact.metrics.classifiers import boosted, for_trees, one_thread
from contrafact.metrics.columns import Table
from contrafact.metrics.rare import Told, asked, threshold
from contrafact.tasks.interpolated import interpolated

MODELS = {"trees": "boosted trees", "line": "a logistic regression"}
ARMS = {
    "nothing": "nothing",
    "weights": "class weights",
    "repeats": "repeated rows",
    "smote": "SMOTE",
    "synthetic": "generated rows",
}
MOST_LEVELS = 50  # of a column in the logistic regression; the rarer ones are one


@dataclass(frozen=True, kw_only=True, eq=False)
class Lesson:
    """What a classifier is trained on.

    Arguments:
        rows: The rows.
        classes: The class of each.
        weights: What each counts; None: all alike.
    """

    rows: Table
    classes: np.ndarray
    weights: np.ndarray | None = None

    def beside(self, rows: Table, classes: np.ndarray) -> Lesson:
        """Add rows."""
        cells = tuple(np.concatenate(pair) for pair in zip(self.rows.cells, rows.cells, strict=True))
        both = Table(columns=self.rows.columns, cells=cells, rows=len(self.rows) + len(rows))
        return Lesson(rows=both, classes=np.concatenate([self.classes, classes]))

    def shown(self, classes: int) -> np.ndarray:
        """Give the share of each class."""
        counts = np.bincount(self.classes, self.weights, minlength=classes)
        return np.asarray(counts / counts.sum())


@dataclass(frozen=True, kw_only=True, eq=False)
class Course:
    """The training part of a table, and what may be put beside it.

    Arguments:
        rows: Real rows.
        classes: The class of each.
        names: How many classes there are.
        wanted: The class of each row that is to be made.
        made: Generated rows, and the class of each.
        seed: Seeds all choices.
    """

    rows: Table
    classes: np.ndarray
    names: int
    wanted: np.ndarray
    made: tuple[Table, np.ndarray] | None
    seed: int

    def lesson(self, arm: str, places: np.ndarray) -> Lesson:
        """Give what one way shows of some of the real rows."""
        plain = Lesson(rows=self.rows.take(places), classes=self.classes[places])
        random = generator(self.seed, arm)
        share = len(places) / len(self.rows)
        wanted = random.permutation(self.wanted)[: round(share * len(self.wanted))]
        if arm == "weights":
            counts = np.maximum(np.bincount(plain.classes, minlength=self.names), 1)
            weights = (len(places) / self.names / counts)[plain.classes]
            return Lesson(rows=plain.rows, classes=plain.classes, weights=weights)
        if arm == "repeats":
            chosen = repeated(plain.classes, wanted, random)
            return plain.beside(plain.rows.take(chosen), wanted)
        if arm == "smote":
            return plain.beside(interpolated(plain.rows, plain.classes, wanted, random), wanted)
        if arm == "synthetic" and self.made is not None:
            rows, classes = self.made
            some = random.permutation(len(rows))[: round(share * len(rows))]
            return plain.beside(rows.take(some), classes[some])
        return plain

    def told(self, arm: str, model: str, test: Table, truth: np.ndarray, *, part: int, folds: int, rounds: int) -> Told:
        """Train in one way and say what the classifier tells about a test part.

        Arguments:
            arm: The way.
            model: The classifier.
            test: Real rows that nothing has learned from.
            truth: The class of each.
            part: The number of the test part.
            folds: Parts in which thresholds are looked for.
            rounds: How many trees.
        """
        teach = _trees if model == "trees" else _line
        cut = even_folds(self.classes, folds, generator(self.seed, "thresholds"))
        out = np.zeros((len(self.classes), self.names))
        with one_thread():
            for held in range(folds):
                lesson, own = self.lesson(arm, np.flatnonzero(cut != held)), np.flatnonzero(cut == held)
                seed = fold(self.seed, arm, held)
                out[own] = _chances(teach, lesson, self.rows.take(own), self.names, seed, rounds)
            lesson = self.lesson(arm, np.arange(len(self.classes)))
            chances = _chances(teach, lesson, test, self.names, fold(self.seed, arm), rounds)
        thresholds = np.full(self.names, 0.5)
        for kind in asked(np.bincount(self.classes, minlength=self.names)):
            thresholds[kind] = threshold(self.classes == kind, out[:, kind])
        return Told(part=part, truth=truth, chances=chances, shown=lesson.shown(self.names), thresholds=thresholds)


def repeated(classes: np.ndarray, wanted: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Choose the place of a real row for each class in a list."""
    chosen = np.empty(len(wanted), dtype=np.int64)
    for kind in np.unique(wanted):
        own = wanted == kind
        chosen[own] = random.choice(np.flatnonzero(classes == kind), int(own.sum()))
    return chosen


def even_folds(classes: np.ndarray, folds: int, random: np.random.Generator) -> np.ndarray:
    """Give each row the number of a fold, so that each class is spread over all of them."""
    found = np.empty(len(classes), dtype=np.int64)
    for kind in np.unique(classes):
        own = np.flatnonzero(classes == kind)
        found[random.permutation(own)] = (np.arange(len(own)) + random.integers(folds)) % folds
    return found


Teach = Callable[[Lesson, Table, int, int], tuple[np.ndarray, np.ndarray]]


def _chances(teach: Teach, lesson: Lesson, test: Table, names: int, seed: int, rounds: int) -> np.ndarray:
    """Train on a lesson and give the chances of all classes for other rows."""
    found, chances = np.zeros((len(test), names)), np.unique(lesson.classes)
    if len(chances) == 1:
        found[:, chances[0]] = 1.0
        return found
    classes, told = teach(lesson, test, seed, rounds)
    found[:, classes] = told
    return found


def _trees(lesson: Lesson, test: Table, seed: int, rounds: int) -> tuple[np.ndarray, np.ndarray]:
    rows, kinds = for_trees(lesson.rows)
    trees = boosted(kinds, seed=seed, rounds=rounds)
    trees.fit(rows, lesson.classes, sample_weight=lesson.weights)
    return trees.classes_, trees.predict_proba(for_trees(test)[0])


def _line(lesson: Lesson, test: Table, seed: int, rounds: int) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.linear_model import LogisticRegression

    scales = _scales(lesson.rows)
    line: Any = LogisticRegression(max_iter=500, tol=1e-3)
    line.fit(_as_numbers(lesson.rows, scales), lesson.classes, sample_weight=lesson.weights)
    return line.classes_, line.predict_proba(_as_numbers(test, scales))


def _scales(table: Table) -> list[tuple[float, float]]:
    """Give each number's mean and standard deviation."""
    found = []
    for column, cells in zip(table.columns, table.cells, strict=True):
        known = cells[~np.isnan(cells)] if column.scale else np.zeros(0)
        sd = float(known.std()) if len(known) else 0.0
        found.append((float(known.mean()) if len(known) else 0.0, sd or 1.0))
    return found


def _as_numbers(table: Table, scales: list[tuple[float, float]]) -> np.ndarray:
    """Write a table for a straight line: standardised numbers with a mark for holes, and a column for each level."""
    blocks = []
    for (mean, sd), column, cells in zip(scales, table.columns, table.cells, strict=True):
        if column.scale:
            blocks.append(np.stack([np.nan_to_num((cells - mean) / sd).clip(-20, 20), np.isnan(cells)], axis=1))
        else:
            size = min(len(column.levels), MOST_LEVELS) + 2
            blocks.append(np.eye(size)[np.minimum(cells + 1, size - 1)])
    return np.hstack(blocks) if blocks else np.zeros((len(table), 1))
