"""What stands beside every answer: what data contradict of a graph, and what was hardly ever seen."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from contrafact import Graph
from contrafact.base.errors import UsageError
from contrafact.causal.contradictions import contradictions
from contrafact.causal.given_graph import graph_given, is_file, with_nodes
from contrafact.causal.support import unsupported


def chain(rows: int = 300, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    a = random.normal(size=rows)
    b = a + random.normal(size=rows)
    return pd.DataFrame({"a": a, "b": b, "c": b + random.normal(size=rows)})


def test_a_right_graph_is_not_contradicted_and_a_wrong_one_is_by_name():
    assert contradictions(Graph("a -> b -> c"), chain()) == ()
    (told,) = contradictions(Graph("a -> b; c"), chain())
    assert "b ⟂ c" in told and "2 of 2" in told and "only if the graph is right" in told


def test_right_graphs_are_seldom_contradicted():
    assert sum(bool(contradictions(Graph("a -> b -> c"), chain(seed=seed))) for seed in range(60)) <= 3


def test_a_node_without_a_column_counts_as_hidden_and_too_few_rows_tell_nothing():
    assert contradictions(Graph("a -> h -> c; a -> b"), chain()[["a", "c"]]) == ()
    assert contradictions(Graph("a -> b; c"), chain(10)) == ()
    wide = Graph("; ".join(f"v{i}" for i in range(30)))
    assert "was not tested" in contradictions(wide, pd.DataFrame(columns=list(wide)))[0]


def test_what_was_hardly_seen_is_counted():
    random = np.random.default_rng(1)
    z = random.normal(size=400)
    sharp, mild = (z > 0.5).astype(int), (random.random(400) < 0.5).astype(int)
    frame = pd.DataFrame({"z": z, "x": sharp, "w": mild, "k": np.where(sharp == 1, "yes", "no")})
    graph = Graph("z -> x; z -> w; z -> k")
    (told,) = unsupported(graph, frame, {"x": 1})
    assert told.startswith("NO OVERLAP for") and 0.3 < float(told.split()[3].rstrip("%")) / 100 < 0.75
    assert unsupported(graph, frame, {"w": "1"}) == () and len(unsupported(graph, frame, {"k": "yes"})) == 1
    assert unsupported(graph, frame, {"z": 5.0}) == () and unsupported(Graph("x"), frame, {"x": 1}) == ()


def test_a_graph_comes_as_text_as_a_file_or_as_itself(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my graph.txt").write_text("a -> b", encoding="utf-8")
    for given in ("a -> b", "my graph.txt", tmp_path / "my graph.txt", Graph("a -> b"), [("a", "b")]):
        assert str(graph_given(given)) == "a -> b"
    assert is_file("my graph.txt") and not is_file("a -> b") and not is_file("x" * 5000)
    for wrong in ("nowhere.txt", ".", "folder/graph"):
        with pytest.raises(UsageError, match=r"no file|a folder"):
            graph_given(wrong)
    with pytest.raises(UsageError, match="empty"):
        with_nodes(Graph(""))
