"""Tables <-> levels: a small whole number for each cell, of which a column has few.

Categories and numbers of few values have a level for each value; other numbers are cut into parts of equal mass. What a
cell is within its level (which of its numbers) is drawn again as often as it was seen, so that numbers come back as
numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from contrafact.base.errors import DataError, UsageError, did_you_mean
from contrafact.codecs.cells import Cells
from contrafact.codecs.conditions import Limit
from contrafact.codecs.schema import Role
from contrafact.codecs.table import TableCodec, as_frame
from contrafact.codecs.tokens import Tokens

FEW_NUMBERS, MOST_LEVELS = 8, 20
Wishes = Mapping[str, Role] | None


@dataclass(frozen=True, kw_only=True, eq=False)
class LevelCodec:
    """Translate frames into levels and back.

    Arguments:
        table: The columns as tokens, none of which follows from another.
        levels: For each column the level of each token; empty where a column is constant.
        labels: What the levels of each column are called; of parts of numbers, their mean.
    """

    table: TableCodec
    levels: tuple[tuple[int, ...], ...]
    labels: tuple[tuple[Any, ...], ...]

    @classmethod
    def fit(cls, data: Any, names: Iterable[str], *, parts: int, columns: Wishes = None) -> Self:
        """Read columns of a frame as levels.

        Arguments:
            data: The frame.
            names: The columns.
            parts: Into how many parts numbers are cut.
            columns: What the user says some columns are.

        Raises:
            DataError: A column is missing or has too many levels.
        """
        frame = _chosen(as_frame(data), list(names))
        wished = {str(name): role for name, role in (columns or {}).items() if str(name) in map(str, frame.columns)}
        table = TableCodec.fit(frame, columns=wished, holes=False)
        odd = {str(c.name): "category" for c in table.schema if c.role in ("key", "text")}
        if odd:
            table = TableCodec.fit(frame, columns={**wished, **odd}, holes=False)  # type: ignore[dict-item]
        table = replace(table, ties=(None,) * len(table.ties))
        levels = [_levels(kind, parts) for kind in table.kinds]
        labels = [_labels(table, place, each) for place, each in enumerate(levels)]
        for name, each in zip(table.names, labels, strict=True):
            _check(str(name), len(each))
        return cls(table=table, levels=tuple(map(tuple, levels)), labels=tuple(map(tuple, labels)))

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, as nodes of a graph are named."""
        return tuple(map(str, self.table.names))

    @property
    def notes(self) -> tuple[str, ...]:
        """What was cut, in words."""
        pairs = zip(self.names, self.levels, self.labels, strict=True)
        cut = [(name, labels) for name, levels, labels in pairs if len(set(levels)) < len(levels)]
        return tuple(
            f"{name} was cut into {len(labels)} parts of equal mass (means {', '.join(f'{m:.4g}' for m in labels)})."
            for name, labels in cut
        )

    def encode(self, data: Any) -> np.ndarray:
        """Turn a frame into levels, a column for each name; -1 where a cell is unknown."""
        return self.encode_tokens(data)[0]

    def encode_tokens(self, data: Any) -> tuple[np.ndarray, np.ndarray]:
        """Turn a frame into levels, and give the logarithm of the density of each row's cells within their levels."""
        frame = as_frame(data)
        cells = self.table.cells_of(frame)
        encoded = self.table.encode_cells(cells, len(frame), holes=False)
        codes = np.zeros((len(frame), len(self.names)), dtype=np.int64)
        logs = self.table.log_density(encoded)
        columns = {str(name): place for place, name in enumerate(frame.columns)}
        for place, levels in enumerate(self.levels):
            if not levels:
                codes[frame.iloc[:, columns[self.names[place]]].isna().to_numpy(), place] = -1
                continue
            kind, part = self.table.kind(place), self.table.cells_in(cells, place)
            tokens = np.where(_strange(part, kind), -1, kind.encode(part)[0])
            codes[:, place] = np.where(tokens < 0, -1, np.asarray(levels)[tokens])
            with np.errstate(divide="ignore"):
                logs += np.where(tokens < 0, 0.0, np.log(self._within[place].max(axis=0))[tokens])
        return codes, logs

    @cached_property
    def _within(self) -> tuple[np.ndarray, ...]:
        """For each column, how often each level is each of its tokens."""
        found = []
        for place, levels in enumerate(self.levels):
            if not levels:
                found.append(np.ones((1, 1)))
                continue
            table = np.zeros((max(levels) + 1, len(levels)))
            table[np.asarray(levels), np.arange(len(levels))] = np.maximum(self.table.kind(place).counts, 1e-9)
            found.append(table / table.sum(axis=1, keepdims=True))
        return tuple(found)

    def decode(self, codes: np.ndarray, uniform: np.ndarray, limits: Mapping[int, Limit] | None = None) -> Any:
        """Turn levels back into a frame.

        Arguments:
            codes: Levels, a column for each name.
            uniform: Two uniform numbers for each cell, which choose among the numbers of its level.
            limits: What columns must be, by place.
        """
        cells: list[Any] = [None] * len(self.names)
        for place, kind in enumerate(self.table.kinds):
            if kind is None:
                continue
            chances = self._within[place]
            if limits and place in limits:
                chances = chances * limits[place].weights
            edges = np.cumsum(chances, axis=1)[codes[:, place]]
            heights = uniform[:, place, 0] * edges[:, -1]
            tokens = np.minimum((edges <= heights[:, None]).sum(axis=1), len(chances[0]) - 1)
            within = uniform[:, place, 1]
            if limits and place in limits:
                start, stop = limits[place].start[tokens], limits[place].stop[tokens]
                within = start + within * (stop - start)
            cells[place] = kind.decode(tokens, within)
        return self.table.frame_of(cells, len(codes))

    def limits(self, given: Mapping[Any, Any] | None) -> dict[int, Limit]:
        """Read conditions on columns, by place."""
        return self.table.limits(given)

    def weights(self, limits: Mapping[int, Limit]) -> dict[str, np.ndarray]:
        """Say how much of each level conditions allow, by name."""
        return {self.names[place]: self._within[place] @ limit.weights for place, limit in limits.items()}

    def level(self, name: str, value: Any) -> int:
        """Find the level of a value.

        Raises:
            UsageError: There is no such column, or it never has the value.
        """
        if name not in self.names:
            raise UsageError(
                f"The model has no node '{name}'.",
                why=did_you_mean(name, self.names),
                fix="Name a node of its graph.",
                code="E505",
            )
        place = self.names.index(name)
        if not self.levels[place]:
            if str(value) == str(self.labels[place][0]):
                return 0
            raise self._never(name, value)
        found = np.flatnonzero(self._allowed(name, place, value) > 0)
        if len(found) != 1:
            raise self._never(name, value)
        return int(found[0])

    def place(self, name: str, value: Any, default: bool = False) -> int:
        """Find the level of a value; 0 and 1 that nobody wrote stand for the lower and the higher of two."""
        try:
            return self.level(name, value)
        except UsageError:
            if default and name in self.names and len(self.labels[self.names.index(name)]) == 2:
                return int(value)
            raise

    def kept(self, frame: Any, data: Any, same: np.ndarray) -> Any:
        """Put the cells of a table back where nothing changed.

        Arguments:
            frame: Rows that were made, which are changed in place.
            data: The rows that they were made from.
            same: Which cells stay as they were.
        """
        shown = {str(name): place for place, name in enumerate(data.columns)}
        frame.index = data.index
        for place, name in enumerate(self.names):
            frame.isetitem(place, frame.iloc[:, place].where(~same[:, place], data.iloc[:, shown[name]]))
        return frame

    def _allowed(self, name: str, place: int, value: Any) -> np.ndarray:
        try:
            limit = self.table.limits({self.table.names[place]: value})[place]
        except UsageError:
            raise self._never(name, value) from None
        return np.asarray(self._within[place] @ limit.weights)

    def _never(self, name: str, value: Any) -> UsageError:
        labels = [str(label) for label in self.labels[self.names.index(name)]]
        return UsageError(
            f"'{name}' was never {value!r} in the data that were fitted.",
            why=did_you_mean(str(value), labels),
            fix=f"Name one of its values: {', '.join(labels[:8])}.",
            code="E547",
        )

    def to_json(self) -> dict[str, Any]:
        """Give the codec as JSON-ready values."""
        return {
            "codec": "levels",
            "table": self.table.to_json(),
            "levels": [list(each) for each in self.levels],
            "labels": [list(each) for each in self.labels],
        }

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            table=TableCodec.from_json(row["table"]),
            levels=tuple(map(tuple, row["levels"])),
            labels=tuple(map(tuple, row["labels"])),
        )


def _strange(part: Cells, kind: Tokens) -> np.ndarray:
    """Tell which numbers were never seen, in a column whose numbers are few."""
    given = ~np.isnan(part.numbers)
    if len(kind.knots) or not len(kind.points):
        return np.zeros(len(given), dtype=bool)
    return np.asarray(given & ~np.isin(part.numbers, kind.points))


def _chosen(frame: Any, names: list[str]) -> Any:
    known = [str(name) for name in frame.columns]
    for name in names:
        if name not in known:
            raise DataError(
                f"The data have no column '{name}'.",
                why=did_you_mean(name, known),
                fix="Rename it, or mark the node as hidden: 'U [latent]'.",
                code="E518",
            )
    return frame.iloc[:, [place for place, name in enumerate(known) if name in names]]


def _levels(kind: Tokens | None, parts: int) -> list[int]:
    """Give each token a level: numbers of few values one each, others by parts of equal mass; then the words."""
    if kind is None:
        return []
    order = np.argsort(kind.means, kind="stable")
    of = np.arange(kind.numbers)
    if kind.numbers > FEW_NUMBERS:
        mass = np.cumsum(kind.counts[: kind.numbers][order])
        middle = (mass - kind.counts[: kind.numbers][order] / 2) / max(mass[-1], 1e-9)
        part = np.minimum((middle * parts).astype(np.int64), parts - 1)
        of = np.empty(kind.numbers, dtype=np.int64)
        of[order] = np.unique(part, return_inverse=True)[1]
    else:
        of[order] = np.arange(kind.numbers)
    first = int(of.max(initial=-1)) + 1
    return [*of.tolist(), *range(first, first + kind.words)]


def _labels(table: TableCodec, place: int, levels: list[int]) -> list[Any]:
    """Call levels by their value; parts of numbers by their mean."""
    column, kind = table.schema.columns[place], table.kinds[place]
    if kind is None:
        return list(column.words[:1]) or [None]
    labels: list[Any] = []
    for level in range(max(levels, default=-1) + 1):
        tokens = [token for token, own in enumerate(levels) if own == level]
        if tokens[0] >= kind.numbers:
            labels.append(column.words[tokens[0] - kind.numbers])
            continue
        weights = np.maximum(kind.counts[tokens], 1e-9)
        mean = float(weights @ kind.means[tokens] / weights.sum()) + column.origin
        labels.append(int(mean) if column.role == "integer" and len(tokens) == 1 else mean)
    return labels


def _check(name: str, levels: int) -> None:
    if levels > MOST_LEVELS:
        raise DataError(
            f"Column '{name}' has {levels:,} levels.",
            why=f"Models of response types take at most {MOST_LEVELS}.",
            fix="Merge rare levels, or leave the column out of the graph.",
            code="E543",
        )
