"""Edges with a confidence each: as a table, as a matrix, as a graph, and held against a graph that is known.

A confidence is the share of resampled data sets in which a method drew the arrow, or the mean of its own chances for
it. Three questions are asked of confidences where the truth is known: do true arrows stand above others (average
precision, the area under precision over recall), how far is the graph of those above a threshold from the true one
(the structural Hamming distance: pairs of nodes whose edge differs, a turned arrow counting once), and do arrows of
confidence p exist in a share p of cases (reliability, the Brier score).

References:
    Tsamardinos, Brown and Aliferis, *The max-min hill-climbing Bayesian network structure learning algorithm*, Machine
    Learning 65, 2006 (the distance). Friedman, Goldszmidt and Wyner, *Data analysis with Bayesian networks: a bootstrap
    approach*, UAI 1999 (frequencies over resampled rows as confidence).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from contrafact.base.errors import DataError, UsageError, did_you_mean
from contrafact.causal.graph import Graph

if TYPE_CHECKING:
    import pandas as pd

Array = np.ndarray[Any, np.dtype[Any]]
COLUMNS = ("source", "target", "confidence")
Arrow = tuple[str, str]


def edge_table(names: Sequence[str], chances: Array) -> pd.DataFrame:
    """Make a table of all ordered pairs, the surest first; equals keep the order of the names.

    Arguments:
        names: The nodes.
        chances: The confidence of the arrow from each (row) to each (column).
    """
    import pandas as pd

    places = [(i, j) for i in range(len(names)) for j in range(len(names)) if i != j]
    places.sort(key=lambda pair: -float(chances[pair]))
    rows = [(names[i], names[j], float(chances[i, j])) for i, j in places]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"confidence": np.float64})


def matrix_of(edges: pd.DataFrame, names: Sequence[str] | None = None) -> tuple[tuple[str, ...], Array]:
    """Turn a table of edges into the names of its nodes and their matrix of confidences.

    Arguments:
        edges: `source`, `target`, `confidence`; a pair that is not there has none.
        names: The nodes in the wanted order; none: as the table first names them.

    Raises:
        DataError: It is no such table.
    """
    if missing := [name for name in COLUMNS if name not in getattr(edges, "columns", ())]:
        raise _no_edges(f"There is no column '{missing[0]}'.")
    texts = [(str(a), str(b)) for a, b in zip(edges["source"], edges["target"], strict=True)]
    values = edges["confidence"].to_numpy(dtype=np.float64, na_value=np.nan)
    for (a, b), value in zip(texts, values, strict=True):
        if not 0 <= value <= 1:
            raise _no_edges(f"The confidence of {a} -> {b} is {value:g}.")
    nodes = tuple(dict.fromkeys(name for pair in texts for name in pair)) if names is None else tuple(map(str, names))
    places = {name: place for place, name in enumerate(nodes)}
    chances = np.zeros((len(nodes), len(nodes)))
    for (a, b), value in zip(texts, values, strict=True):
        if a in places and b in places:
            chances[places[a], places[b]] = value
    return nodes, chances


def _no_edges(why: str) -> DataError:
    return DataError(
        "This is no table of edges.",
        why=why,
        fix="Give what contrafact.discover returned: columns source, target, confidence (0 to 1).",
        code="E586",
    )


def graph_of(edges: pd.DataFrame, threshold: float = 0.5, nodes: Iterable[str] = ()) -> Graph:
    """Draw the arrows that are surer than a threshold, the surest first, but none that would close a cycle.

    Arguments:
        edges: `source`, `target`, `confidence`.
        threshold: The least confidence of an arrow.
        nodes: Nodes to keep even without an arrow; those of the table are kept in any case.
    """
    own, chances = matrix_of(edges)
    order = sorted(zip(*np.nonzero(chances >= max(threshold, 1e-12)), strict=True), key=lambda pair: -chances[pair])
    reach = np.eye(len(own), dtype=bool)
    drawn = []
    for i, j in order:
        if not reach[j, i]:
            drawn.append((own[i], own[j]))
            reach |= np.outer(reach[:, i], reach[j])
    return Graph.made(dict.fromkeys([*map(str, nodes), *own]), drawn, ())


def frequencies(runs: Sequence[Array]) -> Array:
    """Give the share of runs that drew each arrow."""
    return np.asarray(np.mean(runs, axis=0))


def joined(chances: Array) -> Array:
    """Give the confidence that two nodes are joined at all; the two directions exclude each other."""
    return np.asarray(np.minimum(chances + chances.T, 1.0))


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """What is known before data are looked at.

    Arguments:
        names: The nodes.
        allowed: Which arrows may be (row causes column).
        required: Which arrows there are.
        tiers: The tier of each node, where tiers were given.
    """

    names: tuple[str, ...]
    allowed: Array
    required: Array
    tiers: tuple[int, ...] | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing is known."""
        return not self.required.any() and int((~self.allowed).sum()) == len(self.names)

    @classmethod
    def read(
        cls,
        names: Sequence[str],
        *,
        tiers: Sequence[Sequence[str]] | None = None,
        forbid: Iterable[Any] | None = None,
        require: Iterable[Any] | None = None,
    ) -> Knowledge:
        """Read what a user knows.

        Arguments:
            names: The nodes.
            tiers: Groups in the order of time: no arrow leads back to an earlier one. Nodes in none are free.
            forbid: Arrows that cannot be: "a -> b" or pairs.
            require: Arrows that there are.

        Raises:
            UsageError: A name is unknown, or two things contradict each other.
        """
        places = {name: place for place, name in enumerate(names)}
        allowed: Array = ~np.eye(len(names), dtype=bool)
        required = np.zeros_like(allowed)
        rank = _ranks(tiers, places)
        if rank is not None:
            allowed &= ~_backwards(rank)
        for a, b in arrows(forbid, places):
            allowed[places[a], places[b]] = False
        for a, b in arrows(require, places):
            if not allowed[places[a], places[b]]:
                raise _contradiction(f"{a} -> {b} is both required and ruled out.")
            required[places[a], places[b]] = True
        if _cyclic(required):
            raise _contradiction("The required arrows lead in a circle.")
        return cls(names=tuple(names), allowed=allowed & ~required.T, required=required, tiers=rank)

    @classmethod
    def of_tiers(cls, known: Knowledge) -> Knowledge:
        """Keep what the tiers alone say."""
        allowed: Array = ~np.eye(len(known.names), dtype=bool)
        if known.tiers is not None:
            allowed &= ~_backwards(known.tiers)
        return cls(names=known.names, allowed=allowed, required=np.zeros_like(allowed), tiers=known.tiers)


def arrows(given: Iterable[Any] | None, places: Iterable[str]) -> list[Arrow]:
    """Read arrows that are written as text or as pairs.

    Arguments:
        given: "a -> b", several parted by semicolons, or pairs of names.
        places: The names that there are.

    Raises:
        UsageError: It is no arrow, or names no column.
    """
    found: list[Arrow] = []
    parts = [given] if isinstance(given, str) else list(given or ())
    for part in (one for each in parts for one in _statements(each)):
        if isinstance(part, str):
            written = Graph(part)
            if not written.directed or written.bidirected:
                raise _contradiction(f"'{part}' is no arrow.")
            found += written.directed
        elif len(tuple(part)) == 2:
            found.append((str(part[0]), str(part[1])))
        else:
            raise _contradiction(f"{part!r} is no arrow.")
    for name in (name for pair in found for name in pair):
        _known(name, places)
    return found


def _statements(given: Any) -> list[Any]:
    """Part text at its semicolons: arrows that are ruled out may well go in a circle."""
    return re.findall(r'(?:"[^"]*"|[^;"])+', given) if isinstance(given, str) else [given]


def _known(name: str, places: Iterable[str]) -> None:
    if name not in places:
        raise UsageError(
            f"There is no variable '{name}'.",
            why=did_you_mean(name, places),
            fix="Name columns that vary; keys, free text and constants are no variables.",
            code="E582",
        )


def _ranks(tiers: Sequence[Sequence[str]] | None, places: dict[str, int]) -> tuple[int, ...] | None:
    if not tiers:
        return None
    rank = [-1] * len(places)
    for number, names in enumerate(tiers):
        for name in (names,) if isinstance(names, str) else names:
            _known(str(name), places)
            if rank[places[str(name)]] >= 0:
                raise _contradiction(f"'{name}' stands in two tiers.")
            rank[places[str(name)]] = number
    return tuple(rank)


def _backwards(rank: tuple[int, ...]) -> Array:
    """Tell which arrows lead from a later tier to an earlier one."""
    source, target = np.array(rank)[:, None], np.array(rank)[None, :]
    return np.asarray((source > target) & (target >= 0))


def _contradiction(what: str) -> UsageError:
    return UsageError(
        what,
        why="What is known beforehand must be arrows between columns, and must not contradict itself.",
        fix="forbid=['b -> a'], require=['a -> b'], tiers=[['age', 'sex'], ['smoking'], ['cancer']]",
        code="E582",
    )


def _cyclic(arrows: Array) -> bool:
    """Tell whether arrows lead back to where they began: taking away what nothing points at leaves something."""
    left = np.ones(len(arrows), dtype=bool)
    while left.any():
        first = left & ~arrows[left].any(0)
        if not first.any():
            return True
        left &= ~first
    return False


def truth_matrix(names: Sequence[str], truth: Graph | Iterable[Arrow]) -> Array:
    """Turn a known graph, or its arrows, into zeros and ones; arrows may go in circles here."""
    places = {name: place for place, name in enumerate(names)}
    found = np.zeros((len(names), len(names)), dtype=bool)
    for a, b in truth.directed if isinstance(truth, Graph) else truth:
        found[places[a], places[b]] = True
    return found


def average_precision(chances: Array, truth: Array) -> float:
    """Give the area under precision over recall of arrows: the mean precision at each true arrow's rank.

    Equal confidences are one rank. NaN where there is no true arrow.

    Arguments:
        chances: Confidences, row to column.
        truth: True arrows.
    """
    off = ~np.eye(len(truth), dtype=bool)
    return _area(np.asarray(chances)[off], np.asarray(truth, dtype=bool)[off])


def skeleton_precision(chances: Array, truth: Array) -> float:
    """Give the same for pairs that are joined, whichever way."""
    upper = np.triu_indices(len(truth), 1)
    known = np.asarray(truth, dtype=bool)
    return _area((np.asarray(chances) + np.asarray(chances).T)[upper], (known | known.T)[upper])


def _area(chances: Array, truth: Array) -> float:
    if not truth.any():
        return float("nan")
    order = np.argsort(-chances, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(chances[order])), len(order) - 1)
    hits = np.cumsum(truth[order])[ends]
    gained = np.diff(hits, prepend=0) / truth.sum()
    return float((gained * hits / (ends + 1)).sum())


def hamming(found: Array, truth: Array) -> int:
    """Count pairs of nodes whose edge differs: missing, too many, or turned."""
    found, truth = np.asarray(found, dtype=bool), np.asarray(truth, dtype=bool)
    differs = (found != truth) | (found != truth).T
    return int(np.triu(differs, 1).sum())


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """How confidences agree with the truth.

    Arguments:
        rows: For each band of confidence its mean, the share of arrows that are true, and how many arrows it has.
        error: The mean distance between the two, bands weighted by their arrows (expected calibration error).
        brier: The mean squared distance of confidence from truth.
    """

    rows: tuple[tuple[float, float, int], ...]
    error: float
    brier: float


def reliability(chances: Array, truth: Array, bands: int = 10) -> Reliability:
    """Hold confidences against what is true.

    Arguments:
        chances: Confidences of arrows, as a flat array.
        truth: Whether each is true.
        bands: How many bands of equal width.
    """
    chances, truth = np.asarray(chances, dtype=np.float64).ravel(), np.asarray(truth, dtype=np.float64).ravel()
    band = np.minimum((chances * bands).astype(np.int64), bands - 1)
    groups = [band == number for number in np.unique(band)]
    rows = tuple((float(chances[own].mean()), float(truth[own].mean()), int(own.sum())) for own in groups)
    error = sum(abs(mean - share) * count for mean, share, count in rows) / max(len(chances), 1)
    return Reliability(rows=rows, error=float(error), brier=float(((chances - truth) ** 2).mean()))
