"""Whether generated lines are varied, new, and as long as real ones.

- distinct1..3: different n-grams over all n-grams. It falls as lines are added, so that the real lines beside it (the
  ceiling) are as many. The interval is the jackknife's, over lines: leaving one out takes away what only it holds.
- vocabulary: the share of real text whose tokens occur in as many generated lines.
- novelty: the share of generated runs of four tokens that no training line holds; real test lines, the ceiling, show
  how new text is that a person wrote. Noise is newer than that.
- copies: the share of generated lines that are training lines, word for word; test lines repeat some, too.
- lengths: how many tokens a line would have to be longer or shorter on average for the lengths to be those of real
  lines (the Wasserstein distance).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Sequence

import numpy as np

from contrafact.base.records import Score
from contrafact.base.seeds import generator
from contrafact.metrics.grams import Grams
from contrafact.metrics.spread import DRAWS, Z, bootstrap_ratio, percentiles, share

Lines = Sequence[Sequence[Hashable]]

RUN = 4


def distinct(lines: Lines, longest: int = 3) -> dict[int, Score]:
    """Give the share of different n-grams among all, for n = 1 to `longest`."""
    return {
        order: _jackknifed(f"distinct{order}", line, gram, count, len(lines))
        for order, (line, gram, count, _) in enumerate(Grams.of(lines).counted(longest), 1)
    }


def _jackknifed(name: str, line: np.ndarray, gram: np.ndarray, count: np.ndarray, n: int) -> Score:
    holders = np.bincount(gram)
    alone = np.bincount(line[holders[gram] == 1], minlength=n)  # grams that no other line holds
    sizes = np.bincount(line, weights=count, minlength=n)
    kinds, total = len(holders), float(sizes.sum())
    value = kinds / max(total, 1)
    without = (kinds - alone) / np.maximum(total - sizes, 1)
    error = Z * math.sqrt((n - 1) / n * float(((without - without.mean()) ** 2).sum()))
    low, high = max(value - error, 0.0), min(value + error, 1.0)
    return Score(name=name, value=value, low=low, high=max(high, value), n=n, better="higher")


def vocabulary(fake: Lines, real: Lines, seed: int = 0) -> Score:
    """Give the share of real tokens that occur somewhere in the fakes."""
    known = {token for line in fake for token in line}
    hits = np.array([sum(token in known for token in line) for line in real], dtype=np.float64)
    sizes = np.array([len(line) for line in real], dtype=np.int64)
    return _ratio("vocabulary", hits, sizes, len(fake), seed)


def novelty(fake: Lines, train: Lines, seed: int = 0, run: int = RUN) -> Score:
    """Give the share of the fakes' runs of `run` tokens that no training line holds."""
    known = {tuple(line[i : i + run]) for line in train for i in range(len(line) - run + 1)}
    new = [[tuple(line[i : i + run]) not in known for i in range(len(line) - run + 1)] for line in fake]
    hits, sizes = np.array([sum(n) for n in new], dtype=np.float64), np.array([len(n) for n in new], dtype=np.int64)
    return _ratio("novelty", hits, sizes, len(fake), seed)


def _ratio(name: str, hits: np.ndarray, sizes: np.ndarray, n: int, seed: int) -> Score:
    value = float(hits.sum() / max(sizes.sum(), 1))
    low, high = percentiles(value, bootstrap_ratio(hits, sizes, seed, name))
    return Score(name=name, value=value, low=max(low, 0.0), high=min(high, 1.0), n=n, better="higher")


def copies_of_lines(fake: Sequence[Hashable], train: Sequence[Hashable]) -> Score:
    """Give the share of fakes that are training lines, whole."""
    known = set(train)
    return share("copies", np.array([line in known for line in fake]), "lower")


def lengths(fake: Lines, real: Lines, seed: int = 0) -> Score:
    """Give the Wasserstein distance between the numbers of tokens of fakes and of real lines."""
    made, true = (np.array([len(line) for line in lines], dtype=np.int64) for lines in (fake, real))
    top = int(max(made.max(), true.max())) + 1
    curves = [np.bincount(side, minlength=top) / len(side) for side in (made, true)]
    value = float(_apart(*curves))
    draws = np.array([_apart(*pair) for pair in _again(curves, (len(made), len(true)), seed)])
    low, high = percentiles(value, draws)
    return Score(name="lengths", value=value, low=max(low, 0.0), high=high, n=len(made), better="lower")


def _apart(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(np.cumsum(one - other)).sum())


def _again(curves: list[np.ndarray], sizes: tuple[int, int], seed: int) -> Iterator[list[np.ndarray]]:
    random = generator(seed, "lengths")
    for _ in range(DRAWS // 4):
        yield [random.multinomial(n, curve) / n for curve, n in zip(curves, sizes, strict=True)]
