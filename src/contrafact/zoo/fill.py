"""Fill each hole with one value of its column, by a rule: the mean, the median, the most frequent, the least, the most.

Whatever the other cells of the row say plays no part, so relations between columns fade and each column's spread
shrinks: the floor that any imputation must beat. Levels that have an order have a median, a least and a largest one
too; the others, and the words between numbers, are filled with the most frequent. Draws are cells of the column's own
law, whatever the rule.

Reference: Little and Rubin, *Statistical Analysis with Missing Data*, 1987, chapter 4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from typing import Any, Literal, Self

import numpy as np

from contrafact.base.recipe import Recipe, Sentences
from contrafact.codecs.cells import HOLE, NO_WORD, Cells
from contrafact.codecs.marginal import drawn
from contrafact.codecs.schema import Column, Role
from contrafact.codecs.table import TableCodec
from contrafact.engine.record import record
from contrafact.nets.filled import Filled

Rule = Literal["mean", "median", "most_frequent", "minimum", "maximum"]
RULES: dict[str, Callable[[np.ndarray], Any]] = {
    "mean": np.mean,
    "median": np.median,
    "most_frequent": lambda values: _most_frequent(values),
    "minimum": np.min,
    "maximum": np.max,
}


@dataclass(frozen=True, kw_only=True)
class Fill(Recipe):
    """Take one value for the holes of each column."""

    rule: Rule = "mean"  # which value; levels without an order are filled with the most frequent
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
    ) -> FillModel:
        """Take the values; seed, budget and device play no part."""
        codec = TableCodec.fit(data, constraints=self.constraints, columns=self.columns, holes=False)
        cells = codec.cells_of(data)
        pairs = [_value(c, part, self.rule) for c, part in zip(codec.schema, cells, strict=True)]
        arrays = {
            "numbers": np.array([number for number, _ in pairs], dtype=np.float64),
            "words": np.array([word for _, word in pairs], dtype=np.int64),
        }
        model = FillModel(self, codec, arrays)
        record(self, data, model, seed=seed, run_dir=run_dir)
        return model

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> FillModel:
        """Make the model again from what it saved."""
        return FillModel(self, TableCodec.from_json(codec), arrays)

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests in a blink."""
        return cls(rule="median")


class FillModel(Filled):
    """A value for the holes of each column."""

    def cells(self, known: Any, stream: np.random.Generator | None) -> list[Any]:
        """Put the values into the holes, or cells of the columns' own law where there is a stream."""
        found = []
        for place, part in enumerate(known.cells):
            if part is None or not part.holes.any():
                found.append(part)
                continue
            count = int(part.holes.sum())
            if stream is not None:
                made = drawn(self.codec.kind(place), stream.random((count, 2)), holes=False)
            else:
                number, word = self.numbers["numbers"][place], self.numbers["words"][place]
                made = Cells(numbers=np.full(count, number), words=np.full(count, word))
            found.append(_with(part, made))
        return found


def _with(part: Cells, made: Cells) -> Cells:
    own = part.copied()
    own.numbers[part.holes], own.words[part.holes] = made.numbers, made.words
    return own


def _value(column: Column, part: Cells | None, rule: Rule) -> tuple[float, int]:
    """Give the number, or the place of the word, that fills a column's holes."""
    if part is None or part.holes.all():
        return np.nan, HOLE
    numbers = part.numbers[part.words == NO_WORD]
    words = part.words[part.words >= 0]
    if len(numbers) >= len(words):
        return float(RULES[rule](numbers)), NO_WORD
    if column.role == "ordered" and rule != "mean":
        return np.nan, int(np.floor(RULES[rule](words)))
    return np.nan, int(_most_frequent(words))


def _most_frequent(values: np.ndarray) -> Any:
    """Give the value that most rows share, the least of several."""
    levels, counts = np.unique(values, return_counts=True)
    return levels[counts.argmax()]
