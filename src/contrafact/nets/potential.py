"""Networks of potential outcomes: a shared picture of the covariates, and a head for each arm.

phi(x) is what all arms learn together; h_a(phi) foretells the outcome of arm a, and learns from the rows of that arm
alone. Rows count so that every arm has the same weight. The exam is how far off outcomes of held-out rows are, each in
the arm that it had: of the other arm nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize, one_hot

ROWS = 2000


class Layers(nn.Module):
    """Hidden layers of exponential linear units, and as many numbers as asked for.

    Arguments:
        inputs: Numbers in a row.
        width: Units of a hidden layer.
        depth: Hidden layers.
        outputs: Numbers in a result; 0 gives the last hidden layer.
        spectral: Hold every layer's slope to 1.
    """

    def __init__(self, inputs: int, width: int, depth: int, outputs: int, *, spectral: bool = False) -> None:
        super().__init__()
        sizes = [inputs, *[width] * depth]
        held: Callable[[nn.Module], nn.Module] = nn.utils.parametrizations.spectral_norm if spectral else _as_it_is
        layers: list[nn.Module] = []
        for a, b in pairwise(sizes):
            layers += [held(nn.Linear(a, b)), nn.ELU()]
        if outputs:
            layers.append(held(nn.Linear(sizes[-1], outputs)))
        self.layers = nn.Sequential(*layers)

    def forward(self, rows: Tensor) -> Tensor:
        result: Tensor = self.layers(rows)
        return result


def _as_it_is(layer: nn.Module) -> nn.Module:
    return layer


class Potential(nn.Module):
    """Covariates -> the outcome of every arm.

    Arguments:
        columns: Covariates.
        arms: Arms.
        width: Units of a hidden layer of the shared part; heads have half as many.
        depth: Hidden layers of the shared part, and of each head.
        round: Put what the shared part gives on a sphere, so that arms cannot be brought together by shrinking it.
    """

    def __init__(self, columns: int, arms: int, width: int, depth: int, *, round: bool = False) -> None:
        super().__init__()
        self.shared = Layers(max(columns, 1), width, depth, 0)
        self.heads = nn.ModuleList(Layers(width, max(width // 2, 1), depth, 1) for _ in range(arms))
        self.round = round

    def seen(self, x: Tensor) -> Tensor:
        """Give the shared picture of rows."""
        rows = x if x.shape[1] else x.new_ones(len(x), 1)
        found: Tensor = self.shared(rows)
        return normalize(found, dim=1) * found.shape[1] ** 0.5 if self.round else found

    def answers(self, seen: Tensor) -> Tensor:
        """Give the outcome of every arm from the shared picture."""
        return torch.cat([head(seen) for head in self.heads], dim=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.answers(self.seen(x))


def own(answers: Tensor, arm: Tensor) -> Tensor:
    """Give each row's answer for the arm that it had."""
    return answers.gather(1, arm[:, None]).squeeze(1)


def weights_of_arms(arm: np.ndarray, arms: int) -> np.ndarray:
    """Give what a row of each arm counts: 1 on average, all arms the same in sum."""
    counts = np.bincount(arm, minlength=arms)
    found: np.ndarray = counts.sum() / (arms * np.maximum(counts, 1))
    return found


def factual(answers: Tensor, arm: Tensor, y: Tensor, weights: Tensor) -> Tensor:
    """Give the weighted squared error in the arms that rows had."""
    return (weights[arm] * (own(answers, arm) - y) ** 2).mean()


def shrunk(net: Potential) -> Tensor:
    """Give the sum of all squared weights."""
    parts = [(w**2).sum() for name, w in net.named_parameters() if name.endswith("weight")]
    return torch.stack(parts).sum()


def apart(seen: Tensor, arm: Tensor, arms: int, distance: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Sum how far each arm's rows lie from those of arm 0; arms that a batch lacks count nothing."""
    parts = [seen[arm == a] for a in range(arms)]
    there = [part for part in parts[1:] if len(part) and len(parts[0])]
    total = seen.new_zeros(())
    for part in there:
        total = total + distance(part, parts[0])
    return total


def by_kernel(a: Tensor, b: Tensor) -> Tensor:
    """Give the squared maximum mean discrepancy, with a Gaussian kernel as wide as the rows lie apart.

    E k(a, a') + E k(b, b') - 2 E k(a, b) with k(u, v) = exp(-|u - v|² / s), and s the mean squared distance.
    """
    rows = torch.cat([a, b])
    squares = torch.cdist(rows, rows) ** 2
    kernel = (-squares / squares.detach().mean().clamp_min(1e-12)).exp()
    n = len(a)
    return kernel[:n, :n].mean() + kernel[n:, n:].mean() - 2 * kernel[:n, n:].mean()


def by_transport(a: Tensor, b: Tensor, sharpness: float = 10.0, rounds: int = 10) -> Tensor:
    """Give the cost of moving one cloud of rows to the other (Sinkhorn): sum T |a - b| with the plan T held fixed.

    The plan is u K v with K = exp(-sharpness |a - b| / mean) and the margins met by turns (Cuturi 2013).
    """
    cost = torch.cdist(a, b)
    with torch.no_grad():
        plan = transport_plan(cost, sharpness, rounds)
    return (plan * cost).sum()


def transport_plan(cost: Tensor, sharpness: float, rounds: int) -> Tensor:
    """Give the entropic plan between two clouds of equal weights in sum."""
    kernel = (-sharpness * cost / cost.mean().clamp_min(1e-12)).exp() + 1e-30
    u = cost.new_ones(len(cost)) / len(cost)
    v = cost.new_ones(cost.shape[1]) / cost.shape[1]
    for _ in range(rounds):
        u = 1 / len(cost) / (kernel @ v)
        v = 1 / cost.shape[1] / (kernel.t() @ u)
    return u[:, None] * kernel * v


def coded(arm: Tensor, arms: int) -> Tensor:
    """Give arms as zeros and ones."""
    return one_hot(arm, arms).float()


class FactualExam:
    """Held-out rows, of which the outcome in the arm that they had is known."""

    def __init__(self) -> None:
        self.rows: dict[str, np.ndarray] = {}

    def set(self, held: dict[str, np.ndarray], seed: int) -> Callable[[Any], dict[str, float]]:
        """Keep the rows, and return what scores answers."""
        self.rows = {name: part[:ROWS] for name, part in held.items()}
        return self.score

    def score(self, found: dict[str, np.ndarray]) -> dict[str, float]:
        """Score answers: 1 less the squared error over that of the mean, every arm with the same weight."""
        arm, y = self.rows["t"], self.rows["y"].astype(np.float64)
        answers = np.asarray(found["potential"], dtype=np.float64)[: len(y)]
        weight = weights_of_arms(arm, answers.shape[1])[arm]
        errors = weight * (answers[np.arange(len(y)), arm] - y) ** 2
        usual = float((weight * (y - np.average(y, weights=weight)) ** 2).mean()) or 1.0
        return {
            "score": float(1 - errors.mean() / usual),
            "score_error": float(errors.std() / usual / max(len(y), 1) ** 0.5),
        }
