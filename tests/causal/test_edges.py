"""Edges with confidences: tables and graphs, what is known beforehand, and figures held against other libraries."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score

from contrafact.base.errors import DataError, UsageError
from contrafact.causal.edges import (
    Knowledge,
    arrows,
    average_precision,
    edge_table,
    frequencies,
    graph_of,
    hamming,
    joined,
    matrix_of,
    reliability,
    skeleton_precision,
    truth_matrix,
)
from contrafact.causal.graph import Graph

NAMES = ("a", "b", "c", "d")


def some(seed: int, nodes: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Draw confidences with ties, and a truth that depends on them."""
    random = np.random.default_rng(seed)
    chances = random.integers(0, 9, (nodes, nodes)) / 8
    np.fill_diagonal(chances, 0)
    truth = (random.random((nodes, nodes)) < 0.2 + 0.5 * chances) & ~np.eye(nodes, dtype=bool)
    return chances, truth


def matrix(*pairs: str) -> np.ndarray:
    found = np.zeros((4, 4), dtype=bool)
    for pair in pairs:
        found[NAMES.index(pair[0]), NAMES.index(pair[1])] = True
    return found


def test_a_table_lists_every_ordered_pair_the_surest_first_and_is_read_back():
    chances, _ = some(0)
    names = [f"n{place}" for place in range(6)]
    table = edge_table(names, chances)
    assert list(table.columns) == ["source", "target", "confidence"] and len(table) == 30
    assert table["confidence"].is_monotonic_decreasing
    read, again = matrix_of(table, names)
    assert read == tuple(names) and np.array_equal(again, chances)


def test_equal_confidences_keep_the_order_of_the_names():
    table = edge_table(["b", "a"], np.zeros((2, 2)))
    assert table["source"].tolist() == ["b", "a"]


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"source": ["a"], "target": ["b"]}),
        pd.DataFrame({"source": ["a"], "target": ["b"], "confidence": [1.5]}),
        pd.DataFrame({"source": ["a"], "target": ["b"], "confidence": [None]}),
        "a table",
    ],
)
def test_what_is_no_table_of_edges_is_refused(frame):
    with pytest.raises(DataError) as caught:
        matrix_of(frame)
    assert caught.value.code == "E586"


def test_a_graph_has_the_arrows_above_the_threshold_and_never_a_cycle():
    edges = pd.DataFrame(
        [("a", "b", 0.9), ("b", "c", 0.8), ("c", "a", 0.7), ("b", "a", 0.6), ("c", "d", 0.4)],
        columns=["source", "target", "confidence"],
    )
    graph = graph_of(edges, 0.5)
    assert graph == Graph("a -> b; b -> c; d")
    assert graph_of(edges, 0.3).directed == (("a", "b"), ("b", "c"), ("c", "d"))
    assert graph_of(edges, 0.95, nodes=["年龄"]) == Graph("年龄; a; b; c; d")


def test_graphs_of_random_confidences_have_no_cycle_by_networkx():
    import networkx

    for seed in range(20):
        chances, _ = some(seed)
        graph = graph_of(edge_table([str(n) for n in range(6)], chances), 0.2)
        assert networkx.is_directed_acyclic_graph(networkx.DiGraph(list(graph.directed))) and graph.directed


def test_average_precision_is_that_of_scikit_learn_ties_included():
    off = ~np.eye(6, dtype=bool)
    upper = np.triu_indices(6, 1)
    for seed in range(20):
        chances, truth = some(seed)
        assert average_precision(chances, truth) == pytest.approx(average_precision_score(truth[off], chances[off]))
        both = average_precision_score((truth | truth.T)[upper], (chances + chances.T)[upper])
        assert skeleton_precision(chances, truth) == pytest.approx(both)


def test_average_precision_is_one_for_a_perfect_order_and_the_share_of_arrows_for_none():
    truth = matrix("ab", "bc")
    assert average_precision(truth.astype(float), truth) == 1
    assert average_precision(np.zeros((4, 4)), truth) == pytest.approx(2 / 12)
    assert np.isnan(average_precision(np.zeros((4, 4)), matrix()))


@pytest.mark.parametrize(
    ("found", "distance"),
    [(("ab", "bc"), 0), ((), 2), (("ba", "bc"), 1), (("ab", "bc", "cd"), 1), (("ba", "cb"), 2), (("ac", "cd"), 4)],
)
def test_the_hamming_distance_counts_pairs_that_differ(found, distance):
    assert hamming(matrix(*found), matrix("ab", "bc")) == distance


def test_frequencies_and_joined_pairs_by_hand():
    runs = [matrix("ab"), matrix("ba"), matrix("ab", "cd"), matrix()]
    shares = frequencies(runs)
    assert shares[0, 1] == 0.5 and shares[1, 0] == 0.25 and shares[2, 3] == 0.25
    assert joined(shares)[0, 1] == joined(shares)[1, 0] == 0.75


def test_reliability_by_hand():
    found = reliability([0.1, 0.1, 0.9, 0.9], [0, 1, 1, 1], bands=2)
    assert found.rows == ((pytest.approx(0.1), 0.5, 2), (pytest.approx(0.9), 1.0, 2))
    assert found.error == pytest.approx((0.4 * 2 + 0.1 * 2) / 4)
    assert found.brier == pytest.approx((0.01 + 0.81 + 0.01 + 0.01) / 4)


def test_confidences_that_are_probabilities_are_reliable():
    random = np.random.default_rng(0)
    chances = random.random(20_000)
    assert reliability(chances, random.random(20_000) < chances).error < 0.02


def test_the_truth_may_go_in_circles():
    assert truth_matrix(NAMES, [("a", "b"), ("b", "a")]).sum() == 2
    assert np.array_equal(truth_matrix(NAMES, Graph("a -> b -> c; d")), matrix("ab", "bc"))


def test_tiers_rule_out_what_leads_back_in_time_and_leave_the_others_free():
    known = Knowledge.read(NAMES, tiers=[["a"], ["b", "c"]])
    assert set(zip(*np.nonzero(~known.allowed), strict=True)) == {(i, i) for i in range(4)} | {(1, 0), (2, 0)}
    assert not known.empty and Knowledge.read(NAMES).empty


def test_required_and_forbidden_arrows_are_masks_and_a_required_one_rules_out_its_reverse():
    known = Knowledge.read(NAMES, forbid="a -> b; b -> a", require=[("c", "d")])
    assert not known.allowed[0, 1] and not known.allowed[1, 0] and not known.allowed[3, 2]
    assert known.required[2, 3] and known.required.sum() == 1


@pytest.mark.parametrize(
    "wish",
    [
        {"forbid": ["a -> x"]},
        {"forbid": ["a"]},
        {"forbid": ["a <-> b"]},
        {"forbid": [("a", "b", "c")]},
        {"forbid": ["a -> b"], "require": ["a -> b"]},
        {"require": ["a -> b", "b -> c", "c -> a"]},
        {"tiers": [["a"], ["b"]], "require": ["b -> a"]},
        {"tiers": [["a"], ["a"]]},
        {"tiers": [["z"]]},
    ],
)
def test_knowledge_that_contradicts_itself_or_names_nothing_is_refused(wish):
    with pytest.raises(UsageError) as caught:
        Knowledge.read(NAMES, **wish)
    assert caught.value.code == "E582"


def test_arrows_are_read_from_text_and_pairs():
    assert arrows(["a -> b; c -> d", ("b", "c")], NAMES) == [("a", "b"), ("c", "d"), ("b", "c")]
    assert arrows('"blood pressure" -> 年龄', ("blood pressure", "年龄")) == [("blood pressure", "年龄")]
    assert arrows(None, NAMES) == []
