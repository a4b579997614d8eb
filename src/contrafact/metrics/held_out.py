"""A cheap score against held-out rows, made many times while a generator trains.

`score` says how well fakes and real rows mix (Schilling 1986): 1 when a row's nearest neighbours, among as many fakes
as real rows, are of the other kind as often as of its own, 0 when never. It is largest where the two distributions are
the same (its limit is one less the Henze-Penrose divergence), so that neither too tight nor too wide fakes can win.
`precision`, `recall` and `coverage` use k-nearest-neighbour balls; `regions` and `variety` say how much of the data the
fakes reach. Regions are the cells around landmarks spread over the real rows;
a region is reached when it holds at least a tenth of its fair share of fakes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from contrafact.base.seeds import generator
from contrafact.metrics.picture_signs import Space, picture_signs

NEIGHBOURS, LANDMARKS, PAIRS = 5, 32, 2000
MOST_ROWS, DIRECTIONS, JITTER = 500, 24, 1e-3
MOST_PICTURES, FEW = 1000, 100


def _nearest(points: np.ndarray, to: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the k nearest of `to` for each point: distances and places."""
    from scipy.spatial import cKDTree

    distance, place = cKDTree(to).query(points, k=k)
    return distance.reshape(len(points), -1), place.reshape(len(points), -1)


def _within(points: np.ndarray, centres: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Tell for each point whether it lies in any centre's ball."""
    inside = np.zeros(len(points), dtype=bool)
    squares = (centres**2).sum(1)
    for start in range(0, len(points), 1024):
        block = points[start : start + 1024]
        distance = (block**2).sum(1)[:, None] + squares - 2 * block @ centres.T
        inside[start : start + 1024] = (distance <= radii**2).any(1)
    return inside


def landmarks(rows: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Choose rows far from each other, each with a chance that grows with its squared distance to those chosen."""
    random = generator(seed, "landmarks")
    chosen = [rows[random.integers(len(rows))]]
    nearest = np.full(len(rows), np.inf)
    while len(chosen) < min(count, len(rows)):
        nearest = np.minimum(nearest, ((rows - chosen[-1]) ** 2).sum(1))
        if nearest.sum() == 0:
            break
        chosen.append(rows[random.choice(len(rows), p=nearest / nearest.sum())])
    return np.stack(chosen)


def spread(rows: np.ndarray, seed: int) -> float:
    """Measure the mean distance between random pairs of rows."""
    random = generator(seed, "pairs")
    one, other = random.integers(len(rows), size=(2, PAIRS))
    return float(np.linalg.norm(rows[one] - rows[other], axis=1).mean())


def mixing(real: np.ndarray, fake: np.ndarray, k: int) -> tuple[float, float]:
    """Give how well two samples of one size mix, 0 to 1, and its standard error.

    Arguments:
        real: Real rows.
        fake: As many fakes.
        k: Neighbours looked at.
    """
    both = np.concatenate([real, fake])
    kind = np.arange(len(both)) < len(real)
    # The first neighbour is the row itself (or its exact copy, which may then stand in its place).
    other = (kind[_nearest(both, both, k + 1)[1][:, 1:]] != kind[:, None]).mean(1)
    fair = len(real) / (len(both) - 1)
    return min(float(other.mean()) / fair, 1.0), float(other.std() / fair / np.sqrt(len(both)))


def held_out_score(held: np.ndarray, seed: int) -> Callable[[np.ndarray], dict[str, float]]:
    """Prepare the held-out rows once and return what scores fakes against them.

    Arguments:
        held: Real rows that are not trained on.
        seed: Chooses the landmarks and the pairs.
    """
    held = held.astype(np.float64)
    k = min(NEIGHBOURS, len(held) - 1)
    radii = _nearest(held, held, k + 1)[0][:, -1]
    reached = reach(held, seed)

    def score(fake: np.ndarray) -> dict[str, float]:
        fake = fake.astype(np.float64)
        own = _nearest(fake, fake, k + 1)[0][:, -1]
        precision, recall = _within(fake, held, radii).mean(), _within(held, fake, own).mean()
        covered = (_nearest(held, fake, 1)[0][:, 0] <= radii).mean()
        score, error = mixing(held, fake[: len(held)], k)
        return {
            "score": score,
            "score_error": error,
            "precision": float(precision),
            "recall": float(recall),
            "coverage": float(covered),
            **reached(fake),
        }

    return score


class TableScore:
    """Score encoded rows of a mixed table: scalars beside one-hots, in which two levels are one unit apart.

    Wide rows are seen along a few random directions, which keep distances nearly as they are, without a one-hot being
    made. A little noise, the same for real rows and fakes, makes it a matter of chance which of two equal rows is the
    nearer one.

    Arguments:
        codec: Says how many scalars and levels there are.
        held: Encoded rows that are not trained on, 500 of them at most used.
        seed: Chooses the directions and the noise.
    """

    def __init__(self, codec: Any, held: dict[str, np.ndarray], seed: int) -> None:
        sizes = np.asarray(codec.sizes, dtype=np.int64)
        self.starts = codec.scalars + np.cumsum(sizes) - sizes
        width, self.seed = codec.scalars + int(sizes.sum()), seed
        turned = generator(seed, "directions").normal(size=(width, DIRECTIONS)) / np.sqrt(DIRECTIONS)
        self.directions = np.eye(width) if width <= DIRECTIONS else turned
        self.count = min(len(held["scalars"]), MOST_ROWS)
        self.score = held_out_score(self.points(held, "held"), seed)

    def points(self, rows: dict[str, np.ndarray], which: str) -> np.ndarray:
        """Give the rows' places along the directions."""
        levels, scalars = rows["levels"][: self.count], rows["scalars"][: self.count]
        ones = self.directions[levels + self.starts] * (levels >= 0)[:, :, None]
        found = scalars @ self.directions[: scalars.shape[1]] + ones.sum(1) / np.sqrt(2)
        return np.asarray(found + JITTER * generator(self.seed, "jitter", which).normal(size=found.shape))

    def __call__(self, fake: dict[str, np.ndarray]) -> dict[str, float]:
        return self.score(self.points(fake, "fake"))


def score_of(codec: Any) -> Callable[[Any, int], Any]:
    """Choose what scores the rows of a codec: of numbers alone, or of levels and scalars."""
    return partial(TableScore, codec) if hasattr(codec, "gates") else held_out_score


def reach(real: np.ndarray, seed: int) -> Callable[[np.ndarray], dict[str, float]]:
    """Prepare real rows once and return what says how much of them fakes reach: regions and variety.

    Arguments:
        real: Real rows.
        seed: Chooses the landmarks and the pairs.
    """
    marks = landmarks(real, min(LANDMARKS, max(len(real) // 10, 2)), seed)
    shares = np.bincount(_nearest(real, marks, 1)[1][:, 0], minlength=len(marks)) / len(real)
    usual = spread(real, seed)

    def reached(fake: np.ndarray) -> dict[str, float]:
        got = np.bincount(_nearest(fake, marks, 1)[1][:, 0], minlength=len(marks)) / len(fake)
        return {"regions": float((got >= shares / 10).mean()), "variety": spread(fake, seed) / max(usual, 1e-12)}

    return reached


class PictureScore:
    """Score fakes along the principal directions in which held-out pictures differ most.

    Pixel noise, which no eye minds and every pixel distance counts, has little weight there. Where few are held out,
    training pictures help to find the directions, and regions and variety are those of all real pictures: a handful
    spans too little, and two samples of a handful differ by chance.

    Arguments:
        held: Encoded pictures that are not trained on, 1,000 of them at most used.
        seed: Chooses the landmarks and the pairs.
        trained: Encoded pictures that are trained on; with them signs of failure are measured beside the score.
    """

    def __init__(self, held: dict[str, np.ndarray], seed: int, trained: dict[str, np.ndarray] | None = None) -> None:
        self.held, self.seed = held, seed
        self.signs = None if trained is None else picture_signs(trained, held, seed)
        joined = {} if trained is None or trained is held or len(held["pictures"]) >= FEW else trained
        self.space = Space.around(joined, held, shaping=MOST_PICTURES)
        self.score = held_out_score(self.space.real[self.space.trained :][:MOST_PICTURES], seed)
        self.reach = reach(self.space.real, seed) if joined else None

    def beside(self, trained: dict[str, np.ndarray]) -> PictureScore:
        """Score as before and measure signs of failure too, against the pictures that are trained on."""
        return PictureScore(self.held, self.seed, trained)

    def __call__(self, fake: dict[str, np.ndarray]) -> dict[str, float]:
        rows = self.space.rows(fake["pictures"][:MOST_PICTURES])
        found = self.score(rows[: len(self.held["pictures"])])
        found |= {} if self.reach is None else self.reach(rows)
        return found | ({} if self.signs is None else self.signs(fake))


def held_out_pictures(held: dict[str, np.ndarray], seed: int) -> PictureScore:
    """Prepare held-out pictures for scoring fakes against them."""
    return PictureScore(held, seed)
