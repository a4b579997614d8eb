"""What goes in: rows, pictures, clips, lines or series, with their labels and what is known about them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from contrafact.base.errors import DataError
from contrafact.base.records import Finding

Kind = Literal["vectors", "pictures", "sound", "text", "text pairs", "table", "series"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Mixture:
    """A known mixture of round Gaussians of equal weight: the truth behind a demo set.

    Arguments:
        means: One row for each mode.
        sd: The standard deviation of every mode in every direction.
    """

    means: np.ndarray
    sd: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Data:
    """Items of one kind: `len(data)`, `data[i]`, `data.labels`.

    Arguments:
        kind: What an item is: a vector, a picture (uint8), a clip (float32), a line, ...
        items: An array whose first axis counts the items, or a list.
        labels: A class for each item, or None.
        name: Where the data come from, for messages.
        truth: The distribution behind the items, where it is known.
        rate: Samples a second, for sound.
        notes: What was skipped or changed while reading, each with its reason.
        attributes: What else is known of each item, such as who speaks: arrays by name, one value an item; or None.
        by: The attributes whose combinations the labels name, where networks are to read each attribute by itself.
    """

    kind: Kind
    items: Any
    labels: np.ndarray | None = None
    name: str = "data"
    truth: Mixture | None = None
    rate: int | None = None
    notes: tuple[Finding, ...] = ()
    attributes: Any = None
    by: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Any:
        return self.items[index]

    def take(self, index: np.ndarray | Sequence[int]) -> Data:
        """Keep the items at these places, in this order."""
        index = np.asarray(index, dtype=np.int64)
        items = self.items[index] if isinstance(self.items, np.ndarray) else [self.items[i] for i in index]
        labels = None if self.labels is None else self.labels[index]
        facts = None if self.attributes is None else {k: np.asarray(v)[index] for k, v in self.attributes.items()}
        return replace(self, items=items, labels=labels, attributes=facts)

    def __repr__(self) -> str:
        return f"Data({self.name}: {len(self):,} {self.kind})"

    def _repr_html_(self) -> str | None:
        """Show the first pictures in a notebook; other kinds are told in words."""
        if self.kind != "pictures" or not len(self):
            return None
        from contrafact.base.thumbnail import rows

        return rows(repr(self), [("", np.asarray(self.items[:30]))])


@dataclass(frozen=True, kw_only=True, eq=False)
class Pairs:
    """Pictures or lines, and beside each what it is to become: `len(pairs)`, `pairs.take(places)`.

    Arguments:
        source: The pictures or lines.
        target: As many masks, pictures or lines, in the same order.
    """

    source: Data
    target: Data

    def __post_init__(self) -> None:
        if len(self.source) != len(self.target):
            items = "lines" if self.kind == "text pairs" else "pictures"
            raise DataError(
                f"There are {len(self.source):,} {items} and {len(self.target):,} partners.",
                why="Each needs its own partner, at the same place.",
                fix="Read both together, so that what has no partner is left out: read_pairs(FOLDER, MASKS)",
                code="E231",
            )

    @property
    def kind(self) -> str:
        """What is paired: `text pairs`, or `picture pairs`."""
        return "text pairs" if self.source.kind == "text" else "picture pairs"

    @property
    def name(self) -> str:
        """Where the pairs come from."""
        return self.source.name

    @property
    def notes(self) -> tuple[Finding, ...]:
        """What was skipped or changed while reading."""
        return (*self.source.notes, *self.target.notes)

    def __len__(self) -> int:
        return len(self.source)

    def __repr__(self) -> str:
        return f"Pairs({self.name}: {len(self):,} {self.kind})"

    def take(self, index: np.ndarray | Sequence[int]) -> Pairs:
        """Keep the pairs at these places, in this order."""
        return Pairs(source=self.source.take(index), target=self.target.take(index))


def kind_of(data: Any) -> str:
    """Name the kind of data; a frame holds a table, unless it says of itself that it holds series."""
    if hasattr(data, "columns"):
        return "series" if getattr(data, "attrs", {}).get("kind") == "series" else "table"
    return str(data.kind) if hasattr(data, "kind") else "table"


def fingerprint(data: Any) -> str:
    """Digest the contents of any data that can be fitted, so that a run knows its data again.

    Frames count their column names, dtypes and cells; arrays their shape and bytes; lists their items; labels and
    attributes count where there are any.
    """
    if callable(getattr(data, "fingerprint", None)):  # not so a column of that name
        return str(data.fingerprint())
    digest = hashlib.blake2b(digest_size=16)
    items = data.items if isinstance(data, Data) else data
    if isinstance(data, Pairs):
        items = [fingerprint(data.source), fingerprint(data.target)]
    if isinstance(items, np.ndarray):
        digest.update(f"{items.shape}{items.dtype}".encode())
        digest.update(np.ascontiguousarray(items).data)
    elif hasattr(items, "columns"):
        import pandas as pd

        digest.update(repr([(str(c), str(t)) for c, t in zip(items.columns, items.dtypes, strict=True)]).encode())
        digest.update(pd.util.hash_pandas_object(items, index=False).to_numpy().tobytes())
    else:
        for item in items:
            digest.update(np.asarray(item).tobytes() if isinstance(item, np.ndarray) else repr(item).encode())
            digest.update(b"\0")
    if isinstance(data, Data) and data.labels is not None:
        digest.update("\0".join(map(str, np.asarray(data.labels).tolist())).encode())
    for name, column in (data.attributes or {}).items() if isinstance(data, Data) else ():
        digest.update("\0".join(map(str, [name, *np.asarray(column).tolist()])).encode())
    return digest.hexdigest()
