"""Demo data, made on the spot from fixed seeds: nothing is downloaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from contrafact.base.data import Data, Mixture
from contrafact.base.demo_texts import dates, reviews
from contrafact.base.errors import UsageError, did_you_mean
from contrafact.base.seeds import generator

if TYPE_CHECKING:
    import pandas as pd


def mixture(means: np.ndarray, sd: float, n: int, name: str, seed: int = 0) -> Data:
    """Draw from a known mixture of round Gaussians of equal weight."""
    random = generator(seed, name)
    labels = random.integers(len(means), size=n)
    rows = means[labels] + sd * random.standard_normal((n, means.shape[1]))
    return Data(
        kind="vectors", items=rows.astype(np.float32), labels=labels, name=name, truth=Mixture(means=means, sd=sd)
    )


def ring(n: int = 100_000, seed: int = 0) -> Data:
    """Draw from eight Gaussians of sd .01 on the unit circle."""
    angles = np.arange(8) * np.pi / 4
    return mixture(np.stack([np.cos(angles), np.sin(angles)], axis=1), 0.01, n, "ring", seed)


def grid(n: int = 100_000, seed: int = 0) -> Data:
    """Draw from 25 Gaussians of sd .05 on a grid from -4 to 4."""
    ticks = np.linspace(-4, 4, 5)
    return mixture(np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2), 0.05, n, "grid", seed)


def swiss_roll(n: int = 20_000, seed: int = 0) -> Data:
    """Draw from a two-dimensional spiral with a little noise."""
    random = generator(seed, "swiss-roll")
    turn = 1.5 * np.pi * (1 + 2 * random.random(n))
    rows = np.stack([turn * np.cos(turn), turn * np.sin(turn)], axis=1) / 5 + 0.05 * random.standard_normal((n, 2))
    return Data(kind="vectors", items=rows.astype(np.float32), name="swiss-roll")


def digits() -> Data:
    """Read scikit-learn's 1,797 handwritten digits of 8 x 8 pixels."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    pictures = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
    return Data(kind="pictures", items=pictures, labels=bunch.target.astype(np.int64), name="digits")


INKS = {"red": (1.0, 0.15, 0.1), "yellow": (0.9, 0.8, 0.1), "green": (0.15, 0.8, 0.2), "blue": (0.2, 0.35, 1.0)}
INKS["violet"] = (0.75, 0.2, 0.9)


def inked(pictures: np.ndarray, inks: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Paint grey pictures N x high x wide in inks, each with a hue and a strength a little its own."""
    hues = np.array([INKS[ink] for ink in inks]) + random.normal(0, 0.05, (len(inks), 3))
    strength = random.uniform(0.75, 1.0, (len(inks), 1, 1, 1))
    painted = np.clip(hues, 0, 1)[:, None, None] * strength * pictures[..., None]
    return np.asarray(np.rint(painted).astype(np.uint8))


def tied_inks(labels: np.ndarray, tie: float, random: np.random.Generator) -> np.ndarray:
    """Choose an ink for each digit: its usual one, which it shares with another digit, or by chance any other."""
    usual, other = labels % len(INKS), random.integers(1, len(INKS), len(labels))
    return np.array(list(INKS))[np.where(random.random(len(labels)) < tie, usual, (usual + other) % len(INKS))]


def tinted(n: int = 10_000, seed: int = 0, tie: float = 0.9) -> Data:
    """Print handwritten digits in five inks: the digit decides the ink, its usual one with chance .9.

    The 1,797 digits come several times, each time in another ink. `attributes` hold the ink; the graph is
    class -> ink, so that setting the ink leaves the digits as they are, and seeing it tells of them.
    """
    random, source = generator(seed, "tinted"), digits()
    places = random.integers(len(source), size=n)
    labels = np.asarray(source.labels)[places]
    inks = tied_inks(labels, tie, random)
    items = inked(source.items[places], inks, random)
    return Data(kind="pictures", items=items, labels=labels, name="tinted", attributes={"ink": inks})


def patients(n: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Simulate patients: a treatment chosen by severity, which nobody wrote down, and a rare bad outcome.

    The hidden cause `severity` drives both treatment and outcome, so plain adjustment is biased. The true average
    effects, computed from both potential outcomes of these very rows, are in `frame.attrs`: of `treated` on
    `recovery_days`, and of `treated` on the risk of `readmitted`. Holes: `blood_pressure` is missing more often for
    the young, `smoker` at random.
    """
    import pandas as pd

    random = generator(seed, "patients")
    age = np.clip(random.normal(56, 16, n), 18, 95).round().astype(int)
    female = random.random(n) < 0.52
    smoker = random.random(n) < 1 / (1 + np.exp(-(-1.2 + 0.01 * (60 - age))))
    severity = random.standard_normal(n) + 0.02 * (age - 56)
    pressure = 118 + 0.45 * (age - 50) + 7 * smoker + 4 * severity + random.normal(0, 9, n)
    treated = random.random(n) < 1 / (1 + np.exp(-(-0.3 + 1.1 * severity)))
    noise = random.gamma(2.0, 1.5, n)
    days = np.maximum(12 + 3.0 * severity + 0.06 * (age - 56) + 1.5 * smoker + noise, 1)
    effect = -2.5 - 0.5 * female
    luck = random.logistic(0, 1, n)
    risk = -3.55 + 1.0 * severity + 0.7 * smoker
    readmitted = [risk - 1.2 * t + luck > 0 for t in (0, 1)]
    frame = pd.DataFrame(
        {
            "age": age,
            "sex": np.where(female, "female", "male"),
            "smoker": np.where(smoker, "yes", "no").astype(object),
            "blood_pressure": pressure.round(1),
            "treated": treated.astype(int),
            "recovery_days": np.where(treated, np.maximum(days + effect, 0.5), days).round(1),
            "readmitted": np.where(treated, readmitted[1], readmitted[0]).astype(int),
        }
    )
    frame.loc[random.random(n) < np.where(age < 45, 0.3, 0.08), "blood_pressure"] = np.nan
    frame.loc[random.random(n) < 0.06, "smoker"] = None
    frame.attrs["true_effects"] = {
        "treated -> recovery_days": float((np.maximum(days + effect, 0.5) - days).mean()),
        "treated -> readmitted": float(readmitted[1].mean() - readmitted[0].mean()),
    }
    return frame


def tones(n: int = 40, seed: int = 0) -> Data:
    """Play short tones of four pitches with overtones: half a second each at 8 kHz."""
    random = generator(seed, "tones")
    labels = random.integers(4, size=n)
    time = np.arange(4000) / 8000
    clips = []
    for label in labels:
        pitch = (220.0, 277.18, 329.63, 440.0)[label] * (1 + 0.005 * random.standard_normal())
        overtones = sum(np.sin(2 * np.pi * pitch * k * time + random.uniform(0, 6.28)) / k**2 for k in range(1, 6))
        wave = overtones * np.minimum(time / 0.01, 1) * np.exp(-time * random.uniform(3, 6))
        clips.append((0.8 * wave / np.abs(wave).max()).astype(np.float32))
    return Data(kind="sound", items=clips, labels=labels, name="tones", rate=8000)


BEEPS = ("rise", "fall", "ping", "hiss")


def beeps(n: int = 400, seed: int = 0) -> Data:
    """Simulate short sounds of four classes, a quarter of a second each at 8 kHz: rising, falling, ringing, hissing.

    Pitch, loudness, length and start vary from clip to clip; a little noise lies under each.
    """
    random = generator(seed, "beeps")
    labels = random.permutation(np.arange(n) % len(BEEPS))
    rate, samples = 8000, 2048
    time = np.arange(samples) / rate
    clips = np.empty((n, samples), dtype=np.float32)
    for clip, label in zip(clips, labels, strict=True):
        low, length = 300 * 2 ** random.uniform(0, 1.5), random.uniform(0.12, 0.18)
        since = time - random.uniform(0.005, 0.04)
        sounding = (since > 0) & (since < length)
        glide = np.clip(since / length, 0, 1)
        turns = {0: low * since * (1 + glide), 1: low * since * (3 - glide), 2: 2 * low * since}
        wave = random.standard_normal(samples) if label == 3 else np.sin(2 * np.pi * turns[int(label)])
        shape = np.exp(-since / 0.03) if label == 2 else np.sin(np.pi * glide) ** 0.5
        sound = random.uniform(0.2, 0.9) * np.where(sounding, wave * shape, 0) / np.abs(wave).max()
        clip[:] = sound + 0.002 * random.standard_normal(samples)
    names = np.array(BEEPS)[labels]
    return Data(kind="sound", items=list(clips), labels=names, name="beeps", rate=rate)


def sensors(n: int = 4000, seed: int = 0) -> pd.DataFrame:
    """Simulate a plant's hourly sensors: load, temperature, pressure and a valve, with rare faults and gaps.

    The load follows the day and the week; the temperature follows the load with a delay, the pressure both. In a fault,
    about one in a hundred hours, the pressure sags while the valve stays open; the column `fault` says so. Gaps: the
    temperature for some hours now and then, everything for half a day now and then; a few time stamps are not there.
    """
    import pandas as pd

    random = generator(seed, "sensors")
    hours = np.arange(n)
    day, week = np.sin(2 * np.pi * (hours - 8) / 24), np.where(hours // 24 % 7 < 5, 1.0, 0.55)
    slow = np.convolve(random.standard_normal(n + 99), 0.97 ** np.arange(100), "valid")
    load = np.maximum(60 + 25 * day * week + 10 * (week - 0.8) + 1.5 * slow + random.normal(0, 2, n), 5)
    warm = np.convolve(np.concatenate([np.full(11, load[0]), load]), np.exp(-np.arange(12) / 4), "valid") / 4.3
    fault = _spells(random, n, every=500, longest=9)
    temperature = 20 + 0.6 * warm + random.normal(0, 0.4, n)
    valve = np.where((load > 70) | fault, "open", "shut").astype(object)
    pressure = 3 + 0.02 * load + 0.01 * temperature - 0.9 * fault + random.normal(0, 0.05, n)
    frame = pd.DataFrame(
        {
            "time": pd.date_range("2024-01-01", periods=n, freq="h"),
            "load": load.round(1),
            "temperature": temperature.round(1),
            "pressure": pressure.round(2),
            "valve": valve,
            "fault": np.where(fault, "yes", "no").astype(object),
        }
    )
    frame.loc[_spells(random, n, every=150, longest=6), "temperature"] = np.nan
    frame.loc[_spells(random, n, every=900, longest=14), ["load", "temperature", "pressure", "valve"]] = None
    frame = frame[random.random(n) > 0.003].reset_index(drop=True)
    frame.attrs = {"kind": "series", "time": "time"}
    return frame


def _spells(random: np.random.Generator, n: int, *, every: int, longest: int) -> np.ndarray:
    """Mark runs of hours, one in so many hours on average, from two hours to the longest."""
    found = np.zeros(n, dtype=bool)
    for start in np.flatnonzero(random.random(n) < 1 / every).tolist():
        found[start : start + int(random.integers(2, longest + 1))] = True
    return found


CHANGES = ("Dm7", "G7", "Cmaj7", "Am7", "Em7", "A7")
FOLLOWS = np.array(
    [
        [0.05, 0.75, 0.05, 0.05, 0.05, 0.05],
        [0.05, 0.05, 0.60, 0.10, 0.15, 0.05],
        [0.25, 0.05, 0.15, 0.30, 0.15, 0.10],
        [0.60, 0.10, 0.05, 0.10, 0.05, 0.10],
        [0.05, 0.05, 0.05, 0.20, 0.05, 0.60],
        [0.80, 0.05, 0.05, 0.03, 0.02, 0.05],
    ]
)


def changes(n: int = 500, seed: int = 0) -> Data:
    """Write chord progressions of 16 bars from a known Markov chain, the harmony that a contrafact is played over."""
    random = generator(seed, "changes")
    state = random.integers(len(CHANGES), size=n)
    bars = [state]
    for _ in range(15):
        state = (random.random((n, 1)) > FOLLOWS[state].cumsum(1)[:, :-1]).sum(1)
        bars.append(state)
    lines = [" ".join(CHANGES[i] for i in line) for line in np.stack(bars, axis=1)]
    return Data(kind="text", items=lines, name="changes")


DEMOS: dict[str, tuple[Callable[[], Any], str]] = {
    "ring": (ring, "eight narrow Gaussians on a circle, two columns"),
    "grid": (grid, "25 narrow Gaussians on a grid, two columns"),
    "swiss-roll": (swiss_roll, "a spiral, two columns"),
    "digits": (digits, "1,797 handwritten digits, 8 x 8 pixels, ten classes"),
    "tinted": (tinted, "10,000 digits in five inks, each digit mostly in its own: class -> ink"),
    "patients": (patients, "2,000 simulated patients: holes, a rare outcome, a hidden cause, true effects known"),
    "beeps": (beeps, "400 short sounds of four classes: rise, fall, ping, hiss"),
    "sensors": (sensors, "4,000 hours of a simulated plant: four coupled sensors, a daily cycle, rare faults, gaps"),
    "tones": (tones, "40 short tones of four pitches"),
    "changes": (changes, "500 chord progressions from a known Markov chain"),
    "reviews": (reviews, "2,000 simulated reviews, good and bad, with known words and lengths"),
    "dates": (dates, "2,000 pairs: a day written in one of eight ways, and as 2021-03-03"),
}


def demo(name: str) -> Any:
    """Make a demo set by its name."""
    if name not in DEMOS:
        raise UsageError(
            f"There is no demo set '{name}'.", why=did_you_mean(name, DEMOS), fix="contrafact train ring", code="E108"
        )
    return DEMOS[name][0]()
