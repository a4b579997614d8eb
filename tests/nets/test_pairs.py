"""Random crops of pairs, and what networks are shown."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from contrafact.base.data import Data, Pairs
from contrafact.codecs.pairs import PairCodec
from contrafact.engine.items import Batches, each
from contrafact.nets.pairs import Exam, bent, crops, infidelity, places


def aligned(count: int = 6, high: int = 20, wide: int = 30) -> tuple[PairCodec, dict[str, torch.Tensor]]:
    """Pictures whose pixel is a number of its own, and targets that are the same pictures."""
    items = np.random.default_rng(0).integers(0, 256, (count, high, wide)).astype(np.uint8)
    pairs = Pairs(source=Data(kind="pictures", items=items), target=Data(kind="pictures", items=items.copy()))
    codec = PairCodec.fit(pairs, masks=False)
    return codec, each(codec.encode(pairs), torch.from_numpy)


@pytest.mark.parametrize("turning", ["turn", "mirror", "none"])
def test_both_sides_of_a_pair_are_cut_alike(turning):
    codec, items = aligned()
    batch = Batches(items, 4, seed=0, keyed=True)
    for number in range(20):
        cut = crops(batch(number), codec, 8, turning)
        assert cut.source.shape == (4, 1, 8, 8)
        torch.testing.assert_close(cut.source, cut.target)


def test_crops_are_turned_in_all_eight_ways_and_lie_everywhere():
    keys = torch.arange(40_000)
    rows, columns = places(keys, 6, 7, 4, "turn")
    assert rows.min() == 0 and rows.max() == 5 and columns.min() == 0 and columns.max() == 6
    corners = [side[:, i, j] for side in (rows, columns) for i, j in ((0, 0), (0, -1), (-1, 0))]
    ways, times = torch.unique(torch.stack(corners, dim=1), dim=0, return_counts=True)
    assert len(ways) == 3 * 4 * 8 and times.min() > 0.9 * times.max()


def test_a_crop_holds_each_pixel_of_its_square_once():
    for turning, ways in (("turn", 8), ("mirror", 2), ("none", 1)):
        rows, columns = places(torch.arange(16), 5, 5, 4, turning)
        seen = set()
        for row, column in zip(rows, columns, strict=True):
            cells = sorted(zip(row.flatten().tolist(), column.flatten().tolist(), strict=True))
            y, x = cells[0]
            assert cells == [(y + i, x + j) for i in range(4) for j in range(4)]
            seen.add(tuple((row - y).flatten().tolist() + (column - x).flatten().tolist()))
        rows, columns = places(torch.arange(64), 4, 4, 4, turning)
        assert (
            len(
                {(tuple(r.flatten().tolist()), tuple(c.flatten().tolist())) for r, c in zip(rows, columns, strict=True)}
            )
            == ways
        )


def test_crops_depend_on_seed_epoch_and_index_alone():
    codec, items = aligned()
    one, other = (Batches(items, 4, seed=seed, keyed=True) for seed in (0, 0))
    other(7)  # drawn before: it must not matter
    torch.testing.assert_close(crops(one(2), codec, 8, "turn").source, crops(other(2), codec, 8, "turn").source)
    assert not torch.equal(one(0)["key"], Batches(items, 4, seed=1, keyed=True)(0)["key"])
    first, second = (one(number) for number in (0, 3))  # the same block in another epoch is cut elsewhere
    assert len(torch.unique(torch.cat([first["key"], second["key"]]))) == 8


def test_small_pictures_are_taken_whole():
    codec, items = aligned(high=5, wide=9)
    assert crops(Batches(items, 4, seed=0, keyed=True)(0), codec, 96, "turn").source.shape == (4, 1, 5, 5)


def test_masks_are_shown_as_a_map_for_each_class_and_missed_by_cross_entropy():
    target = np.random.default_rng(0).choice(np.array([0, 9, 20], np.uint8), (3, 4, 4))
    source = np.random.default_rng(1).integers(0, 256, (3, 4, 4)).astype(np.uint8)
    pairs = Pairs(source=Data(kind="pictures", items=source), target=Data(kind="pictures", items=target))
    codec = PairCodec.fit(pairs)
    batch = {**each(codec.encode(pairs), torch.from_numpy), "key": torch.zeros(3, dtype=torch.int64)}
    cut = crops(batch, codec, 4, "none")
    assert cut.shown.shape == (3, 3, 4, 4) and (cut.shown.argmax(1).numpy() == codec.targets(target)[:, 0]).all()
    raw = torch.randn(3, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    chances = torch.from_numpy((bent(raw, codec).numpy() + 1) / 2)
    by_hand = -chances.gather(1, cut.target[:, None]).log().mean()
    torch.testing.assert_close(infidelity(raw, cut, codec), by_hand)


def test_an_exam_takes_blocks_from_everywhere_and_not_too_many():
    held = {"source": np.zeros((100, 1, 256, 256), np.uint8), "target": np.arange(100)[:, None, None, None]}
    blocks = Exam().set(held)
    assert len(blocks["source"]) == 8 and blocks["target"].ravel()[[0, -1]].tolist() == [0, 99]
    assert len(Exam().set({name: part[:1] for name, part in held.items()})["source"]) == 1
