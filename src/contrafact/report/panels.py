"""Items to look at: clouds of points, histograms, pictures, and strips of them over time."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from contrafact.base.thumbnail import sheet
from contrafact.report.drawing import INK, ORANGE, Drawing, Sign, bare_axes, label_axes, listed, plain_axes
from contrafact.report.lettering import Lettering
from contrafact.report.lines import Mark, draw_mark


@dataclass(frozen=True, kw_only=True, eq=False)
class Cloud:
    """Points of one origin, and how they are told apart."""

    name: str
    points: np.ndarray
    color: str = ORANGE


@dataclass(frozen=True, kw_only=True, eq=False)
class Scatter:
    """Clouds of points in the plane, the later ones on top.

    Arguments:
        clouds: The clouds; points are an array of two columns.
        x: Label of the horizontal axis; without labels there are no ticks.
        y: Label of the vertical axis.
        limits: Left, right, bottom and top of the frame, or None to show all.
    """

    clouds: tuple[Cloud, ...]
    x: str = ""
    y: str = ""
    limits: tuple[float, float, float, float] | None = None

    @property
    def height(self) -> float:
        """Height in inches for a width of seven."""
        return 4.4

    def words(self) -> Iterator[str]:
        """Give every text that will be drawn."""
        yield from (self.x, self.y)
        yield from (cloud.name for cloud in self.clouds)

    def legend(self) -> list[Sign]:
        """Say what stands for what."""
        return [Sign(name=cloud.name, color=cloud.color, look="dot") for cloud in self.clouds]

    def draw(self, axes: Any, letters: Lettering) -> None:
        """Draw into axes."""
        small = not (self.x or self.y)
        plain_axes(axes)
        for cloud in self.clouds:
            area = (2.5 if small else 9) * min(1, 1000 / max(len(cloud.points), 1)) + 1
            axes.scatter(*cloud.points.T, s=area, color=cloud.color, alpha=0.45, linewidths=0, rasterized=True)
        if self.limits:
            axes.set_xlim(*self.limits[:2])
            axes.set_ylim(*self.limits[2:])
        axes.set_box_aspect(1)
        if small:
            bare_axes(axes)
        label_axes(axes, letters, self.x, self.y)

    def to_json(self) -> dict[str, Any]:
        """Give the numbers and words as JSON-ready values."""
        clouds = [
            {"name": cloud.name, "x": listed(cloud.points[:, 0]), "y": listed(cloud.points[:, 1])}
            for cloud in self.clouds
        ]
        return {"kind": "scatter", "x": self.x, "y": self.y, "clouds": clouds, "limits": self.limits}


@dataclass(frozen=True, kw_only=True, eq=False)
class Histograms:
    """Single numbers of one or more origins, counted in the same bins.

    Arguments:
        clouds: The origins; points are flat arrays.
        edges: Edges of the bins.
        x: Label of the horizontal axis; without one there are no ticks.
        marks: Vertical lines at places worth noticing.
    """

    clouds: tuple[Cloud, ...]
    edges: np.ndarray
    x: str = ""
    marks: tuple[Mark, ...] = ()

    @property
    def height(self) -> float:
        """Height in inches for a width of seven."""
        return 2.9

    def words(self) -> Iterator[str]:
        """Give every text that will be drawn."""
        yield self.x
        yield from (cloud.name for cloud in self.clouds)
        yield from (mark.name for mark in self.marks)

    def legend(self) -> list[Sign]:
        """Say what stands for what."""
        return [Sign(name=cloud.name, color=cloud.color) for cloud in self.clouds]

    def shares(self) -> list[np.ndarray]:
        """Give the share of each origin's points in each bin."""
        counts = [np.histogram(cloud.points, self.edges)[0] for cloud in self.clouds]
        return [count / max(len(cloud.points), 1) for count, cloud in zip(counts, self.clouds, strict=True)]

    def draw(self, axes: Any, letters: Lettering) -> None:
        """Draw into axes."""
        plain_axes(axes)
        for share, cloud in zip(self.shares(), self.clouds, strict=True):
            axes.stairs(share, self.edges, color=cloud.color, fill=True, alpha=0.2)
            axes.stairs(share, self.edges, color=cloud.color, linewidth=1.3)
        for mark in self.marks:
            draw_mark(axes, letters, mark)
        if not self.x:
            bare_axes(axes)
        label_axes(axes, letters, self.x, "share of items" if self.x else "")

    def to_json(self) -> dict[str, Any]:
        """Give the numbers and words as JSON-ready values."""
        shares = [
            {"name": cloud.name, "y": listed(share)} for cloud, share in zip(self.clouds, self.shares(), strict=True)
        ]
        marks = {"marks": [{"name": mark.name, "x": mark.x} for mark in self.marks]} if self.marks else {}
        return {"kind": "histograms", "x": self.x, "edges": listed(self.edges), "clouds": shares, **marks}


@dataclass(frozen=True, kw_only=True, eq=False)
class Pictures:
    """A grid of pictures.

    Arguments:
        items: Pictures of bytes: count x height x width, and maybe x channels.
        columns: Pictures in a row.
    """

    items: np.ndarray
    columns: int = 8

    @property
    def height(self) -> float:
        """Height in inches for a width of seven."""
        high, wide = self.sheet().shape[:2]
        return float(min(max(6.4 * high / max(wide, 1), 1), 8))

    def words(self) -> Iterator[str]:
        """Give every text that will be drawn."""
        yield from ()

    def legend(self) -> list[Sign]:
        """Say what stands for what."""
        return []

    def sheet(self) -> np.ndarray:
        """Lay the pictures out on one white sheet."""
        return sheet(self.items, self.columns)

    def draw(self, axes: Any, letters: Lettering) -> None:
        """Draw into axes."""
        axes.imshow(self.sheet(), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axes.set_axis_off()

    def to_json(self) -> dict[str, Any]:
        """Give the numbers and words as JSON-ready values."""
        pixels = base64.b64encode(np.ascontiguousarray(self.items, dtype=np.uint8).tobytes()).decode()
        return {"kind": "pictures", "shape": list(self.items.shape), "bytes": pixels, "columns": self.columns}


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Rows of pictures, each with its name.

    Arguments:
        names: What stands at the left of each row.
        items: Pictures of bytes, row by row, as many in each.
    """

    names: tuple[str, ...]
    items: np.ndarray

    @property
    def _pictures(self) -> Pictures:
        return Pictures(items=self.items, columns=len(self.items) // max(len(self.names), 1))

    @property
    def height(self) -> float:
        """Height in inches for a width of seven."""
        return self._pictures.height

    def words(self) -> Iterator[str]:
        """Give every text that will be drawn."""
        yield from self.names

    def legend(self) -> list[Sign]:
        """Say what stands for what."""
        return []

    def draw(self, axes: Any, letters: Lettering) -> None:
        """Draw into axes."""
        sheet = self._pictures.sheet()
        axes.imshow(sheet, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        bare_axes(axes)
        for spine in axes.spines.values():
            spine.set_visible(False)
        pitch = (len(sheet) - self.items.shape[1]) / max(len(self.names) - 1, 1)
        labels = [letters(name) for name in self.names]
        axes.set_yticks([pitch * row + self.items.shape[1] / 2 - 0.5 for row in range(len(self.names))], labels)
        for label in axes.get_yticklabels():
            label.set(parse_math=False, family=letters.families, fontsize=9, color=INK)
        axes.tick_params(length=0)

    def to_json(self) -> dict[str, Any]:
        """Give the numbers and words as JSON-ready values."""
        return {**self._pictures.to_json(), "kind": "rows", "names": list(self.names)}


@dataclass(frozen=True, kw_only=True, eq=False)
class Strip:
    """Small drawings in order, like the frames of a film.

    Arguments:
        frames: A title and a drawing each.
        columns: Frames in a row.
    """

    frames: tuple[tuple[str, Drawing], ...]
    columns: int = 4

    @property
    def height(self) -> float:
        """Height in inches for a width of seven."""
        return -(-len(self.frames) // self.columns) * 7.2 / self.columns + 0.2

    def words(self) -> Iterator[str]:
        """Give every text that will be drawn."""
        for title, drawing in self.frames:
            yield title
            yield from drawing.words()

    def legend(self) -> list[Sign]:
        """Say what stands for what."""
        signs = [sign for _, drawing in self.frames for sign in drawing.legend()]
        return list({sign.name: sign for sign in signs}.values())

    def draw(self, axes: Any, letters: Lettering) -> None:
        """Draw into the place of these axes."""
        rows = -(-len(self.frames) // self.columns)
        cells = axes.get_subplotspec().subgridspec(max(rows, 1), self.columns)
        canvas = axes.get_figure()
        axes.remove()
        for place, (title, drawing) in enumerate(self.frames):
            frame = canvas.add_subplot(cells[place // self.columns, place % self.columns])
            drawing.draw(frame, letters)
            frame.set_title(letters(title), parse_math=False, family=letters.families, fontsize=9, pad=4)

    def to_json(self) -> dict[str, Any]:
        """Give the numbers and words as JSON-ready values."""
        frames = [{"title": title, **drawing.to_json()} for title, drawing in self.frames]
        return {"kind": "strip", "frames": frames, "columns": self.columns}
