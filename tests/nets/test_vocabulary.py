import math

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from contrafact.nets import vocabulary
from contrafact.nets.counting import Counts
from contrafact.nets.every_symbol import yielding
from contrafact.nets.vocabulary import Layer, chosen, drawn, fused, log_chances, surprise


def layer(rows: int = 600, symbols: int = 130, seed: int = 0) -> Layer:
    source = torch.Generator().manual_seed(seed)
    parts = [torch.randn(size, generator=source) for size in ((rows, 8), (symbols, 8), (symbols,))]
    hidden, weight, bias = (part.requires_grad_() for part in parts)
    return Layer(hidden=hidden, weight=weight, bias=bias)


def gradients(loss: torch.Tensor, own: Layer) -> list[torch.Tensor]:
    return list(torch.autograd.grad(loss, (own.hidden, own.weight, own.bias)))


def test_the_fused_cross_entropy_is_torchs_with_its_gradient():
    own, targets = layer(), torch.arange(600) % 130
    plain = torch.nn.functional.cross_entropy(own.hidden @ own.weight.T + own.bias, targets, reduction="sum")
    ours = fused(own, surprise(targets, torch.ones(600)))
    assert ours.item() == pytest.approx(plain.item(), rel=1e-5)
    for a, b in zip(gradients(3 * ours, own), gradients(3 * plain, own), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-3)


def test_weights_below_zero_push_a_policy_away_as_by_hand():
    own = Layer(hidden=torch.zeros(1, 1), weight=torch.zeros(2, 1), bias=torch.zeros(2, requires_grad=True))
    loss = fused(own, surprise(torch.tensor([0]), torch.tensor([-2.0])))
    assert loss.item() == pytest.approx(-2 * math.log(2))
    # the gradient of -2 * -log p(0) at p = 1/2 is -2 (p - onehot) = (1, -1)
    torch.testing.assert_close(torch.autograd.grad(loss, own.bias)[0], torch.tensor([1.0, -1.0]))


def test_log_chances_are_those_of_a_softmax():
    own, targets = layer(), torch.arange(600) % 130
    plain = (own.hidden @ own.weight.T + own.bias).log_softmax(1)[torch.arange(600), targets]
    torch.testing.assert_close(log_chances(own, targets), plain.detach(), rtol=1e-4, atol=1e-5)


def test_symbols_are_drawn_as_often_as_their_chances_say():
    logits = torch.linspace(-2, 2, 150)
    own = Layer(hidden=torch.zeros(20_000, 1), weight=torch.zeros(150, 1), bias=logits)
    found = drawn(own, torch.rand(20_000, generator=torch.Generator().manual_seed(0)))
    assert chisquare(np.bincount(found, minlength=150), 20_000 * logits.double().softmax(0).numpy()).pvalue > 0.001
    cold = drawn(own, torch.rand(20_000, generator=torch.Generator().manual_seed(1)), temperature=0.5)
    assert chisquare(np.bincount(cold, minlength=150), 20_000 * (2 * logits.double()).softmax(0).numpy()).pvalue > 0.001


def test_symbols_without_weight_are_never_chosen_whatever_the_chance():
    weights = torch.zeros(3, 200)
    weights[:, [70, 71]] = torch.tensor([1.0, 3.0])
    assert chosen(weights, torch.tensor([0.0, 0.5, 0.99999997])).tolist() == [70, 71, 71]
    own = Layer(hidden=torch.zeros(500, 1), weight=torch.zeros(3, 1), bias=torch.zeros(3))
    assert 1 not in drawn(own, torch.rand(500), never=1)


def test_no_rows_give_nothing():
    assert drawn(layer(rows=0), torch.rand(0)).shape == (0,)


def test_yielding_to_a_critic_goes_to_first_order_along_the_expected_policy_gradient():
    own = layer(rows=5, symbols=7)
    bias = 1e-3 * torch.randn(7, generator=torch.Generator().manual_seed(3))
    critic = Layer(hidden=torch.zeros(5, 1), weight=torch.zeros(7, 1), bias=bias)
    loss = fused(own, yielding(critic, torch.zeros(5, dtype=torch.long), None))
    chances = (own.hidden @ own.weight.T + own.bias).softmax(1)
    worth = (chances * bias).sum()  # the expected reward, whose gradient autograd finds
    for a, b in zip(gradients(loss, own), gradients(-worth, own), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-2, atol=2e-6)


def test_yielding_to_the_true_ratio_has_the_data_as_its_fixed_point():
    real, now = torch.tensor([0.2, 0.5, 0.3]), torch.tensor([0.6, 0.3, 0.1])
    own = Layer(hidden=torch.zeros(1, 1), weight=torch.zeros(3, 1), bias=now.log().requires_grad_())
    critic = Layer(hidden=torch.zeros(1, 1), weight=torch.zeros(3, 1), bias=(real / now).log())
    loss = fused(own, yielding(critic, torch.tensor([0]), None))
    torch.testing.assert_close(torch.autograd.grad(loss, own.bias)[0], now - real)


def test_gains_of_counts_get_the_gradient_that_differences_of_the_loss_show():
    lines = np.random.default_rng(0).integers(0, 5, (30, 6))
    counts = Counts.of_lines(lines, np.ones_like(lines, dtype=bool), 5, 6)
    targets = torch.from_numpy(lines[:4])
    keys, flat = counts.keys(targets).flatten(0, 1), targets.flatten()

    def loss(gains: torch.Tensor) -> torch.Tensor:
        own = Layer(
            hidden=torch.zeros(24, 1),
            weight=torch.zeros(5, 1),
            bias=torch.zeros(5),
            counts=counts,
            keys=keys,
            gains=gains,
        )
        return fused(own, surprise(flat, torch.ones(24)))

    gains = torch.tensor([0.4, 0.7], requires_grad=True)
    (found,) = torch.autograd.grad(loss(gains), gains)
    for place in (0, 1):
        step = torch.zeros(2)
        step[place] = 1e-2
        slope = (loss(gains.detach() + step) - loss(gains.detach() - step)) / 2e-2
        assert found[place].item() == pytest.approx(slope.item(), rel=1e-2)
    assert vocabulary.CHUNK > 24
