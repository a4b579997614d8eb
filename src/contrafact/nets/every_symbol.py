"""A policy's loss that asks the critic about every symbol that might come next, not only about the one that was drawn.

A critic of prefixes gives a logit d(v) for each symbol v after a prefix. The policy's gradient with the reward d(v) of
the very next symbol is then a sum over all symbols, and nothing of it needs to be drawn:

    grad J = sum over v of p(v) (d(v) - E d) grad log p(v)

To first order that is a step from p towards q(v) = p(v) exp(d(v) / s) / Z, what the policy would be if it gave in to
the critic at strength 1 / s. The loss here is the cross-entropy of p against that q, whose gradient by the logits,
p - q, is bounded however sure the critic is. If d is the logarithm of the true ratio of densities and s is 1, q is the
law of the data. Rewards that lie further ahead come in by the score function: an advantage for the symbol drawn.

References:
    Sutton, Comparing policy-gradient algorithms (all-actions methods), 2001.
    Ciosek and Whiteson, Expected policy gradients, AAAI 2018.
"""

from __future__ import annotations

import torch
from torch import Tensor

from contrafact.nets.vocabulary import Form, Layer


def yielding(
    critic: Layer,
    drawn: Tensor,
    advantages: Tensor | None,
    *,
    strength: float = 1.0,
    bound: float | None = None,
    weight: float = 1.0,
) -> Form:
    """Move each row's law towards what the critic prefers.

    Arguments:
        critic: The critic's logits of all symbols after each prefix.
        drawn: The symbol that was drawn in each row.
        advantages: What the rest of the line was worth beyond what was expected, for the symbol drawn; None: nothing.
        strength: How far to give in.
        bound: The critic's logits, less their mean, are kept within this; None: as they are.
        weight: What each row counts.
    """

    def form(rows: slice, logits: Tensor) -> tuple[Tensor, Tensor]:
        known = logits - logits.logsumexp(1, keepdim=True)
        chances = known.exp()
        opinion = critic.logits(rows)
        opinion -= (chances * opinion).sum(1, keepdim=True)
        if bound is not None:
            opinion.clamp_(-bound, bound)
        wanted = torch.softmax(known + strength * opinion, dim=1)
        losses = -weight * (wanted * known).sum(1)
        slope = (chances - wanted).mul_(weight)
        if advantages is not None:
            own, target = advantages[rows, None] * weight, drawn[rows, None]
            losses -= (own * known.gather(1, target)).squeeze(1)
            slope += chances * own
            slope.scatter_add_(1, target, -own)
        return losses, slope

    return form
