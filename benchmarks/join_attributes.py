"""Attributes of sound and text: what setting a speaker or a mood does, where others only see who says what.

speakers: clips of FSDD (CONTRAFACT_DATA/sequences/fsdd) of two speakers and four digits, each speaker mostly with two
of the digits: digit <-> speaker, a hidden cause (who was asked for what). A causalgan with a specgan for its leaf
learns them. Setting the speaker must leave the digits' shares as they are; seeing him shifts them. A classifier that
was trained on the clips that were left out, most of them of the rare combinations, says what the drawn clips hold.

reviews: lines whose mood and length both follow from the genre, and the length from the mood, too. The mood's true
effect on the mean number of words is known; what is seen between the moods is another number. The model's effect,
measured on drawn lines, has an interval from refits to resampled lines.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t as student
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from contrafact import zoo
from contrafact.base.data import Data
from contrafact.base.demo_texts import ABOUT, OPENINGS, SAID
from contrafact.base.errors import UsageError
from contrafact.base.seeds import fold, generator
from contrafact.metrics.sound_features import Hearing, as_clips
from contrafact.tasks.read import read_or_open
from table import Row, Table, cpu_seconds, mean_range

SPEAKERS, DIGITS, OFTEN, RARE = ("george", "jackson"), ("0", "1", "2", "3"), 40, 10
CLIPS, UNITS, SHARES = 300, 20_000, 0.05
SOUND_STEPS, TEXT_STEPS = {"gate": 1_500, "full": 8_000}, {"gate": 200, "full": 2_000}
LINES, REFITS, DRAWN = 3_000, {"gate": 3, "full": 10}, 3_000
MOODS, MORE = (
    ("bad", "good"),
    {("drama", "bad"): 0.8, ("drama", "good"): 0.6, ("comedy", "bad"): 0.4, ("comedy", "good"): 0.1},
)
MOOD = {"drama": 0.75, "comedy": 0.25}  # chance of a bad one
MOST_PARTS = 4


def recordings() -> Data:
    """Read the recordings of both speakers and four digits."""
    folder = Path(os.environ.get("CONTRAFACT_DATA", "data")) / "sequences" / "fsdd" / "recordings"
    if not folder.is_dir():
        raise UsageError(
            f"There is no {folder}.",
            why="The speakers are those of FSDD.",
            fix="Put the recordings there, or run --parts reviews coloured.",
            code="E201",
        )
    data = read_or_open(str(folder), "sound")
    facts = data.attributes
    kept = np.isin(facts["part2"], SPEAKERS) & np.isin(facts["part1"], DIGITS)
    some = data.take(np.flatnonzero(kept))
    return Data(
        kind="sound",
        items=some.items,
        rate=some.rate,
        name="speakers",
        attributes={"digit": some.attributes["part1"], "speaker": some.attributes["part2"]},
    )


def tied(data: Data, seed: int) -> tuple[Data, Data]:
    """Take many clips of each speaker's own digits and few of the other's; give them, and those left out."""
    random, taken = generator(seed, "tied"), []
    for place, speaker in enumerate(SPEAKERS):
        for digit in DIGITS:
            own = np.flatnonzero((data.attributes["speaker"] == speaker) & (data.attributes["digit"] == digit))
            count = OFTEN if (DIGITS.index(digit) < 2) == (place == 0) else RARE
            taken += random.permutation(own)[:count].tolist()
    left = np.setdiff1d(np.arange(len(data)), taken)
    return data.take(np.sort(taken)), data.take(left)


class Ear:
    """Two classifiers of clips, of digit and of speaker.

    Arguments:
        data: What they learn from.
    """

    def __init__(self, data: Data) -> None:
        clips, rate = as_clips(data)
        self.rate, self.hearing = rate, Hearing.of(clips, rate)
        rows = self.rows(data)
        self.of = {
            name: make_pipeline(PCA(40, random_state=0), SVC(C=10)).fit(rows, data.attributes[name])
            for name in ("digit", "speaker")
        }

    def rows(self, data: Data) -> np.ndarray:
        """Turn clips into rows of numbers."""
        pictures = self.hearing(as_clips(data, self.rate)[0])[:, :, :, 0].astype(np.float64) / 255
        return np.asarray(pictures.reshape(len(pictures), 20, 2, 32, 2).mean((2, 4)).reshape(len(pictures), -1))

    def hear(self, data: Data) -> dict[str, np.ndarray]:
        """Say which digit and which speaker each clip holds."""
        rows = self.rows(data)
        return {name: net.predict(rows) for name, net in self.of.items()}


def shares(values: Any) -> np.ndarray:
    """Give the share of each digit."""
    return np.array([(np.asarray(values).astype(str) == digit).mean() for digit in DIGITS])


def of_speakers(recipe: Any, seed: int) -> Row:
    """Fit the clips, and measure what setting and seeing a speaker do."""
    learned, left = tied(recordings(), seed)
    ear = Ear(left)
    model, seconds = cpu_seconds(lambda: recipe.fit(learned, seed=seed))
    usual, plain = shares(learned.attributes["digit"]), shares(ear.hear(learned)["digit"])
    found: Row = {"set": 0.0, "seen": 1.0, "set_heard": 0.0, "speaker_heard": 1.0, "digit_heard": 1.0}
    for speaker in SPEAKERS:
        world = model.do(speaker=speaker)
        made = world.sample(CLIPS, seed=seed)
        heard = ear.hear(made)
        done = np.abs(shares(world.attributes(UNITS, seed=seed)["digit"]) - usual).max()
        seen = np.abs(shares(model.attributes(UNITS, {"speaker": speaker}, seed)["digit"]) - usual).max()
        found["set"], found["seen"] = max(found["set"], float(done)), min(found["seen"], float(seen))
        found["set_heard"] = max(found["set_heard"], float(np.abs(shares(heard["digit"]) - plain).max()))
        found["speaker_heard"] = min(found["speaker_heard"], float((heard["speaker"] == speaker).mean()))
        right = (heard["digit"] == made.attributes["digit"]).mean()
        found["digit_heard"] = min(found["digit_heard"], float(right))
    real = ear.hear(learned)
    known = {f"real_{name}": float((real[name] == learned.attributes[name]).mean()) for name in real}
    return {**found, **known, "clips": len(learned), "cpu_seconds": seconds}


def reviews(n: int, seed: int) -> Data:
    """Write reviews: the genre decides mood and length, the mood words and length."""
    random = generator(seed, "moods")
    genres = np.where(random.random(n) < 0.5, "drama", "comedy")
    moods = np.where(random.random(n) < np.array([MOOD[genre] for genre in genres]), "bad", "good")
    lines = []
    for genre, mood in zip(genres.tolist(), moods.tolist(), strict=True):
        parts = 1
        while parts < MOST_PARTS and random.random() < MORE[genre, mood]:
            parts += 1
        said = [f"{random.choice(SAID[mood])} in {random.choice(ABOUT)}" for _ in range(parts)]
        lines.append(f"{random.choice(OPENINGS)} this {genre} was {' and '.join(said)} .")
    return Data(kind="text", items=lines, name="moods", attributes={"genre": genres, "mood": moods})


def mean_words(genre: str, mood: str) -> float:
    """Give the mean number of words of a line, that of its opening left out: it follows from nothing."""
    more = MORE[genre, mood]
    parts = sum(more**k for k in range(MOST_PARTS))
    about = np.mean([len(phrase.split()) for phrase in ABOUT])
    return float(parts * (2 + about) + (parts - 1))


def true_effects() -> tuple[float, float]:
    """Give what a bad mood does to the number of words, and what is seen between the moods."""
    done = np.mean([mean_words(genre, "bad") - mean_words(genre, "good") for genre in MOOD])
    bad = sum(share * mean_words(genre, "bad") for genre, share in MOOD.items()) / sum(MOOD.values())
    good = sum((1 - share) * mean_words(genre, "good") for genre, share in MOOD.items()) / sum(
        1 - share for share in MOOD.values()
    )
    return float(done), float(bad - good)


def words(data: Data) -> np.ndarray:
    """Count the words of each line."""
    return np.array([len(line.split()) for line in data.items])


def difference(model: Any, seed: int, *, seen: bool) -> float:
    """Give the difference of the mean number of words between the moods, set or seen."""
    if seen:
        sides = [model.sample(DRAWN, given={"mood": mood}, seed=seed) for mood in MOODS]
    else:
        sides = [model.do(mood=mood).sample(DRAWN, seed=seed) for mood in MOODS]
    bad, good = (words(side).mean() for side in sides)
    return float(bad - good)


def of_reviews(recipe: Any, refits: int, seed: int) -> Row:
    """Fit the lines, and refit to resampled ones for an interval."""
    data = reviews(LINES, seed)
    model, seconds = cpu_seconds(lambda: recipe.fit(data, seed=seed))
    others = []
    for number in range(refits):
        places = generator(seed, "refit", number).integers(len(data), size=len(data))
        again = recipe.fit(data.take(places), seed=fold(seed, "refit", number))
        others.append(difference(again, seed, seen=False))
    value = difference(model, seed, seen=False)
    reach = float(student.ppf(0.975, refits - 1) * np.std(others, ddof=1))
    mood = data.attributes["mood"]
    return {
        "value": value,
        "low": value - reach,
        "high": value + reach,
        "seen": difference(model, seed, seen=True),
        "seen_in_data": float(words(data)[mood == "bad"].mean() - words(data)[mood == "good"].mean()),
        "cpu_seconds": seconds,
    }


def measure_speakers(table: Table, seeds: range, size: str) -> None:
    """Measure all seeds of the speakers."""
    leaf = {"method": "specgan", "width": 32, "bands": 32}
    recipe = zoo.CausalGAN(graph="digit <-> speaker", leaf=leaf, steps=SOUND_STEPS[size])
    told = {"recipe": recipe.settings(), "often": OFTEN, "rare": RARE}
    rows = [table.row("causalgan", "speakers", s, told, lambda s=s: of_speakers(recipe, s)) for s in seeds]  # type: ignore[misc]
    table.line(f"\nSpeakers: {rows[0]['clips']} clips, {SOUND_STEPS[size]:,} steps")
    names = [name for name in rows[0] if isinstance(rows[0][name], float)]
    table.show([{"": name, "over seeds": mean_range([row[name] for row in rows], 3)} for name in names])
    worst, least = max(row["set"] for row in rows), min(row["seen"] for row in rows)
    heard = max(row["set_heard"] for row in rows)
    table.bar(f"do(speaker): digit shares within {SHARES} by the attribute", worst <= SHARES, f"{worst:.3f} at most")
    table.bar(f"do(speaker): digit shares within {SHARES} by a classifier", heard <= SHARES, f"{heard:.3f} at most")
    table.bar(f"seeing a speaker shifts them by more than {SHARES}", least > SHARES, f"{least:.3f} at least")


def measure_reviews(table: Table, seeds: range, size: str) -> None:
    """Measure all seeds of the reviews."""
    recipe = zoo.CausalGAN(graph="genre -> mood", steps=TEXT_STEPS[size], controller="discrete")
    told = {"recipe": recipe.settings(), "lines": LINES, "refits": REFITS[size]}
    truth, seen = true_effects()
    rows = [
        table.row("causalgan", "reviews", s, told, lambda s=s: of_reviews(recipe, REFITS[size], s))  # type: ignore[misc]
        for s in seeds
    ]
    table.line(f"\nReviews: true effect of a bad mood {truth:.2f} words; seen between the moods {seen:.2f}")
    table.show(
        [
            {
                "seed": str(row["seed"]),
                "do(mood)": f"{row['value']:.2f} [{row['low']:.2f}, {row['high']:.2f}]",
                "given mood": f"{row['seen']:.2f}",
                "in the data": f"{row['seen_in_data']:.2f}",
                "CPU seconds a fit": f"{row['cpu_seconds']:.0f}",
            }
            for row in rows
        ]
    )
    inside = sum(row["low"] <= truth <= row["high"] for row in rows)
    apart = sum(not row["low"] <= seen <= row["high"] for row in rows)
    table.bar(
        "do(mood) recovers the effect on length within its interval", inside == len(rows), f"{inside} of {len(rows)}"
    )
    table.line(f"      what is seen lies outside of it in {apart} of {len(rows)}")
