"""The critic of filled pictures: it judges the whole, and what is inside the hole place by place."""

from __future__ import annotations

import pytest
import torch

from contrafact.nets.hole_critic import HoleCritic


@pytest.fixture
def critic() -> HoleCritic:
    """Make a critic that says nothing of the whole unless it is told a class."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = HoleCritic((1, 16, 16), 3, 8).double()
    torch.nn.init.zeros_(made.critic.last.weight)
    return made


@pytest.fixture
def hole() -> torch.Tensor:
    hole = torch.zeros(1, 1, 16, 16, dtype=torch.double)
    hole[..., :4, :4] = 1
    return hole


def test_places_are_judged_inside_the_hole_alone(critic, hole):
    picture = torch.zeros_like(hole)
    inside, outside = hole.clone(), picture.clone()
    outside[..., 10:, 10:] = 1
    plain = critic(picture, hole)
    assert plain.shape == (1, 1) and not torch.allclose(critic(inside, hole), plain)
    torch.testing.assert_close(critic(outside, hole), plain)
    torch.nn.init.ones_(critic.critic.last.weight)
    assert not torch.allclose(critic(outside, hole), critic(picture, hole))  # the whole is judged, too


def test_a_place_counts_by_the_share_of_it_that_is_missing(critic, hole):
    with torch.no_grad():
        critic.local[0].weight.zero_()
        critic.local[0].bias.fill_(3)
    many = torch.cat([hole, torch.ones_like(hole), hole.flip(3)])
    torch.testing.assert_close(
        critic(torch.randn(3, 1, 16, 16).double(), many), torch.full((3, 1), 3.0, dtype=torch.double)
    )


def test_the_class_that_is_told_changes_the_logit(critic, hole):
    picture = torch.randn(1, 1, 16, 16).double()
    one, other = (critic(picture, hole, torch.eye(3).double()[place : place + 1]) for place in (0, 1))
    assert not torch.allclose(one, other)
