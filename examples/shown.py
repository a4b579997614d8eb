"""What the scripts of this folder show: each picture and table is written to one place, from where the pages take it.

`make pages` runs all scripts at full size and writes to docs/shown; by hand a script writes to the folder `shown`. With
CONTRAFACT_TOY=1 everything is as small as it can be and still run: that is how the tests run the scripts.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure as Canvas

Size = TypeVar("Size")
TOY = bool(os.environ.get("CONTRAFACT_TOY"))
# Okabe and Ito's palette: the colour-blind can tell these apart.
BLUE, ORANGE, GREEN, PURPLE, SKY, AMBER = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"
INK, QUIET = "#222222", "#6b6b6b"


def full_or_toy(full: Size, toy: Size) -> Size:
    """Choose between the size that the pages show and the size that the tests run."""
    return toy if TOY else full


def folder() -> Path:
    """Give the folder where everything goes."""
    out = Path(os.environ.get("CONTRAFACT_SHOWN", "shown"))
    out.mkdir(parents=True, exist_ok=True)
    return out


def canvas(columns: int = 1, rows: int = 1, *, width: float = 2.6, height: float = 2.4) -> tuple[Canvas, np.ndarray]:
    """Make a canvas of panels, plain and legible; axes come as an array of rows and columns."""
    made = Canvas(figsize=(width * columns, height * rows), dpi=110, facecolor="white", layout="constrained")
    axes: np.ndarray = made.subplots(rows, columns, squeeze=False)
    for panel in axes.flat:
        for side in ("top", "right"):
            panel.spines[side].set_visible(False)
        panel.tick_params(labelsize=8, colors=QUIET)
    return made, axes


def picture(name: str, what: Any, form: str = "png") -> Path:
    """Write a picture: a canvas, one of the reports' Figures, or an array of pixels.

    Arguments:
        name: The script's name and a word on what it shows, joined by a dash.
        what: What to write.
        form: png, or svg for drawings of few strokes.
    """
    path = folder() / f"{name}.{form}"
    if isinstance(what, np.ndarray):
        from PIL import Image

        Image.fromarray(what).save(path, optimize=True)
    elif isinstance(what, Canvas):
        nothing = {"Date": None, "Creator": None} if form == "svg" else {"Software": None}
        with rc_context({"svg.hashsalt": name}):  # the same drawing is the same file
            what.savefig(path, format=form, metadata=nothing)
    else:
        path.write_bytes(getattr(what, form)())
    return path


def film(name: str, frames: Sequence[Canvas], milliseconds: int = 220) -> Path:
    """Write canvases as one moving picture, the last of them for longer; 16 greys and the palette keep it small."""
    from PIL import Image

    tints = [(0, 0, 0), *(tuple(int(c[i : i + 2], 16) for i in (1, 3, 5)) for c in (BLUE, ORANGE, GREEN, PURPLE))]
    steps = np.linspace(0, 1, 16)[:, None, None]
    colours = (np.array(tints) * (1 - steps) + 255 * steps).round().astype(np.uint8)
    palette = Image.new("P", (1, 1))
    palette.putpalette(colours.tobytes())
    shots = []
    for frame in frames:
        held = io.BytesIO()
        frame.savefig(held, format="png")
        shots.append(Image.open(held).convert("RGB").quantize(palette=palette, dither=Image.Dither.NONE))
    path = folder() / f"{name}.gif"
    lengths = [milliseconds] * (len(shots) - 1) + [10 * milliseconds]
    shots[0].save(path, save_all=True, append_images=shots[1:], duration=lengths, loop=0, optimize=True)
    return path


def table(name: str, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Print a table, and write it as Markdown; numbers come as the texts that are to be read."""
    heads = list(rows[0])
    lines = [heads, ["---"] * len(heads), *([str(row[head]) for head in heads] for row in rows)]
    text = "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"
    path = folder() / f"{name}.md"
    path.write_text(text, encoding="utf-8")
    print(text)
    return path


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Write numbers of several seeds as their mean and the half of their range: .91 ± .02."""
    values = [float(value) for value in values]
    half = (max(values) - min(values)) / 2
    return f"{sum(values) / len(values):.{digits}f} ± {half:.{digits}f}"
