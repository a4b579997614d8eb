"""Adjustment sets, front doors and instruments, held against every subset of nodes and against exact models."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from oracles import Tables, distance, random_graph, series

from contrafact.causal.graph import Graph
from contrafact.causal.identify.adjustment import (
    forbidden,
    is_valid,
    minimal_set,
    minimal_sets,
    objections,
    optimal_set,
)
from contrafact.causal.identify.ask import identify
from contrafact.causal.identify.front_door import front_doors, is_front_door
from contrafact.causal.identify.instruments import instruments


def subsets(nodes: list[str]) -> list[frozenset[str]]:
    sizes = range(len(nodes) + 1)
    return [frozenset(each) for each in itertools.chain.from_iterable(itertools.combinations(nodes, k) for k in sizes)]


def adjusts(model: Tables, x: str, y: str, given: frozenset[str]) -> bool:
    """Tell whether adjustment gives the effect in a model."""
    z = model.graph.ordered(given)
    strata = model.law()
    table = series(strata, model.nodes).groupby([*z, x, y]).sum().to_numpy().reshape([2] * len(z) + [2, 2])
    weights = table.sum(axis=(-2, -1), keepdims=True)
    found = (table / table.sum(axis=-1, keepdims=True) * weights).sum(axis=tuple(range(len(z))))
    return distance(found, model.effect([y], [x])) < 1e-10


@pytest.mark.parametrize("seed", range(25))
def test_the_valid_sets_are_those_whose_strata_give_the_effect(seed):
    random = np.random.default_rng([30, seed])
    graph = random_graph(random, 5, hidden=0.25)
    x, y = (str(node) for node in random.permutation(list(graph.nodes))[:2])
    rest = [node for node in graph.nodes if node not in (x, y)]
    model = Tables(graph, random)
    valid = [given for given in subsets(rest) if is_valid(graph, x, y, given)]
    assert all(adjusts(model, x, y, given) for given in valid)
    if y in graph.descendants(x):  # elsewhere sets may give the effect that the criterion does not know
        assert all(not adjusts(model, x, y, given) for given in subsets(rest) if given not in valid)
    smallest = {given for given in valid if not any(other < given for other in valid)}
    assert set(minimal_sets(graph, x, y)) == smallest
    one = minimal_set(graph, x, y)
    assert (one in smallest) if smallest else one is None


def test_several_treatments_and_outcomes_have_sets_too():
    graph = Graph("A -> X1 -> Z -> Y1; A -> Z; Z -> X2 -> Y2; A -> Y2; B -> X2; B -> Y1")
    for do, of in ((["X1", "X2"], ["Y2"]), (["X1"], ["Y1", "Y2"]), (["X2"], ["Y1", "Y2"])):
        rest = [node for node in graph.nodes if node not in (*do, *of)]
        valid = [given for given in subsets(rest) if is_valid(graph, do, of, given)]
        smallest = {given for given in valid if not any(other < given for other in valid)}
        assert set(minimal_sets(graph, do, of)) == smallest


def test_sets_are_listed_up_to_a_limit_small_ones_first():
    pairs = "; ".join(f"A{i} -> X; A{i} -> B{i}; B{i} -> Y" for i in range(7))
    graph = Graph(f"{pairs}; X -> Y")
    assert len(minimal_sets(graph, "X", "Y", limit=1000)) == 2**7
    assert len(minimal_sets(graph, "X", "Y", limit=10)) == 10
    sizes = [len(each) for each in minimal_sets(Graph("A -> X; A -> B; B -> Y; C -> B; X -> Y"), "X", "Y")]
    assert sizes == sorted(sizes)


def test_what_lies_below_a_causal_path_is_forbidden():
    graph = Graph("X -> M -> Y; M -> D; Z -> X; Z -> Y")
    assert forbidden(graph, "X", "Y") == {"X", "M", "Y", "D"}
    assert not is_valid(graph, "X", "Y", {"Z", "D"}) and is_valid(graph, "X", "Y", "Z")


def test_what_is_wrong_with_a_set_is_said():
    graph = Graph("X -> M -> Y; M -> D; Z -> X; Z -> Y")
    assert objections(graph, "X", "Y", "Z") == ()
    assert objections(graph, "X", "Y", ()) == ("The path X <- Z -> Y stays open.",)
    between, itself, late = objections(graph, "X", "Y", ["Z", "D", "M", "Y"])
    assert "'M' lies between" in between and "'Y' is the treatment or the outcome" in itself
    assert late.startswith("'D' happens after")
    for seed in range(10):
        random = np.random.default_rng([31, seed])
        drawn = random_graph(random, 5)
        for given in subsets([node for node in drawn.nodes if node not in "AB"]):
            assert bool(objections(drawn, "A", "B", given)) != is_valid(drawn, "A", "B", given)


def test_the_optimal_set_is_made_of_the_parents_of_the_causal_paths():
    graph = Graph("Z1 -> X; Z1 -> Z2 -> Y; W -> M; X -> M -> Y; X -> Y")
    assert optimal_set(graph, "X", "Y") == {"Z2", "W"}
    assert identify(graph, "ATE(X, Y)").optimal_adjustment == ("Z2", "W")
    assert optimal_set(Graph("X -> Y; X <-> Z; Z -> Y"), "X", "Y") is None


def test_the_optimal_set_has_the_smallest_variance_among_all_valid_sets():
    random = np.random.default_rng(0)
    n = 200_000
    z1 = random.normal(size=n)
    z2 = z1 + random.normal(size=n)
    x = z1 + random.normal(size=n)
    w = random.normal(size=n)
    m = x + 2 * w + random.normal(size=n)
    columns = {"Z1": z1, "Z2": z2, "W": w}
    y = m + x + z2 + random.normal(size=n)
    graph = Graph("Z1 -> X; Z1 -> Z2 -> Y; W -> M; X -> M -> Y; X -> Y")
    spread = {}
    for given in subsets(list(columns)):
        if is_valid(graph, "X", "Y", given):
            design = np.column_stack([x, np.ones(n), *(columns[name] for name in given)])
            left = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
            spread[given] = left.var() * np.linalg.inv(design.T @ design)[0, 0]
    assert min(spread, key=lambda given: spread[given]) == optimal_set(graph, "X", "Y")


def test_front_doors_are_found_and_checked():
    assert list(front_doors(Graph("X -> M -> Y; X <-> Y"), "X", "Y")) == [{"M"}]
    two = Graph("X -> M1 -> Y; X -> M2 -> Y; X <-> Y")
    assert list(front_doors(two, "X", "Y")) == [{"M1", "M2"}] and not is_front_door(two, "X", "Y", frozenset({"M1"}))
    assert not list(front_doors(Graph("X -> M -> Y; X <-> Y; X <-> M"), "X", "Y"))
    assert not list(front_doors(Graph("X -> M -> Y; X -> Y; X <-> Y"), "X", "Y"))
    chain = Graph("X -> M1 -> M2 -> Y; X <-> Y")
    assert list(front_doors(chain, "X", "Y")) == [{"M1"}, {"M2"}]
    assert identify(chain, "P(Y | do(X))").front_doors == (("M1",), ("M2",))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Z -> X -> Y; X <-> Y", ["Z"]),
        ("Z -> X -> Y; X <-> Y; Z -> Y", []),
        ("Z -> X -> Y; X <-> Y; W -> Z; W -> Y", ["Z given W"]),
        ("Z -> X -> Y; X <-> Y; Z <-> Y", []),
        ("X -> Y; X -> Z; X <-> Y", []),
        ("A -> Z -> X -> Y; X <-> Y", ["A", "Z"]),
    ],
)
def test_instruments_are_named_with_what_must_be_known(text, found):
    assert [str(each) for each in instruments(Graph(text), "X", "Y")] == found
