"""Average effects with intervals: doubly robust, by weights, by outcome regression.

Each estimate is a mean over rows of an influence function, whose spread gives the standard error. The doubly robust one
(AIPW: Robins, Rotnitzky and Zhao 1994) is right if either the chances or the outcome model is; with cross-fitting both
may be learned flexibly. Weights are scaled to mean one (Hájek). Rows whose chance of a treatment is under one in a
hundred have nobody to be compared with: they are set aside, the effect is that of the others, and the answer says so
(Crump, Hotz, Imbens and Mitnik 2009).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from contrafact.base.effects import Overlap
from contrafact.base.errors import DataError
from contrafact.causal.estimate.columns import Array
from contrafact.causal.estimate.nuisance import CLIP, Nuisances

Target = Literal["ATE", "ATT", "ATU"]
NORMAL, LEAST_ARM = 1.959964, 5
Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Estimate:
    """A number with its standard error.

    Arguments:
        value: The estimate.
        error: Its standard error.
        low: Lower end of the 95 % interval.
        high: Upper end.
        rows: How many rows it rests on.
        parts: What each of those rows adds, centred on the value; None where intervals come from refits.
        notes: What must be known beside.
        details: Further figures.
    """

    value: float
    error: float
    low: float
    high: float
    rows: int
    parts: Array | None = None
    notes: tuple[str, ...] = ()
    details: dict[str, float]


def estimated(parts: Array, *, notes: tuple[str, ...] = (), details: dict[str, float] | None = None) -> Estimate:
    """Make an estimate of an influence function whose mean is the value.

    Arguments:
        parts: One for each row.
        notes: What must be known beside.
        details: Further figures.
    """
    value = float(parts.mean())
    error = float(parts.std(ddof=1) / math.sqrt(len(parts))) if len(parts) > 1 else math.inf
    return Estimate(
        value=value,
        error=error,
        low=value - NORMAL * error,
        high=value + NORMAL * error,
        rows=len(parts),
        parts=parts,
        notes=notes,
        details=details or {},
    )


def comparable(known: Nuisances, low: int, high: int, target: Target = "ATE") -> Mask:
    """Tell for each row whether there are others to compare it with.

    Arguments:
        known: Predictions for every row.
        low: The level that is compared with.
        high: The level whose effect is asked for.
        target: For all, for those who had `high` (ATT), or for those who had `low` (ATU).
    """
    needed = {"ATE": [low, high], "ATT": [low], "ATU": [high]}[target]
    return np.asarray((known.chance[:, needed] >= CLIP).all(axis=1))


def aipw(known: Nuisances, low: int = 0, high: int = 1, target: Target = "ATE") -> Estimate:
    """Estimate an average effect, doubly robust."""
    kept = checked(known, low, high, target)
    share, base = _weights(known, kept, low, high, target), known.means
    gap = base[:, high] - base[:, low]
    above, below = (known.outcome - base[:, level] for level in (high, low))
    parts = share.who * gap + share.high * above - share.low * below
    parts = parts[kept]
    value = parts.mean()
    # Dividing by the share of the target group moves with that share: its part in the spread is taken off.
    parts = value + (parts - share.who[kept] * value)
    return estimated(parts, notes=set_aside(known, kept, low, high), details=_extremes(share, kept))


def weighting(known: Nuisances, low: int = 0, high: int = 1, target: Target = "ATE") -> Estimate:
    """Estimate an average effect by weights alone, each group's scaled to mean one."""
    kept = checked(known, low, high, target)
    share = _weights(known, kept, low, high, target)
    means = [float((w[kept] * known.outcome[kept]).mean()) for w in (share.high, share.low)]
    above, below = known.outcome - means[0], known.outcome - means[1]
    parts = (share.high * above - share.low * below)[kept]
    # The chances were estimated, which takes off what the errors of the treatment model explain.
    chance = known.chance[kept, high]
    errors = (known.had[kept, high] - chance)[:, None] * np.column_stack([np.ones(kept.sum()), chance])
    parts = parts - errors @ np.linalg.lstsq(errors, parts, rcond=None)[0]
    value = means[0] - means[1]
    return estimated(
        value + parts - parts.mean(), notes=set_aside(known, kept, low, high), details=_extremes(share, kept)
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Shares:
    who: Array  # how much each row counts in the target group
    high: Array  # weights of rows that had the level, zero elsewhere
    low: Array


def _weights(known: Nuisances, kept: Mask, low: int, high: int, target: Target) -> _Shares:
    chance, had = known.chance, known.had
    wanted = {"ATE": np.ones(len(had)), "ATT": had[:, high], "ATU": had[:, low]}[target]
    rate = {"ATE": np.ones(len(had)), "ATT": chance[:, high], "ATU": chance[:, low]}[target]

    def scaled(level: int) -> Array:
        weight: Array = had[:, level] * rate / np.maximum(chance[:, level], CLIP)
        return weight / max(float(weight[kept].mean()), 1e-12)

    return _Shares(who=wanted / wanted[kept].mean(), high=scaled(high), low=scaled(low))


def _extremes(share: _Shares, kept: Mask) -> dict[str, float]:
    effective = [float(w[kept].sum() ** 2 / (w[kept] ** 2).sum()) for w in (share.high, share.low)]
    return {"effective rows": float(sum(effective)), "largest weight": float(max(share.high.max(), share.low.max()))}


def checked(known: Nuisances, low: int, high: int, target: Target = "ATE") -> Mask:
    """Give the rows that can be compared.

    Raises:
        DataError: There are too few.
    """
    kept = comparable(known, low, high, target)
    counts = [int((known.codes[kept] == level).sum()) for level in (low, high)]
    if min(counts) >= LEAST_ARM:
        return kept
    smaller = min(int((known.codes == level).sum()) for level in (low, high))
    raise DataError(
        "The groups that are compared have nobody in common.",
        why=f"Only {min(counts)} of {smaller:,} rows of the smaller group have comparable rows in the other: "
        "what is adjusted for tells almost for certain who was treated.",
        fix="Adjust for less if the graph allows it, restrict the question to units that might have had either, "
        "or treat it as unanswerable from these data.",
        code="E525",
    )


def set_aside(known: Nuisances, kept: Mask, low: int, high: int) -> tuple[str, ...]:
    """Say how many rows were set aside."""
    involved = (known.codes == low) | (known.codes == high)
    count = int((~kept).sum())
    if not count:
        return ()
    parts = [
        f"{int((~kept & (known.codes == level)).sum()):,} of {int((known.codes == level).sum()):,}"
        for level in (high, low)
    ]
    return (
        f"{count:,} of {len(kept):,} rows ({count / len(kept):.1%}) were set aside: under {CLIP:.0%} chance of one of"
        f" the treatments, so that nobody compares ({parts[0]} treated, {parts[1]} untreated). The effect is that of"
        f" the other {int((kept & involved).sum()):,}.",
    )


def overlap_of(known: Nuisances, low: int = 0, high: int = 1, target: Target = "ATE") -> Overlap:
    """Say how comparable the groups are.

    Arguments:
        known: Predictions for every row.
        low: The level that is compared with.
        high: The level whose effect is asked for.
        target: For whom the effect is asked for.
    """
    kept = comparable(known, low, high, target)
    chance = known.chance[:, high]
    share = _weights(known, kept if kept.any() else np.ones_like(kept), low, high, target)
    effective = _extremes(share, kept)["effective rows"] if kept.any() else 0.0
    good = effective / max(int(kept.sum()), 1)
    words = f"{kept.mean():.0%} of rows have comparable rows in the other group"
    if kept.mean() < 0.9 or good < 0.3:
        words += f"; OVERLAP IS POOR: the kept rows count as {effective:,.0f} of an experiment"
    return Overlap(
        low=float(chance.min()),
        high=float(chance.max()),
        effective=effective,
        rows=int(kept.sum()),
        trimmed=int((~kept).sum()),
        words=words + ".",
    )
