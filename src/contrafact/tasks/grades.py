"""Grades: pictures made harder by a law that is known, one law at a time.

With the range of the pictures from a to b, `gaussian=s` adds normal noise of standard deviation s (b - a) to each
number; `poisson=p` replaces x by a + (b - a) P / p, where P is Poisson with mean p (x - a) / (b - a), as if p quanta
made the brightest pixel; `contrast=c` keeps the share c of each picture's distance from its mean; `density=d` changes
the mask before it is painted, so that it holds d times as many objects.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from contrafact.base.errors import UsageError, did_you_mean
from contrafact.base.seeds import generator

Law = Literal["plain", "gaussian", "poisson", "contrast", "density"]
LAWS: tuple[Law, ...] = ("gaussian", "poisson", "contrast", "density")


@dataclass(frozen=True, kw_only=True)
class Grade:
    """One law at one strength.

    Arguments:
        law: What is done; plain is nothing.
        amount: How strongly.
    """

    law: Law
    amount: float = 1.0

    @property
    def name(self) -> str:
        """Its name in tables and folders, `gaussian-0.1`."""
        return self.law if self.law == "plain" else f"{self.law}-{self.amount:g}"

    def apply(self, pictures: np.ndarray, used: tuple[float, float], seed: int) -> np.ndarray:
        """Change pictures by the law; density, which changes masks, leaves them alone.

        Arguments:
            pictures: Numbers with fractions, N x H x W x channels.
            used: The range of the pictures.
            seed: Seeds the noise.
        """
        low, span = used[0], used[1] - used[0]
        random = generator(seed, "grade", self.name)
        if self.law == "gaussian":
            return np.asarray(pictures + self.amount * span * random.standard_normal(pictures.shape))
        if self.law == "poisson":
            mean = self.amount * np.clip((pictures - low) / span, 0, None)
            return np.asarray(low + span * random.poisson(mean) / self.amount)
        if self.law == "contrast":
            middle = pictures.mean(axis=(1, 2), keepdims=True)
            return np.asarray(middle + self.amount * (pictures - middle))
        return pictures


PLAIN = Grade(law="plain")
USUAL = (
    PLAIN,
    *(Grade(law="gaussian", amount=amount) for amount in (0.05, 0.1, 0.2)),
    *(Grade(law="poisson", amount=amount) for amount in (100, 20)),
    *(Grade(law="contrast", amount=amount) for amount in (0.5, 0.25)),
    *(Grade(law="density", amount=amount) for amount in (0.5, 2)),
)


def grade(text: str) -> Grade:
    """Read a grade as a command line writes it.

    >>> grade("gaussian=0.1").name
    'gaussian-0.1'
    """
    law, _, amount = text.partition("=")
    try:
        strength = float(amount)
    except ValueError:
        strength = -1.0
    for known in LAWS:
        if law == known and 0 < strength < np.inf:
            return Grade(law=known, amount=strength)
    raise UsageError(
        f"'{text}' is no grade.",
        why="A grade is a law and a number above 0." if law in LAWS else did_you_mean(law, LAWS),
        fix="--grade gaussian=0.1 --grade poisson=30 --grade contrast=0.5 --grade density=2",
        code="E246",
    )
