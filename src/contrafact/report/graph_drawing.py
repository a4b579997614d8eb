"""A causal graph as a drawing: causes on the left, consequences on the right, hidden common causes as dashed arcs.

Each node stands one column right of its last cause (the longest path); within columns nodes are moved next to what they
are tied to, back and forth, as Sugiyama, Tagawa and Toda (1981) do.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from statistics import fmean

from contrafact.causal.graph import Graph
from contrafact.report.drawing import BLUE, GREEN, INK, ORANGE, QUIET
from contrafact.report.markup import Html, element, shorten
from contrafact.report.page import Section, section

ACROSS, DOWN, HIGH, LETTER, EDGE, SWEEPS, LONGEST = 72, 66, 32, 8.2, 24, 4, 22
BENDS, STEPS = (0.0, 0.5, -0.5, 0.85, -0.85, 1.3, -1.3, 1.8, -1.8, 2.5, -2.5, 3.5, -3.5), 24
HIGHER = (0.0, 25.0, 50.0, 90.0, 140.0)  # by how much an arc may rise to pass over a box
MOST_NODES = 60  # that are drawn; the lines of a larger graph cannot be followed
ASSUMED = "What is assumed: every arrow that is not drawn, and every hidden cause that is not."
Point = tuple[float, float]
COLOURS = {
    "treatment": BLUE,
    "outcome": ORANGE,
    "adjusted": GREEN,
    "through": GREEN,
    "set": BLUE,
    "changed": ORANGE,
}
NAMES = {BLUE: "blue", ORANGE: "orange", GREEN: "green"}
WORDS = {
    "treatment": "treatment",
    "outcome": "outcome",
    "adjusted": "adjusted for",
    "through": "mediator or instrument that is used",
    "set": "set: the arrows into it are cut, drawn dotted",
    "changed": "follows from what is set",
}


@dataclass(frozen=True, kw_only=True)
class GraphDrawing:
    """A graph as a file of its own.

    Arguments:
        graph: The graph.
        roles: As in `drawn_graph`.
    """

    graph: Graph
    roles: Mapping[str, str] = field(default_factory=dict)

    def svg(self) -> bytes:
        """Draw it as an SVG file, on white: what is black on a dark page cannot be read."""
        drawn = str(drawn_graph(self.graph, self.roles))
        own = drawn.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
        return own.replace('style="', 'style="background: #fff; ', 1).encode()


def graph_section(graph: Graph | None, roles: Mapping[str, str], told: str) -> Iterator[Section]:
    """Show a graph as a part of a page: drawn, or as text where it is large; nothing where there is none.

    Arguments:
        graph: The graph.
        roles: As in `drawn_graph`.
        told: What to see in it.
    """
    if graph is None:
        return
    if len(graph) > MOST_NODES:
        yield section("The graph", element("pre", str(graph)))
        return
    signs = legend(roles)
    caption = element("figcaption", element("strong", told), f" {signs[0].upper()}{signs[1:]}.")
    sheet = element("div", drawn_graph(graph, roles), class_="sheet")
    yield section("The graph", element("figure", caption, sheet))


def drawn_graph(graph: Graph, roles: Mapping[str, str]) -> Html:
    """Draw a graph as an element.

    Arguments:
        graph: The graph.
        roles: treatment, outcome, adjusted, through, set or changed, for the nodes that play a part. What points to
            a node that is set is drawn dotted.
    """
    names = {node: shorten(node, LONGEST) for node in graph.nodes}
    widths = {
        node: max(46.0, LETTER * sum(2 if ord(c) > 0x2E80 else 1 for c in name) + 22) for node, name in names.items()
    }
    places = _places(graph, widths)
    right = max((x + widths[n] / 2 for n, (x, _) in places.items()), default=0) + EDGE
    below = max((y for _, y in places.values()), default=0) + HIGH / 2 + EDGE
    cut = {node for node, role in roles.items() if role == "set"}
    boxed = {places[node]: widths[node] for node in graph}
    arcs = [_arc(places[a], places[b], boxed, cut=bool({a, b} & cut)) for a, b in graph.bidirected]
    arrows = [_arrow(places[a], places[b], widths, places, cut=b in cut) for a, b in graph.directed]
    heights = [y for _, passed in (*arcs, *arrows) for y in passed]
    below, lift = max([below, *(y + 8 for y in heights)]), max([0.0, *(8 - y for y in heights)])
    boxes = [
        _box(node, names[node], places[node], widths[node], roles.get(node), node in graph.latent) for node in graph
    ]
    told = f"Graph: {graph}"
    return element(
        "svg",
        element("title", told),
        _heads(),
        *(arc for arc, _ in arcs),
        *(arrow for arrow, _ in arrows),
        *boxes,
        viewBox=f"0 {-lift:.0f} {right:.0f} {below + lift:.0f}",
        width=f"{min(1.25 * right, 860):.0f}",
        role="img",
        style="max-width: 100%; height: auto; font-family: system-ui, 'Noto Sans', 'Microsoft YaHei', sans-serif",
    )


def legend(roles: Mapping[str, str]) -> str:
    """Say what the colours stand for."""
    there = dict.fromkeys(role for role in WORDS if role in roles.values())
    told = [f"{NAMES[COLOURS[role]]}: {WORDS[role]}" for role in there]
    return "; ".join([*told, "dashed arcs: hidden common causes"])


def _places(graph: Graph, widths: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    rank: dict[str, int] = {}
    for node in graph.order:
        rank[node] = max((rank[parent] + 1 for parent in graph.parents(node)), default=0)
    for node in reversed(graph.order):  # roots move next to what they cause
        children = graph.children(node)
        if children and not graph.parents(node):
            rank[node] = min(rank[child] for child in children) - 1
    columns: dict[int, list[str]] = {}
    for node in graph.order:
        columns.setdefault(rank[node], []).append(node)
    ordered = [columns[key] for key in sorted(columns)]
    heights = _settled(graph, ordered)
    found, x = {}, float(EDGE)
    for column in ordered:
        wide = max(widths[node] for node in column)
        for node in column:
            found[node] = (x + wide / 2, EDGE + HIGH / 2 + DOWN * heights[node])
        x += wide + ACROSS
    return found


def _settled(graph: Graph, columns: list[list[str]]) -> dict[str, float]:
    """Give each node a height, near those of its neighbours, and one step from the others of its column."""
    beside = {n: graph.parents(n) | graph.children(n) | graph.spouses(n) for n in graph}
    heights = {node: float(place) for column in columns for place, node in enumerate(column)}
    most = max((len(column) for column in columns), default=1)
    for sweep in range(SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            wanted = {n: fmean(heights[b] for b in beside[n]) if beside[n] else heights[n] for n in column}
            column.sort(key=lambda node: (wanted[node], heights[node]))
            start = (most - len(column)) / 2
            for place, node in enumerate(column):
                heights[node] = start + place
    return heights


def _heads() -> Html:
    parts = [
        element(
            "marker",
            element("path", d="M0,0 L8,4 L0,8 z", fill=colour),
            id=name,
            viewBox="0 0 8 8",
            refX="7.5",
            refY="4",
            markerWidth="8",
            markerHeight="8",
            orient="auto-start-reverse",
        )
        for name, colour in (("head", INK), ("quiet", QUIET))
    ]
    return element("defs", *parts)


def _box(node: str, name: str, place: tuple[float, float], width: float, role: str | None, hidden: bool) -> Html:
    x, y = place
    colour = COLOURS.get(role or "", QUIET)
    place_of = {
        "x": f"{x - width / 2:.1f}",
        "y": f"{y - HIGH / 2:.1f}",
        "width": f"{width:.1f}",
        "height": HIGH,
        "rx": 8,
    }
    paper = element("rect", **place_of, fill="#fff")  # an arc behind the box must not run through its name
    frame = element(
        "rect",
        **place_of,
        fill="#fff" if role is None else f"{colour}22",
        stroke=colour,
        stroke_width=2 if role else 1,
        stroke_dasharray="4 3" if hidden else None,
    )
    words = element("text", name, x=f"{x:.1f}", y=f"{y + 4.8:.1f}", text_anchor="middle", font_size=14, fill=INK)
    return element("g", element("title", node), paper, frame, words)


def _arrow(
    start: tuple[float, float],
    end: tuple[float, float],
    widths: Mapping[str, float],
    places: Mapping[str, tuple[float, float]],
    *,
    cut: bool = False,
) -> tuple[Html, list[float]]:
    """Draw an arrow, bent around the boxes that stand in its way, and say which heights it passes."""
    wide = {place: widths[node] for node, place in places.items()}
    x1, y1 = start[0] + wide[start] / 2, start[1]
    x2, y2 = end[0] - wide[end] / 2 - 1, end[1]
    others = {place: width for place, width in wide.items() if place not in (start, end)}
    curves = (_curve((x1, y1), (x2, y2), bend * DOWN) for bend in BENDS)
    corners = next((c for c in curves if _free(c, others)), _curve((x1, y1), (x2, y2), 0.0))
    path = f"M{corners[0][0]:.1f},{corners[0][1]:.1f} C" + " ".join(f"{x:.1f},{y:.1f}" for x, y in corners[1:])
    dots = {"stroke": QUIET, "stroke_dasharray": "1.5 4", "marker_end": "url(#quiet)"}
    look = dots if cut else {"stroke": INK, "marker_end": "url(#head)"}
    drawn = element("path", d=path, fill="none", stroke_width=1.4, **look)
    return drawn, [y for _, y in _along(corners)]


def _curve(start: Point, end: Point, bend: float) -> tuple[Point, Point, Point, Point]:
    """Give the corners of a cubic curve that swings aside by some distance."""
    third = (end[0] - start[0]) / 3
    aside = bend * 4 / 3
    slope = (end[1] - start[1]) / 3
    return start, (start[0] + third, start[1] + slope + aside), (end[0] - third, end[1] - slope + aside), end


def _along(corners: tuple[Point, Point, Point, Point]) -> list[Point]:
    found = []
    for step in range(1, STEPS):
        t = step / STEPS
        shares = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
        x, y = (sum(s * corner[axis] for s, corner in zip(shares, corners, strict=True)) for axis in (0, 1))
        found.append((x, y))
    return found


def _free(corners: tuple[Point, Point, Point, Point], boxes: Mapping[Point, float]) -> bool:
    return not any(
        abs(x - place[0]) < width / 2 + 6 and abs(y - place[1]) < HIGH / 2 + 5
        for x, y in _along(corners)
        for place, width in boxes.items()
    )


def _arc(start: Point, end: Point, boxes: Mapping[Point, float], *, cut: bool = False) -> tuple[Html, list[float]]:
    """Draw a hidden common cause above its two nodes, or under them where boxes stand in its way.

    Returns:
        The arc, and which heights it passes.
    """
    others = {place: width for place, width in boxes.items() if place not in (start, end)}
    bows = [_bow(start, end, side, higher) for side in (-1, 1) for higher in HIGHER]
    corners = next((bow for bow in bows if _free(bow, others)), bows[0])
    path = f"M{corners[0][0]:.1f},{corners[0][1]:.1f} C" + " ".join(f"{x:.1f},{y:.1f}" for x, y in corners[1:])
    arc = element(
        "path",
        d=path,
        fill="none",
        stroke=QUIET,
        stroke_width=1.4,
        stroke_dasharray="1.5 4" if cut else "5 4",
        marker_end="url(#quiet)",
        marker_start="url(#quiet)",
    )
    return arc, [y for _, y in _along(corners)]


def _bow(start: Point, end: Point, side: int, higher: float) -> tuple[Point, Point, Point, Point]:
    """Give the corners of an arc between two boxes: above them where the side is -1, else under them."""
    (x1, y1), (x2, y2) = sorted((start, end))
    tall = 26 + 0.16 * math.hypot(x2 - x1, y2 - y1) + higher
    edge1, edge2 = (y + side * (HIGH / 2 + 1) for y in (y1, y2))
    peak = (min(edge1, edge2) if side < 0 else max(edge1, edge2)) + side * tall
    shift = 18 if abs(x2 - x1) < 1 else 0
    inner = 12 + 4 * shift
    return (x1 + shift, edge1), (x1 + inner, peak), (x2 + 4 * shift - 12, peak), (x2 + shift, edge2)
