"""Strands: the series of a table one by one, as numbers; and seen as pictures, so that a classifier can tell them.

A strand has a row for each row of its series, in the order of time, on the scales of the table's codec. Seen, a strand
is a picture one line high: a column for a few steps of time, and for each variable three channels: its mean there, how
much it changes from row to row there, and how much of it is known. So heights, shapes and roughness can be told, holes
are seen as holes, and a stretch without a row is empty. All strands are seen on one scale of time, that of the longest
ones: shorter ones end earlier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from contrafact.base.data import Data
from contrafact.base.lined import lined
from contrafact.codecs.series import SeriesCodec
from contrafact.codecs.series_channels import channels
from contrafact.codecs.series_written import decoded

COLUMNS = 64
USUAL = 0.99  # share of the strands that are seen to their end
REACH = 4.0  # standard deviations to either side that are seen
ROUGH = 4.0  # times the usual change between rows
AT_ONCE = 64  # strands that are written together


@dataclass(frozen=True, kw_only=True, eq=False)
class Strand:
    """One series.

    Arguments:
        values: Numbers on the codec's scales, rows x variables; 0 where there is none.
        points: NUMBER, UNKNOWN, or the place of a word or a point.
        steps: The clock's step of each row.
        told: Numbers of its attributes.
        traits: Their points.
    """

    values: np.ndarray
    points: np.ndarray
    steps: np.ndarray
    told: np.ndarray
    traits: np.ndarray

    @property
    def span(self) -> int:
        """Steps from the first row to the last, both counted."""
        return int(self.steps[-1] - self.steps[0]) + 1


def strands_of(codec: SeriesCodec, frame: Any) -> list[Strand]:
    """Take a table's series apart, in the order in which they first come.

    Arguments:
        codec: Knows the columns.
        frame: The table.
    """
    panel = codec.panel(frame)
    at = np.flatnonzero(panel.rows >= 0)
    owner = panel.owners[panel.owner_of(at)]
    cuts = np.flatnonzero(np.diff(owner)) + 1
    return [
        Strand(
            values=panel.values[part],
            points=panel.points[part],
            steps=panel.steps[part],
            told=panel.told[number],
            traits=panel.traits[number],
        )
        for number, part in enumerate(np.split(at, cuts))
    ]


@dataclass(frozen=True, kw_only=True, eq=False)
class Sight:
    """How strands become pictures: N x 1 x columns x three channels for each number, of 8 bit.

    Arguments:
        codec: Knows the variables.
        pooled: Steps in a column.
        columns: Columns of a picture.
        centre: The mean of each number.
        scale: Its standard deviation.
        change: The usual change of each number from row to row.
    """

    codec: SeriesCodec
    pooled: int
    columns: int
    centre: np.ndarray
    scale: np.ndarray
    change: np.ndarray

    @classmethod
    def of(cls, strands: Sequence[Strand], codec: SeriesCodec) -> Self:
        """Choose for strands like these, so that 99 % of them are seen to their end."""
        usual = int(np.quantile([strand.span for strand in strands], USUAL, method="higher"))
        pooled = -(-usual // COLUMNS)
        numbers = [channels(codec, strand.values, strand.points) for strand in strands]
        changes = [np.abs(np.diff(own, axis=0)) for own in numbers]
        centre, scale = _mean(numbers), np.sqrt(_mean([(own - _mean(numbers)) ** 2 for own in numbers]))
        return cls(
            codec=codec,
            pooled=pooled,
            columns=-(-usual // pooled),
            centre=centre,
            scale=np.where(scale > 0, scale, 1.0),
            change=np.maximum(_mean(changes), 1e-9),
        )

    def __call__(self, data: Data) -> Data:
        """Give a picture for each strand, with their labels."""
        return Data(kind="pictures", items=self.pictures(data.items), labels=data.labels, name=data.name)

    def pictures(self, strands: Sequence[Strand]) -> np.ndarray:
        """Give a picture for each strand."""
        made = np.empty((len(strands), 1, self.columns, 3 * len(self.centre)), dtype=np.uint8)
        for place, strand in enumerate(strands):
            made[place, 0] = self.picture(strand)
        return made

    def picture(self, strand: Strand) -> np.ndarray:
        """Give the picture of one strand, columns x channels."""
        numbers = (channels(self.codec, strand.values, strand.points) - self.centre) / self.scale
        changes = np.full(numbers.shape, np.nan)
        changes[1:] = np.abs(np.diff(numbers, axis=0)) * self.scale / self.change
        place = (strand.steps - strand.steps[0]) // self.pooled
        level, known = self._pooled(numbers, place)
        change, _ = self._pooled(changes, place)
        end = min(int(place[-1]) + 1, self.columns)
        shares = np.zeros((3, self.columns, len(self.centre)))
        shares[0] = 0.5
        shares[0, :end] = lined(level[:end]) / (2 * REACH) + 0.5
        shares[1, :end] = lined(change[:end]) / ROUGH
        shares[2] = known / self.pooled
        shown: np.ndarray = np.rint(np.clip(shares, 0, 1) * 255).astype(np.uint8)
        return np.concatenate(list(shown), axis=1)

    def _pooled(self, numbers: np.ndarray, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give the mean of what is known in each column, NaN where nothing is, and how many rows are known."""
        seen = place < self.columns
        known, own = ~np.isnan(numbers[seen]), place[seen]
        count, total = (np.zeros((self.columns, numbers.shape[1])) for _ in range(2))
        np.add.at(count, own, known)
        np.add.at(total, own, np.where(known, numbers[seen], 0.0))
        return np.where(count > 0, total / np.maximum(count, 1), np.nan), count


def _mean(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Give the mean of each number over the rows where it is known; 0 where it never is."""
    count = np.sum([(~np.isnan(part)).sum(0) for part in parts], axis=0)
    return np.asarray(np.sum([np.nansum(part, axis=0) for part in parts], axis=0) / np.maximum(count, 1))


def written(codec: SeriesCodec, strands: Sequence[Strand]) -> Any:
    """Write strands as rows of a table, a series below the other; in the column that tells them stand names to replace.

    Arguments:
        codec: Knows the columns.
        strands: The series.
    """
    import pandas as pd

    apart = codec.clock.kind == "uneven"  # the stamps of such series are counted from row to row
    size = 1 if apart else AT_ONCE
    parts = [strands[first : first + size] for first in range(0, len(strands), size)]
    frames = [decoded(codec, _whole(part[0]) if apart else _rows(part)) for part in parts]
    return pd.concat(frames, ignore_index=True)


def _whole(strand: Strand) -> dict[str, np.ndarray]:
    """Give a strand as one window."""
    rows = {"values": strand.values, "points": strand.points, "told": strand.told, "traits": strand.traits}
    first = {"first": strand.steps[:1], "length": np.array([len(strand.steps)])}
    return {**{name: part[None] for name, part in rows.items()}, **first}


def _rows(strands: Sequence[Strand]) -> dict[str, np.ndarray]:
    """Give each row of strands as a window of its own, so that no step is made where there was no row."""
    lengths = [len(strand.steps) for strand in strands]
    return {
        "values": np.concatenate([strand.values for strand in strands])[:, None],
        "points": np.concatenate([strand.points for strand in strands])[:, None],
        "first": np.concatenate([strand.steps for strand in strands]),
        "length": np.ones(sum(lengths), dtype=np.int64),
        "told": np.repeat([strand.told for strand in strands], lengths, axis=0),
        "traits": np.repeat([strand.traits for strand in strands], lengths, axis=0),
    }
