"""Formulas keep their value when they are renamed and simplified, and are written so that they can be read."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from oracles import Tables

from contrafact.causal.graph import Graph
from contrafact.causal.identify.evaluate import Sources, evaluate, joint_of
from contrafact.causal.identify.expression import (
    ONE,
    ZERO,
    AnyValue,
    Difference,
    Expression,
    Fraction,
    Mean,
    Probability,
    Product,
    Same,
    Sum,
    Symbol,
    apart,
    free,
    renamed,
)
from contrafact.causal.identify.law import alike, difference, fraction, mean, product, settled, total
from contrafact.causal.identify.printing import latex, text

A, B, C, D = (Symbol(node) for node in "ABCD")
NODES = (A, B, C, D)
GRAPH = Graph("A -> B; A -> C; B -> D; C -> D; A <-> D")
SOURCES = Sources(
    joints={frozenset(): joint_of(Tables(GRAPH, np.random.default_rng(0), levels={"B": 3}).series(), "ABCD")}
)


def value(expression: Expression) -> np.ndarray:
    """Compute a formula, axes in the order of the symbols' names."""
    table = evaluate(expression, SOURCES)
    order = sorted(range(len(table.symbols)), key=lambda place: table.symbols[place])
    return table.values.transpose(order)


def random_probability(random: np.random.Generator) -> Probability:
    nodes = [NODES[i] for i in random.permutation(4)]
    cut = int(random.integers(1, 4))
    return Probability(tuple(nodes[:cut]), tuple(nodes[cut : cut + int(random.integers(0, 5 - cut))]))


@pytest.mark.parametrize("seed", range(150))
def test_sums_and_fractions_keep_their_value_when_simplified(seed):
    random = np.random.default_rng(seed)
    factors = [random_probability(random) for _ in range(random.integers(1, 4))]
    over = tuple(symbol for symbol in NODES if random.random() < 0.6 and symbol in free(Product(tuple(factors))))
    plain: Expression = Sum(over, Product(tuple(factors))) if over else Product(tuple(factors))
    short = total(over, product(factors))
    assert free(short) <= free(plain)
    everything = Product((plain, *(Probability((s,), (s,)) for s in ())))
    wide = np.broadcast_arrays(_spread(everything), _spread(short))
    np.testing.assert_allclose(wide[0], wide[1], rtol=1e-10)
    other = total(over[:1], product([short, factors[0]]))
    ratio, long = fraction(short, other), Fraction(short, other)
    np.testing.assert_allclose(*np.broadcast_arrays(_spread(ratio), _spread(long)), rtol=1e-10)


def _spread(expression: Expression) -> np.ndarray:
    """Compute a formula with an axis for every node."""
    table = evaluate(expression, SOURCES)
    order = sorted(range(len(table.symbols)), key=lambda place: table.symbols[place])
    sizes = [2, 3, 2, 2]
    shape = [sizes["ABCD".index(s.node)] if s in table.symbols else 1 for s in NODES]
    return table.values.transpose(order).reshape(shape)


def test_laws_of_probability_are_used():
    chain = product([Probability((A,), (B,)), Probability((B,))])
    assert total([B], chain) == Probability((A,)) and total([A], chain) == Probability((B,))
    assert total([A, B], chain) == ONE
    assert fraction(Probability((A, B), (C,)), Probability((B,), (C,))) == Probability((A,), (B, C))
    ratio = Fraction(Sum((C,), product([Probability((A,), (B, C)), Probability((C,))])), ONE)
    assert fraction(product([ratio, chain]), ratio) == chain
    assert total([A], Fraction(Probability((A, C), (B,)), total([A], Probability((A, C), (B,))))) == ONE
    assert alike(product([Probability((A, B)), Probability((C,))]), product([Probability((C,)), Probability((B, A))]))
    assert difference(chain, chain) == ZERO and difference(chain, ZERO) == chain


def test_a_bound_symbol_never_catches_a_free_one():
    inner = Sum((A,), product([Probability((A,)), Probability((B,), (A, C))]))
    swapped = renamed(inner, {C: A})
    assert free(swapped) == {A, B} and "A'" in text(swapped)
    given_a = np.einsum("x,xab->ab", value(Probability((A,))), value(Probability((B,), (A, C))).transpose(0, 2, 1))
    expected = Sum((A,), product([Probability((A,)), Probability((B,), (A, C))]))
    np.testing.assert_allclose(value(expected), given_a.T if value(expected).shape != given_a.shape else given_a)
    assert renamed(inner, {A: C}) == inner  # A is not free in it


def test_sums_inside_of_sums_get_names_of_their_own():
    nested = Sum((A,), product([Probability((A,)), Sum((A,), product([Probability((A,)), Probability((B,), (A,))]))]))
    shown = apart(nested)
    assert text(shown) == "Σ_A P(A) [Σ_A' P(A') P(B | A')]"
    np.testing.assert_allclose(value(shown), value(nested))


def test_means_become_expectations_where_they_can():
    law = Sum((C,), product([Probability((D,), (B, C)), Probability((C,))]))
    assert text(mean(D, law)) == "Σ_C E[D | B, C] P(C)"
    np.testing.assert_allclose(value(mean(D, law)), value(Mean(D, law)))
    ratio = Fraction(product([Probability((D,), (B,)), Probability((D,), (C,))]), Probability((B,)))
    assert isinstance(mean(D, ratio), Mean)
    assert mean(D, ZERO) == ZERO


def test_known_values_are_taken_from_their_axes():
    one = Symbol("A", 0, 1)
    np.testing.assert_allclose(value(Probability((B,), (one,))), value(Probability((B,), (A,)))[1])
    np.testing.assert_allclose(value(Sum((B,), Probability((B, one)))), value(Probability((A,)))[1])
    assert free(Probability((B,), (one,))) == {B}
    assert value(Same(one, Symbol("A", 0, 1))) == 1 and value(Same(one, Symbol("A", 0, 0))) == 0
    np.testing.assert_allclose(value(Same(A, one)), [0, 1])
    assert settled(Same(one, Symbol("A", 0, 1))) == ONE
    assert settled(Product((Same(one, Symbol("A", 0, 0)), Probability((B,))))) == ZERO


def test_a_sum_over_what_a_formula_does_not_mention_counts_its_levels():
    assert np.allclose(value(Sum((B,), Probability((A,)))), 3 * value(Probability((A,))))


def test_what_makes_no_difference_is_averaged_over():
    constant = AnyValue((C,), product([Probability((A,)), Sum((C,), Probability((C,)))]))
    np.testing.assert_allclose(value(constant), value(Probability((A,))))


@pytest.mark.parametrize(
    ("expression", "plain", "tex"),
    [
        (Probability((A, B)), "P(A, B)", r"P(A, B)"),
        (
            Probability((A,), (Symbol("B", 1),), (Symbol("C", 0, "high"),), frozenset("C")),
            "P(A | do(C=high), B')",
            r"P(A \mid \mathrm{do}(C = \mathrm{high}), B')",
        ),
        (Fraction(Probability((A,)), Probability((B,))), "P(A) / P(B)", r"\frac{P(A)}{P(B)}"),
        (Sum((A, B), Probability((A, B))), "Σ_{A, B} P(A, B)", r"\sum_{A, B} P(A, B)"),
        (Difference(Probability((A,)), ZERO), "P(A) - 0", r"P(A) - 0"),
        (Mean(A, Probability((A,))), "Σ_A A P(A)", r"\sum_{A} A \, P(A)"),
        (
            AnyValue((C,), Probability((A,), (C,))),
            "P(A | C)   for any value of C",
            r"P(A \mid C) \quad \text{for any value of } C",
        ),
        (Same(A, Symbol("A", 0, 1)), "[A = 1]", r"\mathbf{1}[A = 1]"),
        (ONE, "1", "1"),
        (Probability((Symbol("X1"), Symbol("my_var 50%"))), 'P(X1, "my_var 50%")', r"P(X_{1}, \mathrm{my\_var~50\%})"),
    ],
)
def test_formulas_are_written_as_text_and_latex(expression, plain, tex):
    assert text(expression) == str(expression) == plain
    assert latex(expression).replace(r"\mathrm{high}", "high") == tex.replace(r"\mathrm{high}", "high")
    assert latex(expression).count("{") == latex(expression).count("}")


def test_every_order_of_summation_gives_the_same():
    body = product([Probability((D,), (B, C)), Probability((B,), (A,)), Probability((C,), (A,)), Probability((A,))])
    values = [value(total(order, body)) for order in itertools.permutations([A, B, C])]
    for each in values[1:]:
        np.testing.assert_allclose(each, values[0])
