"""Random holes of many shapes to train on, drawn for a whole batch at once.

A network that shall fill any hole must see any hole while it learns: a rectangle, several small ones, strokes of a
brush, a half of the picture, all but a rectangle, the quarter in the middle, and now and then the whole picture, which
teaches it to draw where nothing is known. Sizes are shares of the picture, so that the same shapes come at every size.
"""

from __future__ import annotations

import torch
from torch import Tensor

from contrafact.engine.play import Step

# How often each shape comes, in the order in which `random_holes` makes them.
SHARES = (0.3, 0.1, 0.2, 0.1, 0.05, 0.15, 0.1)
SEVERAL, TURNS = 3, 6


def _steps(size: int, like: Tensor) -> Tensor:
    """Give the middles of the pixels along one side, from 0 to 1."""
    return (torch.arange(size, device=like.device) + 0.5) / size


def boxes(draws: Tensor, high: int, wide: int, least: float, most: float) -> Tensor:
    """Draw rectangles that lie inside the picture.

    Arguments:
        draws: Numbers from 0 to 1, rows x boxes x 4: height, width, and where in the room that is left.
        high: Rows of pixels.
        wide: Columns of pixels.
        least: The shortest side, as a share of the picture's.
        most: The longest.
    """
    sides = least + (most - least) * draws[..., :2]
    near = (1 - sides) * draws[..., 2:]
    y, x = _steps(high, draws), _steps(wide, draws)
    down = (y >= near[..., 0, None]) & (y <= (near + sides)[..., 0, None])
    across = (x >= near[..., 1, None]) & (x <= (near + sides)[..., 1, None])
    return down[..., :, None] & across[..., None, :]


def strokes(corners: Tensor, radius: Tensor, count: Tensor, high: int, wide: int) -> Tensor:
    """Draw bent strokes of a round brush.

    Arguments:
        corners: Where each stroke turns, rows x corners x 2, from 0 to 1.
        radius: The brush's radius for each row, as a share of the picture.
        count: How many straight pieces each row's stroke has.
        high: Rows of pixels.
        wide: Columns of pixels.
    """
    grid = torch.stack(torch.meshgrid(_steps(high, corners), _steps(wide, corners), indexing="ij"), dim=-1)
    starts, pieces = corners[:, :-1, None, None], (corners[:, 1:] - corners[:, :-1])[:, :, None, None]
    along = ((grid - starts) * pieces).sum(-1) / (pieces**2).sum(-1).clamp_min(1e-9)
    far = (grid - starts - along.clamp(0, 1)[..., None] * pieces).square().sum(-1)
    drawn = torch.arange(pieces.shape[1], device=corners.device) < count[:, None]
    return ((far <= radius[:, None, None, None] ** 2) & drawn[..., None, None]).any(1)


def halves(draws: Tensor, high: int, wide: int) -> Tensor:
    """Cut off one side of each picture, between a third and two thirds of it.

    Arguments:
        draws: Numbers from 0 to 1, rows x 2: which side, and how much.
        high: Rows of pixels.
        wide: Columns of pixels.
    """
    side, share = (4 * draws[:, :1]).long(), 0.33 + 0.34 * draws[:, 1:]
    y, x = _steps(high, draws), _steps(wide, draws)
    y, x = (torch.where(side % 2 == 1, 1 - axis, axis) for axis in (y, x))
    return torch.where((side < 2)[..., None], (y < share)[:, :, None], (x < share)[:, None, :])


def centre(high: int, wide: int, device: torch.device | None = None) -> Tensor:
    """Give the hole that takes the middle quarter of a picture."""
    hole = torch.zeros(high, wide, dtype=torch.bool, device=device)
    hole[high // 4 : high // 4 + max(high // 2, 1), wide // 4 : wide // 4 + max(wide // 2, 1)] = True
    return hole


def random_holes(step: Step, rows: int, high: int, wide: int) -> Tensor:
    """Draw a hole for each picture of a batch, rows x 1 x high x wide; no hole is empty.

    Arguments:
        step: Where the draws come from.
        rows: Pictures in the batch.
        high: Rows of pixels.
        wide: Columns of pixels.
    """
    one = boxes(step.uniform(rows, 1, 4), high, wide, 0.15, 0.85)[:, 0]
    kept = torch.arange(SEVERAL, device=one.device) <= step.integers(SEVERAL, rows, 1)
    several = (boxes(step.uniform(rows, SEVERAL, 4), high, wide, 0.1, 0.4) & kept[..., None, None]).any(1)
    radius, turns = 0.03 + 0.09 * step.uniform(rows), 2 + step.integers(TURNS - 2, rows)
    brush = strokes(step.uniform(rows, TURNS, 2), radius, turns, high, wide)
    half = halves(step.uniform(rows, 2), high, wide)
    middle = centre(high, wide, one.device).expand_as(one)
    shapes = torch.stack([one, several, brush, half, ~one, middle, torch.ones_like(one)], dim=1)
    bounds = torch.tensor(SHARES, device=one.device).cumsum(0)[:-1].contiguous()
    shape = torch.searchsorted(bounds, step.uniform(rows).contiguous(), right=True)
    holes = shapes[torch.arange(len(shape), device=one.device), shape]
    empty = ~holes.flatten(1).any(1)
    return (holes | (middle & empty[:, None, None]))[:, None]
