"""Linear regressions beside a network of any order, for best guesses.

A few hundred rows do not teach a network what one regression says of two columns that measure the same thing; where the
law of a column is not linear, no regression knows it. So a best guess of a number is a mean of both, and how much of it
is the network's is measured, column by column, on held-out rows with cells hidden: the share that has the least squared
error there, drawn a little towards that of all columns together.

Random draws of smooth columns are mixed alike: the network's and the regressions' scatter, each in its share, around
the best guess, and stretched until they lie as far from it as held-out cells do: who learned from few rows is surer
than he has reason to be, and the mean of two draws scatters less than either.

The regressions are those of one normal law of all columns (`nets/normal_fill.py`), which sees smooth columns as normal
scores (`nets/normal_scores.py`); in tables of many columns they are learned in turn (`nets/round_robin.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from contrafact.nets import normal_fill, round_robin
from contrafact.nets.exam import ROWS, Exam
from contrafact.nets.normal_fill import Normal
from contrafact.nets.normal_scores import Scores
from contrafact.nets.round_robin import Coefficients, Noise
from contrafact.nets.weave import Weave

ASKED, HIDDEN = 16, (0.02, 0.1)  # how often each held-out row is, and what share of it is hidden beside its own holes
DOUBT = 20  # cells' worth of what all columns say in that of each
FEW_SHARED = 0.1  # of the rows: columns of which more share a number are left to the network
STRETCH = (0.5, 2.0)  # draws are not made narrower or wider than so many times


Linear = Normal | Coefficients


@dataclass(frozen=True, kw_only=True, eq=False)
class Aid:
    """Fitted regressions and what they have to say.

    Arguments:
        design: Puts cells into the matrix that the regressions know.
        scores: Which columns the regressions read as normal scores.
        fitted: The regressions.
        share: For each column of the table, the network's share of a best guess; 1 for columns that are no numbers.
        stretch: For each column, how many times as far from the best guess as mixed draws its draws lie.
    """

    design: Any
    scores: Scores
    fitted: Linear
    share: np.ndarray
    stretch: np.ndarray

    def guess(self, cells: list[Any], rows: int) -> dict[int, np.ndarray]:
        """Give the regressions' numbers for all rows, by the column's place in the table."""
        made = guessed(self.fitted, self.scores, self.design.matrix(cells, rows))[0]
        return {column: made[:, where] for column, where in scales(self.design).items()}

    def drawn(self, cells: list[Any], rows: int, noise: Noise) -> dict[int, np.ndarray]:
        """Give random draws by the regressions for all rows, by the column's place in the table."""
        values = self.scores.into(self.design.matrix(cells, rows))
        made = self.scores.back(self.fitted.filled(values, noise))
        return {column: made[:, where] for column, where in scales(self.design).items()}

    def arrays(self) -> dict[str, np.ndarray]:
        """Give what was fitted, by name."""
        fitted = {**self.fitted.arrays(), **self.scores.arrays(), "share": self.share, "stretch": self.stretch}
        return {f"aid/{name}": part for name, part in fitted.items()}

    @classmethod
    def of(cls, design: Any, arrays: dict[str, np.ndarray]) -> Aid | None:
        """Read what `arrays` gave, if it is there."""
        own = {name.removeprefix("aid/"): part for name, part in arrays.items() if name.startswith("aid/")}
        if not own:
            return None
        share = own.pop("share")
        stretch = own.pop("stretch", np.ones_like(share))  # models of before had none, and no scores
        bare = Scores.fit(np.empty((0, 0)), ()).arrays()
        columns, numbers, scores = (own.pop(name, part) for name, part in bare.items())
        return cls(
            design=design,
            scores=Scores(columns=columns, numbers=numbers, scores=scores),
            fitted=(Coefficients if "weights" in own else Normal).of(own),
            share=share,
            stretch=stretch,
        )


def linear(values: np.ndarray, trained: np.ndarray, blocks: np.ndarray) -> tuple[Linear, Linear]:
    """Learn how columns go together, from all rows and from those alone that the network is trained on.

    Arguments:
        values: Rows of numbers with NaN for holes.
        trained: The rows that the network is trained on.
        blocks: Where each block of columns starts.
    """
    if values.shape[1] <= normal_fill.MOST_COLUMNS:
        share = normal_fill.chosen_share(values[trained], blocks)
        first = normal_fill.fit(values[trained], share=share)
        return normal_fill.fit(values, share=share), first
    ridge = round_robin.chosen_ridge(values[trained], blocks)
    return (
        round_robin.fit(values, blocks=blocks, ridge=ridge),
        round_robin.fit(values[trained], blocks=blocks, ridge=ridge),
    )


def guessed(fitted: Linear, scores: Scores, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the regressions' means and variances of a matrix's cells, those that are known included.

    Arguments:
        fitted: Regressions of scores.
        scores: Which columns are read as scores.
        values: Rows of numbers with NaN for holes.
    """
    return scores.moments(fitted.filled(scores.into(values)), fitted.spread * fitted.scale)


def is_smooth(kind: Any) -> bool:
    """Tell columns of numbers without words, of which few rows share one, by their tokens."""
    shared = kind.counts[: len(kind.points)].sum() <= FEW_SHARED * kind.counts[: kind.numbers].sum()
    return bool(shared) and len(kind.knots) > 0 and not kind.words


def scales(design: Any) -> dict[int, int]:
    """Give where in the matrix the columns of numbers stand, by their place in the table."""
    wordy = {part.column for part in design.parts if part.levels is not None}
    return {p.column: p.where.start for p in design.parts if p.levels is None and p.column not in wordy}


@dataclass(frozen=True, kw_only=True, eq=False)
class HeldCells:
    """A column's hidden cells in held-out rows, in the column's standard deviations.

    Arguments:
        away: How far the network's means lie from the regression.
        wanted: How far the truth does.
        variance: Of the network's laws.
        rest: The variance that the regression leaves.
    """

    away: np.ndarray
    wanted: np.ndarray
    variance: np.ndarray
    rest: np.ndarray


class AidExam:
    """What the regressions say of the exam's hidden cells, to be held against the network.

    Arguments:
        codec: Knows the columns.
        design: Puts cells into the matrix that the regressions know.
        values: The matrix of all rows.
        trained: The rows that are trained on.
        held: The rows that are held out.
    """

    def __init__(self, codec: Any, design: Any, values: np.ndarray, trained: np.ndarray, held: np.ndarray) -> None:
        self.codec, self.design = codec, design
        self.scores = Scores.fit(values, [w for c, w in scales(design).items() if is_smooth(codec.kind(c))])
        self.truth = np.tile(values[held[:ROWS]], (ASKED, 1))
        self.scale = round_robin.standard(values)[1]
        self.fitted, self.first = linear(self.scores.into(values), trained, design.blocks)

    def aid(self, tokens: np.ndarray, net: Weave) -> Aid:
        """Give the regressions with the network's shares beside them.

        Few cells are hidden at a time, so that about as much of a row is known as where holes are to be filled.

        Arguments:
            tokens: Held-out rows, as the network sees them.
            net: The network as it is.
        """
        exam = Exam(ASKED)
        exam.set(tokens, 0, HIDDEN)
        asked = exam.asked.numpy()
        places = {slot.column: place for place, slot in enumerate(self.codec.slots)}
        regressed = self._regressed(asked, places)
        held: dict[int, HeldCells] = {}
        for column, where in scales(self.design).items():
            hidden = np.flatnonzero(asked[:, places[column]] & ~np.isnan(self.truth[:, where]))
            held[column] = self._held(exam, net, hidden, places[column], column, regressed)
        share, stretch = np.ones(len(self.codec.kinds)), np.ones(len(self.codec.kinds))
        if held:
            columns, cells = list(held), list(held.values())
            share[columns] = shares([(own.away @ own.wanted, own.away @ own.away, len(own.away)) for own in cells])
            stretch[columns] = stretches(
                [
                    (
                        ((own.wanted - part * own.away) ** 2).sum(),
                        (part**2 * own.variance + (1 - part) ** 2 * own.rest).sum(),
                        len(own.away),
                    )
                    for own, part in zip(cells, share[columns], strict=True)
                ]
            )
        return Aid(design=self.design, scores=self.scores, fitted=self.fitted, share=share, stretch=stretch)

    def _held(
        self,
        exam: Exam,
        net: Weave,
        hidden: np.ndarray,
        place: int,
        column: int,
        regressed: tuple[np.ndarray, np.ndarray],
    ) -> HeldCells:
        """Hold the network's law and the regression of a column's hidden cells against the truth."""
        where = scales(self.design)[column]
        scale, guess = self.scale[where], regressed[0][hidden, where]
        means, variances = self._net(exam, net, hidden, place, column)
        return HeldCells(
            away=(means - guess) / scale,
            wanted=(self.truth[hidden, where] - guess) / scale,
            variance=variances / scale**2,
            rest=regressed[1][hidden, where] / scale**2,
        )

    def _regressed(self, asked: np.ndarray, places: dict[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Give mean and variance of what regression knows of cells that it is not shown."""
        seen = self.truth.copy()
        for part in self.design.parts:
            seen[asked[:, places[part.column]], part.where] = np.nan
        return guessed(self.first, self.scores, seen)

    @torch.no_grad()
    def _net(self, exam: Exam, net: Weave, rows: np.ndarray, place: int, column: int) -> tuple[np.ndarray, np.ndarray]:
        """Give mean and variance of the network's law of each cell."""
        state = net.hidden(net.entered(exam.tokens[rows], exam.known[rows]))
        kind = self.codec.kind(column)
        logits = net.logits(state, place)
        logits[:, kind.numbers :] = -torch.inf  # what is asked for is a number, not a hole
        chances = logits.softmax(1).numpy()
        return np.asarray(kind.expected(chances)[0]), np.asarray(kind.variance(chances))


def shares(products: Sequence[tuple[float, float, int]]) -> np.ndarray:
    """Give each column's share of the network: least squares, drawn towards the share of all.

    Arguments:
        products: For each column the product of the network's distance from the regression with the truth's, the
            network's squared, and over how many cells.
    """
    with_truth, squared, cells = (np.array(part, dtype=np.float64) for part in zip(*products, strict=True))
    usual = with_truth.sum() / max(squared.sum(), 1e-12)
    doubt = DOUBT * squared / np.maximum(cells, 1)
    found: np.ndarray = (with_truth + doubt * usual) / np.maximum(squared + doubt, 1e-12)
    return np.clip(found, 0, 1)


def stretches(spreads: Sequence[tuple[float, float, int]]) -> np.ndarray:
    """Say how many times as wide as mixed ones each column's draws are to be, drawn towards what all columns say.

    Arguments:
        spreads: For each column the squared errors of best guesses, the variances of mixed draws, both summed over the
            same cells, and over how many.
    """
    errors, variances, cells = (np.array(part, dtype=np.float64) for part in zip(*spreads, strict=True))
    usual = errors.sum() / max(variances.sum(), 1e-12)
    doubt = DOUBT * variances / np.maximum(cells, 1)
    found = np.sqrt((errors + doubt * usual) / np.maximum(variances + doubt, 1e-12))
    return np.asarray(np.clip(found, *STRETCH))
