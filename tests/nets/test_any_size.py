"""Pictures to numbers and back, whatever their size."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from contrafact.base.data import Data
from contrafact.base.errors import DataError
from contrafact.codecs.image import ImageCodec
from contrafact.engine.play import Step
from contrafact.nets.any_size import cut_windows, floats, items_of, like, whole_numbers, working_size


def pictures(dtype: str = "uint8", shape: tuple[int, ...] = (6, 8, 10)) -> np.ndarray:
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("shape", [(6, 8, 10), (6, 8, 10, 3)])
def test_numbers_and_back_give_the_same_pictures(dtype, shape):
    own = pictures(dtype, shape)
    data = Data(kind="pictures", items=own)
    codec = ImageCodec.fit(data)
    items = items_of(data, codec)
    numbers = floats(items, codec)
    assert numbers.shape[1] == codec.channels
    assert -1 <= numbers.min() < -0.98 and 0.98 < numbers.max() <= 1
    again = like(data, whole_numbers(numbers, own.dtype, codec))
    assert again.items.dtype == own.dtype and again.items.shape == own.shape
    assert np.abs(again.items.astype(int) - own).max() == 0


def test_one_picture_is_read_as_a_batch_and_given_back_alone():
    own = pictures()
    codec = ImageCodec.fit(own)
    assert items_of(own[0], codec).shape == (1, 8, 10, 1)
    assert like(own[0], items_of(own[0], codec)).shape == (8, 10)


@pytest.mark.parametrize("other", [pictures("uint16"), pictures("uint8", (6, 8, 10, 3)), pictures().astype(float)])
def test_pictures_of_another_kind_are_refused(other):
    with pytest.raises(DataError) as caught:
        items_of(other, ImageCodec.fit(pictures()))
    assert caught.value.code == "E205"


def test_new_pictures_are_scaled_as_those_that_were_learned_from():
    codec = ImageCodec.fit(pictures(shape=(6, 40, 80)), resolution=20)
    assert (codec.high, codec.wide) == (10, 20) and working_size(codec, (200, 41)) == (50, 10)


def test_windows_are_parts_of_their_pictures_from_everywhere():
    own = torch.arange(12 * 10).reshape(1, 1, 12, 10).expand(400, 1, 12, 10)
    step = Step(number=0, total=1, generator=torch.Generator().manual_seed(0))
    cut = cut_windows(own, (5, 20), step)
    assert cut.shape == (400, 1, 5, 10)
    firsts = cut[:, 0, 0, 0]
    assert set((firsts // 10).tolist()) == set(range(8)) and set((firsts % 10).tolist()) == {0}
    steps = torch.arange(5)[:, None] * 10 + torch.arange(10)
    assert (cut[:, 0] == firsts[:, None, None] + steps).all()
