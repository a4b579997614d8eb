"""TARNet: one shared picture of the covariates, a head for each arm, and every row teaches the head of its own arm.

With phi(x) a network of hidden layers and h_a a network for each arm a, it minimises

    (1/n) sum_i w_i (h_{t_i}(phi(x_i)) - y_i)² + lambda ||W||²,        w_i such that all arms count the same

and the effect of x is h_1(phi(x)) - h_0(phi(x)). Nothing holds the arms' pictures together; `cfr` does. The step
that is kept is chosen on held-out rows, by how well each one's own outcome is foretold. W is all weights, where the
paper has those of the heads: with a few hundred rows the shared part learns their noise otherwise.

Reference: Shalit, Johansson and Sontag, *Estimating individual treatment effect: generalization bounds and algorithms*,
ICML 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from contrafact.base.recipe import Count, NotNegative, Positive
from contrafact.causal.foretold import Foretold, foretelling, foretold_again
from contrafact.codecs.schema import Role
from contrafact.codecs.treated import TreatedCodec
from contrafact.engine.fit import TrainedRecipe, Training
from contrafact.engine.play import Move, Phase, Step, Terms
from contrafact.nets.potential import Potential, factual, shrunk, weights_of_arms

SLOWER, EVERY = 0.97, 100


@dataclass(kw_only=True)
class Learning:
    """A single player: the network.

    Arguments:
        recipe: The settings.
        net: The network.
        players: Its optimiser.
        weights: What a row of each arm counts.
    """

    recipe: TARNet
    net: Potential
    players: dict[str, Optimizer]
    weights: Tensor

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Everything with weights, by name."""
        return {"net": self.net}

    def prepare(self, step: Step) -> None:
        """Set this step's learning rate, which falls by 3 % every hundred steps."""
        rate = self.recipe.rate * step.rate * SLOWER ** (step.number // EVERY)
        self.players["net"].param_groups[0]["lr"] = rate

    def phases(self) -> Sequence[Phase]:
        """Let the network learn."""
        return [Phase(moves=(Move(player="net", loss=self.loss),))]

    def loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Foretell each row's outcome in its own arm."""
        return {
            "factual": factual(self.net(batch["x"]), batch["t"], batch["y"], self.weights),
            "size": self.recipe.decay * shrunk(self.net),
        }


@dataclass(frozen=True, kw_only=True)
class TARNet(TrainedRecipe):
    """Fit a treatment-agnostic representation with a head for each arm."""

    treatment: str | None = None  # the column of the treatment
    outcome: str | None = None  # the column of the outcome
    steps: Count | None = None  # steps; none: 2,000, or from the budget
    batch: Count = 100  # rows in a batch
    columns: dict[str, Role] | None = None  # what columns are, where the guess is wrong: zip=category,age=number
    width: Count = 200  # units of a hidden layer of the shared part; heads have half as many
    depth: Count = 3  # hidden layers of the shared part, and of each head
    decay: NotNegative = 1e-2  # weight of the squared weights (lambda)
    rate: Positive = 1e-3  # learning rate at the start

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=20, batch=32, width=16)

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        return foretelling(
            self,
            data,
            steps=2000,
            begin=lambda codec, arm, total, device: self.game(codec, arm, device),
            net=lambda game: game.net,
            **options,
        )

    def network(self, codec: TreatedCodec) -> Potential:
        """Make the network."""
        return Potential(codec.width, len(codec.arms), self.width, self.depth)

    def game(self, codec: TreatedCodec, arm: np.ndarray, device: torch.device) -> Learning:
        """Make network and optimiser."""
        net = self.network(codec).to(device)
        players: dict[str, Optimizer] = {"net": torch.optim.Adam(net.parameters(), lr=self.rate, fused=True)}
        weights = torch.from_numpy(weights_of_arms(arm, len(codec.arms))).float().to(device)
        return Learning(recipe=self, net=net, players=players, weights=weights)

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> Foretold:
        """Make a fitted model again."""
        return foretold_again(self, codec, arrays, facts, self.network)
