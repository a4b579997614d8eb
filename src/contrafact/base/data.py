"""What goes in: rows, pictures, clips, lines or series, with their labels and what is known about them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from contrafact.base.errors import DataError
from contrafact.base.records import Finding

Kind = Literal["vectors", "pictures", "sound", "text", "table", "series"]


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
    """

    kind: Kind
    items: Any
    labels: np.ndarray | None = None
    name: str = "data"
    truth: Mixture | None = None
    rate: int | None = None
    notes: tuple[Finding, ...] = ()

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Any:
        return self.items[index]

    def take(self, index: np.ndarray | Sequence[int]) -> Data:
        """Keep the items at these places, in this order."""
        index = np.asarray(index, dtype=np.int64)
        items = self.items[index] if isinstance(self.items, np.ndarray) else [self.items[i] for i in index]
        return replace(self, items=items, labels=None if self.labels is None else self.labels[index])

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
    """Pictures, and beside each what it is to become: `len(pairs)`, `pairs.take(places)`.

    Arguments:
        source: The pictures.
        target: As many masks or pictures, in the same order.
    """

    source: Data
    target: Data

    def __post_init__(self) -> None:
        if len(self.source) != len(self.target):
            raise DataError(
                f"There are {len(self.source):,} pictures and {len(self.target):,} partners.",
                why="Each picture needs its own partner, at the same place.",
                fix="Read both together, so that what has no partner is left out: read_pairs(FOLDER, MASKS)",
                code="E231",
            )

    def __len__(self) -> int:
        return len(self.source)

    def take(self, index: np.ndarray | Sequence[int]) -> Pairs:
        """Keep the pairs at these places, in this order."""
        return Pairs(source=self.source.take(index), target=self.target.take(index))


def fingerprint(data: Any) -> str:
    """Digest the contents of any data that can be fitted, so that a run knows its data again.

    Frames count their column names, dtypes and cells; arrays their shape and bytes; lists their items; labels
    count where there are any.
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
    return digest.hexdigest()
