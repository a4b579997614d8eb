"""Fitted structural models: drawn from, intervened in, asked what would have been, and asked questions.

All three rungs are runs of the same mechanisms: `sample` sees, `do` sets, `counterfactual` finds the noise behind rows
(abduction), sets, and runs the same units again. A question that the graph does not settle is refused, whatever number
the model would give: another model that fits as well would give another.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Self

import numpy as np
import torch
from scipy.stats import t as student
from torch import Tensor

from contrafact.base.effects import Effect
from contrafact.base.errors import DataError, UsageError
from contrafact.base.recipe import Recipe
from contrafact.base.seeds import BLOCK_ROWS, checked_count, chosen, fold, generator, in_blocks
from contrafact.causal.abduction import ASSUMED, Abduced, abduct
from contrafact.causal.given_graph import graph_given, is_file, with_nodes
from contrafact.causal.graph import Graph
from contrafact.causal.identify.answer import Identified
from contrafact.causal.query import Query
from contrafact.causal.scm import Fixed, Plan, Scm
from contrafact.causal.simulated import simulate
from contrafact.codecs.nodes import NodesCodec
from contrafact.codecs.table import as_frame
from contrafact.engine.model import Model
from contrafact.engine.packing import weights_of

GUESSES = 32  # draws behind a best guess
ABDUCTION = "abduction"  # where a frame says how the noise of its rows was found
NORMAL_95 = 1.959964
SIMULATED = "The interval counts the chance of simulation alone; refits=20 counts that of the data, too."


def graph_of(text: str | None) -> Graph | None:
    """Read a graph from its text."""
    return None if text is None else Graph(text)


def written_graph(graph: Graph | str | None) -> str | None:
    """Give a graph as the text that a recipe keeps, whether it came as text, as a file or as a graph.

    Raises:
        UsageError: It has no nodes, or there is no such file.
    """
    if graph is None:
        return None
    drawn = with_nodes(graph_given(graph))
    return graph if isinstance(graph, str) and not is_file(graph) else str(drawn)


def plan_of(graph: Graph | None, codec: NodesCodec, *, latent: int, private: bool) -> Plan:
    """Plan the model of a graph; without one, each column may follow from all before it."""
    sizes = [node.levels for node in codec.nodes]
    if graph is not None:
        return Plan.of(graph, codec.names, sizes, latent=latent, private=private)
    count = len(sizes)
    cliques = tuple((node,) for node in range(count)) if private else ()
    parents = tuple(tuple(range(node)) for node in range(count))
    return Plan(sizes=tuple(sizes), parents=parents, cliques=cliques, latent=latent)


def codec_for(data: Any, graph: Graph | None, columns: Any) -> NodesCodec:
    """Read the columns that are nodes."""
    if graph is None:
        return NodesCodec.fit(data, columns=columns)
    return NodesCodec.fit(data, names=graph.projected().nodes, columns=columns)


class CausalModel(Model):
    """A fitted structural model.

    Arguments:
        recipe: The settings that it was fitted with.
        codec: Turns tables into values of nodes and back.
        net: The mechanisms.
        graph: The graph over observed nodes; none: only rows can be drawn.
    """

    codec: NodesCodec
    learned: tuple[Any, Mapping[Any, Any]] | None = None  # observations and experiments: there after `fit`, never saved
    fit_score: float | None = None  # on held-out rows, as the training measured it: there after `fit`

    def __init__(self, recipe: Recipe, codec: NodesCodec, net: Scm, graph: Graph | None) -> None:
        super().__init__(recipe, codec)
        self.net, self.graph = net.requires_grad_(False).ready(), graph

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Copy the mechanisms' weights."""
        return weights_of(model=self.net)

    def facts(self) -> dict[str, Any]:
        """Say of which kinds the mechanisms are."""
        return {"kinds": list(self.net.kinds)}

    def rows(self, n: int, seed: int) -> Any:
        """Draw values of all nodes, a column each."""
        return self.drawn(n, seed, {})

    def drawn(self, n: int, seed: int, do: Mapping[int, Fixed]) -> np.ndarray:
        """Draw values of all nodes in a world."""
        return np.concatenate(in_blocks(n, lambda block: self._block(seed, block, do)))

    @torch.no_grad()
    def _block(self, seed: int, block: int, do: Mapping[int, Fixed]) -> np.ndarray:
        source = torch.Generator().manual_seed(fold(seed, "sample", block))
        rows: np.ndarray = self.net.values(self.net.run(self.net.noise(BLOCK_ROWS, source), do)).double().numpy()
        return rows

    def sample(self, n: int, given: dict[str, Any] | None = None, seed: int | None = None) -> Any:
        """Draw rows.

        Arguments:
            n: How many.
            given: Nothing: a structural model draws under interventions, not under conditions.
            seed: The same seed gives the same rows, however many are drawn; None draws fresh ones.
        """
        check_given(given, self.codec)
        return self.codec.decode(self.drawn(checked_count(n), chosen(seed), {}))

    def fixed(self, settings: Mapping[str, Any]) -> dict[int, Fixed]:
        """Turn what is set into the model's numbers.

        Raises:
            UsageError: There is no graph, no such node, or no such value.
        """
        if self.graph is None:
            raise UsageError(
                "This model cannot tell what follows from an intervention.",
                why="It was fitted without a graph: it knows how columns go together, not which causes which.",
                fix='Fit it with one: graph="Z -> X; Z -> Y; X -> Y".',
                code="E554",
            )
        return {self.codec.place(name): self.codec.setting(name, value) for name, value in settings.items()}

    def do(self, **settings: Any) -> Intervened:
        """Give the model of the world in which some nodes are set.

        Arguments:
            settings: For each node a value, or a function from an array of its natural values to one of new ones.
        """
        return Intervened(self, settings)

    def counterfactual(self, data: Any, do: dict[str, Any], draws: int | None = None, seed: int | None = None) -> Any:
        """Give the same rows in the world in which some nodes had been set.

        Nodes that do not follow from what is set keep their cells. `frame.attrs["abduction"]` says how the noise of the
        rows was found, and what that assumes.

        Arguments:
            data: Rows with all nodes.
            do: What is set, as in `do`.
            draws: None: one frame of best guesses (mean or mode); m: a list of m random draws.
            seed: The same seed gives the same draws.
        """
        fixed, frame = self.fixed(do), as_frame(data)
        values = self.codec.encode(frame)
        _check_known(values, self.codec, frame.index)
        source = torch.Generator().manual_seed(fold(chosen(seed), "abduction"))
        net = deepcopy(self.net).double()
        net._ready = None
        changed = net.plan.below(list(fixed))
        found = abduct(
            net.ready(), torch.from_numpy(values), draws or (GUESSES if self._random(changed) else 1), source
        )
        with torch.no_grad():
            worlds = torch.stack([net.values(net.run(noise, fixed)) for noise in found.draws])
        told = _told(found)
        if draws is None:
            return self.codec.exactly(self._written(frame, _guess(worlds, net.plan.sizes), changed, told), do)
        return [self.codec.exactly(self._written(frame, world, changed, told), do) for world in worlds]

    def _random(self, changed: frozenset[int]) -> bool:
        """Tell whether abduction leaves anything to chance."""
        sizes = self.net.plan.sizes
        return bool(self.net.plan.cliques) or any(sizes[node] > 1 for node in changed)

    def _written(self, frame: Any, world: Tensor, changed: frozenset[int], told: dict[str, Any]) -> Any:
        """Copy a frame with new cells in what follows from the intervention."""
        made = frame.copy(deep=True)
        known = {str(name): name for name in frame.columns}
        for node in sorted(changed):
            column = self.codec.written(node, world[:, node].numpy())
            made[known[self.codec.names[node]]] = column.set_axis(made.index)
        made.attrs[ABDUCTION] = told
        return made

    def effect(self, query: str | Query, *, refits: int = 0, seed: int = 0) -> Effect:
        """Answer a question that the graph settles, by running the model in the worlds that it speaks of.

        Arguments:
            query: Such as "ATE(X, Y)", "P(Y=1 | do(X=1))", "ATT(X, Y)" or "P(Y_{X=1}=1 | X=0, Y=0)".
            refits: How often the model is fitted again to resampled rows, for an interval that counts their chance;
                10 are few, 50 are plenty. 0: the interval counts simulation alone, and says so.
            seed: Chooses the simulated units.

        Raises:
            NotIdentifiable: The graph does not settle it.
        """
        found = self.identified(query)
        if not found:
            raise found.refusal()
        return self.simulated(found, refits, seed)

    def identified(self, query: str | Query) -> Identified:
        """Ask the graph whether it settles a question."""
        from contrafact.causal.identify.ask import identify

        self.fixed({})
        assert self.graph is not None
        return identify(self.graph, query)

    def simulated(self, found: Identified, refits: int, seed: int) -> Effect:
        """Answer a question that the graph settles."""
        assert self.graph is not None
        answer = simulate(self.net, self.codec, self.graph, found.query, seed)
        others = self._refitted(found.query, refits, seed) if refits else []
        error = float(np.hypot(np.std(others, ddof=1), answer.error)) if len(others) > 1 else answer.error
        reach = (float(student.ppf(0.975, len(others) - 1)) if len(others) > 1 else NORMAL_95) * error
        fit = {} if self.fit_score is None else {"fit": self.fit_score}
        told = f"The interval is from {refits} refits to resampled rows." if len(others) > 1 else SIMULATED
        return Effect(
            value=answer.value,
            low=answer.value - reach,
            high=answer.value + reach,
            kind="point",
            rung=found.query.rung,
            strategy=found.strategy,
            assumptions=(*found.assumptions, "The fitted mechanisms are close to the true law of the data."),
            query=str(found.query),
            estimator=f"{self.recipe.method}, simulated",
            n=self.codec.schema.rows,
            error=error,
            formula=found.expression,
            notes=(told,),
            details={"units": float(answer.units), "simulation_error": answer.error, **fit},
        )

    def _refitted(self, query: Query, refits: int, seed: int) -> list[float]:
        """Answer a question by models that were fitted to resampled rows."""
        if self.learned is None:
            raise UsageError(
                "This model cannot be fitted again.",
                why="A model that was loaded does not hold the rows that it was fitted to.",
                fix="Fit it again and ask in the same program, or ask without refits.",
                code="E558",
            )
        recipe: Any = self.recipe
        data, experiments = self.learned
        found = []
        for number in range(refits):
            draw = generator(seed, "refit", number)
            own = {key: _resampled(part, draw) for key, part in experiments.items()}
            rows = None if data is None else _resampled(data, draw)
            again = recipe.fit(rows, seed=fold(seed, "refit", number), **({"experiments": own} if own else {}))
            assert self.graph is not None
            found.append(simulate(again.net, again.codec, self.graph, query, seed).value)
        return found


class Intervened:
    """The model of a world in which some nodes are set.

    Arguments:
        model: The model of our world.
        settings: What is set.
    """

    def __init__(self, model: CausalModel, settings: Mapping[str, Any]) -> None:
        self.model, self.settings = model, dict(settings)
        self._fixed = model.fixed(self.settings)

    def do(self, **settings: Any) -> Self:
        """Set more nodes, or the same ones anew."""
        return type(self)(self.model, {**self.settings, **settings})

    def sample(self, n: int, given: dict[str, Any] | None = None, seed: int | None = None) -> Any:
        """Draw rows of that world; the same seed gives the same units as in any other."""
        check_given(given, self.model.codec)
        drawn = self.model.drawn(checked_count(n), chosen(seed), self._fixed)
        return self.model.codec.exactly(self.model.codec.decode(drawn), self.settings)

    def __repr__(self) -> str:
        written = ", ".join(f"{name}={value!r}" for name, value in self.settings.items())
        return f"<{self.model!r} under do({written})>"


def _resampled(data: Any, draw: np.random.Generator) -> Any:
    frame = as_frame(data)
    return frame.iloc[draw.integers(0, len(frame), len(frame))].reset_index(drop=True)


def check_given(given: Mapping[str, Any] | None, codec: NodesCodec) -> None:
    """Refuse conditions.

    Raises:
        UsageError: There are some.
    """
    if given:
        for name in given:
            codec.place(name)
        raise UsageError(
            f"A structural model does not draw given {', '.join(map(str, given))}.",
            why="It draws causes first; to condition on an effect would take other draws.",
            fix="Set nodes instead, model.do(X=1), or fit loom, which conditions on any columns.",
            code="E109",
        )


def _check_known(values: np.ndarray, codec: NodesCodec, rows: Any) -> None:
    holes = np.isnan(values)
    if holes.any():
        row, node = (int(place[0]) for place in np.nonzero(holes))
        raise DataError(
            f"Row {rows[row]} has no known value of '{codec.names[node]}' ({holes.any(1).sum()} such rows in all).",
            why="What would have been is found from all that is known of a row, in values that were seen.",
            fix="Fill the holes first (contrafact impute), or leave these rows out.",
            code="E555",
        )


def _told(found: Abduced) -> dict[str, Any]:
    return {
        "how": list(found.how),
        "assumptions": [ASSUMED[how] for how in found.how],
        "least_effective": float(found.effective.min()) if len(found.effective) else 1.0,
        "exact": found.exact,
    }


def _guess(worlds: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """Give the mean of numbers and the most frequent level."""
    means = worlds.mean(0)
    for node, size in enumerate(sizes):
        if size:
            means[:, node] = torch.mode(worlds[:, :, node], dim=0).values
    return means
