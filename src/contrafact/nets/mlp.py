"""Networks over vectors: stacks of hidden layers, with Fourier features at the entrance where they are asked for.

A plain stack knows its own derivative: the slope of its output at each row is one more chain of products, written
out, so that a gradient penalty needs a single backward pass.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

Activation = Literal["silu", "leaky relu", "relu", "tanh", "maxout"]
LEAK = 0.2


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
    return {"silu": nn.SiLU(), "leaky relu": nn.LeakyReLU(LEAK), "relu": nn.ReLU(), "tanh": nn.Tanh()}[name]


def _with_derivative(name: Activation, before: Tensor) -> tuple[Tensor, Tensor]:
    """Give an activation's value and its derivative."""
    if name == "silu":
        share = torch.sigmoid(before)
        value = before * share
        return value, share * (1 + before - value)
    if name == "tanh":
        value = torch.tanh(before)
        return value, 1 - value**2
    slope = torch.where(before.detach() > 0, 1.0, LEAK if name == "leaky relu" else 0.0)
    return before * slope, slope


class Fourier(nn.Module):
    """Append sines and cosines of fixed random projections, from coarse to fine (Tancik et al. 2020).

    Frequencies are spaced evenly in the logarithm; the fine ones are quieter by the root of their frequency.

    Arguments:
        inputs: Width of a row.
        count: Number of projections.
        coarsest: Lowest frequency, in radians a standard deviation.
        finest: Highest frequency.
    """

    projection: Tensor
    loudness: Tensor

    def __init__(self, inputs: int, count: int, coarsest: float = 1.0, finest: float = 100.0) -> None:
        super().__init__()
        frequency = torch.logspace(math.log10(coarsest), math.log10(finest), count)
        self.register_buffer("projection", normalize(torch.randn(count, inputs), dim=1) * frequency[:, None])
        self.register_buffer("loudness", (frequency / coarsest) ** -0.5)

    def forward(self, rows: Tensor) -> Tensor:
        angle = rows @ self.projection.t()
        return torch.cat([rows, angle.sin() * self.loudness, angle.cos() * self.loudness], dim=1)

    def back(self, slope: Tensor, features: Tensor, inputs: int) -> Tensor:
        """Turn the slope over the features into the slope over the rows."""
        count = len(self.loudness)
        sine, cosine = features[:, inputs : inputs + count], features[:, inputs + count :]
        inner = slope[:, inputs : inputs + count] * cosine - slope[:, inputs + count :] * sine
        return slope[:, :inputs] + inner @ self.projection


class Perceptron(nn.Module):
    """Stack `depth` hidden layers of `width` units.

    Arguments:
        inputs: Width of a row.
        outputs: Width of a result.
        width: Units in a hidden layer.
        depth: Hidden layers.
        act: Their activation.
        features: Fourier projections at the entrance; 0 for none.
        spectral: Divide every layer's weight by its largest singular value.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        width: int,
        depth: int,
        act: Activation,
        features: int = 0,
        spectral: bool = False,
    ) -> None:
        super().__init__()
        self.inputs, self.act = inputs, act
        self.fourier = Fourier(inputs, features) if features else None
        sizes = [inputs + 2 * features, *[width] * depth]
        layers = [self._layer(a, b, math.sqrt(2 / a)) for a, b in pairwise(sizes)]
        if layers:
            nn.init.normal_(layers[0].bias, std=0.5)  # spreads the first kinks over the data
        layers.append(self._layer(sizes[-1], outputs, 1 / math.sqrt(sizes[-1])))
        wrap = nn.utils.parametrizations.spectral_norm if spectral else lambda layer: layer
        self.layers = nn.ModuleList(wrap(layer) for layer in layers)
        self.acts = nn.ModuleList(activation(act, width) for _ in range(depth))
        self.knows_slope = outputs == 1 and act != "maxout" and not spectral

    @staticmethod
    def _layer(inputs: int, outputs: int, std: float) -> nn.Linear:
        layer = nn.Linear(inputs, outputs)
        nn.init.normal_(layer.weight, std=std)
        nn.init.zeros_(layer.bias)
        return layer

    def forward(self, rows: Tensor) -> Tensor:
        if self.fourier is not None:
            rows = self.fourier(rows)
        for layer, act in zip(self.layers, self.acts, strict=False):
            rows = act(layer(rows))
        result: Tensor = self.layers[-1](rows)
        return result

    def with_slope(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Give the output and its derivative over the rows, both differentiable in the weights."""
        features = hidden = rows if self.fourier is None else self.fourier(rows)
        derivatives = []
        for layer in self.layers[:-1]:
            hidden, derivative = _with_derivative(self.act, layer(hidden))
            derivatives.append(derivative)
        slope = self.layers[-1].weight
        for layer, derivative in zip(reversed(self.layers[:-1]), reversed(derivatives), strict=True):
            slope = (slope * derivative) @ layer.weight
        slope = slope.expand(len(rows), -1)
        if self.fourier is not None:
            slope = self.fourier.back(slope, features, self.inputs)
        return self.layers[-1](hidden), slope
