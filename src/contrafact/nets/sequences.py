"""The one form of a generator of lines: p(x) = product of p(x_t | x_1 ... x_{t-1}), whatever carries the prefix.

A core turns symbols read so far into a hidden row; a linear layer over all symbols turns that into logits. All methods
over text share it: likelihood trains it on known lines, adversaries on lines that it drew, and both ask it for draws
and for log-probabilities. Symbols are 0 ... symbols - 1; the end of a line is the symbol after them; the start of a
line, which is only ever read, the one after that. Where all lines are equally long no end is drawn at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from contrafact.nets import vocabulary
from contrafact.nets.counting import Counts
from contrafact.nets.vocabulary import Layer

State = tuple[Tensor, ...]


@dataclass(frozen=True, kw_only=True)
class Lines:
    """What lines look like as numbers: rows of codes, filled up with the end.

    Arguments:
        symbols: Different symbols, the end not counted.
        places: Width of a row, the end in it.
        ends: Whether lines end where they like; otherwise all are as long as a row.
        unknown: The symbol that is read and never written, or None.
        classes: Classes that lines may have; 0 where nothing is asked.
        crossed: How many levels each attribute has, where the classes are all combinations of attributes.
    """

    symbols: int
    places: int
    ends: bool = True
    unknown: int | None = None
    classes: int = 0
    crossed: tuple[int, ...] = ()

    @property
    def end(self) -> int:
        """The symbol that ends a line."""
        return self.symbols

    @property
    def start(self) -> int:
        """What is read before the first symbol."""
        return self.symbols + 1

    @property
    def outputs(self) -> int:
        """How many symbols can come next."""
        return self.symbols + self.ends

    def counted(self, targets: Tensor) -> Tensor:
        """Tell which places belong to a line: all up to its end, and the end."""
        ended = targets == self.end
        return (ended.long().cumsum(1) - ended.long() == 0) & (ended.logical_not() | self.ends)


class Summed(nn.Module):
    """Rows of combinations of attributes, each the sum of its levels' rows, so that new combinations have one too.

    Arguments:
        levels: How many levels each attribute has; the last attribute runs fastest.
        width: Width of a row.
    """

    places: Tensor

    def __init__(self, levels: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.rows = nn.Embedding(sum(levels), width)
        nn.init.normal_(self.rows.weight, std=len(levels) ** -0.5)
        own = torch.cartesian_prod(*(torch.arange(size) for size in levels)).view(-1, len(levels))
        starts = torch.tensor((0, *levels[:-1])).cumsum(0)
        self.register_buffer("places", own + starts, persistent=False)

    def forward(self, kinds: Tensor) -> Tensor:
        summed: Tensor = self.rows(self.places[kinds]).sum(-2)
        return summed


def rows_of_classes(lines: Lines, width: int) -> nn.Module | None:
    """Make what turns the classes of lines into rows; None where lines have none."""
    if lines.crossed:
        return Summed(lines.crossed, width)
    return nn.Embedding(lines.classes, width) if lines.classes else None


class LSTMCore(nn.Module):
    """Long short-term memory (Hochreiter and Schmidhuber 1997).

    Arguments:
        inputs: Width of what is read.
        width: Width of the memory.
        layers: How many, one on the other.
        dropout: Share of numbers hidden between layers while training.
    """

    def __init__(self, inputs: int, width: int, layers: int = 1, dropout: float = 0.0) -> None:
        super().__init__()
        between = dropout if layers > 1 else 0.0
        self.lstm = nn.LSTM(inputs, width, layers, batch_first=True, dropout=between)
        self.width, self.layers = width, layers
        with torch.no_grad():  # remember at first
            for layer in range(layers):
                getattr(self.lstm, f"bias_ih_l{layer}")[width : 2 * width] = 1.0

    def begin(self, rows: int, like: Tensor) -> State:
        """Give an empty memory for each line."""
        return like.new_zeros(self.layers, rows, self.width), like.new_zeros(self.layers, rows, self.width)

    def run(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Read inputs one after the other."""
        hidden, after = self.lstm(inputs, state)
        return hidden, after


def kept_rows(state: State, rows: Tensor) -> State:
    """Keep the states of some lines; the lines are the second axis of every part."""
    return tuple(part[:, rows] for part in state)


class SequenceGenerator(nn.Module):
    """Symbols read so far -> logits of the next one.

    Arguments:
        lines: What lines look like.
        core: What carries the prefix; it has a `width`, begins and runs as `LSTMCore` does.
        embedding: Numbers that a symbol is read as.
        dropout: Share of numbers hidden at both ends of the core while training.
        tied: Whether symbols are written by the same numbers that they are read by.
        counts: Ratios of counts that are added to the logits, as much as the gains say; None: none.
    """

    core: Any
    weight: nn.Parameter

    def __init__(
        self,
        lines: Lines,
        core: nn.Module,
        *,
        embedding: int,
        dropout: float = 0.0,
        tied: bool = False,
        counts: Counts | None = None,
    ) -> None:
        super().__init__()
        self.lines, self.core, self.tied = lines, core, tied
        self.entry = nn.Embedding(lines.symbols + 2, embedding)
        self.kinds = rows_of_classes(lines, embedding)
        self.dropout = nn.Dropout(dropout)
        width = self.core.width
        self.narrow = nn.Linear(width, embedding) if tied and width != embedding else nn.Identity()
        if not tied:
            self.weight = nn.Parameter(torch.randn(lines.outputs, width) * width**-0.5)
        self.bias = nn.Parameter(torch.zeros(lines.outputs))
        self.counts = counts
        self.gains = nn.Parameter(torch.zeros(Counts.orders)) if counts is not None else None
        nn.init.normal_(self.entry.weight, std=embedding**-0.5 if tied else 0.5)

    @property
    def head(self) -> tuple[Tensor, Tensor]:
        """The linear layer over the symbols."""
        return (self.entry.weight[: self.lines.outputs] if self.tied else self.weight), self.bias

    def layer(self, hidden: Tensor, keys: Tensor | None) -> Layer:
        """Put hidden rows before the linear layer."""
        weight, bias = self.head
        return Layer(hidden=hidden, weight=weight, bias=bias, counts=self.counts, keys=keys, gains=self.gains)

    def next(self, hidden: Tensor, targets: Tensor, place: int) -> Layer:
        """Give what leads to the logits of one place of lines, from hidden rows and what was drawn so far."""
        return self.layer(hidden, None if self.counts is None else self.counts.keys_at(targets, place))

    def places(self, targets: Tensor, used: Tensor, kinds: Tensor | None = None) -> Layer:
        """Give what leads to the logits of the places of known lines that are used."""
        keys = None if self.counts is None else self.counts.keys(targets)[used]
        return self.layer(self.hidden(targets, kinds)[used], keys)

    def read(self, symbols: Tensor, kinds: Tensor | None) -> Tensor:
        """Turn symbols, lines x places, into what the core reads."""
        entered: Tensor = self.entry(symbols)
        return entered if self.kinds is None or kinds is None else entered + self.kinds(kinds)[:, None]

    def begin(self, rows: int) -> State:
        """Give the state of lines of which nothing was read."""
        state: State = self.core.begin(rows, self.bias)
        return state

    def step(self, symbols: Tensor, state: State, kinds: Tensor | None = None) -> tuple[Tensor, State]:
        """Read one symbol of each line; give the hidden rows, which `head` turns into logits, and the state."""
        hidden, after = self.core.run(self.read(symbols[:, None], kinds), state)
        narrowed: Tensor = self.narrow(hidden[:, 0])
        return narrowed, after

    def hidden(self, targets: Tensor, kinds: Tensor | None = None) -> Tensor:
        """Give the hidden row before each place of known lines, lines x places x width."""
        before = functional.pad(targets[:, :-1], (1, 0), value=self.lines.start)
        hidden, _ = self.core.run(self.dropout(self.read(before, kinds)), self.begin(len(targets)))
        narrowed: Tensor = self.narrow(self.dropout(hidden))
        return narrowed

    def loss(self, targets: Tensor, weights: Tensor, kinds: Tensor | None = None, *, known: bool = False) -> Tensor:
        """Sum weight x -log p over all places of known lines.

        Arguments:
            targets: Lines x places.
            weights: What each place counts, lines x places; places of weight 0 are left out.
            kinds: The lines' classes.
            known: Whether the counts are of these very lines: then what they count is not learned from them.
        """
        used = weights != 0
        form, layer = vocabulary.surprise(targets[used], weights[used]), self.places(targets, used, kinds)
        if known and layer.gains is not None:
            layer = replace(layer, gains=layer.gains.detach())
        return vocabulary.fused(layer, form)

    @torch.no_grad()
    def nll(self, targets: Tensor, kinds: Tensor | None = None, temperature: float = 1.0) -> Tensor:
        """Give -log p of each known line, its end included."""
        used = self.lines.counted(targets)
        found = torch.zeros(targets.shape, device=targets.device)
        found[used] = -vocabulary.log_chances(self.places(targets, used, kinds), targets[used], temperature)
        return found.double().sum(1)

    @torch.no_grad()
    def sample(
        self,
        chance: Tensor,
        kinds: Tensor | None = None,
        prefix: Tensor | None = None,
        temperature: float = 1.0,
        never: int | None = None,
    ) -> Tensor:
        """Draw lines, as targets; lines that have ended take no further part.

        Arguments:
            chance: Numbers from 0 to 1, lines x places: a line depends on its own row alone.
            kinds: The lines' classes.
            prefix: How every line begins.
            temperature: What logits are divided by.
            never: A symbol that is not drawn, or None.
        """
        count = len(chance)
        found = torch.full((count, self.lines.places), self.lines.end, device=chance.device)
        given = 0 if prefix is None else min(len(prefix), self.lines.places)
        if prefix is not None:
            found[:, :given] = prefix[:given]
        alive, state = torch.arange(count, device=chance.device), self.begin(count)
        last = torch.full((count,), self.lines.start, device=chance.device)
        for place in range(self.lines.places):
            hidden, state = self.step(last, state, None if kinds is None else kinds[alive])
            if place >= given:
                rows = self.next(hidden, found[alive], place)
                found[alive, place] = vocabulary.drawn(rows, chance[alive, place], temperature, never)
            last = found[alive, place]
            going = last != self.lines.end
            if self.lines.ends and not going.all():
                alive, last, state = alive[going], last[going], kept_rows(state, going)
                if not len(alive):
                    break
        return found
