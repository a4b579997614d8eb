"""Sound from the command line: a folder of recordings in, a folder of recordings out."""

from __future__ import annotations

import pytest

from contrafact.base.demos import beeps
from contrafact.tasks.read import read
from contrafact.tasks.write_sound import write_sound

TINY = ("--set", "steps=4", "--set", "width=8", "--set", "batch=4")


@pytest.fixture
def clips(tmp_path, monkeypatch):
    """A folder with a folder of clips for each of four classes."""
    monkeypatch.chdir(tmp_path)
    write_sound(beeps(24), tmp_path / "my clips")
    (tmp_path / "my clips" / "rise" / "broken.wav").touch()
    return tmp_path / "my clips"


def test_a_look_tells_clips_classes_and_what_was_skipped(say, clips):
    said = say("look", clips, "--json")
    assert said.status == 0 and [row["clips"] for row in said.json["schema"]] == [24, 6, 6, 6, 6]
    assert "broken.wav: empty" in said.json["findings"][0]["message"]
    assert say("look", clips, "--kind", "sound").status == 0


def test_a_folder_is_learned_and_drawn_by_class(say, clips):
    assert say("plan", clips, *TINY).status == 0
    trained = say("train", clips, "--run-dir", "r", "-q", *TINY)
    assert trained.status == 0 and "-n 20 -o samples" in trained.out
    drawn = say("sample", "r", "-n", "3", "--given", "class=hiss", "-o", "more", "--seed", "5", "--json")
    assert drawn.status == 0 and drawn.json["files"] == ["more"]
    back = read("more")
    assert len(back) == 3 and {path.name[:5] for path in clips.parent.glob("more/hiss/*_seed5.wav")} == {"hiss_"}
    again = say("sample", "r", "-n", "3", "--given", "class=hiss", "-o", "again", "--seed", "5")
    assert again.status == 0 and [a.tobytes() for a in read("again").items] == [b.tobytes() for b in back.items]
    wrong = say("sample", "r", "-n", "1", "--given", "class=his", "-o", "x")
    assert wrong.status == 2 and "Did you mean hiss" in wrong.err
