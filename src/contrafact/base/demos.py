"""Demo data, made on the spot from fixed seeds: nothing is downloaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from contrafact.base.data import Data, Mixture
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
    "patients": (patients, "2,000 simulated patients: holes, a rare outcome, a hidden cause, true effects known"),
    "tones": (tones, "40 short tones of four pitches"),
    "changes": (changes, "500 chord progressions from a known Markov chain"),
}


def demo(name: str) -> Any:
    """Make a demo set by its name."""
    if name not in DEMOS:
        raise UsageError(
            f"There is no demo set '{name}'.", why=did_you_mean(name, DEMOS), fix="contrafact train ring", code="E108"
        )
    return DEMOS[name][0]()
