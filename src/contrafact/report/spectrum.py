"""How much of pictures is coarse and how much is fine: power over spatial frequency, samples beside real pictures.

The power of a picture's Fourier transform is averaged over all directions and pictures. Blurred samples fall below the
real line at the right, noise and checkerboards rise above it; the right end is a change with every pixel.
"""

from __future__ import annotations

import numpy as np

from contrafact.report.figures import Figure
from contrafact.report.lines import Lines, Series

MOST, WINDOWED = 512, 16
FINE, NOTABLE = 0.2, 1.5  # cycles a pixel from which detail is fine; what ratio of powers is worth a word


def radial_power(pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give frequencies in cycles a pixel, up to one half, and the mean power at each.

    Arguments:
        pictures: N x C x H x W, bytes.
    """
    light = pictures[:MOST].astype(np.float32) / 255
    high, wide = light.shape[2:]
    light = light - light.mean((2, 3), keepdims=True)
    if min(high, wide) >= WINDOWED:  # opposite borders meet in the transform; their jump is no detail
        light = light * np.hanning(high + 2)[1:-1, None] * np.hanning(wide + 2)[1:-1]
    power = (np.abs(np.fft.fft2(light)) ** 2).mean((0, 1)) / (high * wide)
    radius = np.hypot(np.fft.fftfreq(high)[:, None], np.fft.fftfreq(wide))
    bins = max(min(high, wide) // 2, 1)
    place = np.floor(2 * bins * radius).astype(int).ravel()
    seen = (place < bins) & (radius.ravel() > 0)
    counts = np.bincount(place[seen], minlength=bins)
    sums = np.bincount(place[seen], weights=power.ravel()[seen], minlength=bins)
    radii = np.bincount(place[seen], weights=radius.ravel()[seen], minlength=bins)
    kept = counts > 0
    return radii[kept] / counts[kept], sums[kept] / counts[kept]


def spectrum(fake: np.ndarray, real: np.ndarray) -> Figure | None:
    """Draw the power of samples and of real pictures over spatial frequency.

    Arguments:
        fake: Samples, N x C x H x W, bytes.
        real: Real pictures of the same shape.
    """
    if min(fake.shape[2:]) < 4 or not (len(fake) and len(real)):
        return None
    frequency, theirs = radial_power(fake)
    _, truth = radial_power(real)
    series = (Series(name="real", x=frequency, y=truth), Series(name="samples", x=frequency, y=theirs))
    return Figure(
        finding=_found(frequency, theirs / np.maximum(truth, 1e-12)),
        sentence="Left are slow changes across the picture, right a change with every pixel. Samples below the real "
        "line at the right are blurred; above it they are noisy, and a peak at the very end is a checkerboard.",
        drawing=Lines(x="cycles a pixel", y="power", series=series, logarithmic=True),
    )


def _found(frequency: np.ndarray, ratio: np.ndarray) -> str:
    """Tell of the fine frequency at which samples differ most from real pictures."""
    fine = np.flatnonzero(frequency >= FINE)
    away = np.abs(np.log(np.maximum(ratio[fine], 1e-12)))
    worst = fine[int(away.argmax())]
    told = f"{ratio[worst]:.2g} x the power of real pictures at {frequency[worst]:.2f} cycles a pixel"
    if away.max() < np.log(NOTABLE):
        return f"The samples have as much fine detail as real pictures: at worst {told}."
    kind = "too much fine structure" if ratio[worst] > 1 else "too little fine detail"
    return f"The samples have {kind}: {told}."
