"""Samples beside the real pictures that are nearest to them: the look for copies.

A distance says nothing alone: simple pictures all lie close together. So each distance is divided by that from the real
picture that was found to its own nearest fellow. A generator that draws like nature comes as close, by this measure, as
a real picture does to the others; one that learned by heart comes closer.
"""

from __future__ import annotations

import numpy as np

from contrafact.base.seeds import generator
from contrafact.metrics.neighbours import squared_blocks
from contrafact.report.figures import Figure
from contrafact.report.panels import Rows

MOST_REAL, MOST_FAKE, SHOWN, NEAREST = 10_000, 256, 8, 3
LONGEST = 32  # pixels on a side that distances are taken of
CLOSE, MANY = 0.01, 0.05
LEAST = 1e-3  # real pictures that are the same count as this far apart


def _reduced(pictures: np.ndarray) -> np.ndarray:
    """Average pictures N x C x H x W over squares until they are small, and lay each out as a row."""
    count, channels, high, wide = pictures.shape
    side = -(-max(high, wide) // LONGEST)
    kept = pictures[:, :, : high - high % side, : wide - wide % side].astype(np.float32)
    blocks = kept.reshape(count, channels, high // side, side, wide // side, side)
    return np.asarray(blocks.mean((3, 5)).reshape(count, -1))


def _nearest(rows: np.ndarray, among: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Give each row's distances to its k nearest among others, and their places, nearest first."""
    squares = np.empty((len(rows), len(among)), dtype=np.float32)
    for a, b, part, _ in squared_blocks(rows, among):
        squares[a, b] = part
    places = np.argsort(squares, axis=1, kind="stable")[:, :k]
    return np.sqrt(np.take_along_axis(squares, places, 1)), places


def nearest_real(fake: np.ndarray, real: np.ndarray) -> Figure | None:
    """Draw the samples that come closest to a real picture above the real pictures that they come close to.

    Arguments:
        fake: Samples, N x C x H x W, bytes.
        real: Real pictures of the same shape.
    """
    if len(real) <= NEAREST or not len(fake):
        return None
    order = generator(0, "neighbours").permutation(len(real))[:MOST_REAL]
    real, fake = real[np.sort(order)], fake[:MOST_FAKE]
    rows, among = _reduced(fake), _reduced(real)
    distances, places = _nearest(rows, among, NEAREST)
    closeness, usual = _closeness(distances[:, 0], places[:, 0], among), _closeness_of_real(among)
    closest = np.argsort(closeness, kind="stable")[:SHOWN]
    grid = np.concatenate([fake[closest], *(real[places[closest, rank]] for rank in range(NEAREST))])
    return Figure(
        finding=_found(closeness, usual),
        sentence=f"At the top {len(closest)} of {len(fake)} samples, the most suspicious first; below each the nearest "
        f"of {len(real):,} real pictures. A column of twins is a copy. Suspicious is a sample that lies closer to its "
        "nearest real picture than that one lies to its own. Distances are between pixels: a copy that was moved or "
        "mirrored is not found by them.",
        drawing=Rows(names=("sample", "nearest", "second", "third"), items=shown(grid)),
    )


def _closeness(distances: np.ndarray, places: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Divide distances to real pictures by those from there to the nearest other real picture."""
    fellows = _nearest(among[places], among, 2)[0][:, 1]
    return np.asarray(distances / np.maximum(fellows, LEAST))


def _closeness_of_real(among: np.ndarray) -> np.ndarray:
    """Treat real pictures as if they were samples: each is left out in turn."""
    distances, places = _nearest(among[:MOST_FAKE], among, 2)
    found, own = places[:, 1], np.arange(len(places))
    # Where two pictures are each other's nearest, the one that is left out does not count as a fellow.
    ways, others = _nearest(among[found], among, 3)
    second = np.where(others[:, 1] == own, ways[:, 2], ways[:, 1])
    return np.asarray(distances[:, 1] / np.maximum(second, LEAST))


def _found(closeness: np.ndarray, usual: np.ndarray) -> str:
    close = float((closeness < np.quantile(usual, CLOSE)).mean())
    if close > MANY:
        return f"{close:.0%} of the samples lie suspiciously close to a real picture; of real pictures one in 100 does."
    ratio = float(np.median(closeness) / max(float(np.median(usual)), 1e-9))
    far = f"samples lie {ratio:.2f} x as far from the nearest real picture as real pictures from each other"
    return f"No sign of copies: {far}."


def shown(pictures: np.ndarray) -> np.ndarray:
    """Turn N x C x H x W into what is drawn: N x H x W x C, or the first channel where there are not 3 or 4."""
    return pictures.transpose(0, 2, 3, 1) if pictures.shape[1] in (3, 4) else pictures[:, 0]
