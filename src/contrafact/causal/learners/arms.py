"""What the outcome would be in each arm: several ways to learn it, and how well each foretells rows it has not seen.

Ways that learn each arm from its own rows (T-learners): a line, a sparse line, a line under a link where the outcomes
ask for one, a smooth surface, one along a learned index, boosted trees. Ways that learn both arms together, so that a
small one borrows from a large one (S-learners): a Gaussian process of what the arms share and what sets them apart, and
boosted trees that are told the arm.

Reference: Künzel, Sekhon, Bickel and Yu, *Metalearners for estimating heterogeneous treatment effects using machine
learning*, PNAS 116, 2019.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from contrafact.base.seeds import fold
from contrafact.causal.learners import linear
from contrafact.causal.learners.functions import Function, Trees
from contrafact.causal.learners.smooth import Part, learned
from contrafact.causal.learners.trees import boosted

Learner = Callable[..., Function]
Pair = tuple[Function, Function]
POSITIVE, FEWEST = 0.8, 20  # share of positive outcomes for factors; rows of an arm for more than a line
LINE_AND_BUMP = tuple(Part(kernel=kernel) for kernel in ("line", "bump"))
SHARED = tuple(Part(kernel=k, codes=codes) for codes in ((1.0, 1.0), (-0.5, 0.5)) for k in ("line", "bump"))


def smooth(x: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None, seed: int = 0) -> Function:
    """Learn a line and bumps."""
    return learned(x, y, parts=LINE_AND_BUMP, weight=weight, seed=seed).surfaces[0]


def index(x: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None, seed: int = 0) -> Function:
    """Learn a line, bumps, and a curve along an index."""
    return learned(x, y, weight=weight, seed=seed).surfaces[0]


APART: dict[str, Learner] = {
    "line": linear.ridge,
    "lasso": linear.lasso,
    "exponential": linear.exponential,
    "logistic": linear.logistic,
    "smooth": smooth,
    "index": index,
    "trees": boosted,
}


def shared(x: np.ndarray, t: np.ndarray, y: np.ndarray, seed: int) -> Pair:
    """Learn both arms as one Gaussian process."""
    low, high = learned(x, y, parts=SHARED, arm=t.astype(np.int64), seed=seed).surfaces
    return low, high


def told(x: np.ndarray, t: np.ndarray, y: np.ndarray, seed: int) -> Pair:
    """Grow trees that may ask for the arm."""
    grown = boosted(np.column_stack([x, t]), y, seed=seed)
    low, high = (answered(grown, x.shape[1], arm) for arm in (0.0, 1.0))
    return low, high


def answered(trees: Trees, column: int, value: float) -> Trees:
    """Answer every question about a column, so that trees no longer ask it."""
    asks = trees.feature == column
    taken = np.where(value <= trees.threshold, trees.left, trees.right)
    return replace(
        trees,
        feature=np.where(asks, 0, trees.feature),
        left=np.where(asks, taken, trees.left),
        right=np.where(asks, taken, trees.right),
    )


TOGETHER: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray, int], Pair]] = {"shared": shared, "told": told}


def ways(t: np.ndarray, y: np.ndarray) -> list[str]:
    """Name the ways that fit these outcomes."""
    rows = min(int((t == arm).sum()) for arm in (0, 1))
    if rows < FEWEST:
        return ["line", "shared"]
    two = set(np.unique(y)) <= {0.0, 1.0}
    grows = not two and (y > 0).mean() >= POSITIVE
    left = {"exponential": grows, "logistic": two}
    return [name for name in (*APART, *TOGETHER) if left.get(name, True)]


def both(name: str, x: np.ndarray, t: np.ndarray, y: np.ndarray, seed: int) -> Pair:
    """Learn both arms in one way."""
    if name in TOGETHER:
        return TOGETHER[name](x, t, y, seed)
    low, high = (APART[name](x[t == arm], y[t == arm], None, fold(seed, name, arm)) for arm in (0, 1))
    return low, high


def chances(x: np.ndarray, t: np.ndarray, seed: int) -> list[Function]:
    """Learn the chance of treatment in several ways."""
    return [
        linear.mean(x, t),
        linear.logistic(x, t, None, fold(seed, "logistic")),
        boosted(x, t, None, fold(seed, "chance")),
    ]
