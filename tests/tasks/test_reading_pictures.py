"""Reading pictures: every kind of folder and file gives data, and every bad picture a note with its reason."""

from __future__ import annotations

import os
import time
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from odd_pictures import (
    bomb,
    idx,
    jpeg,
    noise,
    packed,
    plain_png,
    png_header,
    save,
    tiff_of_16_bits,
    turned_jpeg,
)
from PIL import Image, ImageOps

import contrafact
from contrafact.base.data import Data
from contrafact.base.errors import ContrafactError, DataError, StorageError, UsageError
from contrafact.tasks import room
from contrafact.tasks.picture_files import natural
from contrafact.tasks.pictures import picture, read_pairs, read_pictures


def read(path: Path, kind: Any = None) -> Data:
    data = contrafact.read(path, kind)
    assert isinstance(data, Data)
    return data


def told(data: Data, code: str) -> list[str]:
    return [f"{note.message} {note.cure}" for note in data.notes if note.code == code]


def codes(data: Data) -> set[str]:
    return {note.code for note in data.notes}


def refused(path: Path, kind: Any = None) -> ContrafactError:
    with pytest.raises(ContrafactError) as caught:
        contrafact.read(path, kind)
    return caught.value


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A folder of nine grey pictures without classes."""
    folder = tmp_path / "plain"
    for i in range(9):
        save(folder / f"{i}.png", noise(i))
    return folder


def test_a_folder_without_sub_folders_has_no_labels_and_its_order_is_natural(tmp_path):
    folder = tmp_path / "中 文"
    for i in (10, 2, 0, 1, 20, 3, 11, 100):
        save(folder / f"a {i}.png", noise(i))
    data = read(folder)
    assert (data.kind, data.name, data.labels, data.notes) == ("pictures", "中 文", None, ())
    assert data.items.dtype == np.uint8 and data.items.shape == (8, 12, 10)
    np.testing.assert_array_equal(data.items, [noise(i) for i in (0, 1, 2, 3, 10, 11, 20, 100)])


def test_names_of_any_kind_can_be_sorted():
    names = ["b", "a10", "a2", "a02", "²", "٣", "", "9" * 5000, "1/2", "1/10", "1", "a/b/c", "é"]
    backwards = names[::-1]
    assert sorted(names, key=natural) == sorted(backwards, key=natural)
    assert sorted(["1/10", "1/9", "1/x"], key=natural) == ["1/9", "1/10", "1/x"]


def test_the_first_sub_folder_names_the_class(tmp_path):
    save(tmp_path / "d" / "貓" / "1.png", noise(1))
    save(tmp_path / "d" / "貓" / "deep" / "er" / "2.png", noise(2))
    save(tmp_path / "d" / "big dog" / "1.png", noise(3))
    data = read(tmp_path / "d")
    assert data.labels.dtype.kind == "U" and data.labels.tolist() == ["big dog", "貓", "貓"]
    np.testing.assert_array_equal(data.items, [noise(3), noise(1), noise(2)])


def test_sub_folders_called_by_numbers_stay_text_and_pictures_beside_them_are_left_out(tmp_path):
    for i in range(11):
        save(tmp_path / "d" / str(i) / "p.png", noise(i))
    save(tmp_path / "d" / "stray.png", noise(50))
    data = read(tmp_path / "d")
    assert data.labels.tolist() == [str(i) for i in range(11)]
    assert told(data, "L207") == [
        "1 picture without a label: stray.png. They were left out, for the others have labels."
    ]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("head", ["id{0}label{0}file\n", "id{0}x{0}name\n", ""])
def test_a_table_gives_the_labels_whatever_its_columns(mark, head, plain):
    rows = [(i, ("a red seven", "a blue one")[i % 2], f"{i}.png") for i in range(9)]
    if not head.startswith("id{0}label"):
        rows = [(label, name) for _, label, name in rows]
        head = head.replace("id{0}", "", 1)
    text = head.format(mark) + "".join(mark.join(map(str, row)) + "\n" for row in rows)
    (plain / "words.csv").write_text("\ufeff" + text, encoding="utf-8")
    data = read(plain)
    assert data.labels.tolist() == ["a red seven", "a blue one"] * 4 + ["a red seven"]
    assert codes(data) == set()


def test_a_class_called_like_a_picture_is_not_taken_for_its_name(plain):
    rows = "".join(f"{8 - i},{i}.png\n" for i in range(9))
    (plain / "labels.csv").write_text("label,file\n" + rows)
    assert read(plain).labels.tolist() == [str(8 - i) for i in range(9)]


def test_names_in_a_table_may_be_paths_or_lack_their_ending(tmp_path):
    for i in range(4):
        save(tmp_path / "d" / f"in {i % 2}" / f"{i}.png", noise(i))
    (tmp_path / "d" / "labels.csv").write_text("file,class\nin 0/0.png,a\n.\\in 1\\1.png,b\n2.png,c\n3,d\n")
    data = read(tmp_path / "d")
    assert dict(zip("0213", data.labels.tolist(), strict=True)) == {"0": "a", "1": "b", "2": "c", "3": "d"}


def test_a_table_with_unknown_names_and_pictures_without_labels_are_named_and_counted(plain):
    rows = ["0.png,a", "1.png,b", "ghost.png,a", "gone.png,b", "1.png,c", "2.png,", "3.png,a"]
    (plain / "labels.csv").write_text("file,label\n" + "\n".join(rows))
    data = read(plain)
    assert data.labels.tolist() == ["a", "b", "a"] and len(data) == 3
    unknown, twice, bare = told(data, "L207")
    assert "2 lines" in unknown and "ghost.png, gone.png" in unknown
    assert "1.png" in twice and "first was kept" in twice
    assert bare.startswith("6 pictures without a label: 2.png, 4.png")


def test_a_table_that_cannot_be_used_is_said(plain):
    (plain / "labels.csv").write_bytes(b"file,label\n0.png,\xff\n")
    assert "cannot be read" in told(read(plain), "L207")[0]
    (plain / "labels.csv").write_text("file,label\nx.png,1\n")
    assert read(plain).labels is None and "names no file" in told(read(plain), "L207")[-1]
    (plain / "labels.csv").rename(plain / "notes.csv")
    assert read(plain).labels is None and "notes.csv" in told(read(plain), "L206")[0]
    (plain / "notes.csv").write_text("file,first,second\n0.png,a,b\n1.png,c,d\n")
    data = read(plain)
    assert data.labels.tolist() == ["a", "c"] and any("Column 'first'" in note for note in told(data, "L207"))
    (plain / "other.csv").write_text("file,label\n0.png,a\n")  # two tables: which one is meant is not guessed
    assert read(plain).labels is None and "notes.csv, other.csv" in told(read(plain), "L206")[0]


@pytest.mark.parametrize("inside", ["", "wrapped/", "中 文/"])
def test_a_zip_reads_like_its_folder(inside, tmp_path):
    folder = tmp_path / "pics"
    for i in range(9):
        save(folder / "甲 b"[: 1 + 2 * (i % 2)] / f"{i}.png", noise(i))
    (folder / "bad.png").write_text("text")
    (folder / "__MACOSX").mkdir()
    (folder / "__MACOSX" / "._0.png").write_text("clutter")
    one, other = read(folder), read(packed(folder, tmp_path / "pics.zip", inside))
    np.testing.assert_array_equal(one.items, other.items)
    assert one.labels.tolist() == other.labels.tolist() and set(one.labels) == {"甲", "甲 b"}
    assert (one.name, one.notes) == (other.name, other.notes)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pics", "pics.zip"]


def test_names_in_a_zip_that_does_not_say_utf8_are_read_as_such_where_they_are(tmp_path):
    save(tmp_path / "d" / "p.png", noise(0))
    name = "貓/p.png".encode().decode("cp437")
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.write(tmp_path / "d" / "p.png", "other/p.png")
        archive.writestr("X" * len(name.encode("cp437")), noise(0).tobytes())
        archive.writestr("x/2.png", (tmp_path / "d" / "p.png").read_bytes() + b" ")
    raw = (tmp_path / "z.zip").read_bytes().replace(b"X" * len(name.encode("cp437")), name.encode("cp437"))
    (tmp_path / "z.zip").write_bytes(raw)
    data = read(tmp_path / "z.zip")
    assert data.labels.tolist() == ["other"] and any("貓/p.png" in note for note in told(data, "L201"))


def test_a_zip_that_claims_too_much_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "z.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(2**20))
    monkeypatch.setattr("contrafact.tasks.picture_files.FREE_TOTAL", 2**19)
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("it was unpacked"))
    error = refused(tmp_path / "z.zip")
    assert error.code == "E202" and "1,048,576" in error.why
    monkeypatch.undo()
    monkeypatch.setattr("contrafact.tasks.picture_files.LARGEST_MEMBER", 2**19)
    assert "too large" in refused(tmp_path / "z.zip").why


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06", b"nonsense" * 9])
def test_a_damaged_zip_is_refused(content, tmp_path):
    (tmp_path / "z.zip").write_bytes(content)
    assert refused(tmp_path / "z.zip").code in ("E201", "E202")


def test_a_zip_with_flipped_bits_never_crashes(tmp_path):
    for i in range(3):
        save(tmp_path / "d" / f"{i}.png", noise(i))
    whole = packed(tmp_path / "d", tmp_path / "z.zip").read_bytes()
    for place in range(0, len(whole), 23):
        (tmp_path / "z.zip").write_bytes(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
        try:
            assert len(read(tmp_path / "z.zip")) <= 3
        except DataError as error:
            assert error.code in ("E202", "E209")


def test_every_broken_picture_is_named_with_its_reason_and_the_rest_is_read(plain):
    save(plain / "cut.jpg", noise(1, 64, 64, 3))
    whole = (plain / "cut.jpg").read_bytes()
    (plain / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (plain / "empty.png").write_bytes(b"")
    (plain / "text.png").write_text("I am a letter, whatever my name says.")
    (plain / "bomb.png").write_bytes(bomb())
    (plain / "header only.png").write_bytes(png_header(12_000, 12_000))
    (plain / "huge.png").write_bytes(png_header(60_000, 60_000))
    (plain / "half a header.png").write_bytes(png_header(20, 20)[:20])
    save(plain / "dot.png", noise(0, 1, 1))
    save(plain / "line.png", noise(0, 3, 300))
    (plain / "flipped.png").write_bytes((plain / "0.png").read_bytes()[:-30] + b"\0" * 30)
    (plain / "folder.png").mkdir()
    (plain / "to nothing.png").symlink_to(plain / "nowhere")
    os.mkfifo(plain / "pipe.png")
    data = read(plain)
    np.testing.assert_array_equal(data.items, [noise(i) for i in range(9)])
    notes = "\n".join(f"{note.message} {note.cure}" for note in data.notes)
    for name, reason in {
        "cut.jpg": "damaged: image file is truncated",
        "empty.png": "empty: it has 0 bytes",
        "text.png": "no picture",
        "half a header.png": "damaged",
        "bomb.png": "too large: its header says 12000 x 12000 pixels",
        "header only.png": "too large: its header says 12000 x 12000 pixels",
        "huge.png": "too large",
        "dot.png": "too small: 1 x 1 pixels",
        "line.png": "too small: 300 x 3 pixels",
        "flipped.png": "damaged",
        "to nothing.png": "not opened",
        "pipe.png": "not opened",
    }.items():
        assert f"{name}: {reason}" in notes
    assert all(note.cure == "It was skipped." for note in data.notes) and len(data.notes) == 12
    assert not any(note.message.startswith("folder.png") for note in data.notes)


def test_a_bomb_is_not_unpacked(plain):
    (plain / "bomb.png").write_bytes(bomb())
    read(plain)  # what is loaded once is not counted
    tracemalloc.start()
    read(plain)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 20e6


def test_files_that_the_system_does_not_give_are_named(plain, monkeypatch):
    (plain / "closed").mkdir()
    opened, listed = Path.open, os.scandir

    def deny(path: Path, *args: Any, **kwargs: Any) -> Any:
        if path.name == "4.png":
            raise PermissionError(13, "Permission denied")
        return opened(path, *args, **kwargs)

    def deny_folder(path: Any) -> Any:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(Path, "open", deny)
    monkeypatch.setattr(os, "scandir", deny_folder)
    data = read(plain)
    assert len(data) == 8 and {"4.png: not opened: Permission denied.", "closed/: not opened: Permission denied."} == {
        note.message for note in data.notes
    }
    monkeypatch.setattr(os, "scandir", lambda path: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    assert "Permission denied" in refused(plain).why


def test_a_link_to_a_folder_above_ends(plain):
    (plain / "loop").symlink_to(plain)
    (plain / "inner").mkdir()
    (plain / "inner" / "loop").symlink_to(plain)
    data = read(plain)
    assert len(data) == 9 and sum("link to a folder" in note.message for note in data.notes) == 2


def test_links_to_pictures_and_folders_are_followed(plain, tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "class").symlink_to(plain)
    assert len(read(tmp_path / "d")) == 9 and set(read(tmp_path / "d").labels) == {"class"}
    (tmp_path / "linked").symlink_to(plain)
    assert len(read(tmp_path / "linked")) == 9


def test_many_bad_pictures_are_named_20_times_and_then_counted(plain):
    for i in range(33):
        (plain / f"bad {i}.png").write_bytes(b"")
    notes = read(plain).notes
    assert len(notes) == 21 and notes[20].message == "13 more items: empty." and notes[20].evidence == {"count": 13}
    assert notes[19].message.startswith("bad 19.png")


def test_copies_are_skipped_and_the_first_label_is_kept(tmp_path):
    for name, seed in {"a/1.png": 1, "a/2.png": 2, "a/3.bmp": 1, "b/4.png": 2, "b/5.png": 5}.items():
        save(tmp_path / "d" / name, noise(seed))
    data = read(tmp_path / "d")
    assert data.labels.tolist() == ["a", "a", "b"]
    assert told(data, "L204") == ["a/3.bmp: exact copy: its pixels are those of a/1.png. It was skipped."]
    assert "a/2.png is 'a', this is 'b'; the first was kept" in told(data, "L205")[0]


def test_three_pictures_only_are_read_and_said_to_be_few(tmp_path):
    for i in range(3):
        save(tmp_path / "d" / f"{i}.png", noise(i))
    assert told(read(tmp_path / "d"), "L213") == ["Only 3 pictures: few to learn from. Add more if you can."]


def test_nothing_left_names_the_first_reasons(tmp_path):
    (tmp_path / "d").mkdir()
    for i in range(5):
        (tmp_path / "d" / f"{i}.png").write_bytes(b"")
    error = refused(tmp_path / "d")
    assert isinstance(error, DataError) and error.code == "E202"
    assert "None of its 5 pictures" in error.why and "0.png: empty" in error.why and "And 2 more" in error.why
    assert refused(tmp_path / "d" / "0.png").code == "E201"
    (tmp_path / "d" / "0.png").write_text("x")
    assert "no picture" in refused(tmp_path / "d" / "0.png").why


@pytest.mark.parametrize(
    ("name", "said"),
    [("a.csv", "folders of tables")],
)
def test_a_folder_without_pictures_says_what_it_holds(name, said, tmp_path):
    (tmp_path / "d" / "sub").mkdir(parents=True)
    assert refused(tmp_path / "d").why == "It is empty." and refused(tmp_path / "d").code == "E209"
    for i in range(3):
        (tmp_path / "d" / f"{i}{name}").write_text("x")
    error = refused(tmp_path / "d")
    assert error.code == "E209" and said in error.why and f"3 files ({name[1:]})" in error.why
    assert refused(tmp_path / "d", "pictures").code == "E209"
    assert refused(tmp_path / "d", "text").code == "E209"


def test_other_files_are_counted_and_named_and_hidden_ones_are_not(plain):
    for name in ("notes.txt", "a.xyz", ".DS_Store", "._0.png", "Thumbs.db", "no ending"):
        (plain / name).write_text("x")
    data = read(plain)
    assert told(data, "L206") == [
        "3 files of another kind beside the pictures: a.xyz, no ending, notes.txt. They were passed over."
    ]
    assert len(data) == 9


FORMATS = {
    "png": noise(3, channels=3),
    "bmp": noise(3, channels=3),
    "tif": noise(3, channels=3),
    "gif": noise(3),
    "TIFF": noise(3, dtype=np.uint16),
}


@pytest.mark.parametrize("ending", FORMATS)
def test_lossless_formats_give_their_pixels(ending, tmp_path):
    expected = FORMATS[ending]
    data = read(save(tmp_path / f"有 {ending}.{ending}", expected))
    assert len(data) == 1 and data.items.dtype == expected.dtype and data.name == f"有 {ending}"
    np.testing.assert_array_equal(data.items[0], expected)


@pytest.mark.parametrize("ending", ["jpg", "JPEG", "webp"])
def test_lossy_formats_give_nearly_their_pixels(ending, tmp_path):
    smooth = np.add.outer(np.arange(32), np.arange(32))[..., None].repeat(3, 2).astype(np.uint8)
    path = save(tmp_path / f"p.{ending}", smooth, quality=95)
    np.testing.assert_array_equal(picture(path), np.asarray(Image.open(path).convert("RGB")))
    assert np.abs(picture(path).astype(int) - smooth).max() < 12


def test_a_page_of_a_tiff_is_a_picture_and_of_a_gif_the_first_frame_counts(tmp_path):
    pages = [Image.fromarray(noise(i, dtype=np.uint16)) for i in range(9)]
    data = read(save(tmp_path / "stack.tif", pages[0], save_all=True, append_images=pages[1:]))
    np.testing.assert_array_equal(data.items, [noise(i, dtype=np.uint16) for i in range(9)])
    frames = [Image.fromarray(noise(i)) for i in range(3)]
    moving = read(save(tmp_path / "moving.gif", frames[0], save_all=True, append_images=frames[1:]))
    np.testing.assert_array_equal(moving.items, [noise(0)])
    np.testing.assert_array_equal(picture(tmp_path / "stack.tif"), noise(0, dtype=np.uint16))


def test_a_damaged_page_is_named_and_the_others_are_read(tmp_path):
    pages = [Image.fromarray(np.zeros((3, 3), np.uint8)), *(Image.fromarray(noise(i)) for i in range(2))]
    data = read(save(tmp_path / "s.tif", pages[1], save_all=True, append_images=[pages[0], pages[2]]))
    assert len(data) == 2 and "s.tif, page 2: too small" in data.notes[0].message


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_as_their_exif_says(orientation, tmp_path):
    path = turned_jpeg(tmp_path / "d" / "p.jpg", noise(1, 24, 40), orientation)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(path)))
    data = read(tmp_path / "d")
    np.testing.assert_array_equal(data.items[0], expected)
    assert len(told(data, "L210")) == int(orientation > 1)
    exif = Image.Exif()
    exif[0x0112] = orientation
    for ending in ("png", "tif"):
        save(tmp_path / f"t.{ending}", noise(1, 24, 40), exif=exif)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(tmp_path / "t.png")))
    np.testing.assert_array_equal(picture(tmp_path / "t.png"), expected)
    np.testing.assert_array_equal(picture(tmp_path / "t.tif"), expected)


def test_broken_exif_turns_nothing(tmp_path):
    save(tmp_path / "p.jpg", noise(1, 24, 40), exif=b"Exif\0\0II*\0\xff\xff\xff\x7f nonsense")
    assert picture(tmp_path / "p.jpg").shape == (24, 40)


CONVERTED = {
    "cmyk.jpg": Image.new("CMYK", (10, 12), (255, 0, 0, 0)),
    "cmyk.tif": Image.new("CMYK", (10, 12), (255, 0, 0, 0)),
    "lab.tif": Image.new("LAB", (10, 12), (128, 128, 128)),
    "ycc.tif": Image.new("YCbCr", (10, 12), (128, 128, 128)),
}


@pytest.mark.parametrize("name", CONVERTED)
def test_pictures_for_print_become_plain_colour_and_that_is_said(name, tmp_path):
    save(tmp_path / "d" / name, CONVERTED[name])
    data = read(tmp_path / "d")
    with Image.open(tmp_path / "d" / name) as image:
        np.testing.assert_array_equal(data.items[0], np.asarray(image.convert("RGB")))
    assert f"1 picture stored as {CONVERTED[name].mode} became plain colour: {name}." in told(data, "L208")[0]


def test_palettes_and_single_bits_become_plain_and_that_is_said(tmp_path):
    bits = noise(1) > 127
    save(tmp_path / "bits" / "b.png", Image.fromarray(bits))
    data = read(tmp_path / "bits")
    np.testing.assert_array_equal(data.items[0], np.where(bits, 255, 0))
    assert "with 1 bit a pixel became plain grey" in told(data, "L208")[0]
    colours = Image.fromarray(noise(2) % 4, mode="L").convert("P")
    colours.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9])
    save(tmp_path / "palette" / "p.png", colours)
    data = read(tmp_path / "palette")
    np.testing.assert_array_equal(
        data.items[0], np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]], np.uint8)[noise(2) % 4]
    )
    assert "with a palette became plain colour" in told(data, "L208")[0]


def test_a_palette_with_transparency_keeps_alpha_when_most_have_it(tmp_path):
    for i in range(3):
        image = Image.fromarray(noise(i) % 2).convert("P")
        image.putpalette([255, 0, 0, 0, 255, 0])
        save(tmp_path / "d" / f"{i}.png", image, transparency=1)
    data = read(tmp_path / "d")
    red, clear = [255, 0, 0, 255], [0, 255, 0, 0]
    np.testing.assert_array_equal(data.items[2], np.where((noise(2) % 2)[..., None] == 1, clear, red))
    assert "3 of 3 pictures let something shine through" in told(data, "L209")[0]


def test_alpha_of_a_few_is_laid_on_white_and_opaque_alpha_dropped(tmp_path):
    for i in range(3):
        save(tmp_path / "d" / f"{i}.png", noise(i, channels=3))
    veiled = np.dstack([noise(9, channels=3), np.full((12, 10), 51, np.uint8)])
    save(tmp_path / "d" / "3.png", veiled)
    save(tmp_path / "d" / "4.png", np.dstack([noise(8, channels=3), np.full((12, 10), 255, np.uint8)]))
    data = read(tmp_path / "d")
    assert data.items.shape == (5, 12, 10, 3)
    np.testing.assert_array_equal(data.items[3], np.rint(veiled[..., :3] * 0.2 + 255 * 0.8))
    np.testing.assert_array_equal(data.items[4], noise(8, channels=3))
    assert "2 pictures lost the alpha channel (1 of them were laid on white): 3.png, 4.png" in told(data, "L209")[0]


def test_one_picture_in_colour_makes_all_colour(plain):
    save(plain / "9.png", noise(9, channels=3))
    data = read(plain)
    np.testing.assert_array_equal(data.items[4], noise(4)[..., None].repeat(3, 2))
    np.testing.assert_array_equal(data.items[9], noise(9, channels=3))
    assert "9 grey pictures among 10: all became colour: 0.png, 1.png" in told(data, "L209")[0]


def test_grey_with_alpha_stays_grey_or_becomes_colour_with_alpha(tmp_path):
    opaque = Image.merge("LA", [Image.fromarray(noise(1)), Image.new("L", (10, 12), 255)])
    save(tmp_path / "a" / "1.png", opaque)
    np.testing.assert_array_equal(read(tmp_path / "a").items, [noise(1)])
    clear = Image.merge("LA", [Image.fromarray(noise(1)), Image.fromarray(noise(2))])
    save(tmp_path / "b" / "1.png", clear)
    np.testing.assert_array_equal(read(tmp_path / "b").items, [np.dstack([noise(1)] * 3 + [noise(2)])])


def test_sixteen_bits_are_kept_and_eight_beside_them_fill_the_same_range(plain):
    save(plain / "9.png", noise(9, dtype=np.uint16))
    data = read(plain)
    assert data.items.dtype == np.uint16
    np.testing.assert_array_equal(data.items[9], noise(9, dtype=np.uint16))
    np.testing.assert_array_equal(data.items[0], noise(0).astype(np.uint16) * 257)
    assert "9 pictures of 8 bits became 16 bits" in told(data, "L211")[0]


@pytest.mark.parametrize(("channels", "kind"), [(3, 2), (4, 6)])
def test_colour_of_sixteen_bits_loses_nothing(channels, kind, tmp_path):
    expected = noise(1, channels=channels, dtype=np.uint16)
    (tmp_path / "p.png").write_bytes(plain_png(expected, kind))
    np.testing.assert_array_equal(picture(tmp_path / "p.png"), expected)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("packed", [False, True])
def test_tiff_colour_of_sixteen_bits_loses_nothing(order, packed, tmp_path):
    expected = noise(1, channels=3, dtype=np.uint16)
    (tmp_path / "p.tif").write_bytes(tiff_of_16_bits(expected, order, packed))
    np.testing.assert_array_equal(picture(tmp_path / "p.tif"), expected)


def test_sixteen_bits_of_which_eight_are_read_are_said(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "p.png").write_bytes(plain_png(noise(1, channels=2, dtype=np.uint16), 4))
    assert "as LA of 16 bits, of which 8 are read" in told(read(tmp_path / "d"), "L208")[0]


def test_floating_point_pictures_are_stretched_by_one_rule_for_all(tmp_path):
    values = np.random.default_rng(0).normal(size=(3, 12, 10)).astype(np.float32)
    for i, value in enumerate(values):
        save(tmp_path / "d" / f"{i}.tif", value)
    hurt = values[0].copy()
    hurt[3, 3] = np.nan
    save(tmp_path / "d" / "nan.tif", hurt)
    data = read(tmp_path / "d")
    share = (values.astype(float) - values.min()) / (np.float64(values.max()) - values.min())
    np.testing.assert_array_equal(data.items, np.rint(share * 65535).astype(np.uint16))
    assert "missing or infinite" in told(data, "L201")[0] and "32-bit numbers became 16 bits" in told(data, "L211")[0]
    save(tmp_path / "unit.tif", np.array([[0, 0.25, 0.5, 0.75]] * 4, np.float32))
    assert picture(tmp_path / "unit.tif")[0].tolist() == [0, 16384, 32768, 49151]
    whole = np.arange(0, 48_000, 1000, dtype=np.int32).reshape(4, 12)
    np.testing.assert_array_equal(picture(save(tmp_path / "whole.tif", whole)), whole)


def test_mixed_sizes_are_scaled_to_cover_the_median_and_cut_in_the_middle(tmp_path):
    for name, shape in {"a": (20, 20), "b": (20, 20), "c": (40, 80), "d": (10, 30), "e": (20, 20)}.items():
        save(tmp_path / "d" / f"{name}.png", Image.effect_noise(shape[::-1], 99))
    stripes = np.zeros((40, 80), np.uint8)
    stripes[:, 20:60] = 200
    save(tmp_path / "d" / "c.png", stripes)
    data = read(tmp_path / "d")
    assert data.items.shape == (5, 20, 20)
    assert data.items[2].min() >= 180, "the middle 40 columns of 80 are what is left"
    assert "Sizes differ (20 to 80 wide, 10 to 40 high)" in told(data, "L212")[0] and "20 x 20" in told(data, "L212")[0]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
def test_scaling_is_that_of_lanczos_in_any_depth(dtype, channels, tmp_path):
    big = noise(1, 40, 40, channels, dtype)
    for i in range(2):
        save_any(tmp_path / "d" / f"{i}.png", noise(i + 5, 20, 20, channels, dtype))
    save_any(tmp_path / "d" / "big.png", big)
    got = read(tmp_path / "d").items[2].astype(float)
    planes = [
        Image.fromarray(p.astype(np.float32)) for p in (big[..., None] if channels == 1 else big).transpose(2, 0, 1)
    ]
    expected = np.stack([np.asarray(p.resize((20, 20), Image.Resampling.LANCZOS)) for p in planes], 2).squeeze()
    top = np.iinfo(dtype).max
    assert np.abs(got - np.clip(expected, 0, top)).max() <= 0.51


def test_a_picture_that_is_long_and_thin_needs_no_more_memory_than_others(tmp_path):
    for i in range(2):
        save(tmp_path / f"{i}.png", noise(i, 200, 200))
    save(tmp_path / "line.png", np.full((4, 1_000_000), 9, np.uint8))
    tracemalloc.start()
    items = read(tmp_path).items
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert items.shape == (3, 200, 200) and (items[2] == 9).all() and most < 100e6


def save_any(path: Path, items: np.ndarray) -> None:
    path.parent.mkdir(exist_ok=True)
    if items.dtype == np.uint16 and items.ndim == 3:
        path.write_bytes(plain_png(items, 2))
    else:
        save(path, items)


@pytest.mark.parametrize("shape", [(12, 14), (5, 20, 14), (20, 14, 5), (3, 12, 14), (12, 14, 4), (12, 14, 1)])
@pytest.mark.parametrize("dtype", ["<u1", ">u2"])
def test_a_folder_of_arrays_holds_pictures_of_any_number_of_channels(shape, dtype, tmp_path):
    arrays = [np.random.default_rng(i).integers(0, 256, shape).astype(dtype) for i in range(3)]
    for i, array in enumerate(arrays):
        np.save(tmp_path / f"{i}.npy", array)
    np.save(tmp_path / "float.npy", np.zeros((12, 14)))
    np.save(tmp_path / "stack.npy", np.zeros((70, 80, 90), np.uint8))
    data = read(tmp_path)
    expected = np.stack(arrays).squeeze()
    expected = expected.transpose(0, 2, 3, 1) if shape[0] in (3, 5) else expected
    np.testing.assert_array_equal(data.items, expected)
    assert data.items.dtype == np.dtype(dtype).newbyteorder("=") and len(told(data, "L201")) == 2


def test_another_number_of_channels_than_most_have_is_skipped(tmp_path):
    for i in range(3):
        np.save(tmp_path / f"{i}.npy", noise(i, 20, 14, 5))
    save(tmp_path / "rgb.png", noise(1, 20, 14, 3))
    data = read(tmp_path)
    assert data.items.shape == (3, 20, 14, 5) and "rgb.png: other channels: it has 3" in told(data, "L209")[0]


def test_arrays_hold_pictures_with_channels_first_or_last(tmp_path):
    last = np.random.default_rng(0).integers(0, 256, (9, 12, 14, 3)).astype(np.uint8)
    np.savez(tmp_path / "last.npz", images=last, labels=np.arange(9))
    np.savez(tmp_path / "first.npz", images=last.transpose(0, 3, 1, 2), labels=np.arange(9)[:, None])
    one, other = read(tmp_path / "last.npz"), read(tmp_path / "first.npz")
    np.testing.assert_array_equal(one.items, other.items)
    assert one.labels.tolist() == other.labels.tolist() == list(range(9))
    assert one.notes == () and "Channels were first" in other.notes[0].message
    np.save(tmp_path / "deep.npy", last[..., 0].astype(np.uint16) * 9)
    assert read(tmp_path / "deep.npy").items.dtype == np.uint16
    np.save(tmp_path / "one.npy", last[0])
    assert read(tmp_path / "one.npy").items.shape == (1, 12, 14, 3)
    np.savez(tmp_path / "keras.npz", x_test=last[:2], x_train=last, y_train=np.arange(9), y_test=np.arange(2))
    assert read(tmp_path / "keras.npz").labels.tolist() == list(range(9))


def test_numbers_are_forced_to_pictures_by_a_rule_that_is_said(tmp_path):
    unit = np.linspace(0, 1, 9 * 16).reshape(9, 4, 4)
    np.save(tmp_path / "unit.npy", unit)
    data = read(tmp_path / "unit.npy", "pictures")
    np.testing.assert_array_equal(data.items, np.rint(unit * 255))
    assert "255 x value" in data.notes[0].message
    np.save(tmp_path / "signed.npy", unit * 2 - 1)
    np.testing.assert_array_equal(
        read(tmp_path / "signed.npy", "pictures").items, np.rint((unit * 2 - 1) * 127.5 + 127.5)
    )
    np.save(tmp_path / "deep.npy", np.arange(160).reshape(10, 4, 4) * 400)
    assert read(tmp_path / "deep.npy", "pictures").items.max() == 159 * 400


def test_a_folder_can_be_forced_to_vectors(plain):
    data = read(plain, "vectors")
    assert data.kind == "vectors" and data.items.shape == (9, 120)
    assert refused(plain, "table").code == "E113"


def mnist(folder: Path, packing: str = ".gz") -> Path:
    folder.mkdir(exist_ok=True)
    for part, n in (("train", 30), ("t10k", 10)):
        idx(folder / f"{part}-images-idx3-ubyte{packing}", noise(n, 12, 12)[None].repeat(n, 0))
        idx(folder / f"{part}-labels-idx1-ubyte{packing}", np.arange(n) % 10)
    return folder


@pytest.mark.parametrize("packing", ["", ".gz"])
def test_a_folder_of_idx_files_gives_its_training_pair(packing, tmp_path):
    folder = mnist(tmp_path / "m", packing)
    data = read(folder)
    assert (len(data), data.name, data.labels.dtype) == (30, "m", np.int64)
    np.testing.assert_array_equal(data.items[7], noise(30, 12, 12))
    assert "t10k-images" in told(data, "L206")[0] and data.items.flags.writeable
    test = read(folder / f"t10k-images-idx3-ubyte{packing}")
    assert len(test) == 10 and test.labels.tolist() == list(range(10)) and test.name == "t10k-images"
    (folder / f"t10k-labels-idx1-ubyte{packing}").unlink()
    assert read(folder / f"t10k-images-idx3-ubyte{packing}").labels is None
    assert refused(folder / f"train-labels-idx1-ubyte{packing}").code == "E209"


def test_damaged_idx_files_are_refused(tmp_path):
    folder = mnist(tmp_path / "m", "")
    path = folder / "train-images-idx3-ubyte"
    whole = path.read_bytes()
    for damaged in (
        whole[:-1],
        whole + b"x",
        whole[:3],
        whole[:9],
        b"\0\0\x0d" + whole[3:],
        b"GIF8" + whole,
        b"\0\0\x08\x03" + b"\xff" * 99,
    ):
        path.write_bytes(damaged)
        assert refused(path).code == "E202"
    path.write_bytes(whole)
    idx(folder / "train-labels-idx1-ubyte", np.arange(7))
    assert "labels of (7,)" in refused(path).why
    packed_path = mnist(tmp_path / "n", ".gz") / "train-images-idx3-ubyte.gz"
    for damaged in (packed_path.read_bytes()[:-9], packed_path.read_bytes()[:40], b"nonsense"):
        packed_path.write_bytes(damaged)
        assert refused(packed_path).code == "E202"
    for name in ("a", "b"):
        idx(tmp_path / f"{name}-images-idx3-ubyte", noise(1)[None])
    assert isinstance(refused(tmp_path), UsageError)


def test_the_bytes_of_jpegs_in_one_file_are_read(tmp_path):
    files = [jpeg(noise(i, 16, 16, 3), quality=90) for i in range(9)]
    ends = np.cumsum([0, *map(len, files)])
    whole = np.frombuffer(b"".join(files), np.uint8)
    parts = {"train_jpeg": whole, "train_offsets": ends, "train_labels": np.arange(9, dtype=np.uint8)}
    np.savez(tmp_path / "j.npz", test_jpeg=whole[: ends[1]], test_offsets=ends[:2], **parts)
    data = read(tmp_path / "j.npz")
    assert data.labels.tolist() == list(range(9)) and data.labels.dtype == np.int64
    assert data.items.shape == (9, 16, 16, 3) and "'train' was read; test was not" in data.notes[0].message
    for hurt in ({"train_offsets": ends[::-1]}, {"train_offsets": ends + 10}, {"train_labels": np.arange(3)}):
        np.savez(tmp_path / "h.npz", **{**parts, **hurt})
        assert refused(tmp_path / "h.npz").code == "E202"
    torn = whole.copy()
    torn[ends[3] : ends[4]] = 0
    np.savez(tmp_path / "t.npz", **{**parts, "train_jpeg": torn})
    assert read(tmp_path / "t.npz").labels.tolist() == [0, 1, 2, 4, 5, 6, 7, 8]
    assert "train 3: no picture" in read(tmp_path / "t.npz").notes[0].message


def test_many_pictures_lie_in_a_file_that_vanishes(plain, monkeypatch, tmp_path):
    expected = read(plain).items
    (tmp_path / "temp").mkdir()
    monkeypatch.setattr(room, "IN_MEMORY", 100)
    monkeypatch.setattr(room.tempfile, "tempdir", str(tmp_path / "temp"))
    data = read(plain)
    assert isinstance(data.items, np.memmap) and told(data, "L214")
    np.testing.assert_array_equal(data.items, expected)
    assert list((tmp_path / "temp").iterdir()) == []

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(StorageError):
        read(plain)


def test_one_picture_is_read_by_itself(tmp_path):
    np.testing.assert_array_equal(picture(save(tmp_path / "p.png", noise(1, channels=3))), noise(1, channels=3))
    (tmp_path / "bad.png").write_text("x")
    for path, reason in ((tmp_path / "bad.png", "no picture"), (tmp_path / "none.png", "No such file"), (tmp_path, "")):
        with pytest.raises(DataError) as caught:
            picture(path)
        assert reason in caught.value.why


def pairs(folder: Path, n: int = 9) -> tuple[Path, Path]:
    for i in range(n):
        save(folder / "pictures" / f"{i}.png", noise(i))
        save(folder / "masks" / f"{i}.tif", Image.fromarray(noise(100) > 99))
    return folder / "pictures", folder / "masks"


def test_pictures_and_masks_are_paired_by_name(tmp_path):
    pictures, masks = pairs(tmp_path, 11)
    one, other, notes = read_pairs(pictures, packed(masks, tmp_path / "masks.zip"))
    np.testing.assert_array_equal(one.items, [noise(i) for i in range(11)])
    assert len(other) == 11 and set(np.unique(other.items)) == {0, 255}, "equal masks are kept"
    assert notes == one.notes and [note.code for note in notes] == ["L208"]


def test_what_does_not_pair_is_named_and_both_are_skipped(tmp_path):
    pictures, masks = pairs(tmp_path)
    save(pictures / "alone.png", noise(50))
    save(pictures / "1.bmp", noise(51))
    save(masks / "nobody.png", noise(52))
    save(masks / "2.tif", noise(53, 12, 11))
    (masks / "3.tif").write_bytes((masks / "3.tif").read_bytes()[:50])
    save(masks / "5.jpg", noise(54, 12, 10))
    (masks / "5.tif").unlink()
    (masks / "5.jpg").write_bytes((masks / "5.jpg").read_bytes()[:-20])
    (masks / "readme.txt").write_text("x")
    one, other, notes = read_pairs(pictures, masks)
    np.testing.assert_array_equal(one.items, [noise(i) if i != 1 else noise(51) for i in (0, 1, 4, 6, 7, 8)])
    assert len(other) == 6
    said = "\n".join(note.message for note in notes)
    for part in (
        "alone.png: no mask of this name",
        "1.png: a name that is taken: 1.bmp was kept",
        "mask nobody.png: no picture of this name",
        "2.png: another size: it is 10 x 12, its mask 11 x 12",
        "3.png: no mask of this name",
        "mask 5.jpg: damaged",
        "5.png: alone: its mask could not be used",
        "mask 1 file of another kind",
    ):
        assert part in said


def test_pairs_of_mixed_sizes_are_cut_alike_and_masks_get_no_new_values(tmp_path):
    for i, (height, width) in enumerate([(20, 20), (20, 20), (33, 41)]):
        shape = noise(i, height, width)
        save(tmp_path / "p" / f"{i}.png", shape)
        save(
            tmp_path / "m" / f"{i}.png",
            np.where(np.arange(width) < width // 2, 0, 7).astype(np.uint8)[None].repeat(height, 0),
        )
    one, other, _ = read_pairs(tmp_path / "p", tmp_path / "m")
    assert one.items.shape == other.items.shape == (3, 20, 20)
    assert set(np.unique(other.items)) == {0, 7} and (other.items[2] == 7).mean() == pytest.approx(0.5, abs=0.06)


def test_no_pair_at_all_is_refused(tmp_path):
    save(tmp_path / "p" / "a.png", noise(1))
    save(tmp_path / "m" / "b.png", noise(1))
    with pytest.raises(DataError, match="no mask of this name"):
        read_pairs(tmp_path / "p", tmp_path / "m")
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="holds no pictures"):
        read_pairs(tmp_path / "p", tmp_path / "none")


def test_reading_is_quick_and_changes_nothing(tmp_path):
    for i in range(300):
        save(tmp_path / "d" / f"{i}.png", noise(i, 32, 32, 3))
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "d").iterdir()}
    began = time.process_time()
    read_pictures(tmp_path / "d")
    assert time.process_time() - began < 300 * 15 / 10_000 * 2, "10,000 in 15 seconds, and as much to spare"
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "d").iterdir()} == before
