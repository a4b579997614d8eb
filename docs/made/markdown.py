"""Small pieces of Markdown that read the same on GitHub and on the site."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

NOTE = "<!-- Written by `python docs/build.py` from the program itself; change the program, not this page. -->\n"
CODE = re.compile(r"(`[^`]*`)")


def plain(text: str) -> str:
    """Keep what Markdown would take for markup as it is, outside of code.

    A bar within code ends a cell to one renderer and is a bar to another, so that such code stands as plain text.
    """
    parts = [part.strip("`") if "|" in part else part for part in CODE.split(" ".join(text.split()))]
    return "".join(part if CODE.fullmatch(part) else escaped(part) for part in parts)


def escaped(text: str) -> str:
    """Take from signs what they mean in Markdown."""
    return re.sub(r"([|*\[\]])", r"\\\1", text).replace("<", "&lt;")


def code(text: str) -> str:
    """Set text as code, also in a table."""
    return f"`{text.replace('|', '/')}`" if text else ""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table."""
    lines = [tuple(heads), ("---",) * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def block(text: str, language: str = "") -> str:
    """Write a block of code."""
    return f"```{language}\n{text.strip()}\n```\n"


def anchor(heading: str) -> str:
    """Give the anchor that GitHub and the site make of a heading of words, digits and underscores."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def page(title: str, *parts: str) -> str:
    """Put a page together."""
    return "\n".join([NOTE, f"# {title}\n", *parts]).rstrip() + "\n"
