"""Derivations: the steps by which an identification turns what was asked into what can be read from data.

Every formula in a step is true of every model of the graph, so that each line can be checked alone. A probability with
do( ) in it speaks of the world in which those nodes are set; one without can be read from observations, and one whose
do( ) is an experiment's from that experiment.
"""

from __future__ import annotations

from collections.abc import Iterable

from contrafact.causal.graph import Graph
from contrafact.causal.identify.expression import ONE, Expression, Probability, Product, Sum, Symbols
from contrafact.causal.identify.law import Law, Read, of_nodes, product
from contrafact.causal.identify.rules import Step, rule_1, rule_2, rule_3

Names = frozenset[str]


class Trace:
    """Note steps while an algorithm works.

    Arguments:
        graph: The causal graph of all observed nodes.
        regime: What is set in the data that are read; it stays set in every step.
    """

    def __init__(self, graph: Graph, regime: Names = frozenset()) -> None:
        self.graph, self.regime = graph, regime
        self.steps: list[Step] = []

    def note(self, step: Step) -> None:
        """Add a step, if it says anything that was not said before."""
        if step.before != step.after and not any(
            (old.before, old.after) == (step.before, step.after) for old in self.steps
        ):
            self.steps.append(step)

    def _needed(self, of: Iterable[str], do: Names) -> Names:
        """Give the nodes among those that are set that cause what is asked for."""
        return do & (self.regime | self.graph.without_into(do).ancestors(tuple(of)))

    def world(self, of: Iterable[str], do: Names, given: Iterable[str] = ()) -> Probability:
        """Write P(of | do(do), given) with only those set that matter."""
        of, given = self.graph.ordered(of), self.graph.ordered(given)
        needed = self._needed((*of, *given), do)
        return Probability(of_nodes(of), of_nodes(given), of_nodes(self.graph.ordered(needed)), needed)

    def asked(self, of: Names, do: Names, given: Iterable[str] = ()) -> Probability:
        """Write P(of | do(do), given) as it was asked."""
        names = self.graph.ordered
        return Probability(of_nodes(names(of)), of_nodes(names(given)), of_nodes(names(do)), do)

    def narrowed(self, before: Probability) -> Probability:
        """Leave out what is set without consequence, by rule 3."""
        do = frozenset(symbol.node for symbol in before.do)
        idle = do - self._needed([s.node for s in (*before.of, *before.given)], do)
        return self._by(rule_3, before, idle)

    def _by(self, rule: object, before: Probability, nodes: Iterable[str], **more: bool) -> Probability:
        chosen = frozenset(nodes)
        if not chosen:
            return before
        step = rule(self.graph, before, chosen, **more)  # type: ignore[operator]
        self.note(step)
        return step.after  # type: ignore[no-any-return]

    def entered(self, of: Names, do: Names) -> None:
        """Note that setting what the data have set changes nothing."""
        before = Trace(self.graph).world(of, do)
        self._by(rule_3, before, self.regime - _nodes(before.do), setting=True)

    def summed(self, kept: Names, nodes: Names) -> None:
        """Note P(kept | do(rest)) = sum of P(nodes | do(rest))."""
        rest = frozenset(self.graph.nodes) - nodes
        whole, part = self.world(nodes, rest), self.world(kept, rest)
        part = self._by(rule_3, part, _nodes(whole.do) - _nodes(part.do), setting=True)
        over = of_nodes(self.graph.ordered(nodes - kept))
        if over:
            self.note(Step(rule="sum", before=part, after=Sum(over, whole), words="total probability"))

    def factorised(self, outcomes: Names, inner: Graph) -> None:
        """Note how P(outcomes | do(treatments)) falls into one factor for each district."""
        outside = frozenset(self.graph.nodes) - frozenset(inner.nodes)
        order = self.graph.ordered(inner.nodes)
        before = self.narrowed(self.world(outcomes, outside))
        done = self._needed(order, outside)
        before = self._by(rule_3, before, done - _nodes(before.do), setting=True)
        chain = [self.asked(frozenset([node]), done, order[:place]) for place, node in enumerate(order)]
        over = of_nodes(node for node in order if node not in outcomes)
        body = product(chain)
        after: Expression = Sum(over, body) if over else body
        self.note(Step(rule="sum" if over else "chain", before=before, after=after, words="chain rule"))
        for part in inner.districts:
            links = [link for link in chain if link.of[0].node in part]
            self._gathered(part, [self._moved(link, part) for link in links])

    def _moved(self, link: Probability, part: Names) -> Probability:
        """Take what is seen outside of a district for set, and leave out what then changes nothing."""
        link = self._by(rule_2, link, _nodes(link.given) - part)
        goal = self._goal(part)
        return self._by(rule_3, link, _nodes(link.do) - goal)

    def _goal(self, part: Names) -> Names:
        return self._needed(part, frozenset(self.graph.nodes) - part)

    def _gathered(self, part: Names, links: list[Probability]) -> None:
        """Multiply the links of one district to the law of the district."""
        goal = self._goal(part)
        ready = [self._by(rule_3, link, goal - _nodes(link.do), setting=True) for link in links]
        if len(ready) > 1:
            whole = self.world(part, frozenset(self.graph.nodes) - part)
            self.note(Step(rule="chain", before=Product(tuple(ready)), after=whole, words="chain rule, backwards"))

    def district(self, part: Names, law: Law, graph: Graph) -> None:
        """Note how the law of a district follows from a law that is at hand."""
        outside = frozenset(self.graph.nodes) - part
        whole = self.world(part, outside)
        order = graph.ordered(part)
        links = [self.asked(frozenset([n]), _nodes(whole.do), order[:i]) for i, n in enumerate(order)]
        if len(links) > 1:
            self.note(Step(rule="chain", before=whole, after=product(links), words="chain rule"))
        for link in links:
            self._read(link, law, graph)

    def _read(self, link: Probability, law: Law, graph: Graph) -> None:
        node = link.of[0].node
        before = frozenset(graph.order[: graph.order.index(node)])
        formula = law.conditional(node, before, graph)
        if isinstance(law, Read) and isinstance(formula, Probability):
            self._seen(link, formula)
            return
        rest = frozenset(self.graph.nodes) - frozenset(graph.nodes)
        link = self._turned(link, self.world([node], rest, before))
        self.note(Step(rule="conditional probability", before=link, after=formula, words="of the law derived above"))

    def _turned(self, link: Probability, goal: Probability) -> Probability:
        """Reach P(v | all before, do(rest)) from P(v | district before, do(all others))."""
        kept = _nodes(goal.do)
        link = self._by(rule_3, link, _nodes(link.do) - kept - _nodes(goal.given))
        link = self._by(rule_3, link, (kept | _nodes(goal.given)) - _nodes(link.do) - _nodes(link.given), setting=True)
        return self._by(rule_2, link, _nodes(link.do) & _nodes(goal.given))

    def _seen(self, link: Probability, formula: Probability) -> None:
        """Reach a probability that can be read from data."""
        known = _nodes(formula.given) | formula.regime
        link = self._by(rule_3, link, _nodes(link.do) - known)
        link = self._by(rule_1, link, _nodes(link.given) - known)
        link = self._by(rule_2, link, _nodes(link.do) & _nodes(formula.given))
        if formula.regime:
            self.note(Step(rule="experiment", before=link, after=formula, words=_experiment(formula.regime)))

    def together(self, before: Expression, after: Expression) -> None:
        """Note the whole."""
        if before != after and after != ONE:
            self.note(Step(rule="put together", before=before, after=after, words="all of the above"))


def _nodes(symbols: Symbols) -> Names:
    return frozenset(symbol.node for symbol in symbols)


def _experiment(regime: Names) -> str:
    return f"read from the experiment on {', '.join(sorted(regime))}"
