"""Fill the holes of a matrix by linear regressions in turn: each column from all others, round after round.

Holes start at their column's mean. Then each column x_j is regressed, over the rows where it is known, on the other
columns as they stand, by ridge regression: w = (Z'Z + r n I)^-1 Z'x_j with standardised columns, n rows and a small r.
The prediction takes the place of the holes, the next column's turn comes, and a few rounds settle the matter. Only the
sums of products Z'Z (the Gram matrix) enter a regression. One is kept for all rows; what the rows with holes add to it
is taken off for the regression and put back with the new values after, so that a round costs little more than the rows
with holes.

What is kept is one round of weights; new rows go through the same rounds. Random draws go through the rounds once
more, with the residuals' noise added to each prediction: a Gibbs sampler.

Reference: van Buuren and Groothuis-Oudshoorn, *mice: multivariate imputation by chained equations in R*, Journal of
Statistical Software 45(3), 2011.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

from contrafact.base.seeds import generator

ROUNDS, RIDGE = 10, 1e-3
MOST_PREDICTORS = 256
STRENGTHS = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
HIDDEN, TRIED_ROWS = 0.1, 20_000
Noise = Callable[[tuple[int, ...]], np.ndarray]


@dataclass(frozen=True, kw_only=True, eq=False)
class Columns:
    """What is known of each column of a matrix by itself; a subclass says how columns go together.

    Arguments:
        mean: Each column's mean over the rows where it is known (d).
        scale: Its standard deviation; 1 where it never varied.
        low: Its least known value.
        high: Its largest.
    """

    mean: np.ndarray
    scale: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def arrays(self) -> dict[str, np.ndarray]:
        """Give everything by name, to be saved."""
        return dict(vars(self))

    @classmethod
    def of(cls, arrays: dict[str, np.ndarray]) -> Self:
        """Read what `arrays` gave."""
        return cls(**arrays)


@dataclass(frozen=True, kw_only=True, eq=False)
class Coefficients(Columns):
    """The regressions of a matrix's columns on each other.

    Arguments (beside those of `Columns`):
        blocks: Where each block of columns starts (b); the columns of a block are known together, and none helps to
            predict another.
        weights: In standardised units, the weights of all columns and of a constant (d + 1) for each column (d).
        spread: In standardised units, the standard deviation of what the regressions leave (d).
    """

    blocks: np.ndarray
    weights: np.ndarray
    spread: np.ndarray

    def filled(self, values: np.ndarray, noise: Noise | None = None) -> np.ndarray:
        """Fill the holes of rows, by the usual number of rounds; see `apply`."""
        return apply(self, values, noise=noise)

    def slices(self) -> list[slice]:
        """Give each block's columns."""
        return [slice(int(a), int(b)) for a, b in pairwise([*self.blocks, len(self.mean)])]

    def standardised(self, values: np.ndarray) -> np.ndarray:
        """Standardise, put the means into the holes, and add a column of ones."""
        rows = np.ones((len(values), len(self.mean) + 1))
        rows[:, :-1] = (values - self.mean) / self.scale
        rows[np.isnan(rows)] = 0.0
        return rows

    def clipped(self, rows: np.ndarray, block: slice) -> np.ndarray:
        """Keep a block's standardised values between the least and the largest that were known."""
        low, high = ((end[block] - self.mean[block]) / self.scale[block] for end in (self.low, self.high))
        return np.asarray(np.clip(rows, low, high))


def fit(
    values: np.ndarray, *, blocks: np.ndarray | None = None, rounds: int = ROUNDS, ridge: float = RIDGE
) -> Coefficients:
    """Fit the regressions.

    Arguments:
        values: Rows with NaN for holes (n, d).
        blocks: Where each block of columns starts; none: every column is one.
        rounds: How often each column has its turn.
        ridge: How strongly weights are held near zero.
    """
    start = _start(values, blocks)
    rows, weights = start.standardised(values), start.weights.copy()
    holes = [np.flatnonzero(np.isnan(values[:, block.start])) for block in start.slices()]
    gram = rows.T @ rows
    chosen = _predictors(gram, start)
    spread = start.spread.copy()
    for number in range(rounds):
        for block, hollow, inputs in zip(start.slices(), holes, chosen, strict=True):
            last = number == rounds - 1
            if not last and not len(hollow):
                continue
            seen = _seen(gram, rows, hollow)
            weights[:, block] = 0.0
            weights[inputs, block], spread[block] = _ridge(seen, inputs, block, len(rows) - len(hollow), ridge)
            _refill(rows, gram, hollow, block, start.clipped(rows[hollow] @ weights[:, block], block))
    return Coefficients(**{**start.arrays(), "weights": weights, "spread": spread})


def chosen_ridge(values: np.ndarray, blocks: np.ndarray, *, rounds: int = ROUNDS, seed: int = 0) -> float:
    """Choose how strongly weights are held near zero: what is best on known cells, hidden for the purpose."""
    truth, hidden = hidden_cells(values, blocks, TRIED_ROWS, seed)
    holed = np.where(hidden, np.nan, truth)
    errors = []
    for ridge in STRENGTHS:
        fitted = fit(holed, blocks=blocks, rounds=rounds, ridge=ridge)
        away = (apply(fitted, holed, rounds=rounds) - truth) / fitted.scale
        errors.append(float(np.square(away[hidden]).mean()) if hidden.any() else 0.0)
    return STRENGTHS[int(np.argmin(errors))]


def hidden_cells(values: np.ndarray, blocks: np.ndarray, rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Take some rows, and say which of their known cells are to be hidden, blocks of columns together."""
    stream = generator(seed, "hide")
    truth = values[np.sort(stream.permutation(len(values))[:rows])]
    block_of = np.repeat(np.arange(len(blocks)), np.diff([*blocks, values.shape[1]]))
    return truth, (stream.random((len(truth), len(blocks))) < HIDDEN)[:, block_of] & ~np.isnan(truth)


def apply(fitted: Coefficients, values: np.ndarray, *, rounds: int = ROUNDS, noise: Noise | None = None) -> np.ndarray:
    """Fill the holes of rows.

    Arguments:
        fitted: The regressions.
        values: Rows with NaN for holes.
        rounds: How often each column has its turn.
        noise: Gives standard normal numbers of a shape: the rounds go on for as many more, with random draws.

    Returns:
        A copy without holes; what was known keeps its bits.
    """
    found = np.array(values, dtype=np.float64)
    hollow = np.flatnonzero(np.isnan(found).any(1))
    rows = fitted.standardised(found[hollow])
    holes = np.isnan(found[hollow])
    turns = [(block, np.flatnonzero(holes[:, block.start])) for block in fitted.slices()]
    for number in range(2 * rounds if noise else rounds):
        for block, where in turns:
            if len(where):
                guess = rows[where] @ fitted.weights[:, block]
                if noise and number >= rounds:
                    guess = guess + fitted.spread[block] * noise(guess.shape)
                rows[where, block] = fitted.clipped(guess, block)
    found[hollow] = np.where(holes, rows[:, :-1] * fitted.scale + fitted.mean, found[hollow])
    return found


def standard(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Give mean, scale, least and largest of what is known of each column; one never known counts as a constant."""
    known = ~np.isnan(values)
    count = np.maximum(known.sum(0), 1)
    mean = np.where(known, values, 0.0).sum(0) / count
    away = np.where(known, values - mean, 0.0)
    scale = np.sqrt((away**2).sum(0) / count)
    return mean, np.where(scale > 0, scale, 1.0), mean + away.min(0, initial=0.0), mean + away.max(0, initial=0.0)


def _start(values: np.ndarray, blocks: np.ndarray | None) -> Coefficients:
    """Standardise, and know nothing of how columns go together."""
    size = values.shape[1]
    mean, scale, low, high = standard(values)
    return Coefficients(
        mean=mean,
        scale=scale,
        low=low,
        high=high,
        blocks=np.arange(size) if blocks is None else np.asarray(blocks),
        weights=np.zeros((size + 1, size)),
        spread=np.ones(size),
    )


def _predictors(gram: np.ndarray, start: Coefficients) -> list[np.ndarray]:
    """Choose what each block is predicted from: all others and the constant; of many, those that go with it most."""
    size = len(gram) - 1
    chosen = []
    for block in start.slices():
        closeness = np.abs(gram[:-1, block]).max(1)
        closeness[block] = -1.0
        best = np.argsort(-closeness, kind="stable")[: min(size - (block.stop - block.start), MOST_PREDICTORS)]
        chosen.append(np.append(np.sort(best), size))
    return chosen


def _seen(gram: np.ndarray, rows: np.ndarray, hollow: np.ndarray) -> np.ndarray:
    """Give the Gram matrix of the rows without holes in a column, from the fewer rows."""
    if 2 * len(hollow) <= len(rows):
        part = rows[hollow]
        return np.asarray(gram - part.T @ part)
    part = np.delete(rows, hollow, axis=0)
    return np.asarray(part.T @ part)


def _ridge(
    seen: np.ndarray, inputs: np.ndarray, block: slice, count: int, ridge: float
) -> tuple[np.ndarray, np.ndarray]:
    """Regress a block on its inputs, of which the last is the constant."""
    left, right = seen[np.ix_(inputs, inputs)], seen[inputs, block]
    penalty = np.full(len(inputs), ridge * max(count, 1))
    penalty[-1] = 1e-9
    weights = np.linalg.solve(left + np.diag(penalty), right)
    rest = np.diag(seen)[block] - (weights * (2 * right - left @ weights)).sum(0)
    return weights, np.sqrt(np.maximum(rest, 0.0) / max(count, 1))


def _refill(rows: np.ndarray, gram: np.ndarray, hollow: np.ndarray, block: slice, made: np.ndarray) -> None:
    """Put predictions into a block's holes, and keep the Gram matrix true."""
    if not len(hollow):
        return
    rows[hollow, block] = made
    cross = rows.T @ rows[:, block]
    gram[:, block], gram[block] = cross, cross.T
