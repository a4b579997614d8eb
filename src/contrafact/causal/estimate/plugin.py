"""Any formula on counted columns: probabilities are shares of rows, intervals come from drawing the rows again.

Columns of many values are cut at quantiles, coarsely enough that cells have rows; the outcome keeps the mean of each
part. What is computed is then exact for the shares as they are. Drawing rows again is drawing counts of cells, so that
five hundred refits cost as much as the sums.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from contrafact.base.errors import DataError
from contrafact.base.seeds import generator
from contrafact.causal.estimate.columns import Array, numbers
from contrafact.causal.estimate.doubly import Estimate
from contrafact.causal.identify.answer import Identified
from contrafact.causal.identify.evaluate import Joint, Sources, evaluate
from contrafact.causal.identify.expression import Expression, Symbol, leaves

if TYPE_CHECKING:
    import pandas as pd

DRAWS, MOST_CELLS, ROWS_A_CELL, MOST_PARTS, MOST_UNDEFINED = 500, 2_000_000, 5, 8, 0.05
Codes = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Counted:
    """Columns as levels.

    Arguments:
        nodes: The columns.
        levels: The levels of each, the mean of the part where it was cut.
        codes: The level of each row, a column for each.
        cut: What was cut, in words.
    """

    nodes: tuple[str, ...]
    levels: dict[str, list[Any]]
    codes: Codes
    cut: tuple[str, ...]

    def joint(self, weights: Array) -> Joint:
        """Give the shares of all cells.

        Arguments:
            weights: How often each occupied cell was drawn.
        """
        shape = [len(self.levels[node]) for node in self.nodes]
        values = np.zeros(math.prod(shape))
        values[self.places] = weights
        return Joint(self.nodes, self.levels, values.reshape(shape) / values.sum())

    @property
    def places(self) -> Codes:
        """The occupied cells, each a place in the flattened table."""
        return np.unique(self._flat)

    @property
    def counts(self) -> Array:
        """How many rows each occupied cell has."""
        return np.unique(self._flat, return_counts=True)[1].astype(float)

    @property
    def _flat(self) -> Codes:
        shape = [len(self.levels[node]) for node in self.nodes]
        return np.asarray(np.ravel_multi_index(tuple(self.codes.T), tuple(shape)), dtype=np.int64)


def nodes_of(formula: Expression) -> frozenset[str]:
    """Name the nodes that a formula speaks of."""
    return frozenset(symbol.node for leaf in leaves(formula) for symbol in (*leaf_symbols(leaf),))


def leaf_symbols(leaf: Any) -> tuple[Symbol, ...]:
    """Give the symbols of a probability or a mean."""
    of = (leaf.of,) if isinstance(leaf.of, Symbol) else leaf.of
    return (*of, *leaf.given, *leaf.do)


def counted(frame: pd.DataFrame, nodes: tuple[str, ...], whole: frozenset[str] = frozenset()) -> Counted:
    """Turn columns into levels.

    Arguments:
        frame: The data, without holes in these columns.
        nodes: The columns.
        whole: Those that are never cut: treatments that somebody named values of.

    Raises:
        DataError: There are more cells than can be summed.
    """
    distinct = {node: int(frame[node].nunique()) for node in nodes}
    parts = _parts(distinct, len(frame), whole)
    levels, columns, told = {}, [], []
    for node in nodes:
        values = numbers(frame[node])
        if values is not None and distinct[node] > parts and node not in whole:
            names, codes = _cut(values, parts)
            told.append(f"'{node}' was cut into {len(names)} parts of equal numbers of rows, each given its mean.")
        else:
            cells = values if values is not None else frame[node].astype(str).to_numpy()
            found, codes = np.unique(cells, return_inverse=True)
            names = [_whole(level) for level in found.tolist()]
        levels[node] = names
        columns.append(codes)
    if math.prod(len(each) for each in levels.values()) > MOST_CELLS:
        raise DataError(
            "The formula speaks of too many cells to count.",
            why=f"{', '.join(f'{node} ({len(each)})' for node, each in levels.items())} levels multiply.",
            fix="Merge levels of the largest columns, or state a graph with fewer nodes between.",
            code="E528",
        )
    return Counted(nodes=nodes, levels=levels, codes=np.column_stack(columns), cut=tuple(told))


def plug_in(found: Identified, table: Counted, seed: int = 0) -> Estimate:
    """Compute a formula from shares of rows, with an interval from drawing rows again.

    Arguments:
        found: The identified question; its answer must be one number.
        table: The columns as levels.
        seed: Seeds the draws.

    Raises:
        DataError: The formula conditions on cells that never occur.
    """
    assert found.formula is not None
    counts, rows = table.counts, len(table.codes)
    value = _value(found, table.joint(counts))
    if not math.isfinite(value):
        found._number(value)
    random = generator(seed, "plug-in")
    draws = np.array(
        [_value(found, table.joint(random.multinomial(rows, counts / rows).astype(float))) for _ in range(DRAWS)]
    )
    known = draws[np.isfinite(draws)]
    lost = 1 - len(known) / DRAWS
    told = [f"The interval comes from {DRAWS} refits on rows drawn again.", *table.cut]
    if lost > MOST_UNDEFINED:
        told.append(
            f"In {lost:.0%} of the refits a cell that the formula needs was empty: the interval leaves them out."
        )
    ends = np.quantile(known, (0.025, 0.975)) if len(known) > DRAWS / 4 else (-math.inf, math.inf)
    return Estimate(
        value=value,
        error=float(known.std()) if len(known) else math.inf,
        low=min(float(ends[0]), value),
        high=max(float(ends[1]), value),
        rows=rows,
        notes=tuple(told),
        details={"cells": float(len(counts)), "refits": float(DRAWS)},
    )


def _value(found: Identified, joint: Joint) -> float:
    assert found.formula is not None
    table = evaluate(found.formula, Sources(joints={frozenset(): joint}, default=found.query.default))
    return float(table.values) if table.values.ndim == 0 else math.nan


def _parts(distinct: dict[str, int], rows: int, whole: frozenset[str]) -> int:
    """Choose how many parts many-valued columns are cut into, so that an average cell has rows."""
    for parts in range(MOST_PARTS, 2, -1):
        cells = math.prod(n if node in whole else min(n, parts) for node, n in distinct.items())
        if cells * ROWS_A_CELL <= rows:
            return parts
    return 2


def _cut(values: Array, parts: int) -> tuple[list[Any], Codes]:
    edges = np.unique(np.quantile(values, np.arange(1, parts) / parts))
    codes = np.unique(np.searchsorted(edges, values, side="left"), return_inverse=True)[1]
    means = np.bincount(codes, values) / np.bincount(codes)
    return means.tolist(), codes


def _whole(level: Any) -> Any:
    return int(level) if isinstance(level, float) and level == int(level) else level
