"""Numbers of a column as a mode and a place around it: the mode-specific normalisation of CTGAN.

A mixture of a few normal laws is fitted to the column, and each number c goes with one of its modes, drawn by the
chance that c is of that mode; what is left is a = (c - mean) / (4 sd) of that mode, from -1 to 1.

The mixture is fitted by EM to the column's points and to the quarters of its bins, a few hundred weighted atoms however
many rows there are. It begins with ten modes; then neighbours are joined as long as the best pair loses less than its
three numbers are worth by the Bayesian criterion, 3/2 log n nats. The paper leaves the choice to a variational fit.

Reference: Xu et al., Modeling tabular data using conditional GAN, NeurIPS 2019, section 4.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from contrafact.codecs.tokens import PIECES, Tokens

MOST_MODES = 10
ROUNDS, TRIED_ROUNDS = 40, 2
WORTH = 1.5  # logarithms of the rows that a mode must be worth, half a one for each of its numbers
NARROW = 0.01  # a mode of one row is this wide, in the column's standard deviations; one of n rows needs only 1/sqrt(n)
WIDTH = 4.0  # standard deviations that are one unit of the place


@dataclass(frozen=True, kw_only=True, eq=False)
class Modes:
    """Normal laws around which a column's numbers lie.

    Arguments:
        share: How many of the numbers each has.
        mean: Where it lies.
        sd: How wide it is.
    """

    share: np.ndarray
    mean: np.ndarray
    sd: np.ndarray

    def __len__(self) -> int:
        return len(self.share)

    @classmethod
    def fit(cls, kind: Tokens, most: int = MOST_MODES) -> Self:
        """Fit modes to the numbers of a column.

        Arguments:
            kind: The column's tokens, which say how many rows have which numbers.
            most: How many modes there are at most.
        """
        atoms = Atoms.of(kind)
        value, weight = atoms.value, atoms.weight
        centre = (weight * value).sum() / weight.sum()
        size = float(np.sqrt((weight * ((value - centre) ** 2 + atoms.hidden)).sum() / weight.sum())) or 1.0
        found = atoms.scaled(centre, size).fitted(most)
        return cls(share=found.share, mean=found.mean * size + centre, sd=found.sd * size)

    def encode(self, numbers: np.ndarray, uniform: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give each number's mode, drawn by a uniform number, and its place around that."""
        away = (numbers[:, None] - self.mean) / self.sd
        chances = np.exp(_calm(np.log(self.share) - np.log(self.sd) - away**2 / 2)).cumsum(1)
        modes = (chances < uniform[:, None] * chances[:, -1:]).sum(1).clip(0, len(self) - 1)
        return modes, np.clip(away[np.arange(len(modes)), modes] / WIDTH, -1, 1)

    def decode(self, modes: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Give the numbers that lie at places around modes."""
        return np.asarray(self.mean[modes] + WIDTH * self.sd[modes] * np.clip(places, -1, 1))

    def to_json(self) -> dict[str, list[float]]:
        """Give the modes as JSON-ready values."""
        return {name: values.tolist() for name, values in vars(self).items()}

    @classmethod
    def from_json(cls, row: dict[str, list[float]]) -> Self:
        """Read what `to_json` wrote."""
        return cls(**{name: np.array(values) for name, values in row.items()})


def _calm(logs: np.ndarray) -> np.ndarray:
    """Take the largest of each row away, so that exponentials neither overflow nor vanish."""
    return np.asarray(logs - logs.max(1, keepdims=True))


@dataclass(frozen=True, kw_only=True, eq=False)
class Atoms:
    """Numbers that stand for many rows.

    Arguments:
        value: The numbers.
        weight: How many rows each stands for.
        hidden: The variance that each hides.
    """

    value: np.ndarray
    weight: np.ndarray
    hidden: np.ndarray

    @classmethod
    def of(cls, kind: Tokens) -> Self:
        """Take a column's points and the quarters of its bins."""
        low, high, points = kind.knots[:, :-1], kind.knots[:, 1:], len(kind.points)
        counts = np.repeat(kind.counts[points : kind.numbers] / PIECES, PIECES)
        value = np.concatenate([kind.points, (low / 2 + high / 2).ravel()])
        order = np.argsort(value, kind="stable")
        return cls(
            value=value[order],
            weight=np.concatenate([kind.counts[:points], counts])[order] + 1e-9,
            hidden=np.concatenate([np.zeros(points), ((high - low) ** 2 / 12).ravel()])[order],
        )

    def scaled(self, centre: float, size: float) -> Atoms:
        """Move and shrink the numbers."""
        return Atoms(value=(self.value - centre) / size, weight=self.weight, hidden=self.hidden / size**2)

    def fitted(self, most: int) -> Modes:
        """Fit modes, at first as many as may be, then fewer while that costs little."""
        total = self.weight.sum()
        ranks = np.cumsum(np.minimum(self.weight, total / (2 * most)))  # a number that most rows share is one start
        starts = np.searchsorted(ranks, (np.arange(most) + 0.5) / most * ranks[-1])
        mean = np.unique(self.value[starts.clip(0, len(ranks) - 1)])
        count = len(mean)
        modes = self.better(Modes(share=np.full(count, 1 / count), mean=mean, sd=np.full(count, 1 / count)), ROUNDS)
        while len(modes) > 1:
            fewer = [self.better(_joined(modes, place), TRIED_ROUNDS) for place in range(len(modes) - 1)]
            best = max(fewer, key=self.likelihood)
            if self.likelihood(best) < self.likelihood(modes) - WORTH * np.log(total):
                break
            modes = best
        return self.better(modes, ROUNDS)

    def chances(self, modes: Modes) -> np.ndarray:
        """Give the logarithm of each mode's share times its density at each number, atoms x modes."""
        squares = (self.value[:, None] - modes.mean) ** 2 + self.hidden[:, None]
        return np.asarray(np.log(modes.share / modes.sd) - squares / (2 * modes.sd**2))

    def likelihood(self, modes: Modes) -> float:
        """Give the logarithm of the rows' density, but for a constant."""
        logs = self.chances(modes)
        return float((self.weight * (np.log(np.exp(_calm(logs)).sum(1)) + logs.max(1))).sum())

    def better(self, modes: Modes, rounds: int) -> Modes:
        """Fit shares, means and widths in rounds, and put the modes in order."""
        share, mean, sd = modes.share, modes.mean, modes.sd
        for _ in range(rounds):
            chances = np.exp(_calm(self.chances(Modes(share=share, mean=mean, sd=sd))))
            chances *= (self.weight / chances.sum(1))[:, None]
            rows = chances.sum(0) + 1e-9
            mean = (chances.T @ self.value) / rows
            squares = (self.value[:, None] - mean) ** 2 + self.hidden[:, None]
            sd = np.sqrt(((chances * squares).sum(0) + NARROW**2) / (rows + 1))
            share = rows / rows.sum()
        order = np.argsort(mean, kind="stable")
        return Modes(share=share[order], mean=mean[order], sd=sd[order])


def _joined(modes: Modes, place: int) -> Modes:
    """Join a mode with the next one: one normal law with the mean and the width of both."""
    two = slice(place, place + 2)
    share = modes.share[two].sum()
    part = modes.share[two] / share
    mean = (part * modes.mean[two]).sum()
    sd = np.sqrt((part * (modes.sd[two] ** 2 + (modes.mean[two] - mean) ** 2)).sum())

    def put(values: np.ndarray, value: float) -> np.ndarray:
        return np.concatenate([values[:place], [value], values[place + 2 :]])

    return Modes(share=put(modes.share, share), mean=put(modes.mean, mean), sd=put(modes.sd, sd))
