"""Sound <-> spectra: the short-time Fourier transform, bands, and waves from magnitudes alone.

A wave of H hops is cut into H frames of one window each, a hop apart, centred on the hops; each is weighed by Hann's
window g and transformed. Going back, frames are weighed once more, added up where they lie, and divided by the sum of
the squares of the windows: the wave whose spectrum is nearest to the one given (Griffin and Lim 1984).

Magnitudes s without phases φ: were g a Gaussian exp(-π t²/γ), the phase would follow from log s alone,

    ∂φ/∂t = ω + (2π/γ) ∂ log s/∂ω,    ∂φ/∂ω = -(γ/2π) ∂ log s/∂t,

and Hann's window of M samples is nearly one, γ = .25645 M² (Průša, Balazs and Søndergaard 2017). These slopes are added
up along the paths on which magnitudes are largest: the maximum spanning tree of neighbouring points, in which each
point's phase hangs on that of a louder neighbour. What is left is mended by Griffin and Lim's projections with momentum
(Perraudin, Balazs and Søndergaard 2013).

References:
    Griffin and Lim, Signal estimation from modified short-time Fourier transform, 1984.
    Perraudin, Balazs and Søndergaard, A fast Griffin-Lim algorithm, WASPAA 2013.
    Průša, Balazs and Søndergaard, A noniterative method for reconstruction of phase from STFT magnitude, 2017.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import fold, pad

GAUSSIAN = 0.25645  # γ of the Gaussian nearest to Hann's window, in squared windows
MOMENTUM = 0.99
QUIET = 1e-7  # of the loudest: what is below counts as silence
PASSES = 16


@dataclass(frozen=True)
class Frames:
    """Windows and hops of a transform.

    Arguments:
        window: Samples in a window, even.
        hop: Samples from one frame to the next, at most half a window.
    """

    window: int
    hop: int

    @property
    def bins(self) -> int:
        """Frequencies from 0 to half the rate."""
        return self.window // 2 + 1

    @cached_property
    def shape(self) -> Tensor:
        """Hann's window, periodic."""
        return torch.hann_window(self.window)

    def count(self, length: int) -> int:
        """Say how many frames a wave of this many samples has."""
        return -(-length // self.hop)

    def _margins(self, length: int) -> tuple[int, int]:
        before = (self.window - self.hop) // 2
        return before, self.count(length) * self.hop + self.window - self.hop - before - length

    def spectrum(self, waves: Tensor) -> Tensor:
        """Transform waves (..., samples) into complex spectra (..., bins, frames)."""
        padded = pad(waves, self._margins(waves.shape[-1]))
        pieces = padded.unfold(-1, self.window, self.hop) * self.shape.to(waves)
        spectrum: Tensor = torch.fft.rfft(pieces)
        return spectrum.transpose(-1, -2)

    def _added(self, pieces: Tensor) -> Tensor:
        """Add up frames (rows, window, frames) where they lie."""
        total = (pieces.shape[-1] - 1) * self.hop + self.window
        return fold(pieces, (1, total), (1, self.window), stride=(1, self.hop)).flatten(1)

    def wave(self, spectrum: Tensor, length: int) -> Tensor:
        """Give the waves (..., samples) whose spectra are nearest to these (..., bins, frames)."""
        before = self._margins(length)[0]
        shape = self.shape.to(spectrum.real)
        rows = spectrum.reshape(-1, *spectrum.shape[-2:])
        pieces = torch.fft.irfft(rows, n=self.window, dim=-2) * shape[:, None]
        weight = self._added((shape**2)[None, :, None].expand(1, -1, spectrum.shape[-1]))
        waves = self._added(pieces)[:, before : before + length] / weight[:, before : before + length]
        return waves.reshape(*spectrum.shape[:-2], length)


@dataclass(frozen=True)
class Bands:
    """Neighbouring bins taken together, the more the higher they are, as ears do.

    Centres lie evenly on the scale log(1 + k / k₀), which is linear at low bins k and logarithmic at high ones; k₀ is
    such that the lowest bands are one bin wide. Going back, logarithms are interpolated between the centres.

    Arguments:
        bins: Bins of the spectrum.
        count: Bands.
    """

    bins: int
    count: int

    @cached_property
    def centres(self) -> np.ndarray:
        """Where each band lies, in bins."""
        last, parts = self.bins - 1, max(self.count - 1, 1)
        if parts >= last:
            return np.linspace(0, last, self.count)
        low, high = 1e-6, 1e9
        while high / low > 1 + 1e-9:
            middle = math.sqrt(low * high)
            low, high = (low, middle) if middle * math.log1p(last / middle) > parts else (middle, high)
        return np.asarray(low * np.expm1(np.linspace(0, math.log1p(last / low), self.count)))

    @cached_property
    def _tents(self) -> np.ndarray:
        """Give each bin's place between the two centres beside it (bands, bins)."""
        return np.stack([np.interp(np.arange(self.bins), self.centres, row) for row in np.eye(self.count)])

    @cached_property
    def _weights(self) -> Tensor:
        """What each bin counts in a band's mean power: triangles from centre to centre."""
        return torch.as_tensor(self._tents / self._tents.sum(1, keepdims=True), dtype=torch.float32)

    @cached_property
    def _between(self) -> Tensor:
        return torch.as_tensor(self._tents.T.copy(), dtype=torch.float32)

    def power(self, power: Tensor) -> Tensor:
        """Give the bands' mean power (..., bands, frames) from that of the bins."""
        return self._weights.to(power) @ power

    def gathered(self, magnitudes: Tensor) -> Tensor:
        """Give the bands' root mean square magnitudes (..., bands, frames)."""
        return self.power(magnitudes**2).sqrt()

    def spread(self, logarithms: Tensor) -> Tensor:
        """Give each bin's logarithm from those of the bands."""
        return self._between @ logarithms


def slopes(frames: Frames, magnitudes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Estimate from magnitudes (bins, frames) how the phase grows from frame to frame, and from bin to bin."""
    logarithms = _logarithms(magnitudes)
    window, width = frames.window, GAUSSIAN * frames.window**2
    frequency = 2 * np.pi * np.arange(frames.bins)[:, None] / window
    by_frame = frames.hop * (frequency + _gradient(logarithms, 0) * window / width)
    # A frame's phase is told from its start, half a window before its middle: hence π from bin to bin.
    return by_frame, -np.pi - _gradient(logarithms, 1) * width / (frames.hop * window)


def _logarithms(magnitudes: np.ndarray) -> np.ndarray:
    return np.log(magnitudes.astype(np.float64) + max(QUIET * float(magnitudes.max()), 1e-30))


def _gradient(values: np.ndarray, axis: int) -> np.ndarray:
    return np.asarray(np.gradient(values, axis=axis)) if values.shape[axis] > 1 else np.zeros_like(values)


def hanging(magnitudes: np.ndarray) -> np.ndarray:
    """Give for each point, counted row by row, the louder neighbour that its phase hangs on; the loudest is its own."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

    places = np.arange(magnitudes.size).reshape(magnitudes.shape)
    start, end = (
        np.concatenate([rows.ravel(), columns.ravel()])
        for rows, columns in ((places[:-1], places[:, :-1]), (places[1:], places[:, 1:]))
    )
    loudness = _logarithms(magnitudes).ravel()
    cost = 1 + loudness.max() - np.minimum(loudness[start], loudness[end])
    tree = minimum_spanning_tree(coo_matrix((cost, (start, end)), shape=(magnitudes.size, magnitudes.size)))
    root = int(loudness.argmax())
    on = np.asarray(breadth_first_order(tree, root, directed=False)[1], dtype=np.int64)
    on[root] = root
    return on


def phases(frames: Frames, magnitudes: np.ndarray) -> np.ndarray:
    """Estimate the phases that belong to one clip's magnitudes (bins, frames), in radians."""
    on, places = hanging(magnitudes), np.arange(magnitudes.size)
    by_frame, by_bin = (slope.ravel() for slope in slopes(frames, magnitudes))
    same_bin = on // magnitudes.shape[1] == places // magnitudes.shape[1]
    slope = np.where(same_bin, by_frame + by_frame[on], by_bin + by_bin[on]) / 2
    phase = np.sign(places - on) * slope
    # Each round adds what stands twice as far up the tree.
    while (on != on[on]).any():
        phase, on = phase + phase[on], on[on]
    return np.asarray(np.remainder(phase, 2 * np.pi).reshape(magnitudes.shape))


@torch.no_grad()
def sounded(frames: Frames, magnitudes: Tensor, length: int, passes: int = PASSES) -> Tensor:
    """Find waves (clips, samples) whose magnitudes are as near as can be to these (clips, bins, frames).

    Arguments:
        frames: The transform.
        magnitudes: Not negative.
        length: Samples of a wave.
        passes: Projections after the first estimate of the phases.
    """
    first = np.stack([phases(frames, clip) for clip in magnitudes.numpy()])
    spectrum = torch.polar(magnitudes, torch.from_numpy(first).to(magnitudes))
    before = None
    for _ in range(passes):
        nearest = frames.spectrum(frames.wave(spectrum, length))
        ahead = nearest if before is None else nearest + MOMENTUM * (nearest - before)
        spectrum, before = magnitudes * ahead / ahead.abs().clamp_min(1e-12), nearest
    return frames.wave(spectrum, length)
