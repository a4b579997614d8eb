"""A training on a terminal: it draws, it is interrupted, it goes on."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from toy import TOY

import contrafact
from contrafact.base.data import Data
from contrafact.cli.live import picture
from contrafact.engine.run import Run, Writer

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and terminals of another kind")
COLOUR, DOTS = "\x1b[36m", [chr(code) for code in range(0x2801, 0x2900)]


def drawn_until_interrupted(words: list[str], folder: Path) -> tuple[int, str]:
    """Run a command whose standard error is a terminal, press Ctrl-C after its first picture, and give all it drew."""
    leader, follower = pty.openpty()
    kept = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    environment = {**kept, "TERM": "xterm", "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL, stderr=follower, env=environment)
    os.close(follower)
    drawn, asked = b"", False
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:  # Linux says so when the other end has gone
            break
        if not piece:
            break
        drawn += piece
        if b" left" in drawn and not asked:
            asked = True
            process.send_signal(signal.SIGINT)
    os.close(leader)
    return process.wait(60), drawn.decode()


def test_a_terminal_sees_the_fakes_beside_the_data_and_ctrl_c_saves(tmp_path):
    start = [sys.executable, "-W", "error", "-m", "contrafact", "train", "swiss-roll", "--run-dir", "r"]
    status, drawn = drawn_until_interrupted([*start, *TOY, "--set", "steps=60000"], tmp_path)
    assert status == 130
    assert any(sign in drawn for sign in DOTS) and COLOUR in drawn and "real" in drawn and "fakes" in drawn
    assert "/60,000" in drawn and "E305" in drawn and "Traceback" not in drawn and "Warning" not in drawn
    run = Run(tmp_path / "r")
    assert run.state == "stopped" and (run.checkpoints / f"{run.events()[-1]['step']:09d}").is_dir()


@pytest.mark.parametrize("colours", [True, False])
def test_colours_are_left_out_where_they_are_not_wanted(colours, say, at_work, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False) if colours else monkeypatch.setenv("NO_COLOR", "1")
    said = say("train", "points.npy", "--run-dir", "new", *TOY)
    assert said.status == 0 and "step 40/40" in said.err and "100%" in said.err
    assert any(sign in said.err for sign in DOTS) and (COLOUR in said.err) == colours
    assert say("train", "pictures.npy", "--run-dir", "more", *TOY).status == 0
    assert say("train", "table.csv", "--run-dir", "most", *TOY).status == 0


def test_what_is_no_picture_and_no_point_is_not_drawn():
    seen = Data(kind="pictures", items=np.zeros((4, 2, 8, 1), np.uint8))  # as a check sees clips
    assert picture(seen, Data(kind="sound", items=np.zeros((4, 16), np.float32)), color=False) == ""
    assert picture(seen, np.zeros((4, 3)), color=False) == ""
    clips = Data(kind="sound", items=[np.zeros(5, np.float32), np.zeros(9, np.float32)])
    assert picture(clips, Data(kind="sound", items=np.zeros((4, 16), np.float32)), color=False) == ""


def test_a_dumb_terminal_gets_lines(say, at_work, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    said = say("train", "points.npy", "--run-dir", "new", *TOY)
    assert "\x1b" not in said.err and "step=40" in said.err


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 75)])
def test_a_training_that_is_stopped_saves_and_goes_on_where_it_was(number, status, say, at_work, monkeypatch):
    measure = Writer.metrics

    def stop_at_twenty(self: Writer, row: dict[str, object]) -> None:
        measure(self, row)
        if row["step"] == 20:
            os.kill(os.getpid(), number)

    monkeypatch.setattr(Writer, "metrics", stop_at_twenty)
    said = say("train", "points.npy", "--run-dir", "r", "--seed", "3", "--json", *TOY)
    assert said.status == status and "Traceback" not in said.err
    assert said.json["error"]["code"] == "E305" and said.json["run"] == "r"
    run = Run(at_work / "r")
    assert run.state == "stopped" and run.events()[-1]["step"] == 20
    assert (run.folder / "redo.txt").read_text().startswith("contrafact train points.npy")
    assert len(contrafact.load("r").sample(3)) == 3
    monkeypatch.setattr(Writer, "metrics", measure)
    told = say("train", "points.npy", "--run-dir", "r", "--seed", "3", *TOY)
    assert told.status == 0 and "step=40" in told.err and run.state == "finished"
    whole = contrafact.load("runs/points").files(with_critic=True)
    assert contrafact.load("r").files(with_critic=True) == whole
