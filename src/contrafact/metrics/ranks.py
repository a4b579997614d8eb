"""Do two sets of pictures rank instruments alike? Spearman's correlation of mean scores, redrawn over pictures.

Each instrument has a score on each picture; its mean (or Dice over all pixels) on one set of pictures is held against
that on another. With few instruments the correlation has few values, and pictures decide which: the interval comes from
drawing the pictures of both sets again with replacement. What two halves of one set agree is the ceiling.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from contrafact.base.records import Score
from contrafact.base.seeds import generator

DRAWS, HALVES = 400, 100
Means = Callable[[np.ndarray], np.ndarray]


def spearman(one: np.ndarray, other: np.ndarray) -> float:
    """Correlate the ranks of two rows of numbers, ties sharing their mean rank; 0 where one row is constant."""
    from scipy.stats import rankdata

    ranks = [rankdata(row) - (len(row) + 1) / 2 for row in (one, other)]
    length = float(np.sqrt((ranks[0] @ ranks[0]) * (ranks[1] @ ranks[1])))
    return float(ranks[0] @ ranks[1]) / length if length else 0.0


def agreement(name: str, one: Means, other: Means, pictures: tuple[int, int], seed: int) -> Score:
    """Score how far two sets of pictures rank instruments alike.

    Arguments:
        name: The score's name.
        one: Gives a score for each instrument from places of pictures of the one set.
        other: The same for the other set, with which halves are compared too.
        pictures: How many pictures both have.
        seed: Seeds the draws.
    """
    random = generator(seed, "ranks")
    sides = list(zip((one, other), pictures, strict=True))
    drawn = [spearman(*(means(random.integers(0, n, n)) for means, n in sides)) for _ in range(DRAWS)]
    value = spearman(one(np.arange(pictures[0])), other(np.arange(pictures[1])))
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Score(
        name=name,
        value=value,
        low=min(float(low), value),
        high=max(float(high), value),
        n=min(pictures),
        better="higher",
        floor=0.0,
        ceiling=_halves(other, pictures[1], random),
    )


def _halves(means: Means, pictures: int, random: np.random.Generator) -> float | None:
    """Give what two halves of a set agree on average."""
    if pictures < 2:
        return None
    orders = (random.permutation(pictures) for _ in range(HALVES))
    return float(np.mean([spearman(means(o[: pictures // 2]), means(o[pictures // 2 :])) for o in orders]))
