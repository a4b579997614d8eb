"""Why two players circle, and what makes them meet: the smallest game there is, and the ring.

Finds: without a penalty the smallest game turns for ever; R1, or R1 and R2, make every turn shrink; on the ring
pairing loses clusters without penalties and finds all with them; R1 alone does not sharpen the GAN of 2014.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from matplotlib.axes import Axes
from torch import Tensor
from torch.nn.functional import softplus

import contrafact
from shown import AMBER, BLUE, GREEN, INK, ORANGE, PURPLE, QUIET, SKY, canvas, full_or_toy, picture, spread, table

SEEDS = full_or_toy((0, 1), (0,))
RATE, TURNS, START = 0.2, full_or_toy(500, 60), torch.tensor([1.0, 0.5], dtype=torch.float64)
SHAPE = {"steps": full_or_toy(2000, 5), "width": full_or_toy(64, 8), "batch": 256}
Loss = Callable[[Tensor], Tensor]


@dataclass(frozen=True, kw_only=True)
class Smallest:
    """Data sit at 0, fakes at y, and D(x) = s x: both losses are functions of D(y) = s y, since D(0) = 0.

    Pairing, D(y) - D(0), therefore changes nothing here: the non-saturating pair of losses is the relativistic one.
    """

    critic: Loss = softplus
    generator: Loss = lambda logit: softplus(-logit)
    penalty: Loss = torch.zeros_like  # on the slope s, which is the same at real and at fake rows
    in_turn: bool = True

    def turn(self, state: Tensor) -> Tensor:
        """One step of gradient descent by each."""
        fake, slope = state.unbind()
        slope_after = slope - RATE * torch.func.grad(lambda s: self.critic(s * fake) + self.penalty(s))(slope)
        seen = slope_after if self.in_turn else slope
        return torch.stack([fake - RATE * torch.func.grad(lambda y: self.generator(seen * y))(fake), slope_after])

    def stretch(self) -> float:
        """How much a turn near the balance (0, 0) stretches: the largest eigenvalue of its derivative."""
        derivative = torch.func.jacrev(self.turn)(torch.zeros(2, dtype=torch.float64))
        return float(torch.linalg.eigvals(derivative).abs().max())


SMALLEST = {
    "minimax, both at once": Smallest(generator=lambda logit: -softplus(logit), in_turn=False),
    "minimax, in turn": Smallest(generator=lambda logit: -softplus(logit)),
    "non-saturating or paired": Smallest(),
    "Wasserstein, slope near 1": Smallest(
        critic=lambda logit: logit, generator=lambda logit: -logit, penalty=lambda s: (s.abs() - 1) ** 2 / 4
    ),
    "non-saturating, R1": Smallest(penalty=lambda s: 0.3 / 2 * s**2),
    "paired, R1 and R2": Smallest(penalty=lambda s: 2 * 0.3 / 2 * s**2),
}
RECIPES = {
    "gan, minimax": (contrafact.zoo.GAN(loss="minimax", **SHAPE), ORANGE),
    "gan": (contrafact.zoo.GAN(**SHAPE), AMBER),
    "gan, r1=.1": (contrafact.zoo.GAN(r1=0.1, **SHAPE), SKY),
    "r3gan, r1=0, r2=0": (contrafact.zoo.R3GAN(r1=0, r2=0, **SHAPE), PURPLE),
    "r3gan": (contrafact.zoo.R3GAN(**SHAPE), GREEN),
}


def show_smallest() -> None:
    """Paths of the game of Mescheder and others, from one start."""
    made, axes = canvas(3, 2, width=2.5, height=2.4)
    rows = []
    for panel, (name, game) in zip(axes.flat, SMALLEST.items(), strict=True):
        path = [START]
        for _ in range(TURNS):
            path.append(game.turn(path[-1]))
        fakes, slopes = torch.stack(path).T.numpy()
        panel.plot(fakes, slopes, color=BLUE, lw=0.8)
        panel.plot(*START, "o", color=ORANGE, ms=4)
        panel.plot(0, 0, "+", color=INK, ms=9, mew=1.5)
        panel.set(xlim=(-2.4, 2.4), ylim=(-2.4, 2.4), title=name)
        panel.title.set_fontsize(9)
        kinked = "Wasserstein" in name  # |s| has no derivative at 0
        rows.append(
            {
                "game": name,
                "a turn near the balance stretches by": "-" if kinked else f"{game.stretch():.4f}",
                "distance after 50 turns": f"{np.hypot(fakes[50], slopes[50]):.3f}",
                f"distance after {TURNS}": f"{np.hypot(fakes[-1], slopes[-1]):.3f}",
            }
        )
    for panel in axes[1]:
        panel.set_xlabel("place of the fakes", fontsize=9)
    for panel in axes[:, 0]:
        panel.set_ylabel("slope of the critic", fontsize=9)
    picture("penalties-smallest", made)
    table("penalties-smallest", rows)


def watched(recipe: contrafact.zoo.GAN, seed: int) -> tuple[list[tuple[int, float]], np.ndarray, contrafact.Report]:
    """Train on the ring; give the held-out score over steps, fakes and what the judge says."""
    data = contrafact.read("ring").take(range(full_or_toy(100_000, 300)))
    training = recipe.training(data, seed=seed)
    scores = [(progress.step, progress.row["score"]) for progress in training if "score" in progress.row]
    fakes = training.model.sample(full_or_toy(2500, 200), seed=100 + seed)
    return scores, fakes.items, contrafact.judge(data, fakes)


def show_fakes(panel: Axes, name: str, fakes: np.ndarray) -> None:
    panel.plot(*fakes[:1000].T, ".", color=BLUE, ms=1, alpha=0.6)
    panel.set(title=name, xlim=(-1.4, 1.4), ylim=(-1.4, 1.4), aspect="equal", xticks=[], yticks=[])
    panel.title.set_fontsize(8)
    for side in panel.spines.values():
        side.set_visible(False)


def show_ring() -> None:
    """The same remedies on eight narrow clusters."""
    made, axes = canvas(len(RECIPES), width=1.9, height=2.1)
    plot, [[panel]] = canvas(width=5.2, height=2.8)
    rows = []
    for place, (name, (recipe, colour)) in zip(axes[0], RECIPES.items(), strict=True):
        runs = [watched(recipe, seed) for seed in SEEDS]
        show_fakes(place, name, runs[0][1])
        for number, (scores, *_) in enumerate(runs):
            panel.plot(*zip(*scores, strict=True), color=colour, lw=1.4, label=None if number else name)
        kept = [report.scores for *_, report in runs]
        columns = {"modes": 1, "high_quality": 2, "coverage": 2, "precision": 2, "c2st": 2}
        rows.append(
            {"method": name, **{c: spread([one[c].value for one in kept], digits) for c, digits in columns.items()}}
        )
    panel.set(xlabel="step", ylabel="held-out score", ylim=(0, 1))
    panel.legend(fontsize=7, frameon=False)
    panel.grid(axis="y", color=QUIET, alpha=0.2)
    picture("penalties-fakes", made)
    picture("penalties-score", plot)
    table("penalties-ring", rows)


if __name__ == "__main__":
    show_smallest()
    show_ring()
