"""Gaps of a Gaussian process, filled given all that is known around them.

Where e_t = x_t - c - sum_l A_l x_{t-l} ~ N(0, S), the unknown cells u of a gap have a normal law whose mean minimises
sum_t e_t' S^-1 e_t over the steps that the gap touches: a sparse least-squares problem. Its solution with a draw of
noise in the place of every e_t's zero is an exact draw (Papandreou and Yuille, Gaussian sampling by local
perturbations, NeurIPS 2010).
"""

from __future__ import annotations

import numpy as np

from contrafact.base.lined import lined

MOST_SOLVED = 4000  # unknown numbers of a gap that are solved for at once


def completed(
    numbers: np.ndarray,
    constant: np.ndarray,
    lags: np.ndarray,
    root: np.ndarray,
    random: np.random.Generator | None = None,
) -> np.ndarray:
    """Fill the unknown numbers of a stretch by its process: their conditional mean, or a draw.

    Arguments:
        numbers: steps x channels, NaN where unknown.
        constant: The process's constant.
        lags: Its lags.
        root: The Cholesky root of its noise.
        random: Where it is given, a draw.
    """
    found, holes = numbers.copy(), np.isnan(numbers)
    rows = np.flatnonzero(holes.any(1))
    cuts = np.flatnonzero(np.diff(rows) > len(lags)) + 1
    for part in np.split(rows, cuts):
        room = max(MOST_SOLVED // numbers.shape[1], 1)
        for first in range(0, len(part), room):  # a very long gap is solved piece by piece
            own = part[first : first + room]
            near = slice(max(int(own[0]) - len(lags), 0), int(own[-1]) + len(lags) + 1)
            _solve_gap(found[near], holes[near], own - near.start, constant, lags, root, random)
    return lined(found)


def _solve_gap(
    found: np.ndarray,
    holes: np.ndarray,
    rows: np.ndarray,
    constant: np.ndarray,
    lags: np.ndarray,
    root: np.ndarray,
    random: np.random.Generator | None,
) -> None:
    """Solve for the unknown numbers of neighbouring rows, in place."""
    from scipy.linalg import solve_triangular
    from scipy.sparse import coo_matrix
    from scipy.sparse.linalg import spsolve

    order, size = len(lags), found.shape[1]
    white = solve_triangular(root, np.eye(size), lower=True)
    weights = [white, *(-white @ lag for lag in lags)]  # of the step itself, the one before, ...
    first, last = max(int(rows[0]), order), min(int(rows[-1]) + order, len(found) - 1)
    own = np.zeros(found.shape, dtype=bool)
    own[rows] = holes[rows]
    # Steps before the first whole equation have a broad law of their own, around 0.
    known = np.where(own, 0.0, lined(np.where(own, 0.0, found)))
    number = np.full(found.shape, -1)
    number[own] = np.arange(own.sum())
    entries, targets = [], []
    for equation, step in enumerate(range(first, last + 1)):
        told = white @ -constant
        for back, weight in enumerate(weights):
            told = told + weight @ known[step - back]
            columns = np.flatnonzero(own[step - back])
            entries += [
                (equation * size + i, number[step - back, c], weight[i, c]) for c in columns for i in range(size)
            ]
        targets.append(-told if random is None else random.standard_normal(size) - told)
    count, height = int(own.sum()), max(last - first + 1, 0) * size
    weak = 1e-2
    entries += [(height + i, i, weak) for i in range(count)]
    noise = np.zeros(count) if random is None else random.standard_normal(count)
    i, j, v = (np.array(part) for part in zip(*entries, strict=True))
    table = coo_matrix((v, (i, j)), shape=(height + count, count)).tocsc()
    target = np.concatenate([*targets, noise])
    found[own] = np.atleast_1d(spsolve((table.T @ table).tocsc(), table.T @ target))
