"""What a graph says about data, and whether the data agree.

Two nodes that no edge joins, and that some set of others separates, must be independent given that set: one testable
statement for each such pair, with a smallest set that separates them. Together they hold a graph without hidden causes
to account completely. Graphs with hidden causes may say more, in the form of equalities that are no independences
(Verma and Pearl 1990); those are listed by `nested`.

A statement is tested by the generalised covariance measure (Shah and Peters 2020, Annals of Statistics 48): both sides
are regressed on the given columns and random waves over them, by ridge regressions whose penalty misses left-out rows
least, and what is missed must be uncorrelated; levels become columns of zeros and ones, and the largest correlation is
compared with what random weights give. Where all columns have few levels a likelihood-ratio test within strata is used,
which needs no model. `test="linear"` asks for the partial correlation. P-values are adjusted for their number after
Holm (1979).
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from contrafact.base.errors import DataError, did_you_mean
from contrafact.base.seeds import generator
from contrafact.causal.graph import Graph
from contrafact.causal.separation import minimal_separator
from contrafact.causal.writing import shown

if TYPE_CHECKING:
    import pandas as pd

Array = np.ndarray[Any, np.dtype[np.float64]]
Test = Literal["auto", "linear", "covariance", "strata"]
FEW_LEVELS, LEAST_ROWS, WEIGHINGS, ROWS_A_CELL = 8, 20, 2000, 5
WAVES, WIDTHS, PENALTIES = 40, (0.5, 1.0, 2.0), tuple(10.0**power for power in range(-6, 1))


@dataclass(frozen=True, kw_only=True)
class Implication:
    """One statement of independence.

    Arguments:
        one: A node.
        other: Another.
        given: What they are independent given.
    """

    one: str
    other: str
    given: tuple[str, ...] = ()

    def __str__(self) -> str:
        known = f" | {', '.join(map(shown, self.given))}" if self.given else ""
        return f"{shown(self.one)} ⟂ {shown(self.other)}{known}"


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A statement held against data.

    Arguments:
        implication: The statement.
        test: How it was tested.
        statistic: The test's statistic.
        p: Its p-value.
        adjusted: The p-value adjusted for the number of statements.
        rows: How many rows were complete.
        holds: Whether the data are at ease with it.
    """

    implication: Implication
    test: str
    statistic: float
    p: float
    adjusted: float
    rows: int
    holds: bool

    def __str__(self) -> str:
        end = "holds" if self.holds else "FAILS"
        return (
            f"{self.implication} {end} (p = {self.p:.3g}, adjusted {self.adjusted:.3g}, {self.test}, n = {self.rows:,})"
        )


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """All statements of a graph held against data.

    Arguments:
        checks: One for each statement.
        alpha: The level: the chance that a right graph is contradicted at all.
    """

    checks: tuple[Checked, ...]
    alpha: float

    @property
    def holds(self) -> bool:
        """Whether no statement is contradicted."""
        return all(check.holds for check in self.checks)

    @property
    def verdict(self) -> str:
        """One sentence."""
        if not self.checks:
            return "The graph says nothing that these data could contradict."
        kept = sum(check.holds for check in self.checks)
        failed = "; ".join(str(check) for check in self.checks if not check.holds)
        return f"Graph implications {kept}/{len(self.checks)} hold" + (f": {failed}" if failed else ".")

    def to_json(self) -> dict[str, Any]:
        """Give the record as JSON-ready values."""
        rows = [
            {"statement": str(c.implication), "test": c.test, "p": c.p, "adjusted": c.adjusted, "holds": c.holds}
            for c in self.checks
        ]
        return {"holds": self.holds, "alpha": self.alpha, "checks": rows}

    def __str__(self) -> str:
        return "\n".join([self.verdict, *(f"  {check}" for check in self.checks)])

    def _repr_html_(self) -> str:
        rows = "".join(f"<li>{html.escape(str(check))}</li>" for check in self.checks)
        return f"<div><p>{html.escape(self.verdict)}</p><ul>{rows}</ul></div>"


def implications(graph: Graph, limit: int | None = None) -> tuple[Implication, ...]:
    """List what a graph says: for each pair that can be separated, a minimal set that does it.

    Arguments:
        graph: The graph.
        limit: How many at most; all if not given.

    >>> [str(each) for each in implications(Graph("W -> X -> Y; W -> Z -> Y"))]
    ['W ⟂ Y | X, Z', 'X ⟂ Z | W']
    """
    shown_graph = graph.projected()
    joined = {frozenset(pair) for pair in (*shown_graph.directed, *shown_graph.bidirected)}
    found: list[Implication] = []
    for one, other in combinations(shown_graph.nodes, 2):
        if frozenset((one, other)) in joined or len(found) == limit:
            continue
        given = minimal_separator(shown_graph, one, other)
        if given is not None:
            found.append(Implication(one=one, other=other, given=shown_graph.sorted(given)))
    return tuple(found)


def check_implications(
    graph: Graph, frame: pd.DataFrame, *, alpha: float = 0.05, test: Test = "auto", seed: int = 0
) -> Verdict:
    """Hold a graph against data.

    Arguments:
        graph: The graph; its observed nodes are columns.
        frame: The data; rows with holes in the columns of a statement are left out of its test.
        alpha: The chance that a right graph is contradicted at all.
        test: auto, linear (partial correlation), covariance, or strata.
        seed: Seeds the random weights.

    Raises:
        DataError: A node is no column, or too few rows are complete.
    """
    statements = implications(graph)
    for node in graph.observed:
        if node not in frame.columns:
            raise DataError(
                f"The data have no column '{node}'.",
                why=did_you_mean(node, map(str, frame.columns)),
                fix="Rename it, or mark the node as hidden: Graph(..., latent=[...]).",
                code="E518",
            )
    found = [_tested(each, frame, test, seed) for each in statements]
    adjusted = _holm([p for _, _, p, _ in found])
    return Verdict(
        checks=tuple(
            Checked(implication=each, test=name, statistic=value, p=p, adjusted=a, rows=rows, holds=a >= alpha)
            for each, (name, value, p, rows), a in zip(statements, found, adjusted, strict=True)
        ),
        alpha=alpha,
    )


def _holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values so that the chance of any false alarm is kept."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, least = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = least
    return adjusted


def _tested(statement: Implication, frame: pd.DataFrame, test: Test, seed: int) -> tuple[str, float, float, int]:
    columns = [statement.one, statement.other, *statement.given]
    part = frame[columns].dropna()
    if len(part) < LEAST_ROWS:
        raise DataError(
            f"{statement} cannot be tested on {len(part)} rows.",
            why=f"That many are complete in {', '.join(columns)}; at least {LEAST_ROWS} are needed.",
            fix="Fill holes first, or give more rows.",
            code="E518",
        )
    if test == "strata" or (test == "auto" and _is_small(part)):
        return "strata", *_strata(part, statement), len(part)
    if test == "linear":
        return "partial correlation", *_partial(part, statement), len(part)
    value, p = _covariance(part, statement, generator(seed, "implications", str(statement)))
    return "generalised covariance", value, p, len(part)


def _is_small(part: pd.DataFrame) -> bool:
    """Tell whether columns have so few levels that every cell can be counted."""
    levels = [part[name].nunique() for name in part]
    return max(levels) <= FEW_LEVELS and len(part) >= ROWS_A_CELL * math.prod(levels)


def _codes(column: pd.Series[Any]) -> np.ndarray[Any, np.dtype[np.int64]]:
    import pandas as pd

    return np.asarray(pd.factorize(column)[0], dtype=np.int64)


def _strata(part: pd.DataFrame, statement: Implication) -> tuple[float, float]:
    """Compare observed with expected counts in each stratum; strata add up (the G test)."""
    from scipy.stats import chi2

    one, other = _codes(part[statement.one]), _codes(part[statement.other])
    strata = part.groupby(list(statement.given)).ngroup().to_numpy() if statement.given else np.zeros(len(part), int)
    total, freedom = 0.0, 0
    for stratum in np.unique(strata):
        table = np.zeros((one.max() + 1, other.max() + 1))
        np.add.at(table, (one[strata == stratum], other[strata == stratum]), 1)
        table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
        expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
        seen = table > 0
        total += 2 * float((table[seen] * np.log(table[seen] / expected[seen])).sum())
        freedom += (table.shape[0] - 1) * (table.shape[1] - 1)
    return total, float(chi2.sf(total, freedom)) if freedom else 1.0


def _numbers(column: pd.Series[Any]) -> Array:
    """Give a column as numbers: itself, or a column of zeros and ones for each level but the first."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if is_numeric_dtype(column) and not is_bool_dtype(column):
        return np.asarray(column, dtype=float)[:, None]
    codes = _codes(column)
    return np.asarray(codes[:, None] == np.arange(1, max(2, codes.max() + 1)), dtype=float)


def _standard(values: Array) -> Array:
    spread = values.std(axis=0)
    kept = values[:, spread > 0]
    return (kept - kept.mean(axis=0)) / kept.std(axis=0) if kept.shape[1] else kept


def _features(part: pd.DataFrame, given: Sequence[str], random: np.random.Generator) -> Array:
    """Give what both sides are regressed on: the given columns, and random waves over them (Rahimi and Recht 2007)."""
    columns = np.hstack([np.zeros((len(part), 0)), *(_standard(_numbers(part[name])) for name in given)])
    parts = [np.ones((len(part), 1)), columns]
    for width in WIDTHS if columns.shape[1] else ():
        slopes = random.standard_normal((columns.shape[1], WAVES)) / (width * math.sqrt(columns.shape[1]))
        parts.append(np.cos(columns @ slopes + random.uniform(0, 2 * np.pi, WAVES)))
    return np.hstack(parts)


def _residuals(values: Array, features: Array) -> Array:
    """Give what ridge regressions miss of rows that they have not seen, with the penalty that misses least.

    Leaving a row out is a division by one minus its leverage; the squares of the features are taken apart once.
    """
    sizes, axes = np.linalg.eigh(features.T @ features / len(features))
    turned = features @ axes
    inside, best = turned.T @ values / len(features), values
    for penalty in PENALTIES:
        kept = 1 / (np.maximum(sizes, 0) + penalty)
        seen = (turned**2) @ kept / len(features)
        missed = (values - turned @ (kept[:, None] * inside)) / np.maximum(1 - seen, 1e-3)[:, None]
        if (missed**2).sum() < (best**2).sum():
            best = missed
    return best


def _covariance(part: pd.DataFrame, statement: Implication, random: np.random.Generator) -> tuple[float, float]:
    """Correlate residuals, and compare the largest correlation with what random weights give."""
    features = _features(part, statement.given, random)
    one, other = (_standard(_numbers(part[name])) for name in (statement.one, statement.other))
    left = _residuals(np.hstack([one, other]), features)
    one, other = left[:, : one.shape[1]], left[:, one.shape[1] :]
    products = (one[:, :, None] * other[:, None, :]).reshape(len(part), -1)
    spread = products.std(axis=0)
    products = products[:, spread > 1e-12]
    if not products.shape[1]:
        return 0.0, 1.0  # one side is constant, or known from the given columns
    scaled = products / products.std(axis=0) / math.sqrt(len(part))
    value = float(np.abs(scaled.sum(axis=0)).max())
    if scaled.shape[1] == 1:
        return value, math.erfc(value / math.sqrt(2))
    centred = scaled - scaled.mean(axis=0)
    draws = np.abs(random.standard_normal((WEIGHINGS, len(part))) @ centred).max(axis=1)
    return value, float((1 + (draws >= value).sum()) / (1 + WEIGHINGS))


def _partial(part: pd.DataFrame, statement: Implication) -> tuple[float, float]:
    """Correlate what linear regressions leave over."""
    from scipy.stats import t

    given = [_standard(_numbers(part[name])) for name in statement.given]
    features = np.hstack([np.ones((len(part), 1)), *given])
    sides = [_standard(_numbers(part[name])) for name in (statement.one, statement.other)]
    if any(side.shape[1] != 1 for side in sides):
        raise DataError(
            f"{statement} has no partial correlation.",
            why="A side has levels that are no numbers, or is constant.",
            fix='Leave test out, or ask for test="covariance".',
            code="E518",
        )
    left = [side - features @ np.linalg.lstsq(features, side, rcond=None)[0] for side in sides]
    norms = [float(np.linalg.norm(side)) for side in left]
    if min(norms) < 1e-9:
        return 0.0, 1.0
    value = float((left[0] * left[1]).sum()) / (norms[0] * norms[1])
    freedom = len(part) - features.shape[1] - 1
    score = value * math.sqrt(freedom / max(1e-15, 1 - value**2))
    return value, float(2 * t.sf(abs(score), freedom))
