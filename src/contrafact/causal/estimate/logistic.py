"""Logistic regression with a ridge, by Newton's method.

Every step of Newton's method is a weighted least-squares fit; its penalty is chosen by generalised cross-validation as
it goes ("performance iteration", Gu 1992). A fit on fewer rows starts from the one on all of them, and a few steps
bring it to its own optimum; the last ones penalise again what did little, as `ridge.sharp` does.
"""

from __future__ import annotations

import numpy as np

from contrafact.causal.estimate.columns import Array
from contrafact.causal.estimate.ridge import Sums, ridge, sharp, strengths

STEPS, CLOSE, STEEPEST, WORSE = 10, 0.02, 15.0, 1.05
SHARES = (1.0, 0.5, 0.25, 0.1, 0.03)


def sigmoid(values: Array) -> Array:
    """Turn log-odds into chances."""
    return 1 / (1 + np.exp(-np.clip(values, -30, 30)))


def logistic(features: Array, labels: Array, start: Array | None = None) -> Array:
    """Fit coefficients.

    Arguments:
        features: Functions of the covariates, the first constant.
        labels: Zeros and ones.
        start: Where to begin.
    """
    found = _level(features, labels) if start is None else start
    for _ in range(STEPS):
        fresh = _guarded(features, labels, found, ridge(_newton(features, labels, found))[0][:, 0])
        moved = np.abs(features[::5] @ (fresh - found)).max()
        found = fresh
        if moved < CLOSE:
            break
    return found


def sharpened(features: Array, labels: Array, start: Array) -> Array:
    """Fit coefficients, few of which matter, starting from those of a plain fit on these rows and others."""
    known = _newton(features, labels, start)
    found = _guarded(features, labels, start, sharp(known)[:, 0])
    known = _newton(features, labels, found)
    scale = strengths(known, found)
    return _guarded(features, labels, found, scale * ridge(known.scaled(scale))[0][:, 0])


def _guarded(features: Array, labels: Array, at: Array, fresh: Array) -> Array:
    """Go towards fresh coefficients as far as the fit does not get clearly worse: far from the optimum steps overshoot.

    A little worse is allowed, since a larger penalty may have been chosen.
    """
    most = WORSE * _missed(features @ at, labels) + 1e-3
    for share in SHARES:
        found = at + share * (fresh - at)
        if _missed(features @ found, labels) <= most:
            return found
    return at


def _missed(odds: Array, labels: Array) -> float:
    """Give minus the mean logarithm of the chance of what happened."""
    return float(np.logaddexp(0.0, np.where(labels > 0, -odds, odds)).mean())


def _level(features: Array, labels: Array) -> Array:
    share = np.clip(labels.mean(), 1e-3, 1 - 1e-3)
    found = np.zeros(features.shape[1])
    found[0] = np.log(share / (1 - share)) / features[0, 0]
    return found


def _newton(features: Array, labels: Array, at: Array) -> Sums:
    """Give the sums of the least-squares problem that one step solves."""
    odds = np.clip(features @ at, -STEEPEST, STEEPEST)
    chance = sigmoid(odds)
    weight = np.maximum(chance * (1 - chance), 1e-4)
    goal = odds + (labels - chance) / weight
    weighted = features * weight[:, None]
    cross = (weighted.T @ goal)[:, None]
    return Sums(weighted.T @ features, cross, np.array([weight @ goal**2]), float(len(features)))
