"""A private codec and its price: how epsilon and delta are shared out between counts and training, and what is said.

Counts get a fixed share of the budget, measured as what Gaussian mechanisms add up by (the square of sensitivity over
noise); training gets all that the accountant leaves. A tenth of delta pays for levels that are found.

What is done about everything in a model of a table that learns from rows:

- ends of scales, levels, point masses, bins, shares of holes, the number of rows: said by the user or counted with
  noise (`codecs/private.py`); where training starts (columns' shares) is derived from the same counts;
- weights: each row's gradient is clipped and noise put on the sum, in every step (`nets/private.py`); rows come into
  batches by coins of their own; which cells are hidden is the system's chance, too: with a seed, one row more would
  move what is hidden in those behind it;
- held-out rows, scores, losses, the choice of the best state, the end at a plateau: there are none. All rows are
  learned from, the last state is the model, and what is logged is noised (`engine/private_fit.py`);
- columns that follow from others, how much columns tell about each other (which drawing in few passes asks for),
  regressions that aid fills, keys, free text: left out;
- resuming, and going back after a blow-up: refused, as steps would not be counted;
- share-safe rules: refused, as they drop drawn rows for being real ones, which tells that they are;
- not covered: names and dtypes of columns; the magnitude of the number of rows, where delta is left open; how long
  things take; errors that name cells; other runs on the same rows, whose epsilons add up; and what is computed from
  real rows beside the model, such as the scores of `judge` and `synth` and the pages of `report`.

The seed fixes where weights start and nothing else: two private runs differ.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Self

import numpy as np

from contrafact.base.errors import UsageError
from contrafact.codecs.files import TableFile
from contrafact.codecs.large import some_rows
from contrafact.codecs.private import Plan, Said, paid, plan_of
from contrafact.codecs.reading import keyed, ruled
from contrafact.codecs.table import TableCodec, as_frame
from contrafact.engine.private import Spent, epsilon_of, noise_for

COUNTS_SHARE, LEVELS_SHARE = 0.15, 0.1
LARGEST_DELTA = 0.1


@dataclass(frozen=True, kw_only=True, eq=False)
class Bought:
    """A codec that was paid for.

    Arguments:
        epsilon: What may be spent in all.
        delta: The chance that is left out.
        plan: What was counted.
        noise: The noise of all counts together, over what a row adds to them.
        codec: The codec.
        frame: The data, with levels that were not kept put together.
    """

    epsilon: float
    delta: float
    plan: Plan
    noise: float
    codec: TableCodec
    frame: Any

    @classmethod
    def by(cls, data: Any, asked: Any) -> Self:
        """Count, for a part of what may be spent.

        Arguments:
            data: A frame, or a table in a file, which is read whole.
            asked: A recipe: epsilon, delta, and what the user says of the columns.
        """
        check_public(asked)
        frame = some_rows(data, np.arange(len(data))) if isinstance(data, TableFile) else as_frame(data)
        plan, delta = plan_of(frame, _said(asked)), _delta(asked.delta, len(frame))
        noise = noise_for(asked.epsilon, _left(plan, delta)) / math.sqrt(COUNTS_SHARE)
        codec, frame = paid(frame, plan, noise=noise, delta=delta - _left(plan, delta))
        codec = ruled(codec, asked.constraints or ())
        return cls(epsilon=asked.epsilon, delta=delta, plan=plan, noise=noise, codec=codec, frame=frame)

    @property
    def shares(self) -> list[np.ndarray | None]:
        """How many rows hold each token of each place, as counted; None for places of digits."""
        return [None if slot.base else self.codec.kind(slot.column).counts for slot in self.codec.slots]

    def noise_left(self, rate: float, times: int) -> float:
        """Give the noise that a training needs within what is left.

        Arguments:
            rate: The chance of a row to be in a batch.
            times: Steps.
        """
        left = _left(self.plan, self.delta)
        return noise_for(self.epsilon, left, times=times, rate=rate, before=[Spent(noise=self.noise)])

    def told(self, training: Spent, clip: float) -> dict[str, Any]:
        """Give the account, as JSON-ready values.

        Arguments:
            training: The training's noise, steps and rate.
            clip: The longest gradient of a row.
        """
        left = _left(self.plan, self.delta)
        return {
            "epsilon": self.epsilon,
            "delta": self.delta,
            "spent": epsilon_of([Spent(noise=self.noise), training], left),
            "unit": "one row, added or removed",
            "accountant": f"RDP, Opacus {version('opacus')}",
            "chance": "the system's source, fixed by no seed",
            "counts": {"noise": self.noise, "uses": self.plan.uses, "delta": self.delta - left, **self.plan.told()},
            "training": {"noise": training.noise, "rate": training.rate, "steps": training.times, "clip": clip},
        }


def _left(plan: Plan, delta: float) -> float:
    """Give the part of delta that the accountant may use."""
    return delta * (1 - LEVELS_SHARE) if plan.unknown else delta


def _said(asked: Any) -> Said:
    columns = keyed(asked.columns, asked.constraints) or {}
    return Said(columns=columns, bounds=asked.bounds or {}, levels=asked.levels or {}, holes=asked.holes)


def _delta(asked: float | None, rows: int) -> float:
    """Give the chance that is left out: by default a tenth of one over the rows, rounded down to a power of ten."""
    delta = 10.0 ** -(1 + math.ceil(math.log10(max(rows, 1)))) if asked is None else asked
    if delta > LARGEST_DELTA:
        raise UsageError(
            f"delta={delta:g} protects nobody.",
            why="It is the chance that the promise does not hold.",
            fix="Give 1e-6, or leave it out.",
            code="E134",
        )
    return delta


def check_public(asked: Any) -> None:
    """Refuse settings that do not go together with epsilon, or with none.

    Arguments:
        asked: A recipe.

    Raises:
        UsageError: There are some.
    """
    without = [name for name in ("delta", "bounds", "levels") if getattr(asked, name) is not None]
    if asked.epsilon is None and without:
        raise UsageError(
            f"{' and '.join(without)} mean nothing without epsilon.",
            why="They say what a model with differential privacy may take for known, or leave out.",
            fix="Give epsilon too: --set epsilon=3",
            code="E134",
        )
    if asked.epsilon is not None and asked.share_safe:
        raise UsageError(
            "share_safe and epsilon do not go together.",
            why="Share-safe rules look at real rows, which epsilon does not cover.",
            fix="Give one of them; epsilon promises more.",
            code="E134",
        )
