"""Every column drawn alone, from its own shares: the floor under every model of tables.

log p(x) = sum_j log p_j(x_j). Each column comes out as it is in the data, and nothing that joins two columns does; what
a test of single columns says in praise of another model, it says of this one. Columns that follow from others keep to
them, because they are derived and not drawn.

Reference: Chow and Liu, *Approximating discrete probability distributions with dependence trees*, 1968, of whose trees
this is the one without edges.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from typing import Any, Self

import numpy as np

from contrafact.base.recipe import NotNegative, Recipe, Sentences
from contrafact.base.seeds import BLOCK_ROWS, checked_count, chosen, generator, in_blocks
from contrafact.codecs.marginal import drawn, held
from contrafact.codecs.schema import Role
from contrafact.codecs.table import TableCodec
from contrafact.engine.model import Model
from contrafact.engine.record import record


@dataclass(frozen=True, kw_only=True)
class Independent(Recipe):
    """Take each column's own shares."""

    smoothing: NotNegative = 0.5  # rows added to each token where the probability of a row is asked for
    columns: dict[str, Role] | None = None  # what columns are, where the guess is wrong: zip=category,age=number
    constraints: Sentences | None = None  # what all rows keep: "start <= end", "combinations(a, b)"; parted by ;

    def fit(
        self,
        data: Any,
        *,
        seed: int = 0,
        budget: str | None = None,
        run_dir: str | PathLike[str] | None = None,
        device: str | None = None,
    ) -> IndependentModel:
        """Count; seed, budget and device play no part."""
        model = IndependentModel(self, TableCodec.fit(data, constraints=self.constraints, columns=self.columns))
        record(self, data, model, seed=seed, run_dir=run_dir)
        return model

    def restore(self, codec: dict[str, Any], arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> IndependentModel:
        """Make the model again from what it saved."""
        return IndependentModel(self, TableCodec.from_json(codec))

    @classmethod
    def toy(cls) -> Self:
        """Give settings for tests in a blink."""
        return cls()


class IndependentModel(Model):
    """The columns' own laws, side by side; all that it knows is in its codec."""

    recipe: Independent
    codec: TableCodec

    def arrays(self, with_critic: bool = False) -> dict[str, np.ndarray]:
        """Give nothing: the codec holds the shares."""
        return {}

    def sample(self, n: int, given: dict[str, Any] | None = None, seed: int | None = None) -> Any:
        """Draw rows.

        Arguments:
            n: How many.
            given: What some columns are: a value, an interval (30, 40) or "30..40", a set ["a", "b"] or "a|b".
            seed: Makes the draw repeatable.
        """
        start, limits = chosen(seed), self.codec.limits(given)
        cells: list[Any] = [None] * len(self.codec.kinds)
        for column, kind in enumerate(self.codec.kinds):
            if kind is None or self.codec.ties[column] is not None:
                continue
            uniform = np.concatenate(in_blocks(checked_count(n), _uniform(start, column)))
            cells[column] = drawn(kind, uniform, limit=limits.get(column))
        return self.codec.frame_of(held(self.codec.with_followers(cells), limits), n, limits=limits)

    def log_prob(self, data: Any) -> np.ndarray:
        """Give the logarithm of each row's probability, or density where columns are smooth; unknown cells add 0."""
        encoded = self.codec.encode(data)
        found = self.codec.log_density(encoded)
        for column, tokens in self.codec.whole(encoded["tokens"]).items():
            counts = self.codec.kind(column).counts + self.recipe.smoothing
            logs = np.log(np.maximum(counts, np.finfo(np.float64).tiny) / counts.sum())
            found += np.where(tokens < 0, 0.0, logs[tokens])
        return found


def _uniform(seed: int, column: int) -> Callable[[int], np.ndarray]:
    """Make what draws the uniform numbers of a block of one column."""
    return lambda block: generator(seed, "sample", column, block).random((BLOCK_ROWS, 2))
