"""Single clips of one channel between -1 and 1: at another rate, without the silence at its ends, of one length.

A clip is heard where it exceeds a hundredth of its peak (-40 dB); a little before and after that is kept. A clip that
is cut ends in a short fade, for a sudden end is a click.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

SILENT = 5e-4  # a peak below this is silence: 16 steps of 16 bit
HEARD = 0.01  # of the peak
MARGIN = 0.01  # seconds that are kept before the first and after the last sound
FADE = 0.005  # seconds
OFFSET = 0.02  # a mean beyond this share of the peak is an offset of the recorder
LONGEST_FILTER = 2000


def as_floats(wave: Any) -> np.ndarray:
    """Read one channel of numbers as float32; whole numbers over the range of their type."""
    array = np.asarray(wave)
    if array.dtype.kind in "iu":
        whole = np.iinfo(array.dtype)
        middle = 0 if array.dtype.kind == "i" else (whole.max + 1) / 2
        return np.asarray((array - middle) / (whole.max - middle + 1), dtype=np.float32)
    return array.astype(np.float32, copy=False)


def resampled(wave: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """Give a clip at another rate, without the frequencies that it cannot hold.

    Arguments:
        wave: One channel.
        rate: Its samples a second.
        wanted: Samples a second that are asked for.
    """
    if rate == wanted or not len(wave):
        return wave
    from scipy.signal import resample_poly

    ratio = Fraction(wanted, rate).limit_denominator(LONGEST_FILTER)
    ratio = ratio or Fraction(1, LONGEST_FILTER)
    return np.asarray(resample_poly(wave, ratio.numerator, ratio.denominator), dtype=np.float32)


def centred(wave: np.ndarray) -> np.ndarray:
    """Take away a constant offset that is large enough to hide silence."""
    if not len(wave):
        return wave
    mean = wave.mean(dtype=np.float64)
    return wave if abs(mean) <= OFFSET * peak(wave) else np.asarray(wave - np.float32(mean))


def peak(wave: np.ndarray) -> float:
    """Give the largest distance from zero."""
    return float(np.abs(wave).max()) if len(wave) else 0.0


def heard(wave: np.ndarray, rate: int) -> tuple[int, int]:
    """Find where a clip begins and ends without the silence at its ends; a silent clip has no length."""
    top = peak(wave)
    if top < SILENT:
        return 0, 0
    loud = np.flatnonzero(np.abs(wave) > HEARD * top)
    margin = round(MARGIN * rate)
    return max(int(loud[0]) - margin, 0), min(int(loud[-1]) + 1 + margin, len(wave))


def of_length(wave: np.ndarray, length: int, rate: int) -> np.ndarray:
    """Cut a clip with a short fade, or put silence behind it."""
    if len(wave) <= length:
        return np.pad(wave, (0, length - len(wave)))
    cut = wave[:length].copy()
    fade = min(round(FADE * rate), length)
    cut[length - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    return cut
