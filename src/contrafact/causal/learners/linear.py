"""Lines: ridge regression with its penalty by leaving one out, sparse regression, and lines under a link.

Ridge regression needs one decomposition X = U S V' for all penalties: with h_i the leverage, the error of row i when it
is left out is e_i / (1 - h_i), so that the penalty is chosen without fitting anything again. Lines under a link (the
exponential for outcomes that grow by factors, the logistic function for chances) are found by damped Newton steps, and
their penalty on rows that are held out.

References: Allen, *The relationship between variable selection and data augmentation*, Technometrics 16, 1974 (leaving
one out); Tibshirani, *Regression shrinkage and selection via the lasso*, JRSS B 58, 1996; McCullagh and Nelder,
*Generalized linear models*, 1989.
"""

from __future__ import annotations

import warnings

import numpy as np

from contrafact.base.seeds import fold, generator
from contrafact.causal.learners.functions import STEEPEST, Line, constant
from contrafact.causal.learners.smooth import standards

PENALTIES = tuple(10.0**power for power in range(-4, 4))
LINK_PENALTIES = (1e-3, 1e-2, 1e-1)
PARTS, MOST_CHOSEN_BY, NEWTON = 4, 5000, 25
LINKS = {"exp": 1, "logistic": 2}
ENDLESS = (-np.inf, np.inf)


def mean(x: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None, seed: int = 0) -> Line:
    """Give the mean whatever the columns say."""
    return constant(float(np.average(y, weights=weight)), x.shape[1])


def ridge(x: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None, seed: int = 0) -> Line:
    """Fit a line, held towards zero as strongly as rows that are left out ask for."""
    share = _shares(len(y), weight)
    keep, _, scale = standards(x)
    centre, middle = share @ x[:, keep], float(share @ y)
    root = np.sqrt(share)
    u, s, v = np.linalg.svd(root[:, None] * (x[:, keep] - centre) / scale, full_matrices=False)
    outcome = root * (y - middle)
    along, errors = u.T @ outcome, []
    for penalty in PENALTIES:
        shrink = s**2 / (s**2 + penalty)
        leverage = (u**2 @ shrink) + share
        errors.append(float((((outcome - u @ (shrink * along)) / np.maximum(1 - leverage, 1e-3)) ** 2).sum()))
    penalty = PENALTIES[int(np.argmin(errors))]
    slope = v.T @ (s / (s**2 + penalty) * along)
    return _line(x.shape[1], keep, centre, scale, slope, middle)


def lasso(x: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None, seed: int = 0) -> Line:
    """Fit a line of few columns; how few is chosen on rows that are held out."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LassoCV

    share = _shares(len(y), weight)
    keep, _, scale = standards(x)
    if not len(keep):
        return mean(x, y, weight)
    centre, middle = share @ x[:, keep], float(share @ y)
    inputs = (x[:, keep] - centre) / scale
    folds = generator(seed, "lasso").permutation(len(y)) % PARTS
    cuts = [(np.flatnonzero(folds != part), np.flatnonzero(folds == part)) for part in range(PARTS)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        own = fold(seed, "descent") % 2**32  # without a seed scikit-learn moves NumPy's global state
        model = LassoCV(cv=cuts, eps=1e-2, max_iter=2000, tol=1e-3, random_state=own)
        found = model.fit(inputs, y, sample_weight=share * len(y))
    return _line(x.shape[1], keep, centre, scale, found.coef_, middle + float(found.intercept_ - middle))


def exponential(x: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None, seed: int = 0) -> Line:
    """Fit exp(line) by least squares: outcomes that grow by factors."""
    return _linked("exp", x, y, weight, seed)


def logistic(x: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None, seed: int = 0) -> Line:
    """Fit the chance of a 1 as the logistic function of a line, by likelihood."""
    return _linked("logistic", x, y, weight, seed)


def _linked(link: str, x: np.ndarray, y: np.ndarray, weight: np.ndarray | None, seed: int) -> Line:
    share = _shares(len(y), weight)
    keep, centre, scale = standards(x)
    inputs = np.column_stack([np.ones(len(y)), (x[:, keep] - centre) / scale])
    some = generator(seed, "link").permutation(len(y))[:MOST_CHOSEN_BY]
    part = generator(fold(seed, "parts")).permutation(len(some)) % PARTS
    errors = np.zeros(len(LINK_PENALTIES))
    for which, penalty in enumerate(LINK_PENALTIES):
        for out in range(PARTS):
            rows, held = some[part != out], some[part == out]
            weights = _newton(link, inputs[rows], y[rows], share[rows] / share[rows].sum(), penalty)
            errors[which] += _loss(link, inputs[held] @ weights, y[held], share[held])
    weights = _newton(link, inputs, y, share, LINK_PENALTIES[int(errors.argmin())])
    line = _line(x.shape[1], keep, centre, scale, weights[1:], weights[0])
    span = float(np.ptp(y))
    ends = (y.min() - span, y.max() + span) if link == "exp" else (0.0, 1.0)
    return Line(weights=line.weights, offset=line.offset, link=np.array(LINKS[link]), ends=np.array(ends))


def _loss(link: str, total: np.ndarray, y: np.ndarray, share: np.ndarray) -> float:
    """Give the weighted loss of a line under a link: squared error, or minus the log likelihood."""
    total = np.clip(total, -STEEPEST, STEEPEST)
    if link == "exp":
        return float(share @ (y - np.exp(total)) ** 2) / 2
    return float(share @ (np.logaddexp(0, total) - y * total))


def _newton(link: str, x: np.ndarray, y: np.ndarray, share: np.ndarray, penalty: float) -> np.ndarray:
    """Find a line under a link by Newton steps (of least squares: Gauss and Newton's), halved while they go too far."""
    weights = np.zeros(x.shape[1])
    middle, size = float(share @ y), 1.0
    if link == "exp":
        size = float(share @ (y - middle) ** 2) or 1.0
        weights[0] = np.log(max(middle, 1e-3 * np.sqrt(size), 1e-12))
    else:
        weights[0] = np.log((middle + 1e-3) / (1 - middle + 1e-3))
    held = np.full(x.shape[1], penalty * size)
    held[0] = 1e-9 * size
    cost = np.inf
    for _ in range(NEWTON):
        total = np.clip(x @ weights, -STEEPEST, STEEPEST)
        made = np.exp(total) if link == "exp" else 1 / (1 + np.exp(-total))
        slope, bend = ((made - y) * made, made**2) if link == "exp" else (made - y, made * (1 - made))
        pull = held * weights
        pull[0] = 0.0
        step = np.linalg.solve((x * (share * bend)[:, None]).T @ x + np.diag(held), x.T @ (share * slope) + pull)
        length, before = 1.0, cost
        while length > 1e-4:
            tried = weights - length * step
            cost = _loss(link, x @ tried, y, share) + (held[1:] * tried[1:] ** 2).sum() / 2
            if cost <= before or not np.isfinite(before):
                break
            length /= 2
        if cost > before:
            return weights
        weights = tried
        if before - cost < 1e-9 * abs(cost):
            break
    return weights


def _shares(rows: int, weight: np.ndarray | None) -> np.ndarray:
    weight = np.ones(rows) if weight is None else weight
    found: np.ndarray = weight / weight.sum()
    return found


def _line(
    columns: int, keep: np.ndarray, centre: np.ndarray, scale: np.ndarray, slope: np.ndarray, middle: float
) -> Line:
    """Write a line over standardised columns as one over the user's."""
    weights = np.zeros(columns)
    weights[keep] = slope / scale
    offset = np.array(middle - centre @ weights[keep])
    return Line(weights=weights, offset=offset, link=np.array(0), ends=np.array(ENDLESS))
