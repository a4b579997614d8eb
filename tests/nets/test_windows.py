"""Filling window by window: every hole is filled once, from what is known, and nothing else is touched."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from contrafact.nets.windows import filled, windows


def painted(number: float):
    """Fill with one number."""
    return lambda pictures, hole, count: torch.full_like(pictures, number)


def holes(size: tuple[int, int]) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    blank = np.zeros(size, dtype=bool)
    made = {name: blank.copy() for name in ("none", "pixel", "corner", "scratches", "large", "whole")}
    made["pixel"][size[0] // 3, size[1] // 2] = True
    made["corner"][-2:, -3:] = True
    made["scratches"] = random.random(size) < 0.05
    made["large"][1:-1, 2:-1] = True
    made["whole"][:] = True
    return made


@pytest.mark.parametrize("size", [(40, 37), (16, 12), (5, 60), (9, 7)])
@pytest.mark.parametrize("name", ["none", "pixel", "corner", "scratches", "large", "whole"])
def test_all_of_a_hole_is_filled_and_nothing_else(size, name):
    hole = holes(size)[name]
    picture = torch.rand(2, 3, *size)
    made = filled(picture, hole, (16, 12), painted(7.0))
    assert (made[..., torch.from_numpy(hole)] == 7).all()
    assert torch.equal(made[..., torch.from_numpy(~hole)], picture[..., torch.from_numpy(~hole)])


def test_a_hole_with_room_in_a_window_gets_one_window_around_its_middle():
    hole = np.zeros((50, 50), dtype=bool)
    hole[20:26, 30:36] = True
    assert list(windows(hole, (16, 16))) == [(15, 25)]
    hole[0, 0] = hole[49, 49] = True
    assert sorted(windows(hole, (16, 16))) == [(0, 0), (15, 25), (34, 34)]


def test_a_large_hole_is_filled_from_its_rim_inwards():
    hole = np.zeros((64, 64), dtype=bool)
    hole[16:48, 16:48] = True
    unknown, shares = hole.copy(), []
    for y, x in windows(hole, (16, 16)):
        part = unknown[y : y + 16, x : x + 16]
        shares.append(part.mean())
        part[:] = False
    assert not unknown.any() and shares[0] == 0.25 and max(shares) <= 0.5


def test_what_was_filled_is_known_to_the_next_window():
    seen = []

    def fill(pictures, hole, number):
        seen.append((number, float(pictures[0, 0][~hole].max()) if (~hole).any() else None, int(hole.sum())))
        return torch.full_like(pictures, float(number + 1))

    filled(torch.zeros(1, 1, 8, 24), np.ones((8, 24), dtype=bool), (8, 16), fill)
    assert seen == [(0, None, 128), (1, 1.0, 64)]


def test_beside_a_picture_smaller_than_a_window_nothing_is_known():
    masks = []

    def fill(pictures, hole, number):
        masks.append(hole.numpy().copy())
        return pictures + 1

    hole = np.zeros((5, 6), dtype=bool)
    hole[0, 0] = True
    filled(torch.zeros(1, 1, 5, 6), hole, (8, 8), fill)
    assert len(masks) == 1 and masks[0][5:].all() and masks[0][:, 6:].all() and masks[0][:5, :6].sum() == 1
