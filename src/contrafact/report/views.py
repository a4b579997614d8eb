"""How items of one kind are looked at: one projection and one frame for all drawings, so that they can be compared.

Two columns are drawn as they are, more are seen from the two directions in which the reference varies most, one is
counted in bins, pictures are shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from contrafact.base.data import Data
from contrafact.base.seeds import generator
from contrafact.base.thumbnail import eight_bits
from contrafact.report.drawing import BLUE, ORANGE, Drawing
from contrafact.report.panels import Cloud, Histograms, Pictures, Scatter, Strip

MOST_REAL, MOST_FAKE, BINS = 1000, 1000, 40
LARGEST = 1e100  # squares of larger numbers overflow


def is_pictures(array: np.ndarray) -> bool:
    """Tell whether an array holds pictures of 8 or 16 bits."""
    return array.dtype in (np.uint8, np.uint16) and array.ndim in (3, 4) and 0 not in array.shape[1:]


def is_text(array: np.ndarray) -> bool:
    """Tell whether an array holds lines of text."""
    return array.dtype.kind == "U"


def to_array(items: Any) -> np.ndarray | None:
    """Read any data that can be drawn as an array; None for those that cannot."""
    items = items.items if isinstance(items, Data) else items
    if hasattr(items, "columns"):
        try:
            return np.asarray(items.to_numpy(dtype=np.float64, na_value=np.nan))
        except (TypeError, ValueError):
            return None
    try:
        array = np.asarray(items)
    except ValueError:  # items of unequal length
        return None
    drawable = array.dtype.kind in "biufU" and array.ndim > 0 and array.size
    return array if drawable else None


def to_rows(array: np.ndarray) -> np.ndarray:
    """Read an array of numbers as a matrix, without rows that lack a number or hold one beyond all bounds."""
    rows = array.reshape(len(array), math.prod(array.shape[1:])).astype(np.float64)
    return rows[(np.abs(rows) < LARGEST).all(1)]


def few(rows: np.ndarray, most: int) -> np.ndarray:
    """Keep at most so many rows, always the same ones."""
    if len(rows) <= most:
        return rows
    return rows[np.sort(generator(0, "shown").choice(len(rows), most, replace=False))]


@dataclass(frozen=True, kw_only=True, eq=False)
class View:
    """Draws arrays of one kind, each with the same real rows beneath it.

    Arguments:
        draw: Makes a drawing from an array; `large` adds axes with labels.
        how: Says how to read the drawings.
        beside: What to add for a large one.
        overlay: Whether real items are drawn too.
    """

    draw: Callable[[np.ndarray, bool], Drawing]
    how: str
    beside: str = ""
    overlay: bool = False


def view_of(arrays: list[np.ndarray], real: Any = None, names: list[str] | None = None) -> View | None:
    """Choose how arrays of the same kind are drawn; None when they cannot be.

    Arguments:
        arrays: What will be drawn; the last is what frames are laid around where there is no real data.
        real: Real data to compare with, or None.
        names: Names of the columns.
    """
    last, beneath = arrays[-1], None if real is None else to_array(real)
    if is_pictures(last):
        return _picture_view(last, beneath if beneath is not None and is_pictures(beneath) else None)
    if last.dtype.kind not in "biuf":
        return None
    fake = to_rows(last)
    under = None
    if beneath is not None and beneath.dtype.kind in "biuf":
        under = to_rows(beneath)
        under = few(under, MOST_REAL) if under.shape[1:] == fake.shape[1:] and len(under) else None
    if fake.shape[1] == 0 or (under is None and not len(fake)):
        return None
    makers = {1: _histograms, 2: _plane}
    return makers.get(fake.shape[1], _components)(fake, under, names or [])


def _picture_view(last: np.ndarray, real: np.ndarray | None) -> View:
    reference = few(last if real is None else real, MOST_REAL)
    limits = float(reference.min()), float(reference.max())

    def draw(array: np.ndarray, large: bool) -> Drawing:
        if not large:
            return Pictures(items=eight_bits(array[:16], limits), columns=4)
        if real is None:
            return Pictures(items=eight_bits(array[:64], limits), columns=16)
        pairs = (("real", real), ("fake", array))
        sides = [(name, Pictures(items=eight_bits(few(items, 36), limits), columns=6)) for name, items in pairs]
        return Strip(frames=tuple(sides), columns=2)

    beside = " Where the generator is good, you cannot say which side is which." if real is not None else ""
    return View(draw=draw, how="Each small picture is one item.", beside=beside, overlay=real is not None)


def _clouds(under: np.ndarray | None, fake: np.ndarray) -> tuple[Cloud, ...]:
    made = Cloud(name="fake", points=few(fake, MOST_FAKE), color=ORANGE)
    return (made,) if under is None else (Cloud(name="real", points=under, color=BLUE), made)


def frame(reference: np.ndarray, fake: np.ndarray) -> tuple[float, float, float, float]:
    """Lay a frame around the reference and nearly all fakes: left, right, bottom, top."""
    low, high = reference.min(0), reference.max(0)
    if len(fake):
        low, high = np.minimum(low, np.quantile(fake, 0.02, axis=0)), np.maximum(high, np.quantile(fake, 0.98, axis=0))
    room = np.where(high > low, 0.08 * (high - low), 1.0)
    low, high = low - room, high + room
    return float(low[0]), float(high[0]), float(low[1]), float(high[1])


def _plane(fake: np.ndarray, under: np.ndarray | None, names: list[str]) -> View:
    limits = frame(fake if under is None else under, fake)
    x, y = (names + ["first column", "second column"][len(names) :])[:2]

    def draw(array: np.ndarray, large: bool) -> Drawing:
        labels = {"x": x, "y": y} if large else {}
        return Scatter(clouds=_clouds(under, to_rows(array)), limits=limits, **labels)

    return View(draw=draw, how=f"Each dot is one item.{_beneath(under)}", overlay=under is not None)


def _components(fake: np.ndarray, under: np.ndarray | None, names: list[str]) -> View:
    reference = fake if under is None else under
    centre, spread = reference.mean(0), reference.std(0)
    spread = np.where(spread > 0, spread, 1.0)
    directions, shares = principal_directions((reference - centre) / spread)

    def project(rows: np.ndarray) -> np.ndarray:
        seen: np.ndarray = (rows - centre) / spread @ directions
        return seen

    beneath = None if under is None else project(under)
    limits = frame(project(reference), project(fake))
    first, second = (
        f"{which} principal component ({s:.0%})" for which, s in zip(("first", "second"), shares, strict=True)
    )

    def draw(array: np.ndarray, large: bool) -> Drawing:
        labels = {"x": first, "y": second} if large else {}
        return Scatter(clouds=_clouds(beneath, project(to_rows(array))), limits=limits, **labels)

    whose = "fakes" if under is None else "real items"
    how = (
        f"Each dot is one item, seen from the two directions in which the {whose} vary most ({shares.sum():.0%} of "
        f"their variance); items that lie together here may still differ in other directions.{_beneath(under)}"
    )
    return View(draw=draw, how=how, overlay=under is not None)


def principal_directions(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the two directions of most variance, as columns, and their shares of it; signs are settled."""
    _, sizes, directions = np.linalg.svd(few(rows, 2000) - rows.mean(0), full_matrices=False)
    directions, sizes = np.vstack([directions, 0 * directions[:1]])[:2], np.append(sizes, 0.0)
    signs = np.sign(directions[range(2), np.abs(directions).argmax(1)])
    shares = sizes[:2] ** 2 / max(float((sizes**2).sum()), 1e-300)
    return (directions * np.where(signs == 0, 1, signs)[:, None]).T, shares


def _histograms(fake: np.ndarray, under: np.ndarray | None, names: list[str]) -> View:
    low, high, *_ = frame(np.repeat(fake if under is None else under, 2, axis=1), np.repeat(fake, 2, axis=1))
    edges = np.linspace(low, high, BINS + 1)

    def draw(array: np.ndarray, large: bool) -> Drawing:
        clouds = _clouds(None if under is None else under[:, 0], to_rows(array)[:, 0])
        return Histograms(clouds=clouds, edges=edges, x=(names or ["value"])[0] if large else "")

    how = f"Heights are shares of all items.{_beneath(under)}"
    return View(draw=draw, how=how, overlay=under is not None)


def _beneath(under: np.ndarray | None) -> str:
    return (
        "" if under is None else " Real items are blue, fakes orange: where the generator is good, they lie together."
    )
