"""Named amounts side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from contrafact.base.records import finite_or_none
from contrafact.report.drawing import BLUE, INK, QUIET, Sign, label_axes, plain_axes
from contrafact.report.lettering import Lettering
from contrafact.report.lines import Level
from contrafact.report.markup import number


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One amount, with the ends of its interval where they are known."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Bars:
    """Horizontal bars, the first on top, so that long names stay readable.

    Arguments:
        bars: The amounts.
        x: Label of the horizontal axis.
        levels: Lines to compare with: a floor, a ceiling.
    """

    bars: tuple[Bar, ...]
    x: str
    levels: tuple[Level, ...] = ()

    @property
    def height(self) -> float:
        """Height in inches for a width of seven."""
        return 0.9 + 0.34 * max(len(self.bars), 1)

    def words(self) -> Iterator[str]:
        """Give every text that will be drawn."""
        yield self.x
        yield from (bar.name for bar in self.bars)
        yield from (level.name for level in self.levels)

    def legend(self) -> list[Sign]:
        """Say what stands for what."""
        return []

    def draw(self, axes: Any, letters: Lettering) -> None:
        """Draw into axes."""
        plain_axes(axes)
        axes.grid(visible=False, axis="y")
        for place, bar in enumerate(self.bars):
            axes.barh(place, bar.value, height=0.62, color=BLUE)
            if bar.low is not None and bar.high is not None:
                axes.plot([bar.low, bar.high], [place, place], color=INK, linewidth=1.4)
            ends = [end for end in (bar.value, bar.high) if end is not None and np.isfinite(end)]
            _beside(axes, number(bar.value), max(ends, default=0), place, letters)
        for level in self.levels:
            axes.axvline(level.value, color=INK, linewidth=1, linestyle=(0, (4, 3)), alpha=0.75)
            _above(axes, f"{letters(level.name)} {number(level.value)}", level.value, letters)
        names = [letters(bar.name) for bar in self.bars]
        axes.set_yticks(range(len(names)), names, family=letters.families, parse_math=False)
        axes.set_ylim(max(len(self.bars), 1) - 0.5, -0.5)
        axes.margins(x=0.12)
        label_axes(axes, letters, self.x, "")

    def to_json(self) -> dict[str, Any]:
        """Give the numbers and words as JSON-ready values."""
        names = ("value", "low", "high")
        bars = [{"name": bar.name} | {n: finite_or_none(getattr(bar, n)) for n in names} for bar in self.bars]
        levels = [{"name": level.name, "value": finite_or_none(level.value)} for level in self.levels]
        return {"kind": "bars", "x": self.x, "bars": bars, "levels": levels}


def _beside(axes: Any, text: str, x: float, y: float, letters: Lettering) -> None:
    # White behind the figure keeps it readable where a level crosses it.
    paper = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
    style = {"va": "center", "fontsize": 9, "color": INK, "family": letters.families, "bbox": paper}
    axes.annotate(text, (x, y), xytext=(4, 0), textcoords="offset points", **style)


def _above(axes: Any, text: str, x: float, letters: Lettering) -> None:
    style = {"ha": "center", "va": "bottom", "fontsize": 8.5, "color": QUIET, "family": letters.families}
    where = {"xycoords": axes.get_xaxis_transform(), "xytext": (0, 3), "textcoords": "offset points"}
    axes.annotate(text, (x, 1.0), parse_math=False, annotation_clip=False, **where, **style)
