"""The choice among fillings: by the critic's opinion, never what is not there, and no window twice."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from contrafact.nets.hole_choice import choose, fresh, windows_of
from contrafact.nets.hole_critic import HoleCritic


class Opinion(nn.Module):
    """Gives the brightness of the first pixel as the logit, plus the condition where there is one."""

    def forward(self, pictures: Tensor, hole: Tensor, condition: Tensor | None = None) -> Tensor:
        logit = pictures[:, 0, 0, :1]
        return logit if condition is None else logit + condition


def of_brightness(*values: float) -> Tensor:
    """Make one-pixel proposals."""
    return torch.tensor(values).view(1, -1, 1, 1, 1)


def test_proposals_are_taken_as_often_as_the_exponential_of_the_critics_opinion_says():
    proposals = of_brightness(0.0, math.log(3.0)).expand(4000, -1, -1, -1, -1)
    there, hole = torch.ones(4000, 2, dtype=torch.bool), torch.ones(4000, 1, 1, 1)
    share = (torch.arange(4000) + 0.5) / 4000
    taken = choose(Opinion(), proposals, there, hole, None, share)
    assert (taken > 0).float().mean().item() == 0.75


def test_what_is_not_there_is_never_taken_however_good():
    proposals = of_brightness(9.0, 0.0, 9.0).expand(100, -1, -1, -1, -1)
    there, hole = torch.tensor([[False, True, False]]).expand(100, 3), torch.ones(100, 1, 1, 1)
    taken = choose(Opinion(), proposals, there, hole, torch.zeros(100, 1), torch.linspace(0, 1, 100))
    assert (taken == 0).all()


def test_windows_given_out_before_are_told_from_fresh_ones():
    windows = torch.rand(5, 3, 1, 4, 4)
    before = torch.stack([windows[:, 1], torch.rand(5, 1, 4, 4)], dim=1)
    assert fresh(windows, before).tolist() == [[True, False, True]] * 5


def test_windows_along_the_channels_are_parted_and_empty_ones_are_not_there():
    found = torch.cat([torch.rand(2, 3, 4, 4) + 0.1, torch.zeros(2, 3, 4, 4)], dim=1)
    windows, there = windows_of(found, 3)
    assert windows.shape == (2, 2, 3, 4, 4) and there.tolist() == [[True, False]] * 2


def test_a_picture_without_a_hole_can_be_judged_too():
    critic = HoleCritic((1, 16, 16), 0, 4)
    logits = critic(torch.rand(2, 1, 16, 16), torch.zeros(2, 1, 16, 16))
    assert torch.isfinite(logits).all()
