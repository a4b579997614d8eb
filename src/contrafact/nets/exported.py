"""Generators with what surrounds them, as one network from noise to values that need no codec."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn


class Pixels(nn.Module):
    """Turn noise, and conditions where the generator reads them, into pixels from 0 to 255."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        pixels: Tensor = 127.5 * (self.generator(noise, condition) + 1)
        return pixels


class ClassPixels(Pixels):
    """Turn noise and places of classes into pixels from 0 to 255.

    Arguments:
        generator: The generator.
        conditions: What it reads for each class.
    """

    table: Tensor

    def __init__(self, generator: nn.Module, conditions: np.ndarray) -> None:
        super().__init__(generator)
        self.register_buffer("table", torch.as_tensor(conditions, dtype=torch.float32))

    def forward(self, noise: Tensor, condition: Tensor | None = None) -> Tensor:
        assert condition is not None
        return super().forward(noise, self.table[condition])


class Rows(nn.Module):
    """Turn noise into rows in the user's units.

    Arguments:
        generator: The generator.
        mean: What is added to each column.
        scale: What each column is multiplied by; a column of 0 always holds its mean and is none of the generator's.
    """

    place: Tensor
    mean: Tensor

    def __init__(self, generator: nn.Module, mean: Sequence[float], scale: Sequence[float]) -> None:
        super().__init__()
        self.generator = generator
        scales = torch.tensor(scale, dtype=torch.float32)
        self.register_buffer("place", torch.diag(scales)[scales > 0])
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))

    def forward(self, noise: Tensor) -> Tensor:
        rows: Tensor = self.mean + self.generator(noise) @ self.place
        return rows
