"""Fill the holes of a matrix by one normal law of all columns, learned from rows with holes.

Let A be a row's known columns and B its holes. Under the law N(m, S)

    E[x_B | x_A] = m_B + S_BA S_AA^-1 (x_A - m_A),      Cov[x_B | x_A] = S_BB - S_BA S_AA^-1 S_AB,

so that all holes of a row are filled together, whichever they are, and no rounds are gone through. The law is learned
by expectation and maximisation: holes are filled with their means, and what they might have been besides, the second
formula, is counted into S. Regressions on filled tables leave that out, and believe in their fills too much. S is drawn
towards its diagonal by a share r, which leaves each column's variance as it is.

A random draw of the holes needs no second factor: draw a whole row y of the law, and add to the mean what y's holes
have more than y's known columns say of them. For tables of some hundred columns see `nets/round_robin.py`: a factor of
S_AA for each row costs the third power of their number.

Reference: Little and Rubin, *Statistical analysis with missing data*, chapter 11; the draws: Doucet, *A note on
efficient conditional simulation of Gaussian distributions*, 2010.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from contrafact.base.seeds import generator
from contrafact.nets.round_robin import Columns, Noise, hidden_cells, standard

MOST_COLUMNS, MOST_ROWS = 64, 8000  # columns that a law is learned of, and rows that it is learned from
ROUNDS, STILL = 60, 2e-3  # at most so many rounds; fewer when no entry of the law moves by more
TRIED_ROWS, SHARES = 2000, (1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1)
WEIGHED = 512  # rows whose holes' covariances are counted, for all
MOST_CELLS = 2**21  # numbers in a block of factors


@dataclass(frozen=True, kw_only=True, eq=False)
class Normal(Columns):
    """A normal law of a matrix's columns.

    Arguments (beside those of `Columns`):
        middle: In standardised units, the law's mean (d).
        covariance: In standardised units, the law's covariance (d x d).
        spread: In standardised units, the usual standard deviation of a hole, given the rest of its row (d).
    """

    middle: np.ndarray
    covariance: np.ndarray
    spread: np.ndarray

    def filled(self, values: np.ndarray, noise: Noise | None = None) -> np.ndarray:
        """Fill the holes of rows.

        Arguments:
            values: Rows with NaN for holes.
            noise: Gives standard normal numbers of a shape, for random draws; none: means.

        Returns:
            A copy without holes; what was known keeps its bits.
        """
        found = np.array(values, dtype=np.float64)
        hollow = np.flatnonzero(np.isnan(found).any(1))
        rows = (found[hollow] - self.mean) / self.scale - self.middle
        known, law = ~np.isnan(rows), torch.from_numpy(self.covariance)
        away = np.where(known, rows, 0.0)
        extra = np.zeros_like(away)
        if noise is not None:
            extra = noise(away.shape) @ np.linalg.cholesky(self.covariance).T
            away = away - np.where(known, extra, 0.0)  # one solution serves the mean and what y's columns say
        parts = (part @ self.covariance for part in _weights(law, known, away))
        made = np.concatenate([np.zeros((0, len(law))), *parts])
        made = np.clip((made + extra + self.middle) * self.scale + self.mean, self.low, self.high)
        found[hollow] = np.where(known, found[hollow], made)
        return found


def fit(
    values: np.ndarray, *, share: float = SHARES[0], start: Normal | None = None, still: float = STILL, seed: int = 0
) -> Normal:
    """Learn the law.

    Arguments:
        values: Rows with NaN for holes (n, d).
        share: How far the covariance is drawn towards its diagonal.
        start: A law to go on from.
        still: It is learned when no entry of it moves by more in a round.
        seed: Chooses the rows, where there are many.
    """
    stream = generator(seed, "normal rows")
    law = start or _independent(values)
    some = np.sort(stream.permutation(len(values))[:MOST_ROWS])
    rows = (values[some] - law.mean) / law.scale
    known = ~np.isnan(rows)
    hollow = np.flatnonzero(~known.all(1))
    asked = np.sort(stream.permutation(hollow)[:WEIGHED])
    for _ in range(ROUNDS):
        before = law
        law = _round(law, rows, known, asked, len(hollow), share)
        if max(np.abs(law.covariance - before.covariance).max(), np.abs(law.middle - before.middle).max()) < still:
            break
    return law


def _round(law: Normal, rows: np.ndarray, known: np.ndarray, asked: np.ndarray, hollow: int, share: float) -> Normal:
    """Fill all holes, and learn the law from the filled rows and from what the holes of those asked leave open."""
    own = torch.from_numpy(law.covariance)
    away = np.where(known, rows - law.middle, 0.0)
    parts = _weights(own, known, away)
    made = np.concatenate([np.zeros((0, len(own))), *(part @ law.covariance for part in parts)])
    whole = np.where(known, away, made)
    shift = whole.mean(0)
    products = (whole - shift).T @ (whole - shift)
    opened, counts = np.zeros_like(products), np.zeros(len(own))
    for part in _blocks(asked, len(own)):
        rest = _left(own, known[part]).numpy()
        opened += rest.sum(0)
        counts += (~known[part]).sum(0)
    spread = np.where(counts > 0, np.sqrt(np.maximum(np.diag(opened), 0) / np.maximum(counts, 1)), _alone(own))
    products += opened * (hollow / max(len(asked), 1))
    found = products / max(len(rows), 1)
    variances = np.maximum(np.diag(found), 1e-9)
    found = (1 - share) * found
    np.fill_diagonal(found, variances)
    return replace(law, middle=law.middle + shift, covariance=found, spread=spread)


def chosen_share(values: np.ndarray, blocks: np.ndarray, *, seed: int = 0) -> float:
    """Choose how far the covariance is drawn to its diagonal: what is best on known cells, hidden for the purpose."""
    truth, hidden = hidden_cells(values, blocks, TRIED_ROWS, seed)
    holed = np.where(hidden, np.nan, truth)
    errors: list[float] = []
    law = None
    for share in reversed(SHARES):
        law = fit(holed, share=share, start=law, seed=seed)
        away = (law.filled(holed) - truth) / law.scale
        errors.append(float(np.square(away[hidden]).mean()) if hidden.any() else 0.0)
    return SHARES[::-1][int(np.argmin(errors))]


def _independent(values: np.ndarray) -> Normal:
    """Give the law of columns that have nothing to do with each other."""
    mean, scale, low, high = standard(values)
    size = len(mean)
    return Normal(
        mean=mean,
        scale=scale,
        low=low,
        high=high,
        middle=np.zeros(size),
        covariance=np.eye(size),
        spread=np.ones(size),
    )


def _factors(law: Tensor, known: np.ndarray) -> Tensor:
    """Give the Cholesky factor of each row's known columns; holes stand in it as columns of the unit matrix."""
    seen = torch.from_numpy(known)
    own = law * seen[:, :, None] * seen[:, None, :]
    own.diagonal(dim1=1, dim2=2).masked_fill_(~seen, 1.0)
    return torch.linalg.cholesky(own)


def _weights(law: Tensor, known: np.ndarray, away: np.ndarray) -> Iterator[np.ndarray]:
    """Give S_AA^-1 (x_A - m_A) of rows block by block, 0 at the holes."""
    for part in _blocks(np.arange(len(known)), len(law)):
        right = torch.from_numpy(away[part])[:, :, None]
        yield torch.cholesky_solve(right, _factors(law, known[part]))[:, :, 0].numpy()


def _left(law: Tensor, known: np.ndarray) -> Tensor:
    """Give the covariance of each row's holes, given the rest; 0 elsewhere."""
    seen, factors = torch.from_numpy(known), _factors(law, known)
    half = torch.linalg.solve_triangular(factors, law * seen[:, :, None], upper=False)
    rest = law - half.transpose(1, 2) @ half
    return rest * ~seen[:, :, None] * ~seen[:, None, :]


def _alone(law: Tensor) -> np.ndarray:
    """Give the standard deviation of each column, given all others."""
    return np.asarray(torch.linalg.inv(law).diagonal().clamp_min(1e-12).rsqrt().numpy())


def _blocks(rows: np.ndarray, size: int) -> Iterator[np.ndarray]:
    step = max(MOST_CELLS // size**2, 1)
    for first in range(0, len(rows), step):
        yield rows[first : first + step]
