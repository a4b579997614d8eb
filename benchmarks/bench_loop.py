"""CPU time of `play` against a loop of the same mathematics, written by hand.

Both train the same networks on the same rows: a critic's move, a generator's move and the running average in every
step. First both are given the same draws and must end in the same weights; then they are timed block by block in turn.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from statistics import median, quantiles
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from contrafact.base.demos import ring
from contrafact.base.seeds import fold
from contrafact.engine.average import Average
from contrafact.engine.duel import DUELS, DuelGame, Latent
from contrafact.engine.items import Batches
from contrafact.engine.play import play
from contrafact.nets.adversarial import make_optimizer
from contrafact.nets.mlp import Perceptron
from table import Row, Table, arguments, in_turn, read

RATE, MOMENTUM, HALF_LIFE, RAMP, NOISE, ROWS = 5e-4, 0.5, 20_000.0, 0.05, 8, 51_200
EQUAL_STEPS, TOLERANCE, WARM_UP_STEPS = 50, 1e-5, 20


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The size of both networks and of a batch, the steps in a timed block, and the bar for the ratio."""

    width: int
    depth: int
    batch: int
    block_steps: int
    bar: float


SHAPES = {
    "2 x 64": Shape(width=64, depth=2, batch=128, block_steps=30, bar=1.15),
    "3 x 512": Shape(width=512, depth=3, batch=256, block_steps=5, bar=1.03),
}
LOSSES = ("relativistic", "non-saturating")


def networks(shape: Shape, seed: int) -> tuple[nn.Module, nn.Module]:
    """Make a generator and a critic."""
    torch.manual_seed(seed)
    size = {"width": shape.width, "depth": shape.depth}
    return Perceptron(NOISE, 2, act="leaky relu", **size), Perceptron(2, 1, act="leaky relu", **size)


def game(loss: str, shape: Shape, seed: int) -> DuelGame:
    """Make the package's game."""
    generator, critic = networks(shape, seed)
    nets = {"critic": critic, "generator": generator}
    rates = {player: {"lr": RATE} for player in nets}
    return DuelGame(
        generator=generator,
        critic=critic,
        average=Average(generator, HALF_LIFE, shape.batch, RAMP),
        players={player: make_optimizer("adam", net, RATE, MOMENTUM) for player, net in nets.items()},
        rates=lambda step: rates,
        latent=Latent(size=NOISE),
        loss=DUELS[loss],
    )


class BareLoop:
    """The same training as one would write it out for this one purpose.

    Arguments:
        loss: Name of the pair of losses.
        shape: Sizes.
        rows: The data.
        seed: Seeds weights, noise and order.
    """

    def __init__(self, loss: str, shape: Shape, rows: Tensor, seed: int) -> None:
        self.generator, self.critic = networks(shape, seed)
        self.average = copy.deepcopy(self.generator).requires_grad_(False)
        self.weights = {name: list(net.parameters()) for name, net in self.nets.items()}
        self.adam = {
            name: torch.optim.Adam(weights, lr=RATE, betas=(MOMENTUM, 0.99), fused=True)
            for name, weights in self.weights.items()
            if name != "average"
        }
        self.noise = torch.Generator().manual_seed(seed)
        self.batches = self.shuffled(rows, shape.batch, seed)
        self.step = self.relativistic_step if loss == "relativistic" else self.non_saturating_step
        self.batch, self.number = shape.batch, 0

    @property
    def nets(self) -> dict[str, nn.Module]:
        """All networks by name."""
        return {"critic": self.critic, "generator": self.generator, "average": self.average}

    @staticmethod
    def shuffled(rows: Tensor, batch: int, seed: int) -> Iterator[Tensor]:
        """Give batches in a new order in every epoch."""
        epoch = 0
        while True:
            order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(fold(seed, "epoch", epoch)))
            for places in order.split(batch):
                yield rows[places]
            epoch += 1

    def fake(self) -> Tensor:
        """Generate rows."""
        rows: Tensor = self.generator(torch.randn(self.batch, NOISE, generator=self.noise))
        return rows

    def descend(self, player: str, loss: Tensor) -> None:
        """Make one optimiser step by one player."""
        for weight, grad in zip(self.weights[player], torch.autograd.grad(loss, self.weights[player]), strict=True):
            weight.grad = grad
        self.adam[player].step()

    def follow(self) -> None:
        """Move the running average."""
        self.number += 1
        share = 1 - 0.5 ** (self.batch / min(HALF_LIFE, RAMP * self.number * self.batch))
        with torch.no_grad():
            torch._foreach_lerp_(self.weights["average"], self.weights["generator"], share)

    def relativistic_step(self) -> None:
        """Move critic and generator by the paired relativistic losses."""
        real = next(self.batches)
        with torch.no_grad():
            fake = self.fake()
        logits = self.critic(torch.cat([real, fake])).squeeze(1)
        self.descend("critic", softplus(logits[self.batch :] - logits[: self.batch]).mean())
        real, fake = next(self.batches), self.fake()
        with torch.no_grad():
            on_real = self.critic(real).squeeze(1)
        self.descend("generator", softplus(on_real - self.critic(fake).squeeze(1)).mean())
        self.follow()

    def non_saturating_step(self) -> None:
        """Move critic and generator by the losses of 2014."""
        real = next(self.batches)
        with torch.no_grad():
            fake = self.fake()
        logits = self.critic(torch.cat([real, fake])).squeeze(1)
        self.descend("critic", softplus(-logits[: self.batch]).mean() + softplus(logits[self.batch :]).mean())
        next(self.batches)  # the package hands every move a batch, looked at or not
        self.descend("generator", softplus(-self.critic(self.fake()).squeeze(1)).mean())
        self.follow()


def difference(loss: str, shape: Shape, rows: Tensor, seed: int) -> float:
    """Give both loops the same draws and return the largest difference of any weight after some steps."""
    played, bare = game(loss, shape, seed), BareLoop(loss, shape, rows, seed)
    for turn in play(played, Batches(rows, shape.batch, seed), total=EQUAL_STEPS, seed=seed):
        bare.noise.manual_seed(fold(seed, "step", turn.step))
        bare.step()
    pairs = [
        (a, b)
        for name, net in bare.nets.items()
        for a, b in zip(net.parameters(), played.modules[name].parameters(), strict=True)
    ]
    return max(float((a - b).detach().abs().max()) for a, b in pairs)


def times(loss: str, shape: Shape, rows: Tensor, seed: int, blocks: int) -> Row:
    """Time blocks of both loops in turn."""
    total = blocks * shape.block_steps + WARM_UP_STEPS
    turns = play(game(loss, shape, seed), Batches(rows, shape.batch, seed), total=total, seed=seed)
    bare = BareLoop(loss, shape, rows, seed)
    for _ in range(WARM_UP_STEPS):
        next(turns)
        bare.step()

    def steps(one: Callable[[], Any]) -> Callable[[], None]:
        return lambda: [one() for _ in range(shape.block_steps)] and None

    taken = in_turn({"play": steps(lambda: next(turns)), "bare": steps(bare.step)}, blocks)
    ratios = [a / b for a, b in zip(taken["play"], taken["bare"], strict=True)]
    low, _, high = quantiles(ratios, n=4)
    return {
        "ratio": median(ratios),
        "ratio_quartiles": [low, high],
        **{f"{name}_step_us": median(values) / shape.block_steps * 1e6 for name, values in taken.items()},
    }


def measure(loss: str, shape: Shape, seed: int, blocks: int) -> Row:
    """Compare both loops: first the weights, then the time."""
    rows = torch.from_numpy(ring(ROWS).items)
    return {"difference": difference(loss, shape, rows, seed), **times(loss, shape, rows, seed, blocks)}


def main() -> None:
    options = read(arguments(__doc__, gate_seeds=3, full_seeds=10))
    blocks = {"gate": 60, "full": 200}[options.size]
    table = Table("loop", options)
    rows = [
        table.row(loss, name, seed, {**asdict(shape), "blocks": blocks}, lambda: measure(loss, shape, seed, blocks))  # noqa: B023
        for loss in LOSSES
        for name, shape in SHAPES.items()
        for seed in range(options.seeds)
    ]
    table.show([shown(row) for row in rows])
    for loss in LOSSES:
        for name, shape in SHAPES.items():
            own = [row for row in rows if (row["method"], row["setting"]) == (loss, name)]
            ratio = median(row["ratio"] for row in own)
            table.bar(
                f"{loss} {name}, median of {len(own)} seeds: at most {shape.bar} of the bare loop",
                ratio <= shape.bar,
                f"{ratio:.3f}",
            )
    worst = max(row["difference"] for row in rows)
    table.bar(f"the same weights after {EQUAL_STEPS} steps, to {TOLERANCE:g}", worst <= TOLERANCE, f"{worst:.1e}")
    table.write()


def shown(row: Row) -> dict[str, str]:
    """Write a row of the table."""
    low, high = row["ratio_quartiles"]
    return {
        "loss": row["method"],
        "networks": row["setting"],
        "seed": str(row["seed"]),
        "play us": f"{row['play_step_us']:.0f}",
        "bare us": f"{row['bare_step_us']:.0f}",
        "ratio": f"{row['ratio']:.3f}",
        "quartiles": f"{low:.3f}-{high:.3f}",
        "difference": f"{row['difference']:.1e}",
    }


if __name__ == "__main__":
    sys.exit(main())
