"""The documents are run as they stand."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHOWN = ROOT / "docs" / "shown"
PAGES = [
    *sorted(ROOT.glob("README*.md")),
    *sorted(p for p in (ROOT / "docs").glob("**/*.md") if SHOWN not in p.parents),
]
SCRIPTS = sorted(path for path in (ROOT / "examples").glob("**/*.py") if path.name != "shown.py")
BLOCKS = [
    pytest.param(block, id=f"{page.relative_to(ROOT).as_posix()}-{number}")
    for page in PAGES
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.S), 1)
]
COMMANDS = re.findall(
    r"^\$ contrafact (.*?)(?:\s+#.*)?$", (ROOT / "docs" / "cli.md").read_text(encoding="utf-8"), flags=re.M
)


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_of_python_runs(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "block.py").write_text(block, encoding="utf-8")
    runpy.run_path(str(tmp_path / "block.py"))


@pytest.mark.documents
def test_the_commands_of_the_command_line_page_run_in_their_order(tmp_path, monkeypatch, capsys):
    import shlex

    from contrafact.cli import main

    monkeypatch.chdir(tmp_path)
    assert any(command.startswith("train") for command in COMMANDS)
    for command in COMMANDS:
        assert main(shlex.split(command)) == 0, capsys.readouterr().err
    assert (tmp_path / "runs" / "ring" / "report.html").exists()


def test_the_readme_has_a_row_for_every_method():
    from contrafact.zoo.index import INDEX

    table = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Methods")[2].partition("\n## ")[0]
    rows = [row for row in table.splitlines() if row.startswith("|")]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(INDEX)


def test_every_link_between_documents_leads_somewhere():
    for page in [*PAGES, ROOT / "CONTRIBUTING.md"]:
        for link in re.findall(r"\]\(([^)#]+?)\)", page.read_text(encoding="utf-8")):
            assert link.startswith("http") or (page.parent / link).exists(), f"{page.relative_to(ROOT)}: {link}"


@pytest.mark.documents
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_an_example_runs_at_toy_size(script, tmp_path):
    """Each in a process of its own, in an empty folder, as a reader would run it."""
    environment = {**os.environ, "CONTRAFACT_TOY": "1", "OMP_NUM_THREADS": "1"}
    environment.pop("CONTRAFACT_SHOWN", None)
    ended = subprocess.run(
        [sys.executable, script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    told = [path.stem for path in tmp_path.glob("shown/*")]
    assert all(name.startswith(script.stem) for name in told), f"{told} do not begin with the script's name"


def test_pages_say_what_the_program_says_and_show_what_the_scripts_have_shown(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs")
    stale = runpy.run_path(str(ROOT / "docs" / "build.py"))["stale"]()
    assert not stale, f"{[str(page.relative_to(ROOT)) for page in stale]}: run `python docs/build.py`"


def test_every_picture_and_table_has_its_script_and_its_page():
    names = {script.stem for script in SCRIPTS}
    read = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for path in SHOWN.glob("*.*"):
        assert any(path.stem.startswith(name) for name in names), f"{path.name}: no script of examples/ is called so"
        sign = f"shown: {path.stem} " if path.suffix == ".md" else f"shown/{path.name}"
        assert sign in read, f"{path.name} is on no page"
