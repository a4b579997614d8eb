"""Plain changes of series that leave their class alone: a little noise, another scale, a shift in time, another tempo.

They are jittering, scaling, and a uniform form of time warping, in sizes that are usual for sensors. Rows keep their
stamps. Time is changed by taking whole rows, each from the nearest moment, so that variables stay together, holes stay
holes, and no value is made that lies between two; what would come from beyond an end is mirrored at it. A value that
stays the same from row to row gets the same noise all along, so that what is stuck stays stuck, and values that many
cells share (a pump at rest) are left alone.

Where a class is told by exact height, time or tempo, such changes may do harm, which the test whether they help shows.

References:
    Um et al., Data augmentation of wearable sensor data for Parkinson's disease monitoring using convolutional neural
    networks, ICMI 2017.
    Iwana and Uchida, An empirical survey of data augmentation for time series classification with neural networks,
    PLOS ONE 16(7), 2021.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from contrafact.base.seeds import generator
from contrafact.codecs.series import SeriesCodec
from contrafact.codecs.series_cells import NUMBER
from contrafact.tasks.strands import Strand

CHANGES = ("noise", "scale", "shift", "tempo")
LOUDEST = 0.1  # standard deviation of the noise, in scatters of the variable
LARGER = 0.1  # of the distance from the variable's middle
LATER = 0.05  # of the length
FASTER = 0.1  # of the tempo


def changed(strands: Sequence[Strand], codec: SeriesCodec, seed: int) -> list[Strand]:
    """Change each strand at random, in all ways at once.

    Arguments:
        strands: Series.
        codec: Knows the variables.
        seed: The same seed changes them in the same way.
    """
    numeric = np.array([variable.column.numeric for variable in codec.variables])
    if codec.clock.kind == "uneven":
        numeric[-1] = False  # lengths of steps
    return [_changed(strand, numeric, generator(seed, "changed", place)) for place, strand in enumerate(strands)]


def _changed(strand: Strand, numeric: np.ndarray, draw: np.random.Generator) -> Strand:
    later, faster = 2 * draw.random(2) - 1
    rows = warped(len(strand.steps), LATER * later, 1 + FASTER * faster)
    values, points = strand.values[rows], strand.points[rows]
    free = numeric & (points == NUMBER)
    larger = 1 + LARGER * (2 * draw.random(len(numeric)) - 1)
    noise = LOUDEST * draw.random(len(numeric)) * _held(strand, draw)[rows]
    return replace(strand, values=np.where(free, values * larger + noise, values).astype(np.float32), points=points)


def warped(rows: int, later: float, tempo: float) -> np.ndarray:
    """Give the row that comes to stand at each place when time is shifted and goes faster or slower.

    Arguments:
        rows: How many there are.
        later: How far the series is moved, as a share of its length.
        tempo: Above 1 is faster.
    """
    middle = (rows - 1) / 2
    place = np.rint(middle + (np.arange(rows) - middle) * tempo - later * rows).astype(np.int64)
    place = np.abs(place)
    return np.asarray(np.clip((rows - 1) - np.abs((rows - 1) - place), 0, rows - 1))


def _held(strand: Strand, draw: np.random.Generator) -> np.ndarray:
    """Draw a normal number for each cell, the same one for cells that follow each other and are equal."""
    fresh = draw.standard_normal(strand.values.shape)
    first = np.ones(strand.values.shape, dtype=bool)
    first[1:] = (np.diff(strand.values, axis=0) != 0) | (np.diff(strand.points, axis=0) != 0)
    last = np.maximum.accumulate(np.where(first, np.arange(len(first))[:, None], 0), axis=0)
    return np.take_along_axis(fresh, last, axis=0)
