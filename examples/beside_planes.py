"""A GAN beside mixtures of Gaussians in the plane: a mixture of eight that is one, and a spiral that is none.

Finds: on the ring the mixture of eight is exact in a second; on the spiral a mixture of sixty beats the GAN, too.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

import contrafact
from contrafact.zoo import R3GAN, GaussianMixture
from shown import BLUE, canvas, full_or_toy, picture, spread, table

SEEDS = full_or_toy((0, 1), (0,))
REACHES = {"ring": 1.5, "swiss-roll": 3.3}  # how far each set is drawn
ROWS = full_or_toy(2000, 120)


def timed(recipe: Any, data: Any, seed: int) -> tuple[Any, float]:
    began = time.process_time()
    return recipe.fit(data, seed=seed), time.process_time() - began


PLANES = {
    "one Gaussian": GaussianMixture(components=1),
    "8 Gaussians": GaussianMixture(components=8),
    "60 Gaussians": GaussianMixture(components=full_or_toy(60, 3)),
    "r3gan": R3GAN(steps=full_or_toy(1200, 5), width=full_or_toy(64, 8), batch=256),
}


def show_planes() -> None:
    """A mixture of eight that is one, and a spiral that is none."""
    rows = []
    made, axes = canvas(1 + len(PLANES), 2, width=1.9, height=1.9)
    for line, name in zip(axes, REACHES, strict=True):
        known, unseen = (
            contrafact.read(name).take(range(ROWS)),
            contrafact.read(name).take(range(5000, 5000 + ROWS // 2)).items,
        )
        plot_points(line[0], unseen, f"{name}: real", REACHES[name])
        for panel, (method, recipe) in zip(line[1:], PLANES.items(), strict=True):
            runs = [timed(recipe, known, seed) for seed in SEEDS]
            fakes = [
                model.sample(ROWS // 2, seed=100 + seed).items for seed, (model, _) in zip(SEEDS, runs, strict=True)
            ]
            plot_points(panel, fakes[0], method, REACHES[name])
            judged = [contrafact.judge(known, fake, holdout=unseen).scores for fake in fakes]
            kept = {score: spread([one[score].value for one in judged]) for score in ("precision", "coverage", "c2st")}
            likelihoods = [np.mean(model.log_prob(unseen)) for model, _ in runs if hasattr(model, "log_prob")]
            said = {"log-likelihood, nats": spread(likelihoods) if likelihoods else "none"}
            took = {"CPU-seconds": spread([seconds for _, seconds in runs], 1)}
            rows.append({"data": name, "method": method, **kept, **said, **took})
    picture("beside_planes-points", made)
    table("beside_planes-scores", rows)


def plot_points(panel: Any, points: np.ndarray, title: str, reach: float) -> None:
    panel.plot(*points[:1200].T, ".", color=BLUE, ms=1, alpha=0.6)
    panel.set(xticks=[], yticks=[], aspect="equal", xlim=(-reach, reach), ylim=(-reach, reach))
    panel.set_title(title, fontsize=8)


if __name__ == "__main__":
    show_planes()
