"""Adjustment: sets of covariates whose weighted strata give the effect.

Z is valid for the effect of X on Y if it holds nothing that lies on a causal path or below one, and separates X from Y
once the first arrows of causal paths are gone (the generalised adjustment criterion: Shpitser, VanderWeele and Robins
2010; Perković et al. 2018, JMLR 18). All minimal sets are listed as minimal separators of a moral graph, each in
polynomial time (van der Zander, Liśkiewicz and Textor 2014). Without hidden causes the parents of the causal paths that
are no danger have the smallest asymptotic variance (Henckel, Perković and Maathuis 2022, JRSS B 84).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from contrafact.causal.graph import Graph, Nodes
from contrafact.causal.identify.derivation import Trace
from contrafact.causal.identify.expression import Expression, Probability, Sum
from contrafact.causal.identify.law import of_nodes, product, total
from contrafact.causal.identify.rules import Step, rule_2, rule_3
from contrafact.causal.separation import minimal_separator, open_path, separated

Names = frozenset[str]


def causal_nodes(graph: Graph, treatments: Nodes, outcomes: Nodes) -> Names:
    """Give the nodes on causal paths that leave the treatments for good, without the treatments."""
    x, y = graph._known(treatments), graph._known(outcomes)
    return (graph.without_into(x).descendants(x) - x) & graph.without_out_of(x).ancestors(y)


def forbidden(graph: Graph, treatments: Nodes, outcomes: Nodes) -> Names:
    """Give the nodes that lie on a causal path or below one: adjusting for them biases."""
    x, y = graph._known(treatments), graph._known(outcomes)
    between = causal_nodes(graph, x, y)
    return (graph.descendants(between) if between else frozenset()) | x | y


def back_door_graph(graph: Graph, treatments: Nodes, outcomes: Nodes) -> Graph:
    """Leave out the first arrow of every causal path."""
    x = graph._known(treatments)
    between = causal_nodes(graph, x, outcomes)
    return graph.without_edges((a, b) for a, b in graph.directed if a in x and b in between)


def is_valid(graph: Graph, treatments: Nodes, outcomes: Nodes, given: Nodes) -> bool:
    """Tell whether adjusting for a set gives the effect."""
    chosen = graph._known(given)
    if chosen & forbidden(graph, treatments, outcomes):
        return False
    return separated(back_door_graph(graph, treatments, outcomes), treatments, outcomes, chosen)


def objections(graph: Graph, treatments: Nodes, outcomes: Nodes, given: Nodes) -> tuple[str, ...]:
    """Say what is wrong with adjusting for a set; nothing if it is valid.

    Arguments:
        graph: The causal graph.
        treatments: X.
        outcomes: Y.
        given: The set that somebody would adjust for.
    """
    x, y, chosen = graph._known(treatments), graph._known(outcomes), graph._known(given)
    between = causal_nodes(graph, x, y)
    told = []
    for node in graph.sorted(chosen & forbidden(graph, x, y)):
        where = "lies between cause and effect" if node in between else "happens after what the effect passes through"
        where = "is the treatment or the outcome itself" if node in x | y else where
        told.append(f"'{node}' {where}: adjusting for it biases the effect.")
    cut = back_door_graph(graph, x, y)
    paths = (open_path(cut, a, b, chosen) for a in graph.sorted(x - chosen) for b in graph.sorted(y - chosen))
    told += [f"The path {path} stays open." for path in paths if path and not told]
    return tuple(told)


def minimal_set(graph: Graph, treatments: Nodes, outcomes: Nodes) -> Names | None:
    """Find one valid set of which nothing can be left out; None where no set is valid.

    A set without descendants of the treatments comes first.
    """
    x = graph._known(treatments)
    gone = back_door_graph(graph, treatments, outcomes)
    allowed = frozenset(graph.observed) - forbidden(graph, treatments, outcomes)
    first = minimal_separator(gone, x, outcomes, allowed - graph.descendants(x))
    return first if first is not None else minimal_separator(gone, x, outcomes, allowed)


def minimal_sets(graph: Graph, treatments: Nodes, outcomes: Nodes, limit: int = 100) -> tuple[Names, ...]:
    """List minimal valid sets, small ones first.

    Arguments:
        graph: The causal graph.
        treatments: X.
        outcomes: Y.
        limit: How many at most.
    """
    x, y = graph._known(treatments), graph._known(outcomes)
    gone = back_door_graph(graph, x, y)
    causes = gone.subgraph(gone.ancestors(x | y))
    allowed = frozenset(graph.observed) - forbidden(graph, x, y)
    neighbours = _contracted(causes, x, y, allowed)
    if neighbours is None:
        return ()
    found = sorted(_separators(neighbours, limit), key=lambda each: (len(each), graph.sorted(each)))
    return tuple(found)


_START, _END = "\0start", "\0end"


def _contracted(graph: Graph, x: Names, y: Names, allowed: Names) -> dict[str, set[str]] | None:
    """Give the moral graph of allowed nodes, with one node for X and one for Y; None if they are neighbours."""
    name = {node: _START if node in x else _END if node in y else node for node in graph.nodes}
    joined: dict[str, set[str]] = {name[node]: set() for node in graph.nodes}
    for node, others in graph.moral().items():
        joined[name[node]] |= {name[other] for other in others} - {name[node]}
    for node in [n for n in joined if n not in allowed and n not in (_START, _END)]:
        beside = joined.pop(node)  # what may not be adjusted for joins its neighbours
        for other in beside:
            joined[other] = (joined[other] | beside) - {node, other}
    return None if _END in joined.get(_START, ()) else joined


def _separators(neighbours: dict[str, set[str]], limit: int) -> Iterator[Names]:
    """List minimal separators of start and end, moving away from the start (Shen and Liang 1997)."""
    first = _close_to_end(neighbours, frozenset(neighbours[_START]))
    queue, seen = deque([first]), {first}
    while queue and limit > 0:
        now = queue.popleft()
        yield now
        limit -= 1
        for node in sorted(now):
            if _END in neighbours[node]:
                continue
            following = _close_to_end(neighbours, now | neighbours[node] - {_START})
            if following not in seen:
                seen.add(following)
                queue.append(following)


def _close_to_end(neighbours: dict[str, set[str]], wall: Names) -> Names:
    """Give the part of a wall that the end's side touches."""
    side, queue, touched = {_END}, [_END], set[str]()
    while queue:
        beside = neighbours[queue.pop()]
        touched |= beside & wall
        queue += beside - wall - side
        side |= beside - wall
    return frozenset(touched)


def optimal_set(graph: Graph, treatments: Nodes, outcomes: Nodes) -> Names | None:
    """Give the set with the smallest asymptotic variance; None where hidden causes leave none that is always best."""
    x = graph._known(treatments)
    between = causal_nodes(graph, x, outcomes)
    if graph.bidirected or graph.latent or not between:
        return None
    best = graph.parents(between) - forbidden(graph, x, outcomes)
    return best if is_valid(graph, x, outcomes, best) else None


def adjusted(graph: Graph, treatments: Names, outcomes: Names, given: Names, trace: Trace | None = None) -> Expression:
    """Give the sum over z of P(y | x, z) P(z).

    Arguments:
        graph: The causal graph.
        treatments: X.
        outcomes: Y.
        given: Z, a valid set.
        trace: Notes the steps, if wanted.

    Raises:
        UsageError: Steps are wanted and a rule does not hold, as may happen for sets with descendants of X.
    """
    names = graph.ordered
    x, y, z = of_nodes(names(treatments)), of_nodes(names(outcomes)), of_nodes(names(given))
    if trace:
        asked = trace.asked(outcomes, treatments)
        strata, weights = trace.asked(outcomes, treatments, given), trace.asked(given, treatments)
        if z:
            body = product([strata, weights])
            trace.note(Step(rule="sum", before=asked, after=Sum(z, body), words="total probability"))
            trace.note(rule_3(graph, weights, treatments))
        trace.note(rule_2(graph, strata, treatments))
    seen = of_nodes((*names(treatments), *names(given)))
    return total(z, product([Probability(y, seen), Probability(z)] if z else [Probability(y, x)]))
