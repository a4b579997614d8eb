"""The functions of covariates that regressions may use, from plain to rich.

linear: the covariates. curves: natural cubic splines of each number beside it (Hastie, Tibshirani and Friedman 2009,
5.2.1), turned so that they are uncorrelated with each other and with a straight line. pairs: all products of two beside
that. waves: cosines in random directions, whose ridge regression is one with a Gaussian kernel (Rahimi and Recht 2007).
Which of them is used is decided by rows that a fit has not seen. A straight line is penalised a hundred times less than
what bends it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from contrafact.base.seeds import generator
from contrafact.causal.estimate.columns import Array

LEAST_VALUES, MOST_BENDS, FEWEST, MOST, EDGE, MOST_PAIRS, WAVES = 6, 40, 3, 7, 0.005, 120, 80
WIDTHS = (1.0, 2.0)
STRAIGHT, CONSTANT, PAIRED = 10.0, 1000.0, 3.0
Counts = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Terms:
    """Functions of covariates, the first of them constant.

    Arguments:
        name: linear, curves, pairs or waves.
        columns: The covariates that are bent.
        knots: A row of knots for each.
        turns: For each a matrix that makes its splines uncorrelated with each other and with a straight line.
        pairs: The covariates of each product.
        slopes: The direction of each wave.
        shifts: Where it begins.
        centre: What is taken off each function but the constant.
        scale: What it is divided by.
    """

    name: str
    columns: Counts
    knots: Array
    turns: Array
    pairs: Counts
    slopes: Array
    shifts: Array
    centre: Array
    scale: Array

    def __call__(self, matrix: Array) -> Array:
        """Compute the functions for rows of covariates."""
        raw = _raw(self, matrix)
        found = np.empty((len(matrix), raw.shape[1] + 1))
        found[:, 0] = CONSTANT
        np.subtract(raw, self.centre, out=found[:, 1:])
        found[:, 1:] /= self.scale
        return found


def terms(matrix: Array, name: str, seed: int = 0) -> Terms:
    """Choose knots, products or waves for covariates.

    Arguments:
        matrix: The covariates, standardised.
        name: linear, curves, pairs or waves.
        seed: Seeds the waves.
    """
    count = matrix.shape[1]
    bent, knots = _knots(matrix) if name != "linear" else (np.zeros(0, int), np.zeros((0, FEWEST + 2)))
    first, second = np.triu_indices(count, 1) if name == "pairs" else (np.zeros(0, int),) * 2
    slopes, shifts = _waves(count, seed) if name == "waves" else (np.zeros((count, 0)), np.zeros(0))
    rough = Terms(
        name=name,
        columns=bent,
        knots=knots,
        turns=_turns(matrix[:, bent], knots),
        pairs=np.stack([first, second]),
        slopes=slopes,
        shifts=shifts,
        centre=np.zeros(1),
        scale=np.ones(1),
    )
    raw = _raw(rough, matrix)
    spread = raw.std(axis=0)
    weight = np.ones(raw.shape[1])
    weight[:count] = STRAIGHT
    weight[count + bent.size * (knots.shape[1] - 2) :][: first.size] = PAIRED
    return Terms(
        name=name,
        columns=bent,
        knots=knots,
        turns=rough.turns,
        pairs=rough.pairs,
        slopes=slopes,
        shifts=shifts,
        centre=raw.mean(axis=0),
        scale=np.where(spread > 1e-9, spread, np.inf) / weight,
    )


def candidates(matrix: Array, rows: int) -> tuple[str, ...]:
    """Name the sets of functions that so many rows can bear.

    Arguments:
        matrix: The covariates.
        rows: How many rows a fit will see.
    """
    count = matrix.shape[1]
    if not count:
        return ("linear",)
    knots = _knots(matrix)[1]
    bent, bends = len(knots), len(knots) * (knots.shape[1] - 2)
    sizes = {
        "linear": count,
        "curves": count + bends,
        "pairs": count + bends + count * (count - 1) // 2,
        "waves": count + bends + WAVES,
    }
    fit = {
        "linear": True,
        "curves": bent > 0,
        "pairs": count >= 2 and count * (count - 1) // 2 <= MOST_PAIRS,
        "waves": bent > 0 and rows >= 200,
    }
    return tuple(name for name, size in sizes.items() if fit[name] and (name == "linear" or 3 * size < 2 * rows))


def _knots(matrix: Array) -> tuple[Counts, Array]:
    """Choose knots for columns with many values: more of them where columns are few and rows are many.

    They stand halfway between equal numbers of rows and equal distances: the first alone leaves tails stiff, where few
    rows with large weights can decide an effect; the second leaves the bulk of skewed columns stiff.
    """
    bent = [place for place in range(matrix.shape[1]) if len(np.unique(matrix[:, place])) >= LEAST_VALUES]
    bends = max(FEWEST, min(MOST, MOST_BENDS // max(len(bent), 1), len(matrix) // (20 * max(len(bent), 1))))
    shares = np.linspace(EDGE, 1 - EDGE, bends + 2)
    knots = np.empty((len(bent), len(shares)))
    for row, place in enumerate(bent):
        found = np.quantile(matrix[:, place], shares)
        if found[0] == found[-1]:  # nearly all rows share a value: spread the knots over the values themselves
            found = np.quantile(np.unique(matrix[:, place]), shares)
        knots[row] = (found + np.linspace(found[0], found[-1], len(shares))) / 2
    return np.array(bent, dtype=int), knots


def _waves(count: int, seed: int) -> tuple[Array, Array]:
    random = generator(seed, "waves", count)
    widths = np.repeat(WIDTHS, WAVES // len(WIDTHS)) * np.sqrt(max(count, 1))
    return random.standard_normal((count, WAVES)) / widths, random.uniform(0, 2 * np.pi, WAVES)


def _raw(one: Terms, matrix: Array) -> Array:
    parts = [matrix]
    if one.columns.size:
        parts.append(_bent(matrix[:, one.columns], one.knots, one.turns))
    if one.pairs.size:
        parts.append(matrix[:, one.pairs[0]] * matrix[:, one.pairs[1]])
    if one.shifts.size:
        parts.append(np.cos(matrix @ one.slopes + one.shifts))
    return np.hstack(parts) if len(parts) > 1 else matrix


def _splines(values: Array, knots: Array) -> Array:
    """Give the natural cubic splines of each column that are not straight, and the column itself before them."""
    span = knots[:, -1] - knots[:, 0]
    cubes = np.maximum(values[:, :, None] - knots, 0.0) ** 3 / span[:, None] ** 2
    ratios = (cubes[:, :, :-1] - cubes[:, :, -1:]) / (knots[:, -1:] - knots[:, :-1])
    bends = ratios[:, :, :-1] - ratios[:, :, -1:]
    return np.concatenate([values[:, :, None], bends], axis=2)


def _bent(values: Array, knots: Array, turns: Array) -> Array:
    found: Array = np.einsum("nck,ckj->ncj", _splines(values, knots), turns, optimize=True)
    return found.reshape(len(values), -1)


def _turns(values: Array, knots: Array) -> Array:
    """Make the splines of a column uncorrelated: smooth ones first, directions that nothing varies along left out."""
    count, size = knots.shape
    found = np.zeros((count, size - 1, size - 2))
    splines = _splines(values, knots)
    for place in range(count):
        block = splines[:, place] - splines[:, place].mean(axis=0)
        line, bends = block[:, :1], block[:, 1:]
        slope = (line.T @ bends) / max(float((line**2).sum()), 1e-12)
        squares, axes = np.linalg.eigh((bends - line @ slope).T @ (bends - line @ slope) / len(values))
        kept = squares > 1e-9 * max(float(squares[-1]), 1e-300)
        turned = axes[:, ::-1] * np.where(kept, 1 / np.sqrt(np.maximum(squares, 1e-300)), 0.0)[::-1]
        found[place, 1:], found[place, 0] = turned, -(slope @ turned)[0]
    return found
