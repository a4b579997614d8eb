"""Holes to train on: every shape at every size, drawn from the step alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from contrafact.engine.play import Step
from contrafact.nets.holes import SHARES, boxes, centre, halves, random_holes, strokes


def step(seed: int = 0) -> Step:
    return Step(number=0, total=1, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("size", [(28, 28), (5, 9), (1, 1), (64, 32)])
def test_no_hole_is_empty_and_all_have_the_asked_size(size):
    holes = random_holes(step(), 300, *size)
    assert holes.shape == (300, 1, *size) and holes.dtype == torch.bool
    assert holes.flatten(1).any(1).all()


def test_the_same_step_draws_the_same_holes_and_another_draws_others():
    assert torch.equal(random_holes(step(), 9, 16, 16), random_holes(step(), 9, 16, 16))
    assert not torch.equal(random_holes(step(), 9, 16, 16), random_holes(step(1), 9, 16, 16))


def test_whole_pictures_and_the_middle_quarter_come_as_often_as_stated():
    holes = random_holes(step(), 4000, 16, 16)[:, 0]
    whole = holes.flatten(1).all(1).float().mean().item()
    middle = (holes == centre(16, 16)).flatten(1).all(1).float().mean().item()
    assert abs(whole - SHARES[6]) < 0.02 and abs(middle - SHARES[5]) < 0.02
    assert centre(16, 16).float().mean() == 0.25


def test_a_box_is_a_full_rectangle_within_its_bounds():
    draws = torch.rand(200, 1, 4, generator=torch.Generator().manual_seed(0))
    for box in boxes(draws, 40, 60, 0.2, 0.5)[:, 0].numpy():
        rows, columns = np.flatnonzero(box.any(1)), np.flatnonzero(box.any(0))
        high, wide = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert box.sum() == high * wide and 7 <= high <= 21 and 11 <= wide <= 31


def test_a_half_lies_at_one_side_of_the_picture():
    sides = torch.tensor([[0.1, 0.5], [0.3, 0.5], [0.6, 0.5], [0.9, 0.5]])
    holes = halves(sides, 6, 8)
    assert [hole.float().mean().item() for hole in holes] == [0.5] * 4
    top, bottom, left, right = holes
    assert top[:3].all() and bottom[3:].all() and left[:, :4].all() and right[:, 4:].all()


def test_a_stroke_holds_the_pixels_within_its_radius_of_its_line():
    corners = torch.tensor([[[0.25, 0.5], [0.75, 0.5], [0.75, 0.9]]])
    one = strokes(corners, torch.tensor([0.06]), torch.tensor([1]), 20, 20)[0]
    y, x = np.meshgrid((np.arange(20) + 0.5) / 20, (np.arange(20) + 0.5) / 20, indexing="ij")
    away = np.hypot(x - 0.5, np.maximum(np.maximum(0.25 - y, y - 0.75), 0))
    assert (one.numpy() == (away <= 0.06)).all()
    both = strokes(corners, torch.tensor([0.06]), torch.tensor([2]), 20, 20)[0]
    assert both[one].all() and both.sum() > one.sum()
