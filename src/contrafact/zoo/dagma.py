"""DAGMA: arrows between columns by regression under a penalty that is finite only near graphs without cycles.

Every column is predicted from all others, by weights W (x'_j = sum_i w_ij x_i) or by a small network for each column,
where w_ij is the length of the first layer's weights on the way from i to j. What is minimised is

    mu (score + lambda1 sum |w|) + h(w * w),        h(A) = -log det(sI - A) + d log s

for a mu that falls from phase to phase: the path of minima leads from no arrow at all to a graph without cycles that
predicts well. The score is half the sum of the logarithms of the columns' mean squared errors, a Gaussian likelihood
(as in GOLEM). The paper's linear score, the sum of the errors themselves (`score=squares`), takes all noise for equally
large: it tells directions from the columns' units, which is wrong once columns are standardised, as they are here.

All runs are minimised at once, each on rows of its own, drawn with replacement; the confidence of an arrow is the share
of runs in which its weight is above the threshold. No hidden common causes are looked for.

References:
    Bello, Aragam and Ravikumar, *DAGMA: learning DAGs via M-matrices and a log-determinant acyclicity
    characterization*, NeurIPS 2022. Ng, Ghassami and Zhang, *On the role of sparsity and DAG constraints for learning
    linear DAGs*, NeurIPS 2020 (GOLEM: the score).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from contrafact.base.recipe import Count, NotNegative, Positive
from contrafact.causal.acyclic import closed_walks
from contrafact.causal.discovered import Discovered, Watched, settled
from contrafact.causal.edges import Knowledge
from contrafact.codecs.coordinates import CoordinatesCodec
from contrafact.codecs.schema import Role
from contrafact.engine.fit import Method, TrainedRecipe, Training
from contrafact.engine.play import Move, Phase, Step, Terms
from contrafact.nets.columnwise import Columnwise, Grouping, Resamples

MU, ROOMS = (1.0, 0.1, 0.01, 0.001), (1.0, 0.9, 0.8, 0.7)  # the weight of the score, and s, in each phase
TINY = 1e-12
Pairs = tuple[tuple[str, str], ...]


class Weights(nn.Module):
    """One weight for each arrow of each run.

    Arguments:
        runs: How many runs.
        columns: How many columns.
    """

    def __init__(self, runs: int, columns: int) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.zeros(runs, columns, columns))

    def forward(self, rows: Tensor, gates: Tensor) -> Tensor:
        """Predict each column (runs, rows, columns)."""
        return torch.bmm(rows, self.first * gates)

    def size(self) -> Tensor:
        """Give nothing: the price of arrows is price enough."""
        return self.first.new_zeros(())


@dataclass(kw_only=True)
class Descent:
    """Regressions that must not go in circles.

    Arguments:
        recipe: The settings.
        grouping: Which coordinates are a node.
        allowed: Which arrows may be.
        required: Which arrows there are, at no price.
        makers: The regressions.
        players: Their optimiser.
    """

    recipe: DAGMA
    grouping: Grouping
    allowed: Tensor
    required: Tensor
    makers: Weights | Columnwise
    players: dict[str, Optimizer]

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Everything with weights, by name."""
        return {"regressions": self.makers}

    def prepare(self, step: Step) -> None:
        """Let the rate fall within each phase."""
        within = len(MU) * step.fraction % 1
        self.players["regressions"].param_groups[0]["lr"] = self.recipe.rate * step.rate * (1 - 0.9 * within)

    def phases(self) -> Sequence[Phase]:
        """Take a step down."""
        return [Phase(moves=(Move(player="regressions", loss=self.loss),))]

    def squared(self) -> Tensor:
        """Give the squared weight of each arrow between nodes (runs, from, to)."""
        first = self.makers.first
        squares = first.square().sum(-1) if first.ndim == 4 else first.square()
        return self.grouping.narrow(squares * self.grouping.wide(self.allowed))

    def score(self, rows: Tensor) -> Tensor:
        """Say how badly each run predicts."""
        gates = self.grouping.wide(self.allowed).to(rows.dtype).expand(len(rows), -1, -1)
        missed = (rows - self.makers(rows, gates)).square().mean(1)
        score: Tensor = missed if self.recipe.score == "squares" else missed.add(TINY).log()
        return 0.5 * score.sum(1)

    def loss(self, batch: Tensor, step: Step) -> Terms:
        """Predict, sparsely, without cycles."""
        recipe, phase = self.recipe, min(int(len(MU) * step.fraction), len(MU) - 1)
        squared, mu = self.squared(), MU[phase]
        price = (squared + TINY).sqrt() * ~self.required
        return {
            "score": mu * self.score(batch).sum(),
            "few": mu * (recipe.lambda1 * price.sum() + 0.5 * recipe.lambda2 * self.makers.size()),
            "cycles": closed_walks(squared, ROOMS[phase]).sum(),
        }

    def chances(self) -> np.ndarray:
        """Say for each run which arrows are above the threshold."""
        strong = (self.squared().sqrt() > self.recipe.threshold) | self.required
        return np.asarray(strong.detach().to(torch.float32).cpu().numpy())


@dataclass(frozen=True, kw_only=True)
class DAGMA(TrainedRecipe):
    """Find arrows between the columns of a table by regressions that must not go in circles."""

    kind: Literal["network", "linear"] = "network"  # how a column depends on others
    score: Literal["likelihood", "squares"] = "likelihood"  # squares: the paper's for linear, noise equally large
    steps: Count | None = None  # steps of all four phases; none: 1,000, or from the budget
    runs: Count = 8  # runs on resampled rows, whose agreement is the confidence
    batch: Count = 1000  # rows in a step
    columns: dict[str, Role] | None = None  # what columns are, where the guess is wrong: zip=category,age=number
    tiers: tuple[tuple[str, ...], ...] | None = None  # columns in the order of time; nothing causes what was before it
    forbid: Pairs | None = None  # arrows that cannot be, as pairs
    require: Pairs | None = None  # arrows that there are, as pairs
    lambda1: NotNegative = 0.03  # price of an arrow's weight; larger: fewer
    lambda2: NotNegative = 0.02  # price of large weights of networks
    threshold: NotNegative = 0.2  # least weight of an arrow
    hidden: Count = 10  # units of a network's hidden layer
    rate: Positive = 0.03  # learning rate at the beginning of each phase

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=20, runs=2, hidden=3)

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        codec = CoordinatesCodec.fit(data, columns=self.columns)
        known = Knowledge.read(codec.names, tiers=self.tiers, forbid=self.forbid, require=self.require)
        encoded = codec.encode(data)
        method = Method(
            codec=codec,
            batch=self.batch,
            steps=1000,
            begin=lambda total, device: self.game(codec, known, device),
            model=lambda game: Watched(self, codec, game.chances),
            score=settled,
            batches=lambda rows, size, seed: Resamples(rows, size, seed, self.runs),
            fewest=len(encoded) + 1,
            encoded=encoded,
        )
        return Training(self, data, method, **options)

    def game(self, codec: CoordinatesCodec, known: Knowledge, device: torch.device) -> Descent:
        """Make the regressions and their optimiser."""
        grouping = Grouping(nodes=torch.from_numpy(codec.nodes).to(device), count=len(codec.names))
        wide = len(codec.coordinates)
        makers: Weights | Columnwise = Weights(self.runs, wide)
        if self.kind == "network":
            makers = Columnwise(self.runs, wide, self.hidden, layers=1, small=0.5)
        makers = makers.to(device)
        player = torch.optim.Adam(makers.parameters(), lr=self.rate, betas=(0.9, 0.999), fused=True)
        return Descent(
            recipe=self,
            grouping=grouping,
            allowed=torch.from_numpy(known.allowed).to(device),
            required=torch.from_numpy(known.required).to(device),
            makers=makers,
            players={"regressions": player},
        )

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> Discovered:
        """Make a fitted model again."""
        return Discovered(self, CoordinatesCodec.from_json(codec), arrays["chances"])
