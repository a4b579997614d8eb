"""Networks over vectors."""

from __future__ import annotations

import math
from typing import Literal

from torch import Tensor, nn

Activation = Literal["leaky relu", "relu", "silu", "tanh", "maxout"]


class Maxout(nn.Module):
    """The largest of `pieces` linear functions, for each unit (Goodfellow et al. 2013)."""

    def __init__(self, width: int, pieces: int = 5) -> None:
        super().__init__()
        self.pieces = pieces
        self.linear = nn.Linear(width, width * pieces)

    def forward(self, rows: Tensor) -> Tensor:
        return self.linear(rows).unflatten(1, (-1, self.pieces)).amax(2)


def activation(name: Activation, width: int) -> nn.Module:
    """Make an activation by its name."""
    if name == "maxout":
        return Maxout(width)
    kinds = {"leaky relu": lambda: nn.LeakyReLU(0.2), "relu": nn.ReLU, "silu": nn.SiLU, "tanh": nn.Tanh}
    return kinds[name]()


def mlp(inputs: int, outputs: int, *, width: int, depth: int, act: Activation, spectral: bool = False) -> nn.Sequential:
    """Stack `depth` hidden layers of `width` units.

    Arguments:
        inputs: Width of a row.
        outputs: Width of a result.
        width: Units in a hidden layer.
        depth: Hidden layers.
        act: Their activation.
        spectral: Divide every layer's weight by its largest singular value.
    """

    def linear(a: int, b: int) -> nn.Module:
        layer = nn.Linear(a, b)
        nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(2))
        nn.init.zeros_(layer.bias)
        return nn.utils.parametrizations.spectral_norm(layer) if spectral else layer

    layers: list[nn.Module] = []
    for index in range(depth):
        layers += [linear(inputs if index == 0 else width, width), activation(act, width)]
    return nn.Sequential(*layers, linear(width if depth else inputs, outputs))
