"""Linear regressions beside a network of any order, for best guesses.

A few hundred rows do not teach a network what one regression says of two columns that measure the same thing; where the
law of a column is not linear, no regression knows it. So a best guess of a number is a mean of both, and how much of it
is the network's is measured, column by column, on held-out rows with cells hidden: the share that has the least squared
error there, drawn a little towards that of all columns together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from contrafact.nets.exam import MASKS, ROWS, Exam
from contrafact.nets.round_robin import Coefficients, apply, fit
from contrafact.nets.weave import Weave

DOUBT = 20  # cells' worth of the share of all columns in that of each


@dataclass(frozen=True, kw_only=True, eq=False)
class Aid:
    """Fitted regressions and what they have to say.

    Arguments:
        design: Puts cells into the matrix that the regressions know.
        fitted: The regressions.
        share: For each column of the table, the network's share of a best guess; 1 for columns that are no numbers.
    """

    design: Any
    fitted: Coefficients
    share: np.ndarray

    def guess(self, cells: list[Any], rows: int) -> dict[int, np.ndarray]:
        """Give the regressions' numbers for all rows, by the column's place in the table."""
        made = apply(self.fitted, self.design.matrix(cells, rows))
        return {column: made[:, where] for column, where in scales(self.design).items()}

    def arrays(self) -> dict[str, np.ndarray]:
        """Give what was fitted, by name."""
        return {**{f"aid/{name}": part for name, part in self.fitted.arrays().items()}, "aid/share": self.share}

    @classmethod
    def of(cls, design: Any, arrays: dict[str, np.ndarray]) -> Aid | None:
        """Read what `arrays` gave, if it is there."""
        own = {name.removeprefix("aid/"): part for name, part in arrays.items() if name.startswith("aid/")}
        if not own:
            return None
        share = own.pop("share")
        return cls(design=design, fitted=Coefficients.of(own), share=share)


def scales(design: Any) -> dict[int, int]:
    """Give where in the matrix the columns of numbers stand, by their place in the table."""
    wordy = {part.column for part in design.parts if part.levels is not None}
    return {p.column: p.where.start for p in design.parts if p.levels is None and p.column not in wordy}


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
        self.fitted = fit(values, blocks=design.blocks)
        self.first = fit(values[trained], blocks=design.blocks)
        self.truth = np.tile(values[held[:ROWS]], (MASKS, 1))

    def aid(self, exam: Exam, net: Weave) -> Aid:
        """Give the regressions with the network's shares beside them.

        Arguments:
            exam: Held-out rows with cells hidden.
            net: The network as it is.
        """
        asked = exam.asked.numpy()
        share = np.ones(len(self.codec.kinds))
        places = {slot.column: place for place, slot in enumerate(self.codec.slots)}
        linear = self._linear(asked, places)
        products = {}
        for column, where in scales(self.design).items():
            hidden = np.flatnonzero(asked[:, places[column]])
            away = self._net(exam, net, hidden, places[column], column) - linear[hidden, where]
            wanted = self.truth[hidden, where] - linear[hidden, where]
            scale = self.first.scale[where] ** 2
            products[column] = (away @ wanted / scale, away @ away / scale, len(hidden))
        if products:
            share[list(products)] = shares(list(products.values()))
        return Aid(design=self.design, fitted=self.fitted, share=share)

    def _linear(self, asked: np.ndarray, places: dict[int, int]) -> np.ndarray:
        seen = self.truth.copy()
        for part in self.design.parts:
            seen[asked[:, places[part.column]], part.where] = np.nan
        return apply(self.first, seen)

    @torch.no_grad()
    def _net(self, exam: Exam, net: Weave, rows: np.ndarray, place: int, column: int) -> np.ndarray:
        state = net.hidden(net.entered(exam.tokens[rows], exam.known[rows]))
        numbers: np.ndarray = self.codec.kind(column).expected(net.logits(state, place).softmax(1).numpy())[0]
        return numbers


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
