"""Rows of tokens in the making: a network's law of any column given what is known, draws from it, and their weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from contrafact.nets.weave import Weave

LEAST = 1e-30


class Making:
    """Rows of tokens in the making.

    Arguments:
        net: The network.
        tokens: What is known, -1 elsewhere.
        source: Where chances are drawn from.
        course: Keeps the rows to constraints, where there are any.
    """

    def __init__(self, net: Weave, tokens: Tensor, source: torch.Generator, course: Any = None) -> None:
        tokens = tokens.to(net.embed.device)
        self.net, self.tokens, self.source, self.course = net, tokens, source, course
        self.asked = torch.arange(len(tokens), device=tokens.device)
        self.blank = bool((tokens < 0).all())
        first = tokens[: 1 if self.blank else len(tokens)]
        self.entered = net.entered(first, first >= 0).expand(len(tokens), -1)

    def state(self, rows: Tensor | None = None) -> Tensor:
        """Give the network's state of some rows, or of all; where nothing is known, that of one row for all."""
        entered = self.entered if rows is None else self.entered[rows]
        return self.net.hidden(entered[:1] if self.blank else entered)

    def law(
        self, place: int, allowed: Tensor | None = None, rows: Tensor | None = None, state: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Give a column's law, and how much of it was allowed.

        Arguments:
            place: Which column.
            allowed: Weights of its tokens, for all rows or for each.
            rows: Which rows; none for all.
            state: The network's state, where it is known already.
        """
        state = self.state(rows) if state is None else state
        chances = self.net.logits(state, place).softmax(1).expand(len(self.tokens if rows is None else rows), -1)
        allowed = self._narrowed(place, allowed, rows)
        if allowed is None:
            return chances, chances.new_ones(len(chances))
        allowed = allowed.to(chances.device)
        chances = chances * allowed
        held = chances.sum(1)
        # Where the network gives what is allowed no chance at all, the weights alone decide.
        chances = torch.where(held[:, None] > LEAST, chances, allowed.expand_as(chances))
        return chances, held.clamp_min(LEAST)

    def _narrowed(self, place: int, allowed: Tensor | None, rows: Tensor | None) -> Tensor | None:
        """Leave of what is allowed what constraints allow; all of it where that would be nothing."""
        own = None if self.course is None else self.course.weights(place, None if rows is None else rows.cpu().numpy())
        if own is None:
            return allowed
        held = torch.from_numpy(own).float()
        free = torch.ones(held.shape[1]) if allowed is None else allowed.cpu()
        both = held * free
        return torch.where((both > 0).any(1, keepdim=True), both, free.expand_as(both))

    def draw(
        self, place: int, allowed: Tensor | None = None, rows: Tensor | None = None, state: Tensor | None = None
    ) -> Tensor:
        """Draw a column, and give how much of its law was allowed."""
        chances, held = self.law(place, allowed, rows, state)
        sums = chances.cumsum(1)
        uniform = torch.rand(len(chances), 1, generator=self.source).to(chances.device)
        # Neither a 0 nor a product rounded up to the whole may fall on a token without a chance.
        marks = torch.minimum(uniform * sums[:, -1:], torch.nextafter(sums[:, -1:], torch.zeros_like(sums[:, -1:])))
        drawn = (sums <= marks).sum(1)
        self.tell(place, drawn, rows)
        return held

    def tell(self, place: int, drawn: Tensor, rows: Tensor | None = None) -> None:
        """Make known what a column holds."""
        told = self.net.told(place, drawn)
        self.blank = False
        if self.course is not None:
            self.course.tell(place, drawn.cpu().numpy(), None if rows is None else rows.cpu().numpy())
        if rows is None:
            self.tokens[:, place], self.entered = drawn, self.entered + told
        else:
            self.tokens[rows, place] = drawn
            self.entered = self.entered.index_add(0, rows, told)

    def copied(self, rows: Tensor) -> Making:
        """Copy some of the rows, to go on with them apart."""
        course = None if self.course is None else self.course.picked(rows.cpu().numpy())
        return Making(self.net, self.tokens[rows], self.source, course)

    def choose(self, weights: Tensor, count: int) -> None:
        """Keep some rows, each as often as its weight says, as evenly as can be (systematic resampling)."""
        sums = weights.cpu().double().cumsum(0)
        marks = (torch.arange(count) + torch.rand(1, generator=self.source)) / count * sums[-1]
        kept = torch.searchsorted(sums, marks.to(sums.dtype), right=True).clamp_max(len(weights) - 1)
        kept = kept[torch.randperm(count, generator=self.source)]
        if self.course is not None:
            self.course = self.course.picked(kept.numpy())
        kept = kept.to(self.tokens.device)
        self.tokens, self.entered = self.tokens[kept], self.entered[kept]
