"""Segment as a whole: the split, the baseline, what is chosen by what, the run's folder, new pictures of any kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter
from sklearn.metrics import f1_score

from contrafact.base.data import Data, Pairs
from contrafact.base.errors import DataError, UsageError
from contrafact.metrics.overlap import counts, dice_of
from contrafact.tasks.levels import Levels
from contrafact.tasks.segment import as_masks, beside, chosen_threshold, prepare, segment, segmenter, split
from contrafact.tasks.translate import translate_files

TINY: dict[str, Any] = {"steps": 12, "width": 8, "depth": 2, "crop": 16, "batch": 4}


def blobs(count: int, side: int = 24, seed: int = 0) -> Pairs:
    """Dark blobs on light noise, and where they are."""
    draw = np.random.default_rng(seed)
    field = np.stack([gaussian_filter(draw.normal(size=(side, side)), 3) for _ in range(count)])
    masks = field > np.quantile(field, 0.8)
    source = np.clip(np.where(masks, 90, 150) + draw.normal(0, 25, masks.shape), 0, 255)
    return Pairs(
        source=Data(kind="pictures", items=source.astype(np.uint8), name="cells"),
        target=Data(kind="pictures", items=np.where(masks, 0, 255).astype(np.uint8), name="masks"),
    )


def opened(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    folder = tmp_path_factory.mktemp("run") / "r"
    return folder, segment(blobs(12), folder=folder, settings=TINY, seed=1)


def test_whole_pictures_are_held_out_by_the_seed():
    train, test = split(30, 1 / 3, 0)
    assert len(train) == 20 and len(test) == 10 and sorted([*train, *test]) == list(range(30))
    assert split(30, 1 / 3, 0)[1].tolist() == test.tolist() != split(30, 1 / 3, 1)[1].tolist()
    assert [len(part) for part in split(3, 0.01, 0)] == [2, 1] and len(split(3, 0.99, 0)[0]) == 1
    for few in (0, 1, 2):
        with pytest.raises(DataError) as caught:
            split(few, 1 / 3, 0)
        assert caught.value.code == "E206"


def test_everything_is_scored_on_the_held_out_pictures_and_said_in_words(run):
    _, result = run
    names = ["pix2pix", "unet", "threshold"]
    assert {f"{kind}_{name}" for kind in ("dice", "iou") for name in names} <= set(result.scores)
    assert all(score.low <= score.value <= score.high and score.n == 4 for score in result.scores.values())
    assert result.scores["dice"].value in (result.scores["dice_pix2pix"].value, result.scores["dice_unet"].value)
    assert result.verdict.startswith("On 4 held-out pictures, mask value 0 (23% of the pixels): ")
    assert all(word in result.verdict for word in ("pix2pix", "plain U-Net", "best single threshold"))
    assert any("differ" in part or "is better than" in part or "is worse than" in part for part in [result.verdict])
    assert any("too few to hold some out" in note for note in result.notes)  # 8 pictures of one block each
    assert len(result.data) == 4 and set(np.unique(result.data.items)) <= {0, 255}


def test_the_score_is_that_of_the_masks_that_are_given(run):
    folder, result = run
    document = json.loads((folder / "segment.json").read_text())
    truth = blobs(12).target.items[document["test"]]
    value = f1_score((truth == 0).ravel(), (result.data.items == 0).ravel())
    assert result.scores["dice"].value == pytest.approx(value)
    assert document["scores"]["dice"]["value"] == pytest.approx(value)


def test_the_folder_gives_the_same_masks_again(run):
    folder, result = run
    document = json.loads((folder / "segment.json").read_text())
    new = blobs(12).source.take(document["test"])
    np.testing.assert_array_equal(segmenter(folder).masks(new), result.data.items)
    for method in ("pix2pix", "unet"):
        assert segmenter(folder, method).masks(np.zeros((1, 30, 50), np.uint8)).shape == (1, 30, 50)
    previews = sorted((folder / "previews").glob("*.png"))
    assert len(previews) == 4 and opened(previews[0]).shape == (24, 3 * 24 + 2 * 4)


def test_running_again_resumes_and_gives_the_same(run):
    folder, result = run
    again = segment(blobs(12), folder=folder, settings=TINY, seed=1)
    assert again.scores == result.scores and not folder.with_name("r-2").exists()


def test_both_methods_get_the_same_budget_and_one_gets_all(tmp_path):
    both = prepare(blobs(6), budget="10m")
    assert [training.budget for training in both.trainings.values()] == ["300s", "300s"]
    one = prepare(blobs(6), budget="10m", method="unet")
    assert list(one.trainings) == ["unet"] and one.trainings["unet"].budget == "600s"
    with pytest.raises(UsageError, match="pix2pix"):
        prepare(blobs(6), method="pix2pics")


def test_held_out_pictures_touch_nothing_that_is_chosen():
    pairs = blobs(9)
    changed = Pairs(
        source=pairs.source, target=Data(kind="pictures", items=pairs.target.items.copy(), name=pairs.target.name)
    )
    changed.target.items[6:] = 255 - changed.target.items[6:]
    made = [segment(one, split_at=6, method="unet", settings=TINY) for one in (pairs, changed)]
    np.testing.assert_array_equal(made[0].data.items, made[1].data.items)
    assert made[0].notes[-2:] == made[1].notes[-2:] and made[0].scores != made[1].scores


def test_the_best_threshold_is_found_beside_light_smoothing():
    pairs = blobs(8, side=40)
    places = (pairs.target.items == 0).astype(np.uint8)
    found = Levels.fit(pairs.source.items[:, None], places, 2, [1])
    value = dice_of(counts(places, found.apply(pairs.source.items[:, None]), [1]))
    by_hand = [
        dice_of(counts(places, gaussian_filter(pairs.source.items.astype(float), (0, sd, sd)) <= level + 0.5, [1]))
        for sd in (0, 1, 2)
        for level in range(80, 160)
    ]
    assert value >= max(by_hand) - 0.01 and found.smoothing > 0
    flipped = Levels.fit(255 - pairs.source.items[:, None], places, 2, [1])
    assert dice_of(counts(places, flipped.apply(255 - pairs.source.items[:, None]), [1])) == pytest.approx(
        value, abs=0.01
    )
    assert "smoothed over" in str(found) and "levels up to" in str(found)


def test_three_classes_are_read_from_their_levels():
    places = np.random.default_rng(0).integers(0, 3, (4, 10, 10))
    source = (places * 60 + 20)[:, None].astype(np.uint8)
    assert (Levels.fit(source, places, 3, [1, 2]).apply(source) == places).all()


def test_the_threshold_of_chances_is_that_of_the_best_dice():
    draw = np.random.default_rng(0)
    truth = draw.random((3, 20, 20)) < 0.3
    chances = np.clip(0.3 * truth + draw.normal(0.3, 0.15, truth.shape), 0, 1)
    values = {k: f1_score(truth.ravel(), (chances >= k).ravel()) for k in np.arange(0, 1, 0.005)}
    assert values[min(values, key=lambda k: abs(k - chosen_threshold(chances, truth)))] == max(values.values())


def test_masks_of_several_classes_are_learned():
    pairs = blobs(9)
    items = np.where(pairs.target.items == 0, np.where(np.arange(24) < 12, 1, 2), 0).astype(np.uint8)
    three = Pairs(source=pairs.source, target=Data(kind="pictures", items=items))
    result = segment(three, method="unet", settings=TINY)
    assert set(np.unique(result.data.items)) <= {0, 1, 2} and "mask value 1, 2" in result.verdict


def test_masks_that_jpeg_blurred_are_cut_at_the_middle_and_others_refused():
    pairs, notes = blobs(6), []
    blurred = np.clip(pairs.target.items + np.random.default_rng(0).normal(0, 10, (6, 24, 24)), 0, 255).astype(np.uint8)
    np.testing.assert_array_equal(as_masks(Data(kind="pictures", items=blurred), notes).items, pairs.target.items)
    assert len(notes) == 1 and "cut at the middle" in notes[0]
    assert as_masks(pairs.target, notes) is pairs.target and len(notes) == 1
    with pytest.raises(DataError) as caught:
        prepare(Pairs(source=pairs.source, target=Data(kind="pictures", items=pairs.source.items)))
    assert caught.value.code == "E233"


def test_pictures_of_all_kinds_can_stand_beside_each_other():
    grey, colour = np.zeros((6, 5), np.uint8), np.zeros((6, 7, 3), np.uint16)
    assert beside(grey, colour, grey + 1).shape == (6, 5 + 4 + 7 + 4 + 5, 3)
    assert beside(grey + 1)[0, 0, 0] == 255  # masks of small numbers can be seen


@pytest.fixture
def strange(tmp_path: Path) -> Path:
    """Pictures of several sizes, channels, depths and names, with one that is none."""
    folder, draw = tmp_path / "in", np.random.default_rng(0)
    (folder / "細胞").mkdir(parents=True)
    Image.fromarray(draw.integers(0, 256, (20, 31)).astype(np.uint8)).save(folder / "a b.png")
    Image.fromarray(draw.integers(0, 256, (9, 8, 3)).astype(np.uint8)).save(folder / "細胞" / "x.tif")
    Image.fromarray(draw.integers(0, 256, (9, 8, 4)).astype(np.uint8)).save(folder / "細胞" / "x.png")
    Image.fromarray(draw.integers(0, 65536, (12, 12)).astype(np.uint16)).save(folder / "deep.png")
    (folder / "bad.png").write_text("no picture")
    return folder


def test_each_new_picture_gets_a_mask_of_its_own_name_and_size(strange, tmp_path):
    before = {path: path.read_bytes() for path in strange.rglob("*.*")}
    seen = []

    def make(batch: np.ndarray) -> np.ndarray:
        seen.append((batch.shape, batch.dtype))
        return np.where(batch[0] > 127, 255, 0).astype(np.uint8)

    done = translate_files(str(strange), str(tmp_path / "out"), make, channels=1, bits=8)
    names = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.png")}
    assert (
        names
        == {"a b.png", "deep.png", "細胞/x.png", "細胞/x.tif.png"}
        == {Path(file).relative_to(tmp_path / "out").as_posix() for file in done.files}
    )
    assert opened(tmp_path / "out" / "a b.png").shape == (20, 31)
    assert all(dtype == np.uint8 and len(shape) == 3 for shape, dtype in seen)
    assert done.notes[0].message.startswith("bad.png: no picture")
    assert {path: path.read_bytes() for path in strange.rglob("*.*")} == before
    translate_files(str(strange), str(tmp_path / "out"), make, channels=1, bits=8)  # its own files may be replaced
    alone = translate_files(str(strange / "a b.png"), str(tmp_path / "one"), make, channels=3, bits=16)
    assert len(alone.files) == 1 and seen[-1] == ((1, 20, 31, 3), np.uint16)


def test_inputs_and_strangers_files_are_never_written_to(strange, tmp_path):
    def make(batch: np.ndarray) -> np.ndarray:
        return batch[0]

    for out in (strange, strange / "細胞", tmp_path):
        with pytest.raises(UsageError) as caught:
            translate_files(str(strange), str(out), make, channels=1, bits=8)
        assert caught.value.code == "E315"
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a b.png").write_bytes(b"mine")
    with pytest.raises(UsageError, match="cannot be written into"):
        translate_files(str(strange), str(tmp_path / "out"), make, channels=1, bits=8)
    assert (tmp_path / "out" / "a b.png").read_bytes() == b"mine"


def test_a_folder_that_is_no_run_is_refused_by_name(tmp_path):
    with pytest.raises(UsageError) as caught:
        segmenter(tmp_path)
    assert caught.value.code == "E117"
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError):
        translate_files(str(tmp_path / "empty"), str(tmp_path / "out"), lambda batch: batch[0], channels=1, bits=8)
    with pytest.raises(UsageError) as caught:
        translate_files(str(tmp_path / "none"), str(tmp_path / "out"), lambda batch: batch[0], channels=1, bits=8)
    assert caught.value.code == "E112"
