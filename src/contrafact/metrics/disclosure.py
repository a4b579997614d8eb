"""Singling out, linkability and inference: the three risks that European data protection names, against controls.

Each attacker guesses from the fakes about training rows (main) and about rows that were held out (control). What works
on both is knowledge of the population, which any useful data teach; the risk is main less control. Where the attack
does no better than guesses made without the fakes' help (baseline), it was too weak to say anything: void.

- singling out: a condition on one to six columns that holds for exactly one fake, such as "age >= 88 and country =
  Cuba"; does it hold for exactly one real row? Baseline: conditions on values drawn at random.
- linkability: the columns are split in two at random; are the nearest fakes of both halves of a row the same ones (any
  of five)? Baseline: the chance that two random choices of five meet.
- inference: of a row all columns but one are known; the nearest fake's cell is the guess (a number is right within a
  twentieth of the spread of nearly all). Baseline: the cell of any fake. Of all columns the worst is reported.

These are new implementations of the three attacks; figures of the original code differ, as attackers, columns and
numbers of guesses do. They report main less control, not divided by what control leaves.

Reference: Giomi et al., *A unified framework for quantifying privacy risk in synthetic data*, PETS 2023.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from contrafact.base.records import Score
from contrafact.base.seeds import generator
from contrafact.metrics.columns import Table, tables
from contrafact.metrics.mixed import mixed_blocks, most_rows
from contrafact.metrics.neighbours import squared_blocks
from contrafact.metrics.spread import wilson

GUESSES, TRIES, MOST_CONDITIONS = 500, 12_000, 6
MOST_ROWS, ATTACKED = 10_000, 800
SPLITS, NEIGHBOURS = 3, 5
MOST_SECRETS = 12
TOLERANCE = 0.05
BLOCK = 256


@dataclass(frozen=True, kw_only=True)
class Risk:
    """How often an attacker's guesses were right.

    Arguments:
        name: singling_out, linkability or inference.
        main: Share of right guesses about training rows.
        control: The same about held-out rows.
        baseline: Share of right guesses made without the fakes' help.
        score: Main less control, with its interval.
        guesses: How many guesses there were about training rows.
        column: For inference, the column that was guessed.
    """

    name: str
    main: float
    control: float
    baseline: float
    score: Score
    guesses: int
    column: str = ""

    @property
    def void(self) -> bool:
        """Whether the attack did no better than guessing, so that its risk says nothing."""
        return not self.main > self.baseline

    def to_json(self) -> dict[str, Any]:
        """Give the record as JSON-ready values."""
        shares = {"main": self.main, "control": self.control, "baseline": self.baseline}
        return {
            **shares,
            "risk": self.score.to_json(),
            "guesses": self.guesses,
            "column": self.column,
            "void": self.void,
        }


def disclosure_risks(
    real: Any, fake: Any, holdout: Any, target: str | None = None, seed: int = 0
) -> tuple[tuple[Risk, ...], tuple[Risk, ...]]:
    """Attack by singling out, linking and inferring.

    Arguments:
        real: What the generator learned from.
        fake: What it made.
        holdout: Real rows that it never saw.
        target: A column that is guessed among others, where there are too many for all.
        seed: Seeds all choices.

    Returns:
        The three risks, and inference for each column, the worst first.
    """
    real, fake, holdout = tables(real, fake, holdout)
    seen = [i for i, column in enumerate(real.columns) if column.kind != "text"]
    if not seen:
        return (), ()
    most = min(MOST_ROWS, most_rows(real))
    size = min(len(real), len(holdout), most)
    made = fake.at_most(most, seed, "made").only(seen)
    main, control = (t.at_most(size, seed, n).only(seen) for t, n in ((real, "main"), (holdout, "control")))
    risks = [_singling_out(main, control, made.at_most(size, seed, "conditions"), seed)]
    inferred: tuple[Risk, ...] = ()
    if len(seen) > 1:
        attacked = [t.at_most(ATTACKED, seed, "attacked") for t in (main, control)]
        matrices, blocks = mixed_blocks(main, *attacked, made, seed=seed)
        risks.append(_linkability(matrices[1:3], matrices[3], blocks, seed))
        secrets = _secrets(made, target, seed)
        inferred = _inference(attacked, made, matrices[1:], blocks, secrets, main, seed)
        risks += inferred[:1]
    return tuple(risks), inferred


def _risk(
    name: str, main: tuple[float, int], control: tuple[float, int], baseline: float, n: int, column: str = ""
) -> Risk:
    """Subtract two shares of right guesses; the interval is Newcombe's (Statistics in Medicine 17, 1998, method 10)."""
    (one, tries), (other, controls) = main, control
    if not tries or not controls:
        one, other, low, high = 0.0, 0.0, -1.0, 1.0
    else:
        ends, against = wilson(one * tries, tries), wilson(other * controls, controls)
        low = one - other - math.hypot(one - ends[0], against[1] - other)
        high = one - other + math.hypot(ends[1] - one, other - against[0])
    score = Score(name=name, value=one - other, low=low, high=high, n=n, better="lower", floor=1.0, ceiling=0.0)
    return Risk(name=name, main=one, control=other, baseline=baseline, score=score, guesses=tries, column=column)


def _singling_out(main: Table, control: Table, fake: Table, seed: int) -> Risk:
    random = generator(seed, "conditions")
    middles = [np.nanmedian(c) if not np.isnan(c).all() else 0.0 for c in map(np.asarray, _scales(fake))]
    right = np.zeros(2)
    told: set[int] = set()
    for _ in range(TRIES):
        row = int(random.integers(len(fake)))
        conditions = _conditions(fake, random, middles, row)
        # One guess from each fake: more of them would rest on the same real rows.
        if row not in told and _holding(fake, conditions) == 1:
            right += [_holding(main, conditions) == 1, _holding(control, conditions) == 1]
            told.add(row)
        if len(told) == GUESSES:
            break
    tried = len(told)
    lucky = [_holding(main, _conditions(fake, random, middles, None)) == 1 for _ in range(GUESSES)]
    shares = right / max(tried, 1)
    return _risk("singling_out", (float(shares[0]), tried), (float(shares[1]), tried), float(np.mean(lucky)), len(fake))


def _scales(table: Table) -> list[np.ndarray]:
    return [cells if column.scale else np.zeros(1) for column, cells in zip(table.columns, table.cells, strict=True)]


def _conditions(
    fake: Table, random: np.random.Generator, middles: list[float], row: int | None
) -> list[tuple[int, str, float]]:
    """Make conditions from a fake's own cells, or without a row from cells of any fakes with signs at random."""
    size = int(random.integers(1, min(MOST_CONDITIONS, len(fake.columns)) + 1))
    made = []
    for place in random.choice(len(fake.columns), size, replace=False):
        value = float(fake.cells[place][random.integers(len(fake)) if row is None else row])
        sign = "="
        if fake.columns[place].scale and not math.isnan(value):
            up = value > middles[place] if row is not None else random.random() < 0.5
            sign = ">" if up else "<"
        made.append((int(place), sign, value))
    return made


def _holding(table: Table, conditions: list[tuple[int, str, float]]) -> int:
    """Count the rows for which all conditions hold."""
    holds: np.ndarray | None = None
    for place, sign, value in conditions:
        cells = table.cells[place]
        if math.isnan(value):
            one = np.isnan(cells)
        else:
            one = cells == value if sign == "=" else cells >= value if sign == ">" else cells <= value
        holds = one if holds is None else holds & one
    return 0 if holds is None else int(holds.sum())


def _linkability(attacked: list[np.ndarray], fake: np.ndarray, blocks: list[slice], seed: int) -> Risk:
    k = min(NEIGHBOURS, len(fake))
    hits: list[list[np.ndarray]] = [[], []]
    for split in range(SPLITS):
        order = generator(seed, "split", split).permutation(len(blocks))
        halves = [_places(blocks, part) for part in (order[: len(order) // 2], order[len(order) // 2 :])]
        for side, rows in enumerate(attacked):
            near = [_nearest_few(rows[:, half], fake[:, half], k) for half in halves]
            hits[side].append((near[0][:, :, None] == near[1][:, None]).any((1, 2)))
    # The splits of a row are not independent guesses: rows are counted.
    shares = [(float(np.mean(hit)), len(hit[0])) for hit in hits]
    meet = 1 - math.comb(len(fake) - k, k) / math.comb(len(fake), k)
    return _risk("linkability", shares[0], shares[1], meet, len(fake))


def _places(blocks: list[slice], chosen: np.ndarray) -> np.ndarray:
    return np.concatenate([np.arange(blocks[i].start, blocks[i].stop) for i in chosen])


def _nearest_few(rows: np.ndarray, among: np.ndarray, k: int) -> np.ndarray:
    near = []
    for start in range(0, len(rows), BLOCK):
        squares = np.concatenate([s for _, _, s, _ in squared_blocks(rows[start : start + BLOCK], among)], axis=1)
        near.append(np.argpartition(squares, k - 1, axis=1)[:, :k])
    return np.concatenate(near)


def _secrets(fake: Table, target: str | None, seed: int) -> list[int]:
    """Choose the columns to be guessed: the target, and others at random where there are too many."""
    order: list[int] = generator(seed, "secrets").permutation(len(fake.columns)).tolist()
    order.sort(key=lambda i: fake.columns[i].name != str(target))
    return order[:MOST_SECRETS]


def _inference(
    attacked: list[Table],
    fake: Table,
    matrices: list[np.ndarray],
    blocks: list[slice],
    secrets: list[int],
    real: Table,
    seed: int,
) -> tuple[Risk, ...]:
    """Guess each secret column from the nearest fake by all others; the worst comes first."""
    near = [_nearest_without(rows, matrices[2], blocks, secrets) for rows in matrices[:2]]
    random = generator(seed, "inference")
    risks = []
    for secret in secrets:
        reach = _tolerance(real, secret)
        main, control = (
            _right(side.cells[secret], fake.cells[secret][places[secret]], reach)
            for side, places in zip(attacked, near, strict=True)
        )
        any_fake = random.integers(0, len(fake), len(attacked[0]))
        lucky = _right(attacked[0].cells[secret], fake.cells[secret][any_fake], reach)
        shares = [(float(right.mean()), len(right)) for right in (main, control)]
        name = real.columns[secret].name
        risks.append(_risk("inference", shares[0], shares[1], float(lucky.mean()), len(fake), name))
    return tuple(sorted(risks, key=lambda risk: (risk.void, -risk.score.low)))


def _nearest_without(
    rows: np.ndarray, fake: np.ndarray, blocks: list[slice], secrets: list[int]
) -> dict[int, np.ndarray]:
    """Find each row's nearest fake by all columns but one, for each secret column."""
    found: dict[int, list[np.ndarray]] = {secret: [] for secret in secrets}
    for start in range(0, len(rows), BLOCK):
        part = rows[start : start + BLOCK]
        squares = np.concatenate([s for _, _, s, _ in squared_blocks(part, fake)], axis=1)
        for secret in secrets:
            own = part[:, blocks[secret]], fake[:, blocks[secret]]
            aside = np.concatenate([s for _, _, s, _ in squared_blocks(*own)], axis=1)
            found[secret].append((squares - aside).argmin(1))
    return {secret: np.concatenate(places) for secret, places in found.items()}


def _tolerance(real: Table, place: int) -> float:
    cells = real.cells[place]
    if not real.columns[place].scale or np.isnan(cells).all():
        return 0.0
    low, high = np.nanquantile(cells, (0.05, 0.95))
    return TOLERANCE * float(high - low)


def _right(truth: np.ndarray, guess: np.ndarray, reach: float) -> np.ndarray:
    right: np.ndarray = (np.abs(truth - guess) <= reach) | (np.isnan(truth) & np.isnan(guess))
    return right
