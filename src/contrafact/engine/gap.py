"""What a critic knows by heart: how it ranks the items that it is trained on against held-out ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from contrafact.engine.items import each


def outranks(ones: np.ndarray, others: np.ndarray) -> float:
    """Give how much more often one of these outranks one of the others than the other way round, -1 to 1."""
    ordered = np.sort(others)
    below, upto = (np.searchsorted(ordered, ones, side=side) for side in ("left", "right"))
    return float((below + upto).mean() / len(others) - 1)


def critic_gap(live: Any, rows: Any, held: Any, most: int) -> dict[str, float]:
    """Say how far a critic ranks items that it is trained on above held-out ones: 0 when it cannot tell, 1 fully.

    Arguments:
        live: The model in training; nothing is said where it has no critic.
        rows: Encoded items that are trained on.
        held: Encoded items that are held out; the same object where none are.
        most: Items of each kind that are looked at.

    Returns:
        The gap, and the standard error that chance alone gives it, where the critic knows nothing by heart.
    """
    if not hasattr(live, "opinion") or held is rows:
        return {}
    own, other = (live.opinion(each(side, lambda part: part[:most])) for side in (rows, held))
    error = math.sqrt((len(own) + len(other) + 1) / (3 * len(own) * len(other)))
    return {"critic_gap": outranks(own, other), "critic_gap_error": error}
