"""The tree keeps its shape: short functions, files that can be read at a sitting."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(path for top in ("src", "benchmarks", "examples", "docs") for path in (ROOT / top).rglob("*.py"))
USUAL, LONGEST, LONGEST_FILE = 30, 80, 500
TABLES = {"index.py"}  # a line for each method, nothing else


def functions(path: Path) -> list[tuple[str, int]]:
    """Give each function of a file and its length, docstring and all."""
    found = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [(node.name, (node.end_lineno or 0) - node.lineno + 1) for node in found if isinstance(node, kinds)]


def test_nine_functions_in_ten_are_short_and_none_is_long():
    lengths = {(path.name, name): length for path in FILES for name, length in functions(path)}
    long = {key: length for key, length in lengths.items() if length > LONGEST}
    assert not long, f"over {LONGEST} lines: {long}"
    short = sum(length <= USUAL for length in lengths.values()) / len(lengths)
    assert short >= 0.9, f"only {short:.1%} of {len(lengths):,} functions have {USUAL} lines at most"


@pytest.mark.parametrize("path", [path for path in FILES if path.name not in TABLES], ids=lambda path: path.name)
def test_a_file_can_be_read_at_a_sitting(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST_FILE, f"{path.relative_to(ROOT)} has {lines} lines"
