"""How to evaluate, and why losses mislead: on the ring, on real digits against real digits, and on a table of tumours.

Found: a GAN that learned the ring and one that hardly did have the same losses. The Fréchet distance between two
sets of real digits falls as 1/n, the kernel distance does not. A model that hands out its training rows beats every
honest one on every score of quality; copies, a held-out part and an attack expose it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

import contrafact
import shown
from contrafact import metrics, zoo

SEEDS = shown.full_or_toy((0, 1), (0,))
STEPS = shown.full_or_toy(2000, 40)
BASE = zoo.GAN(steps=STEPS, batch=128, width=shown.full_or_toy(64, 8), rate=1e-3, momentum=0.0, latent_signs=8)
PLAYED = {"good": BASE.but(r1=0.1, r2=0.1), "bad": BASE.but(r1=20.0, r2=20.0)}
INKS = {"good": shown.BLUE, "bad": shown.ORANGE}
TOLD = ("shapes", "pairs", "c2st_trees", "precision", "recall", "tstr_auc", "copies", "membership_auc")


def losses() -> None:
    """Train a good and a bad GAN whose losses cannot be told apart, and score both."""
    data = contrafact.read("ring").take(range(shown.full_or_toy(10_000, 400)))
    rows: list[dict[str, str]] = []
    canvas, axes = shown.canvas(4, width=2.3, height=2.4)
    for name, recipe in PLAYED.items():
        ended: list[dict[str, float]] = []
        for seed in SEEDS:
            training = recipe.training(data, seed=seed)
            model, log = training.finish(), training.log
            label = None if seed else f"the {name} ones"
            for panel, player in zip(axes[0], ("critic", "generator"), strict=False):
                values = [row[f"{player}/loss"] for row in log]
                panel.plot([row["step"] for row in log], values, color=INKS[name], lw=0.9, label=label)
            checks = [row for row in log if "score" in row]
            axes[0, 2].plot([row["step"] for row in checks], [r["score"] for r in checks], color=INKS[name])
            if not seed:
                fakes = model.sample(400, seed=1).items
                axes[0, 3].plot(*fakes.T, ".", color=INKS[name], ms=2, zorder=3 - len(rows))
            late = log[len(log) // 2 :]
            names = ("critic/loss", "generator/loss")
            last = {player: float(np.mean([row[player] for row in late])) for player in names}
            ended.append(last | {"held-out score": checks[-1]["score"], "coverage": checks[-1]["coverage"]})
        rows.append({"trainings": name} | {key: shown.spread([one[key] for one in ended]) for key in ended[0]})
    for panel, title in zip(axes[0], ("critic's loss", "generator's loss", "held-out score", "fakes"), strict=True):
        panel.set_title(title, fontsize=9)
    for panel, most in zip(axes[0], (2.0, 2.0, 0.6), strict=False):
        panel.set(ylim=(0, most))
        panel.set_xlabel("step", fontsize=8)
    axes[0, 0].legend(fontsize=7.5, frameon=False, loc="lower right")
    axes[0, 3].set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), xticks=[], yticks=[], aspect="equal")
    shown.picture("evaluating-losses", canvas)
    shown.table("evaluating-losses", rows)


def bias() -> None:
    """Measure distances between two sets of real digits, of more and more items: the truth is 0."""
    digits = contrafact.read("digits").items.reshape(-1, 64) / 255.0
    sizes, draws = shown.full_or_toy((50, 100, 200, 400, 800), (50, 100)), shown.full_or_toy(20, 2)
    found: dict[str, list[list[float]]] = {"Fréchet": [], "kernel": []}
    for size in sizes:
        pairs = []
        for draw in range(draws):
            order = np.random.default_rng(draw).permutation(len(digits))
            pairs.append((digits[order[:size]], digits[order[size : 2 * size]]))
        found["Fréchet"].append([metrics.frechet(*pair).value for pair in pairs])
        found["kernel"].append([metrics.kernel(*pair).value for pair in pairs])
    canvas, axes = shown.canvas(2, width=3.4, height=2.6)
    for panel, (name, values), ink in zip(axes[0], found.items(), (shown.ORANGE, shown.BLUE), strict=True):
        panel.semilogx(sizes, values, ".", color=ink, ms=3)
        panel.semilogx(sizes, np.mean(values, axis=1), "-", color=ink)
        panel.axhline(0, color=shown.QUIET, lw=0.8)
        panel.set_xticks(sizes, [str(size) for size in sizes])
        panel.minorticks_off()
        panel.set_xlabel("real digits on each side", fontsize=8)
        panel.set_title(f"{name} distance, real against real", fontsize=9)
    shown.picture("evaluating-bias", canvas)


def patients(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read measurements of tumours, ten columns and the diagnosis; a third is held out."""
    from sklearn.datasets import load_breast_cancer

    frame = load_breast_cancer(as_frame=True).frame.iloc[:, [*range(10), 30]]
    frame["target"] = frame["target"].map({0: "malignant", 1: "benign"})
    frame = frame.sample(frac=1, random_state=seed).reset_index(drop=True)
    return frame[:380], frame[380:].reset_index(drop=True)


def made(name: str, train: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Make as many rows as there are training rows."""
    if name == "training rows again":
        return train.sample(len(train), random_state=seed).reset_index(drop=True)
    recipe = {"independent": zoo.Independent(), "copula": zoo.Copula(), "smote": zoo.SMOTE()}[name]
    return recipe.fit(train, seed=seed).sample(len(train), seed=seed)


def tables() -> None:
    """Judge four makers of rows: one hands out what it was given, one knows no relation between columns."""
    rows, reports = [], {}
    for name in shown.full_or_toy(("training rows again", "smote", "copula", "independent"), ("copula",)):
        scores = []
        for seed in SEEDS:
            train, held = patients(seed)
            report = contrafact.judge(train, made(name, train, seed), holdout=held, target="target", seed=seed)
            scores.append(report.scores)
            reports.setdefault(name, report)
        rows.append({"maker": name} | {key: shown.spread([one[key].value for one in scores]) for key in TOLD})
    shown.table("evaluating-makers", rows)
    shown.table("evaluating-report", [written(reports["copula"].scores[name]) for name in TOLD])


def written(score: Any) -> dict[str, str]:
    """Write one score as the report does: value, interval, floor and ceiling."""
    figures = [score.value, score.low, score.high, score.floor, score.ceiling]
    value, low, high, floor, ceiling = ("" if figure is None else f"{figure:.2f}" for figure in figures)
    bounds = {"95 % interval": f"{low} to {high}", "floor": floor, "ceiling": ceiling}
    return {"score": f"`{score.name}`", "better": score.better, "value": value} | bounds


losses()
bias()
tables()
