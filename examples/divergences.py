"""What a generator that can only make one hump does about two: each divergence asks for something else.

Finds: `kl` covers both humps, `reverse_kl` is nearest when it sits on one; where a game ends depends on its start, too.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.stats import norm

from contrafact.zoo.fgan import duel_of
from shown import BLUE, INK, ORANGE, QUIET, canvas, full_or_toy, picture, spread, table
from what_is_a_gan import POINTS, SEEDS, Humps, density, draw, integral, jensen_shannon, new_critic

GAME_STEPS = full_or_toy(1500, 4)
UNEVEN: Humps = [(0.65, -1.5, 0.5), (0.35, 1.5, 0.5)]
DIVERGENCES = ("kl", "js", "reverse_kl")
STARTS = {"a wide start": [0.0, 0.5], "the small hump": [1.3, -0.5], "the large hump": [-1.3, -0.5]}


def hump(place: np.ndarray) -> np.ndarray:
    return norm.pdf(POINTS, place[0], np.exp(place[1]))


def far(name: str, place: np.ndarray) -> float:
    """The divergence from the data to a normal law, by integration."""
    p, q = density(UNEVEN), norm.pdf(POINTS, place[0], np.exp(place[1])) + 1e-300
    if name == "js":
        return jensen_shannon(p, q)
    return integral(p * np.log(p / q)) if name == "kl" else integral(q * np.log(q / p))


def exactly(name: str) -> dict[str, np.ndarray]:
    """Where walking straight downhill from each start ends."""
    return {start: minimize(lambda at: far(name, at), at, method="Nelder-Mead").x for start, at in STARTS.items()}


def played(name: str, start: str, seed: int) -> np.ndarray:
    """The same by a game: a generator of two numbers against a critic that follows f-GAN's bound."""
    random, critic, duel = torch.Generator().manual_seed(seed), new_critic(seed), duel_of(name)
    place = torch.tensor(STARTS[start], requires_grad=True)  # mean, logarithm of the sd
    adams = torch.optim.Adam(critic.parameters(), lr=2e-3, betas=(0.5, 0.99)), torch.optim.Adam([place], lr=5e-3)
    path = []
    for _ in range(GAME_STEPS):
        for adam in (adams[0], *adams):  # two moves of the critic, then one of the generator
            fake = place[0] + place[1].exp() * torch.randn(512, 1, generator=random)
            if adam is adams[0]:
                loss = duel.critic(critic(draw(UNEVEN, 512, random)), critic(fake.detach()), 1.0)
            else:
                loss = duel.generator(fake, critic(fake))
            adam.zero_grad()
            loss.mean().backward()
            adam.step()
        path.append(place.detach().numpy().copy())
    return np.mean(path[-max(GAME_STEPS // 4, 1) :], axis=0)  # it goes on trembling


def show_divergences() -> None:
    """What a generator that can only make one hump does about two, by the divergence that it goes down."""
    made, axes = canvas(len(DIVERGENCES), width=3, height=2.5)
    rows = []
    for panel, name in zip(axes[0], DIVERGENCES, strict=True):
        ends = exactly(name)
        best = min(ends.values(), key=lambda at: far(name, at))
        panel.fill_between(POINTS, density(UNEVEN), color=QUIET, alpha=0.3, lw=0, label="data")
        panel.plot(POINTS, hump(best), color=INK, lw=1.6, ls=(0, (2, 2)), label="nearest of all", zorder=3)
        for (start, end), colour in zip(list(ends.items())[:2], (ORANGE, BLUE), strict=True):
            found = [played(name, start, seed) for seed in SEEDS]
            for number, place in enumerate(found):
                panel.plot(POINTS, hump(place), color=colour, lw=1.2, label=None if number else f"from {start}")
            means, sds = zip(*((at[0], np.exp(at[1])) for at in found), strict=True)
            rows.append(
                {
                    "divergence": f"`{name}`",
                    "start": start,
                    "nearest of all: mean, sd": f"{best[0]:.2f}, {np.exp(best[1]):.2f}",
                    "downhill from the start": f"{end[0]:.2f}, {np.exp(end[1]):.2f}",
                    "by a game": f"{spread(means)}, {spread(sds)}",
                }
            )
        panel.set(title=name, xlim=(-5, 5), ylim=(0, 1.15), xlabel="x")
        panel.title.set_fontsize(9)
    axes[0, 0].legend(fontsize=7, frameon=False, loc="upper right")
    picture("divergences-one_hump", made)
    table("divergences-one_hump", rows)


if __name__ == "__main__":
    show_divergences()
