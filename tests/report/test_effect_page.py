"""The drawing of a graph: every node, no arrow through a box, nothing that could be injected."""

from __future__ import annotations

import re

from contrafact import Graph
from contrafact.report.graph_drawing import GraphDrawing, drawn_graph, legend


def test_every_node_and_edge_is_drawn_and_roles_have_colours():
    graph = Graph("W -> Z -> X -> Y; W <-> X; W <-> Y; U [latent]; U -> Y")
    drawn = drawn_graph(graph, {"X": "treatment", "Y": "outcome", "Z": "adjusted"})
    assert all(f">{node}</text>" in drawn for node in graph) and drawn.count("url(#head)") == 4
    assert drawn.count('marker-start="url(#quiet)"') == 2 and 'stroke-dasharray="4 3"' in drawn
    assert "blue: treatment" in legend({"X": "treatment"})


def test_a_graph_can_be_a_file_of_its_own():
    from xml.parsers.expat import ParserCreate

    drawn = GraphDrawing(graph=Graph("X -> Y; X <-> Y"), roles={"X": "set"}).svg()
    assert drawn.startswith(b'<svg xmlns="http://www.w3.org/2000/svg"') and b"background: #fff" in drawn
    ParserCreate().Parse(drawn, True)  # raises where it is no XML


def test_causes_stand_left_of_consequences():
    drawn = drawn_graph(Graph("A -> B -> C; A -> C"), {})
    places = dict(re.findall(r'<text x="([\d.]+)"[^>]*>(\w)</text>', drawn))
    order = [name for _, name in sorted((float(x), name) for x, name in places.items())]
    assert order == ["A", "B", "C"]


def test_an_arc_goes_under_a_box_that_stands_above_its_node():
    graph = Graph(
        "income -> rise; used -> rise; income -> default; used -> default; history -> default; rise -> default"
    )
    crowded = Graph(f"{graph}; branch -> rise; rise <-> default")
    drawn = drawn_graph(crowded, {})
    heights = {name: float(y) for y, name in re.findall(r'y="([\d.]+)" [^>]*>(\w+)</text>', drawn)}
    peak = float(re.search(r'd="M[^C]*C[\d.-]+,([\d.-]+)[^>]*stroke-dasharray="5 4"', drawn)[1])
    assert heights["history"] < heights["rise"] < peak


def test_names_are_escaped_and_an_empty_or_lonely_graph_is_drawn():
    assert "<script>" not in drawn_graph(Graph('"<script>x</script>" -> Y'), {})
    assert "年龄" in drawn_graph(Graph("年龄 -> 血压"), {}) and "<svg" in drawn_graph(Graph("X"), {})


def test_what_points_to_a_node_that_is_set_is_drawn_as_cut():
    graph = Graph("Z -> X -> Y; Z <-> X")
    whole, cut = drawn_graph(graph, {}), drawn_graph(graph, {"X": "set", "Y": "changed"})
    assert 'stroke-dasharray="1.5 4"' not in whole and cut.count('stroke-dasharray="1.5 4"') == 2
    assert "blue: set" in legend({"X": "set"}) and "orange: follows" in legend({"Y": "changed"})
