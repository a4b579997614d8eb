"""A critic is a ratio of densities, its best value is a divergence: seen in one dimension, where the truth is known.

Finds: a learned critic lies on p / (p + q) wherever there are data, and its loss gives Jensen and Shannon's divergence;
that divergence is flat, and the first generator's slope is gone, where data and fakes do not touch.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.special import expit
from scipy.stats import norm
from torch import Tensor, nn
from torch.nn.functional import softplus

from shown import BLUE, GREEN, INK, ORANGE, QUIET, canvas, full_or_toy, picture, spread, table

POINTS = np.linspace(-12, 12, 4801)
SEEDS = (0, 1)
CRITIC_STEPS = full_or_toy(2000, 20)
Humps = list[tuple[float, float, float]]  # weight, mean and standard deviation of each
DATA: Humps = [(0.5, -1.5, 0.5), (0.5, 1.5, 0.5)]
FAKES: dict[str, Humps] = {
    "the same": DATA,
    "one wide hump": [(1.0, 0.0, 1.2)],
    "one of the two humps": [(1.0, 1.5, 0.5)],
    "far away": [(1.0, 8.0, 0.5)],
}


def density(humps: Humps, points: np.ndarray = POINTS) -> np.ndarray:
    return sum(weight * norm.pdf(points, mean, sd) for weight, mean, sd in humps) + 1e-300


def draw(humps: Humps, n: int, random: torch.Generator) -> Tensor:
    weights, means, sds = torch.tensor(humps).T
    which = torch.multinomial(weights, n, replacement=True, generator=random)
    return (means[which] + sds[which] * torch.randn(n, generator=random))[:, None]


def integral(values: np.ndarray) -> float:
    return float(np.trapezoid(values, POINTS))


def jensen_shannon(p: np.ndarray, q: np.ndarray) -> float:
    return integral(p * np.log(2 * p / (p + q)) + q * np.log(2 * q / (p + q))) / 2


def new_critic(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(1, 48), nn.SiLU(), nn.Linear(48, 48), nn.SiLU(), nn.Linear(48, 1))


def value(critic: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """The value of 2014, E log D(x) + E log(1 - D(y)), from logits."""
    return -softplus(-critic(real)).mean() - softplus(critic(fake)).mean()


def learned(fakes: Humps, seed: int) -> tuple[np.ndarray, float]:
    """Train a critic alone against fakes that stay as they are; give D over the points, and its value on new rows."""
    random, critic = torch.Generator().manual_seed(seed), new_critic(seed)
    adam = torch.optim.Adam(critic.parameters(), lr=3e-3)
    rates = torch.optim.lr_scheduler.CosineAnnealingLR(adam, CRITIC_STEPS)
    for _ in range(CRITIC_STEPS):
        adam.zero_grad()
        (-value(critic, draw(DATA, 512, random), draw(fakes, 512, random))).backward()
        adam.step()
        rates.step()
    with torch.no_grad():
        seen = torch.sigmoid(critic(torch.tensor(POINTS, dtype=torch.float32)[:, None]))[:, 0].numpy()
        return seen, float(value(critic, draw(DATA, 200_000, random), draw(fakes, 200_000, random)))


def show_critics() -> None:
    """The best critic beside learned ones, and what their loss says of the divergence."""
    made, axes = canvas(len(FAKES), width=2.5, height=2.3)
    rows, p = [], density(DATA)
    for panel, (name, fakes) in zip(axes[0], FAKES.items(), strict=True):
        q = density(fakes)
        critics = [learned(fakes, seed) for seed in SEEDS]
        panel.fill_between(POINTS, p, color=BLUE, alpha=0.3, lw=0, label="data p")
        panel.fill_between(POINTS, q, color=ORANGE, alpha=0.3, lw=0, label="fakes q")
        for number, (seen, _) in enumerate(critics):
            panel.plot(POINTS, seen, color=GREEN, lw=1, label="learned critics" if number == 0 else None)
        panel.plot(POINTS, p / (p + q), color=INK, lw=1.2, ls=(0, (2, 2)), label="p / (p + q)")
        panel.set(title=name, xlim=(-4, 4) if name != "far away" else (-4, 10), ylim=(0, 1.02), xlabel="x")
        panel.title.set_fontsize(9)
        truth = jensen_shannon(p, q)
        found = [reached for _, reached in critics]
        rows.append(
            {
                "fakes": name,
                "JS by integration": f"{truth:.3f}",
                "its value, 2 JS - log 4": f"{2 * truth - np.log(4):.3f}",
                "value that a learned critic reaches": spread(found, 3),
                "JS that this says": spread([(each + np.log(4)) / 2 for each in found], 3),
            }
        )
    axes[0, 0].legend(fontsize=7, frameon=False, loc="upper center")
    picture("what_is_a_gan-critic", made)
    table("what_is_a_gan-value", rows)


def show_saturation(sd: float = 0.5) -> None:
    """What the best critic leaves of the generator's slope as fakes move away from data: by integration."""
    shifts = np.linspace(0.02, 6, 120)
    p = norm.pdf(POINTS, 0, sd) + 1e-300
    fakes = [norm.pdf(POINTS, shift, sd) + 1e-300 for shift in shifts]
    chances = [expit(-POINTS * shift / sd**2 + shift**2 / sd**2 / 2) for shift in shifts]  # the best critic's D
    slopes = shifts / sd**2  # of its logit, the same everywhere
    minimax = [k * integral(q * d) for k, q, d in zip(slopes, fakes, chances, strict=True)]
    other = [k * integral(q * (1 - d)) for k, q, d in zip(slopes, fakes, chances, strict=True)]
    made, axes = canvas(2, width=3.9, height=2.6)
    left, right = axes[0]
    left.plot(shifts, [jensen_shannon(p, q) for q in fakes], color=BLUE)
    left.axhline(np.log(2), color=QUIET, lw=0.8, ls="--")
    left.text(0.1, np.log(2) + 0.015, "log 2", fontsize=8, color=QUIET)
    left.set(xlabel="distance of the fakes, in x", ylabel="JS divergence, nats", ylim=(0, 0.78))
    right.semilogy(shifts, minimax, color=ORANGE, label="minimax")
    right.semilogy(shifts, other, color=GREEN, label="non-saturating")
    right.set(xlabel="distance of the fakes, in x", ylabel="slope that moves the fakes", ylim=(1e-9, 1e3))
    right.legend(fontsize=8, frameon=False)
    picture("what_is_a_gan-saturation", made, form="svg")


if __name__ == "__main__":
    show_critics()
    show_saturation()
