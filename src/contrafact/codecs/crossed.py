"""Classes that are combinations of attributes, such as a red 7: networks read each attribute by itself.

A combination has ones at its levels, a level of each attribute. Rows add up where networks read them through linear
layers, so that a red 7 is drawn from what is known of red things and of sevens, although there was hardly one. The
classes are all combinations, those that were never seen too, in the order of the attributes' levels, the last attribute
running fastest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import DataError
from contrafact.codecs.classes import MOST_CLASSES


def combined(names: Sequence[str], columns: Sequence[Any]) -> np.ndarray:
    """Name the combination of levels that each item has.

    Arguments:
        names: The attributes.
        columns: For each a level for every item.

    >>> combined(["digit", "ink"], [[7, 1], ["red", "blue"]]).tolist()
    ['digit=7, ink=red', 'digit=1, ink=blue']
    """
    columns = [[str(value) for value in column] for column in columns]
    return np.array([_name(names, row) for row in zip(*columns, strict=True)], dtype=str)


def _name(names: Sequence[str], row: Sequence[str]) -> str:
    escaped = (part.replace("\\", "\\\\").replace(",", "\\,") for part in row)
    return ", ".join(f"{name}={part}" for name, part in zip(names, escaped, strict=True))


def crossed(data: Any) -> dict[str, Any] | None:
    """Learn the classes of data whose labels are combinations of attributes; None of all other data.

    Returns:
        The names of all combinations, their shares, and how many levels each attribute has.

    Raises:
        DataError: There are too many combinations.
    """
    if not isinstance(data, Data) or not data.by:
        return None
    levels = [sorted({str(value) for value in data.attributes[name]}) for name in data.by]
    sizes = [len(own) for own in levels]
    if math.prod(sizes) > MOST_CLASSES:
        raise DataError(
            f"There are {math.prod(sizes):,} combinations of {', '.join(data.by)}.",
            why=f"They have {', '.join(map(str, sizes))} levels; combinations are learned up to {MOST_CLASSES:,}.",
            fix="Name fewer attributes, or merge levels.",
            code="E214",
        )
    classes = tuple(_name(data.by, row) for row in product(*levels))
    seen, counts = np.unique(combined(data.by, [data.attributes[name] for name in data.by]), return_counts=True)
    shares = dict(zip(seen.tolist(), (counts / max(len(data), 1)).tolist(), strict=True))
    return {
        "classes": classes,
        "shares": tuple(shares.get(name, 0.0) for name in classes),
        "numbers": False,
        "crossed": tuple(sizes),
    }


def rows_of(classes: int, levels: Sequence[int]) -> np.ndarray:
    """Give what a network reads for each class: one one, or for combinations a one for each attribute.

    >>> rows_of(4, (2, 2)).astype(int).tolist()
    [[1, 0, 1, 0], [1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 0, 1]]
    """
    if not levels:
        return np.eye(classes, dtype=np.float32)
    places = np.unravel_index(np.arange(classes), levels)
    return np.hstack([np.eye(size, dtype=np.float32)[own] for size, own in zip(levels, places, strict=True)])
