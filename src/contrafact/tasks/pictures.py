"""Read pictures: folders, zips, single files, MNIST-type idx files and .npz files of JPEG bytes.

Two passes keep the memory flat and bombs out: the first reads headers and decides what all pictures become (see
`picture_plan`), the second decodes one picture after the other into the one array that is given back. An array of
more than a GiB lies in a temporary file that vanishes with it. Nothing stops the reading of the others: what cannot
be used is skipped, and named with the reason in `Data.notes`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from contrafact.base.data import Data
from contrafact.base.errors import DataError
from contrafact.tasks.idx import IDX, read_idx, training_pair
from contrafact.tasks.notes import Notes, Unfit, counted, listed
from contrafact.tasks.picture_arrays import jpegs
from contrafact.tasks.picture_files import Entry, Found, found_in, no_pictures, nothing_left, tell_others
from contrafact.tasks.picture_labels import labels_of
from contrafact.tasks.picture_pairs import read_pairs as read_pairs
from contrafact.tasks.picture_pixels import Header, decoded, survey
from contrafact.tasks.picture_plan import Plan, fitted, plan_for, same_channels
from contrafact.tasks.room import room_for

FEW = 8


def read_pictures(path: Path) -> Data:
    """Read all pictures of a folder, a zip, a file of pictures, an idx file or an .npz file of JPEG bytes.

    The class of a picture is the folder that it lies in, the first below the one that was given, or what a CSV beside
    the pictures says; idx and .npz files bring their own numbers.

    Arguments:
        path: The folder or the file.

    Raises:
        DataError: There are no pictures, or none of them can be used; the first reasons are given.
        UsageError: A folder holds several sets in idx files, and none is called the training part.
    """
    if IDX.search(path.name) and path.is_file():
        return read_idx(path)
    pair = training_pair(path) if path.is_dir() else None
    if pair is not None:
        return replace(read_idx(*pair), name=path.name or path.resolve().name)
    with _found(path) as found:
        return _data(path, found)


@contextmanager
def _found(path: Path) -> Iterator[Found]:
    if path.suffix.lower() == ".npz" and path.is_file():
        yield jpegs(path)
    else:
        with found_in(path) as found:
            yield found


def _data(path: Path, found: Found) -> Data:
    """Read, label and arrange what was found."""
    if not found.entries:
        raise no_pictures(path, found)
    notes = Notes()
    labels = labels_of(found, notes)
    tell_others(found, notes)
    headers = _labelled(same_channels(survey(found.entries, notes), notes), labels, notes)
    if not headers:
        raise nothing_left(path, found, notes)
    items, kept = _gathered(found.entries, headers, labels, notes)
    if not kept:
        raise nothing_left(path, found, notes)
    _tell_size(items, notes)
    chosen = None if labels is None else labels[[header.place for header in kept]]
    return Data(kind="pictures", items=items, labels=chosen, name=found.name, notes=notes.all())


def _labelled(headers: list[Header], labels: np.ndarray | None, notes: Notes) -> list[Header]:
    """Leave out pictures without a label where others have one."""
    if labels is None or labels.dtype.kind != "U":
        return headers
    bare = [header for header in headers if not labels[header.place]]
    if bare:
        told = f"{counted(len(bare), 'picture')} without a label: {listed(header.name for header in bare)}."
        notes.tell("L207", told, "They were left out, for the others have labels.", count=len(bare))
    return [header for header in headers if labels[header.place]]


Copies = list[tuple[Header, Header]]


def _gathered(
    entries: list[Entry], headers: list[Header], labels: np.ndarray | None, notes: Notes
) -> tuple[np.ndarray, list[Header]]:
    """Decode pictures into one array, each only once; those that turn out to be damaged have no say in its shape."""
    plan = plan_for(headers, Notes())
    items, kept, copies = _filled(entries, headers, plan, notes)
    whole = sorted([*kept, *(copy for copy, _ in copies)], key=lambda header: (header.place, header.page))
    if whole and plan_for(whole, Notes()) != plan:
        items, kept, copies = _filled(entries, whole, plan_for(whole, Notes()), notes)
    for copy, first in copies:
        notes.skip(copy.name, _copy(copy, first, labels))
    if whole:
        plan_for(whole, notes)
    return items, kept


def _filled(
    entries: list[Entry], headers: list[Header], plan: Plan, notes: Notes
) -> tuple[np.ndarray, list[Header], Copies]:
    """Decode pictures into one array; copies are given with the picture that they repeat."""
    items = room_for((len(headers), *plan.shape), plan.dtype)
    kept: list[Header] = []
    copies: Copies = []
    seen: dict[bytes, Header] = {}
    for header, pixels in decoded(entries, headers, notes):
        if pixels is None:
            continue
        first = seen.setdefault(pixels.digest(), header)
        if first is header:
            items[len(kept)] = fitted(pixels, plan)
            kept.append(header)
        else:
            copies.append((header, first))
    return items[: len(kept)], kept, copies


def _copy(header: Header, first: Header, labels: np.ndarray | None) -> Unfit:
    if labels is None or labels[header.place] == labels[first.place]:
        return Unfit("L204", "exact copy", f"its pixels are those of {first.name}")
    told = f"{first.name} is '{labels[first.place]}', this is '{labels[header.place]}'; the first was kept"
    return Unfit("L205", "one picture under two labels", told)


def _tell_size(items: np.ndarray, notes: Notes) -> None:
    if isinstance(items, np.memmap):
        notes.tell("L214", f"The {items.nbytes / 2**30:.1f} GiB of pictures lie in a temporary file, not in memory.")
    if len(items) < FEW:
        notes.tell("L213", f"Only {counted(len(items), 'picture')}: few to learn from.", "Add more if you can.")


def picture(path: Path) -> np.ndarray:
    """Read one picture (of a file of several pages, the first), as `read_pictures` would.

    Arguments:
        path: The file.

    Raises:
        DataError: It cannot be used; the reason is given.
    """
    path = Path(path)
    notes = Notes()
    with found_in(path) as found:
        if path.is_dir() or len(found.entries) != 1:
            raise no_pictures(path, found) if not found.entries else _several(path)
        headers = survey(found.entries, notes)[:1]
        pairs = list(decoded(found.entries, headers, notes))
        if not pairs or pairs[0][1] is None:
            raise nothing_left(path, found, notes)
    return fitted(pairs[0][1], plan_for(headers, notes))


def _several(path: Path) -> DataError:
    return DataError(f"{path} is not one picture.", why="It holds several.", fix="Give one file.", code="E202")
