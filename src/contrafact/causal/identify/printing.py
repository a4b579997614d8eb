"""Formulas as text and as LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterable

from contrafact.causal.identify.expression import (
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
    Zero,
)
from contrafact.causal.writing import shown

_SPECIAL = {char: "\\" + char for char in "#$%&_{}"} | {"\\": r"\textbackslash{}", "^": r"\^{}", "~": r"\~{}"}


def text(expression: Expression) -> str:
    """Write a formula in one line of plain text.

    >>> text(Sum((Symbol("Z"),), Product((Probability((Symbol("Y"),), (Symbol("X"), Symbol("Z"))),))))
    'Σ_Z P(Y | X, Z)'
    """
    return _Plain().write(expression)


def latex(expression: Expression) -> str:
    """Write a formula in LaTeX."""
    return _Latex().write(expression)


class _Plain:
    """Write plain text."""

    times = " "

    def symbol(self, symbol: Symbol) -> str:
        name = shown(symbol.node) + "'" * symbol.primes
        return name if symbol.value is None else f"{name}={symbol.value}"

    def _list(self, symbols: Iterable[Symbol]) -> str:
        return ", ".join(map(self.symbol, symbols))

    def do(self, symbols: Iterable[Symbol]) -> str:
        return f"do({self._list(symbols)})"

    def bar(self) -> str:
        return " | "

    def _known(self, expression: Probability | Expectation) -> str:
        parts = [self.do(expression.do)] if expression.do else []
        parts += [self._list(expression.given)] if expression.given else []
        return self.bar() + ", ".join(parts) if parts else ""

    def sum(self, symbols: Iterable[Symbol]) -> str:
        names = list(map(self.symbol, symbols))
        return f"Σ_{names[0]} " if len(names) == 1 else f"Σ_{{{', '.join(names)}}} "

    def over(self, top: Expression, bottom: Expression) -> str:
        return f"{self._enclosed(top)} / {self._enclosed(bottom)}"

    def _enclosed(self, expression: Expression) -> str:
        simple = isinstance(expression, Probability | Expectation | Sum | Zero) or (
            isinstance(expression, Product) and not expression.factors
        )
        written = self.write(expression)
        return f"[{written}]" if isinstance(expression, Sum) or not simple else written

    def _factor(self, expression: Expression) -> str:
        loose = isinstance(expression, Sum | Difference | AnyValue | Mean | Fraction)
        return f"[{self.write(expression)}]" if loose else self.write(expression)

    def any_value(self, symbols: Iterable[Symbol], body: str) -> str:
        return f"{body}   for any value of {self._list(symbols)}"

    def minus(self) -> str:
        return " - "

    def same(self, one: Symbol, other: Symbol) -> str:
        one, other = (other, one) if other.value is None else (one, other)
        return f"[{self.symbol(one)} = {self.symbol(other) if other.value is None else other.value}]"

    def write(self, expression: Expression) -> str:
        match expression:
            case Probability(of, _, _):
                return f"P({self._list(of)}{self._known(expression)})"
            case Expectation(of, _, _):
                return f"E[{self.symbol(of)}{self._known(expression)}]"
            case Product(factors):
                return self.times.join(map(self._factor, self._ordered(factors))) or "1"
            case Fraction(top, bottom):
                return self.over(top, bottom)
            case Sum(over, body):
                return self.sum(over) + (self._factor(body) if isinstance(body, Difference) else self.write(body))
            case Mean(of, body):
                return f"{self.sum((of,))}{self.symbol(of)}{self.times}{self._factor(body)}"
            case Difference(left, right):
                return f"{self._term(left)}{self.minus()}{self._term(right)}"
            case AnyValue(over, body):
                return self.any_value(over, self.write(body))
            case Same(one, other):
                return self.same(one, other)
        return "0"

    def _term(self, expression: Expression) -> str:
        return (
            f"[{self.write(expression)}]" if isinstance(expression, Sum | AnyValue | Mean) else self.write(expression)
        )

    def _ordered(self, factors: tuple[Expression, ...]) -> list[Expression]:
        """Put sums last, where they need no brackets to the eye."""
        return sorted(factors, key=lambda factor: isinstance(factor, Sum | Fraction))


class _Latex(_Plain):
    """Write LaTeX."""

    times = r" \, "

    def symbol(self, symbol: Symbol) -> str:
        name = "".join(_SPECIAL.get(char, char) for char in symbol.node)
        name = name if re.fullmatch(r"[A-Za-z]\d*", symbol.node) else rf"\mathrm{{{name.replace(' ', '~')}}}"
        name = re.sub(r"^([A-Za-z])(\d+)$", r"\1_{\2}", name) + "'" * symbol.primes
        value = "".join(_SPECIAL.get(char, char) for char in str(symbol.value))
        return name if symbol.value is None else f"{name} = {value}"

    def do(self, symbols: Iterable[Symbol]) -> str:
        return rf"\mathrm{{do}}({self._list(symbols)})"

    def bar(self) -> str:
        return r" \mid "

    def sum(self, symbols: Iterable[Symbol]) -> str:
        return rf"\sum_{{{self._list(symbols)}}} "

    def over(self, top: Expression, bottom: Expression) -> str:
        return rf"\frac{{{self.write(top)}}}{{{self.write(bottom)}}}"

    def _factor(self, expression: Expression) -> str:
        loose = isinstance(expression, Sum | Difference | AnyValue | Mean)
        return rf"\left[{self.write(expression)}\right]" if loose else self.write(expression)

    def _term(self, expression: Expression) -> str:
        return self._factor(expression)

    def any_value(self, symbols: Iterable[Symbol], body: str) -> str:
        return rf"{body} \quad \text{{for any value of }} {self._list(symbols)}"

    def same(self, one: Symbol, other: Symbol) -> str:
        return rf"\mathbf{{1}}{super().same(one, other)}"
