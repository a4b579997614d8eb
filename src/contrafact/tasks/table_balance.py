"""Balance a table: fill up rare classes with generated rows, and say whether something simpler does as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from contrafact.base.errors import UsageError
from contrafact.base.recipe import Recipe
from contrafact.base.seeds import checked_count, fold
from contrafact.tasks.helps import Check, checked
from contrafact.tasks.kept_rows import with_count, with_new_keys
from contrafact.tasks.table_maker import Fitter, chosen_recipe, table_of, told_target
from contrafact.tasks.table_trial import EFFORTS, Classes, RowTrial


@dataclass(kw_only=True, eq=False)
class BalancingRows(RowTrial):
    """The job over a table.

    Arguments:
        to: How many rows every class is to have at least.
    """

    to: int

    def wanted(self, counts: np.ndarray, rows: int) -> np.ndarray:
        """Give the class of each row that is missing; a part of the table is filled up by its share."""
        to = max(round(self.to * rows / len(self.data)), 1)
        return np.repeat(np.arange(len(counts)), np.maximum(to - counts, 0))

    def made(self, model: Any, wanted: np.ndarray, seed: int) -> Any:
        """Draw rows of these classes, each given its class."""
        assert self.classes is not None
        return of_classes(model, self.classes, wanted, seed)


def of_classes(model: Any, classes: Classes, wanted: np.ndarray, seed: int) -> Any:
    """Draw rows of classes, each given its class, in the order of the classes.

    Arguments:
        model: Draws rows that hold what is given.
        classes: The classes.
        wanted: The class of each row.
        seed: The same seed draws the same rows.
    """
    import pandas as pd

    counts = np.bincount(wanted, minlength=len(classes.labels))
    drawn = [
        model.sample(int(count), given={str(classes.target): _plain(label)}, seed=fold(seed, "class", code))
        for code, (label, count) in enumerate(zip(classes.labels, counts, strict=True))
        if count
    ]
    if not drawn:
        return model.sample(0, seed=seed)
    joined = with_new_keys(model, pd.concat(drawn, ignore_index=True))
    return with_count(joined, drawn)


def _plain(label: Any) -> Any:
    return label.item() if isinstance(label, np.generic) else label


def balancing_rows(
    data: Any,
    *,
    target: Any = None,
    to: int | None = None,
    ratio: float = 1.0,
    method: str | Recipe | None = None,
    settings: Mapping[str, Any] | None = None,
    check: Check = "quick",
    seed: int = 0,
    **options: Any,
) -> BalancingRows:
    """Prepare the job over a table; the arguments are those of `balance`, and the method's settings by name."""
    from contrafact.zoo.loom import Loom

    checked(check)
    frame = table_of(data)
    if target is None:
        raise UsageError(
            "No column was named that is to be balanced.",
            why=f"The columns are {', '.join(map(str, frame.columns[:8]))}.",
            fix="--target COLUMN",
            code="E115",
        )
    classes = Classes.of(frame, target)
    counts = classes.counts()
    to = share_of(int(counts.max()), ratio) if to is None else checked_count(to)
    if to <= counts.min():
        raise UsageError(
            f"Every class of {classes.target!r} has {counts.min():,} rows or more.",
            why="There is nothing to fill up.",
            fix=f"Ask for more rows of each class: --to {2 * counts.max()}",
            code="E243",
        )
    made = told_target(chosen_recipe(method, Loom(), settings), target)
    parts, learned = cut(classes, frame, check, seed)
    fitter = Fitter(recipe=made, data=learned, options={"seed": seed, **options})
    return BalancingRows(data=frame, classes=classes, fitter=fitter, check=check, seed=seed, parts=parts, to=to)


def share_of(largest: int, ratio: float) -> int:
    """Say how many rows of a class there shall be, as a share of the largest class.

    Raises:
        UsageError: The share is not above 0.
    """
    if not 0 < ratio < float("inf"):
        raise UsageError(
            f"Classes cannot be filled up to {ratio} of the largest.",
            why="A share lies above 0; 1 makes all classes equal.",
            fix="--ratio 0.5",
            code="E102",
        )
    return max(round(ratio * largest), 1)


def cut(classes: Classes | None, frame: Any, check: Check, seed: int) -> tuple[np.ndarray | None, Any]:
    """Choose test parts, and what the generator that makes the result may see."""
    if check == "off" or classes is None:
        return None, frame
    parts = classes.parts(seed)
    return parts, frame.iloc[np.flatnonzero(parts != 0)] if EFFORTS[check].parts == 1 else frame
