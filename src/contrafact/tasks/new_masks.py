"""New masks from real ones: mirrored, turned, bent, with fewer objects or with more.

An object is a connected piece of the classes that are looked for. Every pixel takes the class of some pixel of a real
mask, so that no new values arise, and the truth about a mask that was changed is the mask itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

BEND, SMOOTH = 0.03, 0.12  # how far pixels are moved, and over what distance that changes, in sides
TRIES = 30  # placements of an object before there is taken to be no room for one more


def pieces(places: np.ndarray, objects: Sequence[int]) -> tuple[np.ndarray, int]:
    """Number the connected pieces of the classes that are looked for, from 1 on; and say how many there are.

    Arguments:
        places: Places of classes, high x wide.
        objects: The classes that are looked for.
    """
    from scipy.ndimage import label

    numbered, count = label(np.isin(places, objects))
    return np.asarray(numbered), int(count)


def bent(places: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Mirror, turn and bend a mask at random; its size stays."""
    from scipy.ndimage import gaussian_filter

    square = places.shape[0] == places.shape[1]
    turned = np.rot90(places, int(random.integers(4)) if square else 2 * int(random.integers(2)))
    turned = turned[:, ::-1] if random.random() < 0.5 else turned
    high, wide = turned.shape
    moves = []
    for _ in range(2):
        field = gaussian_filter(random.standard_normal((high, wide)), SMOOTH * min(high, wide), mode="reflect")
        moves.append(field / max(float(field.std()), 1e-12) * BEND * min(high, wide))
    rows, columns = np.indices((high, wide))
    row = _reflected(np.rint(rows + moves[0]).astype(np.int64), high)
    column = _reflected(np.rint(columns + moves[1]).astype(np.int64), wide)
    return np.ascontiguousarray(turned[row, column])


def _reflected(index: np.ndarray, size: int) -> np.ndarray:
    """Fold an index back at both ends."""
    index = np.abs(index) % max(2 * size - 2, 1)
    return np.where(index >= size, 2 * size - 2 - index, index)


def with_density(
    places: np.ndarray, factor: float, others: Sequence[np.ndarray], objects: Sequence[int], background: int,
    random: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Take objects away, or add objects of other masks where there is room, until there are `factor` times as many.

    Arguments:
        places: Places of classes, high x wide.
        factor: How many objects there shall be, in objects that there are.
        others: Masks whose objects may be added.
        objects: The classes that are looked for.
        background: The class that is left where an object was.
        random: Draws.
    """
    numbered, count = pieces(places, objects)
    wanted = max(round(factor * count), 1)
    if wanted < count:
        gone = random.permutation(count)[: count - wanted] + 1
        return np.where(np.isin(numbered, gone), background, places)
    made, missing = places.copy(), wanted - count
    for _ in range(TRIES * missing):
        if not missing:
            break
        missing -= _added(made, others[int(random.integers(len(others)))], objects, random)
    return made


def _added(made: np.ndarray, other: np.ndarray, objects: Sequence[int], random: np.random.Generator) -> bool:
    """Put a random object of another mask somewhere where it touches none, and say whether there was room."""
    from scipy.ndimage import binary_dilation

    numbered, count = pieces(other, objects)
    if not count:
        return False
    rows, columns = np.nonzero(numbered == random.integers(count) + 1)
    spans = [int(part.max() - part.min()) + 1 for part in (rows, columns)]
    if any(span > size for span, size in zip(spans, made.shape, strict=True)):
        return False
    down, right = (int(random.integers(size - span + 1)) for span, size in zip(spans, made.shape, strict=True))
    to = rows - rows.min() + down, columns - columns.min() + right
    shape = np.zeros(made.shape, dtype=bool)
    shape[to] = True
    if np.isin(made[binary_dilation(shape, iterations=2)], objects).any():
        return False
    made[to] = other[rows, columns]
    return True
