"""The residual painter: any size, and no statistic of batch or map."""

from __future__ import annotations

import pytest
import torch

from contrafact.nets.residual import Painter, PixelNorm, _doubling, bounded


@pytest.fixture(autouse=True)
def _seeded():
    state = torch.get_rng_state()
    torch.manual_seed(0)
    yield
    torch.set_rng_state(state)


@pytest.mark.parametrize("size", [(28, 28), (8, 8), (7, 13), (1, 5)])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_what_is_painted_has_the_size_of_the_picture(size, depth):
    assert Painter(2, 3, 16, depth)(torch.randn(5, 2, *size)).shape == (5, 3, *size)


def test_a_picture_does_not_depend_on_the_others_of_its_batch():
    net, pictures = Painter(1, 1, 16, 2).double(), torch.randn(6, 1, 12, 12).double()
    torch.testing.assert_close(net(pictures)[2:3], net(pictures[2:3]))


def test_far_pixels_do_not_matter():
    net = Painter(1, 1, 8, 1).double()
    picture = torch.randn(1, 1, 8, 200).double()
    other = picture.clone()
    other[..., 150:] = 0
    torch.testing.assert_close(net(picture)[..., :50], net(other)[..., :50])
    assert not torch.allclose(net(picture)[..., 140:150], net(other)[..., 140:150])


def test_the_norm_gives_every_pixel_unit_mean_square():
    maps = 9 * torch.randn(3, 6, 4, 4)
    normed = PixelNorm(6)(maps)
    torch.testing.assert_close(normed.square().mean(1), torch.ones(3, 4, 4), atol=1e-3, rtol=0)


def test_a_new_painter_makes_no_grid_of_its_own():
    doubled = _doubling(5, 3)(torch.randn(2, 5, 1, 1).expand(2, 5, 6, 6))
    inside = doubled[:, :, 1:-1, 1:-1]
    torch.testing.assert_close(inside, inside[:, :, :1, :1].expand_as(inside))
    assert inside.std() > 0.1
    painted = Painter(1, 2, 16, 2)(torch.randn(3, 1, 8, 8))
    torch.testing.assert_close(painted, painted[:, :, ::2, ::2].repeat_interleave(2, 2).repeat_interleave(2, 3))


def test_bounds_cut_off_and_let_through_what_pulls_back():
    numbers = torch.tensor([-3.0, -3.0, -0.5, 0.5, 3.0, 3.0], requires_grad=True)
    pull = torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])  # descent moves against it
    cut = bounded(numbers)
    assert cut.tolist() == [-1, -1, -0.5, 0.5, 1, 1]
    (cut * pull).sum().backward()
    assert numbers.grad.tolist() == [0, -1, 1, -1, 1, 0]
