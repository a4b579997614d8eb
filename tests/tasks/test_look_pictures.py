"""Looking at pictures: what they are, how much they vary, and which are nearly the same."""

from __future__ import annotations

import io
import json
import time

import numpy as np
import pytest
from odd_pictures import noise
from PIL import Image

from contrafact.base.data import Data
from contrafact.base.records import Finding
from contrafact.tasks import look_pictures
from contrafact.tasks.look import look
from contrafact.tasks.look_pictures import area_means, near_copies, variety


def pictures(items, labels=None, **more) -> Data:
    return Data(kind="pictures", items=np.asarray(items), labels=None if labels is None else np.array(labels), **more)


def scenes(n: int, side: int = 32) -> np.ndarray:
    """Smooth pictures, no two of which are alike."""
    draw = np.random.default_rng(0)
    small = [Image.fromarray(draw.integers(0, 256, (5, 5)).astype(np.uint8)) for _ in range(n)]
    return np.stack([np.asarray(image.resize((side, side), Image.Resampling.BICUBIC)) for image in small])


def codes(seen) -> list[str]:
    return [finding.code for finding in seen.findings]


def found(seen, code: str) -> Finding:
    return next(finding for finding in seen.findings if finding.code == code)


def test_the_headline_and_the_rows_say_what_the_pictures_are():
    seen = look(pictures(scenes(20), ["10", "2", "2", "2"] * 5))
    assert seen.headline == "20 pictures of 32 x 32, grey, 8 bit, 2 classes"
    rows = [(row["class"], row["pictures"], row["share"]) for row in seen.schema]
    assert rows == [("all", 20, 1.0), ("2", 15, 0.75), ("10", 5, 0.25)]
    assert {(row["size"], row["channels"], row["bits"]) for row in seen.schema} == {("32 x 32", 1, 8)}
    items = scenes(20)
    assert (seen.schema[0]["lowest"], seen.schema[0]["highest"]) == (items.min(), items.max())
    assert seen.schema[0]["brightness"] == pytest.approx(items.mean() / 255, abs=1e-4)
    json.dumps([seen.schema, [finding.to_json() for finding in seen.findings]], allow_nan=False)


@pytest.mark.parametrize(
    ("shape", "dtype", "words"),
    [
        ((9, 12, 10, 3), np.uint8, "10 x 12, colour, 8 bit"),
        ((9, 12, 10, 4), np.uint16, "10 x 12, colour and alpha, 16 bit"),
        ((9, 12, 10, 7), np.uint16, "10 x 12, 7 channels, 16 bit"),
        ((9, 12, 10, 1), np.uint8, "10 x 12, 1 channels, 8 bit".replace("1 channels", "grey")),
        ((9, 4, 300), np.uint16, "300 x 4, grey, 16 bit"),
    ],
)
def test_pictures_of_any_shape_can_be_looked_at(shape, dtype, words):
    items = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape).astype(dtype)
    seen = look(pictures(items))
    assert seen.headline == f"9 pictures of {words}" and codes(seen) == []


def test_many_classes_are_listed_in_part():
    seen = look(pictures(scenes(50), [f"a caption {i}" for i in range(50)]))
    assert (
        len(seen.schema) == 32 and seen.schema[31]["class"] == "20 other classes" and seen.schema[31]["pictures"] == 20
    )


@pytest.mark.parametrize(("size", "parts"), [(28, 16), (16, 16), (512, 16), (5, 5), (17, 3)])
def test_thumbnails_are_means_of_areas(size, parts):
    weights = area_means(size, parts)
    np.testing.assert_allclose(weights.sum(1), 1, rtol=1e-6)
    fine = np.repeat(np.arange(float(size)), parts)  # every pixel in as many pieces as there are parts
    np.testing.assert_allclose(weights @ np.arange(size), fine.reshape(parts, size).mean(1), rtol=1e-5)


def test_variety_is_the_distance_between_pictures_against_that_with_shuffled_pixels():
    draw = np.random.default_rng(0)
    rows = draw.random((40, 30)) * np.linspace(0, 1, 30)
    pairs = [(i, j) for i in range(40) for j in range(40) if i != j]
    between = np.mean([((rows[i] - rows[j]) ** 2).mean() for i, j in pairs])
    shuffled = np.mean([((rows[i] - draw.permutation(rows[j])) ** 2).mean() for _ in range(20) for i, j in pairs])
    assert variety(rows) == pytest.approx(np.sqrt(between / shuffled), rel=0.01)


def test_variety_is_zero_for_one_scene_and_one_without_a_common_layout():
    same = np.random.default_rng(0).random(256)[None].repeat(50, 0)
    assert variety(same) == pytest.approx(0, abs=1e-6)
    assert variety(np.random.default_rng(0).random((200, 256))) == pytest.approx(1, abs=0.02)
    assert variety(np.full((5, 4), 0.3)) == 0 and variety(same[:1]) is None


def test_one_scene_with_noise_is_said_to_vary_little():
    scene = scenes(1)[0].astype(int)
    items = np.clip(scene + np.random.default_rng(0).integers(-15, 16, (60, 32, 32)), 0, 255).astype(np.uint8)
    seen = look(pictures(items))
    assert "L221" in codes(seen) and found(seen, "L221").evidence["share"] < 0.15
    assert "L221" not in codes(look(pictures(scenes(60))))


def recoded(picture: np.ndarray) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=60)
    return np.asarray(Image.open(buffer))


CHANGES = {
    "another format": recoded,
    "darker": lambda picture: (picture * 0.7).astype(np.uint8),
    "less contrast": lambda picture: (picture * 0.5 + 60).astype(np.uint8),
    "halved and doubled": lambda picture: np.asarray(Image.fromarray(picture).reduce(2).resize((32, 32))),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_picture_that_was_changed_a_little_is_found(change):
    items = scenes(60)
    items[41] = CHANGES[change](items[7])
    seen = look(pictures(items))
    assert found(seen, "L222").evidence == {"pairs": 1, "compared": 60}
    assert "1 pair of pictures nearly the same; the closest are number 7 and 41 (0." in found(seen, "L222").message


def test_different_pictures_are_no_near_copies_and_flat_ones_are_compared_with_none():
    assert "L222" not in codes(look(pictures(scenes(200))))
    digits = np.stack([noise(i, 28, 28) for i in range(50)])
    assert "L222" not in codes(look(pictures(digits)))
    assert near_copies(np.full((9, 16), 0.5)).pairs == 0 and near_copies(np.zeros((0, 16))).pairs == 0


def test_near_copies_are_all_counted_across_blocks_and_the_closest_named():
    draw = np.random.default_rng(0)
    rows = draw.random((2500, 64)).astype(np.float32)
    for one, other, far in ((3, 2400, 0.02), (1100, 1200, 0.01), (5, 6, 0.03)):
        rows[other] = rows[one] + far * draw.normal(size=64) * rows.std()
    near = near_copies(rows, most=2)
    assert near.pairs == 3 and [pair[:2] for pair in near.closest] == [(1100, 1200), (3, 2400)]
    oracle = [np.linalg.norm(unit(rows[a]) - unit(rows[b])) for a, b, _ in near.closest]
    usual = np.sqrt(
        np.mean([np.sum((unit(rows[a]) - unit(rows[b])) ** 2) for a, b in draw.integers(0, 2500, (9000, 2))])
    )
    np.testing.assert_allclose([pair[2] for pair in near.closest], oracle / usual, rtol=0.05)


def unit(row: np.ndarray) -> np.ndarray:
    row = row.astype(float) - row.mean()
    return row / np.linalg.norm(row)


def test_exact_copies_are_counted_apart():
    items = scenes(30)
    items[[9, 20]] = items[4]
    seen = look(pictures(items))
    assert found(seen, "L103").message == "2 pictures repeat others exactly: 9 (as 4), 20 (as 4)."
    assert "L222" not in codes(seen)


def test_flat_dark_bright_and_colourless_pictures_are_named():
    items = scenes(20)
    items[3], items[5], items[6] = 77, 1, 254
    items[5, 0, 0] = items[6, 0, 0] = 9
    seen = look(pictures(items))
    assert found(seen, "L223").message == "1 picture of one single value: number 3."
    assert [f.message for f in seen.findings if f.code == "L224"] == [
        "1 picture nearly black: number 5.",
        "1 picture nearly white: number 6.",
    ]
    assert "L225" in codes(look(pictures(scenes(9)[..., None].repeat(3, 3))))


def test_rare_classes_and_few_pictures_are_said_once():
    assert "L106" in codes(look(pictures(scenes(60), ["a"] * 57 + ["b"] * 3)))
    assert codes(look(pictures(scenes(3)))) == ["L213"]
    note = Finding(code="L213", message="few")
    assert look(pictures(scenes(3), notes=(note,))).findings == [note]


def test_notes_of_the_reader_come_first():
    note = Finding(code="L201", message="a.png: empty: it has 0 bytes.", cure="It was skipped.")
    items = scenes(30)
    items[9] = items[4]
    assert codes(look(pictures(items, notes=(note,)))) == ["L201", "L103"]


def test_too_many_pictures_are_looked_at_in_part_and_that_is_said(monkeypatch):
    monkeypatch.setattr(look_pictures, "MOST_BYTES", 40 * 32 * 32)
    monkeypatch.setattr(look_pictures, "MOST_COMPARED", 10)
    monkeypatch.setattr(look_pictures, "BLOCK_BYTES", 7 * 4 * 32 * 32)
    one, other = look(pictures(scenes(100), ["a", "b"] * 50)), look(pictures(scenes(100), ["a", "b"] * 50))
    assert one == other and one.headline.startswith("100 pictures")
    assert one.sentences[0] == "40 of the 100 pictures were looked at, drawn with a fixed seed."
    assert "among 10 pictures" in one.sentences[-1] and one.schema[0]["pictures"] == 40


def test_blocks_change_nothing(monkeypatch):
    items = np.random.default_rng(0).integers(0, 256, (50, 12, 10, 3)).astype(np.uint8)
    before = items.copy()
    whole = look(pictures(items))
    monkeypatch.setattr(look_pictures, "BLOCK_BYTES", 7 * 4 * 360)
    assert look(pictures(items)) == whole
    np.testing.assert_array_equal(items, before)


def test_no_picture_and_one_picture_can_be_looked_at():
    assert look(pictures(scenes(1))).schema[0]["variety"] is None
    assert look(pictures(np.zeros((9, 4, 4)))).headline == "9 pictures of 4 x 4"  # not of bytes: looked at as numbers


def test_looking_at_ten_thousand_small_pictures_is_quick():
    items = np.random.default_rng(0).integers(0, 256, (10_000, 28, 28)).astype(np.uint8)
    began = time.process_time()
    look(pictures(items))
    assert time.process_time() - began < 5
