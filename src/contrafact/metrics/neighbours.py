"""Precision, recall, density and coverage from balls around rows, each reaching to its row's k-th neighbour.

- precision: share of fakes inside some real row's ball
- recall: share of reals inside some fake row's ball
- density: mean number of real balls around a fake, over k
- coverage: share of reals whose own ball holds a fake

References: Kynkäänniemi et al., *Improved precision and recall metric*, NeurIPS 2019 (arXiv 1904.06991); Naeem et
al., *Reliable fidelity and diversity metrics*, ICML 2020 (arXiv 2002.09797).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from contrafact.base.records import Score
from contrafact.metrics.inputs import pair
from contrafact.metrics.spread import bootstrap_ratio, percentiles, share

TREE_COLUMNS = 8  # trees beat matrix products in few dimensions only
BLOCK_ROWS = 1024
BLOCK_COLUMNS = 4096
# A row on the rim is inside; squares and products round, so the rim is this much thicker than a line.
RIM = 1e-10


def neighbours(real: Any, fake: Any, k: int = 5, seed: int = 0) -> dict[str, Score]:
    """Score fakes by nearest neighbours: precision, recall, density, coverage.

    Arguments:
        real: Rows or features of real items.
        fake: Rows or features of generated items.
        k: Which neighbour a ball reaches to.
        seed: Seed of the interval of density.
    """
    real, fake = pair(real, fake)
    balls_around_fake, fakes_in_ball = membership(real, radii(real, k), fake)
    balls_around_real, _ = membership(fake, radii(fake, k), real)
    n, reach = len(fake), max(min(k, len(real) - 1), 1)
    density = float(balls_around_fake.mean() / reach)
    draws = bootstrap_ratio(balls_around_fake / reach, np.ones(n), seed, "density")
    low, high = percentiles(density, draws)
    dense = Score(name="density", value=density, low=max(low, 0), high=high, n=n, better="higher", floor=0, ceiling=1)
    scores = [
        share("precision", balls_around_fake > 0),
        share("recall", balls_around_real > 0, n=n),
        dense,
        share("coverage", fakes_in_ball > 0, n=n, ceiling=expected_coverage(len(real), n, reach)),
    ]
    return {score.name: score for score in scores}


def expected_coverage(reals: int, fakes: int, k: int) -> float:
    """Give the coverage of fakes from the real distribution itself, whatever it is.

    A real is uncovered when its k nearest among all other rows are real: a matter of ranks.
    """
    places = np.arange(1, k + 1)
    return float(1 - np.prod(np.maximum(reals - places, 0) / (fakes + reals - places)))


def precision_recall_f1(real: Any, fake: Any, k: int = 5) -> float:
    """Give the harmonic mean of precision and recall: one cheap figure to choose a checkpoint by."""
    real, fake = pair(real, fake)
    precision = float((membership(real, radii(real, k), fake)[0] > 0).mean())
    recall = float((membership(fake, radii(fake, k), real)[0] > 0).mean())
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def coverage_share(real: Any, fake: Any, k: int = 5) -> float:
    """Give the share of reals whose k-neighbour ball holds a fake."""
    real, fake = pair(real, fake)
    return float((nearest(real, fake)[0] <= radii(real, k) * (1 + RIM)).mean())


def radii(points: np.ndarray, k: int) -> np.ndarray:
    """Give the distance from each point to its k-th neighbour among the others, 0 for a lonely point."""
    k = min(k, len(points) - 1)
    return reaches(points, points, k + 1) if k > 0 else np.zeros(len(points))  # the nearest of all is the point itself


def nearest(points: np.ndarray, among: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give each point's distance to its nearest row among others, and which row it is."""
    if points.shape[1] <= TREE_COLUMNS:
        from scipy.spatial import cKDTree

        distance, which = cKDTree(among).query(points)
        return np.asarray(distance), np.asarray(which)
    which = _closest(points, among)
    # Products lose the digits of very short distances; the difference keeps them.
    return np.sqrt(((points - among[which]) ** 2).sum(1)), which


def several(points: np.ndarray, among: np.ndarray, k: int) -> np.ndarray:
    """Give the k nearest rows of each point among others, in any order (n, k)."""
    k = min(k, len(among))
    if points.shape[1] <= TREE_COLUMNS:
        from scipy.spatial import cKDTree

        return np.asarray(cKDTree(among).query(points, k=range(1, k + 1))[1])
    return np.concatenate([place for _, _, place in _nearest_blocks(points, among, k)])


def _closest(points: np.ndarray, among: np.ndarray) -> np.ndarray:
    best, which = np.full(len(points), np.inf), np.zeros(len(points), dtype=np.int64)
    for rows, columns, squares, _ in squared_blocks(points, among):
        place = squares.argmin(1)
        least = squares[np.arange(len(place)), place]
        better = least < best[rows]
        which[rows] = np.where(better, place + columns.start, which[rows])
        best[rows] = np.where(better, least, best[rows])
    return which


def reaches(points: np.ndarray, among: np.ndarray, k: int) -> np.ndarray:
    """Give the distance from each point to its k-th neighbour among other rows."""
    k = min(k, len(among))
    if points.shape[1] <= TREE_COLUMNS:
        from scipy.spatial import cKDTree

        return np.asarray(cKDTree(among).query(points, k=[k])[0][:, 0])
    return np.concatenate([np.sqrt(near.max(1)) for _, near, _ in _nearest_blocks(points, among, k)])


def membership(centres: np.ndarray, reach: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Count the balls around each point, and the points in each ball.

    Arguments:
        centres: One row for each ball.
        reach: Radius of each ball.
        points: Rows that may lie in balls; one on the rim is inside.
    """
    if centres.shape[1] <= TREE_COLUMNS:
        from scipy.spatial import cKDTree

        inside = cKDTree(points).query_ball_point(centres, reach * (1 + RIM))
        sizes = np.fromiter(map(len, inside), dtype=np.int64, count=len(centres))
        members = np.concatenate([np.zeros(0, dtype=np.int64), *(np.asarray(m, dtype=np.int64) for m in inside if m)])
        return np.bincount(members, minlength=len(points)), sizes
    around, within = np.zeros(len(points), dtype=np.int64), np.zeros(len(centres), dtype=np.int64)
    for rows, columns, squares, slack in squared_blocks(centres, points):
        inside = squares <= reach[rows, None] ** 2 + slack
        around[columns] += inside.sum(0)
        within[rows] += inside.sum(1)
    return around, within


def squared_blocks(a: np.ndarray, b: np.ndarray) -> Iterator[tuple[slice, slice, np.ndarray, float]]:
    """Give squared distances block by block: rows of a, rows of b, their squares, and what rounding may add."""
    middle = a.mean(0)
    a, b = a - middle, b - middle
    norms_a, norms_b = (a**2).sum(1), (b**2).sum(1)
    slack = 1e-14 * float(norms_a.max() + norms_b.max())
    for i in range(0, len(a), BLOCK_ROWS):
        rows = slice(i, i + BLOCK_ROWS)
        for j in range(0, len(b), BLOCK_COLUMNS):
            columns = slice(j, j + BLOCK_COLUMNS)
            squares = a[rows] @ b[columns].T
            squares *= -2
            squares += norms_a[rows, None]
            squares += norms_b[columns]
            yield rows, columns, np.maximum(squares, 0, out=squares), slack


def _nearest_blocks(points: np.ndarray, among: np.ndarray, k: int) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """Give the k smallest squares of each block of points, and the rows that they belong to."""
    best, place = np.zeros((0, 0)), np.zeros((0, 0), dtype=np.int64)
    for rows, columns, squares, _ in squared_blocks(points, among):
        fresh = columns.start == 0
        own = np.broadcast_to(np.arange(columns.start, columns.start + squares.shape[1]), squares.shape)
        best = squares if fresh else np.hstack([best, squares])
        place = own if fresh else np.hstack([place, own])
        if best.shape[1] > k:
            order = np.argpartition(best, k - 1, axis=1)[:, :k]
            best, place = np.take_along_axis(best, order, 1), np.take_along_axis(place, order, 1)
        if columns.stop >= len(among):
            yield rows, best, place
