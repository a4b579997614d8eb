"""SMOTE: new rows of a class on the way from one of its rows to a near one.

A number lies a random part of the way; a level is the commonest among the near rows. Distances are between numbers in
standard deviations of the class, and each level that differs counts as one of them.

References:
    Chawla et al., SMOTE: synthetic minority over-sampling technique, JAIR 16, 2002.
"""

from __future__ import annotations

import numpy as np

from contrafact.metrics.columns import Table

NEAR = 5
MOST_ROWS = 5000  # of a class, among which near ones are looked for


def interpolated(table: Table, classes: np.ndarray, wanted: np.ndarray, random: np.random.Generator) -> Table:
    """Make rows between real ones.

    Arguments:
        table: Real rows.
        classes: The class of each.
        wanted: The class of each row that is to be made.
        random: Draws them.
    """
    cells = [np.empty(len(wanted), dtype=part.dtype) for part in table.cells]
    for kind in np.unique(wanted):
        own, places = np.flatnonzero(classes == kind), np.flatnonzero(wanted == kind)
        own = random.permutation(own)[:MOST_ROWS]
        near = _near(table.take(own))
        first = random.integers(0, len(own), len(places))
        other = near[first, random.integers(0, near.shape[1], len(places))]
        way = random.random(len(places))
        for column, part, made in zip(table.columns, table.cells, cells, strict=True):
            one, two = part[own[first]], part[own[other]]
            if column.scale:
                between = one + way * (two - one)
                made[places] = np.where(np.isnan(between), one, between)
            else:
                made[places] = _commonest(part[own[near]])[first]
    return Table(columns=table.columns, cells=tuple(cells), rows=len(wanted))


def _near(table: Table) -> np.ndarray:
    """Give the places of each row's near rows; a row that is alone is near itself."""
    from sklearn.neighbors import NearestNeighbors

    if len(table) < 2:
        return np.zeros((len(table), 1), dtype=np.int64)
    count = min(NEAR, len(table) - 1)
    finder = NearestNeighbors(n_neighbors=count + 1).fit(_spread(table))
    found = finder.kneighbors(return_distance=False, n_neighbors=count)
    return np.asarray(found)


def _spread(table: Table) -> np.ndarray:
    """Write rows so that distances count every column: standardised numbers, and levels 1 apart."""
    parts = []
    for column, cells in zip(table.columns, table.cells, strict=True):
        if column.scale:
            known = cells[~np.isnan(cells)]
            sd = float(known.std()) if len(known) else 0.0
            parts.append(np.nan_to_num((cells - (known.mean() if len(known) else 0)) / (sd or 1.0))[:, None])
        elif column.kind == "category":
            levels, place = np.unique(cells, return_inverse=True)
            parts.append(np.eye(len(levels))[place] / np.sqrt(2))
    return np.hstack(parts) if parts else np.zeros((len(table), 1))


def _commonest(levels: np.ndarray) -> np.ndarray:
    """Give the commonest level of each line."""
    best = np.zeros(len(levels), dtype=levels.dtype)
    most = np.zeros(len(levels), dtype=np.int64)
    for column in levels.T:
        votes = (levels == column[:, None]).sum(1)
        best, most = np.where(votes > most, column, best), np.maximum(votes, most)
    return best
