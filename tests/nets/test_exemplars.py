"""Windows like one with a hole: the nearest where pixels are known, and never the answer itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from contrafact.engine.play import Step
from contrafact.nets.exemplars import Exemplars, Places


def step(seed: int = 0) -> Step:
    return Step(number=0, total=1, generator=torch.Generator().manual_seed(seed))


def pictures(count: int, high: int, wide: int, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, channels, high, wide)).astype(np.uint8)


def scaled(items: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(items).float() / 127.5 - 1


def by_hand(items: np.ndarray, asked: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Order all items by the squared difference over known pixels, for each asked picture."""
    away = np.square(asked[:, None].astype(float) - items[None]) * ~hole[:, None, None]
    return away.sum((2, 3, 4)).argsort(1)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_nearest_of_small_windows_are_those_that_a_search_by_hand_finds(channels):
    items, asked = pictures(60, 9, 7, channels), pictures(75, 9, 7, channels)[60:]
    hole = np.random.default_rng(1).random((15, 9, 7)) < 0.4
    memory = Exemplars.cut({"pictures": items, "number": np.arange(60)}, (9, 7), 100, step())
    assert len(memory) == 60
    found = memory.nearest(scaled(asked), torch.from_numpy(hole).float()[:, None], 4)
    order = by_hand(items, asked, hole)[:, :4]
    wanted = scaled(items[order]).flatten(1, 2)
    torch.testing.assert_close(found, wanted)


def test_large_windows_are_found_by_their_cells_first():
    items = np.kron(pictures(50, 12, 12), np.ones((1, 1, 4, 4), dtype=np.uint8))  # cells tell all there is to know
    hole = torch.zeros(50, 1, 48, 48)
    hole[..., 12:36, 12:36] = 1
    memory = Exemplars.cut({"pictures": items, "number": np.arange(50)}, (48, 48), 50, step())
    torch.testing.assert_close(memory.nearest(scaled(items), hole, 1), scaled(items))


def test_windows_that_overlap_with_the_asked_one_are_left_out_while_learning():
    items = pictures(8, 20, 20)
    memory = Exemplars.cut({"pictures": items, "number": np.arange(8)}, (8, 8), 2000, step())
    assert memory.places is not None and len(memory) == 2000
    own = Places(picture=torch.arange(8), corner=torch.full((8, 2), 6))
    asked = scaled(items[:, :, 6:14, 6:14])
    hole = torch.zeros(8, 1, 8, 8)
    hole[..., :4] = 1
    free = memory.nearest(asked, hole, 1)
    assert (free == asked).flatten(1).all(1).float().mean() > 0.5  # most of the answers lie in the memory
    shown = memory.nearest(asked, hole, 4, own=own)
    for picture, found in zip(items, shown, strict=True):
        whole = scaled(np.lib.stride_tricks.sliding_window_view(picture[0], (8, 8)).copy())
        for window in found:
            places = (whole == window).flatten(2).all(2).nonzero()
            assert all((abs(y - 6) >= 8) or (abs(x - 6) >= 8) for y, x in places.tolist())


def test_where_too_few_may_be_shown_nothing_stands_in_their_place():
    items = pictures(3, 8, 8)
    memory = Exemplars.cut({"pictures": items, "number": np.arange(3)}, (8, 8), 10, step())
    hole = torch.zeros(3, 1, 8, 8)
    hole[..., 0] = 1
    own = Places(picture=torch.arange(3), corner=torch.zeros(3, 2, dtype=torch.long))
    shown = memory.nearest(scaled(items), hole, 4, own=own)
    assert shown.shape == (3, 4, 8, 8) and (shown.flatten(2).any(2).sum(1) == 2).all()
    assert not memory.nearest(scaled(items), torch.ones_like(hole), 4).any()  # nothing is known: none is near
    none = Exemplars.cut({"pictures": items, "number": np.arange(3)}, (8, 8), 0, step())
    assert not len(none) and not none.nearest(scaled(items), hole, 4).any()


def test_a_part_of_many_windows_is_searched_for_speed_and_is_a_function_of_the_step(monkeypatch):
    monkeypatch.setattr("contrafact.nets.exemplars.NUMBERS", 20 * 64)
    items = pictures(200, 8, 8)
    memory = Exemplars.cut({"pictures": items, "number": np.arange(200)}, (8, 8), 200, step())
    hole = torch.zeros(200, 1, 8, 8)
    hole[..., 0] = 1
    one, same, other = (memory.nearest(scaled(items), hole, 1, step=step(seed)) for seed in (1, 1, 2))
    assert (one == same).all() and (one != other).any()
    assert ((one == scaled(items)).flatten(1).all(1)).sum() == 20


def test_windows_of_a_class_are_found_among_those_of_the_class_alone():
    items, labels = pictures(60, 9, 7), np.random.default_rng(2).integers(0, 4, 60)
    memory = Exemplars.cut({"pictures": items, "number": np.arange(60), "labels": labels}, (9, 7), 60, step())
    assert memory.labels is not None and memory.labels.tolist() == sorted(labels)
    asked, hole = items[:12], np.zeros((12, 9, 7), dtype=bool)
    hole[:, 3:] = True
    of = (labels[:12] + 1) % 4
    found = memory.nearest_of(torch.from_numpy(of), scaled(asked), torch.from_numpy(hole).float()[:, None], 2)
    for row, label in enumerate(of):
        own = items[labels == label]
        order = by_hand(own, asked[row : row + 1], hole[row : row + 1])[0, :2]
        torch.testing.assert_close(found[row], scaled(own[order]).flatten(0, 1))
    anything = memory.nearest_of(None, scaled(asked), torch.from_numpy(hole).float()[:, None], 2)
    torch.testing.assert_close(anything[:, :1], scaled(asked))
