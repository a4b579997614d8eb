"""BLEU: how many of a line's n-grams occur in other lines; self-BLEU: in the other lines of the same set.

For a candidate c and references R, with clipped counts over n-grams g:
p_n = sum_g min(c(g), max_r r(g)) / sum_g c(g),  BLEU-N = exp(min(0, 1 - r / |c|)) (p_1 ... p_N)^(1/N),
where r is the length of a reference that is closest to |c|, the shorter of two. A count of 0 is replaced by 0.1, a
line without any known token scores 0; both are what NLTK calls method 1. The score of a set is the mean over its lines.

High BLEU means that local pieces are believable, high self-BLEU that lines repeat each other: both depend on how many
lines there are, so a figure is worth something only beside the one of as many real lines.

All n-grams are numbered, from the numbers of (n - 1)-grams, so that counting and clipping are sorts of whole numbers;
the largest count in the references is looked up once for all candidates. Self-BLEU leaves each line out of its own
references exactly: where the line itself holds the largest count of a gram, the second largest is taken.

References:
    Papineni, Roukos, Ward and Zhu, *BLEU: a method for automatic evaluation of machine translation*, ACL 2002.
    Zhu et al., *Texygen: a benchmarking platform for text generation models*, SIGIR 2018 (self-BLEU).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from contrafact.base.errors import DataError
from contrafact.base.records import Better, Score
from contrafact.metrics.grams import Grams
from contrafact.metrics.spread import Z

ORDERS = (2, 3, 4, 5)
NOTHING_FOUND = 0.1
Tokens = Sequence[Sequence[Hashable]]


def bleu(candidates: Tokens, references: Tokens, orders: Sequence[int] = ORDERS) -> dict[int, Score]:
    """Score lines by the n-grams that they share with references.

    Arguments:
        candidates: Lists of tokens.
        references: Lists of tokens; each candidate is compared with all of them.
        orders: The longest n-grams of each score; shorter ones count as much.

    Returns:
        A score for each order, the mean over the candidates.
    """
    grams = Grams.of([*_lists(candidates, "candidates"), *_lists(references, "references")])
    values = _values(grams, len(candidates), max(orders), alone=False)
    return {order: _score("bleu", order, values[:, order - 1], "higher") for order in orders}


def self_bleu(candidates: Tokens, orders: Sequence[int] = ORDERS) -> dict[int, Score]:
    """Score lines by the n-grams that they share with the other lines of the same set: high values mean little variety.

    Arguments:
        candidates: Lists of tokens, two at least.
        orders: The longest n-grams of each score.
    """
    grams = Grams.of(_lists(candidates, "candidates", least=2))
    values = _values(grams, len(candidates), max(orders), alone=True)
    return {order: _score("self_bleu", order, values[:, order - 1], "lower") for order in orders}


def _lists(lines: Any, name: str, least: int = 1) -> list[Any]:
    given = list(lines)
    text = [line for line in given if isinstance(line, str)]
    if len(given) < least or text:
        raise DataError(
            f"The {name} are whole strings, such as {text[0]!r:.40}." if text else f"There are {len(given)} {name}.",
            why="BLEU compares lists of tokens." if text else f"It takes {least} or more.",
            fix="Cut them first: [line.split() for line in lines]" if text else "Give more lines.",
            code="E631",
        )
    return given


def _score(name: str, order: int, values: np.ndarray, better: Better) -> Score:
    mean = float(values.mean())
    error = Z * float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else 1.0
    low, high = max(mean - error, 0.0), min(mean + error, 1.0)
    return Score(name=f"{name}{order}", value=mean, low=low, high=max(high, mean), n=len(values), better=better)


def _values(grams: Grams, candidates: int, longest: int, *, alone: bool) -> np.ndarray:
    """Give BLEU-1 to BLEU-longest of each candidate; alone: against the other candidates."""
    size = grams.lengths[:candidates]
    references = grams.lengths if alone else grams.lengths[candidates:]
    logs, found_any = np.zeros((candidates, longest)), np.zeros(candidates, dtype=bool)
    for order, (line, gram, count, kinds) in enumerate(grams.counted(longest), 1):
        ours = line < candidates
        best = _others(line, gram, count, kinds) if alone else _largest(line, gram, count, kinds, candidates)
        shared = np.bincount(line[ours], weights=np.minimum(count[ours], best[: ours.sum()]), minlength=candidates)
        possible = np.maximum(size - order + 1, 1)
        logs[:, order - 1] = np.log(np.where(shared > 0, shared, NOTHING_FOUND) / possible)
        found_any = shared > 0 if order == 1 else found_any
    means = np.cumsum(logs, axis=1) / np.arange(1, longest + 1)
    short = _brevity(size, references, alone)
    return np.asarray(np.where(found_any[:, None], np.exp(means + short[:, None]), 0.0))


def _largest(line: np.ndarray, gram: np.ndarray, count: np.ndarray, kinds: int, candidates: int) -> np.ndarray:
    """Give, for each gram of a candidate, its largest count in any reference."""
    ours = line < candidates
    table = np.zeros(kinds, dtype=np.int64)
    np.maximum.at(table, gram[~ours], count[~ours])
    return np.asarray(table[gram[ours]])


def _others(line: np.ndarray, gram: np.ndarray, count: np.ndarray, kinds: int) -> np.ndarray:
    """Give, for each gram of a line, its largest count in any other line."""
    order = np.lexsort((-count, gram))
    starts = np.searchsorted(gram[order], np.arange(kinds))
    ends = np.append(starts[1:], len(order))
    if not len(order):
        return count
    second = np.where(ends - starts > 1, count[order[np.minimum(starts + 1, len(order) - 1)]], 0)
    top = order[np.minimum(starts, len(order) - 1)]
    return np.asarray(np.where(top[gram] == np.arange(len(line)), second[gram], count[top][gram]))


def _brevity(size: np.ndarray, references: np.ndarray, alone: bool) -> np.ndarray:
    """Give the logarithm of the penalty of lines that are shorter than the closest reference."""
    lengths, times = np.unique(references, return_counts=True)
    penalties = np.zeros(len(size))
    for length in np.unique(size):
        there = lengths[(lengths != length) | (times > 1)] if alone else lengths
        closest = there[np.lexsort((there, np.abs(there - length)))[0]]
        if length < closest:
            penalties[size == length] = 1 - closest / length if length else -np.inf
    return penalties
