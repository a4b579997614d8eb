"""Mode collapse and vanishing gradients on the ring: their signs, and what each cure does.

A plain GAN with a high rate and much momentum gives up most of the ring's eight clusters. One setting at a time is
changed. Found: gradient penalties and the relativistic pairing keep all clusters, a lower rate most of them; more steps
of the critic and label smoothing do not help here. With the minimax loss a sure critic leaves no gradient at all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn.functional import softplus

import contrafact
import shown
from contrafact import zoo
from contrafact.metrics import modes

STEPS, SEEDS = shown.full_or_toy(1500, 12), shown.full_or_toy((0, 1, 2), (0,))
FRAMES = np.linspace(0.1, 1, 6)
SIZE: dict[str, Any] = {"steps": STEPS, "batch": 64, "width": shown.full_or_toy(64, 16)}
COLLAPSING = zoo.GAN(latent_size=2, activation="silu", rate=2e-3, momentum=0.9, half_life=0, **SIZE)
CURES = {
    "nothing": COLLAPSING,
    "`loss=minimax`": COLLAPSING.but(loss="minimax"),
    "`critic_steps=3`": COLLAPSING.but(critic_steps=3),
    "`label_smoothing=0.1`": COLLAPSING.but(label_smoothing=0.1),
    "`rate=0.0005`": COLLAPSING.but(rate=5e-4),
    "`instance_noise=1`": COLLAPSING.but(instance_noise=1.0),
    "`r1=0.1 r2=0.1`": COLLAPSING.but(r1=0.1, r2=0.1),
    "the recipe `r3gan`": zoo.R3GAN(**SIZE),
}
FILMED = {"nothing": "no cure", "`r1=0.1 r2=0.1`": "r1 = r2 = 0.1", "the recipe `r3gan`": "r3gan"}
INKS = dict(zip(FILMED, (shown.ORANGE, shown.BLUE, shown.GREEN), strict=True))


def watched(recipe: Any, data: Any, seed: int) -> dict[str, Any]:
    """Train, keep what the last generator makes at a few steps, and what the doctor says."""
    training, film, codes = recipe.training(data, seed=seed), [], []
    for progress in training:
        codes += [finding.code for finding in progress.findings]
        if len(film) < len(FRAMES) and progress.step >= FRAMES[len(film)] * progress.total:
            film.append((progress.step, training.live.sample(500, seed=9).items))
    scores = modes(training.live.sample(2500, seed=9).items, data.truth)
    return {"film": film, "codes": codes, "log": training.log, "scores": scores}


def draw_film(runs: dict[str, list[dict[str, Any]]], data: Any) -> None:
    """Show what three trainings make over time, from the same noise."""
    canvas, axes = shown.canvas(len(FRAMES), len(FILMED), width=1.45, height=1.62)
    for row, (name, title) in enumerate(FILMED.items()):
        for panel, (step, fakes) in zip(axes[row], runs[name][0]["film"], strict=False):
            panel.plot(*data.truth.means.T, "o", mfc="none", mec=shown.QUIET, ms=9, mew=0.8)
            panel.plot(*fakes[:350].T, ".", color=INKS[name], ms=1.6)
            panel.set(xlim=(-1.7, 1.7), ylim=(-1.7, 1.7), xticks=[], yticks=[], aspect="equal")
            panel.set_xlabel(f"fullest: {fullest(fakes, data):.0%}", fontsize=8)
            if row == 0:
                panel.set_title(f"step {step:,}", fontsize=9)
        axes[row, 0].set_ylabel(title, fontsize=9)
    shown.picture("mode_collapse-film", canvas)


def fullest(fakes: np.ndarray, data: Any) -> float:
    """Give the share of fakes that are nearest to the most visited centre: an eighth at the least."""
    nearest = np.linalg.norm(fakes[:, None] - data.truth.means, axis=2).argmin(1)
    return float(np.bincount(nearest).max() / len(fakes))


def draw_signs(runs: dict[str, list[dict[str, Any]]]) -> None:
    """Show three signs over the steps: regions reached, pairs that the critic wins, and the critic's loss."""
    canvas, axes = shown.canvas(3, width=2.9)
    signs = {"regions": "regions that get fakes", "critic/wins": "pairs that the critic wins", "critic/loss": "loss"}
    for panel, (sign, title) in zip(axes[0], signs.items(), strict=True):
        for name, label in FILMED.items():
            for run in runs[name][:2]:
                rows = [row for row in run["log"] if row.get(sign) is not None]
                first = run is runs[name][0]
                values = smooth([row[sign] for row in rows], 1 if sign == "regions" else 9)
                steps = [row["step"] for row in rows][-len(values) :]
                panel.plot(steps, values, color=INKS[name], lw=1.2, label=label if first else None)
        panel.set_title(title if sign != "critic/loss" else "the critic's loss", fontsize=9)
        panel.set_xlabel("step", fontsize=8)
        panel.set_ylim(0, None if sign == "critic/loss" else 1.03)
    axes[0, 0].legend(fontsize=7.5, frameon=False, loc="lower right")
    shown.picture("mode_collapse-signs", canvas)


def smooth(values: list[float], width: int) -> np.ndarray:
    """Average a few neighbours."""
    return np.convolve(values, np.ones(width) / width, "valid")


def gradients(loss: str, noise: float, seed: int) -> list[float]:
    """Train a critic on the ring against fakes that stand still, and measure the slope that it offers to each fake."""
    torch.manual_seed(seed)
    real = torch.from_numpy(np.asarray(contrafact.read("ring").items[:2000]))
    fake = (0.1 * torch.randn(256, 2)).requires_grad_()
    critic = torch.nn.Sequential(torch.nn.Linear(2, 64), torch.nn.SiLU(), torch.nn.Linear(64, 1))
    moves, found = torch.optim.Adam(critic.parameters(), lr=2e-3), []
    for step in range(shown.full_or_toy(700, 40)):
        batch = real[torch.randint(len(real), (256,))]
        on_real = critic(batch + noise * torch.randn_like(batch))
        on_fake = critic(fake + noise * torch.randn_like(fake))
        moves.zero_grad()
        paired = softplus(on_fake - on_real).mean()
        (paired if loss == "relativistic" else (softplus(-on_real) + softplus(on_fake)).mean()).backward()
        if step % 10 == 0:
            again = critic(fake + noise * torch.randn_like(fake))
            wanted = {"minimax": -softplus(again), "non-saturating": softplus(-again)}
            wanted["relativistic"] = softplus(on_real.detach() - again)
            found.append(torch.autograd.grad(wanted[loss].sum(), fake)[0].norm(dim=1).mean().item())
        moves.step()
    return found


def draw_gradients() -> None:
    """Show how much the generator can learn from a critic that gets better and better."""
    cases = {"minimax": ("minimax", 0.0), "minimax, instance noise 0.5": ("minimax", 0.5)}
    cases |= {"non-saturating": ("non-saturating", 0.0), "relativistic": ("relativistic", 0.0)}
    canvas, axes = shown.canvas(width=4.6, height=2.8)
    inks, rows = (shown.ORANGE, shown.AMBER, shown.BLUE, shown.GREEN), []
    for (name, case), ink in zip(cases.items(), inks, strict=True):
        found = [gradients(*case, seed) for seed in SEEDS[:2]]
        for place, values in enumerate(found):
            axes[0, 0].semilogy(np.arange(len(values)) * 10, values, color=ink, label=None if place else name, lw=1.2)
        at = {"at the start": 0, "in the middle": len(found[0]) // 2, "at the end": -1}
        rows.append({"loss": name} | {when: shown.spread([v[place] for v in found], 3) for when, place in at.items()})
    axes[0, 0].set_xlabel("steps of the critic alone", fontsize=8)
    axes[0, 0].set_title("length of the gradient at a fake", fontsize=9)
    axes[0, 0].legend(fontsize=7.5, frameon=False)
    shown.picture("mode_collapse-vanishing", canvas)
    shown.table("mode_collapse-vanishing", rows)


def main() -> None:
    data = contrafact.read("ring").take(range(10_000))
    runs = {name: [watched(recipe, data, seed) for seed in SEEDS] for name, recipe in CURES.items()}
    draw_film(runs, data)
    draw_signs(runs)
    rows = []
    for name, own in runs.items():
        row = {"changed": name}
        for score, digits in {"modes": 1, "high_quality": 2, "reverse_kl": 2}.items():
            row[score.replace("_", " ")] = shown.spread([run["scores"][score].value for run in own], digits)
        counts = {code: sum(code in run["codes"] for run in own) for code in ("D210", "D211", "D212")}
        rows.append(row | {code: f"{count} of {len(own)}" for code, count in counts.items()})
    shown.table("mode_collapse-cures", rows)
    draw_gradients()


main()
