"""Rows of a table as networks see them: scalars first, then a one-hot for each block of levels.

One-hots are made for a batch at a time. All blocks are handled together: sums over a block, its softmax and its
largest level are each a few operations over the whole row, however many columns there are.

How far a critic may change is measured by what replacing one cell would change: for a block whose levels v have shares
p_v in the data, the variance of dC/dx_v under p, in place of the sum of squares. That is the squared slope after
x_v = p_v + sqrt(p_v) (y_v - sqrt(p_v) sum_u sqrt(p_u) y_u), where each block counts as much as one standardised number,
and not as much as it has levels.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from contrafact.engine.play import Step

LOWEST = -1e30
EDGE = 1e-6  # uniform numbers lie no nearer to 0 and 1, so that their logarithms stay finite


class Layout(nn.Module):
    """Where scalars and blocks stand in a row.

    Arguments:
        codec: Says how many scalars and levels there are (`scalars`, `sizes`), how many rows have each level
            (`shares`), and which levels say that a scalar is there (`gates`).
    """

    starts: Tensor
    owner: Tensor
    shares: Tensor
    levels: Tensor
    open: Tensor
    gated: Tensor
    scalar: Tensor

    def __init__(self, codec: Any) -> None:
        super().__init__()
        self.scalars, sizes = int(codec.scalars), torch.tensor(codec.sizes, dtype=torch.int64)
        self.blocks, self.total = len(sizes), int(sizes.sum())
        self.width = self.scalars + self.total
        gates = torch.from_numpy(codec.gates.copy())
        known = {
            "starts": torch.cumsum(sizes, 0) - sizes,
            "owner": torch.repeat_interleave(torch.arange(self.blocks), sizes),
            "shares": torch.from_numpy(codec.shares.copy()).float(),
            "open": torch.nonzero(gates >= 0).squeeze(1),
            "gated": torch.unique(gates[gates >= 0]),
            "scalar": gates[gates >= 0],
        }
        known["levels"] = torch.arange(self.total) - known["starts"][known["owner"]]
        for name, values in known.items():
            self.register_buffer(name, values, persistent=False)

    def rows(self, levels: Tensor, scalars: Tensor) -> Tensor:
        """Put encoded rows together; an unknown level is a block of zeros."""
        row = scalars.new_zeros(len(levels), self.width + 1)
        row[:, : self.scalars] = scalars
        where = levels.long() + self.starts + self.scalars
        row.scatter_(1, torch.where(levels < 0, self.width, where), 1.0)
        return row[:, : self.width]

    def parts(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Give a row's scalars and its blocks."""
        return rows[:, : self.scalars], rows[:, self.scalars :]

    def sums(self, blocks: Tensor) -> Tensor:
        """Sum over each block."""
        return blocks.new_zeros(len(blocks), self.blocks).index_add(1, self.owner, blocks)

    def spread(self, values: Tensor) -> Tensor:
        """Give each level its block's value."""
        return values.index_select(1, self.owner)

    @torch.no_grad()
    def largest(self, logits: Tensor) -> Tensor:
        """Give the largest of each block, for each of its levels."""
        top = logits.new_full((len(logits), self.blocks), LOWEST)
        return self.spread(top.scatter_reduce(1, self.owner.expand_as(logits), logits, "amax"))

    def log_softmax(self, logits: Tensor) -> Tensor:
        """Give the logarithms of each block's chances."""
        calm = logits - self.largest(logits)
        return calm - self.spread(self.sums(calm.exp()).log())

    def softmax(self, logits: Tensor) -> Tensor:
        """Give each block's chances."""
        chances = (logits - self.largest(logits)).exp()
        return chances / self.spread(self.sums(chances))

    def gumbel_softmax(self, logits: Tensor, step: Step, heat: float) -> Tensor:
        """Draw each block softly: the softmax of logits with Gumbel noise, at a heat (tau)."""
        uniform = step.uniform(*logits.shape).to(logits.device).clamp(EDGE, 1 - EDGE)
        return self.softmax((logits - (-uniform.log()).log()) / heat)

    @torch.no_grad()
    def best(self, logits: Tensor) -> Tensor:
        """Give each block's largest level, the first of equals."""
        place = torch.where(logits == self.largest(logits), self.levels, self.total).expand_as(logits)
        last = place.new_full((len(logits), self.blocks), self.total)
        return last.scatter_reduce(1, self.owner.expand_as(logits), place, "amin")

    def hard(self, chances: Tensor) -> Tensor:
        """Give one-hots of the likeliest levels, with the gradient of the chances (straight through)."""
        one = torch.zeros_like(chances).scatter_(1, self.best(chances) + self.starts, 1.0)
        return one + (chances - chances.detach())

    def gate(self, scalars: Tensor, blocks: Tensor) -> Tensor:
        """Weigh scalars by the chance that they are there."""
        if not len(self.gated):
            return scalars
        there = scalars.new_ones(len(scalars), self.scalars)
        there[:, self.gated] = 0.0
        return scalars * there.index_add(1, self.scalar, blocks.index_select(1, self.open))

    def decode(self, rows: Tensor) -> dict[str, Any]:
        """Give rows as a codec knows them: the likeliest levels, and scalars."""
        scalars, blocks = self.parts(rows.detach())
        levels = self.best(blocks).to(torch.int16)
        return {"levels": levels.cpu().numpy(), "scalars": scalars.contiguous().cpu().numpy()}

    def slope(self, slope: Tensor) -> Tensor:
        """Turn the slope over rows into the one by which a critic's changes are measured."""
        plain, blocks = self.parts(slope)
        away = blocks - self.spread(self.sums(blocks * self.shares))
        return torch.cat([plain, away * self.shares.sqrt()], dim=1)


class RowGenerator(nn.Module):
    """Noise -> rows: scalars as they come, and of each block the likeliest level; all chance is in the noise.

    Arguments:
        inner: Noise -> as many numbers as a row is wide.
        layout: Where scalars and blocks stand.
    """

    def __init__(self, inner: nn.Module, layout: Layout) -> None:
        super().__init__()
        self.inner, self.layout = inner, layout
        last = [module for module in inner.modules() if isinstance(module, nn.Linear)][-1]
        with torch.no_grad():  # it begins near the columns' own shares
            last.bias[layout.scalars :] = (layout.shares + 1e-4).log()

    def forward(self, noise: Tensor) -> Tensor:
        scalars, logits = self.layout.parts(self.inner(noise))
        blocks = self.layout.hard(self.layout.softmax(logits)) if self.layout.total else logits
        return torch.cat([self.layout.gate(scalars, blocks), blocks], dim=1)


class RowCritic(nn.Module):
    """Rows -> a logit each, with the slope by which its changes are measured.

    Arguments:
        inner: Rows -> one logit a row.
        layout: Where scalars and blocks stand.
    """

    knows_slope = True

    def __init__(self, inner: nn.Module, layout: Layout) -> None:
        super().__init__()
        self.inner, self.layout = inner, layout

    def forward(self, rows: Tensor) -> Tensor:
        logits: Tensor = self.inner(rows)
        return logits

    def with_slope(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Give the logits and their slope, both differentiable in the weights."""
        if getattr(self.inner, "knows_slope", False):
            logits, slope = self.inner.with_slope(rows)  # type: ignore[operator]
        else:
            rows = rows.detach().requires_grad_(True)
            logits = self.inner(rows)
            slope = torch.autograd.grad(logits.sum(), rows, create_graph=True)[0]
        return logits, self.layout.slope(slope)
