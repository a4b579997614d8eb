"""Instruments: nodes that move the treatment and reach the outcome no other way.

Z is an instrument for the effect of X on Y given W if, once W is known, Z and X are connected and Z is separated from Y
in the graph without the first arrows of the causal paths from X to Y; W holds no effects of X (Pearl 2009, 7.4.5; van
der Zander, Textor and Liśkiewicz 2015). An instrument alone does not identify an effect: it bounds it, or identifies it
under one more assumption such as a linear or a monotone effect.
"""

from __future__ import annotations

from dataclasses import dataclass

from contrafact.causal.graph import Graph
from contrafact.causal.identify.adjustment import back_door_graph
from contrafact.causal.separation import minimal_separator, separated


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """A node that moves the treatment.

    Arguments:
        node: The node.
        given: What must be known beside; nothing if it is an instrument by itself.
    """

    node: str
    given: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.node} given {', '.join(sorted(self.given))}" if self.given else self.node


def instruments(graph: Graph, treatment: str, outcome: str) -> tuple[Instrument, ...]:
    """List the instruments for an effect, each with a smallest set of conditions that was found."""
    if outcome not in graph.descendants(treatment):
        return ()
    cut = back_door_graph(graph, treatment, outcome)
    below = graph.descendants(treatment)
    found = []
    for node in graph.observed:
        if node in below:
            continue
        allowed = frozenset(graph.observed) - below - {node}
        given = minimal_separator(cut, node, outcome, allowed)
        if given is not None and not separated(graph, node, treatment, given):
            found.append(Instrument(node=node, given=given))
    return tuple(found)
