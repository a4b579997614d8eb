"""What all drawings share: the palette, the look of axes, and what a drawing must be able to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from contrafact.base.records import finite_or_none
from contrafact.report.lettering import Lettering

# Okabe and Ito's palette, which the colour-blind can tell apart; its yellow is too pale for lines on white.
BLUE, ORANGE, GREEN, PURPLE, SKY, AMBER = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"
PALETTE = (BLUE, ORANGE, GREEN, PURPLE, SKY, AMBER)
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (5, 2, 1, 2)))
INK, QUIET, FAINT = "#222222", "#6b6b6b", "#dedede"


@dataclass(frozen=True, kw_only=True)
class Sign:
    """One entry of a legend."""

    name: str
    color: str
    look: Literal["line", "dot"] = "line"
    dash: Any = "-"


class Drawing(Protocol):
    """What can be drawn into axes."""

    @property
    def height(self) -> float:
        """Height in inches for a width of seven."""
        ...

    def words(self) -> Iterator[str]:
        """Give every text that will be drawn."""
        ...

    def legend(self) -> list[Sign]:
        """Say what stands for what."""
        ...

    def draw(self, axes: Any, letters: Lettering) -> None:
        """Draw into axes."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Give the numbers and words as JSON-ready values."""
        ...


def listed(values: Any) -> list[float | None]:
    """Write numbers as JSON can hold them."""
    return [finite_or_none(float(value)) for value in np.asarray(values, dtype=np.float64).ravel()]


def label_axes(axes: Any, letters: Lettering, x: str, y: str) -> None:
    """Name both axes."""
    style = {"parse_math": False, "family": letters.families, "fontsize": 9.5, "color": INK}
    axes.set_xlabel(letters(x), **style)
    axes.set_ylabel(letters(y), **style)


def plain_axes(axes: Any) -> None:
    """Leave what helps to read a value: two spines, quiet ticks, a faint grid."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(QUIET)
    axes.tick_params(labelsize=9, colors=QUIET, labelcolor=INK, labelfontfamily="DejaVu Sans")
    axes.grid(visible=True, color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)


def bare_axes(axes: Any) -> None:
    """Keep a thin frame only."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color(FAINT)
