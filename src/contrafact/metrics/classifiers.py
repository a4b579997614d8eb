"""Classifiers that try to tell fake rows of a table from real ones: boosted trees, and a straight line.

`c2st_trees` is the chance (AUC) that boosted trees rank a fake above a real row, both unseen: 1/2 when they cannot
tell, 1 when they always can. They see holes and levels as they are, and any relation among columns that shows in a few
thousand rows; above 200 columns there are fewer trees, above 1,000 the seed chooses as many columns. Far below 1/2 is
no praise: a fake that repeats a real row has its twin, labelled "real", among the rows that the trees learned from, so
that they are wrong about it more often than a coin: copies.

`c2st_logistic` is the same by logistic regression on numbers, their squares and levels. It sees how single columns
differ and is blind to relations between columns: columns shuffled independently pass it. It stands here to be compared
with the figures of others, who often use it alone. Where all columns together would take more than 6,000 numbers, the
seed chooses columns that fit into them.

Reference: Lopez-Paz and Oquab, *Revisiting classifier two-sample tests*, ICLR 2017.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from contrafact.base.records import Score
from contrafact.base.seeds import fold, generator
from contrafact.metrics.columns import Table, tables
from contrafact.metrics.mixed import fitting
from contrafact.metrics.spread import Z, auc, auc_error

MOST_ROWS = 16_000
MOST_CELLS, LEAST_ROWS = 4_000_000, 1000  # of one side
FOLDS, ANCHOR_FOLDS = 5, 2
MANY_COLUMNS, MOST_COLUMNS, FEWEST_ROUNDS = 200, 1000, 20
MOST_LEVELS = 200  # the trees' own limit is 255
LOGISTIC_ROWS, LOGISTIC_LEVELS, LOGISTIC_WIDE = 5000, 50, 6000  # the last: numbers in a row
COPIES_BELOW = 0.02  # of AUC, below a coin's and the interval

Opinion = Callable[[Table, Table, Table, int], np.ndarray]


def c2st_trees(real: Any, fake: Any, holdout: Any = None, seed: int = 0) -> Score:
    """Score how well boosted trees tell fakes from real rows: AUC, 1/2 is ideal, far below 1/2 means copies.

    The floor is what the real columns, each shuffled by itself, get; the ceiling what other real rows get.

    Arguments:
        real: The real frame.
        fake: The generated frame.
        holdout: Real rows that the generator never saw, for the ceiling.
        seed: Seeds the choice of rows, the folds and the trees.
    """
    return _scored("c2st_trees", _trees, MOST_ROWS, real, fake, holdout, seed)


def c2st_logistic(real: Any, fake: Any, holdout: Any = None, seed: int = 0) -> Score:
    """Score how well a logistic regression tells fakes from real rows: AUC; blind to relations between columns."""
    return _scored("c2st_logistic", _logistic, LOGISTIC_ROWS, real, fake, holdout, seed)


def fooled(score: Score) -> Score:
    """Turn an AUC into c2st, 2 (1 - max(AUC, 1/2)): 1 no better than chance, 0 always right."""

    low, high = _fooled(score.high), _fooled(score.low)
    anchors = [None if area is None else _fooled(area) for area in (score.floor, score.ceiling)]
    return Score(
        name="c2st",
        value=_fooled(score.value),
        low=low,
        high=high,
        n=score.n,
        better="higher",
        floor=anchors[0],
        ceiling=anchors[1],
    )


def _fooled(area: float) -> float:
    return 2 * (1 - min(max(area, 0.5), 1.0))


def means_copies(score: Score) -> bool:
    """Tell whether an AUC lies so far below 1/2 that fakes must repeat real rows."""
    return score.high < 0.5 - COPIES_BELOW


def _scored(name: str, opinion: Opinion, most: int, real: Any, fake: Any, holdout: Any, seed: int) -> Score:
    sides = tables(real, fake, *([] if holdout is None else [holdout]))
    real, fake = sides[:2]
    area, size = _area(opinion, real, fake, most, seed, FOLDS)
    # Folds share most of their training rows, which the error of one ranking does not know (Nadeau and Bengio, 2003).
    reach = Z * auc_error(max(area, 1 - area), size, size) * math.sqrt(1 + FOLDS / (FOLDS - 1))
    one, other = (real, sides[2]) if holdout is not None else real.halves(seed)
    least = min(most, len(fake))
    floor, _ = _area(opinion, real, real.shuffled(seed), least, seed, ANCHOR_FOLDS)
    ceiling, _ = _area(opinion, one, other, least, seed, ANCHOR_FOLDS)
    low, high = max(area - reach, 0.0), min(area + reach, 1.0)
    return Score(name=name, value=area, low=low, high=high, n=size, better="lower", floor=floor, ceiling=ceiling)


def _area(opinion: Opinion, real: Table, fake: Table, most: int, seed: int, used: int) -> tuple[float, int]:
    """Average the AUC over folds, each ranked by a classifier that was trained on the others; and rows of a side."""
    size = min(len(real), len(fake), most, max(MOST_CELLS // max(len(real.columns), 1), LEAST_ROWS))
    real, fake = real.at_most(size, seed, "told real"), fake.at_most(size, seed, "told fake")
    folds = min(FOLDS, size)
    if folds < 2:
        return 0.5, size
    real_fold, fake_fold = (generator(seed, "told", name).permutation(size) % folds for name in ("real", "fake"))
    areas = []
    for held in range(min(used, folds)):
        train = [t.take(np.flatnonzero(f != held)) for t, f in ((real, real_fold), (fake, fake_fold))]
        test = [t.take(np.flatnonzero(f == held)) for t, f in ((real, real_fold), (fake, fake_fold))]
        ranks = opinion(train[0], train[1], joined(*test), fold(seed, "told", held) % 2**32)
        areas.append(auc(ranks[len(test[0]) :], ranks[: len(test[0])]))
    return float(np.mean(areas)), size


def joined(one: Table, other: Table) -> Table:
    """Put the rows of one table under those of another."""
    cells = tuple(np.concatenate(pair) for pair in zip(one.cells, other.cells, strict=True))
    return Table(columns=one.columns, cells=cells, rows=len(one) + len(other))


def _trees(real: Table, fake: Table, test: Table, seed: int) -> np.ndarray:
    return fake_chance(real, fake, test, seed=seed)


def fake_chance(real: Table, fake: Table, test: Table, *, seed: int, rounds: int = 100) -> np.ndarray:
    """Train boosted trees to tell fakes from real rows, and give each test row's chance to be a fake.

    Arguments:
        real: Real rows to train on.
        fake: Fakes to train on.
        test: Rows to be judged.
        seed: Seeds the trees.
        rounds: How many trees.
    """
    labels = np.repeat([0, 1], [len(real), len(fake)])
    real, fake, test = (_narrow(table, seed) for table in (real, fake, test))
    rows, kinds = for_trees(joined(real, fake))
    trees = boosted(kinds, seed=seed, rounds=affordable(rounds, len(kinds)))
    with one_thread():
        trees.fit(rows, labels)
        chances: np.ndarray = trees.predict_proba(for_trees(test)[0])[:, 1]
    return chances


def _narrow(table: Table, seed: int) -> Table:
    return table.only(few_columns(range(len(table.columns)), seed))


def few_columns(places: Sequence[int], seed: int) -> list[int]:
    """Choose among columns where there are too many for trees."""
    if len(places) <= MOST_COLUMNS:
        return list(places)
    order = generator(seed, "told columns").permutation(len(places))
    return np.asarray(places)[np.sort(order[:MOST_COLUMNS])].tolist()


def affordable(rounds: int, columns: int) -> int:
    """Give fewer rounds for many columns, each of which costs as much again."""
    return max(min(rounds, rounds * MANY_COLUMNS // max(columns, 1)), FEWEST_ROUNDS)


def boosted(kinds: np.ndarray, *, seed: int, rounds: int, numbers: bool = False) -> Any:
    """Make boosted trees for rows that `for_trees` gave; `numbers` for targets on a scale."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    method = HistGradientBoostingRegressor if numbers else HistGradientBoostingClassifier
    return method(
        max_iter=rounds,
        categorical_features=kinds if kinds.any() else None,
        max_features=min(1.0, 64 / max(len(kinds), 1)),
        early_stopping=False,
        random_state=seed % 2**32,
    )


def one_thread() -> Any:
    """Keep trees to one thread: more cost more than they save on some thousand rows."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    return threadpool_limits(1)


def for_trees(table: Table) -> tuple[np.ndarray, np.ndarray]:
    """Write a table as trees read it: NaN for holes, numbers for levels, rare levels as one; and which are levels."""
    rows = np.empty((len(table), len(table.columns)))
    for place, (column, cells) in enumerate(zip(table.columns, table.cells, strict=True)):
        rows[:, place] = cells if column.scale else np.where(cells < 0, np.nan, np.minimum(cells, MOST_LEVELS))
    return rows, np.array([column.kind == "category" for column in table.columns], dtype=bool)


def _logistic(real: Table, fake: Table, test: Table, seed: int) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression

    widths = np.array([3 if c.scale else min(len(c.levels), LOGISTIC_LEVELS) + 2 for c in real.columns])
    kept = np.flatnonzero(fitting(widths, LOGISTIC_WIDE, seed)).tolist()
    train, test = joined(real, fake).only(kept), test.only(kept)
    middle, spread = _scale(train)
    line = LogisticRegression(max_iter=300, tol=1e-3)
    labels = np.repeat([0, 1], [len(real), len(fake)])
    with one_thread():
        line.fit(_plain(train, middle, spread), labels)
        opinions: np.ndarray = line.decision_function(_plain(test, middle, spread))
    return opinions


def _scale(table: Table) -> tuple[np.ndarray, np.ndarray]:
    """Give each number's middle and spread, 0 and 1 for other columns."""
    known = [
        cells[~np.isnan(cells)] if c.scale else np.zeros(1) for c, cells in zip(table.columns, table.cells, strict=True)
    ]
    middle = np.array([cells.mean() if len(cells) else 0.0 for cells in known])
    spread = np.array([cells.std() if len(cells) else 1.0 for cells in known])
    return middle, np.where(spread > 0, spread, 1.0)


def _plain(table: Table, middle: np.ndarray, spread: np.ndarray) -> np.ndarray:
    blocks = []
    for place, (column, cells) in enumerate(zip(table.columns, table.cells, strict=True)):
        if column.scale:
            z = np.nan_to_num((cells - middle[place]) / spread[place]).clip(-10, 10)
            blocks.append(np.stack([z, z**2 / 10, np.isnan(cells)], 1))
        else:
            size = min(len(column.levels), LOGISTIC_LEVELS) + 2
            blocks.append(np.eye(size)[np.minimum(cells + 1, size - 1)])
    return np.hstack(blocks)
