"""One size, one number of channels and one depth for all pictures of a set, and pictures made to fit them.

- **Colour**: one picture in colour makes all colour. Alpha is kept where more than half of the pictures have pixels
  that are not opaque; else pictures are laid on white.
- **Depth**: one picture of 16 bits makes all 16 bits; a value of 8 bits is multiplied by 257, so that white stays
  white. Floating-point numbers and 32-bit integers are stretched to 16 bits by one rule for the whole set.
- **Size**: pictures of one size are kept as they are. Else each is scaled, its sides in proportion, until it covers
  the median height x the median width, and the middle is cut out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from contrafact.tasks.notes import Notes, Unfit, counted, listed
from contrafact.tasks.picture_pixels import Header, Pixels


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What every picture is made to be.

    Arguments:
        height: Rows of pixels.
        width: Columns of pixels.
        channels: 1, 3, or more.
        alpha: The last channel is alpha.
        bits: 8 or 16.
        low: The number that becomes 0, for floating-point pictures.
        high: The number that becomes white.
        smooth: Scale by averages; else by the nearest pixel, so that no new values arise.
    """

    height: int
    width: int
    channels: int
    alpha: bool = False
    bits: int = 8
    low: float = 0.0
    high: float = 65535.0
    smooth: bool = True

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one picture."""
        return (self.height, self.width) if self.channels == 1 else (self.height, self.width, self.channels)

    @property
    def dtype(self) -> Any:
        """Type of one number."""
        return np.dtype(np.uint16 if self.bits == 16 else np.uint8)


def same_channels(headers: list[Header], notes: Notes) -> list[Header]:
    """Leave out pictures whose number of channels is unlike that of most, where some have other than 1, 3 or 4."""
    counts = Counter(header.channels for header in headers)
    if all(channels in (1, 3) for channels in counts) or len(counts) == 1:
        return headers
    usual = counts.most_common(1)[0][0]
    for header in headers:
        if header.channels != usual:
            fault = Unfit("L209", "other channels", f"it has {header.channels}, where most have {usual}")
            notes.skip(header.name, fault)
    return [header for header in headers if header.channels == usual]


def plan_for(headers: Sequence[Header], notes: Notes, *, smooth: bool = True) -> Plan:
    """Choose what all pictures are made to be, and note what that changes.

    Arguments:
        headers: At least one picture.
        notes: Where every change is said.
        smooth: Whether sizes are changed by averaging.
    """
    _tell_stored(headers, notes)
    channels, alpha = _channels(headers, notes)
    bits, low, high = _depth(headers, notes)
    height, width = _size(headers, notes)
    return Plan(
        height=height, width=width, channels=channels, alpha=alpha, bits=bits, low=low, high=high, smooth=smooth
    )


def _names(headers: Sequence[Header]) -> str:
    return listed((header.name for header in headers), most=5)


def _tell_stored(headers: Sequence[Header], notes: Notes) -> None:
    for stored in sorted({header.stored for header in headers} - {""}):
        these = [header for header in headers if header.stored == stored]
        to = "grey" if all(header.channels == 1 for header in these) else "colour"
        told = f"{counted(len(these), 'picture')} stored {stored} became plain {to}: {_names(these)}."
        notes.tell("L208", told, count=len(these))
    these = [header for header in headers if header.turned]
    if these:
        told = f"{counted(len(these), 'picture')} turned upright as the EXIF data say: {_names(these)}."
        notes.tell("L210", told, count=len(these))


def _channels(headers: Sequence[Header], notes: Notes) -> tuple[int, bool]:
    """Choose the number of channels, and whether the last one is alpha."""
    most = max(header.channels for header in headers)
    grey = [header for header in headers if header.channels == 1]
    if most == 3 and grey:
        told = f"{counted(len(grey), 'grey picture')} among {len(headers):,}: all became colour: {_names(grey)}."
        notes.tell("L209", told, count=len(grey))
    veiled = [header for header in headers if header.veiled]
    if 2 * len(veiled) > len(headers):
        told = f"{len(veiled):,} of {counted(len(headers), 'picture')} let something shine through"
        notes.tell("L209", f"{told}: alpha was kept as the fourth channel.", count=len(veiled))
        return 4, True
    with_alpha = [header for header in headers if header.alpha]
    if with_alpha:
        how = f"{len(veiled):,} of them were laid on white" if veiled else "they are opaque everywhere"
        told = f"{counted(len(with_alpha), 'picture')} lost the alpha channel ({how}): {_names(with_alpha)}."
        notes.tell("L209", told, count=len(with_alpha))
    return most, False


def _depth(headers: Sequence[Header], notes: Notes) -> tuple[int, float, float]:
    """Choose the depth, and the range of floating-point and 32-bit numbers that is stretched to it."""
    wide = [header for header in headers if header.low is not None and header.high is not None]
    shallow = [header for header in headers if header.bits == 8 and header not in wide]
    low, high = 0.0, 65535.0
    if wide:
        low, high = _range(wide)
        told = f"{counted(len(wide), 'picture')} of 32-bit numbers became 16 bits, {low:g} .. {high:g} as 0 .. 65535"
        notes.tell("L211", f"{told}: {_names(wide)}.", low=low, high=high, count=len(wide))
    deep = len(shallow) < len(headers)
    if deep and shallow:
        told = f"{counted(len(shallow), 'picture')} of 8 bits became 16 bits, as others are (value x 257)"
        notes.tell("L211", f"{told}: {_names(shallow)}.", count=len(shallow))
    return (16 if deep else 8), low, high


def _range(wide: Sequence[Header]) -> tuple[float, float]:
    """Find the range to stretch: 0 to 1 or 0 to 65535 where all numbers lie in it, else from lowest to highest."""
    low = min(header.low for header in wide if header.low is not None)
    high = max(header.high for header in wide if header.high is not None)
    for ceiling in (1.0, 65535.0):
        if low >= 0 and high <= ceiling and (ceiling == 1 or high > 255):
            return 0.0, ceiling
    return low, (high if high > low else low + 1)


def _size(headers: Sequence[Header], notes: Notes) -> tuple[int, int]:
    heights, widths = [header.height for header in headers], [header.width for header in headers]
    if len({*zip(heights, widths, strict=True)}) == 1:
        return heights[0], widths[0]
    height, width = round(float(np.median(heights))), round(float(np.median(widths)))
    span = f"{min(widths)} to {max(widths)} wide, {min(heights)} to {max(heights)} high"
    told = f"Sizes differ ({span}): each was scaled until it covers {width} x {height}, the medians"
    notes.tell("L212", f"{told}, and the middle was cut out.", height=height, width=width)
    return height, width


def fitted(pixels: Pixels, plan: Plan) -> np.ndarray:
    """Make one picture what the plan says."""
    colour, alpha = _deep(pixels.colour, plan), pixels.alpha
    top = np.iinfo(plan.dtype).max
    if alpha is not None:
        alpha = _deep(alpha, plan)
        if not plan.alpha:
            share = (alpha / top)[(..., *[None] * (colour.ndim - 2))]
            colour = np.rint(colour * share + top * (1 - share)).astype(plan.dtype)
    if colour.ndim == 2 and plan.channels > 1:
        colour = np.repeat(colour[..., None], 3, axis=2)
    if plan.alpha:
        alpha = np.full(colour.shape[:2], top, plan.dtype) if alpha is None else alpha
        colour = np.concatenate([colour, alpha[..., None]], axis=2)
    return covering(colour, plan)


def _deep(plane: np.ndarray, plan: Plan) -> np.ndarray:
    """Bring numbers to the plan's depth."""
    if plane.dtype.itemsize == 4:
        share = (plane.astype(np.float64) - plan.low) / (plan.high - plan.low)
        return np.rint(np.clip(share, 0, 1) * 65535).astype(np.uint16)
    if plan.bits == 16 and plane.dtype == np.uint8:
        return plane.astype(np.uint16) * np.uint16(257)
    return plane


def covering(picture: np.ndarray, plan: Plan) -> np.ndarray:
    """Scale the middle of a picture to the plan's size, as much of it as has the plan's proportions."""
    height, width = picture.shape[:2]
    if (height, width) == (plan.height, plan.width):
        return picture
    scale = max(plan.height / height, plan.width / width)
    tall, wide = min(plan.height / scale, height), min(plan.width / scale, width)
    left, top = (width - wide) / 2, (height - tall) / 2
    box = (left, top, left + wide, top + tall)
    if picture.ndim == 2:
        return _scaled(picture, plan, box)
    return np.stack([_scaled(picture[..., c], plan, box) for c in range(picture.shape[2])], axis=2)


def _scaled(plane: np.ndarray, plan: Plan, box: tuple[float, float, float, float]) -> np.ndarray:
    """Scale a part of one plane: by Lanczos weights over all the pixels that a new one covers, or by the nearest."""
    from PIL import Image

    way = Image.Resampling.LANCZOS if plan.smooth else Image.Resampling.NEAREST
    image = Image.fromarray(np.ascontiguousarray(plane, dtype=np.float32))  # bytes would be clipped between two passes
    resized = np.asarray(image.resize((plan.width, plan.height), way, box))
    return np.asarray(np.clip(np.rint(resized), 0, np.iinfo(plane.dtype).max), dtype=plane.dtype)
