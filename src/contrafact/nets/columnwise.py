"""A small network for each column of a table, in several runs at once, and the resampled rows that runs learn from.

Run r predicts column j from all columns by a network of its own. As every network reads the same rows, their first
layers are one product of matrices, and the weights on the way from column i to network j are a gate's to close:

    h_j = tanh(sum_i a_ij x_i W_ij + b_j)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from contrafact.base.seeds import fold


class Columnwise(nn.Module):
    """A network for each column of each run: all columns -> one number for each row.

    Arguments:
        runs: How many runs.
        columns: How many columns.
        hidden: Units of each hidden layer.
        layers: Hidden layers: 1 or 2.
        noisy: Whether networks read a noise of their own beside the columns.
        small: What the first layer's weights are multiplied by to begin with.
    """

    def __init__(
        self, runs: int, columns: int, hidden: int, *, layers: int = 2, noisy: bool = False, small: float = 1.0
    ) -> None:
        super().__init__()
        self.shape = (runs, columns, hidden)
        each = runs * columns
        self.first = nn.Parameter(torch.randn(runs, columns, columns, hidden) * math.sqrt(2 / columns) * small)
        self.bias = nn.Parameter(torch.randn(runs, columns, hidden) * 0.3)
        self.noise = nn.Parameter(torch.randn(runs, columns, hidden) * 0.5) if noisy else None
        self.second = nn.Parameter(torch.randn(each, hidden, hidden) / math.sqrt(hidden)) if layers == 2 else None
        self.middle = nn.Parameter(torch.zeros(each, 1, hidden)) if layers == 2 else None
        self.last = nn.Parameter(torch.randn(each, hidden, 1) / math.sqrt(hidden))
        self.end = nn.Parameter(torch.zeros(each, 1, 1))

    def forward(self, rows: Tensor, gates: Tensor, noise: Tensor | None = None) -> Tensor:
        """Predict each column (runs, rows, columns) of rows of the same shape, through gates (runs, from, to)."""
        runs, columns, hidden = self.shape
        weights = (gates[..., None] * self.first).flatten(2)
        seen = torch.bmm(rows, weights).view(runs, -1, columns, hidden) + self.bias[:, None]
        if self.noise is not None and noise is not None:
            seen = seen + noise[..., None] * self.noise[:, None]
        units = torch.tanh(seen).transpose(1, 2).flatten(0, 1)
        if self.second is not None and self.middle is not None:
            units = torch.tanh(torch.baddbmm(self.middle, units, self.second))
        made = torch.baddbmm(self.end, units, self.last)
        return made.view(runs, columns, -1).transpose(1, 2)

    def size(self) -> Tensor:
        """Give the sum of all squared weights."""
        weights = [w for w in (self.first, self.second, self.last) if w is not None]
        return torch.stack([w.square().sum() for w in weights]).sum()


@dataclass(frozen=True, kw_only=True)
class Grouping:
    """Which coordinates belong to which node.

    Arguments:
        nodes: Each coordinate's node.
        count: How many nodes there are.
    """

    nodes: Tensor
    count: int

    @property
    def single(self) -> bool:
        """Whether each node is one coordinate."""
        return len(self.nodes) == self.count

    def wide(self, pairs: Tensor) -> Tensor:
        """Give pairs of coordinates what their nodes have (..., nodes, nodes)."""
        return pairs if self.single else pairs[..., self.nodes, :][..., self.nodes]

    def narrow(self, pairs: Tensor) -> Tensor:
        """Sum over the coordinates of each pair of nodes (..., coordinates, coordinates)."""
        if self.single:
            return pairs
        ones = torch.nn.functional.one_hot(self.nodes, self.count).to(pairs.dtype)
        return ones.T @ pairs @ ones

    def within(self, values: Tensor, dim: int) -> Tensor:
        """Sum over the coordinates of each node along one axis."""
        if self.single:
            return values
        shape = list(values.shape)
        shape[dim] = self.count
        return torch.zeros(shape, dtype=values.dtype, device=values.device).index_add(dim, self.nodes, values)


class Resamples:
    """Batches of rows for several runs, each of which has drawn its own rows with replacement (bootstrap).

    Arguments:
        rows: All rows.
        size: Rows in a batch; as many or fewer rows are given whole.
        seed: Seeds everything.
        runs: How many runs; a single one has the rows as they are.
    """

    def __init__(self, rows: Tensor, size: int, seed: int, runs: int) -> None:
        self.seed, self.size, self.count = seed, size, len(rows)
        draws = torch.Generator().manual_seed(fold(seed, "bootstrap"))
        picked = torch.randint(self.count, (runs, self.count), generator=draws)
        self.rows = rows[picked.to(rows.device)] if runs > 1 else rows[None]

    def __call__(self, number: int) -> Tensor:
        if self.count <= self.size:
            return self.rows
        draws = torch.Generator().manual_seed(fold(self.seed, "batch", number))
        places = torch.randint(self.count, (self.size,), generator=draws)
        return self.rows[:, places.to(self.rows.device)]


def blurred(rows: Tensor, grid: Tensor, uniform: Tensor) -> Tensor:
    """Spread numbers that go in steps over their steps, so that no critic can know them by these alone."""
    return rows + grid * (uniform - 0.5)
