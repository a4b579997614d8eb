"""Gradients of single rows, clipped and summed, for a network of any order.

No row may move a private network by more than a fixed length, so each row's gradient is shortened to that length
before all are summed. None of them is ever laid out: a weight matrix that meets one vector of a row has the gradient
g aᵀ, whose length is |g| |a|, and every weight of `Weave` is of that kind (the vectors of a row's cells are summed
before anything else happens). So one backward pass gives all lengths, and a second one, of losses weighted by what
shortening leaves of each row, the sum ("ghost clipping").

References: Goodfellow, *Efficient per-example gradient computations*, 2015 (arXiv 1510.01799); Li et al., *Large
language models can be strong differentially private learners*, ICLR 2022.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm

from contrafact.base.recipe import Recipe
from contrafact.engine.private import uniform
from contrafact.nets.weave import Group, Weave
from contrafact.nets.woven import SHOWN_PASSES, SHOWN_ROWS, Encoded, Woven

MOST_LOGITS = 8_000_000  # at a time
SMALLEST = 1e-12
STEP = 1e-4  # along a direction, for a slope
Seen = list[tuple[nn.Module, Tensor, Tensor]]


@contextmanager
def _watched(net: nn.Module) -> Iterator[Seen]:
    """Note what goes into each layer and what comes out."""
    seen: Seen = []

    def note(layer: nn.Module, given: tuple[Tensor, ...], made: Tensor) -> None:
        seen.append((layer, given[0], made))

    layers = [layer for layer in net.modules() if isinstance(layer, (nn.Linear, nn.LayerNorm))]
    handles = [layer.register_forward_hook(note) for layer in layers]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def row_losses(net: Weave, logits: Tensor, tokens: Tensor, hidden: Tensor) -> Tensor:
    """Sum each row's surprise at its hidden cells."""
    return (net.cost(logits, tokens) * hidden.T).sum(0)


def clipped_sum(net: Weave, tokens: Tensor, known: Tensor, hidden: Tensor, clip: float) -> list[Tensor]:
    """Sum the rows' gradients, each shortened to a length of `clip` at most.

    Arguments:
        net: The network.
        tokens: Rows of tokens, -1 where a cell is unknown.
        known: Cells that the network sees.
        hidden: Cells that it is to guess.
        clip: The longest gradient of a row.

    Returns:
        A tensor for each of the network's parameters, in their order.
    """
    summed = [torch.zeros_like(weight) for weight in net.parameters()]
    at_once = max(MOST_LOGITS // max(net.total, 1), 1)
    for rows in torch.split(torch.arange(len(tokens), device=tokens.device), at_once):
        if len(rows):
            part = _clipped_part(net, tokens[rows], known[rows], hidden[rows], clip)
            torch._foreach_add_(summed, part)
    return summed


def _clipped_part(net: Weave, tokens: Tensor, known: Tensor, hidden: Tensor, clip: float) -> list[Tensor]:
    weights = list(net.parameters())
    with _watched(net) as seen:
        entered = net.entered(tokens, known)
        state = net.hidden(entered)
    logits = net.all_logits(state)
    losses = row_losses(net, logits, tokens, hidden)
    made = [out for _, _, out in seen]
    slopes = torch.autograd.grad(losses.sum(), [entered, logits, *made], retain_graph=True)
    squares = _at_entry(net, tokens, known, slopes[0]) + _at_exit(net, state.detach(), slopes[1])
    for (layer, given, _), slope in zip(seen, slopes[2:], strict=True):
        squares = squares + _in_layer(layer, given.detach(), slope)
    left = (clip / squares.sqrt().clamp_min(SMALLEST)).clamp_max(1.0)
    found = torch.autograd.grad((losses * left).sum(), weights, allow_unused=True)
    return [torch.zeros_like(w) if part is None else part for w, part in zip(weights, found, strict=True)]


def _square(values: Tensor) -> Tensor:
    return values.flatten(1).square().sum(1)


def _in_layer(layer: nn.Module, given: Tensor, slope: Tensor) -> Tensor:
    """Give the squared length of each row's gradient of a layer's weight and bias."""
    if isinstance(layer, nn.LayerNorm):
        return _square(slope * layer_norm(given, layer.normalized_shape, eps=layer.eps)) + _square(slope)
    return _square(slope) * (_square(given) + 1)


def _at_entry(net: Weave, tokens: Tensor, known: Tensor, slope: Tensor) -> Tensor:
    """The same for the vectors of tokens, each of another column, and for those of features of numbers."""
    whole = tokens.clamp_min(0) + net.starts
    unlearned = known & (net.ids[whole] == len(net.embed) - 1)
    reach = (~unlearned).sum(1).to(slope.dtype)
    if net.scaled:
        places = list(net.scaled)
        reach = reach + _square(net.features[whole[:, places]] * known[:, places, None])
    return _square(slope) * reach


def _at_exit(net: Weave, state: Tensor, slope: Tensor) -> Tensor:
    """The same for the last layer; its logits come tokens x rows."""
    bias = slope.square().sum(0)
    reach = slope[net.get_buffer("known")].square().sum(0)
    for group in net.groups:
        assert isinstance(group, Group)
        parts = slope[group.rows].view(*group.features.shape[:2], -1)
        reach = reach + torch.einsum("pnf,pnb->pfb", group.features, parts).square().sum((0, 1))
    return bias + reach * _square(state)


def hiding(tokens: Tensor, low: float, high: float) -> tuple[Tensor, Tensor]:
    """Choose by the system's chance which cells of rows are seen and which are to be guessed.

    A seed would not do: one more row in a batch would move what is hidden in those behind it, and so their gradients.

    Arguments:
        tokens: Rows of tokens.
        low: The least share of a row that is hidden.
        high: The largest share.
    """
    there = tokens >= 0
    share, chance = (torch.from_numpy(uniform(len(tokens), size)).to(tokens.device) for size in (1, tokens.shape[1]))
    hidden = (chance < low + (high - low) * share) & there
    return there & ~hidden, hidden


def steering(net: Weave, sums: Sequence[Tensor], rows: float) -> Tensor:
    """Give a term that is nothing and whose gradient is a given one.

    Arguments:
        net: The network, whose tokens without vectors of their own keep having none.
        sums: The gradient, times the rows.
        rows: How many rows there are in a batch, on average.
    """
    names = [name for name, _ in net.named_parameters()]
    sums[names.index("embed")][-1] = 0
    parts = [(weight * part).sum() for weight, part in zip(net.parameters(), sums, strict=True)]
    term = torch.stack(parts).sum() / rows
    return term - term.detach()


def along(net: Weave, direction: Sequence[Tensor], tokens: Tensor, known: Tensor, hidden: Tensor) -> Tensor:
    """Tell how fast each row's loss grows as the weights move in a direction: its gradient's share in that direction.

    Arguments:
        net: The network.
        direction: A tensor for each parameter.
        tokens: Rows of tokens.
        known: Cells that the network sees.
        hidden: Cells that it is to guess.
    """
    length = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(list(direction)))).double()
    ends = []
    for step in (STEP, -STEP):
        moved = copy.deepcopy(net).double()
        with torch.no_grad():
            for weight, part in zip(moved.parameters(), direction, strict=True):
                weight.add_(part.double() * (step / length.clamp_min(SMALLEST)))
            logits = moved.all_logits(moved.hidden(moved.entered(tokens, known)))
            ends.append(row_losses(moved, logits, tokens, hidden))
    slopes: Tensor = (ends[0] - ends[1]) * length / (2 * STEP)
    return slopes


def leaning(net: Weave, counts: Sequence[np.ndarray | None]) -> Weave:
    """Start from each column's shares, where they are known.

    Arguments:
        net: The network.
        counts: For each place of a row, how many rows hold each token.
    """
    with torch.no_grad():
        for start, size, own in zip(net.starts.tolist(), net.sizes, counts, strict=True):
            if own is not None:
                held = np.maximum(own, 0) + 0.5
                net.bias[start : start + size] = torch.from_numpy(np.log(held / held.sum())).float()
    return net


class PrivateWoven(Woven):
    """A network that learned with differential privacy, and says so wherever it is saved.

    It was never asked how much its columns tell about each other, and never held against real rows.
    """

    told: dict[str, Any]

    @classmethod
    def of(cls, net: Weave, recipe: Recipe, codec: Any, told: dict[str, Any]) -> Self:
        """Make the model of a network and of what is to be said of its privacy."""
        made = cls(recipe, codec, net, np.zeros((len(net.sizes), len(net.sizes))))
        made.told = told
        return made

    def facts(self) -> dict[str, Any]:
        """Give the account of privacy."""
        return {"privacy": self.told}

    def rows(self, n: int, seed: int) -> Encoded:
        """Draw a few rows while the model is being trained."""
        drawn = self._block(seed, 0, self.asked(None, SHOWN_PASSES), min(n, SHOWN_ROWS))
        drawn.pop("exact", None)  # unknown where a cell is a hole
        return drawn
