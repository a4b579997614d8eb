"""A pair of networks that press rows into a few numbers and turn them back, along surfaces that bend.

Both are stacks of two hidden layers; of rows x from 0 to 1 they make z = e(x) and d(z), and are trained together for
the least mean of |x - d(e(x))|², the last layer of d being a sigmoid. Nothing asks the codes for a law of their own: a
model of tables learns it afterwards. With one linear layer each, and no sigmoid, this would find the space of the
principal components (Bourlard and Kamp 1988).

Reference: Hinton and Salakhutdinov, Reducing the dimensionality of data with neural networks, Science 313, 2006.
"""

from __future__ import annotations

from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from contrafact.base.seeds import fold, generator
from contrafact.engine.adam import AdamW
from contrafact.engine.packing import bare, needed_net, weights_of
from contrafact.engine.play import own_randomness
from contrafact.engine.process import few_threads

WIDTH, RATE = 256, 2e-3
PASSES, FEWEST_STEPS, MOST_STEPS = 30, 300, 2000
BATCH, BLOCK = 256, 4096


class Autoencoder:
    """A trained encoder and decoder.

    Arguments:
        encoder: Rows to codes.
        decoder: Codes to rows.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module) -> None:
        self.encoder, self.decoder = encoder, decoder

    @classmethod
    def fit(cls, rows: np.ndarray, size: int, seed: int = 0, steps: int | None = None) -> Self:
        """Train both.

        Arguments:
            rows: Rows between 0 and 1.
            size: How many numbers a code has.
            seed: Seeds the weights and the order of the rows.
            steps: Steps; None: thirty times over the rows, from 300 to 2,000.
        """
        batch, order = min(BATCH, len(rows)), generator(seed, "autoencoder rows")
        steps = steps or min(max(PASSES * len(rows) // batch, FEWEST_STEPS), MOST_STEPS)
        with own_randomness(fold(seed, "autoencoder"), torch.device("cpu")):
            made = cls(_stack(rows.shape[1], size), nn.Sequential(_stack(size, rows.shape[1]), nn.Sigmoid()))
        weights = [*made.encoder.parameters(), *made.decoder.parameters()]
        player, items = AdamW(weights, lr=RATE, fused=True), torch.from_numpy(rows.astype(np.float32))
        with few_threads(sum(weight.numel() for weight in weights)):
            for step in range(steps):
                player.param_groups[0]["lr"] = RATE * (1 - step / steps)
                some = items[torch.from_numpy(order.integers(0, len(rows), batch))]
                made.step(some, player)
        made.encoder.requires_grad_(False)
        made.decoder.requires_grad_(False)
        return made

    def step(self, some: Tensor, player: torch.optim.Optimizer) -> None:
        """Move the weights once."""
        loss = (self.decoder(self.encoder(some)) - some).square().mean()
        player.zero_grad()
        loss.backward()
        player.step()

    def encode(self, rows: np.ndarray) -> np.ndarray:
        """Give the codes of rows."""
        return _through(self.encoder, rows)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Give the rows of codes."""
        return _through(self.decoder, codes)

    def arrays(self) -> dict[str, np.ndarray]:
        """Copy the weights."""
        return weights_of(encoder=self.encoder, decoder=self.decoder)

    @classmethod
    def of(cls, arrays: dict[str, np.ndarray]) -> Self:
        """Read what `arrays` gave."""
        first, last = arrays["encoder/0.weight"], arrays["encoder/4.weight"]
        width, size = first.shape[1], last.shape[0]
        encoder, decoder = bare(lambda: (_stack(width, size), nn.Sequential(_stack(size, width), nn.Sigmoid())))
        return cls(needed_net("encoder", encoder, arrays), needed_net("decoder", decoder, arrays))


def _stack(entrance: int, exit_: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(entrance, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH), nn.SiLU(), nn.Linear(WIDTH, exit_)
    )


@torch.no_grad()
def _through(net: nn.Module, rows: np.ndarray) -> np.ndarray:
    """Push rows through a network, block by block."""
    items = torch.from_numpy(rows.astype(np.float32))
    parts = [net(items[start : start + BLOCK]).double().numpy() for start in range(0, len(items), BLOCK)]
    return np.concatenate(parts)
