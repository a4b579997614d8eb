"""Read pictures with their masks: a mask has the name of its picture, be the ending another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from contrafact.base.data import Data
from contrafact.base.records import Finding
from contrafact.tasks.notes import Notes, Unfit
from contrafact.tasks.picture_files import Entry, Found, found_in, no_pictures, nothing_left, stem, tell_others
from contrafact.tasks.picture_pixels import Header, Pixels, decoded, survey
from contrafact.tasks.picture_plan import Plan, fitted, plan_for
from contrafact.tasks.room import room_for

Pair = tuple[Header, Header]


def read_pairs(folder: Path, masks: Path) -> tuple[Data, Data, tuple[Finding, ...]]:
    """Read pictures and their masks, the same number of both, in the same natural order.

    Where sizes differ between pairs, both of a pair are scaled and cut alike, masks by the nearest pixel, so that no
    new values arise. Equal pictures are kept: masks may well be equal.

    Arguments:
        folder: The pictures: a folder or a zip.
        masks: The masks: a folder or a zip, in sub-folders like those of the pictures.

    Returns:
        Pictures, masks, and notes on all that was skipped or changed.

    Raises:
        DataError: No pair is left; the first reasons are given.
    """
    folder, masks = Path(folder), Path(masks)
    notes, other_notes = Notes(), Notes(before="mask ")
    with found_in(folder) as left, found_in(masks) as right:
        for path, found, told in ((folder, left, notes), (masks, right, other_notes)):
            if not found.entries:
                raise no_pictures(path, found)
            found.others += [table.name for table in found.tables]
            tell_others(found, told)
        pairs = _matched(left, right, notes, other_notes)
        arrays = _gathered(left, right, pairs, notes, other_notes) if pairs else []
    if not arrays or not len(arrays[0]):
        raise nothing_left(folder, left, notes)
    every = notes.all() + other_notes.all()
    pictures = Data(kind="pictures", items=arrays[0], name=left.name, notes=every)
    return pictures, Data(kind="pictures", items=arrays[1], name=right.name), every


def _matched(left: Found, right: Found, notes: Notes, other_notes: Notes) -> list[Pair]:
    """Pair headers by name and page; what has no partner of its size is noted and left out."""
    pictures = _by_name(left.entries, survey(left.entries, notes), notes)
    masks = _by_name(right.entries, survey(right.entries, other_notes), other_notes)
    for key, mask in masks.items():
        if key not in pictures:
            other_notes.skip(mask.name, Unfit("L215", "no picture of this name", "or it could not be used"))
    pairs = []
    for key, header in pictures.items():
        partner = masks.get(key)
        if partner is None:
            notes.skip(header.name, Unfit("L215", "no mask of this name", "or it could not be used"))
        elif (header.height, header.width) != (partner.height, partner.width):
            sizes = f"it is {header.width} x {header.height}, its mask {partner.width} x {partner.height}"
            notes.skip(header.name, Unfit("L215", "another size", sizes), "Both were skipped.")
        else:
            pairs.append((header, partner))
    return pairs


def _by_name(entries: list[Entry], headers: list[Header], notes: Notes) -> dict[tuple[str, int], Header]:
    """Key headers by name without ending and by page; of two with one key the first is kept."""
    keyed: dict[tuple[str, int], Header] = {}
    for header in headers:
        first = keyed.setdefault((stem(entries[header.place].name), header.page), header)
        if first is not header:
            notes.skip(header.name, Unfit("L215", "a name that is taken", f"{first.name} was kept"))
    return keyed


def _gathered(left: Found, right: Found, pairs: list[Pair], notes: Notes, other_notes: Notes) -> list[np.ndarray]:
    """Decode both sides into an array each; pairs that turn out to be damaged have no say in their shape."""
    plans = _plans(pairs, Notes(), Notes())
    arrays, whole = _filled(left, right, pairs, plans, notes, other_notes)
    if whole and _plans(whole, notes, other_notes) != plans:
        arrays, _ = _filled(left, right, whole, _plans(whole, Notes(), Notes()), notes, other_notes)
    return arrays


def _plans(pairs: list[Pair], notes: Notes, other_notes: Notes) -> tuple[Plan, Plan]:
    pictures, masks = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return plan_for(pictures, notes), plan_for(masks, other_notes, smooth=False)


def _filled(
    left: Found, right: Found, pairs: list[Pair], plans: tuple[Plan, Plan], notes: Notes, other_notes: Notes
) -> tuple[list[np.ndarray], list[Pair]]:
    """Decode both sides, in step; the pairs of which both could be decoded are given back too."""
    arrays = [room_for((len(pairs), *plan.shape), plan.dtype) for plan in plans]
    pictures = decoded(left.entries, [pair[0] for pair in pairs], notes)
    masks = decoded(right.entries, [pair[1] for pair in pairs], other_notes)
    whole: list[Pair] = []
    for pair, both in _whole(pictures, masks, notes, other_notes):
        for array, pixels, plan in zip(arrays, both, plans, strict=True):
            array[len(whole)] = fitted(pixels, plan)
        whole.append(pair)
    return [array[: len(whole)] for array in arrays], whole


Stream = Iterator[tuple[Header, Pixels | None]]


def _whole(
    pictures: Stream, masks: Stream, notes: Notes, other_notes: Notes
) -> Iterator[tuple[Pair, tuple[Pixels, Pixels]]]:
    """Pass on the pairs of which both could be decoded."""
    for (header, one), (partner, other) in zip(pictures, masks, strict=True):
        if one is not None and other is not None:
            yield (header, partner), (one, other)
        elif one is not None:
            notes.skip(header.name, Unfit("L215", "alone", "its mask could not be used"))
        elif other is not None:
            other_notes.skip(partner.name, Unfit("L215", "alone", "its picture could not be used"))
