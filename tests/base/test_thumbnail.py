"""Notebooks show pictures, small and escaped, and say what is synthetic."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from contrafact.base.data import Data
from contrafact.base.thumbnail import SYNTHETIC, eight_bits, rows, sheet
from contrafact.zoo import CGAN

DRAW = np.random.default_rng(0)


def images(html: str) -> list[Image.Image]:
    return [Image.open(io.BytesIO(base64.b64decode(found))) for found in re.findall('base64,([A-Za-z0-9+/=]+)"', html)]


def test_a_sheet_has_its_pictures_a_pixel_apart() -> None:
    items = np.arange(5, dtype=np.uint8)[:, None, None] * np.ones((1, 2, 3), dtype=np.uint8)
    assert sheet(items, 3).tolist()[0] == [0, 0, 0, 255, 1, 1, 1, 255, 2, 2, 2]
    assert sheet(items, 3).shape == (5, 11) and set(sheet(items, 3)[2]) == {255}
    assert sheet(items[..., None], 3).shape == (5, 11)
    assert sheet(np.zeros((2, 4, 4, 3), dtype=np.uint8), 10).shape == (4, 9, 3)
    assert sheet(items[:0], 3).size == 0 or (sheet(items[:0], 3) == 255).all()


@pytest.mark.parametrize("channels", [(), (1,), (2,), (3,), (4,), (7,)])
def test_data_of_pictures_show_themselves(channels: tuple[int, ...]) -> None:
    items = DRAW.integers(0, 256, (40, 6, 5, *channels), dtype=np.uint8)
    html = Data(kind="pictures", items=items, name="<b>")._repr_html_()
    assert html is not None and "<b>" not in html and "&lt;b&gt;: 40 pictures" in html
    (found,) = images(html)
    assert found.size == (10 * 6 - 1, 3 * 7 - 1)
    first = np.asarray(found)[:6, :5]
    assert np.array_equal(first, items[0] if channels in ((), (3,), (4,)) else items[0, ..., 0])


def test_large_pictures_become_small_and_sixteen_bits_are_stretched() -> None:
    items = DRAW.integers(1000, 1100, (3, 500, 200), dtype=np.uint16)
    html = Data(kind="pictures", items=items)._repr_html_()
    assert html is not None and len(html) < 60_000
    shown = np.asarray(images(html)[0])
    assert shown.shape[0] <= 96 and shown.max() == 255 and shown[:, :20].min() < 5
    assert eight_bits(items, (0, 65535)).max() == 4


def test_other_kinds_are_told_in_words() -> None:
    assert Data(kind="text", items=["a"])._repr_html_() is None
    assert Data(kind="pictures", items=np.zeros((0, 4, 4), dtype=np.uint8))._repr_html_() is None


def test_a_model_shows_a_row_for_each_class_and_says_that_it_made_them() -> None:
    items = DRAW.integers(0, 256, (24, 8, 8), dtype=np.uint8)
    data = Data(kind="pictures", items=items, labels=np.array(["<i>", "b", "c"] * 8))
    model = CGAN.toy().but(steps=2, captions=False).fit(data)
    html = model._repr_html_()
    assert html == model._repr_html_() and html.count(f"<small>{SYNTHETIC}") == 1
    assert re.findall("<th>(.*?)</th>", html) == ["&lt;i&gt;", "b", "c"]
    found = images(html)
    assert len(found) == 3 and all(image.info["Description"] == SYNTHETIC for image in found)
    assert np.array_equal(np.asarray(found[1])[:, :8], model.sample(1, {"class": "b"}, seed=0).items[0])


def test_rows_without_names_are_rows() -> None:
    assert images(rows("what", [("", DRAW.integers(0, 256, (3, 4, 4), dtype=np.uint8))]))[0].size == (14, 4)
