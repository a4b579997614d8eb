"""What a training may use: how much time, on which device."""

from __future__ import annotations

import re

import torch

from contrafact.base.errors import UsageError


def seconds(budget: str) -> float:
    """Read a time like 90s, 10m, 1.5h as seconds.

    >>> seconds("10m")
    600.0
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhd]?)\s*", budget)
    if not found or float(found[1]) <= 0:
        raise UsageError(
            f"The budget '{budget}' is not a time.",
            why="A budget is a number and a unit: s, m, h or d.",
            fix="Give for example --budget 10m.",
            code="E106",
        )
    return float(found[1]) * {"s": 1, "": 1, "m": 60, "h": 3600, "d": 86400}[found[2]]


def pick_device(device: str | None) -> torch.device:
    """Use the device that was named, else the CPU: another one is used only where it is asked for."""
    try:
        picked = torch.device(device or "cpu")
        torch.empty(0, device=picked).cpu()  # the meta device has no numbers to give
    except (RuntimeError, AssertionError) as error:
        raise UsageError(
            f"The device '{device}' cannot be used.",
            why=str(error).splitlines()[0],
            fix="See what there is: contrafact doctor",
            code="E107",
        ) from None
    return picked
