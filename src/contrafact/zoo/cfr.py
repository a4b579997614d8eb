"""CFR: TARNet whose picture of the treated is made to look like that of the untreated.

Among the treated and the untreated covariates differ, so that a head is asked about rows unlike those it learned from.
With p_a the law of phi(x) in arm a, the counterfactual regression minimises

    (1/n) sum_i w_i (h_{t_i}(phi(x_i)) - y_i)² + lambda ||W||² + alpha sum_{a > 0} IPM(p_a, p_0)

whose last part bounds what the other arm's error may exceed the known one's by. How far two laws are apart (IPM) is
told by an adversary: a critic c that is trained beside the network to tell the arms apart by phi,

    IPM = max_c E_a c(phi) - E_0 c(phi) - 10 (|grad c| - 1)²         (the Wasserstein distance: WGAN-GP's critic)

or computed in each batch: `transport` by the plan that moves one cloud to the other (Sinkhorn), `kernel` by the maximum
mean discrepancy. phi lies on a sphere; otherwise it could be made to match by shrinking it. Too much alpha throws away
what makes rows different.

Reference: Shalit, Johansson and Sontag, *Estimating individual treatment effect: generalization bounds and algorithms*,
ICML 2017; Gulrajani et al., *Improved training of Wasserstein GANs*, NeurIPS 2017; Cuturi, *Sinkhorn distances*, 2013.
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
from contrafact.causal.foretold import Foretold, foretelling, foretold_again
from contrafact.codecs.schema import Role
from contrafact.codecs.treated import TreatedCodec
from contrafact.engine.fit import TrainedRecipe, Training
from contrafact.engine.penalties import one_centred
from contrafact.engine.play import Move, Phase, Step, Terms
from contrafact.nets.potential import (
    Layers,
    Potential,
    apart,
    by_kernel,
    by_transport,
    factual,
    shrunk,
    weights_of_arms,
)

SLOWER, EVERY, PENALTY = 0.97, 100, 10.0
DISTANCES = {"transport": by_transport, "kernel": by_kernel}


@dataclass(kw_only=True)
class Balancing:
    """The network, and the critics that tell its arms apart.

    Arguments:
        recipe: The settings.
        net: The network.
        critics: One for each arm but the first; none where distances are computed.
        players: Their optimisers.
        weights: What a row of each arm counts.
    """

    recipe: CFR
    net: Potential
    critics: nn.ModuleList
    players: dict[str, Optimizer]
    weights: Tensor

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Everything with weights, by name."""
        return {"net": self.net, "critics": self.critics}

    def prepare(self, step: Step) -> None:
        """Set this step's learning rates, which fall by 3 % every hundred steps."""
        for player in self.players.values():
            player.param_groups[0]["lr"] = self.recipe.rate * step.rate * SLOWER ** (step.number // EVERY)

    def phases(self) -> Sequence[Phase]:
        """Let the critics move, where there are any, then the network."""
        learn = Move(player="net", loss=self.loss)
        if not len(self.critics):
            return [Phase(moves=(learn,))]
        return [Phase(moves=(Move(player="critic", loss=self.critic_loss, repeat=self.recipe.critic_steps), learn))]

    def pairs(self, batch: dict[str, Tensor]) -> list[tuple[nn.Module, Tensor, Tensor]]:
        """Give each critic the rows of its arm, and those of the first."""
        parts = [batch["x"][batch["t"] == a] for a in range(len(self.critics) + 1)]
        return [
            (c, part, parts[0]) for c, part in zip(self.critics, parts[1:], strict=True) if len(part) and len(parts[0])
        ]

    def critic_loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Tell each arm from the first by its picture."""
        loss = 0.0 * torch.stack([w.sum() for w in self.critics.parameters()]).sum()  # a batch may lack an arm
        slope = torch.zeros_like(loss)
        for critic, treated, others in self.pairs(batch):
            with torch.no_grad():
                a, b = self.net.seen(treated), self.net.seen(others)
            loss = loss + critic(b).mean() - critic(a).mean()
            n = min(len(a), len(b))
            slope = slope + PENALTY * one_centred(critic, a[:n], b[:n], step.uniform(n)).mean()
        return {"loss": loss, "slope": slope}

    def loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Foretell each row's outcome in its own arm, from pictures that do not tell the arm."""
        seen = self.net.seen(batch["x"])
        return {
            "factual": factual(self.net.answers(seen), batch["t"], batch["y"], self.weights),
            "size": self.recipe.decay * shrunk(self.net),
            "apart": self.recipe.alpha * self.distance(seen, batch),
        }

    def distance(self, seen: Tensor, batch: dict[str, Tensor]) -> Tensor:
        """Say how far the arms' pictures are apart."""
        arms = len(self.net.heads)
        if not len(self.critics):
            return apart(seen, batch["t"], arms, DISTANCES[self.recipe.balance])
        total = seen.new_zeros(())
        for arm, critic in enumerate(self.critics, 1):
            own, others = seen[batch["t"] == arm], seen[batch["t"] == 0]
            if len(own) and len(others):
                total = total + critic(own).mean() - critic(others).mean()
        return total


@dataclass(frozen=True, kw_only=True)
class CFR(TrainedRecipe):
    """Fit a counterfactual regression: heads on a picture in which the arms look alike."""

    treatment: str | None = None  # the column of the treatment
    outcome: str | None = None  # the column of the outcome
    steps: Count | None = None  # steps of the network; none: 2,000, or from the budget
    batch: Count = 100  # rows in a batch
    columns: dict[str, Role] | None = None  # what columns are, where the guess is wrong: zip=category,age=number
    balance: Literal["critic", "transport", "kernel"] = "critic"  # what tells how far the arms are apart
    alpha: NotNegative = 0.1  # weight of that distance
    width: Count = 200  # units of a hidden layer of the shared part; heads and critics have half as many
    depth: Count = 3  # hidden layers of the shared part, and of each head
    critic_steps: Count = 5  # critic moves for one move of the network
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
        return Potential(codec.width, len(codec.arms), self.width, self.depth, round=True)

    def game(self, codec: TreatedCodec, arm: np.ndarray, device: torch.device) -> Balancing:
        """Make network, critics and optimisers."""
        net = self.network(codec).to(device)
        number = len(codec.arms) - 1 if self.balance == "critic" else 0
        critics = nn.ModuleList(Layers(self.width, max(self.width // 2, 1), 2, 1) for _ in range(number)).to(device)
        players: dict[str, Optimizer] = {"net": torch.optim.Adam(net.parameters(), lr=self.rate, fused=True)}
        if number:
            players["critic"] = torch.optim.Adam(critics.parameters(), lr=self.rate, betas=(0.5, 0.9), fused=True)
        weights = torch.from_numpy(weights_of_arms(arm, len(codec.arms))).float().to(device)
        return Balancing(recipe=self, net=net, critics=critics, players=players, weights=weights)

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> Foretold:
        """Make a fitted model again."""
        return foretold_again(self, codec, arrays, facts, self.network)
