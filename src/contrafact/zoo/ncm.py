"""NCM: an adversarial structural causal model, with bounds by min and max training where the graph settles nothing.

Every node is a network of its parents, of a hidden normal variable for each maximal clique of <-> edges that it is in,
and of one of its own, so that any law of any graph, in all worlds at once, is within reach:

    v_i = f_i(pa_i, U_C for all C with i in C, U_i) and noise of its own: Gumbel for levels, a rising spline for numbers

The mechanisms are one player, a critic that sees whole rows is the other; nothing is said of likelihoods. Experiments
are further regimes: fakes are made under their interventions and judged beside the observations. Once mechanisms meet
the data in every regime, whatever the graph and these regimes settle is answered by mutilating and running the model,
without a formula: all models that fit agree (Xia et al. 2021). Where they do not agree, two models are trained to both
ends of what fits (`causal/extremes.py`): bounds, from within.

What differs from the paper: numbers and any number of levels, a hidden variable and noise for every node, networks run
side by side, small relativistic or Wasserstein critics with R1 and R2, a kernel beside the critic, the law of all cells
at once where there are few (`causal/cells.py`), and a constraint in the place of a weight for the bounds.

References: Xia, Lee, Bengio and Bareinboim, The causal-neural connection, NeurIPS 2021; Xia, Pan and Bareinboim, Neural
causal models for counterfactual identification and estimation, ICLR 2023.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from os import PathLike
from typing import Any, Literal, Self

import numpy as np
import torch

from contrafact.base.effects import Effect
from contrafact.base.errors import UsageError
from contrafact.base.recipe import Count, NotNegative, Positive
from contrafact.base.seeds import fold
from contrafact.causal.adversarial import Contest, OfCells, OfRows, Regime
from contrafact.causal.cells import Cells, Lattice, tabulates
from contrafact.causal.extremes import answered, extremes
from contrafact.causal.fitted import CausalModel, codec_for, graph_of, plan_of, written_graph
from contrafact.causal.graph import Graph
from contrafact.causal.identify.answer import GRAPH_RIGHT, Identified
from contrafact.causal.query import Query
from contrafact.causal.regimes import Trials, begin, near, stacked, whole_rows
from contrafact.causal.scm import Plan, Scm
from contrafact.causal.simulated import simulate
from contrafact.codecs.nodes import NodesCodec
from contrafact.codecs.schema import Role
from contrafact.engine.average import Average
from contrafact.engine.fit import Method, TrainedRecipe, Training
from contrafact.engine.items import Batches
from contrafact.engine.packing import bare, needed_net
from contrafact.nets.mlp import Perceptron

STEPS_OF_CELLS, STEPS_OF_ROWS, POINTS = 2000, 4000, 256
FEW_NODES = 10  # for which a distance of rows still sees what differs


@dataclass(frozen=True, kw_only=True)
class NCM(TrainedRecipe):
    """Fit the mechanisms of a causal graph against a critic."""

    graph: str | None = None  # "Z -> X; X -> Y; X <-> Y", or a file; none: only rows can be drawn, nothing asked
    mechanisms: Literal["monotone", "free"] = "monotone"  # how numbers follow from their own noise: rising, or anyhow
    steps: Count | None = None  # steps; none: 2,000 over few cells, 4,000 over rows, or from the budget
    bound_steps: Count = 3000  # steps of each end, for a question that the graph does not settle
    batch: Count = 256  # rows in a batch
    columns: dict[str, Role] | None = None  # what columns are, where the guess is wrong: zip=category,age=number
    latent: Count = 2  # numbers that a hidden cause has
    width: Count = 32  # units in a hidden layer of each mechanism
    critic_width: Count = 64  # units in each of the critic's two hidden layers
    rate: Positive = 3e-3  # learning rate of both players at the start
    slope: NotNegative = 1.0  # weight of the critic's squared slopes (R1 and R2)
    energy: NotNegative = 1.5  # weight of the kernel beside the critic; 0: the critic alone
    heat: Positive = 0.5  # of soft levels, where rows are drawn
    half_life: NotNegative = 20_000  # rows after which a weight's part in the average has halved

    def __post_init__(self) -> None:
        object.__setattr__(self, "graph", written_graph(self.graph))
        super().__post_init__()

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=16, batch=32, width=8, critic_width=16, bound_steps=10)

    def fit(
        self,
        data: Any,
        *,
        seed: int = 0,
        budget: str | None = None,
        run_dir: str | PathLike[str] | None = None,
        device: str | None = None,
        experiments: Trials | None = None,
    ) -> NCMModel:
        """Train on observations and experiments.

        Arguments:
            data: Rows in which nothing was set; none where there are experiments only.
            seed: Seeds everything.
            budget: Time to use, like "10m".
            run_dir: The run's own folder, or None to keep nothing on disk.
            device: Where to train.
            experiments: For each experiment what was set in it, a name or several, and its rows.
        """
        options = {"seed": seed, "budget": budget, "run_dir": run_dir, "device": device}
        training = self.training(data, experiments=experiments, **options)
        model: NCMModel = training.finish()
        model.contest, model.real = training.game, training.rows  # type: ignore[assignment]
        model.learned, model.fit_score = (data, experiments or {}), training.memory.best_score
        return model

    def training(self, data: Any, *, experiments: Trials | None = None, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        graph = graph_of(self.graph)
        frame, which, sets = stacked(data, experiments or {})
        codec = codec_for(frame, graph, self.columns)
        rows = whole_rows(codec, frame, which)
        plan = self.plan(codec, graph)
        places = [tuple(codec.place(name) for name in names) for names in sets]
        few = tabulates(plan)
        method = Method(
            codec=codec,
            batch=1 if few else self.batch,
            steps=STEPS_OF_CELLS if few else STEPS_OF_ROWS,
            begin=lambda total, device: self.contest(plan, codec, rows, places, few, device),
            model=lambda game: NCMModel(self, codec, game.average.module, graph and graph.projected(), places),
            score=lambda held, seed: near(plan, held, few),
            fewest=sys.maxsize if few else 40,
            encoded=rows,
        )
        return Training(self, frame, method, **options)

    def plan(self, codec: NodesCodec, graph: Graph | None) -> Plan:
        """Plan the mechanisms."""
        return plan_of(graph and graph.projected(), codec, latent=self.latent, private=True)

    def contest(
        self,
        plan: Plan,
        codec: NodesCodec,
        rows: np.ndarray,
        places: list[tuple[int, ...]],
        few: bool,
        device: torch.device,
    ) -> Contest:
        """Make both players."""
        model = Scm(plan, [self.mechanisms] * len(plan.sizes), self.width)
        begin(model, rows)
        width = plan.width + (len(places) if len(places) > 1 else 0)
        critic = Perceptron(width, 1, width=self.critic_width, depth=2, act="silu").to(device)
        adam = partial(torch.optim.Adam, lr=self.rate, betas=(0.5, 0.99), fused=True)
        shared: dict[str, Any] = {
            "model": model.to(device),
            "critic": critic,
            "average": Average(model, self.half_life, self.batch),
            "players": {"critic": adam(critic.parameters()), "generator": adam(model.parameters())},
            "rate": self.rate,
            "slope": self.slope,
        }
        if not few:
            energy = self.energy if len(plan.sizes) <= FEW_NODES else 0.0
            regimes = [Regime(set=own) for own in places]
            return OfRows(**shared, regimes=regimes, energy=energy, heat=self.heat)
        cells = Cells(plan)
        regimes = [
            Regime(set=own, shares=cells.shares(rows[rows[:, -1] == number, :-1])) for number, own in enumerate(places)
        ]
        lattice = Lattice(POINTS // 2, plan.hidden)
        return OfCells(**shared, regimes=regimes, energy=self.energy, cells=cells, lattice=lattice)

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> NCMModel:
        """Make a fitted model again."""
        known, graph = NodesCodec.from_json(codec), graph_of(self.graph)
        net = bare(lambda: Scm(self.plan(known, graph), facts["kinds"], self.width))
        sets = [tuple(own) for own in facts["regimes"]]
        return NCMModel(self, known, needed_net("model", net, arrays), graph and graph.projected(), sets)


class NCMModel(CausalModel):
    """A structural model that was fitted against a critic.

    Arguments:
        recipe: The settings.
        codec: Turns tables into values of nodes and back.
        net: The mechanisms.
        graph: The graph over observed nodes; none: only rows can be drawn.
        regimes: The places of the nodes that were set in each kind of data.
    """

    recipe: NCM
    contest: Contest | None = None  # what it was fitted in: there after `fit`, not kept by `save`
    real: Any = None

    def __init__(
        self, recipe: NCM, codec: NodesCodec, net: Scm, graph: Graph | None, regimes: list[tuple[int, ...]]
    ) -> None:
        super().__init__(recipe, codec, net, graph)
        self.regimes = regimes

    def facts(self) -> dict[str, Any]:
        """Say of which kinds the mechanisms are, and what was set in which data."""
        return {**super().facts(), "regimes": [list(own) for own in self.regimes]}

    def identified(self, query: str | Query) -> Identified:
        """Ask the graph whether it settles a question, with the experiments that the model was fitted to."""
        from contrafact.causal.identify.ask import identify

        self.fixed({})
        assert self.graph is not None
        sets = [{self.codec.names[place] for place in own} for own in self.regimes]
        return identify(self.graph, query, [own for own in sets if own], observed=set() in sets)

    def effect(self, query: str | Query, *, refits: int = 0, seed: int = 0) -> Effect:
        """Answer a question by running the model, or give bounds where the graph does not settle it.

        Arguments:
            query: Such as "ATE(X, Y)", "P(Y=1 | do(X=1))", "ATT(X, Y)", "PNS(X, Y)" or "P(Y_{X=1}=1 | X=0, Y=0)".
            refits: As for every structural model; bounds have none.
            seed: Chooses the simulated units, and seeds the training of both ends.

        Raises:
            UsageError: Bounds are needed, and the model was loaded: its training is not there to go on from.
        """
        found = self.identified(query)
        return self.simulated(found, refits, seed) if found else self.bounds(found, seed)

    def bounds(self, found: Identified, seed: int) -> Effect:
        """Train two models to both ends of what fits the data."""
        if not isinstance(self.contest, OfCells | OfRows):
            refusal = found.refusal()
            raise UsageError(
                f"{found.query} is not identifiable, and this model cannot be bounded any more.",
                why=f"{refusal.why} Bounds come from training on, with the data; a loaded model has none.",
                fix="Fit the model again and ask it in the same program.",
                code="E558",
            )
        assert self.graph is not None
        rows = torch.from_numpy(self.real)
        batches = Batches(rows, self.contest_batch, fold(seed, "bounds"))
        answer = answered(self.contest, self.codec, self.graph, found.query)
        steps = self.recipe.bound_steps
        reached = extremes(self.contest, batches, len(rows), answer, steps=steps, seed=seed, rate=self.recipe.rate)
        ends = [simulate(model, self.codec, self.graph, found.query, seed) for model in (reached.low, reached.high)]
        low, high = sorted(end.value for end in ends)
        return Effect(
            value=None,
            low=low,
            high=high,
            kind="bounds",
            rung=found.query.rung,
            strategy="min and max training",
            assumptions=(GRAPH_RIGHT,),
            query=str(found.query),
            estimator="ncm, two models at both ends",
            n=len(rows),
            notes=(
                "An inner approximation: a wider interval may exist.",
                f"Both ends are {reached.gaps[0]:.2f} and {reached.gaps[1]:.2f} times as far from the data as chance "
                "takes such a sample from its own law.",
            ),
            details={"gap_low": reached.gaps[0], "gap_high": reached.gaps[1]},
        )

    @property
    def contest_batch(self) -> int:
        """How many rows a step looks at."""
        return 1 if isinstance(self.contest, OfCells) else self.recipe.batch
