"""Simplified sums and fractions, and laws: distributions that an identification has at hand.

Every simplification keeps the value: a probability that sums to one is left out, P(a, b) / P(b) becomes P(a | b), equal
factors cancel. A law is either read from data (`Read`: observations, or an experiment), or a formula over some nodes
that an earlier step derived (`Derived`). Shpitser and Pearl's recursion must carry the derived law along: taking its
conditionals from the original data instead is a known mistake, which the napkin graph brings to light.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from contrafact.causal.graph import Graph
from contrafact.causal.identify.expression import (
    ONE,
    ZERO,
    AnyValue,
    Difference,
    Expectation,
    Expression,
    Fraction,
    Mean,
    Probability,
    Product,
    Same,
    Sum,
    Symbol,
    Symbols,
    apart,
    free,
    rebuilt,
    symbols,
)


def of_nodes(nodes: Iterable[str]) -> Symbols:
    """Give the plain symbol of each node."""
    return tuple(Symbol(node) for node in nodes)


def product(factors: Iterable[Expression]) -> Expression:
    """Multiply; products in products are opened, ones left out."""
    flat: list[Expression] = []
    for factor in factors:
        flat += factor.factors if isinstance(factor, Product) else (factor,)
    if ZERO in flat:
        return ZERO
    return flat[0] if len(flat) == 1 else Product(tuple(flat))


def _factors(expression: Expression) -> list[Expression]:
    return list(expression.factors) if isinstance(expression, Product) else [expression]


def fraction(top: Expression, bottom: Expression) -> Expression:
    """Divide; equal factors cancel, and P(a, b) / P(b) is P(a | b)."""
    if bottom == ONE or top == ZERO:
        return top
    if bottom == ZERO:
        return Fraction(top, bottom)
    if isinstance(top, Probability) and isinstance(bottom, Probability):
        merged = _conditional(top, bottom)
        if merged is not None:
            return merged
    tops, bottoms = _factors(top), _factors(bottom)
    for factor in list(bottoms):
        if factor in tops:
            tops.remove(factor)
            bottoms.remove(factor)
    left, right = product(tops), product(bottoms)
    return left if right == ONE else Fraction(left, right)


def _conditional(top: Probability, bottom: Probability) -> Probability | None:
    same = (set(top.given), set(top.do), top.regime) == (set(bottom.given), set(bottom.do), bottom.regime)
    if not same or not set(bottom.of) < set(top.of):
        return None
    rest = tuple(symbol for symbol in top.of if symbol not in bottom.of)
    return Probability(rest, (*bottom.of, *top.given), top.do, top.regime)


def total(over: Iterable[Symbol], body: Expression) -> Expression:
    """Sum over all values of some symbols."""
    left = [symbol for symbol in dict.fromkeys(over) if symbol in free(body)]
    if isinstance(body, Sum):
        body = apart(body, frozenset(left))
        assert isinstance(body, Sum)
        return total((*left, *body.over), body.body)
    factors = _factors(body)
    opened = _opened(left, factors)
    if opened is not None:
        more, inside = _reduced(*opened)
        if len(more) < len(opened[0]):
            return _summed(more, inside)
    return _summed(*_reduced(left, factors))


def _opened(over: list[Symbol], factors: list[Expression]) -> tuple[list[Symbol], list[Expression]] | None:
    """Take the sums among factors that hold a symbol out of their brackets; None where there are none."""
    if not any(isinstance(factor, Sum) and free(factor) & set(over) for factor in factors):
        return None
    more, inside = list(over), list[Expression]()
    for place, factor in enumerate(factors):
        if not isinstance(factor, Sum) or not free(factor) & set(over):
            inside.append(factor)
            continue
        others = [*inside, *factors[place + 1 :]]
        factor = apart(factor, frozenset(more).union(*map(symbols, others)))
        assert isinstance(factor, Sum)
        more += factor.over
        inside += _factors(factor.body)
    return more, inside


def _reduced(over: list[Symbol], factors: list[Expression]) -> tuple[list[Symbol], list[Expression]]:
    """Leave out every symbol that can be summed over at once."""
    while (step := _summed_out(over, factors)) is not None:
        over, factors = step
    return over, factors


def _summed(left: list[Symbol], factors: list[Expression]) -> Expression:
    kept, outside = list[Expression](), list[Expression]()
    for factor in factors:
        (kept if free(factor) & set(left) else outside).append(factor)
    inner = Sum(tuple(left), product(kept)) if left else product(kept)
    return product([*outside, inner])


def _summed_out(over: list[Symbol], factors: list[Expression]) -> tuple[list[Symbol], list[Expression]] | None:
    """Leave out one symbol that can be summed over at once; None where there is none."""
    for symbol in over:
        mine = [factor for factor in factors if symbol in free(factor)]
        if len(mine) > 1 and (merged := _merged(mine)) is not None:
            mine, factors = [merged], [merged if f is mine[0] else f for f in factors if f not in mine[1:]]
        if len(mine) != 1:
            continue
        summed = _sum_of_one(symbol, mine[0])
        if summed is not None:
            rest = [s for s in over if s != symbol]
            return rest, [f for f in (summed if f is mine[0] else f for f in factors) if f != ONE]
    return None


def _merged(factors: Sequence[Expression]) -> Probability | None:
    """Join P(a | b, c) and P(b | c) to P(a, b | c), if nothing else is there."""
    if len(factors) != 2 or not all(isinstance(factor, Probability) for factor in factors):
        return None
    for one, other in (factors, factors[::-1]):
        assert isinstance(one, Probability) and isinstance(other, Probability)
        fits = set(one.given) == {*other.of, *other.given} and set(one.do) == set(other.do)
        if fits and one.regime == other.regime:
            return Probability((*other.of, *one.of), other.given, other.do, other.regime)
    return None


def _sum_of_one(symbol: Symbol, factor: Expression) -> Expression | None:
    if isinstance(factor, Probability) and symbol in factor.of and symbol not in (*factor.given, *factor.do):
        rest = tuple(other for other in factor.of if other != symbol)
        return Probability(rest, factor.given, factor.do, factor.regime) if rest else ONE
    if isinstance(factor, Same):
        return ONE
    if isinstance(factor, Fraction) and symbol not in free(factor.bottom):
        top = total((symbol,), factor.top)
        if alike(top, factor.bottom):
            return ONE
        return None if isinstance(top, Sum) and symbol in top.over else fraction(top, factor.bottom)
    return None


def settled(expression: Expression) -> Expression:
    """Decide what known values decide: two of them are the same or not."""
    if isinstance(expression, Same) and None not in (expression.one.value, expression.other.value):
        return ONE if str(expression.one.value) == str(expression.other.value) else ZERO
    inner = rebuilt(expression, settled)
    if isinstance(inner, Product):
        return product(inner.factors)
    if isinstance(inner, Fraction):
        return fraction(inner.top, inner.bottom)
    return ZERO if isinstance(inner, Sum | AnyValue) and inner.body == ZERO else inner


def alike(one: Expression, other: Expression) -> bool:
    """Tell whether two formulas are the same but for the order of factors and symbols."""
    return one == other or _shape(one) == _shape(other)


def _shape(expression: Expression) -> object:
    match expression:
        case Probability(of, given, do, regime):
            return "P", frozenset(of), frozenset(given), frozenset(do), regime
        case Product(factors):
            return "x", frozenset((_shape(f), factors.count(f)) for f in factors)
        case Fraction(top, bottom):
            return "/", _shape(top), _shape(bottom)
        case Sum(over, body):
            return "+", frozenset(over), _shape(body)
    return expression


def mean(symbol: Symbol, body: Expression) -> Expression:
    """Sum over a symbol its value times a formula, as an expectation where it is one."""
    if body == ZERO:
        return ZERO
    if isinstance(body, AnyValue):
        return AnyValue(body.over, mean(symbol, body.body))
    if isinstance(body, Probability) and body.of == (symbol,):
        return Expectation(symbol, body.given, body.do, body.regime)
    if isinstance(body, Sum):
        inner = mean(symbol, body.body)
        return Mean(symbol, body) if isinstance(inner, Mean) else Sum(body.over, inner)
    factors = _factors(body)
    mine = [factor for factor in factors if symbol in free(factor)]
    if len(mine) == 1 and len(factors) > 1:
        inner = mean(symbol, mine[0])
        if not isinstance(inner, Mean):
            return product(inner if f is mine[0] else f for f in factors)
    if isinstance(body, Fraction) and symbol not in free(body.bottom):
        inner = mean(symbol, body.top)
        if not isinstance(inner, Mean):
            return Fraction(inner, body.bottom)
    return Mean(symbol, body)


def difference(left: Expression, right: Expression) -> Expression:
    """Subtract; what is alike leaves nothing."""
    if right == ZERO:
        return left
    return ZERO if alike(left, right) else Difference(left, right)


@dataclass(frozen=True)
class Read:
    """The law of the nodes of a graph, read from data.

    Arguments:
        whole: The graph of all nodes, with the arrows into the regime's nodes cut.
        regime: The nodes that were set at random.
    """

    whole: Graph
    regime: frozenset[str] = frozenset()

    def joint(self, nodes: Iterable[str]) -> Expression:
        """Give the law of some nodes."""
        names = self.whole.ordered(nodes)
        if not names:
            return ONE
        causes = self.whole.ancestors(names)
        return Probability(of_nodes(names), (), of_nodes(self.whole.ordered(self.regime & causes)), self.regime)

    def conditional(self, node: str, before: frozenset[str], graph: Graph) -> Expression:
        """Give the law of a node given those before it, of which only its district's and their parents matter.

        Arguments:
            node: The node.
            before: Nodes that come before it, closed under causes in `graph`.
            graph: The graph that the law is that of: an ancestral part of the whole.
        """
        part = self.whole.subgraph(before | {node} | self.regime)
        district = part.district(node)
        known = (district | part.parents(district)) - {node}
        given, do = self.whole.ordered(known - self.regime), self.whole.ordered(known & self.regime)
        return Probability((Symbol(node),), of_nodes(given), of_nodes(do), self.regime)

    def within(self, nodes: frozenset[str]) -> Read:
        """Give the law of an ancestral part."""
        return self


@dataclass(frozen=True)
class Derived:
    """The law of some nodes that an earlier step derived; other nodes are arguments of it.

    Arguments:
        nodes: The nodes that it is a law of.
        formula: The formula.
    """

    nodes: frozenset[str]
    formula: Expression

    def joint(self, nodes: Iterable[str]) -> Expression:
        """Give the law of some nodes."""
        return total(of_nodes(sorted(self.nodes - set(nodes))), self.formula)

    def conditional(self, node: str, before: frozenset[str], graph: Graph) -> Expression:
        """Give the law of a node given those before it, both derived from the formula that is carried."""
        top = self.joint((before & self.nodes) | {node})
        return fraction(top, total((Symbol(node),), top))

    def within(self, nodes: frozenset[str]) -> Derived:
        """Sum over all other nodes."""
        return Derived(nodes, self.joint(nodes))


Law = Read | Derived


def closed(formula: Expression, arguments: Iterable[Symbol]) -> Expression:
    """Say of symbols that are no arguments of a question that any of their values will do."""
    loose = free(formula) - frozenset(arguments)
    if not loose:
        return apart(formula)
    return AnyValue(tuple(sorted(loose)), apart(formula))
