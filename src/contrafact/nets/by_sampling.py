"""Training by sampling: a condition on one discrete column for every row, and real rows that meet it.

A condition is the one-hot of one level of one column, zeros for all others, over all discrete columns side by side; a
column of more than a thousand levels has two digits and so two ones.

Reference: Xu et al., Modeling tabular data using conditional GAN, NeurIPS 2019, section 4.3.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from contrafact.base.seeds import generator
from contrafact.engine.items import Batches


class Levels(nn.Module):
    """The discrete columns of a table, as conditions know them.

    Arguments:
        codec: Its `parts` say which columns are seen through levels alone, in which blocks, and how common each is.
    """

    where: Tensor

    def __init__(self, codec: Any) -> None:
        super().__init__()
        sizes = np.asarray(codec.sizes, dtype=np.int64)
        starts = np.cumsum(sizes) - sizes
        self.parts = [part for part in codec.parts if part.scalar < 0]
        widths = [sum(part.sizes) for part in self.parts]
        self.offsets, self.width = np.cumsum([0, *widths])[:-1], sum(widths)
        own = [starts[p.block] + np.arange(w) for p, w in zip(self.parts, widths, strict=True)]
        where = np.concatenate([np.empty(0, dtype=np.int64), *own])
        self.register_buffer("where", torch.from_numpy(where), persistent=False)

    def bits(self, column: int, levels: np.ndarray) -> np.ndarray:
        """Give the places of the ones in conditions, two a row, -1 where there is no second.

        Arguments:
            column: Which of the discrete columns.
            levels: What it is to be in each row.
        """
        part, found = self.parts[column], np.full((len(levels), 2), -1)
        for number, digit in enumerate(part.digits(levels)):
            found[:, number] = self.offsets[column] + sum(part.sizes[:number]) + digit
        return found

    def table(self) -> np.ndarray:
        """Give the bits of every level of every discrete column, one after the other."""
        every = [self.bits(d, np.arange(len(part.counts))) for d, part in enumerate(self.parts)]
        return np.concatenate([np.empty((0, 2), dtype=np.int64), *every])

    def condition(self, bits: Tensor) -> Tensor:
        """Make conditions from the places of their ones."""
        found = torch.zeros(len(bits), self.width + 1, device=bits.device)
        found.scatter_(1, torch.where(bits < 0, self.width, bits), 1.0)
        return found[:, : self.width]


def cumulated(masses: list[np.ndarray]) -> np.ndarray:
    """Put columns' cumulated chances one after the other: column d ends at d + 1, for one search among all."""
    ends = [d + np.cumsum(mass) / mass.sum() for d, mass in enumerate(masses)]
    return np.concatenate([np.empty(0), *ends])


def picked(ends: np.ndarray, columns: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Draw a level of each named column: its place among the levels of all columns."""
    return np.searchsorted(ends, columns + uniform * (1 - 1e-12), side="right").clip(0, len(ends) - 1)


class Law:
    """The law that conditions are drawn from.

    Arguments:
        levels: The discrete columns.
        counts: How many rows each level of each of them has.
        only: The one column that a condition is on; none draws it evenly.
    """

    def __init__(self, levels: Levels, counts: list[np.ndarray], only: int | None = None) -> None:
        self.only, self.columns = only, len(levels.parts)
        self.ends, self.bits = cumulated(counts), levels.table()

    def drawn(self, uniform: np.ndarray) -> Tensor:
        """Draw conditions, as the places of their ones, by two uniform numbers each."""
        if not self.columns:
            return torch.full((len(uniform), 2), -1)
        evenly = (uniform[:, 0] * self.columns).astype(np.int64)
        columns = evenly if self.only is None else np.full(len(uniform), self.only)
        return torch.from_numpy(self.bits[picked(self.ends, columns, uniform[:, 1])])


class Sampling(Batches):
    """Real rows that meet conditions, each a function of (seed, number) only.

    The column is drawn evenly, its level by log(1 + rows that have it), and a row evenly among those.

    Arguments:
        items: All rows that are trained on: levels and scalars.
        size: Rows in one process's batch.
        seed: Seeds every draw.
        levels: The discrete columns.
    """

    def __init__(self, items: dict[str, Tensor], size: int, seed: int, levels: Levels) -> None:
        super().__init__(items, size, seed)
        self.columns, blocks = len(levels.parts), items["levels"].cpu().numpy()
        own = [part.whole(blocks) for part in levels.parts]
        counts = [np.bincount(w, minlength=len(p.counts)) for w, p in zip(own, levels.parts, strict=True)]
        self.ends = cumulated([np.log1p(count) for count in counts])
        self.counts = np.concatenate([np.empty(0, dtype=np.int64), *counts])
        # All rows stand in order once for each column; a level's rows begin where those before it end.
        self.starts = np.cumsum(self.counts) - self.counts
        self.order = np.concatenate([np.empty(0, dtype=np.int64), *(np.argsort(w, kind="stable") for w in own)])
        self.bits = levels.table()

    def __call__(self, number: int) -> dict[str, Tensor]:
        rank, processes = self.share
        uniform = generator(self.seed, "batch", number).random((self.size * processes, 3))
        uniform = uniform[rank * self.size : (rank + 1) * self.size]
        if not self.columns:
            rows, bits = (uniform[:, 0] * self.count).astype(np.int64), np.full((self.size, 2), -1)
        else:
            level = picked(self.ends, (uniform[:, 0] * self.columns).astype(np.int64), uniform[:, 1])
            place = self.starts[level] + (uniform[:, 2] * self.counts[level]).astype(np.int64)
            rows, bits = self.order[place], self.bits[level]
        device = self.items["scalars"].device
        index = torch.from_numpy(rows).to(device)
        batch = {name: part[index] for name, part in self.items.items()}
        return {**batch, "condition": torch.from_numpy(bits).to(device)}
