"""What the metrics read: checked matrices, and seeded choices among their rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from contrafact.base.errors import DataError
from contrafact.base.seeds import generator

LARGEST = 1e100  # squares of larger numbers overflow


def rows(values: Any, name: str = "rows") -> np.ndarray:
    """Read a matrix of finite float64 numbers; a flat array is one column.

    Raises:
        DataError: There are no rows, or a cell is missing or infinite.
    """
    matrix = np.asarray(values, dtype=np.float64)
    matrix = matrix[:, None] if matrix.ndim == 1 else matrix.reshape(len(matrix), math.prod(matrix.shape[1:]))
    if not matrix.size:
        raise DataError(
            f"The {name} are empty.",
            why="A score needs at least one row and one column.",
            fix="Give rows.",
            code="E221",
        )
    wrong = ~(np.abs(matrix) <= LARGEST)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise DataError(
            f"The {name} hold {matrix[row, column]} in row {row}, column {column}.",
            why=f"Distances need finite numbers, up to {LARGEST:g}.",
            fix="Fill or drop such cells first: contrafact impute FILE -o OUT",
            code="E222",
        )
    return matrix


def pair(real: Any, fake: Any) -> tuple[np.ndarray, np.ndarray]:
    """Read two matrices of the same width.

    Raises:
        DataError: One is empty or holds a number that is not finite, or their widths differ.
    """
    real, fake = rows(real, "real rows"), rows(fake, "fake rows")
    if real.shape[1] != fake.shape[1]:
        raise DataError(
            f"The real rows have {real.shape[1]} columns and the fake rows {fake.shape[1]}.",
            why="Only rows of the same columns can be compared.",
            fix="Give both the same columns in the same order.",
            code="E223",
        )
    return real, fake


def at_most(matrix: np.ndarray, limit: int, seed: int, purpose: str) -> np.ndarray:
    """Keep at most `limit` rows, chosen by the seed, in their order."""
    if len(matrix) <= limit:
        return matrix
    return matrix[np.sort(generator(seed, "subsample", purpose).choice(len(matrix), limit, replace=False))]


def halves(matrix: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Split rows by the seed into two halves; a single row is both."""
    if len(matrix) < 2:
        return matrix, matrix
    order = generator(seed, "halves").permutation(len(matrix))
    return matrix[order[: len(order) // 2]], matrix[order[len(order) // 2 :]]
