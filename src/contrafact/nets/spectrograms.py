"""Clips of sound <-> pictures of their spectra, which networks over pictures can learn.

A picture has a row for each band of frequencies, the lowest first, and a column for each frame. A pixel holds the
logarithm of the band's magnitude between a floor, which is silence, and the band's own loudest: so each band uses the
whole range (Donahue et al. standardise each frequency for the same reason), and silence behind a short clip is the
darkest grey. The floor ε is soft, log(|X| + ε), and is taken away again on the way back, so that silence stays silence.

On the way back magnitudes are interpolated between bands and phases are found for them (see `spectral`). 256 greys are
steps of a quarter of a decibel.

Reference: Donahue, McAuley and Puckette, Adversarial audio synthesis, ICLR 2019.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from contrafact.base.data import Data
from contrafact.nets.spectral import Bands, Frames, sounded

HOP_SECONDS, HOPS = 0.016, 3  # from frame to frame; in a window
FEWEST_FRAMES, FEWEST_BINS = 8, 8
FLOOR = 1e-3  # of a full wave: 60 dB below the loudest that there can be
LOUDEST = 0.9995  # quantile of a band that becomes white
LEVEL, BLOCK, SHAPING, TOGETHER = 0.95, 256, 2000, 16


def frames_for(rate: int, length: int) -> Frames:
    """Choose hop and window: a power of two near 16 ms and three of them, shorter where clips are.

    >>> frames_for(8000, 8192)
    Frames(window=384, hop=128)
    """
    hop = 2 ** round(math.log2(rate * HOP_SECONDS))
    while hop > 8 and length < FEWEST_FRAMES * hop:
        hop //= 2
    return Frames(window=HOPS * hop, hop=hop)


def portraits(waves: np.ndarray, rate: int, bands: int = 64) -> np.ndarray:
    """Draw the spectra of waves as uint8 pictures to look at, low frequencies at the foot.

    Arguments:
        waves: Clips x samples.
        rate: Samples a second.
        bands: Rows of a picture.
    """
    frames = frames_for(rate, waves.shape[1])
    bank = Bands(frames.bins, min(bands, frames.bins))
    levels = (bank.gathered(frames.spectrum(torch.from_numpy(waves)).abs()) / (frames.window / 4) + FLOOR).log()
    shown = 1 - levels / math.log(FLOOR)
    return np.asarray(shown.clamp(0, 1).mul(255).round().byte().numpy()[:, ::-1])


@dataclass(frozen=True, kw_only=True)
class Spectrograms:
    """Translate clips into uint8 pictures of spectra and back; of classes and names the codec of sound knows.

    Arguments:
        sound: Turns clips into waves of one rate and length.
        frames: Windows and hops.
        bands: How many bands.
        tops: Logarithm of the magnitude that is white, for each band.
    """

    sound: Any
    frames: Frames
    bands: int
    tops: tuple[float, ...]

    @classmethod
    def fit(cls, data: Any, sound: Any, bands: int, frames: Frames | None = None) -> Self:
        """Learn how loud each band gets.

        Arguments:
            data: Clips.
            sound: A codec fitted to them.
            bands: How many bands are wanted; no more than there are frequencies.
            frames: Windows and hops; None chooses them from rate and length.
        """
        frames = frames or frames_for(sound.rate, sound.length)
        count = min(bands, frames.bins)
        bare = cls(sound=sound, frames=frames, bands=count, tops=(0.0,) * count)
        places = np.arange(0, len(data), max(len(data) // SHAPING, 1))
        some = data.take(places) if isinstance(data, Data) else data[places]
        levels = bare.levels(torch.from_numpy(sound.waves(some))).transpose(0, 1).flatten(1).numpy()
        tops = np.maximum(np.quantile(levels, LOUDEST, axis=1), levels.max() + math.log(FLOOR) / 2)
        return cls(sound=sound, frames=frames, bands=count, tops=tuple(tops.tolist()))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "sound":
            raise AttributeError(name)
        return getattr(self.sound, name)

    @property
    def high(self) -> int:
        """Rows of a picture."""
        return self.bands

    @property
    def wide(self) -> int:
        """Columns of a picture."""
        return self.frames.count(self.sound.length)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of a picture."""
        return 1, self.high, self.wide

    @property
    def policy(self) -> str:
        """What is done to the clips, in words."""
        hop, window = (round(1000 * samples / self.sound.rate) for samples in (self.frames.hop, self.frames.window))
        drawn = f"{self.high} bands of frequencies x {self.wide} frames, each of {window} ms, {hop} ms apart"
        return f"{self.sound.policy} They are learned as pictures of {drawn}."

    @cached_property
    def _bank(self) -> Bands:
        return Bands(self.frames.bins, self.bands)

    @cached_property
    def _tops(self) -> Tensor:
        return torch.tensor(self.tops)[:, None]

    def levels(self, waves: Tensor) -> Tensor:
        """Give the logarithms of the bands' magnitudes (clips, bands, frames), of a full wave 0."""
        magnitudes = self.frames.spectrum(waves).abs() / (self.frames.window / 4)
        return (self._bank.gathered(magnitudes) + FLOOR).log()

    def drawn(self, waves: Tensor) -> Tensor:
        """Draw waves (clips, samples) as pictures (clips, 1, bands, frames) from 0 to 1."""
        bottom = math.log(FLOOR)
        return ((self.levels(waves) - bottom) / (self._tops - bottom)).clamp(0, 1)[:, None]

    def pictures(self, data: Any) -> np.ndarray:
        """Turn clips into uint8 pictures N x 1 x bands x frames."""
        return self._painted(self.sound.waves(data))

    def _painted(self, waves: np.ndarray) -> np.ndarray:
        drawn = [self.drawn(block).mul(255).round().byte() for block in torch.split(torch.from_numpy(waves), BLOCK)]
        return torch.cat(drawn).numpy() if drawn else np.empty((0, *self.shape), dtype=np.uint8)

    def encode(self, data: Any) -> dict[str, np.ndarray]:
        """Turn clips into pictures and the places of their classes."""
        encoded: dict[str, np.ndarray] = self.sound.encode(data)
        return {"pictures": self._painted(encoded.pop("waves")), **encoded}

    def heard(self, pictures: Tensor) -> Tensor:
        """Turn pictures (clips, bands, frames) from 0 to 1 into waves, their peaks at the usual level."""
        bottom = math.log(FLOOR)
        levels = self._bank.spread(pictures.clamp(0, 1) * (self._tops - bottom) + bottom)
        waves = sounded(self.frames, (levels.exp() - FLOOR).clamp_min(0), self.sound.length)
        peaks = waves.abs().amax(1, keepdim=True)
        return torch.where(peaks > FLOOR**2, waves * (LEVEL / peaks.clamp_min(FLOOR**2)), 0.0)

    def decode(self, encoded: Any) -> Any:
        """Turn pictures, numbers from 0 to 255, into the kind of object that was fitted.

        Blocks are filled up to their size, so that a picture gives the same clip however many there are.
        """
        pictures = np.nan_to_num(np.asarray(encoded["pictures"], dtype=np.float32)[:, 0] / 255)
        waves = np.empty((len(pictures), self.sound.length), dtype=np.float32)
        for start in range(0, len(pictures), TOGETHER):
            block = pictures[start : start + TOGETHER]
            filled = np.resize(block, (TOGETHER, *block.shape[1:]))
            waves[start : start + TOGETHER] = self.heard(torch.from_numpy(filled)).numpy()[: len(block)]
        labels = {"labels": encoded["labels"]} if "labels" in encoded else {}
        return self.sound.decode({"waves": waves, **labels})

    def shown(self, encoded: Any) -> np.ndarray:
        """Turn encoded pictures into uint8 ones to look at, low frequencies at the foot."""
        pictures = np.asarray(encoded["pictures"])[:, 0, ::-1]
        return pictures if pictures.dtype == np.uint8 else np.clip(np.rint(pictures), 0, 255).astype(np.uint8)

    def to_json(self) -> dict[str, Any]:
        """Give the codec as JSON-ready values."""
        own = {"window": self.frames.window, "hop": self.frames.hop, "bands": self.bands, "tops": list(self.tops)}
        return {"codec": "spectrogram", "sound": self.sound.to_json(), **own}

    @classmethod
    def from_json(cls, row: dict[str, Any], sound: Any) -> Self:
        """Read what `to_json` wrote.

        Arguments:
            row: What was written.
            sound: The codec of sound, read from the row's `sound`.
        """
        frames = Frames(window=row["window"], hop=row["hop"])
        return cls(sound=sound, frames=frames, bands=row["bands"], tops=tuple(row["tops"]))
