"""Classic operations: each does what its name says, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from contrafact.engine.play import Step
from contrafact.tasks.classic import DEGREES, OPERATIONS, SCALE, SHIFT, copies, possible, varied


def step(seed: int = 0) -> Step:
    return Step(number=0, total=1, generator=torch.Generator().manual_seed(seed))


def disc(high: int, wide: int, radius: float) -> torch.Tensor:
    y, x = (torch.arange(side) - (side - 1) / 2 for side in (high, wide))
    return torch.sigmoid(1.5 * (radius - (y[:, None] ** 2 + x[None] ** 2).sqrt()))[None, None]


def many(picture: torch.Tensor, count: int = 200) -> torch.Tensor:
    return picture.expand(count, -1, -1, -1)


@pytest.mark.parametrize(
    ("name", "images"),
    [
        ("mirror", lambda p: [p, p.flip(2)]),
        ("flip", lambda p: [p, p.flip(1)]),
        ("quarter", lambda p: [torch.rot90(p, k, (1, 2)) for k in range(4)]),
    ],
)
def test_turns_and_mirrors_give_each_of_their_pictures_equally_often(name, images):
    picture = torch.rand(2, 5, 5)
    made = varied(picture.expand(400, -1, -1, -1), (name,), step())
    found = [sum(bool((one == other).all()) for one in made) for other in images(picture)]
    assert sum(found) == 400 and min(found) > 0.6 * 400 / len(found)


def test_turning_leaves_a_disc_alone_also_in_a_picture_that_is_not_square():
    for size in ((21, 21), (21, 31)):
        picture = disc(*size, 6)
        assert (varied(many(picture, 20), ("turn",), step()) - picture).abs().max() < 0.06


def test_turning_turns_up_to_its_limit():
    bar = torch.zeros(1, 1, 41, 41)
    bar[..., 19:22, 4:37] = 1
    made = varied(many(bar), ("turn",), step())[:, 0]
    rows = torch.arange(41.0)
    left, right = ((made[:, :, x] * rows[:, None]).sum((1, 2)) / made[:, :, x].sum((1, 2)) for x in ([8, 9], [31, 32]))
    angles = torch.rad2deg(torch.atan2(right - left, torch.tensor(23.0)))
    assert angles.abs().max() < DEGREES + 1 and angles.max() > 0.8 * DEGREES and angles.min() < -0.8 * DEGREES


def test_scaling_and_shifting_stay_within_their_limits():
    picture = disc(41, 41, 9)
    area = varied(many(picture), ("scale",), step()).sum((1, 2, 3)) / picture.sum()
    assert (1 + SCALE) ** -2 - 0.02 < area.min() < 0.85 and 1.15 < area.max() < (1 + SCALE) ** 2 + 0.02
    made = varied(many(picture), ("shift",), step())[:, 0]
    columns = (made.sum(1) * torch.arange(41.0)).sum(1) / made.sum((1, 2)) - 20
    assert 0.8 * SHIFT * 41 < columns.abs().max() < 1.05 * SHIFT * 41 and abs(float(columns.mean())) < 0.5


def test_quarter_turns_are_for_square_pictures_only():
    assert possible(8, 8) == OPERATIONS and "quarter" not in possible(8, 9)


@pytest.mark.parametrize("shape", [(6, 7, 9), (6, 7, 9, 3), (6, 8, 8)])
def test_copies_differ_from_their_pictures_and_keep_size_and_depth(shape):
    for dtype in (np.uint8, np.uint16):
        pictures = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape).astype(dtype)
        kept = pictures.copy()
        made = copies(pictures, ("mirror",), seed=3)
        assert made.shape == shape and made.dtype == dtype and (made == pictures[:, :, ::-1]).all()
        assert (copies(pictures, ("turn", "scale"), 3) == copies(pictures, ("turn", "scale"), 3)).all()
        assert (pictures == kept).all()


def test_a_symmetrical_picture_may_equal_its_copy():
    flat = np.full((2, 4, 4), 7, dtype=np.uint8)
    assert (copies(flat, ("mirror",), 0) == flat).all()
