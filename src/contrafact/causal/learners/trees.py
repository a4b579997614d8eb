"""Boosted trees, kept as arrays: many small trees, each grown on what those before it have left over.

Reference: Friedman, *Stochastic gradient boosting*, Computational Statistics and Data Analysis 38, 2002.
"""

from __future__ import annotations

import numpy as np

from contrafact.base.seeds import fold
from contrafact.causal.learners.functions import Trees

COUNT, DEPTH, RATE, MOST_ROWS = 100, 3, 0.1, 4000


def boosted(x: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None, seed: int = 0) -> Trees:
    """Grow boosted trees; of many rows each tree sees some."""
    return _grown(x, y, weight, seed, count=COUNT, depth=DEPTH, leaf=int(np.clip(len(y) // 50, 1, 20)))


def gentle(x: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None, seed: int = 0) -> Trees:
    """Grow fewer and smaller trees with large leaves: for outcomes that are mostly noise."""
    return _grown(x, y, weight, seed, count=COUNT // 2, depth=2, leaf=int(np.clip(len(y) // 20, 1, 100)))


def _grown(
    x: np.ndarray, y: np.ndarray, weight: np.ndarray | None, seed: int, *, count: int, depth: int, leaf: int
) -> Trees:
    from sklearn.ensemble import GradientBoostingRegressor

    grown = GradientBoostingRegressor(
        n_estimators=count,
        max_depth=depth,
        learning_rate=RATE,
        subsample=min(MOST_ROWS / len(y), 0.8),
        min_samples_leaf=leaf,
        random_state=fold(seed, "trees") % 2**32,
    ).fit(x if x.shape[1] else np.zeros((len(x), 1)), y, sample_weight=weight)
    trees = [tree.tree_ for tree in grown.estimators_[:, 0]]
    return laid_out(trees, [RATE] * len(trees), float(np.ravel(grown.init_.constant_)[0]))


def laid_out(trees: list[object], rates: list[float], offset: float) -> Trees:
    """Lay scikit-learn's trees out one behind the other.

    Arguments:
        trees: Their `tree_`.
        rates: What each counts.
        offset: What is added to their sum.
    """
    roots = np.cumsum([0, *(tree.node_count for tree in trees)])  # type: ignore[attr-defined]

    def joined(name: str, shift: bool = False) -> np.ndarray:
        pieces = [np.ravel(getattr(tree, name)) + shift * root for tree, root in zip(trees, roots, strict=False)]
        return np.concatenate(pieces)

    values = [rate * np.ravel(tree.value) for tree, rate in zip(trees, rates, strict=True)]  # type: ignore[attr-defined]
    return Trees(
        feature=joined("feature").astype(np.int64),
        threshold=joined("threshold"),
        left=joined("children_left", shift=True).astype(np.int64),
        right=joined("children_right", shift=True).astype(np.int64),
        value=np.concatenate(values),
        roots=roots[:-1].astype(np.int64),
        offset=np.array(offset),
    )
