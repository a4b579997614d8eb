"""Mechanisms: how each node of a structural model follows from its causes and from noise of its own.

All mechanisms are small networks of one shape, kept side by side (units) and computed in one batched product. Of what a
network gives, `head` makes a value:

    number     v = m + s T(z),  z normal, T a rising spline with closed inverse
               linear: m is a straight line of the causes;  additive: m depends on them;  affine: m and s;
               monotone: m, s and T
               free: v = m, all noise enters the network (no inverse)
    level      v = argmax_k (l_k + g_k),  g Gumbel noise: P(v = k) is the softmax of l

References: Durkan et al. 2019, Neural spline flows, NeurIPS; Maddison, Tarlow and Minka 2014, A* sampling, NeurIPS;
Nasr-Esfahany, Alizadeh and Shah 2023, Counterfactual identifiability of bijective causal models, ICML.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from contrafact.causal.monotone import PARAMETERS, back, knots, rise

Kind = Literal["linear", "additive", "affine", "monotone", "free", "level"]
DEPENDS: dict[str, int] = {"linear": 1, "additive": 1, "affine": 2, "monotone": 2 + PARAMETERS, "free": 1}
LEAST_SCALE, MOST_SCALE = -7.0, 4.0  # of the logarithm of s, in standard deviations of the column
LOG_ROOT_TAU = 0.5 * math.log(2 * math.pi)


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One mechanism.

    Arguments:
        node: Whose.
        kind: Of which kind.
        inputs: The places of its inputs.
        outputs: How many numbers its head reads.
    """

    node: int
    kind: Kind
    inputs: tuple[int, ...]
    outputs: int

    @property
    def depends(self) -> int:
        """How many of the outputs depend on the inputs; the others are constants."""
        return self.outputs if self.kind == "level" else DEPENDS[self.kind]


def unit_of(node: int, kind: Kind, inputs: Sequence[int], levels: int) -> Unit:
    """Describe the mechanism of a node.

    Arguments:
        node: The node.
        kind: How a number is made; levels have one kind only.
        inputs: The places of its inputs.
        levels: How many levels it has; 0 for a number.
    """
    own: Kind = "level" if levels else kind
    outputs = levels if levels else 1 if kind == "free" else 2 + PARAMETERS
    return Unit(node=node, kind=own, inputs=tuple(inputs), outputs=outputs)


class Bank(nn.Module):
    """Networks side by side: two hidden layers and a straight line beside them.

    Arguments:
        units: What each is for.
        inputs: How many inputs there are in all.
        width: Units in a hidden layer.
    """

    sees: Tensor
    moves: Tensor
    bends: Tensor

    def __init__(self, units: Sequence[Unit], inputs: int, width: int) -> None:
        super().__init__()
        self.units, self.inputs, self.width = tuple(units), inputs, width
        count, self.outputs = len(units), max(unit.outputs for unit in units)
        sees, moves = torch.zeros(count, inputs, 1), torch.zeros(count, 1, self.outputs)
        for place, unit in enumerate(units):
            sees[place, list(unit.inputs)] = 1.0
            moves[place, :, : unit.depends] = 1.0
        self.register_buffer("sees", sees, persistent=False)
        bends = moves * torch.tensor([unit.kind != "linear" for unit in units])[:, None, None]
        self.register_buffer("moves", moves, persistent=False)
        self.register_buffer("bends", bends, persistent=False)
        entering = (1 / sees.sum(1, keepdim=True).clamp_min(1)).sqrt()
        self.first = nn.Parameter(torch.randn(count, inputs, width) * entering)
        self.first_bias = nn.Parameter(torch.randn(count, 1, width) * 0.5)
        self.second = nn.Parameter(torch.randn(count, width, width) * math.sqrt(2 / width))
        self.second_bias = nn.Parameter(torch.zeros(count, 1, width))
        self.last = nn.Parameter(torch.randn(count, width, self.outputs) * (0.3 / math.sqrt(width)))
        self.last_bias = nn.Parameter(torch.zeros(count, 1, self.outputs))
        self.line = nn.Parameter(torch.zeros(count, inputs, self.outputs))

    def forward(self, rows: Tensor) -> Tensor:
        """Give (unit, row, output) of inputs (row, input)."""
        found: Tensor = Slice(self, range(len(self.units)), range(self.inputs))(rows)
        return found

    @torch.no_grad()
    def start(self, place: int, values: Tensor) -> None:
        """Let one network begin at constant outputs."""
        self.last_bias[place, 0, : len(values)] = values


class Slice:
    """Some units of a bank, which see some of the inputs.

    Arguments:
        bank: All units.
        units: Which.
        columns: The inputs that any of them sees.
    """

    def __init__(self, bank: Bank, units: Sequence[int], columns: Sequence[int]) -> None:
        own, seen = torch.as_tensor(list(units)), torch.as_tensor(list(columns), dtype=torch.int64)
        some = len(own) < len(bank.units)

        def of(weight: Tensor) -> Tensor:
            return weight[own] if some else weight

        sees, moves = of(bank.sees), of(bank.moves)
        self.first = (of(bank.first) * sees)[:, seen].permute(1, 0, 2).flatten(1)
        self.first_bias, self.second = of(bank.first_bias), of(bank.second)
        self.second_bias, self.last = of(bank.second_bias), of(bank.last) * of(bank.bends)
        self.last_bias = of(bank.last_bias)
        self.line = (of(bank.line) * sees * moves)[:, seen].permute(1, 0, 2).flatten(1)
        self.count, self.outputs = len(own), bank.outputs

    def __call__(self, rows: Tensor) -> Tensor:
        """Give (unit, row, output) of inputs (row, seen input)."""
        hidden = (rows @ self.first).view(len(rows), self.count, -1).transpose(0, 1)
        straight = (rows @ self.line).view(len(rows), self.count, -1).transpose(0, 1)
        hidden = silu(hidden + self.first_bias)
        hidden = silu(torch.baddbmm(self.second_bias, hidden, self.second))
        return torch.baddbmm(self.last_bias, hidden, self.last) + straight


def scale_of(outputs: Tensor) -> Tensor:
    """Give the logarithm of s."""
    return outputs[..., 1].clamp(LEAST_SCALE, MOST_SCALE)


def _shape(outputs: Tensor, kind: Kind) -> tuple[Tensor, Tensor, Tensor]:
    """Give the knots of T: for each row only where they depend on the causes."""
    shape = outputs[..., 2 : 2 + PARAMETERS]
    return knots(shape if kind == "monotone" else shape[..., :1, :])


def number(outputs: Tensor, noise: Tensor, kind: Kind) -> Tensor:
    """Make numbers of what networks give, (row, output), and of normal noise."""
    if kind == "free":
        return outputs[..., 0].expand(noise.shape)
    return outputs[..., 0] + scale_of(outputs).exp() * rise(noise, _shape(outputs, kind))[0]


def noise_of(values: Tensor, outputs: Tensor, kind: Kind) -> tuple[Tensor, Tensor]:
    """Give the noise behind numbers, exactly, and the logarithm of their density.

    Arguments:
        values: The numbers.
        outputs: What their networks give, (row, output).
        kind: How they are made.
    """
    log_scale = scale_of(outputs)
    noise, log_slope = back((values - outputs[..., 0]) * (-log_scale).exp(), _shape(outputs, kind))
    return noise, -0.5 * noise**2 - LOG_ROOT_TAU - log_scale - log_slope


def chances(outputs: Tensor, levels: int) -> Tensor:
    """Give the logarithms of the chances of levels."""
    return torch.log_softmax(outputs[..., :levels], dim=-1)


def gumbel(uniform: Tensor) -> Tensor:
    """Turn uniform numbers into Gumbel noise."""
    tiny = torch.finfo(uniform.dtype).tiny
    return -(-uniform.clamp_min(tiny).log()).clamp_min(1e-12).log()


def gumbel_behind(level: Tensor, log_chances: Tensor, uniform: Tensor) -> Tensor:
    """Draw the Gumbel noise behind levels: the largest sum is the level's own, the others lie below it.

    The maximum of all sums is a Gumbel variable at the logarithm of their total, whoever has it; given it, the sums of
    the others are Gumbel variables cut off there.

    Arguments:
        level: The levels, (row).
        log_chances: Logarithms of all chances, (row, level).
        uniform: Uniform numbers, one more than levels in each row.
    """
    fresh = gumbel(uniform)
    top = fresh[..., -1:]
    others = fresh[..., :-1] + log_chances
    below = -torch.logaddexp(-top, -others)
    sums = torch.where(torch.arange(log_chances.shape[-1]) == level.unsqueeze(-1), top, below)
    return sums - log_chances
