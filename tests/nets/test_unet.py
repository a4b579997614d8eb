"""The U-Net and the patch critic: sizes, reach, noise."""

from __future__ import annotations

import pytest
import torch

from contrafact.nets.unet import PatchCritic, UNet, reach


@pytest.fixture(autouse=True)
def own_weights():
    state = torch.get_rng_state()
    torch.manual_seed(0)
    yield
    torch.set_rng_state(state)


def loud(net: UNet) -> UNet:
    """Give the last layer weights that let every difference be seen."""
    torch.nn.init.normal_(net.head.weight)
    return net.double().eval()


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("size", [(1, 1), (5, 9), (16, 16), (31, 17)])
def test_pictures_of_any_size_become_maps_of_the_same_size(depth, size):
    net = UNet(3, 2, width=4, depth=depth)
    assert net(torch.randn(2, 3, *size)).shape == (2, 2, *size)


def test_an_output_depends_on_inputs_within_reach_and_on_no_others():
    net = loud(UNet(1, 1, width=4, depth=2))
    picture = torch.randn(1, 1, 96, 96, dtype=torch.float64, requires_grad=True)
    net(picture)[0, 0, 48, 48].backward()
    rows = torch.nonzero(picture.grad[0, 0].abs().sum(1)).squeeze(1)
    far = max(48 - int(rows.min()), int(rows.max()) - 48)
    assert reach(2) / 2 <= far <= reach(2) == net.reach


def test_a_picture_of_a_batch_is_as_if_it_were_alone():
    net = loud(UNet(1, 2, width=4, depth=3))
    pictures = torch.randn(4, 1, 24, 24, dtype=torch.float64)
    torch.testing.assert_close(net(pictures)[2:3], net(pictures[2:3]))


def test_noise_changes_the_map_near_and_far():
    net = loud(UNet(1, 1, width=4, depth=3, noise=2))
    picture, noise = torch.randn(1, 1, 32, 32, dtype=torch.float64), torch.randn(1, 2, 32, 32, dtype=torch.float64)
    moved = noise.clone()
    moved[0, 0, 0, 0] += 1
    change = (net(picture, moved) - net(picture, noise))[0, 0].abs()
    assert change[0, 0] > 0 and change[16, 16] > 0
    assert not torch.equal(net(picture, noise), net(picture, torch.zeros_like(noise)))


def test_a_fresh_network_is_neither_loud_nor_silent():
    net = UNet(1, 1, width=16, depth=3)
    assert 0.01 < net(torch.randn(4, 1, 64, 64)).std() < 1


@pytest.mark.parametrize(("depth", "patch"), [(2, 18), (3, 38)])
def test_each_logit_of_the_critic_sees_a_patch_as_wide_as_is_said(depth, patch):
    critic = PatchCritic(1, 4, depth).double()
    picture = torch.randn(1, 1, 128, 128, dtype=torch.float64, requires_grad=True)
    logits = critic(picture)
    assert logits.shape[:2] == (1, 1) and logits.shape[2] == 128 // 2**depth
    logits[0, 0, logits.shape[2] // 2, logits.shape[3] // 2].backward()
    assert int((picture.grad[0, 0].abs().sum(1) > 0).sum()) == patch
