"""What cannot be done is refused in three lines, with a guess, a code and a documented exit status."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from toy import TOY

from contrafact.base.codes import CODES
from contrafact.engine import bundle
from contrafact.engine.run import take_lock
from contrafact.tasks import read as reading

REFUSALS = {
    "no verb": ([], 2, "E100", "VERB"),
    "a verb with a typo": (["trian", "ring"], 2, "E100", "Did you mean train?"),
    "an option with a typo": (["train", "ring", "--sed", "3"], 2, "E100", "--seed"),
    "an option of another verb": (["look", "ring", "--set", "a=1"], 2, "E100", "contrafact look"),
    "where to, of another verb": (["train", "ring", "-o", "mine"], 2, "E100", "--run-dir mine"),
    "a method under another verb's name": (["train", "ring", "--method=gan"], 2, "E100", "--recipe gan"),
    "too many words": (["zoo", "gan", "more"], 2, "E100", "'more'"),
    "a word too few": (["judge", "ring"], 2, "E100", "fake"),
    "a seed that is no number": (["train", "ring", "--seed", "x"], 2, "E100", "'x'"),
    "a setting without --set": (["train", "ring", "steps=3"], 2, "E100", "--set steps=3"),
    "a setting as an option": (["train", "ring", "--steps", "3"], 2, "E100", "--set steps=3"),
    "a folder that is not there": (["demo", "changes", "-o", "no/such.txt"], 73, "E302", "There is no folder no."),
    "a number that is no number": (["sample", "points", "-n", "many"], 2, "E100", "many"),
    "an unknown kind": (["look", "ring", "--kind", "vectos"], 2, "E100", "Did you mean vectors?"),
    "a setting with a typo": (["train", "ring", "--set", "stps=3"], 2, "E101", "Did you mean steps?"),
    "a value out of range": (["train", "ring", "--set", "momentum=2"], 2, "E102", "less than or equal to 1"),
    "a setting without a value": (["train", "ring", "--set", "steps"], 2, "E119", "KEY=VALUE"),
    "a method with a typo": (["train", "ring", "--recipe", "r3gna"], 2, "E103", "Did you mean r3gan?"),
    "a method to be shown": (["zoo", "markv"], 2, "E103", "Did you mean markov?"),
    "fewer than none": (["sample", "points", "-n", "-1"], 2, "E104", "-1"),
    "an unknown condition": (["sample", "bell", "--given", "x7=1"], 2, "E105", "Known: x0, x1."),
    "a condition that is no number": (["sample", "bell", "--given", "x0=much"], 2, "E114", "much"),
    "a condition to one that takes none": (["sample", "points", "--given", "x0=1"], 2, "E109", "x0"),
    "a budget that is no time": (["train", "points.npy", "--budget", "soon"], 2, "E106", "soon"),
    "a device that is not there": (["train", "points.npy", "--device", "cuda:99"], 2, "E107", "cuda:99"),
    "a file that is not there": (["look", "nowhere.csv"], 2, "E112", "nowhere.csv"),
    "a demo with a typo": (["train", "rng"], 2, "E112", "Did you mean ring?"),
    "another kind": (["look", "table.csv", "--kind", "vectors"], 2, "E113", "table"),
    "a column with a typo": (["look", "patients", "--target", "smokr"], 2, "E115", "Did you mean smoker?"),
    "a bar that cannot be read": (["judge", "points.npy", "fakes.npy", "--require", "c2st>>1"], 2, "E116", "c2st>>1"),
    "no bar at all": (["judge", "points.npy", "fakes.npy", "--require", ""], 2, "E116", "NAME>=NUMBER"),
    "a run with a typo": (["sample", "pionts"], 2, "E117", "Did you mean points?"),
    "a run to be reported": (["report", "nope"], 2, "E117", "contrafact runs"),
    "a run to be compared": (["compare", "points", "nope"], 2, "E117", "nope"),
    "text for a method of numbers": (["train", "lines.txt", "--recipe", "gan"], 2, "E118", "text"),
    "a critic that was never there": (["sample", "bell", "--refine"], 2, "E110", "gaussian"),
    "an ending that does not fit": (["sample", "points", "-o", "s.txt"], 2, "E121", "s.txt"),
    "weights that are not there": (["judge", "digits", "digits", "--inception", "none"], 2, "E112", "is downloaded"),
    "a file to fetch to nowhere": (["judge", "digits", "digits", "--fetch", "https://x.org", "0"], 2, "E100", "FILE"),
    "a code that does not exist": (["explain", "E1010"], 2, "E122", "E101"),
    "a gate": (["judge", "points.npy", "fakes.npy", "--require", "coverage>2"], 4, "E120", "coverage is"),
    "an empty file": (["train", "empty.csv"], 65, "E201", "empty.csv"),
    "text among numbers": (["train", "text.csv", "--recipe", "gaussian"], 65, "E203", "row 1 is 'x'"),
    "a hole": (["train", "hole.csv", "--recipe", "gaussian"], 65, "E204", "Row 1 of column 'b'"),
    "an infinite cell": (["train", "infinite.csv"], 65, "E204", "holds inf"),
    "one row": (["train", "one.csv"], 65, "E206", "one row"),
    "nothing that varies": (["train", "same.csv"], 65, "E201", "the same"),
    "an encoding": (["look", "latin.csv"], 65, "E208", "iconv"),
    "a folder of data": (["look", "texts", "--kind", "pictures"], 65, "E209", ".txt"),
    "a pickle": (["look", "pickle.pkl"], 65, "E209", ".pkl"),
    "a method for another kind": (["train", "tones", "--recipe", "gan"], 2, "E118", "sound"),
    "columns that do not match": (["judge", "table.csv", "hole.csv"], 65, "E205", "<script>"),
    "kinds that do not match": (["judge", "table.csv", "points.npy"], 65, "E205", "table"),
    "a hole in what is judged": (["judge", "points.npy", "hole.npy"], 65, "E222", "nan"),
    "a file in the way": (["train", "points.npy", "--run-dir", "one.csv/r"], 73, "E302", "one.csv"),
    "a folder that takes nothing": (["train", "points.npy", "--run-dir", "/proc/nothing"], 73, "E302", "/proc/nothing"),
    "a closed form in such a folder": (["train", "lines.txt", "--run-dir", "/proc/nothing"], 73, "E302", "/proc"),
    "a name that is too long": (["train", "points.npy", "--run-dir", "x" * 300], 73, "E302", "too long"),
    "a folder for a file": (["sample", "points", "-o", "folder.npy"], 73, "E302", "folder.npy"),
    "a page in no place": (["judge", "points.npy", "fakes.npy", "-o", "one.csv/j.html"], 73, "E302", "one.csv"),
    "other files in the way": (["train", "points.npy", "--run-dir", "mine"], 73, "E315", "data.json"),
    "a name of half a character": (["look", "\udcff.csv"], 2, "E112", "\\xdcff"),
}


@pytest.fixture
def trouble(at_work: Path) -> Path:
    for name, text in {
        "empty.csv": "",
        "text.csv": "a,b\n1,2\n2,x\n",
        "hole.csv": "a,b\n1,2\n2,\n",
        "infinite.csv": "a,b\n1,2\n2,inf\n",
        "one.csv": "a,b\n1,2\n",
        "same.csv": "a,b\n" + "1,2\n" * 9,
        "pickle.pkl": "x",
    }.items():
        (at_work / name).write_text(text)
    (at_work / "latin.csv").write_bytes("a\né\n".encode("latin-1"))
    (at_work / "folder.npy").mkdir()
    (at_work / "mine").mkdir()
    (at_work / "texts").mkdir()
    (at_work / "texts" / "notes.txt").write_text("hello")
    (at_work / "mine" / "data.json").write_text("mine")
    np.save(at_work / "hole.npy", np.array([[1.0, np.nan]]))
    return at_work


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_is_three_lines_with_a_code_and_a_guess(case, say, trouble):
    words, status, code, told = REFUSALS[case]
    said = say(*words, "-q") if words else say()
    lines = [line for line in said.err.splitlines() if not line.startswith(("data:", "model:", "run:"))]
    assert said.status == status, said.err
    assert [line.split(":")[0] for line in lines] == ["error", "why", "fix"] and said.out == ""
    assert f"(contrafact explain {code})" in lines[2] and code in CODES and told in said.err
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", said.err) and "Traceback" not in said.err


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_is_one_json_object_for_a_machine(case, say, trouble):
    words, status, code, _ = REFUSALS[case]
    said = say(*words, "--json")
    told = said.json
    assert said.status == status
    assert set(told["error"]) == {"code", "message", "fix"} and told["error"]["code"] == code
    assert told["command"] == (words[0] if words else "") and told["verdict"]


def test_a_traceback_is_shown_only_when_asked_for(say, trouble):
    assert "Traceback" in say("look", "empty.csv", "-v").err
    assert "Traceback" not in say("look", "empty.csv").err


def test_a_fault_of_ours_is_called_one(say, trouble, monkeypatch):
    def broken(*args: object) -> None:
        raise ZeroDivisionError("a\nb")

    monkeypatch.setattr(reading, "demo", broken)
    said = say("look", "ring", "--json")
    assert said.status == 1 and said.json["error"]["code"] == "E001" and "Traceback" not in said.err
    said = say("look", "ring", "-v")
    assert "ZeroDivisionError" in said.err and "Traceback" in said.err and said.err.count("why:") == 1


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (MemoryError(), 1, "E306"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"), 1, "E306"),
        (OSError(5, "Input/output error", "disk"), 74, "E303"),
        (KeyboardInterrupt(), 130, "E305"),
    ],
)
def test_what_the_system_refuses_is_named(error, status, code, say, trouble, monkeypatch):
    def broken(*args: object) -> None:
        raise error

    monkeypatch.setattr(reading, "demo", broken)
    said = say("look", "ring", "--json")
    assert said.status == status and said.json["error"]["code"] == code and "Traceback" not in said.err


def test_networks_beyond_all_memory_are_refused(say, at_work):
    said = say("train", "points.npy", "--set", "width=10000000", "--set", "steps=3", "--run-dir", "new")
    assert said.status == 1 and "E306" in said.err


def test_a_full_disk_is_named_and_nothing_is_left(say, at_work, monkeypatch):
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    said = say("sample", "points", "-n", "5", "-o", "s.npy", "--json")
    assert said.status == 74 and said.json["error"]["code"] == "E301" and not (at_work / "s.npy").exists()
    said = say("train", "points.npy", "--run-dir", "new", "--json", *TOY)
    assert said.status == 74 and said.json["error"]["code"] == "E301"
    monkeypatch.undo()
    assert bundle.os.fsync is not full


def test_a_folder_that_another_process_holds_is_busy(say, at_work):
    say("train", "points.npy", "--run-dir", "r", "-q", *TOY)
    lock = take_lock(at_work / "r")
    try:
        for more in ((), ("--set", "steps=50")):
            said = say("train", "points.npy", "--run-dir", "r", "--json", *TOY, *more)
            assert said.status == 76 and said.json["error"]["code"] == "E304" and str(os.getpid()) in said.err
    finally:
        lock.close()
    assert say("train", "points.npy", "--run-dir", "r", "-q", *TOY).status == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_an_answer_that_nobody_can_take_is_an_error_and_one_that_nobody_wants_is_none():
    words = [sys.executable, "-m", "contrafact", "explain"]
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 74 and "No space left" in done.stderr and "Traceback" not in done.stderr
    reading_end, writing_end = os.pipe()
    os.close(reading_end)
    done = subprocess.run(words, stdout=writing_end, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(writing_end)
    assert (done.returncode, done.stderr) == (0, "")
    old = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*words[:3], "zoo", "r3gan"], capture_output=True, text=True, timeout=60, env=old)
    assert done.returncode == 0 and "\\u03b3" in done.stdout
