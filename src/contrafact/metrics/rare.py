"""How well are classes told, the rare ones above all: ranking, decisions at a moved threshold, and calibration.

Where few rows belong to a class, the share of right answers says nothing. Average precision (AUPRC) is the mean share
of rows of the class among those ranked at least as high, over its rows; the area under the ROC curve is the chance that
a row of the class ranks above another; F1 is taken at the threshold that was best on rows that the classifier had not
learned from, not at 1/2; Brier is the mean squared error of the chances. With two classes the rarer one is told from
the other, with more each from the rest, and the mean counts.

A classifier that was shown classes in other shares than there are gives chances for those shares: dividing by the
shares that it was shown and multiplying with the real ones takes that back (Elkan 2001; `corrected`).

Intervals come from rows drawn again within each class and from trainings drawn again, for all ways of training alike,
so that what one way gains over another is a paired comparison. Trainings that share most of their rows are no
independent looks: the mean of as many as there are moves less from draw to draw than it would with other training rows
(Nadeau and Bengio 2003), so that fewer can be drawn, down to the one that a user will make.

References:
    Davis and Goadrich, The relationship between precision-recall and ROC curves, ICML 2006.
    Elkan, The foundations of cost-sensitive learning, IJCAI 2001.
    Nadeau and Bengio, Inference for the generalization error, Machine Learning 52, 2003.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from contrafact.base.records import Better, Score
from contrafact.base.seeds import generator
from contrafact.metrics.spread import percentiles

DRAWS = 200
MEASURES: dict[str, Better] = {
    "auprc": "higher",
    "auc": "higher",
    "f1": "higher",
    "brier": "lower",
    "brier_corrected": "lower",
}
LEAST = 1e-12


@dataclass(frozen=True, kw_only=True, eq=False)
class Told:
    """What one classifier told about the rows of a test part.

    Arguments:
        part: The number of the test part.
        truth: The class of each row.
        chances: The chance of each class, rows x classes.
        shown: The share of each class among what the classifier was shown.
        thresholds: From which chance on each class is named.
    """

    part: int
    truth: np.ndarray
    chances: np.ndarray
    shown: np.ndarray
    thresholds: np.ndarray


def asked(shares: np.ndarray) -> list[int]:
    """Say which classes are told from the rest: of two the rarer one, of more each."""
    return [int(shares.argmin())] if len(shares) == 2 else list(range(len(shares)))


def corrected(chances: np.ndarray, shown: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Take back that classes were shown in other shares than there are.

    Arguments:
        chances: Chances of the classes, rows x classes.
        shown: The share of each class among what the classifier was shown.
        shares: The share that there is.
    """
    odds = chances * (shares / np.maximum(shown, LEAST))
    return np.asarray(odds / np.maximum(odds.sum(1, keepdims=True), LEAST))


def threshold(truth: np.ndarray, chance: np.ndarray) -> float:
    """Find the chance from which on naming a class gives the highest F1.

    Arguments:
        truth: Whether each row is of the class.
        chance: Its chance, from a classifier that had not learned from the row.

    >>> threshold(np.array([0, 0, 1, 1]), np.array([0.1, 0.3, 0.2, 0.4]))
    0.2
    """
    order = np.argsort(-chance, kind="stable")
    hits = np.cumsum(truth[order])
    quality = 2 * hits / (np.arange(1, len(order) + 1) + max(hits[-1], 1))
    last = np.append(chance[order][1:] != chance[order][:-1], True)  # equal chances are named together
    return float(chance[order][np.flatnonzero(last)[quality[last].argmax()]])


def average_precision(truth: np.ndarray, chance: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Give the average precision, for each row of weights.

    Arguments:
        truth: Whether each row is of the class.
        chance: Its chance.
        weights: How often each row counts, one line for each result; None: once.
    """
    hits, misses = _ranked(truth, chance, _lines(weights, len(truth)))
    found, wrong = hits.cumsum(1), misses.cumsum(1)
    precision = found / np.maximum(found + wrong, LEAST)
    return np.asarray((hits * precision).sum(1) / np.maximum(found[:, -1], LEAST))


def area(truth: np.ndarray, chance: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Give the area under the ROC curve, for each row of weights."""
    hits, misses = _ranked(truth, chance, _lines(weights, len(truth)))
    above = hits.cumsum(1) - hits / 2
    pairs = hits.sum(1) * misses.sum(1)
    return np.asarray((misses * above).sum(1) / np.maximum(pairs, LEAST))


def f1(truth: np.ndarray, named: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Give F1 of decisions, for each row of weights."""
    lines = _lines(weights, len(truth))
    both = lines @ (truth & named)
    return np.asarray(2 * both / np.maximum(lines @ truth.astype(float) + lines @ named.astype(float), LEAST))


def _lines(weights: np.ndarray | None, rows: int) -> np.ndarray:
    return np.ones((1, rows)) if weights is None else np.asarray(weights, dtype=np.float64)


def _ranked(truth: np.ndarray, chance: np.ndarray, lines: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum the weights of rows of the class and of others with each chance, from the highest down."""
    levels, place = np.unique(-chance, return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(len(levels)))
    own, inside = lines[:, order], truth[order].astype(bool)
    return np.add.reduceat(own * inside, starts, axis=1), np.add.reduceat(own * ~inside, starts, axis=1)


def figures(told: Told, shares: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Give all measures of what a classifier told, for each row of weights.

    Arguments:
        told: What it told.
        shares: The share of each class that there is.
        weights: How often each row counts, one line for each result.
    """
    right = corrected(told.chances, told.shown, shares)
    found: dict[str, list[np.ndarray]] = {name: [] for name in MEASURES}
    sums = weights.sum(1)
    for kind in asked(shares):
        truth, chance = told.truth == kind, told.chances[:, kind]
        found["auprc"].append(average_precision(truth, chance, weights))
        found["auc"].append(area(truth, chance, weights))
        found["f1"].append(f1(truth, chance >= told.thresholds[kind], weights))
        found["brier"].append(weights @ (chance - truth) ** 2 / sums)
        found["brier_corrected"].append(weights @ (right[:, kind] - truth) ** 2 / sums)
    return {name: np.mean(lines, axis=0) for name, lines in found.items()}


def again(truth: np.ndarray, seed: int, part: int) -> np.ndarray:
    """Draw how often each row of a test part counts: once in the first line, then drawn again within each class."""
    random, lines = generator(seed, "rows again", part), np.ones((DRAWS + 1, len(truth)))
    for kind in np.unique(truth):
        own = np.flatnonzero(truth == kind)
        lines[1:, own] = random.multinomial(len(own), np.full(len(own), 1 / len(own)), size=DRAWS)
    return lines


Tables = dict[str, dict[str, np.ndarray]]


def measured(runs: dict[str, list[Told]], shares: np.ndarray, seed: int = 0) -> Tables:
    """Measure several trainings of each way to train: by way and measure a table of trainings x draws.

    Arguments:
        runs: What the classifiers of each way told, as many for each, in the same order of parts and seeds.
        shares: The share of each class that there is.
        seed: Seeds the draws.
    """
    weights: dict[int, np.ndarray] = {}
    tables: Tables = {}
    for arm, several in runs.items():
        lines: list[dict[str, np.ndarray]] = []
        for place, told in enumerate(several):
            if told.part not in weights:
                weights[told.part] = again(told.truth, seed, told.part)
            same = place and told is several[place - 1]
            lines.append(lines[-1] if same else figures(told, shares, weights[told.part]))
        tables[arm] = {name: np.stack([line[name] for line in lines]) for name in MEASURES}
    return tables


def _mean_again(table: np.ndarray, seed: int, trainings: int | None) -> tuple[float, float, float]:
    """Give the mean over trainings and its interval; the trainings are drawn again, too."""
    runs, draws = table.shape[0], table.shape[1] - 1
    chosen = generator(seed, "trainings again").integers(0, runs, (draws, trainings or runs))
    value = float(table[:, 0].mean())
    return value, *percentiles(value, table[chosen, np.arange(1, draws + 1)[:, None]].mean(1))


def scored(
    name: str,
    table: np.ndarray,
    better: Better,
    n: int,
    *,
    floor: float | None = None,
    seed: int = 0,
    trainings: int | None = None,
) -> Score:
    """Score a measure over several trainings.

    Arguments:
        name: The score's name.
        table: Trainings x draws, as `measured` gave it.
        better: Which direction is good.
        n: Test rows.
        floor: What guessing gets.
        seed: Seeds the interval.
        trainings: How many trainings each draw takes; None: as many as there are, as if they were independent.
    """
    value, low, high = _mean_again(table, seed, trainings)
    return Score(name=name, value=value, low=max(low, 0.0), high=min(high, 1.0), n=n, better=better, floor=floor)


def gained(
    name: str, table: np.ndarray, before: np.ndarray, n: int, seed: int = 0, trainings: int | None = None
) -> Score:
    """Score by how much a measure is higher than another way's, on the same rows and trainings, as `scored` does."""
    value, low, high = _mean_again(table - before, seed, trainings)
    return Score(name=name, value=value, low=low, high=high, n=n, better="higher", floor=0.0)


def floors(shares: np.ndarray) -> dict[str, float]:
    """Give what a classifier gets that knows nothing but the classes' shares."""
    own: Sequence[float] = [float(shares[kind]) for kind in asked(shares)]
    return {
        "auprc": float(np.mean(own)),
        "auc": 0.5,
        "f1": float(np.mean([2 * share / (1 + share) for share in own])),
        "brier": float(np.mean([share * (1 - share) for share in own])),
        "brier_corrected": float(np.mean([share * (1 - share) for share in own])),
    }
