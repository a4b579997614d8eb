"""SAM: arrows between columns, found by mechanisms that must convince one critic together.

Each column j has a mechanism: a small network that makes it anew from the other columns of the same row, each behind a
gate a_ij that is open with probability p_ij, and from noise, x'_j = f_j(a_j x) + s_j e_j (or f_j(a_j x, e_j) with
`noise=free`). The critic T sees real rows x, and for each j the row x^(j) in which column j alone was made anew. It
estimates the Kullback-Leibler divergence between them (f-GAN), which the mechanisms lower:

    critic:      mean T(x) - mean_j exp(T(x^(j)) - 1)                                             is made large
    mechanisms:  - sum_j mean exp(T(x^(j)) - 1) + lambda1 / n sum p + lambda2 / n |theta|^2 + rho h(p * p)
                 + anchor / 2 sum_j log mean (x_j - f_j)^2

The sum over p closes gates; h, rising from `start` of the training on, is 0 only where the gates have no cycle
(`causal.acyclic`, in place of the paper's exponential of the matrix). At the optimum the first line is what is lost by
not knowing the other columns; as noise is added, it is a likelihood, which tells directions apart unless all is linear
and Gaussian. `anchor` adds this likelihood for Gaussian noise, which gives the mechanisms a direction while the critic
is still lost; 0 is the paper's method. Gates are drawn hard in each step and pass gradients straight through.

All runs are trained at once, each on rows of its own, drawn with replacement. The confidence of an arrow is the mean
over runs of its gate's probability in the last quarter of the training. It says how stable the finding is on these data
under the method's assumptions (no hidden common causes, no cycles); it is a hypothesis, not a proof.

Reference: Kalainathan, Goudet, Guyon, Lopez-Paz and Sebag, *Structural agnostic modeling: adversarial learning of
causal graphs*, Journal of Machine Learning Research 23, 2022.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu
from torch.optim import Optimizer

from contrafact.base.recipe import Count, NotNegative, Positive, Share
from contrafact.causal.acyclic import closed_walks
from contrafact.causal.discovered import Discovered, Watched, settled
from contrafact.causal.edges import Knowledge
from contrafact.codecs.coordinates import CoordinatesCodec
from contrafact.codecs.schema import Role
from contrafact.engine.fit import Method, TrainedRecipe, Training
from contrafact.engine.play import Move, Phase, Step, Terms
from contrafact.nets.columnwise import Columnwise, Grouping, Resamples, blurred

OPEN, LARGEST, COARSE, LATE = 2.0, 10.0, 0.05, 0.75  # a gate's first logit; exponents; a grid; where the mean begins
Pairs = tuple[tuple[str, str], ...]


class Gates(nn.Module):
    """A gate for each arrow of each run, with what is known of them.

    Arguments:
        runs: How many runs.
        knowledge: Which arrows may be, and which there are.
    """

    allowed: Tensor
    required: Tensor
    total: Tensor
    counted: Tensor

    def __init__(self, runs: int, knowledge: Knowledge) -> None:
        super().__init__()
        nodes = len(knowledge.names)
        self.logits = nn.Parameter(OPEN + 0.1 * torch.randn(runs, nodes, nodes))
        self.register_buffer("allowed", torch.from_numpy(knowledge.allowed))
        self.register_buffer("required", torch.from_numpy(knowledge.required))
        self.register_buffer("total", torch.zeros(runs, nodes, nodes))
        self.register_buffer("counted", torch.zeros(()))

    def chances(self) -> Tensor:
        """Give the probability that each is open."""
        open_or_not = torch.where(self.required, 1.0, self.logits.sigmoid())
        return open_or_not * self.allowed

    def drawn(self, chances: Tensor, generator: torch.Generator) -> Tensor:
        """Open or close each; gradients pass as if it were its probability."""
        uniform = torch.rand(chances.shape, generator=generator, device=chances.device)
        return (uniform < chances).to(chances.dtype) + chances - chances.detach()

    def count(self, step: Step) -> None:
        """Add to the mean over the last part of the training."""
        if step.fraction >= LATE:
            self.total += self.chances().detach()
            self.counted += 1

    def mean(self) -> np.ndarray:
        """Give the mean chances of each run, or those of now where there is none yet."""
        found = self.total / self.counted if self.counted else self.chances()
        return np.asarray(found.detach().cpu().numpy())


class Critic(nn.Module):
    """Two hidden layers that judge rows, and rows with one node made anew.

    Arguments:
        runs: How many runs, each with a critic of its own.
        grouping: Which coordinates are a node.
        width: Units of each hidden layer.
    """

    def __init__(self, runs: int, grouping: Grouping, width: int) -> None:
        super().__init__()
        self.grouping = grouping
        columns = len(grouping.nodes)
        self.first = nn.Parameter(torch.randn(runs, columns, width) / columns**0.5)
        self.bias = nn.Parameter(torch.zeros(runs, 1, width))
        self.second = nn.Parameter(torch.randn(runs, width, width) * 1.3 / width**0.5)
        self.middle = nn.Parameter(torch.zeros(runs, 1, width))
        self.last = nn.Parameter(torch.randn(runs, width, 1) / width**0.5)
        self.end = nn.Parameter(torch.zeros(runs, 1, 1))

    def _judged(self, seen: Tensor) -> Tensor:
        units = leaky_relu(torch.baddbmm(self.middle, leaky_relu(seen, 0.2), self.second), 0.2)
        judged: Tensor = torch.baddbmm(self.end, units, self.last)[..., 0]
        return judged

    def forward(self, rows: Tensor) -> Tensor:
        """Judge rows (runs, rows, coordinates)."""
        return self._judged(torch.baddbmm(self.bias, rows, self.first))

    def swapped(self, rows: Tensor, made: Tensor) -> Tensor:
        """Judge each row once for each node, that node made anew (runs, rows, nodes)."""
        changed = (made - rows)[..., None] * self.first[:, None]
        seen = torch.baddbmm(self.bias, rows, self.first)[:, :, None] + self.grouping.within(changed, 2)
        return self._judged(seen.flatten(1, 2)).view(seen.shape[:3])


@dataclass(kw_only=True)
class Explaining:
    """Mechanisms behind gates against a critic.

    Arguments:
        recipe: The settings.
        rows: How many rows there are.
        grid: Steps that coordinates go in.
        grouping: Which coordinates are a node.
        makers: The mechanisms' networks.
        spread: The logarithm of each mechanism's noise.
        gates: Which arrows are open.
        judge: The critic.
        players: Both optimisers.
    """

    recipe: SAM
    rows: int
    grid: Tensor
    grouping: Grouping
    makers: Columnwise
    spread: nn.ParameterList
    gates: Gates
    judge: Critic
    players: dict[str, Optimizer] = field(default_factory=dict)

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Everything with weights, by name."""
        return {"generator": self.makers, "spread": self.spread, "gates": self.gates, "critic": self.judge}

    def prepare(self, step: Step) -> None:
        """Set this step's learning rates."""
        for name, rate in (("generator", self.recipe.rate), ("critic", self.recipe.critic_rate)):
            self.players[name].param_groups[0]["lr"] = rate * step.rate

    def phases(self) -> Sequence[Phase]:
        """Let the critic move, then the mechanisms."""
        critic = Move(player="critic", loss=self.critic_loss)
        makers = Move(player="generator", loss=self.generator_loss, then=self.gates.count)
        return [Phase(moves=(critic, makers))]

    def seen(self, batch: Tensor, step: Step) -> Tensor:
        """Blur what goes in steps."""
        if float(self.grid.max()) < COARSE:
            return batch
        uniform = torch.rand(batch.shape, generator=step.generator, device=batch.device)
        return blurred(batch, self.grid, uniform)

    def made(self, rows: Tensor, chances: Tensor, step: Step) -> tuple[Tensor, Tensor]:
        """Make every column anew: what is expected (where noise is added), and with noise."""
        gates = self.grouping.wide(self.gates.drawn(chances, step.generator))
        noise = torch.randn(rows.shape, generator=step.generator, device=rows.device)
        expected = self.makers(rows, gates, noise)
        if self.recipe.noise == "free":
            return expected, expected
        return expected, expected + self.spread[0].exp()[:, None] * noise

    def critic_loss(self, batch: Tensor, step: Step) -> Terms:
        """Tell real rows from those with one column made anew."""
        rows = self.seen(batch, step)
        with torch.no_grad():
            made = self.made(rows, self.gates.chances(), step)[1]
        fake = (self.judge.swapped(rows, made).clamp_max(LARGEST) - 1).exp().mean((1, 2))
        return {"loss": (fake - self.judge(rows).mean(1)).sum()}

    def generator_loss(self, batch: Tensor, step: Step) -> Terms:
        """Convince the critic with few arrows and without cycles."""
        recipe, rows = self.recipe, self.seen(batch, step)
        chances = self.gates.chances()
        expected, made = self.made(rows, chances, step)
        scores = self.judge.swapped(rows, made).clamp_max(LARGEST)
        terms = {"loss": -(scores - 1).exp().mean(1).sum()}
        terms["few"] = (recipe.lambda1 * chances.sum() + recipe.lambda2 * self.makers.size()) / self.rows
        if recipe.anchor and recipe.noise == "additive":
            terms["anchor"] = recipe.anchor * 0.5 * ((rows - expected) ** 2).mean(1).add(1e-4).log().sum()
        if step.fraction > recipe.start:
            ramp = (step.fraction - recipe.start) / (1 - recipe.start)
            terms["cycles"] = recipe.cycles * ramp * closed_walks(chances**2, wide=True).sum()
        return terms


@dataclass(frozen=True, kw_only=True)
class SAM(TrainedRecipe):
    """Find arrows between the columns of a table by an adversarial game."""

    steps: Count | None = None  # steps of both players; none: 800, or from the budget
    runs: Count = 8  # runs on resampled rows, whose agreement is the confidence
    batch: Count = 128  # rows in a batch
    columns: dict[str, Role] | None = None  # what columns are, where the guess is wrong: zip=category,age=number
    tiers: tuple[tuple[str, ...], ...] | None = None  # columns in the order of time; nothing causes what was before it
    forbid: Pairs | None = None  # arrows that cannot be, as pairs
    require: Pairs | None = None  # arrows that there are, as pairs
    lambda1: NotNegative = 20.0  # price of an arrow; larger: fewer
    lambda2: NotNegative = 0.001  # price of large weights of mechanisms
    cycles: NotNegative = 10.0  # price of cycles at the end (rho)
    start: Share = 0.4  # part of the training after which cycles cost something
    anchor: NotNegative = 1.0  # weight of the Gaussian likelihood beside the critic; 0: the critic alone
    noise: Literal["additive", "free"] = "additive"  # noise is added to a mechanism, or goes through it (no anchor)
    hidden: Count = 6  # units of a mechanism's hidden layers
    width: Count = 32  # units of the critic's hidden layers
    rate: Positive = 0.01  # learning rate of mechanisms and gates
    critic_rate: Positive = 0.001  # learning rate of the critic

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=20, runs=2, batch=32, hidden=4, width=8)

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        codec = CoordinatesCodec.fit(data, columns=self.columns)
        known = Knowledge.read(codec.names, tiers=self.tiers, forbid=self.forbid, require=self.require)
        encoded = codec.encode(data)
        method = Method(
            codec=codec,
            batch=self.batch,
            steps=800,
            begin=lambda total, device: self.game(codec, known, len(encoded), device),
            model=lambda game: Watched(self, codec, game.gates.mean),
            score=settled,
            batches=lambda rows, size, seed: Resamples(rows, size, seed, self.runs),
            fewest=len(encoded) + 1,
            encoded=encoded,
        )
        return Training(self, data, method, **options)

    def game(self, codec: CoordinatesCodec, known: Knowledge, rows: int, device: torch.device) -> Explaining:
        """Make networks and optimisers."""
        grouping = Grouping(nodes=torch.from_numpy(codec.nodes).to(device), count=len(codec.names))
        wide = len(codec.coordinates)
        makers = Columnwise(self.runs, wide, self.hidden, noisy=self.noise == "free").to(device)
        spread = nn.ParameterList([torch.full((self.runs, wide), -0.3, device=device)])
        gates = Gates(self.runs, known).to(device)
        judge = Critic(self.runs, grouping, self.width).to(device)
        own = [*makers.parameters(), gates.logits, *(spread if self.noise == "additive" else [])]
        players: dict[str, Optimizer] = {
            "generator": torch.optim.Adam(own, lr=self.rate, betas=(0.5, 0.9), fused=True),
            "critic": torch.optim.Adam(judge.parameters(), lr=self.critic_rate, betas=(0.5, 0.9), fused=True),
        }
        grid = torch.from_numpy(codec.grid).to(device)
        return Explaining(
            recipe=self,
            rows=rows,
            grid=grid,
            grouping=grouping,
            makers=makers,
            spread=spread,
            gates=gates,
            judge=judge,
            players=players,
        )

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> Discovered:
        """Make a fitted model again."""
        return Discovered(self, CoordinatesCodec.from_json(codec), arrays["chances"])
