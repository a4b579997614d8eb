"""Look at pictures: how many of which size and class, how much they vary, and which are nearly the same.

Everything is measured on thumbnails: grey, at most 16 x 16, each of their pixels the mean of an area of the picture.

**Variety** is the usual (root mean square) distance between two pictures, as a share of what it would be if the
pixels of each picture stood in a random order: 0 when all are the same, 1 when they have no layout in common. Both
need no pairs and no shuffling. With n thumbnails x_i of p pixels, whose mean is m_i and whose mean square is q_i,
the mean square distance a pixel over all pairs is 2 / (n - 1) sum_i |x_i - x|^2 / p, where x is the mean thumbnail,
and that over all pairs and all orders is the mean of q_i + q_j - 2 m_i m_j.

**Near copies** are found whatever their brightness and contrast: thumbnails are centred and scaled to length 1, and
a pair counts when its distance is below .06 of the usual one. JPEG at quality 50, halving and doubling the size, and
other brightness stay below that; two different handwritten digits or photographs hardly ever do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from contrafact.base.data import Data
from contrafact.base.records import Finding
from contrafact.base.seeds import generator
from contrafact.tasks.notes import counted, finding, listed
from contrafact.tasks.picture_files import natural

SIDE = 16
NEAR = 0.06
LITTLE = 0.15
DARK, BRIGHT = 0.02, 0.98
MOST_BYTES = 2**31  # pictures of more bytes are looked at in part
BLOCK_BYTES = 2**26
MOST_COMPARED = 10_000
MOST_CLASSES = 30
FEW = 8


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What was measured of each picture.

    Arguments:
        places: Numbers of the pictures that were looked at.
        thumbs: Their thumbnails, a row each, 0 .. 1.
        low: Darkest value of each.
        high: Brightest value of each.
        mean: Mean of each, 0 .. 1.
        digests: A digest of each.
        colourless: No picture has any colour, though all are stored with it.
    """

    places: np.ndarray
    thumbs: np.ndarray
    low: np.ndarray
    high: np.ndarray
    mean: np.ndarray
    digests: np.ndarray
    colourless: bool


def area_means(size: int, parts: int) -> np.ndarray:
    """Make the weights that average `size` pixels in a row into `parts` equal parts."""
    ends = np.linspace(0, size, parts + 1)
    pixel = np.arange(size)
    covered = np.minimum(pixel + 1, ends[1:, None]) - np.maximum(pixel, ends[:-1, None])
    return np.asarray(np.clip(covered, 0, None) * parts / size, dtype=np.float32)


def survey(items: np.ndarray, places: np.ndarray) -> Survey:
    """Measure pictures block by block."""
    down, right = (area_means(size, min(size, SIDE)) for size in items.shape[1:3])
    top = np.iinfo(items.dtype).max
    colour = items.ndim == 4 and items.shape[-1] in (3, 4)
    columns: list[list[np.ndarray]] = [[], [], [], [], []]
    colourless = colour
    for block in _blocks(items, places):
        flat = block.reshape(len(block), -1)
        shown = block[..., :3] if colour else block
        colourless = colourless and bool((shown == shown[..., :1]).all())
        grey = shown.mean(-1, dtype=np.float32) if items.ndim == 4 else shown.astype(np.float32)
        thumbs = (down @ grey @ right.T).reshape(len(block), -1) / top
        digests = np.array([hashlib.blake2b(row.data, digest_size=8).digest() for row in flat], dtype="S8")
        for column, values in zip(columns, (thumbs, flat.min(1), flat.max(1), thumbs.mean(1), digests), strict=True):
            column.append(values)
    thumbs, low, high, mean, digests = (np.concatenate(column) for column in columns)
    return Survey(places=places, thumbs=thumbs, low=low, high=high, mean=mean, digests=digests, colourless=colourless)


def _blocks(items: np.ndarray, places: np.ndarray) -> Iterator[np.ndarray]:
    rows = max(BLOCK_BYTES // (4 * items[:1].nbytes), 1)
    for first in range(0, len(places), rows):
        yield np.ascontiguousarray(items[places[first : first + rows]])


def variety(thumbs: np.ndarray) -> float | None:
    """Compare the usual distance between two thumbnails with that between shuffled ones; None for less than two."""
    n, pixels = thumbs.shape
    if n < 2:
        return None
    rows = thumbs.astype(np.float64)
    between = 2 / (n - 1) * ((rows - rows.mean(0)) ** 2).sum() / pixels
    means, squares = rows.mean(1), (rows**2).mean(1)
    shuffled = 2 * squares.mean() - 2 * (means.sum() ** 2 - (means**2).sum()) / (n * (n - 1))
    return float(np.sqrt(between / shuffled)) if shuffled > 1e-12 else 0.0


@dataclass(frozen=True, kw_only=True)
class Near:
    """Pairs of pictures that are nearly the same.

    Arguments:
        pairs: How many.
        closest: The closest few: two rows and their distance, as a share of the usual one.
    """

    pairs: int
    closest: list[tuple[int, int, float]]


def near_copies(thumbs: np.ndarray, *, most: int = 5) -> Near:
    """Find pairs of thumbnails that are nearly the same, whatever their brightness and contrast.

    Arguments:
        thumbs: A row each; rows without contrast are compared with none.
        most: How many pairs are named.
    """
    rows = thumbs - thumbs.mean(1, keepdims=True)
    length = np.linalg.norm(rows, axis=1)
    real = np.flatnonzero(length > 1e-3)
    if len(real) < 2:
        return Near(pairs=0, closest=[])
    rows = rows[real] / length[real, None]
    usual = 2 * (1 - (rows.mean(0, dtype=np.float64) ** 2).sum())  # the mean square distance of two rows of length 1
    pairs, closest = 0, []
    for first in range(0, len(rows), 1024):
        squares = np.maximum(2 - 2 * rows[first : first + 1024] @ rows[first:].T, 0)
        one, other = np.nonzero(np.triu(squares < NEAR**2 * usual, 1))
        pairs += len(one)
        distances = np.sqrt(squares[one, other] / usual)
        for place in np.argsort(distances, kind="stable")[:most]:
            closest.append((real[first + one[place]], real[first + other[place]], distances[place]))
    closest = sorted(((int(a), int(b), float(d)) for a, b, d in closest), key=lambda pair: pair[2])[:most]
    return Near(pairs=pairs, closest=closest)


def looked_at(items: np.ndarray) -> np.ndarray:
    """Choose the pictures to look at: all, or as many as 2 GiB hold, drawn without regard to their order."""
    fit = int(MOST_BYTES // max(items[:1].nbytes, 1))
    if len(items) <= fit:
        return np.arange(len(items))
    return np.sort(generator(0, "look").choice(len(items), fit, replace=False))


def look_at_pictures(data: Data) -> tuple[str, list[dict[str, object]], list[Finding], list[str]]:
    """Look at pictures of 8 or 16 bits.

    Arguments:
        data: At least one picture.

    Returns:
        The headline, a row for all and one for each class, findings, and sentences that explain the numbers.
    """
    items = data.items
    seen = survey(items, looked_at(items))
    labels = None if data.labels is None else np.asarray(data.labels)[seen.places]
    findings = [*data.notes, *_few(data), *_copies(seen), *_plain(seen)]
    near, told = _near(seen)
    spread = variety(seen.thumbs)
    findings += [*near, *_little(spread)]
    schema = _rows(seen, labels, items)
    classes = "" if labels is None else f", {counted(len(np.unique(labels)), 'class', 'classes')}"
    headline = f"{counted(len(items), 'picture')} of {_size(items)}, {_channels(items)}, {_bits(items)} bit{classes}"
    return headline, schema, findings, [*_part(items, seen), *_meaning(spread), *told]


def _size(items: np.ndarray) -> str:
    return f"{items.shape[2]} x {items.shape[1]}"


def _bits(items: np.ndarray) -> int:
    return 8 * items.dtype.itemsize


def _channels(items: np.ndarray) -> str:
    channels = 1 if items.ndim == 3 else items.shape[3]
    return {1: "grey", 3: "colour", 4: "colour and alpha"}.get(channels, f"{channels} channels")


def _rows(seen: Survey, labels: np.ndarray | None, items: np.ndarray) -> list[dict[str, object]]:
    """Make a row for all pictures and one for each of the first classes."""
    everything = np.ones(len(seen.places), dtype=bool)
    rows = [_row("all", everything, seen, items)]
    if labels is None:
        return rows
    names = sorted(np.unique(labels).tolist(), key=lambda name: natural(str(name)))
    rows += [_row(str(name), labels == name, seen, items) for name in names[:MOST_CLASSES]]
    if len(names) > MOST_CLASSES:
        rest = ~np.isin(labels, names[:MOST_CLASSES])
        rows.append(_row(f"{len(names) - MOST_CLASSES:,} other classes", rest, seen, items))
    return rows


def _row(name: str, chosen: np.ndarray, seen: Survey, items: np.ndarray) -> dict[str, object]:
    spread = variety(seen.thumbs[chosen])
    return {
        "class": name,
        "pictures": int(chosen.sum()),
        "share": round(float(chosen.mean()), 4),
        "size": _size(items),
        "channels": 1 if items.ndim == 3 else items.shape[3],
        "bits": _bits(items),
        "lowest": int(seen.low[chosen].min()),
        "highest": int(seen.high[chosen].max()),
        "brightness": round(float(seen.mean[chosen].mean()), 4),
        "variety": None if spread is None else round(spread, 4),
    }


def _part(items: np.ndarray, seen: Survey) -> list[str]:
    if len(seen.places) == len(items):
        return []
    return [f"{len(seen.places):,} of the {len(items):,} pictures were looked at, drawn with a fixed seed."]


def _meaning(spread: float | None) -> list[str]:
    if spread is None:
        return []
    scale = "0: all the same, 1: no layout in common"
    return [f"Variety {spread:.2f}: the distance between two pictures, against that with shuffled pixels ({scale})."]


def _few(data: Data) -> Iterator[Finding]:
    if len(data) < FEW and not any(note.code == "L213" for note in data.notes):
        yield finding("L213", f"Only {counted(len(data), 'picture')}: few to learn from.", "Add more if you can.")


def _copies(seen: Survey) -> Iterator[Finding]:
    _, first, which = np.unique(seen.digests, return_index=True, return_inverse=True)
    again = np.flatnonzero(first[which] != np.arange(len(which)))
    if len(again):
        pairs = [f"{seen.places[i]} (as {seen.places[first[which[i]]]})" for i in again[:5].tolist()]
        told = f"{counted(len(again), 'picture')} repeat others exactly: {', '.join(pairs)}"
        more = f" and {len(again) - 5:,} more" if len(again) > 5 else ""
        yield finding("L103", f"{told}{more}.", "Drop them, or keep them knowingly.", rows=len(again))


def _plain(seen: Survey) -> Iterator[Finding]:
    """Find pictures without content: of one value, very dark, very bright, or colour that is none."""
    still = seen.low == seen.high
    dark, bright = (seen.mean < DARK) & ~still, (seen.mean > BRIGHT) & ~still
    for code, chosen, what in (
        ("L223", still, "of one single value"),
        ("L224", dark, "nearly black"),
        ("L224", bright, "nearly white"),
    ):
        if chosen.any():
            told = f"{counted(int(chosen.sum()), 'picture')} {what}: number {listed(map(str, seen.places[chosen]))}."
            yield finding(code, told, "Look at them; drop those that show nothing.", pictures=float(chosen.sum()))
    if seen.colourless:
        told = "The pictures are stored in colour, and none has any: their channels are equal."
        yield finding("L225", told, "Convert them to grey: a third of the numbers to learn.")


def _near(seen: Survey) -> tuple[list[Finding], list[str]]:
    """Look for near copies among pictures that are not exact copies, or among a part of them."""
    alone = np.sort(np.unique(seen.digests, return_index=True)[1])
    told = []
    if len(alone) > MOST_COMPARED:
        told = [f"Near copies were looked for among {MOST_COMPARED:,} pictures, drawn with a fixed seed."]
        alone = np.sort(generator(0, "near").choice(alone, MOST_COMPARED, replace=False))
    near = near_copies(seen.thumbs[alone])
    if not near.pairs:
        return [], told
    places = seen.places[alone]
    pairs = ", ".join(f"{places[a]} and {places[b]} ({d:.3f})" for a, b, d in near.closest)
    message = f"{counted(near.pairs, 'pair')} of pictures nearly the same; the closest are number {pairs}"
    cure = "Keep one of each, so that training and held-out pictures share none."
    said = f"{message}, where 1 is the usual distance."
    return [finding("L222", said, cure, pairs=near.pairs, compared=len(alone))], told


def _little(spread: float | None) -> Iterator[Finding]:
    if spread is not None and spread < LITTLE:
        told = f"The pictures hardly differ: variety {spread:.2f}, where 1 is no layout in common."
        yield finding(
            "L221", told, "Is this what you meant to give? A generator of it repeats one scene.", share=spread
        )
