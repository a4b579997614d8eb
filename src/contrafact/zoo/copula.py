"""A Gaussian copula: the columns' own laws, joined by one correlation for each pair of columns.

Every cell is seen as an interval of a standard normal number z. In a column its tokens stand in a row, numbers by
their size, levels by their own order or else by what the rest of their rows says: by the rows' mean score on the first
principal component of all columns. Token t with shares F(t-) below and F(t) up to it holds z from ndtri(F(t-)) to
ndtri(F(t)), and a number inside a bin is one point of that interval. The rows' z are jointly normal with correlations
R. Where cells are intervals, R is found in rounds: each z is drawn inside its own interval from its normal law given
the row's others under R, and then R is taken from the z (Hoff's sampler, with the columns' own laws held as they are).
R is drawn towards independence by a small share, so that it can be inverted.

Conditions: a number inside a bin fixes z, and the other columns then have their exact normal law. One column with
room to choose (a level, an interval, a set) is drawn from its exact law too; several of them in rounds of each given
the others, which comes near their joint law and keeps every condition. What joins three columns beyond their pairs,
or makes a relation rise and fall, a copula does not see.

References:
    Hoff, Extending the rank likelihood for semiparametric copula estimation, Annals of Applied Statistics 1, 2007.
    Patki, Wedge and Veeramachaneni, The synthetic data vault, DSAA 2016.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import Any, Self

import numpy as np
from scipy.special import ndtr, ndtri

from contrafact.base.errors import DataError
from contrafact.base.recipe import Count, Recipe, Sentences, Share
from contrafact.base.seeds import BLOCK_ROWS, checked_count, chosen, generator, in_blocks
from contrafact.codecs.ladder import EDGE, MOST_COLUMNS, Ladder, ladders_of, orders_of
from contrafact.codecs.marginal import held, picked
from contrafact.codecs.schema import Role
from contrafact.codecs.table import TableCodec
from contrafact.engine.model import Model
from contrafact.engine.record import record

SWEEPS = 20  # rounds in which columns with room to choose settle


@dataclass(frozen=True, kw_only=True)
class Copula(Recipe):
    """Find the correlations that join the columns."""

    rounds: Count = 20  # how often cells are drawn inside their intervals; the second half is averaged
    rows: Count = 20_000  # rows that the correlations are taken from, at most
    ridge: Share = 0.01  # by which share correlations are drawn towards none
    columns: dict[str, Role] | None = None  # what columns are, where the guess is wrong: zip=category,age=number
    constraints: Sentences | None = None  # what all rows keep: "start <= end", "combinations(a, b)"; parted by ;

    def fit(
        self,
        data: Any,
        *,
        seed: int = 0,
        budget: str | None = None,
        run_dir: str | PathLike[str] | None = None,
        device: str | None = None,
    ) -> CopulaModel:
        """Draw cells and take correlations in turn; budget and device play no part."""
        codec = TableCodec.fit(data, constraints=self.constraints, columns=self.columns)
        orders = orders_of(codec, data)
        ladders = ladders_of(codec, orders)
        if len(ladders) > MOST_COLUMNS:
            raise DataError(
                f"These data have {len(ladders):,} columns to be joined.",
                why=f"A copula keeps a number for each pair of columns, of which it takes {MOST_COLUMNS:,}.",
                fix="Drop columns, or use the method independent or loom.",
                code="E251",
            )
        encoded = codec.encode(data)
        some = np.sort(generator(seed, "rows").permutation(len(encoded["tokens"]))[: self.rows])
        part = {name: array[some] for name, array in encoded.items()}
        arrays = {"correlations": self._correlations(ladders, codec, part, seed)}
        model = CopulaModel(self, codec, {**arrays, **orders})
        record(self, data, model, seed=seed, run_dir=run_dir)
        return model

    def _correlations(
        self, ladders: list[Ladder], codec: TableCodec, encoded: dict[str, np.ndarray], seed: int
    ) -> np.ndarray:
        if not ladders:
            return np.zeros((0, 0))
        tokens = codec.whole(encoded["tokens"])
        ends = [ladder.span(tokens[ladder.column], codec.within(encoded, ladder.column)) for ladder in ladders]
        low, high = (np.stack([pair[side] for pair in ends], axis=1) for side in (0, 1))
        z = ndtri((low + high) / 2)
        loose = np.flatnonzero((high > low).any(0))
        total, joined = np.zeros((len(ladders), len(ladders))), self._joined(z)
        for number in range(self.rounds):
            precision, stream = np.linalg.inv(joined), generator(seed, "round", number)
            for j in map(int, loose):
                mean, sd = _given_others(z, precision, j)
                z[:, j] = _inside(mean, sd, low[:, j], high[:, j], stream.random(len(z)))
            joined = self._joined(z)
            total += joined if number >= self.rounds // 2 else 0
        return np.asarray(total / (self.rounds - self.rounds // 2))

    def _joined(self, z: np.ndarray) -> np.ndarray:
        """Take the correlations of rows, drawn a little towards none."""
        away = z - z.mean(0)
        sd = np.sqrt((away**2).sum(0))
        away = away / np.where(sd > 0, sd, 1)
        found = (1 - self.ridge) * (away.T @ away)
        np.fill_diagonal(found, 1.0)
        return np.asarray(found if self.ridge else found + 1e-9 * np.eye(len(found)))

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> CopulaModel:
        """Make the model again from what it saved."""
        return CopulaModel(self, TableCodec.from_json(codec), arrays)

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests in a blink."""
        return cls(rounds=3, rows=200)


def _given_others(z: np.ndarray, precision: np.ndarray, j: int) -> tuple[np.ndarray, float]:
    """Give mean and standard deviation of a row's j-th number given its others."""
    weights = precision[j].copy()
    weights[j] = 0.0
    return -(z @ weights) / precision[j, j], float(precision[j, j] ** -0.5)


def _inside(mean: np.ndarray, sd: float, low: np.ndarray, high: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Draw normal numbers inside intervals that are given as shares of the standard normal law."""
    ends = [ndtri(np.clip(end, EDGE, 1 - EDGE)) for end in (low, high)]
    first, last = (ndtr((end - mean) / sd) for end in ends)
    drawn = mean + sd * ndtri(np.clip(first + uniform * (last - first), EDGE, 1 - EDGE))
    return np.asarray(np.clip(drawn, *ends))  # far out, where shares have no digits left


class CopulaModel(Model):
    """Columns' own laws and the correlations between them."""

    codec: TableCodec

    def __init__(self, recipe: Recipe, codec: TableCodec, arrays: dict[str, np.ndarray]) -> None:
        super().__init__(recipe, codec)
        self._arrays, self.correlations = arrays, arrays["correlations"]

    @cached_property
    def ladders(self) -> list[Ladder]:
        """The columns' steps."""
        return ladders_of(self.codec, self._arrays)

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Give the correlations, and the order of levels."""
        return self._arrays

    def sample(self, n: int, given: dict[str, Any] | None = None, seed: int | None = None) -> Any:
        """Draw rows.

        Arguments:
            n: How many.
            given: What some columns are: a value, an interval (30, 40) or "30..40", a set ["a", "b"] or "a|b".
            seed: Makes the draw repeatable.
        """
        start, limits = chosen(seed), self.codec.limits(given)
        wishes = {
            i: Wish(ladder, limits[ladder.column]) for i, ladder in enumerate(self.ladders) if ladder.column in limits
        }
        z = np.concatenate(in_blocks(checked_count(n), lambda block: self._block(wishes, start, block)))
        cells: list[Any] = [None] * len(self.codec.kinds)
        for i, ladder in enumerate(self.ladders):
            tokens, within = wishes[i].cells_at(z[:, i]) if i in wishes else ladder.cells_at(z[:, i])
            cells[ladder.column] = self.codec.kind(ladder.column).decode(tokens, within)
        return self.codec.frame_of(held(self.codec.with_followers(cells), limits), n, limits=limits)

    def _block(self, wishes: dict[int, Wish], seed: int, block: int) -> np.ndarray:
        """Draw the normal numbers of a block: what is given first, the others from their exact law given that."""
        stream = generator(seed, "sample", block)
        z, noise = np.zeros((BLOCK_ROWS, len(self.ladders))), stream.standard_normal((BLOCK_ROWS, len(self.ladders)))
        given = np.array(sorted(wishes, key=lambda i: len(wishes[i].low) > 1 or wishes[i].low[0] < wishes[i].high[0]))
        given = given.astype(np.int64)
        z[:, given] = self._given(wishes, given, stream)
        free = np.setdiff1d(np.arange(len(self.ladders)), given)
        across = self.correlations[np.ix_(given, free)]
        gain = np.linalg.solve(self.correlations[np.ix_(given, given)], across)
        rest = self.correlations[np.ix_(free, free)] - across.T @ gain
        z[:, free] = z[:, given] @ gain + noise[:, : len(free)] @ np.linalg.cholesky(rest).T
        return z

    def _given(self, wishes: dict[int, Wish], given: np.ndarray, stream: np.random.Generator) -> np.ndarray:
        """Draw the columns that are given, each inside what it may be; several with room to choose take rounds."""
        z = np.zeros((BLOCK_ROWS, len(given)))
        precision = np.linalg.inv(self.correlations[np.ix_(given, given)])
        points = [wishes[i].point for i in given]
        for j, point in enumerate(points):
            z[:, j] = point or 0.0
        loose = [j for j, point in enumerate(points) if point is None]
        for _ in range(SWEEPS if len(loose) > 1 else 1):
            for j in loose:
                mean, sd = _given_others(z, precision, j)
                z[:, j] = wishes[given[j]].drawn(mean, sd, stream.random((2, BLOCK_ROWS)))
        return z


class Wish:
    """What one column may be, as intervals of a standard normal number.

    Arguments:
        ladder: The column's steps.
        limit: What its tokens may be.
    """

    def __init__(self, ladder: Ladder, limit: Any) -> None:
        self.ladder, self.limit = ladder, limit
        self.tokens = np.flatnonzero(limit.weights > 0)
        place = ladder.place[self.tokens]
        low, width = ladder.edges[place], ladder.edges[place + 1] - ladder.edges[place]
        smooth = ladder.smooth[self.tokens]
        self.low = low + np.where(smooth, limit.start[self.tokens], 0) * width
        self.high = low + np.where(smooth, limit.stop[self.tokens], 1) * width

    @property
    def point(self) -> float | None:
        """The only number that it may be, if there is only one."""
        if len(self.tokens) > 1 or self.low[0] < self.high[0]:
            return None
        return float(ndtri(np.clip(self.low[0], EDGE, 1 - EDGE)))

    def drawn(self, mean: np.ndarray, sd: float, uniform: np.ndarray) -> np.ndarray:
        """Draw inside the intervals from a normal law: which of them, and where."""
        ends = [ndtri(np.clip(end, EDGE, 1 - EDGE)) for end in (self.low, self.high)]
        first, last = (ndtr((end - mean[:, None]) / sd) for end in ends)
        mass = np.maximum(last - first, 1e-300)
        which = picked(mass, uniform[0])
        return _inside(mean, sd, self.low[which], self.high[which], uniform[1])

    def cells_at(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give the token and its share, inside what is allowed whatever rounding did."""
        tokens, within = self.ladder.cells_at(z)
        u = ndtr(z)[:, None]
        away = np.maximum(np.maximum(self.low - u, u - self.high), 0)
        tokens = np.where(np.isin(tokens, self.tokens), tokens, self.tokens[away.argmin(1)])
        return tokens, np.clip(within, self.limit.start[tokens], self.limit.stop[tokens])
