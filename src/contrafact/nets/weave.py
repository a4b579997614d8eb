"""A network that tells, from any known cells of a row, the law of each unknown one.

A row of tokens enters as the sum of one vector a cell; an unknown cell has a vector of its own. Residual blocks follow,
and one linear layer with a logit for each token of each column. Read column by column in any order, each column drawn
from its law given those before, it is a sampler; with known cells put in first, it conditions on them exactly, whatever
they are; and its laws in one pass are what fills holes.

Numbers enter and leave through a few smooth features of their value and rank, so that what is learned of one helps its
neighbours; the squares among them make a bell around any place a matter of two weights. A token that many rows share
has weights of its own beside. A few hundred rows are thus described by as many weights as they can bear.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import embedding_bag, gelu

CALM = 60.0  # logits beyond are held, so that their exponentials stay finite without a maximum


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
        features: What is known of each token, all columns' tokens x features; zeros for words and holes.
        own: Which tokens have weights of their own.
    """

    known: Tensor
    grouped: Tensor
    owner: Tensor
    starts: Tensor
    features: Tensor
    ids: Tensor

    def __init__(self, sizes: Sequence[int], *, width: int, depth: int, features: np.ndarray, own: np.ndarray) -> None:
        super().__init__()
        self.sizes = tuple(sizes)
        self.total, columns = sum(sizes), len(sizes)
        starts = np.concatenate([[0], np.cumsum(sizes)])[:columns]
        owner = np.repeat(np.arange(columns), sizes)
        count = int(own.sum())
        # Tokens without weights of their own share a last row, which stays zero.
        self._register("ids", np.where(own, np.cumsum(own) - 1, count + columns))
        self._register("starts", starts)
        self._register("owner", owner)
        self.register_buffer("features", torch.from_numpy(features).float(), persistent=False)
        scaled = [place for place in range(columns) if features[owner == place].any()]
        self.scaled = {place: number for number, place in enumerate(scaled)}
        groups = [Group(places, self.scaled, starts, features) for places in _alike(scaled, sizes)]
        self.groups = nn.ModuleList(groups)
        spread = 1 / math.sqrt(max(columns, 1))
        self.embed = nn.Parameter(torch.randn(count + columns + 1, width) * spread)
        self.enter = nn.Parameter(
            torch.randn(len(scaled), features.shape[1], width) * spread / features.shape[1] ** 0.5
        )
        self.blocks = nn.ModuleList(Residual(width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Parameter(torch.randn(count, width) * 0.02)
        self.leave = nn.Parameter(torch.zeros(len(scaled), features.shape[1], width))
        self.bias = nn.Parameter(torch.zeros(self.total))
        self._register("known", np.flatnonzero(own))
        self._register("grouped", np.concatenate([np.empty(0), *(group.rows.numpy() for group in groups)]))
        with torch.no_grad():
            self.embed[-1] = 0
            self.embed[:count][torch.from_numpy(features[own].any(1))] = 0

    def _register(self, name: str, values: np.ndarray) -> None:
        self.register_buffer(name, torch.from_numpy(np.asarray(values, dtype=np.int64)), persistent=False)

    @torch.no_grad()
    def begin(self, tokens: np.ndarray) -> None:
        """Start from each column's own shares.

        Arguments:
            tokens: Training rows, -1 where a cell is unknown.
        """
        for place, (start, size) in enumerate(zip(self.starts.tolist(), self.sizes, strict=True)):
            counts = np.bincount(tokens[tokens[:, place] >= 0, place], minlength=size) + 0.5
            self.bias[start : start + size] = torch.from_numpy(np.log(counts / counts.sum())).float()

    def entered(self, tokens: Tensor, known: Tensor) -> Tensor:
        """Sum the vectors of rows of tokens, of which only the known are looked at."""
        whole = tokens.clamp_min(0) + self.starts
        masks = len(self.head) + torch.arange(len(self.sizes), device=tokens.device)
        entered: Tensor = embedding_bag(
            torch.where(known, self.ids[whole], masks), self.embed, mode="sum", padding_idx=len(self.embed) - 1
        )
        if not self.scaled:
            return entered
        places = list(self.scaled)
        seen = self.features[whole[:, places]] * known[:, places, None]
        return torch.addmm(entered, seen.flatten(1), self.enter.flatten(0, 1))

    def told(self, place: int, tokens: Tensor) -> Tensor:
        """Give what a column's cells add to a row once they are known."""
        whole = tokens + self.starts[place]
        added = self.embed[self.ids[whole]] - self.embed[len(self.head) + place]
        if place in self.scaled:
            added = added + self.features[whole] @ self.enter[self.scaled[place]]
        return added

    def hidden(self, entered: Tensor) -> Tensor:
        """Give the last hidden state."""
        for block in self.blocks:
            entered = block(entered)
        state: Tensor = self.norm(entered)
        return state

    def logits(self, state: Tensor, place: int) -> Tensor:
        """Give one column's logits, rows x tokens."""
        part = slice(int(self.starts[place]), int(self.starts[place]) + self.sizes[place])
        ids = self.ids[part]
        weights = self.head.new_zeros(len(ids), self.head.shape[1])
        own = ids < len(self.head)
        weights[own] = self.head[ids[own]]
        if place in self.scaled:
            weights = weights + self.features[part] @ self.leave[self.scaled[place]]
        return torch.addmm(self.bias[part], state, weights.T)

    def all_logits(self, state: Tensor) -> Tensor:
        """Give all logits, tokens x rows."""
        logits = self.bias[:, None].expand(-1, len(state))
        if len(self.head) == self.total:
            logits = torch.addmm(logits, self.head, state.T)
        elif len(self.head):
            logits = logits.index_add(0, self.known, self.head @ state.T)
        if self.scaled:
            bells = torch.einsum("cfw,bw->cfb", self.leave, state)
            # All groups at once: each sum of its own would copy the logits of every column.
            logits = logits.index_add(0, self.grouped, torch.cat([group(bells) for group in self.groups]))
        return logits

    def surprise(self, state: Tensor, tokens: Tensor) -> Tensor:
        """Give -log p of each cell's token, columns x rows; what unknown cells get has no meaning."""
        return self.cost(self.all_logits(state), tokens)

    def cost(self, logits: Tensor, tokens: Tensor) -> Tensor:
        """Give -log p of each cell's token from all logits, columns x rows."""
        logits = logits.clamp(-CALM, CALM)
        sums = logits.new_zeros(len(self.sizes), logits.shape[1]).index_add(0, self.owner, logits.exp())
        own = logits.gather(0, tokens.clamp_min(0).T + self.starts[:, None])
        return sums.log() - own


class Group(nn.Module):
    """Columns of numbers with equally many tokens, whose logits are made by one product.

    Arguments:
        places: Which columns.
        scaled: Their places among the columns of numbers.
        starts: Where each column's tokens begin.
        features: What is known of each token.
    """

    rows: Tensor
    places: Tensor
    features: Tensor

    def __init__(self, places: list[int], scaled: dict[int, int], starts: np.ndarray, features: np.ndarray) -> None:
        super().__init__()
        size = int(len(features) if places[0] + 1 == len(starts) else starts[places[0] + 1]) - int(starts[places[0]])
        rows = np.concatenate([np.arange(starts[place], starts[place] + size) for place in places])
        self.register_buffer("rows", torch.from_numpy(rows), persistent=False)
        self.register_buffer("places", torch.tensor([scaled[place] for place in places]), persistent=False)
        shaped = torch.from_numpy(features[rows]).float().view(len(places), size, -1)
        self.register_buffer("features", shaped, persistent=False)

    def forward(self, bells: Tensor) -> Tensor:
        logits: Tensor = (self.features @ bells[self.places]).flatten(0, 1)
        return logits


def _alike(places: Sequence[int], sizes: Sequence[int]) -> list[list[int]]:
    found: dict[int, list[int]] = {}
    for place in places:
        found.setdefault(sizes[place], []).append(place)
    return list(found.values())
