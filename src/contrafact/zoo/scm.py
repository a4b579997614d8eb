"""A structural causal model fitted by likelihood: from a graph and a table to worlds in which something else is done.

Each node follows from its causes in the graph and from noise of its own, v = f(pa, z). The mechanism of a number is
linear or additive (m(pa) + s T(z), m straight or not), affine (the scale depends on the causes, too) or monotone (so
does the shape T, a rising spline); with `auto` all are trained side by side and the plainest is kept that no richer one
clearly beats on held-out rows. Levels have a softmax with Gumbel noise. Nodes that share hidden common causes get a
hidden normal variable for each maximal clique of <-> edges, over which the likelihood is averaged. Every mechanism
starts as a straight line (of levels: a logistic regression), to which a small network is added with early stopping.

Numbers are inverted in closed form, so that counterfactuals of graphs without hidden causes and levels are exact for
the fitted model. Without a graph each column may follow from all before it, which is enough to draw rows and for
nothing else. A row with holes teaches the mechanisms whose nodes and causes are known in it.

References: Pearl, Causality, 2009, chapter 7; Hoyer et al., Nonlinear causal discovery with additive noise models,
NeurIPS 2009; Durkan et al., Neural spline flows, NeurIPS 2019.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from typing import Any, Literal, Self

import numpy as np
import torch
from torch import Tensor

from contrafact.base.recipe import Count, NotNegative, Positive
from contrafact.base.seeds import fold
from contrafact.causal.fitted import CausalModel, codec_for, graph_of, plan_of, written_graph
from contrafact.causal.likelihood import EXAMINED_DRAWS, Fitting, Trials, kinds_of
from contrafact.causal.mechanisms import chances, noise_of
from contrafact.causal.scm import Scm
from contrafact.codecs.nodes import NodesCodec
from contrafact.codecs.schema import Role
from contrafact.engine.fit import Method, TrainedRecipe, Training
from contrafact.engine.packing import bare, needed_net

EPOCHS, FEWEST_STEPS, MOST_STEPS = 60, 300, 3000


@dataclass(frozen=True, kw_only=True)
class SCM(TrainedRecipe):
    """Fit the mechanisms of a causal graph by likelihood."""

    graph: str | None = None  # "Z -> X; X -> Y; Z <-> Y", or a file; none: only rows can be drawn, nothing asked
    mechanisms: Literal["auto", "linear", "additive", "affine", "monotone"] = "auto"  # of numbers; auto: each its own
    steps: Count | None = None  # steps; none: chosen from the rows, or from the budget
    batch: Count | None = None  # rows in a batch; none: 256, fewer where there are few rows
    columns: dict[str, Role] | None = None  # what columns are, where the guess is wrong: zip=category,age=number
    latent: Count = 1  # numbers that a hidden common cause has
    width: Count = 32  # units in a hidden layer of each mechanism
    rate: Positive = 5e-3  # learning rate at the start
    decay: NotNegative = 1e-3  # weight decay

    def __post_init__(self) -> None:
        object.__setattr__(self, "graph", written_graph(self.graph))
        super().__post_init__()

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=20, batch=64, width=8, mechanisms="additive")

    def fit(
        self,
        data: Any,
        *,
        seed: int = 0,
        budget: str | None = None,
        run_dir: str | PathLike[str] | None = None,
        device: str | None = None,
    ) -> SCMModel:
        """Train on the data and give the model, which keeps them at hand (never on disk) for refits.

        Arguments:
            data: What to learn from.
            seed: Seeds everything.
            budget: Time to use, like "10m".
            run_dir: The run's own folder, or None to keep nothing on disk.
            device: Where to train.
        """
        training = self.training(data, seed=seed, budget=budget, run_dir=run_dir, device=device)
        model: SCMModel = training.finish()
        model.learned, model.fit_score = (data, {}), training.memory.best_score
        return model

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        graph = graph_of(self.graph)
        codec = codec_for(data, graph, self.columns)
        values = codec.encode(data).astype(np.float32)
        batch = self.batch or int(min(max(len(values) // 8, 16), 256))
        exam = Exam(fold(options.get("seed", 0), "exam"))
        method = Method(
            codec=codec,
            batch=batch,
            steps=int(min(max(EPOCHS * len(values) // batch, FEWEST_STEPS), MOST_STEPS)),
            begin=lambda total, device: self.game(codec, values, batch, device),
            model=lambda game: Examined(self, codec, game, exam),
            score=lambda held, seed: exam.set(held),
            encoded=values,
        )
        return Training(self, data, method, **options)

    def game(self, codec: NodesCodec, values: np.ndarray, batch: int, device: torch.device) -> Fitting:
        """Make all mechanisms that are tried, and their optimiser."""
        graph = graph_of(self.graph)
        plan = plan_of(graph and graph.projected(), codec, latent=self.latent, private=False)
        trials = Trials(plan, kinds_of(self.mechanisms), self.width)
        trials.start(values)
        return Fitting.of(trials.to(device), self.rate, self.decay, batch)

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> SCMModel:
        """Make a fitted model again."""
        known, graph = NodesCodec.from_json(codec), graph_of(self.graph)
        projected = graph and graph.projected()
        plan = plan_of(projected, known, latent=self.latent, private=False)
        net = bare(lambda: Scm(plan, facts["kinds"], self.width))
        return SCMModel(self, known, needed_net("model", net, arrays), projected)


class SCMModel(CausalModel):
    """A structural model that also tells how likely rows are."""

    recipe: SCM

    @torch.no_grad()
    def log_prob(self, data: Any) -> np.ndarray:
        """Give the logarithm of the density of each row's nodes; hidden causes are averaged over.

        Unknown cells, and what is no node, play no part: a node counts where it and its causes are known.
        """
        values = torch.from_numpy(self.codec.encode(data)).float()
        found = [self._log(values[start : start + 1024]) for start in range(0, len(values), 1024)]
        scales = sum(np.log(node.scale) for node in self.codec.nodes if not node.levels)
        logs: np.ndarray = np.concatenate([*found, np.empty(0)]) - scales
        return logs

    def _log(self, values: Tensor) -> np.ndarray:
        plan, net = self.net.plan, self.net
        copies = EXAMINED_DRAWS if plan.hidden else 1
        source = torch.Generator().manual_seed(0)
        known, rows = ~torch.isnan(values), values.nan_to_num().repeat_interleave(copies, dim=0)
        hidden = torch.randn(copies, plan.hidden, generator=source).repeat(len(values), 1)
        outputs = net.bank(torch.cat([plan.row(rows), hidden], dim=1))
        total = torch.zeros(len(values))
        for group in plan.groups:
            logs = torch.zeros(len(values), copies)
            for node in group:
                there = known[:, [node, *plan.parents[node]]].all(1).unsqueeze(1)
                size, own = plan.sizes[node], outputs[node]
                if size:
                    log = chances(own, size).gather(1, rows[:, node].long().unsqueeze(1)).squeeze(1)
                else:
                    log = noise_of(rows[:, node], own, net.kinds[node])[1]
                logs += log.view(-1, copies) * there
            total += torch.logsumexp(logs, dim=1) - np.log(copies)
        found: np.ndarray = total.double().numpy()
        return found


class Exam:
    """Held-out rows by which the mechanisms in training are judged.

    Arguments:
        seed: Chooses the draws of hidden causes.
    """

    def __init__(self, seed: int) -> None:
        self.seed, self.held = seed, torch.empty(0)

    def set(self, held: np.ndarray) -> Callable[[Any], dict[str, float]]:
        """Take the rows, and give what reads the score off."""
        self.held = torch.from_numpy(held)
        return lambda found: {"score": float(found["score"][0]), "score_error": 0.0}


class Examined(SCMModel):
    """The model in training: drawing rows from it, it is examined first.

    Arguments:
        recipe: The settings.
        codec: Turns tables into values of nodes and back.
        game: All mechanisms on trial.
        exam: What they are judged by.
    """

    def __init__(self, recipe: SCM, codec: NodesCodec, game: Fitting, exam: Exam) -> None:
        self.game, self.exam = game, exam
        graph = graph_of(recipe.graph)
        super().__init__(recipe, codec, game.trials.model(game.trials.trials), graph and graph.projected())
        self.codec = codec

    def rows(self, n: int, seed: int) -> Any:
        """Examine what is in training, and draw from the best so far."""
        trials = self.game.trials
        average: Trials = self.game.average.module  # type: ignore[assignment]
        trials.examine(average, self.exam.held, self.exam.seed)
        self.net = trials.model(trials.chosen(self.exam.held, self.exam.seed)).ready()
        best: dict[tuple[int, ...], float] = {}
        for trial, score in zip(trials.trials, trials.scores.tolist(), strict=True):
            best[trial.nodes] = max(best.get(trial.nodes, -np.inf), score)
        return {"values": self.drawn(n, seed, {}), "score": np.full(n, sum(best.values()))}
