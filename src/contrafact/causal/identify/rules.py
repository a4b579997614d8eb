"""The three rules of do-calculus (Pearl 1995, Biometrika 82, 669-688), applied only where they hold.

With G_x for the graph without arrows into x, and G_x,z for one that has also lost the arrows out of z:

1. P(y | do(x), z, w) = P(y | do(x), w)         if y and z are separated by x and w in G_x
2. P(y | do(x), do(z), w) = P(y | do(x), z, w)  if they are so in G_x without the arrows out of z
3. P(y | do(x), do(z), w) = P(y | do(x), w)     if they are so in G_x without the arrows into those of z that cause no w

Every step of a derivation says which rule it used, the separation, the graph in which it was checked, and the formula
before and after. Probability theory supplies the rest: sums, the chain rule, conditional probabilities.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from contrafact.base.errors import UsageError
from contrafact.causal.graph import Graph, Nodes
from contrafact.causal.identify.expression import Expression, Probability, Symbol, Symbols
from contrafact.causal.separation import open_path, separated


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a derivation.

    Arguments:
        rule: The rule's name: rule 1, rule 2, rule 3, sum, chain, put together.
        before: The formula before.
        after: The same after.
        ones: What is separated.
        others: From what.
        given: By what.
        cut_into: Nodes whose incoming arrows are cut where the separation was checked.
        cut_out_of: Nodes whose outgoing arrows are cut there.
        words: Why, where no separation is needed.
    """

    rule: str
    before: Expression | str
    after: Expression | str
    ones: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    cut_into: tuple[str, ...] = ()
    cut_out_of: tuple[str, ...] = ()
    words: str = ""

    def holds(self, graph: Graph) -> bool:
        """Check the separation that the step rests on."""
        cut = graph.without_into(self.cut_into).without_out_of(self.cut_out_of)
        return separated(cut, self.ones, self.others, self.given)

    @property
    def reason(self) -> str:
        """Say in words what the step rests on."""
        if not self.ones:
            return self.words
        given = f" | {', '.join(self.given)}" if self.given else ""
        cuts = [f"into {', '.join(self.cut_into)}"] if self.cut_into else []
        cuts += [f"out of {', '.join(self.cut_out_of)}"] if self.cut_out_of else []
        where = f"in the graph without arrows {' and '.join(cuts)}" if cuts else "in the graph"
        return f"{', '.join(self.ones)} ⟂ {', '.join(self.others)}{given} {where}"

    def __str__(self) -> str:
        return f"{self.before} = {self.after}   [{self.rule}: {self.reason}]"


def _split(given: Symbols, nodes: Iterable[str]) -> tuple[Symbols, Symbols]:
    chosen = set(nodes)
    return tuple(s for s in given if s.node in chosen), tuple(s for s in given if s.node not in chosen)


def _names(given: Iterable[Symbol]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(symbol.node for symbol in given))


def _interventional(graph: Graph, of: Symbols, given: Symbols, do: Symbols) -> Probability:
    place = graph.order.index
    do = tuple(sorted(do, key=lambda symbol: place(symbol.node)))
    return Probability(of, given, do, frozenset(_names(do)))


def _checked(graph: Graph, step: Step) -> Step:
    if not step.holds(graph):
        cut = graph.without_into(step.cut_into).without_out_of(step.cut_out_of)
        paths = (open_path(cut, a, b, step.given) for a in step.ones for b in step.others)
        raise UsageError(
            f"{step.rule.capitalize()} cannot turn {step.before} into {step.after}.",
            why=f"It needs {step.reason}, but the path {next(path for path in paths if path)} is open.",
            fix="Use another rule, or another set of nodes.",
            code="E512",
        )
    return step


def rule_1(graph: Graph, before: Probability, nodes: Nodes) -> Step:
    """Leave out observations that tell nothing more.

    Arguments:
        graph: The causal graph.
        before: P(y | do(x), z, w).
        nodes: The nodes z.

    Raises:
        UsageError: The separation that the rule needs does not hold.
    """
    gone, kept = _split(before.given, graph._known(nodes))
    return _checked(
        graph,
        Step(
            rule="rule 1",
            before=before,
            after=_interventional(graph, before.of, kept, before.do),
            ones=_names(before.of),
            others=_names(gone),
            given=_names((*before.do, *kept)),
            cut_into=_names(before.do),
        ),
    )


def rule_2(graph: Graph, before: Probability, nodes: Nodes) -> Step:
    """Take nodes that are set for nodes that are seen, or nodes that are seen for nodes that are set.

    Arguments:
        graph: The causal graph.
        before: P(y | do(x), do(z), w), or P(y | do(x), z, w).
        nodes: The nodes z, all of them set or all of them seen.

    Raises:
        UsageError: The separation that the rule needs does not hold.
    """
    chosen = graph._known(nodes)
    done, do = _split(before.do, chosen)
    seen, given = _split(before.given, chosen)
    after = _interventional(graph, before.of, (*done, *given), (*do, *seen))
    return _checked(
        graph,
        Step(
            rule="rule 2",
            before=before,
            after=after,
            ones=_names(before.of),
            others=_names((*done, *seen)),
            given=_names((*do, *given)),
            cut_into=_names(do),
            cut_out_of=_names((*done, *seen)),
        ),
    )


def rule_3(graph: Graph, before: Probability, nodes: Nodes, *, setting: bool = False) -> Step:
    """Leave out nodes that are set and change nothing, or set some more that change nothing.

    Arguments:
        graph: The causal graph.
        before: P(y | do(x), do(z), w), or P(y | do(x), w).
        nodes: The nodes z.
        setting: Set them rather than leave them out.

    Raises:
        UsageError: The separation that the rule needs does not hold.
    """
    chosen = graph._known(nodes)
    do = before.do if setting else _split(before.do, chosen)[1]
    added = (*before.do, *(Symbol(node) for node in graph.ordered(chosen)))
    cut = graph.without_into(_names(do))
    no_cause = chosen - cut.ancestors(_names(before.given))
    return _checked(
        graph,
        Step(
            rule="rule 3",
            before=before,
            after=_interventional(graph, before.of, before.given, added if setting else do),
            ones=_names(before.of),
            others=graph.ordered(chosen),
            given=_names((*do, *before.given)),
            cut_into=graph.ordered((*_names(do), *no_cause)),
        ),
    )
