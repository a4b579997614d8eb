"""Imputation by trees in turn: every column predicted from all others by gradient boosting, round after round.

As in `ice`, holes start at a simple fill, then each column is predicted from the others as they stand, and a few rounds
settle the matter; but the predictor is LightGBM, which sees bends and products that a line does not. Numbers are
regressed, levels classified. A tenth of the rows is kept from the trees of the last round but one, to see how far they
miss: draws add noise of that size to numbers, and choose levels by their shares.

Trees are kept in LightGBM's own text form, and new rows go through as many rounds with the last round's trees.

References: Stekhoven and Bühlmann, *MissForest*, Bioinformatics 28, 2012 (the rounds); Ke et al., *LightGBM*, NeurIPS
2017 (the trees).
"""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from typing import Any, Self

import numpy as np

from contrafact.base.errors import UsageError
from contrafact.base.recipe import Count, Positive, Recipe, Sentences
from contrafact.base.seeds import fold, generator
from contrafact.codecs.design import Design
from contrafact.codecs.marginal import picked
from contrafact.codecs.schema import Role
from contrafact.codecs.table import TableCodec
from contrafact.engine.record import record
from contrafact.nets.filled import Filled

CLASSES = 20  # levels that are told apart; the others share what is left
KEPT_BACK = 10  # one row in so many measures how far trees miss
FEW = 4  # rows below which nothing is grown


@dataclass(frozen=True, kw_only=True)
class Forest(Recipe):
    """Fit trees that predict each column from the others (needs the extra "trees")."""

    rounds: Count = 4  # how often each column has its turn
    trees: Count = 100  # trees for each column, or for each of its levels
    leaves: Count = 31  # leaves of a tree
    rate: Positive = 0.1  # how much a tree may correct
    columns: dict[str, Role] | None = None  # what columns are, where the guess is wrong: zip=category,age=number
    constraints: Sentences | None = None  # what all rows keep: "start <= end", "combinations(a, b)"; parted by ;

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
        codec = TableCodec.fit(data, constraints=self.constraints, columns=self.columns, holes=False)
        table = Table(codec, codec.known(data))
        arrays = table.scales()
        table.begin(arrays)
        for number in range(self.rounds):
            for part in table.parts:
                last = number == self.rounds - 1
                if last or table.hollow[part].any():
                    back = number >= self.rounds - 2 and f"spread/{part}" not in arrays
                    found = self._grown(table, part, fold(seed, number, part), keep_back=back)
                    table.put(part, found)
                    arrays.update({name: array for name, array in found.items() if last or name.startswith("spread")})
        model = ForestModel(self, codec, arrays)
        record(self, data, model, seed=seed, run_dir=run_dir)
        return model

    def _grown(self, table: Table, part: int, seed: int, *, keep_back: bool) -> dict[str, np.ndarray]:
        """Grow the trees of one part, and measure how far they miss numbers on rows that are kept back."""
        rows, target = table.known(part)
        inputs = table.inputs(part)
        if len(rows) < FEW or (target == target[0]).all() or not _vary(table.values[np.ix_(rows, inputs)]):
            return {}
        back = (generator(seed, "back").random(len(rows)) < 1 / KEPT_BACK) & (keep_back and len(rows) >= KEPT_BACK**2)
        data = lightgbm().Dataset(
            table.values[np.ix_(rows[~back], inputs)],
            target[~back],
            categorical_feature=table.levelled(inputs),
            params={"verbosity": -1, "feature_pre_filter": False, "min_data_in_bin": 1},
        )
        booster = lightgbm().train(self._settings(table, part, len(rows), seed), data, num_boost_round=self.trees)
        found = {f"trees/{part}": np.frombuffer(booster.model_to_string().encode(), dtype=np.uint8).copy()}
        if keep_back and not table.classes(part):
            test = rows[back] if back.any() else rows
            away = booster.predict(table.values[np.ix_(test, inputs)]) - (target[back] if back.any() else target)
            found[f"spread/{part}"] = np.array([np.sqrt(np.square(away).mean())])
        return found

    def _settings(self, table: Table, part: int, rows: int, seed: int) -> dict[str, Any]:
        """Say how LightGBM is to grow the trees of a part."""
        classes = table.classes(part)
        objective = {0: "regression", 2: "binary"}.get(classes, "multiclass")
        return {
            "objective": objective,
            **({"num_class": classes} if objective == "multiclass" else {}),
            "learning_rate": self.rate,
            "num_leaves": max(self.leaves, 2),
            "min_data_in_leaf": int(np.clip(rows // 20, 1, 20)),
            "seed": seed % 2**31,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
        }

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


def _vary(inputs: np.ndarray) -> bool:
    """Tell whether any input says different things in different rows."""
    said = np.nan_to_num(inputs, nan=np.inf)
    return bool((said != said[:1]).any())


class Table:
    """A table as the matrix that trees see: standardised numbers, and places of levels.

    Arguments:
        codec: Knows the columns.
        known: What is known of the table.
    """

    def __init__(self, codec: TableCodec, known: Any) -> None:
        self.design = Design(codec, most_levels=CLASSES, codes=True)
        self.values = self.design.matrix(known.cells, len(known.encoded["tokens"]))
        self.parts = range(len(self.design.parts))
        self.hollow = [self.design.hollow(known, part) for part in self.parts]

    def scales(self) -> dict[str, np.ndarray]:
        """Measure the columns: mean and deviation of numbers, 0 and 1 for levels; and what holes start with."""
        mean, scale, start = (np.zeros(len(self.parts)) for _ in range(3))
        for part in self.parts:
            _, target = self.known(part)
            if len(target) and not self.classes(part):
                mean[part], scale[part] = target.mean(), target.std()
            elif len(target):
                start[part] = np.bincount(target.astype(np.int64)).argmax()
        return {"mean": mean, "scale": np.where(scale > 0, scale, 1.0), "start": start}

    def begin(self, arrays: dict[str, np.ndarray]) -> None:
        """Standardise, and put a first guess into the holes."""
        self.values = (self.values - arrays["mean"]) / arrays["scale"]
        for part in self.parts:
            self.values[self.hollow[part], part] = arrays["start"][part]

    def known(self, part: int) -> tuple[np.ndarray, np.ndarray]:
        """Give the rows in which a part is known, and what it is there."""
        rows = np.flatnonzero(~self.hollow[part] & ~np.isnan(self.values[:, part]))
        return rows, self.values[rows, part]

    def classes(self, part: int) -> int:
        """Count the levels of a part with what stands for the others; 0 where it is a number."""
        levels = self.design.parts[part].levels
        if levels is None:
            return 0
        column = self.design.parts[part].column
        kind = self.design.codec.kind(column)
        return max(len(levels) + (kind.words + bool(kind.numbers) > len(levels)), 2)

    def inputs(self, part: int) -> np.ndarray:
        """Give the places of the other columns of the table."""
        column = self.design.parts[part].column
        return np.array([i for i in self.parts if self.design.parts[i].column != column], dtype=np.int64)

    def levelled(self, inputs: np.ndarray) -> list[int]:
        """Tell which of some places hold levels."""
        return [place for place, part in enumerate(inputs) if self.classes(part) > 2]

    def guess(self, part: int, arrays: dict[str, np.ndarray]) -> np.ndarray:
        """Predict a part where it has holes: standardised numbers, or a share of each level."""
        rows, classes = np.flatnonzero(self.hollow[part]), self.classes(part)
        if f"trees/{part}" not in arrays:
            start: np.ndarray = self.values[rows, part]
            return start if not classes else (start[:, None] == np.arange(classes)).astype(np.float64)
        booster = lightgbm().Booster(model_str=arrays[f"trees/{part}"].tobytes().decode())
        found = np.asarray(booster.predict(self.values[np.ix_(rows, self.inputs(part))]))
        return np.asarray(np.column_stack([1 - found, found]) if classes == 2 else found)

    def put(
        self, part: int, arrays: dict[str, np.ndarray], stream: np.random.Generator | None = None
    ) -> np.ndarray | None:
        """Put predictions into a part's holes, or draws where there is a stream; give back what was predicted."""
        if not self.hollow[part].any():
            return None
        made = self.guess(part, arrays)
        if self.classes(part):
            uniform = None if stream is None else stream.random(len(made))
            self.values[self.hollow[part], part] = made.argmax(1) if uniform is None else picked(made, uniform)
            return made
        if stream is not None and f"spread/{part}" in arrays:
            made = made + arrays[f"spread/{part}"] * stream.standard_normal(len(made))
        self.values[self.hollow[part], part] = made
        return made


class ForestModel(Filled):
    """Trees that predict each column from the others."""

    recipe: Forest

    def cells(self, known: Any, stream: np.random.Generator | None) -> list[Any]:
        """Go round the columns of a table, and once more with draws where there is a stream."""
        table, made = Table(self.codec, known), {}
        table.begin(self.numbers)
        for _ in range(self.recipe.rounds):
            made = {part: table.put(part, self.numbers) for part in table.parts}
        if stream is not None:
            made = {part: table.put(part, self.numbers, stream) for part in table.parts}
        return table.design.into(self._scaled(table, made), known, stream)

    def _scaled(self, table: Table, made: dict[int, Any]) -> dict[int, np.ndarray]:
        """Give numbers their own scale, and take shares of the levels that have a place."""
        found = {}
        for part, values in made.items():
            levels = table.design.parts[part].levels
            if values is None:
                found[part] = np.empty(0) if levels is None else np.empty((0, len(levels)))
            elif levels is None:
                found[part] = values * self.numbers["scale"][part] + self.numbers["mean"][part]
            else:
                found[part] = values[:, : len(levels)]
        return found
