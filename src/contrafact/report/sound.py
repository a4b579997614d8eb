"""Sound in the reports of runs and of judgements: to hear, to see, and what is wrong with it.

Generated clips stand beside real ones of their class and beside the training clip whose spectrogram is nearest, so that
everybody can hear whether they are copies. Without real data, as when a page is given away, nothing real is in it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import ContrafactError
from contrafact.base.records import Score
from contrafact.base.seeds import generator
from contrafact.metrics.neighbours import nearest
from contrafact.metrics.pictures import nearest_of
from contrafact.metrics.sound_features import DEEPEST, Hearing, as_clips, log_mel
from contrafact.metrics.sound_signs import sign_scores
from contrafact.report.clips import Row, Shown, clip_table
from contrafact.report.facts import Facts
from contrafact.report.film import film, shots
from contrafact.report.markup import Html, element, join
from contrafact.report.page import Section, head_cell, section, table
from contrafact.tasks.load import load

CLASSES, EACH, FRAMES, VOICES = 12, 2, 6, 3
DRAWN, MOST_REAL, CHECKED = 64, 3000, 500
FILM_BYTES = 400_000
REAL, MADE, NEAR = "real", "generated", "nearest training clip"
WORDS = {
    "silent": "silent",
    "clipped": "clipped: cut off at the ends of the range",
    "offset": "not around zero",
    "tone": "one steady tone or an unchanging buzz",
    "click": "a click in silence",
    "twin": "twins: sound like another one",
}
HOW = (
    "Time runs from left to right, low tones are at the foot; bright is loud, and black is 60 decibels below the "
    "loudest. A metallic or rough voice is heard, not seen: listen."
)


def rate_of_run(known: Facts) -> int | None:
    """Give the samples a second of a run's sound; None for runs over other data."""
    for codec in (known.codec, known.codec.get("sound")):
        if isinstance(codec, dict) and codec.get("codec") == "audio" and isinstance(codec.get("rate"), int):
            return int(codec["rate"])
    return None


def sound_film(known: Facts) -> list[Html]:
    """Show what the same noise became over the steps of a run: waves to hear, or pictures of spectra to see.

    Arguments:
        known: What is known of a run over sound.
    """
    rate, taken = rate_of_run(known), shots(known.run, FRAMES, known.best_step)
    head = element("h3", "Over the steps")
    if taken and taken[-1][1].ndim > 2:
        return [head, *film(taken, best=known.best_step)]
    if not taken or rate is None:
        return []
    heads = [f"noise {voice + 1}" for voice in range(min(VOICES, len(taken[-1][1])))]
    rows: list[Row] = []
    for step, array in reversed(taken):  # the last one first: it is kept where there is no room for all
        name = f"step {step:,}{' (best)' if step == known.best_step else ''}"
        cells = {head: Shown(clip=clip, told=f"{name}, {head}") for head, clip in zip(heads, array, strict=False)}
        rows.append((name, cells))
    told = f"From step {taken[0][0]:,} to step {taken[-1][0]:,}, the same noise made these; the last ones first."
    return [head, element("p", told), clip_table(rows, heads, rate, FILM_BYTES)]


def sound_look(known: Facts, real: Any = None) -> list[Html]:
    """Let a run's model be heard, by class, beside real clips where they are given, and say what is wrong with it.

    Arguments:
        known: What is known of a run over sound.
        real: The real clips, which become part of the page, or None.
    """
    try:
        fake = _drawn(load(known.run.folder))
    except ContrafactError as error:
        return [element("p", f"No model could be drawn from. {error.what}", class_="quiet")]
    if fake is None:
        return []
    truth = real if isinstance(real, Data) and real.kind == "sound" and real.rate else None
    return [listening(fake, truth), signs_table(fake, truth)]


def _drawn(model: Any) -> Data | None:
    """Draw clips, each class as often."""
    classes = tuple(getattr(model.codec, "classes", ()))
    if not classes:
        made = model.sample(DRAWN, seed=0)
    else:
        each = max(DRAWN // len(classes), EACH)
        made = model.sample(each * len(classes), given={"class": [c for c in classes for _ in range(each)]}, seed=0)
    if not isinstance(made, Data):
        made = Data(kind="sound", items=made, rate=model.codec.rate)
    return made if made.kind == "sound" and made.rate else None


def compared_sound(real: Data, fake: Data, scores: Mapping[str, Score] | None = None) -> tuple[Section, ...]:
    """Give the parts of a judgement's page: to hear both sides, and signs of failure.

    Arguments:
        real: Real clips.
        fake: Clips that were made.
        scores: What was measured, with the signs among it.
    """
    return (
        section("To hear", listening(fake, real)),
        section("What is wrong with single clips", signs_table(fake, real, scores)),
    )


def listening(fake: Data, real: Data | None = None) -> Html:
    """Lay out generated clips by class, beside real ones and the nearest of them.

    Arguments:
        fake: Clips that were made.
        real: Real clips, or None.
    """
    chosen, rate = _by_class(fake), fake.rate or 1
    made = [Shown(clip=np.asarray(fake.items[place]), told=f"generated: {name}") for name, place in chosen]
    names = [name for name, _ in chosen]
    if real is None:
        return join(element("p", HOW), _side_by_side(names, made, rate))
    known = Known.of(real, rate)
    near = known.nearest(fake.take([place for _, place in chosen]))
    rows: list[Row] = [
        (name, {MADE: shown, NEAR: beside, **known.of_class(name, number)})
        for number, (name, shown, beside) in enumerate(zip(names, made, near, strict=True))
    ]
    told = f"{HOW} How far two clips are apart is the root mean square between their spectrograms: real ones lie "
    told += f"{known.usual:.1f} decibels from the nearest other one, and twins within 1."
    return join(element("p", told), clip_table(rows, [REAL, MADE, NEAR], rate))


def _side_by_side(names: list[str], made: list[Shown], rate: int) -> Html:
    """Lay out generated clips alone, those of one class in a row."""
    rows: dict[str, dict[str, Shown]] = {}
    for name, shown in zip(names, made, strict=True):
        cells = rows.setdefault(name, {})
        cells[f"{MADE} {len(cells) + 1}"] = shown
    heads = list(dict.fromkeys(head for cells in rows.values() for head in cells))
    return clip_table(list(rows.items()), heads, rate)


def _by_class(fake: Data) -> list[tuple[str, int]]:
    """Choose clips to be heard: the first of each class, of the first classes."""
    if fake.labels is None:
        return [(f"clip {place + 1}", place) for place in range(min(len(fake), CLASSES))]
    labels = np.array([str(label) for label in fake.labels])
    names = np.unique(labels)[:CLASSES]
    return [(str(name), int(place)) for name in names for place in np.flatnonzero(labels == name)[:EACH]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Known:
    """Real clips to hold others against.

    Arguments:
        clips: The clips, without silence at their ends.
        labels: The class of each, empty where there are none.
        hearing: How clips are compared.
        rows: Their spectrograms in decibels.
        usual: How far a real clip lies from the nearest other one, in the middle.
    """

    clips: list[np.ndarray]
    labels: np.ndarray
    hearing: Hearing
    rows: np.ndarray
    usual: float

    @classmethod
    def of(cls, real: Data, rate: int) -> Known:
        """Measure real clips, of many a few thousand."""
        few = real.take(np.sort(generator(0, "known clips").permutation(len(real))[:MOST_REAL]))
        clips, _ = as_clips(few, rate)
        hearing = Hearing.of(clips, rate)
        labels = np.array([""] * len(few) if few.labels is None else [str(label) for label in few.labels])
        rows = _rows(few, hearing)
        apart = nearest_of(rows[:CHECKED], [rows], 2)[:, -1]
        usual = float(np.median(apart)) / math.sqrt(rows.shape[1]) if len(rows) > 1 else math.nan
        return cls(clips=clips, labels=labels, hearing=hearing, rows=rows, usual=usual)

    def nearest(self, fake: Data) -> list[Shown]:
        """Find the clip nearest to each."""
        apart, places = nearest(_rows(fake, self.hearing), self.rows)
        apart = apart / math.sqrt(self.rows.shape[1])
        return [
            Shown(clip=self.clips[place], told="the nearest training clip", note=self._note(place, far), made=False)
            for place, far in zip(places, apart, strict=True)
        ]

    def _note(self, place: int, far: float) -> str:
        return f"{far:.1f} dB apart{f', class {self.labels[place]}' if self.labels[place] else ''}"

    def of_class(self, name: str, number: int) -> dict[str, Shown]:
        """Give a clip of a class, another one for each number; any clip where there are no classes."""
        places = np.flatnonzero(self.labels == name) if self.labels.any() else np.arange(len(self.clips))
        if not len(places):
            return {}
        clip = self.clips[places[number % len(places)]]
        return {REAL: Shown(clip=clip, told=f"real: {name}", made=False)}


def _rows(data: Data, hearing: Hearing) -> np.ndarray:
    pictures = log_mel(data, hearing).items
    return np.asarray(pictures.reshape(len(pictures), -1).astype(np.float64) * (DEEPEST / 255))


def signs_table(fake: Data, real: Data | None = None, scores: Mapping[str, Score] | None = None) -> Html:
    """Say which share of clips shows which sign of failure.

    Arguments:
        fake: Clips that were made.
        real: Real clips, or None.
        scores: The signs, where they are measured already.
    """
    found = scores if scores and "clean" in scores else sign_scores(fake if real is None else real, fake)
    heads = ["", MADE, *([REAL] if real is not None else [])]
    lines = [
        element("tr", element("th", told, scope="row"), *(_share(value) for value in _sides(found[name], real)))
        for name, told in WORDS.items()
    ]
    clean = found["clean"]
    said = (
        f"{clean.value:.0%} of {clean.n:,} clips are neither silent, clipped, off zero, one steady tone, nor a click."
    )
    shown = table([head_cell(head, numeric=bool(head)) for head in heads], lines)
    return join(element("p", element("strong", said)), shown)


def _sides(score: Score, real: Data | None) -> list[float | None]:
    return [score.value] if real is None else [score.value, score.ceiling]


def _share(value: float | None) -> Html:
    return element("td", "" if value is None else f"{value:.1%}", class_="number")
