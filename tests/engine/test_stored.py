"""Items on the disk are read by their places; keyed orders are permutations that need no memory."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from contrafact.engine.items import Batches, batches, parts, resident, split
from contrafact.engine.stored import Shuffle, Stored, StoredBatches

ROWS = np.random.default_rng(0).integers(0, 1000, (2500, 3)).astype(np.int16)


def stored(rows: np.ndarray = ROWS, block: int = 700) -> Stored:
    return Stored.of("tokens", (rows[start : start + block] for start in range(0, len(rows), block)))


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 63, 64, 65, 1000, 4097])
def test_a_shuffle_is_a_permutation(count):
    order = Shuffle(count=count, seed=7)(np.arange(count))
    assert sorted(order.tolist()) == list(range(count))


def test_shuffles_depend_on_the_seed_and_look_random():
    one, other = (Shuffle(count=20_000, seed=seed)(np.arange(20_000)) for seed in (0, 1))
    assert (one != other).mean() > 0.99
    for order in (one, other):
        assert abs(np.corrcoef(order, np.arange(20_000))[0, 1]) < 0.03  # four standard errors
        assert abs(np.corrcoef(order[:-1], order[1:])[0, 1]) < 0.03
        assert abs((order < 10_000)[:10_000].mean() - 0.5) < 0.02


def test_a_shuffle_asked_place_by_place_is_the_same():
    order = Shuffle(count=77, seed=1)
    assert [int(order(np.array([place]))[0]) for place in range(77)] == order(np.arange(77)).tolist()


def test_rows_come_back_from_the_disk_whatever_blocks_they_were_written_in():
    places = np.array([2499, 0, 3, 3, 1400])
    for block in (1, 700, 5000):
        assert (stored(block=block).rows(places) == ROWS[places]).all()


def test_the_split_cuts_a_tenth_off_and_leaves_the_others():
    rest, held = split(stored(), 3)
    assert len(rest) == 2250 and held["tokens"].shape == (250, 3)
    found = np.concatenate([rest.rows(np.arange(len(rest))), held["tokens"]])
    assert sorted(map(tuple, found.tolist())) == sorted(map(tuple, ROWS.tolist()))


def test_parts_say_where_the_split_rows_stand():
    rest, held = split(stored(), 3)
    trained, cut = parts(stored(), 3, 100)
    assert (ROWS[trained] == rest.rows(np.arange(100))).all()
    assert (ROWS[cut] == held["tokens"]).all()


def test_few_stored_rows_are_used_for_both():
    rest, held = split(stored(ROWS[:30]), 0)
    assert len(rest) == 30 and (held["tokens"] == ROWS[:30]).all()


def test_an_epoch_of_stored_batches_shows_every_row_once():
    items = resident(stored(ROWS[:1000]), torch.device("cpu"))
    drawn = batches(items, 250, 5)
    rows = torch.cat([drawn(number)["tokens"] for number in range(4)]).tolist()
    assert sorted(map(tuple, rows)) == sorted(map(tuple, ROWS[:1000].tolist()))
    again = torch.cat([drawn(number)["tokens"] for number in range(4, 8)]).tolist()
    assert again != rows and sorted(again) == sorted(rows)


def test_processes_share_a_global_batch():
    items = resident(stored(ROWS[:1000]), torch.device("cpu"))
    whole = batches(items, 100, 5)
    halves = [StoredBatches(items, 50, 5, share=(rank, 2)) for rank in range(2)]
    for number in range(3):
        together = torch.cat([half(number)["tokens"] for half in halves])
        assert torch.equal(together, whole(number)["tokens"])


def test_items_in_memory_keep_their_batches():
    items = resident({"tokens": ROWS}, torch.device("cpu"))
    assert isinstance(batches(items, 10, 0), Batches)
