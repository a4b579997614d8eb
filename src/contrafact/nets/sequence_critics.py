"""Critics of lines: of whole lines, of every prefix of a line, and of lines of soft symbols."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from contrafact.nets.counting import Counts
from contrafact.nets.sequences import Lines, SequenceGenerator, rows_of_classes
from contrafact.nets.vocabulary import Layer


class LineCritic(nn.Module):
    """Whole lines -> one logit each: short convolutions, their maximum along the line (Kim 2014).

    Arguments:
        lines: What lines look like.
        embedding: Numbers that a symbol is read as.
        windows: Symbols that the convolutions see at once.
        channels: Channels of each convolution.
        dropout: Share of the features hidden while training.
    """

    def __init__(
        self, lines: Lines, *, embedding: int, windows: Sequence[int], channels: int, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.entry = nn.Embedding(lines.symbols + 1, embedding)
        self.kinds = rows_of_classes(lines, embedding)
        self.windows = nn.ModuleList(nn.Conv1d(embedding, channels, size, padding=size - 1) for size in windows)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(channels * len(windows), 1)

    def forward(self, targets: Tensor, kinds: Tensor | None = None) -> Tensor:
        """Judge lines."""
        entered = self.entry(targets)
        if self.kinds is not None and kinds is not None:
            entered = entered + self.kinds(kinds)[:, None]
        across = entered.transpose(1, 2)
        features = torch.cat([window(across).amax(2) for window in self.windows], dim=1)
        logits: Tensor = self.head(self.dropout(functional.leaky_relu(features, 0.1)))[:, 0]
        return logits


class PrefixCritic(SequenceGenerator):
    """Lines -> a logit at each place: whether this symbol after this prefix is real (d'Autume et al. 2019).

    It has the form of a generator whose logits are not normalised: the logit of every symbol that might stand at a
    place is known from one pass.
    """

    def forward(self, targets: Tensor, kinds: Tensor | None = None) -> Tensor:
        """Judge every place, lines x places; what stands behind an end has no meaning."""
        hidden, (weight, bias) = self.hidden(targets, kinds), self.head
        own = targets.clamp_max(len(bias) - 1)
        return (hidden * weight[own]).sum(2) + bias[own]


class Weighed(nn.Module):
    """A network's and the counts' opinions of lines, added with weights that are learned on lines neither has seen.

    A network that knows its few thousand lines by heart is sure of itself on them and at chance on all others. So both
    parts learn from training lines, and what each counts is a logistic regression on held-out ones: what does not hold
    there gets no weight.

    Arguments:
        net: Lines -> a logit for each place, or for each line.
        counts: Ratios of counts of the training lines, or None.
        lines: What lines look like.
    """

    net: Any

    def __init__(self, net: nn.Module, counts: Counts | None, lines: Lines) -> None:
        super().__init__()
        self.net, self.counts, self.lines = net, counts, lines
        self.trust = nn.Parameter(torch.zeros(1))
        self.gains = nn.Parameter(torch.zeros(Counts.orders))
        self.offset = nn.Parameter(torch.zeros(1))

    def ratios(self, targets: Tensor) -> Tensor:
        """Give what counts say of each place, lines x places x orders; nothing where there are none."""
        if self.counts is None:
            return torch.zeros(*targets.shape, Counts.orders, device=targets.device)
        found = self.counts.of(self.counts.keys(targets).flatten(0, 1), targets.flatten())
        return found.view(*targets.shape, Counts.orders) * self.lines.counted(targets)[:, :, None]

    def weigh(self, opinions: Tensor, ratios: Tensor) -> Tensor:
        """Add up opinions, of places or of lines, with the learned weights."""
        ratios = ratios if opinions.dim() == 2 else ratios.mean(1)
        return self.trust * opinions + ratios @ self.gains + self.offset

    def forward(self, targets: Tensor, kinds: Tensor | None = None) -> Tensor:
        """Judge lines, place by place or as wholes, as the network does."""
        return self.weigh(self.net(targets, kinds), self.ratios(targets))

    def layer(self, targets: Tensor, used: Tensor, kinds: Tensor | None = None) -> Layer:
        """Give what leads to the logits of all symbols at the places that are used; for a network of prefixes."""
        plain: Layer = self.net.places(targets, used, kinds)
        keys = None if self.counts is None else self.counts.keys(targets)[used]
        weight, bias = self.trust * plain.weight, self.trust * plain.bias + self.offset
        return Layer(hidden=plain.hidden, weight=weight, bias=bias, counts=self.counts, keys=keys, gains=self.gains)


class ManyViewsCritic(nn.Module):
    """Lines of soft symbols -> a logit for each of several views (Nie et al. 2019).

    Each view reads a symbol as a few numbers of its own; convolutions go over each view alone and share their weights.

    Arguments:
        lines: What lines look like.
        views: How many views.
        embedding: Numbers that a symbol is read as in each view.
        windows: Symbols that the convolutions see at once.
        channels: Channels of each convolution.
        dropout: Share of the features hidden while training.
    """

    def __init__(
        self,
        lines: Lines,
        *,
        views: int,
        embedding: int = 1,
        windows: Sequence[int] = (2, 3, 4, 5),
        channels: int = 64,
        dropout: float = 0.25,
    ) -> None:
        super().__init__()
        self.views, self.embedding = views, embedding
        self.entry = nn.Parameter(torch.randn(lines.outputs, views * embedding) * lines.outputs**-0.5 * 4)
        self.kinds = rows_of_classes(lines, views * embedding)
        self.windows = nn.ModuleList(nn.Conv1d(embedding, channels, size, padding=size - 1) for size in windows)
        self.dropout = nn.Dropout(dropout)
        self.body = nn.Linear(channels * len(windows), 100)
        self.head = nn.Linear(100, 1)

    def read(self, targets: Tensor) -> Tensor:
        """Turn symbols into what is judged: all views, lines x places x numbers."""
        return self.entry[targets.clamp_max(len(self.entry) - 1)]

    def forward(self, entered: Tensor, kinds: Tensor | None = None) -> Tensor:
        """Judge lines that were read, lines x views."""
        if self.kinds is not None and kinds is not None:
            entered = entered + self.kinds(kinds)[:, None]
        lines, places, _ = entered.shape
        alone = entered.view(lines, places, self.views, self.embedding).permute(0, 2, 3, 1)
        across = alone.reshape(lines * self.views, self.embedding, places)
        features = torch.cat([window(across).amax(2) for window in self.windows], dim=1)
        raised = functional.leaky_relu(self.body(self.dropout(functional.leaky_relu(features, 0.1))), 0.1)
        logits: Tensor = self.head(raised).view(lines, self.views)
        return logits
