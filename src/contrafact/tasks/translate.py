"""Translate files of pictures with a fitted model: each becomes a PNG of its own name in another folder.

Pictures are opened one after the other and keep their sizes. Inputs are never written to, nor any folder that holds
files of another origin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from contrafact.base.errors import UsageError
from contrafact.base.records import Finding
from contrafact.engine.bundle import write_atomically, writing
from contrafact.tasks.notes import Notes, Unfit
from contrafact.tasks.picture_files import Entry, found_in, no_pictures, nothing_left, tell_others
from contrafact.tasks.picture_pixels import decoded, survey
from contrafact.tasks.picture_plan import fitted, plan_for
from contrafact.tasks.results import ready
from contrafact.tasks.write_pictures import png


@dataclass(frozen=True, kw_only=True)
class Translated:
    """What was written.

    Arguments:
        files: The new files.
        notes: What was skipped or changed, each with its reason.
        told: What they hold, in words, where it is not a picture each.
    """

    files: list[str]
    notes: tuple[Finding, ...]
    told: str = ""


def translate_files(
    what: str, out: str, make: Callable[[np.ndarray], np.ndarray], *, channels: int, bits: int
) -> Translated:
    """Make a PNG from each picture of a file, a folder or a zip, in sub-folders like theirs.

    Arguments:
        what: The pictures.
        out: The folder that is written to.
        make: Turns one picture into one.
        channels: Channels that a picture must have for that.
        bits: Bits that it must have.

    Raises:
        UsageError: The output would lie among the inputs, or beside files of another origin.
        DataError: There are no pictures, or none that can be used.
    """
    path, folder, notes, files = Path(what), Path(out), Notes(), list[str]()
    if not path.exists():
        raise UsageError(f"There is no '{what}'.", why="The path does not exist.", fix="Check the path.", code="E112")
    ready(out, what)
    with found_in(path) as found:
        if not found.entries:
            raise no_pictures(path, found)
        tell_others(found, notes)
        for name, picture in _pictures(found.entries, notes):
            place = folder / name
            with writing(place):
                place.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(place, png(make(_alike(picture, channels, bits))))
            files.append(str(place))
        if not files:
            raise nothing_left(path, found, notes)
    once = {(note.code, note.message): note for note in notes.all()}
    return Translated(files=files, notes=tuple(once.values()))


def _pictures(entries: list[Entry], notes: Notes) -> Iterator[tuple[str, np.ndarray]]:
    """Read one picture after the other, each with the name that its PNG gets; of several pages the first is read."""
    taken: set[str] = set()
    for entry in entries:
        headers = survey([entry], notes)
        if len(headers) > 1:
            told = f"it has {len(headers)} pages"
            notes.skip(entry.name, Unfit("L201", "several pages", told), "The first was used.")
        pixels = next((pixels for _, pixels in list(decoded([entry], headers[:1], notes))), None)
        if pixels is None:
            continue
        stem = str(PurePosixPath(entry.name).with_suffix(".png"))
        name = stem if stem not in taken else f"{entry.name}.png"
        taken.add(name)
        yield name, fitted(pixels, plan_for(headers[:1], notes))


def _alike(picture: np.ndarray, channels: int, bits: int) -> np.ndarray:
    """Give one picture as a batch with the channels and bits that a model knows.

    Colour is averaged to grey and grey repeated as colour; alpha is left out; 8 and 16 bits are scaled to each other.
    """
    batch: np.ndarray = picture[None, ..., None] if picture.ndim == 2 else picture[None]
    if bits != 8 * batch.dtype.itemsize:
        batch = batch.astype(np.uint16) * 257 if bits == 16 else (batch >> 8).astype(np.uint8)
    have = batch.shape[3]
    if have == 4 and channels in (1, 3):
        batch, have = batch[..., :3], 3
    if have == 3 and channels == 1:
        batch = np.rint(batch.mean(3, keepdims=True)).astype(batch.dtype)
    elif have == 1 and channels == 3:
        batch = np.repeat(batch, 3, axis=3)
    return batch[..., 0] if batch.shape[3] == 1 else batch


def with_model(model: Any, what: str, out: str, make: Callable[[Any], np.ndarray] | None = None) -> Translated:
    """Translate files with a model of pairs.

    Arguments:
        model: The fitted model.
        what: The pictures: a file, a folder or a zip.
        out: The folder that is written to.
        make: Turns a batch of pictures into one of targets; None takes the model's best guess.
    """
    source = model.codec.source

    def best(batch: np.ndarray) -> np.ndarray:
        made = model.translate(batch)
        return np.asarray(getattr(made, "items", made))

    chosen = make or best
    return translate_files(what, out, lambda batch: chosen(batch)[0], channels=source.channels, bits=source.depth)
