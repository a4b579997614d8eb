"""A canary audit: what a training with differential privacy has really given away, as a lower bound on epsilon.

Rows are planted, each kept or left out by a coin. After one training an attacker scores them all, calls the
highest-ranked kept and the lowest-ranked left out, and says nothing of the rest. If the training is (epsilon,
delta)-private, each guess is right with a chance of e^epsilon / (1 + e^epsilon) at most, whatever the attacker knows
of the others; so too many right guesses contradict epsilon (Steinke, Nasr and Jagielski, 2023, theorem 5.2). The
largest epsilon that is contradicted with 95 % confidence is the lower bound. How many guesses there are must be fixed
before.

The bound says that at least so much was given away. A low bound proves nothing: a better attacker may find more. What
it is good for is the other direction: a bound above the epsilon that was claimed shows that the claim is false.

References: Steinke, Nasr and Jagielski, *Privacy auditing with one (1) training run*, NeurIPS 2023 (arXiv 2305.08846);
Annamalai, Ganev and De Cristofaro, *"What do you want from theory alone?" Experimenting with tight auditing of
differentially private synthetic data generation*, USENIX Security 2024 (arXiv 2405.10994).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import bdtrc, gammaln

from contrafact.base.seeds import generator

CONFIDENCE = 0.95
MOST_EPSILON, HALVINGS = 30.0, 40


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What an attacker found out about planted rows.

    Arguments:
        claimed: The epsilon that was promised.
        low: The lower bound on epsilon, with 95 % confidence.
        planted: How many rows had a coin.
        guesses: Of how many the attacker said something.
        right: How many guesses were right.
    """

    claimed: float
    low: float
    planted: int
    guesses: int
    right: int

    @property
    def contradicts(self) -> bool:
        """Whether more was given away than was promised."""
        return self.low > self.claimed

    def to_json(self) -> dict[str, Any]:
        """Give the record as JSON-ready values."""
        return vars(self) | {"contradicts": self.contradicts}


def coins(planted: int, seed: int) -> np.ndarray:
    """Choose by coins which planted rows are kept.

    Arguments:
        planted: How many there are.
        seed: Seeds the coins.
    """
    return np.asarray(generator(seed, "canaries").random(planted) < 0.5)


def audit(scores: np.ndarray, kept: np.ndarray, *, claimed: float, delta: float, share: float = 0.5) -> Audit:
    """Guess which planted rows were kept, and bound epsilon from below.

    Arguments:
        scores: The attacker's score of each planted row, higher for rows that look kept.
        kept: Which were.
        claimed: The epsilon that was promised.
        delta: The delta that was promised with it.
        share: Of how many rows the attacker says something, half of it at each end; to be fixed before.
    """
    order = np.argsort(scores, kind="stable")
    side = max(int(share * len(scores) / 2), 1)
    right = int((~kept[order[:side]]).sum() + kept[order[-side:]].sum())
    low = lowest_epsilon(len(scores), 2 * side, right, delta)
    return Audit(claimed=claimed, low=low, planted=len(scores), guesses=2 * side, right=right)


def lowest_epsilon(planted: int, guesses: int, right: int, delta: float) -> float:
    """Give the largest epsilon that so many right guesses contradict; 0 where they contradict none.

    Arguments:
        planted: How many rows had a coin.
        guesses: How many guesses were made.
        right: How many were right.
        delta: The chance that the promise leaves out.
    """
    low, high = 0.0, MOST_EPSILON
    if chance(planted, guesses, right, 0.0, delta) > 1 - CONFIDENCE:
        return 0.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        contradicted = chance(planted, guesses, right, middle, delta) <= 1 - CONFIDENCE
        low, high = (middle, high) if contradicted else (low, middle)
    return low


def chance(planted: int, guesses: int, right: int, epsilon: float, delta: float) -> float:
    """Bound the chance of so many right guesses, or more, under (epsilon, delta)-privacy.

    Arguments:
        planted: How many rows had a coin.
        guesses: How many guesses were made.
        right: How many were right.
        epsilon: What is promised.
        delta: The chance that the promise leaves out.
    """
    p, fewer = 1 / (1 + np.exp(-epsilon)), right - np.arange(1, right + 1)
    ways = gammaln(guesses + 1) - gammaln(fewer + 1) - gammaln(guesses - fewer + 1)
    sums = np.cumsum(np.exp(ways + fewer * np.log(p) + (guesses - fewer) * np.log1p(-p)))
    steepest = float((sums / np.arange(1, right + 1)).max(initial=0.0))
    tail = float(bdtrc(right - 1, guesses, p)) if right else 1.0
    return min(tail + 2 * planted * delta * steepest, 1.0)
