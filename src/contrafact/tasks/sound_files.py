"""From a file to a clip: the header first, then as much as is wanted of what the file really has, mixed to one channel.

WAV files of plain numbers are read here (see `riff`); all others by libsndfile (the package soundfile), block by block,
so that a header which claims hours takes no memory. Each reason for which a file cannot be used is named.
"""

from __future__ import annotations

import os
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO, Any

import numpy as np

from contrafact.base.errors import UsageError
from contrafact.tasks.notes import Notes, Unfit
from contrafact.tasks.picture_files import ENDINGS as PICTURES
from contrafact.tasks.picture_files import Entry
from contrafact.tasks.riff import Riff, numbers, riff

ENDINGS = (
    ".wav",
    ".flac",
    ".ogg",
    ".mp3",
    ".opus",
    ".aiff",
    ".aif",
    ".aifc",
    ".au",
    ".snd",
    ".caf",
    ".w64",
    ".wave",
    ".oga",
)
MOST_NAMES = 10_000
LEAST_SECONDS = 0.01
RATES = (100, 1_000_000)
BLOCK = 2**20  # numbers that are read at once
GUESSED_LENGTH = ("MP3", "OGG")  # formats whose headers do not say it
WANTS_SOUNDFILE = "not read without soundfile"


def mostly_sound(path: Path) -> bool:
    """Say whether a folder or a zip holds more recordings than pictures, judged by the endings of the first names."""
    if not path.is_dir() and path.suffix.lower() != ".zip":
        return False
    counts = Counter(PurePosixPath(name).suffix.lower() for name in islice(_names(path), MOST_NAMES))
    return sum(counts[ending] for ending in ENDINGS) > sum(counts[ending] for ending in PICTURES)


def _names(path: Path) -> Iterator[str]:
    """List the names of files in a folder, in those in it, or in a zip; none where it cannot be opened."""
    if path.is_dir():
        for _, _, files in os.walk(path):
            yield from files
        return
    with suppress(OSError, zipfile.BadZipFile, ValueError, NotImplementedError), zipfile.ZipFile(path) as archive:
        yield from archive.namelist()


@dataclass(frozen=True, kw_only=True)
class Header:
    """What is known of a file before it is decoded.

    Arguments:
        place: Its number.
        name: Its name.
        rate: Samples a second.
        channels: Channels.
        frames: Moments that it has, or claims to have.
        plain: Where its numbers lie, for WAV files of plain numbers.
        sure: Whether the length that it claims must be there.
    """

    place: int
    name: str
    rate: int
    channels: int
    frames: int
    plain: Riff | None = None
    sure: bool = True

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.frames / self.rate


def no_soundfile(held: str) -> UsageError:
    """Say that soundfile is missing."""
    return UsageError(
        f"{held} cannot be read.",
        why="Sound that is no plain WAV is read by soundfile, which is not installed.",
        fix='pip install "contrafact[sound]"',
        code="E602",
    )


def survey(entries: Iterable[Entry], notes: Notes) -> list[Header]:
    """Read the headers of all files; what cannot be used is noted and left out."""
    headers: list[Header] = []
    for place, entry in enumerate(entries):
        try:
            with _faults(), entry.load() as file:
                headers.append(_usable(_header(file, entry, place)))
        except Unfit as fault:
            notes.skip(entry.name, fault)
    return headers


@contextmanager
def _faults() -> Iterator[None]:
    """Turn what libsndfile and the system say into a reason."""
    try:
        yield
    except (OSError, EOFError, MemoryError, ValueError, RuntimeError) as error:
        if isinstance(error, Unfit):
            raise
        told = str(getattr(error, "error_string", error)).rstrip(". ")  # libsndfile's own words, without an address
        raise Unfit("L201", "not readable", told or type(error).__name__) from error


def _header(file: IO[bytes], entry: Entry, place: int) -> Header:
    if not file.read(1):
        raise Unfit("L201", "empty", "it has 0 bytes")
    plain = riff(file)
    if plain is not None:
        return Header(
            place=place, name=entry.name, rate=plain.rate, channels=plain.channels, frames=plain.frames, plain=plain
        )
    file.seek(0)
    with _opened(file) as sound:
        sure = sound.format not in GUESSED_LENGTH
        return Header(
            place=place,
            name=entry.name,
            rate=sound.samplerate,
            channels=sound.channels,
            frames=sound.frames,
            sure=sure,
        )


def _opened(file: IO[bytes]) -> Any:
    try:
        import soundfile
    except ImportError as error:
        raise Unfit("L201", WANTS_SOUNDFILE, 'pip install "contrafact[sound]"') from error
    except OSError as error:  # the package without its library
        raise Unfit("L201", WANTS_SOUNDFILE, str(error)) from error
    return soundfile.SoundFile(file)


def _usable(header: Header) -> Header:
    """Give a header back that can be used.

    Raises:
        Unfit: Its file was cut short, is too short to be heard, or has a rate that no sound has.
    """
    if header.plain is not None and header.plain.missing:
        told = f"its header claims {header.plain.claimed:,} bytes of sound, and it has {header.plain.there:,}"
        raise Unfit("L201", "cut short", told)
    if not RATES[0] <= header.rate <= RATES[1]:
        raise Unfit("L201", "a rate that no sound has", f"{header.rate:,} samples a second")
    if header.seconds < LEAST_SECONDS:
        raise Unfit("L231", "too short", f"{1000 * header.seconds:.3g} ms, where {1000 * LEAST_SECONDS:.0f} are needed")
    return header


def clip(entry: Entry, header: Header, most: int) -> np.ndarray:
    """Read a file as one channel of float32.

    Arguments:
        entry: The file.
        header: What `survey` found.
        most: How many moments are read at most.

    Raises:
        Unfit: It is damaged or cut short, or holds numbers that are none.
    """
    with _faults(), entry.load() as file:
        blocks = [block.mean(axis=1, dtype=np.float32) for block in _blocks(file, header, min(most, header.frames))]
    wave = np.concatenate(blocks) if blocks else np.empty(0, dtype=np.float32)
    if len(wave) < min(most, header.frames) and header.sure:
        raise Unfit("L201", "cut short", f"it claims {header.frames:,} samples, and {len(wave):,} can be read")
    if len(wave) < LEAST_SECONDS * header.rate:
        raise Unfit("L231", "too short", f"{len(wave):,} samples can be read")
    if not np.isfinite(wave).all():
        raise Unfit("L201", "damaged", "it holds numbers that are missing or infinite")
    return wave


def _blocks(file: IO[bytes], header: Header, most: int) -> Iterator[np.ndarray]:
    """Read moments, some at a time, until there are enough or no more."""
    step = max(BLOCK // header.channels, 1)
    if header.plain is not None:
        for first in range(0, most, step):
            yield numbers(file, header.plain, first, min(step, most - first))
        return
    with _opened(file) as sound:
        while most > 0:
            block = sound.read(min(step, most), dtype="float32", always_2d=True)
            if not len(block):
                return
            most -= len(block)
            yield block
