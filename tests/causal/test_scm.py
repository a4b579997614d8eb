"""Structural models run against closed forms: what do and shared noise must give."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from contrafact.causal.graph import Graph
from contrafact.causal.mechanisms import Kind
from contrafact.causal.monotone import EDGE, PARAMETERS, back, knots, rise
from contrafact.causal.scm import Noise, Plan, Scm, maximal_cliques

DIAMOND = Graph("A -> B; A -> C; B -> D; C -> D")


def source(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def model_of(graph: Graph, sizes: list[int], kind: Kind = "additive", *, private: bool = False, seed: int = 0) -> Scm:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        plan = Plan.of(graph, graph.nodes, sizes, latent=1, private=private)
        return Scm(plan, [kind] * len(sizes), 8).double().requires_grad_(False)


def straight(graph: Graph, slopes: dict[tuple[str, str], float]) -> Scm:
    """Make a linear model with normal noise of one: v_i = sum of slopes times causes + z_i."""
    model = model_of(graph, [0] * len(graph), "linear")
    for (cause, effect), slope in slopes.items():
        place = {name: index for index, name in enumerate(graph.nodes)}
        model.bank.line[place[effect], place[cause], 0] = slope
    return model


def test_hidden_causes_are_one_for_each_maximal_clique_and_not_for_each_district():
    assert maximal_cliques(Graph("X <-> Y; Y <-> Z")) == (("X", "Y"), ("Y", "Z"))
    assert maximal_cliques(Graph("X <-> Y; Y <-> Z; X <-> Z")) == (("X", "Y", "Z"),)
    assert maximal_cliques(Graph("X -> Y")) == ()
    plan = Plan.of(Graph("X <-> Y; Y <-> Z"), ("X", "Y", "Z"), (2, 2, 2), latent=1, private=False)
    assert plan.hidden == 2 and plan.groups == ((0, 1, 2),)
    assert [plan.causes(node) for node in range(3)] == [(6,), (6, 7), (7,)]


def test_a_linear_model_has_the_total_effects_that_paths_give():
    slopes = {("A", "B"): 0.5, ("A", "C"): -1.0, ("B", "D"): 2.0, ("C", "D"): 3.0}
    model = straight(DIAMOND, slopes)
    noise = model.noise(500, source())
    by_one, by_zero = (model.values(model.run(noise, {0: float(to)})) for to in (1, 0))
    path = 0.5 * 2.0 + -1.0 * 3.0
    torch.testing.assert_close((by_one - by_zero)[:, 3], torch.full((500,), path, dtype=torch.float64))
    assert (by_one[:, 0] == 1).all()
    natural = model.values(model.run(noise))
    expected = natural[:, 1] * 2 + natural[:, 2] * 3 + noise.own[3].double()
    torch.testing.assert_close(natural[:, 3], expected)


def test_what_is_not_below_a_node_is_left_alone_by_setting_it():
    model = model_of(DIAMOND, [0, 2, 3, 0], "monotone")
    noise = model.noise(200, source())
    before, after = model.values(model.run(noise)), model.values(model.run(noise, {1: 1.0}))
    assert torch.equal(before[:, [0, 2]], after[:, [0, 2]]) and (after[:, 1] == 1).all()
    assert model.plan.below([1]) == {1, 3}


def test_setting_to_a_function_of_the_natural_value():
    model = model_of(DIAMOND, [0] * 4, "affine")
    noise = model.noise(50, source())
    before = model.values(model.run(noise))
    after = model.values(model.run(noise, {1: lambda natural: natural + 1.0}))
    torch.testing.assert_close(after[:, 1], before[:, 1] + 1)


def test_nodes_follow_only_from_their_causes():
    model = model_of(Graph("A; B; C; A -> C; B <-> C"), [0, 0, 0], "monotone")
    noise = model.noise(20, source())
    moved = Noise(hidden=noise.hidden, own=(noise.own[0], noise.own[1] + 1, noise.own[2]))
    before, after = (model.values(model.run(each)) for each in (noise, moved))
    assert not torch.equal(before[:, 1], after[:, 1]) and torch.equal(before[:, [0, 2]], after[:, [0, 2]])
    assert model.plan.parents == ((), (), (0,)) and model.plan.causes(1) == (3,)


def test_levels_have_the_chances_of_their_softmax():
    model = model_of(Graph("A"), [3])
    chances = torch.softmax(model.bank(torch.zeros(1, 3, dtype=torch.float64))[0, 0], 0)
    drawn = model.values(model.run(model.noise(40_000, source())))[:, 0]
    shares = torch.bincount(drawn.long(), minlength=3) / 40_000
    np.testing.assert_allclose(shares, chances, atol=0.01)


def test_soft_runs_give_the_levels_of_hard_ones_and_let_gradients_through():
    model = model_of(Graph("A -> B; B -> C"), [2, 3, 0]).requires_grad_(True)
    noise = model.noise(30, source())
    hard, soft = model.run(noise), model.run(noise, heat=0.5)
    torch.testing.assert_close(hard, soft, check_dtype=False)
    soft[:, -1].sum().backward()
    assert model.bank.last.grad is not None and bool((model.bank.last.grad[0] != 0).any())


def test_fast_runs_are_the_same():
    model = model_of(DIAMOND, [0, 2, 3, 0], "monotone")
    noise = model.noise(64, source())
    before = model.run(noise)
    assert torch.equal(model.ready().run(noise), before)


@pytest.mark.parametrize("seed", range(5))
def test_splines_rise_and_their_closed_inverse_agrees_with_bisection(seed):
    parts = knots(2 * torch.randn(PARAMETERS, generator=source(seed), dtype=torch.float64))
    there = torch.linspace(-EDGE - 1, EDGE + 1, 201, dtype=torch.float64)
    values, log_slope = rise(there, parts)
    assert (values.diff() > 0).all()
    found, same_slope = back(values, parts)
    torch.testing.assert_close(found, there)
    torch.testing.assert_close(same_slope, log_slope)
    low, high = torch.full_like(values, -10), torch.full_like(values, 10)
    for _ in range(60):
        middle = (low + high) / 2
        less = rise(middle, parts)[0] < values
        low, high = torch.where(less, middle, low), torch.where(less, high, middle)
    torch.testing.assert_close(found, (low + high) / 2)


def test_a_splines_slope_is_its_derivative_and_zero_parameters_are_the_identity():
    there = torch.linspace(-3.9, 3.9, 40, dtype=torch.float64, requires_grad=True)
    values, log_slope = rise(there, knots(torch.randn(PARAMETERS, generator=source(), dtype=torch.float64)))
    slope = torch.autograd.grad(values.sum(), there)[0]
    torch.testing.assert_close(slope.log(), log_slope)
    torch.testing.assert_close(rise(there, knots(torch.zeros(PARAMETERS, dtype=torch.float64)))[0], there)
