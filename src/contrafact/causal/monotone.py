"""Rising functions with a closed form in both directions: rational-quadratic splines with straight tails.

Between knots (x_k, y_k) with slopes d_k the spline is the quotient of two quadratics that rises, meets both knots and
both slopes; beyond the outermost knots it is the identity (Gregory and Delbourgo 1982; Durkan et al. 2019, Neural
spline flows, NeurIPS). Its inverse solves one quadratic, so that the noise behind an observation is found exactly.
Parameters of zero give the identity.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import softplus

BINS, EDGE = 8, 4.0
LEAST = 1e-3  # of a bin's width, height and slope
PARAMETERS = 3 * BINS - 1
_ONE = math.log(math.expm1(1 - LEAST))  # softplus of it, and the least slope, are 1


def knots(parameters: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Turn free parameters into places, heights and slopes of the knots.

    Arguments:
        parameters: PARAMETERS numbers in the last axis.
    """
    widths, heights, slopes = torch.split(parameters, [BINS, BINS, BINS - 1], dim=-1)
    ends = torch.ones_like(slopes[..., :1])
    return _edges(widths), _edges(heights), torch.cat([ends, LEAST + softplus(slopes + _ONE), ends], dim=-1)


def _edges(logits: Tensor) -> Tensor:
    shares = LEAST + (1 - LEAST * BINS) * torch.softmax(logits, dim=-1)
    inner = 2 * EDGE * torch.cumsum(shares[..., :-1], dim=-1) - EDGE
    ends = torch.full_like(inner[..., :1], EDGE)
    return torch.cat([-ends, inner, ends], dim=-1)


def _bin(values: Tensor, edges: Tensor) -> Tensor:
    return (values.unsqueeze(-1) >= edges[..., 1:-1]).sum(-1, keepdim=True)


def _at(table: Tensor, place: Tensor) -> Tensor:
    wide = table.expand(*place.shape[:-1], table.shape[-1])
    return torch.gather(wide, -1, place).squeeze(-1)


def _inside(parts: tuple[Tensor, Tensor, Tensor], place: Tensor) -> tuple[Tensor, ...]:
    x, y, d = parts
    left, low = _at(x, place), _at(y, place)
    width, height = _at(x, place + 1) - left, _at(y, place + 1) - low
    return left, low, width, height, _at(d, place), _at(d, place + 1)


def rise(values: Tensor, parts: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Give the spline's value, and the logarithm of its slope.

    Arguments:
        values: Where.
        parts: What `knots` gave, for each value or for all.
    """
    calm = values.clamp(-EDGE, EDGE)
    left, low, width, height, d0, d1 = _inside(parts, _bin(calm, parts[0]))
    share = (calm - left) / width
    steep, mixed = height / width, share * (1 - share)
    bottom = steep + (d0 + d1 - 2 * steep) * mixed
    found = low + height * (steep * share**2 + d0 * mixed) / bottom
    slope = steep**2 * (d1 * share**2 + 2 * steep * mixed + d0 * (1 - share) ** 2) / bottom**2
    out = values.abs() > EDGE
    return torch.where(out, values, found), torch.where(out, torch.zeros_like(slope), slope.log())


def back(values: Tensor, parts: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Give where the spline has these values, and the logarithm of its slope there."""
    calm = values.clamp(-EDGE, EDGE)
    left, low, width, height, d0, d1 = _inside(parts, _bin(calm, parts[1]))
    steep, above = height / width, calm - low
    bend = d0 + d1 - 2 * steep
    a = height * (steep - d0) + above * bend
    b = height * d0 - above * bend
    c = -steep * above
    share = 2 * c / (-b - (b**2 - 4 * a * c).clamp_min(0).sqrt()).clamp_max(-1e-12)
    share = share.clamp(0, 1)
    mixed = share * (1 - share)
    bottom = steep + bend * mixed
    slope = steep**2 * (d1 * share**2 + 2 * steep * mixed + d0 * (1 - share) ** 2) / bottom**2
    out = values.abs() > EDGE
    return torch.where(out, values, left + share * width), torch.where(out, torch.zeros_like(slope), slope.log())
