"""Diversity and fidelity: why one number cannot tell how fakes fail, and what it costs to trade one for the other.

Two sets of fakes for the ring are equally far from the data, and a classifier tells both apart equally well: one drops
half of the clusters, one is half noise. Only two numbers tell them apart. On the digits, truncating the noise buys
precision and pays with recall: the curve is drawn, and truncated fakes are the likelier and the more alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import contrafact
import shown
from contrafact import metrics, zoo

SEEDS = shown.full_or_toy((0, 1), (0,))
TRUNCATIONS = shown.full_or_toy((0.2, 0.35, 0.5, 0.7, 0.85, 1.0), (0.5, 1.0))
SHOWN_AT = shown.full_or_toy((0.2, 0.5, 1.0), (1.0,))
ROWS, NEAR = shown.full_or_toy(1000, 80), ("precision", "recall", "density", "coverage")


def kinds_of_fakes(seed: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Draw real rows, and fakes that fail in known ways."""
    data, random = contrafact.read("ring"), np.random.default_rng(seed)
    order = random.permutation(len(data))
    real, other = data.items[order[:ROWS]], data.take(order[ROWS : 4 * ROWS])
    noise = random.uniform(-1.4, 1.4, (ROWS, 2))
    fakes = {
        "other real rows": other.items[:ROWS],
        "half of the clusters": other.items[other.labels % 2 == 0][:ROWS],
        "half of them noise": np.concatenate([other.items[: ROWS // 2], noise[: ROWS // 2]]),
        "noise alone": noise,
    }
    return real, fakes


def same_distance() -> None:
    """Score fakes that fail in different ways, and noise against real rows that hold a few outliers."""
    rows: dict[str, list[dict[str, float]]] = {}
    for seed in SEEDS:
        real, fakes = kinds_of_fakes(seed)
        strays = np.random.default_rng(seed).uniform(-1.4, 1.4, (20, 2))
        cases = {name: (real, fake) for name, fake in fakes.items()}
        cases["noise alone, 20 strays among the real rows"] = np.concatenate([real, strays]), fakes["noise alone"]
        for name, (against, fake) in cases.items():
            found = metrics.neighbours(against, fake) | {"c2st": metrics.c2st(against, fake, seed)}
            rows.setdefault(name, []).append({score: found[score].value for score in ("c2st", *NEAR)})
    shown.table(
        "diversity_and_fidelity-same",
        [
            {"fakes": name} | {score: shown.spread([one[score] for one in own]) for score in own[0]}
            for name, own in rows.items()
        ],
    )
    canvas, axes = shown.canvas(4, width=2.2, height=2.4)
    real, fakes = kinds_of_fakes(0)
    for panel, (name, fake) in zip(axes[0], fakes.items(), strict=True):
        panel.plot(*real[:300].T, ".", color=shown.SKY, ms=5)
        panel.plot(*fake[ROWS // 2 - 200 :][:400].T, ".", color=shown.ORANGE, ms=1.5)
        panel.set(xlim=(-1.5, 1.5), ylim=(-1.5, 1.5), xticks=[], yticks=[], aspect="equal")
        panel.set_title(name, fontsize=9)
    shown.picture("diversity_and_fidelity-same", canvas)


def trained(seed: int, train: Any) -> Any:
    """Train a small generator of digits by class."""
    return zoo.R3GAN(steps=shown.full_or_toy(800, 20), width=shown.full_or_toy(32, 8)).fit(train, seed=seed)


def curve(model: Any, test: Any, features: Any) -> dict[float, dict[str, float]]:
    """Score what a model makes at several truncations."""
    real, found = features.see(np.asarray(test.items)[..., None]).features, {}
    for truncation in TRUNCATIONS:
        fakes = model.sample(len(test), seed=1, truncation=truncation)
        seen = features.see(np.asarray(fakes.items)[..., None]).features
        near = {name: score.value for name, score in metrics.neighbours(real, seen).items()}
        found[truncation] = near | {"frechet": metrics.frechet(real, seen).value}
    return found


def draw_trade(curves: list[dict[float, dict[str, float]]], best: dict[str, float]) -> None:
    """Draw precision against recall along the truncation, and the distance beside it."""
    canvas, axes = shown.canvas(2, width=3.6, height=3.0)
    for number, (found, ink) in enumerate(zip(curves, (shown.BLUE, shown.ORANGE), strict=False)):
        points = np.array([[one["recall"], one["precision"]] for one in found.values()])
        axes[0, 0].plot(*points.T, "o-", color=ink, ms=4, label=f"training of seed {number}")
        axes[0, 1].plot(list(found), [one["frechet"] for one in found.values()], "o-", color=ink, ms=4)
        if not number:
            for truncation, point in zip(found, points, strict=True):
                axes[0, 0].annotate(f"{truncation:g}", point, (5, 4), textcoords="offset points", fontsize=8)
    axes[0, 0].plot(best["recall"], best["precision"], "*", color=shown.GREEN, ms=12, label="real digits")
    axes[0, 0].set_xlabel("recall", fontsize=8)
    axes[0, 0].set_ylabel("precision", fontsize=8)
    axes[0, 0].set_title("the trade, by truncation", fontsize=9)
    axes[0, 0].legend(fontsize=7.5, frameon=False, loc="lower left")
    axes[0, 1].set_xlabel("truncation", fontsize=8)
    axes[0, 1].set_title("Fréchet distance: one number", fontsize=9)
    axes[0, 1].set_ylim(0)
    shown.picture("diversity_and_fidelity-trade", canvas)


def draw_digits(model: Any) -> None:
    """Show digits of three classes at several truncations."""
    canvas, axes = shown.canvas(len(SHOWN_AT), width=3.0, height=1.5)
    for panel, truncation in zip(axes[0], SHOWN_AT, strict=True):
        rows = []
        for digit in (2, 4, 8):
            made = model.sample(8, given={"class": digit}, seed=3, truncation=truncation).items
            rows.append(np.hstack([np.pad(picture, 1) for picture in made]))
        panel.imshow(np.vstack(rows), cmap="gray_r", interpolation="nearest")
        panel.set_title(f"truncation {truncation:g}", fontsize=9)
        panel.set_axis_off()
    shown.picture("diversity_and_fidelity-digits", canvas)


def trade() -> None:
    """Train on digits, and trade diversity for fidelity."""
    data = contrafact.read("digits")
    order = np.random.default_rng(0).permutation(len(data))
    train, test = data.take(order[:1000]), data.take(order[1000 : shown.full_or_toy(None, 1080)])
    features = metrics.learned_features(train)
    models = [trained(seed, train) for seed in SEEDS]
    curves = [curve(model, test, features) for model in models]
    seen = [features.see(np.asarray(side.items)[..., None]).features for side in (test, train.take(range(len(test))))]
    best = {name: score.value for name, score in metrics.neighbours(*seen).items()}
    best["frechet"] = metrics.frechet(*seen).value
    draw_trade(curves, best)
    draw_digits(models[0])
    names = (*NEAR, "frechet")
    rows = [
        {"truncation": f"{at:g}"} | {name: shown.spread([found[at][name] for found in curves]) for name in names}
        for at in TRUNCATIONS
    ]
    rows.append({"truncation": "real training digits"} | {name: f"{best[name]:.2f}" for name in names})
    shown.table("diversity_and_fidelity-trade", rows)


same_distance()
trade()
