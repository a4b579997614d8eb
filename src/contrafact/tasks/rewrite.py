"""Rewrite the lines of a file with a fitted model: one line for each, in the same order, in a file of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contrafact.base.errors import UsageError
from contrafact.engine.bundle import write_atomically, writing
from contrafact.tasks.results import ready
from contrafact.tasks.text_files import lines_in
from contrafact.tasks.translate import Translated


def rewrite_file(model: Any, what: str, out: str) -> Translated:
    """Write what each line of a file becomes.

    Arguments:
        model: A model of pairs of lines.
        what: The file; blank lines are left out. Of lines with a tab in them, what stands before it is read.
        out: The file that is written.

    Raises:
        UsageError: There is no such file, or it would be written over.
    """
    path, place = Path(what), Path(out)
    if not path.is_file():
        why = "It is a folder, or does not exist."
        raise UsageError(f"There is no file of lines '{what}'.", why=why, fix="Check the path.", code="E112")
    ready(out, what)
    if place.is_dir():
        why = "It is a folder, and one file of lines is written."
        raise UsageError(f"The lines cannot be written to '{out}'.", why=why, fix="-o rewritten.txt", code="E315")
    lines = [line.split("\t")[0] for line in lines_in(path)]
    made = model.translate(lines)
    with writing(place):
        place.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(place, "".join(f"{' '.join(line.splitlines())}\n" for line in made).encode())
    return Translated(files=[str(place)], notes=(), told=f"{len(lines):,} lines")
