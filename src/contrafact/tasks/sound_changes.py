"""Plain changes of clips that leave their class alone: a little noise, a shift, another loudness, another speed.

Speed is changed as a tape does it, pitch and tempo together, by at most a tenth (Ko et al., *Audio augmentation for
speech recognition*, Interspeech 2015). Every change is a function of the seed and the clip's place. They are small
enough for speech, machines and instruments; where a class is told by exact pitch or length, they may do harm, which the
test whether it helps then shows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from contrafact.base.seeds import generator
from contrafact.codecs.waves import peak

FASTEST = 0.1  # of the speed
LATEST = 0.05  # seconds
LOUDER = 6.0  # decibels
QUIETEST, LOUDEST = 10.0, 40.0  # decibels of the sound above the noise


def changed(clips: Sequence[np.ndarray], rate: int, seed: int) -> list[np.ndarray]:
    """Change each clip at random, in all ways at once.

    Arguments:
        clips: Rows of numbers between -1 and 1.
        rate: Samples a second.
        seed: The same seed changes them in the same way.
    """
    return [_changed(clip, rate, generator(seed, "changed", place)) for place, clip in enumerate(clips)]


def _changed(clip: np.ndarray, rate: int, draw: np.random.Generator) -> np.ndarray:
    faster, later, louder, above = draw.random(4)
    made = at_speed(clip, 1 + FASTEST * (2 * faster - 1))
    made = np.concatenate([np.zeros(int(later * LATEST * rate), dtype=np.float32), made])
    power = float((made.astype(np.float64) ** 2).mean()) if len(made) else 0.0
    level = QUIETEST + (LOUDEST - QUIETEST) * above
    made = made + np.sqrt(power * 10 ** (-level / 10)) * draw.standard_normal(len(made))
    made = made * 10 ** (LOUDER * (2 * louder - 1) / 20)
    top = peak(made)
    return np.asarray(made / top if top > 1 else made, dtype=np.float32)


def at_speed(clip: np.ndarray, speed: float) -> np.ndarray:
    """Play a clip faster or slower, which also moves its pitch.

    Arguments:
        clip: One channel.
        speed: Above 1 is faster and higher.
    """
    if len(clip) < 2:
        return clip
    from scipy.signal import resample

    return np.asarray(resample(clip, max(round(len(clip) / speed), 1)), dtype=np.float32)
