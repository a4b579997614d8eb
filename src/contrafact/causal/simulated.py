"""Questions answered by running a structural model: worlds of the same units, side by side.

Every world that a question speaks of is run on the same noise; conditions choose units; a mean or a share is taken over
those that are left. What is set to what would have been elsewhere (nested) is run first. That is how potential outcomes
come: samples of all of them for the same units, of which effects are differences.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from contrafact.base.errors import DataError, UsageError
from contrafact.base.seeds import fold
from contrafact.causal.graph import Graph
from contrafact.causal.query import Event, Query, Setting, Term
from contrafact.causal.scm import Fixed, Noise, Scm
from contrafact.codecs.nodes import NodesCodec

BLOCKS, ROWS = 16, 8192
FEWEST = 30  # units that meet the conditions


@dataclass
class Worlds:
    """The worlds of some units.

    Arguments:
        model: The structural model.
        codec: Knows what values mean.
        noise: The units.
        default: Nodes whose values nobody wrote: 0 and 1 stand for the lower and the higher of two.
    """

    model: Scm
    codec: NodesCodec
    noise: Noise
    default: frozenset[str] = frozenset()
    known: dict[tuple[Setting, ...], np.ndarray] = field(default_factory=dict)

    def world(self, do: tuple[Setting, ...]) -> np.ndarray:
        """Give the values of all nodes in a world, a column each."""
        if do not in self.known:
            fixed: dict[int, Fixed] = {self.codec.place(s.node): self._set(s) for s in do}
            with torch.no_grad():
                self.known[do] = self.model.values(self.model.run(self.noise, fixed)).numpy()
        return self.known[do]

    def _set(self, setting: Setting) -> Fixed:
        if setting.nested is not None:
            return torch.from_numpy(self.world(setting.nested.do)[:, self.codec.place(setting.nested.node)])
        if setting.value is None:
            raise UsageError(
                f"It is not said to what '{setting.node}' is set.",
                why="A model is run in one world at a time.",
                fix=f"Name the value: do({setting.node}=1).",
                code="E556",
            )
        return self.code(setting.node, setting.value)

    def code(self, node: str, value: Any) -> float:
        """Turn a value of a question into the model's number."""
        place = self.codec.place(node)
        if node in self.default and self.codec.nodes[place].levels == 2:
            return float(value)
        found = self.codec.setting(node, value)
        assert isinstance(found, float)
        return found

    def holds(self, event: Event) -> np.ndarray:
        """Tell for each unit whether an event holds."""
        place = self.codec.place(event.node)
        if event.value is None or not self.codec.nodes[place].levels:
            raise UsageError(
                f"'{event}' has no probability of its own.",
                why=f"'{event.node}' holds numbers." if event.value is not None else "No value is named.",
                fix=f"Ask for a mean: E[{event.node} | do(...)], or for an effect: ATE(X, {event.node}).",
                code="E556",
            )
        found: np.ndarray = self.world(event.do)[:, place] == self.code(event.node, event.value)
        return found

    def outcome(self, term: Term, *, mean: bool) -> tuple[np.ndarray, np.ndarray]:
        """Give for each unit what is averaged, and whether the unit meets the conditions."""
        kept = np.ones(len(self.noise), dtype=bool)
        for event in term.conditions:
            kept &= self.holds(event)
        if mean and term.outcomes[0].value is None:
            place = self.codec.place(term.outcomes[0].node)
            return self.codec.numbers(place, self.world(term.outcomes[0].do)[:, place].astype(np.float64)), kept
        share = np.ones(len(self.noise))
        for event in term.outcomes:
            share *= self.holds(event)
        return share, kept


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """The answer of one model to a question.

    Arguments:
        value: The answer.
        error: Its standard error from simulation alone.
        units: How many units met the conditions.
    """

    value: float
    error: float
    units: int


def simulate(
    model: Scm, codec: NodesCodec, graph: Graph, query: Query, seed: int = 0, blocks: int = BLOCKS
) -> Simulated:
    """Answer a question by running a model.

    Arguments:
        model: The model, in single precision.
        codec: Knows what values mean.
        graph: The graph over observed nodes.
        query: The question.
        seed: Chooses the units.
        blocks: How many blocks of units are run.

    Raises:
        DataError: Hardly any unit meets the conditions.
    """
    terms = query.terms(graph)
    signs = [1.0, *[-1.0] * (len(terms) - 1)]
    found, units = [], 0
    for block in range(blocks):
        source = torch.Generator().manual_seed(fold(seed, "units", block))
        worlds = Worlds(model, codec, model.noise(ROWS, source), query.default)
        parts = [worlds.outcome(term, mean=query.is_mean) for term in terms]
        units += min(int(kept.sum()) for _, kept in parts)
        found.append([(float((what * kept).sum()), int(kept.sum())) for what, kept in parts])
    if units < FEWEST:
        raise DataError(
            f"{query} has no answer in this model.",
            why=f"{units} of {blocks * ROWS:,} units meet the conditions.",
            fix="Ask under weaker conditions.",
            code="E557",
        )
    totals = np.asarray(found, dtype=np.float64)
    return Simulated(value=_value(totals.sum(0), signs), error=_spread(totals, signs), units=units)


def _value(sums: np.ndarray, signs: list[float]) -> float:
    return float(sum(sign * total / count for sign, (total, count) in zip(signs, sums, strict=True)))


def _spread(totals: np.ndarray, signs: list[float]) -> float:
    """Estimate the standard error by leaving out one block at a time."""
    whole, blocks = totals.sum(0), len(totals)
    if blocks < 2:
        return math.nan
    without = np.array([_value(whole - part, signs) for part in totals])
    return float(np.sqrt((blocks - 1) * np.square(without - without.mean()).mean()))
