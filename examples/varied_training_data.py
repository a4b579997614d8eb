"""How many training items, and how varied: a small GAN on 50 to 800 handwritten digits, and on spoilt sets of 800.

Quality is measured against digits that nobody trained on, in features learned from yet other digits. Found: of 50
digits the fakes are those digits again, and sixteen copies of each change nothing; augmentation of what the critic sees
makes them more varied and gives less away; mirrored digits make wrong digits; between 200 and 800 digits a short
training gains in recall only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import contrafact
import shown
from contrafact import metrics, zoo
from contrafact.metrics.neighbours import nearest

SEEDS = shown.full_or_toy((0, 1), (0,))
BASE = zoo.R3GAN(steps=shown.full_or_toy(500, 10), width=shown.full_or_toy(32, 8), augment="off")
RARE, FEW = 8, 5  # the class that is made rare, and how many of it are left


@dataclass(frozen=True)
class Trial:
    """A set to learn from and the recipe that learns it."""

    name: str
    distinct: int
    places: np.ndarray
    recipe: Any = BASE


def trials(labels: np.ndarray) -> list[Trial]:
    """List the sets: places of digits in a pool of 800."""
    first = np.arange(len(labels))
    rare = np.concatenate([first[labels != RARE], first[labels == RARE][:FEW]])
    found = [Trial(str(count), count, first[:count]) for count in (50, 200, 800)]
    found += [Trial(f"{count}, augment=auto", count, first[:count], BASE.but(augment="auto")) for count in (50, 200)]
    found += [
        Trial("50, each 16 times", 50, np.resize(first[:50], 800)),
        Trial("800, mirror=yes", 800, first, BASE.but(mirror=True)),
        Trial(f"800, only {FEW} eights", len(rare), rare),
        Trial(f"800, only {FEW} eights, resample=equal", len(rare), rare, BASE.but(resample="equal")),
    ]
    return found[:: shown.full_or_toy(1, 4)]


def scored(trial: Trial, pool: Any, test: Any, features: Any, seed: int) -> dict[str, Any]:
    """Train once, and score 500 fakes against unseen digits; the same for the rare class alone."""
    train = pool.take(trial.places)
    model = trial.recipe.fit(train, seed=seed)
    fakes = model.sample(len(test), seed=1)
    eights = model.sample(60, given={"class": RARE}, seed=1)
    real, own, seen, rare = (looked(features, side) for side in (test, train, fakes, eights))
    near = {name: score.value for name, score in metrics.neighbours(real, seen).items()}
    places = nearest(seen, own)[1]
    spread = np.linalg.norm(rare - rare.mean(0), axis=1).mean()
    true = real[test.labels == RARE]
    return near | {
        "membership": metrics.membership_auc(own, seen, real).value,
        "eights seen as eights": float((named(features, eights) == str(RARE)).mean()),
        "variety of the eights": float(spread / np.linalg.norm(true - true.mean(0), axis=1).mean()),
        "shown": (fakes.items[:12], train.items[places[:12]]),
    }


def looked(features: Any, side: Any) -> np.ndarray:
    """Turn digits into features."""
    return np.asarray(features.see(np.asarray(side.items)[..., None]).features)


def named(features: Any, side: Any) -> np.ndarray:
    """Name the class that the features' classifier sees in each digit."""
    return np.array([str(name) for name in features.classes])[features.see(np.asarray(side.items)[..., None]).classes]


def draw_amount(found: dict[str, list[dict[str, Any]]]) -> None:
    """Show quality and memory against the number of digits."""
    canvas, axes = shown.canvas(2, width=3.6, height=2.8)
    titles = {"coverage": "coverage of unseen digits", "membership": "training digits told from unseen ones (AUC)"}
    for panel, (score, title) in zip(axes[0], titles.items(), strict=True):
        for name, ink in (("", shown.ORANGE), (", augment=auto", shown.BLUE)):
            counts = [count for count in (50, 200, 800) if f"{count}{name}" in found]
            for seed in range(len(SEEDS)):
                values = [found[f"{count}{name}"][seed][score] for count in counts]
                label = None if seed else name.strip(", ") or "augment=off"
                panel.semilogx(counts, values, "o-", color=ink, ms=4, lw=1.2, label=label)
        panel.set_xticks((50, 200, 800), ("50", "200", "800"))
        panel.minorticks_off()
        panel.set_xlabel("training digits", fontsize=8)
        panel.set_title(title, fontsize=9)
    axes[0, 0].set_ylim(0, 1)
    axes[0, 1].set_ylim(0.4, 1.02)
    axes[0, 1].axhline(0.5, color=shown.QUIET, lw=0.8)
    axes[0, 0].legend(fontsize=7.5, frameon=False, loc="upper left")
    shown.picture("varied_training_data-amount", canvas)


def draw_nearest(found: dict[str, list[dict[str, Any]]]) -> None:
    """Show fakes, and under each its nearest training digit."""
    names = [name for name in ("50", "50, augment=auto", "800", "800, mirror=yes") if name in found]
    canvas, axes = shown.canvas(1, len(names), width=6.0, height=1.35)
    for panel, name in zip(axes[:, 0], names, strict=True):
        rows = [np.hstack([np.pad(picture, 1) for picture in row]) for row in found[name][0]["shown"]]
        panel.imshow(np.vstack(rows), cmap="gray_r", interpolation="nearest")
        panel.set_title(f"{name}: fakes, and under each its nearest training digit", fontsize=8.5, loc="left")
        panel.set_axis_off()
    shown.picture("varied_training_data-nearest", canvas)


def draw_rare(found: dict[str, list[dict[str, Any]]]) -> None:
    """Write what becomes of the class that was made rare."""
    names = ("eights seen as eights", "variety of the eights")
    rows = [
        {"training digits": trial} | {name: shown.spread([one[name] for one in own]) for name in names}
        for trial, own in found.items()
    ]
    shown.table("varied_training_data-rare", rows)


def main() -> None:
    data = contrafact.read("digits")
    order = np.random.default_rng(0).permutation(len(data))
    pool, other, test = (data.take(part) for part in np.split(order, (800, 1300)))
    features = metrics.learned_features(other)
    found: dict[str, list[dict[str, Any]]] = {}
    rows = []
    for trial in trials(np.asarray(pool.labels)):
        own = found[trial.name] = [scored(trial, pool, test, features, seed) for seed in SEEDS]
        row = {"training digits": trial.name, "distinct": str(trial.distinct)}
        names = ("precision", "recall", "coverage", "membership", "variety of the eights")
        rows.append(row | {name: shown.spread([one[name] for one in own]) for name in names})
    real = looked(features, test)
    best = metrics.neighbours(real, looked(features, pool.take(range(len(test)))))
    last = {name: f"{best[name].value:.2f}" if name in best else "" for name in rows[0]}
    ideal = {"membership": "0.50", "variety of the eights": "1.00"}
    rows.append(last | ideal | {"training digits": "real digits"})
    shown.table("varied_training_data-sets", rows)
    draw_amount(found)
    draw_nearest(found)
    draw_rare({name: own for name, own in found.items() if name.startswith("800") and "mirror" not in name})


main()
