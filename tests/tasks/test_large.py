"""Tables in files are learned from, filled and made block by block, with the same answers as in one go."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import contrafact
from contrafact.base.errors import UsageError
from contrafact.cli import main
from contrafact.codecs import files
from contrafact.codecs.files import TableFile
from contrafact.nets import woven
from contrafact.tasks import large, read, write_tables
from contrafact.tasks.large import Drawn, Filled
from contrafact.tasks.sample import parquet_bytes
from contrafact.tasks.write_tables import write_table
from contrafact.zoo import Fill, Loom

ROWS = 3000
TOY = {"steps": 12, "width": 16, "depth": 1, "batch": 64}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Make 3,000 rows many."""
    monkeypatch.setattr(files, "MOST_ROWS", 1024)
    monkeypatch.setattr(woven, "PART_ROWS", 1024)
    monkeypatch.setattr(write_tables, "GROUP_ROWS", 2000)
    monkeypatch.setattr(large, "MANY_DRAWN", 1500)
    monkeypatch.setattr(large, "MOST_JUDGED", {"quick": 200})
    monkeypatch.setattr(read, "MANY_ROWS", 1000)
    monkeypatch.setattr(read, "MANY_CELLS", 1000)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    random = np.random.default_rng(0)
    hidden = random.normal(size=ROWS)
    made = pd.DataFrame(
        {
            "id": np.arange(ROWS),
            "age": np.clip(40 + 15 * hidden, 18, 90).round(),
            "income": np.exp(10 + hidden + random.normal(size=ROWS) / 2).round(2),
            "city": random.choice([f"city {i}" for i in range(1200)], ROWS),  # two digits
            "job": np.array(list("abcd"))[np.clip((hidden + 2).astype(int), 0, 3)],
        }
    )
    made["job code"] = made["job"].map({"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0})
    for name in ("age", "income", "job", "city"):
        made[name] = made[name].mask(random.random(ROWS) < 0.15)
    made["job code"] = made["job code"].mask(made["job"].isna())
    return made


@pytest.fixture(scope="module")
def path(frame, tmp_path_factory):
    place = tmp_path_factory.mktemp("rows") / "big.parquet"
    frame.to_parquet(place, row_group_size=800)
    return place


@pytest.fixture(scope="module")
def filler(frame):
    return Loom(**TOY, learn="holes", holes=False).fit(frame, seed=0)


def test_filling_by_blocks_is_filling_in_one_go(frame, path, filler):
    table = TableFile.open(path)
    whole = filler.impute(frame)
    blocks = pd.concat(list(Filled(table=table, model=filler, cells=0).blocks()))
    pd.testing.assert_frame_equal(blocks, whole, check_exact=True, check_index_type=False)
    draws = filler.impute(frame, draws=2, seed=5)
    for number, draw in enumerate(draws):
        blocks = pd.concat(list(Filled(table=table, model=filler, cells=0, number=number, seed=5).blocks()))
        pd.testing.assert_frame_equal(blocks, draw, check_exact=True, check_index_type=False)


@pytest.mark.parametrize("given", [None, {"age": (30, 50), "job": ["a", "c"]}])
def test_drawing_by_blocks_is_drawing_in_one_go(frame, given):
    model = Loom(**TOY).fit(frame, seed=0)
    whole = model.sample(2500, given=given, seed=3)
    parts = list(model.blocks(2500, given=given, seed=3))
    assert [len(part) for part in parts] == [1024, 1024, 452]
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), whole, check_exact=True)
    assert [len(part) for part in model.blocks(0, seed=3)] == [0]


def test_a_model_of_a_file_knows_rows_that_it_was_not_shown_together(path, frame):
    model = Loom(**TOY).fit(path, seed=0)
    again = Loom(**TOY).fit(TableFile.open(path), seed=0)
    pd.testing.assert_frame_equal(model.sample(50, seed=1), again.sample(50, seed=1))
    assert model.codec.schema.rows == ROWS and list(model.sample(5, seed=1).columns) == list(frame.columns)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_files_written_by_blocks_hold_what_whole_ones_do(tmp_path, frame, filler, path, ending):
    whole = filler.impute(frame)
    out = tmp_path / f"out{ending}"
    write_table(Filled(table=TableFile.open(path), model=filler, cells=0), str(out))
    if ending == ".csv":
        assert out.read_bytes() == whole.to_csv(index=False).encode()
    else:
        (tmp_path / "whole.parquet").write_bytes(parquet_bytes(whole))
        pd.testing.assert_frame_equal(pd.read_parquet(out), pd.read_parquet(tmp_path / "whole.parquet"))
        assert pq.ParquetFile(out).num_row_groups == 2
    assert not list(tmp_path.glob(".*"))


def test_impute_takes_a_file_and_says_how_it_did(tmp_path, path, frame):
    method = Loom(**TOY, learn="holes", holes=False)
    result = contrafact.impute(path, method=method, seed=0)
    assert isinstance(result.data, Filled) and result.data.cells == int(frame.isna().sum().sum())
    assert {"rmse_method", "rmse_mean", "rmse_ice", "accuracy_method"} <= set(result.scores)
    assert any("has not seen 600 of the 3,000 rows" in note for note in result.notes)
    result.save(tmp_path / "out.parquet")
    made = pd.read_parquet(tmp_path / "out.parquet")
    assert not made.isna().any().any()
    for name in frame:
        kept = frame[name].notna()
        assert made[name][kept].equals(frame[name][kept])


def test_what_needs_all_rows_reads_them_and_says_so(path):
    with pytest.warns(UserWarning, match="All 3,000 rows of big.parquet are read into memory"):
        filled = Fill().fit(TableFile.open(path)).impute(pd.read_parquet(path))
    assert not filled["age"].isna().any()
    with pytest.warns(UserWarning, match="read into memory"):
        result = contrafact.impute(path, method="fill", check="off")
    assert isinstance(result.data, pd.DataFrame)


def test_synth_takes_a_file_and_judges_rows_that_nobody_saw(tmp_path, path, frame):
    result = contrafact.synth(path, n=1700, method=Loom(**TOY), target="job", seed=0)
    assert isinstance(result.data, Drawn) and {"pairs", "tstr_auc", "membership_auc"} <= set(result.scores)
    result.save(tmp_path / "made.csv")
    made = pd.read_csv(tmp_path / "made.csv")
    assert len(made) == 1700 and set(made["_source"]) == {"synthetic"} and made["id"].is_unique
    assert not set(made["id"]) & set(frame["id"])


def test_a_frame_gives_a_frame_however_many_rows_are_asked_for(frame):
    assert isinstance(contrafact.synth(frame, n=2000, method=Loom(**TOY), check="off").data, pd.DataFrame)


def run(capsys, *words: object) -> dict[str, object]:
    status = main([*map(str, words), "--json", "-q"])
    found = json.loads(capsys.readouterr().out)
    assert status == 0, found
    return found


SET = [word for name, value in TOY.items() for word in ("--set", f"{name}={value}")]


def test_the_command_line_works_from_file_to_file(capsys, tmp_path, path, frame):
    out = tmp_path / "out.parquet"
    found = run(capsys, "impute", path, "-o", out, "--draws", 2, "--check", "off", *SET)
    assert found["rows"] == ROWS and found["cells"] == int(frame.isna().sum().sum())
    draws = [pd.read_parquet(tmp_path / f"out-{number}.parquet") for number in (1, 2)]
    assert not draws[0].isna().any().any() and not draws[0].equals(draws[1])
    found = run(capsys, "train", path, "--recipe", "loom", "--run-dir", tmp_path / "run", *SET)
    assert json.loads((tmp_path / "run" / "data.json").read_text())["rows"] == ROWS - 300
    run(capsys, "sample", tmp_path / "run", "-n", 2000, "-o", tmp_path / "drawn.csv")
    model = contrafact.load(tmp_path / "run")
    whole = model.sample(2000, seed=0).assign(_source="synthetic")
    assert (tmp_path / "drawn.csv").read_text() == whole.to_csv(index=False)
    found = run(capsys, "synth", path, "-n", 1600, "-o", tmp_path / "made.parquet", "--check", "off", *SET)
    assert pq.ParquetFile(tmp_path / "made.parquet").metadata.num_rows == 1600


def test_a_run_from_a_file_goes_on_where_it_was(tmp_path, path):
    whole = Loom(**TOY).fit(path, seed=0)
    training = Loom(**TOY).training(path, seed=0, run_dir=tmp_path / "run")
    for progress in training:
        if progress.step == 5:
            break
    again = Loom(**TOY).training(path, seed=0, run_dir=tmp_path / "run")
    resumed = again.finish()
    pairs = zip(whole.arrays().items(), resumed.arrays().items(), strict=True)
    assert all(one == other and (a == b).all() for (one, a), (other, b) in pairs)


def test_a_name_that_is_no_file_is_refused():
    with pytest.raises(UsageError, match="no file"):
        Loom.toy().fit("nowhere.parquet")
