"""Formulas over probabilities: trees that can be compared, renamed, simplified, printed and computed.

A symbol stands for a value of a node. Free symbols are arguments of the formula; a Sum binds the symbols that it runs
over. Two values of one node in one formula are told apart by primes, X and X'. `law.total` and `law.fraction` build
simplified trees; `printing` writes them; `evaluate` computes them on tables of probabilities.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

Value = str | int | float | bool


@dataclass(frozen=True, slots=True, order=True)
class Symbol:
    """A value of a node.

    Arguments:
        node: The node.
        primes: Tells several values of one node apart.
        value: The value, where it is known.
    """

    node: str
    primes: int = 0
    value: Value | None = None

    def __hash__(self) -> int:
        return hash((self.node, self.primes, self.value))


Symbols = tuple[Symbol, ...]
Renaming = Mapping[Symbol, Symbol]


class Expression:
    """A formula."""

    __slots__ = ()

    def __str__(self) -> str:
        from contrafact.causal.identify.printing import text

        return text(self)


@dataclass(frozen=True, slots=True)
class Probability(Expression):
    """P(of | given) where the nodes of `regime` were set at random; `do` are those among them that matter.

    Arguments:
        of: What it is the probability of.
        given: What is known.
        do: What was set, and to what.
        regime: All nodes that were set in the data that it is read from; none in observations.
    """

    of: Symbols
    given: Symbols = ()
    do: Symbols = ()
    regime: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Expectation(Expression):
    """E[of | given]: the mean of a node in the same kind of data."""

    of: Symbol
    given: Symbols = ()
    do: Symbols = ()
    regime: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Product(Expression):
    """A product; of nothing it is 1."""

    factors: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Fraction(Expression):
    """One formula over another."""

    top: Expression
    bottom: Expression


@dataclass(frozen=True, slots=True)
class Sum(Expression):
    """A sum over all values of some symbols."""

    over: Symbols
    body: Expression


@dataclass(frozen=True, slots=True)
class Mean(Expression):
    """The sum over a symbol of its value times a formula."""

    of: Symbol
    body: Expression


@dataclass(frozen=True, slots=True)
class Difference(Expression):
    """One formula less another."""

    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class AnyValue(Expression):
    """A formula that has the same value whatever some of its symbols are, by the graph."""

    over: Symbols
    body: Expression


@dataclass(frozen=True, slots=True)
class Same(Expression):
    """1 where two symbols have the same value, else 0."""

    one: Symbol
    other: Symbol


@dataclass(frozen=True, slots=True)
class Zero(Expression):
    """Nothing: the graph says so."""


ONE = Product(())
ZERO = Zero()


def parts(expression: Expression) -> tuple[Expression, ...]:
    """Give the formulas that a formula is made of."""
    match expression:
        case Product(factors):
            return factors
        case Fraction(top, bottom):
            return (top, bottom)
        case Difference(left, right):
            return (left, right)
        case Sum(_, body) | AnyValue(_, body) | Mean(_, body):
            return (body,)
    return ()


def bound(expression: Expression) -> Symbols:
    """Give the symbols that a formula itself binds."""
    match expression:
        case Sum(over, _) | AnyValue(over, _):
            return over
        case Mean(of, _):
            return (of,)
    return ()


def own(expression: Expression) -> Symbols:
    """Give the symbols that a formula itself mentions, outside of its parts."""
    match expression:
        case Probability(of, given, do):
            return (*of, *given, *do)
        case Expectation(_, given, do):
            return (*given, *do)
        case Same(one, other):
            return (one, other)
    return ()


def free(expression: Expression) -> frozenset[Symbol]:
    """Give the symbols that are arguments of a formula; those with a known value are none."""
    mentioned = frozenset(symbol for symbol in own(expression) if symbol.value is None)
    return mentioned.union(*map(free, parts(expression))) - frozenset(bound(expression))


def symbols(expression: Expression) -> frozenset[Symbol]:
    """Give all symbols of a formula."""
    return frozenset((*own(expression), *bound(expression))).union(*map(symbols, parts(expression)))


def leaves(expression: Expression) -> Iterable[Probability | Expectation]:
    """Give the probabilities and expectations that a formula is made of."""
    if isinstance(expression, Probability | Expectation):
        yield expression
    for part in parts(expression):
        yield from leaves(part)


def rebuilt(expression: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """Make the same kind of formula of changed parts."""
    match expression:
        case Product(factors):
            return Product(tuple(map(change, factors)))
        case Fraction(top, bottom):
            return Fraction(change(top), change(bottom))
        case Difference(left, right):
            return Difference(change(left), change(right))
        case Sum(over, body):
            return Sum(over, change(body))
        case AnyValue(over, body):
            return AnyValue(over, change(body))
        case Mean(of, body):
            return Mean(of, change(body))
    return expression


def renamed(expression: Expression, names: Renaming) -> Expression:
    """Replace free symbols; bound ones that would catch a new symbol get primes first."""
    names = {old: new for old, new in names.items() if old not in bound(expression)}
    if not names:
        return expression
    caught = frozenset(bound(expression)) & (set(names.values()) | free(expression))
    if caught:
        taken = symbols(expression) | frozenset(names.values())
        fresh: dict[Symbol, Symbol] = {}
        for symbol in sorted(caught, key=lambda s: (s.node, s.primes)):
            fresh[symbol] = unused(symbol, taken | frozenset(fresh.values()))
        expression = _rebound(expression, fresh)
    return _with_own(rebuilt(expression, lambda part: renamed(part, names)), names)


def unused(symbol: Symbol, taken: Iterable[Symbol]) -> Symbol:
    """Give a symbol of the same node that is not taken yet."""
    used = {(s.node, s.primes) for s in taken if s.value is None}
    primes = symbol.primes
    while (symbol.node, primes) in used:
        primes += 1
    return Symbol(symbol.node, primes)


def _rebound(expression: Expression, names: Renaming) -> Expression:
    """Rename symbols that a formula binds."""
    inner = rebuilt(expression, lambda part: renamed(part, names))
    match inner:
        case Sum(over, body):
            return Sum(_all(over, names), body)
        case AnyValue(over, body):
            return AnyValue(_all(over, names), body)
        case Mean(of, body):
            return Mean(names.get(of, of), body)
    return inner


def _all(given: Symbols, names: Renaming) -> Symbols:
    return tuple(names.get(symbol, symbol) for symbol in given)


def _with_own(expression: Expression, names: Renaming) -> Expression:
    match expression:
        case Probability(of, given, do):
            return replace(expression, of=_all(of, names), given=_all(given, names), do=_all(do, names))
        case Expectation(_, given, do):
            return replace(expression, given=_all(given, names), do=_all(do, names))
        case Same(one, other):
            return Same(names.get(one, one), names.get(other, other))
    return expression


def apart(expression: Expression, taken: frozenset[Symbol] = frozenset()) -> Expression:
    """Give bound symbols primes, so that none has the name of an argument or of another one around it."""
    taken = taken | free(expression)
    caught = [symbol for symbol in bound(expression) if symbol in taken]
    if caught:
        fresh: dict[Symbol, Symbol] = {}
        for symbol in caught:
            fresh[symbol] = unused(symbol, taken | symbols(expression) | frozenset(fresh.values()))
        expression = _rebound(expression, fresh)
    inner = taken | frozenset(bound(expression))
    return rebuilt(expression, lambda part: apart(part, inner))
