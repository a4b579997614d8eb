"""Keyword spotting with five recordings of a word: does generation help the classifier that learns from them?

FSDD (3,000 recordings of ten digits by six speakers, 8 kHz). For each seed five recordings of each digit are drawn, the
generator is trained on these fifty, and 500 others, which nothing saw, are the test. The classifier, a small network
over log-mel spectrograms, is trained by the rules of `contrafact augment` in four ways: the real clips only; with plain
changes (noise, shift, loudness, speed); with ten times as many generated clips, which passed the filter (a classifier
of the same fifty takes them for their class); with both. Three first weights each; intervals are Student's over the
seeds, each with other recordings, another generator and another test, so that all of these are in them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np

import contrafact
from contrafact.base.data import Data
from contrafact.metrics.sound_features import Hearing, as_clips, log_mel
from contrafact.tasks.augment_items import AugmentingItems, Words, scores_of
from contrafact.tasks.augment_items import verdict as job_verdict
from contrafact.tasks.augment_sound import CLIPS, sound_maker, sound_pieces
from contrafact.tasks.helps import Course, Cut, seen
from table import Row, Table, arguments, cpu_seconds, read

A_CLASS, TESTED, TIMES = 5, 500, 10
METHOD, STEPS, SEEDS = "specgan", 1500, 5
GAINS = {
    "gain_classic": ("classic", "real"),
    "gain_gan": ("gan", "real"),
    "gain_both": ("both", "real"),
    "gain_gan_beside_classic": ("both", "classic"),
}
STUDENT = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}


@cache
def digits() -> Data:
    """Read the recordings; the digit is the first part of a name."""
    folder = Path(os.environ.get("CONTRAFACT_DATA", "data")) / "sequences" / "fsdd" / "recordings"
    if not folder.is_dir():
        sys.exit(f"{folder} is missing: set CONTRAFACT_DATA to the folder that holds sequences/fsdd.")
    data: Data = contrafact.read(folder)
    assert data.labels is not None and len(np.unique(data.labels)) == 10
    return data


def parts(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw five recordings of each digit, and the 500 to test on."""
    labels, random = np.asarray(digits().labels), np.random.default_rng([seed, 5])
    order = random.permutation(len(labels))
    few = np.concatenate([order[labels[order] == name][:A_CLASS] for name in np.unique(labels)])
    rest = order[~np.isin(order, few)]
    return few, rest[:TESTED]


def job(seed: int, steps: int) -> AugmentingItems:
    """Prepare the four ways."""
    few, tested = parts(seed)
    data = digits().take(np.concatenate([few, tested]))
    train, test = np.arange(len(few)), len(few) + np.arange(len(tested))
    hearing = Hearing.of(*as_clips(data.take(train)))
    pictures, labels = log_mel(data, hearing), np.asarray(data.labels).astype(str)
    course = Course.of(pictures.take(train), labels[train], "quick", seed)
    cut = Cut(data=pictures, labels=labels, train=train, test=test, course=course)
    maker = sound_maker(METHOD, data.take(train), {"steps": steps}, seed=seed)
    n = round(TIMES * len(data))  # the job takes the share of it that the training part has
    return AugmentingItems(cut=cut, maker=maker, seed=seed, items=data, pieces=sound_pieces(hearing), n=n)


def of_job(made: AugmentingItems, words: Words) -> Row:
    """Train everything of a job and give how often each way is right."""
    _, generator = cpu_seconds(made.training.finish)
    _, classifiers = cpu_seconds(lambda: list(made.steps()))
    passed, asked = (sum(pair[side] for pair in made.kept) for side in (0, 1))
    scores = scores_of(made.right, made.cut.labels[made.cut.test])
    return {
        "verdict": job_verdict(scores, words, generated=True),
        "said": {name: seen(score) for name, score in scores.items() if name.startswith("gain_")},
        **{name: float(right.mean()) for name, right in made.right.items()},
        "passed": passed / max(asked, 1),
        "steps": made.training.step,
        "score": float(made.training.memory.best_score),
        "cpu_seconds": generator,
        "cpu_seconds_classifiers": classifiers,
    }


def interval(values: list[float]) -> tuple[float, float, float]:
    """Give the mean over seeds and the ends of its 95 % interval."""
    mean = fmean(values)
    if len(values) < 2:
        return mean, float("-inf"), float("inf")
    half = STUDENT.get(len(values), 1.96) * stdev(values) / len(values) ** 0.5
    return mean, mean - half, mean + half


def said(values: list[float], *, gain: bool = False) -> str:
    """Write a mean with its interval in per cent."""
    mean, low, high = (100 * value for value in interval(values))
    sign = "+" if gain else ""
    return f"{mean:{sign}.1f} [{low:{sign}.1f}, {high:{sign}.1f}]"


def verdict(rows: list[Row], items: str = "clips") -> str:
    """Say what helped: an interval that does not hold 0."""
    told = []
    for name, before, what in (
        ("classic", "real", "plain changes"),
        ("gan", "real", f"generated {items}"),
        ("both", "classic", f"generated {items} beside plain changes"),
    ):
        gains = [row[name] - row[before] for row in rows]
        _, low, high = interval(gains)
        word = "helped" if low > 0 else "did harm" if high < 0 else "made no difference that could be seen"
        told.append(f"{what} {word} ({said(gains, gain=True)} points)")
    return "; ".join(told) + "."


def against(row: Row, name: str, arms: tuple[str, str], rows: list[Row]) -> bool:
    """Tell whether a run said that a way helps or harms where the mean over the seeds points the other way."""
    mean = fmean(other[arms[0]] - other[arms[1]] for other in rows)
    return bool(row["said"][name] * mean < 0)


def measure(table: Table, seeds: int, steps: int = STEPS) -> None:
    """Measure the four ways over seeds."""
    settings = {"a_class": A_CLASS, "tested": TESTED, "times": TIMES, "steps": steps}

    def of_seed(seed: int) -> Callable[[], Row]:
        return lambda: of_job(job(seed, steps), CLIPS)

    rows = [table.row(METHOD, "keywords", seed, settings, of_seed(seed)) for seed in range(seeds)]
    table.line(f"{A_CLASS} real clips a digit, {TESTED} others to test, {seeds} seeds: per cent right [95 %]")
    shown: list[dict[str, str]] = [
        {
            "trained on": told,
            "right": said([row[name] for row in rows]),
            "gain": "" if name == "real" else said([row[name] - row["real"] for row in rows], gain=True),
        }
        for name, told in CLIPS.arms.items()
    ]
    table.show(shown)
    table.line(verdict(rows))
    mean: dict[str, Any] = {name: fmean(row[name] for row in rows) for name in ("passed", "cpu_seconds")}
    table.line(f"{mean['passed']:.0%} passed the filter; {mean['cpu_seconds']:.0f} CPU seconds a generator")
    wrong = [
        f"{name} of seed {row['seed']}"
        for row in rows
        for name, arms in GAINS.items()
        if against(row, name, arms, rows)
    ]
    claim = "keywords: no verdict of a single run says the opposite of all seeds together"
    table.bar(claim, not wrong, ", ".join(wrong) or f"none of {len(rows)} runs")


def main() -> None:
    parser = arguments(__doc__, gate_seeds=2, full_seeds=5)
    parser.add_argument("--steps", type=int, default=STEPS, help="steps of the generator")
    options = read(parser)
    table = Table("keywords", options)
    measure(table, options.seeds, options.steps)
    table.write()


if __name__ == "__main__":
    sys.exit(main())
