"""Series in the reports of runs and of judgements: real and generated windows, and what they remember.

Small drawings hold a few windows of one variable each, the real ones beside the generated ones on one scale. The
autocorrelation says how much a step still tells about the step so many later; where two curves lie on each other,
generated series have the memory of the real ones. Without real data, as when a page is given away, no real step is
drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from contrafact.base.errors import ContrafactError
from contrafact.base.seeds import generator
from contrafact.metrics.series_windows import Windows, windows_of
from contrafact.report.drawing import BLUE, FAINT, ORANGE, Sign, listed
from contrafact.report.facts import Facts
from contrafact.report.figures import Figure
from contrafact.report.lettering import Lettering
from contrafact.report.lines import Lines, Series
from contrafact.report.markup import Html, element, shorten
from contrafact.report.page import Section, section
from contrafact.report.panels import Strip

DRAWN, LINES, VARIABLES = 100, 5, 6
HOW = (
    "Each line is one window, without its neighbours; real ones in blue, generated ones in orange, on one scale for "
    "each variable. Generated lines should be of the same kind as the real ones, not the same lines."
)
MEMORY = (
    "How much a value tells about the value so many steps later, over all variables: 1 is all, 0 is nothing. The "
    "closer the curves, the better the memory of the generated series."
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Courses:
    """A few windows of one variable, one line each.

    Arguments:
        lines: windows x steps.
        color: Of the lines.
        limits: Ends of the vertical axis.
    """

    lines: np.ndarray
    color: str
    limits: tuple[float, float]

    @property
    def height(self) -> float:
        """Height in inches for a width of seven."""
        return 2.0

    def words(self) -> Iterator[str]:
        """Give every text that will be drawn."""
        yield from ()

    def legend(self) -> list[Sign]:
        """Say what stands for what."""
        return [Sign(name="real" if self.color == BLUE else "generated", color=self.color)]

    def draw(self, axes: Any, letters: Lettering) -> None:
        """Draw into axes."""
        for line in self.lines:
            axes.plot(np.arange(len(line)), line, color=self.color, linewidth=0.9, alpha=0.75)
        axes.set_ylim(*self.limits)
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set_color(FAINT)

    def to_json(self) -> dict[str, Any]:
        """Give the numbers and words as JSON-ready values."""
        return {"kind": "courses", "color": self.color, "lines": [listed(line) for line in self.lines]}


@dataclass(frozen=True, kw_only=True)
class Squat(Strip):
    """Small drawings in order, lower than they are wide."""

    @property
    def height(self) -> float:
        """Height in inches for a width of seven."""
        return -(-len(self.frames) // self.columns) * 1.5 + 0.3


def series_look(known: Facts, real: Any = None) -> list[Html]:
    """Draw series from a run's model and show them, beside real ones where they are given; nothing for other runs.

    Arguments:
        known: What is known of the run.
        real: The real series, which become part of the page, or None.
    """
    if known.codec.get("codec") != "series":
        return []
    from contrafact.tasks.load import load

    told = element("p", str(known.codec.get("policy", "")), class_="quiet")
    try:
        model = load(known.run.folder)
        made = model.sample(DRAWN, seed=0)
        windows = windows_of(made if real is None else real, made, window=model.codec.window)
    except ContrafactError as error:
        return [told, element("p", f"No series could be drawn. {error.what}", class_="quiet")]
    return [told, *(figure.html() for figure in figures(None if real is None else windows[0], windows[1]))]


def compared_series(real: Any, fake: Any) -> tuple[Figure, ...]:
    """Draw generated series beside real ones."""
    windows = windows_of(real, fake)
    return figures(windows[0], windows[1])


def figures(real: Windows | None, fake: Windows) -> tuple[Figure, ...]:
    """Draw windows side by side, and their memory."""
    return courses_figure(real, fake), memory_figure(real, fake)


def courses_figure(real: Windows | None, fake: Windows) -> Figure:
    """Draw a few windows of each variable."""
    sides = [(side, color) for side, color in ((real, BLUE), (fake, ORANGE)) if side is not None]
    frames = []
    for place, name in enumerate(fake.names[:VARIABLES]):
        chosen = [_some(side)[..., place] for side, _ in sides]
        limits = _limits(np.concatenate([lines.ravel() for lines in chosen]))
        for lines, (_, color) in zip(chosen, sides, strict=True):
            title = f"{shorten(name, 24)}, {'real' if color == BLUE else 'generated'}"
            frames.append((title, Courses(lines=lines, color=color, limits=limits)))
    left = len(fake.names) - VARIABLES
    more = f" {left} more variables are not drawn." if left > 0 else ""
    finding = f"Windows of {fake.values.shape[1]} steps."
    return Figure(finding=finding, sentence=HOW + more, drawing=Squat(frames=tuple(frames), columns=2))


def _some(side: Windows) -> np.ndarray:
    rows = generator(0, "shown").permutation(len(side))[:LINES]
    return side.values[np.sort(rows)]


def _limits(values: np.ndarray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    room = 0.06 * (high - low) or 0.5
    return low - room, high + room


def memory_figure(real: Windows | None, fake: Windows) -> Figure:
    """Draw the autocorrelation of both sides."""
    centre = fake if real is None else real
    middle = centre.values.mean((0, 1))
    lines = [
        Series(name=name, x=np.arange(len(curve)), y=curve)
        for name, curve in (
            *([] if real is None else [("real", memory(real, middle))]),
            ("generated", memory(fake, middle)),
        )
    ]
    apart = 0.0 if real is None else float(np.abs(lines[0].y - lines[1].y).mean())
    finding = "The memory of generated series." if real is None else f"The memories differ by {apart:.2f} on average."
    drawing = Lines(x="steps later", y="autocorrelation", series=tuple(lines))
    return Figure(finding=finding, sentence=MEMORY, drawing=drawing)


def memory(side: Windows, middle: np.ndarray) -> np.ndarray:
    """Give the autocorrelation at lags from 0 to two thirds of a window, over all variables.

    Arguments:
        side: Windows.
        middle: The mean of each variable, that of the real series.
    """
    z = side.values.astype(np.float64) - middle
    lags = range(max(2 * z.shape[1] // 3, 2))
    power = np.maximum((z**2).mean((0, 1)), 1e-9)
    return np.array([((z[:, lag:] * z[:, : z.shape[1] - lag]).mean((0, 1)) / power).mean() for lag in lags])


def series_sections() -> tuple[Section, ...]:
    """Give the part of a judgement's page that only series have: what the judge's anchors mean."""
    told = (
        "Every network that judges starts from a seed of its own and sees windows of the real series in blocks: no "
        "step is both learned from and tested on. The ceiling is what real blocks get against other real blocks, the "
        "floor what shuffled steps or noise get."
    )
    return (section("How series were judged", element("p", told)),)
