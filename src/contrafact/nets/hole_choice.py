"""Which of several fillings is taken: the critic's choice among what was drawn and what was found.

A critic at its best tells how much likelier a filling is among real pictures than among the fillings that it learned
from. Where each of several proposals is taken with a chance in proportion to the exponential of that opinion, what is
taken is nearer to a draw of the real law than the proposals are (sampling and importance resampling).

The proposals are two fillings by the generator, and the windows of the same class that agree best with what is known,
put into the hole as they are. The generator joins what it draws to the surroundings; what was found holds strokes and
textures that are real. They err in different ways. Of several draws of one picture each takes another window.

References:
    Rubin, The calculation of posterior distributions by data augmentation: comment, JASA 1987 (the SIR algorithm).
    Azadi et al., Discriminator rejection sampling, ICLR 2019.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def choose(
    critic: nn.Module, proposals: Tensor, there: Tensor, hole: Tensor, condition: Tensor | None, share: Tensor
) -> Tensor:
    """Take one of several fillings of each picture.

    Arguments:
        critic: Filled pictures beside their holes (and conditions) -> one logit each.
        proposals: Filled pictures, N x proposals x channels x high x wide.
        there: Which of them may be taken, N x proposals; one of each row at least.
        hole: 1 where a pixel was missing, N x 1 x high x wide.
        condition: What the pictures show, as the critic reads it, or None.
        share: A number from 0 to 1 for each picture, by which the choice is drawn.
    """
    count = proposals.shape[1]
    told = None if condition is None else condition.repeat_interleave(count, dim=0)
    logits = critic(proposals.flatten(0, 1), hole.repeat_interleave(count, dim=0), told).view(-1, count)
    chances = logits.double().masked_fill(~there, -torch.inf).softmax(1).cumsum(1)
    limit = share.double().clamp_max(1 - 1e-12)[:, None] * chances[:, -1:]
    which = torch.searchsorted(chances, limit, right=True)[:, 0]
    return proposals[torch.arange(len(proposals), device=proposals.device), which]


def fresh(windows: Tensor, before: Tensor) -> Tensor:
    """Say which windows are none of those given out before, N x windows.

    Arguments:
        windows: N x windows x channels x high x wide.
        before: N x so many x channels x high x wide.
    """
    return (windows[:, :, None] != before[:, None]).flatten(3).any(3).all(2)


def windows_of(found: Tensor, channels: int) -> tuple[Tensor, Tensor]:
    """Part windows that lie one behind the other along the channels, and say which of them are there.

    Arguments:
        found: N x (windows x channels) x high x wide; zeros where there is no window.
        channels: Of one window.
    """
    windows = found.reshape(len(found), -1, channels, *found.shape[2:])
    return windows, windows.flatten(2).any(2)
