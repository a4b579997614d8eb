"""Instruments: two-stage least squares, the Wald ratio, and intervals that hold when the instrument is weak.

What the instrument does to the outcome, divided by what it does to the treatment, both given the controls. With one
instrument of two levels and no controls this is Wald's ratio. Without more it is not the average effect: it is that
where the effect is the same for all, and the effect on those whom the instrument moves where nobody is moved the other
way (Imbens and Angrist 1994). If the first stage is weak (F under 10) the interval is that of Anderson and Rubin
(1949), which is right however weak it is and may be infinite.
"""

from __future__ import annotations

import math

import numpy as np

from contrafact.base.errors import DataError
from contrafact.causal.estimate.columns import Array
from contrafact.causal.estimate.doubly import NORMAL, Estimate

WEAK = 10.0


def two_stage(outcome: Array, treatment: Array, instruments: Array, controls: Array) -> Estimate:
    """Estimate an effect by two-stage least squares, with standard errors that do not assume equal spread.

    Arguments:
        outcome: The outcome.
        treatment: The treatment.
        instruments: A column for each.
        controls: A column for each.

    Raises:
        DataError: The instrument does not move the treatment at all.
    """
    rest = np.column_stack([np.ones(len(outcome)), controls])
    y, x, z = (_without(part, rest) for part in (outcome[:, None], treatment[:, None], instruments))
    first, *_ = np.linalg.lstsq(z, x, rcond=None)
    moved = (z @ first)[:, 0]
    size = float(moved @ x[:, 0])
    if size <= 1e-10 * float(x[:, 0] @ x[:, 0]):
        raise DataError(
            "The instrument does not move the treatment.",
            why="Its covariance with the treatment, given the controls, is zero; the effect would be divided by it.",
            fix="Name another instrument, or ask for bounds: method='bounds'.",
            code="E527",
        )
    value = float(moved @ y[:, 0]) / size
    missed = y[:, 0] - value * x[:, 0]
    freedom = len(y) - rest.shape[1] - 1
    parts = moved * missed / size
    error = math.sqrt(float(parts @ parts) * len(y) / max(freedom, 1))
    strength = _strength(x[:, 0], z, freedom)
    low, high = value - NORMAL * error, value + NORMAL * error
    told: tuple[str, ...] = ()
    if strength < WEAK and z.shape[1] == 1:
        low, high = anderson_rubin(y[:, 0], x[:, 0], z[:, 0])
        told = (f"The instrument is weak (F = {strength:.1f}, under {WEAK:g}): the interval is Anderson and Rubin's.",)
    elif strength < WEAK:
        told = (f"The instruments are weak (F = {strength:.1f}, under {WEAK:g}): the interval is too narrow.",)
    return Estimate(
        value=value,
        error=error,
        low=low,
        high=high,
        rows=len(y),
        parts=value + len(y) * parts,
        notes=told,
        details={"first stage F": strength},
    )


def anderson_rubin(y: Array, x: Array, z: Array) -> tuple[float, float]:
    """Give all values of the effect that the data do not reject; they are the solution of a quadratic inequality.

    Arguments:
        y: The outcome, controls taken off.
        x: The treatment, likewise.
        z: The instrument, likewise.
    """
    most = NORMAL**2
    a, b, size = float(z @ y), float(z @ x), float(z @ z)
    u, v = (y - a / size * z) * z, (x - b / size * z) * z
    square = b * b - most * float(v @ v)
    middle = a * b - most * float(u @ v)
    constant = a * a - most * float(u @ u)
    under = middle**2 - square * constant
    if square <= 0 or under < 0:
        return -math.inf, math.inf  # nothing, or everything outside an interval: no two ends say it
    root = math.sqrt(under)
    return (middle - root) / square, (middle + root) / square


def _without(part: Array, rest: Array) -> Array:
    found: Array = part - rest @ np.linalg.lstsq(rest, part, rcond=None)[0]
    return found


def _strength(x: Array, z: Array, freedom: int) -> float:
    """Give the F statistic of the first stage, whatever the spread."""
    first = np.linalg.lstsq(z, x, rcond=None)[0]
    missed = (x - z @ first)[:, None] * z
    bread = np.linalg.pinv(z.T @ z)
    spread = bread @ (missed.T @ missed) @ bread * len(x) / max(freedom, 1)
    size: float = float(first @ np.linalg.pinv(spread) @ first)
    return size / int(z.shape[1])
