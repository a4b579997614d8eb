"""New masks from real ones: mirrored, turned, bent, with fewer objects or with more.

An object is a connected piece of the classes that are looked for. Every pixel takes the class of some pixel of a real
mask, so that no new values arise, and the truth about a mask that was changed is the mask itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

BEND, SMOOTH = 0.03, 0.12  # how far pixels are moved, and over what distance that changes, in sides
TRIES = 60  # placements in vain before there is taken to be no room for one more


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
    places: np.ndarray,
    factor: float,
    others: Sequence[np.ndarray],
    objects: Sequence[int],
    background: int,
    random: np.random.Generator,
) -> np.ndarray:
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
    stock = [one for other in others for one in _shapes(other, objects)]
    made, failed = places.copy(), 0
    while count < wanted and stock and failed < TRIES:
        added = _added(made, stock[int(random.integers(len(stock)))], objects, random)
        count, failed = count + added, 0 if added else failed + 1
    return made


def _shapes(places: np.ndarray, objects: Sequence[int]) -> list[np.ndarray]:
    """Cut each object out in its own box; -1 stands around it."""
    from scipy.ndimage import find_objects

    numbered, count = pieces(places, objects)
    boxes = find_objects(numbered, count)
    return [np.where(numbered[box] == number + 1, places[box].astype(np.int64), -1) for number, box in enumerate(boxes)]


def _added(made: np.ndarray, shape: np.ndarray, objects: Sequence[int], random: np.random.Generator) -> bool:
    """Put an object somewhere where it touches none, and say whether there was room."""
    from scipy.ndimage import binary_dilation

    high, wide = shape.shape
    if high > made.shape[0] or wide > made.shape[1]:
        return False
    down, right = (int(random.integers(size - own + 1)) for size, own in zip(made.shape, shape.shape, strict=True))
    around = np.zeros(made.shape, dtype=bool)
    around[down : down + high, right : right + wide] = shape >= 0
    if np.isin(made[binary_dilation(around, iterations=2)], objects).any():
        return False
    part = made[down : down + high, right : right + wide]
    part[shape >= 0] = shape[shape >= 0]
    return True
