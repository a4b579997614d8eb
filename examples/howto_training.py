"""Show what the how-to pages on trainings speak of: a run that was cut goes on as if nothing was; filled pipelines."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_wine
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import contrafact
from contrafact.sklearn import Imputer
from shown import BLUE, INK, ORANGE, canvas, full_or_toy, picture

SEEDS = full_or_toy(6, 1)


def resumed() -> None:
    """Train on the ring once undisturbed, and once with a cut at half of the steps."""
    steps = full_or_toy(600, 20)
    recipe, ring = contrafact.zoo.R3GAN(steps=steps, width=32), contrafact.read("ring")
    whole = scores(recipe.training(ring, seed=0))
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        before = scores(recipe.training(ring, seed=0, run_dir=run), until=steps // 2)
        after = scores(recipe.training(ring, seed=0, run_dir=run))
    assert not after or after[-1] == whole[-1], "the same run again is the same run"
    made, axes = canvas(width=4.6, height=2.3)
    panel = axes[0, 0]
    for line, style in (
        (whole, {"color": INK, "lw": 4, "alpha": 0.25}),
        (before, {"color": BLUE}),
        (after, {"color": ORANGE}),
    ):
        panel.plot(*zip(*line, strict=True), "o-", ms=3, **style)
    for name, colour in (("undisturbed", "#cccccc"), ("before the cut", BLUE), ("after it", ORANGE)):
        panel.plot([], [], color=colour, label=name)
    panel.set(xlabel="step", ylabel="held-out score")
    panel.legend(frameon=False, fontsize=8)
    picture("howto_training-resumed", made)


def scores(training: object, until: float = float("inf")) -> list[tuple[int, float]]:
    """Follow a training, and leave it at a step as a power cut would."""
    told = []
    for progress in training:
        if "score" in progress.row:
            told.append((progress.step, progress.row["score"]))
        if progress.step >= until:
            break
    return told


def pipelines() -> None:
    """Hide more and more cells of the wines, and fill them inside of the pipeline in two ways."""
    table, kinds = load_wine(return_X_y=True)
    shares = full_or_toy([0.0, 0.2, 0.4, 0.6], [0.0, 0.4])
    made, axes = canvas(width=4.6, height=2.3)
    panel = axes[0, 0]
    for name, colour, filler in (("means", ORANGE, SimpleImputer), ("regressions (ice)", BLUE, lambda: Imputer("ice"))):
        right = [[accuracy(table, kinds, share, filler(), seed) for seed in range(SEEDS)] for share in shares]
        middle = np.mean(right, axis=1)
        panel.fill_between(
            100 * np.array(shares), np.min(right, axis=1), np.max(right, axis=1), color=colour, alpha=0.15
        )
        panel.plot(100 * np.array(shares), middle, "o-", color=colour, ms=4, label=name)
    panel.set(xlabel="cells hidden, %", ylabel="wines told rightly")
    panel.legend(frameon=False, fontsize=8)
    picture("howto_training-sklearn", made)


def accuracy(table: np.ndarray, kinds: np.ndarray, share: float, filler: object, seed: int) -> float:
    """Hide a share of the cells, fill them in each fold anew, and tell the wines apart."""
    holed = np.where(np.random.default_rng(seed).random(table.shape) < share, np.nan, table)
    pipeline = make_pipeline(filler, StandardScaler(), LogisticRegression(max_iter=500))
    return float(cross_val_score(pipeline, holed, kinds, cv=full_or_toy(5, 2)).mean())


if __name__ == "__main__":
    resumed()
    pipelines()
