"""Imputation by trees in turn: every column predicted from all others by gradient boosting, round after round.

As in `ice`, holes start at a simple fill, then each column is predicted from the others as they stand, and a few rounds
settle the matter; but the predictor is LightGBM, which sees bends and products that a line does not. Numbers are
regressed, levels classified. A tenth of the rows is kept from the last round's trees, to see how far they miss: draws
add noise of that size to numbers, and choose levels by their shares.

Trees are kept in LightGBM's own text form, and new rows go through as many rounds with the last round's trees.

References: Stekhoven and Bühlmann, *MissForest*, Bioinformatics 28, 2012 (the rounds); Ke et al., *LightGBM*, NeurIPS
2017 (the trees).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import Any, Self

import numpy as np

from contrafact.base.errors import UsageError
from contrafact.base.recipe import Count, Positive, Recipe
from contrafact.base.seeds import fold, generator
from contrafact.codecs.design import Design
from contrafact.codecs.schema import Role
from contrafact.codecs.table import TableCodec
from contrafact.engine.record import record
from contrafact.nets.filled import Filled

CLASSES = 20  # levels that are told apart; the others share what is left
KEPT_BACK = 10  # one row in so many measures how far trees miss
Trees = dict[int, Any]


@dataclass(frozen=True, kw_only=True)
class Forest(Recipe):
    """Fit trees that predict each column from the others (needs the extra "trees")."""

    rounds: Count = 4  # how often each column has its turn
    trees: Count = 100  # trees for each column, or for each of its levels
    leaves: Count = 31  # leaves of a tree
    rate: Positive = 0.1  # how much a tree may correct
    columns: dict[str, Role] | None = None  # what columns are, where the guess is wrong: zip=category,age=number

    def fit(
        self,
        data: Any,
        *,
        seed: int = 0,
        budget: str | None = None,
        run_dir: str | PathLike[str] | None = None,
        device: str | None = None,
    ) -> ForestModel:
        """Go round the columns; budget and device play no part.

        Raises:
            UsageError: LightGBM is not installed.
        """
        lightgbm()
        codec = TableCodec.fit(data, columns=self.columns, holes=False)
        design = Design(codec, most_levels=CLASSES, codes=True)
        known = codec.known(data)
        fitted = _Rounds(self, design, design.matrix(known.cells, len(known.encoded["tokens"])), seed)
        for _ in range(self.rounds - 1):
            fitted.go()
        arrays = fitted.last()
        model = ForestModel(self, codec, arrays)
        record(self, data, model, seed=seed, run_dir=run_dir)
        return model

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> ForestModel:
        """Make the model again from what it saved."""
        return ForestModel(self, TableCodec.from_json(codec), arrays)

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests in a blink."""
        return cls(rounds=2, trees=5, leaves=4)


def lightgbm() -> Any:
    """Give the library of trees.

    Raises:
        UsageError: It is not installed.
    """
    try:
        import lightgbm
    except ImportError as error:
        raise UsageError(
            "The method forest cannot be used.",
            why=f"It needs {error.name}, which is not installed.",
            fix='pip install "contrafact[trees]"',
            code="E111",
        ) from error
    return lightgbm
