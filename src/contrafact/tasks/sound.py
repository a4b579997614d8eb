"""Read sound: a folder of recordings, a zip of them, or one file, as clips of one channel at one rate.

The first pass reads headers and decides on the rate (the most common one) and on how much is kept of each; the second
decodes one file after the other. The class of a clip is the folder that it lies in, what a CSV beside the clips says,
or a part of its name (see `name_parts`). Nothing stops the reading of the others: what cannot be used is skipped, and
named with the reason in `Data.notes`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import DataError
from contrafact.base.records import Finding
from contrafact.base.seeds import generator
from contrafact.codecs.waves import SILENT, centred, peak, resampled
from contrafact.tasks.name_parts import Parts, parts_of, told_of
from contrafact.tasks.notes import Notes, Unfit, counted, listed
from contrafact.tasks.picture_files import Entry, Found, found_in, tell_others
from contrafact.tasks.picture_labels import labels_of
from contrafact.tasks.sound_files import ENDINGS, WANTS_SOUNDFILE, Header, clip, no_soundfile, survey

MOST_SECONDS = 60  # that are kept of a clip
MOST_SAMPLES = 2**28  # that are kept of all, a GiB
MOST_OF_ONE = 2**26  # that are kept of one recording
LONG_SECONDS = 10  # where most recordings are longer, all are cut into pieces
PIECE_SECONDS = 1
FEW = 8


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What all clips become.

    Arguments:
        rate: Samples a second.
        seconds: How much is kept of each.
        pieces: Whether they are long recordings, each cut into pieces.
    """

    rate: int
    seconds: float
    pieces: bool


@dataclass(kw_only=True)
class Clips:
    """What was decoded so far.

    Arguments:
        waves: The clips.
        kept: Their headers.
        seen: The first clip of each content.
        loud: How many were louder than full scale.
        cut: How many were longer than what is kept.
    """

    waves: list[np.ndarray] = field(default_factory=list)
    kept: list[Header] = field(default_factory=list)
    seen: dict[bytes, Header] = field(default_factory=dict)
    loud: int = 0
    cut: int = 0


def read_sound(path: Path) -> Data:
    """Read all clips of a folder, a zip or one file.

    Where most recordings are longer than 10 seconds, each is cut into pieces of a second.

    Arguments:
        path: The folder or the file.

    Raises:
        DataError: There is no sound, or none of it can be used; the first reasons are given.
        UsageError: It needs soundfile, which is not installed.
    """
    with found_in(path, ENDINGS) as found:
        return _data(path, found)


def _data(path: Path, found: Found) -> Data:
    if not found.entries:
        raise no_sound(path, found)
    notes = Notes()
    labels = _of_several(labels_of(found, notes))
    tell_others(found, notes)
    headers = survey(found.entries, notes)
    parts = _parts(headers, notes, told=labels is None)
    named = _named(found, headers, labels, parts)
    headers = _labelled(_some(headers, notes), named, notes)
    if not headers:
        raise _nothing_left(path, found, notes)
    plan = _plan(headers, notes)
    clips = _decoded(found.entries, headers, plan, named, notes)
    if not clips.kept:
        raise _nothing_left(path, found, notes)
    _tell(clips, plan, notes)
    waves, places = clips.waves, np.array([header.place for header in clips.kept])
    columns = _spread(found, headers, parts)
    if plan.pieces:
        waves, sources = _pieces(clips, plan, notes)
        places = places[sources]
        columns["recording"] = np.array([entry.name for entry in found.entries])
    return Data(
        kind="sound",
        items=waves,
        labels=None if named is None else named[places],
        name=found.name,
        rate=plan.rate,
        notes=_few(len(waves), notes),
        attributes={name: column[places] for name, column in columns.items()} or None,
    )


def _of_several(labels: np.ndarray | None) -> np.ndarray | None:
    """Drop labels that are all the same: clips that lie together in one sub-folder have no class by that."""
    return None if labels is None or len(np.unique(labels)) < 2 else labels


def _parts(headers: list[Header], notes: Notes, *, told: bool) -> Parts:
    """Read what the names of the files say."""
    parts = parts_of([header.name for header in headers])
    own = {name: column for name, column in parts.columns.items() if len(np.unique(column)) < len(headers)}
    parts = Parts(columns=own, label=parts.label, others=parts.others)
    if told and parts.label is not None:
        message = f"Names of files: {told_of(parts)}. The class is {parts.label}."
        notes.tell("L241", message, "Put clips in a folder for each class, or a labels.csv beside them, to choose.")
    return parts


def _spread(found: Found, headers: list[Header], parts: Parts) -> dict[str, np.ndarray]:
    """Give the parts of names a value for each file that was found."""
    places, spread = [header.place for header in headers], {}
    for name, column in parts.columns.items():
        spread[name] = np.full(len(found.entries), "", dtype=column.dtype)
        spread[name][places] = column
    return spread


def _named(found: Found, headers: list[Header], labels: np.ndarray | None, parts: Parts) -> np.ndarray | None:
    """Give each file its class: by folder or table, else by the part of its name."""
    if labels is not None or parts.label is None:
        return labels
    return _spread(found, headers, parts)[parts.label]


def _labelled(headers: list[Header], labels: np.ndarray | None, notes: Notes) -> list[Header]:
    """Leave out clips without a label where others have one."""
    if labels is None:
        return headers
    bare = [header for header in headers if not labels[header.place]]
    if bare:
        told = f"{counted(len(bare), 'clip')} without a label: {listed(header.name for header in bare)}."
        notes.tell("L207", told, "They were left out, for the others have labels.", count=len(bare))
    return [header for header in headers if labels[header.place]]


def _common_rate(headers: list[Header]) -> int:
    """Give the most common rate, of equally common ones the lowest."""
    counts = Counter(header.rate for header in headers)
    return min(counts, key=lambda rate: (-counts[rate], rate))


def _some(headers: list[Header], notes: Notes) -> list[Header]:
    """Draw as many files as fit into the memory, if each keeps a second at least; the draw is always the same."""
    if not headers:
        return headers
    least = np.array([min(header.seconds, PIECE_SECONDS) for header in headers]).mean() * _common_rate(headers)
    fit = int(MOST_SAMPLES // max(least, 1))
    if len(headers) <= fit:
        return headers
    told = f"{len(headers):,} clips are too many for the memory: {fit:,} of them were drawn with a fixed seed."
    notes.tell("L238", told, "Give fewer to choose yourself.")
    places = np.sort(generator(0, "sound").choice(len(headers), fit, replace=False))
    return [headers[place] for place in places.tolist()]


def _plan(headers: list[Header], notes: Notes) -> Plan:
    """Choose the rate, and how many seconds are kept of each clip so that all fit into the memory."""
    rate = _common_rate(headers)
    lengths = np.array([header.seconds for header in headers])
    pieces = bool(np.median(lengths) > LONG_SECONDS)
    seconds = min(MOST_OF_ONE / rate, lengths.max() if pieces else MOST_SECONDS)
    while np.minimum(lengths, seconds).sum() > MOST_SAMPLES / rate and seconds > PIECE_SECONDS:
        seconds = max(0.9 * seconds, PIECE_SECONDS)
    _tell_plan(headers, rate, notes)
    return Plan(rate=rate, seconds=seconds, pieces=pieces)


def _tell_plan(headers: list[Header], rate: int, notes: Notes) -> None:
    rates = Counter(header.rate for header in headers)
    if len(rates) > 1:
        held = listed(f"{value:,} ({rates[value]:,})" for value in sorted(rates))
        told = f"Samples a second are mixed: {held}."
        notes.tell("L237", told, f"All became {rate:,}; those that had fewer hold no higher tones than before.")
    wide = Counter(header.channels for header in headers if header.channels > 1)
    if wide:
        held = listed(f"{counted(wide[n], 'clip')} of {n}" for n in sorted(wide))
        notes.tell("L236", f"Several channels: {held}.", "They were mixed to one.", clips=sum(wide.values()))
    piped = [header.name for header in headers if header.plain is not None and header.plain.piped]
    if piped:
        told = f"{counted(len(piped), 'header')} claim far more sound than there is: {listed(piped)}."
        notes.tell("L240", told, "What there is was read.", clips=len(piped))


def _decoded(entries: list[Entry], headers: list[Header], plan: Plan, labels: np.ndarray | None, notes: Notes) -> Clips:
    """Decode files one after the other; what turns out to be damaged, silent or a copy is noted and left out."""
    clips = Clips()
    for header in headers:
        try:
            wave = _one(entries[header.place], header, plan, clips)
            _keep(wave, header, labels, clips)
        except Unfit as fault:
            notes.skip(header.name, fault)
    return clips


def _one(entry: Entry, header: Header, plan: Plan, clips: Clips) -> np.ndarray:
    """Read one clip as it is kept: one channel, one rate, not above full scale."""
    wave = clip(entry, header, int(np.ceil(plan.seconds * header.rate)))
    top = peak(wave)
    if peak(centred(wave)) < SILENT:
        raise Unfit("L235", "silent", f"its peak is {top:.1g} of full scale")
    if top > 1:
        clips.loud += 1
        wave = wave / np.float32(top)
    clips.cut += header.seconds > plan.seconds
    return np.asarray(np.clip(resampled(wave, header.rate, plan.rate), -1, 1))


def _keep(wave: np.ndarray, header: Header, labels: np.ndarray | None, clips: Clips) -> None:
    """Keep a clip that was not there before."""
    digest = hashlib.blake2b(np.ascontiguousarray(wave).data, digest_size=16).digest()
    first = clips.seen.setdefault(digest, header)
    if first is header:
        clips.waves.append(wave)
        clips.kept.append(header)
        return
    if labels is None or labels[header.place] == labels[first.place]:
        raise Unfit("L232", "exact copy", f"it sounds as {first.name}, sample by sample")
    told = f"{first.name} is '{labels[first.place]}', this is '{labels[header.place]}'; the first was kept"
    raise Unfit("L233", "one sound under two labels", told)


def _tell(clips: Clips, plan: Plan, notes: Notes) -> None:
    if clips.cut:
        told = f"{counted(clips.cut, 'clip')} longer than {plan.seconds:.3g} s."
        notes.tell("L238", told, "Their beginnings were kept.", clips=clips.cut)
    if clips.loud:
        told = f"{counted(clips.loud, 'clip')} louder than full scale."
        notes.tell("L239", told, "They were made quieter, as a whole.", clips=clips.loud)


def _few(n: int, notes: Notes) -> tuple[Finding, ...]:
    """Give all notes, with one more where clips are few."""
    if n < FEW:
        notes.tell("L234", f"Only {counted(n, 'clip')}: few to learn from.", "Add more if you can.")
    return notes.all()


def _pieces(clips: Clips, plan: Plan, notes: Notes) -> tuple[list[np.ndarray], np.ndarray]:
    """Cut recordings into pieces of a second, each with the place of its recording; silent ones are left out."""
    length, silent = PIECE_SECONDS * plan.rate, 0
    pieces: list[np.ndarray] = []
    sources: list[int] = []
    for source, wave in enumerate(clips.waves):
        for start in range(0, max(len(wave) - length, 0) + 1, length):
            piece = wave[start : start + length]
            if peak(centred(piece)) < SILENT:
                silent += 1
            else:
                pieces.append(piece)
                sources.append(source)
    left = f"; {counted(silent, 'silent one')} left out" if silent else ""
    whole = sum(map(len, clips.waves)) / plan.rate
    told = f"{counted(len(clips.waves), 'long recording')}, {whole:,.1f} s: cut into {counted(len(pieces), 'piece')}"
    notes.tell("L238", f"{told} of {PIECE_SECONDS} s{left}.", "Give a folder of clips to choose where they begin.")
    return pieces, np.array(sources, dtype=np.int64)


def no_sound(path: Path, found: Found) -> DataError:
    """Say what a folder holds instead of sound."""
    names = [*found.others, *(table.name for table in found.tables)]
    endings = Counter(Path(name).suffix.lower() or "no ending" for name in names)
    held = ", ".join(f"{counted(n, 'file')} ({ending})" for ending, n in endings.most_common(4))
    fault = f" {found.faults[0][0]}: {found.faults[0][1]}." if found.faults else ""
    return DataError(
        f"{path} holds no sound.",
        why=(f"It holds {held}." if held else "It is empty.") + fault,
        fix=f"Give a folder of {', '.join(ENDINGS[:4])} files, or one file.",
        code="E605",
    )


def _nothing_left(path: Path, found: Found, notes: Notes) -> Exception:
    """Say that every file was skipped, and the first reasons."""
    if any(WANTS_SOUNDFILE in finding.message for finding in notes.all()):
        return no_soundfile(str(path))
    several = len(found.entries) != 1
    every = f"None of its {len(found.entries):,} recordings can be used. " if several else ""
    return DataError(
        f"{path} cannot be read.", why=every + notes.reasons(), fix="Mend or replace the files.", code="E202"
    )
