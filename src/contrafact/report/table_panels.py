"""Drawings of a table's columns: real and fake outlines, levels side by side, and a square of all pairs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from contrafact.report.drawing import BLUE, FAINT, INK, ORANGE, QUIET, Sign, listed
from contrafact.report.lettering import Lettering

SIGNS = (Sign(name="real", color=BLUE), Sign(name="fake", color=ORANGE))
SMALL = 7.5


@dataclass(frozen=True, kw_only=True, eq=False)
class Outline:
    """How the cells of a column of numbers or dates lie on both sides, one outline over the other.

    Arguments:
        edges: Edges of the bins.
        real: Shares of the real cells.
        fake: Shares of the fake cells.
        ends: What stands below the left and the right edge.
    """

    edges: np.ndarray
    real: np.ndarray
    fake: np.ndarray
    ends: tuple[str, str]

    @property
    def height(self) -> float:
        """Height in inches for a width of seven."""
        return 2.4

    def words(self) -> Iterator[str]:
        """Give every text that will be drawn."""
        yield from self.ends

    def legend(self) -> list[Sign]:
        """Say what stands for what."""
        return list(SIGNS)

    def draw(self, axes: Any, letters: Lettering) -> None:
        """Draw into axes."""
        for shares, sign in zip((self.real, self.fake), SIGNS, strict=True):
            axes.stairs(shares, self.edges, color=sign.color, fill=True, alpha=0.22)
            axes.stairs(shares, self.edges, color=sign.color, linewidth=1.2)
        _quiet(axes)
        axes.set_yticks([])
        ends = [letters(end) for end in self.ends]
        axes.set_xticks([self.edges[0], self.edges[-1]], ends, parse_math=False, family=letters.families)
        for label, side in zip(axes.get_xticklabels(), ("left", "right"), strict=True):
            label.set(ha=side, fontsize=SMALL, color=QUIET)

    def to_json(self) -> dict[str, Any]:
        """Give the numbers and words as JSON-ready values."""
        shares = {"real": listed(self.real), "fake": listed(self.fake)}
        return {"kind": "outline", "edges": listed(self.edges), **shares, "ends": list(self.ends)}


@dataclass(frozen=True, kw_only=True, eq=False)
class Levels:
    """The shares of a category's commonest levels on both sides, bar beside bar.

    Arguments:
        names: The levels.
        real: Their shares among the real cells.
        fake: Their shares among the fake cells.
        signs: What the two sides are called.
    """

    names: tuple[str, ...]
    real: np.ndarray
    fake: np.ndarray
    signs: tuple[Sign, Sign] = SIGNS

    @property
    def height(self) -> float:
        """Height in inches for a width of seven."""
        return 2.4

    def words(self) -> Iterator[str]:
        """Give every text that will be drawn."""
        yield from self.names

    def legend(self) -> list[Sign]:
        """Say what stands for what."""
        return list(self.signs)

    def draw(self, axes: Any, letters: Lettering) -> None:
        """Draw into axes."""
        places = np.arange(len(self.names))
        for shares, sign, offset in zip((self.real, self.fake), self.signs, (-0.2, 0.2), strict=True):
            axes.barh(places + offset, shares, height=0.38, color=sign.color)
        _quiet(axes)
        axes.set_xticks([])
        axes.set_ylim(max(len(self.names), 1) - 0.4, -0.6)
        names = [letters(name) for name in self.names]
        axes.set_yticks(places, names, parse_math=False, family=letters.families, fontsize=SMALL, color=INK)

    def to_json(self) -> dict[str, Any]:
        """Give the numbers and words as JSON-ready values."""
        shares = {"real": listed(self.real), "fake": listed(self.fake)}
        return {"kind": "levels", "names": list(self.names), **shares}


def _quiet(axes: Any) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.tick_params(length=0, pad=2)


@dataclass(frozen=True, kw_only=True, eq=False)
class Square:
    """How far each pair of columns is from the real one, as a field of a square.

    Arguments:
        names: The columns.
        values: Differences, 0 to 1; NaN is left blank.
    """

    names: tuple[str, ...]
    values: np.ndarray

    @property
    def height(self) -> float:
        """Height in inches for a width of seven."""
        return 5.6

    def words(self) -> Iterator[str]:
        """Give every text that will be drawn."""
        yield from self.names

    def legend(self) -> list[Sign]:
        """Say what stands for what."""
        return []

    def draw(self, axes: Any, letters: Lettering) -> None:
        """Draw into axes."""
        known = self.values[~np.isnan(self.values)]
        most = max(float(known.max()), 0.05) if len(known) else 1.0
        field = axes.imshow(self.values, cmap="cividis_r", vmin=0, vmax=most, interpolation="nearest")
        names = [letters(name) for name in self.names]
        style = {"parse_math": False, "family": letters.families, "fontsize": SMALL, "color": INK}
        axes.set_xticks(range(len(names)), names, rotation=60, ha="right", rotation_mode="anchor", **style)
        axes.set_yticks(range(len(names)), names, **style)
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_color(FAINT)
        bar = axes.get_figure().colorbar(field, ax=axes, shrink=0.8, pad=0.02)
        bar.ax.tick_params(labelsize=SMALL, colors=QUIET, labelcolor=INK, labelfontfamily="DejaVu Sans")
        bar.outline.set_visible(False)

    def to_json(self) -> dict[str, Any]:
        """Give the numbers and words as JSON-ready values."""
        return {"kind": "square", "names": list(self.names), "values": [listed(row) for row in self.values]}
