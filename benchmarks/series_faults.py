"""Faults of a machine from a few recorded series of each: does generation help the classifier that learns from them?

A simulated machine: temperature, pressure and vibration follow a load that wanders and a cycle of 24 steps, with noise,
96 steps a series. From some moment on one of four things happens: the temperature drifts away, the pressure oscillates,
the vibration has spikes, or the temperature is stuck for a while. For each seed eight series of each fault are drawn,
the generator is trained on these 32, and 300 others are the test. The classifier is trained by the rules of
`contrafact augment` in four ways: the real series only; with plain changes; with three times as many generated series,
which passed the filter; with both. Three first weights each; intervals are Student's over the seeds, each with other
series, another generator and another test, so that all of these are in them.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import fmean

import numpy as np
import pandas as pd

from audio_keywords import GAINS, against, of_job, said, verdict
from contrafact.tasks.augment_items import AugmentingItems
from contrafact.tasks.augment_series import SERIES, by_class, series_maker, series_pieces
from contrafact.tasks.classed_series import ClassedSeries
from contrafact.tasks.helps import Course, Cut
from contrafact.tasks.strands import Sight
from table import Row, Table

A_CLASS, TESTED, TIMES = 8, 300, 3
STEPS, CYCLE, NOISE = 96, 24, 0.5

Signals = dict[str, np.ndarray]


def drift(own: Signals, start: int, draw: np.random.Generator) -> None:
    own["temperature"][start:] += np.arange(STEPS - start) * draw.uniform(0.04, 0.1)


def oscillation(own: Signals, start: int, draw: np.random.Generator) -> None:
    wave = np.sin(2 * np.pi * np.arange(STEPS - start) / draw.uniform(4, 7))
    own["pressure"][start:] += draw.uniform(0.1, 0.25) * wave


def spikes(own: Signals, start: int, draw: np.random.Generator) -> None:
    places = draw.choice(np.arange(start, STEPS), draw.integers(2, 5), replace=False)
    own["vibration"][places] += draw.uniform(0.4, 0.9)


def stuck(own: Signals, start: int, draw: np.random.Generator) -> None:
    own["temperature"][start : start + draw.integers(10, 24)] = own["temperature"][start]


FAULTS: dict[str, Callable[[Signals, int, np.random.Generator], None]] = {
    "drift": drift,
    "oscillation": oscillation,
    "spikes": spikes,
    "stuck": stuck,
}


def one(fault: str, draw: np.random.Generator) -> pd.DataFrame:
    """Let the machine run once, with a fault."""
    load = np.cumsum(draw.normal(0, 0.3, STEPS))
    load -= load.mean()
    cycle = np.sin(2 * np.pi * np.arange(STEPS) / CYCLE + draw.uniform(0, 2 * np.pi))
    own = {
        "temperature": 60 + 2 * cycle + 0.8 * load + draw.normal(0, NOISE, STEPS),
        "pressure": 5 + 0.3 * cycle - 0.1 * load + draw.normal(0, NOISE / 5, STEPS),
        "vibration": 1 + 0.1 * np.abs(load) + draw.normal(0, NOISE / 5, STEPS),
    }
    FAULTS[fault](own, int(draw.integers(16, STEPS - 40)), draw)
    return pd.DataFrame({"time": np.arange(STEPS), **{name: part.round(3) for name, part in own.items()}})


def machine(a_fault: int, seed: int, first: int = 0) -> pd.DataFrame:
    """Draw series of each fault in turn.

    Arguments:
        a_fault: How many of each.
        seed: Seeds everything.
        first: The number of the first series.
    """
    draw, kinds = np.random.default_rng(seed), list(FAULTS) * a_fault
    frames = [one(fault, draw).assign(unit=first + number, fault=fault) for number, fault in enumerate(kinds)]
    return pd.concat(frames, ignore_index=True)


def job(seed: int) -> AugmentingItems:
    """Prepare the four ways."""
    few = machine(A_CLASS, 2 * seed)
    many = machine(TESTED // len(FAULTS), 2 * seed + 1, first=A_CLASS * len(FAULTS))
    classed = ClassedSeries.of(pd.concat([few, many], ignore_index=True), "fault", {"id": "unit"})
    items = classed.data
    train, test = np.arange(A_CLASS * len(FAULTS)), np.arange(A_CLASS * len(FAULTS), len(items))
    sight = Sight.of(items.take(train).items, classed.codec)
    pictures = sight(items)
    course = Course.of(pictures.take(train), classed.labels[train], "quick", seed)
    cut = Cut(data=pictures, labels=classed.labels, train=train, test=test, course=course)
    maker = series_maker(classed, by_class(None), train, seed=seed)
    n = round(TIMES * len(items))  # the job takes the share of it that the training part has
    pieces = series_pieces(classed, sight)
    return AugmentingItems(cut=cut, maker=maker, seed=seed, items=items, pieces=pieces, n=n)


def faults_part(table: Table, seeds: int) -> None:
    """Measure the four ways over seeds."""
    settings = {"a_class": A_CLASS, "tested": TESTED, "times": TIMES}

    def of_seed(seed: int) -> Callable[[], Row]:
        return lambda: of_job(job(seed), SERIES)

    rows = [table.row("shuttle", "faults", seed, settings, of_seed(seed)) for seed in range(seeds)]
    table.line(f"{A_CLASS} real series a fault, {TESTED} others to test, {seeds} seeds: per cent right [95 %]")
    shown: list[dict[str, str]] = [
        {
            "trained on": told,
            "right": said([row[name] for row in rows]),
            "gain": "" if name == "real" else said([row[name] - row["real"] for row in rows], gain=True),
        }
        for name, told in SERIES.arms.items()
    ]
    table.show(shown)
    table.line(verdict(rows, "series"))
    shares = ("passed", "cpu_seconds", "cpu_seconds_classifiers")
    passed, seconds, more = (fmean(row[name] for row in rows) for name in shares)
    table.line(f"{passed:.0%} passed the filter; CPU seconds: {seconds:.0f} a generator, {more:.0f} all the rest")
    wrong = [
        f"{name} of seed {row['seed']}"
        for row in rows
        for name, arms in GAINS.items()
        if against(row, name, arms, rows)
    ]
    claim = "faults: no verdict of a single run says the opposite of all seeds together"
    table.bar(claim, not wrong, ", ".join(wrong) or f"none of {len(rows)} runs")
