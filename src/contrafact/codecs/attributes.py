"""Data with attributes <-> a frame of attributes, and items whose class is the combination of some of them.

The attributes are the nodes of a causal model; those that the leaf follows from are its condition. Attributes of many
different numbers are cut into parts of equal mass for the leaf, and stay numbers in the frame; all others are levels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Self

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import DataError, UsageError, did_you_mean
from contrafact.codecs.crossed import combined

CLASS = "class"
FEW, PARTS = 24, 6  # values of whole numbers that are levels; parts into which other numbers are cut


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """One attribute.

    Arguments:
        name: The node's name.
        source: What the data call it; `class` is the label.
        levels: Its levels as text; of a number the parts that it is cut into.
        cuts: Where a number is cut; empty for levels.
        whole: Whether its values are whole numbers.
        shared: Whether it is what the labels say.
    """

    name: str
    source: str
    levels: tuple[str, ...]
    cuts: tuple[float, ...] = ()
    whole: bool = False
    shared: bool = False

    @property
    def numeric(self) -> bool:
        """Whether it is a number and no level."""
        return bool(self.cuts)

    @classmethod
    def fit(cls, name: str, source: str, column: np.ndarray, shared: bool) -> Self:
        """Learn what values there are.

        Raises:
            DataError: A number is missing.
        """
        whole = column.dtype.kind in "iu"
        distinct = np.unique(column) if column.dtype.kind in "iuf" else np.empty(0)
        if len(distinct) <= (FEW if whole else 2):
            return cls(name=name, source=source, levels=_levels(column), whole=whole, shared=shared)
        if not np.isfinite(distinct).all():
            raise DataError(
                f"The attribute '{name}' is unknown for some items.",
                why="What an item's attributes are is what is learned.",
                fix="Leave these items out.",
                code="E555",
            )
        cuts = np.unique(np.quantile(column, np.arange(1, PARTS) / PARTS))
        ends = ["", *(f"{cut:.4g}" for cut in cuts), ""]
        levels = tuple(f"{low}..{high}" for low, high in pairwise(ends))
        return cls(name=name, source=source, levels=levels, cuts=tuple(cuts.tolist()), whole=whole, shared=shared)

    def level(self, column: Any) -> np.ndarray:
        """Give the level of each value as text."""
        if not self.cuts:
            return np.array([str(value) for value in column], dtype=str)
        places = np.searchsorted(self.cuts, np.asarray(column, dtype=np.float64), side="right")
        return np.asarray(self.levels)[places]


def _levels(column: np.ndarray) -> tuple[str, ...]:
    return tuple(sorted({str(value) for value in column}))


def sources(data: Any) -> dict[str, np.ndarray]:
    """Give all that is known of each item: its attributes, and its label where no attribute says the same.

    Raises:
        DataError: Nothing is.
    """
    if not isinstance(data, Data) or (data.labels is None and not data.attributes):
        raise DataError(
            "These data have neither attributes nor classes.",
            why="causalgan learns how what is known of an item shows in it: Data(..., attributes={name: values}).",
            fix="Put the items in a folder for each class, or name files by what is known of them: 7_george_1.wav.",
            code="E212",
        )
    found = {str(name): np.asarray(column) for name, column in (data.attributes or {}).items()}
    if data.labels is not None and CLASS not in found and not _same(data, found):
        found[CLASS] = np.asarray(data.labels)
    return found


def _same(data: Data, found: Mapping[str, np.ndarray]) -> str | None:
    """Find the attribute that says what the labels say."""
    if data.labels is None:
        return None
    told = [str(label) for label in data.labels]
    return next((name for name, column in found.items() if [str(v) for v in column] == told), None)


@dataclass(frozen=True, kw_only=True)
class AttributesCodec:
    """Translate data with attributes into a frame and into what a leaf is learned from, and back.

    Arguments:
        attributes: The nodes.
        parents: The names of those that the leaf follows from.
        kind: Kind of the items.
        name: Name of the user's data.
        leaf: The codec of the leaf; none before it is known.
    """

    attributes: tuple[Attribute, ...]
    parents: tuple[str, ...]
    kind: str
    name: str
    leaf: Any = None

    @classmethod
    def fit(
        cls,
        data: Any,
        *,
        nodes: Sequence[str] | None = None,
        names: Mapping[str, str] | None = None,
        parents: Sequence[str] | None = None,
    ) -> Self:
        """Learn the attributes.

        Arguments:
            data: Items with attributes or labels.
            nodes: The nodes of the graph; none: everything that is known.
            names: What some attributes are to be called: {"digit": "part1"}.
            parents: What the leaf follows from; none: all nodes.

        Raises:
            DataError: There is nothing to learn from, or a node without an attribute.
        """
        known = sources(data)
        of = {**{name: name for name in known}, **({CLASS: CLASS} if data.labels is not None else {}), **(names or {})}
        renamed = set((names or {}).values())
        chosen = [*(names or {}), *(name for name in known if name not in renamed)] if nodes is None else list(nodes)
        columns = {**known, **({CLASS: np.asarray(data.labels)} if data.labels is not None else {})}
        for name in chosen:
            if of.get(name) not in columns:
                raise _unknown(name, of.get(name, name), list(columns))
        shared = _same(data, known) or CLASS
        attributes = tuple(
            Attribute.fit(name, of[name], columns[of[name]], of[name] in (shared, CLASS) and data.labels is not None)
            for name in chosen
        )
        wanted = tuple(parents or chosen)
        for name in wanted:
            if name not in chosen:
                raise _unknown(name, name, chosen)
        return cls(attributes=attributes, parents=wanted, kind=data.kind, name=data.name)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the nodes."""
        return tuple(attribute.name for attribute in self.attributes)

    @property
    def classes(self) -> tuple[str, ...]:
        """No classes: conditions are attributes."""
        return ()

    @property
    def policy(self) -> str:
        """What is done to the data, in words."""
        cut = [f"{a.name} ({len(a.levels)} parts)" for a in self.attributes if a.numeric and a.name in self.parents]
        items = {"sound": "clips", "text": "lines"}.get(self.kind, self.kind)
        said = f"The {items} follow from {', '.join(self.parents) or 'noise alone'}."
        return f"{said} Numbers are cut for them: {', '.join(cut)}." if cut else said

    @property
    def roles(self) -> dict[str, str]:
        """What the frame's columns are."""
        return {a.name: "number" if a.numeric else "category" for a in self.attributes}

    def attribute(self, name: str) -> Attribute:
        """Find an attribute by its name.

        Raises:
            UsageError: There is none.
        """
        for attribute in self.attributes:
            if attribute.name == name:
                return attribute
        raise UsageError(
            f"There is no attribute '{name}'.",
            why=did_you_mean(str(name), self.names),
            fix=f"The attributes are {', '.join(self.names)}.",
            code="E105",
        )

    def frame(self, data: Any) -> Any:
        """Give the attributes of items as the frame that a causal model reads: levels as text, numbers as numbers."""
        import pandas as pd

        known = sources(data)
        labels = {CLASS: np.asarray(data.labels)} if data.labels is not None else {}
        columns = {a.name: {**known, **labels}.get(a.source) for a in self.attributes}
        for name, column in columns.items():
            if column is None:
                raise _unknown(name, self.attribute(name).source, list(known))
        return pd.DataFrame(
            {
                a.name: np.asarray(columns[a.name], dtype=np.float64) if a.numeric else a.level(columns[a.name])
                for a in self.attributes
            }
        ).astype({a.name: object for a in self.attributes if not a.numeric})

    def shown(self, frame: Any) -> Any:
        """Give a frame of attributes with the user's own kinds of values."""
        whole = {a.name: np.int64 for a in self.attributes if a.whole}
        rounded = frame.round({a.name: 0 for a in self.attributes if a.whole and a.numeric})
        return rounded.astype(whole)

    def asked(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Turn what attributes are set to into values of the frame."""
        return {name: value if self.attribute(name).numeric else str(value) for name, value in settings.items()}

    def conditions(self, given: Mapping[str, Any]) -> dict[str, str]:
        """Read conditions on attributes.

        Raises:
            UsageError: There is no such attribute or level, or it is a number.
        """
        found = {}
        for name, value in given.items():
            attribute = self.attribute(str(name))
            if attribute.numeric or str(value) not in attribute.levels:
                levels = () if attribute.numeric else attribute.levels
                raise UsageError(
                    f"No unit is drawn given {name}={value}.",
                    why=did_you_mean(str(value), levels) if levels else f"'{name}' is a number, which hits no value.",
                    fix=f"Its levels are {', '.join(levels[:12])}." if levels else "Give a condition on levels.",
                    code="E105",
                )
            found[attribute.name] = str(value)
        return found

    def combinations(self, frame: Any) -> list[str]:
        """Name the combination of levels that each unit's leaf is made of."""
        levels = [self.attribute(name).level(frame[name]) for name in self.parents]
        return [str(name) for name in combined(self.parents, levels)]

    def marked(self, data: Any) -> Data:
        """Give items whose class is the combination of the attributes that they follow from."""
        frame = self.frame(data)
        levels = {name: self.attribute(name).level(frame[name]) for name in self.parents}
        marked: Data = replace(data, labels=np.array(self.combinations(frame)), attributes=levels, by=self.parents)
        return marked

    def told(self, drawn: Any, units: Any) -> Data:
        """Give drawn items the attributes of their units."""
        columns = {name: units[name].to_numpy() for name in self.names}
        columns = {n: c.astype(str) if c.dtype == object else c for n, c in columns.items()}
        label = next((a.name for a in self.attributes if a.shared), None)
        labels = None if label is None else columns[label]
        facts = {name: column for name, column in columns.items() if name != CLASS}
        told: Data = replace(drawn, labels=labels, attributes=facts or None, name=self.name)
        return told

    def encode(self, data: Any) -> Any:
        """Turn items into the leaf's numbers, with the places of their combinations."""
        return self.leaf.encode(self.marked(data))

    def decode(self, encoded: Any) -> Any:
        """Turn the leaf's numbers back into items."""
        return self.leaf.decode(encoded)

    def to_json(self) -> dict[str, Any]:
        """Give the codec as JSON-ready values."""
        return {
            "codec": "attributes",
            "attributes": [vars(a) for a in self.attributes],
            "parents": list(self.parents),
            "kind": self.kind,
            "name": self.name,
            "leaf": self.leaf.to_json(),
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any], leaf: Any) -> Self:
        """Read what `to_json` wrote.

        Arguments:
            row: What was written.
            leaf: The codec of the leaf.
        """
        parts: list[dict[str, Any]] = [
            {k: tuple(v) if isinstance(v, list) else v for k, v in own.items()} for own in row["attributes"]
        ]
        attributes = tuple(Attribute(**own) for own in parts)
        return cls(attributes=attributes, parents=tuple(row["parents"]), kind=row["kind"], name=row["name"], leaf=leaf)


def _unknown(name: str, source: str, known: Sequence[str]) -> DataError:
    return DataError(
        f"The items have no attribute '{source}'" + (f", which '{name}' is to be." if source != name else "."),
        why=did_you_mean(source, known),
        fix=f"They have {', '.join(known)}; give others a name: --set names=digit=part1,speaker=part2",
        code="E590",
    )
