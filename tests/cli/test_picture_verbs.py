"""The verbs on folders of pictures: what was skipped is said, in words and in JSON, and nothing is said twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Nine pictures in two classes and a text that is called a picture."""
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(0)
    for i in range(9):
        place = tmp_path / "有 pictures" / "ab"[i % 2]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw.integers(0, 256, (6, 5)).astype(np.uint8)).save(place / f"{i}.png")
    (tmp_path / "有 pictures" / "a" / "bad.png").write_text("text")
    return "有 pictures"


def test_looking_at_a_folder_shows_its_classes_and_what_was_skipped(folder, say):
    told = say("look", folder, "--json").json
    assert told["verdict"] == "1 finding." and told["schema"][0]["pictures"] == 9
    assert [row["class"] for row in told["schema"]] == ["all", "a", "b"]
    assert [finding["code"] for finding in told["findings"]] == ["L201"]
    assert told["warnings"] == [
        {"code": "L201", "message": "a/bad.png: no picture: its bytes are of no format that is read. It was skipped."}
    ]
    said = say("look", folder)
    assert said.status == 0 and "9 pictures of 5 x 6, grey, 8 bit, 2 classes" in said.out and "Variety" in said.out
    assert (said.out + said.err).count("a/bad.png") == 1


def test_many_notes_are_cut_for_a_person_and_whole_for_a_machine(folder, say):
    for i in range(30):
        (Path(folder) / f"bad {i}.png").write_bytes(b"")
    for words in (("look", folder), ("train", folder, "--dry-run")):
        said = say(*words)
        both = said.out + said.err
        assert both.count("It was skipped.") == 8 and "more" in both
        assert len(say(*words, "--json").json["warnings"]) == 22


def test_training_says_what_was_skipped_once_and_first(folder, say):
    said = say("train", folder, "--recipe", "gaussian", "--run-dir", "r", "--json")
    assert said.status == 0, said.err
    assert said.err.count("a/bad.png") == 1 and said.err.index("bad.png") < said.err.index("model:")
    assert said.json["warnings"][0]["code"] == "L201"
    again = say("train", folder, "--recipe", "gaussian", "--run-dir", "s", "-q")
    assert "bad.png" not in again.err and again.out.endswith("-n 20 -o samples\n")


def test_samples_go_into_a_folder_of_pictures(folder, say):
    say("train", folder, "--recipe", "gaussian", "--run-dir", "r", "-q")
    told = say("sample", "r", "-n", "5", "-o", "drawn", "--json").json
    assert told["files"] == ["drawn"] and len(list(Path("drawn").rglob("*.png"))) == 5
    assert say("look", "drawn", "--json").json["schema"][0]["pictures"] == 5
    said = say("sample", "r", "-n", "5", "-o", folder, "--json")
    assert said.status == 2 and said.json["error"]["code"] == "E315"


def test_deep_pictures_are_drawn_on_a_terminal(say, tmp_path):
    items = np.random.default_rng(0).integers(0, 65536, (9, 8, 8, 3)).astype(np.uint16)
    np.save(tmp_path / "deep.npy", items)
    said = say("look", tmp_path / "deep.npy")
    assert said.status == 0 and "@@" in said.out


def test_a_folder_of_sounds_holds_no_pictures(say, tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    said = say("look", tmp_path, "--kind", "pictures", "--json")
    assert said.status == 65 and "1 file (.wav)" in said.json["error"]["message"]
