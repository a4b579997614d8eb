"""The noise behind rows, against closed forms, enumeration and Bayes' rule."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from test_scm import model_of, source, straight

from contrafact.base.errors import DataError
from contrafact.causal.abduction import abduct, given_hidden
from contrafact.causal.graph import Graph
from contrafact.causal.mechanisms import gumbel, gumbel_behind, noise_of, number
from contrafact.causal.scm import Plan, Scm


def test_linear_gaussian_counterfactuals_are_exact():
    graph = Graph("A -> B; B -> C; A -> C")
    model = straight(graph, {("A", "B"): 0.5, ("B", "C"): 2.0, ("A", "C"): -1.0})
    rows = torch.tensor([[1.0, 2.0, 3.0], [-1.0, 0.0, 0.5]], dtype=torch.float64)
    found = abduct(model, rows, 1, source())
    assert found.exact and found.how == ("closed inverse",)
    world = model.values(model.run(found.draws[0], {1: 0.0}))
    torch.testing.assert_close(world[:, 2], rows[:, 2] - 2.0 * rows[:, 1])
    torch.testing.assert_close(model.values(model.run(found.draws[0])), rows)


@pytest.mark.parametrize("kind", ["linear", "additive", "affine", "monotone"])
def test_the_noise_of_every_kind_of_number_is_found_exactly_as_by_bisection(kind):
    model = model_of(Graph("A -> B"), [0, 0], kind, seed=3)
    model.bank.last.mul_(4)
    noise = model.noise(300, source())
    rows = model.values(model.run(noise))
    found = abduct(model, rows, 1, source()).draws[0]
    torch.testing.assert_close(found.own[1], noise.own[1].double(), check_dtype=False, rtol=1e-6, atol=1e-6)
    outputs = model.bank(model.plan.row(rows))[1]
    low, high = torch.full_like(rows[:, 1], -20), torch.full_like(rows[:, 1], 20)
    for _ in range(60):
        middle = (low + high) / 2
        less = number(outputs, middle, kind) < rows[:, 1]
        low, high = torch.where(less, middle, low), torch.where(less, high, middle)
    torch.testing.assert_close(found.own[1], (low + high) / 2)


def test_the_density_of_a_number_sums_to_one():
    model = model_of(Graph("A"), [0], "monotone", seed=1)
    model.bank.last_bias[0, 0] = torch.randn(model.bank.outputs, generator=source(), dtype=torch.float64)
    there = torch.linspace(-40, 40, 40_001, dtype=torch.float64)
    outputs = model.bank(there.unsqueeze(1))[0]
    density = noise_of(there, outputs, "monotone")[1].exp()
    assert float(torch.trapezoid(density, there)) == pytest.approx(1, abs=1e-3)


def test_gumbel_noise_behind_a_level_has_the_law_that_rejection_gives():
    logs = torch.log_softmax(torch.tensor([0.3, -1.0, 0.9], dtype=torch.float64), 0)
    draw = gumbel(torch.rand(300_000, 3, generator=source(1), dtype=torch.float64))
    for level in range(3):
        kept = draw[(draw + logs).argmax(1) == level]
        uniform = torch.rand(len(kept), 4, generator=source(2), dtype=torch.float64)
        found = gumbel_behind(torch.full((len(kept),), level), logs.expand(len(kept), 3), uniform)
        assert ((found + logs).argmax(1) == level).all()
        np.testing.assert_allclose(found.mean(0), kept.mean(0), atol=0.03)
        np.testing.assert_allclose(torch.cov(found.T), torch.cov(kept.T), atol=0.08)


def test_counterfactual_chances_of_levels_are_those_of_enumerated_noise():
    model = model_of(Graph("X -> Y"), [2, 3], seed=2)
    model.bank.last.mul_(6)
    noise = model.noise(200_000, source(3))
    seen, other = model.values(model.run(noise)), model.values(model.run(noise, {0: 1.0}))
    for level in range(3):
        rows = (seen[:, 0] == 0) & (seen[:, 1] == level)
        truth = torch.bincount(other[rows, 1].long(), minlength=3) / rows.sum()
        found = abduct(model, torch.tensor([[0.0, level]], dtype=torch.float64).repeat(20_000, 1), 1, source(4))
        made = model.values(model.run(found.draws[0], {0: 1.0}))[:, 1]
        np.testing.assert_allclose(torch.bincount(made.long(), minlength=3) / 20_000, truth, atol=0.02)
        assert "Gumbel-max posterior" in found.how and not found.exact


def gaussian_pair(slope: float) -> Scm:
    """X = U + e_x, Y = slope X + U + e_y with a hidden U: all normal with variance one."""
    plan = Plan.of(Graph("X -> Y; X <-> Y"), ("X", "Y"), (0, 0), latent=1, private=False)
    model = Scm(plan, ["linear", "linear"], 4).double().requires_grad_(False)
    model.bank.line[0, 2, 0] = model.bank.line[1, 2, 0] = 1.0
    model.bank.line[1, 0, 0] = slope
    return model


def test_hidden_causes_have_the_posterior_of_the_normal_law():
    model, x, y = gaussian_pair(2.0), 1.0, 0.5
    row = torch.tensor([[x, y]], dtype=torch.float64)
    found = abduct(model, row, 4000, source())
    hidden = torch.stack([noise.hidden[0, 0] for noise in found.draws])
    mean = (x + (y - 2 * x)) / 3  # prior precision one, two observations of precision one
    assert float(hidden.mean()) == pytest.approx(mean, abs=0.04)
    assert float(hidden.var()) == pytest.approx(1 / 3, abs=0.04)
    assert "importance sampling" in found.how and float(found.effective) > 0.3
    worlds = torch.stack([model.values(model.run(noise))[0] for noise in found.draws[:50]])
    torch.testing.assert_close(worlds, row.expand(50, 2))


def test_given_hidden_is_the_density_by_hand():
    model = gaussian_pair(2.0)
    row, hidden = torch.tensor([[1.0, 0.5]], dtype=torch.float64), torch.tensor([[0.2]], dtype=torch.float64)
    by_hand = sum(-0.5 * away**2 - 0.5 * np.log(2 * np.pi) for away in (1.0 - 0.2, 0.5 - 2.0 - 0.2))
    assert float(given_hidden(model, row, hidden, (0, 1))) == pytest.approx(by_hand)


def test_rows_that_no_hidden_cause_explains_are_refused_by_name():
    model = gaussian_pair(2.0)
    model.bank.last_bias[:, 0, 1] = -6.9  # next to no noise: X and Y - 2 X must nearly agree
    rows = torch.tensor([[0.0, 0.0], [3.0, -9.0]], dtype=torch.float64)
    with pytest.raises(DataError) as caught:
        abduct(model, rows, 1, source(), candidates=64)
    assert caught.value.code == "E553" and "rows" in caught.value.what


def test_a_row_that_was_free_to_come_out_anyhow_is_found_by_weighing():
    model = model_of(Graph("A -> B"), [0, 0], "free", private=True)
    model.bank.last.mul_(3)
    rows = model.values(model.run(model.noise(20, source())))
    found = abduct(model, rows, 8, source(1))
    back = torch.stack([model.values(model.run(noise)) for noise in found.draws]).mean(0)
    assert float((back - rows).abs().mean()) < 0.15 and "importance sampling" in found.how
