"""Independent yes/no columns: the simplest model that there is, and the floor under all the others.

Every column j is a coin that shows 1 with probability p_j, whatever the other columns show, so that
log p(x) = sum_j x_j log p_j + (1 - x_j) log(1 - p_j). Its maximum lies where the derivative by p_j is zero: at the
share of ones, p_j = ones_j / n. Laplace's rule adds a ones and a zeros that were never seen, p_j = (ones_j + a) /
(n + 2a), which is the posterior mean under a Beta(a, a) prior and calls nothing impossible.

References: J. Bernoulli, *Ars Conjectandi*, 1713; P.-S. Laplace, *Essai philosophique sur les probabilités*, 1814.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from os import PathLike
from typing import Any, Self

import numpy as np

from contrafact.base.errors import DataError, UsageError
from contrafact.base.recipe import NotNegative, Recipe
from contrafact.base.seeds import BLOCK_ROWS, chosen, generator, in_blocks
from contrafact.codecs.vector import VectorCodec
from contrafact.engine.model import Model
from contrafact.engine.record import record


@dataclass(frozen=True, kw_only=True)
class Bernoulli(Recipe):
    """Fit a share of ones to every column.

    >>> coins = Bernoulli().fit(np.array([[1, 0], [1, 1], [0, 0], [1, 0]]))
    >>> coins.share.tolist()
    [0.75, 0.25]
    """

    threshold: float | None = None  # values from here up count as 1; None: data are 0/1 already (pictures: 128)
    smoothing: NotNegative = 0.0  # ones and zeros added to every column; above 0 nothing is impossible

    def fit(
        self,
        data: Any,
        *,
        seed: int = 0,
        budget: str | None = None,
        run_dir: str | PathLike[str] | None = None,
        device: str | None = None,
    ) -> BernoulliModel:
        """Count the ones; budget and device play no part in a closed form."""
        codec = VectorCodec.fit(data, standardise=False)
        width, on = len(codec.names), 255.0 if codec.kind == "pictures" else 1.0
        # Every column is a coin here, the ones that never vary as well.
        codec = replace(codec, mean=(0.0,) * width, scale=(on,) * width)
        bits = read_bits(codec, data, self.threshold)
        share = (bits.sum(axis=0) + self.smoothing) / (len(bits) + 2 * self.smoothing)
        model = BernoulliModel(self, codec, share)
        record(self, data, model, seed=seed, run_dir=run_dir)
        return model

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> BernoulliModel:
        """Make the model again from what it saved."""
        return BernoulliModel(self, VectorCodec.from_json(codec), arrays["share"])

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests in a blink."""
        return cls()


class BernoulliModel(Model):
    """Independent columns of zeros and ones.

    Arguments:
        recipe: The settings.
        codec: Names and types of the columns.
        share: The probability of 1 in each column.
    """

    recipe: Bernoulli
    codec: VectorCodec

    def __init__(self, recipe: Bernoulli, codec: VectorCodec, share: np.ndarray) -> None:
        super().__init__(recipe, codec)
        self.share = share

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Give the probabilities."""
        return {"share": self.share}

    def sample(self, n: int, given: dict[str | int, Any] | None = None, seed: int | None = None) -> Any:
        """Toss every coin n times.

        Arguments:
            n: Number of items.
            given: Columns that are fixed at 0 or 1; the others do not depend on them.
            seed: Makes the draw repeatable.
        """
        fixed, start = self._fixed(given), chosen(seed)

        def draw(block: int) -> np.ndarray:
            bits = generator(start, "sample", block).random((BLOCK_ROWS, len(self.share))) < self.share
            for place, bit in fixed.items():
                bits[:, place] = bit
            return bits

        return self.codec.decode(np.concatenate(in_blocks(n, draw)))

    def log_prob(self, data: Any) -> np.ndarray:
        """Give each item's log-probability; minus infinity where a column shows what it never shows."""
        bits = read_bits(self.codec, data, self.recipe.threshold)
        with np.errstate(divide="ignore"):
            one, zero = np.log(self.share), np.log1p(-self.share)
        return np.asarray(np.where(bits, one, zero).sum(axis=1))

    def _fixed(self, given: dict[str | int, Any] | None) -> dict[int, bool]:
        fixed, on = self.codec.given(given), self.codec.scale[0]
        for place, value in fixed.items():
            if value not in (0, 1, on):
                raise UsageError(
                    f"Column {self.codec.names[place]!r} cannot be given as {value:g}.",
                    why="This model's columns hold zeros and ones.",
                    fix=f"Give 0 or {on:g}.",
                    code="E114",
                )
        return {place: bool(value) for place, value in fixed.items()}


def read_bits(codec: VectorCodec, data: Any, threshold: float | None) -> np.ndarray:
    """Read data as booleans: by the threshold, or as the zeros and ones that they are.

    Raises:
        DataError: A cell is neither 0 nor 1 and no threshold was set.
    """
    values = codec.values(data)
    if threshold is None and codec.kind == "pictures":
        threshold = 128.0
    if threshold is not None:
        return np.asarray(values >= threshold)
    wrong = (values != 0) & (values != 1)
    if wrong.any():
        row, column = (int(i[0]) for i in np.nonzero(wrong))
        raise DataError(
            f"Row {row} of column {codec.names[column]!r} is {values[row, column]:g}.",
            why="Columns of zeros and ones are needed, or a threshold that makes them.",
            fix="Set a threshold: Bernoulli(threshold=0.5), or --set threshold=0.5",
            code="E211",
        )
    return np.asarray(values == 1)
