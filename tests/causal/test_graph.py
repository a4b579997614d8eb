"""Graphs are read from what people write, refused with the line that is wrong, and never change."""

from __future__ import annotations

import pickle

import networkx as nx
import numpy as np
import pytest
from oracles import random_graph

import contrafact
from contrafact.base.errors import ContrafactError, DataError, UsageError
from contrafact.causal.graph import Graph

NAPKIN = "W -> Z; Z -> X; X -> Y; W <-> X; W <-> Y"


@pytest.mark.parametrize(
    "text",
    [
        "W -> Z -> X -> Y; W <-> X; W <-> Y",
        "W → Z\nZ → X  # a comment\nY ← X\n\nW ↔ X; W <-> Y",
        ["W -> Z", ("Z", "X"), ("Y", "<-", "X"), ("W", "<->", "X"), "W <-> Y"],
        "digraph { W -> Z -> X; X -> Y [weight=2]; W -> X [dir=both]; Y -> W [dir=both, style=dashed] }",
        'strict digraph "g" {rankdir=LR; node [shape=box]; W->Z; Z->X; X->Y; W<->X; W<->Y;}',
        "digraph { subgraph cluster_0 { label=early; W; Z; } W -> Z -> X; X -> Y; {X Y} -> W [dir=both] }",
        'dag { W [pos="0,1"]\n X [exposure] Y [outcome]\n W -> Z Z -> X\n X -> Y\n W <-> X W <-> Y }',
        "<NODES>\nW\nZ\nX\nY\n\n<EDGES>\nW -> Z\nZ -> X\nX -> Y\nW <-> X\nW <-> Y\n",
        'graph [ directed 1\n node [ id 0 label "W" ] node [ id 1 label "Z" ]\n node [ id 2 label "X" ]\n'
        ' node [ id 3 label "Y" ]\n edge [ source 0 target 1 ] edge [ source 1 target 2 ] edge [ source 2 target 3 ]\n'
        ' edge [ source 0 target 2 bidirected 1 ] edge [ source 0 target 3 dir "both" ] ]',
    ],
    ids=["statements", "arrows and lines", "a list", "DOT", "DOT tight", "DOT grouped", "DAGitty", "cg", "GML"],
)
def test_every_format_gives_the_same_graph(text):
    assert Graph(text) == Graph(NAPKIN)


def test_a_graph_is_written_and_read_back_in_every_format():
    graph = Graph('"blood pressure" -> 年龄; U [latent]; U -> {年龄, K}; K <-> "say \\"hi\\""; alone; digraph2 -> K')
    assert Graph(str(graph)) == Graph.from_dot(graph.to_dot()) == Graph.from_dagitty(graph.to_dagitty()) == graph
    assert repr(Graph("a -> b")) == "Graph('a -> b')" and "&lt;" in Graph("a <-> b")._repr_html_()


def test_networkx_graphs_are_taken_over_with_hidden_nodes_and_double_arrows():
    drawn = nx.MultiDiGraph([("X", "Y")])
    drawn.add_edge("X", "Y", dir="both")
    drawn.add_node("U", observed="no")
    drawn.add_edge("U", "X")
    assert Graph.from_networkx(drawn) == Graph("X -> Y; X <-> Y; U -> X", latent="U")
    with pytest.raises(DataError, match="undirected"):
        Graph.from_networkx(nx.Graph([("X", "Y")]))


def test_files_are_read_by_what_is_in_them(tmp_path):
    (tmp_path / "graph.txt").write_text("年龄 -> 血压", encoding="utf-8")
    assert Graph.read(tmp_path / "graph.txt").nodes == ("年龄", "血压") == Graph(tmp_path / "graph.txt").nodes
    bif = "network x {}\nvariable A {\n type discrete [ 2 ] { a, b };\n}\nvariable B {\n}\nprobability ( A ) {\n}\n"
    (tmp_path / "net.bif").write_text(bif + "probability ( B | A ) {\n}\n")
    assert Graph.read(str(tmp_path / "net.bif")) == Graph("A -> B")
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9 -> b")
    for name, code in (("latin.txt", "E208"), ("nowhere.txt", "E202")):
        with pytest.raises(DataError) as caught:
            Graph.read(tmp_path / name)
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("X -> Y\nY -> Z\nZ -> X", "E502", "X -> Y -> Z -> X (closed in line 3)"),
        ("a -> b\nX -> X", "E503", "line 2"),
        ("X <-> X", "E503", "line 1"),
        ("X -> Y\nW -> X\nX -> Y", "E504", "line 1 and line 3"),
        ("X <-> Y; Y <-> X", "E504", "twice"),
        (["X -> Y", ("X", "Y")], "E504", "item 1 and item 2"),
        ("X -> ", "E501", "leads nowhere"),
        ("blood pressure -> Y", "E501", "from 'pressure' on"),
        ("X -- Y", "E501", "without a known direction"),
        ("X o-> Y", "E501", "without a known direction"),
        ("X -> Y, Z", "E501", "from ','"),
        ("X -> Y }", "E501", "cannot be read"),
        ("dag { X -> Y", "E501", "never closed"),
        ("pdag { X -> Y }", "E501", "without a known direction"),
        ("X [latent", "E501", "never closes"),
        ([("X", "?", "Y")], "E501", "Item 1"),
        ([3], "E501", "no edge"),
        ("<NODES>\nX\n<EDGES>\nX -> Y\n", "E501", "names 'Y'"),
        ("graph [ directed 0 node [ id 0 ] ]", "E501", "undirected"),
        ("graph [ node [ id 0 ] edge [ source 0 target 7 ] ]", "E501", "not there"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text, code, says):
    with pytest.raises(ContrafactError) as caught:
        Graph(text)
    assert caught.value.code == code and says in caught.value.what + caught.value.why, caught.value


def test_an_unknown_node_is_guessed_at():
    with pytest.raises(UsageError, match="Did you mean dose") as caught:
        Graph("dose -> pain").parents("dsoe")
    assert caught.value.code == "E505"
    with pytest.raises(UsageError):
        Graph("X -> Y", latent=["U"])


def test_a_graph_never_changes_and_can_be_compared_hashed_and_sent():
    graph = Graph(NAPKIN)
    with pytest.raises(AttributeError, match="never changes"):
        graph.nodes = ()
    assert graph == pickle.loads(pickle.dumps(graph)) and hash(graph) == hash(Graph(NAPKIN))  # noqa: S301
    assert Graph(graph) == graph and Graph(graph, latent="W").latent == {"W"}
    assert graph != Graph("W -> Z") and len(graph) == 4 and "W" in graph and list(graph) == list(graph.nodes)


def test_families_districts_and_mutilations():
    graph = Graph(NAPKIN)
    assert graph.parents("X") == {"Z"} and graph.children("Z") == {"X"} and graph.spouses("W") == {"X", "Y"}
    assert graph.ancestors("X") == {"W", "Z", "X"} and graph.descendants(["Z"]) == {"Z", "X", "Y"}
    assert set(graph.districts) == {frozenset("WXY"), frozenset("Z")} and graph.district("Y") == set("WXY")
    assert graph.without_into("X") == Graph("W -> Z; X -> Y; W <-> Y")
    assert graph.without_out_of("X") == Graph("W -> Z -> X; Y; W <-> X; W <-> Y")
    assert graph.subgraph(["W", "X"]) == Graph("W <-> X")
    assert graph.moral()["Z"] == {"W", "X", "Y"}  # the district of W, X and Y has Z among its parents


def test_the_order_puts_causes_first_and_keeps_what_was_written():
    assert Graph("b -> a; d; c -> a").order == ("b", "d", "c", "a")
    random = np.random.default_rng(0)
    for _ in range(20):
        graph = random_graph(random, 7)
        place = graph.order.index
        assert all(place(a) < place(b) for a, b in graph.directed)


@pytest.mark.parametrize(
    ("text", "latent", "expected"),
    [
        ("U -> X; U -> Y", "U", "X <-> Y"),
        ("X -> U -> Y", "U", "X -> Y"),
        ("X -> U; U -> Y; U -> Z", "U", "X -> Y; X -> Z; Y <-> Z"),
        ("V -> U; U -> Y; V -> X", ["U", "V"], "X <-> Y"),
        ("U <-> Z; U -> Y", "U", "Z <-> Y"),
        ("X -> U <- Y", "U", "X; Y"),
        ("X -> Y; U -> X; U -> Y; W <-> X", "U", "X -> Y; X <-> Y; W <-> X"),
    ],
)
def test_hidden_nodes_are_projected_out(text, latent, expected):
    assert Graph(text, latent=latent).projected() == Graph(expected)


def test_the_name_is_public_and_light():
    assert contrafact.Graph is Graph
