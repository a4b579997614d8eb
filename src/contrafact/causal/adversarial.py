"""Adversarial fitting of a structural model: a critic that sees whole rows of every regime, against all mechanisms.

A regime is the observations, or an experiment in which some nodes were set. The fakes of a regime are made under its
intervention, with the values that the real rows have there, so that one set of mechanisms must meet all regimes at
once; the critic is told which regime it looks at. What it gets to see:

    rows      draws, with gradients through levels by straight-through Gumbel-softmax (numbers, or many cells);
              relativistic pairs with R1 and R2
    the joint where there are few cells, the law of every cell at once: no draw at all, and a Wasserstein critic
              whose slopes at cells are held by R1 and R2, each cell weighted by its probability

Beside the critic stands a second, fixed one that needs no training: the best function in the unit ball of a kernel
space, whose verdict is known in closed form: the squared distance of the two joint laws over cells, the energy distance
over rows of few nodes. A network critic finds what is far off quickly, and circles once it is near; the kernel is what
brings the last tenth.

References: Xia, Pan and Bareinboim 2023, ICLR; Huang et al. 2024, NeurIPS; Gretton et al. 2012, A kernel two-sample
test, Journal of Machine Learning Research 13.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from contrafact.causal.cells import Cells, Lattice, distance
from contrafact.causal.mechanisms import gumbel
from contrafact.causal.scm import Noise, Scm
from contrafact.engine.average import Average
from contrafact.engine.duel import DUELS
from contrafact.engine.penalties import squared_slope, zero_centred
from contrafact.engine.play import Move, Phase, Step, Terms


@dataclass(frozen=True, kw_only=True)
class Regime:
    """One kind of data.

    Arguments:
        set: The nodes that were set; none in observations.
        shares: The share of its rows in each cell, where cells are listed.
    """

    set: tuple[int, ...] = ()
    shares: Tensor | None = None


@dataclass(kw_only=True)
class Contest:
    """Critic against mechanisms: what both ways of looking share.

    Arguments:
        model: The mechanisms.
        critic: Rows with their regime -> one logit a row.
        average: The mechanisms' running average, which is what gets used.
        players: Both optimisers.
        regimes: The kinds of data.
        rate: Learning rate at the start.
        slope: Weight of R1 and R2.
        energy: Weight of the kernel's verdict.
    """

    model: Scm
    critic: nn.Module
    average: Average
    players: dict[str, Optimizer]
    regimes: Sequence[Regime]
    rate: float
    slope: float
    energy: float

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Everything with weights, by name."""
        return {"generator": self.model, "critic": self.critic, "average": self.average.module}

    def prepare(self, step: Step) -> None:
        """Let both rates fall along half a cosine."""
        fall = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step.fraction))
        for player in self.players.values():
            player.param_groups[0]["lr"] = self.rate * fall * step.rate

    def phases(self) -> Sequence[Phase]:
        """Let the critic move, then the mechanisms."""
        generator = Move(player="generator", loss=self.generator_loss, then=self.average.update)
        return [Phase(moves=(Move(player="critic", loss=self.critic_loss), generator))]

    def critic_loss(self, batch: Tensor, step: Step) -> Terms:
        """Tell real from fake."""
        raise NotImplementedError

    def generator_loss(self, batch: Tensor, step: Step) -> Terms:
        """Make fakes that both critics take for real."""
        raise NotImplementedError

    def marked(self, rows: Tensor, regime: Tensor | int) -> Tensor:
        """Tell the critic which regime it looks at."""
        if len(self.regimes) == 1:
            return rows
        mark = rows.new_zeros(len(rows), len(self.regimes))
        if isinstance(regime, int):
            mark[:, regime] = 1.0
        else:
            mark.scatter_(1, regime.long().unsqueeze(1), 1.0)
        return torch.cat([rows, mark], dim=1)


@dataclass(kw_only=True)
class OfCells(Contest):
    """The contest over the whole joint law.

    Arguments:
        cells: All cells.
        lattice: Points of the hidden variables.
    """

    cells: Cells
    lattice: Lattice

    def laws(self, step: Step) -> list[tuple[Tensor, Tensor]]:
        """Give for each regime the law at each point, and the shares."""
        hidden = torch.cat([self.lattice.normal(shift) for shift in step.uniform(2, 1, self.model.plan.hidden)])
        found = []
        for regime in self.regimes:
            assert regime.shares is not None
            law = self.cells.law(self.model, hidden, regime.set)
            found.append((law * self.cells.margin(regime.shares, regime.set) if regime.set else law, regime.shares))
        return found

    def critic_loss(self, batch: Tensor, step: Step) -> Terms:
        """Tell the shares of cells from the model's."""
        with torch.no_grad():
            laws = [(law.mean(0), shares) for law, shares in self.laws(step)]
        loss = steep = torch.zeros(())
        for number, (law, shares) in enumerate(laws):
            logits, squares = squared_slope(self.critic, self.marked(self.cells.rows, number))
            loss = loss + ((law - shares) * logits).sum()
            steep = steep + self.slope / 2 * ((law + shares) * squares).sum()
        gap = torch.stack([(law - shares).abs().sum() / 2 for law, shares in laws]).mean()
        return {"loss": loss, "slope": steep, "gap": gap.detach()}

    def generator_loss(self, batch: Tensor, step: Step) -> Terms:
        """Move the law of cells to where the critic finds too little."""
        loss = kernel = torch.zeros(())
        for number, (law, shares) in enumerate(self.laws(step)):
            with torch.no_grad():
                logits = self.critic(self.marked(self.cells.rows, number)).squeeze(1)
            loss = loss - (law.mean(0) * logits).sum()
            kernel = kernel + distance(law, shares)
        return {"loss": loss, "kernel": self.energy * kernel} if self.energy else {"loss": loss}


@dataclass(kw_only=True)
class OfRows(Contest):
    """The contest over drawn rows; a batch holds a column for each node and one for the regime.

    Arguments:
        heat: Of soft levels.
        duel: The losses of both players, by name.
    """

    heat: float
    duel: str = field(default="relativistic")

    def noise(self, rows: int, step: Step) -> Noise:
        """Draw the units of a batch."""
        plan = self.model.plan
        own = (gumbel(step.uniform(rows, size)) if size else step.normal(rows) for size in plan.sizes)
        return Noise(hidden=step.normal(rows, plan.hidden), own=tuple(own))

    def scene(self, batch: Tensor, step: Step) -> tuple[Tensor, Tensor]:
        """Give real rows and fakes, both with their regime."""
        values, which = batch[:, :-1], batch[:, -1]
        real, fakes, order = self.model.plan.row(values), [], []
        for number, regime in enumerate(self.regimes):
            own = torch.nonzero(which == number).squeeze(1)
            if len(own):
                do = {node: values[own, node] for node in regime.set}
                fakes.append(self.model.run(self.noise(len(own), step), do, self.heat))
                order.append(own)
        fake = torch.cat(fakes)[torch.argsort(torch.cat(order))]
        return self.marked(real, which), self.marked(fake, which)

    def critic_loss(self, batch: Tensor, step: Step) -> Terms:
        """Tell real rows from fakes."""
        with torch.no_grad():
            real, fake = self.scene(batch, step)
        on_real, on_fake, r1, r2 = zero_centred(self.critic, real, fake)
        loss = DUELS[self.duel].critic(on_real, on_fake, 1.0).mean()
        wins = (on_real > on_fake).float().mean().detach()
        return {"loss": loss, "r1": self.slope / 2 * r1.mean(), "r2": self.slope / 2 * r2.mean(), "wins": wins}

    def generator_loss(self, batch: Tensor, step: Step) -> Terms:
        """Make rows that the critic takes for real."""
        real, fake = self.scene(batch, step)
        with torch.no_grad():
            on_real = self.critic(real).squeeze(1)
        loss = DUELS[self.duel].generator(on_real, self.critic(fake).squeeze(1)).mean()
        return {"loss": loss, "kernel": self.energy * energy_distance(real, fake)} if self.energy else {"loss": loss}


def energy_distance(real: Tensor, fake: Tensor) -> Tensor:
    """Estimate the energy distance of two samples (Székely and Rizzo), without bias."""
    n, m = len(real), len(fake)
    within = torch.cdist(real, real).sum() / (n * (n - 1)) + torch.cdist(fake, fake).sum() / (m * (m - 1))
    return 2 * torch.cdist(real, fake).mean() - within
