"""A causal graph from the command line: a file, or the graph itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contrafact.causal.graph import Graph


def read_graph(what: str) -> Graph:
    """Read a graph.

    Arguments:
        what: A file, or text with arrows in it.

    Raises:
        UsageError: There is no such file, or the text cannot be read.
    """
    from contrafact.causal.given_graph import graph_given

    return graph_given(what)
