"""Equalities that are no independences: named ones are found, all hold in models of the graph, and break in others."""

from __future__ import annotations

import numpy as np
import pytest
from oracles import Tables, random_graph

from contrafact.base.errors import UsageError
from contrafact.causal.graph import Graph
from contrafact.causal.implications import implications
from contrafact.causal.nested import computable, equalities

VERMA = Graph("A -> B -> C -> D; B <-> D")
NAPKIN = Graph("W -> Z -> X -> Y; W <-> X; W <-> Y")


def test_the_graph_of_verma_and_the_napkin_state_one_each():
    (found,) = equalities(VERMA)
    assert (found.of, found.causes, found.whatever) == (("D",), ("C",), ("A",))
    assert str(found) == "Σ_B P(B | A) P(D | A, B, C) is the same for every A"
    (found,) = equalities(NAPKIN)
    assert (found.of, found.causes, found.whatever) == (("Y",), ("X",), ("Z",))


@pytest.mark.parametrize(
    "text",
    [
        "X -> Y; X <-> Y",
        "Z -> X -> Y; X <-> Y",
        "X -> M -> Y; X <-> Y",
        "W -> X; W -> Z; X -> Y; Z -> Y",
        "A <-> B; B <-> C; C <-> D; D <-> A",
    ],
)
def test_graphs_that_state_independences_or_nothing_have_none(text):
    assert equalities(Graph(text)) == ()


@pytest.mark.parametrize("seed", range(12))
def test_graphs_without_hidden_causes_have_none(seed):
    assert equalities(random_graph(np.random.default_rng(seed), 6, hidden=0.0)) == ()


def test_what_is_computable_are_the_sets_of_tian_and_pearl():
    told = {"".join(sorted(part)) for part in computable(VERMA)}
    assert told == {"A", "B", "C", "D", "BD"}


def test_every_equality_holds_in_random_models_of_random_graphs():
    random, count = np.random.default_rng(0), 0
    for _ in range(400):
        graph = random_graph(random, 6, arrows=0.4, hidden=0.15)
        for each in equalities(graph):
            assert each.spread(Tables(graph, random).series()) < 1e-10, (str(graph), str(each))
            count += 1
    assert count >= 8


def test_an_arrow_more_breaks_them_and_leaves_independences():
    wide = Graph("A -> B -> C -> D; B <-> D; A -> D")
    assert implications(wide) == implications(VERMA)
    (found,) = equalities(VERMA)
    random = np.random.default_rng(1)
    assert min(found.spread(Tables(wide, random).series()) for _ in range(5)) > 1e-3


def test_names_of_any_script_and_hidden_nodes_are_taken_and_large_graphs_refused():
    graph = Graph('甲 -> 乙 -> 丙 -> "四 號"; U [latent]; U -> 乙; U -> "四 號"')
    assert str(equalities(graph)[0]).endswith("is the same for every 甲")
    with pytest.raises(UsageError) as met:
        equalities(Graph("; ".join(f"v{i} -> v{i + 1}" for i in range(20))))
    assert met.value.code == "E519"
