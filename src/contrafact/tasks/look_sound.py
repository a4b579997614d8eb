"""Look at sound: how many clips of which length, loudness and class, and which of them may hurt.

Loudness is that of the whole clip, ten times the logarithm of its mean square, against full scale: a sine that fills
the range has -3 decibels, speech about -20. What is wrong with single clips (silent, cut off at the top, off centre, a
click) is told by the same signs that generated clips are judged by, so that what is found there later can be compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from contrafact.base.data import Data
from contrafact.base.records import Finding
from contrafact.base.seeds import generator
from contrafact.codecs.audio import clips
from contrafact.codecs.waves import peak
from contrafact.tasks.notes import counted, finding, listed
from contrafact.tasks.picture_files import natural

FEW = 8
MOST_CLASSES = 30
MOST_EXAMINED = 2000
QUIET_PEAK = 0.02  # of full scale
LOUDNESS_SPREAD = 12.0  # decibels between a twentieth from either end
LENGTHS_SPREAD = 4.0  # times
SILENCE = 1e-10  # mean square of a clip without anything


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What was measured of each clip.

    Arguments:
        seconds: Lengths.
        peaks: Largest distance from zero.
        loudness: Decibels against full scale.
        digests: A digest of each.
    """

    seconds: np.ndarray
    peaks: np.ndarray
    loudness: np.ndarray
    digests: np.ndarray


def survey(data: Data) -> Survey:
    """Measure clips one by one."""
    seconds, peaks, powers, digests = [], [], [], []
    for wave in clips(data):
        seconds.append(len(wave) / (data.rate or 1))
        peaks.append(peak(wave))
        powers.append(float(np.mean(wave.astype(np.float64) ** 2)) if len(wave) else 0.0)
        digests.append(hashlib.blake2b(np.ascontiguousarray(wave).data, digest_size=8).digest())
    return Survey(
        seconds=np.array(seconds),
        peaks=np.array(peaks),
        loudness=10 * np.log10(np.maximum(powers, SILENCE)),
        digests=np.array(digests, dtype="S8"),
    )


def look_at_sound(data: Data) -> tuple[str, list[dict[str, object]], list[Finding], list[str]]:
    """Look at clips of sound.

    Arguments:
        data: At least one clip.

    Returns:
        The headline, a row for all and one for each class, findings, and sentences that explain the numbers.
    """
    seen = survey(data)
    labels = None if data.labels is None else np.asarray(data.labels)
    signs, told = _signs(data)
    findings = [*data.notes, *_few(data), *_copies(seen), *_rate(data), *signs, *_levels(seen), *_lengths(seen)]
    classes = "" if labels is None else f", {counted(len(np.unique(labels)), 'class', 'classes')}"
    length = f"{seen.seconds.min():.3g} to {seen.seconds.max():.3g} s" if data.rate else "of unknown rate"
    rate = f", {data.rate:,} samples a second" if data.rate else ""
    headline = f"{counted(len(data), 'clip')} of {length}{rate}{classes}"
    return headline, _rows(seen, labels), findings, [*told, *_facts(data)]


def _rows(seen: Survey, labels: np.ndarray | None) -> list[dict[str, object]]:
    """Make a row for all clips and one for each of the first classes."""
    everything = np.ones(len(seen.peaks), dtype=bool)
    rows = [_row("all", everything, seen)]
    if labels is None:
        return rows
    names = sorted(np.unique(labels).tolist(), key=lambda name: natural(str(name)))
    rows += [_row(str(name), labels == name, seen) for name in names[:MOST_CLASSES]]
    if len(names) > MOST_CLASSES:
        rest = ~np.isin(labels, names[:MOST_CLASSES])
        rows.append(_row(f"{len(names) - MOST_CLASSES:,} other classes", rest, seen))
    return rows


def _row(name: str, chosen: np.ndarray, seen: Survey) -> dict[str, object]:
    seconds = seen.seconds[chosen]
    return {
        "class": name,
        "clips": int(chosen.sum()),
        "share": round(float(chosen.mean()), 4),
        "shortest": round(float(seconds.min()), 3),
        "median": round(float(np.median(seconds)), 3),
        "longest": round(float(seconds.max()), 3),
        "loudness": round(float(np.median(seen.loudness[chosen])), 1),
        "peak": round(float(seen.peaks[chosen].max()), 3),
    }


def _facts(data: Data) -> list[str]:
    """Say what the columns are, and which attributes the clips have."""
    said = ["Lengths are in seconds, loudness is the median in decibels of full scale."]
    for name, column in (data.attributes or {}).items():
        values = sorted({str(value) for value in column}, key=natural)
        said.append(f"Attribute {name}: {counted(len(values), 'value')} ({listed(values, most=6)}).")
    return said


def _few(data: Data) -> Iterator[Finding]:
    if len(data) < FEW and not any(note.code == "L234" for note in data.notes):
        yield finding("L234", f"Only {counted(len(data), 'clip')}: few to learn from.", "Add more if you can.")


def _copies(seen: Survey) -> Iterator[Finding]:
    _, first, which = np.unique(seen.digests, return_index=True, return_inverse=True)
    again = np.flatnonzero(first[which] != np.arange(len(which)))
    if len(again):
        pairs = listed((f"{i} (as {first[which[i]]})" for i in again.tolist()), most=5)
        told = f"{counted(len(again), 'clip')} repeat others exactly: {pairs}."
        yield finding("L103", told, "Drop them, or keep them knowingly.", rows=len(again))


def _rate(data: Data) -> Iterator[Finding]:
    if data.rate is None:
        told = "The data do not say how many samples a second they have."
        yield finding("L242", told, 'Give Data(kind="sound", items=..., rate=8000).')


SIGNS = (
    ("silent", "L235", "silent", "Drop them: a generator would learn to be silent."),
    ("clipped", "L243", "cut off at the top of the range", "Record more quietly; what was cut off is lost."),
    ("offset", "L244", "off centre: their mean is far from zero", "Nothing: training takes the offset away."),
    ("click", "L245", "of hardly more than a click", "Listen to them; drop those that hold nothing else."),
)


def _signs(data: Data) -> tuple[list[Finding], list[str]]:
    """Look for clips that are silent, cut off, off centre or clicks, among all or a part of them."""
    from contrafact.metrics.sound_signs import sound_signs

    places = np.arange(len(data))
    told = []
    if len(data) > MOST_EXAMINED:
        places = np.sort(generator(0, "look").choice(len(data), MOST_EXAMINED, replace=False))
        told = [f"Single clips were examined in {MOST_EXAMINED:,} of the {len(data):,}, drawn with a fixed seed."]
    if data.rate is None:
        return [], told
    signs = sound_signs(list(clips(data.take(places))), data.rate)
    findings = []
    for name, code, what, cure in SIGNS:
        chosen = places[signs[name]]
        if len(chosen):
            message = f"{counted(len(chosen), 'clip')} {what}: number {listed(map(str, chosen))}."
            findings.append(finding(code, message, cure, clips=len(chosen), examined=len(places)))
    return findings, told


def _levels(seen: Survey) -> Iterator[Finding]:
    """Find clips that are hardly heard, and lots whose loudness differs much."""
    heard = seen.loudness > -80
    quiet = np.flatnonzero(heard & (seen.peaks < QUIET_PEAK))
    if len(quiet):
        told = f"{counted(len(quiet), 'clip')} hardly heard: number {listed(map(str, quiet))}."
        yield finding("L246", told, "Nothing: training makes all equally loud. Is there more than noise?")
    if heard.sum() > 1:
        low, high = np.quantile(seen.loudness[heard], [0.05, 0.95])
        if high - low > LOUDNESS_SPREAD:
            told = f"Loudness differs by {high - low:.0f} decibels between the quiet and the loud twentieth."
            yield finding("L247", told, "Nothing: training makes all equally loud, and loudness is not learned.")


def _lengths(seen: Survey) -> Iterator[Finding]:
    if len(seen.seconds) > 1:
        low, high = np.quantile(seen.seconds, [0.05, 0.95])
        if high > LENGTHS_SPREAD * max(low, 1e-9):
            told = f"Lengths differ: {low:.3g} s in the short and {high:.3g} s in the long twentieth."
            yield finding("L248", told, "Short clips are followed by silence, long ones cut: --set seconds=1 chooses.")
