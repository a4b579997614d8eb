"""The Dockerfile keeps its promises, as far as its text shows them: versions, a user without rights, few files."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()


def arguments(word: str) -> list[str]:
    return [line.removeprefix(word).strip() for line in LINES if line.startswith(f"{word} ")]


def test_images_have_a_version_and_files_come_from_here() -> None:
    assert all(re.fullmatch(r"python:3\.\d+-slim-\w+( AS \w+)?", image) for image in arguments("FROM"))
    assert not arguments("ADD")
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[0] == "*"
    copied = {name for line in arguments("COPY") if "--from" not in line for name in line.split()[:-1]}
    assert copied == {line[1:] for line in ignored if line.startswith("!")}


def test_it_runs_as_nobody_in_particular_and_writes_to_tmp_alone() -> None:
    assert arguments("USER") == ["10001:10001"]
    told = " ".join(arguments("ENV"))
    assert {"PYTHONDONTWRITEBYTECODE=1", "HOME=/tmp", "CONTRAFACT_CACHE=/tmp/contrafact"} <= set(told.split())


def test_it_begins_with_the_program_itself_so_that_signals_reach_it() -> None:
    assert json.loads(arguments("ENTRYPOINT")[0])[:2] == ["contrafact", "serve"]
    assert not re.search("(?i)token *=|secret|password", "\n".join(arguments("ENV") + arguments("RUN")))


def test_torch_is_the_version_that_was_tested() -> None:
    tested = re.search(r"torch==[\d.]+", (ROOT / "Makefile").read_text())
    assert tested and tested[0] in "\n".join(LINES)
