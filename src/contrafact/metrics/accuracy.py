"""How often a classifier is right, over several trainings and the same test pictures, with an interval of both.

`right[s, i]` says whether the classifier of seed s was right about picture i; for two ways of training on the same
seeds and pictures the differences of two such tables take its place. With k seeds and n pictures the mean varies by

    s_seeds² / k + s_pictures² / n - s_rest² / (k n)

where s_seeds² is the variance of the k means over pictures, s_pictures² that of the n means over seeds, and s_rest²
what neither explains, which the first two both hold: the two-way random model of the analysis of variance (Scheffé, The
analysis of variance, 1959). The interval is Student's, with Satterthwaite's degrees of freedom. Another draw of the
pictures and another training are in it; another generator or another split of the data are not.
"""

from __future__ import annotations

import math

import numpy as np

from contrafact.base.records import Score


def mean(table: np.ndarray, groups: np.ndarray | None = None) -> float:
    """Give the mean of a table seeds x pictures.

    Arguments:
        table: A number for each seed and picture.
        groups: A class for each picture, of which all count the same; None: all pictures count the same.
    """
    return float(np.mean([part.mean() for part in _cut(table, groups)]))


def _cut(table: np.ndarray, groups: np.ndarray | None) -> list[np.ndarray]:
    return [table] if groups is None else [table[:, groups == group] for group in np.unique(groups)]


def interval(table: np.ndarray, groups: np.ndarray | None = None) -> tuple[float, float, float]:
    """Give the mean of a table seeds x pictures and the ends of its 95 % interval.

    Arguments:
        table: A number for each seed and picture.
        groups: A class for each picture, of which all count the same; None: all pictures count the same.
    """
    from scipy.special import stdtrit

    parts = _cut(table, groups)
    means = np.mean([part.mean(1) for part in parts], axis=0)
    of_seeds = float(means.var(ddof=1)) / len(table) if len(table) > 1 else 0.0
    pairs = [_parts(part) for part in parts]
    of_pictures = sum(pictures for pictures, _ in pairs) / len(parts) ** 2
    rest = sum(both for _, both in pairs) / len(parts) ** 2
    variance = max(of_seeds, of_pictures, of_seeds + of_pictures - rest)
    pictures = table.shape[1] - len(parts)
    freedom = variance**2 / (of_seeds**2 / max(len(table) - 1, 1) + of_pictures**2 / max(pictures, 1))
    half, value = float(stdtrit(max(freedom, 1.0), 0.975)) * math.sqrt(variance), float(means.mean())
    return value, value - half, value + half


def _parts(table: np.ndarray) -> tuple[float, float]:
    """Give what the pictures, and what neither pictures nor seeds, add to the variance of a table's mean."""
    seeds, pictures = table.shape
    each = table.mean(0)
    # Pictures that are all alike have no spread of their own; one more that went the other way keeps it open.
    least = pictures / (pictures + 1) ** 2
    spread = max(float(each.var(ddof=1)), least) if pictures > 1 else 0.25
    left = table - each - table.mean(1, keepdims=True) + table.mean()
    rest = float((left**2).sum()) / max((seeds - 1) * (pictures - 1), 1)
    return spread / pictures, rest / (seeds * pictures)


def accuracy(name: str, right: np.ndarray, groups: np.ndarray | None = None, *, floor: float | None = None) -> Score:
    """Score the share of pictures that are classified right, or the mean of the classes' shares.

    Arguments:
        name: The score's name.
        right: A truth for each seed and picture.
        groups: The class of each picture, where all classes count the same.
        floor: What guessing would get.
    """
    value, low, high = interval(right.astype(np.float64), groups)
    pictures = right.shape[1]
    return Score(
        name=name, value=value, low=max(low, 0.0), high=min(high, 1.0), n=pictures, better="higher", floor=floor
    )


def gain(name: str, right: np.ndarray, before: np.ndarray, groups: np.ndarray | None = None) -> Score:
    """Score how much more often one way of training is right than another, on the same seeds and pictures.

    Arguments:
        name: The score's name.
        right: A truth for each seed and picture.
        before: The same of the way that it is held against.
        groups: The class of each picture, where all classes count the same.
    """
    value, low, high = interval(right.astype(np.float64) - before, groups)
    return Score(name=name, value=value, low=low, high=high, n=right.shape[1], better="higher", floor=0.0)
