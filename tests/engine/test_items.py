from __future__ import annotations

import numpy as np
import pytest
import torch

from contrafact.engine.items import Batches, count, each, finite, split


def encoded(n: int = 50) -> dict[str, np.ndarray]:
    return {"pictures": np.arange(n * 4, dtype=np.uint8).reshape(n, 1, 2, 2), "labels": np.arange(n) % 3}


def epoch(batches: Batches, size: int) -> torch.Tensor:
    return torch.cat([batches(number) for number in range(batches.count // size)])


def test_arrays_that_stand_side_by_side_stay_so_when_they_are_split():
    items = {"pictures": np.arange(80), "labels": 10 * np.arange(80)}
    rest, held = split(items, seed=0)
    assert (count(rest), count(held)) == (72, 8)
    for part in (rest, held):
        assert (part["labels"] == 10 * part["pictures"]).all()
    assert sorted([*rest["pictures"], *held["pictures"]]) == list(range(80))


def test_few_items_serve_both_sides():
    items = encoded(39)
    rest, held = split(items, seed=0)
    assert rest is items is held


def test_whole_numbers_are_finite_and_one_bad_number_is_found_in_any_array():
    assert finite(encoded())
    assert not finite({**encoded(), "noise": np.array([0.0, np.inf])})
    assert each(encoded(5), len) == {"pictures": 5, "labels": 5}


def test_every_item_is_shown_once_an_epoch_in_an_order_that_seed_and_epoch_decide():
    batches = Batches(torch.arange(60), 10, seed=3)
    first = epoch(batches, 10)
    assert sorted(first.tolist()) == list(range(60))
    again = Batches(torch.arange(60), 10, seed=3)
    assert torch.equal(again(7), batches(7)) and torch.equal(again(0), first[:10])
    assert not torch.equal(batches(6), batches(0))


def test_a_batch_takes_the_same_items_of_every_array():
    items = {name: torch.from_numpy(part) for name, part in encoded().items()}
    batch = Batches(items, 7, seed=0)(1)
    assert batch["pictures"].shape == (7, 1, 2, 2)
    assert torch.equal(batch["pictures"][:, 0, 0, 0].long() // 4 % 3, batch["labels"])


def test_equal_resampling_shows_every_class_equally_often_in_every_batch_size():
    labels = torch.tensor([0] * 900 + [1] * 90 + [2] * 10)
    batches = Batches({"at": torch.arange(1000), "labels": labels}, 100, seed=0, groups=labels)
    shown = [batches(number) for number in range(30)]
    for part in (shown[:10], shown[10:20], shown[20:]):  # each epoch
        seen = torch.bincount(torch.cat([batch["labels"] for batch in part]), minlength=3)
        assert (seen - 1000 / 3).abs().max() < 1
    chance = torch.bincount(torch.cat([batch["labels"] for batch in shown]), minlength=3) / 3000
    assert torch.allclose(chance, torch.full((3,), 1 / 3), atol=1e-3)
    # The few of a small class come in turn, each as often as the others.
    few = torch.cat([batch["at"][batch["labels"] == 2] for batch in shown[:10]])
    times = torch.bincount(few - 990, minlength=10)
    assert times.max() - times.min() <= 1


def test_without_groups_classes_come_as_often_as_they_are():
    labels = torch.tensor([0] * 90 + [1] * 10)
    batches = Batches({"labels": labels}, 10, seed=0)
    assert sum(int(batches(number)["labels"].sum()) for number in range(10)) == 10


@pytest.mark.parametrize("size", [7, 10])
def test_keys_depend_on_seed_epoch_and_item_alone(size):
    items = {"at": torch.arange(20)}
    batches = Batches(items, size, seed=1, keyed=True)
    drawn = [batches(number) for number in range(40 // size + 1)]
    at, key = torch.cat([b["at"] for b in drawn])[:40], torch.cat([b["key"] for b in drawn])[:40]
    whole = Batches(items, 20, seed=1, keyed=True)
    for number in range(2):
        one = whole(number)
        expected = dict(zip(one["at"].tolist(), one["key"].tolist(), strict=True))
        part = slice(20 * number, 20 * number + 20)
        assert dict(zip(at[part].tolist(), key[part].tolist(), strict=True)) == expected
    assert len(set(key.tolist())) == 40 and int(key.min()) >= 0
