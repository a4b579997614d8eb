"""Cells of series as plain numbers, for methods that know nothing else: a channel a number, and one for each word."""

from __future__ import annotations

import numpy as np

from contrafact.base.lined import lined
from contrafact.codecs.series import SeriesCodec
from contrafact.codecs.series_cells import NUMBER, UNKNOWN
from contrafact.codecs.series_panel import Panel

FARTHEST = 30.0  # on a variable's scale, beyond which no number is taken


def channel_names(codec: SeriesCodec) -> list[str]:
    """Name the channels."""
    found = []
    for variable in codec.variables:
        name = str(variable.column.name)
        if variable.column.numeric:
            found.append(name)
        else:
            found += [f"{name}={word}" for word in variable.column.words]
    return found


def channels(codec: SeriesCodec, values: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Give cells as numbers, ... x channels; NaN where a cell is unknown, or a word among numbers.

    Arguments:
        codec: Knows the variables.
        values: Numbers on the scales, ... x variables.
        points: Their points.
    """
    parts = []
    for place, variable in enumerate(codec.variables):
        own, words = points[..., place], len(variable.column.words)
        there = own != UNKNOWN
        if variable.column.numeric:
            there = there & ~((own >= 0) & (own < words))
            numbers = np.clip(values[..., place].astype(np.float64), -FARTHEST, FARTHEST)
            parts.append(np.where(there, numbers, np.nan)[..., None])
        else:
            ones = (own[..., None] == np.arange(words)).astype(np.float64)
            parts.append(np.where(there[..., None], ones, np.nan))
    return np.concatenate(parts, axis=-1)


def cells(codec: SeriesCodec, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give numbers on the scales and points, put on the variables' grids; of words the largest channel.

    Arguments:
        codec: Knows the variables.
        numbers: ... x channels.
    """
    values, points, place = [], [], 0
    for variable in codec.variables:
        if variable.column.numeric:
            own = np.clip(np.nan_to_num(numbers[..., place]), -FARTHEST, FARTHEST)
            told = variable.encode(variable.decode(own, np.full(own.shape, NUMBER)))
            place += 1
        else:
            size = len(variable.column.words)
            told = (
                np.zeros(numbers.shape[:-1], dtype=np.float32),
                np.argmax(numbers[..., place : place + size], axis=-1),
            )
            place += size
        values.append(told[0])
        points.append(told[1].astype(np.int16))
    return np.stack(values, axis=-1), np.stack(points, axis=-1)


def all_channels(codec: SeriesCodec, panel: Panel) -> np.ndarray:
    """Give all steps of a panel as numbers, gaps filled along straight lines; steps behind an end repeat it."""
    found = channels(codec, panel.values, panel.points)
    bounds = [*panel.begins.tolist()[1:], len(found)]
    for begin, end, bound in zip(panel.begins.tolist(), panel.ends.tolist(), bounds, strict=True):
        found[begin:end] = lined(found[begin:end])
        found[end:bound] = found[end - 1]
    return found
