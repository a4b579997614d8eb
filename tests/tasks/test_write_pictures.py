"""Writing pictures: into folders, zips and sheets, marked as synthetic, and never over files of another origin."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from odd_pictures import noise, save
from PIL import Image

import contrafact
from contrafact.base.data import Data
from contrafact.base.errors import CannotWrite, UsageError
from contrafact.tasks.pictures import picture
from contrafact.tasks.sample import write
from contrafact.tasks.write_pictures import MARK, tile


def pictures(n: int = 12, channels: int = 1, dtype: Any = np.uint8, labels: Any = None) -> Data:
    items = np.stack([noise(i, 12, 10, channels, dtype) for i in range(n)])
    return Data(kind="pictures", items=items, labels=None if labels is None else np.array(labels))


def tree(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("name", ["中 文", "zip.zip"])
def test_what_is_written_is_read_again(name, channels, dtype, tmp_path):
    drawn = pictures(12, channels, dtype)
    assert write(drawn, str(tmp_path / name)) == [str(tmp_path / name)]
    back = contrafact.read(tmp_path / name)
    np.testing.assert_array_equal(back.items, drawn.items)
    assert back.items.dtype == dtype and back.labels is None
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_file_is_whole_and_says_that_it_is_synthetic(channels, dtype, tmp_path):
    write(pictures(2, channels, dtype), str(tmp_path / "p"))
    assert tree(tmp_path / "p") == ["00000.png", "00001.png"]
    with Image.open(tmp_path / "p" / "00001.png") as image:
        image.verify()
    with Image.open(tmp_path / "p" / "00001.png") as image:
        image.load()
        assert image.text["Description"] == MARK
        assert image.size == (10, 12)


def test_classes_become_sub_folders(tmp_path):
    drawn = pictures(4, labels=["cat", "貓 2", "cat", "dog"])
    write(drawn, str(tmp_path / "p"))
    assert tree(tmp_path / "p") == ["cat/00000.png", "cat/00002.png", "dog/00003.png", "貓 2/00001.png"]
    assert contrafact.read(tmp_path / "p").labels.tolist() == ["cat", "cat", "dog", "貓 2"]
    write(pictures(3, labels=[7, 8, 7]), str(tmp_path / "n.zip"))
    assert contrafact.read(tmp_path / "n.zip").labels.tolist() == ["7", "7", "8"]


@pytest.mark.parametrize("name", ["p", "p.zip"])
def test_classes_that_no_folder_can_be_called_keep_their_name_in_a_table(name, tmp_path):
    labels = ["../../up", "a/b", 'a "red", seven', "CON", "a/b", "A", "a", "." * 5, "x" * 300, "\x1b[31m"]
    drawn = pictures(10, labels=labels)
    write(drawn, str(tmp_path / name))
    back = contrafact.read(tmp_path / name)
    by_pixels = {item.tobytes(): label for item, label in zip(back.items, back.labels, strict=True)}
    assert [by_pixels[item.tobytes()] for item in drawn.items] == labels
    assert [path.name for path in tmp_path.iterdir()] == [name], "nothing is written elsewhere"


def test_the_same_pictures_give_the_same_bytes(tmp_path):
    for channels, dtype in ((1, np.uint8), (3, np.uint16)):
        for name in ("a.zip", "b.zip"):
            write(pictures(3, channels, dtype, ["x", "y", "x"]), str(tmp_path / name))
        assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_what_was_written_so_is_replaced_whole(tmp_path):
    for name in ("p", "p.zip"):
        write(pictures(12, labels=["a", "b"] * 6), str(tmp_path / name))
        write(pictures(3), str(tmp_path / name))
        assert len(contrafact.read(tmp_path / name)) == 3 and contrafact.read(tmp_path / name).labels is None
    assert tree(tmp_path / "p") == ["00000.png", "00001.png", "00002.png"]


def test_an_empty_folder_and_one_that_is_linked_to_are_written_into(tmp_path, monkeypatch):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write(pictures(2), str(tmp_path / "link"))
    assert (tmp_path / "link").is_symlink() and len(tree(tmp_path / "real")) == 2
    (tmp_path / "here.d").mkdir()
    monkeypatch.chdir(tmp_path / "here.d")
    write(pictures(2), ".")
    assert len(tree(tmp_path / "here.d")) == 2
    write(pictures(2), "new.d/")
    write(pictures(2), "deep/er")
    assert len(tree(tmp_path / "here.d" / "new.d")) == len(tree(tmp_path / "here.d" / "deep")) == 2


@pytest.mark.parametrize("other", ["thesis.txt", "sub/photo.png", "labels.csv"])
def test_a_folder_with_other_files_is_refused_and_kept(other, tmp_path):
    write(pictures(2), str(tmp_path / "p"))
    mine = tmp_path / "p" / other
    save(mine, noise(1)) if other.endswith("png") else mine.write_text("years of work")
    before = {name: (tmp_path / "p" / name).read_bytes() for name in tree(tmp_path / "p")}
    with pytest.raises(UsageError) as caught:
        write(pictures(2), str(tmp_path / "p"))
    assert caught.value.code == "E315" and mine.name in caught.value.why
    assert {name: (tmp_path / "p" / name).read_bytes() for name in tree(tmp_path / "p")} == before
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


def test_files_of_another_origin_are_not_replaced(tmp_path):
    (tmp_path / "pictures").write_text("mine")
    with zipfile.ZipFile(tmp_path / "mine.zip", "w") as archive:
        archive.writestr("a.txt", "mine")
    (tmp_path / "odd.zip").write_text("mine")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for path in before:
        with pytest.raises(UsageError) as caught:
            write(pictures(2), str(path))
        assert caught.value.code == "E315"
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("out", ["p", "p.zip", "p.png"])
@pytest.mark.parametrize("channels", [2, 5])
def test_channels_that_no_png_knows_are_refused_with_the_reason(out, channels, tmp_path):
    with pytest.raises(UsageError, match=f"{channels} channels") as caught:
        write(pictures(2, channels), str(tmp_path / out))
    assert caught.value.code == "E121" and "1, 3 or 4" in caught.value.why and list(tmp_path.iterdir()) == []


def test_no_pictures_or_no_place_is_refused(tmp_path):
    for drawn, out in ((pictures(2).take([]), tmp_path / "p"), (pictures(2), ""), (pictures(2), tmp_path / "p.wav")):
        with pytest.raises(UsageError) as caught:
            write(drawn, str(out))
        assert caught.value.code == "E121"
    (tmp_path / "file").write_text("")
    for name in ("file/p", "file/p.zip", "nowhere/p.zip"):
        with pytest.raises(CannotWrite):
            write(pictures(2), str(tmp_path / name))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_nothing_is_left_where_the_disk_is_full(tmp_path, monkeypatch):
    write(pictures(3), str(tmp_path / "p"))

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(Exception, match="disk is full"):
        write(pictures(5), str(tmp_path / "p"))
    monkeypatch.undo()
    assert len(tree(tmp_path / "p")) == 3 and [path.name for path in tmp_path.iterdir()] == ["p"]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_sheet_is_in_the_order_of_the_classes(dtype, tmp_path):
    drawn = pictures(6, 3, dtype, ["10", "2", "10", "2", "2", "10"])
    write(drawn, str(tmp_path / "s.png"))
    sheet = picture(tmp_path / "s.png")
    assert sheet.shape == (2 * 13 + 1, 3 * 11 + 1, 3) and sheet.dtype == dtype
    first, last = sheet[1:13, 1:11], sheet[14:26, 23:33]
    np.testing.assert_array_equal(first, drawn.items[1])
    np.testing.assert_array_equal(last, drawn.items[5])
    assert (sheet[0] == np.iinfo(dtype).max).all()
    assert tile(drawn.items, across=6).shape == (14, 67, 3)
