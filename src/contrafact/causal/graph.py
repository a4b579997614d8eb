"""A causal graph with arrows and hidden common causes.

An arrow X -> Y says that X may be a direct cause of Y; X <-> Y says that something hidden may cause both. Such a graph
is called an acyclic directed mixed graph (Richardson 2003, Scandinavian Journal of Statistics 30, 145-157). A node that
is marked hidden is kept as it was written; `projected` gives the graph over the others that has the same consequences
(the latent projection of Verma and Pearl, 1990).

See also `separation` for m-separation, `reading` for the formats, `identify` for what follows from a graph.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from os import PathLike
from typing import TYPE_CHECKING, Any

from contrafact.base.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from contrafact.causal.reading import Written

Nodes = str | Iterable[str]
Pair = tuple[str, str]


class Graph:
    """Hold nodes, arrows and hidden common causes; a graph never changes, and operations give new ones.

    Arguments:
        edges: Text such as `"W -> Z; Z -> X; X -> Y; W <-> X"` (also DOT, DAGitty, GML, BIF or .cg text), or a list of
            such statements, of pairs (from, to), or of triples (one, arrow, other); a Path of a file; another graph.
            A name alone is a node.
        latent: Nodes that are never observed.

    >>> graph = Graph("W -> Z -> X -> Y; W <-> X; W <-> Y")
    >>> graph.parents("Y"), graph.order
    (frozenset({'X'}), ('W', 'Z', 'X', 'Y'))
    >>> print(graph.without_into("X"))
    W -> Z; X -> Y; W <-> Y
    """

    __slots__ = ("_children", "_parents", "_places", "_spouses", "bidirected", "directed", "latent", "nodes", "order")

    nodes: tuple[str, ...]  # in the order in which they were first written
    directed: tuple[Pair, ...]
    bidirected: tuple[Pair, ...]
    latent: frozenset[str]
    order: tuple[str, ...]  # causes first; nodes that stand side by side keep the order in which they were written
    _places: dict[str, int]
    _parents: dict[str, frozenset[str]]
    _children: dict[str, frozenset[str]]
    _spouses: dict[str, frozenset[str]]

    def __init__(self, edges: str | PathLike[str] | Graph | Iterable[Any] = "", *, latent: Nodes = ()) -> None:
        from contrafact.causal.reading import read_edges

        hidden = {latent} if isinstance(latent, str) else set(latent)
        if isinstance(edges, Graph):
            self._settle(edges.nodes, edges.directed, edges.bidirected, edges.latent | hidden)
            return
        written = read_edges(edges)
        self._settle(written.nodes, written.directed, written.bidirected, written.latent | hidden)

    def _settle(
        self, nodes: Iterable[str], directed: Iterable[Pair], bidirected: Iterable[Pair], latent: Iterable[str]
    ) -> None:
        put = object.__setattr__
        put(self, "nodes", tuple(nodes))
        put(self, "_places", {node: place for place, node in enumerate(self.nodes)})
        put(self, "directed", tuple(directed))
        put(self, "bidirected", tuple(bidirected))
        put(self, "latent", self._known(latent))
        put(self, "_parents", _neighbours(self.nodes, ((b, a) for a, b in self.directed)))
        put(self, "_children", _neighbours(self.nodes, self.directed))
        both = (pair for a, b in self.bidirected for pair in ((a, b), (b, a)))
        put(self, "_spouses", _neighbours(self.nodes, both))
        put(self, "order", self._sorted())

    @classmethod
    def made(
        cls,
        nodes: Iterable[str],
        directed: Iterable[Pair],
        bidirected: Iterable[Pair],
        latent: Iterable[str] = (),
    ) -> Graph:
        """Make a graph of parts that are known to be in order."""
        graph = object.__new__(cls)
        graph._settle(nodes, directed, bidirected, latent)
        return graph

    @classmethod
    def of(cls, written: Written) -> Graph:
        """Make a graph of what a reader has read."""
        return cls.made(written.nodes, written.directed, written.bidirected, written.latent)

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Graph:
        """Read a file: statements, DOT, DAGitty, GML, BIF or .cg; its content tells which."""
        from contrafact.causal.reading import read_file

        return cls.of(read_file(path))

    @classmethod
    def from_networkx(cls, graph: Any) -> Graph:
        """Take over a networkx DiGraph or MultiDiGraph.

        Arguments:
            graph: Arrows are its edges; an edge with the attribute `dir="both"` or `bidirected=True` is a hidden common
                cause; a node with `latent=True`, `hidden=True` or `observed="no"` is never observed.
        """
        from contrafact.causal.foreign import from_networkx

        return cls.of(from_networkx(graph))

    @classmethod
    def from_dot(cls, text: str) -> Graph:
        """Read DOT text; `[dir=both]` or `<->` is a hidden common cause, `[observed=no]` a hidden node."""
        from contrafact.causal.reading import read_braced

        return cls.of(read_braced(text))

    @classmethod
    def from_dagitty(cls, text: str) -> Graph:
        """Read DAGitty text: `dag { X -> Y; U [latent] }`."""
        from contrafact.causal.reading import read_braced

        return cls.of(read_braced(text))

    @classmethod
    def from_gml(cls, text: str) -> Graph:
        """Read GML text."""
        from contrafact.causal.foreign import read_gml

        return cls.of(read_gml(text))

    @classmethod
    def from_bif(cls, text: str) -> Graph:
        """Read the graph of a Bayesian network in BIF text."""
        from contrafact.causal.foreign import read_bif

        return cls.of(read_bif(text))

    @classmethod
    def from_cg(cls, text: str) -> Graph:
        """Read .cg text: lines under <NODES> and <EDGES>."""
        from contrafact.causal.foreign import read_cg

        return cls.of(read_cg(text))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"A graph never changes; make a new one instead of setting {name}.")

    def __reduce__(self) -> tuple[Any, ...]:
        return Graph.made, (self.nodes, self.directed, self.bidirected, tuple(self.latent))

    def _key(self) -> tuple[frozenset[Any], ...]:
        both = frozenset(frozenset(pair) for pair in self.bidirected)
        return frozenset(self.nodes), frozenset(self.directed), both, self.latent

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Graph) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __len__(self) -> int:
        return len(self.nodes)

    def __contains__(self, node: object) -> bool:
        return node in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self.nodes)

    def __str__(self) -> str:
        from contrafact.causal.writing import to_text

        return to_text(self)

    def __repr__(self) -> str:
        return f"Graph({str(self)!r})"

    def _repr_html_(self) -> str:
        from html import escape

        return f"<code>{escape(str(self))}</code>"

    def to_dot(self) -> str:
        """Write the graph as DOT."""
        from contrafact.causal.writing import to_dot

        return to_dot(self)

    def to_dagitty(self) -> str:
        """Write the graph as DAGitty text."""
        from contrafact.causal.writing import to_dagitty

        return to_dagitty(self)

    @property
    def observed(self) -> tuple[str, ...]:
        """The nodes that are not hidden."""
        return tuple(node for node in self.nodes if node not in self.latent)

    def _known(self, nodes: Nodes) -> frozenset[str]:
        given = frozenset((nodes,) if isinstance(nodes, str) else nodes)
        if strange := [node for node in sorted(given, key=str) if node not in self._places]:
            raise UsageError(
                f"The graph has no node '{strange[0]}'.",
                why=did_you_mean(str(strange[0]), self.nodes) if self.nodes else "The graph is empty.",
                fix=f'Use a name that the graph has, or add the node to it: "{strange[0]}".',
                code="E505",
            )
        return given

    def sorted(self, nodes: Iterable[str]) -> tuple[str, ...]:
        """Put nodes in the order in which the graph was written."""
        return tuple(sorted(nodes, key=self._places.__getitem__))

    def ordered(self, nodes: Iterable[str]) -> tuple[str, ...]:
        """Put nodes in an order in which causes come first."""
        chosen = set(nodes)
        return tuple(node for node in self.order if node in chosen)

    def parents(self, nodes: Nodes) -> frozenset[str]:
        """Give the direct causes of nodes, the nodes themselves only where one causes another."""
        return _union(self._parents, self._known(nodes))

    def children(self, nodes: Nodes) -> frozenset[str]:
        """Give what nodes cause directly."""
        return _union(self._children, self._known(nodes))

    def spouses(self, nodes: Nodes) -> frozenset[str]:
        """Give the nodes that share a hidden cause with one of these."""
        return _union(self._spouses, self._known(nodes))

    def ancestors(self, nodes: Nodes) -> frozenset[str]:
        """Give the causes of nodes, direct or not, and the nodes themselves."""
        return _reach(self._parents, self._known(nodes))

    def descendants(self, nodes: Nodes) -> frozenset[str]:
        """Give what nodes cause, directly or not, and the nodes themselves."""
        return _reach(self._children, self._known(nodes))

    def district(self, node: str) -> frozenset[str]:
        """Give the nodes that are tied to one by a path of hidden common causes, and itself."""
        return _reach(self._spouses, self._known(node))

    @property
    def districts(self) -> tuple[frozenset[str], ...]:
        """The parts that hidden common causes tie together (also called c-components)."""
        found: list[frozenset[str]] = []
        left = dict.fromkeys(self.nodes)
        while left:
            found.append(_reach(self._spouses, frozenset([next(iter(left))])))
            left = dict.fromkeys(node for node in left if node not in found[-1])
        return tuple(found)

    def subgraph(self, nodes: Nodes) -> Graph:
        """Keep some nodes and the edges between them."""
        kept = self._known(nodes)
        return Graph.made(
            (node for node in self.nodes if node in kept),
            (pair for pair in self.directed if kept.issuperset(pair)),
            (pair for pair in self.bidirected if kept.issuperset(pair)),
            self.latent & kept,
        )

    def without_into(self, nodes: Nodes) -> Graph:
        """Cut every edge with an arrowhead at one of these nodes: what setting them does."""
        cut = self._known(nodes)
        return Graph.made(
            self.nodes,
            ((a, b) for a, b in self.directed if b not in cut),
            ((a, b) for a, b in self.bidirected if a not in cut and b not in cut),
            self.latent,
        )

    def without_out_of(self, nodes: Nodes) -> Graph:
        """Cut every arrow that leaves one of these nodes."""
        cut = self._known(nodes)
        return Graph.made(self.nodes, ((a, b) for a, b in self.directed if a not in cut), self.bidirected, self.latent)

    def without_edges(self, directed: Iterable[Pair]) -> Graph:
        """Leave some arrows out."""
        cut = set(directed)
        return Graph.made(self.nodes, (pair for pair in self.directed if pair not in cut), self.bidirected, self.latent)

    def with_measured(self, one: str, other: str) -> Graph:
        """Put an observed node in the place of the hidden common cause of two nodes."""
        name = f"cause of {one} and {other}"
        rest = (pair for pair in self.bidirected if set(pair) != {one, other})
        return Graph.made((*self.nodes, name), (*self.directed, (name, one), (name, other)), rest, self.latent)

    def projected(self) -> Graph:
        """Give the graph over the observed nodes that has the same consequences.

        a -> b where a directed path leads through hidden nodes only; a <-> b where a path without colliders does, that
        has an arrowhead at both ends.
        """
        if not self.latent:
            return self
        reached = {node: self._through(self._children[node]) for node in self.nodes}
        both: dict[frozenset[str], Pair] = {}
        for a, b in self.bidirected:
            _tie(both, self._through((a,)), self._through((b,)))
        for hidden in self.latent:
            _tie(both, reached[hidden], reached[hidden])
        pairs = sorted(both.values(), key=lambda pair: [self._places[node] for node in pair])
        seen = self.observed
        directed = ((a, b) for a in seen for b in self.sorted(reached[a]))
        return Graph.made(seen, directed, (self.sorted(pair) for pair in pairs))  # type: ignore[misc]

    def _through(self, starts: Iterable[str]) -> frozenset[str]:
        """Follow arrows through hidden nodes up to the first observed ones."""
        found, queue = set(starts), deque(starts)
        while queue:
            node = queue.popleft()
            if node in self.latent:
                fresh = self._children[node] - found
                found |= fresh
                queue.extend(fresh)
        return frozenset(found - self.latent)

    def moral(self) -> dict[str, frozenset[str]]:
        """Join all that meet at a common effect, parents and spouses of districts alike, and forget directions."""
        joined: dict[str, set[str]] = {node: set() for node in self.nodes}
        for part in self.districts:
            for a, b in combinations(self.sorted(part | self.parents(part)), 2):
                joined[a].add(b)
                joined[b].add(a)
        for a, b in self.directed:
            joined[a].add(b)
            joined[b].add(a)
        return {node: frozenset(others) for node, others in joined.items()}

    def _sorted(self) -> tuple[str, ...]:
        missing = {node: len(self._parents[node]) for node in self.nodes}
        ready = [node for node in self.nodes if not missing[node]]
        found: list[str] = []
        while ready:
            node = min(ready, key=self._places.__getitem__)
            ready.remove(node)
            found.append(node)
            for child in self._children[node]:
                missing[child] -= 1
                if not missing[child]:
                    ready.append(child)
        return tuple(found)


def _neighbours(nodes: Iterable[str], pairs: Iterable[Pair]) -> dict[str, frozenset[str]]:
    lists: dict[str, set[str]] = {node: set() for node in nodes}
    for a, b in pairs:
        lists[a].add(b)
    return {node: frozenset(others) for node, others in lists.items()}


def _union(lists: Mapping[str, frozenset[str]], nodes: Iterable[str]) -> frozenset[str]:
    return frozenset().union(*(lists[node] for node in nodes))


def _reach(lists: Mapping[str, frozenset[str]], starts: frozenset[str]) -> frozenset[str]:
    found, queue = set(starts), list(starts)
    while queue:
        fresh = lists[queue.pop()] - found
        found |= fresh
        queue.extend(fresh)
    return frozenset(found)


def _tie(both: dict[frozenset[str], Pair], left: Iterable[str], right: Iterable[str]) -> None:
    for a in left:
        for b in right:
            if a != b:
                both.setdefault(frozenset((a, b)), (a, b))
