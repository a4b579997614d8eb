"""Tables in files: the blocks together are what pandas reads in one go, and what is wrong with a file is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contrafact.base.errors import DataError, UsageError
from contrafact.codecs import files
from contrafact.codecs.files import TableFile, opened, rows_of_a_block

ROWS = 5000


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(files, "MOST_ROWS", 1024)


def messy(rows: int = ROWS) -> pd.DataFrame:
    """Columns that show only in their last blocks what they hold."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "whole": random.integers(0, 9, rows),
            "holed": random.integers(0, 9, rows).astype(float),
            "truth": random.random(rows) < 0.5,
            "text late": ["1"] * rows,
            "number late": ["7"] * rows,
            "number": random.normal(size=rows),
            "empty": [None] * rows,
            "truth then text": ["True"] * rows,
            "name": random.choice(list("abc"), rows),
        }
    )
    frame["half true"] = frame["truth"].astype(object)
    for row, name, cell in (
        (4000, "holed", np.nan),
        (4990, "text late", "x"),
        (2000, "number late", "1.5"),
        (4000, "truth then text", "no"),
        (3000, "half true", None),
        (4000, "name", None),
    ):
        frame.loc[row, name] = cell
    return frame


def read_whole(table: TableFile) -> pd.DataFrame:
    return pd.concat(list(table.blocks()))


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one, other, check_index_type=False)


@pytest.mark.parametrize("ending", [".csv", ".tsv"])
def test_blocks_of_text_are_what_pandas_reads_at_once(tmp_path, ending):
    sep = "\t" if ending == ".tsv" else ","
    messy().to_csv(tmp_path / f"a{ending}", index=False, sep=sep)
    table = TableFile.open(tmp_path / f"a{ending}")
    assert len(table) == ROWS and [len(block) for block in table.blocks()] == [1024] * 4 + [904]
    same(read_whole(table), pd.read_csv(tmp_path / f"a{ending}", sep=sep, low_memory=False))


@pytest.mark.parametrize("group", [700, ROWS])
def test_blocks_of_parquet_are_what_pandas_reads_at_once(tmp_path, group):
    random = np.random.default_rng(1)
    frame = messy().assign(
        kind=pd.Categorical(random.choice(list("xyz"), ROWS), ordered=True),
        nullable=pd.array(np.where(random.random(ROWS) < 0.001, None, 3), dtype="Int64"),
        day=pd.Timestamp("2020-01-01") + pd.to_timedelta(random.integers(0, 9, ROWS), unit="D"),
    )
    frame.to_parquet(tmp_path / "a.parquet", row_group_size=group)
    same(read_whole(TableFile.open(tmp_path / "a.parquet")), pd.read_parquet(tmp_path / "a.parquet"))


@pytest.mark.parametrize("told", [True, False])
def test_holes_in_whole_numbers_and_truths_show_in_every_block(tmp_path, told):
    columns = {
        "whole": pa.array([1] * (ROWS - 1) + [None]),
        "truth": pa.array([None] + [True] * (ROWS - 1)),
        "kind": pa.array(["a"] * 4000 + ["b"] * 1000).dictionary_encode(),
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet", row_group_size=900, write_statistics=told)
    table = TableFile.open(tmp_path / "a.parquet")
    same(read_whole(table), pd.read_parquet(tmp_path / "a.parquet"))
    assert {str(block["whole"].dtype) for block in table.blocks()} == {"float64"}
    assert all(list(block["kind"].cat.categories) == ["a", "b"] for block in table.blocks())


def test_rows_are_taken_in_any_order_and_left_out(tmp_path):
    frame = messy()
    frame.to_parquet(tmp_path / "a.parquet")
    table, rows = TableFile.open(tmp_path / "a.parquet"), np.array([4999, 0, 17, 17, 3000])
    same(table.take(rows), frame.iloc[rows].reset_index(drop=True))
    fewer = table.without(np.array([0, 17, 4999]))
    same(read_whole(fewer), frame.drop(index=[0, 17, 4999]))
    assert fewer.without(np.array([0])).left_out.tolist() == [0, 1, 17, 4999] and len(fewer) == ROWS - 3
    same(fewer.take(np.array([0, 16])), frame.iloc[[1, 18]].reset_index(drop=True))


def test_a_file_is_known_again_by_its_contents(tmp_path):
    for name, rows in (("a", 100), ("b", 100), ("c", 99)):
        messy(6000).head(rows).to_csv(tmp_path / f"{name}.csv", index=False)
    prints = {name: TableFile.open(tmp_path / f"{name}.csv").fingerprint() for name in "abc"}
    assert prints["a"] == prints["b"] != prints["c"]
    assert TableFile.open(tmp_path / "a.csv").without(np.array([3])).fingerprint() != prints["a"]


def test_a_file_that_grows_while_it_is_read_is_noticed(tmp_path):
    messy().to_csv(tmp_path / "a.csv", index=False)
    table = TableFile.open(tmp_path / "a.csv")
    messy(6000).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataError, match="changed while it was read"):
        list(table.blocks())


def test_what_is_wrong_with_a_file_is_said(tmp_path):
    (tmp_path / "ragged.csv").write_text("a,b\n1,2\n" * 3 + "1,2,3\n")
    (tmp_path / "wide.csv").write_text("a,b\n1,2,3\n")
    (tmp_path / "latin.csv").write_bytes("a\nä\n".encode("latin-1"))
    (tmp_path / "heads.csv").write_text("a,b\n")
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 no")
    picture = tmp_path / "a.png"
    picture.write_bytes(b"x")
    codes = {"ragged.csv": "E202", "wide.csv": "E202", "latin.csv": "E208", "heads.csv": "E201", "cut.parquet": "E202"}
    for name, code in codes.items():
        with pytest.raises(DataError) as caught:
            TableFile.open(tmp_path / name)
        assert caught.value.code == code, name
    with pytest.raises(UsageError, match="no file"):
        opened(tmp_path / "nowhere.csv")
    with pytest.raises(DataError, match="no tables"):
        opened(picture)


def test_wide_tables_have_small_blocks_in_steps_that_draws_share():
    assert rows_of_a_block(15) == 1024 and rows_of_a_block(10_000) == 1024
