"""A causal model of few levels: response types fitted to a graph and a table.

Each node answers each combination of its causes with one of its levels; a unit is the table of its answers, and the
model is a distribution over such tables: shares that are counted where a node shares no hidden cause, EM where some do
(`causal.response_fit`). It draws rows, sets nodes, and tells what would have been; where data do not settle a question,
`effect` gives bounds over all such models and not the answer of this one. Numbers of many values are cut into parts of
equal mass and come back as numbers of their part.

References: Balke and Pearl, *Counterfactual probabilities: computational methods, bounds and applications*, UAI 1994;
Zhang, Tian and Bareinboim, *Partial counterfactual identification from observational and experimental data*, ICML 2022.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from typing import Any, Self

import numpy as np

from contrafact.base.effects import Effect
from contrafact.base.errors import DataError, UsageError
from contrafact.base.recipe import Count, NotNegative, Recipe
from contrafact.base.seeds import BLOCK_ROWS, checked_count, chosen, fold, generator, in_blocks
from contrafact.causal.coding import counted, no_rows
from contrafact.causal.given_graph import graph_given, with_nodes
from contrafact.causal.graph import Graph
from contrafact.causal.identify.evaluate import Joint
from contrafact.causal.law_effects import law_effect
from contrafact.causal.query import Query
from contrafact.causal.response_fit import fitted, unseen
from contrafact.causal.response_model import Group, ResponseModel
from contrafact.causal.responses import Mechanisms
from contrafact.codecs.levels import LevelCodec
from contrafact.codecs.schema import Role
from contrafact.codecs.table import as_frame
from contrafact.engine.model import Model
from contrafact.engine.record import record


@dataclass(frozen=True, kw_only=True)
class Discrete(Recipe):
    """Fit response types.

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"X": [0, 0, 1, 1, 1, 0], "Y": [0, 1, 1, 1, 0, 0]})
    >>> model = Discrete(graph="X -> Y").fit(frame)
    >>> round(float(model.do(X=1).sample(5000, seed=0)["Y"].mean()), 1)
    0.7
    """

    graph: str | None = None  # "Z -> X; X -> Y; X <-> Y"; columns that it names are the nodes; none: nothing to fit
    bins: Count = 4  # parts of equal mass into which numbers of many values are cut
    states: Count = 4  # states of a hidden variable, where not all nodes of a district share one
    smoothing: NotNegative = 0.0  # rows spread evenly over all combinations of levels; above 0 nothing is impossible
    columns: dict[str, Role] | None = None  # what columns are, where the guess is wrong: zip=category,age=number

    def __post_init__(self) -> None:
        if self.graph is not None:
            object.__setattr__(self, "graph", str(with_nodes(graph_given(self.graph))))
        super().__post_init__()

    def fit(
        self,
        data: Any,
        *,
        seed: int = 0,
        budget: str | None = None,
        run_dir: str | PathLike[str] | None = None,
        device: str | None = None,
    ) -> DiscreteModel:
        """Count, and climb by EM where hidden causes are shared; budget and device play no part.

        Raises:
            DataError: There is no graph, a node is no column, or no row is complete.
            UsageError: There are too many response types.
        """
        graph = self._projected()
        codec = LevelCodec.fit(data, graph.nodes, parts=self.bins, columns=self.columns)
        codes = codec.encode(data)
        codes = codes[(codes >= 0).all(axis=1)]
        if not len(codes):
            raise no_rows(codec.names, len(data))
        joint = counted(codes, codec.names, codec.labels, self.smoothing)
        types = fitted(joint, graph, rows=len(codes), seed=fold(seed, "discrete"), states=self.states)
        facts = {"rows": len(codes), "left_out": len(data) - len(codes), "made_up": unseen(types, joint)}
        model = DiscreteModel(self, codec, types, facts)
        record(self, data, model, seed=seed, run_dir=run_dir)
        return model

    def _projected(self) -> Graph:
        graph = Graph(self.graph or "").projected()
        if not graph.nodes:
            raise DataError(
                "There is no graph to fit.",
                why="What causes what cannot be counted; it is what only you can say.",
                fix='zoo.Discrete(graph="Z -> X; X -> Y; X <-> Y")',
                code="E548",
            )
        return graph

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> DiscreteModel:
        """Make the model again from what it saved."""
        known = LevelCodec.from_json(codec)
        mechanisms = Mechanisms(self._projected(), {n: len(v) for n, v in zip(known.names, known.labels, strict=True)})
        sizes = zip(facts["types"], facts["responses"], strict=True)
        shares = np.split(arrays["shares"], np.cumsum(facts["types"])[:-1])
        answers = np.split(arrays["answers"], np.cumsum([types * len(own) for types, own in sizes])[:-1])
        parts: list[list[Group]] = [[] for _ in mechanisms.graph.districts]
        for place, part, table, own in zip(facts["districts"], shares, answers, facts["responses"], strict=True):
            responses = tuple((node, tuple(combination)) for node, combination in own)
            parts[place].append(Group(responses, part, table.reshape(len(own), -1).astype(np.int64)))
        model = ResponseModel(mechanisms, tuple(map(tuple, parts)), dict(facts["settings"]))
        kept = {name: facts[name] for name in ("rows", "left_out", "made_up", "values")}
        return DiscreteModel(self, known, model, kept)

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests in a blink, with a graph of the bundled patients."""
        arrows = "age -> blood_pressure; smoker -> blood_pressure; sex -> smoker; blood_pressure -> treated"
        return cls(graph=f"{arrows}; treated -> recovery_days -> readmitted; treated <-> recovery_days", bins=3)


class DiscreteModel(Model):
    """A distribution over response types, with what columns were like.

    Arguments:
        recipe: The settings.
        codec: Columns <-> levels.
        types: The types.
        known: How many rows were fitted and left out, what is made up, and the values that nodes are set to.
    """

    recipe: Discrete
    codec: LevelCodec

    def __init__(self, recipe: Discrete, codec: LevelCodec, types: ResponseModel, known: Mapping[str, Any]) -> None:
        super().__init__(recipe, codec)
        self.types, self.known = types, {"values": {}, **known}

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Give the probabilities of the types of every group, and what they answer."""
        groups = [group for part in self.types.groups for group in part]
        answers = np.concatenate([group.answers.ravel() for group in groups])
        return {"shares": np.concatenate([group.shares for group in groups]), "answers": answers.astype(np.int16)}

    def facts(self) -> dict[str, Any]:
        """Name the answers of every group, and what is set."""
        groups = [(place, group) for place, part in enumerate(self.types.groups) for group in part]
        return {
            **self.known,
            "districts": [place for place, _ in groups],
            "types": [len(group.shares) for _, group in groups],
            "responses": [[[node, list(c)] for node, c in group.responses] for _, group in groups],
            "settings": dict(self.types.settings or {}),
        }

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be known of the fit."""
        told = list(self.codec.notes)
        if self.known["left_out"]:
            told.append(f"{self.known['left_out']:,} rows have holes and were left out.")
        if self.known["made_up"]:
            names = ", ".join(self.known["made_up"])
            told.append(f"Causes of {names} never met in some combinations; there its levels are taken to be alike.")
        return tuple(told)

    @cached_property
    def joint(self) -> Joint:
        """The probabilities of all combinations of levels."""
        labels = zip(self.codec.names, self.codec.labels, strict=True)
        return self.types.joint({name: list(values) for name, values in labels})

    def do(self, **settings: Any) -> DiscreteModel:
        """Give the model of the world in which nodes are set.

        Arguments:
            settings: A value for each node; of numbers that were cut, the part in which it lies is what acts.
        """
        levels = {name: self.codec.level(name, value) for name, value in settings.items()}
        values = {**self.known["values"], **settings}
        return DiscreteModel(self.recipe, self.codec, self.types.do(levels), {**self.known, "values": values})

    def sample(self, n: int, given: dict[str, Any] | None = None, seed: int | None = None) -> Any:
        """Draw rows.

        Arguments:
            n: How many.
            given: What some columns are known to be: a value, an interval "30..40", a set "a|b".
            seed: Makes the draw repeatable.
        """
        start, limits = chosen(seed), self.codec.limits(given)
        codes = self._given(checked_count(n), limits, start) if limits else self._ordered(self.types.sample(n, start))
        return self._frame(codes, start, {**self._held(), **limits})

    def _held(self) -> dict[int, Any]:
        return self.codec.limits({n: v for n, v in self.known["values"].items() if self.codec.levels[self._place(n)]})

    def _place(self, name: str) -> int:
        return self.codec.names.index(name)

    def _ordered(self, codes: np.ndarray) -> np.ndarray:
        """Put columns from the order of the graph into that of the table."""
        return codes[:, [self.types.nodes.index(name) for name in self.codec.names]]

    def _frame(self, codes: np.ndarray, seed: int, limits: Mapping[int, Any]) -> Any:
        shape = (BLOCK_ROWS, len(self.codec.names), 2)
        parts = in_blocks(len(codes), lambda block: generator(seed, "within", block).random(shape))
        return self.codec.decode(codes, np.concatenate(parts), limits)

    def _given(self, n: int, limits: Mapping[int, Any], seed: int) -> np.ndarray:
        """Draw cells of the table of all levels, as likely as conditions leave them."""
        chances = self.joint.margin(self.codec.names).copy()
        for name, weights in self.codec.weights(limits).items():
            shape = [-1 if other == name else 1 for other in self.codec.names]
            chances *= weights.reshape(shape)
        edges = np.cumsum(chances.ravel())
        if edges[-1] <= 0:
            raise UsageError(
                "No row can meet these conditions together.",
                why="The model gives such rows no probability.",
                fix="Loosen a condition, or fit with smoothing=1.",
                code="E114",
            )
        parts = in_blocks(n, lambda block: generator(seed, "given", block).random(BLOCK_ROWS))
        cells = np.searchsorted(edges, np.concatenate(parts) * edges[-1], side="right")
        cells = np.minimum(cells, np.flatnonzero(chances.ravel())[-1])
        return np.stack(np.unravel_index(cells, chances.shape), axis=1)

    def log_prob(self, data: Any) -> np.ndarray:
        """Give the logarithm of each row's probability (density where numbers were cut); unknown cells add nothing."""
        codes, logs = self.codec.encode_tokens(data)
        found = np.zeros(len(codes))
        known = codes >= 0
        for pattern in np.unique(known, axis=0):
            rows = (known == pattern).all(axis=1)
            names = [name for name, there in zip(self.codec.names, pattern, strict=True) if there]
            if names:
                with np.errstate(divide="ignore"):
                    found[rows] = np.log(self.joint.margin(names))[tuple(codes[rows][:, pattern].T)]
        return np.asarray(found + logs)

    def counterfactual(self, data: Any, do: dict[str, Any], draws: int | None = None, seed: int | None = None) -> Any:
        """Give the same rows in the world in which nodes had been set; cells that stay as they were keep their value.

        Arguments:
            data: Complete rows.
            do: Nodes that are set, and to which value.
            draws: How many draws of what the rows leave open, as a list; one frame if not given.
            seed: Makes the draws repeatable.
        """
        start, codes = chosen(seed), self.codec.encode(data)
        if (codes < 0).any():
            raise self._hole(as_frame(data), codes)
        levels = {name: self.codec.level(name, value) for name, value in do.items()}
        order = [self.codec.names.index(node) for node in self.types.nodes]
        frames = []
        for draw in range(draws or 1):
            own = fold(start, "draw", draw)
            made = self._ordered(self.types.counterfactual(codes[:, order], levels, own))
            frame = self._frame(made, own, self.codec.limits(dict(do)))
            frames.append(self.codec.kept(frame, data, (made == codes) & ~np.isin(self.codec.names, list(do))))
        return frames if draws is not None else frames[0]

    def _label(self, data: Any, column: int) -> Any:
        return next(name for name in data.columns if str(name) == self.codec.names[column])

    def _hole(self, data: Any, codes: np.ndarray) -> DataError:
        row, column = (int(each[0]) for each in np.nonzero(codes < 0))
        return DataError(
            f"Row {data.index[row]} of column {self.codec.names[column]!r} holds "
            f"{data[self._label(data, column)].iloc[row]}: missing, or never seen.",
            why="What would have been is told of rows that are known, in values that were fitted.",
            fix="Fill the holes first, or leave the row out.",
            code="E547",
        )

    def effect(self, query: Query | str, seed: int = 0) -> Effect:
        """Answer a question: with a value and its interval where data settle it, with bounds where they do not.

        Arguments:
            query: The question.
            seed: Seeds the draws behind the interval.
        """
        if self.types.settings:
            raise UsageError(
                "Questions are asked of the model that was fitted.",
                why="In this one, nodes are set already.",
                fix="model.effect(...), not model.do(...).effect(...)",
                code="E541",
            )
        graph, rows = self.types.mechanisms.graph, self.known["rows"]
        found = law_effect(self.joint, graph, query, rows=rows, seed=seed, place=self.codec.place)
        return replace(found, notes=(*found.notes, *self.notes))
