"""What a classifier says of generated pictures: are they clear, varied, of the right classes, as asked for?

- inception: exp of the mean divergence KL(p(class | picture) || p(class)), over ten parts of the pictures
- label_kl: KL of the generated histogram of classes to the real one, both as the classifier sees them
- agreement: the share of conditional fakes that are seen as the class that was asked for
- modes and reverse_kl of stacked digits: a digit in each channel makes 10³ modes, which a perfect sampler fills evenly

References: Salimans et al., *Improved techniques for training GANs*, NeurIPS 2016 (arXiv 1606.03498); Metz et al.,
*Unrolled generative adversarial networks*, ICLR 2017 (stacked digits).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations_with_replacement, product
from typing import Any

import numpy as np

from contrafact.base.errors import DataError
from contrafact.base.records import Score
from contrafact.base.seeds import generator
from contrafact.metrics.features import BLOCK, as_pictures
from contrafact.metrics.modes import divergence, modes_hit
from contrafact.metrics.spread import DRAWS, percentiles, share

Shares = Sequence[float] | np.ndarray | None

SPLITS = 10
LEAST = 1e-300  # keeps the logarithm of a chance of 0 finite; it is multiplied by that 0


def inception_score(chances: Any, seed: int = 0, *, splits: int = SPLITS) -> Score:
    """Score how clear each picture is to a classifier and how varied all are: 1 to the number of classes.

    Arguments:
        chances: The chance of each class for each picture.
        seed: Deals the pictures into parts.
        splits: Parts; their mean is the score, their spread the interval.
    """
    chances = _checked(chances)
    splits = max(min(splits, len(chances)), 1)
    parts = np.array_split(generator(seed, "inception").permutation(len(chances)), splits)
    values = np.array([_clear_and_varied(chances[part]) for part in parts])
    value, reach = float(values.mean()), 0.0
    if splits > 1:
        from scipy.special import stdtrit

        reach = float(stdtrit(splits - 1, 0.975) * values.std(ddof=1) / math.sqrt(splits))
    low = min(max(value - reach, 1.0), value)
    return Score(name="inception", value=value, low=low, high=value + reach, n=len(chances), better="higher")


def _clear_and_varied(chances: np.ndarray) -> float:
    middle = np.log(np.maximum(chances.mean(0), LEAST))
    return math.exp(float((chances * (np.log(np.maximum(chances, LEAST)) - middle)).sum(1).mean()))


def _checked(chances: Any) -> np.ndarray:
    table: np.ndarray = np.asarray(chances, dtype=np.float64)
    if table.ndim == 2 and table.size and (table >= 0).all() and np.abs(table.sum(1) - 1).max() < 1e-3:
        return table
    raise DataError(
        f"The chances of classes, of shape {table.shape}, are no chances.",
        why="Each row holds the chances of all classes: none below 0, and their sum is 1.",
        fix="Give the output of a softmax.",
        code="E225",
    )


def label_kl(real: Any, fake: Any, classes: int, seed: int = 0) -> Score:
    """Measure how far the histogram of generated classes is from the real one: KL(fake || real) in nats.

    A class that no real picture shows counts as half a picture, so that the figure stays finite.

    Arguments:
        real: Numbers of the classes of real pictures.
        fake: Numbers of the classes of generated pictures.
        classes: How many classes there are.
        seed: Seeds the interval.
    """
    seen, made = (np.bincount(np.asarray(labels, dtype=np.int64), minlength=classes) for labels in (real, fake))
    true = np.maximum(seen, 0.5)
    true = true / true.sum()
    value = float(_kl(made / made.sum(), true))
    again = generator(seed, "label_kl").multinomial(made.sum(), made / made.sum(), size=DRAWS) / made.sum()
    low, high = percentiles(value, _kl(again, true))
    n = int(made.sum())
    chance = (classes - 1) / 2 * (1 / n + 1 / max(int(seen.sum()), 1))
    return Score(
        name="label_kl", value=value, low=min(max(low, 0.0), value), high=high, n=n, better="lower", ceiling=chance
    )


def _kl(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    terms: np.ndarray = np.maximum((one * np.log(np.where(one > 0, one, 1) / np.where(one > 0, other, 1))).sum(-1), 0)
    return terms


def agreement(asked: Any, seen: Any, ceiling: float | None = None) -> Score:
    """Find the share of conditional fakes that a classifier sees as the class that was asked for.

    The floor is what fakes with shuffled labels get.

    Arguments:
        asked: The class that each fake should show.
        seen: The class that the classifier sees.
        ceiling: The share of real pictures that it sees right.
    """
    asked, seen = (np.asarray([str(label) for label in labels]) for labels in (asked, seen))
    names = np.unique(np.concatenate([asked, seen]))
    shares = [
        np.bincount(np.searchsorted(names, labels), minlength=len(names)) / len(labels) for labels in (asked, seen)
    ]
    score = share("agreement", asked == seen, ceiling=ceiling)
    return replace(score, floor=float(shares[0] @ shares[1]))


def stacked_modes(
    pictures: Any,
    classify: Callable[[np.ndarray], Any],
    *,
    shares: Shares = None,
    seed: int = 0,
) -> dict[str, Score]:
    """Count the modes of stacked digits: pictures with a digit in each of three channels have 1,000.

    Arguments:
        pictures: N x high x wide x 3.
        classify: Gives the number of the class of each of a block of grey pictures N x high x wide.
        shares: How often each class comes in the data, for the ceilings; by default evenly.
        seed: Seeds the intervals and the spread of the ceiling.

    Returns:
        modes, and reverse_kl: KL of the modes' histogram to an even one, with that of a perfect sampler as ceiling.
    """
    pictures, often = as_pictures(pictures), _shares(shares)
    n, channels = len(pictures), pictures.shape[3]
    place = np.zeros(n, dtype=np.int64)
    for channel in range(channels):
        blocks = [np.asarray(classify(pictures[i : i + BLOCK, :, :, channel])) for i in range(0, n, BLOCK)]
        place = place * len(often) + np.concatenate(blocks).astype(np.int64)
    counts = np.bincount(place, minlength=len(often) ** channels)
    hit, even, _ = perfect_stacks(n, often, channels)
    value = float(divergence(counts))
    again = generator(seed, "stacked").multinomial(n, counts / n, size=DRAWS)
    low, high = percentiles(value, divergence(again))
    return {
        "modes": replace(modes_hit(counts, n, seed), ceiling=hit),
        "reverse_kl": Score(
            name="reverse_kl",
            value=value,
            low=min(max(low, 0.0), value),
            high=high,
            n=n,
            better="lower",
            floor=math.log(len(counts)),
            ceiling=even,
        ),
    }


def perfect_stacks(n: int, shares: Shares = None, channels: int = 3, seed: int = 0) -> tuple[float, float, float]:
    """Give what a perfect sampler of stacked digits gets with n samples.

    The first two are exact expectations over the binomial counts of K modes: E KL = log K - log n + Σ E[c log c] / n.

    Arguments:
        n: Number of samples.
        shares: How often each class comes; by default ten evenly.
        channels: Digits in a picture.
        seed: Seeds the simulated spread.

    Returns:
        The modes hit, KL to an even histogram, and the standard deviation of that KL (simulated).
    """
    from scipy.stats import binom

    often = _shares(shares)
    chances, times = _mode_chances(often, channels)
    most = int(n * chances.max() + 12 * math.sqrt(n * chances.max()) + 12)
    counts = np.arange(min(most, n) + 1)
    surprise = counts * np.log(np.maximum(counts, 1))
    mean = sum(int(t) * float(binom.pmf(counts, n, p) @ surprise) for p, t in zip(chances, times, strict=True)) / n
    hit = float((times * (1 - (1 - chances) ** n)).sum())
    draws = generator(seed, "perfect stacks").multinomial(n, np.repeat(chances, times), size=DRAWS)
    return hit, channels * math.log(len(often)) - math.log(n) + mean, float(divergence(draws).std(ddof=1))


def _shares(shares: Shares) -> np.ndarray:
    often: np.ndarray = np.full(10, 0.1) if shares is None else np.asarray(shares, dtype=np.float64)
    shares_of_one: np.ndarray = often / often.sum()
    return shares_of_one


def _mode_chances(shares: np.ndarray, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the different chances of modes, and how many modes have each: the order of digits does not matter."""
    kinds = list(combinations_with_replacement(range(len(shares)), channels))
    times = np.zeros(len(kinds), dtype=np.int64)
    number = {kind: i for i, kind in enumerate(kinds)}
    for digits in product(range(len(shares)), repeat=channels):
        times[number[tuple(sorted(digits))]] += 1
    return np.array([float(np.prod(shares[list(kind)])) for kind in kinds]), times
