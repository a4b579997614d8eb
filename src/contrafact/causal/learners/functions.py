"""Fitted functions of covariates, kept as plain arrays: lines with a link, trees, and smooth surfaces.

Each is a record of arrays, so that a model made of them is saved without pickling anything. `predict` takes a matrix
whose columns are those that were learned from, and gives a number for each row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Protocol, Self

import numpy as np

MOST_CELLS = 2**22  # of a matrix of similarities that is held at once
STEEPEST = 30.0  # the exponent at which exp and the logistic function are cut


class Function(Protocol):
    """What was learned: a number for each row."""

    def predict(self, x: np.ndarray) -> np.ndarray: ...


class Kept:
    """A fitted function whose fields are arrays."""

    kind: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Any]]

    def arrays(self) -> dict[str, np.ndarray]:
        """Give the fields by name."""
        return {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """Read what `arrays` gave."""
        return cls(**arrays)


@dataclass(frozen=True, kw_only=True)
class Line(Kept):
    """A link of a weighted sum of the columns.

    Arguments:
        weights: One for each column.
        offset: What is added, one number.
        link: 0 the sum itself, 1 its exponential, 2 its logistic function.
        ends: The smallest and the largest value that is ever given.
    """

    kind: ClassVar[str] = "line"
    weights: np.ndarray
    offset: np.ndarray
    link: np.ndarray
    ends: np.ndarray

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Give the value for each row."""
        total = x @ self.weights + self.offset
        if int(self.link) == 1:
            total = np.exp(np.clip(total, -STEEPEST, STEEPEST))
        elif int(self.link) == 2:
            total = 1 / (1 + np.exp(-np.clip(total, -STEEPEST, STEEPEST)))
        found: np.ndarray = np.clip(total, *self.ends)
        return found


@dataclass(frozen=True, kw_only=True)
class Trees(Kept):
    """A sum of trees, laid out one behind the other.

    Arguments:
        feature: The column that each node asks about, -1 for leaves.
        threshold: At most this goes left.
        left: Where it goes then.
        right: Where it goes otherwise.
        value: What a leaf adds.
        roots: Where each tree begins.
        offset: What all rows start with.
    """

    kind: ClassVar[str] = "trees"
    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    value: np.ndarray
    roots: np.ndarray
    offset: np.ndarray

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Send every row down every tree."""
        x = x.astype(np.float32)  # as the trees were grown
        rows = np.arange(len(x))
        total = np.full(len(x), float(self.offset))
        for root in self.roots:
            place = np.full(len(x), root)
            while (inner := self.feature[place] >= 0).any():
                goes_left = x[rows, np.maximum(self.feature[place], 0)] <= self.threshold[place]
                place = np.where(inner, np.where(goes_left, self.left[place], self.right[place]), place)
            total += self.value[place]
        return total


@dataclass(frozen=True, kw_only=True)
class Surface(Kept):
    """A weighted sum of columns and of bumps around rows: the mean of a Gaussian process.

    Arguments:
        weights: One for each column.
        offset: What is added to their sum.
        centres: The rows that bumps stand on.
        scales: One matrix for each kind of bump: columns are multiplied by it before distances are taken.
        bumps: For each kind of bump the weight of each centre.
        scale: What the sum is multiplied by.
        shift: What is added then.
    """

    kind: ClassVar[str] = "surface"
    weights: np.ndarray
    offset: np.ndarray
    centres: np.ndarray
    scales: np.ndarray
    bumps: np.ndarray
    scale: np.ndarray
    shift: np.ndarray

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Give the value for each row."""
        total = x @ self.weights + self.offset
        step = max(MOST_CELLS // max(len(self.centres), 1), 1)
        for first in range(0, len(x), step):
            some = slice(first, first + step)
            for scale, bumps in zip(self.scales, self.bumps, strict=True):
                total[some] += similarity(x[some] @ scale, self.centres @ scale) @ bumps
        found: np.ndarray = total * self.scale + self.shift
        return found


def similarity(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Give exp(-|a - b|²/2) for all pairs of rows."""
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    found: np.ndarray = np.exp(-np.maximum(squares, 0) / 2)
    return found


KINDS: dict[str, type[Kept]] = {kind.kind: kind for kind in (Line, Trees, Surface)}


def constant(value: float, columns: int) -> Line:
    """Make a function that always gives the same."""
    ends = np.array([-np.inf, np.inf])
    return Line(weights=np.zeros(columns), offset=np.array(value), link=np.array(0), ends=ends)


def packed(functions: Sequence[Any]) -> tuple[list[str], dict[str, np.ndarray]]:
    """Give the kinds of functions, and all their arrays by number and name."""
    arrays = {
        f"function/{number}/{name}": array
        for number, function in enumerate(functions)
        for name, array in function.arrays().items()
    }
    return [function.kind for function in functions], arrays


def unpacked(kinds: Sequence[str], arrays: Mapping[str, np.ndarray]) -> list[Any]:
    """Make functions again from what `packed` gave."""
    found = []
    for number, kind in enumerate(kinds):
        start = f"function/{number}/"
        own = {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}
        found.append(KINDS[kind].from_arrays(own))
    return found
