"""Series laid out for learning: every stretch of steps below the last, with room between for windows that end early.

A stretch is a series, or a part of one between gaps that are longer than a window. Steps that no row speaks of are
there, unknown. Windows are slices of the whole: nothing is copied until a batch is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contrafact.codecs.series_cells import UNKNOWN


@dataclass(frozen=True, kw_only=True, eq=False)
class Panel:
    """All steps of all series.

    Arguments:
        values: Numbers on the variables' scales, steps x variables; 0 where there is none.
        points: NUMBER, UNKNOWN, or the place of a word or point.
        steps: The clock's step.
        rows: The row of the table, -1 where there is none.
        begins: Where each stretch begins.
        ends: Where it ends; unknown steps follow.
        owners: The series of each stretch.
        told: Numbers of each series' attributes, series x attributes.
        traits: Points of each series' attributes.
    """

    values: np.ndarray
    points: np.ndarray
    steps: np.ndarray
    rows: np.ndarray
    begins: np.ndarray
    ends: np.ndarray
    owners: np.ndarray
    told: np.ndarray
    traits: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """Steps in each stretch."""
        return np.asarray(self.ends - self.begins)

    def owner_of(self, places: np.ndarray) -> np.ndarray:
        """Give the stretch that each place lies in."""
        return np.searchsorted(self.begins, places, side="right") - 1

    def starts(self, window: int) -> np.ndarray:
        """Give where windows may begin: everywhere in long stretches, at the first step of short ones."""
        found = [np.arange(b, max(e - window, b) + 1) for b, e in zip(self.begins, self.ends, strict=True)]
        return np.concatenate(found) if found else np.empty(0, dtype=np.int64)

    def tiles(self, window: int) -> np.ndarray:
        """Give starts of windows that do not overlap; the last of a stretch ends where it ends."""
        found = []
        for begin, end in zip(self.begins.tolist(), self.ends.tolist(), strict=True):
            own = list(range(begin, max(end - window, begin) + 1, window))
            found += own
        return np.array(found, dtype=np.int64)

    def cut(self, starts: np.ndarray, window: int) -> dict[str, np.ndarray]:
        """Copy windows out.

        Arguments:
            starts: Where they begin.
            window: Their length; steps behind the end of a stretch are unknown.
        """
        places = np.asarray(starts)[:, None] + np.arange(window)
        owners = self.owner_of(np.asarray(starts))
        inside = places < self.ends[owners][:, None]
        places = np.minimum(places, len(self.steps) - 1)
        series = self.owners[owners]
        return {
            "values": np.where(inside[..., None], self.values[places], np.float32(0)),
            "points": np.where(inside[..., None], self.points[places], np.int16(UNKNOWN)),
            "first": self.steps[np.minimum(starts, len(self.steps) - 1)],
            "length": inside.sum(1),
            "told": self.told[series],
            "traits": self.traits[series],
        }


def laid_out(
    values: np.ndarray, points: np.ndarray, places: list[np.ndarray], rows: list[np.ndarray], room: int
) -> dict[str, np.ndarray]:
    """Lay series out on their grids, cut where nothing is known for longer than `room` steps.

    Arguments:
        values: Numbers of the table's rows, rows x variables.
        points: Points of the table's rows.
        places: The steps of each series' rows, rising.
        rows: The rows of each series, in the same order.
        room: Unknown steps behind each stretch, and the longest gap within one.
    """
    begins, ends, owners, at, own, steps = [], [], [], [], [], []
    place = 0
    for series, (mine, lines) in enumerate(zip(places, rows, strict=True)):
        cuts = np.flatnonzero(np.diff(mine) > room) + 1
        for part, line in zip(np.split(mine, cuts), np.split(lines, cuts), strict=True):
            if not len(part):
                continue
            length = int(part[-1] - part[0]) + 1
            begins.append(place)
            ends.append(place + length)
            owners.append(series)
            at.append(place + part - part[0])
            own.append(line)
            steps.append(part[0] + np.arange(length + room))
            place += length + room
    whole: dict[str, np.ndarray] = {
        "values": np.zeros((place, values.shape[1]), dtype=np.float32),
        "points": np.full((place, values.shape[1]), UNKNOWN, dtype=np.int16),
        "rows": np.full(place, -1, dtype=np.int64),
        "steps": np.concatenate([*steps, np.empty(0)]).astype(np.int64),
    }
    where, line = np.concatenate([*at, np.empty(0)]).astype(np.int64), np.concatenate([*own, np.empty(0)])
    line = line.astype(np.int64)
    whole["values"][where], whole["points"][where], whole["rows"][where] = values[line], points[line], line
    ints = {"begins": begins, "ends": ends, "owners": owners}
    return {**whole, **{name: np.array(part, dtype=np.int64) for name, part in ints.items()}}
