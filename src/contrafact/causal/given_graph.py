"""A graph from whatever a user gives as one: a graph, its text, a list of edges, or the name of a file."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

from contrafact.base.errors import UsageError
from contrafact.causal.graph import Graph

Written = Graph | str | PathLike[str] | Iterable[Any]
SIGNS = ("->", "<-", "--", ";", "\n", "{", "→", "←", "↔")


def graph_given(what: Written) -> Graph:
    """Read a graph.

    Arguments:
        what: A graph, text with arrows in it, edges, or a file's name or Path.

    >>> print(graph_given("Z -> X; X -> Y"))
    Z -> X; X -> Y

    Raises:
        UsageError: The name is that of a folder, or of a file that is not there.
        DataError: What is written cannot be read.
    """
    if not isinstance(what, str):
        return Graph(what)
    if is_file(what):
        return Graph.read(what)
    if not any(sign in what for sign in SIGNS) and (Path(what).suffix or "/" in what or _is_folder(what)):
        raise UsageError(
            f"'{what}' is a folder." if _is_folder(what) else f"There is no file '{what}'.",
            why="A graph is a file, or text with arrows in it.",
            fix='contrafact identify "Z -> X; Z -> Y; X -> Y" "P(Y | do(X))"',
            code="E100",
        )
    return Graph(what)


def is_file(text: str) -> bool:
    """Tell whether text names a file, rather than being a graph."""
    if not Path(text).suffix and any(sign in text for sign in SIGNS):
        return False
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # too long for a path, or with signs that no path has
        return False


def _is_folder(text: str) -> bool:
    return bool(text) and Path(text).is_dir()


def with_nodes(graph: Graph) -> Graph:
    """Give a graph back that says something.

    Raises:
        UsageError: It has no nodes.
    """
    if graph.nodes:
        return graph
    raise UsageError(
        "The graph is empty.",
        why="What causes what is what only you can say, and nothing is written there.",
        fix='Write nodes and arrows: "X -> Y; Z -> X".',
        code="E511",
    )
