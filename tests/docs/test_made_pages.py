"""Pages of reference say what the program says."""

from __future__ import annotations

import importlib
import json
import re
import shlex
from pathlib import Path
from types import ModuleType

import pytest

import contrafact
from contrafact.base.codes import CODES
from contrafact.cli.parser import build
from contrafact.cli.verbs import VERBS
from contrafact.zoo.index import INDEX, settings_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def made(monkeypatch) -> dict[str, ModuleType]:
    """Give the modules that write the pages; they stand beside the documents, outside of the package."""
    monkeypatch.syspath_prepend(ROOT / "docs")
    names = ("commands", "kept_boards", "boards", "docstrings", "markdown")
    return {name: importlib.import_module(f"made.{name}") for name in names}


def read(path: str) -> str:
    return (ROOT / "docs" / path).read_text(encoding="utf-8")


def test_pages_name_every_verb_code_method_and_setting():
    commands, codes, methods = read("reference/commands.md"), read("reference/codes.md"), read("reference/methods.md")
    assert all(f"\n## {verb}\n" in commands for verb in VERBS)
    assert all(f"\n### {code}\n" in codes for code in CODES)
    for name in INDEX:
        own = methods.split(f"\n## {name}\n")[1].split("\n## ")[0]
        assert all(f"| `{setting.name}` |" in own for setting in settings_of(name)), name
        assert f"(reference/methods.md#{name})" in read("zoo.md"), name


def test_every_public_name_has_its_place_and_every_job_its_example():
    page = read("reference/python.md")
    public = [name for name in contrafact.__all__ if name not in ("__version__", "metrics", "zoo")]
    assert all(f"\n### {name}\n" in page for name in public)
    assert all(f"\n### metrics.{name}\n" in page for name in contrafact.metrics.__all__)
    for name in public:
        part = page.split(f"\n### {name}\n")[1].split("\n### ")[0]
        shown = "```python" in part or "```pycon" in part
        assert shown or isinstance(getattr(contrafact, name), type), f"{name} has no example"


def test_pages_hold_no_path_address_or_version():
    for path in ("zoo.md", *(f"reference/{name}.md" for name in ("python", "commands", "codes", "methods"))):
        found = re.search(r" at 0x|/home/|/root/|/tmp/|/work/|" + re.escape(contrafact.__version__), read(path))
        assert not found, f"{path}: {found}"


def test_every_example_of_a_command_is_read_by_its_parser(made):
    examples = made["commands"].EXAMPLES
    assert set(examples) == set(VERBS)
    for verb, line in examples.items():
        words = shlex.split(line)
        assert words[:2] == ["contrafact", verb]
        assert build().parse_args(words[1:]).verb == verb


def test_leaderboards_say_commands_that_there_are(made):
    for board in made["kept_boards"].BOARDS:
        bench = (ROOT / "benchmarks" / f"bench_{board.bench}.py").read_text(encoding="utf-8")
        assert board.command.startswith(f"make bench-{board.bench}")
        part = re.search(r"--parts (\w+)", board.command)
        assert not part or f'"{part[1]}"' in bench, board.command
        assert len(made["boards"].rows_of(board)) > 1, board.title


def test_a_leaderboard_puts_the_best_first_and_counts_seeds(made, monkeypatch, tmp_path):
    boards = made["boards"]
    rows = [
        {"setting": "s", "method": name, "seed": seed, "far": far}
        for name, seed, far in (
            ("gan", 0, 4.0),
            ("gan", 1, 2.0),
            ("r3gan", 0, 1.0),
            ("noise", 0, 9.0),
            ("left out", 0, 0.0),
        )
    ]
    (tmp_path / "b.json").write_text(json.dumps({"rows": rows}), encoding="utf-8")
    monkeypatch.setattr(boards, "RESULTS", tmp_path)
    column = boards.Column(head="far", key="far", digits=1, lower=True)
    text = boards.written(
        boards.Board(
            kind="vectors",
            title="T",
            about="A.",
            bench="b",
            command="make bench-b",
            setting="s",
            columns=(column,),
            names=(("left out", None),),
        )
    )
    lines = [line for line in text.splitlines() if line.startswith("| ")][2:]
    assert [re.findall(r"r3gan|gan|noise", line)[0] for line in lines] == ["r3gan", "gan", "noise"]
    assert "3.0 ± 1.4 | 2 |" in lines[1] and "9.0 | 1 |" in lines[2]


def test_a_docstring_is_taken_apart(made):
    def sample(n: int, *, seed: int | None = None, mark="a") -> str:
        """Draw.

        More about `a | b` and [c].

        Arguments:
            n: How many;
                at least one.
            seed: Seeds it.

        >>> sample(1)
        ''

        Raises:
            ValueError: Never.
        """

    told = made["docstrings"].taken_apart(sample)
    assert told.about == ["Draw.", "More about `a | b` and [c]."]
    assert told.listed["Arguments"] == {"n": "How many; at least one.", "seed": "Seeds it."}
    assert told.listed["Raises"] == {"ValueError": "Never."}
    assert told.example == ">>> sample(1)\n''"
    signature = made["docstrings"].signature(sample, "sample")
    assert signature == 'sample(n: int, *, seed: int | None = None, mark="a") -> str'
    assert made["markdown"].plain(told.about[1]) == r"More about a \| b and \[c\]."
