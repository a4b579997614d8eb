"""The measure of cycles: zero for graphs without any, the same walks as a power series, and a gradient along cycles."""

from __future__ import annotations

import networkx
import numpy as np
import torch

from contrafact.causal.acyclic import closed_walks, radius


def graphs(count: int = 60, nodes: int = 5) -> np.ndarray:
    random = np.random.default_rng(0)
    return (random.random((count, nodes, nodes)) < random.uniform(0.1, 0.4, (count, 1, 1))) & ~np.eye(nodes, dtype=bool)


def test_it_is_zero_exactly_where_networkx_finds_no_cycle():
    drawn = graphs()
    measured = closed_walks(torch.tensor(0.4 * drawn, dtype=torch.float64)).numpy()
    known = np.array(
        [networkx.is_directed_acyclic_graph(networkx.from_numpy_array(g, create_using=networkx.DiGraph)) for g in drawn]
    )
    assert known.any() and not known.all()
    assert np.array_equal(np.abs(measured) < 1e-9, known)
    assert (measured > -1e-9).all()


def test_it_is_the_sum_of_closed_walks_by_length():
    weights = torch.tensor(np.random.default_rng(1).random((5, 5)) * 0.15, dtype=torch.float64)
    series = sum(torch.linalg.matrix_power(weights, k).trace() / k for k in range(1, 200))
    assert torch.isclose(closed_walks(weights[None])[0], series, atol=1e-10)


def test_a_loop_of_two_by_hand():
    weights = torch.tensor([[[0.0, 0.5], [0.25, 0.0]]], dtype=torch.float64)
    assert torch.isclose(closed_walks(weights)[0], -torch.log(torch.tensor(1 - 0.125, dtype=torch.float64)))
    assert torch.isclose(radius(weights)[0], torch.tensor(0.125, dtype=torch.float64).sqrt())


def test_only_arrows_on_a_cycle_feel_it():
    weights = torch.zeros(1, 4, 4, dtype=torch.float64)
    for source, target in ((0, 1), (1, 2), (2, 0), (2, 3)):
        weights[0, source, target] = 0.5
    weights.requires_grad_(True)
    closed_walks(weights).sum().backward()
    felt = weights.grad[0]
    assert felt[0, 1] > 0 and felt[1, 2] > 0 and felt[2, 0] > 0 and felt[2, 3] == 0


def test_weights_too_large_for_s_still_give_a_number():
    full = torch.ones(2, 6, 6) - torch.eye(6)
    for wide in (False, True):
        assert torch.isfinite(closed_walks(full, wide=wide)).all() and (closed_walks(full, wide=wide) > 0).all()
