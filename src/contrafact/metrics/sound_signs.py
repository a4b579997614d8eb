"""Signs of what goes wrong with generated sound, each a truth about one clip that can be told without other clips.

- `silent`: nothing in the clip is louder than -54 decibels of full scale.
- `clipped`: the outermost 2 % of the clip's range hold many samples, and far more than the 2 % below, as when a louder
  sound was cut off; a sine, which also dwells at its ends, has 2.4 times as many there.
- `offset`: the mean lies further from zero than a tenth of the loudest sample.
- `tone`: one frequency holds nearly all energy nearly all the time, or the whole spectrum stands still: a whistle, a
  hum, a buzz that never changes.
- `click`: nearly all energy lies within four milliseconds; the rest of the clip is next to nothing.

And one of clips among each other:

- `twin`: the spectrogram of another clip of the same lot is within a decibel, on average over bands and times.

Nothing is learned. The thresholds are such that of 3,000 recordings of spoken digits fewer than 1 % are flagged, and of
clips that were silenced, cut off, moved, or replaced by a whistle or a click all are. Sounds that are meant to be tones
are flagged among real clips too, which is why the share of real ones always stands beside that of the fakes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from contrafact.base.data import Data
from contrafact.base.records import Score
from contrafact.metrics.pictures import nearest_of
from contrafact.metrics.sound_features import DEEPEST, log_mel, raw_clips, spectra, window_of
from contrafact.metrics.spread import share

SIGNS = ("silent", "clipped", "offset", "tone", "click")
QUIET = 0.002  # of full scale
RIM, CROWDED, HEAPED = 0.02, 0.008, 3.2  # width of the outermost part, its share of samples, and against the next part
MEAN = 0.1  # of the peak
ALONE, TYPICAL = 0.88, 0.1  # share of energy of one frequency, reached in all windows but a tenth of the energy
STILL, FEWEST_WINDOWS = 1.5, 4  # decibels by which the spectrum moves
LOUD_WINDOWS, LEAST_POWER, LEAST = 1e-4, 1e-6, 1e-30  # of the loudest window, of the strongest frequency, of all
INSTANT, BURST = 0.004, 0.9  # seconds, and the share of the energy in them
TWINS = 1.0  # decibels
MOST_TWINS = 2000


def sound_signs(clips: Sequence[np.ndarray], rate: int) -> dict[str, np.ndarray]:
    """Tell for each clip which signs it shows.

    Arguments:
        clips: Rows of numbers between -1 and 1, as they are handed out.
        rate: Samples a second.
    """
    rows = [_of_clip(np.asarray(clip, dtype=np.float32).reshape(-1), rate) for clip in clips]
    return {name: np.array([row[place] for row in rows], dtype=bool) for place, name in enumerate(SIGNS)}


def _of_clip(clip: np.ndarray, rate: int) -> tuple[bool, ...]:
    size = np.abs(clip)
    peak = float(size.max()) if len(clip) else 0.0
    if not peak >= QUIET:
        return (True, *[False] * (len(SIGNS) - 1))
    if not np.isfinite(peak):
        return (False, True, *[False] * (len(SIGNS) - 2))
    mean = float(clip.mean(dtype=np.float64))
    moved = (clip - mean) / peak
    return False, _clipped(size / peak), abs(mean) > MEAN * peak, _steady(moved, rate), _burst(moved, rate)


def _clipped(size: np.ndarray) -> bool:
    """Tell whether samples crowd at the end of the range."""
    outer = int((size > 1 - RIM).sum())
    below = int((size > 1 - 2 * RIM).sum()) - outer
    return outer > CROWDED * len(size) and outer > HEAPED * max(below, 1)


def _steady(clip: np.ndarray, rate: int) -> bool:
    """Tell whether one frequency is all there is, or the spectrum stands still, in the windows that can be heard."""
    window = window_of(rate)
    power = spectra(np.pad(clip, window // 2), window, window // 2)
    energy = power.sum(1)
    if not energy.max() > 0:
        return False
    usual = power.sum(0)
    place = int(usual[1:].argmax()) + 1
    alone = power[:, max(place - 2, 0) : place + 3].sum(1) / np.maximum(energy, LEAST)
    return _typical(alone, energy) > ALONE or _still(power[energy > LOUD_WINDOWS * energy.max()])


def _typical(values: np.ndarray, weights: np.ndarray) -> float:
    """Give what all but a tenth of the weight reaches."""
    order = np.argsort(values)
    below = np.cumsum(weights[order], dtype=np.float64)
    return float(values[order][np.searchsorted(below, TYPICAL * below[-1])])


def _still(power: np.ndarray) -> bool:
    """Tell whether the parts of a spectrum do not move against each other; how loud they are together may change."""
    energy, usual = np.maximum(power.sum(1), LEAST), power.sum(0)
    shape = 10 * np.log10(power / energy[:, None] + LEAST_POWER * usual.max() / usual.sum())
    return len(power) >= FEWEST_WINDOWS and float(shape.std(0) @ usual / usual.sum()) < STILL


def _burst(clip: np.ndarray, rate: int) -> bool:
    """Tell whether nearly all energy lies within an instant."""
    wide = max(round(INSTANT * rate), 2)
    if len(clip) <= 4 * wide:
        return False
    sums = np.cumsum(np.concatenate([[0.0], clip.astype(np.float64) ** 2]))
    return bool((sums[wide:] - sums[:-wide]).max() > BURST * sums[-1])


def twins(pictures: np.ndarray) -> np.ndarray:
    """Tell for each log-mel picture whether another one of the lot is nearly the same."""
    rows = pictures.reshape(len(pictures), -1).astype(np.float64) * (DEEPEST / 255)
    if len(rows) < 2:
        return np.zeros(len(rows), dtype=bool)
    found: np.ndarray = nearest_of(rows, [rows], 2)[:, 1] < TWINS * np.sqrt(rows.shape[1])
    return found


def sound_health(clips: Sequence[np.ndarray], rate: int) -> dict[str, float]:
    """Give the share of clips with each sign, cheap enough for every check of a training.

    Arguments:
        clips: Fakes, decoded.
        rate: Samples a second.
    """
    return {name: float(found.mean()) if len(found) else 0.0 for name, found in sound_signs(clips, rate).items()}


def sign_scores(real: Data, fake: Data) -> dict[str, Score]:
    """Score the share of fakes with each sign, and with none; beside each the share among real clips as its ceiling.

    Arguments:
        real: The clips that the generator learned from.
        fake: Generated clips.
    """
    sides = [_all_signs(side) for side in (fake, real)]
    scores = [share(name, found, "lower", ceiling=float(sides[1][name].mean())) for name, found in sides[0].items()]
    clean = [~np.any([side[name] for name in SIGNS], axis=0) for side in sides]
    scores.append(share("clean", clean[0], ceiling=float(clean[1].mean())))
    return {score.name: score for score in scores}


def _all_signs(side: Data) -> dict[str, np.ndarray]:
    """Find all signs; twins among the first few thousand."""
    few = side.take(range(min(len(side), MOST_TWINS)))
    return sound_signs(*raw_clips(side)) | {"twin": twins(log_mel(few).items)}
