"""Spoken words by class: learn them, hear how good they are, and make more.

What it shows, on words that a formant synthesiser says: a classifier that the generator never met recognises most clips
of a short training, though they are noise of the right colour, and all of a longer one, though they are still told from
real ones: one figure is not enough. What setting the speaker does is asked in `speech_speakers.py`.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from scipy.io import wavfile
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

import contrafact
from contrafact.metrics.sound_features import Hearing, as_clips
from contrafact.metrics.sound_signs import sign_scores
from contrafact.zoo import SpecGAN
from shown import TOY, canvas, full_or_toy, picture, spread, table

RATE, EACH, DRAWN, STEPS, SEEDS = 8000, *full_or_toy((16, 200, (60, 300), (0, 1)), (6, 20, (1, 2), (0,)))
SIDES = ("recorded", *(f"after {steps} steps" for steps in STEPS))
SHOWN = ("agreement", "tstr", "frechet", "recall", "c2st", "copies", "silent", "clipped", "tone", "click", "clean")
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
        middle = np.interp(now, (0, 1, 2), np.array(track) * tract * draw.normal(1, 0.07))
        shape += loud / (1 + ((tones - middle) / 90) ** 2)
    voice = (shape * np.sin(orders * turns)).sum(0) * np.sin(np.pi * np.linspace(0.02, 0.98, len(now))) ** 0.5
    noise = np.diff(draw.normal(size=int(RATE * hiss * draw.uniform(0.8, 1.2)) + 1)) * 0.12 * np.abs(voice).max()
    clip = np.concatenate([noise, voice])
    return 0.7 * clip / np.abs(clip).max() + 0.001 * draw.normal(size=len(clip))


def record(counts, draw):
    """Write wav files whose names say word, speaker and number, and read the folder as one of recordings is read."""
    with TemporaryDirectory() as folder:
        for (word, speaker), count in counts.items():
            for number in range(count):
                clip = np.rint(say(word, speaker, draw) * 32767).astype(np.int16)
                wavfile.write(Path(folder) / f"{word}_{speaker}_{number:02}.wav", RATE, clip)
        return contrafact.read(folder, kind="sound")


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


def learn(seed):
    """Learn all words from recordings; give these, clips of a short and of a longer training, and unseen recordings."""
    draw = np.random.default_rng(seed)
    counts = {(word, who): EACH for word in WORDS for who in SPEAKERS}
    real, unseen = record(counts, draw), record(counts, draw)
    models = [SpecGAN(steps=steps, **SMALL).fit(real, seed=seed) for steps in STEPS]
    return real, *(model.sample(DRAWN, seed=seed) for model in models), unseen


def measure(found):
    """Ask an ear of each seed, and judge the clips of the first seed."""
    right = []
    for *sides, unseen in found:
        ear = Ear(unseen, unseen.labels)
        right.append([np.mean(ear.hear(data) == data.labels) for data in sides])
    rows = [{"clips": told, "recognised by the ear": spread([r[k] for r in right], 3)} for k, told in enumerate(SIDES)]
    table("speech_digits-ear", rows)
    real, *made, unseen = found[0]
    early, late = (sign_scores(real, each) if TOY else contrafact.judge(real, each, unseen).scores for each in made)
    rows = [
        {
            "figure": f"`{name}`",
            SIDES[1]: f"{early[name].value:.3g} [{early[name].low:.3g}, {early[name].high:.3g}]",
            SIDES[2]: f"{late[name].value:.3g} [{late[name].low:.3g}, {late[name].high:.3g}]",
            "other real clips": "" if late[name].ceiling is None else f"{late[name].ceiling:.3g}",
            "noise": "" if late[name].floor is None else f"{late[name].floor:.3g}",
        }
        for name in SHOWN
        if name in late
    ]
    table("speech_digits-judged", rows)


def draw_clips(*sides):
    """Draw the spectrogram of a clip of each word: recorded, drawn early, drawn late."""
    hearing = Hearing.of(as_clips(sides[0])[0], RATE)
    made_of, axes = canvas(len(WORDS), 3, width=1.4, height=1.4)
    for line, data, told in zip(axes, sides, SIDES, strict=True):
        for panel, word in zip(line, WORDS, strict=True):
            for place in np.flatnonzero(np.asarray(data.labels) == word)[:1]:
                seen = hearing.picture(np.asarray(data[place])) // 16  # 16 levels, so that the file is small
                panel.imshow(seen, origin="lower", aspect="auto", cmap="magma", interpolation="nearest")
            panel.set(title=word, xticks=[], yticks=[])
        line[0].set_ylabel(f"{told}\nlow to high", fontsize=8)
    picture("speech_digits-spectra", made_of)


def enough(real):
    """Take six clips of each word and ask whether more of them help a classifier."""
    few = real.take([k for word in WORDS for k in np.flatnonzero(real.labels == word)[:: EACH * 2 // 6][:6]])
    found = contrafact.augment(
        few,
        n=60,
        method="classic" if TOY else SpecGAN(steps=120, **SMALL),
        check=full_or_toy("quick", "off"),
        seed=0,
    )
    print(f"{len(few)} clips: {found.verdict}\n{' '.join(found.notes)}\n")


def main():
    """Tell the story."""
    found = [learn(seed) for seed in SEEDS]
    measure(found)
    draw_clips(*found[0][:3])
    enough(found[0][0])


if __name__ == "__main__":
    main()
