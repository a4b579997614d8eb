"""N-grams of many lines, numbered: counting them is sorting whole numbers."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np


@dataclass(frozen=True, eq=False)
class Grams:
    """Lines as one row of token numbers.

    Arguments:
        tokens: The numbers of all tokens, line after line.
        lengths: Tokens of each line.
        kinds: How many different tokens there are.
    """

    tokens: np.ndarray
    lengths: np.ndarray
    kinds: int

    @classmethod
    def of(cls, lines: Sequence[Sequence[Hashable]]) -> Grams:
        """Number the tokens."""
        known: dict[Hashable, int] = {}
        number = [known.setdefault(token, len(known)) for token in chain.from_iterable(lines)]
        lengths = np.array([len(line) for line in lines], dtype=np.int64)
        return cls(np.array(number, dtype=np.int64), lengths, max(len(known), 1))

    def counted(self, longest: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, int]]:
        """Give, for n = 1 to `longest`: the line, the gram and the count of each gram in each line; how many there are.

        A gram has a number, made from that of the gram before its last token and from the last token.
        """
        owner = np.repeat(np.arange(len(self.lengths)), self.lengths)
        left = np.repeat(np.cumsum(self.lengths), self.lengths) - np.arange(len(owner))  # tokens from here to the end
        gram, kinds = np.zeros(len(owner), dtype=np.int64), 1
        for order in range(1, longest + 1):
            rows = np.flatnonzero(left >= order)
            pairs = gram[rows] * self.kinds + self.tokens[rows + order - 1]
            numbers, gram[rows] = np.unique(pairs, return_inverse=True)
            kinds = max(len(numbers), 1)
            keys, counts = np.unique(owner[rows] * kinds + gram[rows], return_counts=True)
            yield (*np.divmod(keys, kinds), counts, kinds)
