"""The generator that fills holes: blind inside them, led by one of the windows it is shown."""

from __future__ import annotations

import pytest
import torch

from contrafact.nets.hole_filler import LEADS, SHOWN, Filler, led


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 9, 21), (1, 64, 64), (2, 5, 4)], ids=str)
def test_any_size_is_filled_and_the_hole_hides_what_was_in_it(shape):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        filler = Filler(shape, 2, 16, 8)
    source = torch.Generator().manual_seed(0)
    pictures = torch.rand(6, *shape, generator=source)
    hole = (torch.rand(6, 1, *shape[1:], generator=source) < 0.5).float()
    shown = torch.rand(6, SHOWN * shape[0], *shape[1:], generator=source)
    noise = torch.randn(6, filler.noise_size, generator=source)
    filler.settle(pictures, hole, shown, noise, None)
    made = filler(pictures, hole, shown, noise)
    assert made.shape == pictures.shape and made.abs().max() <= 1
    torch.testing.assert_close(filler(pictures + 9 * hole, hole, shown, noise), made)
    torch.testing.assert_close(filler(pictures[:1], hole[:1], shown[:1], noise[:1]), made[:1], atol=1e-5, rtol=1e-5)
    assert (filler(pictures, hole, shown, -noise) != made).any()
    assert (filler(pictures, hole, shown * 0, noise) != made).any()
    assert (filler(pictures, hole, shown, noise, torch.eye(2)[[0, 0, 0, 1, 1, 1]]) != made).any()


def test_each_of_the_shown_windows_leads_as_often_as_is_said():
    rows = 40_000
    shown = torch.arange(1.0, SHOWN + 1).expand(rows, SHOWN)[:, :, None, None]
    number = torch.randn(rows, generator=torch.Generator().manual_seed(0))
    first = led(shown, number, 1)[:, 0, 0, 0]
    for place, share in enumerate(LEADS):
        assert (first == place + 1).float().mean() == pytest.approx(share, abs=0.01)


def test_the_leader_changes_places_with_the_nearest_and_none_is_lost():
    shown = torch.tensor([[1.0, 2, 3, 4]]).repeat(2, 1)[:, :, None, None]
    made = led(shown, torch.tensor([-3.0, 3.0]), 1)[:, :, 0, 0]
    assert made.tolist() == [[1, 2, 3, 4], [4, 2, 3, 1]]


def test_windows_that_are_not_there_never_lead():
    shown = torch.tensor([[1.0, 2, 0, 0], [0, 0, 0, 0]])[:, :, None, None]
    made = led(shown, torch.tensor([3.0, 3.0]), 1)[:, :, 0, 0]
    assert made.tolist() == [[2, 1, 0, 0], [0, 0, 0, 0]]


def test_channels_of_a_window_stay_together():
    shown = torch.arange(1.0, 9)[None, :, None, None]
    assert led(shown, torch.tensor([3.0]), 2).flatten().tolist() == [7, 8, 3, 4, 5, 6, 1, 2]
