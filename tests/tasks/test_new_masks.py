"""New masks: nothing but the classes of real ones, and as many objects as was asked for."""

from __future__ import annotations

import numpy as np
import pytest
from discs import masks
from scipy import ndimage

from contrafact.tasks.new_masks import bent, pieces, with_density

PLACES = (masks(6, 48) == 255).astype(np.uint8)


def draws(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_pieces_are_counted_as_scipy_counts_them():
    assert [pieces(mask, (1,))[1] for mask in PLACES] == [4] * 6
    assert pieces(np.zeros((5, 5)), (1,))[1] == 0 and pieces(np.array([[1, 0, 2]]), (1, 2))[1] == 2


@pytest.mark.parametrize("shape", [(48, 48), (30, 48)])
def test_a_bent_mask_is_another_one_of_the_same_size_and_classes(shape):
    mask = PLACES[0, : shape[0]]
    made = [bent(mask, draws(seed)) for seed in range(20)]
    assert all(one.shape == shape and set(np.unique(one)) <= {0, 1} for one in made)
    assert len({one.tobytes() for one in made}) == 20 and (bent(mask, draws(3)) == made[3]).all()
    assert abs(np.mean([one.mean() for one in made]) - mask.mean()) < 0.25 * mask.mean()


def test_bending_moves_pixels_a_little_and_tears_nothing():
    ramp = np.tile(np.arange(60), (60, 1))
    for seed in range(8):
        made = bent(ramp, draws(seed))
        steps = np.abs(np.diff(made.astype(int), axis=0)).max(), np.abs(np.diff(made.astype(int), axis=1)).max()
        assert max(steps) <= 6


def test_fewer_objects_are_some_of_those_that_were_there():
    for factor, left in ((0.5, 2), (0.25, 1), (0.01, 1)):
        made = with_density(PLACES[0], factor, PLACES, (1,), 0, draws())
        numbered, count = pieces(PLACES[0], (1,))
        kept = [place for place in range(1, count + 1) if (made[numbered == place] == 1).all()]
        assert pieces(made, (1,))[1] == left == len(kept) and made.sum() == np.isin(numbered, kept).sum()


def test_more_objects_are_added_where_they_touch_nothing():
    made = with_density(PLACES[0], 2, PLACES, (1,), 0, draws())
    assert pieces(made, (1,))[1] == 8 and (made[PLACES[0] == 1] == 1).all()
    sizes = {int(n) for mask in PLACES for n in np.bincount(ndimage.label(mask)[0].ravel())[1:]}
    assert {int(n) for n in np.bincount(ndimage.label(made)[0].ravel())[1:]} <= sizes
    assert (with_density(PLACES[0], 1, PLACES, (1,), 0, draws()) == PLACES[0]).all()


def test_where_there_is_no_room_there_are_as_many_as_fit():
    made = with_density(PLACES[0], 100, PLACES, (1,), 0, draws())
    assert 8 < pieces(made, (1,))[1] < 400
