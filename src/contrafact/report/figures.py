"""Figures: a finding in words, a sentence on how to read it, and what is drawn; the one source of plots and words.

Nothing here touches matplotlib's global state: every figure is its own canvas, so a server's threads may draw at once.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import Any

from contrafact.report.drawing import INK, Drawing, Sign
from contrafact.report.lettering import Lettering, lettering
from contrafact.report.markup import Html, element, join

WIDTH_INCHES, DOTS_PER_INCH = 7.2, 150


@dataclass(frozen=True, kw_only=True, eq=False)
class Figure:
    """One figure.

    Arguments:
        finding: What it shows, as a sentence: its title.
        sentence: How to read it.
        drawing: What is drawn, such as Lines, Scatter, Histograms, Pictures, Bars or a Forest.
    """

    finding: str
    sentence: str
    drawing: Drawing

    def png(self) -> bytes:
        """Draw it as a PNG file."""
        return _render(self.drawing, lettering(self.drawing.words()), "png")

    def svg(self) -> bytes:
        """Draw it as an SVG file."""
        return _render(self.drawing, lettering(self.drawing.words()), "svg")

    def html(self) -> Html:
        """Write it as an element that holds its picture."""
        letters = lettering(self.drawing.words())
        picture = base64.b64encode(_render(self.drawing, letters, "png")).decode()
        # A reader that cannot see the picture is told what a reader who can would take from it.
        image = element("img", src=f"data:image/png;base64,{picture}", alt=f"{self.finding} {self.sentence}")
        keys = "; ".join(f"{key} {word}" for word, key in letters.keys.items())
        told = join(" ", element("span", f"In the picture: {keys}.", class_="keys")) if keys else ""
        caption = element("figcaption", element("strong", self.finding), " ", self.sentence, told)
        return element("figure", caption, element("div", image, class_="sheet"))

    def to_json(self) -> dict[str, Any]:
        """Give the words and what is drawn as JSON-ready values."""
        return {"finding": self.finding, "sentence": self.sentence, "drawing": self.drawing.to_json()}


def _render(drawing: Drawing, letters: Lettering, file_format: str) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Canvas
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    signs = drawing.legend()
    layout = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.06)
    canvas = Canvas(figsize=(WIDTH_INCHES, drawing.height), dpi=DOTS_PER_INCH, facecolor="white", layout=layout)
    FigureCanvasAgg(canvas)
    drawing.draw(canvas.subplots(), letters)
    if len(signs) > 1 or any(sign.look == "line" for sign in signs):
        _draw_legend(canvas, signs, letters)
    file = io.BytesIO()
    # Neither the time nor the version of matplotlib goes in: the same figure is the same file.
    nothing = {"Date": None, "Creator": None} if file_format == "svg" else {"Software": None}
    canvas.savefig(file, format=file_format, metadata=nothing)
    return file.getvalue()


def _draw_legend(canvas: Any, signs: list[Sign], letters: Lettering) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=sign.color, linestyle=sign.dash, linewidth=1.8)
        if sign.look == "line"
        else Line2D([], [], color=sign.color, linestyle="", marker="o", markersize=5)
        for sign in signs
    ]
    # The words are put in afterwards: as labels, those with a leading underscore would be left out.
    legend = canvas.legend(
        handles,
        ["."] * len(signs),
        loc="outside upper left",
        ncols=min(len(signs), 4),
        frameon=False,
        handlelength=1.8,
        borderpad=0.1,
    )
    for text, sign in zip(legend.get_texts(), signs, strict=True):
        text.set(text=letters(sign.name), parse_math=False, family=letters.families, fontsize=9.5, color=INK)
