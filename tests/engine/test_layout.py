"""Weights, gradients and moments must lie alike in memory, or fused optimisers add them up crosswise."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from contrafact.engine.packing import pack, unpack
from contrafact.engine.penalties import squared_slope
from contrafact.engine.play import Move, Step, laid_out, make_move


def critic() -> nn.Module:
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 8, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(8, 6, 3, 2, 1), nn.Flatten(), nn.Linear(24, 1)
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)


def penalty(net: nn.Module, step: Step) -> dict[str, torch.Tensor]:
    return {"r1": squared_slope(net, step.normal(5, 3, 8, 8))[1].mean()}


def trained(net: nn.Module, optimizer: torch.optim.Optimizer, numbers: range) -> nn.Module:
    for number in numbers:
        step = Step(number=number, total=9, generator=torch.Generator().manual_seed(number))
        move = Move(player="critic", loss=lambda _, now: penalty(net, now))
        make_move(move, optimizer, list(net.parameters()), None, step)
    return net


def adam(net: nn.Module, *, fused: bool) -> torch.optim.Optimizer:
    return torch.optim.Adam(net.parameters(), lr=0.01, fused=fused)


def same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return all(torch.allclose(a, b, atol=1e-5) for a, b in pairs)


def test_numbers_are_laid_out_as_their_weight_and_stay_what_they_are():
    weight = torch.zeros(2, 3, 4, 4).to(memory_format=torch.channels_last)
    values = torch.randn(2, 3, 4, 4)
    assert laid_out(values, weight).stride() == weight.stride() != values.stride()
    assert torch.equal(laid_out(values, weight), values)
    assert laid_out(weight, weight) is weight


def test_a_fused_optimiser_learns_from_a_penalty_on_convolutions_what_a_plain_one_does():
    fused, plain = critic(), critic()
    trained(fused, adam(fused, fused=True), range(3))
    trained(plain, adam(plain, fused=False), range(3))
    assert same(fused, plain)
    assert not same(fused, critic())


@pytest.mark.parametrize("fused", [True, False])
def test_moments_of_convolutions_come_back_from_a_checkpoint_to_the_weights_that_they_belong_to(fused):
    whole = critic()
    trained(whole, adam(whole, fused=fused), range(6))
    first, again = critic(), critic()
    players = {"critic": adam(first, fused=fused)}
    trained(first, players["critic"], range(3))
    back = {"critic": adam(again, fused=fused)}
    unpack(pack({"critic": first}, players), {"critic": again}, back)
    trained(again, back["critic"], range(3, 6))
    assert same(again, whole)
