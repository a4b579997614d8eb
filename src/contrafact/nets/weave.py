"""A network that tells, from any known cells of a row, the law of each unknown one.

A row of tokens enters as the sum of one embedding a cell; an unknown cell has an embedding of its own. Residual blocks
follow, and one linear layer with an output for each token of each column. Read column by column in any order, each
column drawn from its law given those before, it is a sampler; with known cells put in first, it conditions on them
exactly, whatever they are; and its laws in one pass are what fills holes.

The tokens of numbers begin as random Fourier features of their ranks, so that neighbours start alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import embedding_bag, gelu

CALM = 60.0  # logits beyond are held, so that their exponentials stay finite without a maximum
FREQUENCY = 2.5


class Residual(nn.Module):
    """x + W2 gelu(W1 norm(x)); it begins as the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.rise = nn.Linear(width, 2 * width)
        self.fall = nn.Linear(2 * width, width)
        nn.init.zeros_(self.fall.weight)
        nn.init.zeros_(self.fall.bias)

    def forward(self, x: Tensor) -> Tensor:
        risen: Tensor = self.fall(gelu(self.rise(self.norm(x)), approximate="tanh"))
        return x + risen


class Weave(nn.Module):
    """Known tokens of a row -> logits for every token of every column.

    Arguments:
        sizes: How many tokens each column has.
        width: Numbers in the hidden state.
        depth: Residual blocks.
    """

    owner: Tensor
    starts: Tensor

    def __init__(self, sizes: Sequence[int], *, width: int, depth: int) -> None:
        super().__init__()
        self.sizes = tuple(sizes)
        self.total = sum(sizes)
        self.embed = nn.Parameter(torch.randn(self.total + len(sizes), width) / math.sqrt(max(len(sizes), 1)))
        self.blocks = nn.ModuleList(Residual(width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Parameter(torch.randn(self.total, width) * 0.02)
        self.bias = nn.Parameter(torch.zeros(self.total))
        starts = torch.tensor([0, *np.cumsum(sizes)[:-1].tolist()], dtype=torch.int64)[: len(sizes)]
        self.register_buffer("starts", starts, persistent=False)
        owner = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(self.sizes, dtype=torch.int64))
        self.register_buffer("owner", owner, persistent=False)

    @torch.no_grad()
    def begin(self, ranks: Sequence[np.ndarray], tokens: np.ndarray) -> None:
        """Start from what is known: neighbouring numbers alike, and each column's own shares.

        Arguments:
            ranks: For each column its tokens' ranks from -1 to 1, NaN for tokens without one.
            tokens: Training rows, -1 where a cell is unknown.
        """
        width = self.embed.shape[1]
        omega, phase = torch.randn(width) * FREQUENCY, torch.rand(width) * 2 * math.pi
        for place, (start, rank) in enumerate(zip(self.starts.tolist(), ranks, strict=True)):
            known = torch.from_numpy(np.flatnonzero(~np.isnan(rank)))
            on_scale = torch.from_numpy(rank).float()[known, None]
            spread = math.sqrt(2 / max(len(self.sizes), 1))
            self.embed[start + known] = torch.cos(omega * on_scale + phase) * spread
            counts = np.bincount(tokens[tokens[:, place] >= 0, place], minlength=len(rank)) + 0.5
            self.bias[start : start + len(rank)] = torch.from_numpy(np.log(counts / counts.sum())).float()

    def entered(self, tokens: Tensor, known: Tensor) -> Tensor:
        """Sum the embeddings of rows of tokens, of which only the known are looked at."""
        masks = self.total + torch.arange(len(self.sizes), device=tokens.device)
        bags = torch.where(known, tokens + self.starts, masks)
        entered: Tensor = embedding_bag(bags, self.embed, mode="sum")
        return entered

    def hidden(self, entered: Tensor) -> Tensor:
        """Give the last hidden state."""
        for block in self.blocks:
            entered = block(entered)
        state: Tensor = self.norm(entered)
        return state

    def part(self, place: int) -> slice:
        """Give where a column's tokens are among all."""
        start = int(self.starts[place])
        return slice(start, start + self.sizes[place])

    def logits(self, state: Tensor, place: int) -> Tensor:
        """Give one column's logits, rows x tokens."""
        part = self.part(place)
        return torch.addmm(self.bias[part], state, self.head[part].T)

    def surprise(self, state: Tensor, tokens: Tensor) -> Tensor:
        """Give -log p of each cell's token, columns x rows; what unknown cells get has no meaning."""
        logits = torch.addmm(self.bias[:, None], self.head, state.T).clamp(-CALM, CALM)
        sums = logits.new_zeros(len(self.sizes), logits.shape[1]).index_add(0, self.owner, logits.exp())
        own = logits.gather(0, tokens.clamp_min(0).T + self.starts[:, None])
        return sums.log() - own
