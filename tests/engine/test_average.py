from __future__ import annotations

import torch
from torch import nn

from contrafact.engine.average import Average
from contrafact.engine.play import Step


def step(number: int) -> Step:
    return Step(number=number, total=10**6, generator=torch.Generator())


def test_half_of_the_old_weight_is_left_after_the_half_life():
    source = nn.Linear(1, 1, bias=False)
    nn.init.ones_(source.weight)
    average = Average(source, half_life=1000, batch=100, ramp=1.0)
    nn.init.zeros_(source.weight)
    for number in range(10):
        average.update(step(10**5 + number))
    assert abs(average.module.weight.item() - 0.5) < 1e-6


def test_early_weights_are_soon_forgotten():
    source = nn.Linear(1, 1, bias=False)
    nn.init.ones_(source.weight)
    average = Average(source, half_life=10**6, batch=10, ramp=0.05)
    nn.init.zeros_(source.weight)
    for number in range(20):
        average.update(step(number))
    assert average.module.weight.item() < 1e-3


def test_no_half_life_follows_the_source():
    source = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    average = Average(source, half_life=0, batch=10)
    nn.init.constant_(source[0].weight, 3.0)
    source[1].running_mean.fill_(5.0)
    average.update(step(0))
    assert torch.equal(average.module[0].weight, source[0].weight)
    assert torch.equal(average.module[1].running_mean, source[1].running_mean)
