"""What a newcomer reads first is true: commands run as they are printed, numbers are those that were measured."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import measured
import pytest

from contrafact.base.errors import ContrafactError
from contrafact.cli.main import main
from contrafact.cli.parser import build
from contrafact.report import tour

ROOT = Path(__file__).parents[2]
README, CHINESE = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh.md"))
PAGES = [*ROOT.glob("README*.md"), ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("**/*.md")]
BLOCK = re.compile(r"```(sh|bash|console|shell)\n(.*?)```", flags=re.S)
HAVE = README.split("## What do you have?")[1].split("\n## ")[0]
TILES = re.findall(r"^### (.*?)\n\n```sh\n(.*?)```", HAVE, flags=re.S | re.M)


def blocks(text: str) -> list[str]:
    return [found[1] for found in BLOCK.findall(text)]


def commands(block: str) -> Iterator[list[str]]:
    """Give the words of every contrafact command in a block of shell, without comments and what is piped elsewhere."""
    lines = block.replace("\\\n", " ").splitlines()
    typed = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")] or lines
    for line in (line for line in typed if "contrafact" in line):  # where there are prompts all else is output
        words = shlex.split(line, comments=True)
        for part in _parts(words):
            if part[:1] == ["contrafact"]:
                yield list(_before_a_redirection(part))[1:]


def _parts(words: list[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for word in [*words, "&&"]:
        if word in ("&&", "||", "|", ";", "&"):
            yield part
            part = []
        else:
            part.append(word)


def _before_a_redirection(words: list[str]) -> Iterator[str]:
    for word in words:
        if word in (">", ">>", "2>", "<"):
            return
        yield word


LINES = [
    pytest.param(words, id=f"{page.relative_to(ROOT).as_posix()}-{number}-{words[0] if words else 'nothing'}")
    for page in PAGES
    for number, words in enumerate((w for b in blocks(page.read_text(encoding="utf-8")) for w in commands(b)), 1)
]


@pytest.mark.parametrize("words", LINES)
def test_a_printed_command_is_one_that_the_program_reads(words):
    if "--help" in words or "--version" in words:
        words = [word for word in words if word not in ("--help", "--version")]
    words = [re.sub(r"\$\w+", "1", word) for word in words]  # loops of the shell
    if not words:
        return
    args = argparse.Namespace()
    try:
        _, rest = build().parse_known_args(words, args)
    except ContrafactError as error:
        pytest.fail(f"contrafact {shlex.join(words)}: {error.what} {error.why}")
    assert not rest, f"contrafact {shlex.join(words)}: unknown {rest}"


def test_there_are_four_tiles():
    assert len(TILES) == 4


@pytest.mark.documents
@pytest.mark.parametrize("tile", [pytest.param(block, id=name.replace(" ", "-")) for name, block in TILES])
def test_a_tile_runs_as_it_is_printed(tile, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for line in tile.splitlines():
        (words,) = commands(line)
        told = re.search(r"exit code (\d+)", line)
        assert main(words) == int(told[1] if told else 0), capsys.readouterr().err
        out = words[words.index("-o") + 1] if "-o" in words else None
        assert out is None or (tmp_path / out).exists(), line


def test_the_demo_prints_what_the_readme_says(tmp_path, monkeypatch):
    for chapter in ("_ring", "_digits", "_mixture", "_chain"):
        monkeypatch.setattr(tour, chapter, lambda folder, seed: [])
    monkeypatch.setattr(tour, "write", lambda place, page: place)
    said: list[str] = []
    page = tour.tour("demo", tell=said.append)
    printed = "\n".join(["$ make demo", *said, f"Open {page.as_posix()}"])
    assert any(printed == block.strip() for block in blocks(README)), printed


def rows(text: str) -> list[list[str]]:
    """Give the rows of the measured table: the lines that name a benchmark in their last cell."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if "| `make " in line]
    return [row for row in cells if row[-1].startswith("`make bench-") and len(row) == 7]


@pytest.mark.parametrize("text", [pytest.param(README, id="English"), pytest.param(CHINESE, id="Chinese")])
def test_the_numbers_of_the_measured_table_are_those_that_were_kept(text):
    told = rows(text)
    assert len(told) == len(measured.MEASURED)
    for row, (name, numbers) in zip(told, measured.MEASURED.items(), strict=True):
        shown = [row[2].split()[-1], row[3].split()[-1], *(row[4].split(" / ") if "/" in row[4] else [])]
        assert shown == numbers(), f"{name}: {row}"


def test_a_row_that_wins_or_loses_says_so():
    less = {row[0]: "↓" in row[1] for row in rows(README)}
    for row in rows(README):
        ours, peer = (float(row[place].split()[-1]) for place in (2, 3))
        better = (ours < peer) == less[row[0]]
        if "loses" in row[5]:
            assert not better, row
        if "wins" in row[5]:
            assert better, row


def test_the_benchmarks_that_are_named_exist():
    for name in re.findall(r"make bench-(\w+)", README + CHINESE):
        assert name == "NAME" or (ROOT / "benchmarks" / f"bench_{name}.py").exists(), name


def test_the_chinese_readme_has_the_same_commands_and_pictures():
    def plain(text: str) -> list[list[str]]:
        return [[line.split("  #")[0].rstrip() for line in block.splitlines()] for block in blocks(text)]

    assert plain(README) == plain(CHINESE)
    pictures = re.compile(r"\]\((docs/shown/[^)]+)\)")
    assert pictures.findall(README) == pictures.findall(CHINESE)
    assert "(README.zh.md)" in README and "(README.md)" in CHINESE


def test_the_readme_can_be_scanned():
    assert len(README.splitlines()) <= 260


def test_every_extra_is_in_the_install_table():
    told = set(re.findall(r"contrafact\[(\w+)\]", README))
    block = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("[project.optional-dependencies]")[1]
    assert told == set(re.findall(r"^(\w+) = \[", block.split("\n[")[0], flags=re.M)) - {"dev", "docs"}
