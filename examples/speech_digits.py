"""Spoken words by class: learn them, hear how good they are, make more, and set the speaker.

What it shows, on words that a formant synthesiser says: in half a minute `specgan` makes clips that a classifier which it
never met recognises far above chance; what is wrong with them is measured, not only heard; plain changes are hard to
beat when more clips are wanted; and do(speaker) leaves the words' shares as they are, while seeing a speaker does not.
"""

from pathlib import Path

import numpy as np
from scipy.io import wavfile
from shown import canvas, full_or_toy, picture, spread, table
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

import contrafact
from contrafact.metrics.sound_features import Hearing, as_clips
from contrafact.zoo import CausalGAN, SpecGAN

RATE, STEPS, SEEDS = 8000, *full_or_toy((500, (0, 1)), (2, (0,)))
SMALL = {"width": full_or_toy(32, 8), "bands": 32}
# Two formants in hertz at the beginning, the middle and the end of each word, and how long a hiss goes before it.
WORDS = {
    "ai": ((750, 650, 320), (1200, 1500, 2200), 0.0),
    "ia": ((320, 500, 750), (2200, 1700, 1200), 0.0),
    "oo": ((380, 340, 360), (800, 750, 850), 0.0),
    "mam": ((250, 750, 250), (1100, 1300, 1100), 0.0),
    "sa": ((700, 750, 650), (1400, 1250, 1200), 0.12),
    "su": ((350, 330, 340), (1500, 900, 800), 0.12),
}
SPEAKERS = {"anna": (210, 1.18), "boris": (110, 1.0)}  # pitch, and formants beside those above: a shorter tract


def say(word, speaker, draw):
    """Say a word: harmonics of a voice, each as loud as the formants let it be, after a hiss in some words."""
    first, second, hiss = WORDS[word]
    pitch, tract = SPEAKERS[speaker]
    now = np.linspace(0, 2, int(RATE * draw.uniform(0.26, 0.32)))
    turns = 2 * np.pi * np.cumsum(pitch * draw.normal(1, 0.06) * (1.08 - 0.08 * now)) / RATE
    orders = np.arange(1, int(3600 / pitch / 1.2))[:, None]
    tones, shape = orders * np.gradient(turns) * RATE / 2 / np.pi, np.zeros((len(orders), len(now)))
    for track, loud in ((first, 1.0), (second, 0.6), ((2700,) * 3, 0.2)):
        middle = np.interp(now, (0, 1, 2), np.array(track) * tract * draw.normal(1, 0.04))
        shape += loud / (1 + ((tones - middle) / 90) ** 2)
    voice = (shape * np.sin(orders * turns)).sum(0) * np.sin(np.pi * np.linspace(0.02, 0.98, len(now))) ** 0.5
    noise = np.diff(draw.normal(size=int(RATE * hiss * draw.uniform(0.8, 1.2)) + 1)) * 0.12 * np.abs(voice).max()
    clip = np.concatenate([noise, voice])
    return 0.7 * clip / np.abs(clip).max() + 0.001 * draw.normal(size=len(clip))


def record(folder, counts, draw):
    """Write wav files whose names say word, speaker and number."""
    folder.mkdir(parents=True, exist_ok=True)
    for (word, speaker), count in counts.items():
        for number in range(count):
            clip = np.rint(say(word, speaker, draw) * 32767).astype(np.int16)
            wavfile.write(folder / f"{word}_{speaker}_{number:02}.wav", RATE, clip)
    return contrafact.read(str(folder), kind="sound")


class Ear:
    """A classifier of what a clip holds, trained on clips that no generator has met."""

    def __init__(self, data, told):
        self.hearing = Hearing.of(as_clips(data)[0], RATE)
        self.net = make_pipeline(PCA(min(30, len(data) - 1)), SVC(C=10)).fit(self.rows(data), told)

    def rows(self, data):
        """Turn clips into rows: how loud 20 bands are at 32 times."""
        seen = self.hearing(as_clips(data, RATE)[0])[..., 0] / 255
        return seen.reshape(len(seen), 20, 2, 32, 2).mean((2, 4)).reshape(len(seen), -1)

    def hear(self, data):
        """Say what each clip holds."""
        return self.net.predict(self.rows(data))
