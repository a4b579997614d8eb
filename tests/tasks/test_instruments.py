"""Instruments: callables and commands, each fault named, and no shell anywhere."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from contrafact.base.errors import DataError, UsageError
from contrafact.tasks.instruments import asked, command, named

PICTURE = np.random.default_rng(0).integers(0, 256, (6, 5), dtype=np.uint8)
PYTHON = f"'{sys.executable}' -I -S -c"


def answer(line: str, timeout: float = 60.0):
    return asked("it", command(line, timeout)[1], PICTURE)


def test_a_command_that_writes_a_picture_gives_a_mask():
    copied = f"{PYTHON} 'import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2])' {{picture}} {{out}}"
    assert (answer(copied) == PICTURE).all()


def test_a_command_that_writes_none_gives_the_last_number_that_it_says():
    assert answer("echo {picture} found 1.5e1") == 15.0


def test_words_are_split_once_and_no_shell_obeys_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert answer("echo {picture} ; touch made ; echo $HOME `touch made` 'a b' 3") == 3.0
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("false {picture}", "It ended with status 1"),
        (f"{PYTHON} 'import sys; sys.exit(\"no such thing\")' {{picture}}", "and said: no such thing"),
        (f"{PYTHON} 'import time; time.sleep(9)' {{picture}}", "did not end within 0.3 seconds"),
        ("no-such-program-anywhere {picture}", "could not be started"),
        ("echo {picture}", "ends in no number, and it has no {out}"),
        ("true {picture} {out}", "it wrote no file to {out}"),
    ],
)
def test_a_command_that_fails_is_named_with_its_reason(line, told):
    with pytest.raises(DataError) as caught:
        answer(line, 0.3 if "sleep" in line else 60.0)
    assert caught.value.code == "E244" and told in str(caught.value) and line.split()[0].strip("'") in str(caught.value)


@pytest.mark.parametrize("line", ["mytool out", "mytool '{picture}", ""])
def test_a_command_that_cannot_be_read_is_refused(line):
    with pytest.raises(UsageError) as caught:
        command(line)
    assert caught.value.code == "E244"


def test_instruments_go_by_name():
    def otsu(picture):
        return picture > 100

    assert list(named([otsu, otsu, lambda p: 1])) == ["otsu", "otsu-2", "<lambda>"]
    assert list(named({"mine": otsu})) == ["mine"] and named(otsu)["otsu"] is otsu
    lines = ["/opt/x/cells --a {picture}", "python tools/good.py {picture} {out}", "best one=tool k=1 {picture}"]
    assert list(named(lines)) == ["cells", "good", "best one"]
    assert named(lines)["best one"].words == ("tool", "k=1", "{picture}")


def test_an_instrument_gets_a_copy():
    def spoils(picture):
        picture[:] = 0
        return picture

    kept = PICTURE.copy()
    asked("it", spoils, PICTURE)
    assert np.array_equal(kept, PICTURE)


def test_a_grey_mask_in_colours_is_a_mask():
    assert (asked("it", lambda p: np.stack([p] * 3, axis=-1), PICTURE) == PICTURE).all()


@pytest.mark.parametrize(
    ("given", "code"),
    [(lambda p: 1 / 0, "E244"), (lambda p: None, "E245"), (lambda p: float("nan"), "E245"),
     (lambda p: p[:3], "E245"), (lambda p: p.astype(float), "E245"), (lambda p: "text", "E245")],
)  # fmt: skip
def test_an_answer_that_is_none_is_named(given, code):
    with pytest.raises(DataError, match="'it'") as caught:
        asked("it", given, PICTURE)
    assert caught.value.code == code


def test_a_picture_of_sixteen_bits_reaches_a_command_whole(tmp_path):
    deep = np.random.default_rng(0).integers(0, 65536, (4, 4)).astype(np.uint16)
    kept = tmp_path / "kept.png"
    code = f"import shutil, sys; shutil.copy(sys.argv[1], r'{kept}'); print(1)"
    (tmp_path / "keep.py").write_text(code)
    asked("it", command(f"'{sys.executable}' -I -S '{tmp_path / 'keep.py'}' {{picture}}")[1], deep)
    from PIL import Image

    with Image.open(Path(kept)) as seen:
        assert (np.asarray(seen) == deep).all()
