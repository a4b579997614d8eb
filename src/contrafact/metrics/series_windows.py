"""Windows of real and generated series on one scale, cut so that no window of one part overlaps one of another.

All scales come from the real series. Words stand as 0 and 1 each, numbers in robust standard deviations; unknown cells
are filled along straight lines on both sides alike, and windows that are mostly unknown are left out. Steps of the real
series are cut into blocks; a window lies in one block only, so that parts made of whole blocks share no step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from contrafact.base.errors import DataError
from contrafact.base.lined import lined
from contrafact.base.seeds import generator
from contrafact.codecs.inference import column_of
from contrafact.codecs.schema import Schema
from contrafact.codecs.series import SeriesCodec
from contrafact.codecs.series_channels import channel_names, channels
from contrafact.codecs.series_panel import Panel
from contrafact.codecs.table import as_frame

USUAL_WINDOW = 24
BLOCK = 6  # windows in a block, where series are long
MOST_UNKNOWN = 0.5  # of a window
MOST_WINDOWS = 4000
FARTHEST = 12.0  # robust standard deviations; numbers beyond count as this


@dataclass(frozen=True, kw_only=True, eq=False)
class Windows:
    """Windows of series.

    Arguments:
        values: windows x steps x channels.
        blocks: The block that each lies in.
        apart: Which windows to take where none may overlap another.
        names: The channels' names.
    """

    values: np.ndarray
    blocks: np.ndarray
    apart: np.ndarray
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: np.ndarray) -> Windows:
        """Keep some windows."""
        return replace(self, values=self.values[rows], blocks=self.blocks[rows], apart=self.apart[rows])

    def split(self, share: float, seed: int, purpose: str = "parts") -> tuple[Windows, Windows]:
        """Cut into two parts of whole blocks.

        Arguments:
            share: Of the blocks that go to the first part.
            seed: Chooses them.
            purpose: Makes other parts of the same blocks.
        """
        known = np.unique(self.blocks)
        order = generator(seed, purpose).permutation(known)
        first = order[: min(max(round(share * len(order)), 1), len(order) - 1)] if len(order) > 1 else order
        inside = np.isin(self.blocks, first)
        return self.take(np.flatnonzero(inside)), self.take(np.flatnonzero(~inside) if len(order) > 1 else np.arange(0))

    def lone(self) -> Windows:
        """Keep windows that do not overlap."""
        return self.take(np.flatnonzero(self.apart))

    def shuffled(self, seed: int) -> Windows:
        """Put the steps of each window in a random order."""
        order = generator(seed, "shuffled").permuted(
            np.broadcast_to(np.arange(self.values.shape[1]), self.values.shape[:2]), axis=1
        )
        return replace(self, values=np.take_along_axis(self.values, order[:, :, None], axis=1))


def windows_of(real: Any, *others: Any, window: int | None = None, time: Any = None, id: Any = None) -> list[Windows]:
    """Cut windows from real series and what is held against them.

    Arguments:
        real: A table of series; scales are its own.
        others: Further tables, with the same variables.
        window: Steps in a window; None takes 24, or less where series are shorter.
        time: The column of time stamps of the real series, where it is not found.
        id: The column that tells them apart, where it is not found.
    """
    codec = SeriesCodec.fit(real, time=time, id=id)
    panels = [codec.panel(real), *(_told_apart(codec, as_frame(other)) for other in others)]
    shortest = min(int(panel.lengths.max()) for panel in panels)
    size = min(window or USUAL_WINDOW, shortest)
    if size < 3:
        raise DataError(
            f"The longest series that all sides have is {shortest} steps.",
            why="Series are compared in windows of three steps at least.",
            fix="Give longer series.",
            code="E658",
        )
    return [_cut(codec, panel, size) for panel in panels]


def _told_apart(codec: SeriesCodec, frame: Any) -> Panel:
    """Lay out a table that may have a column more than the real one: that which tells series apart."""
    label = frame.attrs.get("id", codec.label)
    if codec.id is None and label in frame.columns and label not in codec.names:
        column = frame[label]
        known = column_of(column.astype(object) if column.dtype.name == "category" else column, "key")
        schema = Schema(columns=(*codec.layout.schema.columns, known), rows=codec.layout.schema.rows)
        codec = replace(codec, layout=replace(codec.layout, schema=schema, id=len(schema.columns) - 1))
    return codec.panel(frame)


def _cut(codec: SeriesCodec, panel: Panel, window: int) -> Windows:
    """Cut windows that lie in one block each."""
    starts, blocks, apart = [], [], []
    count = 0
    for begin, end in zip(panel.begins.tolist(), panel.ends.tolist(), strict=True):
        pieces = max((end - begin) // (BLOCK * window), 1)
        edges = begin + ((end - begin) * np.arange(pieces + 1)) // pieces
        for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            own = np.arange(low, high - window + 1)
            starts.append(own)
            blocks.append(np.full(len(own), count))
            apart.append((own - low) % window == 0)
            count += 1
    place = np.concatenate(starts)
    some = _thinned(np.concatenate(apart))
    place, block, alone = place[some], np.concatenate(blocks)[some], np.concatenate(apart)[some]
    cut = panel.cut(place, window)
    numbers = channels(codec, cut["values"], cut["points"])
    known = ~np.isnan(numbers)
    values = np.stack([lined(part) for part in numbers]) if not known.all() else numbers
    whole = np.flatnonzero(known.mean((1, 2)) >= 1 - MOST_UNKNOWN)
    if not len(whole):
        raise DataError(
            "Every window of these series is mostly unknown.",
            why=f"Windows of {window} steps are compared, of which half the cells must be known.",
            fix="Fill the gaps first: contrafact impute FILE --kind series -o OUT",
            code="E655",
        )
    names = tuple(channel_names(codec))
    values = np.clip(values[whole], -FARTHEST, FARTHEST).astype(np.float32)
    return Windows(values=values, blocks=block[whole], apart=alone[whole], names=names)


def _thinned(apart: np.ndarray) -> np.ndarray:
    """Choose windows where there are very many: all that do not overlap, and some of the others."""
    if len(apart) <= MOST_WINDOWS:
        return np.arange(len(apart))
    alone, others = np.flatnonzero(apart), np.flatnonzero(~apart)
    if len(alone) >= MOST_WINDOWS:
        return alone[np.linspace(0, len(alone) - 1, MOST_WINDOWS).astype(np.int64)]
    more = others[np.linspace(0, len(others) - 1, MOST_WINDOWS - len(alone)).astype(np.int64)]
    return np.sort(np.concatenate([alone, more]))
