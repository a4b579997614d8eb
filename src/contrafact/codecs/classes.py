"""Classes of pictures, sound and text: their names, their shares, and the way from a label to its place and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import UsageError, did_you_mean

MOST_CLASSES = 1000
NAMED = 12


def learned(labels: Any) -> tuple[tuple[str, ...], tuple[float, ...], bool]:
    """Learn the names of the classes, the share of each, and whether labels are whole numbers; empty without labels.

    Arguments:
        labels: A label for each item, or None.
    """
    given = np.empty(0, dtype=str) if labels is None else np.asarray(labels)
    names, counts = np.unique(given, return_counts=True)
    shares = tuple((counts / max(len(given), 1)).tolist())
    return tuple(str(n) for n in names), shares, given.dtype.kind in "iu"


def given_labels(data: Any) -> Any:
    """Give the labels of data, empty ones where there are none."""
    labels = data.labels if isinstance(data, Data) else None
    return [""] * len(data) if labels is None else labels


def places_of(labels: Any, classes: Sequence[str]) -> np.ndarray:
    """Find the place of each label among the classes.

    Raises:
        UsageError: There is no such class.
    """
    known = {name: place for place, name in enumerate(classes)}
    names = [str(label) for label in labels]
    for name in names:
        if name not in known:
            raise UsageError(
                f"There is no class '{name}'.",
                why=did_you_mean(name, classes[:MOST_CLASSES]),
                fix=f"The classes are {', '.join(classes[:NAMED])}{' ...' if len(classes) > NAMED else ''}.",
                code="E105",
            )
    return np.array([known[name] for name in names], dtype=np.int64)


def labels_at(places: Any, classes: Sequence[str], numbers: bool) -> np.ndarray:
    """Give the user's labels back, whole numbers where they were such."""
    names: np.ndarray = np.asarray(classes, dtype=str)[np.asarray(places, dtype=np.int64)]
    return names.astype(np.int64) if numbers else names
