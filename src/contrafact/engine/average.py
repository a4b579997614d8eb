"""Running averages of weights, with a half-life counted in samples."""

from __future__ import annotations

import copy

import torch
from torch import nn

from contrafact.engine.play import Step


class Average:
    """An exponential average of a module's weights.

    Early in a run the half-life is a share of what has been seen, so that the first weights are soon forgotten.

    Arguments:
        source: The module that is trained.
        half_life: Samples after which a weight's share has halved; 0 follows the source exactly.
        batch: Samples in one step.
        ramp: The half-life never exceeds this share of the samples seen so far.
    """

    def __init__(self, source: nn.Module, half_life: float, batch: int, ramp: float = 0.05) -> None:
        self.source, self.half_life, self.batch, self.ramp = source, half_life, batch, ramp
        self.module = copy.deepcopy(source).requires_grad_(False)
        self._pairs = list(zip(self.module.parameters(), source.parameters(), strict=True))
        self._buffers = list(zip(self.module.buffers(), source.buffers(), strict=True))

    @torch.no_grad()
    def update(self, step: Step) -> None:
        """Move the average towards the source by one step's share."""
        half_life = min(self.half_life, self.ramp * (step.number + 1) * self.batch)
        share = 1.0 if half_life <= 0 else 1 - 0.5 ** (self.batch / half_life)
        torch._foreach_lerp_([a for a, _ in self._pairs], [s for _, s in self._pairs], share)
        for average, source in self._buffers:
            average.copy_(source)
