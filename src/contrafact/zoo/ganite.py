"""GANITE: what would have been in the other arms, filled in by one game; the effect of new rows, learned in a second.

First block. The generator G sees covariates x, the arm t, the outcome y_f and noise z, and gives an outcome for every
arm; with y_f put in its place they make ybar. The critic D sees x and ybar, and must say which of the outcomes was the
observed one:

    D:  max  V = E log D_t(x, ybar)                 G:  min  V + alpha E (y_f - G_t)²

Second block. The generator I sees x and noise alone, and gives outcomes yhat of every arm; its critic tells (x, yhat)
from (x, ybar), which the first block has completed:

    D_I:  max  E log D_I(x, ybar) + E log (1 - D_I(x, yhat))       I:  min  -E log D_I(x, yhat) + beta L

L holds yhat to ybar: `outcomes` by mean |ybar - yhat|², as the paper does for more than two arms, `effect` by the
square of (ybar_1 - ybar_0) - (yhat_1 - yhat_0), as it does for two; then the arms' level is left to the critic alone.

Known failure, and what is done here: D can read the arm off the scale of what G makes, and then G learns only to hide
the arm. Outcomes are standardised over all arms, D's layers are held to a slope of 1 (spectral norm), and alpha is 1 or
more by default. I's loss is the form that does not saturate. An outcome is the mean over draws of the noise. Authors'
own code leaves out noise and second critic; independent reruns rank the method behind TARNet and plain regressions.

Reference: Yoon, Jordon and van der Schaar, *GANITE: estimation of individualized treatment effects using generative
adversarial nets*, ICLR 2018.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, softplus
from torch.optim import Optimizer

from contrafact.base.recipe import Count, NotNegative, Positive
from contrafact.base.seeds import generator
from contrafact.causal.foretold import Foretold, foretelling, foretold_again
from contrafact.codecs.schema import Role
from contrafact.codecs.treated import TreatedCodec
from contrafact.engine.fit import TrainedRecipe, Training
from contrafact.engine.play import Move, Phase, Step, Terms
from contrafact.nets.potential import Layers, coded, own

GUESSES = 16  # draws of the noise that an answer is the mean of
FIRST = 0.5  # share of the steps that the first block has for itself


class Answering(nn.Module):
    """The second block's generator, with the noise that its answers are means over.

    Arguments:
        columns: Covariates.
        arms: Arms.
        width: Units of a hidden layer.
        depth: Hidden layers.
    """

    noise: Tensor

    def __init__(self, columns: int, arms: int, width: int, depth: int) -> None:
        super().__init__()
        self.net = Layers(columns + arms, width, depth, arms)
        draws = 2 * generator(0, "guesses").random((GUESSES, arms)) - 1
        self.register_buffer("noise", torch.from_numpy(draws).float(), persistent=False)

    def drawn(self, x: Tensor, noise: Tensor) -> Tensor:
        """Give outcomes of every arm under one noise."""
        found: Tensor = self.net(torch.cat([x, noise], dim=1))
        return found

    def forward(self, x: Tensor) -> Tensor:
        draws = [self.drawn(x, noise.expand(len(x), -1)) for noise in self.noise]
        return torch.stack(draws).mean(0)


@dataclass(kw_only=True)
class TwoBlocks:
    """Both games, one after the other.

    Arguments:
        recipe: The settings.
        filler: The first block's generator.
        guesser: Its critic.
        answering: The second block's generator.
        judge: Its critic.
        players: Their optimisers.
        first: Steps of the first block.
    """

    recipe: GANITE
    filler: Layers
    guesser: Layers
    answering: Answering
    judge: Layers
    players: dict[str, Optimizer]
    first: int

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Everything with weights, by name."""
        return {"filler": self.filler, "guesser": self.guesser, "net": self.answering, "judge": self.judge}

    def prepare(self, step: Step) -> None:
        """Set this step's learning rates."""
        for player in self.players.values():
            player.param_groups[0]["lr"] = self.recipe.rate * step.rate

    def phases(self) -> Sequence[Phase]:
        """Play the first block, then the second."""
        twice = self.recipe.critic_steps
        return [
            Phase(
                moves=(
                    Move(player="guesser", loss=self.guesser_loss, repeat=twice),
                    Move(player="filler", loss=self.filler_loss),
                ),
                steps=self.first,
            ),
            Phase(
                moves=(
                    Move(player="judge", loss=self.judge_loss, repeat=twice),
                    Move(player="answering", loss=self.answering_loss),
                )
            ),
        ]

    def filled(self, batch: dict[str, Tensor], step: Step) -> tuple[Tensor, Tensor]:
        """Give outcomes of every arm with the observed one in its place, and as they were made."""
        x, y, arms = batch["x"], batch["y"][:, None], self.answering.noise.shape[1]
        known = coded(batch["t"], arms)
        noise = 2 * step.uniform(len(x), arms - 1) - 1
        made: Tensor = self.filler(torch.cat([x, known, y, noise], dim=1))
        return known * y + (1 - known) * made, made

    def guesser_loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Say which outcome was the observed one."""
        with torch.no_grad():
            whole, _ = self.filled(batch, step)
        logits = self.guesser(torch.cat([batch["x"], whole], dim=1))
        right = (logits.argmax(1) == batch["t"]).float().mean()
        return {"loss": cross_entropy(logits, batch["t"]), "right": right.detach()}

    def filler_loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Fill in outcomes that do not show which was observed, and give the observed one back."""
        whole, made = self.filled(batch, step)
        logits = self.guesser(torch.cat([batch["x"], whole], dim=1))
        known = ((own(made, batch["t"]) - batch["y"]) ** 2).mean()
        return {"loss": -cross_entropy(logits, batch["t"]), "known": self.recipe.alpha * known}

    def judge_loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Tell completed outcomes from made ones."""
        with torch.no_grad():
            real, fake = self.filled(batch, step)[0], self._made(batch["x"], step)
        on_real, on_fake = (self.judge(torch.cat([batch["x"], each], dim=1)) for each in (real, fake))
        wins = (on_real > on_fake).float().mean()
        return {"loss": (softplus(-on_real) + softplus(on_fake)).mean(), "wins": wins.detach()}

    def answering_loss(self, batch: dict[str, Tensor], step: Step) -> Terms:
        """Make outcomes that pass for completed ones, and come near them."""
        with torch.no_grad():
            whole, _ = self.filled(batch, step)
        made = self._made(batch["x"], step)
        fooled = softplus(-self.judge(torch.cat([batch["x"], made], dim=1))).mean()
        return {"loss": fooled, "near": self.recipe.beta * self.away(whole, made)}

    def away(self, whole: Tensor, made: Tensor) -> Tensor:
        """Say how far made outcomes are from completed ones."""
        if self.recipe.hold == "outcomes":
            return ((whole - made) ** 2).mean()
        return (((whole[:, 1:] - whole[:, :1]) - (made[:, 1:] - made[:, :1])) ** 2).mean()

    def _made(self, x: Tensor, step: Step) -> Tensor:
        return self.answering.drawn(x, 2 * step.uniform(len(x), self.answering.noise.shape[1]) - 1)


@dataclass(frozen=True, kw_only=True)
class GANITE(TrainedRecipe):
    """Fit both generators of GANITE: outcomes of the other arms, then of every arm for new rows."""

    treatment: str | None = None  # the column of the treatment
    outcome: str | None = None  # the column of the outcome
    steps: Count | None = None  # steps of both blocks together; none: 4,000, or from the budget
    batch: Count = 128  # rows in a batch
    columns: dict[str, Role] | None = None  # what columns are, where the guess is wrong: zip=category,age=number
    alpha: NotNegative = 2.0  # weight of giving the observed outcome back, in the first block
    beta: NotNegative = 2.0  # weight of coming near the completed outcomes, in the second
    hold: Literal["outcomes", "effect"] = "outcomes"  # what the second block is held to
    width: Count = 64  # units of a hidden layer
    depth: Count = 2  # hidden layers
    critic_steps: Count = 2  # critic moves for one generator move
    rate: Positive = 1e-3  # learning rate of all players

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests that must be quick."""
        return cls(steps=20, batch=32, width=16)

    def training(self, data: Any, **options: Any) -> Training:
        """Prepare a training that can be watched step by step."""
        return foretelling(
            self,
            data,
            steps=4000,
            begin=lambda codec, arm, total, device: self.game(codec, total, device),
            net=lambda game: game.answering,
            **options,
        )

    def network(self, codec: TreatedCodec) -> Answering:
        """Make the second block's generator."""
        return Answering(codec.width, len(codec.arms), self.width, self.depth)

    def game(self, codec: TreatedCodec, total: int, device: torch.device) -> TwoBlocks:
        """Make networks and optimisers."""
        x, arms = codec.width, len(codec.arms)
        nets: dict[str, Any] = {
            "filler": Layers(x + 2 * arms, self.width, self.depth, arms),
            "guesser": Layers(x + arms, self.width, self.depth, arms, spectral=True),
            "answering": self.network(codec),
            "judge": Layers(x + arms, self.width, self.depth, 1, spectral=True),
        }
        nets = {name: net.to(device) for name, net in nets.items()}
        players: dict[str, Optimizer] = {
            name: torch.optim.Adam(net.parameters(), lr=self.rate, betas=(0.5, 0.99), fused=True)
            for name, net in nets.items()
        }
        return TwoBlocks(recipe=self, **nets, players=players, first=max(int(FIRST * total), 1))

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> Foretold:
        """Make a fitted model again."""
        return foretold_again(self, codec, arrays, facts, self.network)
