"""The codec of pairs: masks as classes, blocks, sizes."""

from __future__ import annotations

import numpy as np
import pytest

from contrafact.base.data import Data, Pairs, fingerprint
from contrafact.base.errors import DataError
from contrafact.codecs import from_json
from contrafact.codecs.pairs import PairCodec


def pictures(*shape: int, seed: int = 0, dtype: type = np.uint8) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape).astype(dtype)


def pairs(source: np.ndarray, target: np.ndarray) -> Pairs:
    return Pairs(source=Data(kind="pictures", items=source), target=Data(kind="pictures", items=target, name="masks"))


def of_values(values: list[int], *shape: int, dtype: type = np.uint8) -> np.ndarray:
    return np.random.default_rng(1).choice(np.asarray(values, dtype=dtype), shape)


def test_masks_of_few_values_become_places_of_classes_and_back():
    target = of_values([0, 7, 255], 6, 20, 30)
    codec = PairCodec.fit(pairs(pictures(6, 20, 30), target))
    assert codec.classes == (0, 7, 255) and codec.outputs == 3
    assert codec.shares == pytest.approx([(target == v).mean() for v in (0, 7, 255)])
    encoded = codec.encode(pairs(pictures(6, 20, 30), target))
    assert encoded["source"].shape == encoded["target"].shape == (6, 1, 20, 30)
    assert set(np.unique(encoded["target"])) == {0, 1, 2}
    decoded = codec.decode(encoded)
    assert decoded.name == "masks"
    np.testing.assert_array_equal(decoded.items, target)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_colours_of_a_mask_are_classes(dtype):
    colours = np.array([[0, 0, 0], [255, 0, 0], [0, 0, 200]], dtype=dtype)
    target = colours[np.random.default_rng(0).integers(0, 3, (5, 12, 12))]
    codec = PairCodec.fit(pairs(pictures(5, 12, 12, 3), target))
    assert len(codec.classes) == 3
    np.testing.assert_array_equal(codec.decode(codec.encode(pairs(pictures(5, 12, 12, 3), target))).items, target)


def test_the_commonest_class_is_the_background():
    target = np.where(np.random.default_rng(0).random((4, 40, 40)) < 0.8, 3, 9).astype(np.uint8)
    codec = PairCodec.fit(pairs(pictures(4, 40, 40), target))
    assert codec.classes == (3, 9) and codec.rare == (1,)


def test_targets_of_many_values_are_pictures_unless_masks_are_asked_for():
    both = pairs(pictures(5, 16, 16), pictures(5, 16, 16, 3, seed=2))
    codec = PairCodec.fit(both)
    assert codec.classes == () and codec.outputs == 3
    np.testing.assert_array_equal(codec.decode(codec.encode(both)).items, both.target.items)
    with pytest.raises(DataError) as caught:
        PairCodec.fit(both, masks=True)
    assert caught.value.code == "E233"
    assert PairCodec.fit(pairs(pictures(5, 8, 8), of_values([0, 1], 5, 8, 8)), masks=False).classes == ()


@pytest.mark.parametrize("count", [6, 20])
def test_blocks_cover_every_pixel_of_both_sides_alike(count):
    source = pictures(count, 300, 530)
    both = pairs(source, np.where(source > 127, 255, 0).astype(np.uint8))
    codec = PairCodec.fit(both, crop=32)
    encoded = codec.encode(both)
    assert (encoded["target"] == (encoded["source"] > 127)).all()
    assert encoded["source"].shape[2:] == codec.block
    assert codec.block[0] >= 100 and codec.block[1] <= 300
    pieces = len(encoded["source"]) // count
    assert pieces * codec.block[0] * codec.block[1] >= 300 * 530
    assert len(encoded["source"]) >= 40


def test_a_crop_fits_into_a_block():
    codec = PairCodec.fit(pairs(pictures(4, 600, 600), of_values([0, 1], 4, 600, 600)), crop=280)
    assert min(codec.block) >= 280


def test_new_pictures_may_have_any_size():
    codec = PairCodec.fit(pairs(pictures(4, 16, 16), of_values([0, 1], 4, 16, 16)))
    new = pictures(2, 50, 21, seed=5)
    np.testing.assert_array_equal(codec.sources(new)[:, 0], new)


def test_sixteen_bit_pictures_are_read_over_their_range():
    source = pictures(4, 16, 16, dtype=np.uint16) // 16
    codec = PairCodec.fit(pairs(source, of_values([0, 1], 4, 16, 16)))
    encoded = codec.sources(source)
    assert encoded.min() == 0 and encoded.max() == 255


def test_a_codec_comes_back_from_json():
    both = pairs(pictures(6, 20, 30), of_values([0, 255], 6, 20, 30))
    codec = PairCodec.fit(both)
    assert from_json(codec.to_json()) == codec
    assert from_json(PairCodec.fit(both, masks=False).to_json()).classes == ()


@pytest.mark.parametrize(
    ("source", "target", "code"),
    [
        (pictures(4, 8, 8), pictures(4, 8, 9), "E232"),
        (pictures(4, 8, 8), np.zeros((4, 8, 8), np.uint8), "E201"),
        (pictures(1, 8, 8), pictures(1, 8, 8), "E206"),
        (pictures(4, 8, 8).astype(float), pictures(4, 8, 8), "E213"),
    ],
)
def test_what_cannot_be_paired_is_refused_by_name(source, target, code):
    with pytest.raises(DataError) as caught:
        PairCodec.fit(pairs(source, target))
    assert caught.value.code == code


def test_pairs_hold_as_many_targets_as_pictures():
    with pytest.raises(DataError) as caught:
        pairs(pictures(3, 8, 8), pictures(2, 8, 8))
    assert caught.value.code == "E231"
    with pytest.raises(DataError) as caught:
        PairCodec.fit(pictures(3, 8, 8))
    assert caught.value.code == "E232"


def test_a_value_that_was_never_seen_is_refused():
    codec = PairCodec.fit(pairs(pictures(4, 8, 8), of_values([0, 5], 4, 8, 8)))
    for value in (3, 9):
        with pytest.raises(DataError, match=f"value {value}"):
            codec.targets(np.full((1, 8, 8), value, np.uint8))


def test_pairs_can_be_taken_apart_and_know_their_content():
    both = pairs(pictures(4, 8, 8), of_values([0, 1], 4, 8, 8))
    part = both.take([2, 0])
    assert len(both) == 4 and len(part) == 2
    np.testing.assert_array_equal(part.target.items[1], both.target.items[0])
    swapped = Pairs(source=both.source, target=both.target.take([1, 0, 2, 3]))
    assert fingerprint(both) == fingerprint(both.take(range(4))) != fingerprint(swapped)
