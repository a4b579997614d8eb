"""Membership attacks: can one tell from the fakes which real rows the generator learned from?

Three attackers rank rows, of which some were learned from (members) and some held out. None knows the generator.

- distance: the closer the nearest fake, the likelier a member (GAN-Leaks, Chen et al., CCS 2020).
- density: the likelier, the denser fakes lie around a row against how densely other rows of the population lie there:
  the ratio of the distances to the fifth neighbour on both sides. It finds *local* overfitting (DOMIAS, van Breugel et
  al., AISTATS 2023, who estimate densities in other ways).
- classifier: boosted trees that learned to tell fakes from rows of the population; the surer they are of "fake", the
  likelier a member (in the manner of LOGAN, Hayes et al., PETS 2019).

The population is one half of the holdout, the rows to tell members from are the other half. AUC is the chance that a
member outranks another row, 1/2 is a coin; but a leak may concern few rows only, so that the share of members found
among the first hundredth and thousandth of false alarms matters more. Failed attacks are no proof: others may succeed,
and someone who knows the generator's weights, or has many samples, is stronger than these three.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from contrafact.base.records import Score
from contrafact.base.seeds import generator
from contrafact.metrics.classifiers import MOST_ROWS, fake_chance, joined
from contrafact.metrics.columns import Table, tables
from contrafact.metrics.mixed import mixed_rows, most_rows
from contrafact.metrics.neighbours import nearest, reaches
from contrafact.metrics.spread import Z, auc, auc_error, wilson

ATTACKED, MOST_FAKES = 20_000, 40_000  # fewer rows leave intervals wider than the leaks that matter
NEIGHBOUR = 5
DRAWS = 200
ALARMS = (0.01, 0.001)
OUTLYING, FEWEST_OUTLYING = 0.01, 20
MEANINGS = {
    "distance": "a member has a fake closer by",
    "density": "fakes crowd around a member more than the population does",
    "classifier": "trees that tell fakes from other rows take a member for a fake",
}


@dataclass(frozen=True, kw_only=True)
class Attack:
    """How well one attacker did.

    Arguments:
        name: distance, density or classifier.
        auc: The chance that a member outranks a row that was held out.
        found: For each rate of false alarms the share of members found; only rates that so many rows can show.
        outlying: AUC among the hundredth of rows that lie furthest from the others, where these are enough.
        members: How many members were ranked.
        others: How many held-out rows were ranked.
    """

    name: str
    auc: Score
    found: dict[float, Score]
    outlying: Score | None
    members: int
    others: int

    def to_json(self) -> dict[str, Any]:
        """Give the record as JSON-ready values."""
        return {
            "auc": self.auc.to_json(),
            "found": {f"{rate:g}": score.to_json() for rate, score in self.found.items()},
            "outlying": None if self.outlying is None else self.outlying.to_json(),
            "members": self.members,
            "others": self.others,
        }


def membership_attacks(real: Any, fake: Any, holdout: Any, seed: int = 0) -> tuple[Attack, ...]:
    """Try three membership attacks.

    Arguments:
        real: What the generator learned from.
        fake: What it made.
        holdout: Real rows of the same origin that it never saw; at least two.
        seed: Seeds the choice of rows, the halves and the trees.
    """
    real, fake, holdout = tables(real, fake, holdout)
    population, others = holdout.halves(seed)
    members, others = real.at_most(ATTACKED, seed, "members"), others.at_most(ATTACKED, seed, "others")
    ranked = joined(members, others)
    most = min(MOST_FAKES, most_rows(real))
    made, known = fake.at_most(most, seed, "fakes"), population.at_most(most, seed, "population")
    rows, fakes, around = _rows(real, ranked, made, known, seed)
    reach = reaches(rows, around, NEIGHBOUR)
    told = {
        "distance": -nearest(rows, fakes)[0],
        "density": _log(reach) - _log(reaches(rows, fakes, NEIGHBOUR)),
        "classifier": _surest(population, fake, ranked, seed),
    }
    return tuple(_attack(name, signs, reach, len(members), len(fake), seed) for name, signs in told.items())


def worst(attacks: tuple[Attack, ...]) -> Score:
    """Give the attack whose AUC may be highest, by the upper end of its interval, as `membership_auc`."""
    return replace(max((attack.auc for attack in attacks), key=lambda score: score.high), name="membership_auc")


def _rows(real: Table, ranked: Table, fake: Table, population: Table, seed: int) -> list[np.ndarray]:
    real = real.at_most(most_rows(real), seed, "ranks")
    return mixed_rows(real, ranked, fake, population, seed=seed)[1:]


def _log(distances: np.ndarray) -> np.ndarray:
    least = 1e-6 * max(float(np.median(distances)), 1e-12)
    logs: np.ndarray = np.log(np.maximum(distances, least))
    return logs


def _surest(population: Table, fake: Table, ranked: Table, seed: int) -> np.ndarray:
    known, made = population.at_most(MOST_ROWS, seed, "known"), fake.at_most(MOST_ROWS, seed, "made")
    return fake_chance(known, made, ranked, seed=seed)


def _attack(name: str, signs: np.ndarray, reach: np.ndarray, members: int, fakes: int, seed: int) -> Attack:
    inside, outside = signs[:members], signs[members:]
    found = {rate: _found(inside, outside, rate, fakes, seed) for rate in ALARMS if len(outside) * rate >= 1}
    far = reach >= np.quantile(reach, 1 - OUTLYING)
    rare = signs[:members][far[:members]], signs[members:][far[members:]]
    return Attack(
        name=name,
        auc=_area(name, inside, outside, fakes),
        found=found,
        outlying=_area(name, *rare, fakes) if min(map(len, rare)) >= FEWEST_OUTLYING else None,
        members=members,
        others=len(outside),
    )


def _area(name: str, inside: np.ndarray, outside: np.ndarray, fakes: int) -> Score:
    value = auc(inside, outside)
    reach = Z * auc_error(max(value, 1 - value), len(inside), len(outside))
    low, high = max(value - reach, 0.0), min(value + reach, 1.0)
    return Score(
        name=f"membership_{name}", value=value, low=low, high=high, n=fakes, better="lower", floor=1.0, ceiling=0.5
    )


def _found(inside: np.ndarray, outside: np.ndarray, rate: float, fakes: int, seed: int) -> Score:
    """Find the share of members that rank above all but so many of the others; its interval knows both samples."""
    random = generator(seed, "found", str(rate))
    value = _above(inside, outside, rate)
    draws = np.array(
        [_above(random.choice(inside, len(inside)), random.choice(outside, len(outside)), rate) for _ in range(DRAWS)]
    )
    low, high = wilson(value * len(inside), len(inside))
    low, high = min(low, float(np.quantile(draws, 0.025))), max(high, float(np.quantile(draws, 0.975)))
    name = f"membership_tpr_{rate:g}"
    return Score(name=name, value=value, low=low, high=high, n=fakes, better="lower", floor=1.0, ceiling=rate)


def _above(inside: np.ndarray, outside: np.ndarray, rate: float) -> float:
    """Give the share of members above the row of the others that so many of them lie above."""
    place = len(outside) - 1 - math.floor(rate * len(outside))
    bar = np.partition(outside, place)[place]
    return float((inside > bar).mean())
