"""m-separation: what a graph says is independent of what.

A path is blocked by given nodes if it passes through one of them other than at a collider, or through a collider (where
two arrowheads meet) that neither is given nor causes something that is. Two sets are separated if all paths between
them are blocked; in every model of the graph they are then independent. The test walks over (node, arrowhead) states,
each once: its time is linear in the size of the graph (Shachter 1998, Bayes-ball, for arrows that point both ways).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from contrafact.causal.graph import Graph, Nodes

State = tuple[str, bool]  # a node, and whether it was entered through an arrowhead


def _as_set(nodes: Nodes) -> frozenset[str]:
    return frozenset((nodes,) if isinstance(nodes, str) else nodes)


def _steps(graph: Graph, state: State, given: frozenset[str], opened: frozenset[str]) -> Iterable[State]:
    node, by_arrowhead = state
    free = node not in given
    if free:
        yield from ((child, True) for child in graph._children[node])
    if (node in opened) if by_arrowhead else free:
        yield from ((parent, False) for parent in graph._parents[node])
        yield from ((spouse, True) for spouse in graph._spouses[node])


def connected(graph: Graph, ones: Nodes, given: Nodes = ()) -> frozenset[str]:
    """Give the nodes that some path joins to one of these, once others are given.

    Arguments:
        graph: The graph.
        ones: Where paths begin.
        given: What is known.
    """
    return _touched(graph, _as_set(ones), _as_set(given)) - _as_set(given)


def _touched(graph: Graph, ones: frozenset[str], given: frozenset[str]) -> frozenset[str]:
    """Give the nodes that some open path reaches, given ones at its end included."""
    opened = graph.ancestors(given)
    queue: list[State] = [(node, False) for node in ones - given]
    seen = set(queue)
    while queue:
        fresh = [state for state in _steps(graph, queue.pop(), given, opened) if state not in seen]
        seen.update(fresh)
        queue += fresh
    return frozenset(node for node, _ in seen)


def separated(graph: Graph, ones: Nodes, others: Nodes, given: Nodes = ()) -> bool:
    """Tell whether all paths between two sets are blocked.

    Arguments:
        graph: The graph; nodes of it that are marked hidden may not be given, but paths lead through them.
        ones: The one set.
        others: The other set.
        given: What is known.

    >>> graph = Graph("X -> Z <- Y")
    >>> separated(graph, "X", "Y"), separated(graph, "X", "Y", "Z")
    (True, False)
    """
    others = graph._known(others) - _as_set(given)
    ones = graph._known(ones)
    return not others or not (connected(graph, ones, given) & others)


def open_path(graph: Graph, one: str, other: str, given: Nodes = ()) -> str:
    """Write a shortest open path between two nodes, or nothing where there is none."""
    given = _as_set(given)
    opened = graph.ancestors(given)
    before: dict[State, State | None] = {(one, False): None}
    queue: deque[State] = deque(before)
    while queue:
        state = queue.popleft()
        if state[0] == other and other != one:
            return _written(graph, state, before)
        for following in _steps(graph, state, given, opened):
            if following not in before:
                before[following] = state
                queue.append(following)
    return ""


def _written(graph: Graph, last: State, before: dict[State, State | None]) -> str:
    words, state = [last[0]], last
    while (earlier := before[state]) is not None:
        a, b = earlier[0], state[0]
        arrow = "<-" if not state[1] else "->" if b in graph.children(a) else "<->"
        words = [a, arrow, *words]
        state = earlier
    return " ".join(words)


def bidirected_path(graph: Graph, one: str, other: str, within: Iterable[str]) -> list[str]:
    """Give a shortest path of hidden common causes that stays within some nodes; empty if there is none."""
    kept = set(within)
    before: dict[str, str] = {one: one}
    queue = deque([one])
    while queue and other not in before:
        node = queue.popleft()
        for spouse in graph.sorted(graph.spouses(node) & kept):
            if spouse not in before:
                before[spouse] = node
                queue.append(spouse)
    if other not in before:
        return []
    path = [other]
    while path[-1] != one:
        path.append(before[path[-1]])
    return path[::-1]


def minimal_separator(
    graph: Graph, one: Nodes, other: Nodes, within: Nodes | None = None, kept: Nodes = ()
) -> frozenset[str] | None:
    """Find a set that separates two sets and of which nothing can be left out; None where there is none.

    Arguments:
        graph: The graph.
        one: The one set.
        other: The other set.
        within: What the set may hold; everything observed if not given.
        kept: What it must hold.
    """
    ones, others, must = _as_set(one), _as_set(other), _as_set(kept)
    allowed = frozenset(graph.observed) if within is None else _as_set(within)
    # If any set within the allowed nodes separates, so do those among the ancestors (van der Zander et al. 2014).
    found = (graph.ancestors(ones | others | must) & allowed) - ones - others | must
    if not separated(graph, ones, others, found):
        return None
    # What open paths from the one side reach, and of that what those from the other side do, is minimal.
    found = found & _touched(graph, ones, found) | must
    return found & _touched(graph, others, found) | must
