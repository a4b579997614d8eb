"""Response types: what data say of them, how they are counted, and how they fall apart."""

from __future__ import annotations

import time

import numpy as np
import pytest
from oracles import Tables, random_graph

from contrafact.base.errors import UsageError
from contrafact.causal.graph import Graph
from contrafact.causal.identify.evaluate import Joint, joint_of
from contrafact.causal.responses import Mechanisms, factor_of, factors, spread
from contrafact.causal.responses_blocks import Block, Monotone, blocks_of

BOW = Graph("X -> Y; X <-> Y")


def joint(model: Tables) -> Joint:
    return joint_of(model.series(), model.graph.nodes)


@pytest.mark.parametrize("seed", range(12))
def test_a_joint_distribution_is_the_product_of_its_districts_factors(seed):
    random = np.random.default_rng([40, seed])
    graph = random_graph(random, 4)
    model = Tables(graph, random, levels={node: int(random.integers(2, 4)) for node in graph.nodes})
    product = np.ones([1] * 4)
    for factor in factors(joint(model), graph):
        product = product * spread(factor.values, (*factor.nodes, *factor.given), model.nodes)
    np.testing.assert_allclose(product, model.law(), atol=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_a_factor_is_what_an_experiment_on_all_other_nodes_would_show(seed):
    random = np.random.default_rng([41, seed])
    graph = random_graph(random, 4, hidden=0.4)
    model = Tables(graph, random)
    for district in graph.districts:
        factor = factor_of(joint(model), graph, district)
        others = [node for node in graph.nodes if node not in district]
        shown = model.effect(factor.nodes, others) if others else model.law()
        names = (*others, *[n for n in model.nodes if n in district])
        difference = spread(factor.values, (*factor.nodes, *factor.given), names) - shown.transpose(
            [*range(len(others)), *(len(others) + factor.nodes.index(n) for n in names[len(others) :])]
        )
        assert np.abs(difference).max() < 1e-12


def test_a_condition_that_never_occurs_says_nothing_and_what_leads_up_to_it_is_kept():
    values = np.zeros((2, 2, 2))  # X, M, Y with X -> M -> Y and X <-> Y; X = 1 never meets M = 0
    values[0] = [[0.1, 0.2], [0.1, 0.1]]
    values[1, 1] = [0.3, 0.2]
    graph = Graph("X -> M -> Y; X <-> Y")
    factor = factor_of(Joint(graph.nodes, {node: [0, 1] for node in "XMY"}, values), graph, frozenset("XY"))
    assert factor.nodes == ("X", "Y") and factor.given == ("M",)
    assert factor.depth[1, :, 0].tolist() == [1, 1] and factor.depth[0].min() == 2
    patterns = {each.pattern: each.value for each in factor.patterns(Mechanisms(graph, dict.fromkeys("XMY", 2)))}
    assert patterns[frozenset({(("X", ()), 1)})] == pytest.approx(0.5)


def test_types_are_counted_before_anything_is_made():
    graph = Graph("; ".join(f"P{i} -> Y; P{i} <-> Y" for i in range(6)))
    mechanisms = Mechanisms(graph, dict.fromkeys(graph.nodes, 4))
    assert mechanisms.types("Y") == 4**4096
    responses = tuple(("Y", combination) for combination in mechanisms.combinations("Y"))
    began = time.process_time()
    with pytest.raises(UsageError, match="response types of Y") as caught:
        Block(responses, (4,) * len(responses), ()).checked()
    assert caught.value.code == "E540" and time.process_time() - began < 0.5


def test_a_covariate_of_the_whole_district_takes_its_types_apart():
    graph = Graph("Z -> X; Z -> Y; X -> Y; X <-> Y")
    model = Tables(graph, np.random.default_rng(1), levels={"Z": 5})
    mechanisms = Mechanisms(graph, model.size)
    told = factor_of(joint(model), graph, frozenset("XY")).patterns(mechanisms)
    found = blocks_of(mechanisms, told)
    assert [block.types for block in found] == [8] * 5
    asked = [frozenset({(("Y", (3, 1)), 1), (("Y", (4, 1)), 0)})]
    assert [block.types for block in blocks_of(mechanisms, told, asked)] == [64]


def test_the_likeliest_types_reproduce_what_data_can_say():
    model = Tables(BOW, np.random.default_rng(2))
    mechanisms = Mechanisms(BOW, model.size)
    (block,) = blocks_of(mechanisms, factor_of(joint(model), BOW, frozenset("XY")).patterns(mechanisms))
    shares = block.fitted()
    assert shares.shape == (8,) and shares.min() >= 0
    np.testing.assert_allclose(block.known @ shares, block.targets, atol=1e-7)
    assert block.answers.shape == (3, 8)


def test_monotone_types_are_those_that_never_fall():
    mechanisms = Mechanisms(BOW, {"X": 3, "Y": 2})
    pattern = frozenset((("Y", (level,)), 0) for level in range(3))
    (rising,) = blocks_of(mechanisms, [], [pattern], [Monotone.read("X -> Y")])
    assert rising.allowed == 4
    assert (np.diff(rising.answers, axis=0) >= 0).all()
    (falling,) = blocks_of(mechanisms, [], [pattern], [Monotone.read("X -> Y falls")])
    assert (np.diff(falling.answers, axis=0) <= 0).all()
    with pytest.raises(UsageError) as caught:
        Monotone.read("X rises")
    assert caught.value.code == "E545"
