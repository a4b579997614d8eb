"""A row of pictures for each class that a model knows, and which class varies too little."""

from __future__ import annotations

from typing import Any

import numpy as np

from contrafact.report.figures import Figure
from contrafact.report.neighbours import shown
from contrafact.report.panels import Rows

MOST_CLASSES, SHOWN, DRAWN = 12, 10, 64
DEAD, POOR = 0.2, 0.5


def by_class(model: Any, real: dict[str, np.ndarray] | None = None) -> Figure | None:
    """Draw a row of samples for each class; None for a model without classes.

    Arguments:
        model: A model of pictures.
        real: Real pictures (N x C x H x W) and the places of their classes, or None.
    """
    codec = model.codec
    if len(codec.classes) < 2:
        return None
    most = np.argsort(-np.asarray(codec.shares), kind="stable")[:MOST_CLASSES]
    places = np.sort(most)
    drawn = [codec.pictures(model.sample(DRAWN, {"class": codec.classes[place]}, seed=0)) for place in places]
    names = tuple(codec.classes[place] for place in places)
    left = f", the {len(places)} most common of {len(codec.classes):,}" if len(places) < len(codec.classes) else ""
    return Figure(
        finding=_found(names, _variety(drawn), _of_real(real, places)),
        sentence=f"Each row is a class{left}; each column is the same noise: what is alike down a column is style.",
        drawing=Rows(names=names, items=shown(np.concatenate([pictures[:SHOWN] for pictures in drawn]))),
    )


def _variety(groups: list[np.ndarray]) -> np.ndarray:
    """Give each group's variance, summed over pixels; NaN for less than two pictures."""
    return np.array([float(g.astype(np.float32).var(0).sum()) if len(g) > 1 else np.nan for g in groups])


def _of_real(real: dict[str, np.ndarray] | None, places: np.ndarray) -> np.ndarray | None:
    if real is None or "labels" not in real:
        return None
    return _variety([real["pictures"][real["labels"] == place][:1000] for place in places])


def _found(names: tuple[str, ...], variety: np.ndarray, truth: np.ndarray | None) -> str:
    """Name the class that varies least, beside its real pictures or the other classes."""
    ratio = variety / (np.nanmean(variety) if truth is None else truth)
    known = np.isfinite(ratio)
    if not known.any():
        return "A row of samples for each class."
    least = int(np.nanargmin(np.where(known, ratio, np.nan)))
    beside = "the classes' mean variance" if truth is None else "the variance of its real pictures"
    told = f"{ratio[least]:.2f} x {beside}"
    if ratio[least] < DEAD and truth is not None:
        return f"Class {names[least]} is nearly dead: it draws the same picture again and again ({told})."
    if ratio[least] < POOR and truth is not None:
        return f"Class {names[least]} has too little variety: {told}."
    return f"Every class is varied; class {names[least]} varies least: {told}."
