"""Cells <-> tokens: a small whole number for each cell, and where in its token's interval the cell lies.

A number that many rows share (0, 40 hours, the top of a scale) is a token of its own; what is left is cut into bins of
equal mass, finer towards both ends. Inside a bin the place is kept as a share from 0 to 1 of the bin's mass, along
straight lines between the bin's quartiles, so that numbers come back smooth and with their law, and no mixture need be
fitted. Words follow the numbers, and a hole is the last token of a column that has any.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from scipy.special import ndtri

from contrafact.codecs.cells import HOLE, NO_WORD, Cells, on_grid

FEW_VALUES = 40  # a column of so few values has a token for each
POINT_SHARE, POINT_ROWS = 0.0005, 5  # rows that make a value a token of its own
BIN_SHARE, BIN_ROWS = 0.0005, 5  # rows that a bin holds at least
MOST_BINS = 64
PIECES = 4  # straight lines of a bin's law
OWN_ROWS, POINT_OWN_ROWS = 100, 20  # rows that a bin has, and a point, for weights of their own
COSINES = 4
FEATURES = 4 + COSINES
FARTHEST = 4.0  # standard deviations at which features of values end
MOST_FITTED = 1_000_000  # numbers whose order is found


@dataclass(frozen=True, kw_only=True, eq=False)
class Tokens:
    """The tokens of one column, in this order: points, bins, words, the hole.

    Arguments:
        points: Numbers with a token of their own, rising.
        knots: For each bin, its least number, its quartiles and its largest number.
        words: How many words there are.
        holes: Whether there is a token for a hole.
        means: The mean of each point and bin.
        counts: How many rows each token has.
        step: Numbers lie on a grid this wide; 0 where they do not.
    """

    points: np.ndarray
    knots: np.ndarray
    words: int
    holes: bool
    means: np.ndarray
    counts: np.ndarray
    step: float = 0.0

    @classmethod
    def fit(cls, cells: Cells, *, words: int, step: float = 0.0, bins: int = MOST_BINS, holes: bool = True) -> Self:
        """Cut a column's numbers into points and bins.

        Arguments:
            cells: The column's cells.
            words: How many words it has.
            step: The width of the grid that its numbers lie on.
            bins: How many bins there are at most.
            holes: Whether holes, where there are any, are a token.
        """
        numbers = cells.numbers[~np.isnan(cells.numbers)]
        numbers = np.sort(numbers[:: -(-len(numbers) // MOST_FITTED)] if len(numbers) else numbers)
        values, counts = np.unique(numbers, return_counts=True)
        many = counts >= max(POINT_SHARE * len(numbers), POINT_ROWS)
        alone = np.ones_like(many) if len(values) <= min(FEW_VALUES, bins) else many
        rest = numbers[~np.repeat(alone, counts)]
        knots = _knots(rest, bins, max(BIN_ROWS, BIN_SHARE * len(numbers)))
        means = np.concatenate([values[alone], _bin_means(rest, knots)])
        empty = holes and bool(cells.holes.any())
        size = len(means) + words + empty
        made = cls(
            points=values[alone], knots=knots, words=words, holes=empty, means=means, counts=np.zeros(size), step=step
        )
        tokens = made.encode(cells)[0]
        return replace(made, counts=np.bincount(tokens[tokens >= 0], minlength=size).astype(np.float64))

    @property
    def numbers(self) -> int:
        """How many tokens stand for numbers."""
        return len(self.points) + len(self.knots)

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the largest number; not for a kind without numbers."""
        values = np.concatenate([self.points, self.knots[:, 0], self.knots[:, -1]])
        return float(values.min()), float(values.max())

    @property
    def size(self) -> int:
        """How many tokens there are."""
        return self.numbers + self.words + self.holes

    @property
    def hole(self) -> int:
        """The token of a hole, or -1."""
        return self.size - 1 if self.holes else -1

    def features(self) -> np.ndarray:
        """Give smooth features of each number token, from its value and its rank; zeros for words and the hole.

        Normal score and value, both standardised, a quarter of their squares, and slow cosines of the rank.
        """
        found = np.zeros((self.size, FEATURES))
        if self.numbers > 1:
            order = np.argsort(self.means, kind="stable")
            mass = self.counts[: self.numbers][order] + 0.1
            ranks = np.empty(self.numbers)
            ranks[order] = (np.cumsum(mass) - mass / 2) / mass.sum()
            weights = self.counts[: self.numbers] / max(self.counts[: self.numbers].sum(), 1)
            score, value = (_standard(part, weights) for part in (ndtri(ranks), self.means))
            slow = [np.cos(np.pi * k * ranks) for k in range(1, COSINES + 1)]
            found[: self.numbers] = np.stack([score, score**2 / 4, value, value**2 / 4, *slow], axis=1)
        return found

    @property
    def shared(self) -> np.ndarray:
        """Which tokens have enough rows for weights of their own; words and the hole, which have nothing else, do."""
        enough = self.counts >= OWN_ROWS
        enough[: len(self.points)] = self.counts[: len(self.points)] >= POINT_OWN_ROWS
        enough[self.numbers :] = True
        return enough

    def encode(self, cells: Cells) -> tuple[np.ndarray, np.ndarray]:
        """Give each cell's token and its share of the token's interval; an unknown cell's token is the hole, or -1."""
        tokens = np.where(cells.words >= 0, self.numbers + cells.words, self.hole)
        within = np.full(len(cells), 0.5, dtype=np.float32)
        given = cells.words == NO_WORD
        if given.any():
            tokens[given], within[given] = self._encode_numbers(cells.numbers[given])
        return tokens, within

    def _encode_numbers(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        within = np.full(len(numbers), 0.5, dtype=np.float32)
        tokens = _nearest(self.points, numbers)
        bins = np.ones(len(numbers), dtype=bool)
        if len(self.points):
            bins = self.points[tokens] != numbers
        if len(self.knots) and bins.any():
            which = np.clip(np.searchsorted(self.knots[:, 0], numbers[bins], side="right") - 1, 0, None)
            tokens[bins] = len(self.points) + which
            within[bins] = shares_at(self.knots[which], numbers[bins])
        return tokens, within

    def decode(self, tokens: np.ndarray, within: np.ndarray) -> Cells:
        """Turn tokens and shares of their intervals back into cells."""
        words = np.where(tokens < self.numbers, NO_WORD, tokens - self.numbers)
        words = np.where((tokens == self.hole) | (tokens < 0), HOLE, words)
        numbers = np.full(len(tokens), np.nan)
        points, bins = (tokens >= 0) & (tokens < len(self.points)), words == NO_WORD
        bins &= ~points
        numbers[points] = self.points[tokens[points]]
        if bins.any():
            numbers[bins] = self.on_grid(_along(self.knots[tokens[bins] - len(self.points)], within[bins]))
        return Cells(numbers=numbers, words=words)

    def expected(self, chances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give the mean number, or the likeliest word where words are likelier than numbers.

        Arguments:
            chances: A row's chances of all tokens.
        """
        number = chances[:, : self.numbers]
        mass = number.sum(1)
        means = np.divide(number @ self.means, mass, out=np.full(len(mass), np.nan), where=mass > 0)
        word = mass < 0.5
        words = np.where(word, chances[:, self.numbers :].argmax(1), NO_WORD) if word.any() else np.full(len(mass), -1)
        return np.where(word, np.nan, means), words

    def variance(self, chances: np.ndarray) -> np.ndarray:
        """Give the variance of the number under a row's chances of all tokens, that inside the bins included."""
        number = chances[:, : self.numbers]
        mass = np.maximum(number.sum(1), np.finfo(np.float64).tiny)
        low, high = self.knots[:, :-1], self.knots[:, 1:]
        within = ((low**2 + low * high + high**2) / 3).mean(1) if len(self.knots) else np.empty(0)
        squares = np.concatenate([self.points**2, within])
        centres = np.concatenate([self.points, ((low + high) / 2).mean(1) if len(self.knots) else np.empty(0)])
        return np.asarray(np.maximum(number @ squares / mass - (number @ centres / mass) ** 2, 0.0))

    def on_grid(self, numbers: np.ndarray) -> np.ndarray:
        """Move numbers to the nearest place of the column's grid."""
        return on_grid(numbers, self.step)

    def shares_between(self, low: float, high: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Say how much of each token lies in an interval, and between which shares.

        Returns:
            For each token the share of its mass, and the least and the largest share inside; 0 for words and holes.
        """
        ends = [np.full(len(self.knots), end) for end in (low - self.step / 2, high + self.step / 2)]
        start, stop = (shares_at(self.knots, end) for end in ends)
        first, last = self.knots[:, 0], self.knots[:, -1]
        inside = np.where(first == last, (first >= low) & (last <= high), stop - start)
        points = (self.points >= low) & (self.points <= high)
        other = self.size - self.numbers
        mass = np.concatenate([points, inside, np.zeros(other)])
        ones, zeros = np.ones(len(self.points)), np.zeros(len(self.points))
        start = np.concatenate([zeros, start, np.zeros(other)])
        return mass, start, np.concatenate([ones, stop, np.ones(other)])

    def log_density(self, tokens: np.ndarray, within: np.ndarray) -> np.ndarray:
        """Give the logarithm of the density inside bins; on a grid, of the mass of a grid's place."""
        found, bins = np.zeros(len(tokens)), (tokens >= len(self.points)) & (tokens < self.numbers)
        knots = self.knots[tokens[bins] - len(self.points)]
        piece = np.minimum((within[bins] * PIECES).astype(np.int64), PIECES - 1)
        rows = np.arange(len(knots))
        width = np.maximum(knots[rows, piece + 1] - knots[rows, piece], self.step or np.finfo(np.float64).tiny)
        found[bins] = -np.log(PIECES * width / (self.step or 1.0))
        return found

    def to_json(self) -> dict[str, Any]:
        """Give the tokens as JSON-ready values."""
        return {
            "points": self.points.tolist(),
            "knots": self.knots.tolist(),
            "words": self.words,
            "holes": self.holes,
            "means": self.means.tolist(),
            "counts": self.counts.tolist(),
            "step": self.step,
        }

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        arrays = {name: np.array(row[name], dtype=np.float64) for name in ("points", "means", "counts")}
        knots = np.array(row["knots"], dtype=np.float64).reshape(-1, PIECES + 1)
        return cls(**arrays, knots=knots, words=row["words"], holes=row["holes"], step=row["step"])


def _standard(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Centre and scale, and hold what lies far out."""
    away = values - (weights * values).sum()
    sd = np.sqrt((weights * away**2).sum())
    return np.asarray(np.clip(away / sd if sd > 0 else away * 0, -FARTHEST, FARTHEST))


def _knots(rest: np.ndarray, bins: int, least: float) -> np.ndarray:
    """Cut sorted numbers into bins of equal mass, and each bin at its quartiles; equal numbers share a bin.

    The outermost bins are halved towards the ends, again and again while enough rows are left: there numbers lie thin,
    and one stretch of even density would reach as far as the largest of them.

    Arguments:
        rest: Sorted numbers.
        bins: How many bins there are at most, before halving.
        least: Rows that a bin holds at least.
    """
    if not len(rest):
        return np.empty((0, PIECES + 1))
    count = int(min(bins, max(len(rest) // least, 1)))
    width = len(rest) / count
    halves = width / 2.0 ** np.arange(1, 1 + max(int(np.log2(width / least)), 0))
    places = np.concatenate([np.linspace(0, len(rest), count, endpoint=False), halves, len(rest) - halves])
    cuts = np.unique(rest[np.sort(places).astype(np.int64)])
    starts = np.searchsorted(rest, cuts)
    stops = np.append(starts[1:], len(rest))
    shares = np.linspace(0, 1, PIECES + 1)
    places = starts[:, None] + shares * (stops - 1 - starts)[:, None]
    below = np.floor(places).astype(np.int64)
    above = np.minimum(below + 1, stops[:, None] - 1)
    knots = rest[below] + (rest[above] - rest[below]) * (places - below)
    # A bin reaches to the next one's start, so that no number lies between two.
    knots[:-1, -1] = cuts[1:]
    return np.maximum.accumulate(knots, axis=1)


def _bin_means(rest: np.ndarray, knots: np.ndarray) -> np.ndarray:
    if not len(knots):
        return np.empty(0)
    starts = np.searchsorted(rest, knots[:, 0])
    return np.asarray(np.add.reduceat(rest, starts) / np.diff(np.append(starts, len(rest))))


def _nearest(points: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Give the place of the nearest point."""
    if not len(points):
        return np.zeros(len(numbers), dtype=np.int64)
    right = np.searchsorted(points, numbers).clip(0, len(points) - 1)
    left = (right - 1).clip(0)
    closer = np.abs(points[left] - numbers) < np.abs(points[right] - numbers)
    return np.where(closer, left, right)


def _along(knots: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Follow each row of knots to a share of its way."""
    place = np.clip(np.asarray(shares, dtype=np.float64), 0, 1) * PIECES
    piece = np.minimum(place.astype(np.int64), PIECES - 1)
    rows = np.arange(len(knots))
    low, high = knots[rows, piece], knots[rows, piece + 1]
    return np.asarray(low + (high - low) * (place - piece))


def shares_at(knots: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Find at which share of its row of knots each number lies; the middle of a stretch without width."""
    inside = np.clip(numbers, knots[:, 0], knots[:, -1])
    low_piece = np.minimum((knots[:, 1:] < inside[:, None]).sum(1), PIECES - 1)
    high_piece = np.minimum((knots[:, 1:] <= inside[:, None]).sum(1), PIECES - 1)
    rows = np.arange(len(knots))

    def place(piece: np.ndarray) -> np.ndarray:
        low, high = knots[rows, piece], knots[rows, piece + 1]
        width = high - low
        part = np.divide(inside - low, width, out=np.full(len(low), 0.5), where=width > 0)
        return np.asarray((piece + np.clip(part, 0, 1)) / PIECES)

    return np.asarray((place(low_piece) + place(high_piece)) / 2)
