"""Reading: every file gives data, or an error that says what is wrong with it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from contrafact.base.data import Data
from contrafact.base.errors import ContrafactError, DataError, UsageError
from contrafact.tasks.read import read

ROWS = np.arange(12.0).reshape(6, 2)
PICTURES = np.arange(6 * 4 * 4, dtype=np.uint8).reshape(6, 4, 4)


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def array(folder: Path, name: str, content: Any, **more: Any) -> Path:
    path = folder / name
    (np.savez if more else np.save)(path, **({"items": content, **more} if more else {"arr": content}))
    return path


def refused(path: Any, kind: Any = None) -> ContrafactError:
    with pytest.raises(ContrafactError) as caught:
        read(path, kind)
    return caught.value


@pytest.mark.parametrize("name", ["t.csv", "中 文 <b>.csv", "UPPER.CSV", "t.tsv", "UPPER.TSV"])
def test_tables_are_read_whatever_they_are_called(name, tmp_path):
    mark = "\t" if name.lower().endswith("tsv") else ","
    frame = read(put(tmp_path, name, f"年齡{mark}name\n1{mark}x\n2{mark}\n"))
    assert frame.columns.tolist() == ["年齡", "name"] and frame["年齡"].tolist() == [1, 2]
    assert frame["name"].isna().tolist() == [False, True]


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path):
    assert read(put(tmp_path, "bom.csv", "\ufeffa,b\n1,2\n")).columns.tolist() == ["a", "b"]
    assert read(put(tmp_path, "bom.txt", "\ufeffab\n")).items == ["ab"]


def test_a_table_of_mixed_cells_is_read_without_a_warning(tmp_path):
    cells = "1\n" * 300_000 + "x\n"
    assert read(put(tmp_path, "mixed.csv", "a\n" + cells)).shape == (300_001, 1)


@pytest.mark.parametrize("name", ["t.parquet", "UPPER.PARQUET"])
def test_parquet_files_are_read_and_damaged_ones_refused(name, tmp_path):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": ["x", "y"]})
    frame.to_parquet(tmp_path / name)
    assert read(tmp_path / name).equals(frame)
    put(tmp_path, name, (tmp_path / name).read_bytes()[:-9])
    assert refused(tmp_path / name).code == "E202"


def test_a_parquet_file_without_its_reader_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    error = refused(put(tmp_path, "t.parquet", "x"))
    assert error.code == "E111" and "contrafact[data]" in error.fix


def test_arrays_are_read_as_vectors_or_pictures(tmp_path):
    for items, kind, shape in (
        (ROWS, "vectors", (6, 2)),
        (np.arange(6), "vectors", (6, 1)),
        (PICTURES, "pictures", (6, 4, 4)),
        (np.zeros((6, 4, 4, 3), np.uint8), "pictures", (6, 4, 4, 3)),
        (np.zeros((6, 4, 4, 2), np.uint8), "vectors", (6, 4, 4, 2)),
        (PICTURES.astype(float), "vectors", (6, 4, 4)),
        (ROWS > 3, "vectors", (6, 2)),
    ):
        data = read(array(tmp_path, "a.npy", items))
        assert (data.kind, data.items.shape, data.name) == (kind, shape, "a")


def test_labels_are_read_beside_the_items(tmp_path):
    data = read(array(tmp_path, "a.npz", ROWS, labels=np.arange(6) % 2))
    assert data.labels.tolist() == [0, 1] * 3 and data.items.shape == (6, 2)
    other = tmp_path / "b.npz"
    np.savez(other, images=PICTURES, y=np.array(list("ababab")))
    assert read(other).kind == "pictures" and read(other).labels[1] == "b"


@pytest.mark.parametrize(
    ("items", "code"),
    [
        (np.array([{}, 1], dtype=object), "E202"),
        (np.array(["a", "b"]), "E202"),
        (ROWS * 1j, "E202"),
        (np.array("2020-01-01", dtype="M8[D]"), "E202"),
        (np.zeros(3, dtype=[("a", float)]), "E202"),
        (np.float64(3), "E202"),
        (np.empty((0, 2)), "E201"),
        (np.empty((5, 0)), "E201"),
        (np.empty((5, 0, 4), np.uint8), "E201"),
    ],
)
def test_arrays_without_numbers_are_refused(items, code, tmp_path):
    np.save(tmp_path / "a.npy", items, allow_pickle=True)
    error = refused(tmp_path / "a.npy")
    assert error.code == code and error.exit_status == 65 and "a.npy" in error.what


def test_labels_that_do_not_fit_or_are_pickled_are_refused(tmp_path):
    assert refused(array(tmp_path, "a.npz", ROWS, labels=np.arange(3))).code == "E202"
    assert refused(array(tmp_path, "a.npz", ROWS, labels=np.array([{}] * 6))).code == "E202"
    np.savez(tmp_path / "none.npz")
    assert refused(tmp_path / "none.npz").code == "E202"


@pytest.mark.parametrize("keep", [0, 1, 20, 100, 0.5, 0.95])
@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_arrays_that_were_cut_are_refused(name, keep, tmp_path):
    path = array(tmp_path, name, ROWS, **({"labels": np.arange(6)} if name.endswith("z") else {}))
    whole = path.read_bytes()
    path.write_bytes(whole[: keep if isinstance(keep, int) else int(keep * len(whole))])
    assert refused(path).code in ("E201", "E202")


def test_arrays_with_flipped_bits_never_crash(tmp_path):
    path = array(tmp_path, "a.npz", ROWS, labels=np.arange(6))
    whole = path.read_bytes()
    for place in range(0, len(whole), 37):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
        try:
            assert isinstance(read(path), Data)
        except DataError as error:
            assert error.code in ("E201", "E202")


def test_an_array_that_claims_to_be_larger_than_the_memory_is_refused(tmp_path):
    path = array(tmp_path, "a.npy", ROWS)
    path.write_bytes(
        path.read_bytes().replace(b"(6, 2), }        ", b"(66666666666666,), }", 1).replace(b" \n", b"\n", 0)
    )
    assert refused(path).code == "E202"


def test_lines_are_read_without_empty_ones(tmp_path):
    data = read(put(tmp_path, "t.txt", "春眠\r\n\n  \n😀 b \n"))
    assert (data.kind, data.items) == ("text", ["春眠", "😀 b "])
    assert read(put(tmp_path, "t.csv", "a,b\n1,2\n"), "text").items == ["a,b", "1,2"]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.csv", "", "E201"),
        ("a.csv", "\n\n", "E201"),
        ("a.csv", "a,b\n", "E201"),
        ("a.csv", "a\n\xe9\n".encode("latin-1"), "E208"),
        ("a.csv", "a,b\n1,2\n".encode("utf-16"), "E208"),
        ("a.csv", "a,b\n1,2\n1,2,3\n", "E202"),
        ("a.csv", 'a,b\n"1,2\n3,4\n', "E202"),
        ("a.csv", "a,b\n1,2,3\n4,5,6\n", "E202"),
        ("a.parquet", "nonsense", "E202"),
        ("a.npy", "nonsense", "E202"),
        ("a.npz", "nonsense", "E202"),
        ("a.txt", "", "E201"),
        ("a.txt", " \n\n", "E201"),
        ("a.txt", b"\xff\xfe", "E208"),
        ("a.pkl", "nonsense", "E209"),
        ("a", "nonsense", "E209"),
    ],
)
def test_files_that_cannot_be_used_say_why(name, content, code, tmp_path):
    error = refused(put(tmp_path, name, content))
    assert error.code == code and error.exit_status == 65 and name in error.what and error.fix


def test_one_row_is_data(tmp_path):
    assert len(read(put(tmp_path, "a.csv", "a,b\n1,2\n"))) == 1


def test_folders_and_what_is_not_there_are_refused(tmp_path, monkeypatch):
    (tmp_path / "f.csv").mkdir()
    assert refused(tmp_path / "f.csv").code == refused(tmp_path / "f.csv", "text").code == "E209"
    for name in ("nowhere.csv", "f.csv/inside", "x" * 300, "a\0b", "rng"):
        error = refused(name)
        assert isinstance(error, UsageError) and error.code == "E112"
    assert "Did you mean ring" in refused("rng").why
    link = tmp_path / "loop.csv"
    link.symlink_to(link)
    assert refused(link).exit_status in (2, 65)


def test_a_file_that_the_system_does_not_give_is_refused(tmp_path, monkeypatch):
    path = put(tmp_path, "a.csv", "a\n1\n")

    def denied(*args: Any, **kwargs: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(pd, "read_csv", denied)
    error = refused(path)
    assert error.code == "E202" and "Permission denied" in error.why


def test_the_kind_can_be_forced_where_it_fits(tmp_path):
    pictures = array(tmp_path, "p.npy", PICTURES)
    assert read(pictures, "vectors").items.shape == (6, 16)
    assert read(array(tmp_path, "f.npy", PICTURES.astype(float)), "pictures").items.dtype == np.uint8
    assert refused(array(tmp_path, "v.npy", ROWS), "pictures").code == "E202"
    assert refused(pictures, "table").code == "E113"
    assert refused(put(tmp_path, "t.csv", "a\n1\n"), "vectors").code == "E113"
    assert refused("ring", "text").code == "E113"
    holed = PICTURES.astype(float)
    holed[0, 0, 0] = np.nan
    assert refused(array(tmp_path, "h.npy", holed), "pictures").code == "E204"


def test_a_demo_set_is_read_by_its_name_even_beside_a_folder_of_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "swiss-roll").mkdir()
    assert read("swiss-roll").name == "swiss-roll"
    put(tmp_path, "ring", "x")
    assert refused("ring").code == "E209"
