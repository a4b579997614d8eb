"""A walk through a generator's noise: still frames to read, and the same in motion.

Motion is an animated PNG inside the page, small enough to mail. Readers whose system asks for less motion, and paper,
get the still frames alone.
"""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np

from contrafact.base.thumbnail import SYNTHETIC, sheet
from contrafact.report.figures import Figure
from contrafact.report.markup import Html, element, join
from contrafact.report.neighbours import shown
from contrafact.report.panels import Rows

STEPS, MILLISECONDS = 32, 110
PATHS, ACROSS, STILL_PATHS, STILLS = 16, 8, 4, 8
MOST_BYTES, LARGEST_SHOWN = 300_000, 112  # of the file, and pixels of a picture on the screen
JUMP = 6.0


def walks(model: Any) -> np.ndarray:
    """Walk several closed ways through the noise: paths x steps x C x H x W, bytes.

    Arguments:
        model: A model of pictures; one that knows classes takes each path within one of them.
    """
    from contrafact.nets.latent import Latents, pixels, walk

    names = model.codec.classes
    found = []
    for path in range(PATHS):
        given = {"class": names[path % len(names)]} if names else None
        ends = model.latents(2, path, given)
        found.append(walk(model, ends.take([0]), ends.take([1]), STEPS))
    conditions = None if found[0].conditions is None else np.concatenate([rows.conditions for rows in found])
    rows = Latents(noise=np.concatenate([rows.noise for rows in found]), conditions=conditions)
    drawn = np.clip(np.rint(pixels(model, rows)), 0, 255).astype(np.uint8)
    return np.asarray(drawn.reshape(PATHS, STEPS, *drawn.shape[1:]))


def walking(model: Any) -> Html:
    """Show walks through a model's noise, still and in motion."""
    frames, names = walks(model), model.codec.classes
    told = tuple(names[path % len(names)] if names else "" for path in range(STILL_PATHS))
    return join(still(frames, told).html(), moving(frames))


def still(frames: np.ndarray, names: tuple[str, ...]) -> Figure:
    """Draw some frames of some paths.

    Arguments:
        frames: Paths x steps x C x H x W, bytes.
        names: What to write beside the first paths.
    """
    chosen = frames[: len(names), :: frames.shape[1] // STILLS][:, :STILLS]
    return Figure(
        finding=_found(frames),
        sentence="Each row is one closed way through the noise, from left to right and back to where it began. Where a "
        "generator has learned what varies, neighbours are alike and every frame is believable; one that has learned "
        "single pictures jumps from one to the next.",
        drawing=Rows(names=names[: len(chosen)], items=shown(np.concatenate(list(chosen)))),
    )


def _found(frames: np.ndarray) -> str:
    """Compare the largest step between neighbouring frames with the usual one."""
    light = frames.astype(np.float32)
    steps = np.sqrt(((light - np.roll(light, 1, axis=1)) ** 2).mean((2, 3, 4)))
    usual = float(np.median(steps))
    if usual == 0:
        return "The pictures do not change along a way through the noise."
    ratio = float(steps.max()) / usual
    told = f"the largest step between frames is {ratio:.1f} x the usual one"
    return f"Somewhere the pictures jump: {told}." if ratio > JUMP else f"The pictures change little by little: {told}."


def moving(frames: np.ndarray) -> Html:
    """Put all paths in motion, as many and as large as fit the size that a page may spend on it."""
    payload, paths, wide = animated(frames)
    source = f"data:image/png;base64,{base64.b64encode(payload).decode()}"
    told = f"{paths} ways at once, in an endless loop."
    limit = f"max-width:{-(-LARGEST_SHOWN // max(frames.shape[3:])) * wide}px"
    picture = element("img", src=source, alt=f"The walk in motion: {told}", style=limit)
    caption = element("figcaption", f"The same in motion: {told}", class_="quiet")
    return element("figure", caption, element("div", picture, class_="sheet pixels"), class_="moving")


def animated(frames: np.ndarray, most: int = MOST_BYTES) -> tuple[bytes, int, int]:
    """Write an endless animated PNG of at most so many bytes, and give its number of paths and its width.

    Until it fits, paths are left out, then frames, then pixels.

    Arguments:
        frames: Paths x steps x C x H x W, bytes.
        most: Bytes.
    """
    while True:
        sheets = [sheet(shown(frames[:, step]), min(ACROSS, len(frames))) for step in range(frames.shape[1])]
        payload = _apng(sheets)
        if len(payload) <= most or frames[:, 0].size <= 16:
            return payload, len(frames), sheets[0].shape[1]
        if len(frames) > 2:
            frames = frames[: len(frames) // 2]
        elif frames.shape[1] > 12:
            frames = frames[:, ::2]
        else:
            frames = frames[..., ::2, ::2]


def _apng(sheets: list[np.ndarray]) -> bytes:
    from PIL import Image, PngImagePlugin

    info = PngImagePlugin.PngInfo()
    info.add_text("Description", SYNTHETIC)
    first, *rest = map(Image.fromarray, sheets)
    file = io.BytesIO()
    first.save(
        file,
        format="PNG",
        save_all=True,
        append_images=rest,
        duration=MILLISECONDS * STEPS // len(sheets),
        loop=0,
        pnginfo=info,
        optimize=True,
    )
    return file.getvalue()
