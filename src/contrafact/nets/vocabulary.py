"""A linear layer over many symbols, never held for all rows at once: losses with their gradient, and draws.

The logits of 5,000 symbols for a few thousand rows fill the memory between processor and RAM many times over. All here
goes through them in chunks of rows that stay in the cache. A loss forms its gradient in the same pass (for the
cross-entropy, p - onehot), so that the logits are neither kept nor computed twice. A symbol is drawn by inverting the
cumulative distribution in two levels: one uniform number chooses a block of symbols and, in it, the symbol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from contrafact.nets.counting import Counts

CHUNK, BLOCK = 256, 64  # rows at a time, symbols in a block
# From which rows and their logits: a loss for each row, and its gradient by the logits.
Form = Callable[[slice, Tensor], tuple[Tensor, Tensor]]


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Rows that wait to become logits.

    Arguments:
        hidden: Rows x width.
        weight: Symbols x width.
        bias: One number a symbol.
        counts: Ratios of counts that are added, or None.
        keys: Keys of each row's contexts, rows x 2, where there are counts.
        gains: What the ratios of each order count, where there are counts.
    """

    hidden: Tensor
    weight: Tensor
    bias: Tensor
    counts: Counts | None = None
    keys: Tensor | None = None
    gains: Tensor | None = None

    def __len__(self) -> int:
        return len(self.hidden)

    def chunks(self) -> Iterator[slice]:
        """Give the rows a few at a time; no rows are one empty chunk."""
        for first in range(0, max(len(self), 1), CHUNK):
            yield slice(first, first + CHUNK)

    def logits(self, rows: slice) -> Tensor:
        """Give the logits of some rows."""
        logits = torch.addmm(self.bias, self.hidden[rows], self.weight.T)
        if self.counts is not None and self.keys is not None and self.gains is not None:
            self.counts.add(logits, self.keys[rows], self.gains)
        return logits


class _Fused(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, layer: Layer, form: Form, *tensors: Tensor | None) -> Tensor:
        by_hidden, by_weight = torch.empty_like(layer.hidden), torch.zeros_like(layer.weight)
        by_bias, by_gains = torch.zeros_like(layer.bias), layer.hidden.new_zeros(Counts.orders)
        total = layer.hidden.new_zeros(())
        for rows in layer.chunks():
            losses, slope = form(rows, layer.logits(rows))
            total += losses.sum()
            torch.mm(slope, layer.weight, out=by_hidden[rows])
            by_weight.addmm_(slope.T, layer.hidden[rows])
            by_bias += slope.sum(0)
            if layer.counts is not None and layer.keys is not None:
                by_gains += layer.counts.along(slope, layer.keys[rows])
        ctx.save_for_backward(by_hidden, by_weight, by_bias, by_gains)
        return total

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        return None, None, *(part * grads[0] for part in ctx.saved_tensors)


def fused(layer: Layer, form: Form) -> Tensor:
    """Sum a loss over rows of logits, with the gradient formed in the same pass.

    Arguments:
        layer: The rows; its hidden rows, weight, bias and gains collect gradients.
        form: Gives each row's loss and its gradient by the logits.
    """
    gains = layer.bias.new_zeros(Counts.orders) if layer.gains is None else layer.gains
    made: Tensor = _Fused.apply(layer, form, layer.hidden, layer.weight, layer.bias, gains)  # type: ignore[no-untyped-call]
    return made


def surprise(targets: Tensor, weights: Tensor) -> Form:
    """Weigh each row's -log p(target): the cross-entropy, or a policy's loss where weights are advantages.

    Arguments:
        targets: A symbol for each row.
        weights: What each row counts; may be negative.
    """

    def form(rows: slice, logits: Tensor) -> tuple[Tensor, Tensor]:
        target, weight = targets[rows, None], weights[rows]
        logits -= logits.logsumexp(1, keepdim=True)
        losses = -weight * logits.gather(1, target).squeeze(1)
        slope = logits.exp_()
        slope.scatter_add_(1, target, slope.new_full(target.shape, -1.0))
        return losses, slope.mul_(weight[:, None])

    return form


@torch.no_grad()
def log_chances(layer: Layer, targets: Tensor, temperature: float = 1.0) -> Tensor:
    """Give each row's log p(target)."""
    found = layer.hidden.new_empty(len(layer))
    for rows in layer.chunks():
        logits = layer.logits(rows) / temperature
        found[rows] = logits.gather(1, targets[rows, None]).squeeze(1) - logits.logsumexp(1)
    return found


def _inverted(weights: Tensor, aim: Tensor) -> tuple[Tensor, Tensor]:
    """Find the first place at which the running sum passes the aim, and the sum before that place."""
    sums = weights.cumsum(1)
    last = (sums < sums[:, -1:]).sum(1)  # the last place with any weight, where rounding would go beyond it
    place = torch.minimum((sums <= aim[:, None]).sum(1), last)
    own = place[:, None]
    return place, (sums.gather(1, own) - weights.gather(1, own)).squeeze(1)


def chosen(weights: Tensor, chance: Tensor) -> Tensor:
    """Choose a symbol for each row with chances that its weights give, by inversion in two levels.

    Arguments:
        weights: Rows x symbols, not negative.
        chance: A number from 0 to 1 for each row.
    """
    rows, symbols = weights.shape
    blocks = torch.nn.functional.pad(weights, (0, -symbols % BLOCK)).reshape(rows, -(-symbols // BLOCK), BLOCK)
    mass = blocks.sum(2)
    aim = chance * mass.sum(1)
    block, before = _inverted(mass, aim)
    inner = blocks[torch.arange(rows, device=weights.device), block]
    return block * BLOCK + _inverted(inner, aim - before)[0]


@torch.no_grad()
def drawn(layer: Layer, chance: Tensor, temperature: float = 1.0, never: int | None = None) -> Tensor:
    """Draw a symbol for each row of a softmax.

    Arguments:
        layer: The rows.
        chance: A number from 0 to 1 for each row.
        temperature: What logits are divided by.
        never: A symbol that is not drawn, or None.
    """
    found = []
    for rows in layer.chunks():
        logits = layer.logits(rows)
        if never is not None:
            logits[:, never] = -torch.inf
        logits -= logits.amax(1, keepdim=True)
        found.append(chosen((logits if temperature == 1 else logits / temperature).exp_(), chance[rows]))
    return torch.cat(found)
