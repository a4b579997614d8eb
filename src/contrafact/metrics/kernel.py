"""The kernel distance (KID): the squared maximum mean discrepancy of features under a polynomial kernel.

With k(x, y) = (x · y / d + 1)³ the distance E k(X, X') + E k(Y, Y') - 2 E k(X, Y) is estimated without bias, so that it
may fall below 0 where both sides are alike, and figures of different n may be compared. Disjoint blocks of 1,000 rows
keep the cost linear in n; their mean is the figure and their spread the interval.

References: Bińkowski et al., *Demystifying MMD GANs*, ICLR 2018 (arXiv 1801.01401).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from contrafact.base.records import Score
from contrafact.base.seeds import generator
from contrafact.metrics.inputs import pair
from contrafact.metrics.spread import group_error

BLOCK = 1000
FEWEST_BLOCKS = 5  # for an interval from the blocks themselves


def kernel(features_a: Any, features_b: Any, seed: int = 0, *, block: int = BLOCK) -> Score:
    """Measure the kernel distance between two sets of features.

    Arguments:
        features_a: Features of real items, a row each.
        features_b: Features of generated items.
        seed: Deals the rows into blocks.
        block: Rows of each side in a block; up to twice as many stay whole.
    """
    a, b = pair(features_a, features_b)
    count = max(min(len(a), len(b)) // block, 1)
    deals = [
        np.array_split(generator(seed, "kernel", side).permutation(len(x)), count) for side, x in enumerate((a, b))
    ]
    values = [polynomial_mmd(a[i], b[j]) for i, j in zip(*deals, strict=True)]
    value = float(np.mean(values))
    reach = _reach(values) if count >= FEWEST_BLOCKS else group_error(polynomial_mmd, a, b, seed)
    return Score(name="kernel", value=value, low=value - reach, high=value + reach, n=len(b), better="lower")


def _reach(values: list[float]) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(len(values) - 1, 0.975) * np.std(values, ddof=1) / math.sqrt(len(values)))


def polynomial_mmd(a: np.ndarray, b: np.ndarray) -> float:
    """Estimate the squared discrepancy without bias; a side of one row has no pairs, which count as 0."""
    within = _off_diagonal_mean(a) + _off_diagonal_mean(b)
    return within - 2 * float(_powers(a, b).mean())


def _powers(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    products: np.ndarray = a @ b.T
    products /= a.shape[1]
    products += 1
    cubes: np.ndarray = products * products * products  # a power by multiplication is far cheaper than by pow
    return cubes


def _off_diagonal_mean(rows: np.ndarray) -> float:
    powers = _powers(rows, rows)
    n = len(rows)
    return float((powers.sum() - np.trace(powers)) / max(n * (n - 1), 1))
