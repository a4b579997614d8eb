"""Filling and translating files: named after the picture, never over another file, faults named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from contrafact.base.data import Data
from contrafact.base.demos import demo
from contrafact.base.errors import ContrafactError
from contrafact.tasks.inpaint import inpaint
from contrafact.tasks.unpaired import translate
from contrafact.zoo import R3GAN, CycleGAN, Inpaint

DIGITS = demo("digits").items


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save a model of each kind."""
    folder = tmp_path_factory.mktemp("models")
    two = Data(kind="pictures", items=DIGITS[:40], labels=np.array(["a", "b"] * 20))
    Inpaint.toy().but(steps=2).fit(DIGITS[:40]).save(folder / "holes")
    CycleGAN.toy().but(steps=2).fit(two).save(folder / "cycle")
    R3GAN.toy().but(steps=2).fit(DIGITS[:40]).save(folder / "plain")
    return folder


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, models: Path) -> Path:
    """Write a picture larger than those that were trained on, its mask, and masks that do not fit."""
    monkeypatch.chdir(tmp_path)
    picture, mask = np.tile(DIGITS[0], (3, 2)), np.zeros((24, 16), dtype=np.uint8)
    mask[5:15, 4:12] = 255
    mask[0, 0] = 100  # grey, not white
    Image.fromarray(picture).save("年 photo.png")
    Image.fromarray(mask).save("mask.png")
    Image.fromarray(mask[1:]).save("small.png")
    Image.fromarray(0 * mask).save("black.png")
    Path("holes").symlink_to(models / "holes")
    Path("cycle").symlink_to(models / "cycle")
    Path("plain").symlink_to(models / "plain")
    return tmp_path


def opened(path: str | Path) -> np.ndarray:
    return np.asarray(Image.open(path))


def test_fillings_are_named_after_the_picture_and_differ_inside_the_hole_alone(files):
    written = inpaint("年 photo.png", "mask.png", "holes", n=3, out="out", seed=0)
    assert [Path(path).name for path in written] == [*(f"年 photo-{i}.png" for i in (1, 2, 3)), "年 photo-sheet.png"]
    picture, hole = opened("年 photo.png"), opened("mask.png") == 255
    made = [opened(path) for path in written[:3]]
    assert all((one[~hole] == picture[~hole]).all() for one in made)
    assert (made[0][hole] != made[1][hole]).any()
    sheet = opened(written[3])
    assert sheet.shape == (2 * 25 + 1, 2 * 17 + 1) and (sheet[1:25, 1:17][hole] == 127).all()
    assert (sheet[1:25, 18:34] == made[0]).all()
    assert "Synthetic" in Image.open(written[0]).text["Description"]


def test_the_same_seed_writes_the_same_files_over_their_like(files):
    first = [Path(path).read_bytes() for path in inpaint("年 photo.png", "mask.png", "holes", n=1, out="o", seed=3)]
    again = [Path(path).read_bytes() for path in inpaint("年 photo.png", "mask.png", "holes", n=1, out="o", seed=3)]
    other = [Path(path).read_bytes() for path in inpaint("年 photo.png", "mask.png", "holes", n=1, out="o", seed=4)]
    assert first == again != other


def test_a_file_that_was_not_written_so_is_not_replaced(files):
    Path("out").mkdir()
    Image.fromarray(DIGITS[1]).save("out/年 photo-2.png")
    before = Path("out/年 photo-2.png").read_bytes()
    with pytest.raises(ContrafactError, match="photo-2") as caught:
        inpaint("年 photo.png", "mask.png", "holes", n=2, out="out", seed=0)
    assert caught.value.code == "E315" and Path("out/年 photo-2.png").read_bytes() == before
    assert len(list(Path("out").iterdir())) == 1


REFUSED = {
    "another size": (("年 photo.png", "small.png", "holes"), 1, "E216", "16 x 23"),
    "nothing white": (("年 photo.png", "black.png", "holes"), 1, "E216", "no hole"),
    "no fillings": (("年 photo.png", "mask.png", "holes"), 0, "E104", "0 fillings"),
    "a model of another kind": (("年 photo.png", "mask.png", "plain"), 1, "E126", "r3gan"),
    "no model": (("年 photo.png", "mask.png", "hole"), 1, "E117", "hole"),
    "no picture": (("nowhere.png", "mask.png", "holes"), 1, "E112", "nowhere.png"),
    "a folder": ((".", "mask.png", "holes"), 1, "E213", "4 pictures|several|pictures"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_filled_is_named_and_nothing_is_written(files, case):
    words, n, code, said = REFUSED[case]
    with pytest.raises(ContrafactError, match=said) as caught:
        inpaint(*words, n=n, out="out", seed=0)
    assert caught.value.code == code and not Path("out").exists()


def test_a_folder_is_translated_file_by_file(files):
    Path("in/sub").mkdir(parents=True)
    Image.fromarray(DIGITS[0]).save("in/x.png")
    Image.fromarray(np.tile(DIGITS[1], (2, 3))).save("in/sub/y.png")
    made = translate("in", "cycle", "out", to="b")
    assert sorted(made.files) == ["out/sub/y.png", "out/x.png"]
    assert opened("out/sub/y.png").shape == (16, 24)


@pytest.mark.parametrize(
    ("run", "to", "code"), [("cycle", None, "E109"), ("cycle", "c", "E105"), ("plain", "b", "E126")]
)
def test_what_cannot_be_translated_is_named(files, run, to, code):
    Path("in").mkdir()
    Image.fromarray(DIGITS[0]).save("in/x.png")
    with pytest.raises(ContrafactError) as caught:
        translate("in", run, "out", to=to)
    assert caught.value.code == code
