"""Estimates with their intervals under each other: a forest plot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from contrafact.base.records import finite_or_none
from contrafact.report.bars import Bar
from contrafact.report.drawing import BLUE, INK, QUIET, Sign, label_axes, plain_axes
from contrafact.report.lettering import Lettering
from contrafact.report.markup import number


@dataclass(frozen=True, kw_only=True)
class Forest:
    """Estimates, the first on top.

    Arguments:
        rows: Each estimate with the ends of its interval.
        x: Label of the horizontal axis.
        zero: Where no effect lies.
    """

    rows: tuple[Bar, ...]
    x: str
    zero: float = 0.0

    @property
    def height(self) -> float:
        """Height in inches for a width of seven."""
        return 0.9 + 0.38 * max(len(self.rows), 1)

    def words(self) -> Iterator[str]:
        """Give every text that will be drawn."""
        yield self.x
        yield from (row.name for row in self.rows)

    def legend(self) -> list[Sign]:
        """Say what stands for what."""
        return []

    def draw(self, axes: Any, letters: Lettering) -> None:
        """Draw into axes."""
        plain_axes(axes)
        axes.grid(visible=False, axis="y")
        axes.axvline(self.zero, color=QUIET, linewidth=1, linestyle=(0, (4, 3)))
        for place, row in enumerate(self.rows):
            ends = [end for end in (row.low, row.high) if end is not None and np.isfinite(end)]
            if len(ends) == 2:
                axes.plot(ends, [place, place], color=BLUE if place else INK, linewidth=2.2, solid_capstyle="butt")
            axes.plot([row.value], [place], marker="D", markersize=6, color=BLUE if place else INK)
            style = {"va": "center", "fontsize": 9, "color": INK, "family": letters.families}
            text = f"{number(row.value)} [{number(row.low)}, {number(row.high)}]"
            where = {"xycoords": axes.get_yaxis_transform(), "annotation_clip": False}
            axes.annotate(text, (1.02, place), **where, **style)
        names = [letters(row.name) for row in self.rows]
        axes.set_yticks(range(len(names)), names, family=letters.families, parse_math=False)
        axes.set_ylim(max(len(self.rows), 1) - 0.5, -0.5)
        axes.margins(x=0.06)
        label_axes(axes, letters, self.x, "")

    def to_json(self) -> dict[str, Any]:
        """Give the numbers and words as JSON-ready values."""
        names = ("value", "low", "high")
        rows = [{"name": row.name} | {n: finite_or_none(getattr(row, n)) for n in names} for row in self.rows]
        return {"kind": "forest", "x": self.x, "zero": self.zero, "rows": rows}
