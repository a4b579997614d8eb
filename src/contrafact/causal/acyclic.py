"""How far weights on arrows are from a graph without cycles, as a number with a gradient.

For weights A >= 0 whose spectral radius is under s, h(A) = -log det(sI - A) + d log s = sum over k of tr((A / s)^k) / k
is the weight of all closed walks, the longer the less: 0 for a graph without cycles, and above 0 for every other. Its
gradient ((sI - A)^-1)' is the weight of the walks that lead back.

Reference: Bello, Aragam and Ravikumar, *DAGMA: learning DAGs via M-matrices and a log-determinant acyclicity
characterization*, NeurIPS 2022.
"""

from __future__ import annotations

import torch
from torch import Tensor

ROOM = 1.1  # how much larger than the spectral radius s is at least


def radius(weights: Tensor) -> Tensor:
    """Give the spectral radius of each of a batch of matrices, without a gradient."""
    with torch.no_grad():
        found: Tensor = torch.linalg.eigvals(weights).abs().amax(-1)
        return found


def closed_walks(weights: Tensor, s: float = 1.0, *, wide: bool = False) -> Tensor:
    """Measure the cycles of each of a batch of weighted graphs: 0 where there are none.

    Arguments:
        weights: Weights of arrows, none below 0 (batch, from, to).
        s: What the spectral radius must stay under; where it does not, s is taken that much larger.
        wide: Add the spectral radius to s, so that cycles of gates that are all half open are felt, and not more.
    """
    nodes = weights.shape[-1]
    largest = radius(weights)
    scale = s + largest if wide else (ROOM * largest).clamp_min(s)
    shifted = torch.diag_embed(scale[..., None].expand(*scale.shape, nodes)) - weights
    walks: Tensor = nodes * scale.log() - torch.linalg.slogdet(shifted).logabsdet
    return walks
