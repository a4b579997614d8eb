"""The documents are run as they stand."""

from __future__ import annotations

import re
import runpy
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCKS = [
    pytest.param(block, id=f"{page.name}-{number}")
    for page in PAGES
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.S), 1)
]
COMMANDS = re.findall(r"^\$ contrafact (.*?)(?:\s+#.*)?$", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.M)


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_of_python_runs(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "block.py").write_text(block, encoding="utf-8")
    runpy.run_path(str(tmp_path / "block.py"))


def test_the_commands_of_the_readme_run_in_their_order(tmp_path, monkeypatch, capsys):
    import shlex

    from contrafact.cli import main

    monkeypatch.chdir(tmp_path)
    assert any(command.startswith("train") for command in COMMANDS)
    for command in COMMANDS:
        words = shlex.split(command)
        quick = ["--set", "steps=300", "-q"] if words[0] == "train" else []
        bars = {"judge": [w if not w.startswith("coverage") else "coverage>=.01" for w in words]}
        assert main([*bars.get(words[0], words), *quick]) == 0, capsys.readouterr().err
    assert (tmp_path / "runs" / "ring" / "report.html").exists()


def test_every_link_between_documents_leads_somewhere():
    for page in [*PAGES, ROOT / "CONTRIBUTING.md"]:
        for link in re.findall(r"\]\(([^)#]+?)\)", page.read_text(encoding="utf-8")):
            assert link.startswith("http") or (page.parent / link).exists(), f"{page.name}: {link}"


@pytest.mark.parametrize("script", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.name)
def test_an_example_runs_at_toy_size(script, tmp_path, monkeypatch):
    copy = tmp_path / script.name
    shutil.copy(script, copy)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONTRAFACT_TOY", "1")
    runpy.run_path(str(copy), run_name="__main__")
