"""From the command line pictures are edited, truncated and exported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from toy import TOY

from contrafact.cli.main import main
from contrafact.report import run_page


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("edits") / "digits"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_page, "write_run_report", lambda run, real=None: run.folder / "report.html")
        assert main(["train", "digits", "--run-dir", str(folder), "-q", *TOY, "--set", "steps=3"]) == 0
    return str(folder)


def drawn(say, tmp_path: Path, *words: str) -> np.ndarray:
    said = say("sample", *words, "-n", 20, "-o", tmp_path / "s.npy")
    assert said.status == 0, said.err
    return np.load(tmp_path / "s.npy")


def test_edits_are_listed_and_each_can_be_made(say, digits, tmp_path) -> None:
    edits = say("sample", digits, "--edits", "--json").json["edits"]
    names = [row["edit"] for row in edits]
    assert {"slant", "brightness", "thickness", "1", "8"} <= set(names)
    assert all(isinstance(row["effects"], dict) and row["name"] in row["effects"] for row in edits)
    plain = drawn(say, tmp_path, digits)
    for name in ("slant", "1"):
        assert not np.array_equal(drawn(say, tmp_path, digits, "--edit", f"{name}=3"), plain)
    assert np.array_equal(drawn(say, tmp_path, digits, "--edit", "slant=0"), plain)
    assert "slant=1" in say("sample", digits, "--edits").out


def test_truncation_leaves_less_variety(say, digits, tmp_path) -> None:
    same = drawn(say, tmp_path, digits, "--truncation", "0", "--given", "class=3")
    assert (same == same[0]).all()
    assert not (drawn(say, tmp_path, digits, "--given", "class=3") == same).all()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--edit", "slnat=1"), "E125"),
        (("--edit", "slant=far"), "E125"),
        (("--edit", "slant"), "E119"),
        (("--truncation", "-1"), "E125"),
        (("--truncation", ".5", "--refine"), "E126"),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(say, digits, words, code) -> None:
    said = say("sample", digits, *words, "--json")
    assert said.status == 2 and said.json["error"]["code"] == code


@pytest.mark.parametrize("words", [("--edits",), ("--edit", "slant=1"), ("--truncation", ".5")])
def test_other_models_say_that_they_lack_the_ability(say, at_work, words) -> None:
    said = say("sample", "runs/points", *words, "--json")
    assert said.status == 2 and said.json["error"]["code"] == "E126"


def test_export_writes_a_file_and_prints_how_far_it_is_off(say, digits, tmp_path) -> None:
    said = say("export", digits, "-o", tmp_path / "m.onnx", "--json").json
    assert said["difference"] <= said["bound"] == 1e-4 and said["files"] == [str(tmp_path / "m.onnx")]
    assert (tmp_path / "m.onnx").stat().st_size > 1000 and "of the range at most" in said["verdict"]
