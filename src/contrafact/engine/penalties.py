"""Gradient penalties of a critic, exact by double backward or by forward mode.

The penalty's gradient over the weights θ is ∇θ ½‖∇ₓD‖² = ∇θ of the derivative of D at x along the constant direction
v = ∇ₓD. The right-hand side needs a forward-mode product and one ordinary backward pass, so it compiles as one graph,
which double backward by `torch.autograd.grad` does not; both forms give the same numbers. A critic that knows its own
slope (`with_slope`) is asked for it: then one ordinary backward pass is enough.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from contrafact.engine.play import Step, Terms

How = Literal["auto", "double", "forward"]
Judge = Callable[[Tensor], Tensor]


def _per_row(values: Tensor) -> Tensor:
    return values.flatten(1).sum(1)


def _own_slope(critic: Judge, points: Tensor) -> tuple[Tensor, Tensor]:
    logits, slope = critic.with_slope(points.detach())  # type: ignore[attr-defined]
    return logits.squeeze(1), _per_row(slope**2)


def _by_double_backward(critic: Judge, points: Tensor) -> tuple[Tensor, Tensor]:
    points = points.detach().requires_grad_(True)
    logits = critic(points)
    slope: Tensor = torch.autograd.grad(logits.sum(), points, create_graph=True)[0]
    return logits.squeeze(1), _per_row(slope**2)


def _along(critic: Judge, points: Tensor, shape: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """Give logits, squared slopes, and the derivative along shape(squares) * slope with that direction held fixed."""
    points = points.detach()
    slope = torch.func.grad(lambda x: critic(x).sum())(points).detach()
    squares = _per_row(slope**2)
    weight = shape(squares).reshape(-1, *[1] * (points.dim() - 1))
    logits, along = torch.func.jvp(critic, (points,), (weight * slope,))[:2]
    return logits.squeeze(1), squares, along.squeeze(1)


def squared_slope(critic: Judge, points: Tensor, how: How = "auto") -> tuple[Tensor, Tensor]:
    """Give the logits and the squared norm of the critic's gradient at each point, differentiable in the weights.

    Arguments:
        critic: Rows -> one logit a row.
        points: Rows where the slope is taken.
        how: "double" backward, "forward" mode, or "auto": the critic's own slope, else double backward.
    """
    if how == "auto" and getattr(critic, "knows_slope", False):
        return _own_slope(critic, points)
    if how != "forward":
        return _by_double_backward(critic, points)
    logits, squares, along = _along(critic, points, torch.ones_like)
    return logits, 2 * along - squares


def judged(critic: Judge, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    """Give the logits of real rows and of fakes, from one pass."""
    logits = critic(torch.cat([real, fake])).squeeze(1)
    return logits[: len(real)], logits[len(real) :]


def zero_centred(critic: Judge, real: Tensor, fake: Tensor, how: How = "auto") -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Give both logits and both squared slopes (R1 at real rows, R2 at fakes) from one concatenated pass."""
    logits, squares = squared_slope(critic, torch.cat([real, fake]), how)
    n = len(real)
    return logits[:n], logits[n:], squares[:n], squares[n:]


def one_centred(critic: Judge, real: Tensor, fake: Tensor, share: Tensor, how: How = "auto") -> Tensor:
    """Give (‖∇D‖ - 1)² at points between real rows and fakes, as in WGAN-GP.

    Arguments:
        critic: Rows -> one logit a row.
        real: Real rows.
        fake: As many fakes.
        share: For each pair how far the point lies from the fake, 0 to 1.
        how: As in `squared_slope`.
    """
    share = share.reshape(-1, *[1] * (real.dim() - 1))
    points = fake + share * (real - fake)
    tiny = torch.finfo(points.dtype).tiny
    if how != "forward":
        return ((squared_slope(critic, points, how)[1] + tiny).sqrt() - 1) ** 2
    _, squares, along = _along(critic, points, lambda s: 1 - (s + tiny).rsqrt())
    norms = (squares + tiny).sqrt()
    return 2 * along + ((norms - 1) ** 2 - 2 * (norms - 1) * norms)


def r1_r2(
    weight: Callable[[Step], tuple[float, float]], every: int = 1, how: How = "auto"
) -> Callable[..., tuple[Tensor, Tensor, Terms]]:
    """Make a duel's penalty of R1 and R2, in every step or lazily with so much more weight.

    Arguments:
        weight: The weights γ₁ and γ₂ in this step; each penalty is γ/2 ‖∇D‖².
        every: Penalise in every so-manieth step, so many times as strongly.
        how: As in `squared_slope`.
    """

    def penalty(critic: Judge, real: Tensor, fake: Tensor, step: Step) -> tuple[Tensor, Tensor, Terms]:
        first, second = weight(step)
        if step.number % every or not (first or second):
            return *judged(critic, real, fake), {}
        on_real, on_fake, r1, r2 = zero_centred(critic, real, fake, how)
        return on_real, on_fake, {"r1": every * first / 2 * r1.mean(), "r2": every * second / 2 * r2.mean()}

    return penalty


def wasserstein(weight: float, how: How = "auto") -> Callable[..., tuple[Tensor, Tensor, Terms]]:
    """Make WGAN-GP's penalty: λ (‖∇D‖ - 1)² at points between real rows and fakes."""

    def penalty(critic: Judge, real: Tensor, fake: Tensor, step: Step) -> tuple[Tensor, Tensor, Terms]:
        on_real, on_fake = judged(critic, real, fake)
        slope = one_centred(critic, real, fake, step.uniform(len(real)), how)
        return on_real, on_fake, {"slope": weight * slope.mean()}

    return penalty
