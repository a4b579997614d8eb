"""A causal graph from the command line: a file, or the graph itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from contrafact.base.errors import UsageError

if TYPE_CHECKING:
    from contrafact.causal.graph import Graph


def read_graph(what: str) -> Graph:
    """Read a graph.

    Arguments:
        what: A file, or text with arrows in it.

    Raises:
        UsageError: There is no such file, or the text cannot be read.
    """
    from contrafact.causal.graph import Graph

    if Path(what).suffix or not any(sign in what for sign in ("->", "<-", ";", "\n", "{", "→", "←", "↔")):
        try:
            there = Path(what).is_file()
        except (OSError, ValueError):  # too long for a path, or with signs that no path has
            there = False
        if there:
            return Graph.read(what)
        if "->" not in what and "<-" not in what and (Path(what).suffix or "/" in what):
            raise UsageError(
                f"There is no file '{what}'.",
                why="A graph is a file, or text with arrows in it.",
                fix='contrafact identify "Z -> X; Z -> Y; X -> Y" "P(Y | do(X))"',
                code="E100",
            )
    return Graph(what)
