"""Working in tiles: the same as on the whole where a network reaches less far than tiles overlap."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from contrafact.nets.tiles import starts, tiled
from contrafact.nets.unet import UNet


@pytest.fixture
def net() -> UNet:
    state = torch.get_rng_state()
    torch.manual_seed(0)
    made = UNet(1, 2, width=4, depth=2).double().requires_grad_(False)
    torch.nn.init.normal_(made.head.weight)
    torch.set_rng_state(state)
    return made


@pytest.mark.parametrize("length", [1, 40, 41, 64, 100, 333])
@pytest.mark.parametrize("overlap", [0, 8, 20])
def test_tiles_cover_every_pixel_and_overlap_as_asked(length, overlap):
    length = -(-length // 4) * 4
    every = starts(length, 40, overlap, 4)
    assert every[0] == 0 and every[-1] + 40 >= length and all(start % 4 == 0 for start in every)
    assert all(0 < after - before <= 40 - overlap for before, after in pairwise(every))
    assert len(every) == 1 or every[-1] + 40 == length


def test_a_picture_in_tiles_is_the_whole_one_where_the_network_does_not_reach_a_seam(net):
    picture = torch.randn(1, 1, 150, 203, dtype=torch.float64)
    whole = net(picture)
    made = tiled(net, picture, multiple=4, tile=100, overlap=2 * net.reach)
    inside = slice(20, 52)  # the second tile begins at 52, the first ends at 100
    torch.testing.assert_close(made[:, :, inside, inside], whole[:, :, inside, inside])
    assert made.shape == whole.shape
    # Near seams a tile's border shows, blended with its neighbour: small everywhere.
    assert (made - whole).abs().max() < 0.5 * whole.std()


def test_what_looks_at_one_pixel_alone_has_no_seams_at_all():
    picture = torch.randn(2, 1, 97, 130, dtype=torch.float64)
    torch.testing.assert_close(tiled(torch.sin, picture, multiple=4, tile=40, overlap=12), picture.sin())


def test_blending_is_smooth():
    made = tiled(
        lambda tile: torch.full_like(tile, float(tile[0, 0, 0, 0])), ramp(200), multiple=4, tile=80, overlap=32
    )
    assert made[0, 0, 0].diff().abs().max() < 0.1 * (made.max() - made.min())


def ramp(width: int) -> torch.Tensor:
    return torch.linspace(0, 1, width, dtype=torch.float64).expand(1, 1, 8, width).contiguous()


def test_a_picture_that_fits_one_tile_is_worked_on_once(net):
    sizes = []
    tiled(lambda tile: sizes.append(tile.shape) or tile, torch.zeros(1, 1, 37, 40), multiple=4, tile=40, overlap=8)
    assert sizes == [(1, 1, 37, 40)]
