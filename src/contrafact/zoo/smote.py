"""SMOTE: new rows on the line between a row and one of its nearest neighbours of the same class.

A base row and one of its k nearest rows of the same class are drawn; each number of the new row lies at one share of
the way between theirs, the same share for all columns, and each level is the commonest one among the k neighbours.
Distances take standardised numbers; a level that differs counts as much as numbers that are one standard deviation
apart. What is missing in one of the two rows is copied from the base row. A class of one row is repeated.

WARNING: the model KEEPS THE TRAINING ROWS, also when it is saved, and its rows lie between two of them. It is a
baseline for balancing classes, and nothing to share where rows are private.

Reference: Chawla, Bowyer, Hall and Kegelmeyer, *SMOTE: synthetic minority over-sampling technique*, Journal of
Artificial Intelligence Research 16, 2002 (with nominal columns: SMOTE-NC, section 6.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from typing import Any, Self

import numpy as np

from contrafact.base.errors import UsageError
from contrafact.base.recipe import Count, Recipe, Sentences
from contrafact.base.seeds import BLOCK_ROWS, checked_count, chosen, generator, in_blocks
from contrafact.codecs.cells import NO_WORD, Cells
from contrafact.codecs.marginal import nothing
from contrafact.codecs.schema import Role
from contrafact.codecs.table import TableCodec
from contrafact.engine.model import Model
from contrafact.engine.record import record
from contrafact.metrics.neighbours import several

MOST_DISTINCT = 50  # levels of a column that count in distances, the commonest


@dataclass(frozen=True, kw_only=True)
class SMOTE(Recipe):
    """Keep the rows, to interpolate between neighbours of a class; the model holds the training rows."""

    target: str | int | None = None  # the column of classes, whose rows are not mixed; none: all rows are one class
    neighbours: Count = 5  # how many nearest rows a row may be joined with
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
    ) -> SMOTEModel:
        """Keep the rows; seed, budget and device play no part.

        Raises:
            UsageError: The target is no column of classes.
        """
        codec = TableCodec.fit(data, constraints=self.constraints, columns=self.columns)
        cells = [part or nothing(codec.schema.rows) for part in codec.cells_of(data)]
        arrays = {
            "numbers": np.stack([part.numbers for part in cells], axis=1),
            "words": np.stack([part.words for part in cells], axis=1).astype(np.int32),
        }
        model = SMOTEModel(self, codec, arrays)
        record(self, data, model, seed=seed, run_dir=run_dir)
        return model

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> SMOTEModel:
        """Make the model again from what it saved."""
        return SMOTEModel(self, TableCodec.from_json(codec), arrays)

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests in a blink."""
        return cls(neighbours=3)


class SMOTEModel(Model):
    """The training rows themselves, and how near they are to each other."""

    recipe: SMOTE
    codec: TableCodec

    def __init__(self, recipe: Recipe, codec: TableCodec, rows: dict[str, np.ndarray]) -> None:
        super().__init__(recipe, codec)
        self._rows = rows
        self.place = None if self.recipe.target is None else class_place(codec, self.recipe.target)
        self._classes = np.zeros(len(rows["words"]), dtype=np.int64)
        if self.place is not None:
            self._classes = codec.kind(self.place).encode(self._column(self.place))[0]
        self._space: np.ndarray | None = None

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Give the rows."""
        return self._rows

    def _column(self, place: int) -> Cells:
        return Cells(numbers=self._rows["numbers"][:, place], words=self._rows["words"][:, place].astype(np.int64))

    def sample(self, n: int, given: dict[str, Any] | None = None, seed: int | None = None) -> Any:
        """Draw rows between neighbours.

        Arguments:
            n: How many.
            given: The class, or several: {"target": "a"} or {"target": "a|b"}.
            seed: Makes the draw repeatable.
        """
        n, start, bases = checked_count(n), chosen(seed), self._bases(given)
        drawn = in_blocks(n, lambda block: self._pairs(bases, start, block))
        picked = np.concatenate(drawn)
        rows, share = picked[:, 1:].astype(np.int64), picked[:, 0]
        base = rows[:, 0]
        cells = self.codec.with_followers(self._between(base, rows[:, 1], rows[:, 2:], share))
        if self.place is not None:
            own = self._column(self.place)
            cells[self.place] = Cells(numbers=own.numbers[base], words=own.words[base])
        return self.codec.frame_of(cells, n)

    def _bases(self, given: dict[str, Any] | None) -> np.ndarray:
        """Find the rows of the classes that are asked for."""
        limits = self.codec.limits(given)
        asked = {self.codec.schema.place(name) for name in given or {}} - {self.place}
        if asked:
            names = ", ".join(repr(self.codec.schema.columns[place].name) for place in sorted(asked))
            raise UsageError(
                f"SMOTE cannot be given {names}.",
                why="Its rows lie between rows of one class; only the class can be chosen.",
                fix="Give the target alone, or use a model that conditions on any column, such as loom.",
                code="E109",
            )
        rows = np.arange(len(self._classes))
        for column, limit in limits.items():
            if column == self.place:
                rows = rows[limit.weights[self._classes] > 0]
        return rows

    def _pairs(self, bases: np.ndarray, seed: int, block: int) -> np.ndarray:
        """Draw for a block how far to go, from which base row, to which neighbour, among which."""
        stream = generator(seed, "sample", block)
        base = bases[stream.integers(len(bases), size=BLOCK_ROWS)]
        which, share = stream.random(BLOCK_ROWS), stream.random(BLOCK_ROWS)
        near = self.nearest(base)
        other = near[np.arange(len(base)), (which * near.shape[1]).astype(np.int64)]
        return np.column_stack([share, base, other, near])

    def nearest(self, rows: np.ndarray) -> np.ndarray:
        """Give the nearest rows of the same class (n, k), the row itself where it is alone."""
        found = np.repeat(rows[:, None], self.recipe.neighbours, axis=1)
        for number in np.unique(self._classes[rows]):
            members = np.flatnonzero(self._classes == number)
            count = min(self.recipe.neighbours, len(members) - 1)
            mine = np.flatnonzero(self._classes[rows] == number)
            if count < 1:
                continue
            near = members[several(self._points(rows[mine]), self._points(members), count + 1)]
            others = np.argsort(near == rows[mine, None], axis=1, kind="stable")[:, :count]
            near = np.take_along_axis(near, others, axis=1)
            found[mine] = near[:, np.arange(self.recipe.neighbours) % count]
        return found

    def _points(self, rows: np.ndarray) -> np.ndarray:
        """Give rows as points: standardised numbers, 0 for holes, and a place for each level."""
        if self._space is None:
            self._space = np.column_stack([np.zeros((len(self._classes), 1)), *self._coordinates()])
        return np.asarray(self._space[rows])

    def _coordinates(self) -> list[np.ndarray]:
        found = []
        for place, kind in enumerate(self.codec.kinds):
            if kind is None or place == self.place or self.codec.ties[place] is not None:
                continue
            numbers, words = self._rows["numbers"][:, place], self._rows["words"][:, place]
            if kind.numbers:
                away = np.nan_to_num(numbers - np.nanmean(numbers))
                found.append(away / (away.std() or 1.0))
            common = np.argsort(-kind.counts[kind.numbers :], kind="stable")[:MOST_DISTINCT]
            levels = np.where(common == kind.words, -2, common)  # the hole comes last
            found.append((words[:, None] == levels) / np.sqrt(2))
        return found

    def _between(self, base: np.ndarray, other: np.ndarray, near: np.ndarray, share: np.ndarray) -> list[Cells | None]:
        """Make rows between base rows and others, with the commonest levels of those near."""
        cells: list[Cells | None] = []
        for place, kind in enumerate(self.codec.kinds):
            if kind is None:
                cells.append(None)
                continue
            numbers, words = self._rows["numbers"][:, place], self._rows["words"][:, place]
            if kind.numbers:
                both = (words[base] == NO_WORD) & (words[other] == NO_WORD)
                between = kind.on_grid(numbers[base] + share * (numbers[other] - numbers[base]))
                made = np.where(both, between, numbers[base])
                cells.append(Cells(numbers=made, words=words[base].astype(np.int64)))
            else:
                cells.append(Cells(numbers=np.full(len(base), np.nan), words=_commonest(words[near])))
        return cells


def class_place(codec: TableCodec, target: str | int) -> int:
    """Find the column of classes.

    Raises:
        UsageError: It is not there, not learned, or holds numbers rather than classes.
    """
    place = codec.schema.place(target)
    kind = codec.kinds[place]
    if kind is None or len(kind.knots):
        said = codec.schema.columns[place].role if kind is None else "many different numbers"
        raise UsageError(
            f"Column {target!r} cannot be the target of SMOTE.",
            why=f"It holds {said}, not classes.",
            fix="Give a column of classes as target, or say that it is one: columns={name: 'category'}.",
            code="E131",
        )
    return place


def _commonest(words: np.ndarray) -> np.ndarray:
    """Give the word that most columns of a row hold, the first of several."""
    votes = (words[:, :, None] == words[:, None, :]).sum(2)
    return np.asarray(words[np.arange(len(words)), votes.argmax(1)].astype(np.int64))
