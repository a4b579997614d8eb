"""GANs beside what came before them, on the same small data: samples, scores, likelihoods and seconds.

Finds: on 1,300 digits of 8 x 8 pixels a mixture of Gaussians, over the pixels or over an autoencoder's codes, draws
better digits in less time than any adversarial network; convolutions lose much when the pixels are shuffled.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn

import contrafact
from contrafact.base.data import Data
from contrafact.zoo import GAN, R3GAN, VAEGAN, Bernoulli, GaussianMixture, Markov
from shown import canvas, full_or_toy, picture, spread, table

SEEDS = full_or_toy((0, 1), (0,))
SCORES = {"precision": 2, "recall": 2, "coverage": 2, "c2st": 2, "frechet": 0, "copies": 3}
DIGITS = contrafact.read("digits")
KNOWN, UNSEEN = DIGITS.take(range(full_or_toy(1300, 60))), DIGITS.take(range(1300, full_or_toy(1797, 1340)))
DRAWN = full_or_toy(497, 40)
SHUFFLE = np.random.default_rng(0).permutation(64)
Made = tuple[np.ndarray, float]  # fakes as pictures, and CPU-seconds
STEPS, NARROW = full_or_toy(500, 1), full_or_toy(16, 4)


def timed(fit: Callable[[], Any]) -> tuple[Any, float]:
    began = time.process_time()
    return fit(), time.process_time() - began


def moved(pictures: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Put the pixels of every picture into another order."""
    return pictures.reshape(len(pictures), -1)[:, order].reshape(pictures.shape)


def from_zoo(recipe: Any) -> Callable[[int], Made]:
    def make(seed: int) -> Made:
        model, seconds = timed(lambda: recipe.fit(as_data(KNOWN.items), seed=seed))
        return model.sample(DRAWN, seed=100 + seed).items, seconds

    return make


def shuffled(recipe: Any) -> Callable[[int], Made]:
    """Learn pictures whose pixels were put in an order by chance, and put those of the fakes back."""

    def make(seed: int) -> Made:
        data = as_data(moved(KNOWN.items, SHUFFLE))
        model, seconds = timed(lambda: recipe.fit(data, seed=seed))
        return moved(model.sample(DRAWN, seed=100 + seed).items, np.argsort(SHUFFLE)), seconds

    return make


def autoencoded(codes: int = 12) -> Callable[[int], Made]:
    """Squeeze pictures through a few numbers, fit a mixture of Gaussians to these, and decode its draws."""

    def make(seed: int) -> Made:
        began = time.process_time()
        torch.manual_seed(seed)
        inward = nn.Sequential(nn.Linear(64, 128), nn.SiLU(), nn.Linear(128, codes))
        outward = nn.Sequential(nn.Linear(codes, 128), nn.SiLU(), nn.Linear(128, 64), nn.Sigmoid())
        adam = torch.optim.Adam([*inward.parameters(), *outward.parameters()], lr=2e-3)
        rows = torch.tensor(KNOWN.items.reshape(-1, 64) / 255, dtype=torch.float32)
        for _ in range(full_or_toy(2000, 5)):
            batch = rows[torch.randint(len(rows), (128,))]
            adam.zero_grad()
            ((outward(inward(batch)) - batch) ** 2).mean().backward()
            adam.step()
        with torch.no_grad():
            mixture = GaussianMixture(components=10).fit(inward(rows).numpy(), seed=seed)
            fakes = outward(torch.as_tensor(mixture.sample(DRAWN, seed=100 + seed), dtype=torch.float32))
        return (255 * fakes.numpy()).round().astype(np.uint8).reshape(-1, 8, 8), time.process_time() - began

    return make


def as_data(pictures: np.ndarray) -> Data:
    return replace(KNOWN, items=pictures, labels=None)


def lines(pictures: np.ndarray) -> list[str]:
    """Write pictures as lines of 64 signs, black or white, row by row."""
    return ["".join(".#"[pixel] for pixel in row) for row in (pictures.reshape(-1, 64) > 127).astype(int)]


def by_symbols(order: int) -> Callable[[int], Made]:
    def make(seed: int) -> Made:
        model, seconds = timed(lambda: Markov(order=order, unit="character").fit(lines(KNOWN.items)))
        drawn = [line[:64].ljust(64, ".") for line in model.sample(DRAWN, seed=100 + seed)]
        return np.array([[255 * (sign == "#") for sign in line] for line in drawn], np.uint8).reshape(-1, 8, 8), seconds

    return make


METHODS: dict[str, Callable[[int], Made]] = {
    "independent pixels (`bernoulli`)": from_zoo(Bernoulli(threshold=127)),
    "Markov, 9 pixels back (`markov`)": by_symbols(9),
    "one Gaussian (`gaussian`)": from_zoo(GaussianMixture(components=1)),
    "20 Gaussians (`gaussian`)": from_zoo(GaussianMixture(components=20)),
    "autoencoder, 10 Gaussians over codes": autoencoded(),
    "autoencoder and critic (`vaegan`)": from_zoo(VAEGAN(steps=STEPS, width=NARROW)),
    "plain layers (`gan`)": from_zoo(GAN(steps=STEPS, width=full_or_toy(256, 8))),
    "convolutions (`r3gan`)": from_zoo(R3GAN(steps=STEPS, width=NARROW)),
    "convolutions, pixels shuffled": shuffled(R3GAN(steps=STEPS, width=NARROW)),
}
LONGER = {"convolutions, five times as long": from_zoo(R3GAN(steps=5 * STEPS, width=NARROW))}


def show_digits() -> None:
    """Nine ways to draw digits, one of them twice."""
    rows, shown = [], {"real": UNSEEN.items}
    for name, make in {**METHODS, **LONGER}.items():
        runs = [make(seed) for seed in SEEDS]
        shown[name] = runs[0][0]
        judged = [
            contrafact.judge(replace(KNOWN, labels=None), fakes, holdout=UNSEEN.items).scores for fakes, _ in runs
        ]
        scores = {score: spread([one[score].value for one in judged], digits) for score, digits in SCORES.items()}
        rows.append({"method": name, **scores, "CPU-seconds": spread([seconds for _, seconds in runs], 1)})
    table("beside_others-digits", rows)
    made, axes = canvas(5, 2, width=2.0, height=2.3)
    for panel, (name, pictures) in zip(axes.flat, list(shown.items())[: axes.size], strict=True):
        sheet = np.pad(pictures[:30].reshape(6, 5, 8, 8), ((0, 0), (0, 0), (0, 1), (0, 1)), constant_values=90)
        panel.imshow(sheet.swapaxes(1, 2).reshape(54, 45), cmap="gray", vmin=0, vmax=255)
        panel.set_axis_off()
        panel.set_title(name.replace(" (`", "\n(").replace("`)", ")").replace(", ", ",\n"), fontsize=8)
    picture("beside_others-digits", made)


def show_likelihoods() -> None:
    """Who can say how likely a picture is: black-and-white digits that were not trained on, in nats a picture."""
    black, unseen = lines(KNOWN.items), lines(UNSEEN.items)
    coins = Bernoulli(threshold=127, smoothing=0.5)
    rows = [{"model": "independent pixels", "nats": coins.fit(KNOWN).log_prob(UNSEEN).mean()}]
    by_class = [coins.fit(KNOWN.take(np.flatnonzero(KNOWN.labels == digit))).log_prob(UNSEEN) for digit in range(10)]
    rows.append({"model": "the same for each class", "nats": np.logaddexp.reduce(by_class, axis=0).mean() - np.log(10)})
    for order in full_or_toy((1, 4, 9, 14), (1,)):
        found = Markov(order=order, unit="character").fit(black).log_prob(unseen)
        rows.append({"model": f"Markov, {order} pixels back", "nats": np.mean(found)})
    rows.append({"model": "every GAN", "nats": None})
    table(
        "beside_others-likelihood",
        [
            {
                "model": row["model"],
                "log-likelihood of an unseen digit, nats": "none" if row["nats"] is None else f"{row['nats']:.1f}",
            }
            for row in rows
        ],
    )


if __name__ == "__main__":
    show_digits()
    show_likelihoods()
