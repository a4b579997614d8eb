"""Cells <-> a matrix of numbers, for methods that compute with columns: regressions, trees, distances.

A column of numbers is a column of the matrix. A column of levels becomes a column of zeros and ones for each of its
commonest levels, or one column of their places (`codes`); levels beyond the commonest share what is left. Words that
stand between numbers are levels beside "a number". Holes are NaN. Columns that follow from others have no part: they
are derived again once the holes of the others are filled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from contrafact.codecs.cells import HOLE, NO_WORD, Cells
from contrafact.codecs.known import Known
from contrafact.codecs.marginal import picked, shares
from contrafact.codecs.table import TableCodec
from contrafact.codecs.tokens import Tokens

MOST_LEVELS, CHUNK = 64, 2**22


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """Columns of the matrix that belong to one column of the table.

    Arguments:
        column: The place of the table's column.
        where: The places of the matrix's columns.
        levels: The words with a place of their own, NO_WORD for any number; none where the part is the number itself.
    """

    column: int
    where: slice
    levels: np.ndarray | None = None


class Design:
    """How the columns of a table stand in a matrix.

    Arguments:
        codec: Knows the columns.
        most_levels: How many levels of a column have a place of their own.
        codes: Whether levels stand in one column, as their places, rather than in one each.
    """

    def __init__(self, codec: TableCodec, *, most_levels: int = MOST_LEVELS, codes: bool = False) -> None:
        self.codec, self.codes = codec, codes
        self.parts: list[Part] = []
        for column, kind in enumerate(codec.kinds):
            if kind is None or codec.ties[column] is not None:
                continue
            if kind.numbers:
                self._add(column, None)
            if kind.words:
                self._add(column, _commonest(kind, most_levels))

    def _add(self, column: int, levels: np.ndarray | None) -> None:
        wide = 1 if levels is None or self.codes else len(levels)
        self.parts.append(Part(column=column, where=slice(self.width, self.width + wide), levels=levels))

    @property
    def width(self) -> int:
        """How many columns the matrix has."""
        return self.parts[-1].where.stop if self.parts else 0

    @property
    def blocks(self) -> np.ndarray:
        """Where in the matrix each part begins."""
        return np.array([part.where.start for part in self.parts], dtype=np.int64)

    def matrix(self, cells: list[Cells | None], rows: int) -> np.ndarray:
        """Put cells into a matrix, NaN for holes."""
        found = np.full((rows, self.width), np.nan)
        for part in self.parts:
            own = cells[part.column]
            assert own is not None
            if part.levels is None:
                found[:, part.where.start] = own.numbers
            else:
                codes = _places(part.levels, own.words)
                found[:, part.where] = codes[:, None] if self.codes else codes[:, None] == np.arange(len(part.levels))
                found[own.holes, part.where] = np.nan
        return found

    def into(self, made: dict[int, np.ndarray], known: Known, stream: np.random.Generator | None) -> list[Cells | None]:
        """Fill holes of cells with what a method made of them.

        Arguments:
            made: For each part, by its number: the numbers of the rows with holes in it, or their levels' shares.
            known: What is known of the table.
            stream: Chooses levels by their shares and puts numbers on their grid; None takes the likeliest level.
        """
        cells = [part if part is None else part.copied() for part in known.cells]
        for number, part in enumerate(self.parts):
            own = cells[part.column]
            assert own is not None
            rows = np.flatnonzero(self.hollow(known, number))
            if part.levels is None:
                own.numbers[rows] = self._numbers(made[number], known, part.column, rows, on_grid=stream is not None)
                own.words[rows] = NO_WORD
            else:
                own.words[rows] = self._words(made[number], known, part, rows, stream)
                own.numbers[rows[own.words[rows] != NO_WORD]] = np.nan
        return cells

    def hollow(self, known: Known, number: int) -> np.ndarray:
        """Tell which rows have a hole in a part's column."""
        own = known.cells[self.parts[number].column]
        assert own is not None
        return own.holes

    def _numbers(self, made: np.ndarray, known: Known, column: int, rows: np.ndarray, *, on_grid: bool) -> np.ndarray:
        """Hold numbers to what columns that follow from them say; a draw lies on the column's grid."""
        kind = self.codec.kind(column)
        made = kind.on_grid(made) if on_grid else made
        if column not in known.rules:
            return made
        found = made.copy()
        for some in _chunks(len(rows), kind.size):
            weights = known.weights(column, rows[some])[:, : kind.numbers]
            bound = (weights == 0).any(1) & (weights > 0).any(1)
            away = np.where(weights > 0, np.abs(made[some][:, None] - kind.means), np.inf)
            found[some] = np.where(bound, kind.means[away.argmin(1)], made[some])
        return found

    def _words(
        self, made: np.ndarray, known: Known, part: Part, rows: np.ndarray, stream: np.random.Generator | None
    ) -> np.ndarray:
        """Choose a word for each row, or NO_WORD for a number."""
        kind, found = self.codec.kind(part.column), np.empty(len(rows), dtype=np.int64)
        assert part.levels is not None
        for some in _chunks(len(rows), kind.size):
            weights = _spread(np.clip(made[some], 0, None), part.levels, kind)
            allowed = known.weights(part.column, rows[some])
            allowed = np.column_stack([allowed[:, : kind.numbers].any(1), allowed[:, kind.numbers :][:, : kind.words]])
            common = _alone(kind)
            weights = np.where((weights * allowed).any(1)[:, None], weights, common) * allowed
            best = weights.argmax(1) if stream is None else picked(weights, stream.random(len(weights)))
            found[some] = best - 1
        return found


def _alone(kind: Tokens) -> np.ndarray:
    """Give the shares of "a number" and of each word among the cells that are there."""
    own = shares(kind, holes=False)
    return np.concatenate([[own[: kind.numbers].sum()], own[kind.numbers : kind.numbers + kind.words]])


def _commonest(kind: Tokens, most: int) -> np.ndarray:
    """Choose the words that have a place of their own, in their order, after "a number" where there are numbers."""
    counts = kind.counts[kind.numbers : kind.numbers + kind.words]
    kept = np.sort(np.argsort(-counts, kind="stable")[:most])
    return np.concatenate([[NO_WORD], kept]) if kind.numbers else kept


def _places(levels: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Give each word's place among levels; their number where it is none of them."""
    table = np.full(max(int(words.max(initial=0)), int(levels.max(initial=0))) + 3, len(levels))
    table[levels - HOLE] = np.arange(len(levels))
    return np.asarray(table[words - HOLE])


def _spread(made: np.ndarray, levels: np.ndarray, kind: Tokens) -> np.ndarray:
    """Give shares of "a number" and of all words; words without a place share what is left as they do by count."""
    found = np.zeros((len(made), kind.words + 1))
    found[:, levels + 1] = made[:, : len(levels)]
    common = _alone(kind)
    common[levels + 1] = 0
    if not kind.numbers:
        common[0] = 0
    if common.any():
        found += np.clip(1 - made[:, : len(levels)].sum(1), 0, None)[:, None] * common / common.sum()
    return found


def _chunks(rows: int, size: int) -> Iterator[slice]:
    """Cut rows so that a number for each row and token fits into memory."""
    step = max(CHUNK // max(size, 1), 1)
    for start in range(0, rows, step):
        yield slice(start, start + step)
