"""Docstrings taken apart: what a name does, its arguments, what it raises, its example."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field
from typing import Any

HEADS = ("Arguments", "Raises", "References", "See also", "Returns", "Yields")


@dataclass
class Told:
    """The parts of a docstring.

    Arguments:
        about: Its paragraphs.
        listed: What stands under Arguments, Raises, ...: names with their texts.
        example: Its session, with prompts.
    """

    about: list[str] = field(default_factory=list)
    listed: dict[str, dict[str, str]] = field(default_factory=dict)
    example: str = ""


def taken_apart(what: Any) -> Told:
    """Take a name's docstring apart."""
    told = Told()
    for part in re.split(r"\n\s*\n", inspect.getdoc(what) or ""):
        head, _, rest = part.partition("\n")
        if part.startswith(">>>"):
            told.example += ("\n" if told.example else "") + part
        elif head.rstrip(":") in HEADS and head.endswith(":"):
            told.listed[head.rstrip(":")] = names_in(rest)
        elif part.strip():
            told.about.append(" ".join(part.split()))
    return told


def names_in(lines: str) -> dict[str, str]:
    """Read lines `name: text`, whose texts may go on further in."""
    found: dict[str, str] = {}
    for line in inspect.cleandoc(" \n" + lines).splitlines():
        start = re.match(r"([*\w][\w, *]*): (.*)", line)
        if start:
            found[start[1]] = start[2]
        elif found:
            found[list(found)[-1]] += " " + line.strip()
    return found


def signature(what: Any, name: str, width: int = 96) -> str:
    """Write a signature as its source has it, an argument a line where it is long."""
    found = inspect.signature(what)
    words, starred = [], False
    for one in (each for each in found.parameters.values() if each.name not in ("self", "cls")):
        if one.kind is one.KEYWORD_ONLY and not starred:
            words.append("*")
        starred = starred or one.kind in (one.KEYWORD_ONLY, one.VAR_POSITIONAL)
        words.append(argument(one))
    gives = annotation(found.return_annotation)
    ending = f" -> {gives}" if gives not in ("", "None") and not isinstance(what, type) else ""
    line = f"{name}({', '.join(words)}){ending}"
    if len(line) <= width:
        return line
    return f"{name}(\n" + "".join(f"    {each},\n" for each in words) + f"){ending}"


def argument(one: inspect.Parameter) -> str:
    """Write one argument."""
    stars = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}.get(one.kind, "")
    kind = annotation(one.annotation)
    kind = f": {kind}" if kind else ""
    if one.default is one.empty:
        return f"{stars}{one.name}{kind}"
    return f"{one.name}{kind}{' = ' if kind else '='}{default(one.default)}"


def annotation(kind: Any) -> str:
    """Write an annotation, which is text where the file says so."""
    if kind is inspect.Parameter.empty:
        return ""
    return kind if isinstance(kind, str) else getattr(kind, "__name__", str(kind))


def default(value: Any) -> str:
    """Write a default; of what has no plain text only its name."""
    text = repr(value)
    plain = text if " at 0x" not in text and not text.startswith("<") else getattr(value, "__name__", "...")
    return re.sub(r"'([^'\"\\]*)'", r'"\1"', plain)
