"""Networks of potential outcomes: distances against direct computation, and who learns from whom."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import linprog
from scipy.spatial.distance import cdist

from contrafact.nets.potential import (
    FactualExam,
    Layers,
    Potential,
    apart,
    by_kernel,
    by_transport,
    factual,
    transport_plan,
    weights_of_arms,
)


def clouds(shift: float = 1.0) -> tuple[torch.Tensor, torch.Tensor]:
    source = torch.Generator().manual_seed(0)
    return torch.randn(12, 3, generator=source) + shift, torch.randn(9, 3, generator=source)


def test_the_kernel_distance_is_its_definition():
    a, b = (each.numpy() for each in clouds())
    rows = np.concatenate([a, b])
    wide = (cdist(rows, rows) ** 2).mean()

    def mean(u: np.ndarray, v: np.ndarray) -> float:
        return np.mean([[np.exp(-np.square(p - q).sum() / wide) for q in v] for p in u])

    expected = mean(a, a) + mean(b, b) - 2 * mean(a, b)
    assert float(by_kernel(*clouds())) == pytest.approx(expected, rel=1e-4)
    assert float(by_kernel(clouds()[0], clouds()[0])) == pytest.approx(0, abs=1e-6)


def test_the_transport_plan_meets_its_margins_and_nears_the_cheapest():
    a, b = clouds()
    cost = torch.cdist(a, b).double()
    plan = transport_plan(cost, 50.0, 2000)
    np.testing.assert_allclose(plan.sum(0), 1 / 9, rtol=1e-3)
    np.testing.assert_allclose(plan.sum(1), 1 / 12, rtol=1e-3)
    margins = np.concatenate([np.kron(np.eye(12), np.ones(9)), np.kron(np.ones(12), np.eye(9))])
    best = linprog(cost.flatten().numpy(), A_eq=margins, b_eq=np.r_[np.full(12, 1 / 12), np.full(9, 1 / 9)]).fun
    assert best <= float((plan * cost).sum()) <= 1.05 * best
    assert float(by_transport(a, b)) >= best - 1e-6


@pytest.mark.parametrize("distance", [by_kernel, by_transport])
def test_clouds_that_are_farther_apart_are_so_by_every_distance_and_the_slope_brings_them_together(distance):
    near, far = (float(distance(*clouds(shift))) for shift in (0.5, 2.0))
    assert near < far
    a, b = clouds(1.0)
    a.requires_grad_(True)
    slope = torch.autograd.grad(distance(a, b), a)[0]
    a = a.detach()
    assert float(distance(a - 0.1 * slope / slope.norm(), b)) < float(distance(a, b))


def test_an_arm_that_a_batch_lacks_counts_nothing():
    seen = torch.randn(6, 2)
    assert float(apart(seen, torch.zeros(6, dtype=torch.int64), 3, by_kernel)) == 0
    assert float(apart(seen, torch.ones(6, dtype=torch.int64), 3, by_kernel)) == 0


def test_a_row_teaches_the_head_of_its_own_arm_and_the_shared_part():
    net = Potential(3, 2, 8, 1)
    loss = factual(net(torch.randn(5, 3)), torch.ones(5, dtype=torch.int64), torch.randn(5), torch.ones(2))
    loss.backward()
    assert all(w.grad is None or not w.grad.any() for w in net.heads[0].parameters())
    assert any(w.grad.any() for w in net.heads[1].parameters()) and any(w.grad.any() for w in net.shared.parameters())


def test_arms_count_the_same_in_sum():
    weights = weights_of_arms(np.r_[np.zeros(90, int), np.ones(10, int)], 2)
    assert weights[0] * 90 == pytest.approx(weights[1] * 10) and weights[0] * 90 + weights[1] * 10 == pytest.approx(100)


def test_what_lies_on_a_sphere_has_one_length():
    net = Potential(3, 2, 8, 2, round=True)
    np.testing.assert_allclose(net.seen(torch.randn(7, 3)).detach().norm(dim=1), 8**0.5, rtol=1e-5)


def test_without_covariates_every_row_has_the_same_answer():
    assert len(Potential(0, 2, 8, 1)(torch.empty(4, 0)).unique(dim=0)) == 1


def test_a_spectral_network_is_no_steeper_than_one():
    torch.manual_seed(0)
    net = Layers(4, 16, 2, 1, spectral=True)
    for _ in range(30):
        net(torch.randn(8, 4))
    net.eval()
    a, b = torch.randn(200, 4), torch.randn(200, 4)
    assert ((net(a) - net(b)).abs().squeeze(1) <= 1.02 * (a - b).norm(dim=1)).all()


def test_the_exam_scores_the_arm_that_each_row_had():
    exam = FactualExam()
    y = np.array([1.0, -1.0, 2.0, -2.0], dtype=np.float32)
    score = exam.set({"x": np.zeros((4, 1), np.float32), "t": np.array([0, 0, 1, 1]), "y": y}, 0)
    right = np.column_stack([[1, -1, 9, 9], [9, 9, 2, -2]])
    assert score({"potential": right})["score"] == pytest.approx(1)
    assert score({"potential": np.zeros((4, 2))})["score"] == pytest.approx(0)
    assert score({"potential": np.zeros((9, 2))})["score_error"] > 0
