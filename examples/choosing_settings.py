"""Choosing settings by an experiment: four settings, two levels each, three seeds, on the ring.

Each of the sixteen combinations is trained on three seeds, and scored on held-out rows. Shown are the effect of each
setting with its interval, how much the seed alone moves the score, and how far the winner falls when it is trained on
fresh seeds: what won was the best and the luckiest.
"""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import numpy as np

import contrafact
import shown
from contrafact import metrics, zoo

LEVELS: dict[str, tuple[Any, Any]] = {
    "penalty": (0.02, 0.5),
    "rate": (5e-4, 2e-3),
    "momentum": (0.0, 0.9),
    "width": (32, 64),
}
MEANING = {"penalty": "`r1` and `r2`", "rate": "`rate`", "momentum": "`momentum`", "width": "`width`"}
SEEDS = shown.full_or_toy((0, 1, 2), (0, 1))
FRESH = shown.full_or_toy((10, 11, 12, 13, 14), (10, 11))
STEPS = shown.full_or_toy(600, 10)
Choice = tuple[Any, ...]


def recipe(choice: Choice) -> Any:
    """Make the recipe of one combination of levels."""
    penalty, rate, momentum, width = choice
    return zoo.GAN(
        steps=STEPS,
        batch=64,
        latent_signs=8,
        half_life=2000,
        activation="silu",
        r1=penalty,
        r2=penalty,
        rate=rate,
        momentum=momentum,
        width=width,
        depth=2,
    )


def trial(choice: Choice, data: Any, test: Any, seed: int) -> dict[str, float]:
    """Train once; score by held-out rows, which may choose, and by test rows, which may not."""
    training = recipe(choice).training(data, seed=seed)
    fakes = training.finish().sample(len(test), seed=1)
    return {
        "held-out score": training.memory.best_score,
        "test coverage": metrics.neighbours(test.items, fakes.items)["coverage"].value,
    }


def effects(choices: list[Choice], scores: np.ndarray) -> tuple[dict[str, float], float]:
    """Estimate what going from low to high does on average, settings alone and in pairs, and half of the 95 % interval.

    A pair's effect is how much more than on average the one does where the other is high. The noise is what is left
    within combinations, where only the seed differs.
    """
    reach = 2.04 * 2 * seed_noise(scores) / np.sqrt(scores.size)  # Student's quantile for 32 degrees of freedom
    signs = {
        name: np.array([1.0 if choice[place] == levels[1] else -1.0 for choice in choices])
        for place, (name, levels) in enumerate(LEVELS.items())
    }
    signs |= {f"{one} x {other}": signs[one] * signs[other] for one, other in combinations(LEVELS, 2)}
    return {name: float(2 * (sign * scores.mean(axis=1)).mean()) for name, sign in signs.items()}, float(reach)


def seed_noise(scores: np.ndarray) -> float:
    """Give the standard deviation of the score where only the seed differs."""
    return float(np.sqrt(scores.var(axis=1, ddof=1).mean()))


def draw_effects(found: dict[str, float], reach: float, scores: np.ndarray) -> None:
    """Draw each effect with its interval, and all trainings in the order of their combinations' means."""
    canvas, axes = shown.canvas(2, width=4.0, height=3.0)
    names, values = list(LEVELS), [found[name] for name in LEVELS]
    places = np.arange(len(names))[::-1]
    axes[0, 0].errorbar(values, places, xerr=reach, fmt="o", color=shown.BLUE, capsize=3)
    axes[0, 0].axvline(0, color=shown.QUIET, lw=0.8)
    labels = [f"{MEANING[name].replace('`', '')}\n{LEVELS[name][0]:g} → {LEVELS[name][1]:g}" for name in names]
    axes[0, 0].set_yticks(places, labels)
    axes[0, 0].set_ylim(-0.6, len(names) - 0.4)
    axes[0, 0].set_title("effect on the held-out score", fontsize=9)
    order = scores.mean(axis=1).argsort()
    for rank, place in enumerate(order):
        axes[0, 1].plot([rank] * scores.shape[1], scores[place], "o", color=shown.SKY, ms=4)
        axes[0, 1].plot(rank, scores[place].mean(), "_", color=shown.INK, ms=9)
    axes[0, 1].set_xticks([])
    axes[0, 1].set_xlabel(f"{len(order)} combinations, in the order of their means", fontsize=8)
    axes[0, 1].set_title("a dot for each seed, a dash for the mean", fontsize=9)
    axes[0, 1].set_ylim(0)
    shown.picture("choosing_settings-effects", canvas)


def draw_table(found: dict[str, float], reach: float, noise: float) -> None:
    """Write the effects, the largest first, the largest of a pair among them, and the noise of the seed."""
    pair = max((name for name in found if " x " in name), key=lambda name: abs(found[name]))
    both = " with ".join(MEANING[one] for one in pair.split(" x "))
    rows = []
    for name in sorted([*LEVELS, pair], key=lambda name: -abs(found[name])):
        low, high = (f"{level:g}" for level in LEVELS[name]) if name in LEVELS else ("", "")
        effect = found[name]
        rows.append(
            {
                "setting": MEANING.get(name, f"the largest pair: {both}"),
                "low": low,
                "high": high,
                "effect on the score": f"{effect:+.3f} [{effect - reach:+.3f}, {effect + reach:+.3f}]",
                "in spreads of the seed": f"{effect / noise:+.1f}",
            }
        )
    alone = {"setting": "the seed alone, one sd", "effect on the score": f"± {noise:.3f}"}
    rows.append(dict.fromkeys(rows[0], "") | alone)
    shown.table("choosing_settings-effects", rows)


def told(choice: Choice) -> str:
    """Write a combination."""
    return ", ".join(f"{MEANING[name]} {level:g}" for name, level in zip(LEVELS, choice, strict=True))


def confirm(choices: list[Choice], scores: np.ndarray, data: Any, test: Any) -> None:
    """Train the luckiest single run's combination and the best mean's on fresh seeds, beside the median combination."""
    means = scores.mean(axis=1)
    middle = int(means.argsort()[len(means) // 2])
    picks = {
        "the best of all single runs": (int(scores.max(axis=1).argmax()), scores.max()),
        "the best mean over seeds": (int(means.argmax()), means.max()),
        "the middle one, for comparison": (middle, means[middle]),
    }
    rows, known = [], {}
    for name, (place, won) in picks.items():
        if place not in known:
            known[place] = [trial(choices[place], data, test, seed) for seed in FRESH]
        again = known[place]
        fresh = [one["held-out score"] for one in again]
        rows.append(
            {
                "chosen by": name,
                "combination": told(choices[place]),
                "score when chosen": f"{won:.2f}",
                "score on fresh seeds": shown.spread(fresh),
                "test coverage on fresh seeds": shown.spread([one["test coverage"] for one in again]),
            }
        )
    shown.table("choosing_settings-confirmed", rows)


def main() -> None:
    whole = contrafact.read("ring")
    data, test = whole.take(range(5000)), whole.take(range(50_000, shown.full_or_toy(51_000, 50_100)))
    choices = list(product(*LEVELS.values()))[:: shown.full_or_toy(1, 5)]
    scores = np.array([[trial(c, data, test, seed)["held-out score"] for seed in SEEDS] for c in choices])
    found, reach = effects(choices, scores)
    draw_effects(found, reach, scores)
    draw_table(found, reach, seed_noise(scores))
    confirm(choices, scores, data, test)


main()
