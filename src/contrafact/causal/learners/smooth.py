"""Gaussian processes whose settings are learned by their own likelihood: smooth surfaces, alone or several at once.

The surface is a sum of parts: f(x, t) = sum_p c_p(t) f_p(x), where each f_p has a Gaussian law with one of the kernels

    line   v (1 + x x')      bump   v exp(-|W (x - x')|² / 2)  with W = diag(w)  (each column its own scale: ARD)
                             index  the same with W = w', one direction: f_p(w'x), a curve along a learned index

and c_p(t) is the part's code for an arm t. One arm with code 1 is plain regression. Arms that share a part borrow from
each other: codes (1, 1) for what all arms have in common and (-1, 1)/2 for what sets them apart make one process of
both potential outcomes (a linear model of coregionalisation). Each arm has a noise of its own.

All settings theta are found by L-BFGS on the log posterior, with wide normal laws on log amplitudes and log scales and
the exact gradient: with K the covariance, a = K⁻¹y and M = (a a' - K⁻¹)/2, d log p / d theta = sum M ∘ dK/d theta. Of
many rows some are taken for that, and then up to ten thousand count through as many inducing rows (Nyström, "DTC").

References: Rasmussen and Williams, *Gaussian processes for machine learning*, 2006; Alaa and van der Schaar, *Bayesian
inference of individualized treatment effects using multi-task Gaussian processes*, NeurIPS 2017; Choi, Shi and Wang,
*Gaussian process regression for single-index models*, 2011.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from contrafact.base.seeds import generator
from contrafact.causal.learners.functions import Surface, similarity

FIRST, MOST_LEARNED, MOST_EXACT = 250, 600, 1500  # rows that settings are found and refined on; that are centres
MOST_COUNTED = 10_000  # rows that count at all
ROUNDS, REFINED = 60, 8
JITTER = 1e-6
Kernel = Literal["line", "bump", "index"]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One summand.

    Arguments:
        kernel: Its law.
        codes: What it counts in each arm.
    """

    kernel: Kernel
    codes: tuple[float, ...] = (1.0,)


ALONE = tuple(Part(kernel=kernel) for kernel in ("line", "bump", "index"))


@dataclass(kw_only=True)
class Process:
    """Parts with their settings, over rows of some arms.

    Arguments:
        parts: The summands.
        columns: How many columns a row has.
        arms: How many arms there are.
    """

    parts: Sequence[Part]
    columns: int
    arms: int = 1

    def slices(self) -> list[slice]:
        """Give each part's place among all settings; the noises of the arms come last."""
        sizes = [1 if part.kernel == "line" else 1 + self.columns for part in self.parts]
        starts = np.cumsum([0, *sizes])
        return [slice(a, b) for a, b in pairwise(starts.tolist())]

    def first(self, direction: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Give the settings to start from, and the means and widths of their laws.

        Arguments:
            direction: In which direction the outcome rises.
        """
        loud, usual = np.log(0.5), np.log(0.5 / np.sqrt(max(self.columns, 1)))
        wide = max(1 / np.sqrt(max(self.columns, 1)), 0.1)
        laws: dict[Kernel, tuple[Any, float, float]] = {
            "bump": (usual, usual - 0.5, 1.0),
            "index": (0.7 * direction, 0.0, wide),
        }
        rows: list[np.ndarray] = []
        for part in self.parts:
            rows.append(np.array([[loud], [loud], [1.5]]))
            if part.kernel in laws:
                rows.append(np.stack([np.broadcast_to(each, self.columns) for each in laws[part.kernel]]))
        rows.append(np.array([[loud], [loud], [1.0]]).repeat(self.arms, axis=1))
        start, middle, width = np.concatenate(rows, axis=1)
        return start, middle, width

    def scales(self, part: Part, own: np.ndarray) -> np.ndarray:
        """Give the matrix that columns are multiplied by before distances are taken."""
        return np.asarray(np.diag(np.exp(own[1:])) if part.kernel == "bump" else own[1:, None])

    def similar(self, part: Part, own: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Give a part's kernel between rows, its amplitude included."""
        size = np.exp(2 * own[0])
        if part.kernel == "line":
            found: np.ndarray = size * (1 + a @ b.T)
            return found
        scales = self.scales(part, own)
        return np.asarray(size * similarity(a @ scales, b @ scales))

    def codes(self, part: Part, arm: np.ndarray) -> np.ndarray:
        """Give what a part counts in each row."""
        found: np.ndarray = np.asarray(part.codes)[arm]
        return found

    def covariance(
        self, theta: np.ndarray, a: np.ndarray, arm_a: np.ndarray, b: np.ndarray, arm_b: np.ndarray
    ) -> np.ndarray:
        """Give the covariance of the surface between rows, without noise."""
        total = np.zeros((len(a), len(b)))
        for part, where in zip(self.parts, self.slices(), strict=True):
            codes = self.codes(part, arm_a)[:, None] * self.codes(part, arm_b)
            total += codes * self.similar(part, theta[where], a, b)
        return total

    def noise(self, theta: np.ndarray, arm: np.ndarray, spread: np.ndarray) -> np.ndarray:
        """Give each row's variance of the noise."""
        found: np.ndarray = np.exp(2 * theta[-self.arms :])[arm] * spread + JITTER
        return found

    def cost(
        self, theta: np.ndarray, x: np.ndarray, y: np.ndarray, arm: np.ndarray, spread: np.ndarray
    ) -> tuple[float, np.ndarray]:
        """Give minus the log likelihood of the outcomes, and its gradient over the settings.

        Arguments:
            theta: The settings.
            x: Rows.
            y: Outcomes.
            arm: Each row's arm.
            spread: What each row's variance of the noise is multiplied by.
        """
        from scipy.linalg import cho_solve, lapack

        own = [theta[where] for where in self.slices()]
        kernels = [
            np.outer(self.codes(part, arm), self.codes(part, arm)) * self.similar(part, some, x, x)
            for part, some in zip(self.parts, own, strict=True)
        ]
        noise = self.noise(theta, arm, spread)
        root, failed = lapack.dpotrf(sum(kernels) + np.diag(noise), lower=1, clean=1)
        if failed:
            return 1e12, np.zeros_like(theta)
        alpha = cho_solve((root, True), y)
        inverse = lapack.dpotri(root, lower=1)[0]
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        middle = (inverse - np.outer(alpha, alpha)) / 2  # minus M
        gradient = np.zeros_like(theta)
        for part, some, kernel, where in zip(self.parts, own, kernels, self.slices(), strict=True):
            gradient[where] = self._slope(part, some, middle * kernel, x)
        diagonal = 2 * np.diag(middle) * (noise - JITTER)
        gradient[-self.arms :] = np.bincount(arm, diagonal, minlength=self.arms)
        value = y @ alpha / 2 + np.log(np.diag(root)).sum() + len(y) / 2 * np.log(2 * np.pi)
        return float(value), gradient

    def _slope(self, part: Part, own: np.ndarray, weights: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Sum weights times the slope of the logarithm of a kernel over a part's settings."""
        size = [2 * weights.sum()]
        if part.kernel == "line":
            return np.array(size)
        sums = weights.sum(1)
        if part.kernel == "bump":
            apart = 2 * ((x**2).T @ sums - (x * (weights @ x)).sum(0))  # sum of weights times squared differences
            return np.concatenate([size, -apart * np.exp(2 * own[1:])])
        along = x @ own[1:]
        return np.concatenate([size, -2 * (x.T @ (sums * along) - x.T @ (weights @ along))])


@dataclass(frozen=True, kw_only=True)
class Learned:
    """A process after rows were seen.

    Arguments:
        surfaces: The mean of each arm.
        cost: Minus the log posterior of the settings, over the rows that they were learned from.
        noise: Each arm's standard deviation of the noise.
        theta: The settings, in standardised columns and outcome.
    """

    surfaces: tuple[Surface, ...]
    cost: float
    noise: np.ndarray
    theta: np.ndarray


def learned(
    x: np.ndarray,
    y: np.ndarray,
    *,
    parts: Sequence[Part] = ALONE,
    arm: np.ndarray | None = None,
    weight: np.ndarray | None = None,
    seed: int = 0,
    rounds: int = ROUNDS,
) -> Learned:
    """Learn a smooth surface for each arm.

    Arguments:
        x: Rows; their columns need not be standardised.
        y: Outcomes.
        parts: What the surfaces are made of.
        arm: Each row's arm; None for one.
        weight: How much each row counts: its noise has the variance of the arm over this.
        seed: Chooses rows where there are many.
        rounds: How many steps the settings are improved for.
    """
    arm = np.zeros(len(y), dtype=np.int64) if arm is None else arm
    spread = np.ones(len(y)) if weight is None else np.clip(weight.mean() / np.maximum(weight, 1e-12), 1e-3, 1e6)
    if len(y) > MOST_COUNTED:
        some = _some(len(y), MOST_COUNTED, seed)
        x, y, arm, spread = x[some], y[some], arm[some], spread[some]
    keep, centre, scale = standards(x)
    inputs = (x[:, keep] - centre) / scale
    shift, size = float(y.mean()), float(y.std()) or 1.0
    outcome = (y - shift) / size
    process = Process(parts=parts, columns=inputs.shape[1], arms=len(parts[0].codes))
    theta, cost = None, 0.0
    for most, steps in ((FIRST, rounds), (MOST_LEARNED, REFINED)):
        some = _some(len(y), most, seed)
        if theta is None or len(some) > FIRST:
            theta, cost = _settings(process, inputs[some], outcome[some], arm[some], spread[some], steps, theta)
    assert theta is not None
    centres = np.arange(len(y)) if len(y) <= MOST_EXACT else _some(len(y), MOST_LEARNED, seed)
    alpha = _weights(process, theta, inputs, outcome, arm, spread, centres)
    seen = _Seen(keep, centre, scale, x.shape[1])
    surfaces = tuple(
        _surface(process, theta, which, inputs[centres], arm[centres], alpha, seen, (size, shift))
        for which in range(process.arms)
    )
    return Learned(surfaces=surfaces, cost=cost, noise=size * np.exp(theta[-process.arms :]), theta=theta)


def standards(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give which columns vary, and their means and deviations."""
    scale = x.std(0)
    keep = np.flatnonzero(scale > 1e-12 * (1 + np.abs(x).max(0, initial=0)))
    return keep, x[:, keep].mean(0), scale[keep]


def _some(rows: int, most: int, seed: int) -> np.ndarray:
    return generator(seed, "rows").permutation(rows)[:most]


def _settings(
    process: Process,
    x: np.ndarray,
    y: np.ndarray,
    arm: np.ndarray,
    spread: np.ndarray,
    rounds: int,
    known: np.ndarray | None = None,
) -> tuple[np.ndarray, float]:
    """Find the settings by their posterior, or improve those that are known."""
    from scipy.optimize import minimize

    slope = np.linalg.solve(x.T @ x + 0.1 * len(x) * np.eye(x.shape[1]), x.T @ y) if x.shape[1] else np.empty(0)
    direction = slope / (np.linalg.norm(slope) or 1.0)
    start, middle, width = process.first(direction)
    start = start if known is None else known

    def cost(theta: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = process.cost(theta, x, y, arm, spread)
        away = (theta - middle) / width
        return value + (away**2).sum() / 2, gradient + away / width

    bounds = list(zip(np.minimum(middle - 6 * width, start), np.maximum(middle + 6 * width, start), strict=True))
    found = minimize(cost, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": rounds, "ftol": 1e-5})
    return found.x, float(found.fun)


def _weights(
    process: Process,
    theta: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    arm: np.ndarray,
    spread: np.ndarray,
    centres: np.ndarray,
) -> np.ndarray:
    """Give the weight of each centre in the mean: exact where every row is one, else by inducing rows."""
    from scipy.linalg import cho_factor, cho_solve

    noise = process.noise(theta, arm, spread)
    own, codes = x[centres], arm[centres]
    inner = process.covariance(theta, own, codes, own, codes)
    if len(centres) == len(y):
        found: np.ndarray = cho_solve(cho_factor(inner + np.diag(noise), lower=True), y)
        return found
    total, right = inner + JITTER * np.trace(inner) / len(inner) * np.eye(len(inner)), np.zeros(len(inner))
    for first in range(0, len(y), 4096):
        rows = slice(first, first + 4096)
        across = process.covariance(theta, own, codes, x[rows], arm[rows])
        total += (across / noise[rows]) @ across.T
        right += across @ (y[rows] / noise[rows])
    reduced: np.ndarray = cho_solve(cho_factor(total, lower=True), right)
    return reduced


@dataclass(frozen=True)
class _Seen:
    """How the user's columns became standardised ones."""

    keep: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    columns: int


def _surface(
    process: Process,
    theta: np.ndarray,
    which: int,
    centres: np.ndarray,
    arm: np.ndarray,
    alpha: np.ndarray,
    seen: _Seen,
    outcome: tuple[float, float],
) -> Surface:
    """Write one arm's mean as a function of the user's own columns."""
    weights, offset = np.zeros(seen.columns), 0.0
    scales, bumps = [], []
    for part, where in zip(process.parts, process.slices(), strict=True):
        own, code = theta[where], part.codes[which]
        counted = code * np.exp(2 * own[0]) * process.codes(part, arm) * alpha
        if not code:
            continue
        if part.kernel == "line":
            slope = (centres.T @ counted) / seen.scale
            weights[seen.keep] += slope
            offset += counted.sum() - slope @ seen.centre
            continue
        wide = np.zeros((seen.columns, seen.columns))
        inner = process.scales(part, own) / seen.scale[:, None]
        wide[seen.keep, : inner.shape[1]] = inner
        scales.append(wide)
        bumps.append(counted)
    rows = np.zeros((len(centres), seen.columns))
    rows[:, seen.keep] = centres * seen.scale + seen.centre
    return Surface(
        weights=weights,
        offset=np.array(offset),
        centres=rows if bumps else rows[:0],
        scales=np.array(scales).reshape(len(bumps), seen.columns, seen.columns),
        bumps=np.array(bumps).reshape(len(bumps), len(rows) if bumps else 0),
        scale=np.array(outcome[0]),
        shift=np.array(outcome[1]),
    )
