"""Looking, planning, preparing, drawing into files and finding runs."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import contrafact
from contrafact.base.data import Data
from contrafact.base.demos import demo, patients, ring
from contrafact.base.errors import CannotWrite, ContrafactError, DataError, UsageError
from contrafact.engine.run import Run
from contrafact.tasks.look import look
from contrafact.tasks.plan import plan
from contrafact.tasks.read import read
from contrafact.tasks.runs import all_runs, best_score, find_run, run_folder, summary
from contrafact.tasks.sample import draw, write
from contrafact.tasks.train import Order, choose_recipe, prepare
from contrafact.tasks.write_pictures import MARK, tile
from contrafact.zoo import GAN, Markov

TOY = {"steps": "40", "width": "16", "depth": "1", "batch": "32"}


def codes(seen) -> list[str]:
    return [finding.code for finding in seen.findings]


def test_looking_at_a_table_names_what_may_hurt():
    frame = pd.DataFrame(
        {
            "holes": [1.0, None, 3.0, 1.0],
            "still": [5, 5, 5, 5],
            "far": [1.0, np.inf, 2.0, 1.0],
            "mixed": ["1", "2", "x", "1"],
            "lists": [[1], [2], [3], [1]],
        }
    )
    seen = look(frame, target="still")
    assert codes(seen) == ["L101", "L102", "L104", "L107", "L107", "L105", "L103"]
    assert [row["column"] for row in seen.schema] == list(frame.columns)
    assert seen.headline == "a table of 4 rows and 5 columns"
    json.dumps([finding.to_json() for finding in seen.findings], allow_nan=False)


def test_looking_finds_rare_classes_and_unknown_targets():
    assert "L106" in codes(look(patients(500), target="readmitted"))
    with pytest.raises(UsageError, match="Did you mean readmitted"):
        look(patients(50), target="readmited")
    with pytest.raises(UsageError, match="Only tables"):
        look(ring(50), target="x")


@pytest.mark.parametrize(
    "cells",
    [
        pd.array([1, None, 3], dtype="Int64"),
        pd.array([True, None, False], dtype="boolean"),
        [True, False, True],
        pd.Categorical(["x", None, "y"]),
        pd.date_range("2020", periods=3),
        pd.to_timedelta([1, 2, 3], unit="s"),
        [None, None, None],
        [10**400, 1, 2],
        [b"x", {"a": 1}, None],
        [1j, 2j, 3j],
    ],
)
def test_columns_of_any_type_can_be_looked_at(cells):
    assert len(look(pd.DataFrame({"a": cells, "b": cells})).schema) == 2


def test_looking_at_arrays_lines_and_sound():
    holed = np.array([[1.0, np.nan], [1.0, 2.0], [1.0, 2.0]])
    assert set(codes(look(Data(kind="vectors", items=holed)))) == {"L104", "L102", "L103"}
    assert look(Data(kind="vectors", items=np.full((3, 2), np.nan))).schema[0]["lowest"] is None
    assert codes(look(Data(kind="text", items=["a", "b", "a"]))) == ["L103"]
    assert look(demo("tones")).schema[0]["longest"] == 0.5
    rare = Data(kind="vectors", items=np.arange(40.0)[:, None], labels=np.repeat([0, 1], [38, 2]))
    assert codes(look(rare)) == ["L106"]


def test_a_plan_is_measured_and_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cost = plan(Order(what="ring", settings=TOY))
    assert cost["steps"] == 40 and cost["first_seconds"] > 0 and 0 < cost["total_seconds"] < 60
    assert cost["memory_bytes"] > 10**7 and cost["disk_bytes"] > 0
    assert plan(Order(what="ring", settings=TOY, budget="1h"))["steps"] == 40
    assert plan(Order(what="changes"))["steps"] == 0
    assert list(tmp_path.iterdir()) == []


def test_an_order_becomes_a_job_with_the_default_method_of_its_kind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    job = prepare(Order(what="ring", settings=TOY, seed=3))
    assert (job.recipe.method, job.recipe.steps, job.run.folder) == ("r3gan", 40, Path("runs/ring"))
    assert prepare(Order(what="changes")).recipe.method == "markov"
    assert prepare(Order(what="ring", method="GaussianMixture", run_dir="x")).run.folder == Path("x")
    assert prepare(Order(what="ring", settings=TOY), keep=False).training.run is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("order", "kind", "code"),
    [
        (Order(what="tones", method="gan"), UsageError, "E118"),
        (Order(what="changes", method="gan"), UsageError, "E118"),
        (Order(what="ring", method="gna"), UsageError, "E103"),
        (Order(what="ring", settings={"stps": "3"}), UsageError, "E101"),
        (Order(what="ring", settings={"steps": "0"}), UsageError, "E102"),
        (Order(what="ring", device="meta"), UsageError, "E107"),
        (Order(what="ring", device="nonsense"), UsageError, "E107"),
        (Order(what="patients", method="dcgan"), UsageError, "E118"),
    ],
)
def test_an_order_that_cannot_be_met_is_refused(order, kind, code):
    with pytest.raises(kind) as caught:
        prepare(order)
    assert caught.value.code == code


def test_a_kind_that_nobody_learns_yet_is_refused():
    with pytest.raises(DataError, match="holds scents") as caught:
        choose_recipe(Order(what="x"), "scents")
    assert caught.value.code == "E210"


def test_the_command_that_makes_a_run_again_is_in_its_folder_from_the_start(tmp_path):
    order = Order(what="swiss-roll", settings=TOY, seed=7, method="gan", run_dir=str(tmp_path / "r"))
    job = prepare(order)
    next(iter(job.training))
    told = (tmp_path / "r" / "redo.txt").read_text(encoding="utf-8")
    assert told.startswith("contrafact train swiss-roll --recipe gan --set steps=40") and "--seed 7" in told
    assert str(tmp_path) not in told


def test_a_closed_form_with_other_settings_goes_to_a_folder_of_its_own(tmp_path):
    for order in ("1", "3"):
        job = prepare(Order(what="changes", settings={"order": order}, run_dir=str(tmp_path / "r")))
        job.fit_at_once()
    assert job.run.folder == tmp_path / "r-2" and "r holds another run" in job.warnings[0]
    assert [Run(tmp_path / name).document("recipe")["settings"]["order"] for name in ("r", "r-2")] == [1, 3]
    assert all((tmp_path / name / "redo.txt").exists() for name in ("r", "r-2"))


TABLE = pd.DataFrame({"年": [1, 2], "x": [0.5, 0.25]})
VECTORS = Data(kind="vectors", items=np.array([[0.5, 1.0], [2.0, 3.0]], dtype=np.float32))
PICTURES = Data(kind="pictures", items=np.arange(3 * 16, dtype=np.uint8).reshape(3, 4, 4))
COLOURS = Data(kind="pictures", items=np.zeros((3, 4, 4, 3), np.uint8))
LINES = Data(kind="text", items=["春 眠", "<b>"])
WRITABLE = {
    ("table", ".csv"): TABLE,
    ("table", ".parquet"): TABLE,
    ("table", ".npy"): TABLE,
    ("table", ".npz"): TABLE,
    ("vectors", ".npy"): VECTORS,
    ("vectors", ".npz"): VECTORS,
    ("vectors", ".csv"): VECTORS,
    ("vectors", ".parquet"): VECTORS,
    ("array", ".NPY"): VECTORS.items,
    ("pictures", ".png"): PICTURES,
    ("pictures", ".npy"): PICTURES,
    ("colours", ".png"): COLOURS,
    ("lines", ".txt"): LINES,
    ("list", ".txt"): ["a", "b"],
}


@pytest.mark.parametrize(("kind", "ending"), WRITABLE)
def test_items_are_written_and_read_again_and_the_same_items_are_the_same_bytes(kind, ending, tmp_path, monkeypatch):
    items, path = WRITABLE[kind, ending], tmp_path / f"中 文{ending}"
    assert write(items, str(path)) == [str(path)]
    first = path.read_bytes()
    monkeypatch.setattr(time, "time", lambda: 2e9)
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(2e9))
    write(items, str(path))
    assert path.read_bytes() == first and [p.name for p in tmp_path.iterdir()] == [path.name]
    if ending != ".png":
        back = read(path)
        assert len(back) == len(items)
        assert not hasattr(back, "columns") or set(back["_source"]) == {"synthetic"}


def test_files_say_that_their_items_are_synthetic(tmp_path):
    write(PICTURES, str(tmp_path / "p.png"))
    write(VECTORS, str(tmp_path / "v.npz"))
    assert Image.open(tmp_path / "p.png").text["Description"] == MARK
    assert str(np.load(tmp_path / "v.npz")["source"]) == MARK


@pytest.mark.parametrize(
    ("items", "name"),
    [
        (VECTORS, "a.txt"),
        (VECTORS, "a.png"),
        (VECTORS, "a.xyz"),
        (VECTORS, "a"),
        (VECTORS, ""),
        (VECTORS, ".npy"),
        (LINES, "a.npy"),
        (PICTURES, "a.csv"),
        (PICTURES.take([]), "a.png"),
        (Data(kind="pictures", items=np.zeros((3, 4, 4, 2), np.uint8)), "a.png"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "a.parquet"),
        (pd.DataFrame({"a": [True], "b": [1.5]}), "a.npy"),
    ],
)
def test_items_that_do_not_fit_a_file_are_refused_and_nothing_is_written(items, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        write(items, name)
    assert caught.value.code == "E121" and list(tmp_path.iterdir()) == []


def test_a_frame_with_numbers_for_names_can_be_written(tmp_path):
    for ending in ("csv", "parquet"):
        write(pd.DataFrame([[1, 2]]), str(tmp_path / f"a.{ending}"))
        assert read(tmp_path / f"a.{ending}").columns.tolist() == ["0", "1", "_source"]


def test_the_mark_does_not_replace_a_column_of_the_users_own(tmp_path):
    write(pd.DataFrame({"_source": [1, 2]}), str(tmp_path / "a.csv"))
    assert read(tmp_path / "a.csv").to_dict("list") == {"_source": [1, 2], "_source_": ["synthetic"] * 2}


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "f.npy").mkdir()
    (tmp_path / "file").write_text("")
    for name in ("f.npy", "file/a.npy", "nowhere/a.npy"):
        with pytest.raises(CannotWrite) as caught:
            write(VECTORS, str(tmp_path / name))
        assert caught.value.exit_status == 73


def test_pictures_are_laid_out_in_a_square():
    sheet = tile(np.zeros((5, 4, 3), np.uint8))
    assert sheet.shape == (3 * 5 + 1, 2 * 4 + 1) and tile(np.zeros((1, 4, 4, 3), np.uint8)).shape == (6, 6, 3)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    GAN.toy().fit(ring(200), run_dir=root / "first")
    Markov.toy().fit(["ab", "ba"], run_dir=root / "second")
    (root / "stray").mkdir()
    (root / "broken").mkdir()
    (root / "broken" / "recipe.json").write_text("[1, 2")
    (root / "broken" / "metrics.jsonl").write_text("3\nnull\n")
    (root / "broken" / "events.jsonl").write_text('{"event": "started"}\n[]\n{"cut')
    return root


def test_runs_are_found_by_name_folder_and_rank(runs):
    assert [run.name for run in all_runs(runs)] == ["broken", "first", "second"]
    assert find_run("first", runs).folder == runs / "first" == find_run(str(runs / "first")).folder
    assert find_run("@last", runs).name == "second" and find_run("@best", runs).name == "first"
    assert best_score(Run(runs / "first")) is not None and best_score(Run(runs / "second")) is None
    with pytest.raises(UsageError, match="Did you mean first") as caught:
        find_run("frist", runs)
    assert caught.value.code == "E117"
    for word in ("first", "@last", "@best"):
        with pytest.raises(UsageError, match="No run has been made"):
            find_run(word, runs / "stray")


def test_a_run_is_summed_up_even_when_its_files_are_broken(runs):
    assert summary(Run(runs / "first"))["state"] == "finished"
    told = summary(Run(runs / "broken"))
    assert (told["method"], told["state"], told["step"]) == (None, "unfinished", 0)


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("ring", "ring"),
        ("a/b\\c:d", "a_b_c_d"),
        ("\x1b[31m", "_[31m"),
        ("..", "run"),
        ("", "run"),
        ("中 文", "中 文"),
        ("x" * 300, "x" * 80),
    ],
)
def test_a_runs_folder_has_a_name_that_nothing_stumbles_over(name, folder):
    assert run_folder(name, Path("runs")) == Path("runs") / folder


def test_drawing_takes_runs_and_saved_models(runs, tmp_path):
    contrafact.load(runs / "first").save(tmp_path / "saved")
    one, other = (draw(str(where), 5, given=None, seed=3).items for where in (runs / "first", tmp_path / "saved"))
    np.testing.assert_array_equal(one, other)
    assert len(draw(str(runs / "first"), 5, given=None, seed=3, refine=True)) == 5
    for what in (runs / "second", tmp_path / "saved"):
        with pytest.raises(UsageError) as caught:
            draw(str(what), 5, given=None, seed=3, refine=True)
        assert caught.value.code == "E110"
    for folder, code in ((runs / "broken", "E314"), (runs / "stray", "E312"), (tmp_path / "nowhere", "E312")):
        with pytest.raises(ContrafactError) as caught:
            contrafact.load(folder)
        assert caught.value.code in (code, "E312")


def test_saving_never_replaces_what_is_no_model(tmp_path):
    model = Markov.toy().fit(["ab", "ba"])
    model.save(tmp_path / "m")
    model.save(tmp_path / "m")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    (tmp_path / "file").write_text("a file")
    for place in ("mine", "file", "."):
        with pytest.raises(CannotWrite):
            model.save(tmp_path / place)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
    assert (tmp_path / "file").read_text() == "a file"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "m", "mine"]


def test_a_run_never_replaces_files_that_are_no_runs(tmp_path):
    (tmp_path / "data.json").write_text("mine")
    for recipe, data in ((Markov.toy(), ["ab", "ba"]), (GAN.toy(), ring(50))):
        with pytest.raises(CannotWrite, match=r"data\.json") as caught:
            recipe.fit(data, run_dir=tmp_path)
        assert caught.value.code == "E315"
    assert (tmp_path / "data.json").read_text() == "mine"


def test_a_run_with_a_damaged_model_gives_the_next_one_and_says_so(tmp_path):
    from contrafact.base.demos import ring
    from contrafact.tasks.load import load
    from contrafact.zoo import GAN

    GAN.toy().fit(ring(200), run_dir=tmp_path / "r")
    best = max((tmp_path / "r" / "checkpoints").iterdir())
    (best / "model.safetensors").write_bytes(b"cut")
    with pytest.warns(UserWarning, match=r"model\.safetensors.*is used"):
        model = load(tmp_path / "r")
    assert len(model.sample(3, seed=0)) == 3
