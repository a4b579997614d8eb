"""Augment a table: more rows like the real ones, and an honest answer to whether they help to predict a column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from contrafact.base.recipe import Recipe
from contrafact.base.seeds import checked_count
from contrafact.tasks.by_class import shared_out
from contrafact.tasks.helps import Check, checked
from contrafact.tasks.table_balance import cut
from contrafact.tasks.table_maker import Fitter, chosen_recipe, table_of
from contrafact.tasks.table_trial import Classes, RowTrial


@dataclass(kw_only=True, eq=False)
class AugmentingRows(RowTrial):
    """The job over a table.

    Arguments:
        n: How many rows to make.
    """

    n: int

    def wanted(self, counts: np.ndarray, rows: int) -> np.ndarray:
        """Give classes as often as they come; a part of the table gets its share of the new rows."""
        n = max(round(self.n * rows / len(self.data)), 1) if self.n else 0
        return (
            np.zeros(n, dtype=np.int64) if not len(counts) else shared_out(n, np.repeat(np.arange(len(counts)), counts))
        )

    def made(self, model: Any, wanted: np.ndarray, seed: int) -> Any:
        """Draw as many rows, of whatever class."""
        return model.sample(len(wanted), seed=seed)

    def untested(self) -> str:
        """Say that nothing was tested, and what would be needed."""
        needed = " To see whether they help, name a column of classes to predict." if self.classes is None else ""
        return f"Made without a test whether they help.{needed}"


def augmenting_rows(
    data: Any,
    *,
    n: int | None = None,
    target: Any = None,
    method: str | Recipe | None = None,
    settings: Mapping[str, Any] | None = None,
    check: Check = "quick",
    seed: int = 0,
    **options: Any,
) -> AugmentingRows:
    """Prepare the job over a table; the arguments are those of `augment`, and the method's settings by name."""
    from contrafact.zoo.loom import Loom

    checked(check)
    frame = table_of(data)
    n = len(frame) if n is None else checked_count(n)
    classes = None if target is None else Classes.of(frame, target)
    made = chosen_recipe(method, Loom(), settings)
    parts, learned = cut(classes, frame, check, seed)
    fitter = Fitter(recipe=made, data=learned, options={"seed": seed, **options})
    return AugmentingRows(data=frame, classes=classes, fitter=fitter, check=check, seed=seed, parts=parts, n=n)
