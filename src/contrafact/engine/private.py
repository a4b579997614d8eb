"""Differential privacy: noise that no seed fixes, batches drawn by chance, and an account of all that was spent.

A mechanism is (epsilon, delta)-private if, for any two tables that differ by one row added or removed, the chance of
any set of outputs differs by a factor of e^epsilon at most, and delta (Dwork et al., 2006). Here everything is made of
one mechanism: a sum to which no row adds a vector longer than 1, and Gaussian noise of standard deviation s on top. It
is used once on all rows (counts), and many times on rows that each come into a batch by a coin of their own (training).
Rényi divergences of such mechanisms add up (Mironov 2017; Mironov, Talwar and Zhang 2019); Opacus does the sums. Other
accounts are tighter by some per cent; this one is never too low and takes both kinds at once.

Chance comes from the operating system's own source, 53 bits a number: a seed of 32 bits, which is what torch keeps of
one, could be guessed, and the noise taken off again. Noise is added in double precision and rounded after. That
doubles are not real numbers is not part of the proof.

References: Abadi et al., *Deep learning with differential privacy*, CCS 2016; Mironov, *Rényi differential privacy*,
CSF 2017; Mironov, Talwar and Zhang, *Rényi differential privacy of the sampled Gaussian mechanism*, 2019 (arXiv
1908.10530); Yousefpour et al., *Opacus*, 2021 (arXiv 2109.12298).
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from contrafact.base.errors import UsageError
from contrafact.engine.items import count, each

ORDERS = (1.25, 1.5, 1.75, *(x / 2 for x in range(4, 20)), *range(10, 64), 80, 128, 256, 512, 1024)
LEAST_NOISE, MOST_NOISE = 0.05, 1e6
NEAR = 2e-4  # share of the least noise that the search may miss it by, above it


@dataclass(frozen=True, kw_only=True)
class Spent:
    """One Gaussian mechanism and how often it was used.

    Arguments:
        noise: The noise's standard deviation, over the length of the longest vector that a row can add.
        times: How often.
        rate: The chance of a row to be in a batch.
    """

    noise: float
    times: int = 1
    rate: float = 1.0


def opacus() -> Any:
    """Give the library of accountants.

    Raises:
        UsageError: It is not installed.
    """
    try:
        import opacus.accountants
    except ImportError as error:
        raise UsageError(
            "Nothing can be learned with differential privacy here.",
            why=f"The account of epsilon needs {error.name}, which is not installed.",
            fix='pip install "contrafact[privacy]"',
            code="E111",
        ) from error
    return opacus


def epsilon_of(spent: Sequence[Spent], delta: float) -> float:
    """Give the epsilon of several mechanisms used one after the other, each free to look at what came before.

    Arguments:
        spent: The mechanisms.
        delta: The chance that is left out.
    """
    accountant = opacus().accountants.RDPAccountant()
    accountant.history = [(one.noise, one.rate, one.times) for one in spent]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # far from what is looked for, the best order is the first or last
        return float(accountant.get_epsilon(delta, alphas=list(ORDERS)))


def noise_for(
    epsilon: float, delta: float, *, times: int = 1, rate: float = 1.0, before: Sequence[Spent] = ()
) -> float:
    """Find the least noise with which a mechanism can be used, within what is left of epsilon.

    Arguments:
        epsilon: What may be spent in all.
        delta: The chance that is left out.
        times: How often the mechanism is used.
        rate: The chance of a row to be in a batch.
        before: What has been spent already.
    """
    low, high = math.log(LEAST_NOISE), math.log(MOST_NOISE)

    def enough(noise: float) -> bool:
        return epsilon_of([*before, Spent(noise=math.exp(noise), times=times, rate=rate)], delta) <= epsilon

    if not enough(high):
        raise UsageError(
            f"epsilon={epsilon:g} with delta={delta:g} leaves nothing to learn with.",
            why="Even with the most noise there is, more would be spent.",
            fix="Allow a larger epsilon or delta, or fewer steps.",
            code="E134",
        )
    while high - low > NEAR:
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return math.exp(high)


def uniform(*shape: int) -> np.ndarray:
    """Draw numbers between 0 and 1 from the system's source, neither end among them."""
    words = np.frombuffer(os.urandom(8 * math.prod(shape)), dtype=np.uint64)
    return (((words >> np.uint64(11)) + 0.5) * 2.0**-53).reshape(shape)


def normal(size: int) -> np.ndarray:
    """Draw standard normal numbers from the system's source (Box and Muller's way)."""
    half = -(-size // 2)
    length, angle = np.sqrt(-2 * np.log(uniform(half))), 2 * np.pi * uniform(half)
    return np.concatenate([length * np.cos(angle), length * np.sin(angle)])[:size]


def noisy_counts(counts: np.ndarray, noise: float) -> np.ndarray:
    """Add noise to counts and round them: single rows cannot be told from whole numbers' last bits.

    Arguments:
        counts: Counts, to which each row adds 1 in one place at most.
        noise: The noise's standard deviation.
    """
    return np.asarray(np.rint(counts + noise * normal(len(counts))))


def noised(sums: Sequence[Tensor], deviation: float) -> list[Tensor]:
    """Add noise to tensors that together are one vector.

    Arguments:
        sums: The tensors.
        deviation: The noise's standard deviation.
    """
    drawn = torch.from_numpy(normal(sum(part.numel() for part in sums))) * deviation
    pieces = torch.split(drawn, [part.numel() for part in sums])
    return [
        (part.double() + piece.view_as(part).to(part.device)).to(part.dtype)
        for part, piece in zip(sums, pieces, strict=True)
    ]


class ByCoin:
    """Batches into which every row comes by a coin of its own: the number of rows differs, and may be none.

    Arguments:
        items: All items, one tensor or several by name.
        rate: The chance of a row to be in a batch.
    """

    def __init__(self, items: Any, rate: float) -> None:
        self.items, self.rate = items, rate

    def __call__(self, number: int) -> Any:
        """Draw a batch, another one each time."""
        chosen = torch.from_numpy(np.flatnonzero(uniform(count(self.items)) < self.rate))
        return each(self.items, lambda part: part[chosen.to(part.device)])


def private_batch(rows: int) -> int:
    """Choose how many rows a private batch has on average: a sixteenth, from 16 to 2,048.

    Arguments:
        rows: How many there are, as counted with noise.
    """
    return int(min(max(rows // 16, 16), 2048))


def private_steps(rows: int) -> int:
    """Choose how many steps a private run has: forty times over the rows, from 100 steps to 800.

    Arguments:
        rows: How many there are, as counted with noise.
    """
    return int(min(max(40 * rows // private_batch(rows), 100), 800))


def sentence(told: dict[str, Any]) -> str:
    """Say in words what a private model promises and what it cost.

    Arguments:
        told: The account: epsilon, delta, what was spent, on counts and on training.
    """
    counts, training = told["counts"], told["training"]
    pairs = (("ends", counts["ends"]), ("levels", counts["levels"]))
    bought = "; ".join(f"{what} of {', '.join(names[:8])}{' ...' * (len(names) > 8)}" for what, names in pairs if names)
    return (
        f"Differentially private: epsilon {told['spent']:.3g} (of {told['epsilon']:g}) and delta {told['delta']:.2g} "
        f"for {told['unit']} ({told['accountant']}). Counts with noise, used {counts['uses']} times, took their share"
        f"{f' and found {bought}' if bought else ''}; training took {training['steps']:,} steps with noise "
        f"{training['noise']:.3g}, sampling rate {training['rate']:.3g} and clip {training['clip']:g}. Scores that are "
        "computed from real rows are not covered."
    )
