"""A judge of spoken digits that shares nothing with what is judged: its own spectra, its own network, its own seed.

A network of three convolutions over 40 mel bands, trained on the real training clips, moved a little in time and
loudness and made a little noisy. What it says of real test clips, which neither it nor any generator saw, stands beside
all that it says of generated ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from scipy.signal import stft
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, cross_entropy, normalize

BANDS, WINDOW, HOP, QUIET = 40, 256, 100, 1e-6
EPOCHS, BATCH, RATE, SEED = 14, 64, 6e-3, 20_071
MOVED = 4  # frames


def mel(rate: int) -> np.ndarray:
    """Make triangles even on the mel scale (bands, frequencies)."""
    top = 2595 * np.log10(1 + rate / 2 / 700)
    edges = 700 * (10 ** (np.linspace(2595 * np.log10(1 + 60 / 700), top, BANDS + 2) / 2595) - 1)
    hertz = np.linspace(0, rate / 2, WINDOW // 2 + 1)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    return np.maximum(np.minimum((hertz - low) / (middle - low), (high - hertz) / (high - middle)), 0)


def seen(waves: np.ndarray, rate: int) -> Tensor:
    """Turn waves (clips, samples) into log-mel pictures (clips, 1, bands, frames)."""
    bands = mel(rate)
    pictures = []
    for start in range(0, len(waves), 256):
        spectra = stft(waves[start : start + 256], nperseg=WINDOW, noverlap=WINDOW - HOP, axis=1)[2]
        pictures.append(np.log(bands @ np.abs(spectra) ** 2 + QUIET) / 4)
    return torch.from_numpy(np.concatenate(pictures).astype(np.float32))[:, None]


class Ear(nn.Module):
    """Three convolutions, each followed by a norm and a halving, and 64 features."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        widths = [1, 16, 32, 64]
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1, bias=False) for a, b in pairwise(widths))
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for width in widths[1:])
        self.drop, self.features, self.last = nn.Dropout(0.2), nn.Linear(64 * 10, 64), nn.Linear(64, classes)

    def body(self, pictures: Tensor) -> Tensor:
        """Give the features."""
        maps = pictures
        for layer, norm in zip(self.layers, self.norms, strict=True):
            maps = nn.functional.max_pool2d(norm(layer(maps)).relu(), 2)
        features: Tensor = self.features(adaptive_avg_pool2d(self.drop(maps), (5, 2)).flatten(1)).relu()
        return features

    def forward(self, pictures: Tensor) -> Tensor:
        logits: Tensor = self.last(self.body(pictures))
        return logits


@dataclass(frozen=True, kw_only=True)
class Judge:
    """A trained network.

    Arguments:
        net: The network.
        rate: Samples a second.
    """

    net: Ear
    rate: int

    @torch.no_grad()
    def __call__(self, waves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give features and the place of the class that is heard."""
        features = torch.cat([self.net.body(block) for block in seen(waves, self.rate).split(256)])
        return features.double().numpy(), self.net.last(features).argmax(1).numpy()


def trained(waves: np.ndarray, places: np.ndarray, classes: int, rate: int, seed: int = SEED) -> Judge:
    """Train a judge.

    Arguments:
        waves: Clips (clips, samples).
        places: Class of each.
        classes: How many classes there are.
        rate: Samples a second.
        seed: Seeds everything.
    """
    chance = torch.Generator().manual_seed(seed)
    pictures, wanted = seen(waves, rate), torch.from_numpy(places)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = Ear(classes)
        steps = EPOCHS * max(len(waves) // BATCH, 20)
        optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=1e-2, fused=True)
        course = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
        for _ in range(steps):
            chosen = torch.randint(len(pictures), (BATCH,), generator=chance)
            loss = cross_entropy(net(_changed(pictures[chosen], chance)), wanted[chosen], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            course.step()
    return Judge(net=net.eval(), rate=rate)


def _changed(pictures: Tensor, chance: torch.Generator) -> Tensor:
    """Move clips in time, and change their loudness and each point a little."""
    by = int(torch.randint(-MOVED, MOVED + 1, (1,), generator=chance))
    louder = 0.1 * torch.randn(len(pictures), 1, 1, 1, generator=chance)
    return torch.roll(pictures, by, 3) + louder + 0.1 * torch.randn(pictures.shape, generator=chance)


def drawn_to(fake: np.ndarray, trained_on: np.ndarray, kept: np.ndarray) -> tuple[float, float]:
    """Say in features how often a fake's nearest clip is a training clip, of as many training as kept ones, and how
    often it lies within a tenth of the usual distance of neighbours: a copy.

    Arguments:
        fake: Features of fakes.
        trained_on: Features of training clips.
        kept: Features of clips that nothing was trained on.
    """
    sides = [normalize(torch.from_numpy(side), dim=1) for side in (fake, trained_on, kept)]
    few = sides[1][torch.randperm(len(sides[1]), generator=torch.Generator().manual_seed(SEED))[: len(sides[2])]]
    near, far = (torch.cdist(sides[0], side).amin(1) for side in (few, sides[2]))
    among = torch.cdist(sides[1], sides[1]).fill_diagonal_(float("inf")).amin(1).median()
    copies = (torch.cdist(sides[0], sides[1]).amin(1) < among / 10).double().mean()
    return float((near < far).double().mean()), float(copies)
