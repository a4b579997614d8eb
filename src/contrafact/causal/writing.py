"""A graph as text, DOT and DAGitty; each of them is read back as the same graph."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contrafact.causal.graph import Graph

_PLAIN = re.compile(r"[\w.%+/][\w.%+/:-]*(?<!-)")
_WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_KEYWORDS = {"graph", "digraph", "dag", "node", "edge", "subgraph", "strict"}


def quoted(name: str) -> str:
    """Put a name in quotation marks.

    >>> print(quoted('say "hi"'))
    "say \\\\"hi\\\\""
    """
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def shown(name: str) -> str:
    """Write a name as statements do: quoted only where it must be.

    >>> print(shown("年龄"), shown("blood pressure"))
    年龄 "blood pressure"
    """
    return name if _PLAIN.fullmatch(name) and name.lower() not in _KEYWORDS else quoted(name)


def _worded(name: str) -> str:
    return name if _WORD.fullmatch(name) and name.lower() not in _KEYWORDS else quoted(name)


def to_text(graph: Graph) -> str:
    """Write statements, joined by semicolons."""
    touched = {node for pair in (*graph.directed, *graph.bidirected) for node in pair}
    alone = [shown(node) for node in graph.nodes if node not in touched and node not in graph.latent]
    hidden = [f"{shown(node)} [latent]" for node in graph.nodes if node in graph.latent]
    arrows = [f"{shown(a)} -> {shown(b)}" for a, b in graph.directed]
    both = [f"{shown(a)} <-> {shown(b)}" for a, b in graph.bidirected]
    return "; ".join([*hidden, *alone, *arrows, *both])


def to_dot(graph: Graph) -> str:
    """Write DOT; hidden common causes are dashed and point both ways."""
    nodes = [f"  {_worded(n)}{' [observed=no, style=dashed]' if n in graph.latent else ''};" for n in graph.nodes]
    arrows = [f"  {_worded(a)} -> {_worded(b)};" for a, b in graph.directed]
    both = [f"  {_worded(a)} -> {_worded(b)} [dir=both, style=dashed];" for a, b in graph.bidirected]
    return "\n".join(["digraph {", *nodes, *arrows, *both, "}"]) + "\n"


def to_dagitty(graph: Graph) -> str:
    """Write DAGitty text."""
    nodes = [f"  {_worded(n)}{' [latent]' if n in graph.latent else ''}" for n in graph.nodes]
    arrows = [f"  {_worded(a)} -> {_worded(b)}" for a, b in graph.directed]
    both = [f"  {_worded(a)} <-> {_worded(b)}" for a, b in graph.bidirected]
    return "\n".join(["dag {", *nodes, *arrows, *both, "}"]) + "\n"
