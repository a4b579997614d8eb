"""Formulas computed on tables of probabilities: exact sums over named axes, no sampling.

Where a formula divides by a probability of zero, the data have no support for that cell and it is not a number; a
factor of zero beside it makes the product zero, since that case never occurs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from contrafact.base.errors import DataError, did_you_mean
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
    Symbols,
    Value,
)

if TYPE_CHECKING:
    import pandas as pd

Array = np.ndarray[Any, np.dtype[np.float64]]
Levels = Mapping[str, Sequence[Any]]
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Table:
    """Numbers for all values of some symbols, one axis each."""

    symbols: Symbols
    values: Array


@dataclass(frozen=True)
class Joint:
    """The probabilities of all values of some nodes.

    Arguments:
        nodes: One for each axis.
        levels: The values of each node, in the order of its axis.
        values: The probabilities.
    """

    nodes: tuple[str, ...]
    levels: Levels
    values: Array
    _margins: dict[tuple[str, ...], Array] = field(default_factory=dict, compare=False, repr=False)

    def margin(self, nodes: Sequence[str]) -> Array:
        """Give the probabilities of some nodes, axes in their order."""
        key = tuple(nodes)
        if key not in self._margins:
            rest = tuple(axis for axis, node in enumerate(self.nodes) if node not in key)
            kept = [node for node in self.nodes if node in key]
            self._margins[key] = self.values.sum(axis=rest).transpose([kept.index(node) for node in key])
        return self._margins[key]


def joint_of(series: pd.Series[float], nodes: Iterable[str]) -> Joint:
    """Read a table of probabilities.

    Arguments:
        series: Probabilities; its index names the nodes and holds their values.
        nodes: The nodes that it must be about.

    Raises:
        DataError: It is not about these nodes, or does not hold probabilities.
    """
    names, wanted = [str(name) for name in series.index.names], list(nodes)
    if missing := [node for node in wanted if node not in names]:
        _refuse(f"The joint has no variable '{missing[0]}'", did_you_mean(missing[0], names))
    if strange := [name for name in names if name not in wanted]:
        _refuse(f"The joint has a variable '{strange[0]}' that the graph has not", did_you_mean(strange[0], wanted))
    if len(names) == 1:
        arrays = [np.asarray(series.index)]
    else:
        arrays = [np.asarray(series.index.get_level_values(place)) for place in range(len(names))]
    levels, codes = zip(*(np.unique(array, return_inverse=True) for array in arrays), strict=True)
    values = np.zeros([len(level) for level in levels])
    np.add.at(values, codes, np.asarray(series, dtype=float))
    if not np.isfinite(values).all() or (values < 0).any() or abs(values.sum() - 1) > TOLERANCE:
        _refuse("The joint does not hold probabilities", f"They sum to {values.sum():.6g}; the least is {values.min()}")
    return Joint(tuple(names), {n: level.tolist() for n, level in zip(names, levels, strict=True)}, values)


def _refuse(what: str, why: str) -> None:
    fix = "Give probabilities over a MultiIndex of all observed variables, like frame.value_counts(normalize=True)."
    raise DataError(f"{what}.", why=why, fix=fix, code="E513")


def place_of(node: str, value: Value, levels: Levels, *, default: bool = False) -> int:
    """Find a value among the levels of a node.

    Arguments:
        node: The node.
        value: The value; 1 and 0 that nobody wrote stand for the higher and the lower of two levels.
        levels: The levels of every node.
        default: Whether nobody wrote the value.

    Raises:
        DataError: The node has no such level.
    """
    known = list(levels[node])
    for place, level in enumerate(known):
        if level == value or str(level) == str(value):
            return place
    if default and len(known) == 2:
        return int(value)
    raise DataError(
        f"'{node}' never has the value {value}.",
        why=did_you_mean(str(value), map(str, known)),
        fix=f"Name values that it has: {node}={known[-1]}; of effects ATE({node}: {known[0]} -> {known[-1]}, ...).",
        code="E514",
    )


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What formulas are computed from.

    Arguments:
        joints: A joint for each regime: the set of nodes that were set at random, empty for observations.
        default: Nodes whose values nobody wrote.
    """

    joints: Mapping[frozenset[str], Joint]
    default: frozenset[str] = frozenset()

    def joint(self, regime: frozenset[str]) -> Joint:
        """Give the joint of a regime.

        Raises:
            DataError: It was not given.
        """
        if regime in self.joints:
            return self.joints[regime]
        name = f"the experiment on {', '.join(sorted(regime))}" if regime else "observations"
        raise DataError(
            f"The joint of {name} is needed.",
            why="The formula reads from it.",
            fix="Give it: .evaluate(joint, experiments={'X': probabilities of all variables where X was set}).",
            code="E515",
        )

    @property
    def levels(self) -> Levels:
        """The values of every node."""
        return {node: level for joint in self.joints.values() for node, level in joint.levels.items()}


def evaluate(expression: Expression, sources: Sources) -> Table:
    """Compute a formula for all values of its arguments."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return _value(expression, sources)


def _value(expression: Expression, sources: Sources) -> Table:
    match expression:
        case Probability(of, given, do, regime):
            return _probability(of, (*given, *do), sources.joint(regime), sources)
        case Expectation(of, given, do, regime):
            table = _probability((of,), (*given, *do), sources.joint(regime), sources)
            return _mean(of, table, sources)
        case Product(factors):
            table = Table((), np.array(1.0))
            for factor in factors:
                table = _times(table, _value(factor, sources))
            return table
        case Fraction(top, bottom):
            return _over(_value(top, sources), _value(bottom, sources))
        case Difference(left, right):
            return _minus(_value(left, sources), _value(right, sources))
        case Sum(over, body):
            return _summed(_value(body, sources), over, sources)
        case Mean(of, body):
            return _mean(of, _value(body, sources), sources)
        case AnyValue(over, body):
            return _any(_value(body, sources), over)
        case Same(one, other):
            return _same(one, other, sources)
    return Table((), np.array(0.0))


def _probability(of: Symbols, given: Symbols, joint: Joint, sources: Sources) -> Table:
    every = (*of, *given)
    array = joint.margin([symbol.node for symbol in every])
    if given:
        array = array / array.sum(axis=tuple(range(len(of))), keepdims=True)
    kept = []
    for axis in reversed(range(len(every))):
        symbol = every[axis]
        if symbol.value is None:
            kept.append(symbol)
        else:
            place = place_of(symbol.node, symbol.value, joint.levels, default=symbol.node in sources.default)
            array = np.take(array, [place], axis=axis).squeeze(axis)
    return Table(tuple(reversed(kept)), array)


def _aligned(*tables: Table) -> tuple[Symbols, list[Array]]:
    every = tuple(dict.fromkeys(symbol for table in tables for symbol in table.symbols))
    arrays = []
    for table in tables:
        order = [table.symbols.index(symbol) for symbol in every if symbol in table.symbols]
        shape = iter(table.values.transpose(order).shape)
        full = [next(shape) if symbol in table.symbols else 1 for symbol in every]
        arrays.append(table.values.transpose(order).reshape(full))
    return every, arrays


def _times(one: Table, other: Table) -> Table:
    every, (a, b) = _aligned(one, other)
    return Table(every, np.where((a == 0) | (b == 0), 0.0, a * b))


def _over(top: Table, bottom: Table) -> Table:
    every, (a, b) = _aligned(top, bottom)
    return Table(every, np.where(b == 0, np.nan, a / b))


def _minus(left: Table, right: Table) -> Table:
    every, (a, b) = _aligned(left, right)
    return Table(every, a - b)


def _summed(table: Table, over: Symbols, sources: Sources) -> Table:
    axes = tuple(axis for axis, symbol in enumerate(table.symbols) if symbol in over)
    idle = [symbol for symbol in over if symbol not in table.symbols]
    times = np.prod([len(sources.levels[symbol.node]) for symbol in idle])  # 1 for none
    left = tuple(symbol for symbol in table.symbols if symbol not in over)
    return Table(left, table.values.sum(axis=axes) * times)


def _mean(of: Symbol, table: Table, sources: Sources) -> Table:
    if of not in table.symbols:
        return table
    axis = table.symbols.index(of)
    numbers = numeric_levels(of.node, sources.levels)
    shape = [-1 if place == axis else 1 for place in range(table.values.ndim)]
    weighted = _times(table, Table((of,), numbers)).values
    assert weighted.shape == (table.values * numbers.reshape(shape)).shape
    return Table(tuple(symbol for symbol in table.symbols if symbol != of), weighted.sum(axis=axis))


def numeric_levels(node: str, levels: Levels) -> Array:
    """Give the levels of a node as numbers.

    Raises:
        DataError: They are none.
    """
    try:
        return np.asarray([float(level) for level in levels[node]])
    except (TypeError, ValueError):
        raise DataError(
            f"'{node}' has no mean.",
            why=f"Its values are {', '.join(map(str, levels[node]))}.",
            fix=f"Ask for its distribution, P({node} | do(...)), or code it as numbers.",
            code="E516",
        ) from None


def _any(table: Table, over: Symbols) -> Table:
    """Average over values that make no difference, leaving out those without support."""
    axes = tuple(axis for axis, symbol in enumerate(table.symbols) if symbol in over)
    known = np.isfinite(table.values)
    sums, counts = np.where(known, table.values, 0.0).sum(axis=axes), known.sum(axis=axes)
    left = tuple(symbol for symbol in table.symbols if symbol not in over)
    return Table(left, np.where(counts > 0, sums / np.maximum(counts, 1), np.nan))


def _same(one: Symbol, other: Symbol, sources: Sources) -> Table:
    size = len(sources.levels[one.node])
    places = [
        None if s.value is None else place_of(s.node, s.value, sources.levels, default=s.node in sources.default)
        for s in (one, other)
    ]
    array = np.eye(size)
    if places[1] is not None:
        array = array[:, places[1]]
    if places[0] is not None:
        array = array[places[0]]
    return Table(tuple(s for s, place in zip((one, other), places, strict=True) if place is None), array)
