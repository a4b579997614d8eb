"""PC, GES, FCI and LiNGAM as causal-learn computes them, each on resampled rows, so that arrows have a confidence.

PC and FCI test independences and turn edges by what follows (FCI allows for hidden common causes); GES adds and takes
away edges while a score (BIC) rises; DirectLiNGAM asks which linear residuals are independent, as they are where noise
is not Gaussian. Where data leave a direction open, a line X - Y counts half for each. In FCI, X o-> Y counts half as
X -> Y, as it may be X <-> Y, and X o-o Y a third each way; X <-> Y is no arrow, and stands in the column `hidden`.

The tests are those of linear Gaussian relations (partial correlation), or between levels alone the G test and BDeu.
causal-learn is handed copies, and is needed only here (the extra `discovery`).

References: Spirtes, Glymour and Scheines, *Causation, Prediction, and Search*, 2000 (PC, FCI); Chickering, *Optimal
structure identification with greedy search*, JMLR 3, 2002 (GES); Shimizu et al., *DirectLiNGAM*, JMLR 12, 2011; Zheng
et al., *Causal-learn: causal discovery in Python*, JMLR 25, 2024.
"""

from __future__ import annotations

import contextlib
import importlib
import io
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from contrafact.base.errors import DataError, UsageError
from contrafact.base.seeds import generator
from contrafact.causal.edges import Knowledge
from contrafact.codecs.coordinates import CoordinatesCodec

Array = np.ndarray[Any, np.dtype[Any]]
SEARCHES = {
    "pc": "causallearn.search.ConstraintBased.PC",
    "ges": "causallearn.search.ScoreBased.GES",
    "fci": "causallearn.search.ConstraintBased.FCI",
    "lingam": "causallearn.search.FCMBased.lingam",
}
RESAMPLES, LEVEL, LEAST_WEIGHT = 32, 0.05, 0.1
TAIL, HEAD = -1, 1  # marks at the end of an edge; a circle is 2


@dataclass(frozen=True, kw_only=True)
class Searched:
    """What a search found over its resamples.

    Arguments:
        arrows: The share of resamples with each arrow (row to column), halves where the direction is open.
        hidden: The share that has X <-> Y (FCI only).
        runs: How many resamples were searched.
        failed: How many could not be.
    """

    arrows: Array
    hidden: Array | None
    runs: int
    failed: int = 0


@dataclass(frozen=True, kw_only=True)
class Search:
    """One method on one table.

    Arguments:
        method: pc, ges, fci or lingam.
        rows: One column for each variable: numbers, or codes of levels.
        levels: Whether all variables are levels.
        known: What is known beforehand.
        alpha: The level of tests.
    """

    method: str
    rows: Array
    levels: bool
    known: Knowledge
    alpha: float

    def once(self, rows: Array) -> tuple[Array, Array]:
        """Search rows, and give arrows and hidden causes."""
        ways = {"pc": self._pc, "ges": self._ges, "fci": self._fci, "lingam": self._lingam}
        with contextlib.redirect_stdout(io.StringIO()):  # causal-learn prints
            return ways[self.method](np.array(rows, dtype=np.float64))

    def _test(self) -> str:
        return "gsq" if self.levels else "fisherz"

    def _pc(self, rows: Array) -> tuple[Array, Array]:
        options = {"background_knowledge": self._background(), "show_progress": False}
        marks = learner("pc").pc(rows, self.alpha, self._test(), **options).G.graph
        return self._directed(marks), np.zeros_like(self.known.required, dtype=np.float64)

    def _ges(self, rows: Array) -> tuple[Array, Array]:
        score = "local_score_BDeu" if self.levels else "local_score_BIC"
        marks = learner("ges").ges(rows, score_func=score)["G"].graph
        return self._directed(marks), np.zeros_like(self.known.required, dtype=np.float64)

    def _fci(self, rows: Array) -> tuple[Array, Array]:
        options = {"background_knowledge": self._background(), "show_progress": False}
        graph, _ = learner("fci").fci(rows, self._test(), self.alpha, **options)
        return _ancestral(graph.graph)

    def _lingam(self, rows: Array) -> tuple[Array, Array]:
        model = learner("lingam").DirectLiNGAM(prior_knowledge=self._order())
        model.fit(rows)
        weights = np.abs(model.adjacency_matrix_.T)
        return (weights > LEAST_WEIGHT).astype(np.float64), np.zeros_like(weights)

    def _directed(self, marks: Array) -> Array:
        """Read arrows, and halves where a line has no direction, unless knowledge gives it one."""
        arrow = (marks.T == HEAD) & (marks == TAIL)  # causal-learn keeps the mark at j of i - j in [j, i]
        line = (marks != 0) & (marks == marks.T)
        one_way = self.known.allowed & ~self.known.allowed.T
        open_way = self.known.allowed & self.known.allowed.T
        return np.asarray(arrow * self.known.allowed + line * (one_way + 0.5 * open_way))

    def _background(self) -> Any:
        """Tell causal-learn what is known."""
        if self.known.empty:
            return None
        knowledge = learner("pc", "causallearn.utils.PCUtils.BackgroundKnowledge").BackgroundKnowledge()
        node = learner("pc", "causallearn.graph.GraphNode").GraphNode
        nodes = [node(f"X{place + 1}") for place in range(len(self.known.names))]
        for i, j in np.argwhere(~self.known.allowed & ~np.eye(len(nodes), dtype=bool)):
            knowledge.add_forbidden_by_node(nodes[i], nodes[j])
        return knowledge

    def _order(self) -> Array | None:
        """Say which variables cannot come before others, by their tiers: 0 for no path, -1 for unknown."""
        if self.known.tiers is None:
            return None
        rank = np.array(self.known.tiers)
        later = (rank[:, None] < rank[None, :]) & (rank[:, None] >= 0)  # [to, from]
        return np.where(later, 0, -1)


def _ancestral(marks: Array) -> tuple[Array, Array]:
    """Read a partial ancestral graph: arrows, and pairs that share a hidden cause."""
    far, near = marks.T, marks  # of the edge i - j: the mark at j, and the mark at i
    there = marks != 0
    arrows = np.zeros(marks.shape)
    arrows[there & (far == HEAD) & (near == TAIL)] = 1.0
    arrows[there & (far == HEAD) & (near == 2)] = 0.5
    arrows[there & (far == 2) & (near == 2)] = 1 / 3
    arrows[there & (far == TAIL) & (near == TAIL)] = 0.5
    return arrows, (there & (far == HEAD) & (near == HEAD)).astype(np.float64)


def learner(method: str, module: str | None = None) -> ModuleType:
    """Give one of causal-learn's modules.

    Raises:
        UsageError: It is not installed.
    """
    try:
        return importlib.import_module(module or SEARCHES[method])
    except ImportError as error:
        raise UsageError(
            f"The method {method} cannot be used.",
            why=f"It is computed by causal-learn, which is not installed or not whole: {error}.",
            fix='pip install "contrafact[discovery]"; or use a method that needs nothing more: sam, dagma.',
            code="E111",
        ) from error


def search(
    method: str,
    codec: CoordinatesCodec,
    encoded: Array,
    known: Knowledge,
    *,
    seed: int = 0,
    bootstrap: int = RESAMPLES,
    alpha: float = LEVEL,
) -> Searched:
    """Search resampled rows for arrows.

    Arguments:
        method: pc, ges, fci or lingam.
        codec: Knows the columns.
        encoded: The rows as the codec encodes them.
        known: What is known beforehand.
        seed: Chooses the resamples.
        bootstrap: How many resamples; 0 searches the rows as they are, once.
        alpha: The level of tests (PC, FCI).

    Raises:
        UsageError: causal-learn is missing, or the method cannot use what is known.
        DataError: It cannot compare these columns, or fails on them.
    """
    learner(method)
    _usable(method, known)
    job = Search(method=method, rows=_columns(method, codec, encoded), levels=codec.of_levels, known=known, alpha=alpha)
    draws = generator(seed, "resamples")
    size = len(encoded)
    picks = [draws.integers(0, size, size) for _ in range(bootstrap)] or [np.arange(size)]
    found, said = [], ""
    for pick in picks:
        try:
            found.append(job.once(job.rows[pick]))
        except (ValueError, ArithmeticError, np.linalg.LinAlgError, IndexError, KeyError) as error:
            said = str(error) or type(error).__name__
    if 2 * len(found) < len(picks):
        raise _failed(method, said, len(picks) - len(found), len(picks))
    arrows, hidden = (np.asarray(np.mean(part, axis=0)) for part in zip(*found, strict=True))
    return Searched(
        arrows=arrows,
        hidden=hidden if method == "fci" else None,
        runs=len(found),
        failed=len(picks) - len(found),
    )


def _failed(method: str, said: str, failed: int, of: int) -> DataError:
    return DataError(
        f"{method} could not be carried out on {failed} of {of} resamples.",
        why=f"causal-learn said: {said}",
        fix="Leave out columns that are copies or sums of others, or use sam or dagma.",
        code="E583",
    )


def _usable(method: str, known: Knowledge) -> None:
    """Refuse knowledge that a search cannot be held to."""
    refused = {
        "ges": not known.empty,
        "lingam": known.required.any() or not np.array_equal(Knowledge.of_tiers(known).allowed, known.allowed),
    }.get(method, known.required.any())
    if refused:
        takes = {"ges": "none of it", "lingam": "tiers only"}.get(method, "tiers and forbidden arrows only")
        raise UsageError(
            f"{method} cannot use what is known beforehand.",
            why=f"Its search takes {takes}.",
            fix="Use sam or dagma, which take tiers, forbidden and required arrows.",
            code="E585",
        )


def _columns(method: str, codec: CoordinatesCodec, encoded: Array) -> Array:
    """Give one column for each variable, as the method's tests need them."""
    if codec.of_levels and method != "lingam":
        return codec.codes(encoded)
    if codec.unordered:
        among = "levels among numbers" if method != "lingam" else "levels"
        raise DataError(
            f"{method} cannot compare column '{codec.unordered[0]}'.",
            why=f"Its levels have no order, and the method's tests know no {among}.",
            fix="Use sam or dagma, leave the column out, or say that it has an order: columns={name: 'ordered'}",
            code="E584",
        )
    return encoded
