"""Write sound: a WAV file for each clip into a folder or a zip, or all in one file; each says that it is synthetic.

A WAV file of 16 bits is a RIFF with three chunks: what the numbers are, a list of facts (here the comment that says
how it was made; players show it), and the numbers. The comment comes first so that it is found without reading on.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import UsageError
from contrafact.codecs.audio import clips
from contrafact.engine.bundle import write_atomically
from contrafact.tasks.write_pictures import LABELS, MARK, fill_folder, fill_zip, folders_of, marked, table_of

PAUSE_SECONDS = 0.25
TOP = 2**15 - 1


def wav(wave: np.ndarray, rate: int, comment: str = MARK) -> bytes:
    """Encode one channel as a WAV file of 16 bits.

    Arguments:
        wave: Numbers between -1 and 1; what lies beyond is cut off.
        rate: Samples a second.
        comment: What the file says of itself.
    """
    numbers = np.rint(np.clip(wave, -1, 1) * TOP).astype("<i2").tobytes()
    text = comment.encode("utf-8", "surrogateescape") + b"\0"
    fact = b"INFO" + _chunk(b"ICMT", text)
    form = struct.pack("<HHIIHH", 1, 1, rate, 2 * rate, 2, 16)
    return _chunk(b"RIFF", b"WAVE" + _chunk(b"fmt ", form) + _chunk(b"LIST", fact) + _chunk(b"data", numbers))


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def rate_of(data: Data) -> int:
    """Give the samples a second of sound.

    Raises:
        UsageError: The data do not say it.
    """
    if data.rate is None:
        raise UsageError(
            "This sound cannot be written.",
            why="It does not say how many samples a second it has.",
            fix='Give Data(kind="sound", items=..., rate=8000).',
            code="E603",
        )
    return data.rate


def _comment(seed: int | None) -> str:
    return MARK if seed is None else f"{MARK}; seed {seed}"


def files_of(data: Data, seed: int | None = None) -> Iterator[tuple[str, bytes]]:
    """Encode clips as `seven/seven_00000_seed0.wav` and on, or as `clip_00000_seed0.wav` where there are no classes.

    A class whose name no folder can bear gets one that it can; then a CSV gives the labels as they are.
    """
    rate, width = rate_of(data), max(5, len(str(len(data) - 1)))
    ending = ".wav" if seed is None else f"_seed{seed}.wav"
    labels = None if data.labels is None else [str(label) for label in data.labels]
    names = [f"clip_{i:0{width}}{ending}" for i in range(len(data))]
    if labels is not None:
        folders = folders_of(labels)
        bearers = [folders[label] for label in labels]
        names = [f"{bearer}/{bearer}_{i:0{width}}{ending}" for i, bearer in enumerate(bearers)]
        if bearers != labels:
            yield LABELS, table_of(names, labels)
    for name, wave in zip(names, clips(data), strict=True):
        yield name, wav(wave, rate, _comment(seed))


def is_ours(path: Path) -> bool:
    """Say whether a file is one that this module writes."""
    return marked(path, ".wav")


def write_sound(data: Data, out: Path, seed: int | None = None) -> None:
    """Write clips into a .wav file, a .zip, or a folder, each new, empty, or holding nothing but such sound.

    Arguments:
        data: The clips.
        out: Where to.
        seed: What they were drawn with, for their names and comments.

    Raises:
        UsageError: There are other files, which would be replaced; nothing is changed.
        CannotWrite: The system refuses.
    """
    rate_of(data)
    if out.suffix.lower() == ".wav" and not out.is_dir():
        _write_one(data, out, seed)
    elif out.suffix.lower() == ".zip" and not out.is_dir():
        fill_zip(out, files_of(data, seed), "sound")
    else:
        fill_folder(out, files_of(data, seed), is_ours, "Clips")


def _write_one(data: Data, path: Path, seed: int | None) -> None:
    """Write all clips one after another, with pauses, into one file."""
    if path.is_file() and not is_ours(path):
        raise UsageError(
            f"{path} is there, and holds no synthetic sound.",
            why="A file that was not written so is not replaced.",
            fix="Give another name.",
            code="E315",
        )
    write_atomically(path, wav(joined(data), rate_of(data), _comment(seed)))


def joined(data: Data) -> np.ndarray:
    """Put clips one after another, with a quarter of a second between them."""
    pause = np.zeros(round(PAUSE_SECONDS * rate_of(data)), dtype=np.float32)
    parts = [part for wave in clips(data) for part in (pause, wave)]
    return np.concatenate(parts[1:]) if parts else pause
