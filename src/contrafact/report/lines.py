"""Series over steps, with the values to compare them with."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from contrafact.base.records import finite_or_none
from contrafact.report.drawing import DASHES, INK, PALETTE, QUIET, Sign, label_axes, listed, plain_axes
from contrafact.report.lettering import Lettering
from contrafact.report.markup import number


@dataclass(frozen=True, kw_only=True, eq=False)
class Series:
    """One line.

    Arguments:
        name: Its name in the legend.
        x: Places, in order.
        y: Values; a missing one leaves a gap.
        low: Lower edge of a band of noise, or None.
        high: Upper edge.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None

    def to_json(self) -> dict[str, Any]:
        """Give the record as JSON-ready values."""
        bands = {} if self.low is None or self.high is None else {"low": listed(self.low), "high": listed(self.high)}
        return {"name": self.name, "x": listed(self.x), "y": listed(self.y), **bands}


@dataclass(frozen=True, kw_only=True)
class Level:
    """A horizontal line to compare with: a floor, a ceiling, a value at balance."""

    name: str
    value: float


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A vertical line at a place worth noticing."""

    name: str
    x: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Lines:
    """Named series over steps.

    Arguments:
        x: Label of the horizontal axis.
        y: Label of the vertical axis.
        series: The lines.
        levels: Horizontal lines to compare with.
        marks: Vertical lines.
        limits: Ends of the vertical axis, or None.
        logarithmic: Whether equal distances are equal ratios; values of 0 and below leave gaps.
    """

    x: str
    y: str
    series: tuple[Series, ...]
    levels: tuple[Level, ...] = ()
    marks: tuple[Mark, ...] = ()
    limits: tuple[float, float] | None = None
    logarithmic: bool = False

    @property
    def height(self) -> float:
        """Height in inches for a width of seven."""
        return 2.9

    def words(self) -> Iterator[str]:
        """Give every text that will be drawn."""
        yield from (self.x, self.y)
        yield from (line.name for line in self.series)
        yield from (level.name for level in self.levels)
        yield from (mark.name for mark in self.marks)

    def legend(self) -> list[Sign]:
        """Say what stands for what; colours come again with another dash when there are many lines."""
        count = len(PALETTE)
        return [
            Sign(name=line.name, color=PALETTE[i % count], dash=DASHES[i // count % len(DASHES)])
            for i, line in enumerate(self.series)
        ]

    def draw(self, axes: Any, letters: Lettering) -> None:
        """Draw into axes."""
        plain_axes(axes)
        # The first line is the one that matters most, and lies on top.
        for line, sign in reversed(list(zip(self.series, self.legend(), strict=True))):
            _draw_series(axes, line, sign, self.logarithmic)
        if self.logarithmic:
            _by_ratios(axes)
        if self.limits:
            axes.set_ylim(*self.limits)
        for mark in self.marks:
            draw_mark(axes, letters, mark)
        _draw_levels(axes, letters, self.levels)
        label_axes(axes, letters, self.x, self.y)

    def to_json(self) -> dict[str, Any]:
        """Give the numbers and words as JSON-ready values."""
        return {
            "kind": "lines",
            "x": self.x,
            "y": self.y,
            "series": [line.to_json() for line in self.series],
            "levels": [{"name": level.name, "value": finite_or_none(level.value)} for level in self.levels],
            "marks": [{"name": mark.name, "x": mark.x} for mark in self.marks],
            "logarithmic": self.logarithmic,
        }


def draw_mark(axes: Any, letters: Lettering, mark: Mark) -> None:
    """Draw a vertical line and its name above it."""
    axes.axvline(mark.x, color=QUIET, linewidth=1, linestyle=(0, (2, 2)), zorder=1)
    _note(axes, letters, letters(mark.name), mark.x, 1.0, above=True)


def _by_ratios(axes: Any) -> None:
    """Make equal distances equal ratios, with plain tick labels: powers in mathtext are not safe between threads."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high / low < 200 else (1.0,)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())


def _draw_series(axes: Any, line: Series, sign: Sign, positive: bool) -> None:
    x, y = np.asarray(line.x, dtype=np.float64), np.asarray(line.y, dtype=np.float64)
    shown = np.where(np.isfinite(y) & ((y > 0) | (not positive)), y, np.nan)
    few = np.isfinite(shown).sum() < 3
    axes.plot(x, shown, color=sign.color, linestyle=sign.dash, linewidth=1.6, marker="o" if few else "", markersize=4)
    if line.low is not None and line.high is not None:
        axes.fill_between(x, line.low, line.high, color=sign.color, alpha=0.15, linewidth=0)


def _note(axes: Any, letters: Lettering, text: str, x: float, y: float, *, above: bool) -> None:
    """Write beside a line: above the axes at a place, or right of them at a height, both as shares of the axes."""
    transform = axes.get_xaxis_transform() if above else axes.transAxes
    axes.annotate(
        text,
        (x, y),
        xycoords=transform,
        xytext=(0, 3) if above else (4, 0),
        textcoords="offset points",
        ha="center" if above else "left",
        va="bottom" if above else "center",
        fontsize=8.5,
        color=QUIET,
        family=letters.families,
        parse_math=False,
        annotation_clip=False,
    )


def _draw_levels(axes: Any, letters: Lettering, levels: tuple[Level, ...]) -> None:
    """Draw the levels across and name them at the right, apart from each other."""
    named: dict[float, str] = {}
    for level in levels:
        if math.isfinite(level.value):
            name = letters(level.name)
            named[level.value] = f"{named[level.value]}, {name}" if level.value in named else name
            axes.axhline(level.value, color=INK, linewidth=1, linestyle=(0, (4, 3)), alpha=0.75, zorder=1)
    free = -math.inf
    for value in sorted(named):
        height = axes.transAxes.inverted().transform(axes.transData.transform((0, value)))[1]
        free = max(float(height), free + 0.15)
        _note(axes, letters, f"{named[value]}\n{number(value)}", 1.0, free, above=False)
