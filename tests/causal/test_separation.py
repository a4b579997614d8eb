"""Separation agrees with an independent implementation on graphs whose hidden causes are drawn as nodes."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest
from oracles import random_graph

from contrafact.causal.graph import Graph
from contrafact.causal.separation import bidirected_path, minimal_separator, open_path, separated


def drawn(graph: Graph) -> nx.DiGraph:
    """Draw every hidden cause as a node."""
    made = nx.DiGraph(graph.directed)
    made.add_nodes_from(graph.nodes)
    for place, (a, b) in enumerate(graph.bidirected):
        made.add_edges_from([(f"~{place}", a), (f"~{place}", b)])
    return made


@pytest.mark.parametrize("seed", range(12))
def test_separation_is_what_networkx_finds_with_hidden_causes_as_nodes(seed):
    random = np.random.default_rng(seed)
    graph = random_graph(random, 6)
    other = drawn(graph)
    for one, two in itertools.combinations(graph.nodes, 2):
        rest = [node for node in graph.nodes if node not in (one, two)]
        for size in range(len(rest) + 1):
            for given in itertools.combinations(rest, size):
                expected = nx.is_d_separator(other, {one}, {two}, set(given))
                assert separated(graph, one, two, given) == expected
                assert bool(open_path(graph, one, two, given)) != expected


@pytest.mark.parametrize("seed", range(8))
def test_projection_keeps_every_separation_of_the_nodes_that_are_left(seed):
    random = np.random.default_rng(seed)
    graph = random_graph(random, 7)
    hidden = set(graph.nodes[:2])
    whole, seen = Graph(str(graph), latent=hidden), Graph(str(graph), latent=hidden).projected()
    for one, two in itertools.combinations(seen.nodes, 2):
        rest = [node for node in seen.nodes if node not in (one, two)]
        for given in itertools.chain.from_iterable(itertools.combinations(rest, k) for k in range(3)):
            assert separated(whole, one, two, given) == separated(seen, one, two, given)


@pytest.mark.parametrize("seed", range(8))
def test_a_minimal_separator_separates_and_loses_that_with_any_node(seed):
    graph = random_graph(np.random.default_rng(seed), 6)
    for one, two in itertools.combinations(graph.nodes, 2):
        rest = [node for node in graph.nodes if node not in (one, two)]
        found = minimal_separator(graph, one, two)
        subsets = itertools.chain.from_iterable(itertools.combinations(rest, k) for k in range(len(rest) + 1))
        assert (found is not None) == any(separated(graph, one, two, given) for given in subsets)
        if found is not None:
            assert separated(graph, one, two, found)
            assert not any(separated(graph, one, two, found - {node}) for node in found)


def test_paths_are_written_with_their_arrows():
    graph = Graph("W -> Z -> X -> Y; W <-> X; W <-> Y")
    assert open_path(graph, "Z", "Y", "X") == "Z <- W <-> Y"
    assert open_path(Graph("X -> Z <- Y"), "X", "Y") == ""
    assert open_path(Graph("X -> Z <- Y; Z -> D"), "X", "Y", "D") == "X -> Z <- Y"
    assert bidirected_path(graph, "X", "Y", set("WXY")) == ["X", "W", "Y"]
    assert bidirected_path(graph, "X", "Z", set("WXYZ")) == []


def test_the_time_grows_with_the_graph_and_no_faster():
    nodes = [f"n{i}" for i in range(3000)]
    chain = Graph(list(itertools.pairwise(nodes)))
    assert not separated(chain, nodes[0], nodes[-1]) and separated(chain, nodes[0], nodes[-1], nodes[1500])
