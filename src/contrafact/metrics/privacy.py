"""What can be said of the privacy of generated rows: which attacks were tried, and how far each came.

Nothing here is a single score or a green tick. Attacks that fail prove nothing, copies may be innocent (data repeat
themselves), and a small distance to real rows is a detector of copies, not a measure of privacy: sets that pass tests
of distance can be open to membership attacks (Yao et al., *The DCR delusion*, ESORICS 2025). Only a guarantee such as
differential privacy bounds what unknown attacks can do, and it is made while training, not found afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from contrafact.base.records import Score
from contrafact.metrics.columns import Table, tables
from contrafact.metrics.disclosure import Risk, disclosure_risks
from contrafact.metrics.inputs import at_most
from contrafact.metrics.membership import Attack, membership_attacks, worst
from contrafact.metrics.mixed import mixed_rows, most_rows
from contrafact.metrics.neighbours import nearest, radii, reaches
from contrafact.metrics.spread import share, wilson

NO_PROOF = "Passing these attacks is no proof that the fakes are private: another one may succeed."
NO_GUARANTEE = "This is a measurement, no formal guarantee: judging cannot know whether the training gave one."
UNIT = "The unit is one row: someone who has several rows may be easier to find."
NOT_ASSESSED = (
    "Not assessed, for want of real rows that the generator never saw: membership, singling out, linking, inference."
)
MOST_REAL, MOST_ROWS = 50_000, 20_000
PAIRS, CANDIDATES = 10, 200  # nearest pairs that are shown, and among how many they are chosen
INNOCENT = 2000  # real rows asked how often they repeat others, where none are held out
RIM = 1e-7  # products leave a hair of distance between equal rows
SAME = 1e-6  # of the usual distance to the nearest row; what is nearer is a copy
MARGIN = 1.5  # half-widths of its interval by which a figure must exceed chance
LEAST_HOLDOUT = 2
SHORTEST = 6  # letters; shorter texts repeat by chance


@dataclass(frozen=True, kw_only=True)
class NearPair:
    """A fake and the real row nearest to it.

    Arguments:
        fake: The fake's place.
        real: The real row's place.
        distance: How far they are apart: 1.4 is the usual distance in one column.
        usual: How far that real row is from the nearest other real row.
    """

    fake: int
    real: int
    distance: float
    usual: float


@dataclass(frozen=True, kw_only=True)
class Privacy:
    """What was tried, and how far it came.

    Arguments:
        copies: The share of fakes that repeat a real row, by the cells that are compared.
        exact: How many of all fakes repeat a real row exactly.
        verbatim: For columns of keys or free text, the share of the fakes' cells that repeat a real one word for word.
        nearest: The nearest pairs of a fake and a real row.
        nearer_train: The share of fakes nearer to training rows than to as many held-out rows; 1/2 is ideal.
        attacks: The membership attacks.
        risks: Singling out, linkability, inference.
        inferred: Inference, column by column.
        members: How many rows were learned from.
        holdout: How many real rows were held out.
    """

    copies: Score
    exact: int
    verbatim: dict[str, float]
    nearest: tuple[NearPair, ...]
    nearer_train: Score | None
    attacks: tuple[Attack, ...]
    risks: tuple[Risk, ...]
    inferred: tuple[Risk, ...]
    members: int
    holdout: int

    @property
    def scores(self) -> dict[str, Score]:
        """The figures by name; `membership_auc` is the worst attack by the upper end of its interval."""
        found = [self.copies, *([self.nearer_train] if self.nearer_train else [])]
        if self.attacks:
            found += [worst(self.attacks), *(attack.auc for attack in self.attacks)]
        return {score.name: score for score in (*found, *(risk.score for risk in self.risks))}

    def findings(self) -> tuple[str, ...]:
        """Name what did better than chance, beyond its interval by half: among many attacks one is lucky."""
        often = [
            (attack.name, rate, score)
            for attack in self.attacks
            for rate, score in attack.found.items()
            if _beyond(score)
        ]
        found = []
        if self.copies.low > self._usual():
            repeated = f"{self.copies.ceiling or 0:.1%} of other real rows do"
            found.append(f"{self.copies.value:.1%} of the fakes repeat a real row ({repeated}).")
        found += [
            f"Membership by {attack.name}: a training row outranks a held-out one in {attack.auc.value:.0%} of pairs."
            for attack in self.attacks
            if _beyond(attack.auc)
        ]
        found += [
            f"Membership by {name}: {score.value:.1%} of the training rows are found at {rate:.1%} false alarms."
            for name, rate, score in often
        ]
        found += [
            f"{risk.name.replace('_', ' ').capitalize()}{f' of {risk.column}' if risk.column else ''}: right for "
            f"{risk.main:.1%} of training rows, for {risk.control:.1%} of held-out rows."
            for risk in self.risks
            if not risk.void and _beyond(risk.score)
        ]
        return tuple(found)

    def _usual(self) -> float:
        """Give the share of copies that other real rows may have: the upper end of its interval."""
        rows = min(self.holdout, MOST_ROWS) or min(self.members, INNOCENT)
        return wilson((self.copies.ceiling or 0.0) * rows, rows)[1]

    def notes(self) -> tuple[str, ...]:
        """Say what the figures mean, and what they do not."""
        said = [UNIT, NO_GUARANTEE]
        said += [] if self.attacks else [NOT_ASSESSED]
        said += [
            f"Void: {risk.name.replace('_', ' ')} was right in {risk.main:.1%}, no more often than guessing "
            f"({risk.baseline:.1%}); its risk says nothing."
            for risk in self.risks
            if risk.void
        ]
        said += [
            f"{part:.0%} of the texts in {name!r} repeat real ones word for word."
            for name, part in self.verbatim.items()
            if part > 0
        ]
        return (*said, NO_PROOF)

    def to_json(self) -> dict[str, Any]:
        """Give the record as JSON-ready values; of the nearest pairs their places, not their cells."""
        return {
            "copies": self.copies.to_json(),
            "exact": self.exact,
            "verbatim": self.verbatim,
            "nearest": [[pair.fake, pair.real, pair.distance, pair.usual] for pair in self.nearest],
            "nearer_train": None if self.nearer_train is None else self.nearer_train.to_json(),
            "attacks": {attack.name: attack.to_json() for attack in self.attacks},
            "risks": {risk.name: risk.to_json() for risk in self.risks},
            "inferred": {risk.column: risk.to_json() for risk in self.inferred},
            "notes": list(self.notes()),
        }


def _beyond(score: Score) -> bool:
    """Tell whether a figure exceeds chance by half more than its interval."""
    return score.value - MARGIN * (score.value - score.low) > (score.ceiling or 0.0)


def privacy(real: Any, fake: Any, holdout: Any = None, *, target: str | None = None, seed: int = 0) -> Privacy:
    """Try to find training rows in fakes: copies, membership, singling out, linking, inference.

    Arguments:
        real: The frame that the generator learned from.
        fake: The frame that it made.
        holdout: Real rows of the same origin that it never saw. Without them only copies can be looked for.
        target: A column to be guessed among others, where there are too many for all.
        seed: Seeds all choices.
    """
    given = [real, fake] if holdout is None or len(holdout) < LEAST_HOLDOUT else [real, fake, holdout]
    read = tables(*given)
    limits = min(MOST_REAL, most_rows(read[0])), MOST_ROWS, MOST_REAL
    places = [side.chosen(most, seed, "privacy") for side, most in zip(read, limits, strict=False)]
    rows = mixed_rows(*(side.take(chosen) for side, chosen in zip(read, places, strict=True)), seed=seed)
    distance, which = nearest(rows[1], rows[0])
    attacks: tuple[Attack, ...] = ()
    risks: tuple[tuple[Risk, ...], tuple[Risk, ...]] = ((), ())
    if len(read) > 2:
        attacks = membership_attacks(read[0], read[1], read[2], seed=seed)
        risks = disclosure_risks(read[0], read[1], read[2], target=target, seed=seed)
    return Privacy(
        copies=_copies(rows, distance, seed),
        exact=int(_exact(read[1], read[0]).sum()),
        verbatim=_verbatim(real, fake, read[0]),
        nearest=_pairs(rows[0], distance, which, places),
        nearer_train=_nearer(rows, seed) if len(read) > 2 else None,
        attacks=attacks,
        risks=risks[0],
        inferred=risks[1],
        members=len(real),
        holdout=0 if len(read) < 3 else len(read[2]),
    )


def _copies(rows: list[np.ndarray], distance: np.ndarray, seed: int) -> Score:
    """Score the share of fakes at no distance from a real row; real data repeat themselves as often as the ceiling."""
    reach = SAME * float(np.median(radii(at_most(rows[0], MOST_ROWS, seed, "usual"), 1)))
    if len(rows) > 2:
        apart = nearest(at_most(rows[2], MOST_ROWS, seed, "innocent"), rows[0])[0]
    else:  # the nearest of all rows is the row itself
        apart = reaches(at_most(rows[0], INNOCENT, seed, "innocent"), rows[0], 2) if len(rows[0]) > 1 else np.ones(1)
    score = share("copies", distance <= reach, "lower", ceiling=float((apart <= reach + RIM).mean()))
    return replace(score, floor=1.0)


def _exact(fake: Table, real: Table) -> np.ndarray:
    """Mark the fakes that repeat a real row in every cell that is compared."""
    seen = [i for i, column in enumerate(real.columns) if column.kind != "text"]
    if not seen:
        return np.zeros(len(fake), dtype=bool)
    cells = [np.stack([t.cells[i] for i in seen], 1).astype(np.float64) for t in (fake, real)]
    # Bytes are compared: holes must look alike, and zero has one sign.
    packed = [np.ascontiguousarray(np.where(np.isnan(c), np.inf, c + 0.0)) for c in cells]
    whole = [p.view(np.dtype((np.void, p.dtype.itemsize * p.shape[1]))).ravel() for p in packed]
    return np.isin(whole[0], whole[1])


def _verbatim(real: Any, fake: Any, table: Table) -> dict[str, float]:
    """Find in keys and free text what repeats word for word; numbers that count rows are no texts."""
    found = {}
    for column, name in zip(table.columns, getattr(real, "columns", ()), strict=False):
        texts = fake[name].dropna()
        if column.kind == "text" and len(texts) and isinstance(texts.iloc[0], str):
            long = texts[texts.astype(str).str.len() >= SHORTEST]
            found[column.name] = float(long.isin(set(real[name].dropna())).sum() / len(texts))
    return found


def _pairs(real: np.ndarray, distance: np.ndarray, which: np.ndarray, places: list[np.ndarray]) -> tuple[NearPair, ...]:
    """List the nearest pairs; among equals the real rows that stand most alone come first."""
    candidates = np.argsort(distance, kind="stable")[:CANDIDATES]
    # The nearest row of all is the row itself.
    usual = reaches(real[which[candidates]], real, 2) if len(real) > 1 else np.zeros(len(candidates))
    order = np.lexsort((-usual, distance[candidates]))[:PAIRS]
    return tuple(
        NearPair(
            fake=int(places[1][candidates[i]]),
            real=int(places[0][which[candidates[i]]]),
            distance=float(distance[candidates[i]]),
            usual=float(usual[i]),
        )
        for i in order
    )


def _nearer(rows: list[np.ndarray], seed: int) -> Score:
    """Give the share of fakes nearer to training rows than to as many held-out rows; ties count half."""
    size = min(len(rows[0]), len(rows[2]))
    near = [nearest(rows[1], at_most(rows[side], size, seed, "nearer"))[0] for side in (0, 2)]
    hits = float((near[0] < near[1]).sum() + (near[0] == near[1]).sum() / 2)
    low, high = wilson(hits, len(rows[1]))
    value = hits / len(rows[1])
    return Score(
        name="nearer_train", value=value, low=low, high=high, n=len(rows[1]), better="lower", floor=1.0, ceiling=0.5
    )
