"""The witness that a question cannot be answered: two forests of hidden causes, one inside the other.

A hedge for P(y | do(x)) is a pair of sets of nodes F and F', F' inside F, each tied together by hidden common causes
and flowing into the same roots, such that F holds some of x and F' none (Shpitser and Pearl 2006, AAAI, theorem 4). Two
models then exist that agree on all observations and differ in what setting x does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from contrafact.causal.graph import Graph
from contrafact.causal.separation import bidirected_path


@dataclass(frozen=True, kw_only=True)
class Hedge:
    """The two forests.

    Arguments:
        larger: The nodes of F.
        smaller: The nodes of F', which hold none of the treatments.
        treatments: The treatments that F holds.
        path: A shortest path of hidden common causes from a treatment to a node of F'.
        roots: The nodes of F' that cause no other node of it.
    """

    larger: tuple[str, ...]
    smaller: tuple[str, ...]
    treatments: tuple[str, ...]
    path: tuple[str, ...]
    roots: tuple[str, ...]

    @property
    def tie(self) -> str:
        """Write the path: X <-> Z <-> Y."""
        return " <-> ".join(self.path)

    def in_words(self, outcomes: Iterable[str]) -> str:
        """Say what the hedge means for the effect on some outcomes."""
        goal = " and ".join(outcomes)
        treatment, end = self.path[0], self.path[-1]
        through = len(self.path) > 2
        cause = "hidden causes" if through else "a hidden cause"
        told = f"{treatment} and {end} share {cause} along {self.tie}"
        way = f", and {end} leads to {goal}" if end not in goal.split(" and ") else ""
        return (
            f"{told}{way}: nothing that is observed can separate what {treatment} does to {end} from what "
            f"{'those hidden causes do' if through else 'the hidden cause does'}."
        )


class Hedged(Exception):
    """Says within the algorithms that a hedge was met."""

    def __init__(self, hedge: Hedge) -> None:
        super().__init__(hedge.tie)
        self.hedge = hedge


def hedge_of(graph: Graph, larger: Iterable[str], smaller: Iterable[str]) -> Hedge:
    """Make the record of a hedge, with the shortest path that ties a treatment to the inner forest."""
    whole, inner = graph.sorted(larger), graph.sorted(smaller)
    treatments = tuple(node for node in whole if node not in inner)
    part = graph.subgraph(inner)
    paths = [bidirected_path(graph, a, b, whole) for a in treatments for b in inner]
    # A node of the inner forest that a treatment causes says best what cannot be told apart.
    below = graph.descendants(treatments) if treatments else frozenset()
    best = min(
        (path for path in paths if path),
        key=lambda path: (path[-1] not in below, path[-1] not in graph.children(path[0]), len(path)),
        default=list(whole[:1]),
    )
    roots = tuple(node for node in inner if not part.children(node))
    return Hedge(larger=whole, smaller=inner, treatments=treatments, path=tuple(best), roots=roots)
