"""The exam of a network of any order: held-out rows with cells hidden, the same at every look."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from contrafact.base.seeds import BLOCK_ROWS, generator
from contrafact.nets.weave import Weave

ROWS, MASKS = 1000, 4


class Exam:
    """Held-out rows and the cells that are hidden from the network.

    Arguments:
        masks: How often each row is asked about, each time with other cells hidden.
    """

    def __init__(self, masks: int = MASKS) -> None:
        self.masks = masks
        self.tokens, self.known = torch.empty(0, 0), torch.empty(0, 0)

    def set(self, tokens: np.ndarray, seed: int, hidden: tuple[float, float]) -> None:
        """Choose the rows and the cells.

        Arguments:
            tokens: Held-out rows.
            seed: Chooses the cells.
            hidden: Between which shares of a row's cells are hidden.
        """
        random = generator(seed, "exam")
        rows = np.tile(tokens[:ROWS], (self.masks, 1)).astype(np.int64)
        share = random.uniform(*hidden, size=(len(rows), 1))
        known = (random.random(rows.shape) >= share) & (rows >= 0)
        self.tokens, self.known = torch.from_numpy(rows), torch.from_numpy(known)

    @property
    def once(self) -> np.ndarray:
        """The rows, each once."""
        return np.asarray(self.tokens[: len(self.tokens) // self.masks].numpy())

    @property
    def asked(self) -> Tensor:
        """Which cells are to be guessed."""
        return ~self.known & (self.tokens >= 0)

    def by_row(self, surprise: Tensor) -> np.ndarray:
        """Sum the surprise at the cells asked for, over a row's cells and its masks."""
        whole: np.ndarray = (surprise * self.asked).sum(1).reshape(self.masks, -1).sum(0).numpy()
        return whole

    @torch.no_grad()
    def surprise(self, net: Weave) -> np.ndarray:
        """Give the network's surprise at each row."""
        device = net.embed.device
        found = [
            net.surprise(net.hidden(net.entered(tokens.to(device), known.to(device))), tokens.to(device)).T.cpu()
            for tokens, known in zip(self.tokens.split(BLOCK_ROWS), self.known.split(BLOCK_ROWS), strict=True)
        ]
        return self.by_row(torch.cat(found))

    def alone(self, sizes: Sequence[int]) -> np.ndarray:
        """Give the surprise of one who knows each column's shares and nothing of the row."""
        costs = []
        for place, size in enumerate(sizes):
            column = self.tokens[:, place]
            counts = torch.bincount(column[column >= 0], minlength=size) + 0.5
            costs.append(-(counts / counts.sum()).log()[column.clamp_min(0)])
        return self.by_row(torch.stack(costs, 1))
