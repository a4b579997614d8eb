"""Sound: spoken digits by class, from a processor's minutes.

FSDD (3,000 recordings of ten digits by six speakers, 8 kHz): takes 0 to 4 of each speaker and digit are the test, 300
clips that nothing is trained on, as the set's authors have it. Each method learns the other 2,700 by class, with its
own defaults but for the steps, which are such that all take about the same CPU time: 10 minutes with --size gate, 45
with full. Then it says 200 clips of each digit.

A judge that shares nothing with the generators (`audio_judge`) is trained on the real training clips. `right` is how
often it hears the digit that was asked for; `frechet` the distance of its features to those of the test clips, beside
which stand real training clips in the place of fakes (the ceiling) and noise with each clip's loudness (the floor);
`tstr` how often a second judge, trained on fakes alone, is right about real test clips. The signs of failure (silence,
clipping, a steady tone and others, `metrics/sound_signs.py`) and the copies are told by share.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

import audio_keywords
from audio_judge import Judge, drawn_to, trained
from contrafact import zoo
from contrafact.base.data import Data
from contrafact.codecs.audio import AudioCodec
from contrafact.metrics.frechet import frechet
from contrafact.metrics.sound_signs import sound_health
from table import Row, Table, arguments, cpu_seconds, mean_sd, read

RATE, TAKES, A_CLASS = 8000, 5, 200
METHODS: dict[str, Callable[..., Any]] = {"specgan": zoo.SpecGAN, "wavegan": zoo.WaveGAN, "istftgan": zoo.ISTFTGAN}
# Steps of about the same CPU time.
STEPS = {
    "gate": {"specgan": 3_700, "wavegan": 640, "istftgan": 1_900},
    "full": {"specgan": 17_000, "wavegan": 2_900, "istftgan": 8_600},
}
SHOWN = ("right", "frechet", "tstr", "silent", "clipped", "tone", "nearer_train", "copies", "cpu_seconds")
FLAGS = ("silent", "clipped", "tone")
ANCHORS = ("real test clips", "real training clips", "noise")


@cache
def digits() -> tuple[Data, Data]:
    """Read the recordings; the digit, the speaker and the take are the parts of a name."""
    import soundfile

    folder = Path(os.environ.get("CONTRAFACT_DATA", "data")) / "sequences" / "fsdd" / "recordings"
    paths = sorted(folder.glob("*_*_*.wav"))
    if not paths:
        sys.exit(f"{folder} is missing: set CONTRAFACT_DATA to the folder that holds sequences/fsdd.")
    read_files = [soundfile.read(path, dtype="float32") for path in paths]
    assert {rate for _, rate in read_files} == {RATE}
    names = [path.stem.split("_") for path in paths]
    labels = np.array([digit for digit, _, _ in names])
    data = Data(kind="sound", items=[wave for wave, _ in read_files], labels=labels, rate=RATE, name="fsdd")
    test = np.array([int(take) < TAKES for _, _, take in names])
    return data.take(np.flatnonzero(~test)), data.take(np.flatnonzero(test))


@cache
def prepared() -> tuple[AudioCodec, dict[str, np.ndarray], dict[str, np.ndarray], Judge]:
    """Bring all clips to one length and loudness, and train the judge."""
    learned, kept = digits()
    codec = AudioCodec.fit(learned)
    one, other = codec.encode(learned), codec.encode(kept)
    return codec, one, other, trained(one["waves"], one["labels"], len(codec.classes), codec.rate)


def judged(waves: np.ndarray, places: np.ndarray, *, useful: bool = True) -> Row:
    """Score clips that are to be of these classes."""
    codec, one, other, judge = prepared()
    features, heard = judge(waves)
    near, copies = drawn_to(features, judge(one["waves"])[0], judge(other["waves"])[0])
    found: Row = {
        "right": float((heard == places).mean()),
        "right_of_worst": float(min((heard == places)[places == place].mean() for place in np.unique(places))),
        "frechet": frechet(features, judge(other["waves"])[0]).value,
        "nearer_train": near,
        "copies": copies,
        **sound_health(waves, codec.rate),
    }
    if useful:
        pupil = trained(waves, places, len(codec.classes), codec.rate, seed=1)
        found["tstr"] = float((pupil(other["waves"])[1] == other["labels"]).mean())
    return found


def anchor(kind: str) -> Row:
    """Judge real clips, or noise as loud as they are, in the place of fakes."""
    _, one, other, _ = prepared()
    if kind == "real test clips":
        return judged(other["waves"], other["labels"], useful=False)
    if kind == "real training clips":
        return judged(one["waves"], one["labels"])
    noise = np.random.default_rng(0).normal(size=one["waves"].shape).astype(np.float32)
    return judged(np.clip(noise * one["waves"].std(1, keepdims=True), -1, 1), one["labels"])


def generated(method: str, steps: int, seed: int) -> Row:
    """Train a method, say digits, and judge them."""
    learned, _ = digits()
    model, taken = cpu_seconds(lambda: METHODS[method](steps=steps).fit(learned, seed=seed))
    names = np.repeat(model.codec.classes, A_CLASS)
    drawn, making = cpu_seconds(lambda: model.sample(len(names), given={"class": list(names)}, seed=seed + 100))
    row = judged(np.asarray(drawn.items), model.codec.places(names))
    return {**row, "cpu_seconds": taken, "clips_a_second": len(names) / making}


def shown(rows: list[Row]) -> dict[str, str]:
    """Write one method, mean ± standard deviation over the seeds."""
    told = {"method": rows[0]["method"], "seeds": str(len(rows))}
    for name in SHOWN:
        values = [row[name] for row in rows if name in row]
        digits = {"cpu_seconds": 0, "frechet": 2}.get(name, 3)
        told[name] = mean_sd(values, digits) if values else "-"
    return told


def bars(table: Table, rows: dict[str, list[Row]]) -> None:
    """Hold the default against what is promised of it."""
    own = rows["specgan"]
    right, useful = min(row["right"] for row in own), min(row["tstr"] for row in own)
    table.bar("specgan: >= 70 % of its digits are recognised", right >= 0.7, f"{right:.1%}")
    table.bar("specgan: aim 90 %", right >= 0.9, f"{right:.1%}")
    flagged = max(sum(row[name] for name in FLAGS) for row in own)
    table.bar("specgan: <= 1 % silent, clipped or a tone", flagged <= 0.01, f"{flagged:.2%}")
    table.bar("specgan: aim tstr >= .85", useful >= 0.85, f"{useful:.3f}")
    far, theirs = max(row["frechet"] for row in own), min(row["frechet"] for row in rows["wavegan"])
    table.bar(
        "specgan: Frechet distance below wavegan's at about equal CPU time", far < theirs, f"{far:.2f}, {theirs:.2f}"
    )
    copied = max(row["copies"] for row in own)
    table.bar("specgan: <= 1 % copies", copied <= 0.01, f"{copied:.2%}")


def main() -> None:
    """Measure, print and write."""
    parser = arguments(__doc__, gate_seeds=1, full_seeds=1)
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS), help="which methods")
    parser.add_argument("--keywords", action="store_true", help="also five clips a digit: does generation help?")
    parser.add_argument("--steps", type=int, help="as many steps for every method, to try the benchmark out")
    options = read(parser)
    table = Table("audio", options)
    told = [shown([table.row(kind, "fsdd", 0, {"takes": TAKES}, partial(anchor, kind))]) for kind in ANCHORS]
    rows: dict[str, list[Row]] = {}
    for method in options.methods:
        steps = options.steps or STEPS[options.size][method]
        settings = METHODS[method](steps=steps).settings()
        rows[method] = [
            table.row(method, f"fsdd, {options.size}", seed, settings, partial(generated, method, steps, seed))
            for seed in range(options.seeds)
        ]
    table.show([*told, *(shown(of_method) for of_method in rows.values())])
    if {"specgan", "wavegan"} <= set(rows):
        bars(table, rows)
    if options.keywords:
        table.line()
        audio_keywords.measure(table, max(options.seeds, audio_keywords.SEEDS))
    table.write()


if __name__ == "__main__":
    main()
