"""The standard scores of generated rows against real rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from contrafact.base.data import Mixture
from contrafact.base.records import Score
from contrafact.metrics.inputs import at_most, halves, pair
from contrafact.metrics.modes import modes
from contrafact.metrics.neighbours import nearest, neighbours, radii
from contrafact.metrics.spread import Z, auc, auc_error, share
from contrafact.metrics.two_sample import (
    Metric,
    c2st,
    energy_distance,
    mmd,
    noise,
    sliced_wasserstein,
    with_anchors,
)

MOST_ROWS = 5000
SAME = 1e-6  # of the usual distance to the nearest row; what is nearer is a copy


def rows_scores(
    real: Any,
    fake: Any,
    holdout: Any = None,
    truth: Mixture | None = None,
    seed: int = 0,
) -> dict[str, Score]:
    """Score generated rows of numbers against the real rows that a model was trained on.

    Columns are put on one scale by the real rows' mean and standard deviation. Above 5,000 rows a seeded choice is
    used, except in the search for copies, which looks through all real rows.

    Arguments:
        real: The training rows.
        fake: Generated rows.
        holdout: Real rows kept away from training: a better ceiling, and a test of membership.
        truth: The distribution behind the rows, where it is known.
        seed: Seed of every choice.

    Returns:
        precision, recall, density, coverage, mmd, energy, sliced_wasserstein, c2st and copies; membership_auc with a
        holdout; modes, high_quality, reverse_kl, spread_low and spread_high with a truth.
    """
    real, fake = pair(real, fake)
    known = modes(at_most(fake, MOST_ROWS, seed, "fake"), truth, seed) if truth is not None else {}
    whole, kept = _on_one_scale(real, real), None
    fake = at_most(_on_one_scale(real, fake), MOST_ROWS, seed, "fake")
    if holdout is not None:
        kept = at_most(_on_one_scale(real, pair(real, holdout)[1]), MOST_ROWS, seed, "holdout")
    few = at_most(whole, MOST_ROWS, seed, "real")
    worst = noise(few, len(fake), seed)
    scores = [*near(few, fake, kept, worst, seed), *apart(few, fake, kept, worst, seed), copies(whole, fake, kept)]
    if kept is not None:
        scores.append(membership_auc(few, fake, kept))
    return {score.name: score for score in scores} | known


def copies(real: Any, fake: Any, holdout: Any = None) -> Score:
    """Find the share of fakes that repeat a training row.

    A repeat lies nearer to a real row than a millionth of the median distance between neighbouring real rows. Where
    the data themselves repeat rows the ceiling, the share that the holdout repeats, says so.
    """
    real, fake = pair(real, fake)
    reach = SAME * float(np.median(radii(at_most(real, MOST_ROWS, 0, "copies"), 1)))
    innocent = 0.0 if holdout is None else float((nearest(pair(real, holdout)[1], real)[0] <= reach).mean())
    return share("copies", nearest(fake, real)[0] <= reach, "lower", ceiling=innocent)


def membership_auc(real: Any, fake: Any, holdout: Any) -> Score:
    """Attack by distance to the closest fake: the chance that a training row lies closer than a held-out row.

    1/2 is ideal; passing one attack proves nothing about others.
    """
    real, fake = pair(real, fake)
    real, kept = pair(real, holdout)
    value = auc(-nearest(real, fake)[0], -nearest(kept, fake)[0])
    reach = Z * auc_error(max(value, 1 - value), len(real), len(kept))
    low, high = max(value - reach, 0.0), min(value + reach, 1.0)
    return Score(name="membership_auc", value=value, low=low, high=high, n=len(fake), better="lower", ceiling=0.5)


def _on_one_scale(real: np.ndarray, values: np.ndarray) -> np.ndarray:
    sd = real.std(0)
    scaled: np.ndarray = (values - real.mean(0)) / np.where(sd > 0, sd, 1.0)
    return scaled


def near(
    real: np.ndarray, fake: np.ndarray, holdout: np.ndarray | None, worst: np.ndarray, seed: int
) -> Iterator[Score]:
    """Score rows on one scale by their neighbours.

    Arguments:
        real: Real rows.
        fake: Generated rows.
        holdout: Other real rows, for the ceilings.
        worst: Rows that get the floors.
        seed: Seeds halves and intervals.
    """
    one, other = halves(real, seed) if holdout is None else (real, holdout)
    best, least = neighbours(one, other, seed=seed), neighbours(real, worst, seed=seed)
    for name, score in neighbours(real, fake, seed=seed).items():
        # Density and coverage have exact ceilings, free of the split's chance.
        ceiling = score.ceiling if score.ceiling is not None else best[name].value
        yield replace(score, floor=least[name].value, ceiling=ceiling)


def apart(
    real: np.ndarray,
    fake: np.ndarray,
    holdout: np.ndarray | None,
    worst: np.ndarray,
    seed: int,
    classify: bool = True,
) -> Iterator[Score]:
    """Score rows on one scale by how far the two samples are apart; `classify` adds c2st."""
    metrics: list[tuple[Metric, float]] = [
        (partial(mmd, seed=seed), 0.0),
        (energy_distance, 0.0),
        (partial(sliced_wasserstein, seed=seed), 0.5),
    ]
    metrics += [(partial(c2st, seed=seed), 0.0)] if classify else []
    for metric, rate in metrics:
        yield with_anchors(metric, real, fake, seed, holdout=holdout, rate=rate, worst=worst)
