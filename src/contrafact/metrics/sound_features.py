"""Sound seen as pictures, so that all that is measured of pictures can be measured of clips.

A clip becomes its log-mel spectrogram: how loud it is in each of a few dozen bands, narrow for low and wide for high
tones as in the ear, at each of 64 times, in decibels below its own loudest band and down to -60. How loud a clip is as
a whole is left out (codecs bring clips to one level), and so is phase: what differs in phase alone looks the same here.

Features are learned from such pictures of the user's own clips by what learns them from pictures (`learned_features`):
a small classifier of the labels, without labels a network that knows a clip again when it is moved a little. They are
in-domain and offline; their name says what they are, and how often they are right about clips that they did not see.

References: Davis and Mermelstein, *Comparison of parametric representations for monosyllabic word recognition*, IEEE
Transactions on Acoustics, Speech, and Signal Processing 28, 1980. Kilgour et al., *Fréchet audio distance*, Interspeech
2019 (arXiv 1812.08466).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from contrafact.base.data import Data
from contrafact.base.errors import DataError
from contrafact.codecs.audio import clips, is_sound
from contrafact.codecs.waves import HEARD, SILENT, centred, peak, resampled
from contrafact.metrics.features import Features, Purpose, learned_features

WINDOW_SECONDS, LOWEST_HERTZ = 0.032, 40.0
BANDS, FRAMES = 40, 64
USUAL = 0.99  # share of the clips that are heard to their end
DEEPEST = 60.0  # decibels below the loudest band
STILL = 1e-8  # power of a tone at -80 decibels of full scale: what is below counts as silence


def as_clips(data: Any, rate: int | None = None) -> tuple[list[np.ndarray], int]:
    """Read sound as a list of clips, without offset and without silence at the ends, and their rate.

    Arguments:
        data: Data of sound.
        rate: Samples a second to bring them to; None leaves them as they are.

    Raises:
        DataError: It is no sound, holds no clip, or does not say how many samples a second it has.
    """
    found, has = raw_clips(data)
    rate = has if rate is None else rate
    return [_ready(clip, has, rate) for clip in found], rate


def raw_clips(data: Any) -> tuple[list[np.ndarray], int]:
    """Read sound as a list of clips as they are, and their rate."""
    if not is_sound(data) or not data.rate or not len(data):
        raise DataError(
            f"These data cannot be compared as sound: {data!r}.",
            why="Sound is at least one clip, and how many samples a second there are.",
            fix="Read a folder of recordings: contrafact.read(FOLDER), or Data(kind='sound', items=[...], rate=8000).",
            code="E625",
        )
    return list(clips(data)), int(data.rate)


def _ready(clip: np.ndarray, has: int, rate: int) -> np.ndarray:
    still = centred(resampled(clip, has, rate))
    top = peak(still)
    if top < SILENT:
        return still[:0]
    # From the first to the last sound and no more: a copy with silence around it has the same picture.
    loud = np.flatnonzero(np.abs(still) > HEARD * top)
    return still[loud[0] : loud[-1] + 1]


@dataclass(frozen=True, kw_only=True)
class Hearing:
    """How clips become pictures: N x bands x 64 x 1 of 8 bit, low tones in the top row.

    Arguments:
        rate: Samples a second.
        length: Samples that are heard; shorter clips are followed by silence, longer ones are cut.
        window: Samples in a window.
        hop: Samples from window to window.
        pooled: Windows that make one column.
        bands: Rows of a picture.
    """

    rate: int
    length: int
    window: int
    hop: int
    pooled: int
    bands: int = BANDS

    @classmethod
    def of(cls, clips: Sequence[np.ndarray], rate: int) -> Hearing:
        """Choose for clips like these, so that 99 % of them are heard to their end."""
        window = window_of(rate)
        usual = max(int(np.quantile([len(clip) for clip in clips], USUAL, method="higher")), 2 * window)
        pooled = math.ceil(usual / FRAMES / (window // 2))
        hop = math.ceil(usual / (FRAMES * pooled))
        return cls(rate=rate, length=hop * pooled * FRAMES, window=window, hop=hop, pooled=pooled)

    def __call__(self, clips: Sequence[np.ndarray]) -> np.ndarray:
        """Give a picture for each clip."""
        made = np.empty((len(clips), self.bands, FRAMES, 1), dtype=np.uint8)
        for place, clip in enumerate(clips):
            made[place, :, :, 0] = self.picture(clip)
        return made

    def picture(self, clip: np.ndarray) -> np.ndarray:
        """Give the picture of one clip, bands x 64."""
        power = np.maximum(self.power(clip), STILL * 10 ** (-DEEPEST / 10))
        loudest = max(float(power.max()), STILL)
        decibels = 10 * np.log10(power / loudest)
        shown: np.ndarray = np.rint(np.clip(decibels / DEEPEST + 1, 0, 1) * 255).astype(np.uint8)
        return shown

    def power(self, clip: np.ndarray) -> np.ndarray:
        """Measure the power of each band at each time, bands x 64; a tone of full scale has about 1."""
        energy = spectra(self._cut(clip), self.window, self.hop)[: FRAMES * self.pooled] @ self._mel
        pooled: np.ndarray = energy.reshape(FRAMES, self.pooled, self.bands).mean(1).T
        return pooled

    def _cut(self, clip: np.ndarray) -> np.ndarray:
        padded = np.zeros(self.length + self.window, dtype=np.float32)
        cut = clip[: self.length]
        padded[self.window // 2 : self.window // 2 + len(cut)] = cut
        return padded

    @cached_property
    def _mel(self) -> np.ndarray:
        return mel_bands(self.bands, self.window // 2 + 1, self.rate)


def window_of(rate: int) -> int:
    """Choose the samples of a window: 32 milliseconds, rounded up to a power of two."""
    return int(2 ** max(math.ceil(math.log2(WINDOW_SECONDS * rate)), 4))


def spectra(samples: np.ndarray, window: int, hop: int) -> np.ndarray:
    """Measure the power of every frequency in every window, windows x (window / 2 + 1); a tone of full scale has 1."""
    from scipy.fft import rfft

    bell = np.hanning(window + 1)[:-1].astype(np.float32)
    waves = rfft(sliding_window_view(samples, window)[::hop] * bell, axis=1)
    power: np.ndarray = (waves.real**2 + waves.imag**2) * (2 / bell.sum()) ** 2
    return power


def mel_bands(bands: int, frequencies: int, rate: int) -> np.ndarray:
    """Make the triangles that gather frequencies into bands, frequencies x bands.

    Each is at least one frequency wide to either side, so that none is empty where bands are narrow.
    """
    top, step = rate / 2, rate / 2 / (frequencies - 1)
    low, high = (1127 * math.log1p(hertz / 700) for hertz in (min(LOWEST_HERTZ, top / 4), top))
    edges = 700 * np.expm1(np.linspace(low, high, bands + 2) / 1127)
    hertz, middle = np.arange(frequencies)[:, None] * step, edges[1:-1]
    rising = (hertz - middle) / np.maximum(middle - edges[:-2], step)
    falling = (middle - hertz) / np.maximum(edges[2:] - middle, step)
    triangles: np.ndarray = np.maximum(1 - np.maximum(-falling, 0) - np.maximum(-rising, 0), 0)
    return triangles.astype(np.float32)


def log_mel(data: Data, hearing: Hearing | None = None) -> Data:
    """Turn clips into pictures, with their labels.

    Arguments:
        data: Sound.
        hearing: How clips become pictures; by default chosen for these.
    """
    found, rate = as_clips(data, hearing.rate if hearing else None)
    hearing = hearing or Hearing.of(found, rate)
    return Data(kind="pictures", items=hearing(found), labels=data.labels, name=data.name)


def sound_features(data: Data, seed: int = 0, *, purpose: Purpose = "judging", steps: int | None = None) -> Features:
    """Learn features of sound from the user's own clips, through their log-mel pictures.

    They look at pictures that `log_mel` made, and are kept on the shelf as those of pictures are.

    Arguments:
        data: Clips, with labels or without.
        seed: Seeds everything.
        purpose: Features to judge by share no seed with features to choose by.
        steps: Training steps; None takes as many as the clips need.
    """
    return named_for_sound(learned_features(log_mel(data), seed, purpose=purpose, steps=steps))


def named_for_sound(features: Features) -> Features:
    """Say in the features' name that they look at log-mel spectrograms."""
    return replace(features, name=f"log-mel {features.name}")
