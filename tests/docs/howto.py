"""Reads the how-to pages, and runs their commands on toys that are as small as they can be."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from contrafact.cli import main

ROOT = Path(__file__).parents[2]
PAGES = sorted(path for path in (ROOT / "docs" / "howto").glob("*.md") if path.name != "README.md")
COMMAND = re.compile(r"^\$ (contrafact .*)$", flags=re.M)
QUICK = (
    *("look-and-plan", "can-it-be-answered", "estimate-an-effect", "what-if", "who-to-treat", "judge-any-generator"),
    *("fill-holes", "rewrite-text", "find-a-graph", "segment-pictures", "notebooks-and-sklearn"),
)
SLOW = tuple(page.stem for page in PAGES if page.stem not in (*QUICK, "serve-models"))
BLINK = {
    "loom": ["--set", "steps=3", "--set", "width=16", "--set", "depth=1"],
    "shuttle": ["--set", "steps=3", "--set", "width=16"],
    "scm": ["--set", "steps=10"],
    "other": ["--set", "steps=3"],
}
# What pages take for granted that another page has made.
BEFORE = {
    "export-onnx": ["contrafact train photos"],
    "long-trainings": ["contrafact train photos"],
}


def commands(page: Path) -> list[tuple[list[str], str]]:
    """Give each command of a page, without its own name, and what is printed below it."""
    text = page.read_text(encoding="utf-8")
    told = "\n".join(re.findall(r"```console\n(.*?)```", text, flags=re.S))
    _, *parts = COMMAND.split(told)
    return [(shlex.split(words)[1:], shown) for words, shown in zip(parts[::2], parts[1::2], strict=True)]


def blink(words: list[str]) -> list[str]:
    """Give the options that make a command quick."""
    verb = words[0]
    table = any(word.endswith(".csv") for word in words)
    kind = "scm" if "scm" in words else "shuttle" if "series" in words else "loom" if table else "other"
    if verb == "train":
        return [*BLINK[kind], "-q"]
    if verb in ("impute", "synth", "balance", "augment"):
        plain = {"classic", "ice"} & set(words)
        return [*([] if plain else BLINK[kind]), "--check", "off", "-q"]
    if verb == "segment" and "--pairs" in words:
        return ["--steps", "2"]
    return {"discover": ["--set", "steps=5", "--bootstrap", "1"], "decide": ["--method", "t"]}.get(verb, [])


def without_budget(words: list[str]) -> list[str]:
    """Leave the budget out, since steps are set."""
    place = words.index("--budget") if "--budget" in words and words[0] != "plan" else len(words)
    return words[:place] + words[place + 2 :]


def status(shown: str) -> int:
    """Give the exit status that a command ends with, by what the page prints below it."""
    return 3 if "NOT IDENTIFIABLE" in shown else 4 if "the bar is" in shown else 0


def run(words: list[str]) -> int:
    """Run a command, as quickly as it can be."""
    return main([*without_budget(words), *blink(words)])


def run_page(name: str, toys: Path, place: Path) -> list[str]:
    """Run all commands of a page in a folder of their own, and give what went wrong."""
    shutil.copytree(toys, place, dirs_exist_ok=True)
    os.chdir(place)
    for line in BEFORE.get(name, []):
        assert run(shlex.split(line)[1:]) == 0
    page = ROOT / "docs" / "howto" / f"{name}.md"
    ended = [(words, run(words), status(shown)) for words, shown in commands(page)]
    return [f"{shlex.join(words)}: {was}, not {should}" for words, was, should in ended if was != should]


def make_toys(place: Path) -> Path:
    """Write the toys at toy size."""
    environment = {**os.environ, "CONTRAFACT_TOY": "1"}
    script = ROOT / "examples" / "make_toys.py"
    subprocess.run([sys.executable, script, place], env=environment, check=True, capture_output=True)
    return place
